use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use sallyport_base::{Random, Vault};

const KEY_FILE: &str = "sallyport.key";

/// Directories of a home, by Gluu's names where Gluu has them.
const DIRECTORIES: &[&str] = &[
    "oxauth/logs",
    "oxauth/custom/pages",
    "oxauth/custom/static",
    "oxauth/custom/i18n",
];

/// The home directory: everything of one server that is not in the store.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

/// Why a home directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    #[error(
        "{} is no home of Sallyport (it has no {KEY_FILE}); name another with --home, or start the server once to make it",
        .0.display()
    )]
    Absent(PathBuf),
    #[error("{}: {cause}; Sallyport must be able to write there, or name another home with --home", path.display())]
    Unusable { path: PathBuf, cause: io::Error },
    #[error(
        "{} does not hold a key (32 bytes in base64); put the right file back, for without it nothing in the store can be opened",
        .0.display()
    )]
    DamagedKey(PathBuf),
}

impl Home {
    /// Opens a home, and makes it when it is not there.
    pub fn create(path: &Path, random: &Random) -> Result<Self, HomeError> {
        let home = Self(path.to_owned());
        make_directory(path)?;
        for directory in DIRECTORIES {
            make_directory(&home.0.join(directory))?;
        }
        if !home.key_path().exists() {
            home.make_key(random)?;
        }
        Ok(home)
    }

    /// Opens a home that is there already.
    pub fn open(path: &Path) -> Result<Self, HomeError> {
        let home = Self(path.to_owned());
        if !home.key_path().exists() {
            return Err(HomeError::Absent(path.to_owned()));
        }
        Ok(home)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The address of the store that lies in the home.
    pub fn store_address(&self) -> String {
        format!("sqlite:{}", self.0.join("sallyport.db").display())
    }

    /// What opens the secrets of the store.
    pub fn vault(&self) -> Result<Vault, HomeError> {
        let path = self.key_path();
        let text = fs::read_to_string(&path).map_err(unusable(&path))?;
        warn_of_readers(&path);
        let bytes = BASE64_STANDARD.decode(text.trim()).ok();
        bytes
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .map(Vault::from_key)
            .ok_or(HomeError::DamagedKey(path))
    }

    fn key_path(&self) -> PathBuf {
        self.0.join(KEY_FILE)
    }

    fn make_key(&self, random: &Random) -> Result<(), HomeError> {
        let mut key = BASE64_STANDARD.encode(random.bytes::<32>());
        key.push('\n');
        self.write_private(KEY_FILE, key.as_bytes())
    }

    /// Writes a file that only the owner can read. It is there whole or not at all.
    pub fn write_private(&self, name: &str, content: &[u8]) -> Result<(), HomeError> {
        let path = self.0.join(name);
        let unfinished = self.0.join(format!("{name}.new"));
        write_synced(&unfinished, content)
            .and_then(|()| fs::rename(&unfinished, &path))
            .map_err(unusable(&path))
    }
}

fn make_directory(path: &Path) -> Result<(), HomeError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(unusable(path))
}

fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    // A file of an earlier start that was stopped half-way keeps its mode otherwise.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(content)?;
    file.sync_all()
}

fn warn_of_readers(key: &Path) {
    let others = |metadata: fs::Metadata| metadata.permissions().mode() & 0o077 != 0;
    if fs::metadata(key).is_ok_and(others) {
        tracing::warn!(file = %key.display(), "the key file can be read by others than its owner; run: chmod 600");
    }
}

fn unusable(path: &Path) -> impl FnOnce(io::Error) -> HomeError {
    let path = path.to_owned();
    move |cause| HomeError::Unusable { path, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_home_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/home");
        let home = Home::create(&path, &Random::system()).unwrap();
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join(KEY_FILE)), 0o600);
        assert!(path.join("oxauth/custom/pages").is_dir());
        assert!(home.store_address().ends_with("/deep/home/sallyport.db"));
    }

    #[test]
    fn the_key_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = Home::create(folder.path(), &Random::system())
            .unwrap()
            .vault()
            .unwrap()
            .seal("test", b"secret");
        let again = Home::create(folder.path(), &Random::system()).unwrap();
        assert_eq!(
            again
                .vault()
                .unwrap()
                .open("test", &sealed)
                .unwrap()
                .as_slice(),
            b"secret"
        );
    }

    #[test]
    fn a_directory_that_is_no_home_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = Home::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("is no home of Sallyport"), "{error}");
    }

    #[test]
    fn a_home_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Home::create(&file.join("home"), &Random::system()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("file/home: Not a directory"), "{text}");
    }

    #[test]
    fn a_damaged_key_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(KEY_FILE), "not a key").unwrap();
        let home = Home::create(folder.path(), &Random::system()).unwrap();
        assert!(matches!(home.vault(), Err(HomeError::DamagedKey(_))));
        assert_eq!(
            fs::read_to_string(folder.path().join(KEY_FILE)).unwrap(),
            "not a key"
        );
    }
}
