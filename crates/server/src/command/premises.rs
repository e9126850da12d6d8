use anyhow::Context;
use sallyport_base::{Clock, Random, Secret, Store, Timestamp, Vault};
use sallyport_people::{Argon2Params, Hasher, People};

use super::Place;
use crate::{SCHEMAS, config::Config, home::Home};

/// What every command works on: an opened home with its configuration and its store.
#[derive(Clone)]
pub struct Premises {
    pub home: Home,
    pub config: Config,
    pub store: Store,
    pub vault: Vault,
    pub clock: Clock,
    pub random: Random,
}

impl Premises {
    /// Opens the home of a server that was started before.
    pub async fn open(place: &Place) -> anyhow::Result<Self> {
        Self::of(Home::open(&place.home)?, place).await
    }

    /// Opens the home, and makes it at the first start.
    pub async fn create(place: &Place) -> anyhow::Result<Self> {
        Self::of(Home::create(&place.home, &Random::system())?, place).await
    }

    async fn of(home: Home, place: &Place) -> anyhow::Result<Self> {
        let config = Config::load(home.path())?;
        let vault = home.vault()?;
        let store = open_store(&home, &config, place).await?;
        Ok(Self {
            home,
            config,
            store,
            vault,
            clock: Clock::System,
            random: Random::system(),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// People, with a thread to hash a password on.
    pub fn people(&self) -> People {
        let hasher = Hasher::start(1, 1, Argon2Params::default());
        People::new(self.store.clone(), self.random.clone(), hasher)
    }
}

/// The store that the command line or the configuration names, or else the one in the home.
pub(super) fn store_address(home: &Home, config: &Config, place: &Place) -> String {
    let configured = config.store.address.as_ref().map(Secret::expose);
    place
        .store
        .as_deref()
        .or(configured)
        .map_or_else(|| home.store_address(), str::to_owned)
}

async fn open_store(home: &Home, config: &Config, place: &Place) -> anyhow::Result<Store> {
    let store = Store::open(&store_address(home, config, place)).await?;
    store
        .migrate(&SCHEMAS)
        .await
        .context("the tables of the store")?;
    Ok(store)
}
