//! Random orders of requests against a small model of what a login may do: whatever is sent by whom
//! and in which order, a code comes only for what was earned, by the browser and the person who
//! earned it.

use std::collections::BTreeSet;

use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    test_runner::{Config, TestRunner},
};
use sallyport_script::Language;

use super::claims;
use crate::{Browser, PASSWORD, Page, RelyingParty, TestApp};

const DOORS: &str = include_str!("../sources/doors.py");
const SPARE: &str = include_str!("../sources/basic.py");
const PEOPLE: [&str; 2] = ["alice", "bob"];
const CASES: u32 = 48;
const LONGEST: usize = 16;

/// What somebody does. Tabs are counted over both browsers.
#[derive(Clone, Debug)]
enum Act {
    /// A browser begins a login in a new tab.
    Begin { browser: usize },
    /// The form that a tab shows is sent.
    Send { tab: usize, answer: Answer },
    /// The form that the tab showed before is sent again: the back button.
    SendOld { tab: usize, answer: Answer },
    /// The form is sent twice at once.
    SendTwice { tab: usize, answer: Answer },
    /// The form is sent with another step in its hidden field, to the page of a later step.
    SendAsStep {
        tab: usize,
        step: u32,
        answer: Answer,
    },
    /// The other browser sends the form, with its own cookies and its own token.
    SendFromOther { tab: usize, answer: Answer },
    /// The script is told to go to a step.
    Go { tab: usize, to: u32, answer: Answer },
    /// The script is told that its method cannot be used.
    GiveUp { tab: usize },
    /// The page is loaded again, by its browser or by the other one.
    Reload { tab: usize, other: bool },
    /// The return from another site, though nobody left.
    Return { tab: usize, answer: Answer },
    /// The end of a login is asked for, by its browser or by the other one.
    Resume { tab: usize, other: bool },
}

/// What a form says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// The right password, or the right word of the person for a step.
    Right {
        person: usize,
        step: u32,
    },
    Wrong,
    Nothing,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let tab = || 0..4_usize;
    let answer = || {
        prop_oneof![
            6 => (0..2_usize, 1..4_u32).prop_map(|(person, step)| Answer::Right { person, step }),
            1 => Just(Answer::Wrong),
            1 => Just(Answer::Nothing),
        ]
    };
    let act = prop_oneof![
        2 => (0..2_usize).prop_map(|browser| Act::Begin { browser }),
        10 => (tab(), answer()).prop_map(|(tab, answer)| Act::Send { tab, answer }),
        2 => (tab(), answer()).prop_map(|(tab, answer)| Act::SendOld { tab, answer }),
        2 => (tab(), answer()).prop_map(|(tab, answer)| Act::SendTwice { tab, answer }),
        2 => (tab(), 1..4_u32, answer())
            .prop_map(|(tab, step, answer)| Act::SendAsStep { tab, step, answer }),
        2 => (tab(), answer()).prop_map(|(tab, answer)| Act::SendFromOther { tab, answer }),
        3 => (tab(), 0..5_u32, answer()).prop_map(|(tab, to, answer)| Act::Go { tab, to, answer }),
        1 => tab().prop_map(|tab| Act::GiveUp { tab }),
        1 => (tab(), any::<bool>()).prop_map(|(tab, other)| Act::Reload { tab, other }),
        1 => (tab(), answer()).prop_map(|(tab, answer)| Act::Return { tab, answer }),
        1 => (tab(), any::<bool>()).prop_map(|(tab, other)| Act::Resume { tab, other }),
    ];
    vec(act, 4..LONGEST)
}

/// What a login has come to, as the contract says.
#[derive(Clone, Debug)]
struct Login {
    browser: usize,
    acr: &'static str,
    step: u32,
    person: Option<usize>,
    over: bool,
}

impl Login {
    /// What happens when the browser that owns the login sends an answer to its step. `true`: every
    /// step is passed.
    fn answer(&mut self, answer: Answer) -> bool {
        if !self.takes(answer) {
            return false;
        }
        if self.acr == "spare" || self.step == 3 {
            self.over = true;
            return true;
        }
        self.step += 1;
        false
    }

    /// Whether the answer passes the step; the first step says whom the login is about.
    fn takes(&mut self, answer: Answer) -> bool {
        let Answer::Right { person, step } = answer else {
            return false;
        };
        if self.step == 1 {
            self.person = Some(person);
            return true;
        }
        self.person == Some(person) && self.step == step
    }

    fn go(&mut self, to: u32, answer: Answer) -> bool {
        if self.acr == "spare" {
            return self.answer(answer);
        }
        let before = self.clone();
        let passed = self.takes(answer);
        match to {
            0 => *self = before,
            1 if before.step >= 1 => (self.step, self.person) = (1, None),
            _ if to <= before.step => self.step = to,
            3 if before.step == 1 && passed => self.step = 3,
            _ => {
                *self = before;
                return self.answer(answer);
            }
        }
        false
    }

    fn give_up(&mut self) {
        (self.acr, self.step, self.person) = ("spare", 1, None);
    }
}

/// A tab: the page that it shows, the one before, and what its login should be at.
struct Tab {
    login: Login,
    shown: Page,
    before: Option<Page>,
}

impl Tab {
    /// Whether the page that it shows is that of the step that its login is at.
    fn is_current(&self) -> bool {
        !self.login.over && hidden(&self.shown, "step") == self.login.step.to_string()
    }
}

type Earned = BTreeSet<(&'static str, usize)>;

struct World<'a> {
    app: &'a TestApp,
    browsers: [Browser; 2],
    tabs: Vec<Tab>,
    /// What each browser has earned: method and person.
    earned: [Earned; 2],
    /// The same of the person who signed in last.
    sessions: [Earned; 2],
    /// Whether somebody met a limit of tries, which the model does not count.
    limited: bool,
    subjects: [String; 2],
}

fn party() -> RelyingParty {
    RelyingParty::new("app").with("acr_values", "doors")
}

/// The fields by which a form gives the answer; a form of the first step takes a password.
fn fields(answer: Answer) -> Vec<(String, String)> {
    let pairs = match answer {
        Answer::Right { person, step } => [
            ("username", PEOPLE[person].to_owned()),
            ("password", PASSWORD.to_owned()),
            ("passcode", format!("{}-{step}", PEOPLE[person])),
        ],
        Answer::Wrong => [
            ("username", "mallory".to_owned()),
            ("password", "wrong".to_owned()),
            ("passcode", "wrong".to_owned()),
        ],
        Answer::Nothing => [
            ("username", String::new()),
            ("password", String::new()),
            ("passcode", String::new()),
        ],
    };
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

fn is_form(page: &Page) -> bool {
    page.body.contains("name=\"login\"")
}

impl World<'_> {
    async fn act(&mut self, act: &Act) {
        if let Act::Begin { browser } = *act {
            if self.tabs.len() < 4 {
                self.begin(browser).await;
            }
            return;
        }
        let (Act::Send { tab, .. }
        | Act::SendOld { tab, .. }
        | Act::SendTwice { tab, .. }
        | Act::SendAsStep { tab, .. }
        | Act::SendFromOther { tab, .. }
        | Act::Go { tab, .. }
        | Act::GiveUp { tab }
        | Act::Reload { tab, .. }
        | Act::Return { tab, .. }
        | Act::Resume { tab, .. }
        | Act::Begin { browser: tab }) = *act;
        if !self.tabs.is_empty() {
            let tab = tab % self.tabs.len();
            self.act_in(tab, act).await;
        }
    }

    async fn begin(&mut self, browser: usize) {
        let page = self.browsers[browser]
            .get(&party().with("prompt", "login").address())
            .await;
        let login = Login {
            browser,
            acr: "doors",
            step: 1,
            person: None,
            over: false,
        };
        self.tabs.push(Tab {
            login,
            shown: page,
            before: None,
        });
    }

    async fn act_in(&mut self, tab: usize, act: &Act) {
        if !is_form(&self.tabs[tab].shown) {
            return;
        }
        match *act {
            Act::Send { answer, .. } => {
                self.send(tab, &[], answer, |login| login.answer(answer))
                    .await
            }
            Act::Go { to, answer, .. } => {
                let go = [("go".to_owned(), to.to_string())];
                self.send(tab, &go, answer, |login| login.go(to, answer))
                    .await;
            }
            Act::GiveUp { .. } => {
                let give_up = [("give_up".to_owned(), "yes".to_owned())];
                let nothing = Answer::Nothing;
                self.send(tab, &give_up, nothing, |login| {
                    if login.acr == "doors" {
                        login.give_up();
                    }
                    false
                })
                .await;
            }
            Act::SendTwice { answer, .. } => self.send_twice(tab, answer).await,
            Act::SendOld { answer, .. } => self.send_old(tab, answer).await,
            Act::SendAsStep { step, answer, .. } => self.send_as_step(tab, step, answer).await,
            Act::SendFromOther { answer, .. } => self.send_from_other(tab, answer).await,
            Act::Reload { other, .. } => {
                let login = hidden(&self.tabs[tab].shown, "login");
                let path = self.tabs[tab].shown.form().0;
                self.look(tab, other, &format!("{path}?login={login}"))
                    .await;
            }
            Act::Return { answer, .. } => {
                let login = hidden(&self.tabs[tab].shown, "login");
                let query = url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(fields(answer))
                    .append_pair("login", &login)
                    .finish();
                self.look(tab, false, &format!("/oxauth/postlogin.htm?{query}"))
                    .await;
            }
            Act::Resume { other, .. } => {
                let login = hidden(&self.tabs[tab].shown, "login");
                let path = format!("/oxauth/restv1/authorize/resume?login={login}");
                self.look(tab, other, &path).await;
            }
            Act::Begin { .. } => {}
        }
    }

    /// Sends the form that the tab shows; the model says what comes of it.
    async fn send(
        &mut self,
        tab: usize,
        more: &[(String, String)],
        answer: Answer,
        model: impl FnOnce(&mut Login) -> bool,
    ) {
        let (path, mut form) = self.tabs[tab].shown.form();
        form.extend(fields(answer));
        form.extend(more.iter().cloned());
        // A page of a step that the login has left does nothing.
        let state = &mut self.tabs[tab];
        let passed = state.is_current() && model(&mut state.login);
        let browser = state.login.browser;
        if passed {
            self.earn(tab);
        }
        let page = self.browsers[browser].post(&path, &form).await;
        self.show(tab, page).await;
    }

    async fn send_twice(&mut self, tab: usize, answer: Answer) {
        let (path, mut form) = self.tabs[tab].shown.form();
        form.extend(fields(answer));
        let state = &mut self.tabs[tab];
        let passed = state.is_current() && state.login.answer(answer);
        let browser = state.login.browser;
        if passed {
            self.earn(tab);
        }
        let mut second = self.browsers[browser].clone();
        let (one, two) = tokio::join!(
            self.browsers[browser].post(&path, &form),
            second.post(&path, &form)
        );
        let codes = [&one, &two].map(|page| page.query("code").is_some());
        assert_ne!(codes, [true, true], "one login gives one code");
        if codes[1] {
            self.browsers[browser].cookies = second.cookies;
        }
        self.show(tab, if codes[1] { two } else { one }).await;
    }

    /// The old form names its step, which the login has left.
    async fn send_old(&mut self, tab: usize, answer: Answer) {
        let Some(old) = &self.tabs[tab].before else {
            return;
        };
        let (path, mut form) = old.form();
        let step = hidden(old, "step");
        form.extend(fields(answer));
        let login = &mut self.tabs[tab].login;
        let passed = !login.over && step == login.step.to_string() && login.answer(answer);
        let browser = login.browser;
        if passed {
            self.earn(tab);
        }
        let page = self.browsers[browser].post(&path, &form).await;
        self.show(tab, page).await;
    }

    /// A forged field or address moves nothing: the answer counts for the step that the login is at.
    async fn send_as_step(&mut self, tab: usize, step: u32, answer: Answer) {
        let (_, mut form) = self.tabs[tab].shown.form();
        for (name, value) in &mut form {
            if name == "step" {
                *value = step.to_string();
            }
        }
        form.extend(fields(answer));
        let login = &mut self.tabs[tab].login;
        let passed = !login.over && step == login.step && login.answer(answer);
        let browser = login.browser;
        if passed {
            self.earn(tab);
        }
        let path = "/oxauth/auth/otp_sms/otp_sms.htm";
        let page = self.browsers[browser].post(path, &form).await;
        self.show(tab, page).await;
    }

    async fn send_from_other(&mut self, tab: usize, answer: Answer) {
        let (path, mut form) = self.tabs[tab].shown.form();
        let other = 1 - self.tabs[tab].login.browser;
        let own = self
            .tabs
            .iter()
            .find(|tab| tab.login.browser == other && is_form(&tab.shown));
        if let Some(token) = own.map(|tab| hidden(&tab.shown, "csrf")) {
            for (name, value) in &mut form {
                if name == "csrf" {
                    value.clone_from(&token);
                }
            }
        }
        form.extend(fields(answer));
        let page = self.browsers[other].post(&path, &form).await;
        assert_eq!(page.query("code"), None, "the login is not this browser's");
        assert!(page.status.is_client_error(), "{}", page.url);
    }

    /// What a mere look at an address may bring: nothing that is not earned already.
    async fn look(&mut self, tab: usize, other: bool, path: &str) {
        let owner = self.tabs[tab].login.browser;
        let who = if other { 1 - owner } else { owner };
        let page = self.browsers[who].get(path).await;
        if other {
            assert_eq!(page.query("code"), None, "the login is not this browser's");
        } else if page.status.is_success() || page.query("code").is_some() {
            self.show(tab, page).await;
        }
    }

    fn earn(&mut self, tab: usize) {
        let login = &self.tabs[tab].login;
        let person = login.person.unwrap();
        self.earned[login.browser].insert((login.acr, person));
        let session = &mut self.sessions[login.browser];
        // Another person begins a session of their own.
        session.retain(|(_, before)| *before == person);
        session.insert((login.acr, person));
    }

    /// Holds what came back against the model.
    async fn show(&mut self, tab: usize, page: Page) {
        let (browser, is_over) = (self.tabs[tab].login.browser, self.tabs[tab].login.over);
        if page.query("code").is_some() {
            assert!(
                is_over,
                "a code for a login at step {}",
                self.tabs[tab].login.step
            );
            self.check_code(&self.earned[browser], &page).await;
        }
        self.limited |= page.status.as_u16() == 429;
        if is_form(&page) {
            let login = &self.tabs[tab].login;
            assert!(!login.over, "a form of a login that is over: {}", page.url);
            assert_eq!(
                hidden(&page, "step"),
                login.step.to_string(),
                "{}",
                page.url
            );
            let before = std::mem::replace(&mut self.tabs[tab].shown, page);
            self.tabs[tab].before = Some(before);
        }
    }

    /// The code is of a method and a person among those.
    async fn check_code(&self, earned: &Earned, page: &Page) {
        let tokens = party().redeem(self.app, page).await.json();
        let claims = claims(&tokens["id_token"]);
        let (acr, subject) = (&claims["acr"], &claims["sub"]);
        let is_earned = earned
            .iter()
            .any(|(method, person)| acr == method && *subject == self.subjects[*person]);
        assert!(is_earned, "{acr} of {subject} is not among {earned:?}");
    }

    /// What each browser's session is good for, without another step.
    async fn check_sessions(&mut self) {
        for browser in 0..2 {
            let silent = party().with("prompt", "none").address();
            let page = self.browsers[browser].get(&silent).await;
            let session = &self.sessions[browser];
            if page.query("code").is_some() {
                self.check_code(session, &page).await;
            } else {
                // What took its place did so for one request.
                assert!(
                    session.iter().all(|(method, _)| *method == "spare"),
                    "what was earned is there: {}",
                    page.url
                );
            }
        }
    }
}

fn hidden(page: &Page, name: &str) -> String {
    let (_, fields) = page.form();
    let found = fields.into_iter().find(|(field, _)| field == name);
    found.map(|(_, value)| value).unwrap_or_default()
}

async fn server() -> (TestApp, [String; 2]) {
    let app = TestApp::bare().await;
    app.script("doors", DOORS, Language::Python3, &[]).await;
    app.script("spare", SPARE, Language::Python2, &[]).await;
    app.public_client("app").await;
    let mut subjects = Vec::new();
    for uid in PEOPLE {
        subjects.push(app.person(uid).await.id.to_string());
    }
    (app, subjects.try_into().unwrap())
}

async fn walk(app: &TestApp, subjects: &[String; 2], acts: &[Act]) {
    // Limits of earlier walks are forgotten.
    app.wait(2 * 3600);
    let mut world = World {
        app,
        browsers: [app.browser(), app.browser()],
        tabs: Vec::new(),
        earned: [BTreeSet::new(), BTreeSet::new()],
        sessions: [BTreeSet::new(), BTreeSet::new()],
        limited: false,
        subjects: subjects.clone(),
    };
    world.begin(0).await;
    for act in acts {
        world.act(act).await;
        if world.limited {
            return;
        }
    }
    world.check_sessions().await;
}

#[tokio::test]
async fn who_signs_in_last_has_the_session_and_what_others_earned_is_gone() {
    let (app, subjects) = server().await;
    let alice = |step| Answer::Right { person: 0, step };
    let bob = Answer::Right { person: 1, step: 1 };
    let acts = [
        Act::Send {
            tab: 0,
            answer: alice(1),
        },
        Act::Send {
            tab: 0,
            answer: alice(2),
        },
        Act::Begin { browser: 0 },
        Act::GiveUp { tab: 1 },
        Act::Send {
            tab: 0,
            answer: alice(3),
        },
        Act::Send {
            tab: 1,
            answer: bob,
        },
    ];
    walk(&app, &subjects, &acts).await;
}

#[test]
fn no_order_of_requests_gives_a_token_that_was_not_earned() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (app, subjects) = runtime.block_on(server());
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&acts(), |acts| {
            runtime.block_on(walk(&app, &subjects, &acts));
            Ok(())
        })
        .unwrap();
}
