use std::collections::BTreeMap;

use axum::response::Response;
use http::HeaderMap;
use sallyport_base::{Conn, Id, StoreError, Timestamp, Tx};
use sallyport_flow::{Acr, Authentication, BrowserSession, Login, NewLogin};
use serde::{Deserialize, Serialize};

use super::{
    consent_page,
    decide::{Decision, Situation, Stage, decide},
    refusal::{Failure, Refusal, RefusalCode},
    reply_to::{NoReply, ReplyTo},
    request::AuthorizeRequest,
};
use crate::{
    Client, OidcError, Provider, access_token,
    authorization::{Authorization, NewAuthorization},
    authorization_code::{self, AuthorizationCode, Binding},
    client::GrantType,
    consent::Consent,
    refresh_token, routes,
};

/// One HTTP request of a browser.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) provider: &'a Provider,
    pub(super) headers: &'a HeaderMap,
    pub(super) now: Timestamp,
}

impl Visit<'_> {
    /// The session of the browser, unless its person may not sign in any more.
    pub(super) async fn session(&self) -> Result<Option<BrowserSession>, OidcError> {
        let flow = self.provider.flow();
        let Some(session) = BrowserSession::find(flow, self.headers, self.now).await? else {
            return Ok(None);
        };
        let person = flow.people().find(session.person_id).await?;
        Ok(person
            .is_some_and(|person| person.is_active())
            .then_some(session))
    }
}

/// An authorization request on its way to an answer.
pub(super) struct Attempt {
    pub(super) reply: ReplyTo,
    pub(super) request: AuthorizeRequest,
    /// The login methods that are good enough, chosen when the request came.
    wanted: Vec<Acr>,
    /// What scripts see of the request; none once the person has signed in.
    attributes: BTreeMap<String, String>,
}

/// An attempt as text, while the person does something else.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Parked {
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
    request: AuthorizeRequest,
    wanted: Vec<String>,
}

impl Attempt {
    pub(super) async fn new(
        visit: Visit<'_>,
        reply: ReplyTo,
        request: AuthorizeRequest,
        attributes: BTreeMap<String, String>,
    ) -> Result<Self, OidcError> {
        let flow = visit.provider.flow();
        let wanted = if request.acr_values.is_empty() {
            let default = &reply.client.registration.default_acr_values;
            flow.choose_acr(&[], default).await?.into_iter().collect()
        } else {
            loaded(&flow.acrs().await?, &request.acr_values)
        };
        Ok(Self {
            reply,
            request,
            wanted,
            attributes,
        })
    }

    pub(super) fn park(&self) -> Parked {
        Parked {
            client_id: self.reply.client.id.clone(),
            redirect_uri: self.reply.redirect_uri.clone(),
            state: self.reply.state.clone(),
            request: self.request.clone(),
            wanted: self.wanted.iter().map(|acr| acr.name.clone()).collect(),
        }
    }

    pub(super) async fn decide(
        &self,
        conn: &mut Conn,
        visit: Visit<'_>,
        stage: Stage,
        session: Option<&BrowserSession>,
    ) -> Result<Decision, StoreError> {
        Ok(decide(&Situation {
            stage,
            prompt: self.request.prompt,
            max_age: self.request.max_age,
            hinted: self.request.hinted,
            wanted: &self.wanted,
            session,
            allowed_before: self.is_allowed_before(conn, session).await?,
            now: visit.now,
        }))
    }

    async fn is_allowed_before(
        &self,
        conn: &mut Conn,
        session: Option<&BrowserSession>,
    ) -> Result<bool, StoreError> {
        if self.reply.client.registration.trusted {
            return Ok(true);
        }
        let Some(session) = session else {
            return Ok(false);
        };
        let given = Consent::given(conn, session.person_id, &self.reply.client.id).await?;
        Ok(self.request.scopes.is_within(&given))
    }

    /// Gives the client its code, and commits.
    pub(super) async fn issue(
        &self,
        mut tx: Tx,
        visit: Visit<'_>,
        session: &BrowserSession,
        proof: &Authentication,
    ) -> Result<Response, Failure> {
        let flow = visit.provider.flow();
        let new = NewAuthorization {
            client_id: &self.reply.client.id,
            session,
            authentication: proof,
            scopes: self.request.scopes.clone(),
            lifetime: self.lifetime(),
        };
        let id = Id::new(visit.now, flow.random());
        let authorization = Authorization::add(&mut tx, id, new, visit.now).await?;
        let binding = Binding {
            redirect_uri: &self.reply.redirect_uri,
            challenge: self.request.challenge.as_ref(),
            nonce: self.request.nonce.as_deref(),
        };
        let code =
            AuthorizationCode::issue(&mut tx, &authorization, binding, visit.now, flow.random())
                .await?;
        tx.commit().await?;
        tracing::info!(event = "authorization.issued", client.id = %self.reply.client.id, person.id = %session.person_id, acr = %proof.acr, "a client was let in");
        Ok(self.reply.success(flow.issuer(), &code))
    }

    /// Until when something issued from the authorization can be good.
    fn lifetime(&self) -> std::time::Duration {
        if self.reply.client.may_use(GrantType::RefreshToken) {
            refresh_token::LIFETIME + access_token::LIFETIME
        } else {
            authorization_code::LIFETIME + access_token::LIFETIME
        }
    }

    /// Carries out a decision that leaves the client without a code for the moment.
    pub(super) async fn ask(
        &self,
        visit: Visit<'_>,
        decision: Decision,
        session: Option<&BrowserSession>,
    ) -> Result<Response, Failure> {
        match (decision, session) {
            (Decision::SignIn(acr), _) => Ok(self.start_login(visit, acr).await?),
            (Decision::AskConsent, Some(session)) => {
                Ok(consent_page::show(visit, self, session).await?)
            }
            (Decision::Refuse(refusal), _) => Err(refusal.into()),
            (Decision::AskConsent | Decision::Issue(_), _) => {
                Err(Refusal::new(RefusalCode::LoginRequired, "The person must sign in.").into())
            }
        }
    }

    async fn start_login(&self, visit: Visit<'_>, acr: Acr) -> Result<Response, OidcError> {
        let flow = visit.provider.flow();
        let gave_up = Refusal::access_denied();
        let login = NewLogin {
            acr,
            attributes: self.attributes.clone(),
            login_hint: self.request.login_hint.clone(),
            client_name: Some(self.reply.client.registration.client_name.clone()),
            parked: self.park().to_text(),
            resume_path: routes::RESUME,
            cancel_url: Some(self.reply.refusal_address(flow.issuer(), &gave_up)),
        };
        Ok(Login::start(flow, visit.headers, login, visit.now).await?)
    }
}

impl Parked {
    pub(super) fn to_text(&self) -> String {
        crate::stored::to_json(self)
    }

    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        serde_json::from_str(text).map_err(|cause| StoreError::Column {
            column: "parked".to_owned(),
            cause: cause.to_string(),
        })
    }

    /// The attempt again, if its client and address are still registered.
    pub(super) async fn unpark(
        self,
        conn: &mut Conn,
        acrs: Vec<Acr>,
    ) -> Result<Result<Attempt, NoReply>, StoreError> {
        let Some(client) = Client::find(conn, &self.client_id).await? else {
            return Ok(Err(NoReply::UnknownClient));
        };
        let reply = ReplyTo::at(client, &self.redirect_uri, self.state.as_deref());
        Ok(reply.map(|reply| Attempt {
            reply,
            request: self.request,
            wanted: loaded(&acrs, &self.wanted),
            attributes: BTreeMap::new(),
        }))
    }
}

/// The methods of these names that are there, in the order of the names.
fn loaded(acrs: &[Acr], names: &[String]) -> Vec<Acr> {
    let mut found: Vec<Acr> = Vec::new();
    for name in names {
        let acr = acrs.iter().find(|acr| acr.is_named(name));
        found.extend(acr.filter(|acr| !found.contains(acr)).cloned());
    }
    found
}
