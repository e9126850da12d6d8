use axum::extract::State;
use sallyport_base::{Id, StoreError, Timestamp, Tx};
use serde_json::{Value, json};

use crate::{
    Otp,
    address::{Address, Kind},
    answer::Success,
    audit::{Entry, Event},
    channel::Channel,
    claim,
    collision::again,
    conversion::Conversion,
    cooldown::Cooldown,
    decoy::Decoy,
    delivery::Origin,
    fields::Fields,
    message::Message,
    method::{self, Method},
    notice,
    outbox::{Parcel, Verified},
    passcode::{Attempt, Code, Guess, Passcode},
    project::Caller,
    refusal::Refusal,
    session::{Session, SessionProof},
    session_wishes::SessionWishes,
    signing_key::SigningKey,
    user::User,
};

struct Params {
    kind: Kind,
    method_id: Id<Method>,
    guess: Guess,
    proof: Option<SessionProof>,
    wishes: SessionWishes,
}

impl Params {
    fn check(otp: &Otp, caller: &Caller, fields: &Fields) -> Result<Self, Refusal> {
        let method_id = fields.required_text("method_id")?;
        let (kind, method_id) = Kind::of_method_id(caller.project.environment, method_id)
            .ok_or(Refusal::InvalidMethodId)?;
        // A person who sends an empty field is told so as of any other wrong form.
        let code = match fields.text("code")? {
            Some(code) => Code::check(code).ok_or(Refusal::InvalidCode)?,
            None => return Err(Refusal::BadRequest("code is required.".into())),
        };
        let options = fields.object("options")?;
        Ok(Self {
            kind,
            method_id,
            guess: Guess {
                mac: otp.keys().code(
                    &method::shown_id(&caller.project, kind, method_id),
                    code.expose(),
                ),
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
        SigningKey::load(otp, &caller.project, caller.now)
            .await
            .map(Some)
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
    methods: Vec<Method>,
    session: Option<Session>,
    /// The method when it was not verified before.
    new: Option<Method>,
}

/// `POST /v1/otps/authenticate`
pub async fn authenticate(
    State(otp): State<Otp>,
    caller: Caller,
    fields: Fields,
) -> Result<Success, Refusal> {
    let params = Params::check(&otp, &caller, &fields)?;
    let key = params.signing_key(&otp, &caller).await?;
    match again(|| decide(&otp, &caller, &params)).await? {
        Outcome::Right(authenticated) => {
            tell_others(&otp, &caller, &authenticated).await;
            let answer = answer(&otp, &caller, &params, &authenticated, key.as_ref())?;
            Ok(Success::of(answer))
        }
        Outcome::Counted(refusal) => Err(refusal),
        Outcome::NotCounted(refusal, user_id) => {
            Entry::new(Event::CodeRefused)
                .because(&refusal)
                .maybe_user(user_id)
                .record_alone(&otp, &caller)
                .await?;
            Err(refusal)
        }
    }
}

/// One attempt, which is durable as far as it counts.
async fn decide(otp: &Otp, caller: &Caller, params: &Params) -> Result<Outcome, Refusal> {
    let mut tx = otp.store().begin().await?;
    let outcome = attempt(otp, &mut tx, caller, params).await?;
    if !matches!(outcome, Outcome::NotCounted(..)) {
        tx.commit().await?;
    }
    Ok(outcome)
}

/// The user comes first, then the code: whoever changes both takes them in this order.
async fn attempt(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
) -> Result<Outcome, Refusal> {
    let now = caller.now;
    let limits = otp.limits();
    let Some(method) = find_method(tx, caller, params).await? else {
        return pretend(otp, tx, caller).await;
    };
    let session = find_session(tx, caller, params, &method).await?;
    if method.address.is_sandbox() {
        return try_sandbox(otp, tx, caller, params, method, session).await;
    }
    if !User::count_failure(tx, method.user_id, limits, now).await? {
        return Ok(Outcome::NotCounted(
            locked(tx, caller, &method).await?,
            Some(method.user_id),
        ));
    }
    let attempt = Passcode::attempt(tx, method.id, &params.guess, otp.keys(), limits, now).await?;
    let refusal = match attempt {
        Attempt::Right {
            channel,
            message_id,
        } => {
            note_verified(otp, tx, message_id, now).await?;
            let proof = Proof {
                method,
                channel,
                session,
            };
            return accept(otp, tx, caller, params, proof).await;
        }
        Attempt::Dead => return Ok(Outcome::NotCounted(Refusal::DeadCode, Some(method.user_id))),
        Attempt::Unknown => {
            return Ok(Outcome::NotCounted(
                Refusal::WrongCode,
                Some(method.user_id),
            ));
        }
        Attempt::Wrong => Refusal::WrongCode,
        Attempt::Mismatch => Refusal::AttributeMismatch,
    };
    Entry::new(Event::CodeRefused)
        .user(method.user_id)
        .because(&refusal)
        .record(tx, caller, otp.random())
        .await?;
    Ok(Outcome::Counted(refusal))
}

/// The sandbox's code is always right and is never used up, so that many tests may run at once. All
/// of a project share its user, whom no wrong code locks.
async fn try_sandbox(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
    method: Method,
    session: Option<Session>,
) -> Result<Outcome, Refusal> {
    User::hold(tx, method.user_id).await?;
    let shown_id = method::shown_id(&caller.project, params.kind, method.id);
    if params.guess.mac != otp.keys().code(&shown_id, Code::sandbox().expose()) {
        return Ok(Outcome::NotCounted(
            Refusal::WrongCode,
            Some(method.user_id),
        ));
    }
    let usual = match params.kind {
        Kind::Phone => Channel::Sms,
        Kind::Email => Channel::Email,
    };
    let channel = Passcode::channel(tx, method.id).await?.unwrap_or(usual);
    let proof = Proof {
        method,
        channel,
        session,
    };
    accept(otp, tx, caller, params, proof).await
}

/// The work of a wrong guess at a code that exists, so that the time of an answer does not tell.
async fn pretend(otp: &Otp, tx: &mut Tx, caller: &Caller) -> Result<Outcome, Refusal> {
    // To read the number of a method takes longer than a row.
    std::hint::black_box(Address::stored("+12025550162"));
    let decoy = Decoy::put(tx, caller.now, otp.random()).await?;
    decoy.try_out(tx).await?;
    let refusal = Refusal::WrongCode;
    Entry::new(Event::CodeRefused)
        .because(&refusal)
        .record(tx, caller, otp.random())
        .await?;
    Ok(Outcome::Counted(refusal))
}

/// The method with the kind of address that the id says.
async fn find_method(
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
) -> Result<Option<Method>, Refusal> {
    let found = Method::find(tx, &caller.project, params.method_id, caller.now).await?;
    Ok(found.filter(|method| method.kind() == params.kind))
}

/// How long the code took, and by which gateway.
async fn note_verified(
    otp: &Otp,
    tx: &mut Tx,
    message_id: Id<Message>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(verified) = Parcel::verified(tx, message_id, now).await? {
        let Verified {
            gateway,
            country,
            after,
        } = verified;
        otp.metrics().verified(&gateway, &country, after);
    }
    Ok(())
}

/// The session to attach to, which must be the same user's.
async fn find_session(
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
    method: &Method,
) -> Result<Option<Session>, Refusal> {
    let Some(proof) = &params.proof else {
        return Ok(None);
    };
    Session::find(tx, &caller.project, proof, caller.now)
        .await?
        .filter(|session| session.user_id == method.user_id)
        .map(Some)
        .ok_or(Refusal::SessionNotFound)
}

async fn locked(tx: &mut Tx, caller: &Caller, method: &Method) -> Result<Refusal, Refusal> {
    let user = User::find(tx, &caller.project, method.user_id).await?;
    let retry_after = user
        .and_then(|user| user.locked_for(caller.now))
        .unwrap_or_default();
    Ok(Refusal::UserLocked { retry_after })
}

/// What a right code proved.
struct Proof {
    method: Method,
    channel: Channel,
    /// The session to attach to.
    session: Option<Session>,
}

/// The address is verified, the user active, failures and pauses forgotten, the session kept.
async fn accept(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
    proof: Proof,
) -> Result<Outcome, Refusal> {
    let Caller { project, now, .. } = caller;
    let Proof { method, .. } = &proof;
    if !method.was_proven {
        claim::take(otp, tx, caller, method).await?;
    }
    if !Method::verify(tx, method, *now).await? {
        return Ok(Outcome::NotCounted(
            Refusal::duplicate(method.kind()),
            Some(method.user_id),
        ));
    }
    User::succeed(tx, method.user_id).await?;
    if let Address::Phone(number) = &method.address {
        Conversion::count_verified(tx, project, number.prefix(), *now).await?;
    }
    Cooldown::clear(tx, project, &otp.keys().address(&method.address)).await?;
    Entry::new(Event::Verified)
        .user(method.user_id)
        .address(otp, &method.address)
        .record(tx, caller, otp.random())
        .await?;
    let user = User::find(tx, project, method.user_id)
        .await?
        .ok_or(Refusal::Internal("a method has no user"))?;
    let methods = Method::list(tx, method.user_id, *now).await?;
    let new = (!method.verified).then(|| method.clone());
    let session = keep_session(otp, tx, caller, params, proof).await?;
    Ok(Outcome::Right(Box::new(Authenticated {
        user,
        methods,
        session,
        new,
    })))
}

/// Opens a session when a duration was asked for, strengthens the one that was shown.
async fn keep_session(
    otp: &Otp,
    tx: &mut Tx,
    caller: &Caller,
    params: &Params,
    proof: Proof,
) -> Result<Option<Session>, Refusal> {
    let Caller { project, now, .. } = caller;
    let Proof {
        method,
        channel,
        session,
    } = proof;
    match (session, params.wishes.duration) {
        (Some(session), _) => {
            let held = session.hold(tx, *now).await?;
            let mut session = held.ok_or(Refusal::SessionNotFound)?;
            session.add_factor(&method, channel, *now);
            session.touch(&params.wishes, *now)?;
            if !session.keep_changes(tx, project).await? {
                return Err(Refusal::SessionNotFound);
            }
            Ok(Some(session))
        }
        (None, Some(duration)) => {
            let origin = &params.guess.origin;
            let mut session = Session::open(&method, channel, origin, duration, *now, otp.random());
            session.touch(&params.wishes, *now)?;
            session.keep(tx, project, otp.vault()).await?;
            Ok(Some(session))
        }
        (None, None) => Ok(None),
    }
}

/// Whoever had the account before is told that an address was added to it.
async fn tell_others(otp: &Otp, caller: &Caller, authenticated: &Authenticated) {
    let Some(new) = &authenticated.new else {
        return;
    };
    if !otp.limits().notify_of_new_factor {
        return;
    }
    let others = authenticated.methods.iter();
    for other in others.filter(|other| other.verified && other.id != new.id) {
        let what = otp.text().notice(&new.address, !new.was_proven);
        notice::tell(otp, caller, other, what).await;
    }
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
        methods,
        session,
        ..
    } = authenticated;
    let mut answer = json!({
        "user_id": user.shown_id(project),
        "method_id": method::shown_id(project, params.kind, params.method_id),
        "user": user.shown(project, methods, *now),
        "reset_sessions": false,
        "session_token": "",
        "session_jwt": "",
        "session": null,
        "user_device": null,
    });
    if let (Some(session), Some(key)) = (session, key) {
        answer["session_token"] = json!(session.token(otp.vault()).expose());
        answer["session_jwt"] = json!(session.jwt(key, project, user, methods, *now)?);
        answer["session"] = session.shown(project, user, methods);
    }
    Ok(answer)
}
