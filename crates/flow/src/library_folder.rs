//! The folder of modules that scripts may import (Gluu's `/opt/gluu/python/libs`), as this node has it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io, mem,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sallyport_script::{Libraries, Library};

use crate::script_file::Stamp;

/// All modules together. What is beyond is not read.
const LARGEST: u64 = 4 * 1024 * 1024;
/// How deep packages may lie in each other.
const DEEPEST: usize = 8;

pub(crate) struct LibraryFolder {
    path: Option<PathBuf>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    was_read: bool,
    stamps: BTreeMap<PathBuf, Stamp>,
    libraries: Arc<Libraries>,
}

/// The top names of modules that are not as they were, with those that use them.
#[derive(Default)]
pub(crate) struct ChangedLibraries(BTreeSet<String>);

impl ChangedLibraries {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a script or module may use one of them. Where the name is made up while it runs,
    /// nobody can tell.
    pub(crate) fn concern(&self, text: &str) -> bool {
        !self.is_empty()
            && (text.contains("__import__") || self.0.iter().any(|name| text.contains(name)))
    }

    fn between(before: &Libraries, after: &Libraries) -> Self {
        let names: BTreeSet<&String> = before.0.keys().chain(after.0.keys()).collect();
        let differing = names
            .into_iter()
            .filter(|name| before.0.get(*name) != after.0.get(*name));
        let mut changed = Self(differing.map(|name| top(name)).collect());
        loop {
            let users = after
                .0
                .iter()
                .filter(|(name, library)| {
                    !changed.0.contains(&top(name)) && changed.concern(&library.text)
                })
                .map(|(name, _)| top(name))
                .collect::<BTreeSet<_>>();
            if users.is_empty() {
                return changed;
            }
            changed.0.extend(users);
        }
    }
}

fn top(name: &str) -> String {
    name.split('.').next().unwrap_or(name).to_owned()
}

impl LibraryFolder {
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self {
            path,
            seen: Mutex::default(),
        }
    }

    /// The modules as they were when this node last looked; it looks now if it never did.
    pub(crate) fn current(&self) -> Arc<Libraries> {
        let mut seen = self.seen();
        if let (Some(path), false) = (&self.path, seen.was_read) {
            *seen = Seen::read(path, stamps(path));
        }
        seen.libraries.clone()
    }

    /// Looks at the folder, and says what is not as it was.
    pub(crate) async fn look(&self) -> ChangedLibraries {
        let Some(path) = self.path.clone() else {
            return ChangedLibraries::default();
        };
        let known = self.seen().stamps.clone();
        // A file system of another machine may take its time.
        let read = tokio::task::spawn_blocking(move || {
            let stamps = stamps(&path);
            (stamps != known).then(|| Seen::read(&path, stamps))
        });
        let Ok(Some(now)) = read.await else {
            return ChangedLibraries::default();
        };
        let after = now.libraries.clone();
        let before = mem::replace(&mut *self.seen(), now);
        if !before.was_read {
            return ChangedLibraries::default();
        }
        let changed = ChangedLibraries::between(&before.libraries, &after);
        for name in &changed.0 {
            tracing::info!(event = "library.changed", library = %name, "a library of scripts was changed");
        }
        changed
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn read(folder: &Path, stamps: BTreeMap<PathBuf, Stamp>) -> Self {
        let mut libraries = Libraries::default();
        let mut left = LARGEST;
        for (path, stamp) in &stamps {
            let Some((name, is_package)) = module(folder, path) else {
                continue;
            };
            if stamp.size() > left {
                tracing::error!(file = %path.display(), "the libraries of scripts are larger than {LARGEST} bytes together; this one is left out");
                continue;
            }
            match fs::read_to_string(path) {
                Ok(text) => {
                    left -= stamp.size();
                    let file = Path::new("libs").join(path.strip_prefix(folder).unwrap_or(path));
                    libraries.0.insert(
                        name,
                        Library {
                            text,
                            file: file.display().to_string(),
                            is_package,
                        },
                    );
                }
                Err(cause) => {
                    tracing::error!(file = %path.display(), error = %cause, "a library of scripts cannot be read");
                }
            }
        }
        Self {
            was_read: true,
            stamps,
            libraries: Arc::new(libraries),
        }
    }
}

/// The name of the module that a file is, and whether it is a package.
fn module(folder: &Path, path: &Path) -> Option<(String, bool)> {
    let inside = path.strip_prefix(folder).ok()?.with_extension("");
    let mut parts: Vec<&str> = inside
        .iter()
        .map(|part| part.to_str())
        .collect::<Option<_>>()?;
    let is_package = parts.last() == Some(&"__init__");
    if is_package {
        parts.pop();
    }
    (!parts.is_empty()).then(|| (parts.join("."), is_package))
}

/// Every module, with what changes when it is written. A folder without `__init__.py` is no package.
fn stamps(folder: &Path) -> BTreeMap<PathBuf, Stamp> {
    let mut found = BTreeMap::new();
    if let Err(cause) = walk(folder, 0, &mut found)
        && cause.kind() != io::ErrorKind::NotFound
    {
        tracing::error!(folder = %folder.display(), error = %cause, "the libraries of scripts cannot be looked at");
    }
    found
}

fn walk(folder: &Path, depth: usize, found: &mut BTreeMap<PathBuf, Stamp>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if depth < DEEPEST && path.join("__init__.py").is_file() {
                walk(&path, depth + 1, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "py")
            && let Ok(stamp) = Stamp::of(&path)
        {
            found.insert(path, stamp);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn libraries(texts: &[(&str, &str)]) -> Libraries {
        let library = |text: &str| Library {
            text: text.to_owned(),
            file: String::new(),
            is_package: false,
        };
        let all = texts.iter();
        Libraries(
            all.map(|(n, text)| ((*n).to_owned(), library(text)))
                .collect(),
        )
    }

    #[test]
    fn a_change_concerns_those_that_name_the_module_or_one_that_uses_it() {
        let before = libraries(&[("low", "x = 1"), ("high", "import low"), ("other", "")]);
        let after = libraries(&[("low", "x = 2"), ("high", "import low"), ("other", "")]);
        let changed = ChangedLibraries::between(&before, &after);
        for (text, concerned) in [
            ("import low", true),
            ("from high import y", true),
            ("__import__(name)", true),
            ("import other", false),
        ] {
            assert_eq!(changed.concern(text), concerned, "{text}");
        }
        let same = ChangedLibraries::between(&before, &before);
        assert!(same.is_empty() && !same.concern("__import__(name)"));
    }

    #[test]
    fn modules_are_files_with_any_name_and_folders_that_say_so() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "plain.py",
            "casa-external_stytch.py",
            "notes.txt",
            "pack/__init__.py",
            "pack/part.py",
            "no_package/part.py",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x = 1").unwrap();
        }
        let found = LibraryFolder::new(Some(folder.path().to_owned())).current();
        let names: Vec<_> = found
            .0
            .iter()
            .map(|(n, it)| (&**n, it.is_package))
            .collect();
        assert_eq!(
            names,
            [
                ("casa-external_stytch", false),
                ("pack", true),
                ("pack.part", false),
                ("plain", false),
            ]
        );
        assert_eq!(found.0["pack.part"].file, "libs/pack/part.py");
    }
}
