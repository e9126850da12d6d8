use axum::extract::State;
use sallyport_base::Id;
use serde_json::json;

use crate::{
    Otp,
    answer::Success,
    fields::Fields,
    phone::Phone,
    project::Caller,
    refusal::Refusal,
    session::{Session, SessionProof},
    session_wishes::SessionWishes,
    signing_key::SigningKey,
    user::User,
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
    let key = SigningKey::load(&otp, project).await?;
    let mut tx = otp.store().begin().await?;
    let mut session = Session::find(&mut tx, project, &proof, *now)
        .await?
        .ok_or(Refusal::SessionNotFound)?;
    let user = User::find(&mut tx, project, session.user_id)
        .await?
        .ok_or(Refusal::SessionNotFound)?;
    if let Some(retry_after) = user.locked_for(*now) {
        return Err(Refusal::UserLocked { retry_after });
    }
    session.touch(&wishes, *now)?;
    session.keep(&mut tx, project, otp.vault()).await?;
    let phones = Phone::list(&mut tx, user.id, *now).await?;
    tx.commit().await?;
    Ok(Success::of(json!({
        "session": session.shown(project, &phones),
        "session_token": session.token(otp.vault()).expose(),
        "session_jwt": session.jwt(&key, project, &phones, *now)?,
        "user": user.shown(project, &phones, *now),
        "verdict": null,
    })))
}

/// `POST /v1/sessions/revoke`: revoking a session that ended already succeeds too.
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
        let proof = SessionProof::check(fields, || Refusal::TooManySessionArguments)?;
        match (id, proof) {
            (Some(_), Some(_)) => Err(Refusal::TooManySessionArguments),
            (None, None) => Err(Refusal::NoSessionArguments),
            (None, Some(proof)) => Ok(Self::Proof(proof)),
            (Some(text), None) => caller
                .project
                .environment
                .parse("session", text)
                .map(Self::Id)
                .ok_or(Refusal::SessionNotFound),
        }
    }
}
