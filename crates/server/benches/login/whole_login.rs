//! CPU time of whole logins, and the memory that stays.

use std::{process, time::Duration};

use sallyport_base::{Random, Secret};
use sallyport_people::{Argon2Params, Hasher, PasswordCheck, People};
use tokio::task::JoinSet;

use crate::{
    cpu::Spent,
    gateway::Gateway,
    house::{self, House, PASSWORD},
    serve::{self, Process},
    site::Site,
};

/// People who log in one after the other while CPU time is measured.
const PEOPLE: usize = 100;
/// Later logins of each of them.
const LATER: usize = 3;
/// Verifications that the in-process figure is the mean of.
const VERIFICATIONS: u32 = 60;
/// A person can have so many passcodes sent in ten minutes.
const LOGINS_EACH: usize = 5;
/// Logins at the same time while memory is measured.
const AT_ONCE: usize = 4;

/// The provider in one process and the passcode service in another: production, where that is
/// Stytch's own.
pub async fn measure_apart() -> anyhow::Result<()> {
    let gateway = Gateway::open().await?;
    let service = House::build(Some(&gateway)).await?;
    // Where there is nobody at all, the first start makes a person, which takes a hash.
    service.people(0..1, true).await?;
    let provider = House::build(None).await?;
    provider.furnish(&service, &service.caller().await?).await?;
    provider.people(0..PEOPLE, true).await?;
    let _passcodes = Process::start(&service)?;
    let process = Process::start(&provider)?;
    let site = Site::new(&provider.issuer(), provider.listen, gateway)?;
    let verification = verification().await?;
    println!(
        "\none verification of a password inside this program: {:.2} ms of CPU time, mean of {VERIFICATIONS}",
        millis(verification)
    );
    println!("\nCPU time of a whole login, the passcode service in another process");
    measure_logins(&site, &process, verification).await
}

/// Provider and passcode service in one process, and then its memory.
pub async fn measure_together(logins: usize) -> anyhow::Result<()> {
    let gateway = Gateway::open().await?;
    let house = House::build(Some(&gateway)).await?;
    house.furnish(&house, &house.caller().await?).await?;
    house.people(0..PEOPLE, true).await?;
    let done = PEOPLE * (1 + LATER);
    let others = logins.saturating_sub(done).div_ceil(LOGINS_EACH);
    house.people(PEOPLE..PEOPLE + others, false).await?;
    let process = Process::start(&house)?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let rested = process.resident()?;
    serve::answers(house.listen, "/.well-known/openid-configuration");
    let asked = process.resident()?;
    let site = Site::new(&house.issuer(), house.listen, gateway)?;
    let verification = verification().await?;
    println!("\nCPU time of a whole login, the passcode service in the same process");
    measure_logins(&site, &process, verification).await?;
    let few = process.resident()?;
    let many = more_logins(&site, logins.saturating_sub(done)).await?;
    println!("\nresident memory");
    println!(
        "  without a script, at rest         {}",
        without_script().await?
    );
    println!("  2 s after the start               {rested}");
    println!("  after the first discovery         {asked}");
    println!("  after {done:6} logins              {few}");
    println!(
        "  after {:6} logins, {AT_ONCE} at once   {}",
        done + many,
        process.resident()?
    );
    Ok(())
}

async fn measure_logins(
    site: &Site,
    process: &Process,
    verification: Duration,
) -> anyhow::Result<()> {
    let first = spent(site, process, 1).await?;
    print("the first of a person", first, PEOPLE, verification);
    let later = spent(site, process, LATER).await?;
    print("every later one", later, PEOPLE * LATER, verification);
    Ok(())
}

/// What the server uses for so many logins of everybody, one after the other.
async fn spent(site: &Site, process: &Process, rounds: usize) -> anyhow::Result<Spent> {
    let before = process.spent()?;
    for _ in 0..rounds {
        for number in 0..PEOPLE {
            site.log_in(number).await?;
        }
    }
    Ok(process.spent()? - before)
}

fn print(what: &str, spent: Spent, logins: usize, verification: Duration) {
    let each = |time: Duration| millis(time) / logins as f64;
    let (total, hashing) = (each(spent.total), each(spent.hashing()));
    println!("  {what}, mean of {logins}");
    println!(
        "    {total:.2} ms, of which {hashing:.2} ms in the threads that hash passwords: ratio {:.3}",
        total / hashing
    );
    println!(
        "    divided by the verification above: ratio {:.3}",
        total / millis(verification)
    );
    let mut threads: Vec<_> = spent.threads.iter().collect();
    threads.sort_by_key(|(_, time)| std::cmp::Reverse(**time));
    let shares: Vec<String> = threads
        .iter()
        .filter(|(_, time)| each(**time) >= 0.01)
        .map(|(name, time)| format!("{name} {:.2}", each(**time)))
        .collect();
    println!("    by thread, in ms: {}", shares.join(", "));
}

/// CPU time of one verification on the hasher that the server uses, in a thread of this process.
async fn verification() -> anyhow::Result<Duration> {
    let house = House::build(None).await?;
    house.people(0..1, true).await?;
    let hasher = Hasher::start(1, 1, Argon2Params::default());
    let people = People::new(house.premises.store.clone(), Random::system(), hasher);
    let password = Secret::from(PASSWORD);
    let verify = async || -> anyhow::Result<()> {
        let check = people.check_password(&house::uid(0), &password).await?;
        anyhow::ensure!(matches!(check, PasswordCheck::Right(_)), "{check:?}");
        Ok(())
    };
    // The first one makes the memory.
    verify().await?;
    let before = Spent::by(process::id())?;
    for _ in 0..VERIFICATIONS {
        verify().await?;
    }
    Ok((Spent::by(process::id())? - before).hashing() / VERIFICATIONS)
}

/// Logins of other people, up to [`LOGINS_EACH`] of each; says how many there were.
async fn more_logins(site: &Site, logins: usize) -> anyhow::Result<usize> {
    let mut lines = JoinSet::new();
    for line in 0..AT_ONCE {
        let site = site.clone();
        let numbers = (0..logins).filter(move |number| number / LOGINS_EACH % AT_ONCE == line);
        lines.spawn(async move {
            for number in numbers {
                site.log_in(PEOPLE + number / LOGINS_EACH).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(line) = lines.join_next().await {
        line??;
    }
    Ok(logins)
}

async fn without_script() -> anyhow::Result<crate::memory::Resident> {
    let house = House::build(None).await?;
    house.people(0..1, true).await?;
    let process = Process::start(&house)?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    process.resident()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
