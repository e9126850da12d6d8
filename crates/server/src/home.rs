use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use sallyport_base::{Random, Vault};

const KEY_FILE: &str = "sallyport.key";

const STORE_FILE: &str = "sallyport.db";

/// What only the owner may read, whatever mode it came back with from a backup.
const PRIVATE_FILES: &[&str] = &[KEY_FILE, STORE_FILE, "sallyport.db-wal", "sallyport.db-shm"];

/// Scripts print what only the owner may read.
const LOGS: &str = "oxauth/logs";

/// Directories of a home, by Gluu's names where Gluu has them.
const DIRECTORIES: &[&str] = &[
    LOGS,
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
    #[error(
        "{} has a store ({STORE_FILE}) but not the key file {KEY_FILE} that opens it; restore {KEY_FILE} from the backup and start again",
        .0.display()
    )]
    LostKey(PathBuf),
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
        if !home.has_key()? {
            home.make_key(random)?;
        }
        home.tighten();
        Ok(home)
    }

    /// Opens a home that is there already.
    pub fn open(path: &Path) -> Result<Self, HomeError> {
        let home = Self(path.to_owned());
        if !home.has_key()? {
            return Err(HomeError::Absent(path.to_owned()));
        }
        home.tighten();
        Ok(home)
    }

    /// A home of which nothing but the configuration need be there yet. Nothing is changed.
    pub fn look_at(path: &Path) -> Result<Self, HomeError> {
        let home = Self(path.to_owned());
        home.has_key()?;
        Ok(home)
    }

    /// Whether a server was started here before.
    pub fn is_made(&self) -> bool {
        self.key_path().exists()
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The address of the store that lies in the home.
    pub fn store_address(&self) -> String {
        format!("sqlite:{}", self.0.join(STORE_FILE).display())
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

    /// A store without its key is refused: with another key nobody could log in any more, and the
    /// right one would be missed too late.
    fn has_key(&self) -> Result<bool, HomeError> {
        // Looked for first, because a server that starts at the same time makes the key first.
        let has_store = self.0.join(STORE_FILE).exists();
        let has_key = self.key_path().exists();
        if has_store && !has_key {
            return Err(HomeError::LostKey(self.0.clone()));
        }
        Ok(has_key)
    }

    /// Makes the key, unless another server that starts at the same time was faster.
    fn make_key(&self, random: &Random) -> Result<(), HomeError> {
        let mut key = BASE64_STANDARD.encode(random.bytes::<32>());
        key.push('\n');
        let unfinished = self.0.join(format!("{KEY_FILE}.{}", random.uuid()));
        let linked = write_synced(&unfinished, key.as_bytes())
            .and_then(|()| link_unless_there(&unfinished, &self.key_path()));
        let removed = fs::remove_file(&unfinished);
        linked.and(removed).map_err(unusable(&self.key_path()))
    }

    /// Takes from others the right to read what is private. The rest of the directory may belong to
    /// another program, such as Gluu Server.
    fn tighten(&self) {
        for name in PRIVATE_FILES {
            tighten(&self.0.join(name), 0o600);
        }
        tighten(&self.0.join(LOGS), 0o700);
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

/// Gives the file its name, which is there whole or not at all; a file of that name stays.
fn link_unless_there(file: &Path, name: &Path) -> io::Result<()> {
    match fs::hard_link(file, name) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    }
}

/// Where it cannot be done (a key file of root that a group may read, a read-only disk), things stay
/// as the operator arranged them.
fn tighten(path: &Path, mode: u32) {
    // Not through a link: what it leads to is not ours.
    let Ok(found) = fs::symlink_metadata(path) else {
        return;
    };
    let is_wider = found.permissions().mode() & 0o777 & !mode != 0;
    if is_wider
        && !found.is_symlink()
        && let Err(cause) = fs::set_permissions(path, Permissions::from_mode(mode))
    {
        tracing::debug!(file = %path.display(), error = %cause, "others can still read this");
    }
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
    fn a_store_without_its_key_is_refused_and_no_other_key_is_made() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sallyport.db"), "").unwrap();
        for opened in [
            Home::create(folder.path(), &Random::system()),
            Home::open(folder.path()),
        ] {
            let error = opened.unwrap_err().to_string();
            assert!(
                error.ends_with("restore sallyport.key from the backup and start again"),
                "{error}"
            );
        }
        assert!(!folder.path().join(KEY_FILE).exists());
    }

    #[test]
    fn a_key_that_another_server_made_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home(folder.path().to_owned());
        home.make_key(&Random::system()).unwrap();
        let first = fs::read(home.key_path()).unwrap();
        home.make_key(&Random::system()).unwrap();
        assert_eq!(fs::read(home.key_path()).unwrap(), first);
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "nothing unfinished is left behind");
    }

    #[test]
    fn what_is_private_in_a_wide_open_home_is_closed_and_the_rest_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let home = Home::create(path, &Random::system()).unwrap();
        fs::write(path.join("sallyport.db"), "").unwrap();
        fs::write(path.join("other"), "").unwrap();
        let widen = |name: &str, mode| {
            fs::set_permissions(path.join(name), Permissions::from_mode(mode)).unwrap();
        };
        for (name, mode) in [
            ("", 0o755),
            ("oxauth/logs", 0o775),
            ("oxauth/custom", 0o755),
            ("sallyport.key", 0o400),
            ("sallyport.db", 0o644),
            ("other", 0o644),
        ] {
            widen(name, mode);
        }
        Home::create(home.path(), &Random::system()).unwrap();
        for (name, expected) in [
            ("", 0o755),
            ("oxauth/logs", 0o700),
            ("oxauth/custom", 0o755),
            ("sallyport.key", 0o400),
            ("sallyport.db", 0o600),
            ("other", 0o644),
        ] {
            assert_eq!(mode(&path.join(name)), expected, "{name}");
        }
        widen("sallyport.key", 0o640);
        Home::open(path).unwrap();
        assert_eq!(mode(&path.join("sallyport.key")), 0o600);
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
