//! The command line, as the program that people run.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use sallyport_base::{Digest, params, testing::process::Running};
use sallyport_otp::{Environment, Project};
use sallyport_server::command::{Place, Premises};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sallyport");

/// What a command says in a home directory, on a store of its own.
fn sallyport(home: &Path, arguments: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(arguments)
        .arg("--home")
        .arg(home)
        .output()
        .unwrap()
}

/// Whether a command succeeded, and what it said.
fn said(home: &Path, arguments: &[&str]) -> (bool, String) {
    let output = sallyport(home, arguments);
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn one_worker_is_enough_to_load_a_script() {
    let home = tempfile::tempdir().unwrap();
    let place = Place {
        home: home.path().to_owned(),
        store: None,
    };
    Premises::create(&place).await.unwrap();
    fs::write(
        home.path().join("sallyport.toml"),
        "[scripts]\nworkers = 1\n",
    )
    .unwrap();
    let names = [
        "SMS_ENDPOINT",
        "AUTH_ENDPOINT",
        "ENROLL_ENDPOINT",
        "PROJECT_ID",
        "SECRET",
    ];
    let properties = names.map(|name| format!("{name}=https://sms.example.com"));
    let mut arguments = vec!["script", "add", "stytch", "--shipped"];
    for property in &properties {
        arguments.extend(["--property", property]);
    }
    let added = sallyport(home.path(), &arguments);
    let said = String::from_utf8(added.stdout).unwrap();
    assert!(said.starts_with("Added stytch."), "{said}");
}

#[tokio::test]
async fn an_operator_keeps_the_list_of_who_wants_no_messages() {
    let home = tempfile::tempdir().unwrap();
    let place = Place {
        home: home.path().to_owned(),
        store: None,
    };
    Premises::create(&place).await.unwrap();
    let opt_out = |arguments: &[&str]| {
        let arguments = [&["otp", "opt-out"], arguments].concat();
        said(home.path(), &arguments)
    };
    assert_eq!(opt_out(&["add", "+12025550162"]), (true, String::new()));
    let (_, listed) = opt_out(&["list"]);
    assert!(listed.starts_with("…62  since "), "{listed}");
    assert_eq!(listed.lines().count(), 1);
    let (_, said) = opt_out(&["add", "+12025550162"]);
    assert_eq!(said, "the number was on the list already\n");
    let (is_fine, said) = opt_out(&["add", "(202) 555-0162"]);
    assert!(!is_fine && said.contains("expected E.164"), "{said}");
    opt_out(&["remove", "+12025550162"]);
    assert_eq!(opt_out(&["list"]), (true, String::new()));
    let (_, said) = opt_out(&["remove", "+12025550162"]);
    assert_eq!(said, "the number was not on the list\n");
}

/// A server of its own, whose log goes to a full disk.
struct Server {
    process: Running,
    pid: Pid,
    issuer: String,
}

impl Server {
    /// `program` begins it, with what it is begun with as the last words.
    fn begin(home: &Path, program: &[&str]) -> Self {
        let config = "[server]\nlisten = \"127.0.0.1:0\"\n";
        fs::write(home.join("sallyport.toml"), config).unwrap();
        let mut child = Command::new(program[0])
            .args(&program[1..])
            .args(["serve", "--home"])
            .arg(home)
            .stdout(Stdio::piped())
            .stderr(File::options().write(true).open("/dev/full").unwrap())
            .spawn()
            .unwrap();
        let (pid, said) = (child.id(), child.stdout.take().unwrap());
        let process = Running::new(child);
        let first = BufReader::new(said).lines().next().unwrap().unwrap();
        let issuer = first.strip_prefix("Sallyport answers at ").unwrap();
        Self {
            process,
            pid: Pid::from_raw(pid.cast_signed()).unwrap(),
            issuer: issuer.to_owned(),
        }
    }

    async fn answers(&self) {
        let trusting = reqwest::Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .build()
            .unwrap();
        let answer = trusting.get(format!("{}/nowhere", self.issuer)).send();
        assert_eq!(answer.await.unwrap().status(), 404);
    }

    fn tell(&self, signal: Signal) {
        kill_process(self.pid, signal).unwrap();
    }

    async fn ends_in_order(mut self) {
        let ended = loop {
            if let Some(ended) = self.process.try_wait().unwrap() {
                break ended;
            }
            tokio::task::yield_now().await;
        };
        assert!(ended.success(), "{ended}");
    }
}

/// A full disk under the log, or a reader of it that died, is no reason to turn people away.
#[tokio::test]
async fn a_server_whose_log_cannot_be_written_answers_and_stops_in_order() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let home = tempfile::tempdir().unwrap();
        let server = Server::begin(home.path(), &[PROGRAM]);
        server.answers().await;
        server.tell(signal);
        server.ends_in_order().await;
    }
}

#[tokio::test]
async fn a_server_that_is_to_outlive_its_terminal_does() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::begin(home.path(), &["nohup", PROGRAM]);
    server.tell(Signal::HUP);
    server.answers().await;
    server.tell(Signal::TERM);
    server.ends_in_order().await;
}

#[tokio::test]
async fn an_operator_lets_in_again_whom_the_passcode_service_keeps_out() {
    let home = tempfile::tempdir().unwrap();
    let place = Place {
        home: home.path().to_owned(),
        store: None,
    };
    let premises = Premises::create(&place).await.unwrap();
    let mut tx = premises.store.begin().await.unwrap();
    let now = premises.now();
    let (project, _) = Project::create(&mut tx, Environment::Live, now, &premises.random)
        .await
        .unwrap();
    tx.execute(
        "INSERT INTO otp_users (user_id, project_id, status, created_at, failures, locked_at, locked_until)
         VALUES ('019ab4f0-6f4e-7c52-b3a1-0e7d0c1a9f55', $1, 'active', $2, 10, $2, $3)",
        params![&*project.id, now, now.plus(Duration::from_secs(3600))],
    )
    .await
    .unwrap();
    tx.execute(
        "INSERT INTO otp_methods (method_id, project_id, user_id, address, verified, added_at)
         VALUES ('019ab4f0-6f4e-7c52-b3a1-0e7d0c1a9f56', $1, '019ab4f0-6f4e-7c52-b3a1-0e7d0c1a9f55',
                 '+12025550162', TRUE, $2)",
        params![&*project.id, now],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    drop(premises);

    let unlock = ["otp", "unlock", "+12025550162"];
    let (_, said) = self::said(home.path(), &unlock);
    let until = now.plus(Duration::from_secs(3600)).rfc3339();
    assert_eq!(
        said,
        format!(
            "{}: ended a lock until {until}, forgot 10 wrong codes\n",
            project.id
        )
    );
    for nothing in [
        &unlock[..],
        &[&unlock[..], &["--project", &project.id]].concat(),
    ] {
        let (_, said) = self::said(home.path(), nothing);
        assert_eq!(said, "nothing was counted for this address\n");
    }
    let (is_fine, said) = self::said(home.path(), &["otp", "unlock", "Alice"]);
    assert!(!is_fine && said.contains("expected E.164"), "{said}");
}

#[tokio::test]
async fn who_unlocks_a_person_learns_what_the_passcode_service_still_counts() {
    let home = tempfile::tempdir().unwrap();
    let place = Place {
        home: home.path().to_owned(),
        store: None,
    };
    let premises = Premises::create(&place).await.unwrap();
    let unlock = ["person", "unlock", "alice"];
    assert_eq!(
        said(home.path(), &unlock),
        (true, "Nothing was counted for alice.\n".to_owned())
    );
    let mut tx = premises.store.begin().await.unwrap();
    for kind in ["wrong passwords", "sends a day"] {
        let key = format!("{kind}:{}", Digest::of(b"alice"));
        tx.execute(
            "INSERT INTO tries (key, started_at, count, expires_at) VALUES ($1, 0, 9, 9)",
            params![key],
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    fs::write(
        home.path().join("sallyport.toml"),
        "[passcode_service]\nenabled = true\ngateways = [{ kind = \"webhook\", url = \"http://127.0.0.1:1/\", secret = \"0123456789abcdef\" }]\n",
    )
    .unwrap();
    let (_, said) = self::said(home.path(), &unlock);
    assert_eq!(
        said,
        "Unlocked alice; forgotten: messages a day, wrong passwords.\n\
         The passcode service counts by itself, for each number and mailbox; to lift that too: \
         sallyport otp unlock NUMBER_OR_MAILBOX\n"
    );
}

/// What `config check` says of a file in a home that no server was started in.
fn checked(toml: &str) -> (bool, String) {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("sallyport.toml"), toml).unwrap();
    let checked = said(home.path(), &["config", "check"]);
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing is made: {left:?}");
    checked
}

/// A service with these lines in its section, and with a gateway.
fn service(lines: &str) -> String {
    format!(
        "[passcode_service]\nenabled = true\n{lines}\n{}",
        gateway(WEBHOOK)
    )
}

fn gateway(lines: &str) -> String {
    format!("[[passcode_service.gateways]]\n{lines}\n")
}

const WEBHOOK: &str =
    "kind = \"webhook\"\nurl = \"https://sms.example.com/\"\nsecret = \"0123456789abcdef\"";

const SMPP: &str = "kind = \"smpp\"\nhost = \"smsc.example.com\"\nsystem_id = \"example\"\npassword = \"12345678\"\n";

#[test]
fn a_configuration_is_checked_before_the_first_start() {
    for right in [
        "[server]\nissuer = \"https://login.example.com\"\nlisten = \"0.0.0.0:443\"\n".to_owned(),
        "[store]\naddress = \"postgres://sallyport@db.example.com/sallyport\"\n".to_owned(),
        service("listen = \"0.0.0.0:8081\"\nname = \"Example Inc.\""),
        format!(
            "[passcode_service]\nenabled = true\n{}",
            gateway(&format!("{SMPP}tls = true\nsender = \"Ex. Inc\""))
        ),
    ] {
        let (is_fine, said) = checked(&right);
        assert!(
            is_fine && said.ends_with("sallyport.toml is right.\n"),
            "{right}\n{said}"
        );
    }
    let empty = tempfile::tempdir().unwrap();
    let (is_fine, said) = said(empty.path(), &["config", "check"]);
    assert!(!is_fine && said.contains("there is no "), "{said}");
}

#[test]
fn what_serve_would_refuse_is_no_right_configuration() {
    let smpp = |lines: &str| {
        let gateway = gateway(&format!("{SMPP}{lines}"));
        format!("[passcode_service]\nenabled = true\n{gateway}")
    };
    let twilio = |lines: &str| {
        let twilio = "kind = \"twilio\"\naccount_sid = \"AC1\"\nauth_token = \"token\"\n";
        let gateway = gateway(&format!("{twilio}{lines}"));
        format!("[passcode_service]\nenabled = true\n{gateway}")
    };
    for (toml, complaint) in [
        (
            "[server]\nissuer = \"http://localhost\"\nlisten = \"0.0.0.0:8080\"\n".to_owned(),
            "0.0.0.0:8080 is no loopback address",
        ),
        (
            "[store]\naddress = \"mysql://x\"\n".to_owned(),
            "the store address is not understood: mysql",
        ),
        (
            "[server]\nlisten = \"8081\"\n".to_owned(),
            "such as 127.0.0.1:8443",
        ),
        (
            format!(
                "[server]\nissuer = \"http://localhost\"\n{}",
                service("listen = \"0.0.0.0:8081\"")
            ),
            "0.0.0.0:8081 is no loopback address",
        ),
        (service("name = \"\""), "the name"),
        (
            service("name = \"An organisation with a name that no message has room for\""),
            "characters",
        ),
        (service("host = \"\""), "the host \"\""),
        (
            service("host = \"https://login.example.com\""),
            "the host \"https://login.example.com\"",
        ),
        (
            service("host = \"login.example.com:8443\""),
            "the host \"login.example.com:8443\"",
        ),
        (service("android_app_hash = \"short\""), "android_app_hash"),
        (service("locales = [\"xx\"]"), "the locale \"xx\""),
        (
            service("") + &gateway(WEBHOOK),
            "two gateways have the name \"webhook\"",
        ),
        (
            service("")
                + &gateway(
                    "kind = \"webhook\"\nname = \"my gateway\"\nurl = \"https://a.example/\"\nsecret = \"0123456789abcdef\"",
                ),
            "the name \"my gateway\"",
        ),
        (
            service("")
                + &gateway(
                    "kind = \"webhook\"\nname = \"far\"\nurl = \"http://a.example/\"\nsecret = \"0123456789abcdef\"",
                ),
            "must be https",
        ),
        (
            service("")
                + &gateway(
                    "kind = \"webhook\"\nname = \"short\"\nurl = \"https://a.example/\"\nsecret = \"short\"",
                ),
            "at least 16 characters",
        ),
        (
            twilio(""),
            "the sender is missing: from or messaging_service_sid",
        ),
        (
            twilio("from = \"+12025550100\"\nmessaging_service_sid = \"MG1\""),
            "from and messaging_service_sid are both given",
        ),
        (smpp("sender = \"Example\""), "without tls"),
        (
            smpp("tls = true\nsender = \"Example\"\nwindow = 0"),
            "window",
        ),
        (
            smpp("tls = true\nsender = \"Example\"\nwindow = 1001"),
            "window",
        ),
        (
            smpp("tls = true\nsender = \"Example\"\nenquire_seconds = 0"),
            "enquire_seconds",
        ),
        (
            smpp("tls = true\nsender = \"Example\"\nsystem_type = \"thirteen chars\""),
            "system_type",
        ),
        (
            smpp("tls = true\nsender = \"Example Incorporated\""),
            "sender",
        ),
        // `otp serve` would run it.
        (
            service("name = \"\"").replace("enabled = true", ""),
            "the name",
        ),
    ] {
        let (is_fine, said) = checked(&toml);
        assert!(!is_fine && said.contains(complaint), "{toml}\n{said}");
    }
}

#[tokio::test]
async fn the_last_secret_of_a_project_is_not_revoked_in_passing() {
    let home = tempfile::tempdir().unwrap();
    let place = Place {
        home: home.path().to_owned(),
        store: None,
    };
    Premises::create(&place).await.unwrap();
    let secrets = |project: &str| {
        let (_, listed) = said(home.path(), &["otp", "secret", "list", project]);
        let ids = listed.lines().map(|line| line[..12].to_owned());
        ids.collect::<Vec<String>>()
    };
    let (_, added) = said(home.path(), &["otp", "project", "add", "--live"]);
    let project = added
        .lines()
        .next()
        .unwrap()
        .trim_start_matches("PROJECT_ID=");
    let first = secrets(project).remove(0);
    let revoke = |id: &str, options: &[&str]| {
        let arguments = [&["otp", "secret", "revoke", project, id], options].concat();
        said(home.path(), &arguments)
    };
    let (is_fine, words) = revoke(&first, &[]);
    assert!(!is_fine, "{words}");
    assert!(
        words.contains("no valid secret would be left, and every call"),
        "{words}"
    );
    assert_eq!(secrets(project), [&*first]);

    said(
        home.path(),
        &["otp", "secret", "add", project, "--others-end-in", "24"],
    );
    let second = secrets(project)
        .into_iter()
        .find(|id| *id != first)
        .unwrap();
    let (is_fine, words) = revoke(&second, &[]);
    assert!(!is_fine && words.contains("would end at"), "{words}");
    assert_eq!(revoke(&first, &[]), (true, String::new()));
    assert_eq!(revoke(&second, &["--yes"]), (true, String::new()));
    assert!(secrets(project).is_empty());
}

#[tokio::test]
async fn the_name_of_a_project_is_one_line_that_is_printed_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let place = Place {
        home: home.path().to_owned(),
        store: None,
    };
    Premises::create(&place).await.unwrap();
    for name in ["two\nlines", "\u{1b}[31mred"] {
        let (is_fine, words) = said(home.path(), &["otp", "project", "add", "--name", name]);
        assert!(!is_fine, "{words}");
        assert_eq!(
            words,
            "sallyport: a name has 1 to 128 characters, none of them a line break or another control character\n"
        );
    }
    said(home.path(), &["otp", "project", "add", "--name", "Shop"]);
    let (_, listed) = said(home.path(), &["otp", "project", "list"]);
    assert!(listed.ends_with("  Shop\n"), "{listed}");
    assert_eq!(listed.lines().count(), 1);
}
