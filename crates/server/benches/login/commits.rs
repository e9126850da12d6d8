//! How often a login waits for the disk.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use sallyport_base::Store;
use sallyport_flow::{Issuer, ScriptLogFile};
use sallyport_otp::Gateway as Way;
use sallyport_people::{Argon2Params, Hasher};
use sallyport_script::{Engine, Limits};
use sallyport_server::{App, AppParts};
use tokio::net::TcpListener;

use crate::{
    gateway::{self, Gateway},
    house::{self, House},
    site::Site,
};

const PEOPLE: usize = 20;

/// Both services run inside this program, each on a store of its own, whose commits are counted by
/// the store itself. One login at a time, so that no two changes share a commit.
pub async fn measure() -> anyhow::Result<()> {
    let gateway = Gateway::open().await?;
    let service = House::build(Some(&gateway)).await?;
    let provider = House::build(None).await?;
    provider.furnish(&service, &service.caller().await?).await?;
    provider.people(0..PEOPLE, true).await?;
    let passcodes = app(&service, vec![way(&gateway)?]).await?;
    let router = passcodes
        .passcode_router()
        .context("the passcode service")?;
    serve(service.passcodes, router).await?;
    tokio::spawn(async move { passcodes.send_messages().await });
    serve(
        provider.listen,
        app(&provider, Vec::new()).await?.router(Router::new()),
    )
    .await?;
    let site = Site::new(&provider.issuer(), provider.listen, gateway)?;
    println!("\ndurable commits of one login, mean of {PEOPLE}");
    for what in ["the first of a person", "every later one"] {
        let before = (commits(&provider)?, commits(&service)?);
        for number in 0..PEOPLE {
            site.log_in(number).await?;
        }
        let mean = |after: u64, before: u64| (after - before) as f64 / PEOPLE as f64;
        println!(
            "  {what:24} {:5.2}, and {:.2} of the passcode service",
            mean(commits(&provider)?, before.0),
            mean(commits(&service)?, before.1)
        );
    }
    Ok(())
}

async fn app(house: &House, gateways: Vec<Way>) -> anyhow::Result<App> {
    let premises = &house.premises;
    let log = ScriptLogFile::open(&house.folder, premises.clock.clone())?;
    App::build(AppParts {
        home: house.folder.clone(),
        store: premises.store.clone(),
        clock: premises.clock.clone(),
        random: premises.random.clone(),
        vault: premises.vault.clone(),
        hasher: Hasher::start(1, PEOPLE, Argon2Params::default()),
        engine: Engine::start(Limits::default(), Arc::new(log), house::template()),
        issuer: Issuer::parse(&house.issuer())?,
        config: premises.config.clone(),
        gateways,
    })
    .await
}

fn way(gateway: &Gateway) -> anyhow::Result<Way> {
    Ok(Way::webhook(gateway.url.parse()?, gateway::SECRET.into()))
}

async fn serve(address: std::net::SocketAddr, router: Router) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(())
}

fn commits(house: &House) -> anyhow::Result<u64> {
    let store: &Store = &house.premises.store;
    store.commits().context("a store that counts")
}
