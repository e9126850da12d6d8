use std::collections::BTreeSet;

use sallyport_base::{Id, Random, StoreError, Timestamp, Tx, Vault};

use crate::{
    address::Address,
    allowance::Allowance,
    audit::{Entry, Event},
    budgets::{subjects_of_address, subjects_of_user},
    cooldown::Cooldown,
    email_address::EmailAddress,
    keys::{Keys, Mac},
    limits::Limits,
    method::Method,
    phone_number::PhoneNumber,
    project::Project,
    user::{self, User},
};

/// Lets somebody try again whom the service keeps out: what is counted for one number or mailbox and
/// for the users who have it. What is counted for many people (a prefix, a project, a network) stays.
pub struct Unlock {
    address: Address,
    mac: Mac,
    random: Random,
    limits: Limits,
}

/// What was lifted in a project.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Lifted {
    /// Until when the users who have the address were locked.
    pub locks: Vec<Timestamp>,
    /// How many wrong codes in a row were counted.
    pub failures: i64,
    /// Whether the next message had to wait.
    pub pause: bool,
    /// How many windows of messages had begun.
    pub windows: usize,
}

/// Why nothing can be unlocked.
#[derive(Debug, thiserror::Error)]
#[error(
    "this is neither a telephone number nor a mailbox; expected E.164 form such as +12025550162, or alice@example.com"
)]
pub struct UnlockError;

impl Lifted {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Unlock {
    /// For a number in E.164 form or a mailbox.
    pub fn of(
        address: &str,
        vault: &Vault,
        random: Random,
        limits: Limits,
    ) -> Result<Self, UnlockError> {
        let address = read(address)?;
        Ok(Self {
            mac: Keys::new(vault).address(&address),
            address,
            random,
            limits,
        })
    }

    /// Lifts what a project counts for the address, and puts that on record. The tables come in the
    /// order in which an authentication has them.
    pub async fn lift(
        &self,
        tx: &mut Tx,
        project: &Project,
        now: Timestamp,
    ) -> Result<Lifted, StoreError> {
        let Self { address, mac, .. } = self;
        let owner = Method::find_by_address(tx, project, address).await?;
        // Whoever is only adding it has limits of their own to thank for.
        let owner = owner.map(|method| method.user_id);
        let mut lifted = Lifted::default();
        if let Some(user_id) = owner {
            lifted.add(User::unlock(tx, user_id, now).await?);
        }
        lifted.pause = Cooldown::end(tx, project, mac, &self.limits, now).await?;
        for subject in subjects(mac, owner) {
            lifted.windows += Allowance::forget(tx, project, &subject, now).await?;
        }
        if !lifted.is_nothing() {
            Entry::new(Event::Unlocked)
                .maybe_user(owner)
                .address_hash(mac.clone(), address.end())
                .record_of_operator(tx, project, now, &self.random)
                .await?;
        }
        Ok(lifted)
    }
}

impl Lifted {
    fn add(&mut self, unlocked: user::Unlocked) {
        self.locks.extend(unlocked.locked_until);
        self.failures += unlocked.failures;
    }
}

fn read(text: &str) -> Result<Address, UnlockError> {
    let read = if text.contains('@') {
        EmailAddress::of_operator(text).map(Address::Email)
    } else {
        PhoneNumber::of_sender(text).map(Address::Phone)
    };
    read.map_err(|_| UnlockError)
}

/// In an order that is always the same, so that two of them at once do not wait for each other.
fn subjects(mac: &Mac, owner: Option<Id<User>>) -> BTreeSet<String> {
    let of_owner = owner.into_iter().flat_map(subjects_of_user);
    subjects_of_address(mac)
        .into_iter()
        .chain(of_owner)
        .collect()
}
