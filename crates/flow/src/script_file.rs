//! Scripts whose text follows a file (Gluu's location type `file`). The text lives in the store like
//! any other; a node that sees its file written anew puts the new text there, as the next revision,
//! and every node loads it from there. Of several nodes the file that was written last counts.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use sallyport_base::Timestamp;

use crate::{
    Flow, FlowError,
    script_entry::{Newest, ScriptEntry, ScriptStoreError},
};

/// A script is text that people write; a file beyond this size is not one.
const LARGEST: u64 = 1024 * 1024;

/// A file, and when the text that was read from it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMark {
    pub path: PathBuf,
    /// By the clock of the file system. A file with an old date of its own that was copied here
    /// counts as written when it was copied.
    pub written_at: Timestamp,
}

impl FileMark {
    /// Reads a script. The error is for the administrator.
    pub fn read(path: &Path) -> Result<(Self, String), String> {
        let (stamp, text) = Stamp::of(path).and_then(|stamp| stamp.read(path))?;
        let mark = Self {
            path: path.to_owned(),
            written_at: stamp.written_at,
        };
        Ok((mark, text))
    }
}

/// What changes when a file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    written_at: Timestamp,
    modified: (i64, i64),
    inode: u64,
    size: u64,
}

impl Stamp {
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn of(path: &Path) -> Result<Self, String> {
        let file = fs::metadata(path).map_err(|cause| unreadable(path, &cause))?;
        if !file.is_file() || file.size() > LARGEST {
            return Err(format!(
                "{} is not a file of at most {LARGEST} bytes",
                path.display()
            ));
        }
        Ok(Self {
            written_at: Timestamp::from_micros(file.ctime() * 1_000_000 + file.ctime_nsec() / 1000),
            modified: (file.mtime(), file.mtime_nsec()),
            inode: file.ino(),
            size: file.size(),
        })
    }

    /// The text comes after the stamp: what is written meanwhile is seen as newer and read again.
    fn read(self, path: &Path) -> Result<(Self, String), String> {
        let text = fs::read_to_string(path).map_err(|cause| unreadable(path, &cause))?;
        Ok((self, text))
    }

    /// `None` when the file is as it was seen.
    fn read_anew(path: &Path, seen: Option<&Self>) -> Option<Result<(Self, String), String>> {
        match Self::of(path) {
            Ok(stamp) if seen == Some(&stamp) => None,
            Ok(stamp) => Some(stamp.read(path)),
            Err(why) => Some(Err(why)),
        }
    }
}

fn unreadable(path: &Path, cause: &io::Error) -> String {
    format!("{} cannot be read: {cause}", path.display())
}

/// The files of scripts as this node last saw them, by key. An error is there while it lasts.
#[derive(Default)]
pub(crate) struct ScriptFiles(Mutex<BTreeMap<String, Result<Stamp, String>>>);

impl ScriptFiles {
    /// Looks at the files, and puts into the store what was written anew.
    pub(crate) async fn look(&self, flow: &Flow, newest: &[Newest]) -> Result<(), FlowError> {
        for script in newest {
            if let Some(file) = &script.file {
                self.look_at(flow, script, file).await?;
            }
        }
        Ok(())
    }

    async fn look_at(
        &self,
        flow: &Flow,
        script: &Newest,
        file: &FileMark,
    ) -> Result<(), FlowError> {
        let before = self.seen(&script.key);
        let (path, known) = (file.path.clone(), before.clone().and_then(Result::ok));
        // A file system of another machine may take its time.
        let read =
            tokio::task::spawn_blocking(move || Stamp::read_anew(&path, known.as_ref())).await;
        let seen = match read {
            Ok(Some(Ok((stamp, text)))) => {
                take(flow, &script.key, file, &stamp, &text).await?;
                Ok(stamp)
            }
            Ok(Some(Err(why))) => Err(why),
            Ok(None) | Err(_) => return Ok(()),
        };
        match (&before, &seen) {
            (Some(Err(before)), Err(why)) if before == why => {}
            (_, Err(why)) => {
                tracing::error!(event = "script.file_unreadable", script.name = %script.key, cause = %why, "a script cannot follow its file; the version that runs goes on");
                record(flow, &script.key, Some(why)).await?;
            }
            (Some(Err(_)), Ok(_)) => record(flow, &script.key, None).await?,
            _ => {}
        }
        self.remember(&script.key, seen);
        Ok(())
    }

    fn seen(&self, key: &str) -> Option<Result<Stamp, String>> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.get(key).cloned()
    }

    fn remember(&self, key: &str, seen: Result<Stamp, String>) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(key.to_owned(), seen);
    }
}

/// Makes the text the next revision, if it is another one and was written after the one before.
async fn take(
    flow: &Flow,
    key: &str,
    file: &FileMark,
    stamp: &Stamp,
    text: &str,
) -> Result<(), FlowError> {
    let entry = ScriptEntry::find(&mut *flow.store().reader().await?, flow.vault(), key).await;
    let entry = match entry {
        Ok(Some(entry)) => entry,
        Ok(None) => return Ok(()),
        Err(ScriptStoreError::Store(cause)) => return Err(cause.into()),
        Err(unreadable) => {
            tracing::error!(script.name = %key, cause = %unreadable, "a script cannot follow its file");
            return Ok(());
        }
    };
    let is_followed = entry.file.as_ref() == Some(&file.path);
    if !is_followed || entry.version.text == text || stamp.written_at < entry.file_written_at {
        return Ok(());
    }
    let now = flow.clock().now();
    let mut tx = flow.store().begin().await?;
    if ScriptEntry::follow_file(&mut tx, &entry, text, stamp.written_at, now).await? {
        tx.commit().await?;
        tracing::info!(event = "script.file_read", script.name = %key, file = %file.path.display(), "the file of a script was written anew");
    }
    Ok(())
}

async fn record(flow: &Flow, key: &str, error: Option<&str>) -> Result<(), FlowError> {
    let mut tx = flow.store().begin().await?;
    ScriptEntry::record_file(&mut tx, key, error).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_script_file_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let large = folder.path().join("large.py");
        fs::write(&large, vec![b'#'; 1024 * 1024 + 1]).unwrap();
        let binary = folder.path().join("binary.py");
        fs::write(&binary, [0xff, 0xfe]).unwrap();
        let absent = folder.path().join("absent.py");
        for path in [&large, &binary, &absent, &folder.path().to_owned()] {
            let why = FileMark::read(path).unwrap_err();
            assert!(why.contains(&path.display().to_string()), "{why}");
        }
    }
}
