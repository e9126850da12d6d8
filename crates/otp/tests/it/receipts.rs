//! What claims to be a receipt and is none.

use http::{Method, header};
use sallyport_otp::{Gateway, Limits};

use crate::app::App;

#[tokio::test]
async fn a_receipt_that_proves_nothing_is_answered_in_words_of_its_own() {
    let url = "http://127.0.0.1:1/".parse().unwrap();
    let gateway = Gateway::webhook(url, "0123456789abcdef".into());
    let app = App::with(Limits::default(), gateway).await;
    let id = "019ab4f0-6f4e-7c52-b3a1-0e7d0c1a9f55";
    for (path, signature) in [
        (
            format!("/sallyport/v1/gateways/webhook/receipts/{id}"),
            "t=1,v1=00",
        ),
        (format!("/sallyport/v1/gateways/webhook/receipts/{id}"), ""),
        (format!("/sallyport/v1/gateways/nobody/receipts/{id}"), ""),
        ("/sallyport/v1/gateways/webhook/receipts/1".to_owned(), ""),
    ] {
        let mut request = app.request(Method::POST, &path, r#"{"state": "delivered"}"#);
        request.headers_mut().remove(header::AUTHORIZATION);
        let signature = signature.parse().unwrap();
        request
            .headers_mut()
            .insert("sallyport-signature", signature);
        let answer = app.call(request).await;
        assert_eq!(
            answer.refusal(),
            (401, "unauthorized_credentials"),
            "{path}"
        );
        let words = answer.text("error_message");
        assert!(words.contains("receipt"), "{words}");
        assert!(
            !words.contains("Basic") && !words.contains("project"),
            "{words}"
        );
    }
}
