//! CPU time of whole logins, and the memory that stays.

use std::{process, sync::Arc, time::Duration};

use sallyport_base::{
    Random, Secret,
    testing::{cpu::Spent, memory::Resident},
};
use sallyport_people::{Argon2Params, Hasher, PasswordCheck, People};
use tokio::{sync::Mutex, task::JoinSet};

use crate::{
    gateway::Gateway,
    house::{self, House, PASSWORD},
    serve::{self, Process},
    site::Site,
};

/// People who log in one after the other while CPU time is measured.
const PEOPLE: usize = 150;
/// Later logins of each of them: some one by one, and as many at the same time.
const LATER: usize = 2;
/// Verifications that the in-process figure is the mean of.
const VERIFICATIONS: u32 = 60;
/// A person can have so many passcodes sent in ten minutes.
const LOGINS_EACH: usize = 5;
/// Logins at the same time, where they are not one by one.
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
    let done = PEOPLE * (1 + 2 * LATER);
    let others = logins.saturating_sub(done).div_ceil(LOGINS_EACH);
    house.people(PEOPLE..PEOPLE + others, false).await?;
    let process = Process::start(&house)?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let rested = process.running.resident()?;
    serve::answers(house.listen, "/.well-known/openid-configuration");
    let asked = process.running.resident()?;
    let site = Site::new(&house.issuer(), house.listen, gateway)?;
    let verification = verification().await?;
    println!("\nCPU time of a whole login, the passcode service in the same process");
    measure_logins(&site, &process, verification).await?;
    let few = process.running.resident()?;
    let rest = logins.saturating_sub(done);
    let numbers = 0..rest.div_ceil(LOGINS_EACH);
    let people = (0..LOGINS_EACH).flat_map(|_| numbers.clone().map(|number| PEOPLE + number));
    log_in(&site, people.take(rest).collect(), AT_ONCE).await?;
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
        done + rest,
        process.running.resident()?
    );
    Ok(())
}

async fn measure_logins(
    site: &Site,
    process: &Process,
    verification: Duration,
) -> anyhow::Result<()> {
    for (what, rounds, at_once) in [
        ("the first of a person, one by one", 1, 1),
        ("later ones, one by one", LATER, 1),
        ("later ones, 4 at once", LATER, AT_ONCE),
    ] {
        let before = process.running.spent()?;
        let logins = (0..rounds).flat_map(|_| 0..PEOPLE).collect();
        log_in(site, logins, at_once).await?;
        let spent = process.running.spent()? - before;
        print(what, spent, PEOPLE * rounds, verification);
    }
    Ok(())
}

/// Logins of these people in this order, `at_once` at the same time.
async fn log_in(site: &Site, people: Vec<usize>, at_once: usize) -> anyhow::Result<()> {
    let people = Arc::new(Mutex::new(people.into_iter()));
    let mut lines = JoinSet::new();
    for _ in 0..at_once {
        let (site, people) = (site.clone(), people.clone());
        lines.spawn(async move {
            loop {
                let next = people.lock().await.next();
                let Some(person) = next else { break };
                site.log_in(person).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(line) = lines.join_next().await {
        line??;
    }
    Ok(())
}

fn print(what: &str, spent: Spent, logins: usize, verification: Duration) {
    let each = |time: Duration| millis(time) / logins as f64;
    let (total, hashing) = (each(spent.total), each(spent.of_threads("passwords")));
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
    println!(
        "    a thread went to sleep {:.0} times",
        spent.sleeps as f64 / logins as f64
    );
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
    Ok((Spent::by(process::id())? - before).of_threads("passwords") / VERIFICATIONS)
}

async fn without_script() -> anyhow::Result<Resident> {
    let house = House::build(None).await?;
    house.people(0..1, true).await?;
    let process = Process::start(&house)?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    process.running.resident()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
