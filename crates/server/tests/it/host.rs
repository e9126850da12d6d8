//! Questions of scripts, answered for real.

use std::sync::{Arc, Mutex};

use sallyport_script::Language;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::{PASSWORD, RelyingParty, TestApp};

/// Runs the commands that stand in the user name, behind the person's name, and prints what comes of
/// them. Nobody gets past it.
const PROBE: &str = r#"
from org.gluu.oxauth.model.common import User
from org.gluu.oxauth.security import Identity
from org.gluu.oxauth.service import AuthenticationService, ClientService, UserService
from org.gluu.oxauth.service.common import EncryptionService
from org.gluu.oxauth.service.custom import CustomScriptService
from org.gluu.persist import PersistenceEntryManager
from org.gluu.search.filter import Filter
from org.gluu.service import CacheService, MailService
from org.gluu.service.cdi.util import CdiUtil

class PersonAuthentication:
    def __init__(self, now):
        pass
    def init(self, customScript, configurationAttributes):
        return True
    def getApiVersion(self):
        return 11
    def getCountAuthenticationSteps(self, configurationAttributes):
        return 1
    def isValidAuthenticationMethod(self, usageType, configurationAttributes):
        return True
    def prepareForStep(self, configurationAttributes, requestParameters, step):
        return True
    def getExtraParametersForStep(self, configurationAttributes, step):
        return None
    def getPageForStep(self, configurationAttributes, step):
        return ""
    def getNextStep(self, configurationAttributes, requestParameters, step):
        return -1
    def authenticate(self, configurationAttributes, requestParameters, step):
        credentials = CdiUtil.bean(Identity).getCredentials()
        users = CdiUtil.bean(UserService)
        mail = CdiUtil.bean(MailService)
        auth = CdiUtil.bean(AuthenticationService)
        do = {
            "prove": lambda name: auth.authenticate(name, credentials.getPassword()),
            "mail": lambda to: mail.sendMail(to, "Your code", "It is 987654"),
            "page": lambda to: mail.sendMail(to, "To", "Your code", "It is 987654", "<p>987654</p>"),
            "inject": lambda to: mail.sendMail(to + "\r\nBcc: all@example.com", "Hi", "x"),
            "subject": lambda to: mail.sendMail(to, "Hi\r\nBcc: all@example.com", "x"),
            "password": lambda value: self.change(users, "userPassword", value),
            "title": lambda value: self.change(users, "title", value),
            "scripts": lambda _: [self.shown(s) for s in CdiUtil.bean(CustomScriptService).findCustomScripts(None)],
            "client": lambda name: CdiUtil.bean(ClientService).getClient(name).getClientName(),
            "noclient": lambda name: CdiUtil.bean(ClientService).getClient(name),
            "find": lambda value: [u.getUserId() for u in self.find(value)],
            "round": lambda text: CdiUtil.bean(EncryptionService).decrypt(CdiUtil.bean(EncryptionService).encrypt(text)),
            "cache": lambda value: self.cached(value),
        }
        for command in credentials.getUsername().split(";"):
            verb, _, argument = command.partition(" ")
            try:
                print "did %s: %s" % (verb, do[verb](argument))
            except Exception, error:
                print "did %s: raises %s" % (verb, error)
        return False
    def change(self, users, name, value):
        user = users.getUser("alice")
        user.setAttribute(name, value)
        return users.updateUser(user).getAttribute(name)
    def shown(self, script):
        values = [p.getValue2() for p in script.getConfigurationProperties()]
        return "%s %s" % (script.getName(), values)
    def find(self, value):
        entries = CdiUtil.bean(PersistenceEntryManager)
        return entries.findEntries("ou=people,o=gluu", User, Filter.createEqualityFilter("mail", value))
    def cached(self, value):
        cache = CdiUtil.bean(CacheService)
        before = cache.get("probe")
        cache.put("60", "probe", value)
        return before
"#;

/// A mail server that takes everything and remembers it.
struct Mailbox {
    port: u16,
    messages: Arc<Mutex<Vec<String>>>,
}

impl Mailbox {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let messages = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&messages);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, Arc::clone(&kept)));
            }
        });
        Self { port, messages }
    }

    fn messages(&self) -> Vec<String> {
        self.messages.lock().unwrap().clone()
    }

    fn config(&self) -> String {
        format!(
            "[mail]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\nfrom = \"Example <login@example.com>\"\n",
            self.port
        )
    }
}

async fn receive(mut stream: tokio::net::TcpStream, messages: Arc<Mutex<Vec<String>>>) {
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader).lines();
    let mut message = String::new();
    let mut in_data = false;
    writer.write_all(b"220 ready\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        message.push_str(&line);
        message.push('\n');
        let reply: &[u8] = match (in_data, line.as_str()) {
            (true, ".") => {
                in_data = false;
                messages.lock().unwrap().push(std::mem::take(&mut message));
                b"250 taken\r\n"
            }
            (true, _) => continue,
            (false, "DATA") => {
                in_data = true;
                b"354 go on\r\n"
            }
            (false, "QUIT") => b"221 bye\r\n",
            (false, _) => b"250 fine\r\n",
        };
        if writer.write_all(reply).await.is_err() {
            return;
        }
    }
}

struct Probe {
    app: TestApp,
}

impl Probe {
    async fn start(config: &str) -> Self {
        let app = TestApp::configured(config).await;
        let properties = [("SECRET", "hidden value"), ("NOTIFY", "ops@example.com")];
        app.script("probe", PROBE, Language::Python2, &properties)
            .await;
        app.public_client("app").await;
        app.person("alice").await;
        Self { app }
    }

    /// What the script printed about each command. Each call is a login of its own.
    async fn run(&self, commands: &str) -> Vec<String> {
        let before = self.lines().len();
        let mut browser = self.app.browser();
        let party = RelyingParty::new("app").with("acr_values", "probe");
        let page = browser.get(&party.address()).await;
        browser
            .submit(&page, &[("username", commands), ("password", PASSWORD)])
            .await;
        self.lines().split_off(before)
    }

    fn lines(&self) -> Vec<String> {
        let log = self.app.script_log();
        log.lines()
            .filter_map(|line| Some(line.split_once(" - did ")?.1.to_owned()))
            .collect()
    }
}

#[tokio::test]
async fn mail_goes_to_people_of_the_server_and_to_others_only_behind_a_password() {
    let mailbox = Mailbox::open().await;
    let probe = Probe::start(&mailbox.config()).await;
    let did = probe
        .run("mail stranger@example.com;mail alice@example.com;mail ops@example.com")
        .await;
    assert_eq!(did, ["mail: False", "mail: True", "mail: True"]);
    let did = probe
        .run("prove alice;mail stranger@example.com;page stranger@example.com")
        .await;
    assert_eq!(did, ["prove: True", "mail: True", "page: True"]);
    let messages = mailbox.messages();
    assert_eq!(messages.len(), 4);
    let first = &messages[0];
    for part in [
        "MAIL FROM:<login@example.com>",
        "RCPT TO:<alice@example.com>",
        "From: Example <login@example.com>",
        "Subject: Your code",
        "It is 987654",
    ] {
        assert!(first.contains(part), "{part}: {first}");
    }
    assert!(messages[3].contains("<p>987654</p>"), "{}", messages[3]);
}

#[tokio::test]
async fn one_step_sends_the_same_message_once_and_an_address_gets_five_in_ten_minutes() {
    let mailbox = Mailbox::open().await;
    let probe = Probe::start(&mailbox.config()).await;
    let did = probe
        .run("mail alice@example.com;mail alice@example.com")
        .await;
    assert_eq!(did, ["mail: True", "mail: True"]);
    assert_eq!(mailbox.messages().len(), 1);
    for _ in 2..=5 {
        assert_eq!(probe.run("mail ALICE@example.com").await, ["mail: True"]);
    }
    assert_eq!(probe.run("mail alice@example.com").await, ["mail: False"]);
    assert_eq!(mailbox.messages().len(), 5);
    let log = probe.app.script_log();
    assert!(
        log.contains("too many messages for this person or this address"),
        "{log}"
    );
    probe.app.wait(700);
    assert_eq!(probe.run("mail alice@example.com").await, ["mail: True"]);
}

#[tokio::test]
async fn no_header_comes_from_a_script() {
    let mailbox = Mailbox::open().await;
    let probe = Probe::start(&mailbox.config()).await;
    let did = probe
        .run("inject alice@example.com;subject alice@example.com")
        .await;
    assert_eq!(did, ["inject: False", "subject: False"]);
    assert_eq!(mailbox.messages(), Vec::<String>::new());
}

#[tokio::test]
async fn without_a_mail_server_nothing_is_sent_and_the_log_says_why() {
    let probe = Probe::start("").await;
    assert_eq!(probe.run("mail alice@example.com").await, ["mail: False"]);
    let log = probe.app.script_log();
    assert!(
        log.contains("mail was not sent: no mail server is configured"),
        "{log}"
    );
}

#[tokio::test]
async fn a_password_that_a_script_sets_is_the_password() {
    let probe = Probe::start("").await;
    let did = probe
        .run("title Dr;password hers alone;prove alice;password {SSHA}bm90aGluZw==;password another good password")
        .await;
    assert_eq!(
        did,
        [
            "title: Dr",
            "password: raises java.lang.Exception: a password can be set in a login of its own person only",
            "prove: True",
            "password: raises java.lang.Exception: a password is set in clear, not as a hash",
            "password: None"
        ]
    );
    assert_eq!(probe.run("prove alice").await, ["prove: False"]);
    let page = RelyingParty::new("app").with("acr_values", "simple_password_auth");
    let mut browser = probe.app.browser();
    let form = browser.get(&page.address()).await;
    let fields = [("username", "alice"), ("password", "another good password")];
    let back = browser.submit(&form, &fields).await;
    assert!(back.query("code").is_some(), "{}", back.body);
}

#[tokio::test]
async fn a_script_sees_hidden_values_of_its_own_only() {
    let probe = Probe::start("").await;
    let properties = [("SECRET", "of another"), ("URL", "https://x.example/")];
    let other = PROBE.replace("print ", "pass; print ");
    probe
        .app
        .script("other", &other, Language::Python2, &properties)
        .await;
    let did = probe.run("scripts").await;
    assert_eq!(
        did,
        [
            r#"scripts: ["other [None, 'https://x.example/']", "probe ['••••••', 'ops@example.com']"]"#
        ]
    );
}

#[tokio::test]
async fn applications_people_and_values_are_found() {
    let probe = Probe::start("").await;
    let did = probe
        .run("client app;noclient absent;find ALICE@example.com;find x@example.com;round a text;cache one;cache two")
        .await;
    assert_eq!(
        did,
        [
            "client: The app application",
            "noclient: None",
            "find: ['alice']",
            "find: []",
            "round: a text",
            "cache: None",
            "cache: one"
        ]
    );
}
