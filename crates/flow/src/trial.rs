//! A script that is started to be tried and not kept: for those who write one.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use sallyport_base::Timestamp;
use sallyport_people::{PasswordCheck, Person};
use sallyport_script::{
    Answer, Call, Message, PersonKey, Question, Request, Returned, Run, Scene, ScriptError,
    TallyAct, Turn,
};
use url::Url;

use crate::{
    Acr, Flow, FlowError, NewScript,
    loaded_script::LoadedScript,
    questions::{Host, shown},
    script_start::{NotStarted, start},
    script_version::ScriptVersion,
};

/// A script that loads.
pub struct Rehearsal(LoadedScript);

/// Why a script cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// The script is at fault; for its author.
    #[error("{0}")]
    Fault(String),
    #[error(transparent)]
    Server(#[from] FlowError),
}

/// One form at one step.
#[derive(Debug, Default)]
pub struct Trial {
    /// Counted from 1.
    pub step: u32,
    /// The fields of the form.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// Session attributes as earlier steps left them.
    pub session: BTreeMap<String, String>,
    /// Who passed the steps before.
    pub person: Option<Person>,
    /// Whether what the script asks for is done. Otherwise people and passwords are looked up, and
    /// nothing is changed, sent or counted.
    pub is_live: bool,
}

/// What a trial showed.
#[derive(Debug)]
pub struct Tried {
    pub calls: Vec<TriedCall>,
    pub questions: Vec<Asked>,
    /// Session attributes that the script set or removed (`None`).
    pub session: BTreeMap<String, Option<String>>,
    pub messages: Vec<Message>,
    pub redirect: Option<String>,
}

/// A method that was called.
#[derive(Debug)]
pub struct TriedCall {
    pub call: Call,
    pub result: Result<Returned, ScriptError>,
    /// Without the time in which the script waited for an answer.
    pub took: Duration,
    /// How long it waited for answers.
    pub waited: Duration,
}

/// A question of the script. What it carries is not kept.
#[derive(Debug)]
pub struct Asked {
    pub kind: &'static str,
    /// Whom or what it is about: a name, an address without its query.
    pub about: String,
    pub answer: &'static str,
}

impl Rehearsal {
    /// Starts the script on this server, as one that is added would be.
    pub async fn start(flow: &Flow, new: &NewScript) -> Result<Self, RehearsalError> {
        match start(flow, &ScriptVersion::of_new(new)).await {
            Ok(script) => Ok(Self(script)),
            Err(NotStarted::Fault(why)) => Err(RehearsalError::Fault(why)),
            Err(NotStarted::Trouble(cause)) => Err(cause.into()),
        }
    }

    pub fn acr(&self) -> &Acr {
        self.0.acr()
    }

    /// Shows the page of a step to the script and gives it the form, in the order of a login. It
    /// ends at the first method that raises.
    pub async fn step(&self, flow: &Flow, trial: Trial) -> Result<Tried, FlowError> {
        let now = flow.clock().now();
        let before = session_of(&trial, self.acr());
        let scene = scene_of(flow, &trial, before.clone(), now);
        let mut stage = Stage {
            run: flow.engine().begin(self.0.script(), scene).await?,
            desk: Desk {
                flow,
                host: Host::for_trial(flow, &self.0, trial.person.as_ref(), now),
                is_live: trial.is_live,
                questions: Vec::new(),
            },
            calls: Vec::new(),
        };
        stage.walk(trial.step, self.0.script().api_version()).await;
        let Stage { run, desk, calls } = stage;
        let scene = run.finish();
        Ok(Tried {
            calls,
            questions: desk.questions,
            session: changes(&before, &scene.session),
            messages: scene.messages,
            redirect: scene.redirect,
        })
    }
}

fn session_of(trial: &Trial, acr: &Acr) -> BTreeMap<String, String> {
    let mut session = BTreeMap::from([
        ("acr".to_owned(), acr.name.clone()),
        ("auth_step".to_owned(), trial.step.to_string()),
    ]);
    if let Some(person) = &trial.person {
        session.insert("auth_user".to_owned(), person.uid.clone());
    }
    session.extend(trial.session.clone());
    session
}

fn scene_of(
    flow: &Flow,
    trial: &Trial,
    session: BTreeMap<String, String>,
    now: Timestamp,
) -> Scene {
    let first = |name: &str| trial.parameters.get(name)?.first().cloned();
    Scene {
        session,
        username: first("username"),
        password: first("password"),
        request: Request {
            parameters: trial.parameters.clone(),
            remote_ip: "127.0.0.1".to_owned(),
            method: "POST".to_owned(),
            locale: "en".to_owned(),
            ..Request::default()
        },
        now_ms: now.as_micros() / 1000,
        issuer: flow.issuer().to_string(),
        authenticated: trial.person.clone().map(shown),
        ..Scene::default()
    }
}

fn changes(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> BTreeMap<String, Option<String>> {
    let set = after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(*value))
        .map(|(name, value)| (name.clone(), Some(value.clone())));
    let removed = before
        .keys()
        .filter(|name| !after.contains_key(*name))
        .map(|name| (name.clone(), None));
    set.chain(removed).collect()
}

struct Stage<'f> {
    run: Run,
    desk: Desk<'f>,
    calls: Vec<TriedCall>,
}

impl Tried {
    /// Whether the server would not even show the page of the step.
    pub fn is_refused(&self) -> bool {
        let last = self.calls.last();
        last.is_some_and(|last| {
            let no = last.result.as_ref().is_ok_and(|it| !it.truthy());
            match last.call {
                Call::GetAlternativeAuthenticationMethod | Call::PrepareForStep { .. } => no,
                _ => false,
            }
        })
    }
}

impl Stage<'_> {
    async fn walk(&mut self, step: u32, api_version: i64) -> Option<()> {
        if !self.call(Call::IsValidAuthenticationMethod).await?.truthy() {
            self.call(Call::GetAlternativeAuthenticationMethod).await?;
            return None;
        }
        if !self.call(Call::PrepareForStep { step }).await?.truthy() {
            return None;
        }
        let passed = self.call(Call::Authenticate { step }).await?;
        if api_version > 1 {
            self.call(Call::GetNextStep { step }).await?;
        }
        if !passed.truthy() {
            return None;
        }
        let next = step + 1;
        self.call(Call::GetExtraParametersForStep { step: next })
            .await?;
        let count = self.call(Call::GetCountAuthenticationSteps).await?;
        if count.as_int().is_some_and(|count| i64::from(step) < count) {
            self.call(Call::GetPageForStep { step: next }).await?;
        }
        Some(())
    }

    /// `None` when the method raised.
    async fn call(&mut self, call: Call) -> Option<Returned> {
        let begun = Instant::now();
        let mut waited = Duration::ZERO;
        let mut turn = self.run.call(call).await;
        let result = loop {
            match turn {
                Turn::Ask(question) => {
                    let asked = Instant::now();
                    let answer = self.desk.answer(question).await;
                    waited += asked.elapsed();
                    turn = self.run.answer(answer).await;
                }
                Turn::Done(result) => break result,
            }
        };
        let returned = result.as_ref().ok().cloned();
        self.calls.push(TriedCall {
            call,
            result,
            took: begun.elapsed().saturating_sub(waited),
            waited,
        });
        returned
    }
}

/// Who answers the questions of a script that is tried.
struct Desk<'f> {
    flow: &'f Flow,
    host: Host<'f>,
    is_live: bool,
    questions: Vec<Asked>,
}

impl Desk<'_> {
    async fn answer(&mut self, question: Question) -> Answer {
        let (kind, about) = (question.kind(), about(&question));
        let (answer, said) = if self.is_live {
            let answer = self.host.answer(question).await;
            let said = word(&answer);
            (answer, said)
        } else {
            self.answer_dry(question).await
        };
        self.questions.push(Asked {
            kind,
            about,
            answer: said,
        });
        answer
    }

    /// Looks up what can be looked up. What would change or send something is answered as if it had
    /// been done where a script could not tell, and else refused.
    async fn answer_dry(&mut self, question: Question) -> (Answer, &'static str) {
        const NOT_DONE: &str = "not done";
        match question {
            Question::CheckPassword { username, password } => {
                let password = password.expose().into();
                let checked = self
                    .flow
                    .people()
                    .check_password(&username, &password)
                    .await;
                match checked {
                    Ok(PasswordCheck::Right(person)) => {
                        (Answer::Person(Some(shown(person))), "right")
                    }
                    Ok(_) => (Answer::Person(None), "wrong"),
                    Err(cause) => (Answer::Refused(cause.to_string()), "refused"),
                }
            }
            Question::AddPerson { person } => (Answer::Person(Some(person)), NOT_DONE),
            Question::ChangePerson { inum, set } => (self.changed(inum, set).await, NOT_DONE),
            Question::CachePut { .. } | Question::CacheRemove { .. } | Question::Count { .. } => {
                (Answer::Done, NOT_DONE)
            }
            Question::Tally { what, who, act } => (self.tally(what, who, act).await, NOT_DONE),
            Question::Http { .. } => (
                Answer::Unreachable("a trial sends nothing; --live does".to_owned()),
                "not sent",
            ),
            Question::Vouch { .. }
            | Question::FindPerson { .. }
            | Question::FindPersons { .. }
            | Question::FindClient { .. }
            | Question::FindScripts
            | Question::MailServer
            | Question::Issuer
            | Question::CacheGet { .. }
            | Question::Encrypt { .. }
            | Question::Decrypt { .. } => {
                let answer = self.host.answer(question).await;
                let said = word(&answer);
                (answer, said)
            }
            Question::SendMail { .. } | Question::Smpp(_) => (
                Answer::Refused("a trial sends nothing; --live does".to_owned()),
                NOT_DONE,
            ),
        }
    }

    /// The number as it would be.
    async fn tally(&mut self, what: String, who: String, act: TallyAct) -> Answer {
        let look = Question::Tally {
            what,
            who,
            act: TallyAct::Look,
        };
        match (self.host.answer(look).await, act) {
            (Answer::Number(reached), TallyAct::Add { .. }) => Answer::Number(reached + 1),
            (answer, _) => answer,
        }
    }

    /// The person as the change would leave them.
    async fn changed(&mut self, inum: String, set: BTreeMap<String, Vec<String>>) -> Answer {
        let find = Question::FindPerson {
            by: PersonKey::Inum(inum),
        };
        let answer = self.host.answer(find).await;
        let Answer::Person(Some(mut person)) = answer else {
            return answer;
        };
        for (name, values) in set {
            if values.is_empty() {
                person.attributes.remove(&name);
            } else {
                person.attributes.insert(name, values);
            }
        }
        Answer::Person(Some(person))
    }
}

/// Whom or what a question is about, without what must not be shown.
fn about(question: &Question) -> String {
    match question {
        Question::CheckPassword { username, .. } | Question::Vouch { username } => username.clone(),
        Question::FindPerson { by } => match by {
            PersonKey::Uid(uid) => uid.clone(),
            PersonKey::Inum(inum) => inum.clone(),
            PersonKey::Attribute { name, .. } => format!("by {name}"),
        },
        Question::FindPersons { name, .. } => format!("by {name}"),
        Question::AddPerson { person } => person.uid.clone(),
        Question::ChangePerson { inum, set } => {
            let names: Vec<&str> = set.keys().map(String::as_str).collect();
            format!("{inum}: {}", names.join(", "))
        }
        Question::Http { method, url, .. } => format!("{method} {}", address(url)),
        Question::CacheGet { key }
        | Question::CachePut { key, .. }
        | Question::CacheRemove { key } => key.clone(),
        Question::Tally { what, .. } => what.clone(),
        _ => String::new(),
    }
}

/// Query, fragment and user may hold secrets.
fn address(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => format!(
            "{}://{}{}",
            url.scheme(),
            &url[url::Position::BeforeHost..url::Position::AfterPort],
            url.path()
        ),
        Err(_) => "no address".to_owned(),
    }
}

fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Person(Some(_)) => "found",
        Answer::Person(None) | Answer::Text(None) => "nothing",
        Answer::Unreachable(_) => "no answer",
        Answer::Refused(_) => "refused",
        _ => "answered",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_in_an_address_is_not_shown() {
        for (url, shown) in [
            (
                "https://user:pass@api.example:8443/v1/send?key=s3cr3t#x",
                "https://api.example:8443/v1/send",
            ),
            ("https://api.example", "https://api.example/"),
            ("s3cr3t", "no address"),
        ] {
            assert_eq!(address(url), shown, "{url}");
        }
    }

    #[test]
    fn a_session_shows_what_was_set_and_what_was_removed() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let owned = pairs.iter().map(|(n, v)| ((*n).into(), (*v).into()));
            owned.collect()
        };
        let found = changes(
            &map(&[("kept", "1"), ("changed", "1"), ("gone", "1")]),
            &map(&[("kept", "1"), ("changed", "2"), ("new", "1")]),
        );
        let expected = [
            ("changed".to_owned(), Some("2".to_owned())),
            ("gone".to_owned(), None),
            ("new".to_owned(), Some("1".to_owned())),
        ];
        assert_eq!(found, expected.into());
    }
}
