//! The complete list of what a script may do to the world, and the rules that it cannot break.

mod messages;
mod person;

use std::{collections::BTreeMap, time::Duration};

use sallyport_base::{Id, Secret, Timestamp};
use sallyport_people::{NewPerson, Person};
use sallyport_script::{
    Answer, PersonKey, Property, Question, ScriptFacts, ShownProperty, TallyAct,
};

use crate::{
    Flow, FlowError, Login,
    known_person::{Evidence, KnownPerson},
    loaded_script::LoadedScript,
    mail::{Letter, Recipient},
    outbound::ScriptHosts,
    passwords::{PasswordProof, TOO_MANY_PASSWORDS, check_password},
    scene::PageRequest,
    script_cache,
    script_entry::{ScriptEntry, ScriptStoreError},
    tries::{self, Subject},
};

pub(crate) use self::person::shown;
use self::{
    messages::{Mail, SentRequest},
    person::take_password,
};

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

/// What a script reads that names somebody without leave.
const MAY_NOT_VOUCH: &str = "this script may not sign people in without a password; an administrator allows it by the property login_without_password = true";

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

    /// Whether the password of whom the login is about was right in it.
    fn has_password(&self) -> bool {
        self.known
            .is_some_and(|known| known.by == Evidence::Password)
    }

    fn is_about(&self, id: Id<Person>) -> bool {
        self.known.is_some_and(|known| known.id == id)
    }
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
