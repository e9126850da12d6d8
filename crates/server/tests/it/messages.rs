//! Scripts that send a passcode by Twilio or SMPP themselves: to whom they may speak, and how often.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, routing::post};
use http::{HeaderMap, StatusCode};
use sallyport_script::Language;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{PASSWORD, Page, RelyingParty, TestApp, app::listen, number_of, relying_party::claims};

const SOURCE: &str = include_str!("sources/message_python2.py");

const TWILIO: [&str; 2] = [
    "import com.twilio.Twilio as Twilio\nimport com.twilio.rest.api.v2010.account.Message as Message\nimport com.twilio.type.PhoneNumber as PhoneNumber",
    "        Twilio.init(self.value(\"twilio_sid\"), self.value(\"twilio_token\"))\n        return Message.creator(PhoneNumber(number), PhoneNumber(\"+1555\"), text).create().getSid() == \"SM1\"",
];

const SMPP: [&str; 2] = [
    "from org.jsmpp.bean import Alphabet, BindType, ESMClass, GeneralDataCoding, MessageClass, NumberingPlanIndicator, RegisteredDelivery, SMSCDeliveryReceipt, TypeOfNumber\nfrom org.jsmpp.session import BindParameter, SMPPSession",
    "        session = SMPPSession()\n        session.connectAndBind(self.value(\"smpp_server\"), int(self.value(\"smpp_port\")), BindParameter(BindType.BIND_TX, \"gluu\", \"secret\", None, TypeOfNumber.ALPHANUMERIC, NumberingPlanIndicator.ISDN, None))\n        try:\n            return session.submitShortMessage(\"CMT\", TypeOfNumber.ALPHANUMERIC, NumberingPlanIndicator.ISDN, \"Gluu\", TypeOfNumber.INTERNATIONAL, NumberingPlanIndicator.ISDN, number[1:], ESMClass(), 0, 3, None, None, RegisteredDelivery(SMSCDeliveryReceipt.DEFAULT), 0, GeneralDataCoding(Alphabet.ALPHA_DEFAULT, MessageClass.CLASS1, False), 0, text) == \"id-7\"\n        finally:\n            session.unbindAndClose()",
];

/// What arrived at the other side, as text.
type Received = Arc<Mutex<Vec<String>>>;

async fn app_with(kind: [&str; 2], properties: &[(&str, &str)]) -> TestApp {
    let app = TestApp::bare().await;
    let text = SOURCE
        .replace("@IMPORTS@", kind[0])
        .replace("@SEND@", kind[1]);
    app.script("message", &text, Language::Python2, properties)
        .await;
    app.public_client("app").await;
    app.person("alice").await;
    app
}

fn party() -> RelyingParty {
    RelyingParty::new("app").with("acr_values", "message")
}

/// The first six digits of what arrived last.
fn code_in(received: &Received) -> String {
    let texts = received.lock().unwrap();
    let text = texts.last().expect("a message arrived");
    let at = text.find("is+your").or(text.find("is your")).unwrap();
    text[at - 7..at - 1].to_owned()
}

async fn finish(app: &TestApp, received: &Received) -> Page {
    let mut browser = app.browser();
    let page = party().first_step(&mut browser, "alice").await;
    let code = code_in(received);
    browser.submit(&page, &[("passcode", &code)]).await
}

/// Twilio's REST interface, as far as one message goes.
async fn twilio() -> (String, Received) {
    let received = Received::default();
    let seen = Arc::clone(&received);
    let take = async move |headers: HeaderMap, body: String| {
        assert_eq!(headers["authorization"], "Basic QUMxOnNlY3JldA==");
        seen.lock().unwrap().push(body);
        let answer = serde_json::json!({"sid": "SM1", "status": "queued"});
        (StatusCode::CREATED, Json(answer))
    };
    let router = Router::new().route("/2010-04-01/Accounts/AC1/Messages.json", post(take));
    (listen(router).await, received)
}

/// A message centre that takes every message as `id-7`. It speaks the three operations that are needed.
async fn message_centre() -> (u16, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Received::default();
    let seen = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(converse(connection, Arc::clone(&seen)));
        }
    });
    (port, received)
}

async fn converse(mut connection: TcpStream, received: Received) {
    const SUBMIT_SM: u32 = 4;
    while let Ok(length) = connection.read_u32().await {
        let mut unit = vec![0; length as usize - 4];
        connection.read_exact(&mut unit).await.unwrap();
        let command = u32::from_be_bytes(unit[..4].try_into().unwrap());
        let mut answer = (command | 0x8000_0000).to_be_bytes().to_vec();
        answer.extend([0; 4]);
        answer.extend(&unit[8..12]);
        answer.extend(b"id-7\0");
        if command == SUBMIT_SM {
            let text = String::from_utf8_lossy(&unit[12..]).into_owned();
            received.lock().unwrap().push(text);
        }
        let length = u32::try_from(answer.len() + 4).unwrap();
        connection.write_u32(length).await.unwrap();
        connection.write_all(&answer).await.unwrap();
    }
}

#[tokio::test]
async fn a_passcode_by_twilio_is_sent_once_and_opens_the_door() {
    let (url, received) = twilio().await;
    let properties = [
        ("twilio_sid", "AC1"),
        ("twilio_token", "secret"),
        ("TWILIO_BASE_URL", &url),
    ];
    let app = app_with(TWILIO, &properties).await;
    let back = finish(&app, &received).await;
    let tokens = party().redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["acr"], "message");
    let texts = received.lock().unwrap().clone();
    assert_eq!(texts.len(), 1, "two identical messages in a step are one");
    let number = number_of("alice").replace('+', "%2B");
    assert!(texts[0].starts_with(&format!("To={number}&From=%2B1555&Body=")));
}

#[tokio::test]
async fn a_passcode_by_smpp_is_sent_once_and_opens_the_door() {
    let (port, received) = message_centre().await;
    let port = port.to_string();
    let properties = [("smpp_server", "127.0.0.1"), ("smpp_port", &port)];
    let app = app_with(SMPP, &properties).await;
    let back = finish(&app, &received).await;
    let tokens = party().redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["acr"], "message");
    let texts = received.lock().unwrap().clone();
    assert_eq!(texts.len(), 1, "two identical messages in a step are one");
    assert!(texts[0].contains(&number_of("alice")[1..]));
}

#[tokio::test]
async fn nobody_is_sent_a_message_before_the_password_was_right() {
    let (port, received) = message_centre().await;
    let port = port.to_string();
    let properties = [("smpp_server", "127.0.0.1"), ("smpp_port", &port)];
    let app = app_with(SMPP, &properties).await;
    let careless = SOURCE
        .replace("@IMPORTS@", SMPP[0])
        .replace("@SEND@", SMPP[1])
        .replace(
            "            if not service.authenticate(",
            "            self.send(\"+46700000001\", \"000000 is your passcode\")\n            if not service.authenticate(",
        );
    app.script("message", &careless, Language::Python2, &properties)
        .await;
    let mut browser = app.browser();
    let page = browser.get(&party().address()).await;
    browser
        .submit(&page, &[("username", "alice"), ("password", PASSWORD)])
        .await;
    assert!(received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_message_centre_that_no_property_names_is_not_called() {
    let (port, received) = message_centre().await;
    let port = port.to_string();
    let properties = [("smpp_server", "smsc.example"), ("smpp_port", &port)];
    let app = app_with(SMPP, &properties).await;
    let send = SMPP[1].replace("self.value(\"smpp_server\")", "\"127.0.0.1\"");
    let elsewhere = SOURCE
        .replace("@IMPORTS@", SMPP[0])
        .replace("@SEND@", &send)
        .replace("except IOException, e", "except Exception, e");
    app.script("message", &elsewhere, Language::Python2, &properties)
        .await;
    party().first_step(&mut app.browser(), "alice").await;
    assert!(received.lock().unwrap().is_empty());
    let log = app.script_log();
    assert!(
        log.contains("neither the property smpp_server of this script nor allowed"),
        "{log}"
    );
}
