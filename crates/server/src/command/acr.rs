use anyhow::bail;
use clap::{Args, Subcommand};
use sallyport_flow::{DefaultAcr, PASSWORD_ACR, ScriptEntry};
use sallyport_script::Usage;

use super::{
    Place, Premises, output, rehearsal,
    script::{configured_default, find},
    script_content::as_it_is,
};

/// The login method of applications that ask for none, and the way back when it fails.
#[derive(Debug, Subcommand)]
pub(super) enum Acr {
    Default(Default),
    Recover(Recover),
}

/// Shows or chooses the login method of applications that ask for none.
///
/// A script must be enabled and must load. What is chosen here counts before scripts.default_acr of
/// sallyport.toml, on every node of the store.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport acr default
  sallyport acr default stytch
  sallyport acr default simple_password_auth
  sallyport acr default --forget")]
pub(super) struct Default {
    /// The name of a script, or simple_password_auth. Without it the present one is shown.
    name: Option<String>,
    /// Forgets the choice: the configuration counts again.
    #[arg(long, conflicts_with = "name")]
    forget: bool,
}

/// Makes the password enough again, when the method that people log in with fails.
///
/// From now on it is enough for every application that does not name a method in its request, also
/// when the application has a default of its own. No script is changed or removed, and none has to
/// load for this. `sallyport acr default NAME` ends it.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport acr recover")]
pub(super) struct Recover {}

impl Acr {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        let premises = Premises::open(&place).await?;
        match self {
            Self::Default(default) => default.run(&premises).await,
            Self::Recover(_) => recover(&premises).await,
        }
    }
}

impl Default {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        match &self.name {
            Some(name) => choose(premises, name).await?,
            None if self.forget => forget(premises).await?,
            None => {}
        }
        output::print(&format!("{}\n", said(premises).await?))?;
        Ok(())
    }
}

async fn choose(premises: &Premises, name: &str) -> anyhow::Result<()> {
    if !name.eq_ignore_ascii_case(PASSWORD_ACR) {
        check_script(premises, name).await?;
    }
    let mut tx = premises.store.begin().await?;
    if !DefaultAcr::choose(&mut tx, name, premises.now()).await? {
        bail!(
            "{name} is no login method for browsers; `sallyport script show {name}` says what it is"
        );
    }
    tx.commit().await?;
    Ok(())
}

async fn check_script(premises: &Premises, name: &str) -> anyhow::Result<()> {
    let Some(entry) = find(premises, name).await? else {
        bail!("there is no login method {name}; `sallyport script list` shows the scripts");
    };
    if !entry.enabled {
        bail!("{name} is disabled; `sallyport script enable {name}` makes it a login method first");
    }
    let version = &entry.version;
    let script = as_it_is(&entry, version.text.clone(), version.language)?;
    rehearsal::load(premises, &script).await?;
    Ok(())
}

async fn forget(premises: &Premises) -> anyhow::Result<()> {
    let mut tx = premises.store.begin().await?;
    DefaultAcr::forget(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// One sentence on what an application gets that asks for nothing.
async fn said(premises: &Premises) -> anyhow::Result<String> {
    let chosen = DefaultAcr::find(&mut *premises.store.reader().await?).await?;
    Ok(match (chosen, configured_default(premises)) {
        (Some(chosen), _) if chosen.in_recovery => {
            format!("{PASSWORD_ACR}, because of `sallyport acr recover`.")
        }
        (Some(chosen), _) => format!("{}, as chosen with this command.", chosen.name),
        (None, Some(name)) => format!("{name}, as sallyport.toml says."),
        (None, None) => strongest(premises).await?,
    })
}

async fn strongest(premises: &Premises) -> anyhow::Result<String> {
    let mut reader = premises.store.reader().await?;
    let entries = ScriptEntry::list(&mut reader, &premises.vault).await?;
    let offered = entries
        .into_iter()
        .filter(|entry| entry.enabled && entry.version.usage != Usage::Service);
    Ok(match offered.max_by_key(|entry| entry.version.level) {
        Some(entry) => format!(
            "{}, the enabled script of the highest level.",
            entry.version.name
        ),
        None => format!("{PASSWORD_ACR}, because no script is enabled."),
    })
}

async fn recover(premises: &Premises) -> anyhow::Result<()> {
    let mut tx = premises.store.begin().await?;
    DefaultAcr::recover(&mut tx, premises.now()).await?;
    tx.commit().await?;
    output::print(&format!(
        "The password is enough now ({PASSWORD_ACR}), for every application that does not name a method in its request.
Running servers follow at the next login. No script was changed.
An application that names a method (acr_values) still gets that method, or a refusal when it does not load.
When the method works again: `sallyport acr default NAME`, or `sallyport acr default --forget`.\n"
    ))?;
    Ok(())
}
