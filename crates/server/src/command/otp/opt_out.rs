use std::fmt::Write;

use clap::{Args, Subcommand};
use sallyport_otp::OptOutList;

use crate::command::{Place, Premises, output};

/// Numbers that no message goes to, whatever project asks. Their owners said STOP, or asked you.
#[derive(Debug, Subcommand)]
pub enum OptOut {
    Add(Add),
    Remove(Remove),
    List(List),
}

/// Puts a number on the list, as if its owner had said STOP.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport otp opt-out add +12025550162")]
pub struct Add {
    /// In E.164 form.
    number: String,
}

/// Takes a number off the list, as if its owner had said START.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport otp opt-out remove +12025550162")]
pub struct Remove {
    /// In E.164 form.
    number: String,
}

/// Lists the numbers, the newest first: their last two digits, which is all that is known, and since when.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport otp opt-out list")]
pub struct List {}

impl OptOut {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        let premises = Premises::open(&place).await?;
        let list = OptOutList::new(&premises.vault, premises.random.clone());
        match self {
            Self::Add(add) => add.run(&premises, &list).await,
            Self::Remove(remove) => remove.run(&premises, &list).await,
            Self::List(_) => print_list(&premises).await,
        }
    }
}

impl Add {
    async fn run(self, premises: &Premises, list: &OptOutList) -> anyhow::Result<()> {
        let mut tx = premises.store.begin().await?;
        let is_new = list.add(&mut tx, &self.number, premises.now()).await?;
        tx.commit().await?;
        if !is_new {
            output::print("the number was on the list already\n")?;
        }
        Ok(())
    }
}

impl Remove {
    async fn run(self, premises: &Premises, list: &OptOutList) -> anyhow::Result<()> {
        let mut tx = premises.store.begin().await?;
        let was_there = list.remove(&mut tx, &self.number, premises.now()).await?;
        tx.commit().await?;
        if !was_there {
            output::print("the number was not on the list\n")?;
        }
        Ok(())
    }
}

async fn print_list(premises: &Premises) -> anyhow::Result<()> {
    let mut reader = premises.store.reader().await?;
    let mut lines = String::new();
    for number in OptOutList::list(&mut reader).await? {
        writeln!(lines, "…{}  since {}", number.ends, number.since.rfc3339())?;
    }
    output::print(&lines)?;
    Ok(())
}
