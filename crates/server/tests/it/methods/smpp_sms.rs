//! `smpp_sms`, against a message centre of a few lines. Real ones are tried in the tests of `sallyport-smpp`.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{first_step, is_back, server_with};
use crate::{TestApp, number_of};

const SMPP: &str = include_str!("../../../../../scripts/smpp_sms.py");

// SMPP 3.4 §5.1.2.1.
const BIND_TRANSMITTER: u32 = 2;
const BIND_TRANSCEIVER: u32 = 9;
const SUBMIT_SM: u32 = 4;
const RESPONSE: u32 = 0x8000_0000;

/// ESME_RTHROTTLED and others are no business of this script: it takes a yes or a no.
const SYSTEM_ERROR: u32 = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Submitted {
    from: (u8, u8, String),
    to: (u8, u8, String),
    coding: u8,
    text: String,
}

/// What a message centre was told, and whether it takes messages.
struct Centre {
    port: String,
    submitted: Arc<Mutex<Vec<Submitted>>>,
}

impl Centre {
    async fn that_answers(status: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let submitted = Arc::new(Mutex::new(Vec::new()));
        let kept = submitted.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone(), status));
            }
        });
        Self { port, submitted }
    }

    async fn server(&self, sender: &str) -> TestApp {
        let properties = [
            ("smpp_server", "127.0.0.1"),
            ("smpp_port", self.port.as_str()),
            ("system_id", "riverbank"),
            ("password", "s3cret"),
            ("source_addr", sender),
        ];
        server_with("sms", SMPP, &properties).await
    }

    fn messages(&self) -> Vec<Submitted> {
        self.submitted.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, submitted: Arc<Mutex<Vec<Submitted>>>, status: u32) {
    while let Ok(length) = stream.read_u32().await {
        let mut rest = vec![0; length as usize - 4];
        stream.read_exact(&mut rest).await.unwrap();
        let word = |at: usize| u32::from_be_bytes(rest[at..at + 4].try_into().unwrap());
        let (command, sequence) = (word(0), word(8));
        let (status, body): (u32, &[u8]) = match command {
            BIND_TRANSMITTER | BIND_TRANSCEIVER => (0, b"centre\0"),
            SUBMIT_SM => {
                submitted.lock().unwrap().push(read(&rest[12..]));
                (status, b"id-1\0")
            }
            _ => (0, b""),
        };
        let length = 16 + u32::try_from(body.len()).unwrap();
        let mut answer = Vec::new();
        for word in [length, command | RESPONSE, status, sequence] {
            answer.extend(word.to_be_bytes());
        }
        answer.extend(body);
        stream.write_all(&answer).await.unwrap();
    }
}

/// The fields of a `submit_sm` (§4.4.1).
fn read(body: &[u8]) -> Submitted {
    let mut at = 0;
    let mut octet = |body: &[u8]| {
        at += 1;
        body[at - 1]
    };
    let text = |octet: &mut dyn FnMut(&[u8]) -> u8| {
        let mut text = String::new();
        loop {
            match octet(body) {
                0 => return text,
                letter => text.push(char::from(letter)),
            }
        }
    };
    text(&mut octet);
    let from = (octet(body), octet(body), text(&mut octet));
    let to = (octet(body), octet(body), text(&mut octet));
    for _ in 0..3 {
        octet(body);
    }
    text(&mut octet);
    text(&mut octet);
    octet(body);
    octet(body);
    let coding = octet(body);
    octet(body);
    let length = octet(body);
    let text = (0..length)
        .map(|_| match octet(body) {
            0 if coding == 0 => '@',
            letter => char::from(letter),
        })
        .collect();
    Submitted {
        from,
        to,
        coding,
        text,
    }
}

#[tokio::test]
async fn a_login_is_one_submission_with_a_code_that_opens() {
    let centre = Centre::that_answers(0).await;
    let app = centre.server("Riverbank").await;
    let mut browser = app.browser();
    let page = first_step(&mut browser, "sms", "alice").await;
    assert_eq!(page.heading(), "Enter the code", "{}", app.script_log());
    let messages = centre.messages();
    assert_eq!(messages.len(), 1);
    let code = &messages[0].text[..6];
    let expected = Submitted {
        from: (5, 0, "Riverbank".into()),
        to: (1, 1, number_of("alice")[1..].into()),
        coding: 0,
        text: format!(
            "{code} is your code for login.example.com. Never share it.\n\n@login.example.com #{code}"
        ),
    };
    assert_eq!(messages[0], expected);
    let back = browser.submit(&page, &[("passcode", code)]).await;
    assert!(is_back(&back), "{}", back.body);
}

#[tokio::test]
async fn a_message_that_is_not_taken_opens_nothing_and_the_person_reads_it() {
    let centre = Centre::that_answers(SYSTEM_ERROR).await;
    let app = centre.server("+12025550100").await;
    let page = first_step(&mut app.browser(), "sms", "alice").await;
    assert_eq!(page.heading(), "Sign in");
    assert!(
        page.text("[role=alert]").contains("could not be sent"),
        "{}",
        page.body
    );
    assert_eq!(centre.messages()[0].from, (1, 1, "12025550100".into()));
}

#[tokio::test]
async fn a_person_gets_so_many_messages_and_no_more() {
    let centre = Centre::that_answers(0).await;
    let app = centre.server("12345").await;
    for _ in 0..8 {
        first_step(&mut app.browser(), "sms", "alice").await;
    }
    assert_eq!(centre.messages().len(), 5, "the limit of the host");
    assert_eq!(centre.messages()[0].from, (0, 1, "12345".into()));
}
