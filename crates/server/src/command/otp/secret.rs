use std::{fmt::Write, time::Duration};

use anyhow::bail;
use clap::{Args, Subcommand};
use sallyport_otp::ProjectSecret;

use super::project::find;
use crate::command::{Place, Premises, output};

/// Secrets of a project. Several are valid at once, so that callers can be changed one by one.
#[derive(Debug, Subcommand)]
pub enum Secret {
    Add(Add),
    List(List),
    Revoke(Revoke),
}

/// Gives a project one more secret and prints it; it is not shown again. The others stay valid.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport otp secret add project-live-0b4c7c2e-5b1c-4a35-9d3c-1f0d4b7a9e11 --others-end-in 24")]
pub struct Add {
    project_id: String,

    /// The other secrets end after so many hours. Without it they stay valid until revoked.
    #[arg(long, value_name = "HOURS")]
    others_end_in: Option<u32>,
}

/// Lists the valid secrets of a project: their ids, when they were made, when they end.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport otp secret list project-live-0b4c7c2e-5b1c-4a35-9d3c-1f0d4b7a9e11")]
pub struct List {
    project_id: String,
}

/// Ends a secret at once. Callers that have it are refused from then on.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport otp secret revoke project-live-0b4c7c2e-5b1c-4a35-9d3c-1f0d4b7a9e11 3f9a0c1b77d2")]
pub struct Revoke {
    project_id: String,

    /// As `sallyport otp secret list` shows it.
    secret_id: String,

    /// Ends the secret also when none is left that stays valid, so that nobody may call any more.
    #[arg(long)]
    yes: bool,
}

impl Secret {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        let premises = Premises::open(&place).await?;
        match self {
            Self::Add(add) => add.run(&premises).await,
            Self::List(list) => list.run(&premises).await,
            Self::Revoke(revoke) => revoke.run(&premises).await,
        }
    }
}

impl Add {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let mut tx = premises.store.begin().await?;
        let project = find(&mut tx, &self.project_id).await?;
        let now = premises.now();
        let random = &premises.random;
        let secret = match self.others_end_in {
            None => project.add_secret(&mut tx, now, random).await?,
            Some(hours) => {
                let overlap = Duration::from_secs(u64::from(hours) * 3600);
                project.rotate_secret(&mut tx, overlap, now, random).await?
            }
        };
        tx.commit().await?;
        output::print(&format!("SECRET={}\n", secret.expose()))?;
        Ok(())
    }
}

impl List {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let mut reader = premises.store.reader().await?;
        let project = find(&mut reader, &self.project_id).await?;
        let mut lines = String::new();
        for secret in project.secrets(&mut reader, premises.now()).await? {
            writeln!(lines, "{}", line(&secret))?;
        }
        output::print(&lines)?;
        Ok(())
    }
}

impl Revoke {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let mut tx = premises.store.begin().await?;
        let project = find(&mut tx, &self.project_id).await?;
        if !project.revoke_secret(&mut tx, &self.secret_id).await? {
            bail!(
                "{} has no secret {}; `sallyport otp secret list {0}` shows them",
                project.id,
                self.secret_id
            );
        }
        let left = project.secrets(&mut tx, premises.now()).await?;
        if let Some(what) = shut_out(&left)
            && !self.yes
        {
            bail!(
                "{what}, and every call of {} would be answered 401; add another first with `sallyport otp secret add {0}`, or say --yes when that is meant",
                project.id
            );
        }
        tx.commit().await?;
        Ok(())
    }
}

/// What comes of it when these are all the secrets of a project: `None` while one stays valid.
fn shut_out(left: &[ProjectSecret]) -> Option<String> {
    let ends = left.iter().map(|secret| secret.expires_at);
    match ends.collect::<Option<Vec<_>>>()?.into_iter().max() {
        None => Some("no valid secret would be left".to_owned()),
        Some(last) => Some(format!(
            "the secrets that are left would end at {} at the latest",
            last.rfc3339()
        )),
    }
}

/// A secret on one line, without its text, which nobody has any more.
pub(super) fn line(secret: &ProjectSecret) -> String {
    let until = secret
        .expires_at
        .map(|at| format!(", ends {}", at.rfc3339()))
        .unwrap_or_default();
    format!("{}  made {}{until}", secret.id, secret.created_at.rfc3339())
}

#[cfg(test)]
mod tests {
    use sallyport_base::Timestamp;

    use super::*;

    #[test]
    fn callers_are_shut_out_when_no_secret_stays_valid() {
        let secret = |expires_at: Option<i64>| ProjectSecret {
            id: "3f9a0c1b77d2".to_owned(),
            created_at: Timestamp::from_seconds(0),
            expires_at: expires_at.map(Timestamp::from_seconds),
        };
        assert_eq!(shut_out(&[secret(Some(60)), secret(None)]), None);
        assert!(shut_out(&[]).unwrap().starts_with("no valid secret"));
        let ends = shut_out(&[secret(Some(60)), secret(Some(120))]).unwrap();
        assert!(ends.contains("1970-01-01T00:02:00Z"), "{ends}");
    }
}
