use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncWriteExt, ReadHalf, WriteHalf, split},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::{Instant, sleep, sleep_until, timeout, timeout_at},
};

use crate::{
    connection::{self, Socket},
    error::{SmppError, Status},
    message::ShortMessage,
    pdu::{BodyReader, Command, Pdu},
    receipt::Incoming,
    settings::Settings,
};

/// A connection that is bound and stays so: any number of messages at once, receipts as they come,
/// and the question whether the other side is there when nothing was heard for a while.
pub struct Session {
    questions: mpsc::Sender<Question>,
    window: Semaphore,
    patience: Duration,
    throttle_pause: Duration,
}

/// Who takes what the message centre delivers.
#[derive(Clone)]
pub struct Listener(Arc<Listen>);

type Listen = dyn Fn(Incoming) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync;

impl Listener {
    /// `listen` says whether it has kept what it was given; if not, the message centre is asked to
    /// deliver it again later.
    pub fn new<F>(listen: impl Fn(Incoming) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        Self(Arc::new(move |incoming| Box::pin(listen(incoming))))
    }

    /// Takes everything and keeps nothing.
    pub fn deaf() -> Self {
        Self::new(async |_| true)
    }
}

/// Something that we ask, and who waits for the answer.
struct Question {
    pdu: Pdu,
    answer: oneshot::Sender<Pdu>,
}

impl Session {
    /// Connects and binds.
    pub async fn open(settings: &Settings, listener: Listener) -> Result<Self, SmppError> {
        let socket = connection::open(settings).await?;
        let (reader, writer) = split(socket);
        let (questions, asked) = mpsc::channel(settings.window.max(1));
        let line = Line {
            writer,
            asked,
            listener,
            waiting: HashMap::new(),
            sequence: 1,
            patience: settings.patience,
            enquire_every: settings.enquire_every,
            room: Arc::new(Semaphore::new(DELIVERIES)),
        };
        tokio::spawn(line.run(reader));
        Ok(Self {
            questions,
            window: Semaphore::new(settings.window.max(1)),
            patience: settings.patience,
            throttle_pause: settings.throttle_pause,
        })
    }

    /// Hands over one message and returns the message centre's id of it. When too many wait for an
    /// answer, or the message centre asks to slow down, this waits until its patience is over.
    pub async fn submit(&self, message: &ShortMessage) -> Result<String, SmppError> {
        let pdu = message.pdu()?;
        let deadline = Instant::now() + self.patience;
        let _place = timeout_at(deadline, self.window.acquire())
            .await
            .map_err(|_| unreachable("too many messages wait for an answer"))?
            .map_err(|_| unreachable("the session is over"))?;
        let mut pause = self.throttle_pause;
        loop {
            let answer = self.ask(pdu.clone()).await?;
            match answer.status {
                Status::OK => return Ok(message_id(&answer)),
                Status::NOT_BOUND => {
                    return Err(unreachable("it does not know of the bind any more"));
                }
                status if !status.is_busy() => return Err(SmppError::Refused(status)),
                status if Instant::now() + pause >= deadline => {
                    return Err(SmppError::Throttled(status));
                }
                _ => sleep(pause).await,
            }
            pause *= 2;
        }
    }

    /// Whether the connection still stands, as far as is known.
    pub fn is_open(&self) -> bool {
        !self.questions.is_closed()
    }

    /// Unbinds, upon which the other side hangs up.
    pub async fn close(&self) {
        if let Err(cause) = self.ask(Pdu::request(Command::UNBIND, Vec::new())).await {
            tracing::debug!(error = %cause, "a message centre did not say goodbye");
        }
    }

    async fn ask(&self, pdu: Pdu) -> Result<Pdu, SmppError> {
        let (answer, answered) = oneshot::channel();
        self.questions
            .send(Question { pdu, answer })
            .await
            .map_err(|_| unreachable("the connection was closed"))?;
        match timeout(self.patience, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(SmppError::Unanswered("the connection was closed")),
            Err(_) => Err(SmppError::Unanswered("it took too long")),
        }
    }
}

fn unreachable(why: &str) -> SmppError {
    SmppError::Unreachable(why.to_owned())
}

fn message_id(answer: &Pdu) -> String {
    BodyReader(&answer.body).text().unwrap_or_default()
}

/// The one task that owns the connection.
struct Line {
    writer: WriteHalf<Box<dyn Socket>>,
    asked: mpsc::Receiver<Question>,
    listener: Listener,
    waiting: HashMap<u32, oneshot::Sender<Pdu>>,
    sequence: u32,
    patience: Duration,
    enquire_every: Duration,
    /// For deliveries that are being kept.
    room: Arc<Semaphore>,
}

/// Deliveries that are kept at once. Beyond them nothing is read, so that the network holds back a
/// message centre that delivers faster than anybody can keep.
const DELIVERIES: usize = 32;

/// That the connection is to be closed.
struct Over;

impl Line {
    async fn run(mut self, reader: ReadHalf<Box<dyn Socket>>) {
        let (heard, mut hearing) = mpsc::channel(16);
        let reading = tokio::spawn(read_all(reader, heard));
        let (kept, mut keeping) = mpsc::channel(16);
        let mut silence = Silence::new(self.enquire_every);
        loop {
            let has_room = self.room.available_permits() > 0;
            let step = tokio::select! {
                pdu = hearing.recv(), if has_room => match pdu {
                    Some(pdu) => {
                        silence = Silence::new(self.enquire_every);
                        self.hear(pdu, &kept).await
                    }
                    None => Err(Over),
                },
                Some(answer) = keeping.recv() => self.write(&answer).await,
                question = self.asked.recv() => match question {
                    Some(question) => self.put(question).await,
                    None => Err(Over),
                },
                () = sleep_until(silence.until), if has_room => self.enquire(&mut silence).await,
            };
            if step.is_err() {
                break;
            }
        }
        reading.abort();
        // The other side may be gone already.
        self.writer.shutdown().await.ok();
    }

    /// Sends what is asked.
    async fn put(&mut self, question: Question) -> Result<(), Over> {
        self.waiting.retain(|_, answer| !answer.is_closed());
        let pdu = Pdu {
            sequence: self.next(),
            ..question.pdu
        };
        self.waiting.insert(pdu.sequence, question.answer);
        self.write(&pdu).await
    }

    async fn hear(&mut self, pdu: Pdu, kept: &mpsc::Sender<Pdu>) -> Result<(), Over> {
        if pdu.command.is_answer() {
            let is_farewell =
                pdu.command == Command::UNBIND.answer() || pdu.status == Status::NOT_BOUND;
            if let Some(answer) = self.waiting.remove(&pdu.sequence) {
                // Whoever asked may have stopped waiting.
                answer.send(pdu).ok();
            }
            return if is_farewell { Err(Over) } else { Ok(()) };
        }
        match pdu.command {
            Command::ENQUIRE_LINK => self.write(&pdu.answered(Status::OK, Vec::new())).await,
            Command::DELIVER_SM => {
                let place = self.room.clone().try_acquire_owned().map_err(|_| Over)?;
                let keeping = keep(self.listener.clone(), pdu, kept.clone(), place);
                tokio::spawn(keeping);
                Ok(())
            }
            Command::UNBIND => {
                self.write(&pdu.answered(Status::OK, Vec::new())).await?;
                Err(Over)
            }
            Command::ALERT_NOTIFICATION => Ok(()),
            _ => self.write(&pdu.not_understood()).await,
        }
    }

    async fn enquire(&mut self, silence: &mut Silence) -> Result<(), Over> {
        if silence.asked {
            tracing::warn!("a message centre does not answer any more; the connection is closed");
            return Err(Over);
        }
        *silence = Silence {
            until: Instant::now() + self.patience,
            asked: true,
        };
        let pdu = Pdu {
            sequence: self.next(),
            ..Pdu::request(Command::ENQUIRE_LINK, Vec::new())
        };
        self.write(&pdu).await
    }

    async fn write(&mut self, pdu: &Pdu) -> Result<(), Over> {
        match timeout(self.patience, pdu.write(&mut self.writer)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Over),
        }
    }

    /// 1 to 0x7FFFFFFF (SMPP 3.4 §5.1.4).
    fn next(&mut self) -> u32 {
        self.sequence = self.sequence % 0x7fff_ffff + 1;
        self.sequence
    }
}

/// How long nothing may be heard, and whether the other side was asked if it is there.
struct Silence {
    until: Instant,
    asked: bool,
}

impl Silence {
    fn new(limit: Duration) -> Self {
        Self {
            until: Instant::now() + limit,
            asked: false,
        }
    }
}

async fn read_all(mut reader: ReadHalf<Box<dyn Socket>>, heard: mpsc::Sender<Pdu>) {
    while let Ok(pdu) = Pdu::read(&mut reader).await {
        if heard.send(pdu).await.is_err() {
            return;
        }
    }
}

/// Answers once it is known whether the delivery was kept. One that cannot be read is taken: it would
/// come again for ever.
async fn keep(listener: Listener, pdu: Pdu, kept: mpsc::Sender<Pdu>, place: OwnedSemaphorePermit) {
    let is_kept = match Incoming::read(&pdu.body) {
        Some(incoming) => (listener.0)(incoming).await,
        None => {
            tracing::warn!("a message centre delivered something that cannot be read");
            true
        }
    };
    let status = if is_kept {
        Status::OK
    } else {
        Status::TEMPORARY
    };
    drop(place);
    // The connection may be closed by now; then it comes again.
    kept.send(pdu.answered(status, b"\0".to_vec())).await.ok();
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    };

    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::{Address, Receipt, State, receipt::tests::deliver, settings::Bind};

    /// The other side of one connection, after the bind.
    struct Centre(TcpStream);

    impl Centre {
        /// Waits for somebody who binds.
        async fn meet(listener: &TcpListener) -> Self {
            let mut centre = Self(listener.accept().await.unwrap().0);
            let bind = centre.hear().await;
            centre
                .say(&bind.answered(Status::OK, b"centre\0".to_vec()))
                .await;
            centre
        }

        /// The next of what is said, but for farewells.
        async fn hear(&mut self) -> Pdu {
            Pdu::read(&mut self.0).await.unwrap()
        }

        async fn say(&mut self, pdu: &Pdu) {
            pdu.write(&mut self.0).await.unwrap();
        }

        /// Hears a message and answers so.
        async fn answer(&mut self, status: u32) -> Pdu {
            let message = self.hear().await;
            assert_eq!(message.command, Command::SUBMIT_SM);
            let id = format!("id-{}\0", message.sequence).into_bytes();
            self.say(&message.answered(Status(status), id)).await;
            message
        }

        async fn is_left(&mut self) -> bool {
            Pdu::read(&mut self.0).await.is_err()
        }
    }

    async fn address() -> (TcpListener, Settings) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let settings = Settings {
            bind: Bind::Transceiver,
            patience: Duration::from_secs(5),
            throttle_pause: Duration::from_millis(1),
            ..Settings::new("127.0.0.1", port, "sallyport")
        };
        (listener, settings)
    }

    fn message() -> ShortMessage {
        let from = Address::sender("Sallyport").unwrap();
        ShortMessage::text(from, Address::international("+12025550162"), "123456")
    }

    #[tokio::test]
    async fn a_session_binds_sends_and_says_goodbye() {
        let (listener, settings) = address().await;
        let centre = tokio::spawn(async move {
            let mut centre = Centre::meet(&listener).await;
            let message = centre.answer(0).await;
            let unbind = centre.hear().await;
            assert_eq!(unbind.command, Command::UNBIND);
            centre.say(&unbind.answered(Status::OK, Vec::new())).await;
            assert!(centre.is_left().await);
            message
        });
        let id = crate::send(&settings, &message()).await.unwrap();
        let received = centre.await.unwrap();
        assert_eq!(id, format!("id-{}", received.sequence));
        assert!(received.body.ends_with(b"\x06123456"));
    }

    #[tokio::test]
    async fn whoever_may_not_bind_has_sent_nothing() {
        let (listener, settings) = address().await;
        tokio::spawn(async move {
            let mut centre = Centre(listener.accept().await.unwrap().0);
            let bind = centre.hear().await;
            centre.say(&bind.answered(Status(0x0e), Vec::new())).await;
        });
        let refused = crate::send(&settings, &message()).await.unwrap_err();
        assert_eq!(refused, SmppError::Unbound(Status(0x0e)));
        assert!(refused.to_string().contains("ESME_RINVPASWD"));
    }

    #[tokio::test]
    async fn a_password_that_does_not_fit_never_leaves() {
        let (_listener, mut settings) = address().await;
        settings.password = "longer than eight".into();
        let refused = crate::send(&settings, &message()).await;
        assert!(matches!(refused, Err(SmppError::Unsendable(_))));
    }

    #[tokio::test]
    async fn a_busy_message_centre_is_asked_again() {
        let (listener, settings) = address().await;
        let centre = tokio::spawn(async move {
            let mut centre = Centre::meet(&listener).await;
            for status in [0x58, 0x14, 0] {
                centre.answer(status).await;
            }
            centre
        });
        let session = Session::open(&settings, Listener::deaf()).await.unwrap();
        assert!(session.submit(&message()).await.unwrap().starts_with("id-"));
        centre.await.unwrap();
    }

    #[tokio::test]
    async fn a_message_centre_that_stays_busy_has_not_taken_the_message() {
        let (listener, mut settings) = address().await;
        settings.throttle_pause = settings.patience;
        tokio::spawn(async move {
            let mut centre = Centre::meet(&listener).await;
            centre.answer(0x58).await;
            centre.is_left().await
        });
        let session = Session::open(&settings, Listener::deaf()).await.unwrap();
        assert_eq!(
            session.submit(&message()).await,
            Err(SmppError::Throttled(Status(0x58)))
        );
    }

    #[tokio::test]
    async fn a_message_without_an_answer_may_have_been_sent() {
        let (listener, settings) = address().await;
        tokio::spawn(async move {
            let mut centre = Centre::meet(&listener).await;
            centre.answer(0x0b).await;
            centre.hear().await;
        });
        let session = Session::open(&settings, Listener::deaf()).await.unwrap();
        assert_eq!(
            session.submit(&message()).await,
            Err(SmppError::Refused(Status(0x0b)))
        );
        assert_eq!(
            session.submit(&message()).await,
            Err(SmppError::Unanswered("the connection was closed"))
        );
        assert!(!session.is_open());
        assert!(matches!(
            session.submit(&message()).await,
            Err(SmppError::Unreachable(_))
        ));
    }

    #[tokio::test]
    async fn a_message_that_finds_no_place_in_the_window_has_not_been_sent() {
        let (listener, mut settings) = address().await;
        settings.window = 1;
        settings.patience = Duration::from_millis(200);
        let session = Session::open(&settings, Listener::deaf());
        let (session, _centre) = tokio::join!(session, Centre::meet(&listener));
        let session = session.unwrap();
        let _only_place = session.window.acquire().await.unwrap();
        let message = message();
        let submitted = timeout(Duration::from_secs(10), session.submit(&message));
        assert!(matches!(
            submitted.await.unwrap(),
            Err(SmppError::Unreachable(_))
        ));
    }

    #[tokio::test]
    async fn many_messages_wait_at_once_and_each_gets_its_own_answer() {
        let (listener, settings) = address().await;
        tokio::spawn(async move {
            let mut centre = Centre::meet(&listener).await;
            let first = centre.hear().await;
            let second = centre.hear().await;
            for (message, id) in [(second, "second\0"), (first, "first\0")] {
                let answer = message.answered(Status::OK, id.as_bytes().to_vec());
                centre.say(&answer).await;
            }
            centre.is_left().await
        });
        let session = Session::open(&settings, Listener::deaf()).await.unwrap();
        let message = message();
        let (first, second) = tokio::join!(session.submit(&message), session.submit(&message));
        assert_eq!((&*first.unwrap(), &*second.unwrap()), ("first", "second"));
    }

    #[tokio::test]
    async fn a_receipt_is_answered_when_it_is_kept() {
        let (listener, settings) = address().await;
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keeper = heard.clone();
        let listen = Listener::new(move |incoming| {
            let mut heard = keeper.lock().unwrap();
            heard.push(incoming);
            std::future::ready(heard.len() > 1)
        });
        let session = Session::open(&settings, listen);
        let (session, mut centre) = tokio::join!(session, Centre::meet(&listener));
        for status in [Status::TEMPORARY, Status::OK] {
            let body = deliver(4, b"id:7 stat:DELIVRD err:000", &[]);
            let delivery = Pdu {
                sequence: 9,
                ..Pdu::request(Command::DELIVER_SM, body)
            };
            centre.say(&delivery).await;
            assert_eq!(centre.hear().await, delivery.answered(status, vec![0]));
        }
        let receipt = Incoming::Receipt(Receipt {
            message_id: "7".to_owned(),
            state: State::Delivered,
            error: None,
        });
        assert_eq!(*heard.lock().unwrap(), [receipt.clone(), receipt]);
        assert!(session.unwrap().is_open());
    }

    #[tokio::test]
    async fn more_deliveries_than_can_be_kept_wait_outside() {
        let (listener, settings) = address().await;
        let (at_once, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let open = Arc::new(Semaphore::new(0));
        let listen = Listener::new({
            let (at_once, most, open) = (at_once.clone(), most.clone(), open.clone());
            move |_| {
                most.fetch_max(at_once.fetch_add(1, SeqCst) + 1, SeqCst);
                let (at_once, open) = (at_once.clone(), open.clone());
                async move {
                    open.acquire().await.unwrap().forget();
                    at_once.fetch_sub(1, SeqCst);
                    true
                }
            }
        });
        let session = Session::open(&settings, listen);
        let (session, mut centre) = tokio::join!(session, Centre::meet(&listener));
        let deliveries = 3 * DELIVERIES;
        for sequence in 1..=u32::try_from(deliveries).unwrap() {
            let body = deliver(4, b"id:7 stat:DELIVRD err:000", &[]);
            let delivery = Pdu {
                sequence,
                ..Pdu::request(Command::DELIVER_SM, body)
            };
            centre.say(&delivery).await;
        }
        while at_once.load(SeqCst) < DELIVERIES {
            tokio::task::yield_now().await;
        }
        open.add_permits(deliveries);
        for _ in 0..deliveries {
            assert_eq!(centre.hear().await.status, Status::OK);
        }
        assert_eq!(most.load(SeqCst), DELIVERIES);
        assert!(session.unwrap().is_open());
    }

    #[tokio::test]
    async fn a_session_that_the_other_side_has_forgotten_is_left() {
        let (listener, settings) = address().await;
        tokio::spawn(async move {
            let mut centre = Centre::meet(&listener).await;
            centre.answer(0x04).await;
            centre.is_left().await
        });
        let session = Session::open(&settings, Listener::deaf()).await.unwrap();
        assert!(matches!(
            session.submit(&message()).await,
            Err(SmppError::Unreachable(_))
        ));
        while session.is_open() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn both_sides_ask_whether_the_other_is_there() {
        let (listener, mut settings) = address().await;
        settings.enquire_every = Duration::from_millis(10);
        let session = Session::open(&settings, Listener::deaf());
        let (session, mut centre) = tokio::join!(session, Centre::meet(&listener));
        let session = session.unwrap();
        let asked = centre.hear().await;
        assert_eq!(asked.command, Command::ENQUIRE_LINK);
        centre.say(&asked.answered(Status::OK, Vec::new())).await;
        let ours = Pdu {
            sequence: 3,
            ..Pdu::request(Command::ENQUIRE_LINK, Vec::new())
        };
        centre.say(&ours).await;
        while centre.hear().await != ours.answered(Status::OK, Vec::new()) {}
        assert!(session.is_open());
    }

    #[tokio::test]
    async fn a_message_centre_that_falls_silent_is_left() {
        let (listener, mut settings) = address().await;
        settings.enquire_every = Duration::from_millis(10);
        settings.patience = Duration::from_millis(200);
        let session = Session::open(&settings, Listener::deaf());
        let (session, mut centre) = tokio::join!(session, Centre::meet(&listener));
        assert_eq!(centre.hear().await.command, Command::ENQUIRE_LINK);
        assert!(centre.is_left().await);
        assert!(!session.unwrap().is_open());
    }

    #[tokio::test]
    async fn an_operation_that_nobody_knows_is_refused() {
        let (listener, settings) = address().await;
        let session = Session::open(&settings, Listener::deaf());
        let (_session, mut centre) = tokio::join!(session, Centre::meet(&listener));
        let strange = Pdu::request(Command(0x103), vec![1, 2, 3]);
        centre.say(&strange).await;
        assert_eq!(centre.hear().await, strange.not_understood());
    }

    #[tokio::test]
    async fn what_is_not_the_protocol_is_no_message_centre() {
        let (listener, settings) = address().await;
        tokio::spawn(async move {
            let mut stream = listener.accept().await.unwrap().0;
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
        });
        let refused = crate::send(&settings, &message()).await;
        assert!(matches!(refused, Err(SmppError::Unreachable(_))));
    }
}
