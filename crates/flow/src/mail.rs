//! Mail that scripts send: through one server, that of the administrator, and from one address.

use std::{
    collections::BTreeSet,
    fmt,
    time::{Duration, SystemTime},
};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use sallyport_base::{Secret, Timestamp};
use sallyport_script::{MailServer, Property};

/// How the way to the mail server is protected. Its certificate is always verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// In clear: for a server on this machine or in the same protected network.
    None,
    /// In clear until `STARTTLS`, without which nothing is sent (RFC 3207).
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314 §3.3).
    Tls,
}

impl MailSecurity {
    /// The port that is usual for it.
    fn port(self) -> u16 {
        match self {
            Self::None => 25,
            Self::Starttls => 587,
            Self::Tls => 465,
        }
    }
}

/// What a [`Mailer`] is made of.
#[derive(Clone, Debug)]
pub struct MailParts {
    pub host: String,
    /// `None`: the usual one, 25, 587 or 465.
    pub port: Option<u16>,
    pub security: MailSecurity,
    /// `Example Inc. <login@example.com>`, or the address alone.
    pub from: String,
    /// Name and password, where the server wants them.
    pub credentials: Option<(String, Secret)>,
    /// A certificate in PEM that is trusted besides those of the system.
    pub ca: Option<Vec<u8>>,
    pub timeout: Duration,
    /// The name that this server gives of itself.
    pub hello: String,
}

/// Why the configured mail server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadMail {
    #[error("the sender {0:?} is no address such as Example Inc. <login@example.com>")]
    From(String),
    #[error("TLS for {host}: {cause}")]
    Tls {
        host: String,
        cause: lettre::transport::smtp::Error,
    },
}

/// The way to the mail server.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    server: MailServer,
    timeout: Duration,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailer({}:{})", self.server.host, self.server.port)
    }
}

impl Mailer {
    pub fn new(parts: MailParts) -> Result<Self, BadMail> {
        let from = parts.from.parse::<Mailbox>();
        let from = from.map_err(|_| BadMail::From(parts.from.clone()))?;
        let port = parts.port.unwrap_or(parts.security.port());
        let server = MailServer {
            host: parts.host.clone(),
            port,
            encrypted: parts.security != MailSecurity::None,
            user: parts.credentials.as_ref().map(|(user, _)| user.clone()),
            from: from.email.to_string(),
            from_name: from.name.clone(),
        };
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(parts.host.clone())
                .port(port)
                .tls(tls(&parts)?)
                .timeout(Some(parts.timeout))
                .hello_name(ClientId::Domain(parts.hello));
        if let Some((user, password)) = parts.credentials {
            builder = builder.credentials(Credentials::new(user, password.expose().to_owned()));
        }
        Ok(Self {
            transport: builder.build(),
            from,
            server,
            timeout: parts.timeout,
        })
    }

    /// What scripts may know of the server.
    pub(crate) fn server(&self) -> &MailServer {
        &self.server
    }

    /// Sends one message to one address. The error is for the operator and never says what is in
    /// the message.
    pub(crate) async fn send(
        &self,
        to: &Recipient,
        letter: &Letter,
        at: Timestamp,
    ) -> Result<(), String> {
        let message = self
            .message(to, letter, at)
            .map_err(|cause| format!("the message cannot be written: {cause}"))?;
        let sent = tokio::time::timeout(self.timeout * 2, self.transport.send(message));
        match sent.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(cause)) => Err(words(&cause)),
            Err(_) => Err("the mail server did not answer in time".to_owned()),
        }
    }

    fn message(
        &self,
        to: &Recipient,
        letter: &Letter,
        at: Timestamp,
    ) -> Result<Message, lettre::error::Error> {
        let micros = u64::try_from(at.as_micros()).unwrap_or_default();
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.0.clone()))
            .subject(&letter.subject)
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros));
        match &letter.html {
            Some(html) => message.multipart(MultiPart::alternative_plain_html(
                letter.body.clone(),
                html.clone(),
            )),
            None => message
                .header(ContentType::TEXT_PLAIN)
                .body(letter.body.clone()),
        }
    }
}

fn tls(parts: &MailParts) -> Result<Tls, BadMail> {
    let bad = |cause| BadMail::Tls {
        host: parts.host.clone(),
        cause,
    };
    if parts.security == MailSecurity::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(parts.host.clone());
    if let Some(ca) = &parts.ca {
        parameters = parameters.add_root_certificate(Certificate::from_pem(ca).map_err(bad)?);
    }
    let parameters = parameters.build().map_err(bad)?;
    Ok(match parts.security {
        MailSecurity::Tls => Tls::Wrapper(parameters),
        _ => Tls::Required(parameters),
    })
}

/// What went wrong, with all its causes.
fn words(cause: &dyn std::error::Error) -> String {
    let mut words = cause.to_string();
    let mut source = cause.source();
    while let Some(inner) = source {
        let inner_words = inner.to_string();
        if !words.contains(&inner_words) {
            words = format!("{words}: {inner_words}");
        }
        source = inner.source();
    }
    words
}

/// What a message says.
#[derive(PartialEq, Eq)]
pub(crate) struct Letter {
    pub subject: String,
    pub body: String,
    pub html: Option<String>,
}

const LONGEST_SUBJECT: usize = 500;
const LARGEST_BODY: usize = 256 * 1024;

impl Letter {
    /// Refuses what could end a header and begin another, and what is too large.
    pub(crate) fn check(
        subject: String,
        body: String,
        html: Option<String>,
    ) -> Result<Self, &'static str> {
        if subject.chars().any(char::is_control) || subject.len() > LONGEST_SUBJECT {
            return Err("a subject is one line of at most 500 bytes");
        }
        if body.len() + html.as_ref().map_or(0, String::len) > LARGEST_BODY {
            return Err("a message has at most 256 KiB");
        }
        Ok(Self {
            subject,
            body,
            html,
        })
    }
}

/// An address that a message goes to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Recipient(Address);

/// More recipients than this in one question are a mailing list.
const MOST_RECIPIENTS: usize = 5;

impl Recipient {
    /// Bare addresses: no names, no lists, and so no header of a script's making.
    pub(crate) fn check_all(addresses: &[String]) -> Result<Vec<Self>, &'static str> {
        if addresses.is_empty() || addresses.len() > MOST_RECIPIENTS {
            return Err("a message goes to one to five recipients");
        }
        let parsed = addresses.iter().map(|text| text.trim().parse());
        let parsed: Result<Vec<Address>, _> = parsed.collect();
        let parsed = parsed.map_err(|_| "a recipient is no mail address")?;
        Ok(parsed.into_iter().map(Self).collect())
    }

    pub(crate) fn address(&self) -> &str {
        self.0.as_ref()
    }
}

/// Addresses that an administrator wrote into the properties of a script.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addressees(BTreeSet<String>);

impl Addressees {
    pub(crate) fn of(properties: &[Property]) -> Self {
        let texts = properties
            .iter()
            .flat_map(|property| property.value2.split([',', ';', ' ']));
        let addresses = texts.filter_map(|text| text.trim().parse::<Address>().ok());
        Self(
            addresses
                .map(|address| address.to_string().to_lowercase())
                .collect(),
        )
    }

    pub(crate) fn contains(&self, recipient: &Recipient) -> bool {
        self.0.contains(&recipient.address().to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
    };

    use super::*;

    fn parts(port: u16) -> MailParts {
        MailParts {
            host: "127.0.0.1".to_owned(),
            port: Some(port),
            security: MailSecurity::None,
            from: "Example Inc. <login@example.com>".to_owned(),
            credentials: None,
            ca: None,
            timeout: Duration::from_secs(2),
            hello: "login.example.com".to_owned(),
        }
    }

    fn letter() -> Letter {
        Letter::check("Ihr Code für heute".into(), "Code 123456".into(), None).unwrap()
    }

    fn bruno() -> Recipient {
        Recipient::check_all(&["bruno@example.com".into()])
            .unwrap()
            .remove(0)
    }

    /// A server that answers each line with what `answer` says, and gives back all that it read.
    async fn serve(answer: fn(&str) -> &'static str) -> (u16, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (reader, mut writer) = stream.split();
            let mut lines = BufReader::new(reader).lines();
            let mut heard = String::new();
            let mut in_data = false;
            writer.write_all(b"220 ready\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                heard.push_str(&line);
                heard.push('\n');
                let reply = match (in_data, line.as_str()) {
                    (true, ".") => "250 taken",
                    (true, _) => continue,
                    (false, line) => answer(line),
                };
                in_data = reply.starts_with("354");
                let reply = format!("{reply}\r\n");
                if writer.write_all(reply.as_bytes()).await.is_err() {
                    break;
                }
            }
            heard
        });
        (port, heard)
    }

    fn friendly(line: &str) -> &'static str {
        match line.split(' ').next().unwrap_or_default() {
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 fine",
        }
    }

    #[tokio::test]
    async fn a_message_is_from_the_server_to_one_address_with_the_time_of_the_request() {
        let (port, heard) = serve(friendly).await;
        let mailer = Mailer::new(parts(port)).unwrap();
        let at = Timestamp::from_seconds(1_795_512_600);
        mailer.send(&bruno(), &letter(), at).await.unwrap();
        drop(mailer);
        let heard = heard.await.unwrap();
        for line in [
            "EHLO login.example.com",
            "MAIL FROM:<login@example.com>",
            "RCPT TO:<bruno@example.com>",
            "To: bruno@example.com",
            "Subject: Ihr Code =?utf-8?b?ZsO8cg==?= heute",
            "Date: Tue, 24 Nov 2026 09:30:00 +0000",
            "Code 123456",
        ] {
            assert!(
                heard.lines().any(|l| l.starts_with(line)),
                "{line}: {heard}"
            );
        }
    }

    #[tokio::test]
    async fn a_refusal_is_told_without_the_message() {
        fn stern(line: &str) -> &'static str {
            match line.split(' ').next().unwrap_or_default() {
                "RCPT" => "550 no such mailbox",
                _ => friendly(line),
            }
        }
        let (port, _) = serve(stern).await;
        let mailer = Mailer::new(parts(port)).unwrap();
        let why = mailer
            .send(&bruno(), &letter(), Timestamp::from_seconds(0))
            .await
            .unwrap_err();
        assert!(
            why.contains("550") && why.contains("no such mailbox"),
            "{why}"
        );
        assert!(!why.contains("123456"), "{why}");
    }

    #[tokio::test]
    async fn without_starttls_nothing_is_sent() {
        let (port, heard) = serve(friendly).await;
        let mailer = Mailer::new(MailParts {
            security: MailSecurity::Starttls,
            ..parts(port)
        })
        .unwrap();
        let sent = mailer
            .send(&bruno(), &letter(), Timestamp::from_seconds(0))
            .await;
        assert!(sent.is_err());
        drop(mailer);
        let heard = heard.await.unwrap();
        assert!(
            !heard.contains("MAIL FROM") && !heard.contains("123456"),
            "{heard}"
        );
    }

    #[test]
    fn a_sender_that_is_no_address_is_named() {
        let wrong = MailParts {
            from: "nobody at all".to_owned(),
            ..parts(25)
        };
        let why = Mailer::new(wrong).unwrap_err().to_string();
        assert!(why.starts_with("the sender \"nobody at all\" is no address"));
    }

    #[test]
    fn recipients_are_a_few_bare_addresses() {
        let table: [(&[&str], bool); 9] = [
            (&["bruno@example.com"], true),
            (&[" bruno@example.com "], true),
            (&["a@example.com", "b@example.com"], true),
            (&[], false),
            (&["bruno"], false),
            (&["Bruno <bruno@example.com>"], false),
            (&["a@example.com, b@example.com"], false),
            (&["bruno@example.com\r\nBcc: all@example.com"], false),
            (&["a@b.example"; 6], false),
        ];
        for (addresses, good) in table {
            let texts: Vec<String> = addresses.iter().map(|&text| text.to_owned()).collect();
            assert_eq!(Recipient::check_all(&texts).is_ok(), good, "{addresses:?}");
        }
    }

    #[test]
    fn a_subject_is_one_line_and_a_message_is_no_book() {
        let check = |subject: &str, body: String| Letter::check(subject.into(), body, None).is_ok();
        assert!(check("Your code", "123456".into()));
        assert!(!check("Your code\r\nBcc: all@example.com", String::new()));
        assert!(!check("Your code\nX: y", String::new()));
        assert!(!check("Your code", "x".repeat(LARGEST_BODY + 1)));
    }

    #[test]
    fn addresses_in_properties_are_addressees() {
        let property = |value: &str| Property {
            value1: "NOTIFY".into(),
            value2: value.into(),
            hide: false,
            description: None,
        };
        let addressees = Addressees::of(&[
            property("ops@example.com, Security@example.com"),
            property("https://api.example/a@b"),
        ]);
        let knows = |address: &str| {
            let recipient = Recipient::check_all(&[address.to_owned()]).unwrap();
            addressees.contains(&recipient[0])
        };
        assert!(knows("ops@example.com") && knows("security@EXAMPLE.com"));
        assert!(!knows("bruno@example.com"));
    }
}
