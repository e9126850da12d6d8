//! Modules that scripts share: the folder `python/libs` of the home.

use std::fs;

use sallyport_script::Language;

use crate::{PASSWORD, RelyingParty, TestApp, scripts::acrs};

const WORD: &str = include_str!("sources/word.py");
const BASIC: &str = include_str!("sources/basic.py");

fn library(app: &TestApp, file: &str, text: &str) {
    let path = app.home.path().join("python/libs").join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The script `word`, with these lines before its class.
fn importing(lines: &str) -> String {
    WORD.replace("WORD = \"one\"\n", &format!("WORD = \"one\"\n{lines}\n"))
}

async fn put(app: &TestApp, name: &str, text: &str) {
    let language = Language::declared_in(text).unwrap_or(Language::Python2);
    app.script(name, text, language, &[]).await;
}

async fn look(app: &TestApp) {
    app.app.flow.look_at_scripts().await.unwrap();
}

async fn error_of(app: &TestApp, name: &str) -> String {
    acrs(app).await;
    app.entry(name).await.error.unwrap_or_default()
}

#[tokio::test]
async fn modules_packages_and_names_with_a_dash_are_imported() {
    let app = TestApp::bare().await;
    library(
        &app,
        "plain.py",
        "from pack import part\nWORD = part.word()\n",
    );
    library(
        &app,
        "pack/__init__.py",
        "from .base import LETTERS\nNAME = __name__\n",
    );
    library(&app, "pack/base.py", "LETTERS = ['t', 'w', 'o']\n");
    library(
        &app,
        "pack/part.py",
        "from . import LETTERS\nfrom .base import LETTERS as again\ndef word():\n    return ''.join(LETTERS) if again is LETTERS else 'twice'\n",
    );
    library(
        &app,
        "casa-external_sms.py",
        "class Method:\n    word = 'dash'\n",
    );
    let script = importing(
        "import plain\nimport pack.part\nfrom pack import *\nmodule = __import__(\"casa-external_\" + \"sms\", globals(), locals(), [\"Method\"], -1)\nprint(\"Found\", plain.WORD, pack.part.word(), NAME, module.Method.word, module.__name__)",
    );
    put(&app, "word", &script).await;
    assert_eq!(error_of(&app, "word").await, "");
    let log = app.script_log();
    assert!(
        log.contains("Found two two pack dash casa-external_sms"),
        "{log}"
    );
}

#[tokio::test]
async fn a_module_is_in_the_language_of_its_script_unless_it_says_otherwise() {
    let app = TestApp::bare().await;
    library(
        &app,
        "old.py",
        "print \"Half is\", 7 / 2\ndef has(d):\n    return d.has_key('x')\n",
    );
    library(
        &app,
        "new.py",
        "# sallyport: language=python3\nHALF = 7 / 2\n",
    );
    let both = BASIC.replace(
        "import java\n",
        "import java\nimport old\nimport new\nprint \"New half is\", new.HALF, old.has({'x': 1})\n",
    );
    put(&app, "basic", &both).await;
    assert_eq!(error_of(&app, "basic").await, "");
    let log = app.script_log();
    assert!(
        log.contains("Half is 3\n") || log.contains("Half is 3 "),
        "{log}"
    );
    assert!(log.contains("New half is 3.5 True"), "{log}");
    put(&app, "word", &importing("import old")).await;
    let error = error_of(&app, "word").await;
    assert!(
        error.contains("libs/old.py, line 1"),
        "Python 3 reads it otherwise: {error}"
    );
}

#[tokio::test]
async fn each_script_has_its_own_copy_of_what_a_module_keeps() {
    let app = TestApp::bare().await;
    library(&app, "shelf.py", "names = []\n");
    for name in ["first", "second"] {
        let keep = format!(
            "import shelf\nshelf.names.append({name:?})\nprint(\"Kept\", \"+\".join(shelf.names))"
        );
        put(&app, name, &importing(&keep)).await;
    }
    assert_eq!(acrs(&app).await.len(), 3);
    let log = app.script_log();
    assert!(
        log.contains("Kept first") && log.contains("Kept second"),
        "{log}"
    );
    assert!(!log.contains('+'), "{log}");
}

#[tokio::test]
async fn a_module_that_is_missing_is_said_in_one_line_at_load() {
    let app = TestApp::bare().await;
    put(&app, "word", &importing("import absent")).await;
    let error = error_of(&app, "word").await;
    let line = error.lines().next().unwrap();
    assert!(
        line.ends_with("word.py, line 10: Python module 'absent' is not available to scripts"),
        "{line}"
    );
    library(&app, "half.py", "import json\nimport nowhere\n");
    put(&app, "word", &importing("import half")).await;
    let error = error_of(&app, "word").await;
    let line = error.lines().next().unwrap();
    assert!(
        line.contains("libs/half.py, line 2: ") && line.contains("'nowhere'"),
        "{line}"
    );
    assert!(
        error.contains("File \"word.py\", line 10, in <module>"),
        "{error}"
    );
    library(&app, "wrong.py", "x = (\n");
    put(&app, "word", &importing("import wrong")).await;
    let error = error_of(&app, "word").await;
    assert!(error.contains("libs/wrong.py, line"), "{error}");
    let late = importing("").replace(
        "        if step == 1:",
        "        try:\n            __import__(\"ab\" + \"sent\")\n        except ImportError as error:\n            print(\"Late:\", error)\n        if step == 1:",
    );
    put(&app, "word", &late).await;
    assert_eq!(error_of(&app, "word").await, "");
    app.public_client("app").await;
    app.person("alice").await;
    let party = RelyingParty::new("app").with("acr_values", "word");
    let page = party.first_step(&mut app.browser(), "alice").await;
    assert_eq!(page.heading(), "Enter the code", "{PASSWORD}");
    let log = app.script_log();
    assert!(
        log.contains("Late: Python module 'absent' is not available to scripts"),
        "{log}"
    );
}

#[tokio::test]
async fn a_changed_module_loads_the_scripts_that_use_it_again_and_a_broken_one_does_not() {
    let app = TestApp::bare().await;
    library(&app, "greeting.py", "from tone import TONE\n");
    library(&app, "tone.py", "TONE = 'soft'\n");
    put(
        &app,
        "word",
        &importing("import greeting\nprint(\"Tone is\", greeting.TONE)"),
    )
    .await;
    put(&app, "other", &importing("print(\"Other. Loaded\")")).await;
    look(&app).await;
    let count = |text: &str| app.script_log().matches(text).count();
    library(&app, "tone.py", "TONE = 'loud!'\n");
    look(&app).await;
    assert_eq!((count("Tone is soft"), count("Tone is loud!")), (1, 1));
    assert_eq!(count("Other. Loaded"), 1, "it does not use it");
    assert_eq!(count("Destroyed with"), 1, "the one before is cleaned up");
    library(&app, "tone.py", "TONE = (\n");
    look(&app).await;
    let error = app.entry("word").await.error.unwrap();
    assert!(error.contains("libs/tone.py"), "{error}");
    assert!(
        acrs(&app).await.contains(&"word".to_owned()),
        "what ran goes on"
    );
    library(&app, "tone.py", "TONE = 'calm'\n");
    look(&app).await;
    assert_eq!(app.entry("word").await.error, None);
    assert_eq!(count("Tone is calm"), 1);
    let restarted = importing("import later");
    put(&app, "word", &restarted).await;
    assert!(error_of(&app, "word").await.contains("'later'"));
    library(&app, "later.py", "");
    look(&app).await;
    assert_eq!(app.entry("word").await.error, None, "it came later");
}
