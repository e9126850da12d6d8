use anyhow::Context;
use clap::{Args, Subcommand};
use sallyport_otp::{Environment, Project as Stored};

use super::{Place, Premises, output};

/// Projects of the passcode service: who may have passcodes sent.
#[derive(Debug, Subcommand)]
pub(super) enum Project {
    Add(Add),
    List(List),
    Secret(Secret),
}

/// Adds a project and prints its id and its secret, which is not shown again.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport project add --live

The id and the secret are the properties PROJECT_ID and SECRET of the script `stytch`.")]
pub(super) struct Add {
    /// A project whose messages are sent to real people. Without it the project is one for tests,
    /// in which the number +10000000000 takes the code 000000.
    #[arg(long)]
    live: bool,
}

/// Lists the ids of the projects.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport project list")]
pub(super) struct List {}

/// Gives a project one more secret and prints it. The secrets that it has stay valid.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport project secret project-live-0b4c7c2e-5b1c-4a35-9d3c-1f0d4b7a9e11")]
pub(super) struct Secret {
    project_id: String,
}

impl Project {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        let premises = Premises::open(&place).await?;
        match self {
            Self::Add(add) => add.run(&premises).await,
            Self::List(_) => list(&premises).await,
            Self::Secret(secret) => secret.run(&premises).await,
        }
    }
}

impl Add {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let environment = if self.live {
            Environment::Live
        } else {
            Environment::Test
        };
        let mut tx = premises.store.begin().await?;
        let (project, secret) =
            Stored::create(&mut tx, environment, premises.now(), &premises.random).await?;
        tx.commit().await?;
        let text = format!("PROJECT_ID={}\nSECRET={}\n", project.id, secret.expose());
        output::print(&text)?;
        Ok(())
    }
}

impl Secret {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let mut tx = premises.store.begin().await?;
        let project = Stored::find(&mut tx, &self.project_id).await?;
        let project = project.with_context(|| {
            format!(
                "there is no project {}; `sallyport project list` shows them",
                self.project_id
            )
        })?;
        let secret = project
            .add_secret(&mut tx, premises.now(), &premises.random)
            .await?;
        tx.commit().await?;
        output::print(&format!("SECRET={}\n", secret.expose()))?;
        Ok(())
    }
}

async fn list(premises: &Premises) -> anyhow::Result<()> {
    let projects = Stored::list(&mut *premises.store.reader().await?).await?;
    let lines: String = projects
        .iter()
        .map(|project| format!("{}\n", project.id))
        .collect();
    output::print(&lines)?;
    Ok(())
}
