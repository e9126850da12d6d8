use std::{collections::BTreeSet, fmt};

use sallyport_base::{Id, Timestamp};
use sallyport_smpp::septets;

use crate::{
    address::{Address, Kind},
    channel::Channel,
    gsm::Length,
    locale::{self, Locale},
    passcode::Code,
    wording::Wording,
};

/// What an operator decides about the text of messages.
#[derive(Clone, Debug)]
pub struct MessageSettings {
    /// Whose code it is, as messages say: `123456 is your <name> code.`
    pub name: String,
    /// The host of the page that asks for the code, without scheme and port: browsers fill it in
    /// there only.
    pub host: String,
    /// The host of a frame in that page, when the field for the code is in a frame of another host.
    pub embedded_host: Option<String>,
    /// The 11 characters by which an Android app receives the code, in place of the host.
    pub android_app_hash: Option<String>,
    /// The languages that messages are written in, by their BCP 47 tags. Others get English.
    pub locales: Vec<String>,
    /// The answer to HELP; `None` for a text made of the name.
    pub help: Option<String>,
}

impl MessageSettings {
    /// Every language, no Android app, the usual answer to HELP.
    pub fn new(name: &str, host: &str) -> Self {
        Self {
            name: name.to_owned(),
            host: host.to_owned(),
            embedded_host: None,
            android_app_hash: None,
            locales: locale::locale_tags(),
            help: None,
        }
    }
}

/// The text around a code: whose code it is, and the page that a browser may fill it into.
///
/// The last line is what browsers look for (Origin-bound one-time codes, WICG), `@host #code` or
/// `@host #code @embedded-host`, or the hash that Android's SMS Retriever looks for.
#[derive(Clone, Debug)]
pub struct MessageText {
    name: String,
    filler: Filler,
    locales: BTreeSet<Locale>,
    help: String,
}

/// Who takes the code out of a message.
#[derive(Clone, Debug)]
enum Filler {
    Browser {
        host: String,
        embedded: Option<String>,
    },
    AndroidApp {
        hash: String,
    },
}

/// Why a setting cannot be part of a message.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MessageTextError {
    #[error(
        "the name {0:?} has a character that a plain SMS cannot carry; use letters, digits and common punctuation"
    )]
    Character(String),
    #[error(
        "the host {0:?} is not the name of a host; expected one such as login.example.com, without scheme and port"
    )]
    Host(String),
    #[error("the android_app_hash {0:?} is not one; expected 11 characters of base64")]
    AndroidAppHash(String),
    #[error(
        "embedded_host is of the line for browsers, which android_app_hash replaces; leave one of them out"
    )]
    TwoFillers,
    #[error("the locale {0:?} is none of {known}", known = Locale::tags().collect::<Vec<_>>().join(", "))]
    Locale(String),
    #[error(
        "with this name and host {what} has {units} characters; expected at most {most}, so that it is one SMS; {remedy}"
    )]
    Long {
        /// Which message: `a message in en`, `the answer to HELP`.
        what: String,
        units: usize,
        most: usize,
        remedy: String,
    },
}

impl MessageText {
    /// Checks that every message that will ever be sent is one SMS.
    pub fn check(settings: &MessageSettings) -> Result<Self, MessageTextError> {
        let name = &settings.name;
        if name.trim().is_empty() || name.contains(['\n', '\r']) || septets(name).is_none() {
            return Err(MessageTextError::Character(name.clone()));
        }
        let usual_help = || format!("{name} sends codes that you ask for. Reply STOP to get none.");
        let text = Self {
            name: name.clone(),
            filler: Filler::check(settings)?,
            locales: check_locales(&settings.locales)?,
            help: settings.help.clone().unwrap_or_else(usual_help),
        };
        text.check_lengths()?;
        Ok(text)
    }

    /// The whole message. A browser reads the last line of an SMS only.
    pub fn with(&self, code: &Code, channel: Channel, locale: Locale) -> String {
        let code = code.expose();
        match channel {
            Channel::Sms => self.sms(code, locale),
            Channel::Whatsapp | Channel::Email => {
                let wording = self.wording(locale);
                let statement = wording.statement(code, &self.name);
                format!("{statement} {}", wording.warning)
            }
        }
    }

    /// Tells an older address of a user that there is a new one, or one whose owner may be another
    /// by now.
    pub fn notice(&self, address: &Address, is_new: bool) -> String {
        let name = &self.name;
        let what = match address.kind() {
            Kind::Phone => format!("A phone number ending in {}", address.end()),
            Kind::Email => "An e-mail address".to_owned(),
        };
        let happened = match is_new {
            true => "was added to",
            false => "was confirmed again for",
        };
        format!("{what} {happened} your {name} account. Not you? Tell {name} at once.")
    }

    pub fn after_stop(&self) -> String {
        let name = &self.name;
        let sentence = ended(format!("You get no more codes from {name}"));
        format!("{sentence} Reply START to get them again.")
    }

    pub fn after_start(&self) -> String {
        let name = &self.name;
        format!("You get codes from {name} again. Reply STOP to get none.")
    }

    pub fn help(&self) -> String {
        self.help.clone()
    }

    fn check_lengths(&self) -> Result<(), MessageTextError> {
        for locale in &self.locales {
            let what = format!("a message in {}", locale.tag());
            check_length(what, &self.sms("000000", *locale), || self.remedy())?;
        }
        let longest = Address::stored("+10000000000");
        let shorter = || "choose a shorter name".to_owned();
        check_length("the answer to HELP".to_owned(), &self.help(), || {
            "choose a shorter help_text, or a shorter name without one".to_owned()
        })?;
        for (what, text) in [
            ("the notice of a new number", self.notice(&longest, true)),
            (
                "the notice of a number confirmed again",
                self.notice(&longest, false),
            ),
            ("the answer to STOP", self.after_stop()),
            ("the answer to START", self.after_start()),
        ] {
            check_length(what.to_owned(), &text, shorter)?;
        }
        Ok(())
    }

    /// What to do when a message is too long: every language in which one is, is named at once.
    /// English cannot be left out.
    fn remedy(&self) -> String {
        let is_long =
            |locale: &&Locale| !Length::of(&self.sms("000000", **locale)).is_one_segment();
        let long: Vec<Locale> = self.locales.iter().filter(is_long).copied().collect();
        if long.contains(&Locale::En) {
            return "choose a shorter name or host".to_owned();
        }
        let tags: Vec<&str> = long.iter().map(|locale| locale.tag()).collect();
        format!(
            "choose a shorter name or host, or name in `locales` the languages that you need, without {}",
            tags.join(", ")
        )
    }

    /// With the warning when it fits.
    fn sms(&self, code: &str, locale: Locale) -> String {
        let wording = self.wording(locale);
        let statement = wording.statement(code, &self.name);
        let last_line = self.filler.last_line(code);
        let whole = format!("{statement} {}\n\n{last_line}", wording.warning);
        if Length::of(&whole).is_one_segment() {
            whole
        } else {
            format!("{statement}\n\n{last_line}")
        }
    }

    fn wording(&self, locale: Locale) -> Wording {
        Wording::of(if self.locales.contains(&locale) {
            locale
        } else {
            Locale::En
        })
    }
}

impl Filler {
    fn check(settings: &MessageSettings) -> Result<Self, MessageTextError> {
        let (host, embedded) = (&settings.host, &settings.embedded_host);
        if let Some(wrong) = [Some(host), embedded.as_ref()]
            .into_iter()
            .flatten()
            .find(|host| !is_host(host))
        {
            return Err(MessageTextError::Host(wrong.clone()));
        }
        match &settings.android_app_hash {
            None => Ok(Self::Browser {
                host: host.clone(),
                embedded: embedded.clone(),
            }),
            Some(_) if embedded.is_some() => Err(MessageTextError::TwoFillers),
            Some(hash) if is_app_hash(hash) => Ok(Self::AndroidApp { hash: hash.clone() }),
            Some(hash) => Err(MessageTextError::AndroidAppHash(hash.clone())),
        }
    }

    fn last_line(&self, code: &str) -> String {
        match self {
            Self::Browser {
                host,
                embedded: None,
            } => format!("@{host} #{code}"),
            Self::Browser {
                host,
                embedded: Some(embedded),
            } => format!("@{host} #{code} @{embedded}"),
            Self::AndroidApp { hash } => hash.clone(),
        }
    }
}

/// A name such as `Example Inc.` has brought the full stop of its sentence along.
fn ended(sentence: String) -> String {
    if sentence.ends_with('.') {
        sentence
    } else {
        sentence + "."
    }
}

/// English is always spoken.
fn check_locales(tags: &[String]) -> Result<BTreeSet<Locale>, MessageTextError> {
    let mut locales = BTreeSet::from([Locale::En]);
    for tag in tags {
        locales.insert(Locale::parse(tag).ok_or_else(|| MessageTextError::Locale(tag.clone()))?);
    }
    Ok(locales)
}

fn check_length(
    what: String,
    text: &str,
    remedy: impl FnOnce() -> String,
) -> Result<(), MessageTextError> {
    let length = Length::of(text);
    if length.is_one_segment() {
        return Ok(());
    }
    Err(MessageTextError::Long {
        what,
        units: length.units(),
        most: length.most(),
        remedy: remedy(),
    })
}

fn is_host(host: &str) -> bool {
    matches!(url::Host::parse(host), Ok(url::Host::Domain(domain)) if domain == host)
}

fn is_app_hash(hash: &str) -> bool {
    hash.len() == 11
        && hash
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

/// A message on its way. Its id is the same at every try, so that a gateway can drop a repetition.
#[derive(Clone)]
pub struct Message {
    pub id: Id<Message>,
    pub channel: Channel,
    /// A number in E.164 form, or an e-mail address.
    pub to: String,
    pub body: String,
    pub locale: Locale,
    pub expires_at: Timestamp,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, host: &str) -> Result<MessageText, MessageTextError> {
        MessageText::check(&MessageSettings::new(name, host))
    }

    #[test]
    fn the_last_line_is_what_a_browser_fills_in() {
        let text = check("Sallyport", "login.example.com").unwrap();
        assert_eq!(
            text.sms("012345", Locale::En),
            "012345 is your Sallyport code. Never share it.\n\n@login.example.com #012345"
        );
    }

    #[test]
    fn an_android_app_gets_its_hash_in_place_of_the_host() {
        let mut settings = MessageSettings::new("Sallyport", "login.example.com");
        settings.android_app_hash = Some("FA+9qCX9VSu".to_owned());
        let text = MessageText::check(&settings).unwrap();
        let message = text.sms("012345", Locale::En);
        assert!(message.ends_with("\n\nFA+9qCX9VSu"), "{message}");
        settings.android_app_hash = Some("short".to_owned());
        assert!(matches!(
            MessageText::check(&settings),
            Err(MessageTextError::AndroidAppHash(_))
        ));
    }

    /// A byte for each character of the GSM alphabet, two for each unit of any other. The notices,
    /// which name the sender twice, keep longer names away.
    #[test]
    fn with_the_longest_name_an_android_app_reads_every_message_in_its_140_bytes() {
        let mut settings = MessageSettings::new("", "login.example.com");
        settings.android_app_hash = Some("FA+9qCX9VSu".to_owned());
        for tag in Locale::tags() {
            settings.locales = vec![tag.to_owned()];
            let longest = (1..160).rev().find_map(|length| {
                settings.name = "a".repeat(length);
                MessageText::check(&settings).ok()
            });
            let message = longest.unwrap().sms("012345", Locale::parse(tag).unwrap());
            let bytes = match Length::of(&message) {
                Length::Gsm(units) => units,
                Length::Ucs2(units) => 2 * units,
            };
            assert!(bytes <= 140, "{tag}: {bytes} bytes, {message}");
        }
    }

    #[test]
    fn a_frame_in_the_page_is_named_behind_the_code() {
        let mut settings = MessageSettings::new("Sallyport", "shop.example.com");
        settings.locales = vec!["en".to_owned()];
        settings.embedded_host = Some("login.example.org".to_owned());
        let text = MessageText::check(&settings).unwrap();
        let message = text.sms("012345", Locale::En);
        assert!(
            message.ends_with("\n\n@shop.example.com #012345 @login.example.org"),
            "{message}"
        );
        let refused = |settings: &MessageSettings| MessageText::check(settings).err();
        settings.android_app_hash = Some("FA+9qCX9VSu".to_owned());
        assert_eq!(refused(&settings), Some(MessageTextError::TwoFillers));
        settings.embedded_host = Some("https://login.example.org".to_owned());
        assert!(matches!(
            refused(&settings),
            Some(MessageTextError::Host(host)) if host.starts_with("https")
        ));
    }

    #[test]
    fn every_language_names_the_code_first_and_fits_into_one_sms() {
        let text = check("Example Inc.", "login.example.com").unwrap();
        let mut seen = BTreeSet::new();
        for tag in Locale::tags() {
            let message = text.sms("012345", Locale::parse(tag).unwrap());
            assert!(message.starts_with("012345 "), "{tag}: {message}");
            assert!(message.contains("Example Inc."), "{tag}: {message}");
            assert!(Length::of(&message).is_one_segment(), "{tag}: {message}");
            assert!(seen.insert(message), "{tag} has words of its own");
        }
        assert_eq!(seen.len(), 16);
    }

    #[test]
    fn a_warning_gives_way_to_a_long_name_and_a_message_that_is_still_too_long_is_refused() {
        let host = "accounts.example-corporation.com";
        let message = check("Example", host).unwrap().sms("012345", Locale::Ru);
        assert!(!message.contains("Никому"), "{message}");
        let name = "a".repeat(25);
        assert_eq!(
            check(&name, host).err(),
            Some(MessageTextError::Long {
                what: "a message in zh-Hans".to_owned(),
                units: 84,
                most: 70,
                remedy: "choose a shorter name or host, or name in `locales` the languages that you need, without zh-Hans, ja, ru, fa".to_owned(),
            })
        );
        let mut settings = MessageSettings::new(&name, host);
        settings.locales = vec!["en".to_owned(), "de-DE".to_owned()];
        let text = MessageText::check(&settings).unwrap();
        assert_eq!(text.sms("1", Locale::Ru), text.sms("1", Locale::En));
        assert_ne!(text.sms("1", Locale::DeDe), text.sms("1", Locale::En));
        settings.locales = vec!["xx".to_owned()];
        assert_eq!(
            MessageText::check(&settings).err(),
            Some(MessageTextError::Locale("xx".to_owned()))
        );
    }

    #[test]
    fn a_name_that_ends_in_a_full_stop_ends_no_sentence_twice() {
        let text = check("Example Inc.", "login.example.com").unwrap();
        let phone = Address::stored("+12025550162");
        let mut texts = vec![
            text.after_stop(),
            text.after_start(),
            text.help(),
            text.notice(&phone, true),
            text.notice(&phone, false),
        ];
        for tag in Locale::tags() {
            texts.push(text.sms("012345", Locale::parse(tag).unwrap()));
        }
        for text in texts {
            assert!(!text.contains(".."), "{text}");
            assert!(text.contains("Example Inc."), "{text}");
        }
        let stop = check("Sallyport", "localhost").unwrap().after_stop();
        assert!(
            stop.starts_with("You get no more codes from Sallyport. Reply"),
            "{stop}"
        );
    }

    #[test]
    fn names_and_hosts_that_no_message_can_have_are_refused() {
        for name in ["", "Łódź", "two\nlines", "café ☕"] {
            assert!(
                matches!(
                    check(name, "localhost"),
                    Err(MessageTextError::Character(_))
                ),
                "{name:?}"
            );
        }
        for host in [
            "",
            "https://login.example.com",
            "localhost:8080",
            "a b",
            "LOGIN.example.com/x",
        ] {
            assert!(
                matches!(check("Sallyport", host), Err(MessageTextError::Host(_))),
                "{host:?}"
            );
        }
    }
}
