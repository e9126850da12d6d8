use std::{collections::BTreeMap, mem};

use sallyport_base::Timestamp;
use sallyport_script::{Call, ErrorKind, Message, Returned, Run, Scene, ScriptError, Turn};
use serde_json::Value;

use crate::{
    Acr, Flow, FlowError, Login,
    known_person::KnownPerson,
    loaded_script::LoadedScript,
    place::{NoPlace, Place},
    questions::Host,
    scene::{PageRequest, keep_parameters, kept_session, scene},
    script_entry::ScriptEntry,
    script_log,
    script_reply::ScriptReply,
};

/// No method has more.
const MOST_STEPS: u32 = 32;

/// What a conversation found out before the scene came back.
pub(crate) enum Next {
    Stay,
    Step {
        step: u32,
        place: Place,
    },
    Passed {
        acr: Acr,
        claims: BTreeMap<String, String>,
    },
}

/// Whether the page of a step may be shown.
pub(crate) enum Readiness {
    Ready,
    /// The method cannot be used now; another one takes its place.
    Instead(String),
}

/// What a conversation leaves behind.
pub(crate) struct Told {
    pub(crate) session: BTreeMap<String, String>,
    pub(crate) working: BTreeMap<String, Value>,
    pub(crate) messages: Vec<Message>,
    pub(crate) reply: ScriptReply,
    /// Whom the login is about now.
    pub(crate) person: Option<KnownPerson>,
    /// The name whose password was right.
    pub(crate) right_password_of: Option<String>,
    /// Whether the script set a password.
    pub(crate) set_password: bool,
    /// What the person must be told, whatever the script says.
    pub(crate) notice: Option<&'static str>,
    /// Whether a passcode was to be sent and was not.
    pub(crate) send_failed: bool,
}

/// A conversation with one script during one request.
///
/// What `false`, `None` and an exception of each method mean is Gluu's, and so is the order of the
/// calls. A script that had to be stopped is another matter: its worker is gone, and so is the login.
pub(crate) struct Talk<'f> {
    flow: &'f Flow,
    script: &'f LoadedScript,
    run: Run,
    host: Host<'f>,
}

impl<'f> Talk<'f> {
    pub(crate) async fn begin(
        flow: &'f Flow,
        script: &'f LoadedScript,
        login: &Login,
        request: &'f PageRequest,
        now: Timestamp,
    ) -> Result<Self, FlowError> {
        let scene = scene(flow, login, request, now).await?;
        Self::of_scene(
            flow,
            script,
            scene,
            Host::for_step(flow, script, login, request, now),
        )
        .await
    }

    /// A conversation before the browser has asked for a page.
    pub(crate) async fn before_pages(
        flow: &'f Flow,
        script: &'f LoadedScript,
        login: &Login,
        now: Timestamp,
    ) -> Result<Self, FlowError> {
        let scene = Scene {
            session: login.session.clone(),
            issuer: flow.issuer().to_string(),
            now_ms: now.as_micros() / 1000,
            ..Scene::default()
        };
        Self::of_scene(flow, script, scene, Host::for_script(flow, script, now)).await
    }

    /// A conversation about the session of a person who signs out.
    pub(crate) async fn of_scene(
        flow: &'f Flow,
        script: &'f LoadedScript,
        scene: Scene,
        host: Host<'f>,
    ) -> Result<Self, FlowError> {
        Ok(Self {
            flow,
            script,
            run: flow.engine().begin(script.script(), scene).await?,
            host,
        })
    }

    async fn call(&mut self, call: Call) -> Result<Returned, ScriptError> {
        let before = self.session().clone();
        let mut turn = self.run.call(call).await;
        let outcome = loop {
            match turn {
                Turn::Ask(question) => {
                    let answer = self.host.answer(question).await;
                    turn = self.run.answer(answer).await;
                }
                Turn::Done(outcome) => break outcome.map_err(script_log::without_numbers),
            }
        };
        let session = self.session();
        *session = kept_session(mem::take(session), &before);
        outcome
    }

    /// What a method gave; `None` when it raised.
    async fn ask(&mut self, call: Call) -> Result<Option<Returned>, FlowError> {
        let outcome = self.call(call).await;
        if let Some(trouble) = self.host.take_trouble() {
            return Err(trouble);
        }
        let cause = match outcome {
            Ok(returned) => return Ok(Some(returned)),
            Err(cause) => cause,
        };
        self.record(&script_log::with_traceback(
            &cause.message,
            &cause.traceback,
        ))
        .await?;
        let script = &self.script.acr().name;
        if cause.kind == ErrorKind::Exception {
            let method = call.method();
            tracing::error!(script.name = %script, script.method = method, cause = %cause.message, traceback = %cause.traceback, "a script raised");
            return Ok(None);
        }
        Err(FlowError::Script {
            script: script.clone(),
            cause,
        })
    }

    /// Keeps an error with the script, for the administrator.
    async fn record(&self, text: &str) -> Result<(), FlowError> {
        let mut tx = self.flow.store().begin().await?;
        let (name, revision) = (&self.script.acr().name, self.script.revision());
        ScriptEntry::record_failure(&mut tx, name, revision, text).await?;
        tx.commit().await?;
        Ok(())
    }

    /// `false`, `None` and an exception are the same: not passed.
    pub(crate) async fn authenticate(&mut self, step: u32) -> Result<bool, FlowError> {
        match self.ask(Call::Authenticate { step }).await? {
            Some(Returned::Bool(passed)) => Ok(passed),
            Some(Returned::Int(number)) => Ok(number != 0),
            Some(Returned::None) | None => Ok(false),
            Some(_) => Err(self.broken("authenticate returned neither true nor false")),
        }
    }

    /// Where the script wants to go instead of the next step; `None` for the normal order.
    pub(crate) async fn next_step(&mut self, step: u32) -> Result<Option<u32>, FlowError> {
        if self.script.script().api_version() <= 1 {
            return Ok(None);
        }
        let returned = self.ask(Call::GetNextStep { step }).await?;
        let target = returned.and_then(|returned| returned.as_int());
        Ok(target.and_then(|target| u32::try_from(target).ok()))
    }

    /// Lets the script find working parameters that it set earlier in the request.
    pub(crate) fn remember(&mut self, working: BTreeMap<String, Value>) {
        self.run.scene_mut().working.extend(working);
    }

    /// Before the page of a step is shown.
    pub(crate) async fn prepare(&mut self, step: u32) -> Result<Readiness, FlowError> {
        if !self.agrees(Call::IsValidAuthenticationMethod).await? {
            return self.alternative().await.map(Readiness::Instead);
        }
        if !self.agrees(Call::PrepareForStep { step }).await? {
            return Err(self.broken("it refused to prepare the page of a step"));
        }
        self.keep_for(step).await?;
        Ok(Readiness::Ready)
    }

    async fn agrees(&mut self, call: Call) -> Result<bool, FlowError> {
        let returned = self.ask(call).await?;
        Ok(returned.is_some_and(|returned| returned.truthy()))
    }

    async fn alternative(&mut self) -> Result<String, FlowError> {
        let returned = self.ask(Call::GetAlternativeAuthenticationMethod).await?;
        let name = returned.as_ref().and_then(Returned::as_text);
        match name.map(str::trim) {
            Some(name) if !name.is_empty() => Ok(name.to_owned()),
            _ => Err(self.broken("it says that it cannot be used now, and names no other method")),
        }
    }

    /// The next step, or the end.
    pub(crate) async fn go_on(&mut self, step: u32) -> Result<Next, FlowError> {
        let next = step + 1;
        self.keep_for(next).await?;
        match self.count().await? {
            Some(count) if step < count => {
                let place = self.place_of_later_step(next).await?;
                self.keep_for(next).await?;
                self.mark(step, Mark::Passed);
                self.be_at(next);
                Ok(Next::Step { step: next, place })
            }
            Some(count) if step == count => {
                self.keep_for(next).await?;
                self.mark(step, Mark::Passed);
                Ok(Next::Passed {
                    acr: Acr {
                        steps: count,
                        ..self.script.acr().clone()
                    },
                    claims: self.method_claims().await?,
                })
            }
            _ => Err(self.broken("getCountAuthenticationSteps returned a number below the step")),
        }
    }

    /// Back to an earlier step, whose later ones must be passed again, or past steps that the
    /// script skips. Only the step under way can have been passed by it.
    pub(crate) async fn jump(
        &mut self,
        step: u32,
        target: u32,
        passed: bool,
    ) -> Result<Next, FlowError> {
        if !(1..=MOST_STEPS).contains(&target) {
            return Err(self.broken("getNextStep named a step that does not exist"));
        }
        for undone in target..=step {
            self.mark(undone, Mark::Open);
        }
        for skipped in step..target {
            let proves = passed && skipped == step;
            self.mark(skipped, if proves { Mark::Passed } else { Mark::Skipped });
        }
        self.be_at(target);
        self.keep_for(target + 1).await?;
        let count = self.count().await?;
        if count.is_none_or(|count| target > count) {
            return Err(self.broken("getNextStep named a step that does not exist"));
        }
        let place = self.place_of_later_step(target).await?;
        self.keep_for(target).await?;
        Ok(Next::Step {
            step: target,
            place,
        })
    }

    async fn count(&mut self) -> Result<Option<u32>, FlowError> {
        let returned = self.ask(Call::GetCountAuthenticationSteps).await?;
        let count = returned.and_then(|returned| returned.as_int());
        Ok(count.and_then(|count| u32::try_from(count).ok()))
    }

    async fn place_of_later_step(&mut self, step: u32) -> Result<Place, FlowError> {
        let place = self.place(step).await?;
        place.ok_or_else(|| self.broken("getPageForStep returned nothing for a later step"))
    }

    /// Where a step takes place; `None` when the script names nothing.
    pub(crate) async fn place(&mut self, step: u32) -> Result<Option<Place>, FlowError> {
        let returned = self.ask(Call::GetPageForStep { step }).await?;
        let Some(text) = returned.as_ref().and_then(Returned::as_text) else {
            return Ok(None);
        };
        match Place::of_step(self.flow, self.script, text) {
            Ok(place) => Ok(Some(place)),
            Err(cause) => Err(self.no_place(&cause).await?),
        }
    }

    async fn no_place(&self, cause: &NoPlace) -> Result<FlowError, FlowError> {
        self.record(&cause.to_string()).await?;
        Ok(self.broken(&cause.to_string()))
    }

    async fn keep_for(&mut self, step: u32) -> Result<(), FlowError> {
        let returned = self.ask(Call::GetExtraParametersForStep { step }).await?;
        let names = returned.map(Returned::into_texts).unwrap_or_default();
        let scene = self.run.scene_mut();
        keep_parameters(&mut scene.session, &scene.working, &names);
        Ok(())
    }

    async fn method_claims(&mut self) -> Result<BTreeMap<String, String>, FlowError> {
        if self.script.script().api_version() <= 3 {
            return Ok(BTreeMap::new());
        }
        let returned = self.ask(Call::GetAuthenticationMethodClaims).await?;
        Ok(returned.map(Returned::into_map).unwrap_or_default())
    }

    /// Whether the script lets the person sign out.
    pub(crate) async fn logout(&mut self) -> Result<bool, FlowError> {
        self.agrees(Call::Logout).await
    }

    /// Where the script wants the browser to go to end what other sites remember.
    pub(crate) async fn logout_elsewhere(&mut self) -> Result<Option<Place>, FlowError> {
        if self.script.script().api_version() < 3 {
            return Ok(None);
        }
        let returned = self.ask(Call::GetLogoutExternalUrl).await?;
        let Some(address) = returned.as_ref().and_then(Returned::as_text) else {
            return Ok(None);
        };
        if address.is_empty() {
            return Ok(None);
        }
        match Place::of_redirect(self.flow, self.script, address) {
            Ok(place) => Ok(Some(place)),
            Err(cause) => Err(self.no_place(&cause).await?),
        }
    }

    fn session(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.run.scene_mut().session
    }

    fn be_at(&mut self, step: u32) {
        let step = step.to_string();
        self.session().insert("auth_step".to_owned(), step);
    }

    fn mark(&mut self, step: u32, mark: Mark) {
        let (passed, skipped) = (passed_key(step), skipped_key(step));
        let session = self.session();
        session.remove(&passed);
        session.remove(&skipped);
        if mark != Mark::Open {
            session.insert(passed, "true".to_owned());
        }
        if mark == Mark::Skipped {
            session.insert(skipped, "true".to_owned());
        }
    }

    /// Ends the conversation.
    pub(crate) async fn finish(mut self) -> Result<Told, FlowError> {
        let redirect = self.run.scene_mut().redirect.take();
        let way = match redirect.map(|to| Place::of_redirect(self.flow, self.script, &to)) {
            None => None,
            Some(Ok(place)) => Some(place),
            Some(Err(cause)) => return Err(self.no_place(&cause).await?),
        };
        let mut scene = self.run.finish();
        scene.session.remove("remote_ip");
        Ok(Told {
            reply: ScriptReply::of(&scene, way, self.flow.issuer().is_https()),
            session: scene.session,
            working: scene.working,
            messages: scene.messages,
            person: self.host.known(),
            set_password: self.host.set_password(),
            notice: self.host.notice(),
            send_failed: self.host.send_failed(),
            right_password_of: self.host.into_right_password_of(),
        })
    }

    fn broken(&self, why: &str) -> FlowError {
        broken(self.script, why)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Open,
    Passed,
    Skipped,
}

pub(crate) fn broken(script: &LoadedScript, why: &str) -> FlowError {
    FlowError::Contract {
        script: script.acr().name.clone(),
        why: why.to_owned(),
    }
}

/// Marks a step that the script jumped over: it proves nothing.
pub(crate) fn skipped_key(step: u32) -> String {
    format!("auth_step_skipped_{step}")
}

pub(crate) fn passed_key(step: u32) -> String {
    format!("auth_step_passed_{step}")
}
