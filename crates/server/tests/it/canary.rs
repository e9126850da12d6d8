//! No page, header, log or answer carries a code, a password or a whole number.

use crate::{PASSWORD, RelyingParty, TestApp, number_of};

#[tokio::test]
async fn a_whole_login_leaves_no_secret_in_pages_headers_and_logs() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let (mut browser, party) = (app.browser(), RelyingParty::with_passcode());
    let first = browser.get(&party.address()).await;
    let second = browser
        .submit(&first, &[("username", "alice"), ("password", PASSWORD)])
        .await;
    let code = app.code("alice").await;
    let wrong = browser.submit(&second, &[("passcode", "0000000")]).await;
    let back = browser.submit(&second, &[("passcode", &code)]).await;
    let log = app.script_log();
    assert!(
        log.contains("Stytch Initialization") && log.contains("Stytch Initialized successfully")
    );
    let number = number_of("alice");
    for page in [&first, &second, &wrong, &back] {
        for secret in [&code, PASSWORD, &number, &number[1..], &app.project.1] {
            assert!(
                !page.body.contains(secret),
                "{secret} is on the page {}",
                page.url
            );
            assert!(
                !format!("{:?}", page.headers).contains(secret),
                "{secret} is in the headers of {}",
                page.url
            );
        }
    }
    for secret in [&code, PASSWORD, &number, &number[1..], &app.project.1] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}

#[tokio::test]
async fn no_table_of_the_store_holds_a_code_password_or_secret() {
    let app = TestApp::start().await;
    app.person("alice").await;
    let mut browser = app.browser();
    RelyingParty::with_passcode()
        .first_step(&mut browser, "alice")
        .await;
    let code = app.code("alice").await;
    let mut reader = app.scratch.store.reader().await.unwrap();
    for sql in [
        "SELECT CAST(COUNT(*) AS BIGINT) AS found FROM logins WHERE session LIKE '%' || $1 || '%' OR messages LIKE '%' || $1 || '%' OR parked LIKE '%' || $1 || '%'",
        "SELECT CAST(COUNT(*) AS BIGINT) AS found FROM scripts WHERE properties LIKE '%' || $1 || '%' OR source LIKE '%' || $1 || '%'",
        "SELECT CAST(COUNT(*) AS BIGINT) AS found FROM browser_sessions WHERE token LIKE '%' || $1 || '%'",
    ] {
        for secret in [
            code.as_str(),
            PASSWORD,
            app.project.1.as_str(),
            browser.cookies["sallyport_browser"].as_str(),
        ] {
            let row = reader
                .row(sql, sallyport_base::params![secret])
                .await
                .unwrap()
                .unwrap();
            assert_eq!(row.get::<i64>("found").unwrap(), 0, "{sql}: {secret}");
        }
    }
}
