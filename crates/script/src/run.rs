use std::sync::{Weak, mpsc};

use tokio::sync::mpsc as channel;

use crate::{
    call::{Call, Returned},
    engine::{self, Shared},
    error::{ErrorKind, LoadError, LoadStage, ScriptError},
    question::{Answer, Question},
    scene::Scene,
    script::Script,
    worker::{Job, Worker},
};

/// What comes next in a conversation with a script.
#[derive(Debug)]
pub enum Turn {
    /// The script waits for [`Run::answer`].
    Ask(Question),
    Done(Result<Returned, ScriptError>),
}

/// What comes next while a script is loaded.
pub enum LoadTurn {
    /// The script waits for [`Loading::answer`].
    Ask(Question),
    Done(Result<Script, LoadError>),
}

/// What a worker tells the one who waits for it.
pub(crate) enum Event {
    Ask(Question),
    Loaded(Result<(), LoadError>),
    Returned {
        scene: Box<Scene>,
        result: Result<Returned, ScriptError>,
    },
    /// The worker was given up.
    Lost,
}

/// The worker's ends of the two channels of a conversation.
pub(crate) struct Conversation {
    pub events: channel::UnboundedSender<Event>,
    pub answers: mpsc::Receiver<Answer>,
}

/// The host's ends.
struct Talk {
    events: channel::UnboundedReceiver<Event>,
    answers: mpsc::Sender<Answer>,
}

fn talk() -> (Talk, Conversation) {
    let (tell, events) = channel::unbounded_channel();
    let (answers, hear) = mpsc::channel();
    (
        Talk { events, answers },
        Conversation {
            events: tell,
            answers: hear,
        },
    )
}

/// A worker on loan. It goes back when dropped, at once or when it has ended what it does.
struct Lease {
    shared: Weak<Shared>,
    worker: Option<Worker>,
    /// Set while the worker works.
    talk: Option<Talk>,
}

impl Lease {
    /// Sends a job; without a worker there is nobody to talk to, which the next event says.
    fn send(&mut self, job: impl FnOnce(Conversation) -> Job) {
        let (talk, conversation) = talk();
        if let Some(worker) = &self.worker {
            worker.send(job(conversation));
        }
        self.talk = Some(talk);
    }

    fn tell(&self, answer: Answer) {
        if let Some(talk) = &self.talk {
            // A worker that is gone says so by its silence: the next event is `Lost`.
            drop(talk.answers.send(answer));
        }
    }

    async fn event(&mut self) -> Event {
        let Some(talk) = &mut self.talk else {
            return Event::Lost;
        };
        let event = talk.events.recv().await.unwrap_or(Event::Lost);
        match event {
            Event::Ask(_) => {}
            Event::Lost => {
                self.talk = None;
                self.worker = None;
            }
            Event::Loaded(_) | Event::Returned { .. } => self.talk = None,
        }
        event
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(worker) = self.worker.take() else {
            return;
        };
        match self.talk.take() {
            // Nobody waits for the script any more: it hears that at its next question.
            Some(_) => worker.return_when_done(),
            None => engine::give_back(&self.shared, worker),
        }
    }
}

/// One browser request: calls to one script on one worker, which sees and changes one [`Scene`].
pub struct Run {
    lease: Lease,
    script: Script,
    scene: Scene,
    serial: u64,
}

impl Run {
    pub(crate) fn new(
        shared: Weak<Shared>,
        worker: Worker,
        script: Script,
        scene: Scene,
        serial: u64,
    ) -> Self {
        Self {
            lease: Lease {
                shared,
                worker: Some(worker),
                talk: None,
            },
            script,
            scene,
            serial,
        }
    }

    /// The scene as the last call left it.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// For what the host changes between two calls, such as `auth_step`.
    pub fn scene_mut(&mut self) -> &mut Scene {
        &mut self.scene
    }

    pub async fn call(&mut self, call: Call) -> Turn {
        let (script, serial, scene) = (
            self.script.clone(),
            self.serial,
            Box::new(self.scene.clone()),
        );
        self.lease.send(|conversation| Job::Call {
            script,
            run: serial,
            scene,
            call,
            conversation,
        });
        self.turn().await
    }

    /// Answers the question of the last [`Turn::Ask`].
    pub async fn answer(&mut self, answer: Answer) -> Turn {
        self.lease.tell(answer);
        self.turn().await
    }

    /// Ends the request and gives the worker back.
    pub fn finish(mut self) -> Scene {
        std::mem::take(&mut self.scene)
    }

    async fn turn(&mut self) -> Turn {
        match self.lease.event().await {
            Event::Ask(question) => Turn::Ask(question),
            Event::Returned { scene, result } => {
                self.scene = *scene;
                self.note_loaded(&result);
                Turn::Done(result)
            }
            Event::Lost | Event::Loaded(_) => Turn::Done(Err(lost())),
        }
    }

    fn note_loaded(&mut self, result: &Result<Returned, ScriptError>) {
        let loaded = result
            .as_ref()
            .err()
            .is_none_or(|error| error.kind != ErrorKind::NotLoaded);
        if loaded && let Some(worker) = &mut self.lease.worker {
            worker.note_loaded(self.script.serial());
        }
    }
}

fn lost() -> ScriptError {
    ScriptError::new(
        ErrorKind::Lost,
        "the script could not be stopped in time; its worker was given up",
    )
}

/// A script on its way to being a [`Script`]. Its `init` may ask questions as any method may.
pub struct Loading {
    lease: Lease,
    script: Script,
}

impl Loading {
    pub(crate) fn new(shared: Weak<Shared>, worker: Worker, script: Script) -> Self {
        Self {
            lease: Lease {
                shared,
                worker: Some(worker),
                talk: None,
            },
            script,
        }
    }

    /// Starts to load. To be called once.
    pub async fn start(&mut self) -> LoadTurn {
        let script = self.script.clone();
        self.lease.send(|conversation| Job::Load {
            script,
            conversation,
        });
        self.turn().await
    }

    /// Answers the question of the last [`LoadTurn::Ask`].
    pub async fn answer(&mut self, answer: Answer) -> LoadTurn {
        self.lease.tell(answer);
        self.turn().await
    }

    async fn turn(&mut self) -> LoadTurn {
        match self.lease.event().await {
            Event::Ask(question) => LoadTurn::Ask(question),
            Event::Loaded(result) => LoadTurn::Done(result.map(|()| self.loaded())),
            Event::Lost | Event::Returned { .. } => {
                LoadTurn::Done(Err(LoadError::new(LoadStage::Construct, lost().message)))
            }
        }
    }

    fn loaded(&mut self) -> Script {
        if let Some(worker) = &mut self.lease.worker {
            worker.note_loaded(self.script.serial());
        }
        self.script.clone()
    }
}
