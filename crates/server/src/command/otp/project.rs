use std::fmt::Write;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use sallyport_base::Conn;
use sallyport_otp::{Environment, Project as Stored, ProjectName};

use crate::command::{Place, Premises, output};

/// Projects of the passcode service: who may have passcodes sent.
#[derive(Debug, Subcommand)]
pub enum Project {
    Add(Add),
    List(List),
    Show(Show),
    Remove(Remove),
}

/// Adds a project and prints its id and its secret, which is not shown again.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport otp project add --live --name Shop

The id and the secret are the properties PROJECT_ID and SECRET of the script `stytch`.")]
pub struct Add {
    /// A project whose messages are sent to real people. Without it the project is one for tests,
    /// in which the number +10000000000 takes the code 000000.
    #[arg(long)]
    live: bool,

    /// What operators call it: one line of at most 128 characters. Without it: its id.
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
}

/// Lists the projects: id and name.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport otp project list")]
pub struct List {}

/// Shows a project: its name, how many users it has, and its secrets without their texts.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport otp project show project-live-0b4c7c2e-5b1c-4a35-9d3c-1f0d4b7a9e11")]
pub struct Show {
    project_id: String,
}

/// Removes a project with its users, their numbers, sessions and secrets.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport otp project remove project-test-0b4c7c2e-5b1c-4a35-9d3c-1f0d4b7a9e11 --yes")]
pub struct Remove {
    project_id: String,

    /// Nothing is removed without it: it cannot be undone.
    #[arg(long)]
    yes: bool,
}

impl Project {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        let premises = Premises::open(&place).await?;
        match self {
            Self::Add(add) => add.run(&premises).await,
            Self::List(_) => list(&premises).await,
            Self::Show(show) => show.run(&premises).await,
            Self::Remove(remove) => remove.run(&premises).await,
        }
    }
}

impl Add {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        // Not where the command line is read: what cannot be printed would be printed there.
        let name: Option<ProjectName> = self.name.map(|name| name.parse()).transpose()?;
        let environment = if self.live {
            Environment::Live
        } else {
            Environment::Test
        };
        let mut tx = premises.store.begin().await?;
        let (mut project, secret) =
            Stored::create(&mut tx, environment, premises.now(), &premises.random).await?;
        if let Some(name) = &name {
            project.rename(&mut tx, name).await?;
        }
        tx.commit().await?;
        let text = format!("PROJECT_ID={}\nSECRET={}\n", project.id, secret.expose());
        output::print(&text)?;
        Ok(())
    }
}

impl Show {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let mut reader = premises.store.reader().await?;
        let project = find(&mut reader, &self.project_id).await?;
        let users = project.count_users(&mut reader).await?;
        let mut text = format!("{}\nName   {}\nUsers  {users}\n", project.id, project.name);
        for secret in project.secrets(&mut reader, premises.now()).await? {
            writeln!(text, "Secret {}", super::secret::line(&secret))?;
        }
        output::print(&text)?;
        Ok(())
    }
}

impl Remove {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let mut tx = premises.store.begin().await?;
        let project = find(&mut tx, &self.project_id).await?;
        if !self.yes {
            let users = project.count_users(&mut tx).await?;
            bail!(
                "{} has {users} users, who would be removed with it; say --yes when that is meant",
                project.id
            );
        }
        project.remove(&mut tx, premises.now()).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The project, which must exist.
pub(super) async fn find(conn: &mut Conn, project_id: &str) -> anyhow::Result<Stored> {
    let project = Stored::find(conn, project_id).await?;
    project.with_context(|| {
        format!("there is no project {project_id}; `sallyport otp project list` shows them")
    })
}

async fn list(premises: &Premises) -> anyhow::Result<()> {
    let projects = Stored::list(&mut *premises.store.reader().await?).await?;
    let mut lines = String::new();
    for project in projects {
        writeln!(lines, "{}  {}", project.id, project.name)?;
    }
    output::print(&lines)?;
    Ok(())
}
