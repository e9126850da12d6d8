use axum::extract::{Path, State, rejection::PathRejection};
use serde_json::json;

use crate::{
    Otp, address::Kind, answer::Success, method::Method, outbox::Progress, project::Caller,
    refusal::Refusal,
};

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
