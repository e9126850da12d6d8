use std::{
    collections::HashMap,
    io::Write,
    sync::{Mutex, Once},
    thread::{self, ThreadId},
};

use tracing_subscriber::fmt::MakeWriter;

/// What the threads log that are listened to. There is one subscriber for the whole process, because
/// one that belongs to a thread misses what other threads met first.
static LINES: Mutex<Option<HashMap<ThreadId, Vec<u8>>>> = Mutex::new(None);
static SUBSCRIBED: Once = Once::new();

/// Everything that one thread logs from now on, at every level.
pub struct Log(ThreadId);

impl Log {
    pub fn of_this_thread() -> Self {
        let thread = thread::current().id();
        LINES
            .lock()
            .unwrap()
            .get_or_insert_default()
            .insert(thread, Vec::new());
        SUBSCRIBED.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .with_writer(Ear)
                .init();
        });
        Self(thread)
    }

    pub fn text(&self) -> String {
        let lines = LINES.lock().unwrap();
        let bytes = lines.as_ref().unwrap()[&self.0].clone();
        String::from_utf8(bytes).unwrap()
    }
}

struct Ear;

impl Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(lines) = LINES.lock().unwrap().as_mut()
            && let Some(heard) = lines.get_mut(&thread::current().id())
        {
            heard.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Ear {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}
