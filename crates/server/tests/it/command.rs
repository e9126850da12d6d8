//! The command line, as the program that people run.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

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
