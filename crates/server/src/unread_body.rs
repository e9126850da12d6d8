//! What a handler left of the body of a request.
//!
//! An answer may be ready before the body has arrived: wrong credentials are known from the head. The
//! connection would then end without a word, and whoever sends the next request on it would get no
//! answer. So what is left is read and thrown away; where it is too much, the answer says that the
//! connection ends.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use http::Request;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::time::timeout;

/// The most that is thrown away, in bytes.
const MOST: usize = 64 * 1024;

/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a body comes back to when its handler lets go of it.
pub struct UnreadBody(Arc<Mutex<Option<Incoming>>>);

impl UnreadBody {
    /// Lends the body of a request to its handler.
    pub fn lend(request: Request<Incoming>) -> (Request<Body>, Self) {
        let shelf = Arc::new(Mutex::new(None));
        let request = request.map(|body| {
            Body::new(Lent {
                body: Some(body),
                shelf: shelf.clone(),
            })
        });
        (request, Self(shelf))
    }

    /// Throws away what was not read. `false`: it was too much, or did not come.
    pub async fn discard(self) -> bool {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match left {
            None => true,
            Some(body) if body.is_end_stream() => true,
            Some(body) if body.size_hint().lower() > MOST as u64 => false,
            Some(body) => timeout(PATIENCE, read_to_its_end(body)).await == Ok(true),
        }
    }
}

/// `false` when it is too much or breaks off. Nothing of it is kept.
async fn read_to_its_end(mut body: Incoming) -> bool {
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > MOST {
            return false;
        }
    }
    true
}

struct Lent {
    /// `None` only once it was given back.
    body: Option<Incoming>,
    shelf: Arc<Mutex<Option<Incoming>>>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        *shelf = self.body.take();
    }
}

impl hyper::body::Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, Incoming::size_hint)
    }
}
