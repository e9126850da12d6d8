use std::{
    cell::{Cell, RefCell},
    io,
    os::unix::net::UnixStream,
    rc::Rc,
    sync::Arc,
};

use super::stopwatch::Stopwatch;
use crate::{
    log::LogLevel,
    question::{Answer, Question},
    wire::{self, Event, Order},
};

thread_local! {
    static CURRENT: RefCell<Option<Rc<Errand>>> = const { RefCell::new(None) };
}

/// What this worker is doing right now, and for whom.
pub(crate) struct Errand {
    channel: UnixStream,
    stopwatch: RefCell<Arc<Stopwatch>>,
    /// Output without a line end: of standard output and standard error.
    partial: RefCell<[String; 2]>,
    /// Nothing can be said any more.
    is_cut_off: Cell<bool>,
}

/// A line that is longer is cut.
const LINE: usize = 8 * 1024;

impl Errand {
    /// Makes this the errand of the thread for good.
    pub(crate) fn begin(channel: UnixStream) -> Rc<Self> {
        let errand = Rc::new(Self {
            channel,
            stopwatch: RefCell::new(Arc::new(Stopwatch::over())),
            partial: RefCell::default(),
            is_cut_off: Cell::new(false),
        });
        CURRENT.with_borrow_mut(|current| *current = Some(Rc::clone(&errand)));
        errand
    }

    pub(crate) fn current() -> Option<Rc<Self>> {
        CURRENT.with_borrow(Clone::clone)
    }

    pub(crate) fn stopwatch(&self) -> Arc<Stopwatch> {
        Arc::clone(&self.stopwatch.borrow())
    }

    /// The time of the call that begins.
    pub(crate) fn set_stopwatch(&self, stopwatch: &Arc<Stopwatch>) {
        self.stopwatch.replace(Arc::clone(stopwatch));
    }

    pub(crate) fn next_order(&self) -> io::Result<Order> {
        wire::receive(&mut &self.channel)
    }

    pub(crate) fn tell(&self, event: &Event) -> io::Result<()> {
        wire::send(&mut &self.channel, event)
    }

    /// Asks the host and waits. `None` when nobody waits for the script any more.
    pub(crate) fn ask(&self, question: Question) -> Option<Answer> {
        let stopwatch = self.stopwatch();
        stopwatch.pause();
        let answer = self
            .tell(&Event::Ask(question))
            .and_then(|()| self.next_order());
        stopwatch.resume();
        match answer {
            Ok(Order::Answer(answer)) => Some(answer),
            _ => None,
        }
    }

    pub(crate) fn write(&self, level: LogLevel, text: &str) {
        let mut partial = self.partial.borrow_mut();
        let pending = &mut partial[usize::from(level == LogLevel::Error)];
        for piece in text.split_inclusive('\n') {
            let room = LINE.saturating_sub(pending.len());
            pending.push_str(cut(piece.trim_end_matches(['\n', '\r']), room));
            if piece.ends_with('\n') {
                self.line(level, std::mem::take(pending));
            }
        }
    }

    /// Writes what stands without a line end.
    pub(crate) fn flush(&self) {
        for level in [LogLevel::Info, LogLevel::Error] {
            let at = usize::from(level == LogLevel::Error);
            let pending = std::mem::take(&mut self.partial.borrow_mut()[at]);
            self.line(level, pending);
        }
    }

    /// Empty lines are dropped, as Gluu does.
    fn line(&self, level: LogLevel, text: String) {
        if text.trim().is_empty() || self.is_cut_off.get() {
            return;
        }
        // A server that has gone is noticed at the next order.
        let told = self.tell(&Event::Line { level, text });
        self.is_cut_off.set(told.is_err());
    }
}

fn cut(text: &str, room: usize) -> &str {
    let mut end = text.len().min(room);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
