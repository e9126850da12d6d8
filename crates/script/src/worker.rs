use std::{
    io,
    os::unix::net::UnixStream as StdUnixStream,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    runtime::Handle,
};

use crate::{
    engine::Shared,
    script::{Script, WeakScript},
    template::{Ended, Template},
    wire::{self, Event, Order},
};

/// A worker as the server has it: a process with one interpreter, for one job at a time. The process
/// ends when this is dropped, whatever it does.
pub(crate) struct Worker {
    shared: Weak<Shared>,
    template: Template,
    number: u64,
    name: String,
    channel: UnixStream,
    received: Vec<u8>,
    /// A message was begun and is not sent whole.
    is_sending: bool,
    is_ready: bool,
    is_worn: bool,
    calls: u64,
    script: Option<Bound>,
    idle_since: Instant,
}

/// The script of a worker. It has one: two in one interpreter could reach each other's objects.
struct Bound {
    serial: u64,
    script: WeakScript,
    is_loaded: bool,
}

impl Worker {
    /// Asks the template for a worker that may take `memory` bytes. The caller has counted it.
    pub(crate) fn start(
        shared: &Arc<Shared>,
        template: &Template,
        memory: u64,
    ) -> io::Result<Self> {
        // One that goes back while everything ends finds nobody who could talk with another.
        let _runtime = Handle::try_current().map_err(io::Error::other)?;
        let (ours, theirs) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let channel = UnixStream::from_std(ours)?;
        let number = template.fork(memory, theirs)?;
        Ok(Self {
            shared: Arc::downgrade(shared),
            template: template.clone(),
            number,
            name: format!("script-{number}"),
            channel,
            received: Vec::new(),
            is_sending: false,
            is_ready: false,
            is_worn: false,
            calls: 0,
            script: None,
            idle_since: Instant::now(),
        })
    }

    /// As the log names it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Waits until the worker has said its first word.
    pub(crate) async fn ready(&mut self) -> io::Result<()> {
        if !self.is_ready {
            match self.event().await? {
                Event::Ready => self.is_ready = true,
                _ => return Err(io::Error::other("a worker began with another word")),
            }
            if let Some(shared) = self.shared.upgrade() {
                shared.has_started();
            }
        }
        Ok(())
    }

    pub(crate) async fn send(&mut self, order: &Order) -> io::Result<()> {
        let message = wire::framed(order)?;
        self.is_sending = true;
        self.channel.write_all(&message).await?;
        self.is_sending = false;
        Ok(())
    }

    /// The next message. It may be given up and asked for again.
    pub(crate) async fn event(&mut self) -> io::Result<Event> {
        loop {
            if let Some(event) = wire::take(&mut self.received)? {
                return Ok(event);
            }
            if self.channel.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Ends the worker, and says how it had ended.
    pub(crate) async fn ended(self) -> Ended {
        self.template.ended(self.number).await
    }

    /// From now on the worker runs this script and no other.
    pub(crate) fn bind(&mut self, script: &Script) {
        self.script = Some(Bound {
            serial: script.serial(),
            script: script.downgrade(),
            is_loaded: false,
        });
    }

    pub(crate) fn note_loaded(&mut self) {
        if let Some(bound) = &mut self.script {
            bound.is_loaded = true;
        }
    }

    pub(crate) fn has_loaded(&self, serial: u64) -> bool {
        let bound = self.script.as_ref();
        bound.is_some_and(|bound| bound.is_loaded && bound.serial == serial)
    }

    /// Whether it may run this script; `None` is one that is not loaded yet.
    pub(crate) fn suits(&self, serial: Option<u64>) -> bool {
        self.script.is_none() || serial.is_some_and(|serial| self.has_loaded(serial))
    }

    /// Its script did not load, or nobody holds it any more.
    pub(crate) fn is_left_over(&self) -> bool {
        let bound = self.script.as_ref();
        bound.is_some_and(|bound| !bound.is_loaded || bound.script.is_gone())
    }

    pub(crate) fn note_call(&mut self) {
        self.calls += 1;
    }

    pub(crate) fn note_worn(&mut self) {
        self.is_worn = true;
    }

    /// Whether it may be used for another request.
    pub(crate) fn is_usable(&self, calls: u64) -> bool {
        !self.is_worn && !self.is_sending && self.calls < calls && !self.is_left_over()
    }

    pub(crate) fn begin_idling(&mut self) {
        self.idle_since = Instant::now();
    }

    pub(crate) fn has_idled(&self, time: Duration) -> bool {
        self.idle_since.elapsed() >= time
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.template.end(self.number);
        if let Some(shared) = self.shared.upgrade() {
            shared.count_out(self.is_ready);
        }
    }
}
