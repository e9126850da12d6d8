use axum::extract::State;
use sallyport_base::{Id, Tx};
use serde_json::{Value, json};

use crate::{
    Otp,
    answer::Success,
    audit::{Entry, Event},
    cooldown::Cooldown,
    delivery::Origin,
    fields::Fields,
    passcode::{Attempt, Code, Guess, Passcode},
    phone::{self, Phone},
    phone_number::PhoneNumber,
    project::Caller,
    refusal::Refusal,
    session::{Session, SessionProof},
    session_wishes::SessionWishes,
    signing_key::SigningKey,
    user::User,
};

struct Params {
    phone_id: Id<Phone>,
    guess: Guess,
    proof: Option<SessionProof>,
    wishes: SessionWishes,
}

impl Params {
    fn check(otp: &Otp, caller: &Caller, fields: &Fields) -> Result<Self, Refusal> {
        let method_id = fields.required_text("method_id")?;
        let phone_id = caller
            .project
            .environment
            .parse("phone-number", method_id)
            .ok_or(Refusal::InvalidMethodId)?;
        let code = Code::check(fields.required_text("code")?).ok_or(Refusal::InvalidCode)?;
        let options = fields.object("options")?;
        Ok(Self {
            phone_id,
            guess: Guess {
                mac: otp
                    .keys()
                    .code(&phone::shown_id(&caller.project, phone_id), code.expose()),
                origin: Origin::check(fields)?,
                ip_must_match: options.flag("ip_match_required")?,
                user_agent_must_match: options.flag("user_agent_match_required")?,
            },
            proof: SessionProof::check(fields, || Refusal::TooManySessionArguments)?,
            wishes: SessionWishes::check(fields)?,
        })
    }

    /// What the session's JWT will be signed with, when there will be one: a code is not used up
    /// for an answer that cannot be given.
    async fn signing_key(&self, otp: &Otp, caller: &Caller) -> Result<Option<SigningKey>, Refusal> {
        if self.proof.is_none() && self.wishes.duration.is_none() {
            return Ok(None);
        }
        SigningKey::load(otp, &caller.project).await.map(Some)
    }
}

/// What a guess led to. What was counted is committed; the rest has not happened.
enum Outcome {
    Right(Box<Authenticated>),
    Counted(Refusal),
    NotCounted(Refusal, Option<Id<User>>),
}

struct Authenticated {
    user: User,
    phones: Vec<Phone>,
    session: Option<Session>,
}

/// `POST /v1/otps/authenticate`
pub async fn authenticate(
    State(otp): State<Otp>,
    caller: Caller,
    fields: Fields,
) -> Result<Success, Refusal> {
    let params = Params::check(&otp, &caller, &fields)?;
    let key = params.signing_key(&otp, &caller).await?;
    let mut tx = otp.store().begin().await?;
    match attempt(&otp, &mut tx, &caller, &params).await? {
        Outcome::Right(authenticated) => {
            tx.commit().await?;
            let answer = answer(&otp, &caller, &params, &authenticated, key.as_ref())?;
            Ok(Success::of(answer))
        }
        Outcome::Counted(refusal) => {
            tx.commit().await?;
            Err(refusal)
        }
        Outcome::NotCounted(refusal, user_id) => {
            drop(tx);
            Entry::new(Event::CodeRefused)
                .because(&refusal)
                .maybe_user(user_id)
                .record_alone(&otp, &caller)
                .await?;
            Err(refusal)
        }
    }
}

/// The user comes first, then the code: whoever changes both takes them in this order.
async fn attempt(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
) -> Result<Outcome, Refusal> {
    let Caller { project, now, .. } = caller;
    let limits = otp.limits();
    let Some(phone) = Phone::find(tx, project, params.phone_id, *now).await? else {
        return Ok(Outcome::NotCounted(Refusal::WrongCode, None));
    };
    let session = find_session(tx, caller, params, &phone).await?;
    if !User::count_failure(tx, phone.user_id, limits, *now).await? {
        return Ok(Outcome::NotCounted(
            locked(tx, caller, &phone).await?,
            Some(phone.user_id),
        ));
    }
    let attempt = Passcode::attempt(tx, phone.id, &params.guess, otp.keys(), limits, *now).await?;
    let refusal = match attempt {
        Attempt::Right => return accept(otp, tx, caller, params, phone, session).await,
        Attempt::Dead => return Ok(Outcome::NotCounted(Refusal::DeadCode, Some(phone.user_id))),
        Attempt::Unknown => {
            return Ok(Outcome::NotCounted(Refusal::WrongCode, Some(phone.user_id)));
        }
        Attempt::Wrong => Refusal::WrongCode,
        Attempt::Mismatch => Refusal::AttributeMismatch,
    };
    Entry::new(Event::CodeRefused)
        .user(phone.user_id)
        .because(&refusal)
        .record(tx, caller, otp.random())
        .await?;
    Ok(Outcome::Counted(refusal))
}

/// The session to attach to, which must be the same user's.
async fn find_session(
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
    phone: &Phone,
) -> Result<Option<Session>, Refusal> {
    let Some(proof) = &params.proof else {
        return Ok(None);
    };
    Session::find(tx, &caller.project, proof, caller.now)
        .await?
        .filter(|session| session.user_id == phone.user_id)
        .map(Some)
        .ok_or(Refusal::SessionNotFound)
}

async fn locked(tx: &mut Tx, caller: &Caller, phone: &Phone) -> Result<Refusal, Refusal> {
    let user = User::find(tx, &caller.project, phone.user_id).await?;
    let retry_after = user
        .and_then(|user| user.locked_for(caller.now))
        .unwrap_or_default();
    Ok(Refusal::UserLocked { retry_after })
}

/// The number is verified, the user active, failures and pauses forgotten, the session kept.
async fn accept(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
    phone: Phone,
    session: Option<Session>,
) -> Result<Outcome, Refusal> {
    let Caller { project, now, .. } = caller;
    if !Phone::verify(tx, &phone).await? {
        return Ok(Outcome::NotCounted(
            Refusal::DuplicatePhoneNumber,
            Some(phone.user_id),
        ));
    }
    User::succeed(tx, phone.user_id).await?;
    let number = PhoneNumber::stored(phone.number());
    Cooldown::clear(tx, project, &otp.keys().number(&number)).await?;
    let session = keep_session(otp, tx, caller, params, &phone, session).await?;
    Entry::new(Event::Verified)
        .user(phone.user_id)
        .number(otp, &number)
        .record(tx, caller, otp.random())
        .await?;
    let user = User::find(tx, project, phone.user_id)
        .await?
        .ok_or(Refusal::Internal("a phone has no user"))?;
    let phones = Phone::list(tx, phone.user_id, *now).await?;
    Ok(Outcome::Right(Box::new(Authenticated {
        user,
        phones,
        session,
    })))
}

/// Opens a session when a duration was asked for, strengthens the one that was shown.
async fn keep_session(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
    phone: &Phone,
    session: Option<Session>,
) -> Result<Option<Session>, Refusal> {
    let Caller { project, now, .. } = caller;
    let mut session = match (session, params.wishes.duration) {
        (Some(session), _) => session,
        (None, Some(duration)) => {
            Session::open(phone, &params.guess.origin, duration, *now, otp.random())
        }
        (None, None) => return Ok(None),
    };
    session.add_factor(phone, *now);
    session.touch(&params.wishes, *now)?;
    session.keep(tx, project, otp.vault()).await?;
    Ok(Some(session))
}

fn answer(
    otp: &Otp,
    caller: &Caller,
    params: &Params,
    authenticated: &Authenticated,
    key: Option<&SigningKey>,
) -> Result<Value, Refusal> {
    let Caller { project, now, .. } = caller;
    let Authenticated {
        user,
        phones,
        session,
    } = authenticated;
    let mut answer = json!({
        "user_id": user.shown_id(project),
        "method_id": phone::shown_id(project, params.phone_id),
        "user": user.shown(project, phones, *now),
        "reset_sessions": false,
        "session_token": "",
        "session_jwt": "",
        "session": null,
        "user_device": null,
    });
    if let (Some(session), Some(key)) = (session, key) {
        answer["session_token"] = json!(session.token(otp.vault()).expose());
        answer["session_jwt"] = json!(session.jwt(key, project, phones, *now)?);
        answer["session"] = session.shown(project, phones);
    }
    Ok(answer)
}
