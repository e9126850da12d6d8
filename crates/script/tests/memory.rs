//! What a worker costs. A program of its own, so that no other test's workers are counted.
#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::{fs, sync::Arc};

use sallyport_script::{
    Answer, Call, Engine, Limits, LoadTurn, LogLine, Property, Scene, Script, ScriptLog, Source,
    Template, Turn, WorkerProgram,
};

const TEXT: &str = include_str!("../../../scripts/totp.py");

/// The promise is 6 MiB. Tests are not optimised, and allocators differ.
const MOST: u64 = 10 * 1024 * 1024;

const WORKERS: usize = 4;

struct Nowhere;

impl ScriptLog for Nowhere {
    fn line(&self, _: LogLine<'_>) {}
}

#[tokio::test]
async fn an_idle_worker_has_a_few_megabytes_of_its_own() {
    let program = WorkerProgram::at(env!("CARGO_BIN_EXE_sallyport-script-workers"));
    let limits = Limits {
        idle_workers: WORKERS,
        ..Limits::default()
    };
    let engine = Engine::start(limits, Arc::new(Nowhere), Template::of(program));
    let script = load(&engine).await;
    let mut runs = Vec::new();
    for _ in 0..WORKERS {
        let mut run = engine.begin(&script, Scene::default()).await.unwrap();
        let turn = run.call(Call::GetCountAuthenticationSteps).await;
        assert!(matches!(turn, Turn::Done(Ok(_))));
        runs.push(run);
    }
    drop(runs);

    let template = children_of(std::process::id());
    let workers: Vec<u32> = template.into_iter().flat_map(children_of).collect();
    assert_eq!(workers.len(), WORKERS);
    for worker in workers {
        let Some(own) = private_bytes(worker) else {
            eprintln!("only root may see the memory of a worker");
            return;
        };
        println!("{} KiB", own / 1024);
        assert!(own < MOST, "a worker has {} KiB of its own", own / 1024);
    }
}

async fn load(engine: &Engine) -> Script {
    let source = Source {
        name: "totp".into(),
        text: TEXT.into(),
        language: sallyport_script::Language::Python3,
        properties: Vec::<Property>::new(),
        revision: 1,
        libraries: Default::default(),
    };
    let mut loading = engine.load(Arc::new(source), 0).await.unwrap();
    let mut turn = loading.start().await;
    loop {
        match turn {
            LoadTurn::Ask(_) => turn = loading.answer(Answer::Done).await,
            LoadTurn::Done(script) => return script.unwrap(),
        }
    }
}

fn children_of(parent: u32) -> Vec<u32> {
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.parse().ok()
    });
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// `None` for a process that has ended meanwhile.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

/// What the process shares with no other. `None` when the kernel does not say it to us.
fn private_bytes(pid: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let kib = rollup
        .lines()
        .filter(|line| line.starts_with("Private_"))
        .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    Some(kib.sum::<u64>() * 1024)
}
