use sallyport_script::{
    Answer, Call, ErrorKind, HttpResponse, Person, PersonKey, Property, Question, Request,
    Returned, Scene, Severity, Source,
};
use serde_json::json;

use crate::desk::{Desk, nobody, person, property, source};

/// A two-step script as people write them for Gluu 4: Python 2, tabs, print statements, beans kept on self.
const SCRIPT: &str = r#"
from org.gluu.service.cdi.util import CdiUtil
from org.gluu.oxauth.security import Identity
from org.gluu.model.custom.script.type.auth import PersonAuthenticationType
from org.gluu.oxauth.service import AuthenticationService, UserService
from org.gluu.oxauth.service.net import HttpService
from org.gluu.oxauth.util import ServerUtil
from org.gluu.util import StringHelper
from org.gluu.jsf2.message import FacesMessages
from javax.faces.application import FacesMessage
from java.util import Arrays, HashMap
import java
import base64
import json

class PersonAuthentication(PersonAuthenticationType):
    def __init__(self, currentTimeMillis):
        self.identity = CdiUtil.bean(Identity)

    def init(self, customScript, configurationAttributes):
        if not configurationAttributes.containsKey("URL"):
            print "Sample. Property URL is mandatory"
            return False
        self.url = configurationAttributes.get("URL").getValue2()
        return True

    def getApiVersion(self):
        return 11

    def authenticate(self, configurationAttributes, requestParameters, step):
	credentials = self.identity.getCredentials()
	messages = CdiUtil.bean(FacesMessages)
	messages.setKeepMessages()
        if step == 1:
            service = CdiUtil.bean(AuthenticationService)
            if not service.authenticate(credentials.getUsername(), credentials.getPassword()):
                return False
            user = service.getAuthenticatedUser()
            self.identity.setWorkingParameter("phone", user.getAttribute("mobile"))
            self.identity.setWorkingParameter("count", 3)
            self.identity.setWorkingParameter("flag", True)
            self.identity.setWorkingParameter("object", user)
            self.identity.getSessionId().getSessionAttributes().put("seen", "yes")
            print "User", user.getUserId(), "has", user.getAttributeValues("mobile"), user.getAttribute("nothing")
            return True
        elif step == 2:
            code = ServerUtil.getFirstValue(requestParameters, "passcode")
            print "Code %s" % code
            headers = HashMap()
            headers.put("Accept", "application/json")
            http = CdiUtil.bean(HttpService)
            auth = base64.b64encode(("id" + ":" + "secret").encode("utf-8"))
            try:
                reply = http.executePost(http.getHttpsClient(), self.url, auth, headers, json.dumps({"code": code}))
                response = reply.getHttpResponse()
            except:
                print "Sample. Exception: ", sys.exc_info()[1]
                return False
            try:
                if not http.isResponseStastusCodeOk(response):
                    messages.add(FacesMessage.SEVERITY_ERROR, "Wrong: %d" % response.getStatusLine().getStatusCode())
                    return False
                answer = json.loads(http.convertEntityToString(http.getResponseContent(response)))
                return answer["ok"]
            finally:
                reply.closeConnection()
        elif step == 3:
            users = CdiUtil.bean(UserService)
            user = users.getUserByAttribute("mobile", "+15550100")
            users.setCustomAttribute(user, "oxMobileDevices", json.dumps({"phones": []}))
            user.setAttribute("mobile", Arrays.asList("+1", "+2"))
            user = users.updateUser(user)
            return user is not None and StringHelper.equals(user.getAttribute("mobile"), "+1")
        elif step == 4:
            raise java.lang.Exception("password was " + credentials.getPassword())
        return False

    def prepareForStep(self, configurationAttributes, requestParameters, step):
        return self.identity.getWorkingParameter("object").getUserId() == "alice"

    def getExtraParametersForStep(self, configurationAttributes, step):
        return Arrays.asList("phone", "count") if step == 2 else None

    def getCountAuthenticationSteps(self, configurationAttributes):
        return 2

    def isValidAuthenticationMethod(self, usageType, configurationAttributes):
        return str(usageType) == "interactive"

    def getAuthenticationMethodClaims(self, configurationAttributes):
        return {"method": "sample"}
"#;

fn script() -> Source {
    let secret = Property {
        hide: true,
        ..property("SECRET", "very-secret")
    };
    Source {
        properties: vec![property("URL", "https://api.example/v1"), secret],
        ..source(SCRIPT)
    }
}

fn scene(parameters: &[(&str, &str)]) -> Scene {
    let parameters = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
        .collect();
    Scene {
        session: [("auth_step".to_owned(), "1".to_owned())].into(),
        username: Some("alice".into()),
        password: Some("sesame".into()),
        request: Request {
            parameters,
            ..Request::default()
        },
        ..Scene::default()
    }
}

fn alice() -> Person {
    person("alice", &[("mobile", "+15550100"), ("mobile", "+15550101")])
}

fn http(status: u16, body: &str) -> Answer {
    Answer::Http(HttpResponse {
        status,
        reason: "OK".into(),
        headers: vec![],
        body: body.into(),
    })
}

#[tokio::test]
async fn a_password_is_checked_by_the_host() {
    let desk = Desk::new();
    let script = desk.try_load(script(), nobody).await.unwrap();
    let host = |question| match question {
        Question::CheckPassword { username, password } => {
            assert_eq!((username.as_str(), password.expose()), ("alice", "sesame"));
            Answer::Person(Some(alice()))
        }
        other => nobody(other),
    };
    let (result, scene) = desk
        .call(&script, scene(&[]), Call::Authenticate { step: 1 }, host)
        .await;
    assert_eq!(result, Ok(Returned::Bool(true)));
    assert_eq!(scene.authenticated, Some(alice()));
    assert_eq!(scene.session["auth_user"], "alice");
    assert_eq!(scene.session["seen"], "yes");
    assert_eq!(scene.session["auth_step"], "1");
    assert_eq!(scene.working["phone"], json!("+15550100"));
    assert_eq!(scene.working["count"], json!(3));
    assert_eq!(scene.working["flag"], json!(true));
    assert_eq!(scene.working["object"], json!(null));
    assert_eq!(
        desk.printed(),
        ["User alice has [+15550100, +15550101] None"]
    );
}

#[tokio::test]
async fn a_wrong_password_is_no_login() {
    let desk = Desk::new();
    let script = desk.try_load(script(), nobody).await.unwrap();
    let (result, scene) = desk
        .call(&script, scene(&[]), Call::Authenticate { step: 1 }, |_| {
            Answer::Person(None)
        })
        .await;
    assert_eq!(result, Ok(Returned::Bool(false)));
    assert!(scene.authenticated.is_none() && !scene.session.contains_key("auth_user"));
}

#[tokio::test]
async fn http_goes_through_the_host_with_basic_authentication() {
    let desk = Desk::new();
    let script = desk.try_load(script(), nobody).await.unwrap();
    let mut asked = Vec::new();
    let host = |question| {
        asked.push(question);
        http(200, "{\"ok\": true}")
    };
    let (result, _) = desk
        .call(
            &script,
            scene(&[("passcode", "123456")]),
            Call::Authenticate { step: 2 },
            host,
        )
        .await;
    assert_eq!(result, Ok(Returned::Bool(true)));
    assert_eq!(
        asked,
        [Question::Http {
            method: "POST".into(),
            url: "https://api.example/v1".into(),
            headers: vec![
                ("Accept".into(), "application/json".into()),
                ("Authorization".into(), "Basic aWQ6c2VjcmV0".into())
            ],
            body: b"{\"code\": \"123456\"}".to_vec(),
        }]
    );
    let line = &desk.lines()[0];
    assert_eq!(line.text, "Code 123456");
    assert_eq!(line.masks, ["very-secret", "123456", "sesame"]);
}

#[tokio::test]
async fn a_message_for_the_person_comes_back() {
    let desk = Desk::new();
    let script = desk.try_load(script(), nobody).await.unwrap();
    let (result, scene) = desk
        .call(&script, scene(&[]), Call::Authenticate { step: 2 }, |_| {
            http(404, "{}")
        })
        .await;
    assert_eq!(result, Ok(Returned::Bool(false)));
    assert_eq!(scene.messages.len(), 1);
    assert_eq!(
        (scene.messages[0].severity, scene.messages[0].text.as_str()),
        (Severity::Error, "Wrong: 404")
    );
}

#[tokio::test]
async fn no_answer_is_none_and_sys_is_there() {
    let desk = Desk::new();
    let script = desk.try_load(script(), nobody).await.unwrap();
    let host = |_| Answer::Unreachable("connection refused".into());
    let (result, _) = desk
        .call(&script, scene(&[]), Call::Authenticate { step: 2 }, host)
        .await;
    assert_eq!(result, Ok(Returned::Bool(false)));
    let printed = desk.printed();
    assert_eq!(
        printed[1],
        "HTTP POST to api.example: no answer: connection refused"
    );
    assert!(
        printed[2].starts_with("Sample. Exception:  'NoneType' object has no attribute"),
        "{printed:?}"
    );
}

#[tokio::test]
async fn a_person_is_found_and_changed_by_the_host() {
    let desk = Desk::new();
    let script = desk.try_load(script(), nobody).await.unwrap();
    let host = |question| match question {
        Question::FindPerson {
            by: PersonKey::Attribute { name, value },
        } => {
            assert_eq!((name.as_str(), value.as_str()), ("mobile", "+15550100"));
            Answer::Person(Some(alice()))
        }
        Question::ChangePerson { inum, set } => {
            assert_eq!(inum, "inum-alice");
            assert_eq!(set["mobile"], ["+1", "+2"]);
            assert_eq!(set["oxMobileDevices"], ["{\"phones\": []}"]);
            assert_eq!(set.len(), 2);
            let mut changed = alice();
            changed.attributes.extend(set);
            Answer::Person(Some(changed))
        }
        other => nobody(other),
    };
    let (result, _) = desk
        .call(&script, scene(&[]), Call::Authenticate { step: 3 }, host)
        .await;
    assert_eq!(result, Ok(Returned::Bool(true)));
}

#[tokio::test]
async fn a_refusal_raises_in_the_script() {
    let desk = Desk::new();
    let script = desk.try_load(script(), nobody).await.unwrap();
    let host = |_| Answer::Refused("not allowed".into());
    let (result, _) = desk
        .call(&script, scene(&[]), Call::Authenticate { step: 3 }, host)
        .await;
    assert!(
        result
            .unwrap_err()
            .message
            .ends_with("java.lang.Exception: not allowed")
    );
}

#[tokio::test]
async fn an_exception_names_the_line_and_keeps_the_password_back() {
    let desk = Desk::new();
    let script = desk.try_load(script(), nobody).await.unwrap();
    let (result, _) = desk
        .call(&script, scene(&[]), Call::Authenticate { step: 4 }, nobody)
        .await;
    let error = result.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Exception);
    assert_eq!(
        error.message,
        "sample.py, line 75: java.lang.Exception: password was ***"
    );
    assert!(
        error
            .traceback
            .contains("File \"sample.py\", line 75, in authenticate"),
        "{}",
        error.traceback
    );
}

#[tokio::test]
async fn an_object_lives_as_long_as_the_request() {
    let desk = Desk::new();
    let script = desk.try_load(script(), nobody).await.unwrap();
    let mut run = desk.engine.begin(&script, scene(&[])).await.unwrap();
    let turn = run.call(Call::Authenticate { step: 1 }).await;
    assert!(matches!(turn, sallyport_script::Turn::Ask(_)));
    let turn = run.answer(Answer::Person(Some(alice()))).await;
    assert!(matches!(
        turn,
        sallyport_script::Turn::Done(Ok(Returned::Bool(true)))
    ));
    run.scene_mut()
        .session
        .insert("auth_step".into(), "2".into());
    let turn = run.call(Call::PrepareForStep { step: 2 }).await;
    assert!(matches!(
        turn,
        sallyport_script::Turn::Done(Ok(Returned::Bool(true)))
    ));
    let scene = run.finish();

    let (result, _) = desk
        .call(&script, scene, Call::PrepareForStep { step: 2 }, nobody)
        .await;
    assert!(result.is_err());
}

#[tokio::test]
async fn each_method_gives_back_its_kind() {
    let desk = Desk::new();
    let script = desk.try_load(script(), nobody).await.unwrap();
    let table = [
        (
            Call::GetExtraParametersForStep { step: 2 },
            Returned::Texts(vec!["phone".into(), "count".into()]),
        ),
        (Call::GetExtraParametersForStep { step: 1 }, Returned::None),
        (Call::GetCountAuthenticationSteps, Returned::Int(2)),
        (Call::IsValidAuthenticationMethod, Returned::Bool(true)),
        (
            Call::GetAuthenticationMethodClaims,
            Returned::Map([("method".into(), "sample".into())].into()),
        ),
        (Call::GetApiVersion, Returned::Int(11)),
    ];
    for (call, expected) in table {
        let (result, _) = desk.call(&script, scene(&[]), call, nobody).await;
        assert_eq!(result, Ok(expected), "{call:?}");
    }
    let (result, _) = desk
        .call(&script, scene(&[]), Call::GetNextStep { step: 1 }, nobody)
        .await;
    assert!(result.unwrap_err().message.contains("getNextStep"));
}
