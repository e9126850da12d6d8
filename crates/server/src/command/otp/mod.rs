//! The commands of the passcode service.

mod opt_out;
mod project;
mod secret;
mod serve;
mod status;
mod unlock;

use clap::Subcommand;

use super::Place;

/// The passcode service: its projects, their secrets, who said STOP or is kept out, and running it
/// alone.
#[derive(Debug, Subcommand)]
pub enum Otp {
    #[command(subcommand)]
    OptOut(opt_out::OptOut),
    #[command(subcommand)]
    Project(project::Project),
    #[command(subcommand)]
    Secret(secret::Secret),
    Serve(serve::Serve),
    Status(status::Status),
    Unlock(unlock::Unlock),
}

impl Otp {
    pub(super) const fn is_server(&self) -> bool {
        matches!(self, Self::Serve(_))
    }

    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        match self {
            Self::OptOut(opt_out) => opt_out.run(place).await,
            Self::Project(project) => project.run(place).await,
            Self::Secret(secret) => secret.run(place).await,
            Self::Serve(serve) => serve.run(place).await,
            Self::Status(status) => status.run(place).await,
            Self::Unlock(unlock) => unlock.run(place).await,
        }
    }
}
