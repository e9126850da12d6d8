use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    str::FromStr,
};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use sallyport_flow::forget_tries;
use sallyport_people::{Attribute, NewPerson, People, phone};

use super::{Place, Premises, output, password::PasswordSource};

/// People: who can log in, and what is known of them.
#[derive(Debug, Subcommand)]
pub(super) enum Person {
    Add(Add),
    Show(Show),
    Set(Set),
    Remove(Remove),
    List(List),
    Password(Password),
    Unlock(Unlock),
}

/// Adds a person, who can log in at once.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport person add alice displayName='Alice Archer' mail=alice@example.com mobile=+12025550101

Attributes have Gluu's names; `sallyport person set --help` lists them.")]
pub(super) struct Add {
    /// The name that the person types to log in.
    uid: String,
    /// Attributes. A name that is given twice has two values.
    #[arg(value_name = "NAME=VALUE")]
    attributes: Vec<Assignment>,
    #[command(flatten)]
    password: PasswordSource,
    /// Adds the person without a password, who can then not log in until one is set.
    #[arg(long, conflicts_with = "password_file")]
    no_password: bool,
}

/// Shows everything that is known of a person.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport person show alice")]
pub(super) struct Show {
    uid: String,
}

/// Changes attributes of a person; the others stay as they are.
#[derive(Debug, Args)]
#[command(after_help = attribute_help())]
pub(super) struct Set {
    uid: String,
    /// What the attribute is to be. A name that is given twice has two values; `NAME=` removes it.
    #[arg(value_name = "NAME=VALUE", required = true)]
    attributes: Vec<Assignment>,
}

/// Removes a person and everything that is known of them.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport person remove alice")]
pub(super) struct Remove {
    uid: String,
}

/// Lists everybody in the order of their names.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport person list")]
pub(super) struct List {}

/// Sets the password of a person.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sallyport person password alice
  sallyport person password alice --password-file /run/secrets/alice")]
pub(super) struct Password {
    uid: String,
    #[command(flatten)]
    password: PasswordSource,
}

/// Lets a person try again at once who had too many wrong passwords, codes or messages.
///
/// Everything that the pages and the scripts of this server have counted for the name is forgotten.
/// A name may be locked that nobody has. What the built-in passcode service counts for the number
/// of the person is lifted by `sallyport otp unlock`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport person unlock alice")]
pub(super) struct Unlock {
    uid: String,
}

fn attribute_help() -> String {
    let mut help = "Examples:
  sallyport person set alice mobile=+12025550101 mobile=+12025550102
  sallyport person set alice gluuStatus=inactive
  sallyport person set alice oxMobileDevices=

Attributes:\n"
        .to_owned();
    for attribute in Attribute::all() {
        writeln!(help, "  {:<28} {}", attribute.name, attribute.label)
            .expect("writing to a string does not fail");
    }
    help
}

/// `NAME=VALUE`.
#[derive(Clone, Debug)]
struct Assignment {
    name: String,
    value: String,
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("expected NAME=VALUE, such as mobile=+12025550101".to_owned()),
        }
    }
}

impl Person {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        let premises = Premises::open(&place).await?;
        match self {
            Self::Add(add) => add.run(&premises).await,
            Self::Show(show) => show.run(&premises).await,
            Self::Set(set) => set.run(&premises).await,
            Self::Remove(remove) => remove.run(&premises).await,
            Self::List(_) => list(&premises.people()).await,
            Self::Password(password) => password.run(&premises).await,
            Self::Unlock(unlock) => unlock.run(&premises).await,
        }
    }
}

impl Add {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let attributes = grouped(&self.attributes);
        warn_of_numbers(&attributes);
        let password = if self.no_password {
            None
        } else {
            Some(self.password.read()?)
        };
        let new = NewPerson {
            uid: self.uid,
            attributes,
            password,
        };
        let added = premises.people().add(new, premises.now()).await?;
        output::print(&format!("Added {} ({}).\n", added.uid, added.id))?;
        Ok(())
    }
}

impl Show {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let person = find(&premises.people(), &self.uid).await?;
        let mut text = String::new();
        for (name, values) in person.attributes.iter() {
            for value in values {
                writeln!(text, "{name}: {}", value.replace('\n', "\n  "))?;
            }
        }
        writeln!(text, "created: {}", person.created_at.rfc3339())?;
        writeln!(text, "changed: {}", person.updated_at.rfc3339())?;
        output::print(&text)?;
        Ok(())
    }
}

impl Set {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let changes = grouped(&self.attributes);
        warn_of_numbers(&changes);
        let people = premises.people();
        let person = find(&people, &self.uid).await?;
        let changed = people.change(person.id, &changes, premises.now()).await?;
        let changed = changed.with_context(|| unknown(&self.uid))?;
        output::print(&format!("Changed {}.\n", changed.uid))?;
        Ok(())
    }
}

impl Remove {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let people = premises.people();
        let person = find(&people, &self.uid).await?;
        if !people.remove(person.id).await? {
            bail!(unknown(&self.uid));
        }
        output::print(&format!("Removed {}.\n", person.uid))?;
        Ok(())
    }
}

impl Password {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let people = premises.people();
        let person = find(&people, &self.uid).await?;
        let password = self.password.read()?;
        if !people
            .set_password(person.id, &password, premises.now())
            .await?
        {
            bail!(unknown(&self.uid));
        }
        output::print(&format!("Set the password of {}.\n", person.uid))?;
        Ok(())
    }
}

impl Unlock {
    async fn run(self, premises: &Premises) -> anyhow::Result<()> {
        let person = premises.people().find_by_uid(&self.uid).await?;
        let mut tx = premises.store.begin().await?;
        let mut forgotten = forget_tries(&mut tx, &self.uid).await?;
        if let Some(person) = &person {
            forgotten.extend(forget_tries(&mut tx, &person.id.to_string()).await?);
        }
        tx.commit().await?;
        let mut said = unlocked(&self.uid, &forgotten);
        if premises.config.passcode_service.enabled {
            said += SERVICE_COUNTS_TOO;
        }
        output::print(&said)?;
        Ok(())
    }
}

/// The service knows numbers and mailboxes, and no names.
const SERVICE_COUNTS_TOO: &str = "The passcode service counts by itself, for each number and mailbox; \
    to lift that too: sallyport otp unlock NUMBER_OR_MAILBOX\n";

fn unlocked(uid: &str, forgotten: &BTreeSet<String>) -> String {
    if forgotten.is_empty() {
        return format!("Nothing was counted for {uid}.\n");
    }
    let kinds: Vec<String> = forgotten
        .iter()
        .map(|kind| match kind.strip_prefix("sends") {
            Some(rest) => format!("messages{rest}"),
            None => kind.clone(),
        })
        .collect();
    format!("Unlocked {uid}; forgotten: {}.\n", kinds.join(", "))
}

async fn list(people: &People) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    let mut last: Option<String> = None;
    loop {
        let page = people.list(last.as_deref(), 500).await?;
        let Some(end) = page.last() else { break };
        last = Some(end.uid.clone());
        rows.extend(page.iter().map(row));
    }
    output::print(&output::table(["UID", "NAME", "MAIL", "STATUS"], &rows))?;
    Ok(())
}

fn row(person: &sallyport_people::Person) -> [String; 4] {
    ["uid", "displayName", "mail", "gluuStatus"]
        .map(|name| person.attributes.first(name).unwrap_or_default().to_owned())
}

async fn find(people: &People, uid: &str) -> anyhow::Result<sallyport_people::Person> {
    let found = people.find_by_uid(uid).await?;
    found.with_context(|| unknown(uid))
}

fn unknown(uid: &str) -> String {
    format!("there is no person {uid}; `sallyport person list` shows everybody")
}

fn grouped(assignments: &[Assignment]) -> BTreeMap<String, Vec<String>> {
    let mut grouped: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Assignment { name, value } in assignments {
        grouped.entry(name.clone()).or_default().push(value.clone());
    }
    grouped
}

/// Numbers are kept as they are typed, and scripts read them in every usual way of writing. One that
/// cannot be read is found now, and not when somebody waits for a code.
fn warn_of_numbers(attributes: &BTreeMap<String, Vec<String>>) {
    for (name, values) in attributes {
        for value in values {
            if let Some(warning) = number_warning(name, value) {
                eprintln!("sallyport: warning: {warning}");
            }
        }
    }
}

fn number_warning(name: &str, value: &str) -> Option<String> {
    let holds_number = match name.to_ascii_lowercase().as_str() {
        "mobile" | "telephonenumber" => !value.is_empty(),
        "phonenumberverified" => value.starts_with('+'),
        _ => false,
    };
    if !holds_number {
        return None;
    }
    phone::as_scripts_read(value).is_none().then(|| {
        format!(
            "{name} was kept as {value}, which cannot be read as an international number such as +12025550101: no passcode can be sent to it, unless the script has a country code to put before it"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_cannot_be_read_are_warned_of() {
        for (name, value, warned) in [
            ("mobile", "+12025550101", false),
            ("Mobile", "+1 202 555 0101", false),
            ("mobile", "+1 (202) 555-0142", false),
            ("mobile", "12025550142", false),
            ("telephoneNumber", "202 555 0101", true),
            ("mobile", "", false),
            ("phoneNumberVerified", "true", false),
            ("phoneNumberVerified", "+1202", true),
            ("employeeNumber", "4711", false),
        ] {
            assert_eq!(
                number_warning(name, value).is_some(),
                warned,
                "{name}={value}"
            );
        }
    }

    #[test]
    fn an_assignment_has_a_name() {
        assert!("mobile".parse::<Assignment>().is_err());
        assert!("=x".parse::<Assignment>().is_err());
        let url = "website=https://a.example/?q=1"
            .parse::<Assignment>()
            .unwrap();
        assert_eq!(
            (url.name.as_str(), url.value.as_str()),
            ("website", "https://a.example/?q=1")
        );
    }
}
