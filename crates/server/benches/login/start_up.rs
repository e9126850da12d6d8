//! From the start of the process to its first answer.

use std::time::{Duration, Instant};

use crate::{
    gateway::Gateway,
    house::House,
    serve::{self, Process},
};

const ROUNDS: usize = 10;

pub async fn measure() -> anyhow::Result<()> {
    let gateway = Gateway::open().await?;
    let house = House::build(Some(&gateway)).await?;
    house.furnish(&house, &house.caller().await?).await?;
    house.people(0..1, true).await?;
    // The first start makes the signing keys.
    let first = Process::start(&house)?.ready_after;
    let (mut ready, mut scripted) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let process = Process::start(&house)?;
        ready.push(process.ready_after);
        serve::answers(house.listen, "/.well-known/openid-configuration");
        scripted.push(began.elapsed());
    }
    println!("\nstart-up on an existing home, median and range of {ROUNDS}");
    print("until /readyz answers", &mut ready);
    print("until the script is loaded too", &mut scripted);
    println!(
        "  the very first, which makes the signing keys: {:.3} s",
        first.as_secs_f64()
    );
    Ok(())
}

fn print(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    println!(
        "  {what:32} {:.3} s ({:.3} to {:.3})",
        times[times.len() / 2].as_secs_f64(),
        times[0].as_secs_f64(),
        times[times.len() - 1].as_secs_f64()
    );
}
