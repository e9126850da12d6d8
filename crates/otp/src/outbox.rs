use std::time::Duration;

use sallyport_base::{
    Conn, Id, Random, Row, Sql, StoreError, Timestamp, Tx, Value, Vault, VaultError, params,
};
use serde::{Deserialize, Serialize};

use crate::{
    Otp,
    address::Address,
    answer::RequestId,
    audit::{Entry, Event},
    channel::Channel,
    conversion::Conversion,
    cooldown::Cooldown,
    gateway::Line,
    keys::Mac,
    locale::Locale,
    message::Message,
    method::Method,
    passcode::Passcode,
    project::{Caller, Project},
    telephone,
};

pub const TABLE: &str = "
CREATE TABLE otp_outbox (
    message_id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    method_id TEXT,
    number_mac TEXT NOT NULL,
    number_ends TEXT NOT NULL,
    country TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed TEXT,
    gateway TEXT NOT NULL,
    refused_by TEXT NOT NULL,
    reference TEXT,
    reason TEXT,
    tries BIGINT NOT NULL,
    queued_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    sent_at BIGINT,
    settled_at BIGINT,
    verified_at BIGINT
);
CREATE INDEX otp_outbox_by_due ON otp_outbox (state, due_at);
CREATE INDEX otp_outbox_by_method ON otp_outbox (method_id);
CREATE INDEX otp_outbox_by_reference ON otp_outbox (gateway, reference);
CREATE INDEX otp_outbox_by_time ON otp_outbox (queued_at);
";

/// For which prefix the code of a message that waits is counted among those that should come back.
pub const PREFIX: &str = "
ALTER TABLE otp_outbox ADD COLUMN prefix TEXT;
";

/// For those that are due at one gateway.
pub const BY_GATEWAY: &str = "
CREATE INDEX otp_outbox_by_gateway ON otp_outbox (state, gateway, due_at);
";

const PURPOSE: &str = "otp message";

/// How long a message may be in the hands of a node before the node counts as lost: longer than a
/// courier waits for any gateway and then for the store, and short beside the life of a code.
pub const LEASE: Duration = Duration::from_secs(45);

/// A message that waits for a gateway, or once did. The store has its text and its number sealed, and
/// only until a gateway has it.
///
/// It is `queued`, then `handed` to a gateway by one node, then `sent`; a receipt makes it `delivered`
/// or `failed`. One that no gateway takes in time is `failed`.
pub struct Parcel {
    pub id: Id<Message>,
    pub project_id: String,
    request_id: String,
    pub method_id: Option<Id<Method>>,
    number_mac: String,
    number_ends: String,
    pub country: String,
    pub channel: Channel,
    sealed: Option<String>,
    /// Who has it, or is asked next.
    pub gateway: String,
    refused_by: String,
    /// How often it was handed over. Whoever has it knows the number, and nobody else changes it.
    pub tries: i64,
    /// Whether a gateway was given it before and did not answer: no other may have it.
    pub in_doubt: bool,
    prefix: Option<String>,
    queued_at: Timestamp,
    pub expires_at: Timestamp,
}

/// For which gateway messages wait.
#[derive(Clone, Copy)]
pub enum Whose<'a> {
    Gateway(&'a str),
    /// One that is none of these: it was in the configuration before.
    NoneOf(&'a [&'a str]),
}

/// By what a gateway names a message.
#[derive(Clone, Copy)]
pub enum Which<'a> {
    Message(Id<Message>),
    Reference(&'a str),
}

/// Why a message was not sent, or is not known to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// It was not sent before its code expired, or before a newer code took its place.
    Expired,
    /// No gateway wants it.
    Refused,
    Busy,
    Unreachable,
    Unanswered,
    /// The gateway took it and could not deliver it.
    Undelivered,
    /// The key file is not the one that it was sealed with.
    Unreadable,
    /// Its project was removed.
    Removed,
}

impl Reason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
            Self::Unanswered => "unanswered",
            Self::Undelivered => "undelivered",
            Self::Unreadable => "unreadable",
            Self::Removed => "removed",
        }
    }
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    channel: String,
    to: String,
    body: String,
    locale: String,
}

/// A message on its way into the outbox.
pub struct Draft<'a> {
    pub caller: &'a Caller,
    /// Whose code it is; `None` when there is none in it.
    pub method_id: Option<Id<Method>>,
    pub address: &'a Address,
    /// For which prefix it is counted among the codes that should come back.
    pub prefix: Option<&'a str>,
    pub line: &'a Line,
    pub message: &'a Message,
}

impl Draft<'_> {
    /// Puts the message where a courier finds it. The telephone of the demo needs no courier: it is in
    /// the store.
    pub async fn put_out(&self, otp: &Otp, tx: &mut Tx) -> Result<(), StoreError> {
        let now = self.caller.now;
        if self.line.is_telephone() {
            telephone::receive(tx, self.message, now).await?;
            return self.insert(otp, tx, "delivered", None, Some(now)).await;
        }
        let sealed = self.message.seal(otp.vault());
        self.insert(otp, tx, "queued", Some(&sealed), None).await
    }

    async fn insert(
        &self,
        otp: &Otp,
        tx: &mut Tx,
        state: &str,
        sealed: Option<&str>,
        sent_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO otp_outbox
                (message_id, project_id, request_id, method_id, number_mac, number_ends, country,
                 channel, state, sealed, prefix, gateway, refused_by, tries, queued_at, due_at,
                 expires_at, sent_at, settled_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', 0, $13, $13, $14, $15,
                 $15)",
            params![
                self.message.id,
                &*self.caller.project.id,
                self.caller.request_id.as_str(),
                self.method_id,
                otp.keys().address(self.address).as_str(),
                self.address.end(),
                self.address.country(),
                self.message.channel.as_str(),
                state,
                sealed,
                sealed.and(self.prefix),
                &self.line.name,
                self.caller.now,
                self.message.expires_at,
                sent_at
            ],
        )
        .await?;
        Ok(())
    }
}

impl Message {
    fn seal(&self, vault: &Vault) -> String {
        let content = Content {
            channel: self.channel.as_str().to_owned(),
            to: self.to.clone(),
            body: self.body.clone(),
            locale: self.locale.tag().to_owned(),
        };
        let json = serde_json::to_vec(&content).expect("texts are JSON");
        vault.seal(PURPOSE, &json)
    }
}

impl Parcel {
    /// Takes up to `most` messages that are due, for this node alone. Between this commit and the
    /// answer of the gateway nobody can know whether the message was sent. Messages that somebody else
    /// is changing are left for the next time: who waits for nobody is in nobody's way.
    pub async fn take(
        tx: &mut Tx,
        whose: Whose<'_>,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<Self>, StoreError> {
        let mut sql = Sql::new(
            "WITH due AS MATERIALIZED (
                SELECT message_id FROM otp_outbox WHERE state = 'queued' AND due_at <= ?",
            params![now],
        );
        whose.push_to(&mut sql);
        sql.push(" ORDER BY due_at LIMIT ?", params![i64::from(most)]);
        sql.skip_locked();
        sql.push(
            ")
             UPDATE otp_outbox SET state = 'handed', tries = tries + 1, due_at = ?
             WHERE message_id IN (SELECT message_id FROM due)
             RETURNING message_id, project_id, request_id, method_id, number_mac, number_ends,
                country, channel, sealed, gateway, refused_by, tries, reason, prefix, queued_at,
                expires_at",
            params![now.plus(LEASE)],
        );
        tx.rows_of(&sql).await?.iter().map(Self::read).collect()
    }

    /// Those whose node was lost while it had them.
    pub async fn abandoned(conn: &mut Conn, now: Timestamp) -> Result<Vec<Self>, StoreError> {
        conn.rows(
            "SELECT message_id, project_id, request_id, method_id, number_mac, number_ends,
                country, channel, sealed, gateway, refused_by, tries, reason, prefix, queued_at,
                expires_at
             FROM otp_outbox WHERE state = 'handed' AND due_at <= $1",
            params![now],
        )
        .await?
        .iter()
        .map(Self::read)
        .collect()
    }

    pub async fn some_are_due(conn: &mut Conn, now: Timestamp) -> Result<bool, StoreError> {
        let row = conn
            .row(
                "SELECT 1 AS one FROM otp_outbox
                 WHERE state IN ('queued', 'handed') AND due_at <= $1 LIMIT 1",
                params![now],
            )
            .await?;
        Ok(row.is_some())
    }

    pub async fn count_waiting(conn: &mut Conn) -> Result<i64, StoreError> {
        let sql = "SELECT COUNT(*) AS count FROM otp_outbox WHERE state IN ('queued', 'handed')";
        let row = conn.row(sql, params![]).await?;
        row.map_or(Ok(0), |row| row.get("count"))
    }

    pub fn open(&self, vault: &Vault) -> Result<Message, VaultError> {
        let sealed = self.sealed.as_deref().ok_or(VaultError)?;
        let json = vault.open(PURPOSE, sealed)?;
        let content: Content = serde_json::from_slice(&json).map_err(|_| VaultError)?;
        Ok(Message {
            id: self.id,
            channel: Channel::parse(&content.channel).unwrap_or_default(),
            to: content.to,
            body: content.body,
            locale: Locale::parse(&content.locale).unwrap_or_default(),
            expires_at: self.expires_at,
        })
    }

    /// The gateways that do not want it.
    pub fn refused_by(&self) -> Vec<&str> {
        self.refused_by.split_ascii_whitespace().collect()
    }

    /// A gateway has it, or may have it when there is a `reason` to doubt. Its text is forgotten.
    pub async fn sent(
        &self,
        tx: &mut Tx,
        reference: Option<&str>,
        reason: Option<Reason>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = tx
            .execute(
                "UPDATE otp_outbox SET state = 'sent', sealed = NULL, prefix = NULL, sent_at = $3,
                    reference = $4, reason = $5
                 WHERE message_id = $1 AND state = 'handed' AND tries = $2",
                params![
                    self.id,
                    self.tries,
                    now,
                    reference,
                    reason.map(Reason::as_str)
                ],
            )
            .await?;
        Ok(changed == 1)
    }

    /// Puts it back to be handed to `gateway` at `due_at`.
    pub async fn queue_again(
        &self,
        tx: &mut Tx,
        gateway: &str,
        refused_by: &[&str],
        reason: Reason,
        due_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let changed = tx
            .execute(
                "UPDATE otp_outbox SET state = 'queued', gateway = $3, refused_by = $4, reason = $5,
                    due_at = $6
                 WHERE message_id = $1 AND state = 'handed' AND tries = $2",
                params![
                    self.id,
                    self.tries,
                    gateway,
                    refused_by.join(" "),
                    reason.as_str(),
                    due_at
                ],
            )
            .await?;
        Ok(changed == 1)
    }

    /// It was not sent. Its code is taken back, no longer counts among those that should come back, and
    /// the pause before the next one is lifted. The code is held first, as whoever replaces it does: the
    /// two never wait for each other.
    pub async fn fail(
        &self,
        tx: &mut Tx,
        reason: Reason,
        now: Timestamp,
        random: &Random,
    ) -> Result<bool, StoreError> {
        if let Some(method_id) = self.method_id {
            Passcode::hold(tx, method_id).await?;
        }
        let failed = tx
            .execute(
                "UPDATE otp_outbox SET state = 'failed', sealed = NULL, prefix = NULL, reason = $3,
                    settled_at = $4
                 WHERE message_id = $1 AND state = 'handed' AND tries = $2",
                params![self.id, self.tries, reason.as_str(), now],
            )
            .await?;
        if failed == 0 {
            return Ok(false);
        }
        if let Some(prefix) = &self.prefix {
            Conversion::take_back(tx, &self.project_id, prefix, self.queued_at).await?;
        }
        if let Some(method_id) = self.method_id
            && Passcode::withdraw(tx, method_id, self.id).await?
        {
            self.lift_pause(tx).await?;
        }
        self.audit(tx, Event::SendFailed, Some(reason), now, random)
            .await?;
        Ok(true)
    }

    /// Keeps what a gateway tells. `None` when there is nothing new.
    pub async fn settle(
        tx: &mut Tx,
        gateway: &str,
        which: Which<'_>,
        is_delivered: bool,
        now: Timestamp,
    ) -> Result<Option<Self>, StoreError> {
        let (id, reference) = which.columns();
        let (state, reason) = if is_delivered {
            ("delivered", None)
        } else {
            ("failed", Some(Reason::Undelivered.as_str()))
        };
        let row = tx
            .row(
                "UPDATE otp_outbox SET state = $4, reason = $5, settled_at = $6, sealed = NULL,
                    prefix = NULL, sent_at = COALESCE(sent_at, $6)
                 WHERE gateway = $1 AND (message_id = $2 OR reference = $3)
                   AND state IN ('queued', 'handed', 'sent') AND tries > 0
                 RETURNING message_id, project_id, request_id, method_id, number_mac, number_ends,
                    country, channel, sealed, gateway, refused_by, tries, reason, prefix, queued_at,
                expires_at",
                params![gateway, id, reference, state, reason, now],
            )
            .await?;
        row.map(|row| Self::read(&row)).transpose()
    }

    /// Whether the gateway was given this message at any time.
    pub async fn is_known(
        conn: &mut Conn,
        gateway: &str,
        which: Which<'_>,
    ) -> Result<bool, StoreError> {
        let (id, reference) = which.columns();
        let row = conn
            .row(
                "SELECT 1 AS one FROM otp_outbox
                 WHERE gateway = $1 AND (message_id = $2 OR reference = $3)",
                params![gateway, id, reference],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Whether its code is the one that its method has now.
    pub async fn is_newest(&self, conn: &mut Conn) -> Result<bool, StoreError> {
        match self.method_id {
            Some(method_id) => Passcode::is_of_message(conn, method_id, self.id).await,
            None => Ok(false),
        }
    }

    /// What was not delivered is no reason to wait.
    pub async fn lift_pause(&self, tx: &mut Tx) -> Result<(), StoreError> {
        if let Some(project) = Project::find(tx, &self.project_id).await? {
            Cooldown::lift(tx, &project, &Mac::stored(&self.number_mac)).await?;
        }
        Ok(())
    }

    pub async fn audit_receipt(
        &self,
        tx: &mut Tx,
        is_delivered: bool,
        now: Timestamp,
        random: &Random,
    ) -> Result<(), StoreError> {
        if is_delivered {
            self.audit(tx, Event::Delivered, None, now, random).await
        } else {
            self.audit(
                tx,
                Event::SendFailed,
                Some(Reason::Undelivered),
                now,
                random,
            )
            .await
        }
    }

    pub async fn audit(
        &self,
        tx: &mut Tx,
        event: Event,
        reason: Option<Reason>,
        now: Timestamp,
        random: &Random,
    ) -> Result<(), StoreError> {
        let Some(project) = Project::find(tx, &self.project_id).await? else {
            return Ok(());
        };
        let caller = Caller {
            project,
            now,
            request_id: RequestId::stored(&self.request_id),
        };
        Entry::new(event)
            .reason(reason.map(Reason::as_str))
            .address_hash(Mac::stored(&self.number_mac), &self.number_ends)
            .record(tx, &caller, random)
            .await
    }

    /// The right code of this message came back. Returns where it had been sent, how, and when it was
    /// asked for.
    pub async fn verified(
        tx: &mut Tx,
        id: Id<Message>,
        now: Timestamp,
    ) -> Result<Option<Verified>, StoreError> {
        let row = tx
            .row(
                "UPDATE otp_outbox SET verified_at = $2 WHERE message_id = $1
                 RETURNING gateway, country, queued_at",
                params![id, now],
            )
            .await?;
        row.map(|row| {
            Ok(Verified {
                gateway: row.get("gateway")?,
                country: row.get("country")?,
                after: now.since(row.get("queued_at")?),
            })
        })
        .transpose()
    }

    /// What would wait for longer than the longest `pause`, or be in the hands of a node for longer than
    /// any may have it, waits as long as that from now on.
    pub async fn set_right(
        tx: &mut Tx,
        pause: Duration,
        now: Timestamp,
        latest: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        for (state, wait) in [("queued", pause), ("handed", LEASE)] {
            changed += tx
                .execute(
                    "UPDATE otp_outbox SET due_at = $2 WHERE state = $1 AND due_at > $3",
                    params![state, now.plus(wait), latest.plus(wait)],
                )
                .await?;
        }
        Ok(changed)
    }

    /// Ends the messages of a project that is removed. Those that a gateway has, or may have, count as
    /// sent.
    pub async fn end_all(tx: &mut Tx, project_id: &str, now: Timestamp) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE otp_outbox SET state = 'failed', reason = $3, settled_at = $2, sealed = NULL,
                prefix = NULL
             WHERE project_id = $1 AND state = 'queued' AND (reason IS NULL OR reason <> $4)",
            params![
                project_id,
                now,
                Reason::Removed.as_str(),
                Reason::Unanswered.as_str()
            ],
        )
        .await?;
        tx.execute(
            "UPDATE otp_outbox SET state = 'sent', reason = $3, sent_at = $2, sealed = NULL,
                prefix = NULL
             WHERE project_id = $1 AND state IN ('queued', 'handed')",
            params![project_id, now, Reason::Unanswered.as_str()],
        )
        .await?;
        Ok(())
    }

    /// Forgets what was queued before `limit`.
    pub async fn purge(tx: &mut Tx, limit: Timestamp) -> Result<u64, StoreError> {
        tx.execute(
            "DELETE FROM otp_outbox WHERE queued_at <= $1",
            params![limit],
        )
        .await
    }

    /// The messages of a method that are not sent yet have a code that is dead.
    pub async fn outdate(
        tx: &mut Tx,
        method_id: Id<Method>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        tx.execute(
            "UPDATE otp_outbox SET expires_at = $2
             WHERE method_id = $1 AND state IN ('queued', 'handed') AND expires_at > $2",
            params![method_id, now],
        )
        .await?;
        Ok(())
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let reason: Option<String> = row.get("reason")?;
        Ok(Self {
            id: row.get("message_id")?,
            project_id: row.get("project_id")?,
            request_id: row.get("request_id")?,
            method_id: row.get("method_id")?,
            number_mac: row.get("number_mac")?,
            number_ends: row.get("number_ends")?,
            country: row.get("country")?,
            channel: Channel::parse(&row.get::<String>("channel")?).unwrap_or_default(),
            sealed: row.get("sealed")?,
            gateway: row.get("gateway")?,
            refused_by: row.get("refused_by")?,
            tries: row.get("tries")?,
            in_doubt: reason.as_deref() == Some(Reason::Unanswered.as_str()),
            prefix: row.get("prefix")?,
            queued_at: row.get("queued_at")?,
            expires_at: row.get("expires_at")?,
        })
    }
}

/// A message whose code came back.
pub struct Verified {
    pub gateway: String,
    pub country: String,
    pub after: Duration,
}

impl Whose<'_> {
    fn push_to(self, sql: &mut Sql) {
        match self {
            Self::Gateway(name) => sql.push(" AND gateway = ?", params![name]),
            Self::NoneOf(names) => {
                sql.push(" AND gateway NOT IN (", &[]);
                sql.push_list(names.iter().map(|name| Value::from(*name)));
                sql.push(")", &[]);
            }
        }
    }
}

impl Which<'_> {
    fn columns(&self) -> (Option<String>, Option<String>) {
        match self {
            Self::Message(id) => (Some(id.to_string()), None),
            Self::Reference(reference) => (None, Some((*reference).to_owned())),
        }
    }
}
