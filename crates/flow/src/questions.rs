//! The complete list of what a script may do to the world, and the rules that it cannot break.

use std::{collections::BTreeMap, time::Duration};

use sallyport_base::{Id, Secret, Timestamp};
use sallyport_people::{NewPerson, PasswordCheck, Person};
use sallyport_script::{
    Answer, HttpResponse, PersonKey, Property, Question, ScriptFacts, ShortMessage, ShownProperty,
    TallyAct,
};

use crate::{
    Flow, FlowError, Login,
    known_person::{Evidence, KnownPerson},
    mail::{Letter, Recipient},
    outbound::ScriptHosts,
    scene::PageRequest,
    script_cache,
    script_entry::{ScriptEntry, ScriptStoreError},
    scripts::LoadedScript,
    short_message,
    tries::{self, Subject},
};

/// The attribute that Gluu's scripts set to give a person another password.
const PASSWORD: &str = "userPassword";
/// How long a script may count before it begins anew.
const LONGEST_TALLY: Duration = Duration::from_secs(366 * 86_400);
const NOT_THEIRS: &str = "a password can be set in a login of its own person only";

const SEALED_BY_SCRIPTS: &str = "sealed by scripts";

/// Answers the questions of one script during one request.
pub(crate) struct Host<'f> {
    flow: &'f Flow,
    now: Timestamp,
    /// The name of the script that asks.
    own_name: &'f str,
    hosts: &'f ScriptHosts,
    script: Option<&'f LoadedScript>,
    /// Whom the login is about; from this request, or from an earlier step.
    known: Option<KnownPerson>,
    /// The user name that was typed in this request.
    typed: Option<&'f str>,
    /// What was sent in this request already, and what came back.
    sent: Vec<(SentRequest, Answer)>,
    /// The same of mail.
    mailed: Vec<(Mail, Answer)>,
    /// The name whose password was right in this request.
    right_password_of: Option<String>,
    /// Whether the script set a password in this request.
    set_password: bool,
    /// Why the request as a whole must fail, whatever the script makes of it.
    trouble: Option<FlowError>,
    /// What the person must be told, whatever the script says.
    notice: Option<&'static str>,
    /// Whether a passcode was to be sent and was not.
    send_failed: bool,
}

/// What the person reads when a name had too many wrong passwords.
pub(crate) const TOO_MANY_PASSWORDS: &str =
    "Too many wrong passwords for this name. Wait a quarter of an hour and try again.";

/// What a script reads that names somebody without leave.
const MAY_NOT_VOUCH: &str = "this script may not sign people in without a password; an administrator allows it by the property login_without_password = true";

#[derive(PartialEq, Eq)]
struct Mail {
    to: Vec<Recipient>,
    letter: Letter,
}

#[derive(PartialEq, Eq)]
struct SentRequest {
    method: String,
    url: String,
    body: Vec<u8>,
}

impl<'f> Host<'f> {
    pub(crate) fn for_loading(
        flow: &'f Flow,
        own_name: &'f str,
        hosts: &'f ScriptHosts,
        now: Timestamp,
    ) -> Self {
        Self {
            flow,
            now,
            own_name,
            hosts,
            script: None,
            known: None,
            typed: None,
            sent: Vec::new(),
            mailed: Vec::new(),
            right_password_of: None,
            set_password: false,
            trouble: None,
            notice: None,
            send_failed: false,
        }
    }

    /// For a call that is about nobody yet, or about nobody any more.
    pub(crate) fn for_script(flow: &'f Flow, script: &'f LoadedScript, now: Timestamp) -> Self {
        Self {
            script: Some(script),
            ..Self::for_loading(flow, &script.acr().name, script.hosts(), now)
        }
    }

    pub(crate) fn for_step(
        flow: &'f Flow,
        script: &'f LoadedScript,
        login: &Login,
        request: &'f PageRequest,
        now: Timestamp,
    ) -> Self {
        Self {
            known: login.person,
            typed: request.typed_name(),
            ..Self::for_script(flow, script, now)
        }
    }

    pub(crate) fn known(&self) -> Option<KnownPerson> {
        self.known
    }

    /// As in a login in which this person passed the steps before, with a password.
    pub(crate) fn for_trial(
        flow: &'f Flow,
        script: &'f LoadedScript,
        person: Option<&Person>,
        now: Timestamp,
    ) -> Self {
        Self {
            known: person.map(|person| KnownPerson {
                id: person.id,
                by: Evidence::Password,
            }),
            ..Self::for_script(flow, script, now)
        }
    }

    /// What made the request fail on the host's side, if anything did.
    pub(crate) fn take_trouble(&mut self) -> Option<FlowError> {
        self.trouble.take()
    }

    pub(crate) fn set_password(&self) -> bool {
        self.set_password
    }

    pub(crate) fn into_right_password_of(self) -> Option<String> {
        self.right_password_of
    }

    pub(crate) fn notice(&self) -> Option<&'static str> {
        self.notice
    }

    /// Whether a passcode was to be sent in this request and was not.
    pub(crate) fn send_failed(&self) -> bool {
        self.send_failed
    }

    pub(crate) async fn answer(&mut self, question: Question) -> Answer {
        let kind = question.kind();
        match self.try_answer(question).await {
            Ok(answer) => answer,
            Err(FlowError::People(cause)) if cause.is_refusal() => {
                Answer::Refused(cause.to_string())
            }
            Err(cause) => {
                let refused = Answer::Refused(format!("the server could not answer ({kind})"));
                self.trouble.get_or_insert(cause);
                refused
            }
        }
    }

    async fn try_answer(&mut self, question: Question) -> Result<Answer, FlowError> {
        let people = self.flow.people();
        Ok(match question {
            Question::CheckPassword { username, password } => {
                let password = Secret::from(password.expose());
                self.check_password(&username, &password).await?
            }
            Question::Vouch { username } => self.vouch(&username).await?,
            Question::FindPerson { by } => Answer::Person(self.find_person(by).await?.map(shown)),
            Question::FindPersons { name, value, limit } => {
                let found = people
                    .find_by_attribute(&name, &value, i64::from(limit.min(1000)))
                    .await?;
                Answer::Persons(found.into_iter().map(shown).collect())
            }
            Question::AddPerson { mut person } => match take_password(&mut person.attributes) {
                Ok(password) => {
                    let new = NewPerson {
                        uid: person.uid,
                        attributes: person.attributes,
                        password,
                    };
                    Answer::Person(Some(shown(people.add(new, self.now).await?)))
                }
                Err(why) => Answer::Refused(why.to_owned()),
            },
            Question::ChangePerson { inum, set } => match Id::parse(&inum) {
                Some(id) => self.change_person(id, set).await?,
                None => Answer::Person(None),
            },
            Question::Http {
                method,
                url,
                headers,
                body,
            } => {
                self.http(SentRequest { method, url, body }, &headers)
                    .await?
            }
            Question::CacheGet { key } => {
                let mut reader = self.flow.store().reader().await?;
                let found =
                    script_cache::find(&mut reader, self.flow.vault(), &key, self.now).await?;
                Answer::Text(found)
            }
            Question::CachePut {
                key,
                value,
                seconds,
            } => {
                let mut tx = self.flow.store().begin().await?;
                let vault = self.flow.vault();
                script_cache::put(&mut tx, vault, &key, &value, seconds, self.now).await?;
                tx.commit().await?;
                Answer::Done
            }
            Question::CacheRemove { key } => {
                let mut tx = self.flow.store().begin().await?;
                script_cache::remove(&mut tx, &key).await?;
                tx.commit().await?;
                Answer::Done
            }
            Question::Tally { what, who, act } => self.tally(&what, &who, act).await?,
            Question::SendMail {
                to,
                subject,
                body,
                html,
            } => {
                let to = Recipient::check_all(&to);
                match to.and_then(|to| Ok((to, Letter::check(subject, body, html)?))) {
                    Ok((to, letter)) => self.mail(Mail { to, letter }).await?,
                    Err(why) => Answer::Refused(why.to_owned()),
                }
            }
            Question::Smpp(message) => self.short_message(*message).await?,
            Question::MailServer => {
                Answer::MailServer(self.flow.mailer().map(|mailer| mailer.server().clone()))
            }
            Question::FindClient { id } => Answer::Client(self.flow.find_client(id).await?),
            Question::FindScripts => self.find_scripts().await?,
            Question::Count { what } => {
                tracing::info!(event = "script.count", script.name = %self.own_name, what = %what, "a script counted something");
                Answer::Done
            }
            Question::Issuer => Answer::Text(Some(self.flow.issuer().to_string())),
            Question::Encrypt { text } => {
                let sealed = self.flow.vault().seal(SEALED_BY_SCRIPTS, text.as_bytes());
                Answer::Text(Some(sealed))
            }
            Question::Decrypt { text } => Answer::Text(self.unsealed(&text)),
        })
    }

    async fn check_password(
        &mut self,
        username: &str,
        password: &Secret,
    ) -> Result<Answer, FlowError> {
        match check_password(self.flow, username, password, self.now).await? {
            PasswordProof::Right(person) => {
                self.known = Some(KnownPerson {
                    id: person.id,
                    by: Evidence::Password,
                });
                self.right_password_of = Some(username.to_owned());
                return Ok(Answer::Person(Some(shown(person))));
            }
            PasswordProof::Wrong => {}
            PasswordProof::TooMany => self.notice = Some(TOO_MANY_PASSWORDS),
        }
        Ok(Answer::Person(None))
    }

    /// Takes a script's word for who signs in. For the person that the login is about already it
    /// says nothing new; for anybody else the administrator must have allowed the script to.
    async fn vouch(&mut self, username: &str) -> Result<Answer, FlowError> {
        let person = self.flow.people().find_by_uid(username).await?;
        let Some(person) = person.filter(Person::is_active) else {
            return Ok(Answer::Person(None));
        };
        if self.known.is_none_or(|known| known.id != person.id) {
            let Some(script) = self.script.filter(|script| script.vouches()) else {
                return Ok(Answer::Refused(MAY_NOT_VOUCH.to_owned()));
            };
            tracing::info!(event = "person.vouched", person.id = %person.id, script.name = %script.acr().name, "a script says who signs in, without a password");
            self.known = Some(KnownPerson {
                id: person.id,
                by: Evidence::Script,
            });
        }
        Ok(Answer::Person(Some(shown(person))))
    }

    async fn find_person(&self, by: PersonKey) -> Result<Option<Person>, FlowError> {
        let people = self.flow.people();
        Ok(match by {
            PersonKey::Uid(uid) => people.find_by_uid(&uid).await?,
            PersonKey::Inum(inum) => match Id::parse(&inum) {
                Some(id) => people.find(id).await?,
                None => None,
            },
            PersonKey::Attribute { name, value } => people
                .find_by_attribute(&name, &value, 1)
                .await?
                .into_iter()
                .next(),
        })
    }

    /// A password is set for the person alone whose old one was right in this login: a script that is
    /// tricked gives nobody away.
    async fn change_person(
        &mut self,
        id: Id<Person>,
        mut set: BTreeMap<String, Vec<String>>,
    ) -> Result<Answer, FlowError> {
        let password = match take_password(&mut set) {
            Ok(password) => password,
            Err(why) => return Ok(Answer::Refused(why.to_owned())),
        };
        if password.is_some() && !(self.has_password() && self.is_about(id)) {
            return Ok(Answer::Refused(NOT_THEIRS.to_owned()));
        }
        // The script may have taken "too many" for "wrong", and go by that.
        if password.is_some() && self.notice.is_some() {
            return Ok(Answer::Refused(TOO_MANY_PASSWORDS.to_owned()));
        }
        let people = self.flow.people();
        let changed = people.change(id, &set, self.now).await?;
        if let (Some(_), Some(password)) = (&changed, &password) {
            people.set_password(id, password, self.now).await?;
            self.set_password = true;
            tracing::info!(event = "password.changed", person.id = %id, script.name = %self.own_name, "a script set the password of a person");
        }
        Ok(Answer::Person(changed.map(shown)))
    }

    /// Every script, with the hidden values of the one that asks alone.
    async fn find_scripts(&self) -> Result<Answer, FlowError> {
        let mut reader = self.flow.store().reader().await?;
        let entries = match ScriptEntry::list(&mut reader, self.flow.vault()).await {
            Ok(entries) => entries,
            Err(ScriptStoreError::Store(cause)) => return Err(cause.into()),
            Err(unreadable) => return Ok(Answer::Refused(unreadable.to_string())),
        };
        let facts = entries.into_iter().map(|entry| {
            let own = entry.version.name.eq_ignore_ascii_case(self.own_name);
            facts_of(entry, own)
        });
        Ok(Answer::Scripts(facts.collect()))
    }

    /// What a script counts is its own.
    async fn tally(&self, what: &str, who: &str, act: TallyAct) -> Result<Answer, FlowError> {
        let Some(script) = self.script else {
            return Ok(Answer::Refused(
                "nothing is counted while a script loads".to_owned(),
            ));
        };
        let kind = format!("script {}: {what}", script.acr().name);
        let subject = Subject { kind: &kind, who };
        let mut tx = self.flow.store().begin().await?;
        let number = match act {
            TallyAct::Add { seconds } => {
                let window = Duration::from_secs(seconds).min(LONGEST_TALLY);
                tries::add(&mut tx, subject, window, self.now).await?
            }
            TallyAct::Look => tries::look(&mut tx, subject, self.now).await?,
            TallyAct::Forget => {
                let reached = tries::look(&mut tx, subject, self.now).await?;
                tries::forget(&mut tx, subject).await?;
                reached
            }
        };
        tx.commit().await?;
        Ok(Answer::Number(number))
    }

    fn unsealed(&self, text: &str) -> Option<String> {
        let plain = self.flow.vault().open(SEALED_BY_SCRIPTS, text).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }

    /// Two identical requests that change something are one within a step: the second gets the
    /// answer of the first, and no second message is sent.
    async fn http(
        &mut self,
        request: SentRequest,
        headers: &[(String, String)],
    ) -> Result<Answer, FlowError> {
        if let Some((_, earlier)) = self.sent.iter().find(|(sent, _)| *sent == request) {
            return Ok(earlier.clone());
        }
        let sends_passcode = self.script.is_some_and(|s| s.sends_passcode(&request.url));
        if sends_passcode && !self.may_send_passcode().await? {
            self.send_failed = true;
            return Ok(Answer::Http(too_many_sends()));
        }
        let outbound = self.flow.outbound();
        let answer = outbound
            .send(
                self.hosts,
                &request.method,
                &request.url,
                headers,
                request.body.clone(),
            )
            .await;
        let succeeded = matches!(&answer, Answer::Http(response) if response.status < 300);
        self.send_failed |= sends_passcode && !succeeded;
        if request.method != "GET" {
            self.sent.push((request, answer.clone()));
        }
        Ok(answer)
    }

    /// As with HTTP, two identical messages in a step are one.
    async fn short_message(&mut self, message: ShortMessage) -> Result<Answer, FlowError> {
        let request = SentRequest {
            method: "SMPP".to_owned(),
            url: format!(
                "{}:{} {}",
                message.host, message.port, message.destination.text
            ),
            body: message.content.clone(),
        };
        if let Some((_, earlier)) = self.sent.iter().find(|(sent, _)| *sent == request) {
            return Ok(earlier.clone());
        }
        if !self.may_send_passcode().await? {
            self.send_failed = true;
            return Ok(Answer::Rejected(
                "this person was sent too many messages, or is not known yet".to_owned(),
            ));
        }
        let answer = short_message::send(self.flow.outbound(), self.hosts, message).await;
        self.send_failed |= !matches!(answer, Answer::Text(_));
        self.sent.push((request, answer.clone()));
        Ok(answer)
    }

    /// Each recipient gets a message of its own, and sees no other. Two identical messages in one
    /// step are one.
    async fn mail(&mut self, mail: Mail) -> Result<Answer, FlowError> {
        let Some(mailer) = self.flow.mailer() else {
            let why = "no mail server is configured: the section [mail] of sallyport.toml";
            return Ok(Answer::Refused(why.to_owned()));
        };
        if let Some((_, earlier)) = self.mailed.iter().find(|(sent, _)| *sent == mail) {
            return Ok(earlier.clone());
        }
        if let Some(why) = self.mail_complaint(&mail.to).await? {
            return Ok(Answer::Refused(why.to_owned()));
        }
        let mut answer = Answer::Done;
        for recipient in &mail.to {
            if let Err(why) = mailer.send(recipient, &mail.letter, self.now).await {
                tracing::warn!(event = "mail.failed", script.name = %self.own_name, cause = %why, "the mail server did not take a message");
                answer = Answer::Unreachable(why);
                break;
            }
            tracing::info!(event = "mail.sent", script.name = %self.own_name, "a script sent a message");
        }
        self.mailed.push((mail, answer.clone()));
        Ok(answer)
    }

    /// Why a message may not go out. Before a password was right it goes to people of this server
    /// and to the addresses in the script's properties only, so that nobody can have it written to
    /// strangers. An address is counted whoever asks, and so is the person who signs in.
    async fn mail_complaint(&self, to: &[Recipient]) -> Result<Option<&'static str>, FlowError> {
        for recipient in to {
            if !self.has_password() && !self.knows(recipient).await? {
                tracing::warn!(event = "mail.refused", script.name = %self.own_name, "a script would have written to a stranger for nobody");
                return Ok(Some(
                    "before a password was right, mail goes to people of this server only",
                ));
            }
        }
        let person = self.known.map(|known| known.id.to_string());
        let addresses = to.iter().map(|recipient| recipient.address().to_owned());
        let (short, day) = (self.flow.limits().sends, self.flow.limits().sends_per_day);
        let mut allowed = true;
        let mut tx = self.flow.store().begin().await?;
        for who in addresses.chain(person) {
            allowed &= tries::count(&mut tx, sends("mails", &who), short, self.now).await?
                && tries::count(&mut tx, sends("mails a day", &who), day, self.now).await?;
        }
        tx.commit().await?;
        if allowed {
            return Ok(None);
        }
        tracing::warn!(event = "mail.limited", script.name = %self.own_name, "too much mail for one person or address");
        Ok(Some("too many messages for this person or this address"))
    }

    /// Whether the password of whom the login is about was right in it.
    fn has_password(&self) -> bool {
        self.known
            .is_some_and(|known| known.by == Evidence::Password)
    }

    fn is_about(&self, id: Id<Person>) -> bool {
        self.known.is_some_and(|known| known.id == id)
    }

    async fn knows(&self, recipient: &Recipient) -> Result<bool, FlowError> {
        if self
            .script
            .is_some_and(|script| script.addressees().contains(recipient))
        {
            return Ok(true);
        }
        let people = self.flow.people();
        let found = people
            .find_by_attribute("mail", recipient.address(), 1)
            .await?;
        Ok(!found.is_empty())
    }

    /// Counts a message for whom the login is about, and says whether it may go out. Where a script
    /// works without passwords and found nobody, what was typed counts instead, so that nobody can
    /// tell by the limit who exists.
    async fn may_send_passcode(&self) -> Result<bool, FlowError> {
        let typed = self
            .typed
            .filter(|_| self.script.is_some_and(LoadedScript::vouches));
        let who = match (self.known, typed) {
            (Some(known), _) => known.id.to_string(),
            (None, Some(name)) => format!("name {name}"),
            (None, None) => {
                tracing::warn!(
                    event = "passcode.refused",
                    "a script would have sent a passcode for nobody"
                );
                return Ok(false);
            }
        };
        let limits = self.flow.limits();
        let mut tx = self.flow.store().begin().await?;
        let (short, day) = (limits.sends, limits.sends_per_day);
        let allowed = tries::count(&mut tx, sends("sends", &who), short, self.now).await?
            && tries::count(&mut tx, sends("sends a day", &who), day, self.now).await?;
        tx.commit().await?;
        if !allowed {
            let person = self.known.map(|known| known.id.to_string());
            tracing::warn!(
                event = "passcode.limited",
                person.id = person,
                "too many passcodes were asked for"
            );
        }
        Ok(allowed)
    }
}

pub(crate) enum PasswordProof {
    Right(Person),
    Wrong,
    /// The name had too many wrong ones; nothing was compared.
    TooMany,
}

/// Whether the password is that of an active person. The time does not tell whether the name
/// exists.
pub(crate) async fn check_password(
    flow: &Flow,
    username: &str,
    password: &Secret,
    now: Timestamp,
) -> Result<PasswordProof, FlowError> {
    if !count_password(flow, username, now).await? {
        tracing::warn!(
            event = "password.limited",
            "too many wrong passwords for one name"
        );
        return Ok(PasswordProof::TooMany);
    }
    match flow.people().check_password(username, password).await? {
        PasswordCheck::Right(person) => Ok(PasswordProof::Right(person)),
        PasswordCheck::Wrong | PasswordCheck::Inactive => {
            tracing::info!(event = "password.wrong", "a password was wrong");
            Ok(PasswordProof::Wrong)
        }
    }
}

/// Counts a try for a name before anything is compared; a right password forgets it when its step
/// is saved.
async fn count_password(flow: &Flow, username: &str, now: Timestamp) -> Result<bool, FlowError> {
    let mut tx = flow.store().begin().await?;
    let limit = flow.limits().wrong_passwords;
    let allowed = tries::count(&mut tx, wrong_passwords(username), limit, now).await?;
    tx.commit().await?;
    Ok(allowed)
}

/// Tries at the first step of a method without passwords.
pub(crate) fn tries_without_password(username: &str) -> Subject<'_> {
    Subject {
        kind: "tries without a password",
        who: username,
    }
}

pub(crate) fn wrong_passwords(username: &str) -> Subject<'_> {
    Subject {
        kind: "wrong passwords",
        who: username,
    }
}

/// A person as scripts see one. Where `phoneNumberVerified` holds a number and no other attribute
/// does, it is shown as `mobile` too: Gluu's scripts take `phoneNumberVerified` for a flag and look
/// for the number elsewhere, while its manual tells people to keep the number there.
pub(crate) fn shown(person: Person) -> sallyport_script::Person {
    let mut attributes = person.attributes.into_map();
    let has_number = NUMBERS.iter().any(|name| attributes.contains_key(*name));
    if !has_number && let Some(number) = verified_number(&attributes) {
        attributes.insert("mobile".to_owned(), vec![number]);
    }
    sallyport_script::Person {
        inum: person.id.to_string(),
        uid: person.uid,
        attributes,
    }
}

/// Where Gluu's scripts look for a number.
const NUMBERS: [&str; 3] = ["employeeNumber", "mobile", "telephoneNumber"];

fn verified_number(attributes: &BTreeMap<String, Vec<String>>) -> Option<String> {
    let value = attributes.get("phoneNumberVerified")?.first()?;
    value
        .bytes()
        .any(|byte| byte.is_ascii_digit())
        .then(|| value.clone())
}

/// The password among attributes, which is none of them. A hash is refused: it would become the
/// password itself.
fn take_password(
    attributes: &mut BTreeMap<String, Vec<String>>,
) -> Result<Option<Secret>, &'static str> {
    let name = attributes
        .keys()
        .find(|name| name.eq_ignore_ascii_case(PASSWORD))
        .cloned();
    let values = name.and_then(|name| attributes.remove(&name));
    match values.as_deref() {
        None => Ok(None),
        Some([password]) if is_hash(password) => Err("a password is set in clear, not as a hash"),
        Some([password]) if !password.is_empty() => Ok(Some(Secret::from(password.as_str()))),
        Some(_) => Err("a password is one text, and is not removed by scripts"),
    }
}

/// `{SSHA}…` and the like, as directories keep them (RFC 2307 §5.3).
fn is_hash(password: &str) -> bool {
    password
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'))
        .is_some_and(|(scheme, hash)| {
            !scheme.is_empty()
                && !hash.is_empty()
                && scheme
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

fn facts_of(entry: ScriptEntry, own: bool) -> ScriptFacts {
    let version = entry.version;
    let shown = |property: Property| ShownProperty {
        value2: (own || !property.hide).then_some(property.value2),
        value1: property.value1,
        hide: property.hide,
        description: property.description,
    };
    ScriptFacts {
        name: version.name,
        description: entry.description,
        level: version.level,
        aliases: version.aliases,
        enabled: entry.enabled,
        revision: version.revision,
        properties: version.properties.into_iter().map(shown).collect(),
    }
}

fn sends<'w>(kind: &'static str, who: &'w str) -> Subject<'w> {
    Subject { kind, who }
}

/// What Stytch says when there were too many (429 `too_many_requests`).
fn too_many_sends() -> HttpResponse {
    let wait = Duration::from_secs(60).as_secs().to_string();
    HttpResponse {
        status: 429,
        reason: "Too Many Requests".to_owned(),
        headers: vec![("retry-after".to_owned(), wait)],
        body: br#"{"status_code":429,"error_type":"too_many_requests","error_message":"Too many passcodes for this person.","error_url":"","request_id":""}"#.to_vec(),
    }
}
