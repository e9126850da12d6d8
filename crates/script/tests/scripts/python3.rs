use sallyport_script::{Answer, Call, Returned, Scene};

use crate::desk::{Desk, nobody, with_body};

async fn eval(body: &str) -> Returned {
    let desk = Desk::new();
    let text = format!("# sallyport: language=python3\n{}", with_body(body));
    let script = desk.load(&text).await;
    desk.call(
        &script,
        Scene::default(),
        Call::GetPageForStep { step: 1 },
        nobody,
    )
    .await
    .0
    .unwrap()
}

#[tokio::test]
async fn python_3_is_left_as_it_is() {
    let body = "import base64, json, re, hmac, hashlib, secrets\nfrom datetime import datetime\nfrom dataclasses import dataclass\nfrom urllib.parse import quote\nx = base64.b64encode(b'a').decode()\nassert len(secrets.token_hex(4)) == 8 and 7 / 2 == 3.5\nassert hmac.new(b'k', b'm', hashlib.sha256).hexdigest()\n@dataclass\nclass P:\n    n: int\nmatch P(3):\n    case P(n=3):\n        return f'{x}-{quote(\"a b\")}-{\"é\"}'\n";
    assert_eq!(eval(body).await, Returned::Text("YQ==-a%20b-é".into()));
}

#[tokio::test]
async fn the_java_names_are_the_same() {
    let body = "from java.util import Arrays\nfrom org.gluu.util import StringHelper\nreturn Arrays.asList('a', str(StringHelper.isEmpty('')))";
    assert_eq!(
        eval(body).await,
        Returned::Texts(vec!["a".into(), "True".into()])
    );
}

#[tokio::test]
async fn text_goes_out_as_utf_8() {
    let desk = Desk::new();
    let body = "from org.gluu.service.cdi.util import CdiUtil\nfrom org.gluu.oxauth.service.net import HttpService\nhttp = CdiUtil.bean(HttpService)\nhttp.executePost(http.getHttpsClient(), 'https://x/', None, None, 'é')\nreturn ''";
    let text = format!("# sallyport: language=python3\n{}", with_body(body));
    let script = desk.load(&text).await;
    let host = |question| {
        let sallyport_script::Question::Http { body, headers, .. } = question else {
            panic!("not http")
        };
        assert_eq!(body, "é".as_bytes());
        assert!(headers.is_empty());
        Answer::Unreachable("no".into())
    };
    let (result, _) = desk
        .call(
            &script,
            Scene::default(),
            Call::GetPageForStep { step: 1 },
            host,
        )
        .await;
    assert!(result.is_ok());
}
