use std::sync::{
    Arc, OnceLock, Weak,
    atomic::{AtomicI64, Ordering},
};

use crate::{
    error::{LoadError, LoadStage},
    source::{Language, Source},
    translate::{self, Fault},
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
    program: OnceLock<Result<Program, LoadError>>,
    api_version: AtomicI64,
}

/// A script as it is compiled.
#[derive(Clone)]
pub(crate) struct Program {
    pub text: String,
    pub fault: Option<Fault>,
}

impl Script {
    pub(crate) fn unloaded(source: Arc<Source>, serial: u64, now_ms: i64) -> Self {
        Self(Arc::new(Inner {
            source,
            serial,
            now_ms,
            program: OnceLock::new(),
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

    pub(crate) fn set_api_version(&self, version: i64) {
        self.0.api_version.store(version, Ordering::Relaxed);
    }

    pub(crate) fn source(&self) -> &Source {
        &self.0.source
    }

    /// Different for any two loads, also of the same source.
    pub(crate) fn serial(&self) -> u64 {
        self.0.serial
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.0.now_ms
    }

    /// The name of the file in tracebacks.
    pub(crate) fn file(&self) -> String {
        format!("{}.py", self.name())
    }

    pub(crate) fn program(&self) -> Result<&Program, LoadError> {
        self.0
            .program
            .get_or_init(|| Program::of(&self.0.source))
            .as_ref()
            .map_err(Clone::clone)
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

impl Program {
    fn of(source: &Source) -> Result<Self, LoadError> {
        if source.text.contains('\0') {
            return Err(LoadError::new(
                LoadStage::Translate,
                "the script holds a NUL character",
            ));
        }
        match source.language {
            Language::Python3 => {
                translate::python3(&source.text).map(|text| Self { text, fault: None })
            }
            Language::Python2 => translate::python2(&source.text).map(|translated| Self {
                text: translated.text,
                fault: translated.fault,
            }),
        }
    }
}
