use std::{cell::RefCell, collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use sallyport_base::{Clock, Random, Timestamp, Vault, testing::ScratchStore};
use sallyport_flow::{Flow, FlowParts, Issuer, Lifetimes, Limits, Outbound, ScriptLogFile};
use sallyport_oidc::{AuthMethod, Client, GrantType, Provider, Registration};
use sallyport_people::{Argon2Params, Hasher, NewPerson, People, Person};
use sallyport_script::Engine;
use sallyport_web::Pages;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;
use url::{Url, form_urlencoded::Serializer};

pub const ISSUER: &str = "https://id.example";
pub const CALLBACK: &str = "https://rp.example/cb";
pub const GOODBYE: &str = "https://rp.example/bye";
pub const PASSWORD: &str = "sally-port-demo";
/// The pair of RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A provider with one person, `alice`, and one browser.
pub struct TestApp {
    pub clock: Clock,
    pub provider: Provider,
    pub scratch: ScratchStore,
    _home: TempDir,
    router: Router,
    cookies: RefCell<BTreeMap<String, String>>,
}

/// What a request was answered with.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl TestApp {
    pub async fn start() -> Self {
        let schemas = [
            sallyport_people::SCHEMA,
            sallyport_flow::SCHEMA,
            sallyport_oidc::SCHEMA,
        ];
        let scratch = ScratchStore::new(&schemas).await;
        let home = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_seconds(1_800_000_000));
        let flow = flow(&scratch, &clock, home.path());
        let provider = Provider::new(flow.clone()).await.unwrap();
        let router = sallyport_oidc::routes()
            .with_state(provider.clone())
            .merge(sallyport_flow::routes().with_state(flow));
        let app = Self {
            clock,
            provider,
            scratch,
            _home: home,
            router,
            cookies: RefCell::default(),
        };
        app.person("alice").await;
        app
    }

    pub async fn person(&self, uid: &str) -> Person {
        let new = NewPerson {
            uid: uid.to_owned(),
            attributes: BTreeMap::from([("mail".to_owned(), vec![format!("{uid}@example.com")])]),
            password: Some(PASSWORD.into()),
        };
        let people = self.provider.flow().people();
        people.add(new, self.clock.now()).await.unwrap()
    }

    /// A client that nobody is asked about; returns its secret.
    pub async fn client(&self, id: &str, method: AuthMethod) -> Option<String> {
        self.registered(id, |registration| {
            registration.token_endpoint_auth_method = method;
            registration.trusted = true;
        })
        .await
    }

    pub async fn registered(
        &self,
        id: &str,
        change: impl FnOnce(&mut Registration),
    ) -> Option<String> {
        let mut registration = Registration {
            client_name: format!("The {id}"),
            redirect_uris: vec![CALLBACK.parse().unwrap()],
            post_logout_redirect_uris: vec![GOODBYE.parse().unwrap()],
            grant_types: GrantType::ALL.into(),
            scope: "openid profile email offline_access".parse().unwrap(),
            ..Registration::default()
        };
        change(&mut registration);
        let mut tx = self.scratch.store.begin().await.unwrap();
        let now = self.clock.now();
        let (_, secret) = Client::add(&mut tx, id, registration, now, &Random::system())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        secret.map(|secret| secret.expose().to_owned())
    }

    pub fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub fn forget_cookies(&self) {
        self.cookies.borrow_mut().clear();
    }

    /// The browser opens an address of this server.
    pub async fn get(&self, address: &str) -> Answer {
        self.visit(Request::get(path_of(address)), Body::empty())
            .await
    }

    /// The browser sends a form.
    pub async fn post(&self, address: &str, form: &[(&str, &str)]) -> Answer {
        let request = Request::post(path_of(address)).header(header::CONTENT_TYPE, FORM);
        self.visit(request, encoded(form).into()).await
    }

    async fn visit(&self, mut request: http::request::Builder, body: Body) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .borrow()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let answer = self.send(request, body).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.borrow_mut();
            match value {
                "" => cookies.remove(name),
                value => cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// A request without the browser.
    pub async fn send(&self, request: http::request::Builder, body: Body) -> Answer {
        let request = request.body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// A form of a client, with HTTP Basic authentication when there is a secret.
    pub async fn call(
        &self,
        path: &str,
        credentials: Option<(&str, &str)>,
        form: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, FORM);
        if let Some((id, secret)) = credentials {
            let pair = BASE64_STANDARD.encode(format!("{id}:{secret}"));
            request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
        }
        self.send(request, encoded(form).into()).await
    }

    /// The browser follows an authorization request, and `alice` signs in when she is asked to.
    /// Ends at the client, or at a page where something else is asked.
    pub async fn authorize(&self, client: &str, more: &[(&str, &str)]) -> Answer {
        self.authorize_as("alice", client, more).await
    }

    pub async fn authorize_as(&self, uid: &str, client: &str, more: &[(&str, &str)]) -> Answer {
        let mut answer = self.get(&request(client, more)).await;
        for _ in 0..6 {
            answer = match answer.location() {
                Some(address) if address.starts_with("https://rp.example/") => return answer,
                Some(address) => self.get(&address).await,
                None if answer.body.contains("name=\"password\"") => {
                    self.submit(&answer, &[("username", uid), ("password", PASSWORD)])
                        .await
                }
                None => return answer,
            };
        }
        panic!("no end of redirects: {answer:?}");
    }

    /// Sends the form of a page, with its hidden fields.
    pub async fn submit(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let action = page
            .attribute("<form", "action")
            .expect("the page has a form");
        let hidden = page.hidden_fields();
        let mut form: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        form.extend(fields);
        self.post(&action, &form).await
    }

    /// Signs `alice` in at the client and returns the answer of the token endpoint.
    pub async fn tokens(&self, id: &str, secret: &str, more: &[(&str, &str)]) -> Value {
        let code = self.authorize(id, more).await.query("code").unwrap();
        let answer = self.redeem(id, secret, &code).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }

    pub async fn redeem(&self, id: &str, secret: &str, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.call("/oxauth/restv1/token", Some((id, secret)), &form)
            .await
    }

    pub async fn userinfo(&self, access_token: &str) -> Answer {
        let request = Request::get("/oxauth/restv1/userinfo")
            .header(header::AUTHORIZATION, format!("Bearer {access_token}"));
        self.send(request, Body::empty()).await
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The address of an authorization request.
pub fn request(client: &str, more: &[(&str, &str)]) -> String {
    let query = [
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "s"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = query
        .into_iter()
        .filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    let pairs: Vec<(&str, &str)> = kept.chain(more.iter().copied()).collect();
    format!("/oxauth/restv1/authorize?{}", encoded(&pairs))
}

pub fn encoded(form: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(form).finish()
}

/// The claims of a token, unverified.
pub fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn path_of(address: &str) -> &str {
    address.strip_prefix(ISSUER).unwrap_or(address)
}

fn flow(scratch: &ScratchStore, clock: &Clock, home: &Path) -> Flow {
    let random = Random::system();
    let hasher = Hasher::start(1, 16, Argon2Params::new(8, 1, 1, None).unwrap());
    let log = ScriptLogFile::open(home, clock.clone()).unwrap();
    // The first test of the process does it for all.
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Flow::new(FlowParts {
        store: scratch.store.clone(),
        clock: clock.clone(),
        random: random.clone(),
        vault: Vault::from_key([7; 32]),
        people: People::new(scratch.store.clone(), random.clone(), hasher),
        pages: Pages::new(None, random, true),
        engine: Engine::start(
            sallyport_script::Limits::default(),
            Arc::new(log),
            sallyport_script::Template::own(),
        ),
        outbound: Outbound::new(Vec::new()).unwrap(),
        mailer: None,
        find_client: Client::for_scripts,
        issuer: Issuer::parse(ISSUER).unwrap(),
        limits: Limits::default(),
        lifetimes: Lifetimes::default(),
        libraries: None,
        default_acr: None,
        authorization_parameters: Vec::new(),
    })
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub fn location(&self) -> Option<String> {
        let location = self.headers.get(header::LOCATION)?;
        Some(location.to_str().unwrap().to_owned())
    }

    /// A parameter of the address that the browser is sent to.
    pub fn query(&self, name: &str) -> Option<String> {
        let url = Url::parse(&self.location()?).unwrap();
        let found = url.query_pairs().find(|(found, _)| found == name);
        found.map(|(_, value)| value.into_owned())
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn attribute(&self, tag: &str, name: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(tag)?;
        let (element, _) = rest.split_once('>')?;
        let (_, value) = element.split_once(&format!("{name}=\""))?;
        value
            .split_once('"')
            .map(|(value, _)| value.replace("&#x2f;", "/"))
    }

    fn hidden_fields(&self) -> Vec<(String, String)> {
        self.body
            .split("<input type=\"hidden\"")
            .skip(1)
            .filter_map(|rest| {
                let (_, name) = rest.split_once("name=\"")?;
                let (name, rest) = name.split_once('"')?;
                let (_, value) = rest.split_once("value=\"")?;
                let (value, _) = value.split_once('"')?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect()
    }
}
