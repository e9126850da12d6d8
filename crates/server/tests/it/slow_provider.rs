//! A provider that takes its time, and what others notice of it: nothing.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, routing::any};
use sallyport_script::Language;
use tokio::{sync::watch, task::JoinSet};

use crate::{PASSWORD, RelyingParty, TestApp, app::listen};

const BASIC: &str = include_str!("../../../../scripts/basic.py");
const LOGINS: usize = 100;

/// A provider that holds every request back until its gate opens.
struct Provider {
    url: String,
    arrived: watch::Receiver<usize>,
    answered: Arc<AtomicUsize>,
    gate: watch::Sender<bool>,
}

impl Provider {
    async fn start() -> Self {
        let (gate, opened) = watch::channel(false);
        let (count, arrived) = watch::channel(0);
        let answered = Arc::new(AtomicUsize::new(0));
        let counted = answered.clone();
        let hold = async move || {
            count.send_modify(|count| *count += 1);
            // The gate goes with the test.
            let _ = opened.clone().wait_for(|open| *open).await;
            counted.fetch_add(1, Ordering::SeqCst);
            r#"{"status_code":200,"request_id":"r-1","user_id":"u-1","phone_id":"p-1"}"#
        };
        let url = listen(Router::new().fallback(any(hold))).await;
        Self {
            url,
            arrived,
            answered,
            gate,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_logins_that_wait_for_a_provider_hold_up_nobody_who_gives_a_password_alone() {
    let mut provider = Provider::start().await;
    let app = TestApp::on_provider(&provider.url).await;
    app.script("basic", BASIC, Language::Python3, &[]).await;
    let mut waiting = JoinSet::new();
    for number in 0..LOGINS {
        let uid = format!("person{number}");
        app.person(&uid).await;
        let mut browser = app.browser();
        waiting.spawn(async move {
            RelyingParty::with_passcode()
                .first_step(&mut browser, &uid)
                .await
                .heading()
        });
    }
    let all = provider.arrived.wait_for(|count| *count == LOGINS).await;
    assert_eq!(*all.unwrap(), LOGINS);

    for acr in ["basic", "simple_password_auth"] {
        let party = RelyingParty::new("app").with("acr_values", acr);
        for _ in 0..5 {
            let mut browser = app.browser();
            let page = browser.get(&party.address()).await;
            let fields = [("username", "alice"), ("password", PASSWORD)];
            let back = browser.submit(&page, &fields).await;
            assert!(back.query("code").is_some(), "{acr}: {}", back.body);
        }
    }
    assert_eq!(
        provider.answered.load(Ordering::SeqCst),
        0,
        "all still wait"
    );

    provider.gate.send(true).unwrap();
    for heading in waiting.join_all().await {
        assert_eq!(heading, "Enter the code");
    }
}

/// Asks a server in its `init`.
const ASKING: &str = "# sallyport: language=python3
from org.gluu.service.cdi.util import CdiUtil
from org.gluu.oxauth.service.net import HttpService
from sallyport import LoginMethod

class PersonAuthentication(LoginMethod):
    def start(self, properties):
        http = CdiUtil.bean(HttpService)
        http.executeGet(http.getHttpsClient(), properties.text(\"URL\"))
";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_changed_script_that_waits_while_it_loads_holds_up_nobody() {
    let mut provider = Provider::start().await;
    let app = TestApp::bare().await;
    app.person("alice").await;
    app.public_client("app").await;
    app.script("slow", BASIC, Language::Python3, &[]).await;
    app.app.flow.acrs().await.unwrap();
    let url = [("URL", provider.url.as_str())];
    app.script("slow", ASKING, Language::Python3, &url).await;
    let flow = app.app.flow.clone();
    let loading = tokio::spawn(async move { flow.acrs().await });
    provider
        .arrived
        .wait_for(|count| *count == 1)
        .await
        .unwrap();

    for acr in ["simple_password_auth", "slow"] {
        let party = RelyingParty::new("app").with("acr_values", acr);
        let mut browser = app.browser();
        let page = browser.get(&party.address()).await;
        let fields = [("username", "alice"), ("password", PASSWORD)];
        let back = browser.submit(&page, &fields).await;
        assert!(back.query("code").is_some(), "{acr}: {}", back.body);
    }
    assert!(!loading.is_finished(), "it still loads");
    provider.gate.send(true).unwrap();
    loading.await.unwrap().unwrap();
}
