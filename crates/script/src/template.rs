//! The process that workers are forked from, as the server sees it.

use std::{
    ffi::OsString,
    io::{self, IoSlice},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags,
    SocketType, recv, send, sendmsg, socketpair,
};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// In bytes.
pub(crate) const LONGEST_ORDER: usize = 256;

/// The argument that makes a program the template; see [`crate::template_main`].
pub(crate) const ARGUMENT: &str = "script-workers";

/// A program whose `main` begins with [`crate::template_main`].
#[derive(Clone, Debug)]
pub struct WorkerProgram(PathBuf);

impl WorkerProgram {
    /// The program that runs already, also when its file was replaced meanwhile.
    pub fn own() -> Self {
        let own = PathBuf::from("/proc/self/exe");
        Self(if own.exists() {
            own
        } else {
            std::env::current_exe().unwrap_or(own)
        })
    }

    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

/// Starts workers by forking one process that has an interpreter ready, so that a worker costs little
/// time and shares most of its memory with the others. The process starts with the first worker, and
/// again when it has ended.
#[derive(Clone)]
pub struct Template(Arc<Keeper>);

struct Keeper {
    program: WorkerProgram,
    /// The thread that talks with the process.
    wishes: Mutex<Option<mpsc::Sender<Wish>>>,
    /// Numbers the workers, also those of several engines.
    started: AtomicU64,
}

/// What the pool wants of the template.
enum Wish {
    Fork {
        number: u64,
        memory: u64,
        channel: OwnedFd,
    },
    End {
        number: u64,
        said: Option<oneshot::Sender<Ended>>,
    },
}

/// From the server to the template.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum TemplateOrder {
    /// The worker's end of the channel comes with the order. `memory` is what it may take, in bytes.
    Fork { number: u64, memory: u64 },
    /// Answered with [`Ended`].
    End { number: u64 },
}

/// How the process of a worker came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ended {
    /// It was still there, and was killed.
    Killed,
    /// It had ended with this signal.
    Signal(i32),
    Exit(i32),
    Unknown,
}

impl Template {
    /// Of the program that runs.
    pub fn own() -> Self {
        Self::of(WorkerProgram::own())
    }

    pub fn of(program: WorkerProgram) -> Self {
        Self(Arc::new(Keeper {
            program,
            wishes: Mutex::new(None),
            started: AtomicU64::new(0),
        }))
    }

    /// Asks for a worker that may take `memory` bytes, and gives its number. When it cannot be had, the
    /// other end of `channel` says so by its silence.
    pub(crate) fn fork(&self, memory: u64, channel: UnixStream) -> io::Result<u64> {
        let number = self.0.started.fetch_add(1, Ordering::Relaxed) + 1;
        let channel = OwnedFd::from(channel);
        self.0.wish(Wish::Fork {
            number,
            memory,
            channel,
        })?;
        Ok(number)
    }

    /// Ends a worker, at work or not.
    pub(crate) fn end(&self, number: u64) {
        // Without the thread there is no process, and so no worker either.
        drop(self.0.wish(Wish::End { number, said: None }));
    }

    /// Ends a worker, and tells how.
    pub(crate) async fn ended(&self, number: u64) -> Ended {
        let (said, heard) = oneshot::channel();
        let said = Some(said);
        match self.0.wish(Wish::End { number, said }) {
            Ok(()) => heard.await.unwrap_or(Ended::Unknown),
            Err(_) => Ended::Unknown,
        }
    }
}

impl Keeper {
    fn wish(&self, wish: Wish) -> io::Result<()> {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        let thread = match wishes.take() {
            Some(thread) => thread,
            None => self.start()?,
        };
        let sent = thread.send(wish);
        *wishes = sent.is_ok().then_some(thread);
        sent.map_err(|_| io::Error::other("the thread that starts workers has ended"))
    }

    fn start(&self) -> io::Result<mpsc::Sender<Wish>> {
        let (wishes, queue) = mpsc::channel();
        let program = self.program.clone();
        thread::Builder::new()
            .name("script-template".into())
            .spawn(move || grant_all(&program, &queue))?;
        Ok(wishes)
    }
}

fn grant_all(program: &WorkerProgram, wishes: &mpsc::Receiver<Wish>) {
    let mut process: Option<Process> = None;
    for wish in wishes {
        match wish {
            Wish::Fork {
                number,
                memory,
                channel,
            } => {
                let order = TemplateOrder::Fork { number, memory };
                if let Err(error) = fork(program, &mut process, &order, &channel) {
                    tracing::error!(%error, "a script worker could not be started");
                    process = None;
                }
            }
            Wish::End { number, said } => {
                let ended = process.as_ref().map(|process| process.end(number));
                let ended = match ended {
                    Some(Ok(ended)) => ended,
                    Some(Err(_)) => {
                        process = None;
                        Ended::Unknown
                    }
                    None => Ended::Unknown,
                };
                if let Some(said) = said {
                    // The one who asked may have gone.
                    let _ = said.send(ended);
                }
            }
        }
    }
}

/// A process that has ended is replaced, once.
fn fork(
    program: &WorkerProgram,
    process: &mut Option<Process>,
    order: &TemplateOrder,
    channel: &OwnedFd,
) -> io::Result<()> {
    if let Some(running) = process
        && running.fork(order, channel).is_ok()
    {
        return Ok(());
    }
    process
        .insert(Process::start(program)?)
        .fork(order, channel)
}

/// The running template. Its workers end with it.
struct Process {
    child: Child,
    /// Keeps messages apart: one order, one packet.
    control: OwnedFd,
}

impl Process {
    /// In a process group of its own, so that what is typed at a terminal does not end workers before
    /// the server has ended what they do.
    fn start(program: &WorkerProgram) -> io::Result<Self> {
        let (control, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let child = Command::new(&program.0)
            .arg0(OsString::from("sallyport"))
            .arg(ARGUMENT)
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self { child, control })
    }

    fn fork(&self, order: &TemplateOrder, channel: &OwnedFd) -> io::Result<()> {
        let order = serde_json::to_vec(order)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let descriptors = [channel.as_fd()];
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
        let order = [IoSlice::new(&order)];
        sendmsg(&self.control, &order, &mut control, SendFlags::NOSIGNAL)?;
        Ok(())
    }

    fn end(&self, number: u64) -> io::Result<Ended> {
        let order = serde_json::to_vec(&TemplateOrder::End { number })?;
        send(&self.control, &order, SendFlags::NOSIGNAL)?;
        let mut answer = [0; LONGEST_ORDER];
        let (length, _) = recv(&self.control, &mut answer, RecvFlags::empty())?;
        Ok(serde_json::from_slice(&answer[..length])?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It ends by itself when nobody controls it; killing makes sure.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
