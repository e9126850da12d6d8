//! A store, the project in it, and the server over it.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use sallyport_base::{Clock, Random, Store, testing::process::Running};
use sallyport_otp::{Environment, Project, SCHEMA};

use crate::{
    client::{Call, Caller, Connection},
    gateway::Gateway,
    server::Counts,
};

/// How long a store may take to put in order what was written last.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where everything of this run lies. It is removed in the end.
pub struct Folder {
    pub path: PathBuf,
}

impl Folder {
    pub fn create() -> anyhow::Result<Self> {
        let name = format!("sallyport-figures-{}", Random::system().uuid());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path)?;
        // PostgreSQL may run as somebody else, who has a folder of its own in it.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o711))?;
        Ok(Self { path })
    }

    /// A store of SQLite.
    pub async fn site(&self, name: &str) -> anyhow::Result<Site> {
        let file = self.path.join(format!("{name}.db"));
        let address = format!("sqlite:{}", file.display());
        Site::over("SQLite", address, Some(file), self).await
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(cause) = fs::remove_dir_all(&self.path) {
            eprintln!("{} was left behind: {cause}", self.path.display());
        }
    }
}

/// A store with one project.
pub struct Site {
    pub engine: &'static str,
    pub caller: Caller,
    pub gateway: Gateway,
    address: String,
    file: Option<PathBuf>,
    log: PathBuf,
}

impl Site {
    pub async fn over(
        engine: &'static str,
        address: String,
        file: Option<PathBuf>,
        folder: &Folder,
    ) -> anyhow::Result<Self> {
        let store = Store::open(&address).await?;
        store.migrate(&[SCHEMA]).await?;
        let (now, random) = (Clock::System.now(), Random::system());
        let mut tx = store.begin().await?;
        let (project, secret) = Project::create(&mut tx, Environment::Test, now, &random).await?;
        tx.commit().await?;
        store.close().await;
        Ok(Self {
            engine,
            caller: Caller::new(project, &secret),
            gateway: Gateway::open().await?,
            address,
            file,
            log: folder.path.join("server.log"),
        })
    }

    /// The store while no server runs over it.
    pub async fn store(&self) -> anyhow::Result<Store> {
        Ok(Store::open(&self.address).await?)
    }

    /// Waits until SQLite has taken over what it wrote beside the file, which it does when the last
    /// connection is closed.
    pub async fn put_in_order(&self, store: Store) -> anyhow::Result<()> {
        store.close().await;
        drop(store);
        let Some(file) = &self.file else {
            return Ok(());
        };
        let beside = file.with_extension("db-wal");
        let is_gone = async {
            while beside.exists() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, is_gone).await;
        waited.with_context(|| format!("{} stays", beside.display()))
    }

    /// Lets PostgreSQL look at its tables now, which it does by itself after a minute or two. SQLite
    /// needs no such look.
    pub async fn analyze(&self) -> anyhow::Result<()> {
        if self.file.is_none() {
            let store = self.store().await?;
            let mut tx = store.begin().await?;
            tx.execute("ANALYZE", &[]).await?;
            tx.commit().await?;
            store.close().await;
        }
        Ok(())
    }

    /// The size of the file of the store, in bytes; `None` when it has none of its own.
    pub fn size(&self) -> anyhow::Result<Option<u64>> {
        let file = self.file.as_ref();
        Ok(file.map(fs::metadata).transpose()?.map(|file| file.len()))
    }

    pub fn start(&self) -> anyhow::Result<Process> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--store", &self.address])
            .args(["--gateway", &self.gateway.url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&self.log)?)
            .spawn()?;
        let stdout = child.stdout.take().context("the output of the server")?;
        let mut process = Process {
            running: Running::new(child),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        if line.is_empty() {
            bail!(
                "the server did not start: {}",
                fs::read_to_string(&self.log)?
            );
        }
        process.address = line.trim().parse()?;
        Ok(process)
    }

    pub async fn connect(&self, process: &Process) -> anyhow::Result<Connection> {
        Connection::open(process.address, &self.caller).await
    }

    /// What the server has counted, once all its messages are answered for.
    pub async fn counts(&self, process: &Process) -> anyhow::Result<Counts> {
        let mut connection = self.connect(process).await?;
        let call = Call::get("/counts", "waiting");
        loop {
            let counts: Counts = serde_json::from_slice(&connection.ask(&call).await?)?;
            if counts.waiting == 0 {
                return Ok(counts);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The server as a process of its own. It is stopped in the end.
pub struct Process {
    pub running: Running,
    pub address: SocketAddr,
}
