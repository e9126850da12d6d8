use std::{sync::atomic::Ordering, time::Duration};

use axum::{Router, body::Body};
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use sallyport_base::{Clock, Random, Secret, Timestamp, Vault, params, testing::ScratchStore};
use sallyport_otp::{
    Channel, Environment, Gateway, Limits, Lookup, MessageSettings, Otp, OtpParts, Project,
    Retention, SCHEMA, TelephoneMessage, telephone_messages,
};
use serde_json::{Value, json};
use tower::ServiceExt;

/// Alice's phone.
pub const ALICE: &str = "+12025550162";
/// Bruno's phone.
pub const BRUNO: &str = "+14165550123";

pub const METRICS_TOKEN: &str = "a token of the operator's own";

/// A passcode service of one test, with one test project.
pub struct App {
    pub scratch: ScratchStore,
    pub clock: Clock,
    pub otp: Otp,
    pub router: Router,
    pub project: Project,
    pub secret: Secret,
}

/// An answer with its body as JSON.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl App {
    pub async fn start() -> Self {
        Self::with(Limits::default(), Gateway::telephone()).await
    }

    pub async fn with(limits: Limits, gateway: Gateway) -> Self {
        Self::with_gateways(limits, vec![gateway]).await
    }

    pub async fn with_gateways(limits: Limits, gateways: Vec<Gateway>) -> Self {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let clock = Clock::manual(Timestamp::from_seconds(1_795_512_600));
        Self::over(scratch, clock, limits, gateways, &Channel::ALL, None).await
    }

    /// A service that asks about numbers, with the telephone.
    pub async fn asking(limits: Limits, lookup: Lookup) -> Self {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let clock = Clock::manual(Timestamp::from_seconds(1_795_512_600));
        let gateways = vec![Gateway::telephone()];
        Self::over(
            scratch,
            clock,
            limits,
            gateways,
            &Channel::ALL,
            Some(lookup),
        )
        .await
    }

    /// A service that sends by some ways only.
    pub async fn sending_by(channels: &[Channel]) -> Self {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let clock = Clock::manual(Timestamp::from_seconds(1_795_512_600));
        Self::over(
            scratch,
            clock,
            Limits::default(),
            vec![Gateway::telephone()],
            channels,
            None,
        )
        .await
    }

    /// For clients that look at the time themselves.
    pub async fn with_the_real_time() -> Self {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        Self::over(
            scratch,
            Clock::System,
            Limits::default(),
            vec![Gateway::telephone()],
            &Channel::ALL,
            None,
        )
        .await
    }

    async fn over(
        scratch: ScratchStore,
        clock: Clock,
        limits: Limits,
        gateways: Vec<Gateway>,
        channels: &[Channel],
        lookup: Option<Lookup>,
    ) -> Self {
        let otp = Otp::new(OtpParts {
            store: scratch.store.clone(),
            clock: clock.clone(),
            random: Random::system(),
            vault: Vault::from_key([7; 32]),
            gateways,
            lookup,
            public_url: Some("https://otp.example.com".parse().unwrap()),
            metrics_token: Some(Secret::from(METRICS_TOKEN)),
            limits,
            message: MessageSettings::new("Sallyport", "login.example.com"),
            channels: channels.iter().copied().collect(),
            retention: Retention::default(),
        })
        .unwrap();
        let (project, secret) = create_project(&scratch, &clock, Environment::Test).await;
        Self {
            router: sallyport_otp::routes(otp.clone()),
            scratch,
            clock,
            otp,
            project,
            secret,
        }
    }

    pub async fn create_project(&self, environment: Environment) -> (Project, Secret) {
        create_project(&self.scratch, &self.clock, environment).await
    }

    pub fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub fn set_clock_back(&self, seconds: i64) {
        let Clock::Manual(at) = &self.clock else {
            panic!("tests have a clock of their own");
        };
        at.fetch_sub(seconds * 1_000_000, Ordering::SeqCst);
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(self.request(Method::POST, path, body.to_string()))
            .await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(self.request(Method::PUT, path, body.to_string()))
            .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(self.request(Method::GET, path, "")).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(self.request(Method::DELETE, path, "")).await
    }

    /// A request with the project's credentials and a JSON content type.
    pub fn request(&self, method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, basic(&self.project, &self.secret))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.into())
            .unwrap()
    }

    /// A little time passes before each request, so that what happened later is newer.
    pub async fn call(&self, request: Request<Body>) -> Answer {
        self.clock.advance(Duration::from_micros(1));
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// Sends a code to a number, which makes its user when there is none.
    pub async fn login_or_create(&self, number: &str) -> Answer {
        self.post(
            "/v1/otps/sms/login_or_create",
            json!({ "phone_number": number }),
        )
        .await
    }

    pub async fn authenticate(&self, method_id: &str, code: &str) -> Answer {
        self.post(
            "/v1/otps/authenticate",
            json!({ "method_id": method_id, "code": code }),
        )
        .await
    }

    /// A user who has just received a code: method id and code.
    pub async fn sent(&self, number: &str) -> (String, String) {
        let method_id = self.login_or_create(number).await.ok().text("phone_id");
        (method_id, self.code().await)
    }

    /// Somebody who has proven to have the number: user id and method id.
    pub async fn verified(&self, number: &str) -> (String, String) {
        let (method_id, code) = self.sent(number).await;
        let answer = self.authenticate(&method_id, &code).await.ok();
        (answer.text("user_id"), method_id)
    }

    pub async fn messages(&self) -> Vec<TelephoneMessage> {
        telephone_messages(&self.scratch.store, 100).await.unwrap()
    }

    /// The states of all messages in the outbox, sorted.
    pub async fn message_states(&self) -> Vec<String> {
        let mut reader = self.scratch.store.reader().await.unwrap();
        let sql = "SELECT state FROM otp_outbox ORDER BY state";
        let rows = reader.rows(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get("state").unwrap()).collect()
    }

    /// Why messages were refused, in that order, as the record says.
    pub async fn reasons(&self) -> Vec<String> {
        let sql =
            "SELECT reason FROM otp_audit WHERE event = 'otp.send_refused' ORDER BY at, audit_id";
        let mut reader = self.scratch.store.reader().await.unwrap();
        let rows = reader.rows(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get("reason").unwrap()).collect()
    }

    /// How often the audit table says so.
    pub async fn events(&self, event: &str) -> i64 {
        let mut reader = self.scratch.store.reader().await.unwrap();
        let sql = "SELECT COUNT(*) AS count FROM otp_audit WHERE event = $1";
        let row = reader.row(sql, params![event]).await.unwrap().unwrap();
        row.get("count").unwrap()
    }

    /// The code of the newest message.
    pub async fn code(&self) -> String {
        self.messages().await[0].body[..6].to_owned()
    }
}

async fn create_project(
    scratch: &ScratchStore,
    clock: &Clock,
    environment: Environment,
) -> (Project, Secret) {
    let mut tx = scratch.store.begin().await.unwrap();
    let created = Project::create(&mut tx, environment, clock.now(), &Random::system())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    created
}

pub fn basic(project: &Project, secret: &Secret) -> String {
    let pair = format!("{}:{}", project.id, secret.expose());
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

/// A code that is not the given one.
pub fn another(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..5])
}

impl Answer {
    /// Checks on the way what holds for every answer.
    pub async fn read(response: axum::response::Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(parts.headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(body["status_code"], parts.status.as_u16());
        assert!(
            body["request_id"]
                .as_str()
                .unwrap()
                .starts_with("request-id-")
        );
        if !parts.status.is_success() {
            for field in ["error_type", "error_message", "error_url"] {
                assert!(!body[field].as_str().unwrap().is_empty(), "{field}");
            }
        }
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub fn ok(self) -> Self {
        assert_eq!(self.status, StatusCode::OK, "{:?}", self.body);
        self
    }

    pub fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap().to_owned()
    }

    /// Status and `error_type` of a refusal.
    pub fn refusal(&self) -> (u16, &str) {
        let error_type = self.body["error_type"]
            .as_str()
            .unwrap_or("none, it is a success");
        (self.status.as_u16(), error_type)
    }

    pub fn retry_after(&self) -> u64 {
        self.headers[header::RETRY_AFTER]
            .to_str()
            .unwrap()
            .parse()
            .unwrap()
    }
}
