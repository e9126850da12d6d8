//! What workers take, and how their number follows the need.

use std::{
    process,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use sallyport_base::testing::{
    family::family,
    memory::{megabytes, private},
};
use sallyport_script::{Answer, Call, Engine, Run, Scene, Script, Turn};

use crate::scripts;

/// Logins that wait for a slow provider.
const WAITING: usize = 100;
const CALLS: usize = 2_000;

/// A method with a password alone, and one that asks the host in `getPageForStep`.
const METHOD: &str = "# sallyport: language=python3
from org.gluu.service.cdi.util import CdiUtil
from org.gluu.service import CacheService

class PersonAuthentication:
    def __init__(self, now): pass
    def init(self, script, attributes): return True
    def getApiVersion(self): return 11
    def getCountAuthenticationSteps(self, attributes): return 1
    def getPageForStep(self, attributes, step):
        CdiUtil.bean(CacheService).get(\"slow\")
        return \"\"
";

pub async fn measure() -> anyhow::Result<()> {
    let engine = scripts::engine();
    let script = scripts::load_text(&engine, METHOD).await?;
    let bare = all_after_a_call(&engine, &script).await?;
    println!("\nmemory of an idle worker, what it holds alone");
    println!(
        "  with a script of twelve lines   {:.1} MB",
        megabytes(bare)
    );
    let stytch = scripts::load(&engine).await?;
    let both = all_after_a_call(&engine, &stytch).await?;
    println!(
        "  with scripts/stytch.py          {:.1} MB",
        megabytes(both - bare)
    );
    let quiet = calls(&engine, &script).await?;
    let (began, waiting) = (Instant::now(), wait_for_host(&engine, &script).await?);
    let grown = began.elapsed();
    let busy = calls(&engine, &script).await?;
    println!("\n{WAITING} logins wait for a slow provider");
    println!(
        "  workers                         {}, after {:.2} s",
        engine.workers(),
        grown.as_secs_f64()
    );
    println!(
        "  all workers together            {:.0} MB",
        megabytes(all_workers()?)
    );
    println!("  a call beside them              {}", busy.said());
    println!("  the same call without them      {}", quiet.said());
    drop(waiting);
    engine.stop();
    Ok(())
}

/// What all workers hold after a call of a script that has a worker of its own, in KiB.
async fn all_after_a_call(engine: &Engine, script: &Script) -> anyhow::Result<u64> {
    once(engine, script).await?;
    all_workers()
}

/// What workers hold, each alone, in KiB.
fn all_workers() -> anyhow::Result<u64> {
    let own = family(process::id());
    // This program, the process that prepares, and then the workers.
    let workers = own.get(2..).context("there are no workers")?;
    workers.iter().map(|worker| private(*worker)).sum()
}

async fn wait_for_host(engine: &Engine, script: &Script) -> anyhow::Result<Vec<Run>> {
    let mut waiting = Vec::new();
    for _ in 0..WAITING {
        let mut run = engine.begin(script, Scene::default()).await?;
        let turn = run.call(Call::GetPageForStep { step: 1 }).await;
        ensure!(matches!(turn, Turn::Ask(_)), "the script asks nothing");
        waiting.push(run);
    }
    Ok(waiting)
}

/// How long calls take, one after the other.
struct Times {
    median: Duration,
    slowest_of_hundred: Duration,
}

impl Times {
    fn said(&self) -> String {
        format!(
            "{:.0} µs in the median, {:.0} µs at p99",
            self.median.as_secs_f64() * 1e6,
            self.slowest_of_hundred.as_secs_f64() * 1e6
        )
    }
}

async fn calls(engine: &Engine, script: &Script) -> anyhow::Result<Times> {
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let began = Instant::now();
        once(engine, script).await?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(Times {
        median: times[CALLS / 2],
        slowest_of_hundred: times[CALLS * 99 / 100],
    })
}

async fn once(engine: &Engine, script: &Script) -> anyhow::Result<()> {
    let mut run = engine.begin(script, Scene::default()).await?;
    let mut turn = run.call(Call::GetCountAuthenticationSteps).await;
    loop {
        match turn {
            Turn::Ask(_) => turn = run.answer(Answer::Text(None)).await,
            Turn::Done(outcome) => {
                outcome.map_err(|cause| anyhow::anyhow!("{cause}"))?;
                return Ok(());
            }
        }
    }
}
