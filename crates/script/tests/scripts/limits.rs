use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sallyport_script::{Answer, Call, EngineError, ErrorKind, Limits, Returned, Scene, Turn};

use crate::desk::{Desk, nobody, with_body};

const PAGE: Call = Call::GetPageForStep { step: 1 };

/// The kind of error that a body ends in.
async fn kind_of(desk: &Desk, body: &str) -> ErrorKind {
    desk.eval(body).await.unwrap_err().kind
}

#[tokio::test]
async fn an_endless_loop_ends_with_the_scripts_time() {
    let desk = Desk::hurried();
    let loops = [
        "while True:\n    pass",
        "while True:\n    try:\n        while True:\n            pass\n    except:\n        print \"swallowed\"",
        "while True:\n    try:\n        while True:\n            pass\n    except Exception, e:\n        pass",
        "try:\n    while True:\n        pass\nfinally:\n    n = 0\n    while True:\n        n += 1",
        "import time\ntime.sleep(3600)",
        "class A:\n    def __str__(self):\n        while True:\n            pass\nraise Exception(A())",
    ];
    for body in loops {
        let started = Instant::now();
        let kind = kind_of(&desk, body).await;
        assert!(started.elapsed() < Duration::from_secs(3), "{body}");
        // What is wrong with the exception's own text is told as the exception's.
        assert!(
            kind == ErrorKind::Deadline || body.contains("__str__"),
            "{body}: {kind:?}"
        );
    }
}

#[tokio::test]
async fn not_even_python_3_that_catches_everything_goes_on() {
    let desk = Desk::hurried();
    let bodies = [
        "while True:\n    try:\n        while True:\n            pass\n    except:\n        pass",
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        continue",
    ];
    for body in bodies {
        let script = desk
            .load(&format!(
                "# sallyport: language=python3\n{}",
                with_body(body)
            ))
            .await;
        let (result, _) = desk.call(&script, Scene::default(), PAGE, nobody).await;
        assert_eq!(result.unwrap_err().kind, ErrorKind::Deadline);
    }
}

#[tokio::test]
async fn the_error_names_the_line_that_was_running() {
    let desk = Desk::hurried();
    let error = desk
        .eval("x = 1\nwhile True:\n    x = x + 1")
        .await
        .unwrap_err();
    assert!(
        error.message.starts_with("sample.py, line 1"),
        "{}",
        error.message
    );
    assert!(
        error
            .message
            .ends_with("stopped: the script's time is over"),
        "{}",
        error.message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_cannot_be_stopped_costs_its_worker_and_nobody_else() {
    let desk = Desk::hurried();
    let other = desk.load(&with_body("return \"page\"")).await;
    for body in [
        "return sum(range(2 * 10 ** 8))",
        "import re\nre.match(r'(a*)*b', 'a' * 25)",
    ] {
        let script = desk.load(&with_body(body)).await;
        let stuck = desk.call(&script, Scene::default(), PAGE, nobody);
        let meanwhile = async {
            for _ in 0..20 {
                let started = Instant::now();
                let (result, _) = desk.call(&other, Scene::default(), PAGE, nobody).await;
                assert_eq!(result, Ok(Returned::Text("page".into())));
                assert!(started.elapsed() < Duration::from_secs(2));
            }
        };
        let ((result, _), ()) = tokio::join!(stuck, meanwhile);
        assert_eq!(result.unwrap_err().kind, ErrorKind::Lost, "{body}");
    }
}

#[tokio::test]
async fn waiting_for_the_host_is_not_the_scripts_time() {
    let desk = Desk::hurried();
    let body = "from org.gluu.service.cdi.util import CdiUtil\nfrom org.gluu.service import CacheService\nreturn CdiUtil.bean(CacheService).get(\"k\")";
    let script = desk.load(&with_body(body)).await;
    let mut run = desk.engine.begin(&script, Scene::default()).await.unwrap();
    assert!(matches!(run.call(PAGE).await, Turn::Ask(_)));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let turn = run.answer(Answer::Text(Some("\"late\"".into()))).await;
    assert!(matches!(turn, Turn::Done(Ok(Returned::Text(text))) if text == "late"));
}

#[tokio::test]
async fn recursion_of_any_kind_is_an_error_of_the_script() {
    let desk = Desk::new();
    let bodies = [
        "def f(n):\n    return f(n + 1)\nreturn f(0)",
        "class A:\n    def __getattr__(self, name):\n        return getattr(self, name + 'x')\nreturn A().y",
        "x = []\nfor i in range(100000):\n    x = [x]\nreturn repr(x)",
        "import json\nreturn json.loads('[' * 100000)",
    ];
    for body in bodies {
        let error = desk.eval(body).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Exception, "{body}");
        assert!(error.message.contains("Recursion"), "{}", error.message);
    }
    let deep = format!("return {}1{}", "(".repeat(5000), ")".repeat(5000));
    let error = desk.load_error(&with_body(&deep)).await;
    assert_eq!(error.stage, sallyport_script::LoadStage::Compile);
}

#[tokio::test]
async fn the_pool_grows_while_scripts_wait_and_refuses_when_it_is_full() {
    let desk = Desk::with(Limits {
        workers: 2,
        wait: Duration::from_millis(50),
        ..Limits::default()
    });
    let body = "from org.gluu.service.cdi.util import CdiUtil\nfrom org.gluu.service import CacheService\nCdiUtil.bean(CacheService).remove(\"k\")\nreturn \"done\"";
    let script = desk.load(&with_body(body)).await;
    let mut first = desk.engine.begin(&script, Scene::default()).await.unwrap();
    let mut second = desk.engine.begin(&script, Scene::default()).await.unwrap();
    assert!(matches!(first.call(PAGE).await, Turn::Ask(_)));
    assert!(matches!(second.call(PAGE).await, Turn::Ask(_)));
    assert_eq!(desk.engine.workers(), 2);
    assert!(matches!(
        desk.engine.begin(&script, Scene::default()).await,
        Err(EngineError::Busy)
    ));

    // One who goes away in the middle of a call leaves the worker to the next.
    drop(second);
    let third = desk.engine.begin(&script, Scene::default()).await;
    assert!(third.is_ok());
    assert!(matches!(
        first.answer(Answer::Done).await,
        Turn::Done(Ok(_))
    ));
}

#[tokio::test]
async fn idle_workers_end_and_worn_ones_are_replaced() {
    let limits = Limits {
        idle_workers: 1,
        idle_time: Duration::from_millis(20),
        calls_per_worker: 3,
        ..Limits::default()
    };
    let desk = Desk::with(limits);
    let script = desk.load(&with_body("return \"page\"")).await;
    let runs = [
        desk.engine.begin(&script, Scene::default()).await,
        desk.engine.begin(&script, Scene::default()).await,
    ];
    assert_eq!(desk.engine.workers(), 2);
    drop(runs);
    while desk.engine.workers() > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for _ in 0..10 {
        let (result, _) = desk.call(&script, Scene::default(), PAGE, nobody).await;
        assert_eq!(result, Ok(Returned::Text("page".into())));
    }
}

#[tokio::test]
async fn what_a_script_prints_on_a_second_worker_was_printed_on_the_first() {
    let desk = Desk::new();
    let script = desk
        .load(&with_body("return \"page\"").replace("return True", "print \"init\"; return True"))
        .await;
    let _busy = desk.engine.begin(&script, Scene::default()).await.unwrap();
    let (result, _) = desk.call(&script, Scene::default(), PAGE, nobody).await;
    assert!(result.is_ok());
    assert_eq!(desk.printed(), ["init"]);
}

#[tokio::test]
async fn output_and_questions_have_an_end() {
    let desk = Desk::with(Limits {
        lines: 10,
        questions: 5,
        ..Limits::default()
    });
    desk.eval("for i in range(100):\n    print i\nreturn ''")
        .await
        .unwrap();
    assert_eq!(desk.printed().len(), 10);
    assert_eq!(desk.printed()[9], "(more output of this call is dropped)");

    let body = "from org.gluu.service.cdi.util import CdiUtil\nfrom org.gluu.service import CacheService\nfor i in range(10):\n    CdiUtil.bean(CacheService).remove(\"k\")";
    let script = desk.load(&with_body(body)).await;
    let (result, _) = desk
        .call(&script, Scene::default(), PAGE, |_| Answer::Done)
        .await;
    assert!(result.unwrap_err().message.contains("too many questions"));
}

#[tokio::test]
async fn a_stopped_engine_takes_nothing_more() {
    let desk = Desk::new();
    let script = desk.load(&with_body("return ''")).await;
    desk.engine.clone().stop();
    assert!(matches!(
        desk.engine.begin(&script, Scene::default()).await,
        Err(EngineError::Stopped)
    ));
}

/// What the operating system says of the worker that runs a script's call.
fn workers_of_this_test_run() -> Vec<PathBuf> {
    let children = |pid: &str| {
        let path = format!("/proc/{pid}/task/{pid}/children");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let own = std::fs::read_dir("/proc/self/task").unwrap();
    let own = own.flat_map(|task| {
        let path = task.unwrap().path().join("children");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    own.flat_map(|template| children(&template))
        .map(|worker| PathBuf::from(format!("/proc/{worker}")))
        .collect()
}

/// Whether the kernel refuses the worker what it does not need. One of another test may just begin, or
/// end.
async fn is_shut_in(worker: &Path) -> bool {
    for _ in 0..1000 {
        let Ok(status) = std::fs::read_to_string(worker.join("status")) else {
            return true;
        };
        if status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2") {
            return true;
        }
        if status.contains("State:\tZ") {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[tokio::test]
async fn a_worker_holds_its_channel_and_nothing_of_the_servers() {
    let desk = Desk::new();
    let left_open = std::fs::File::open("/etc/hostname").unwrap();
    rustix::io::fcntl_setfd(&left_open, rustix::io::FdFlags::empty()).unwrap();
    let script = desk.load(&with_body("return \"page\"")).await;
    let _run = desk.engine.begin(&script, Scene::default()).await.unwrap();
    let workers = workers_of_this_test_run();
    assert!(!workers.is_empty());
    for worker in workers {
        assert!(is_shut_in(&worker).await, "{worker:?}");
        let Ok(descriptors) = std::fs::read_dir(worker.join("fd")) else {
            continue;
        };
        let open: Vec<String> = descriptors
            .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
            .map(|target| target.display().to_string())
            .collect();
        let sockets = open.iter().filter(|it| it.starts_with("socket:")).count();
        assert!(sockets <= 1, "{open:?}");
        assert!(!open.iter().any(|it| it == "/etc/hostname"), "{open:?}");
        assert_eq!(
            std::fs::read(worker.join("environ")).unwrap_or_default(),
            b""
        );
    }
}

#[tokio::test]
async fn a_script_that_grows_without_end_is_stopped_with_its_line() {
    // Memory is what ends it, however slow the machine is.
    let desk = Desk::with(Limits {
        script_time: Duration::from_secs(300),
        ..Limits::default()
    });
    for body in [
        "x = []\nwhile True:\n    x.append('x' * 1000)",
        "x = 'x'\nwhile True:\n    x = x + x",
        "x = {}\nn = 0\nwhile True:\n    n = n + 1\n    x[n] = [n]",
    ] {
        let error = desk.eval(body).await.unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Memory | ErrorKind::Lost),
            "{body}: {error:?}"
        );
        let said = error.message.contains("memory") || error.message.contains("MiB");
        assert!(said, "{}", error.message);
    }
}

#[tokio::test]
async fn one_huge_allocation_costs_the_worker_and_nobody_else() {
    let desk = Desk::new();
    let other = desk.load(&with_body("return \"page\"")).await;
    for body in ["return 'x' * (1 << 32)", "return [0] * (1 << 31)"] {
        let error = desk.eval(body).await.unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Lost | ErrorKind::Exception),
            "{body}: {error:?}"
        );
        assert!(
            error.message.contains("emory") || error.message.contains("256 MiB"),
            "{}",
            error.message
        );
        let (result, _) = desk.call(&other, Scene::default(), PAGE, nobody).await;
        assert_eq!(result, Ok(Returned::Text("page".into())));
    }
}

#[tokio::test]
async fn workers_draw_different_random_numbers() {
    let desk = Desk::new();
    let body = "import random, uuid\nreturn \"%s %s\" % (random.random(), uuid.uuid4())";
    let script = desk.load(&with_body(body)).await;
    let mut drawn = std::collections::BTreeSet::new();
    let mut runs = Vec::new();
    for _ in 0..4 {
        let mut run = desk.engine.begin(&script, Scene::default()).await.unwrap();
        match run.call(PAGE).await {
            Turn::Done(Ok(Returned::Text(text))) => {
                drawn.extend(text.split(' ').map(str::to_owned));
            }
            _ => panic!("the script gives a text"),
        }
        runs.push(run);
    }
    assert_eq!(drawn.len(), 8);
}

#[tokio::test]
async fn a_script_that_swallows_its_end_and_keeps_talking_is_ended_too() {
    let desk = Desk::hurried();
    let talks = ["print \"x\"", "CdiUtil.bean(CacheService).remove(\"k\")"];
    for talk in talks {
        let body = format!(
            "from org.gluu.service.cdi.util import CdiUtil\nfrom org.gluu.service import CacheService\n\
             def f():\n    try:\n        while True:\n            {talk}\n    finally:\n        return 0\n\
             while True:\n    f()"
        );
        let script = desk.load(&with_body(&body)).await;
        let call = desk.call(&script, Scene::default(), PAGE, |_| Answer::Done);
        let ended = tokio::time::timeout(Duration::from_secs(60), call).await;
        let (result, _) = ended.expect("the script is ended");
        let kind = result.unwrap_err().kind;
        assert!(
            matches!(kind, ErrorKind::Lost | ErrorKind::Deadline),
            "{talk}: {kind:?}"
        );
    }
}

#[tokio::test]
async fn so_many_questions_are_answered_and_no_more() {
    let desk = Desk::with(Limits {
        questions: 5,
        ..Limits::default()
    });
    let body = "from org.gluu.service.cdi.util import CdiUtil\nfrom org.gluu.service import CacheService\nfor i in range(10):\n    CdiUtil.bean(CacheService).remove(\"k\")";
    let script = desk.load(&with_body(body)).await;
    let mut asked = 0;
    let (result, _) = desk
        .call(&script, Scene::default(), PAGE, |_| {
            asked += 1;
            Answer::Done
        })
        .await;
    assert!(result.is_err());
    assert_eq!(asked, 5);
}
