//! `email_code`, with a mail server that speaks as much SMTP as a client needs.

use std::sync::{Arc, Mutex};

use sallyport_script::Language;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::{first_step, is_back, party};
use crate::{Browser, Page, TestApp, relying_party::claims};

const EMAIL_CODE: &str = include_str!("../../../../../scripts/email_code.py");

/// Takes mail and keeps it.
#[derive(Clone, Default)]
struct MailServer {
    /// Each with its envelope: the lines that a client wrote.
    letters: Arc<Mutex<Vec<String>>>,
    /// Whether mail is refused.
    is_full: Arc<Mutex<bool>>,
}

impl MailServer {
    /// A server whose `mailed` sends through this one, and a person `alice`.
    async fn server() -> (TestApp, Self) {
        let mails = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = mails.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.talk(stream).await });
            }
        });
        let config = format!(
            "[mail]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nfrom = \"login@example.com\""
        );
        let app = TestApp::configured(&config).await;
        app.script("mailed", EMAIL_CODE, Language::Python3, &[])
            .await;
        app.public_client("app").await;
        app.person("alice").await;
        (app, mails)
    }

    async fn talk(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let (reader, mut writer) = stream.split();
        let mut lines = BufReader::new(reader).lines();
        let (mut letter, mut in_data) = (String::new(), false);
        writer.write_all(b"220 ready\r\n").await?;
        while let Some(line) = lines.next_line().await? {
            letter.push_str(&line);
            letter.push('\n');
            let is_full = *self.is_full.lock().unwrap();
            let reply = match line.split(' ').next().unwrap_or_default() {
                "." if in_data => {
                    in_data = false;
                    self.letters
                        .lock()
                        .unwrap()
                        .push(std::mem::take(&mut letter));
                    "250 taken"
                }
                _ if in_data => continue,
                "RCPT" if is_full => "552 the mailbox is full",
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "QUIT" => "221 bye",
                _ => "250 fine",
            };
            writer.write_all(format!("{reply}\r\n").as_bytes()).await?;
        }
        Ok(())
    }

    fn last(&self) -> String {
        self.letters.lock().unwrap().last().unwrap().clone()
    }

    /// The six digits of the newest letter's text.
    fn code(&self) -> String {
        let letter = self.last();
        let (_, text) = letter.split_once("\n\n").unwrap();
        text.trim_start()[..6].to_owned()
    }

    fn received(&self) -> usize {
        self.letters.lock().unwrap().len()
    }
}

async fn submit(browser: &mut Browser, page: &Page, code: &str) -> Page {
    browser.submit(page, &[("passcode", code)]).await
}

fn other(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn a_login_is_one_letter_with_a_code_that_opens_once() {
    let (app, mails) = MailServer::server().await;
    let mut browser = app.browser();
    let page = first_step(&mut browser, "mailed", "alice").await;
    assert_eq!(page.heading(), "Enter the code");
    assert!(page.body.contains("a••••@example.com") && !page.body.contains("alice@example.com"));
    assert_eq!(mails.received(), 1);
    let letter = mails.last();
    assert!(letter.contains("RCPT TO:<alice@example.com>"), "{letter}");
    assert!(letter.contains("Subject: Your sign-in code"), "{letter}");
    let code = mails.code();
    let wrong = submit(&mut browser, &page, &other(&code)).await;
    assert!(!is_back(&wrong));
    let back = submit(&mut browser, &wrong, &code).await;
    let tokens = party("mailed").redeem(&app, &back).await.json();
    assert_eq!(claims(&tokens["id_token"])["acr"], "mailed");
    assert!(!app.script_log().contains(&code));

    let mut other_browser = app.browser();
    let page = first_step(&mut other_browser, "mailed", "alice").await;
    assert_eq!(mails.received(), 2);
    let again = submit(&mut other_browser, &page, &code).await;
    assert!(
        is_back(&again) == (mails.code() == code),
        "an old code opens nothing"
    );
}

#[tokio::test]
async fn a_mailbox_that_takes_nothing_is_said_and_opens_nothing() {
    let (app, mails) = MailServer::server().await;
    *mails.is_full.lock().unwrap() = true;
    let mut browser = app.browser();
    let page = first_step(&mut browser, "mailed", "alice").await;
    assert!(!is_back(&page));
    assert_eq!(mails.received(), 0);
    let message = page.text("[role=alert]");
    assert!(
        !message.is_empty() && !message.contains("example.com"),
        "{message}"
    );
}
