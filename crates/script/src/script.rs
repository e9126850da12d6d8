use std::sync::{
    Arc, OnceLock, Weak,
    atomic::{AtomicI64, Ordering},
};

use crate::{
    error::{LoadError, LoadStage},
    library::Libraries,
    source::{Language, Source},
    translate::{self, Fault},
    wire::{Program, Started},
};

/// A loaded version of a script: translated, compiled, constructed, and its `init` gave true on one worker.
/// Other workers load it when they first need it.
#[derive(Clone)]
pub struct Script(Arc<Inner>);

#[derive(Clone)]
pub(crate) struct WeakScript(Weak<Inner>);

struct Inner {
    source: Arc<Source>,
    serial: u64,
    now_ms: i64,
    /// As the first worker that loaded it translated it.
    translated: OnceLock<String>,
    api_version: AtomicI64,
}

impl Script {
    pub(crate) fn unloaded(source: Arc<Source>, serial: u64, now_ms: i64) -> Self {
        Self(Arc::new(Inner {
            source,
            serial,
            now_ms,
            translated: OnceLock::new(),
            api_version: AtomicI64::new(0),
        }))
    }

    pub fn name(&self) -> &str {
        &self.0.source.name
    }

    pub fn revision(&self) -> i64 {
        self.0.source.revision
    }

    /// What `getApiVersion` gave.
    pub fn api_version(&self) -> i64 {
        self.0.api_version.load(Ordering::Relaxed)
    }

    pub(crate) fn source(&self) -> &Source {
        &self.0.source
    }

    /// Different for any two loads, also of the same source.
    pub(crate) fn serial(&self) -> u64 {
        self.0.serial
    }

    /// What a worker needs to load it, within so many milliseconds.
    pub(crate) fn program(&self, millis: u64) -> Program {
        let source = self.source();
        Program {
            serial: self.serial(),
            name: source.name.clone(),
            language: source.language,
            text: source.text.clone(),
            translated: self.0.translated.get().cloned(),
            properties: source.properties.clone(),
            libraries: Libraries::clone(&source.libraries),
            now_ms: self.0.now_ms,
            millis,
        }
    }

    pub(crate) fn note_started(&self, started: Started) {
        // Every worker translates alike; the first one has said it.
        drop(self.0.translated.set(started.translated));
        self.0
            .api_version
            .store(started.api_version, Ordering::Relaxed);
    }

    pub(crate) fn downgrade(&self) -> WeakScript {
        WeakScript(Arc::downgrade(&self.0))
    }
}

impl WeakScript {
    /// Whether nobody holds the script any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// The name of a script's file in tracebacks.
pub(crate) fn file(name: &str) -> String {
    format!("{name}.py")
}

/// The text that is compiled, and where its author went wrong.
pub(crate) fn translate(
    text: &str,
    language: Language,
) -> Result<(String, Option<Fault>), LoadError> {
    if text.contains('\0') {
        let why = "the script holds a NUL character";
        return Err(LoadError::new(LoadStage::Translate, why));
    }
    match language {
        Language::Python3 => translate::python3(text).map(|text| (text, None)),
        Language::Python2 => translate::python2(text).map(|it| (it.text, it.fault)),
    }
}
