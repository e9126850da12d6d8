use sallyport_script::{Answer, Call, LoadStage, Question, Returned, Scene, Source};

use crate::desk::{Desk, nobody, property, source, with_body};

fn with_init(body: &str) -> String {
    format!(
        "class PersonAuthentication:\n  def __init__(self, now):\n    self.now = now\n  def getApiVersion(self):\n    return 11\n  def init(self, customScript, conf):\n    {body}\n"
    )
}

#[tokio::test]
async fn a_script_loads_when_init_gives_true() {
    let desk = Desk::new();
    let script = desk
        .load(&with_init("print \"Sample Initialization\"; return True"))
        .await;
    assert_eq!(
        (script.name(), script.revision(), script.api_version()),
        ("sample", 1, 11)
    );
    assert_eq!(desk.printed(), ["Sample Initialization"]);
}

#[tokio::test]
async fn init_that_gives_false_or_nothing_refuses() {
    let desk = Desk::new();
    for body in ["return False", "pass"] {
        let error = desk.load_error(&with_init(body)).await;
        assert_eq!(error.stage, LoadStage::Init);
        assert_eq!(
            error.message,
            "sample.py: init did not give true; the script's log says why"
        );
    }
}

#[tokio::test]
async fn init_that_raises_names_the_authors_line() {
    let desk = Desk::new();
    let error = desk
        .load_error(&with_init("conf.get(\"MISSING\").getValue2()"))
        .await;
    assert_eq!((error.stage, error.line), (LoadStage::Init, Some(7)));
    assert!(
        error
            .message
            .starts_with("sample.py, line 7: AttributeError"),
        "{}",
        error.message
    );
    assert!(
        error
            .traceback
            .contains("conf.get(\"MISSING\").getValue2()"),
        "{}",
        error.traceback
    );
}

#[tokio::test]
async fn a_syntax_error_names_the_authors_line() {
    let desk = Desk::new();
    let text = with_body("print \"a\"\nif x\n    return 1");
    let error = desk.load_error(&text).await;
    assert_eq!(error.stage, LoadStage::Compile);
    assert_eq!(error.line, Some(10), "{error:?}");
}

#[tokio::test]
async fn a_missing_class_or_module_is_refused_before_anybody_meets_it() {
    let desk = Desk::new();
    let text = format!(
        "import json\nfrom com.nowhere import Nothing\n{}",
        with_body("return ''")
    );
    let error = desk.load_error(&text).await;
    assert_eq!(
        error.message,
        "sample.py, line 2: Java class 'com.nowhere.Nothing' is not provided by this server"
    );
    assert_eq!((error.stage, error.line), (LoadStage::Construct, Some(2)));

    let error = desk
        .load_error(&with_body("import socket\nreturn ''"))
        .await;
    assert_eq!(
        error.message,
        "sample.py, line 9: Python module 'socket' is not available to scripts: scripts have no sockets"
    );

    let text = format!(
        "import java\n{}",
        with_body("return java.util.zip.ZipFile('x')")
    );
    let error = desk.load_error(&text).await;
    assert_eq!(
        error.message,
        "sample.py, line 10: Java class 'java.util.zip.ZipFile' is not provided by this server"
    );
}

#[tokio::test]
async fn a_script_without_the_class_is_refused() {
    let error = Desk::new().load_error("x = 1\n").await;
    assert_eq!(
        error.message,
        "sample.py: TypeError: the script has no class PersonAuthentication"
    );
}

#[tokio::test]
async fn properties_are_shown_as_gluu_shows_them() {
    let desk = Desk::new();
    let body = "print conf.containsKey(\"A\"), conf.get(\"A\").getValue2(), conf.get(\"B\"), conf.size(); return conf.get(\"E\").value2 == \"\"";
    let properties = vec![
        property("A", "first"),
        property("A", "https://x/ "),
        property("E", ""),
    ];
    let script = Source {
        properties,
        ..source(&with_init(body))
    };
    desk.try_load(script, crate::desk::nobody).await.unwrap();
    assert_eq!(desk.printed(), ["True https://x/  None 2"]);
}

#[tokio::test]
async fn init_may_ask_the_host() {
    let desk = Desk::new();
    let text = format!(
        "from org.gluu.service.cdi.util import CdiUtil\nfrom org.gluu.oxauth.service.common import EncryptionService\n{}",
        with_init("print CdiUtil.bean(EncryptionService).decrypt(\"x\"); return True")
    );
    let host = |question: Question| {
        assert!(matches!(question, Question::Decrypt { text } if text == "x"));
        Answer::Text(Some("plain".into()))
    };
    desk.try_load(source(&text), host).await.unwrap();
    assert_eq!(desk.printed(), ["plain"]);
}

#[tokio::test]
async fn init_of_an_old_api_version_is_given_the_properties_alone() {
    let desk = Desk::new();
    let text = "class PersonAuthentication:\n  def __init__(self, now):\n    print now\n  def getApiVersion(self):\n    return 1\n  def init(self, conf):\n    return conf.isEmpty()\n";
    let script = desk.load(text).await;
    assert_eq!(script.api_version(), 1);
    assert_eq!(desk.printed(), ["1700000000000"]);
}

#[tokio::test]
async fn every_class_of_the_host_api_can_be_imported() {
    let imports: String = sallyport_script::provided_classes()
        .map(|class| class.name.rsplit_once('.').unwrap())
        .map(|(package, name)| format!("from {package} import {name}\n"))
        .collect();
    assert!(imports.lines().count() > 80);
    Desk::new()
        .load(&format!("{imports}{}", with_body("return ''")))
        .await;
}

#[tokio::test]
async fn a_property_that_holds_the_text_of_a_file_is_opened_in_its_place() {
    let desk = Desk::new();
    let text = with_body("return self.read")
        .replace(
            "        return True\n",
            "        path = configurationAttributes.get(\"FILE\").getValue2()\n        f = open(path, 'r')\n        try:\n            self.read = f.read()\n        finally:\n            f.close()\n        return True\n",
        );
    let with = |value: &str| Source {
        properties: vec![property("FILE", value)],
        ..source(&text)
    };
    let script = desk.try_load(with("{\"a\": 1}"), nobody).await.unwrap();
    let call = Call::GetPageForStep { step: 1 };
    let (result, _) = desk.call(&script, Scene::default(), call, nobody).await;
    assert_eq!(result, Ok(Returned::Text("{\"a\": 1}".into())));
    for path in ["/etc/passwd", "conf/otp.json"] {
        let error = desk.try_load(with(path), nobody).await.err().unwrap();
        assert!(
            error
                .message
                .contains("put the text of the file into the property"),
            "{}",
            error.message
        );
    }
}
