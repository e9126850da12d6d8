//! What someone types who writes a script or looks after one, as the program that people run.

use std::{fs, path::Path, process::Command};

use sallyport_people::NewPerson;
use sallyport_server::command::{Place, Premises};
use tempfile::TempDir;

use crate::PASSWORD;

const WORD: &str = include_str!("sources/word.py");

/// A home with a person `alice`, and a folder to work in.
struct Desk {
    folder: TempDir,
    premises: Premises,
}

/// What a command said.
struct Said {
    ok: bool,
    out: String,
    err: String,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            home: folder.path().join("home"),
            store: None,
        };
        let premises = Premises::create(&place).await.unwrap();
        let alice = NewPerson {
            uid: "alice".to_owned(),
            attributes: [("mail".to_owned(), vec!["alice@example.com".to_owned()])].into(),
            password: Some(PASSWORD.into()),
        };
        let people = premises.people();
        people.add(alice, premises.now()).await.unwrap();
        fs::write(folder.path().join("word.py"), WORD).unwrap();
        Self { folder, premises }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn say(&self, line: &[&str]) -> Said {
        sallyport(self.folder.path(), line)
    }

    fn done(&self, line: &[&str]) -> String {
        let said = self.say(line);
        assert!(said.ok, "{line:?}: {}{}", said.out, said.err);
        said.out
    }

    fn refused(&self, line: &[&str]) -> String {
        let said = self.say(line);
        assert!(!said.ok, "{line:?}: {}", said.out);
        said.err
    }
}

fn sallyport(folder: &Path, line: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_sallyport"))
        .args(line)
        .args(["--home", "home"])
        .current_dir(folder)
        .output()
        .unwrap();
    Said {
        ok: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test]
async fn a_new_script_is_written_once_tried_and_added() {
    let desk = Desk::new().await;
    desk.done(&["script", "new", "mymethod"]);
    let refused = desk.refused(&["script", "new", "mymethod"]);
    assert!(
        refused.contains("mymethod.py is there already"),
        "{refused}"
    );
    desk.done(&["script", "check", "mymethod.py"]);
    let password = format!("password={PASSWORD}");
    let step = [
        "script",
        "try",
        "mymethod.py",
        "--param",
        "username=alice",
        "--param",
    ];
    let said = desk.say(&[&step[..], &[&password]].concat());
    assert!(
        said.err
            .contains("mymethod. Initialized. A code lives for 300 seconds"),
        "{}",
        said.err
    );
    assert!(said.out.contains("check_password  alice"), "{}", said.out);
    assert!(!said.out.contains(PASSWORD), "{}", said.out);
    let code = [
        "--session",
        "mail_code=123456",
        "--session",
        "mail_code_until=9999999999",
    ];
    let second = [
        "script",
        "try",
        "mymethod.py",
        "--step",
        "2",
        "--person",
        "alice",
        "--param",
    ];
    for (typed, passed) in [("passcode=123456", "True"), ("passcode=654321", "False")] {
        let said = desk.done(&[&second[..], &[typed], &code].concat());
        let line = said
            .lines()
            .find(|line| line.starts_with("authenticate(2)"));
        assert_eq!(
            line.unwrap().split_whitespace().nth(1),
            Some(passed),
            "{said}"
        );
    }
    desk.done(&[
        "script",
        "add",
        "mymethod",
        "--file",
        "mymethod.py",
        "--enable",
    ]);
}

#[tokio::test]
async fn a_trial_changes_and_sends_nothing_unless_it_is_live() {
    let desk = Desk::new().await;
    let prying = WORD.replace(
        "            return service.authenticate(",
        "            user = CdiUtil.bean(UserService).getUser(\"alice\")\n            user.setAttribute(\"displayName\", \"Changed\")\n            CdiUtil.bean(UserService).updateUser(user)\n            CdiUtil.bean(Identity).getSessionId().getSessionAttributes().put(\"seen\", user.getAttribute(\"displayName\"))\n            return service.authenticate(",
    ).replace("from org.gluu.oxauth.util", "from org.gluu.oxauth.service.common import UserService\nfrom org.gluu.oxauth.util");
    assert_ne!(prying, WORD);
    fs::write(desk.path("prying.py"), prying).unwrap();
    let password = format!("password={PASSWORD}");
    let line = [
        "script",
        "try",
        "prying.py",
        "--param",
        "username=alice",
        "--param",
        &password,
    ];
    let name = async || {
        let people = desk.premises.people();
        let alice = people.find_by_uid("alice").await.unwrap().unwrap();
        alice.attributes.first("displayName").map(str::to_owned)
    };
    let said = desk.done(&line);
    assert!(
        said.contains("change_person") && said.contains("not done"),
        "{said}"
    );
    assert!(
        said.contains("session: seen = Changed"),
        "it sees what would be: {said}"
    );
    assert_eq!(name().await, None);
    let said = desk.done(&[&line[..], &["--live"]].concat());
    assert!(
        said.contains("authenticate(1)") && said.contains("True"),
        "{said}"
    );
    assert_eq!(name().await.as_deref(), Some("Changed"));
}

#[tokio::test]
async fn a_trial_that_raises_fails_and_shows_the_authors_line() {
    let desk = Desk::new().await;
    let raising = WORD.replace(
        "        if step == 1:",
        "        if step == 1:\n            raise ValueError(\"broken\")",
    );
    fs::write(desk.path("raising.py"), &raising).unwrap();
    let line = 1 + raising.lines().position(|it| it.contains("raise")).unwrap();
    let said = desk.say(&["script", "try", "raising.py"]);
    assert!(!said.ok);
    let place = format!("File \"raising.py\", line {line}, in authenticate");
    assert!(said.out.contains(&place), "{}", said.out);
    assert!(said.err.contains("ValueError: broken"), "{}", said.err);
}

#[tokio::test]
async fn a_trial_fails_where_the_server_would_not_show_the_page() {
    let desk = Desk::new().await;
    for (name, method) in [
        (
            "unprepared",
            "prepareForStep(self, configuration, parameters, step)",
        ),
        (
            "unusable",
            "isValidAuthenticationMethod(self, usage, configuration)",
        ),
    ] {
        let text = format!("{WORD}\n    def {method}:\n        return None\n");
        let file = format!("{name}.py");
        fs::write(desk.path(&file), text).unwrap();
        let said = desk.say(&["script", "try", &file]);
        assert!(!said.ok, "{name}: {}", said.out);
        assert!(said.err.contains("would not show the page"), "{}", said.err);
        assert!(!said.out.contains("authenticate"), "{}", said.out);
    }
}

#[tokio::test]
async fn a_script_is_changed_shown_and_removed() {
    let desk = Desk::new().await;
    desk.done(&[
        "script",
        "add",
        "word",
        "--file",
        "word.py",
        "--property",
        "API_SECRET=hush-hush",
    ]);
    desk.done(&[
        "script",
        "set",
        "word",
        "--level",
        "7",
        "--usage",
        "both",
        "--alias",
        "urn:example:strong",
        "--property",
        "URL=https://api.example",
        "--describe",
        "URL=Where it asks",
        "--enable",
    ]);
    let card = desk.done(&["script", "show", "word"]);
    for line in [
        "aliases      urn:example:strong",
        "level        7",
        "usage        both",
        "language     Python 3",
        "location     store",
        "property     API_SECRET = (hidden)",
        "property     URL = https://api.example    # Where it asks",
    ] {
        assert!(card.contains(line), "{line}: {card}");
    }
    assert!(!card.contains("hush"), "{card}");
    assert_eq!(desk.done(&["script", "show", "word", "--text"]), WORD);
    let refused = desk.refused(&["script", "set", "word", "--alias", "simple_password_auth"]);
    assert!(refused.contains("built-in"), "{refused}");
    fs::write(desk.path("broken.py"), "import nowhere\n").unwrap();
    let refused = desk.refused(&["script", "set", "word", "--file", "broken.py"]);
    assert!(
        refused.contains("line 1") && refused.contains("nowhere"),
        "{refused}"
    );
    assert_eq!(desk.done(&["script", "show", "word", "--text"]), WORD);
    assert!(
        desk.refused(&["script", "set", "other", "--level", "1"])
            .contains("no script other")
    );
    assert_eq!(
        desk.done(&["script", "log", "word"]),
        "word has no error.\n"
    );
    desk.done(&["script", "remove", "word"]);
    assert!(
        desk.refused(&["script", "show", "word"])
            .contains("no script word")
    );
}

#[tokio::test]
async fn a_script_follows_a_file_that_the_command_line_names() {
    let desk = Desk::new().await;
    desk.done(&["script", "add", "word", "--location", "word.py"]);
    let card = desk.done(&["script", "show", "word"]);
    let path = fs::canonicalize(desk.path("word.py")).unwrap();
    assert!(
        card.contains(&format!("location     file {}", path.display())),
        "{card}"
    );
    let changed = WORD.replace("\"one\"", "\"two\"");
    fs::write(&path, &changed).unwrap();
    desk.done(&["script", "enable", "word"]);
    assert_eq!(desk.done(&["script", "show", "word", "--text"]), changed);
    desk.done(&["script", "set", "word", "--file", "word.py"]);
    assert!(
        desk.done(&["script", "show", "word"])
            .contains("location     store")
    );
}

#[tokio::test]
async fn the_default_method_loads_is_enabled_and_can_be_recovered_from() {
    let desk = Desk::new().await;
    let shown = |desk: &Desk| desk.done(&["acr", "default"]);
    assert!(shown(&desk).starts_with("simple_password_auth, because no script"));
    desk.done(&["script", "add", "word", "--file", "word.py"]);
    let refused = desk.refused(&["acr", "default", "word"]);
    assert!(refused.contains("word is disabled"), "{refused}");
    desk.done(&["script", "enable", "word"]);
    assert!(shown(&desk).starts_with("word, the enabled script of the highest level"));
    assert!(
        desk.done(&["acr", "default", "word"])
            .starts_with("word, as chosen")
    );
    assert!(desk.done(&["script", "list"]).contains("default"));
    for refused in [
        desk.refused(&["script", "disable", "word"]),
        desk.refused(&["script", "remove", "word"]),
        desk.refused(&["script", "set", "word", "--usage", "service"]),
    ] {
        assert!(
            refused.contains("word is the default login method"),
            "{refused}"
        );
    }
    assert!(
        desk.refused(&["acr", "default", "nowhere"])
            .contains("no login method nowhere")
    );
    // A script that broke after it was chosen, in a way that no command allows.
    let mut tx = desk.premises.store.begin().await.unwrap();
    tx.execute("UPDATE scripts SET source = 'import nowhere'", &[])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let refused = desk.refused(&["acr", "default", "word"]);
    assert!(refused.contains("nowhere"), "{refused}");
    let said = desk.done(&["acr", "recover"]);
    assert!(said.contains("The password is enough now"), "{said}");
    assert!(shown(&desk).contains("because of `sallyport acr recover`"));
    desk.done(&["script", "disable", "word"]);
    assert!(
        desk.done(&["acr", "default", "--forget"])
            .contains("no script is enabled")
    );
}
