use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use sallyport_script::{
    Answer, Call, Engine, Language, Limits, LoadError, LoadTurn, LogLevel, LogLine, Person,
    Property, Question, Returned, Scene, Script, ScriptError, ScriptLog, Source, Template, Turn,
    WorkerProgram,
};

/// The workers of all tests come from one process.
static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let program = env!("CARGO_BIN_EXE_sallyport-script-workers");
    Template::of(WorkerProgram::at(program))
});

/// An engine, and what its scripts print.
pub struct Desk {
    pub engine: Engine,
    log: Arc<Lines>,
}

#[derive(Default)]
struct Lines(Mutex<Vec<Line>>);

#[derive(Clone, Debug)]
pub struct Line {
    pub level: LogLevel,
    pub text: String,
    pub masks: Vec<String>,
}

impl ScriptLog for Lines {
    fn line(&self, line: LogLine<'_>) {
        assert!(line.thread.starts_with("script-") && line.script == "sample");
        self.0.lock().unwrap().push(Line {
            level: line.level,
            text: line.text.to_owned(),
            masks: line.masks.to_vec(),
        });
    }
}

impl Desk {
    pub fn new() -> Self {
        Self::with(Limits::default())
    }

    /// A desk where scripts have little time.
    pub fn hurried() -> Self {
        Self::with(Limits {
            script_time: Duration::from_millis(200),
            grace: Duration::from_millis(1500),
            ..Limits::default()
        })
    }

    pub fn with(limits: Limits) -> Self {
        let log = Arc::new(Lines::default());
        Self {
            engine: Engine::start(limits, log.clone(), TEMPLATE.clone()),
            log,
        }
    }

    pub async fn load(&self, text: &str) -> Script {
        self.try_load(source(text), nobody).await.unwrap()
    }

    pub async fn load_error(&self, text: &str) -> LoadError {
        self.try_load(source(text), nobody)
            .await
            .err()
            .expect("the script must not load")
    }

    pub async fn try_load(
        &self,
        source: Source,
        mut host: impl FnMut(Question) -> Answer,
    ) -> Result<Script, LoadError> {
        let mut loading = self
            .engine
            .load(Arc::new(source), 1_700_000_000_000)
            .await
            .unwrap();
        let mut turn = loading.start().await;
        loop {
            match turn {
                LoadTurn::Ask(question) => turn = loading.answer(host(question)).await,
                LoadTurn::Done(result) => return result,
            }
        }
    }

    /// One call in a request of its own.
    pub async fn call(
        &self,
        script: &Script,
        scene: Scene,
        call: Call,
        mut host: impl FnMut(Question) -> Answer,
    ) -> (Result<Returned, ScriptError>, Scene) {
        let mut run = self.engine.begin(script, scene).await.unwrap();
        let mut turn = run.call(call).await;
        loop {
            match turn {
                Turn::Ask(question) => turn = run.answer(host(question)).await,
                Turn::Done(result) => return (result, run.finish()),
            }
        }
    }

    /// What a body of `getPageForStep` returns, in a script that has nothing else. Nobody answers questions.
    pub async fn eval(&self, body: &str) -> Result<Returned, ScriptError> {
        let script = self.load(&with_body(body)).await;
        self.call(
            &script,
            Scene::default(),
            Call::GetPageForStep { step: 1 },
            nobody,
        )
        .await
        .0
    }

    pub fn lines(&self) -> Vec<Line> {
        self.log.0.lock().unwrap().clone()
    }

    pub fn printed(&self) -> Vec<String> {
        self.lines().into_iter().map(|line| line.text).collect()
    }
}

/// For scripts that must not ask.
pub fn nobody(question: Question) -> Answer {
    panic!("the script asks {question:?}")
}

pub fn source(text: &str) -> Source {
    Source {
        name: "sample".into(),
        text: text.into(),
        language: Language::declared_in(text).unwrap_or(Language::Python2),
        properties: Vec::new(),
        revision: 1,
        libraries: Arc::default(),
    }
}

pub fn property(name: &str, value: &str) -> Property {
    Property {
        value1: name.into(),
        value2: value.into(),
        hide: false,
        description: None,
    }
}

/// The smallest script, whose `getPageForStep` has the given body.
pub fn with_body(body: &str) -> String {
    let indented: String = body
        .lines()
        .map(|line| format!("        {line}\n"))
        .collect();
    format!(
        "class PersonAuthentication:\n\
         \x20   def __init__(self, now):\n        pass\n\
         \x20   def init(self, customScript, configurationAttributes):\n        return True\n\
         \x20   def getApiVersion(self):\n        return 11\n\
         \x20   def getPageForStep(self, configurationAttributes, step):\n{indented}"
    )
}

pub fn person(uid: &str, attributes: &[(&str, &str)]) -> Person {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in attributes {
        all.entry((*name).to_owned())
            .or_default()
            .push((*value).to_owned());
    }
    all.insert("uid".into(), vec![uid.into()]);
    Person {
        inum: format!("inum-{uid}"),
        uid: uid.into(),
        attributes: all,
    }
}
