//! Contexts as `docs/customisation.md` describes them, one or more for each page.

use serde_json::{Value, json};

pub struct Sample {
    pub name: &'static str,
    pub page: &'static str,
    pub context: Value,
}

fn sample(name: &'static str, page: &'static str, context: Value) -> Sample {
    Sample {
        name,
        page,
        context,
    }
}

pub fn all() -> Vec<Sample> {
    let mut samples = login();
    samples.extend(passcode());
    samples.extend(authenticator());
    samples.extend(new_password());
    samples.extend(consent_and_logout());
    samples.extend(demo());
    samples
}

fn login() -> Vec<Sample> {
    let page = "login.xhtml";
    let mut first = json!({
        "form_action": "/oxauth/login.htm", "csrf": "c5rf", "login": "h4ndle",
        "username": null, "messages": [], "client_name": "Riverbank Books",
        "forgot_link": null, "cancel_link": "/oxauth/restv1/authorize/cancel?login=h4ndle",
        "step": 1, "steps": 2, "working": {},
        "proof": { "challenge": "1795512600.bWFyaw", "bits": 16, "wait_seconds": null },
    });
    let mut samples = vec![sample("login", page, first.clone())];
    first["proof"]["wait_seconds"] = json!(20);
    first["username"] = json!("alice");
    first["forgot_link"] = json!("/identity/person/passwordReminder.htm");
    first["messages"] = json!([{ "severity": "error", "text": "That name and password do not match. Check both, and try again.", "about": "field" }]);
    samples.push(sample("login-wrong", page, first.clone()));
    first["working"]["other_method"] = json!("totp");
    first["messages"] = json!([{ "severity": "error", "text": "The text message service is not available right now. Please try again later.", "about": "page" }]);
    samples.push(sample("login-other-method", page, first));
    samples
}

fn passcode() -> Vec<Sample> {
    let page = "auth/otp_sms/otp_sms.xhtml";
    let first = json!({
        "form_action": "/oxauth/auth/otp_sms/otp_sms.htm", "csrf": "c5rf", "login": "h4ndle",
        "masked_number": "+1 ••• ••• ••62", "messages": [], "client_name": "Riverbank Books",
        "seconds_left": 300, "resend_in": 30,
        "host": "login.example.com",
        "cancel_link": "/oxauth/restv1/authorize/cancel?login=h4ndle",
        "step": 2, "steps": 2,
        "working": {
            "notice": "Text messages can be intercepted. Where you are offered another way to sign in, it is the safer one.",
        },
    });
    let mut mail = first.clone();
    mail["working"] = json!({ "sent_to": "a••••@example.com" });
    let mut wrong = first.clone();
    wrong["messages"] = json!([{ "severity": "Error", "text": "Incorrect SMS code, please try again.", "about": "field" }]);
    wrong["seconds_left"] = json!(142);
    wrong["resend_in"] = json!(0);
    let mut early = first.clone();
    early["messages"] = json!([{ "severity": "error", "text": "Please wait 28 seconds before you ask for another code.", "about": "page" }]);
    let mut again = first.clone();
    again["working"]["other_method"] = json!("totp");
    again["messages"] = json!([{ "severity": "info", "text": "A new code is on its way. The old one no longer works.", "about": "page" }]);
    let mut undelivered = first.clone();
    undelivered["working"]["other_method"] = json!("totp");
    undelivered["working"]["not_delivered"] = json!(true);
    undelivered["seconds_left"] = json!(262);
    undelivered["resend_in"] = json!(0);
    let mut once = first.clone();
    once["resend_in"] = json!(null);
    once["seconds_left"] = json!(null);
    let mut expired = first.clone();
    expired["seconds_left"] = json!(0);
    expired["resend_in"] = json!(0);
    expired["messages"] = json!([{ "severity": "error", "text": "This code no longer works. Ask for a new one.", "about": "field" }]);
    vec![
        sample("otp", page, first),
        sample("otp-mail", "auth/otp_email/otp_email.xhtml", mail),
        sample("otp-wrong", page, wrong),
        sample("otp-early", page, early),
        sample("otp-again", page, again),
        sample("otp-undelivered", page, undelivered),
        sample("otp-once", page, once),
        sample("otp-expired", page, expired),
    ]
}

fn authenticator() -> Vec<Sample> {
    let mut context = json!({
        "form_action": "/oxauth/auth/otp/enroll.htm", "csrf": "c5rf", "login": "h4ndle",
        "messages": [], "client_name": "Riverbank Books", "step": 2, "steps": 2,
        "cancel_link": "/oxauth/restv1/authorize/cancel?login=h4ndle",
        "working": {
            "otpauth_uri": "otpauth://totp/login.example.com:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=login.example.com&algorithm=SHA1&digits=6&period=30",
            "secret": "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
        },
    });
    let (enroll, login) = ("auth/otp/enroll.xhtml", "auth/otp/otplogin.xhtml");
    let mut samples = vec![
        sample("totp-enroll", enroll, context.clone()),
        sample("totp", login, context.clone()),
    ];
    context["messages"] = json!([{ "severity": "error", "text": "This code is not right. Check that the clock of your phone is right, and enter the newest code.", "about": "field" }]);
    samples.push(sample("totp-enroll-wrong", enroll, context.clone()));
    samples.push(sample("totp-wrong", login, context));
    samples
}

fn new_password() -> Vec<Sample> {
    let page = "auth/password_expiry/newpassword.xhtml";
    let mut context = json!({
        "form_action": "/oxauth/auth/password_expiry/newpassword.htm", "csrf": "c5rf", "login": "h4ndle",
        "messages": [], "client_name": "Riverbank Books", "step": 2, "steps": 2,
        "cancel_link": "/oxauth/restv1/authorize/cancel?login=h4ndle",
        "working": { "username": "alice", "min_length": 12 },
    });
    let mut samples = vec![sample("new-password", page, context.clone())];
    context["messages"] = json!([{ "severity": "error", "text": "That is your old password. Choose another one.", "about": "field" }]);
    samples.push(sample("new-password-wrong", page, context));
    samples
}

fn consent_and_logout() -> Vec<Sample> {
    let consent = json!({
        "form_action": "/oxauth/authorize.htm", "csrf": "c5rf", "login": "h4ndle",
        "client_name": "Riverbank Books", "client_host": "books.example", "person": "alice",
        "messages": [], "claims": [],
        "scopes": [
            { "name": "openid", "description": "Know who you are" },
            { "name": "profile", "description": "See your name and picture" },
            { "name": "email", "description": "See your e-mail address" },
            { "name": "offline_access", "description": "Stay signed in when you are away" },
        ],
    });
    let confirm = json!({
        "done": false, "form_action": "/oxauth/logout.htm", "csrf": "c5rf", "login": null,
        "client_name": "Riverbank Books", "person": "alice",
    });
    let done = json!({ "done": true, "client_name": "Riverbank Books", "continue_link": "https://books.example/bye" });
    let again = json!({
        "form_action": "/oxauth/postlogin.htm", "marker": "posted_again",
        "fields": [["SAMLResponse", "PHNhbWw+"], ["RelayState", "r1"]],
    });
    vec![
        sample("again", "again.xhtml", again),
        sample("authorize", "authorize.xhtml", consent),
        sample("logout", "logout.xhtml", confirm),
        sample("logout-done", "logout.xhtml", done),
    ]
}

fn demo() -> Vec<Sample> {
    let index = json!({
        "phone_link": "/demo/phone", "client_link": "/demo", "password": "sally-port-demo",
        "people": [
            { "uid": "alice", "name": "Alice Archer", "number": "+12125550162" },
            { "uid": "bruno", "name": "Bruno Bridge", "number": "+13105550137" },
            { "uid": "chen", "name": "Chen Castle", "number": "+14165550184" },
        ],
        "facts": [
            { "name": "Issuer", "value": "http://localhost:8080", "href": null },
            { "name": "Discovery", "value": "http://localhost:8080/.well-known/openid-configuration", "href": "/.well-known/openid-configuration" },
            { "name": "Passcode service", "value": "http://127.0.0.1:8081", "href": null },
        ],
    });
    let start = json!({ "start_link": "/demo/start", "phone_link": "/demo/phone", "messages": [] });
    let failed = json!({ "start_link": "/demo/start", "phone_link": "/demo/phone", "messages": [{ "severity": "error", "text": "The sign-in was cancelled.", "about": "page" }] });
    let shown = json!({
        "name": "Alice Archer", "sign_out_link": "/oxauth/restv1/end_session?id_token_hint=x",
        "id_token_claims": [
            { "name": "iss", "value": "http://localhost:8080" },
            { "name": "sub", "value": "019ab3c2-6f0e-7c55-9a1c-0d3f5a2f6b11" },
            { "name": "aud", "value": "demo" },
            { "name": "acr", "value": "stytch", "note": "the sign-in method" },
            { "name": "amr", "value": "[\"50\",\"pwd\",\"sms\",\"otp\"]" },
            { "name": "auth_time", "value": "1795512600", "note": "24 Nov 2026, 09:30 UTC" },
            { "name": "at_hash", "value": "77QmUPtjPfzWtF2AnpK9RQ" },
        ],
        "userinfo_claims": [
            { "name": "sub", "value": "019ab3c2-6f0e-7c55-9a1c-0d3f5a2f6b11" },
            { "name": "name", "value": "Alice Archer" },
            { "name": "email", "value": "alice@example.com" },
        ],
    });
    let phone = json!({ "messages": [
        { "to": "+12125550162", "at": "2026-11-24T09:31:07Z", "body": "482913 is your Sallyport code. Never share it.\n\n@localhost #482913" },
        { "to": "+13105550137", "at": "2026-11-24T09:28:40Z", "body": "070551 is your Sallyport code. Never share it.\n\n@localhost #070551" },
    ] });
    vec![
        sample("demo-index", "demo/index.xhtml", index),
        sample("demo-start", "demo/client.xhtml", start),
        sample("demo-failed", "demo/client.xhtml", failed),
        sample("demo-client", "demo/client.xhtml", shown),
        sample("demo-phone", "demo/phone.xhtml", phone),
        sample(
            "demo-phone-empty",
            "demo/phone.xhtml",
            json!({ "messages": [] }),
        ),
    ]
}
