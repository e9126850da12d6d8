//! Scripts beside each other: one that runs away costs its own request, and nobody sees another's.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sallyport_script::{
    Answer, Call, ErrorKind, Limits, Request, Returned, Scene, Script, ScriptError, Turn,
};
use tokio::task::JoinSet;

use crate::desk::{Desk, nobody, with_body};

const PAGE: Call = Call::GetPageForStep { step: 1 };

/// How a script runs away: what it is, its body, and how its call may end.
const RUNAWAYS: &[(&str, &str, &[ErrorKind])] = &[
    (
        "an endless loop",
        "while True:\n    pass",
        &[ErrorKind::Deadline],
    ),
    (
        "a sleep",
        "import time\ntime.sleep(3600)",
        &[ErrorKind::Deadline],
    ),
    (
        "a growing list",
        "kept = []\nwhile True:\n    kept.append('%d' % len(kept) * 10000)",
        &[ErrorKind::Memory],
    ),
    (
        "a growing text",
        "text = 'x'\nwhile True:\n    text = text + text",
        &[ErrorKind::Memory, ErrorKind::Exception, ErrorKind::Lost],
    ),
    (
        "a huge allocation",
        "return len('x' * (1 << 36))",
        &[ErrorKind::Memory, ErrorKind::Exception, ErrorKind::Lost],
    ),
    (
        "a huge number",
        "return len(str(7 ** (1 << 40)))",
        &[ErrorKind::Memory, ErrorKind::Exception, ErrorKind::Lost],
    ),
    (
        "a deep recursion",
        "def f(n):\n    return f(n + 1)\nreturn f(0)",
        &[ErrorKind::Exception],
    ),
    (
        "a recursion of native code",
        "x = []\nfor i in range(200000):\n    x = [x]\nreturn x == [x]",
        &[ErrorKind::Exception, ErrorKind::Lost, ErrorKind::Memory],
    ),
    (
        "a catastrophic regular expression",
        "import re\nreturn str(re.match(r'(a*)*b', 'a' * 40))",
        &[ErrorKind::Lost],
    ),
    (
        "an endless native loop",
        "return sum(range(10 ** 12))",
        &[ErrorKind::Lost],
    ),
];

fn little_time() -> Desk {
    Desk::with(Limits {
        script_time: Duration::from_secs(2),
        grace: Duration::from_millis(500),
        memory: 32 * 1024 * 1024,
        ..Limits::default()
    })
}

/// Fifty calls, four at a time, of a script that behaves.
async fn load(desk: &Arc<Desk>, script: &Script) {
    let mut callers = JoinSet::new();
    for caller in 0..4 {
        let (desk, script) = (Arc::clone(desk), script.clone());
        callers.spawn(async move {
            for _ in 0..12 + caller {
                let (result, _) = desk.call(&script, Scene::default(), PAGE, nobody).await;
                assert_eq!(result, Ok(Returned::Text("page".into())));
            }
        });
    }
    callers.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runaway_ends_in_a_clear_error_while_all_other_calls_come_to_their_end() {
    let desk = Arc::new(little_time());
    let good = desk.load(&with_body("return \"page\"")).await;
    for (what, body, ends) in RUNAWAYS {
        let bad = desk.load(&with_body(body)).await;
        let runaway = desk.call(&bad, Scene::default(), PAGE, nobody);
        let ((result, _), ()) = tokio::join!(runaway, load(&desk, &good));
        let error: ScriptError = result.expect_err(what);
        assert!(ends.contains(&error.kind), "{what}: {error:?}");
        if matches!(error.kind, ErrorKind::Deadline | ErrorKind::Memory) {
            // The body begins in line 9.
            let line = error.message.strip_prefix("sample.py, line ");
            assert!(
                line.is_some_and(|rest| rest.starts_with(['9', '1'])),
                "{what}: {error:?}"
            );
        }
    }
    load(&desk, &good).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runaways_on_every_worker_but_one_leave_that_one_to_the_others() {
    let desk = Arc::new(Desk::with(Limits {
        script_time: Duration::from_secs(2),
        workers: 4,
        ..Limits::default()
    }));
    let good = desk.load(&with_body("return \"page\"")).await;
    let bad = desk.load(&with_body("while True:\n    pass")).await;
    let mut runaways = JoinSet::new();
    for _ in 0..3 {
        let (desk, bad) = (Arc::clone(&desk), bad.clone());
        runaways.spawn(async move { desk.call(&bad, Scene::default(), PAGE, nobody).await.0 });
    }
    load(&desk, &good).await;
    for result in runaways.join_all().await {
        assert_eq!(result.unwrap_err().kind, ErrorKind::Deadline);
    }
}

/// Keeps whatever it gets hold of and looks at it again in later requests.
const CURIOUS: &str = r#"# sallyport: language=python3
from javax.faces.context import FacesContext
from org.gluu.oxauth.security import Identity
from org.gluu.service import CacheService
from org.gluu.service.cdi.util import CdiUtil


class Thing:
    def __init__(self, name):
        self.name = name


class PersonAuthentication:
    def __init__(self, now):
        self.identity = CdiUtil.bean(Identity)
        self.credentials = self.identity.getCredentials()
        self.session = self.identity.getSessionId()
        self.attributes = self.session.getSessionAttributes()
        self.working = self.identity.getWorkingParameters()
        self.request = FacesContext.getCurrentInstance().getExternalContext().getRequest()

    def init(self, customScript, configuration):
        return True

    def getApiVersion(self):
        return 11

    def prepareForStep(self, configuration, parameters, step):
        self.identity.setWorkingParameter("thing", Thing(self.credentials.getUsername()))
        self.identity.setWorkingParameter("text", self.credentials.getUsername())
        return True

    def getPageForStep(self, configuration, step):
        CdiUtil.bean(CacheService).remove("while the host answers, others run")
        thing = self.identity.getWorkingParameter("thing")
        return ",".join(map(str, [
            self.credentials.getUsername(),
            self.credentials.getPassword(),
            self.attributes.get("name"),
            self.session.getSessionAttributes().get("name"),
            self.request.getParameter("name"),
            self.working.get("text"),
            thing.name if thing is not None else None,
        ]))
"#;

fn scene_of(name: &str) -> Scene {
    Scene {
        session: BTreeMap::from([("name".to_owned(), name.to_owned())]),
        username: Some(name.to_owned()),
        password: Some(format!("{name}'s password")),
        request: Request {
            parameters: BTreeMap::from([("name".to_owned(), vec![name.to_owned()])]),
            ..Request::default()
        },
        ..Scene::default()
    }
}

/// One request of a person; with `prepared`, one in which the script has kept something before.
async fn look(desk: &Desk, script: &Script, name: &str, prepared: bool) -> String {
    let mut run = desk.engine.begin(script, scene_of(name)).await.unwrap();
    if prepared {
        let turn = run.call(Call::PrepareForStep { step: 1 }).await;
        assert!(matches!(turn, Turn::Done(Ok(Returned::Bool(true)))));
    }
    let mut turn = run.call(PAGE).await;
    loop {
        match turn {
            Turn::Ask(_) => {
                tokio::task::yield_now().await;
                turn = run.answer(Answer::Done).await;
            }
            Turn::Done(result) => return result.unwrap().as_text().unwrap().to_owned(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_script_that_keeps_all_it_can_sees_the_person_of_the_request_and_nobody_else() {
    let desk = Arc::new(Desk::with(Limits {
        // Fewer than people, so that they follow each other on the same workers.
        workers: 3,
        ..Limits::default()
    }));
    let script = desk.load(CURIOUS).await;
    let mut people = JoinSet::new();
    for person in 0..12 {
        let (desk, script) = (Arc::clone(&desk), script.clone());
        people.spawn(async move {
            for request in 0..15 {
                let name = format!("person{person}");
                let prepared = (person + request) % 2 == 0;
                let kept = if prepared { name.as_str() } else { "None" };
                let seen = look(&desk, &script, &name, prepared).await;
                assert_eq!(
                    seen,
                    format!("{name},{name}'s password,{name},{name},{name},{kept},{kept}")
                );
            }
        });
    }
    people.join_all().await;
}

/// A desk with one worker, which still has to do with a request of alice that was given up.
async fn given_up() -> (Desk, Script) {
    let desk = Desk::with(Limits {
        workers: 1,
        ..Limits::default()
    });
    let script = desk.load(CURIOUS).await;
    let mut run = desk.engine.begin(&script, scene_of("alice")).await.unwrap();
    run.call(Call::PrepareForStep { step: 1 }).await;
    assert!(matches!(run.call(PAGE).await, Turn::Ask(_)));
    drop(run);
    (desk, script)
}

#[tokio::test]
async fn what_a_request_that_was_given_up_left_behind_is_gone() {
    let (desk, script) = given_up().await;
    let seen = look(&desk, &script, "bruno", false).await;
    assert_eq!(seen, "bruno,bruno's password,bruno,bruno,bruno,None,None");
}

/// The server stops while a call that nobody waits for any more goes on.
#[test]
fn a_request_that_was_given_up_ends_with_the_server() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (desk, _) = runtime.block_on(given_up());
    drop(runtime);
    desk.engine.stop();
}
