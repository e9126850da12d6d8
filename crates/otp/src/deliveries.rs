use axum::extract::{Path, State, rejection::PathRejection};
use sallyport_base::{Conn, Id, StoreError, Timestamp, params};
use serde_json::json;

use crate::{
    Otp, address::Kind, answer::Success, method::Method, project::Caller, refusal::Refusal,
};

/// How far a message has come, for whoever asked for it.
struct Progress {
    stage: Stage,
    queued_at: Timestamp,
}

/// Whether a node is just handing a message over is nobody else's business: it is queued.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Queued,
    Sent,
    Delivered,
    Failed,
}

/// `GET /sallyport/v1/deliveries/{method_id}`: what became of the newest message with a code. Every
/// way of not knowing is the same answer.
pub async fn show(
    State(otp): State<Otp>,
    caller: Caller,
    method_id: Result<Path<String>, PathRejection>,
) -> Result<Success, Refusal> {
    let Caller { project, now, .. } = &caller;
    let (kind, id) = method_id
        .ok()
        .and_then(|Path(text)| Kind::of_method_id(project.environment, &text))
        .ok_or(Refusal::MessageNotFound)?;
    let mut reader = otp.store().reader().await?;
    let method = Method::find(&mut reader, project, id, *now)
        .await?
        .filter(|method| method.kind() == kind)
        .ok_or(Refusal::MessageNotFound)?;
    let progress = Progress::of_newest(&mut reader, method.id)
        .await?
        .ok_or(Refusal::MessageNotFound)?;
    Ok(Success::of(json!({
        "state": progress.stage.as_str(),
        "queued_at": progress.queued_at.rfc3339(),
    })))
}

impl Progress {
    /// That of the newest message with a code of this method. `None` when none is on record.
    async fn of_newest(conn: &mut Conn, method_id: Id<Method>) -> Result<Option<Self>, StoreError> {
        let row = conn
            .row(
                "SELECT state, queued_at FROM otp_outbox WHERE method_id = $1
                 ORDER BY queued_at DESC, message_id DESC LIMIT 1",
                params![method_id],
            )
            .await?;
        row.map(|row| {
            Ok(Self {
                stage: Stage::stored(&row.get::<String>("state")?),
                queued_at: row.get("queued_at")?,
            })
        })
        .transpose()
    }
}

impl Stage {
    fn stored(state: &str) -> Self {
        match state {
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "failed" => Self::Failed,
            _ => Self::Queued,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}
