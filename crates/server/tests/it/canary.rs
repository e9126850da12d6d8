//! No page, header, log, answer or table carries a code, a password, a token or a whole number.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use sallyport_base::Row;

use crate::{Browser, PASSWORD, Page, RelyingParty, TestApp, number_of, relying_party::with_token};

/// What nobody may read, by its name.
type Secrets = Vec<(&'static str, String)>;

/// A whole login, with all that was secret in it.
struct WholeLogin {
    pages: Vec<Page>,
    secrets: Secrets,
}

impl WholeLogin {
    /// Password, a wrong code, the right one, tokens, userinfo, and other tokens.
    async fn of(app: &TestApp, uid: &str) -> Self {
        app.person(uid).await;
        let party = RelyingParty::with_passcode();
        let mut browser = app.browser();
        let first = browser.get(&party.address()).await;
        let second = browser
            .submit(&first, &[("username", uid), ("password", PASSWORD)])
            .await;
        let mut secrets = first_step_secrets(app, uid, &browser).await;
        let code = app.code(uid).await;
        let wrong = browser.submit(&second, &[("passcode", "0000000")]).await;
        let back = browser.submit(&second, &[("passcode", &code)]).await;
        secrets.extend(cookies(&browser));

        secrets.push(("authorization code", back.query("code").unwrap()));
        let tokens = party.redeem(app, &back).await.json();
        let refresh = text(&tokens["refresh_token"]);
        let newer = party.refresh(app, &refresh).await.json();
        let access = text(&newer["access_token"]);
        let userinfo = with_token(app, "/oxauth/restv1/userinfo", &access).await;
        secrets.extend([
            ("refresh token", refresh),
            ("newer refresh token", text(&newer["refresh_token"])),
            ("access token", text(&tokens["access_token"])),
            ("newer access token", access),
            ("ID token", text(&tokens["id_token"])),
        ]);
        Self {
            pages: vec![first, second, wrong, back, userinfo],
            secrets,
        }
    }
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What is secret when the message is on its way.
async fn first_step_secrets(app: &TestApp, uid: &str, browser: &Browser) -> Secrets {
    let mut secrets = cookies(browser);
    secrets.extend([
        ("password", PASSWORD.to_owned()),
        ("passcode", app.code(uid).await),
        ("number", number_of(uid)[1..].to_owned()),
        ("project secret", app.project.1.clone()),
    ]);
    secrets
}

fn cookies(browser: &Browser) -> Secrets {
    let values = browser.cookies.values();
    values.map(|value| ("cookie", value.clone())).collect()
}

/// Whether the secret is in the text as a word of its own: six digits are in many a digest.
fn holds(text: &str, secret: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.match_indices(secret).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + secret.len()..]);
        !inside(before.chars().next_back()) && !inside(after.chars().next())
    })
}

/// A log that is read again. The secrets of one login are nobody else's, so it may hold more.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Hears everything that all tests of this program say from now on. A subscriber of one thread
    /// would miss what other threads asked for first: they decide for all whether it is of interest.
    fn listen() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("nobody else listens");
        log
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_whole_login_leaves_no_secret_in_pages_headers_and_logs() {
    let log = Log::listen();
    let app = TestApp::start().await;
    let login = WholeLogin::of(&app, "alice").await;

    // A cookie is told to its browser, which also gets the form's copy of one.
    let others = login.secrets.iter().filter(|(name, _)| *name != "cookie");
    for page in &login.pages {
        let headers = format!("{:?}", page.headers);
        for (name, secret) in others.clone() {
            assert!(!holds(&page.body, secret), "{name} is on {}", page.url);
            // The address that leads back to the application carries the authorization code.
            assert!(
                *name == "authorization code" || !holds(&headers, secret),
                "{name} is in the headers of {}",
                page.url
            );
        }
    }

    let (log, script_log) = (log.text(), app.script_log());
    for event in ["authorization.issued", "otp.sent", "otp.verified"] {
        assert!(log.contains(event), "the log was heard: {log}");
    }
    assert!(script_log.contains("Stytch Initialized successfully"));
    for (name, secret) in &login.secrets {
        assert!(!holds(&log, secret), "{name} is in the log: {log}");
        assert!(
            !holds(&script_log, secret),
            "{name} is in the script log: {script_log}"
        );
    }
}

#[tokio::test]
async fn no_table_of_the_store_holds_a_secret_during_a_login_and_after_it() {
    let app = TestApp::start().await;
    app.person("bob").await;
    let mut browser = app.browser();
    RelyingParty::with_passcode()
        .first_step(&mut browser, "bob")
        .await;
    let secrets = first_step_secrets(&app, "bob", &browser).await;
    assert_clean(&app, &secrets).await;

    let login = WholeLogin::of(&app, "alice").await;
    assert_clean(&app, &login.secrets).await;
}

async fn assert_clean(app: &TestApp, secrets: &Secrets) {
    let cells = cells(app).await;
    for table in ["logins", "otp_passcodes", "people", "scripts", "tries"] {
        assert!(cells.iter().any(|cell| cell.table == table), "{table}");
    }
    for cell in &cells {
        for (name, secret) in secrets {
            assert!(
                cell.may_hold(name) || !holds(&cell.value, secret),
                "{name} is in {}.{}: {}",
                cell.table,
                cell.column,
                cell.value
            );
        }
    }
}

/// One value of the store.
struct Cell {
    table: String,
    column: String,
    value: String,
}

impl Cell {
    /// The telephone is the phone of the demo itself, which gets message and number from the
    /// carrier. A number also stands where it is the very thing that is kept: at the person, whose
    /// attribute it is, and in the passcode service, which sends to it.
    fn may_hold(&self, name: &str) -> bool {
        let place = (self.table.as_str(), self.column.as_str());
        match name {
            "passcode" => place == ("otp_telephone", "body"),
            "number" => matches!(
                place,
                ("otp_telephone", "recipient")
                    | ("otp_methods", "address")
                    | ("person_attributes", "value" | "value_folded")
            ),
            _ => false,
        }
    }
}

/// Everything that is in the store.
async fn cells(app: &TestApp) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (table, column) in columns(app).await {
        let sql = format!(
            "SELECT CAST({column} AS TEXT) AS value FROM {table} WHERE {column} IS NOT NULL"
        );
        for row in rows(app, sql).await {
            cells.push(Cell {
                table: table.clone(),
                column: column.clone(),
                value: row.get("value").unwrap(),
            });
        }
    }
    cells
}

async fn columns(app: &TestApp) -> Vec<(String, String)> {
    let sql = if app.scratch.address.starts_with("sqlite:") {
        "SELECT t.name AS table_name, c.name AS column_name
         FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
    } else {
        "SELECT CAST(table_name AS TEXT) AS table_name, CAST(column_name AS TEXT) AS column_name
         FROM information_schema.columns WHERE table_schema = current_schema()"
    };
    let rows = rows(app, sql.to_owned()).await;
    let pair = |row: &Row| {
        (
            row.get("table_name").unwrap(),
            row.get("column_name").unwrap(),
        )
    };
    rows.iter().map(pair).collect()
}

async fn rows(app: &TestApp, sql: String) -> Vec<Row> {
    // The store takes texts that live as long as the program.
    let sql: &'static str = Box::leak(sql.into_boxed_str());
    let mut reader = app.scratch.store.reader().await.unwrap();
    reader.rows(sql, &[]).await.unwrap()
}
