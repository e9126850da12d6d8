//! The life of a script: how a change takes effect, what a login under way meets, what a broken
//! change leaves, and what applications get that ask for nothing.

use std::time::{Duration, Instant};

use http::StatusCode;
use sallyport_base::Tx;
use sallyport_flow::{DefaultAcr, FileMark, NewScript, ScriptEntry, ScriptName};
use sallyport_script::{Language, Usage};
use sallyport_server::config::Config;

use crate::{
    Browser, PASSWORD, Page, RelyingParty, TestApp, app::Node, relying_party::claims, scripts::acrs,
};

const UNMET: &str = "unmet_authentication_requirements";
const WORD: &str = include_str!("sources/word.py");

fn word(word: &str) -> String {
    WORD.replace("\"one\"", &format!("\"{word}\""))
}

/// A server with the script `word`, whose second step wants the word `one`, and a person `alice`.
async fn word_app() -> TestApp {
    let app = TestApp::bare().await;
    put(&app, &word("one")).await;
    app.public_client("app").await;
    app.person("alice").await;
    app
}

async fn put(app: &TestApp, text: &str) {
    app.script("word", text, Language::Python3, &[]).await;
}

async fn change(app: &TestApp, script: NewScript) {
    let mut tx = app.scratch.store.begin().await.unwrap();
    ScriptEntry::save(&mut tx, &app.vault, &script, app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

fn script(name: &str, text: &str) -> NewScript {
    NewScript {
        enabled: true,
        ..NewScript::new(
            ScriptName::check(name).unwrap(),
            text.to_owned(),
            Language::Python3,
        )
    }
}

fn party() -> RelyingParty {
    RelyingParty::new("app").with("acr_values", "word")
}

/// A browser at the page of the second step.
async fn at_step_two(app: &TestApp) -> (Browser, Page) {
    let mut browser = app.browser();
    let page = party().first_step(&mut browser, "alice").await;
    assert_eq!(page.heading(), "Enter the code");
    (browser, page)
}

async fn answer(browser: &mut Browser, page: &Page, word: &str) -> Page {
    browser.submit(page, &[("passcode", word)]).await
}

fn is_in(page: &Page) -> bool {
    page.query("code").is_some()
}

async fn acr_of(app: &TestApp, party: &RelyingParty) -> String {
    let mut browser = app.browser();
    let page = browser.get(&party.address()).await;
    if page.query("error").is_some() {
        return page.query("error").unwrap();
    }
    let fields = [("username", "alice"), ("password", PASSWORD)];
    let page = browser.submit(&page, &fields).await;
    let back = match is_in(&page) {
        true => page,
        false => answer(&mut browser, &page, "one").await,
    };
    let tokens = party.redeem(app, &back).await.json();
    claims(&tokens["id_token"])["acr"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Waits for what a server does by itself.
async fn soon(mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(20), "not in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A node that follows changes by itself, as a running server does.
async fn following(app: &TestApp) -> Node {
    let node = app.node().await;
    let own = node.app.clone();
    tokio::spawn(async move { own.follow_scripts().await });
    node
}

#[tokio::test]
async fn a_login_finishes_on_the_version_that_it_began_with_on_every_node() {
    let app = word_app().await;
    let other = app.node().await;
    let (mut here, page) = at_step_two(&app).await;
    let (there, page_there) = at_step_two(&app).await;
    let mut there = there.at(other.router.clone());
    put(&app, &word("two")).await;
    let (mut new, new_page) = at_step_two(&app).await;
    assert!(!is_in(&answer(&mut new, &new_page, "one").await));
    assert!(is_in(&answer(&mut new, &new_page, "two").await));
    assert!(!is_in(&answer(&mut there, &page_there, "two").await));
    assert!(is_in(&answer(&mut there, &page_there, "one").await));
    app.app.flow.look_at_scripts().await.unwrap();
    assert!(!is_in(&answer(&mut here, &page, "two").await));
    assert!(is_in(&answer(&mut here, &page, "one").await));
}

#[tokio::test]
async fn a_login_goes_on_when_the_node_it_began_on_is_started_anew_with_a_newer_version() {
    let app = word_app().await;
    let (browser, page) = at_step_two(&app).await;
    put(&app, &word("two")).await;
    put(&app, &word("three")).await;
    app.wait(20 * 60);
    let restarted = app.node().await;
    restarted.app.purge(app.clock.now()).await.unwrap();
    let mut browser = browser.at(restarted.router.clone());
    assert!(!is_in(&answer(&mut browser, &page, "three").await));
    assert!(is_in(&answer(&mut browser, &page, "one").await));
}

#[tokio::test]
async fn a_change_is_in_force_soon_on_every_node_when_nobody_asks() {
    let app = word_app().await;
    let nodes = [following(&app).await, following(&app).await];
    for text in ["one", "two", "three"] {
        put(&app, &word(text)).await;
        for node in &nodes {
            let line = format!("Word. Initialized with {text}");
            soon(async || node.script_log().contains(&line)).await;
        }
    }
}

#[tokio::test]
async fn destroy_is_called_when_no_login_needs_a_version_any_more() {
    let app = word_app().await;
    let destroyed = |word: &str| app.script_log().contains(&format!("Destroyed with {word}"));
    let look = async || app.app.flow.look_at_scripts().await.unwrap();
    let (mut browser, page) = at_step_two(&app).await;
    put(&app, &word("two")).await;
    look().await;
    assert!(!destroyed("one"), "a login is under way");
    assert!(is_in(&answer(&mut browser, &page, "one").await));
    look().await;
    assert!(destroyed("one") && !destroyed("two"));
    put(&app, &word("three")).await;
    look().await;
    assert!(destroyed("two") && !destroyed("three"));
    let mut tx = app.scratch.store.begin().await.unwrap();
    let removed = ScriptEntry::remove(&mut tx, "word", None, app.clock.now()).await;
    assert!(removed.unwrap());
    tx.commit().await.unwrap();
    look().await;
    assert!(destroyed("three"));
}

#[tokio::test]
async fn a_login_of_a_script_that_is_disabled_or_removed_ends() {
    for remove in [false, true] {
        let app = word_app().await;
        let (mut browser, page) = at_step_two(&app).await;
        let mut tx = app.scratch.store.begin().await.unwrap();
        let now = app.clock.now();
        let there = if remove {
            ScriptEntry::remove(&mut tx, "word", None, now).await
        } else {
            ScriptEntry::disable(&mut tx, "word", None, now).await
        };
        assert!(there.unwrap());
        tx.commit().await.unwrap();
        app.app.flow.look_at_scripts().await.unwrap();
        let ended = answer(&mut browser, &page, "one").await;
        assert_eq!(ended.heading(), "This way of signing in does not work now");
        assert_eq!(acrs(&app).await, ["simple_password_auth"]);
    }
}

#[tokio::test]
async fn a_script_whose_init_says_no_is_neither_offered_nor_chosen() {
    let app = word_app().await;
    let refusing = word("one").replace(
        "        return True\n\n    def destroy",
        "        return False\n\n    def destroy",
    );
    assert_ne!(refusing, word("one"));
    change(&app, script("refusing", &refusing)).await;
    assert_eq!(acrs(&app).await, ["simple_password_auth", "word"]);
    let named = RelyingParty::new("app").with("acr_values", "refusing");
    assert_eq!(acr_of(&app, &named).await, UNMET);
    let second = RelyingParty::new("app").with("acr_values", "refusing word");
    assert_eq!(acr_of(&app, &second).await, "word");
    let error = app.entry("refusing").await.error.unwrap();
    assert!(error.contains("init did not give true"), "{error}");
}

#[tokio::test]
async fn after_a_restart_the_last_version_that_loaded_runs_in_place_of_a_broken_one() {
    let app = word_app().await;
    assert_eq!(acrs(&app).await, ["simple_password_auth", "word"]);
    put(&app, "import nowhere\n").await;
    assert_eq!(acrs(&app).await, ["simple_password_auth", "word"]);
    app.wait(60 * 60);
    app.app.purge(app.clock.now()).await.unwrap();
    let restarted = app.node().await;
    let restarted = TestApp {
        app: restarted.app,
        router: restarted.router,
        home: restarted.home,
        ..app
    };
    assert_eq!(acr_of(&restarted, &party()).await, "word");
    let error = restarted.entry("word").await.error.unwrap();
    assert!(error.contains("line 1: Python module 'nowhere'"), "{error}");
}

#[tokio::test]
async fn the_first_runtime_error_is_kept_with_the_authors_lines_until_the_script_changes() {
    let app = word_app().await;
    let failing = WORD.replace(
        "        return ServerUtil",
        "        if WORD == \"one\":\n            raise ValueError(\"no \" + str(ServerUtil.getFirstValue(parameters, \"passcode\")))\n        return ServerUtil",
    );
    put(&app, &failing).await;
    let (mut browser, page) = at_step_two(&app).await;
    assert_eq!(app.entry("word").await.error, None);
    for typed in ["alpha", "beta"] {
        assert!(!is_in(&answer(&mut browser, &page, typed).await));
    }
    let error = app.entry("word").await.error.unwrap();
    let line = 1 + failing.lines().position(|it| it.contains("raise")).unwrap();
    let place = format!("File \"word.py\", line {line}, in authenticate");
    assert!(error.contains(&place), "{error}");
    assert!(error.contains("ValueError"), "{error}");
    assert!(!error.contains("beta"), "the first one stays: {error}");
    put(&app, &failing.replace("\"no \"", "\"not \"")).await;
    acrs(&app).await;
    assert_eq!(app.entry("word").await.error, None);
}

#[tokio::test]
async fn a_script_follows_its_file_and_a_broken_or_lost_file_leaves_what_runs() {
    let app = word_app().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("word.py");
    std::fs::write(&path, word("four")).unwrap();
    let (mark, text) = FileMark::read(&path).unwrap();
    change(
        &app,
        NewScript {
            file: Some(mark),
            ..script("word", &text)
        },
    )
    .await;
    let node = following(&app).await;
    let log = async |line: &str| {
        soon(async || node.script_log().contains(line)).await;
    };
    log("Initialized with four").await;
    let (mut under_way, its_page) = at_step_two(&app).await;
    std::fs::write(&path, word("five")).unwrap();
    log("Initialized with five").await;
    std::fs::remove_file(&path).unwrap();
    soon(async || app.entry("word").await.file_error.is_some()).await;
    let error = app.entry("word").await.file_error.unwrap();
    assert!(error.starts_with(&path.display().to_string()), "{error}");
    let (mut browser, page) = at_step_two(&app).await;
    assert!(is_in(&answer(&mut browser, &page, "five").await));
    std::fs::write(&path, "class PersonAuthentication(:\n").unwrap();
    soon(async || app.entry("word").await.error.is_some()).await;
    assert_eq!(app.entry("word").await.file_error, None);
    assert!(acrs(&app).await.contains(&"word".to_owned()));
    std::fs::write(&path, word("six")).unwrap();
    log("Initialized with six").await;
    assert_eq!(app.entry("word").await.error, None);
    assert!(is_in(&answer(&mut under_way, &its_page, "four").await));
}

#[tokio::test]
async fn of_two_nodes_whose_files_differ_the_one_that_was_written_last_counts() {
    let app = word_app().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("word.py");
    std::fs::write(&path, word("old")).unwrap();
    let (mark, _) = FileMark::read(&path).unwrap();
    let newer = FileMark {
        written_at: mark.written_at.plus(Duration::from_secs(1)),
        ..mark
    };
    // As a node with a newer file left it.
    let stored = NewScript {
        file: Some(newer),
        ..script("word", &word("new"))
    };
    change(&app, stored).await;
    app.app.flow.look_at_scripts().await.unwrap();
    assert_eq!(app.entry("word").await.version.text, word("new"));
}

#[tokio::test]
async fn a_method_is_asked_for_by_its_alias_and_a_service_script_is_none() {
    let app = word_app().await;
    change(
        &app,
        NewScript {
            aliases: vec![ScriptName::check("urn:example:strong").unwrap()],
            ..script("word", WORD)
        },
    )
    .await;
    let party = RelyingParty::new("app").with("acr_values", "URN:example:strong");
    let (mut browser, page) = (app.browser(), party);
    let page = page.first_step(&mut browser, "alice").await;
    assert!(is_in(&answer(&mut browser, &page, "one").await));
    change(
        &app,
        NewScript {
            usage: Usage::Service,
            level: 50,
            ..script("word", WORD)
        },
    )
    .await;
    assert_eq!(acrs(&app).await, ["simple_password_auth"]);
    let nothing = RelyingParty::new("app");
    assert_eq!(acr_of(&app, &nothing).await, "simple_password_auth");
}

async fn decide(app: &TestApp, decide: impl AsyncFnOnce(&mut Tx)) {
    let mut tx = app.scratch.store.begin().await.unwrap();
    decide(&mut tx).await;
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_script_for_services_that_does_not_load_is_nobodys_default() {
    let app = word_app().await;
    let service = NewScript {
        usage: Usage::Service,
        level: 99,
        ..script("service", "broken(")
    };
    change(&app, service).await;
    let page = app.browser().get(&RelyingParty::new("app").address()).await;
    assert_eq!(page.heading(), "Sign in");
}

#[tokio::test]
async fn the_default_is_what_the_store_says_then_the_configuration_then_the_strongest() {
    let app = word_app().await;
    change(
        &app,
        NewScript {
            level: 9,
            ..script("strong", WORD)
        },
    )
    .await;
    let configured = "[scripts]\ndefault_acr = \"simple_password_auth\"";
    let config: Config = toml::from_str(configured).unwrap();
    let node = app.node_with(config).await;
    let default = async |node: &sallyport_server::App| {
        node.flow.choose_acr(&[], &[]).await.unwrap().unwrap().name
    };
    assert_eq!(default(&app.app).await, "strong");
    assert_eq!(default(&node.app).await, "simple_password_auth");
    let now = app.clock.now();
    decide(&app, async |tx| {
        assert!(DefaultAcr::choose(tx, "Word", now).await.unwrap());
    })
    .await;
    for node in [&app.app, &node.app] {
        assert_eq!(default(node).await, "word");
    }
    decide(&app, async |tx| DefaultAcr::forget(tx).await.unwrap()).await;
    assert_eq!(default(&app.app).await, "strong");
}

#[tokio::test]
async fn a_recovery_lets_everybody_in_with_the_password_who_is_not_asked_for_more() {
    let app = TestApp::bare().await;
    app.person("alice").await;
    app.public_client("app").await;
    let own = sallyport_oidc::Registration {
        default_acr_values: vec!["word".to_owned()],
        ..app.public_client("choosy").await.registration
    };
    app.registered("picky", own).await;
    put(&app, "this is no script\n").await;
    let plain = RelyingParty::new("app");
    let with_default = RelyingParty::new("picky");
    let asking = party();
    for party in [&plain, &with_default, &asking] {
        assert_eq!(acr_of(&app, party).await, UNMET);
    }
    let now = app.clock.now();
    decide(&app, async |tx| DefaultAcr::recover(tx, now).await.unwrap()).await;
    assert_eq!(acr_of(&app, &plain).await, "simple_password_auth");
    assert_eq!(acr_of(&app, &with_default).await, "simple_password_auth");
    assert_eq!(acr_of(&app, &asking).await, UNMET);
    put(&app, WORD).await;
    assert_eq!(acr_of(&app, &asking).await, "word");
    assert_eq!(acr_of(&app, &with_default).await, "simple_password_auth");
    decide(&app, async |tx| {
        assert!(DefaultAcr::choose(tx, "word", now).await.unwrap());
    })
    .await;
    for party in [&plain, &with_default] {
        assert_eq!(acr_of(&app, party).await, "word");
    }
    let health = app.browser().get("/healthz").await;
    assert_eq!(health.status, StatusCode::OK);
}
