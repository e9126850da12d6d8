//! The command line, as the program that people run.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use sallyport_base::testing::process::Running;
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
        let output = sallyport(home.path(), &arguments);
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
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

/// A full disk under the log, or a reader of it that died, is no reason to turn people away.
#[tokio::test]
async fn a_server_whose_log_cannot_be_written_answers_and_stops_in_order() {
    let trusting = reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .build()
        .unwrap();
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let home = tempfile::tempdir().unwrap();
        let config = "[server]\nlisten = \"127.0.0.1:0\"\n";
        fs::write(home.path().join("sallyport.toml"), config).unwrap();
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--home"])
            .arg(home.path())
            .stdout(Stdio::piped())
            .stderr(File::options().write(true).open("/dev/full").unwrap())
            .spawn()
            .unwrap();
        let (pid, said) = (child.id(), child.stdout.take().unwrap());
        let mut server = Running::new(child);
        let first = BufReader::new(said).lines().next().unwrap().unwrap();
        let issuer = first.strip_prefix("Sallyport answers at ").unwrap();
        let answer = trusting.get(format!("{issuer}/nowhere")).send().await;
        assert_eq!(answer.unwrap().status(), 404);
        kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), signal).unwrap();
        let ended = loop {
            if let Some(ended) = server.try_wait().unwrap() {
                break ended;
            }
            tokio::task::yield_now().await;
        };
        assert!(ended.success(), "{signal:?}: {ended}");
    }
}
