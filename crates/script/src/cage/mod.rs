//! The other side: the process that workers are forked from, and the workers.
//!
//! No code of a script runs in the server. A worker has one interpreter, one channel to the server and
//! nothing else: no file, socket or environment, little memory, and it can be killed at any time.

mod bench;
mod bytecode;
mod crypto;
mod errand;
mod interpreter;
mod memory;
mod native;
mod plain;
mod stopwatch;
mod syscalls;
mod watchdog;

use std::{
    collections::HashMap,
    io::{self, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::net::UnixStream,
    },
    process::ExitCode,
};

use rustix::{
    io::Errno,
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send},
    process::{
        Pid, Resource, Rlimit, Signal, WaitOptions, kill_process, set_parent_process_death_signal,
        setrlimit, waitpid,
    },
    thread::{set_name, set_no_new_privs},
};
use rustpython_vm::{
    AsObject, VirtualMachine,
    builtins::PyBaseExceptionRef,
    signal::{UserSignalSender, user_signal_channel},
};

use crate::template::{ARGUMENT, Ended, LONGEST_ORDER, TemplateOrder};
use interpreter::Prepared;
use syscalls::Syscalls;

/// To be called first in the `main` of a [`WorkerProgram`](crate::WorkerProgram), while the process has
/// one thread. `None`: the process was not started to make workers, and `main` goes on.
pub fn template_main() -> Option<ExitCode> {
    let is_template = std::env::args_os().nth(1).is_some_and(|it| it == ARGUMENT);
    if is_template {
        std::panic::set_hook(Box::new(say_where));
    }
    is_template.then(|| match Template::start().and_then(Template::serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sallyport: the process that starts script workers failed: {error}");
            ExitCode::FAILURE
        }
    })
}

/// A panic's own text could hold what a script knows.
fn say_where(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map(ToString::to_string)
        .unwrap_or_default();
    eprintln!("sallyport: a script worker failed at {place}");
}

/// This process, before it is a worker.
struct Template {
    control: OwnedFd,
    prepared: Prepared,
    signals: UserSignalSender,
    syscalls: Syscalls,
    workers: HashMap<u64, Pid>,
}

impl Template {
    fn start() -> io::Result<Self> {
        renounce()?;
        let control = take_stdin()?;
        let (signals, receiver) = user_signal_channel();
        let prepared = Prepared::build(receiver).map_err(io::Error::other)?;
        Ok(Self {
            control,
            prepared,
            signals,
            syscalls: Syscalls::needed()?,
            workers: HashMap::new(),
        })
    }

    /// Forks workers until the server goes.
    fn serve(mut self) -> io::Result<()> {
        loop {
            let Some((order, channel)) = receive(&self.control)? else {
                return Ok(());
            };
            match (order, channel) {
                (TemplateOrder::Fork { number, memory }, Some(channel)) => {
                    match self.fork(number) {
                        Ok(Forked::Template) => {}
                        Ok(Forked::Worker) => return self.work(UnixStream::from(channel), memory),
                        // Its channel closes here, which tells the one who asked. The others work on.
                        Err(error) => {
                            eprintln!("sallyport: a script worker cannot be forked: {error}");
                        }
                    }
                }
                (TemplateOrder::Fork { .. }, None) => {
                    return Err(io::Error::other("a worker needs a channel"));
                }
                (TemplateOrder::End { number }, _) => {
                    let ended = serde_json::to_vec(&self.end(number))?;
                    if send(&self.control, &ended, SendFlags::NOSIGNAL).is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn fork(&mut self, number: u64) -> io::Result<Forked> {
        match fork()? {
            None => Ok(Forked::Worker),
            Some(child) => {
                self.workers.insert(number, child);
                Ok(Forked::Template)
            }
        }
    }

    fn end(&mut self, number: u64) -> Ended {
        let Some(worker) = self.workers.remove(&number) else {
            return Ended::Unknown;
        };
        let by_itself = waitpid(Some(worker), WaitOptions::NOHANG);
        if let Ok(Some((_, status))) = by_itself {
            return how(status);
        }
        // It is not waited for yet, so the number is still its own.
        let _ = kill_process(worker, Signal::KILL);
        let _ = waitpid(Some(worker), WaitOptions::empty());
        Ended::Killed
    }

    /// The life of a worker, which ends with the server's interest in it.
    fn work(self, channel: UnixStream, memory: u64) -> io::Result<()> {
        drop(self.control);
        set_parent_process_death_signal(Some(Signal::KILL))?;
        self.prepared.after_fork().map_err(io::Error::other)?;
        bench::work(channel, memory, self.prepared, self.signals, &self.syscalls)
    }
}

enum Forked {
    Template,
    Worker,
}

/// Takes this process what no script needs: it holds no descriptor that came along, gains no rights,
/// writes no file, dumps no memory.
fn renounce() -> io::Result<()> {
    close_strangers()?;
    // For whoever looks at the processes of the machine.
    set_name(c"script-worker")?;
    set_no_new_privs(true)?;
    for resource in [Resource::Core, Resource::Fsize] {
        let nothing = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        setrlimit(resource, nothing)?;
    }
    Ok(())
}

/// One order, and the channel of a worker when it came along. `None`: the server has gone.
fn receive(control: &OwnedFd) -> io::Result<Option<(TemplateOrder, Option<OwnedFd>)>> {
    let mut bytes = [0; LONGEST_ORDER];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = match recvmsg(
        control,
        &mut [IoSliceMut::new(&mut bytes)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    ) {
        Err(Errno::CONNRESET) => return Ok(None),
        received => received?,
    };
    if received.bytes == 0 {
        return Ok(None);
    }
    let channel = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => descriptors.last(),
        _ => None,
    });
    let order = serde_json::from_slice(&bytes[..received.bytes])?;
    Ok(Some((order, channel)))
}

fn how(status: rustix::process::WaitStatus) -> Ended {
    match (status.terminating_signal(), status.exit_status()) {
        (Some(signal), _) => Ended::Signal(signal),
        (None, Some(code)) => Ended::Exit(code),
        (None, None) => Ended::Unknown,
    }
}

/// Closes everything but standard input, output and error: whoever started the server may have left
/// something open.
#[expect(unsafe_code, reason = "there is no safe close_range")]
fn close_strangers() -> io::Result<()> {
    // SAFETY: nothing was opened in this process yet (`template_main`), so nobody owns these.
    match unsafe { libc::close_range(3, libc::c_uint::MAX, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The channel that is standard input, in whose place nothing is left: a worker must not hold it.
#[expect(unsafe_code, reason = "there is no safe dup2 for standard input")]
fn take_stdin() -> io::Result<OwnedFd> {
    let channel = io::stdin().as_fd().try_clone_to_owned()?;
    let nothing = std::fs::File::open("/dev/null")?;
    // SAFETY: standard input stays open, as everybody expects; only what it leads to changes.
    match unsafe { libc::dup2(nothing.as_raw_fd(), libc::STDIN_FILENO) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(channel),
    }
}

/// The child's process id; `None` in the child.
#[expect(unsafe_code, reason = "there is no safe fork")]
fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: this process has one thread (`template_main`), so the child finds every lock as its
    // owner left it.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        child => Ok(Pid::from_raw(child)),
    }
}

fn whole_traceback(vm: &VirtualMachine, error: &PyBaseExceptionRef) -> String {
    let mut text = String::new();
    match vm.write_exception(&mut text, error) {
        Ok(()) => text,
        Err(_) => error.as_object().class().name().to_string(),
    }
}
