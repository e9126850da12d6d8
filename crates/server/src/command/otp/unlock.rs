use std::fmt::Write;

use clap::Args;
use sallyport_otp::{Lifted, Project, Unlock as Lifting};

use super::project::find;
use crate::command::{Place, Premises, output};

/// Lets somebody try again at once whom the passcode service keeps out.
///
/// For the users who have the number or mailbox it ends the lock after wrong codes and the count
/// that leads to it, the pause before the next message, and the windows of messages of the address
/// and of the user. What is counted for a prefix, a network or a project stays.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport otp unlock +12025550162
  sallyport otp unlock alice@example.com --project project-live-0b4c7c2e-5b1c-4a35-9d3c-1f0d4b7a9e11")]
pub struct Unlock {
    /// A number in E.164 form, or a mailbox.
    #[arg(value_name = "NUMBER_OR_MAILBOX")]
    address: String,

    /// In this project only. Without it: in every project.
    #[arg(long, value_name = "ID")]
    project: Option<String>,
}

impl Unlock {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        let premises = Premises::open(&place).await?;
        let limits = premises.config.passcode_service.limits.clone();
        let random = premises.random.clone();
        let lifting = Lifting::of(&self.address, &premises.vault, random, limits)?;
        let mut text = String::new();
        for project in self.projects(&premises).await? {
            let mut tx = premises.store.begin().await?;
            let lifted = lifting.lift(&mut tx, &project, premises.now()).await?;
            tx.commit().await?;
            if !lifted.is_nothing() {
                writeln!(text, "{}: {}", project.id, said(&lifted))?;
            }
        }
        if text.is_empty() {
            text = "nothing was counted for this address\n".to_owned();
        }
        output::print(&text)?;
        Ok(())
    }

    async fn projects(&self, premises: &Premises) -> anyhow::Result<Vec<Project>> {
        let mut reader = premises.store.reader().await?;
        Ok(match &self.project {
            Some(id) => vec![find(&mut reader, id).await?],
            None => Project::list(&mut reader).await?,
        })
    }
}

/// What was lifted, in one line.
fn said(lifted: &Lifted) -> String {
    let mut parts: Vec<String> = Vec::new();
    for until in &lifted.locks {
        parts.push(format!("ended a lock until {}", until.rfc3339()));
    }
    match lifted.failures {
        0 => {}
        1 => parts.push("forgot 1 wrong code".to_owned()),
        failures => parts.push(format!("forgot {failures} wrong codes")),
    }
    if lifted.pause {
        parts.push("ended the pause before the next message".to_owned());
    }
    match lifted.windows {
        0 => {}
        1 => parts.push("began 1 window of messages anew".to_owned()),
        windows => parts.push(format!("began {windows} windows of messages anew")),
    }
    parts.join(", ")
}
