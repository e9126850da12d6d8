//! Gluu's own classes: what a script sees of them, with the host's answers given by hand.

use sallyport_script::{
    About, Answer, Call, Client, MailServer, Message, Person, PersonKey, Question, Request,
    Returned, Scene, ScriptFacts, Severity, ShownProperty,
};

use crate::desk::{Desk, nobody, person, with_body};

const IMPORTS: &str = r#"
from java.util import Arrays, ArrayList, Collections, HashMap, Properties
from javax.faces.application import FacesMessage
from javax.faces.context import FacesContext, ExternalContext
from javax.mail import Message, Session, Transport
from javax.mail.internet import InternetAddress, MimeBodyPart, MimeMessage, MimeMultipart
from javax.servlet.http import Cookie
from javax.ws.rs.core import Response
from org.gluu.config.oxtrust import LdapOxPassportConfiguration
from org.gluu.jsf2.message import FacesMessages
from org.gluu.jsf2.service import FacesService
from org.gluu.model.casa import ApplicationConfiguration
from org.gluu.model.custom.script import CustomScriptType
from org.gluu.model.metric import MetricType
from org.gluu.oxauth.model.common import GrantType, User
from org.gluu.oxauth.model.config import ConfigurationFactory, Constants, StaticConfiguration
from org.gluu.oxauth.model.configuration import AppConfiguration
from org.gluu.oxauth.model.ldap import TokenLdap
from org.gluu.oxauth.security import Identity
from org.gluu.oxauth.service import AppInitializer, AuthenticationService, ClientService, MetricService
from org.gluu.oxauth.service import RequestParameterService, SessionIdService, UserService
from org.gluu.oxauth.service.common import ConfigurationService, EncryptionService
from org.gluu.oxauth.service.custom import CustomScriptService
from org.gluu.oxauth.service.fido.u2f import DeviceRegistrationService
from org.gluu.oxauth.service.net import HttpService, HttpService2
from org.gluu.oxauth.util import RedirectUri, ServerUtil
from org.gluu.persist import PersistenceEntryManager
from org.gluu.persist.model.base import CustomObjectAttribute
from org.gluu.search.filter import Filter
from org.gluu.service import CacheService, MailService
from org.gluu.service.cdi.util import CdiUtil
from org.gluu.util import ArrayHelper, StringHelper
from org.oxauth.persistence.model.configuration import GluuConfiguration
"#;

/// What a script prints whose `getPageForStep` has the body, and the scene after it.
async fn played(
    body: &str,
    scene: Scene,
    host: impl FnMut(Question) -> Answer,
) -> (Vec<String>, Scene) {
    let desk = Desk::new();
    let script = desk
        .load(&format!(
            "{IMPORTS}{}",
            with_body(&format!("{body}\nreturn ''"))
        ))
        .await;
    let call = Call::GetPageForStep { step: 1 };
    let (result, scene) = desk.call(&script, scene, call, host).await;
    assert_eq!(
        result,
        Ok(Returned::Text(String::new())),
        "{body}\n{:#?}",
        desk.printed()
    );
    (desk.printed(), scene)
}

async fn printed(body: &str, host: impl FnMut(Question) -> Answer) -> Vec<String> {
    played(body, Scene::default(), host).await.0
}

/// Each expression is printed as Python 2 prints it, or as the exception that it raises.
async fn assert_prints(
    before: &str,
    table: &[(&str, &str)],
    scene: Scene,
    host: impl FnMut(Question) -> Answer,
) {
    let mut body = before.to_owned();
    for (expression, _) in table {
        body.push_str(&format!(
            "\ntry:\n    value = {expression}\n    print value\nexcept Exception, error:\n    print 'raises', error.getMessage() if hasattr(error, 'getMessage') else error"
        ));
    }
    let (lines, _) = played(&body, scene, host).await;
    for ((expression, expected), line) in table.iter().zip(&lines) {
        assert_eq!(line, expected, "{expression}");
    }
    assert_eq!(lines.len(), table.len());
}

fn alice() -> Person {
    person(
        "alice",
        &[
            ("mail", "alice@example.com"),
            ("mobile", "+15550100"),
            ("mobile", "+15550101"),
            ("gluuStatus", "active"),
        ],
    )
}

#[tokio::test]
async fn string_helper_answers_as_gluus() {
    let table = [
        (
            "StringHelper.isEmpty(None), StringHelper.isEmpty(' \\t'), StringHelper.isEmpty('x')",
            "(True, True, False)",
        ),
        (
            "StringHelper.isNotEmpty(None), StringHelper.isNotEmpty(' x ')",
            "(False, True)",
        ),
        // None is neither, and what is no text is both
        (
            "StringHelper.isEmptyString(None), StringHelper.isNotEmptyString(None)",
            "(False, False)",
        ),
        (
            "StringHelper.isEmptyString(5), StringHelper.isNotEmptyString(5)",
            "(True, True)",
        ),
        (
            "StringHelper.isEmptyString(''), StringHelper.isNotEmptyString('x')",
            "(True, True)",
        ),
        (
            "StringHelper.equals(None, None), StringHelper.equals(None, ''), StringHelper.equals('a', 'a')",
            "(True, False, True)",
        ),
        (
            "StringHelper.equalsIgnoreCase('Ab', 'aB'), StringHelper.equalsIgnoreCase(None, 'a')",
            "(True, False)",
        ),
        (
            "StringHelper.toBoolean('True', False), StringHelper.toBoolean('yes', True), StringHelper.toBoolean(None, True)",
            "(True, False, True)",
        ),
        (
            "StringHelper.toInteger('12'), StringHelper.toInteger(' 12', 7), StringHelper.toInteger(None), StringHelper.toInteger('x', 3)",
            "(12, 7, 0, 3)",
        ),
        (
            "len(StringHelper.split('a, b,,c ', ',')), StringHelper.split('a, b,,c ', ',')[1]",
            "(3, 'b')",
        ),
        ("len(StringHelper.split('a;b,c', ';,'))", "3"),
        (
            "StringHelper.split(None, ',')",
            "raises there is no text to split",
        ),
        (
            "StringHelper.toLowerCase(None), StringHelper.toLowerCase('AbC'), StringHelper.toUpperCase('ab')",
            "(None, 'abc', 'AB')",
        ),
        (
            "StringHelper.toString(None), StringHelper.toString(5), StringHelper.toString(['a', 'b'])",
            "(None, '5', 'a, b')",
        ),
        (
            "StringHelper.removePunctuation('a.b@c!d,e:f/g-h')",
            "abcdefg-h",
        ),
        (
            "StringHelper.buildColonDelimitedString('a', None, 'b')",
            "a :  : b",
        ),
        (
            "StringHelper.replaceLast('a.b.c', '.', '-'), StringHelper.getFirstPositiveNumber('12ab')",
            "('a.b-c', '12')",
        ),
        (
            "ArrayHelper.isEmpty(None), ArrayHelper.isEmpty([]), ArrayHelper.isNotEmpty(ArrayList(['a']))",
            "(True, True, True)",
        ),
        ("len(ArrayHelper.arrayMerge(['a'], None, ['b']))", "2"),
        (
            "ServerUtil.asJson(Collections.singletonMap('a', Arrays.asList('b', 1, None)))",
            r#"{"a":["b",1,null]}"#,
        ),
        (
            "ServerUtil.getFirstValue(None, 'x'), ServerUtil.getFirstValue({'x': []}, 'x'), ServerUtil.getFirstValue({'x': ['1', '2']}, 'x')",
            "(None, None, '1')",
        ),
    ];
    assert_prints("", &table, Scene::default(), nobody).await;
}

#[tokio::test]
async fn every_bean_is_one_object() {
    let table: Vec<(String, &str)> = [
        "AppConfiguration",
        "AppInitializer",
        "AuthenticationService",
        "CacheService",
        "ClientService",
        "ConfigurationFactory",
        "ConfigurationService",
        "CustomScriptService",
        "DeviceRegistrationService",
        "EncryptionService",
        "ExternalContext",
        "FacesContext",
        "FacesMessages",
        "FacesService",
        "HttpService",
        "HttpService2",
        "Identity",
        "MailService",
        "MetricService",
        "PersistenceEntryManager",
        "RequestParameterService",
        "SessionIdService",
        "StaticConfiguration",
        "UserService",
    ]
    .map(|name| {
        (
            format!("CdiUtil.bean({name}) is CdiUtil.bean({name})"),
            "True",
        )
    })
    .into();
    let table: Vec<(&str, &str)> = table
        .iter()
        .map(|(bean, is)| (bean.as_str(), *is))
        .collect();
    assert_prints("", &table, Scene::default(), nobody).await;
}

#[tokio::test]
async fn a_user_has_attributes_with_one_value_or_many() {
    let scene = Scene {
        authenticated: Some(alice()),
        ..Scene::default()
    };
    let table = [
        (
            "user.getUserId(), user.getDn()",
            "('alice', 'inum=inum-alice,ou=people,o=gluu')",
        ),
        (
            "user.getAttribute('mobile'), user.getAttribute('nothing'), user.getStatus()",
            "('+15550100', None, 'active')",
        ),
        (
            "user.getAttributeValues('MOBILE'), user.getAttributeValues('nothing')",
            "([+15550100, +15550101], None)",
        ),
        ("user.getAttribute('nothing', True, False)", "None"),
        (
            "user.getAttribute('nothing', False, False)",
            "raises The claim nothing was not found.",
        ),
        (
            "user.getAttribute('mobile', True, True)",
            "[+15550100, +15550101]",
        ),
        (
            "CdiUtil.bean(UserService).getCustomAttribute(user, 'mobile')",
            "Attribute [name=mobile, multiValued=true, value=[+15550100, +15550101]]",
        ),
        (
            "CdiUtil.bean(UserService).getCustomAttribute(user, 'nothing')",
            "None",
        ),
        (
            "CdiUtil.bean(UserService).getCustomAttribute(user, 'mail').getValue()",
            "alice@example.com",
        ),
        ("CdiUtil.bean(UserService).getUserInum(user)", "inum-alice"),
        (
            "sorted([a.getName() for a in user.getCustomAttributes()])",
            "['gluuStatus', 'mail', 'mobile', 'uid']",
        ),
    ];
    let before = "user = CdiUtil.bean(AuthenticationService).getAuthenticatedUser()";
    assert_prints(before, &table, scene, nobody).await;
}

#[tokio::test]
async fn only_what_a_script_changed_of_a_user_is_stored() {
    let body = "
users = CdiUtil.bean(UserService)
user = users.getUser('alice')
user.setAttribute('mobile', Arrays.asList('+1', '+2'))
user.setAttribute('sn', 'Smith')
user.removeAttribute('mail')
user.getCustomAttributes().add(CustomObjectAttribute('title', 'Dr'))
users.setCustomAttribute(user, 'gluuStatus', 'inactive')
user.setAttribute('userPassword', 'new secret')
print users.updateUser(user).getUserId()
print users.updateUser(users.getUser('alice')).getUserId()";
    let mut changes = Vec::new();
    let host = |question| match question {
        Question::FindPerson {
            by: PersonKey::Uid(_),
        } => Answer::Person(Some(alice())),
        Question::ChangePerson { inum, set } => {
            changes.push((inum, set));
            Answer::Person(Some(alice()))
        }
        other => nobody(other),
    };
    assert_eq!(printed(body, host).await, ["alice", "alice"]);
    assert_eq!(
        changes.len(),
        1,
        "a user that was not changed is not stored"
    );
    let (inum, set) = changes.remove(0);
    assert_eq!(inum, "inum-alice");
    let set: Vec<String> = set
        .iter()
        .map(|(name, values)| format!("{name}={}", values.join("|")))
        .collect();
    assert_eq!(
        set,
        [
            "gluuStatus=inactive",
            "mail=",
            "mobile=+1|+2",
            "sn=Smith",
            "title=Dr",
            "userPassword=new secret"
        ]
    );
}

#[tokio::test]
async fn values_are_added_replaced_and_removed_one_by_one() {
    let body = "
users = CdiUtil.bean(UserService)
print users.addUserAttribute('alice', 'mobile', '+3') is not None
print users.addUserAttribute('alice', 'mobile', '+15550101')
print users.replaceUserAttribute('alice', 'mobile', '+15550100', '+4') is not None
print users.removeUserAttribute('alice', 'mobile', '+15550101') is not None
print users.addUserAttribute('nobody', 'mobile', '+3')
user = users.getUser('alice')
print users.addUserAttribute(user, 'mobile', '+5'), users.addUserAttribute(user, 'mobile', '+5')";
    let mut stored = Vec::new();
    let host = |question| match question {
        Question::FindPerson {
            by: PersonKey::Uid(uid),
        } => Answer::Person((uid == "alice").then(alice)),
        Question::ChangePerson { set, .. } => {
            stored.push(set["mobile"].join("|"));
            Answer::Person(Some(alice()))
        }
        other => nobody(other),
    };
    let lines = printed(body, host).await;
    assert_eq!(
        lines,
        ["True", "None", "True", "True", "None", "True False"]
    );
    assert_eq!(
        stored,
        ["+15550100|+15550101|+3", "+15550101|+4", "+15550100"]
    );
}

#[tokio::test]
async fn a_person_is_added_with_a_status() {
    let body = "
user = User()
user.setAttribute('uid', 'bruno')
user.setAttribute('mail', ['b@example.com', 'c@example.com'])
print CdiUtil.bean(UserService).addUser(user, True).getUserId()
user.setUserId('carla')
print CdiUtil.bean(UserService).addUser(user, False).getUserId()";
    let mut added = Vec::new();
    let host = |question| match question {
        Question::AddPerson { person } => {
            added.push(person.clone());
            Answer::Person(Some(person))
        }
        other => nobody(other),
    };
    assert_eq!(printed(body, host).await, ["bruno", "carla"]);
    assert_eq!(added[0].attributes["gluuStatus"], ["active"]);
    assert_eq!(
        added[0].attributes["mail"],
        ["b@example.com", "c@example.com"]
    );
    assert_eq!(added[1].attributes["gluuStatus"], ["register"]);
    assert_eq!(added[1].attributes["uid"], ["carla"]);
}

#[tokio::test]
async fn every_form_of_authenticate_asks_for_the_password_of_one_person() {
    let body = "
service = CdiUtil.bean(AuthenticationService)
print service.authenticate('alice', 'sesame')
print service.authenticate('alice@example.com', 'sesame', 'mail')
print service.authenticate('+15550100', 'sesame', 'uid', 'mobile')
print service.authenticate('alice', 'sesame', 'uid', 'uid')
print service.authenticate(None, None, 'alice@example.com', 'sesame', 'mail', 'mail')
print service.authenticate('', 'sesame'), service.authenticate('alice', None)
print service.getAuthenticatedUserId(), service.getLdapAuthConfigs()";
    let mut checked = Vec::new();
    let host = |question| match question {
        Question::FindPerson {
            by: PersonKey::Attribute { name, .. },
        } => {
            assert_eq!(name, "mail");
            Answer::Person(Some(alice()))
        }
        Question::CheckPassword { username, password } => {
            assert_eq!(password.expose(), "sesame");
            checked.push(username);
            Answer::Person(Some(alice()))
        }
        other => nobody(other),
    };
    let lines = printed(body, host).await;
    assert_eq!(
        lines,
        [
            "True",
            "True",
            "True",
            "True",
            "True",
            "False False",
            "alice None"
        ]
    );
    assert_eq!(checked, ["alice", "alice", "+15550100", "alice", "alice"]);
}

#[tokio::test]
async fn mail_is_sent_by_every_form_of_send_mail() {
    let body = "
mail = CdiUtil.bean(MailService)
print mail.sendMail('bruno@example.com', 'Subject', 'Body')
print mail.sendMail('bruno@example.com', 'Bruno', 'Subject', 'Body', '<p>Body</p>')
print mail.sendMail('x@example.com', 'X', 'bruno@example.com', 'Bruno', 'Subject', 'Body', None)
print mail.sendMailSigned('bruno@example.com', 'Subject', 'Body')";
    let mut letters = Vec::new();
    let host = |question| match question {
        Question::SendMail {
            to,
            subject,
            body,
            html,
        } => {
            letters.push((to, subject, body, html));
            Answer::Done
        }
        other => nobody(other),
    };
    let lines = printed(body, host).await;
    assert_eq!(lines[..3], ["True", "True", "True"]);
    assert!(lines[3].starts_with("mail goes out without a signature"));
    assert_eq!(lines[4], "True");
    let letter = |html: Option<&str>| {
        let to = vec!["bruno@example.com".to_owned()];
        (
            to,
            "Subject".to_owned(),
            "Body".to_owned(),
            html.map(str::to_owned),
        )
    };
    assert_eq!(
        letters,
        [
            letter(None),
            letter(Some("<p>Body</p>")),
            letter(None),
            letter(None)
        ]
    );
}

#[tokio::test]
async fn mail_that_is_not_sent_is_false_and_the_reason_is_in_the_log() {
    for answer in [
        Answer::Unreachable("permanent error (550)".into()),
        Answer::Refused("too many messages".into()),
    ] {
        let (Answer::Unreachable(why) | Answer::Refused(why)) = answer.clone() else {
            unreachable!()
        };
        let body = "print CdiUtil.bean(MailService).sendMail('b@example.com', 'S', 'secret code')";
        let lines = printed(body, |_| answer.clone()).await;
        assert_eq!(lines, [format!("mail was not sent: {why}"), "False".into()]);
    }
}

fn mail_server() -> Answer {
    Answer::MailServer(Some(MailServer {
        host: "smtp.example.com".into(),
        port: 587,
        encrypted: true,
        user: Some("login".into()),
        from: "login@example.com".into(),
        from_name: Some("Example".into()),
    }))
}

#[tokio::test]
async fn a_message_made_with_javax_mail_goes_through_the_configured_server() {
    let body = "
conf = CdiUtil.bean(ConfigurationService).getConfiguration().getSmtpConfiguration()
print conf.getHost(), conf.getPort(), conf.getUserName(), conf.getFromEmailAddress(), conf.isRequiresSsl(), conf.isRequiresAuthentication(), conf.getPassword()
properties = Properties()
properties.setProperty('mail.smtp.host', conf.getHost())
session = Session.getDefaultInstance(properties)
message = MimeMessage(session)
message.setFrom(InternetAddress(conf.getFromEmailAddress()))
message.addRecipient(Message.RecipientType.TO, InternetAddress('bruno@example.com'))
message.setSubject('Your token')
message.setContent('Here is <b>123456</b> &amp; more', 'text/html')
transport = session.getTransport('smtp')
transport.connect(conf.getHost(), 587, conf.getUserName(), None)
transport.sendMessage(message, message.getRecipients(Message.RecipientType.TO))
transport.close()
many = MimeMessage(session)
many.setRecipients(Message.RecipientType.TO, 'a@example.com, b@example.com')
many.addRecipient(Message.RecipientType.CC, InternetAddress('c@example.com', 'Carla'))
many.setSubject('Both', 'UTF-8')
parts = MimeMultipart('alternative')
text, page = MimeBodyPart(), MimeBodyPart()
text.setText('plain')
page.setContent('<p>page</p>', 'text/html; charset=utf-8')
parts.addBodyPart(text)
parts.addBodyPart(page)
many.setContent(parts)
Transport.send(many)";
    let mut letters = Vec::new();
    let host = |question| match question {
        Question::MailServer => mail_server(),
        Question::SendMail {
            to,
            subject,
            body,
            html,
        } => {
            letters.push((to.join(" "), subject, body, html.unwrap_or_default()));
            Answer::Done
        }
        other => nobody(other),
    };
    let lines = printed(body, host).await;
    assert_eq!(
        lines,
        ["smtp.example.com 587 login login@example.com True True None"]
    );
    let letter = |to: &str, subject: &str, body: &str, html: &str| {
        (
            to.to_owned(),
            subject.to_owned(),
            body.to_owned(),
            html.to_owned(),
        )
    };
    assert_eq!(
        letters,
        [
            letter(
                "bruno@example.com",
                "Your token",
                "Here is 123456 & more",
                "Here is <b>123456</b> &amp; more"
            ),
            letter(
                "a@example.com b@example.com c@example.com",
                "Both",
                "plain",
                "<p>page</p>"
            ),
        ]
    );
}

#[tokio::test]
async fn javax_mail_reaches_no_other_server_and_sends_no_files() {
    let table = [
        (
            "Session.getInstance(Properties()).getTransport('smtp').connect('evil.example', 25, 'u', 'p')",
            "raises mail goes through the configured server, and evil.example is another one",
        ),
        (
            "MimeBodyPart().setDataHandler('/etc/passwd', None)",
            "raises headers of a message are not set by scripts",
        ),
        (
            "MimeMessage(None).setContent(5, 'image/png')",
            "raises a message is made of texts; attachments are not provided",
        ),
        (
            "Transport.send(MimeMessage(None))",
            "raises the message has no recipient",
        ),
    ];
    assert_prints("", &table, Scene::default(), |question| match question {
        Question::MailServer => mail_server(),
        other => nobody(other),
    })
    .await;
}

#[tokio::test]
async fn messages_for_the_person_name_texts_by_their_key() {
    let body = "
messages = CdiUtil.bean(FacesMessages)
messages.add(FacesMessage.SEVERITY_INFO, 'gone')
messages.clear()
messages.setKeepMessages()
messages.add(FacesMessage.SEVERITY_ERROR, 'Plain text, 100%')
messages.add('loginForm:username', FacesMessage.SEVERITY_WARN, 'For a field')
messages.add(FacesMessage.SEVERITY_INFO, 'With parameters', 'a', 'b')
messages.add(FacesMessage.SEVERITY_ERROR, \"Sorry: #{msgs['login.failedToAuthenticate']}\")
messages.add(FacesMessage.SEVERITY_ERROR, '#{msgs.login.pageTitle_2FA}')
messages.add('Swapped by mistake', FacesMessage.SEVERITY_ERROR)
CdiUtil.bean(FacesContext).addMessage(None, FacesMessage(FacesMessage.SEVERITY_FATAL, 'Summary', 'Detail'))
FacesContext.getCurrentInstance().addMessage('x', FacesMessage('Info alone'))
messages.add(FacesMessage.SEVERITY_ERROR, '#{identity.sessionId.id}')
print [str(m.getSeverity()) for m in CdiUtil.bean(FacesContext).getMessageList()][0]";
    let (lines, scene) = played(body, Scene::default(), nobody).await;
    assert_eq!(
        lines,
        [
            "#{identity.sessionId.id} is not evaluated: only messages are",
            "ERROR 2"
        ]
    );
    let message = |severity, text: &str| Message {
        severity,
        text: text.to_owned(),
        about: None,
    };
    let at_field = |severity, text: &str| Message {
        about: Some(About::Field),
        ..message(severity, text)
    };
    assert_eq!(
        scene.messages,
        [
            message(Severity::Error, "Plain text, 100%"),
            at_field(Severity::Warn, "For a field"),
            message(Severity::Info, "With parameters"),
            message(
                Severity::Error,
                "Sorry: Failed to authenticate. Please try again."
            ),
            message(Severity::Error, "Page title 2 fa"),
            message(Severity::Error, "Swapped by mistake"),
            message(Severity::Fatal, "Summary"),
            at_field(Severity::Info, "Info alone"),
            message(Severity::Error, ""),
        ]
    );
}

fn browser_request() -> Scene {
    Scene {
        issuer: "https://login.example.com:8443".into(),
        request: Request {
            parameters: [("code".to_owned(), vec!["1".to_owned(), "2".to_owned()])].into(),
            headers: [("user-agent".to_owned(), "Test/1".to_owned())].into(),
            cookies: [("seen".to_owned(), "yes".to_owned())].into(),
            remote_ip: "192.0.2.7".into(),
            method: "POST".into(),
            path: "/oxauth/login.htm".into(),
            locale: "de".into(),
        },
        session_id: "session-1".into(),
        session: [("auth_step".to_owned(), "1".to_owned())].into(),
        ..Scene::default()
    }
}

#[tokio::test]
async fn a_script_reads_the_request_of_the_browser() {
    let table = [
        (
            "request.getServerName(), request.getServerPort(), request.getScheme()",
            "('login.example.com', 8443, 'https')",
        ),
        (
            "request.getRemoteAddr(), ServerUtil.getIpAddress(request), request.getMethod()",
            "('192.0.2.7', '192.0.2.7', 'POST')",
        ),
        (
            "request.getHeader('User-Agent'), request.getHeader('Nothing')",
            "('Test/1', None)",
        ),
        (
            "request.getParameter('code'), request.getParameterValues('code'), request.getParameter('x')",
            "('1', [1, 2], None)",
        ),
        ("request.getParameterMap().get('code')", "[1, 2]"),
        (
            "request.getCookies()[0].getName(), request.getCookies()[0].getValue()",
            "('seen', 'yes')",
        ),
        (
            "context.getRequestCookieMap().get('seen').getValue()",
            "yes",
        ),
        ("context.getRequestHeaderMap().get('USER-AGENT')", "Test/1"),
        ("context.getRequestParameterMap().get('code')", "1"),
        (
            "request.getAttribute('javax.servlet.request.X509Certificate')",
            "None",
        ),
        (
            "request.getContextPath(), request.getRequestURI()",
            "('/oxauth', '/oxauth/login.htm')",
        ),
        (
            "CdiUtil.bean(HttpService).constructServerUrl(request)",
            "https://login.example.com:8443/oxauth",
        ),
        (
            "sessions.getSessionId().getId(), sessions.getSessionIdFromCookie()",
            "('session-1', 'session-1')",
        ),
        (
            "sessions.getSessionId('session-1') is not None, sessions.getSessionId('another')",
            "(True, None)",
        ),
        (
            "sessions.updateSessionId(sessions.getSessionId()), sessions.getSessionId().getState()",
            "(True, unauthenticated)",
        ),
        (
            "sessions.getSessionId().getUserDn(), sessions.getSessionId().getUser()",
            "(None, None)",
        ),
        (
            "CdiUtil.bean(Identity).getSessionId().getSessionAttributes().get('auth_step')",
            "1",
        ),
    ];
    let before = "
context = CdiUtil.bean(FacesContext).getExternalContext()
request = context.getRequest()
sessions = CdiUtil.bean(SessionIdService)";
    assert_prints(before, &table, browser_request(), nobody).await;
}

#[tokio::test]
async fn a_script_sets_cookies_headers_and_the_way_to_go() {
    let body = "
context = FacesContext.getCurrentInstance().getExternalContext()
cookie = Cookie('device', 'abc')
cookie.setMaxAge(3600)
cookie.setSecure(True)
cookie.setHttpOnly(True)
context.getResponse().addCookie(cookie)
properties = HashMap()
properties.put('maxAge', -1)
properties.put('path', '/oxauth')
context.addResponseCookie('plain', 'x', properties)
context.getResponse().setHeader('X-One', '1')
context.getResponse().setHeader('x-one', '2')
service = CdiUtil.bean(FacesService)
service.redirectToExternalURL('https://idp.example/?a=b')
print context.getResponse().isCommitted()";
    let (_, scene) = played(body, browser_request(), nobody).await;
    let cookies: Vec<_> = scene
        .response_cookies
        .iter()
        .map(|c| {
            (
                c.name.as_str(),
                c.max_age,
                c.secure,
                c.http_only,
                c.path.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        cookies,
        [
            ("device", Some(3600), true, true, None),
            ("plain", None, false, false, Some("/oxauth"))
        ]
    );
    assert_eq!(
        scene.response_headers,
        [("x-one".to_owned(), "2".to_owned())]
    );
    assert_eq!(scene.redirect.as_deref(), Some("https://idp.example/?a=b"));
    for (call, url) in [
        (
            "redirect('/auth/otp/otp.xhtml', {'a': 'b c'})",
            "/oxauth/auth/otp/otp.htm?a=b+c",
        ),
        (
            "redirectWithExternal('https://idp.example/?x=1', {'a': 'b'})",
            "https://idp.example/?x=1&a=b",
        ),
        ("redirect('/login.xhtml')", "/oxauth/login.htm"),
    ] {
        let body = format!("CdiUtil.bean(FacesService).{call}");
        let (_, scene) = played(&body, browser_request(), nobody).await;
        assert_eq!(scene.redirect.as_deref(), Some(url), "{call}");
    }
}

#[tokio::test]
async fn the_cache_keeps_values_for_so_many_seconds() {
    let body = "
cache = CdiUtil.bean(CacheService)
cache.put(300, 'number', 5)
cache.put('20', 'map', {'a': ArrayList(['b', None])})
cache.put('default', 'text')
cache.remove('number')
cache.put(10, 'none', None)
found = cache.get('map')
print found.get('a').get(0), found.containsKey('b'), cache.get('region', 'absent')
try:
    cache.put(5, 'user', User())
except Exception, error:
    print error.getMessage()";
    let mut asked = Vec::new();
    let host = |question| match question {
        Question::CachePut {
            key,
            value,
            seconds,
        } => {
            asked.push(format!("{key} {value} {seconds}"));
            Answer::Done
        }
        Question::CacheRemove { key } => {
            asked.push(format!("-{key}"));
            Answer::Done
        }
        Question::CacheGet { key } => {
            Answer::Text((key == "map").then(|| r#"{"a": ["b", null]}"#.to_owned()))
        }
        other => nobody(other),
    };
    assert_eq!(
        printed(body, host).await,
        [
            "b False None",
            "CacheService keeps texts, numbers, lists and maps; this is a User"
        ]
    );
    assert_eq!(
        asked,
        [
            "number 5 300",
            r#"map {"a": ["b", null]} 20"#,
            r#"default "text" 60"#,
            "-number",
            "-none"
        ]
    );
}

#[tokio::test]
async fn what_this_server_did_not_encrypt_does_not_open() {
    let table = [
        ("service.decrypt('good')", "plain"),
        (
            "service.decrypt(None), service.encrypt(None)",
            "(None, None)",
        ),
        ("service.decrypt('of Gluu', True)", "None"),
        (
            "service.decrypt('of Gluu')",
            "raises this text was not encrypted by this server, or was changed since",
        ),
        ("service.encrypt('plain')", "good"),
    ];
    let before = "service = CdiUtil.bean(EncryptionService)";
    assert_prints(
        before,
        &table,
        Scene::default(),
        |question| match question {
            Question::Decrypt { text } => Answer::Text((text == "good").then(|| "plain".into())),
            Question::Encrypt { .. } => Answer::Text(Some("good".into())),
            other => nobody(other),
        },
    )
    .await;
}

#[tokio::test]
async fn an_application_is_shown_without_its_secret() {
    let table = [
        (
            "client.getClientId(), client.getClientName(), client.isTrustedClient()",
            "('app', 'The App', True)",
        ),
        (
            "client.getRedirectUris()[0], client.getScopes()[1]",
            "('https://app.example/cb', 'email')",
        ),
        (
            "clients.getCustomAttribute(client, 'x'), clients.getClient('absent'), clients.getClient(None)",
            "(None, None, None)",
        ),
        (
            "address.toString(), RedirectUri('https://app.example/').toString()",
            "('https://app.example/cb?x=1&state=a+b', 'https://app.example/')",
        ),
        (
            "client.getClientSecret()",
            "raises 'org.gluu.oxauth.model.registration.Client' object has no attribute 'getClientSecret'",
        ),
    ];
    let before = "
clients = CdiUtil.bean(ClientService)
client = clients.getClient('app')
address = RedirectUri('https://app.example/cb?x=1')
address.addResponseParameter('state', 'a b')";
    assert_prints(
        before,
        &table,
        Scene::default(),
        |question| match question {
            Question::FindClient { id } => Answer::Client((id == "app").then(|| Client {
                id: "app".into(),
                name: "The App".into(),
                redirect_uris: vec!["https://app.example/cb".into()],
                scopes: vec!["openid".into(), "email".into()],
                trusted: true,
                ..Client::default()
            })),
            other => nobody(other),
        },
    )
    .await;
}

fn scripts() -> Answer {
    let property = |name: &str, value: Option<&str>| ShownProperty {
        value1: name.into(),
        value2: value.map(str::to_owned),
        hide: value.is_none(),
        description: None,
    };
    let facts = |name: &str, enabled| ScriptFacts {
        name: name.into(),
        description: format!("About {name}"),
        level: 50,
        aliases: vec!["strong".into()],
        enabled,
        revision: 3,
        properties: vec![
            property("URL", Some("https://x/")),
            property("SECRET", None),
        ],
    };
    Answer::Scripts(vec![facts("otp", true), facts("duo", false)])
}

#[tokio::test]
async fn scripts_are_found_and_not_changed() {
    let table = [
        ("[s.getName() for s in found]", "['otp', 'duo']"),
        (
            "[s.isEnabled() for s in found], found.get(0).getLevel(), found.get(0).getRevision()",
            "([True, False], 50, 3)",
        ),
        (
            "found.get(0).getScriptType(), found.get(0).getScriptType().getValue()",
            "(PERSON_AUTHENTICATION, 'person_authentication')",
        ),
        (
            "[p.getValue2() for p in found.get(0).getConfigurationProperties()]",
            "['https://x/', None]",
        ),
        (
            "service.findCustomScripts([CustomScriptType.SCIM]).size()",
            "0",
        ),
        (
            "service.getScriptByDisplayName('DUO').getName(), service.getScriptByDisplayName('x')",
            "('duo', None)",
        ),
        (
            "service.update(found.get(0))",
            "raises scripts may not change scripts: set the properties of otp with `sallyport script`",
        ),
    ];
    let before = "
service = CdiUtil.bean(CustomScriptService)
found = service.findCustomScripts(Collections.singletonList(CustomScriptType.PERSON_AUTHENTICATION), 'displayName', 'oxEnabled')";
    assert_prints(
        before,
        &table,
        Scene::default(),
        |question| match question {
            Question::FindScripts => scripts(),
            other => nobody(other),
        },
    )
    .await;
}

#[tokio::test]
async fn the_entry_manager_reaches_people_and_few_other_entries() {
    let table = [
        (
            "entries.find(User, 'inum=inum-alice,ou=people,o=gluu').getUserId()",
            "alice",
        ),
        (
            "entries.find('inum=inum-alice, ou=people, o=gluu', User, None).getUserId()",
            "alice",
        ),
        (
            "entries.find(User, 'inum=absent,ou=people,o=gluu')",
            "raises there is no entry inum=absent,ou=people,o=gluu",
        ),
        (
            "entries.find(User, 'inum=inum-alice,ou=clients,o=gluu')",
            "raises there is no entry inum=inum-alice,ou=clients,o=gluu",
        ),
        (
            "entries.findEntries('ou=people,o=gluu', User, Filter.createEqualityFilter('mail', 'ALICE@example.com'), 1).size()",
            "1",
        ),
        (
            "entries.findEntries('ou=people,o=gluu', User, Filter.createANDFilter(Filter.createEqualityFilter('mail', 'alice@example.com'), Filter.createEqualityFilter('mobile', '+9'))).size()",
            "0",
        ),
        (
            "entries.findEntries('ou=people,o=gluu', User, Filter.createORFilter(Filter.createEqualityFilter('mail', 'alice@example.com'), Filter.createEqualityFilter('mobile', '+15550101'))).size()",
            "1",
        ),
        (
            "entries.findEntries('ou=people,o=gluu', User, None)",
            "raises a search among people needs an equality that every result fulfils",
        ),
        (
            "entries.findEntries('ou=clients,o=gluu', User, Filter.createEqualityFilter('a', 'b'))",
            "raises scripts reach people only (ou=people,o=gluu); there is nothing for them at ou=clients,o=gluu",
        ),
        (
            "entries.findEntries(sample, 10).get(0).getUserId()",
            "alice",
        ),
        (
            "entries.findEntries(token, 1)",
            "raises tokens are not shown to scripts",
        ),
        (
            "entries.remove(sample)",
            "raises scripts may not remove entries",
        ),
        (
            "entries.merge(token)",
            "raises scripts may change people only",
        ),
        (
            "entries.authenticate('inum=inum-alice,ou=people,o=gluu', User, 'sesame')",
            "True",
        ),
        (
            "entries.find(GluuConfiguration().getClass(), 'ou=configuration,o=gluu').getOxIDPAuthentication().get(0).getConfig().getPrimaryKey()",
            "uid",
        ),
        (
            "entries.find(ApplicationConfiguration, 'ou=casa,ou=configuration,o=gluu').getSettings()",
            r#"{"acr_plugin_mapping": {"otp": null}, "use_branding": false, "extra_css": null}"#,
        ),
        (
            "entries.find(LdapOxPassportConfiguration, 'ou=oxpassport,ou=configuration,o=gluu').getPassportConfiguration().getProviders().size()",
            "0",
        ),
        (
            "entries.find(GluuConfiguration, 'ou=casa,ou=configuration,o=gluu')",
            "raises scripts reach people only (ou=people,o=gluu); there is nothing for them at ou=casa,ou=configuration,o=gluu",
        ),
        (
            "CdiUtil.bean(AppInitializer).createPersistenceEntryManager() is entries",
            "True",
        ),
        (
            "CdiUtil.bean(StaticConfiguration).getBaseDn().getClients()",
            "ou=clients,o=gluu",
        ),
    ];
    let before = "
entries = CdiUtil.bean(PersistenceEntryManager)
sample = User()
sample.setDn('ou=people,o=gluu')
sample.setAttribute('mobile', '+15550101')
token = TokenLdap()
token.setDn('ou=clients,o=gluu')";
    assert_prints(
        before,
        &table,
        Scene::default(),
        |question| match question {
            Question::FindPerson {
                by: PersonKey::Inum(inum),
            } => Answer::Person((inum == "inum-alice").then(alice)),
            Question::FindPersons { .. } => Answer::Persons(vec![alice()]),
            Question::CheckPassword { username, .. } => {
                Answer::Person((username == "alice").then(alice))
            }
            Question::FindScripts => scripts(),
            other => nobody(other),
        },
    )
    .await;
}

#[tokio::test]
async fn the_configuration_of_the_server_is_read_only() {
    let table = [
        (
            "server.getIssuer(), server.getBaseEndpoint()",
            "('https://login.example.com:8443', 'https://login.example.com:8443/oxauth/restv1')",
        ),
        (
            "server.getSessionIdUnauthenticatedUnusedLifetime(), server.getNothingOfTheKind()",
            "(1800, None)",
        ),
        (
            "server.setKeyStoreFile('x')",
            "raises scripts may not change the configuration of the server",
        ),
        (
            "own.setKeyStoreFile('x'), own.getKeyStoreFile()",
            "(None, 'x')",
        ),
        (
            "AppConfiguration().getKeyStoreFile(), CdiUtil.bean(ConfigurationFactory).getAppConfiguration() is server",
            "(None, True)",
        ),
        (
            "Constants.RESULT_SUCCESS, GrantType.AUTHORIZATION_CODE, Response.Status.CREATED.getStatusCode()",
            "('success', authorization_code, 201)",
        ),
        (
            "CdiUtil.bean(DeviceRegistrationService).findUserDeviceRegistrations('x', 'y').size()",
            "0",
        ),
    ];
    let before = "
server = CdiUtil.bean(AppConfiguration)
own = AppConfiguration()";
    assert_prints(before, &table, browser_request(), nobody).await;
}

#[tokio::test]
async fn counters_become_events_and_timers_do_nothing() {
    let body = "
metrics = CdiUtil.bean(MetricService)
timer = metrics.getTimer(MetricType.OXAUTH_USER_AUTHENTICATION_RATE).time()
metrics.incCounter(MetricType.OXAUTH_USER_AUTHENTICATION_SUCCESS)
timer.stop()";
    let mut counted = Vec::new();
    printed(body, |question| match question {
        Question::Count { what } => {
            counted.push(what);
            Answer::Done
        }
        other => nobody(other),
    })
    .await;
    assert_eq!(counted, ["user_authentication_success"]);
}

#[tokio::test]
async fn parameters_of_a_request_are_put_together_again() {
    let table = [
        (
            "service.parametersAsString({'client_id': 'a b'})",
            "client_id=a+b",
        ),
        (
            "service.getAllowedParameters({'scope': 'openid', 'code': '1'})",
            "{'scope': 'openid'}",
        ),
        ("service.getParametersMap(['mine'])", "{'mine': '5'}"),
    ];
    let before = "
CdiUtil.bean(Identity).setWorkingParameter('mine', 5)
service = CdiUtil.bean(RequestParameterService)";
    assert_prints(before, &table, browser_request(), nobody).await;
}

#[tokio::test]
async fn a_class_that_is_there_for_imports_alone_says_so_when_it_is_used() {
    let why = "raises Java class 'org.gluu.fido2.client.Fido2ClientFactory' may be imported, but not used: there is no FIDO2 service";
    let table = [
        ("Fido2ClientFactory.instance()", why),
        ("Fido2ClientFactory()", why),
        ("CdiUtil.bean(Fido2ClientFactory)", why),
    ];
    let before = "from org.gluu.fido2.client import Fido2ClientFactory";
    assert_prints(before, &table, Scene::default(), nobody).await;
}
