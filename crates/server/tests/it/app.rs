use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use axum::Router;
use sallyport_base::{Clock, Id, Random, Store, Timestamp, Vault, testing::ScratchStore};
use sallyport_flow::{Issuer, NewScript, ScriptEntry, ScriptLogFile, ScriptName};
use sallyport_oidc::{AuthMethod, Client, GrantType, Registration};
use sallyport_otp::{Environment, Gateway, Project, TelephoneMessage, telephone_messages};
use sallyport_people::{Argon2Params, Hasher, NewPerson, Person};
use sallyport_script::{Engine, Language, Property, Template, WorkerProgram};
use sallyport_server::{App, AppParts, SCHEMAS, config::Config};
use tempfile::TempDir;

use crate::Browser;

pub const PASSWORD: &str = "correct horse battery staple";
pub const ISSUER: &str = "https://login.example.com";
pub const CALLBACK: &str = "https://app.example.com/callback";

/// The script that ships with the product.
pub const STYTCH: &str = include_str!("../../../../scripts/stytch.py");

/// Everybody in a test comes from one network, and sends forms that are wrong on purpose.
const MANY_FORMS: &str = "[proof_of_work]\nafter = 1000000";

/// The script workers of all tests come from one process.
static TEMPLATE: LazyLock<Template> =
    LazyLock::new(|| Template::of(WorkerProgram::at(env!("CARGO_BIN_EXE_sallyport"))));

/// A server with its own store, clock and passcode service.
pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    pub router: Router,
    /// The passcode service, such as `http://127.0.0.1:40000`.
    pub otp_url: String,
    pub project: (String, String),
    pub home: TempDir,
    pub scratch: ScratchStore,
    pub random: Random,
    pub vault: Vault,
}

impl TestApp {
    /// A server on which `acr_values=stytch` works, through our own script, and whose public
    /// client `app` may come back to [`CALLBACK`].
    pub async fn start() -> Self {
        Self::bare().await.with_own_provider().await
    }

    /// The same with this `sallyport.toml`, and nothing else that makes tests easier.
    pub async fn start_exactly(config: &str) -> Self {
        Self::exactly(config).await.with_own_provider().await
    }

    async fn with_own_provider(self) -> Self {
        let own_service = self.otp_url.clone();
        self.with_provider(&own_service).await
    }

    /// The same, with the passcodes of the provider at that address, and a person `alice`.
    pub async fn on_provider(url: &str) -> Self {
        let app = Self::bare().await.with_provider(url).await;
        app.person("alice").await;
        app
    }

    async fn with_provider(self, url: &str) -> Self {
        let properties = self.stytch_properties_at(url);
        self.script("stytch", STYTCH, Language::Python3, &properties)
            .await;
        self.public_client("app").await;
        self
    }

    /// A server without scripts and clients.
    pub async fn bare() -> Self {
        Self::configured("").await
    }

    /// The same with this `sallyport.toml`.
    pub async fn configured(config: &str) -> Self {
        Self::exactly(&format!("{config}\n{MANY_FORMS}")).await
    }

    async fn exactly(config: &str) -> Self {
        let scratch = ScratchStore::new(&SCHEMAS).await;
        let home = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_seconds(1_795_512_600));
        let random = Random::system();
        let vault = Vault::from_key([7; 32]);
        let config: Config = toml::from_str(config).unwrap();
        let app = build(&home, scratch.store.clone(), &clock, config).await;
        let router = app.router(Router::new());
        let otp_url = listen(app.passcode_router().unwrap()).await;
        let project = project(&scratch, &clock, &random).await;
        Self {
            app,
            clock,
            router,
            otp_url,
            project,
            home,
            scratch,
            random,
            vault,
        }
    }

    /// Another server on the same store: a node of a cluster, or this one after a restart.
    pub async fn node(&self) -> Node {
        self.node_with(toml::from_str(MANY_FORMS).unwrap()).await
    }

    pub async fn node_with(&self, config: Config) -> Node {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(&self.scratch.address).await.unwrap();
        let app = build(&home, store, &self.clock, config).await;
        let router = app.router(Router::new());
        Node { app, router, home }
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A person with [`PASSWORD`] and a phone of their own.
    pub async fn person(&self, uid: &str) -> Person {
        let mobile = number_of(uid);
        self.person_with(
            uid,
            &[("mobile", &mobile), ("mail", &format!("{uid}@example.com"))],
        )
        .await
    }

    pub async fn person_with(&self, uid: &str, attributes: &[(&str, &str)]) -> Person {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::from([
            ("givenName".to_owned(), vec![uid.to_owned()]),
            ("gluuStatus".to_owned(), vec!["active".to_owned()]),
        ]);
        for (name, value) in attributes {
            all.insert((*name).to_owned(), vec![(*value).to_owned()]);
        }
        let new = NewPerson {
            uid: uid.to_owned(),
            attributes: all,
            password: Some(PASSWORD.into()),
        };
        self.app.people.add(new, self.clock.now()).await.unwrap()
    }

    pub async fn set(&self, person: Id<Person>, name: &str, values: &[&str]) {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        let changes = BTreeMap::from([(name.to_owned(), values)]);
        let changed = self
            .app
            .people
            .change(person, &changes, self.clock.now())
            .await;
        changed.unwrap().unwrap();
    }

    pub async fn script(
        &self,
        name: &str,
        text: &str,
        language: Language,
        properties: &[(&str, &str)],
    ) {
        let new = NewScript {
            properties: properties
                .iter()
                .map(|(name, value)| Property {
                    value1: (*name).to_owned(),
                    value2: (*value).to_owned(),
                    hide: *name == "SECRET",
                    description: None,
                })
                .collect(),
            enabled: true,
            ..NewScript::new(ScriptName::check(name).unwrap(), text.to_owned(), language)
        };
        let mut tx = self.scratch.store.begin().await.unwrap();
        ScriptEntry::save(&mut tx, &self.vault, &new, self.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn entry(&self, name: &str) -> ScriptEntry {
        let mut reader = self.scratch.store.reader().await.unwrap();
        ScriptEntry::find(&mut reader, &self.vault, name)
            .await
            .unwrap()
            .unwrap()
    }

    /// The five properties, pointing at the built-in service.
    pub fn stytch_properties(&self) -> [(&'static str, &str); 5] {
        self.stytch_properties_at(&self.otp_url)
    }

    pub fn stytch_properties_at(&self, url: &str) -> [(&'static str, &str); 5] {
        // A test's texts live as long as its program.
        let at =
            |path: &str| -> &'static str { Box::leak(format!("{url}{path}").into_boxed_str()) };
        [
            ("SMS_ENDPOINT", at("/v1/otps/sms/send")),
            ("AUTH_ENDPOINT", at("/v1/otps/authenticate")),
            ("ENROLL_ENDPOINT", at("/v1/otps/sms/login_or_create")),
            ("PROJECT_ID", &self.project.0),
            ("SECRET", &self.project.1),
        ]
    }

    pub async fn public_client(&self, id: &str) -> Client {
        self.client(id, AuthMethod::None).await.0
    }

    pub async fn client(&self, id: &str, method: AuthMethod) -> (Client, Option<String>) {
        let registration = Registration {
            client_name: format!("The {id} application"),
            redirect_uris: vec![CALLBACK.parse().unwrap()],
            post_logout_redirect_uris: vec!["https://app.example.com/bye".parse().unwrap()],
            token_endpoint_auth_method: method,
            grant_types: GrantType::ALL.into(),
            scope: "openid profile email address phone".parse().unwrap(),
            trusted: true,
            ..Registration::default()
        };
        self.registered(id, registration).await
    }

    pub async fn registered(
        &self,
        id: &str,
        registration: Registration,
    ) -> (Client, Option<String>) {
        let mut tx = self.scratch.store.begin().await.unwrap();
        let added = Client::add(&mut tx, id, registration, self.clock.now(), &self.random).await;
        tx.commit().await.unwrap();
        let (client, secret) = added.unwrap();
        (client, secret.map(|secret| secret.expose().to_owned()))
    }

    /// The messages that the phone of a number received, the newest first.
    pub async fn messages(&self, number: &str) -> Vec<TelephoneMessage> {
        let all = telephone_messages(&self.scratch.store, 10_000)
            .await
            .unwrap();
        all.into_iter()
            .filter(|message| message.to == number)
            .collect()
    }

    /// The code of the newest message to a person made by [`TestApp::person`].
    pub async fn code(&self, uid: &str) -> String {
        let messages = self.messages(&number_of(uid)).await;
        messages.first().expect("a message came").body[..6].to_owned()
    }

    pub fn script_log(&self) -> String {
        script_log(&self.home)
    }

    pub fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// A server beside a [`TestApp`].
pub struct Node {
    pub app: App,
    pub router: Router,
    pub home: TempDir,
}

impl Node {
    pub fn script_log(&self) -> String {
        script_log(&self.home)
    }
}

async fn build(home: &TempDir, store: Store, clock: &Clock, config: Config) -> App {
    let log = ScriptLogFile::open(home.path(), clock.clone()).unwrap();
    let parts = AppParts {
        home: home.path().to_owned(),
        store,
        clock: clock.clone(),
        random: Random::system(),
        vault: Vault::from_key([7; 32]),
        hasher: Hasher::start(1, 256, Argon2Params::new(8, 1, 1, None).unwrap()),
        engine: Engine::start(
            sallyport_script::Limits::default(),
            std::sync::Arc::new(log),
            TEMPLATE.clone(),
        ),
        issuer: Issuer::parse(ISSUER).unwrap(),
        config,
        gateways: vec![Gateway::telephone()],
    };
    App::build(parts).await.unwrap()
}

fn script_log(home: &TempDir) -> String {
    std::fs::read_to_string(home.path().join("oxauth/logs/oxauth_script.log")).unwrap()
}

/// A number that only this name has.
pub fn number_of(uid: &str) -> String {
    let sum = uid
        .bytes()
        .fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 10_000);
    format!("+1202555{sum:04}")
}

/// Serves a router on a free loopback port for the rest of the test.
pub async fn listen(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn project(scratch: &ScratchStore, clock: &Clock, random: &Random) -> (String, String) {
    let mut tx = scratch.store.begin().await.unwrap();
    let (project, secret) = Project::create(&mut tx, Environment::Test, clock.now(), random)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (project.id.to_string(), secret.expose().to_owned())
}
