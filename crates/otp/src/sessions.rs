use axum::extract::{RawQuery, State};
use sallyport_base::{Id, Token};
use serde_json::json;

use crate::{
    Otp,
    answer::Success,
    audit::{Entry, Event},
    fields::Fields,
    method::Method,
    project::Caller,
    refusal::Refusal,
    sandbox_session,
    session::{Session, SessionProof},
    session_wishes::SessionWishes,
    signing_key::SigningKey,
    user::User,
    user_name::UserName,
};

/// `POST /v1/sessions/authenticate`
pub async fn authenticate(
    State(otp): State<Otp>,
    caller: Caller,
    fields: Fields,
) -> Result<Success, Refusal> {
    let proof = SessionProof::check(&fields, || Refusal::TooManySessionArguments)?
        .ok_or(Refusal::NoSessionArguments)?;
    let wishes = SessionWishes::check(&fields)?;
    let Caller { project, now, .. } = &caller;
    let key = SigningKey::load(&otp, project, *now).await?;
    let mut tx = otp.store().begin().await?;
    let is_sandbox = sandbox_session::is_shown(&caller, &proof);
    let mut session = if is_sandbox {
        sandbox_session::open(&otp, &mut tx, &caller).await?
    } else {
        let found = Session::find(&mut tx, project, &proof, *now)
            .await?
            .ok_or(Refusal::SessionNotFound)?;
        let held = found.hold(&mut tx, *now).await?;
        held.ok_or(Refusal::SessionNotFound)?
    };
    let user = User::find(&mut tx, project, session.user_id)
        .await?
        .ok_or(Refusal::SessionNotFound)?;
    if let Some(retry_after) = user.locked_for(*now) {
        return Err(Refusal::UserLocked { retry_after });
    }
    // Projects have no policy that could allow an action.
    if fields.has("authorization_check") {
        return Err(Refusal::ActionNotAllowed);
    }
    session.touch(&wishes, *now)?;
    let token = if is_sandbox {
        Token::unverified(sandbox_session::TOKEN)
    } else if session.keep_changes(&mut tx, project).await? {
        session.token(otp.vault())
    } else {
        return Err(Refusal::SessionNotFound);
    };
    let methods = Method::list(&mut tx, user.id, *now).await?;
    tx.commit().await?;
    Ok(Success::of(json!({
        "session": session.shown(project, &user, &methods),
        "session_token": token.expose(),
        "session_jwt": session.jwt(&key, project, &user, &methods, *now)?,
        "user": user.shown(project, &methods, *now),
        "verdict": null,
    })))
}

/// `GET /v1/sessions?user_id=…`: the live sessions of a user.
pub async fn list(
    State(otp): State<Otp>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Success, Refusal> {
    let Caller { project, now, .. } = &caller;
    let query = query.unwrap_or_default();
    let user_id = url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "user_id")
        .map(|(_, value)| value)
        .ok_or(Refusal::InvalidUserId)?;
    let name = UserName::check(project, &user_id)?;
    let mut reader = otp.store().reader().await?;
    let user = name.load(&mut reader, project).await?;
    let methods = Method::list(&mut reader, user.id, *now).await?;
    let sessions = Session::list(&mut reader, project, user.id, *now).await?;
    let shown = sessions
        .iter()
        .map(|session| session.shown(project, &user, &methods));
    Ok(Success::of(
        json!({ "sessions": shown.collect::<Vec<_>>() }),
    ))
}

/// `POST /v1/sessions/revoke`: where there is no such session, or no longer, nothing is left to do.
pub async fn revoke(
    State(otp): State<Otp>,
    caller: Caller,
    fields: Fields,
) -> Result<Success, Refusal> {
    let target = Target::check(&caller, &fields)?;
    let mut tx = otp.store().begin().await?;
    let id = match target {
        Target::Id(id) => Some(id),
        Target::Proof(proof) => Session::find(&mut tx, &caller.project, &proof, caller.now)
            .await?
            .map(|session| session.id),
    };
    if let Some(id) = id {
        Session::end(&mut tx, &caller.project, id).await?;
        Entry::new(Event::SessionRevoked)
            .record(&mut tx, &caller, otp.random())
            .await?;
        tx.commit().await?;
    }
    Ok(Success::of(json!({})))
}

/// Which session to revoke.
enum Target {
    Id(Id<Session>),
    Proof(SessionProof),
}

impl Target {
    fn check(caller: &Caller, fields: &Fields) -> Result<Self, Refusal> {
        let id = fields.filled_text("session_id")?;
        let proof = SessionProof::check(fields, || Refusal::TooManyRevokeArguments)?;
        match (id, proof) {
            (Some(_), Some(_)) => Err(Refusal::TooManyRevokeArguments),
            (None, None) => Err(Refusal::NoRevokeArguments),
            (None, Some(proof)) => Ok(Self::Proof(proof)),
            (Some(text), None) => caller
                .project
                .environment
                .parse("session", text)
                .map(Self::Id)
                .ok_or(Refusal::InvalidSessionId),
        }
    }
}
