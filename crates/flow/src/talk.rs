use std::collections::BTreeMap;

use sallyport_base::{Id, Timestamp};
use sallyport_people::Person;
use sallyport_script::{Call, ErrorKind, Returned, Run, Scene, ScriptError, Turn};

use crate::{
    Acr, Flow, FlowError, Login, questions::Host, scene::keep_parameters,
    script_entry::ScriptEntry, script_log, scripts::LoadedScript,
};

pub(crate) const LOGIN_PAGE: &str = "/login.xhtml";

/// What a conversation found out before the scene came back.
pub(crate) enum Next {
    Stay,
    Page {
        step: u32,
        page: String,
        set: BTreeMap<String, String>,
    },
    Passed {
        acr: Acr,
        claims: BTreeMap<String, String>,
    },
}

/// A conversation with one script during one request.
pub(crate) struct Talk<'f> {
    flow: &'f Flow,
    script: &'f LoadedScript,
    run: Run,
    pub(crate) host: Host<'f>,
}

impl<'f> Talk<'f> {
    pub(crate) async fn begin(
        flow: &'f Flow,
        script: &'f LoadedScript,
        login: &Login,
        scene: Scene,
        now: Timestamp,
    ) -> Result<Self, FlowError> {
        Ok(Self {
            flow,
            script,
            run: flow.engine().begin(script.script(), scene).await?,
            host: Host::for_step(flow, script, login.person_id, now),
        })
    }

    async fn call(&mut self, call: Call) -> Result<Returned, ScriptError> {
        let mut turn = self.run.call(call).await;
        loop {
            match turn {
                Turn::Ask(question) => {
                    let answer = self.host.answer(question).await;
                    turn = self.run.answer(answer).await;
                }
                Turn::Done(outcome) => return outcome.map_err(script_log::without_numbers),
            }
        }
    }

    /// A call whose failure ends the login.
    async fn must(&mut self, call: Call) -> Result<Returned, FlowError> {
        match self.call(call).await {
            Ok(returned) => Ok(returned),
            Err(cause) => {
                self.record(&cause).await?;
                Err(FlowError::Script {
                    script: self.script.acr().name.clone(),
                    cause,
                })
            }
        }
    }

    /// Keeps the error with the script, for the administrator.
    async fn record(&self, cause: &ScriptError) -> Result<(), FlowError> {
        let mut tx = self.flow.store().begin().await?;
        let text = script_log::with_traceback(&cause.message, &cause.traceback);
        let (name, revision) = (&self.script.acr().name, self.script.revision());
        ScriptEntry::record_failure(&mut tx, name, revision, &text).await?;
        tx.commit().await?;
        Ok(())
    }

    /// `false` and an exception are the same to Gluu: not passed. A script that had to be stopped
    /// is not: its worker is gone.
    pub(crate) async fn authenticate(&mut self, step: u32) -> Result<bool, FlowError> {
        let outcome = self.call(Call::Authenticate { step }).await;
        if let Some(trouble) = self.host.take_trouble() {
            return Err(trouble);
        }
        match outcome {
            Ok(Returned::Bool(passed)) => Ok(passed),
            Ok(Returned::Int(number)) => Ok(number != 0),
            Ok(Returned::None) => Ok(false),
            Ok(_) => Err(self.broken("authenticate returned neither true nor false")),
            Err(cause) if cause.kind == ErrorKind::Exception => {
                self.record(&cause).await?;
                tracing::error!(script.name = %self.script.acr().name, cause = %cause.message, "authenticate raised");
                Ok(false)
            }
            Err(cause) => {
                self.record(&cause).await?;
                Err(FlowError::Script {
                    script: self.script.acr().name.clone(),
                    cause,
                })
            }
        }
    }

    /// Where the script wants to go instead of the next step; `None` for the normal order.
    pub(crate) async fn next_step(&mut self, step: u32) -> Result<Option<u32>, FlowError> {
        if self.script.script().api_version() <= 1 {
            return Ok(None);
        }
        match self.call(Call::GetNextStep { step }).await {
            Ok(returned) => Ok(returned
                .as_int()
                .and_then(|target| u32::try_from(target).ok())),
            Err(cause) => {
                self.record(&cause).await?;
                Ok(None)
            }
        }
    }

    pub(crate) async fn prepare(&mut self, step: u32) -> Result<(), FlowError> {
        if !self.must(Call::IsValidAuthenticationMethod).await?.truthy() {
            return Err(self.broken("it says that it cannot be used now"));
        }
        if !self.must(Call::PrepareForStep { step }).await?.truthy() {
            return Err(self.broken("it refused to prepare the page of a step"));
        }
        Ok(())
    }

    /// The next step, or the end.
    pub(crate) async fn go_on(&mut self, login: &Login, step: u32) -> Result<Next, FlowError> {
        let next = step + 1;
        let mut set = BTreeMap::from([(passed_key(step), "true".to_owned())]);
        self.keep_for(next, login, &mut set).await?;
        let count = self.must(Call::GetCountAuthenticationSteps).await?.as_int();
        match count.and_then(|count| u32::try_from(count).ok()) {
            Some(count) if step < count => self.page_of(next, set).await,
            Some(count) if step == count => Ok(Next::Passed {
                acr: Acr {
                    steps: count,
                    ..self.script.acr().clone()
                },
                claims: self.method_claims().await?,
            }),
            _ => Err(self.broken("getCountAuthenticationSteps returned a number below the step")),
        }
    }

    /// Back to an earlier step, whose later ones must be passed again, or past steps that the
    /// script skips.
    pub(crate) async fn jump(
        &mut self,
        login: &Login,
        step: u32,
        target: u32,
    ) -> Result<Next, FlowError> {
        let count = self.must(Call::GetCountAuthenticationSteps).await?.as_int();
        if target == 0 || i64::from(target) > count.unwrap_or(0) {
            return Err(self.broken("getNextStep named a step that does not exist"));
        }
        let mut set = BTreeMap::new();
        if target <= step {
            set.extend((target..=step).map(|undone| (passed_key(undone), "false".to_owned())));
        } else {
            set.extend((step..target).map(|skipped| (passed_key(skipped), "true".to_owned())));
            set.extend((step + 1..target).map(|skipped| (skipped_key(skipped), "true".to_owned())));
        }
        self.keep_for(target, login, &mut set).await?;
        self.page_of(target, set).await
    }

    async fn page_of(
        &mut self,
        step: u32,
        set: BTreeMap<String, String>,
    ) -> Result<Next, FlowError> {
        match self.page(step).await? {
            Some(page) => Ok(Next::Page { step, page, set }),
            None => Err(self.broken("getPageForStep returned nothing for a later step")),
        }
    }

    /// The page of a step; the login page when the script names none by an empty text.
    pub(crate) async fn page(&mut self, step: u32) -> Result<Option<String>, FlowError> {
        let returned = self.must(Call::GetPageForStep { step }).await?;
        let page = match returned.as_text() {
            None => return Ok(None),
            Some("") => LOGIN_PAGE,
            Some(page) => page,
        };
        let known = page.starts_with('/')
            && page.ends_with(".xhtml")
            && self.flow.pages().has(page.trim_start_matches('/'));
        if known {
            Ok(Some(page.to_owned()))
        } else {
            Err(self.broken("it named a page that does not exist"))
        }
    }

    async fn keep_for(
        &mut self,
        step: u32,
        login: &Login,
        set: &mut BTreeMap<String, String>,
    ) -> Result<(), FlowError> {
        let names = self
            .must(Call::GetExtraParametersForStep { step })
            .await?
            .into_texts();
        let scene = self.run.scene();
        keep_parameters(set, &login.session, &scene.working, &names);
        Ok(())
    }

    async fn method_claims(&mut self) -> Result<BTreeMap<String, String>, FlowError> {
        if self.script.script().api_version() <= 3 {
            return Ok(BTreeMap::new());
        }
        Ok(self
            .must(Call::GetAuthenticationMethodClaims)
            .await?
            .into_map())
    }

    /// The changed scene, and whose password was right.
    pub(crate) fn finish(mut self) -> Result<(Scene, Option<Id<Person>>), FlowError> {
        if let Some(trouble) = self.host.take_trouble() {
            return Err(trouble);
        }
        let proven = self.host.proven();
        let scene = self.run.finish();
        if scene.redirect.is_some() {
            let why = "it asked for a redirect, which this release does not follow";
            return Err(broken(self.script, why));
        }
        Ok((scene, proven))
    }

    fn broken(&self, why: &'static str) -> FlowError {
        broken(self.script, why)
    }
}

pub(crate) fn broken(script: &LoadedScript, why: &'static str) -> FlowError {
    FlowError::Contract {
        script: script.acr().name.clone(),
        why,
    }
}

/// Marks a step that the script jumped over: it proves nothing.
pub(crate) fn skipped_key(step: u32) -> String {
    format!("auth_step_skipped_{step}")
}

pub(crate) fn passed_key(step: u32) -> String {
    format!("auth_step_passed_{step}")
}
