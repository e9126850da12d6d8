use http::HeaderMap;
use sallyport_base::Timestamp;
use sallyport_script::{Request, Scene, Usage};
use url::Url;

use crate::{
    BrowserSession, Flow, FlowError,
    loaded_script::LoadedScript,
    place::Place,
    questions::{Host, shown},
    scene::{locale, readable_headers},
    script_reply::readable_cookies,
    talk::Talk,
};

/// The request of a person who signs out.
pub struct SigningOut<'a> {
    pub session: &'a BrowserSession,
    pub headers: &'a HeaderMap,
    pub path: &'static str,
}

/// What the login method says when a person signs out.
#[derive(Debug, PartialEq, Eq)]
pub enum MethodLogout {
    /// Nothing stands against it.
    Done {
        /// Where the browser is to go first, to end what another site remembers. It comes back to
        /// Gluu's `/oxauth/logout.htm`.
        elsewhere: Option<Url>,
    },
    /// The script refused, or it failed.
    Refused,
}

impl SigningOut<'_> {
    /// Asks the script of the method by which the person signed in last. A method without a script,
    /// or whose script does not run any more, has nothing to say.
    pub async fn ask_the_method(
        &self,
        flow: &Flow,
        now: Timestamp,
    ) -> Result<MethodLogout, FlowError> {
        let nothing = MethodLogout::Done { elsewhere: None };
        let last = self
            .session
            .authentications
            .iter()
            .max_by_key(|proof| proof.at);
        let Some(script) = last.and_then(|proof| flow.scripts().find(&proof.acr)) else {
            return Ok(nothing);
        };
        match self.ask(flow, &script, now).await {
            Err(cause @ (FlowError::Script { .. } | FlowError::Contract { .. })) => {
                tracing::error!(script.name = %script.acr().name, cause = %cause, "a script failed when a person signed out");
                Ok(MethodLogout::Refused)
            }
            other => other,
        }
    }

    async fn ask(
        &self,
        flow: &Flow,
        script: &LoadedScript,
        now: Timestamp,
    ) -> Result<MethodLogout, FlowError> {
        let scene = self.scene(flow, now).await?;
        let host = Host::for_script(flow, script, now);
        let mut talk = Talk::of_scene(flow, script, scene, host).await?;
        let allowed = talk.logout().await?;
        let elsewhere = match talk.logout_elsewhere().await? {
            Some(Place::Elsewhere(url)) => Some(url),
            Some(Place::Page(_) | Place::AtOnce) | None => None,
        };
        // Gluu follows the address of a script that refused, too.
        Ok(if allowed || elsewhere.is_some() {
            MethodLogout::Done { elsewhere }
        } else {
            MethodLogout::Refused
        })
    }

    async fn scene(&self, flow: &Flow, now: Timestamp) -> Result<Scene, FlowError> {
        let person = flow.people().find(self.session.person_id).await?;
        let session = self.session.attributes(flow).await?;
        Ok(Scene {
            session_id: self.session.id.to_string(),
            request: Request {
                headers: readable_headers(self.headers),
                cookies: readable_cookies(self.headers).collect(),
                method: "GET".to_owned(),
                path: self.path.to_owned(),
                locale: locale(&session, self.headers),
                ..Request::default()
            },
            session,
            usage: Usage::Interactive,
            now_ms: now.as_micros() / 1000,
            issuer: flow.issuer().to_string(),
            authenticated: person.map(shown),
            ..Scene::default()
        })
    }
}
