//! A server that runs as a process of its own.

use std::{
    fs::File,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::bail;
use sallyport_base::testing::process::Running;

use crate::house::House;

const PATIENCE: Duration = Duration::from_secs(30);

/// `sallyport serve`. It is stopped in the end.
pub struct Process {
    pub running: Running,
    /// From the start of the process to its first answer.
    pub ready_after: Duration,
}

impl Process {
    /// Starts the server of a house and waits until it answers.
    pub fn start(house: &House) -> anyhow::Result<Self> {
        let began = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_sallyport"))
            .arg("serve")
            .arg("--home")
            .arg(&house.folder)
            .stdout(Stdio::null())
            .stderr(File::create(house.folder.join("serve.log"))?)
            .spawn()?;
        let mut process = Self {
            running: Running::new(child),
            ready_after: Duration::ZERO,
        };
        process.wait_for(house.listen, "/readyz", began)?;
        process.ready_after = began.elapsed();
        Ok(process)
    }

    /// Asks until the answer is a success.
    fn wait_for(&mut self, address: SocketAddr, path: &str, began: Instant) -> anyhow::Result<()> {
        while !answers(address, path) {
            if let Some(status) = self.running.try_wait()? {
                bail!("the server ended before it was ready: {status}");
            }
            if began.elapsed() > PATIENCE {
                bail!("the server is not ready after {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

/// Whether a GET is answered by 200.
pub fn answers(address: SocketAddr, path: &str) -> bool {
    let exchange = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    exchange().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
