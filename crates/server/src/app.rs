use std::{fmt::Display, future::Future, path::PathBuf, time::Duration};

use anyhow::Context;
use axum::Router;
use sallyport_base::{Clock, Random, Schema, Store, Timestamp, Vault};
use sallyport_flow::{Flow, FlowParts, Issuer, Lifetimes, Limits, Outbound, library_folder};
use sallyport_oidc::{Client, Provider};
use sallyport_otp::{Gateway, Otp};
use sallyport_people::{Hasher, People};
use sallyport_script::Engine;
use sallyport_web::Pages;

use crate::{
    config::Config,
    passcode_service::{Common, passcode_service},
    proxies::TrustedProxies,
    routes,
    tls::install_crypto,
};

/// The tables of every part, in the order in which they depend on each other.
pub const SCHEMAS: [Schema; 4] = [
    sallyport_people::SCHEMA,
    sallyport_flow::SCHEMA,
    sallyport_oidc::SCHEMA,
    sallyport_otp::SCHEMA,
];

/// How long a node goes between two rounds of removing what expired.
const PURGE_EVERY: Duration = Duration::from_secs(5 * 60);

/// How long a change of a script takes to be seen when nobody logs in.
pub const LOOK_AT_SCRIPTS_EVERY: Duration = Duration::from_secs(1);

/// What a server is put together of. A test brings its own clock, store and a cheap hasher.
pub struct AppParts {
    /// Where the operator's pages and the log of scripts are.
    pub home: PathBuf,
    /// With the tables of [`SCHEMAS`].
    pub store: Store,
    pub clock: Clock,
    pub random: Random,
    pub vault: Vault,
    pub hasher: Hasher,
    pub engine: Engine,
    pub issuer: Issuer,
    pub config: Config,
    /// How the passcode service sends; it does not run without any.
    pub gateways: Vec<Gateway>,
}

/// The whole server, without sockets.
#[derive(Clone)]
pub struct App {
    pub home: PathBuf,
    pub people: People,
    pub flow: Flow,
    pub provider: Provider,
    pub otp: Option<Otp>,
    pub proxies: TrustedProxies,
}

impl App {
    pub async fn build(parts: AppParts) -> anyhow::Result<Self> {
        install_crypto();
        let people = People::new(
            parts.store.clone(),
            parts.random.clone(),
            parts.hasher.clone(),
        );
        let otp = passcodes(&parts)?;
        let proxies = TrustedProxies::new(&parts.config.server.trusted_proxies);
        let home = parts.home.clone();
        let flow = Flow::new(flow_parts(parts, people.clone())?);
        let provider = Provider::new(flow.clone())
            .await
            .context("the signing keys")?;
        Ok(Self {
            home,
            people,
            flow,
            provider,
            otp,
            proxies,
        })
    }

    /// Every page and endpoint of the provider, with `extra` beside them.
    pub fn router(&self, extra: Router) -> Router {
        routes::provider(self, extra)
    }

    /// The passcode service, which has an address of its own.
    pub fn passcode_router(&self) -> Option<Router> {
        let (store, random) = (self.flow.store().clone(), self.flow.random().clone());
        Some(routes::passcode_service(self.otp.clone()?, store, random))
    }

    /// Removes what expired before `now`.
    pub async fn purge(&self, now: Timestamp) -> anyhow::Result<()> {
        self.flow.purge(now).await?;
        self.provider.purge(now).await?;
        if let Some(otp) = &self.otp {
            otp.purge(now).await?;
        }
        Ok(())
    }

    /// Hands the messages of the passcode service to the gateways, for as long as it is polled.
    pub async fn send_messages(&self) {
        if let Some(otp) = &self.otp {
            otp.send_messages().await;
        }
    }

    /// As [`keep_tidy`].
    pub async fn keep_tidy(&self) {
        keep_tidy(|| self.purge(self.flow.clock().now())).await;
    }

    /// Takes in changes of scripts when nobody logs in, every second, for as long as it is polled.
    pub async fn follow_scripts(&self) {
        let mut is_failing = false;
        loop {
            let looked = self.flow.look_at_scripts().await;
            if let Err(cause) = &looked
                && !is_failing
            {
                tracing::error!(error = %cause, "changes of scripts cannot be looked for; it is tried again every second");
            }
            is_failing = looked.is_err();
            tokio::time::sleep(LOOK_AT_SCRIPTS_EVERY).await;
        }
    }
}

/// Removes what expired, now and every five minutes, for as long as it is polled.
pub(crate) async fn keep_tidy<P, E>(purge: impl Fn() -> P)
where
    P: Future<Output = Result<(), E>>,
    E: Display,
{
    loop {
        if let Err(cause) = purge().await {
            tracing::error!(error = %cause, "what expired could not be removed; it is tried again in five minutes");
        }
        tokio::time::sleep(PURGE_EVERY).await;
    }
}

/// The passcode service runs where there is somebody who sends.
fn passcodes(parts: &AppParts) -> anyhow::Result<Option<Otp>> {
    if parts.gateways.is_empty() {
        return Ok(None);
    }
    let common = Common {
        home: &parts.home,
        store: &parts.store,
        clock: &parts.clock,
        random: &parts.random,
        vault: &parts.vault,
    };
    let section = &parts.config.passcode_service;
    passcode_service(section, &common, parts.gateways.clone(), &parts.issuer).map(Some)
}

fn flow_parts(parts: AppParts, people: People) -> anyhow::Result<FlowParts> {
    let pages = Pages::new(
        Some(&parts.home),
        parts.random.clone(),
        parts.issuer.is_https(),
    );
    let mailer = parts.config.mail.mailer(&parts.home, &parts.issuer)?;
    let outbound = Outbound::new(parts.config.scripts.allowed_hosts.clone())
        .context("the client for requests of scripts")?;
    let libraries = library_folder(&parts.home);
    Ok(FlowParts {
        store: parts.store,
        clock: parts.clock,
        random: parts.random,
        vault: parts.vault,
        people,
        pages,
        engine: parts.engine,
        outbound,
        mailer,
        find_client: Client::for_scripts,
        issuer: parts.issuer,
        limits: limits(&parts.config),
        lifetimes: lifetimes(&parts.config),
        libraries: Some(libraries),
        default_acr: parts.config.scripts.default_acr,
        authorization_parameters: parts.config.scripts.authorization_parameters,
    })
}

fn limits(config: &Config) -> Limits {
    Limits {
        proof_of_work: config.proof_of_work.rule(),
        ..Limits::default()
    }
}

fn lifetimes(config: &Config) -> Lifetimes {
    Lifetimes {
        login: Duration::from_secs(config.lifetimes.login_minutes * 60),
        session: Duration::from_secs(config.lifetimes.session_hours * 3600),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use http::{Request, StatusCode, header};
    use sallyport_flow::ScriptLogFile;
    use sallyport_otp::{Environment, Project, telephone_messages};
    use sallyport_people::Argon2Params;
    use tempfile::TempDir;
    use tower::ServiceExt;

    use super::*;

    async fn app(config: &str) -> (TempDir, App) {
        app_at("https://login.example.com", config).await
    }

    async fn app_at(issuer: &str, config: &str) -> (TempDir, App) {
        let home = tempfile::tempdir().unwrap();
        let address = format!("sqlite:{}", home.path().join("store.db").display());
        let store = Store::open(&address).await.unwrap();
        store.migrate(&SCHEMAS).await.unwrap();
        let clock = Clock::manual(Timestamp::from_seconds(1_795_512_600));
        let log = ScriptLogFile::open(home.path(), clock.clone()).unwrap();
        let app = App::build(AppParts {
            home: home.path().to_owned(),
            store,
            clock,
            random: Random::system(),
            vault: Vault::from_key([7; 32]),
            hasher: Hasher::start(1, 8, Argon2Params::new(8, 1, 1, None).unwrap()),
            engine: Engine::start(
                sallyport_script::Limits::default(),
                Arc::new(log),
                sallyport_script::Template::own(),
            ),
            issuer: Issuer::parse(issuer).unwrap(),
            config: toml::from_str(config).unwrap(),
            gateways: vec![Gateway::telephone()],
        });
        let app = app.await.unwrap();
        (home, app)
    }

    /// What the telephone receives when somebody asks for a passcode.
    async fn message(app: &App) -> String {
        let store = app.flow.store();
        let mut tx = store.begin().await.unwrap();
        let now = app.flow.clock().now();
        let (project, secret) = Project::create(&mut tx, Environment::Test, now, app.flow.random())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let basic = BASE64_STANDARD.encode(format!("{}:{}", project.id, secret.expose()));
        let request = Request::post("/v1/otps/sms/login_or_create")
            .header(header::AUTHORIZATION, format!("Basic {basic}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(r#"{"phone_number": "+12025550101"}"#))
            .unwrap();
        let answer = app
            .passcode_router()
            .unwrap()
            .oneshot(request)
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        telephone_messages(store, 1).await.unwrap().remove(0).body
    }

    #[tokio::test]
    async fn messages_of_a_server_with_an_ip_address_are_for_this_machine() {
        for issuer in ["http://127.0.0.2:9000", "http://[::1]:9000"] {
            let (_home, app) = app_at(issuer, "").await;
            let text = message(&app).await;
            assert!(text.contains("\n@localhost #"), "{issuer}: {text}");
        }
    }

    #[tokio::test]
    async fn messages_say_the_name_and_the_host_of_the_configuration() {
        let (_home, usual) = app("").await;
        let text = message(&usual).await;
        assert!(text.contains(" is your Sallyport code"), "{text}");
        assert!(text.contains("\n@login.example.com #"), "{text}");
        let section = "[passcode_service]\nname = \"Example Inc.\"\nhost = \"example.com\"";
        let (_home, named) = app(section).await;
        let text = message(&named).await;
        assert!(text.contains(" is your Example Inc. code"), "{text}");
        assert!(text.contains("\n@example.com #"), "{text}");
    }

    #[tokio::test]
    async fn lifetimes_and_the_default_method_are_those_of_the_configuration() {
        let text = "[lifetimes]\nlogin_minutes = 5\nsession_hours = 1\n[scripts]\ndefault_acr = \"absent\"";
        let (_home, configured) = app(text).await;
        assert_eq!(configured.flow.lifetimes().login, Duration::from_secs(300));
        assert_eq!(
            configured.flow.lifetimes().session,
            Duration::from_secs(3600)
        );
        assert_eq!(configured.flow.choose_acr(&[], &[]).await.unwrap(), None);
        let (_home, usual) = app("").await;
        let chosen = usual.flow.choose_acr(&[], &[]).await.unwrap().unwrap();
        assert_eq!(chosen.name, "simple_password_auth");
    }

    #[tokio::test]
    async fn what_nobody_serves_is_a_page_and_health_is_none() {
        let (_home, app) = app("").await;
        let router = app.router(Router::new());
        for (method, path, status) in [
            ("GET", "/healthz", StatusCode::OK),
            ("GET", "/readyz", StatusCode::OK),
            ("GET", "/", StatusCode::NOT_FOUND),
            ("POST", "/nowhere", StatusCode::NOT_FOUND),
            ("GET", "/demo", StatusCode::NOT_FOUND),
        ] {
            let request = Request::builder().method(method).uri(path);
            let request = request.body(Body::empty()).unwrap();
            let answer = router.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), status, "{path}");
        }
        app.flow.store().close().await;
        let request = Request::get("/readyz").body(Body::empty()).unwrap();
        let answer = router.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn the_passcode_service_says_whether_it_runs_too() {
        let (_home, app) = app("").await;
        let router = app.passcode_router().unwrap();
        let ask = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap().status()
        };
        assert_eq!(ask("/healthz").await, StatusCode::OK);
        assert_eq!(ask("/readyz").await, StatusCode::OK);
        assert_eq!(ask("/nowhere").await, StatusCode::NOT_FOUND);
        assert_eq!(ask("/v1/debug/whoami").await, StatusCode::UNAUTHORIZED);
        app.flow.store().close().await;
        assert_eq!(ask("/healthz").await, StatusCode::OK);
        assert_eq!(ask("/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn purging_leaves_what_lives() {
        let (_home, app) = app("").await;
        let text = message(&app).await;
        app.purge(app.flow.clock().now()).await.unwrap();
        let kept = telephone_messages(app.flow.store(), 9).await.unwrap();
        assert_eq!(kept[0].body, text);
        app.purge(app.flow.clock().now().plus(Duration::from_secs(90_000)))
            .await
            .unwrap();
        assert!(
            telephone_messages(app.flow.store(), 9)
                .await
                .unwrap()
                .is_empty()
        );
    }
}
