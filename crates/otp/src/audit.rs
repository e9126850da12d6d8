use sallyport_base::{Id, Random, StoreError, Timestamp, Tx, params};

use crate::{
    Otp,
    address::Address,
    keys::Mac,
    project::{Caller, Project},
    refusal::Refusal,
    user::User,
};

pub const TABLE: &str = "
CREATE TABLE otp_audit (
    audit_id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    project_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    event TEXT NOT NULL,
    reason TEXT,
    user_id TEXT,
    number_mac TEXT,
    number_ends TEXT
);
CREATE INDEX otp_audit_by_time ON otp_audit (at);
";

/// One decision, for whoever asks later: never a code, and of an address its keyed hash and, when it
/// is a number, its last two digits.
pub struct Entry<'a> {
    event: Event,
    reason: Option<&'static str>,
    user_id: Option<Id<User>>,
    address: Option<(Mac, &'a str)>,
}

#[derive(Clone, Copy, Debug)]
pub enum Event {
    Sent,
    SendRefused,
    SendFailed,
    /// The gateway did not say whether it took the message.
    SendUnconfirmed,
    /// A receipt says so.
    Delivered,
    Verified,
    CodeRefused,
    UserCreated,
    UserUpdated,
    UserDeleted,
    MethodDeleted,
    MethodExchanged,
    SessionRevoked,
    OptedOut,
    OptedIn,
    Noticed,
    /// No more messages could be sent to the address that was to be told.
    NoticeKeptBack,
    /// A code went to a number of internet telephony.
    Voip,
    /// An operator ended a lock, a pause or a limit.
    Unlocked,
}

impl Event {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "otp.sent",
            Self::SendRefused => "otp.send_refused",
            Self::SendFailed => "otp.send_failed",
            Self::SendUnconfirmed => "otp.send_unconfirmed",
            Self::Delivered => "otp.delivered",
            Self::Verified => "otp.verified",
            Self::CodeRefused => "otp.code_refused",
            Self::UserCreated => "otp.user_created",
            Self::UserUpdated => "otp.user_updated",
            Self::UserDeleted => "otp.user_deleted",
            Self::MethodDeleted => "otp.method_deleted",
            Self::MethodExchanged => "otp.method_exchanged",
            Self::SessionRevoked => "otp.session_revoked",
            Self::OptedOut => "otp.opted_out",
            Self::OptedIn => "otp.opted_in",
            Self::Noticed => "otp.noticed",
            Self::NoticeKeptBack => "otp.notice_kept_back",
            Self::Voip => "otp.voip",
            Self::Unlocked => "otp.unlocked",
        }
    }
}

impl<'a> Entry<'a> {
    pub fn new(event: Event) -> Self {
        Self {
            event,
            reason: None,
            user_id: None,
            address: None,
        }
    }

    pub fn because(self, refusal: &Refusal) -> Self {
        Self {
            reason: Some(refusal.reason()),
            ..self
        }
    }

    /// Why, when no refusal says it.
    pub fn reason(self, reason: Option<&'static str>) -> Self {
        Self { reason, ..self }
    }

    pub fn user(self, user_id: Id<User>) -> Self {
        self.maybe_user(Some(user_id))
    }

    pub fn maybe_user(self, user_id: Option<Id<User>>) -> Self {
        Self { user_id, ..self }
    }

    pub fn address(self, otp: &Otp, address: &'a Address) -> Self {
        Self {
            address: Some((otp.keys().address(address), address.end())),
            ..self
        }
    }

    /// An address that is known by its hash only.
    pub fn address_hash(self, hash: Mac, ends: &'a str) -> Self {
        Self {
            address: Some((hash, ends)),
            ..self
        }
    }

    /// Part of the change that it records.
    pub async fn record(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        random: &Random,
    ) -> Result<(), StoreError> {
        let request = (&*caller.project.id, caller.request_id.as_str());
        self.keep(tx, request, caller.now, random).await
    }

    /// What no project asked for, as what people write back: it has neither project nor request.
    pub async fn record_unasked(
        &self,
        tx: &mut Tx,
        now: Timestamp,
        random: &Random,
    ) -> Result<(), StoreError> {
        self.keep(tx, ("", ""), now, random).await
    }

    /// What an operator did in a project: it has no request.
    pub async fn record_of_operator(
        &self,
        tx: &mut Tx,
        project: &Project,
        now: Timestamp,
        random: &Random,
    ) -> Result<(), StoreError> {
        self.keep(tx, (&*project.id, ""), now, random).await
    }

    async fn keep(
        &self,
        tx: &mut Tx,
        (project_id, request_id): (&str, &str),
        now: Timestamp,
        random: &Random,
    ) -> Result<(), StoreError> {
        let event = self.event.as_str();
        let user_id = self.user_id.map(|id| id.to_string());
        tracing::info!(
            event,
            reason = self.reason,
            user.id = user_id,
            phone.hash = self.address.as_ref().map(|(mac, _)| mac.as_str()),
            phone.ends = self.address.as_ref().map(|(_, ends)| *ends),
            "the passcode service decided"
        );
        tx.execute(
            "INSERT INTO otp_audit
                (audit_id, at, project_id, request_id, event, reason, user_id, number_mac, number_ends)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            params![
                Id::<Self>::new(now, random),
                now,
                project_id,
                request_id,
                event,
                self.reason,
                user_id,
                self.address.as_ref().map(|(mac, _)| mac.as_str()),
                self.address.as_ref().map(|(_, ends)| *ends)
            ],
        )
        .await?;
        Ok(())
    }

    /// A change of its own, for what was refused and left nothing else behind.
    pub async fn record_alone(&self, otp: &Otp, caller: &Caller) -> Result<(), StoreError> {
        let mut tx = otp.store().begin().await?;
        self.record(&mut tx, caller, otp.random()).await?;
        tx.commit().await
    }
}

/// Forgets what was decided before `limit`.
pub async fn purge(tx: &mut Tx, limit: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM otp_audit WHERE at <= $1", params![limit])
        .await
}
