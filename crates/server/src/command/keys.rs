use clap::{Args, Subcommand};

use super::{Place, Premises, output};

/// The keys that tokens are signed with.
#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    Rotate(Rotate),
}

/// Makes new signing keys and uses them at once. The old ones stay published until every token
/// that they signed is over, so nobody is logged out.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport keys rotate")]
pub(super) struct Rotate {}

impl Keys {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        let Self::Rotate(_) = self;
        let premises = Premises::open(&place).await?;
        sallyport_oidc::rotate_keys(&premises.store, &premises.vault, premises.now()).await?;
        output::print("New tokens are signed with new keys.\n")?;
        Ok(())
    }
}
