//! A PostgreSQL server of this run's own, on loopback.

use std::{
    fs,
    io::ErrorKind,
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use sallyport_base::testing::cpu::Spent;

use crate::site::{Folder, Site};

const PROGRAMS: &str = "/usr/lib/postgresql";
const PATIENCE: Duration = Duration::from_secs(60);

/// It is stopped in the end.
pub struct Postgres {
    pub version: String,
    programs: PathBuf,
    data: PathBuf,
    port: u16,
    server: Child,
}

impl Postgres {
    pub fn start(folder: &Folder) -> anyhow::Result<Self> {
        let programs = newest_programs()?;
        let home = folder.path.join("postgresql");
        make_home(&home)?;
        let data = home.join("data");
        run(program(&programs, "initdb")?
            .arg("--pgdata")
            .arg(&data)
            .args(["--username", "postgres", "--auth", "trust"])
            .args(["--encoding", "UTF8", "--locale", "C"]))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = program(&programs, "postgres")?
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(&home)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "fsync=on"])
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path.join("postgresql.log"))?)
            .spawn()?;
        let mut postgres = Self {
            version: version(&programs)?,
            programs,
            data,
            port,
            server,
        };
        postgres.wait_until_ready()?;
        Ok(postgres)
    }

    /// A database of its own.
    pub async fn site(&self, folder: &Folder, name: &str) -> anyhow::Result<Site> {
        run(program(&self.programs, "createdb")?
            .args(["--host", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--username", "postgres", name]))?;
        let address = format!("postgres://postgres@127.0.0.1:{}/{name}", self.port);
        Site::over("PostgreSQL", address, None, folder).await
    }

    /// CPU time of the server with all its processes.
    pub fn spent(&self) -> anyhow::Result<Duration> {
        Ok(Spent::by(self.server.id())?.total)
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        while !self.is_ready()? {
            if let Some(status) = self.server.try_wait()? {
                bail!("PostgreSQL ended before it was ready: {status}");
            }
            ensure!(began.elapsed() < PATIENCE, "PostgreSQL is not ready");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn is_ready(&self) -> anyhow::Result<bool> {
        if TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            return Ok(false);
        }
        let mut asking = program(&self.programs, "pg_isready")?;
        asking.args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        Ok(asking.output()?.status.success())
    }

    fn stop(&mut self) -> anyhow::Result<()> {
        run(program(&self.programs, "pg_ctl")?
            .args(["stop", "--wait", "--mode", "fast", "--pgdata"])
            .arg(&self.data))?;
        self.server.wait()?;
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(cause) = self.stop() {
            eprintln!(
                "PostgreSQL, process {}, was left behind: {cause:#}",
                self.server.id()
            );
        }
    }
}

fn newest_programs() -> anyhow::Result<PathBuf> {
    let needed = || format!("PostgreSQL is needed, in {PROGRAMS}/*/bin");
    let versions = fs::read_dir(PROGRAMS).with_context(needed)?;
    let numbers = versions.flatten().filter_map(|version| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        let programs = version.path().join("bin");
        programs
            .join("initdb")
            .exists()
            .then_some((number, programs))
    });
    let newest = numbers.max().with_context(needed)?;
    Ok(newest.1)
}

/// The folder that PostgreSQL works in, which belongs to the user that it runs as: it refuses to run
/// as root.
fn make_home(home: &Path) -> anyhow::Result<()> {
    match fs::create_dir(home) {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => return Err(cause.into()),
        _ => fs::set_permissions(home, fs::Permissions::from_mode(0o700))?,
    }
    if is_root()? {
        chown(home, Some(id_of_user("-u")?), Some(id_of_user("-g")?))?;
    }
    Ok(())
}

/// A program of PostgreSQL as a user that it accepts.
fn program(programs: &Path, name: &str) -> anyhow::Result<Command> {
    let path = programs.join(name);
    let mut command = if is_root()? {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid",
            "postgres",
            "--regid",
            "postgres",
            "--init-groups",
        ]);
        command.arg(path);
        command
    } else {
        Command::new(path)
    };
    command.current_dir("/").stdin(Stdio::null());
    Ok(command)
}

fn is_root() -> anyhow::Result<bool> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

fn id_of_user(which: &str) -> anyhow::Result<u32> {
    let output = run(Command::new("id").args([which, "postgres"]))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

fn version(programs: &Path) -> anyhow::Result<String> {
    let output = run(program(programs, "postgres")?.arg("--version"))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let number = text.split_whitespace().nth(2).unwrap_or(&text);
    Ok(number.to_owned())
}

fn run(command: &mut Command) -> anyhow::Result<Output> {
    let output = command
        .output()
        .with_context(|| format!("{:?}", command.get_program()))?;
    ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}
