//! The pages inside the binary.

use std::sync::LazyLock;

use minijinja::{Environment, Error, UndefinedBehavior};

use crate::template;

macro_rules! pages {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../embedded/pages/", $name)))),*]
    };
}

/// Name and text of every embedded page and of the parts that pages share.
pub(crate) const PAGES: &[(&str, &str)] = pages![
    "auth/cas2/cas2login.xhtml",
    "auth/otp/enroll.xhtml",
    "auth/otp/otplogin.xhtml",
    "auth/otp_email/otp_email.xhtml",
    "again.xhtml",
    "auth/otp_sms/otp_sms.xhtml",
    "auth/password_expiry/newpassword.xhtml",
    "auth/saml/samllogin.xhtml",
    "auth/twiliosms/twiliosms.xhtml",
    "authorize.xhtml",
    "demo/client.xhtml",
    "demo/index.xhtml",
    "demo/phone.xhtml",
    "error.xhtml",
    "layout.xhtml",
    "login.xhtml",
    "logout.xhtml",
    "parts/delivery.xhtml",
    "parts/field_messages.xhtml",
    "parts/hidden_fields.xhtml",
    "parts/logo.xhtml",
    "parts/messages.xhtml",
    "parts/other_method.xhtml",
    "parts/passcode_buttons.xhtml",
    "parts/time_left.xhtml",
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = template::environment(None);
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_loader(|name| Ok(find(name)));
    environment
});

/// The text of an embedded page.
pub(crate) fn find(name: &str) -> Option<&'static str> {
    PAGES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

pub(crate) fn render(name: &str, context: minijinja::Value) -> Result<String, Error> {
    ENVIRONMENT.get_template(name)?.render(context)
}

#[cfg(test)]
mod tests {
    use minijinja::{Value, value::Serde};

    use super::*;
    use crate::samples;

    #[test]
    fn every_page_finds_all_it_needs_in_the_documented_context() {
        let mut strict = template::environment(None);
        strict.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        strict.set_loader(|name| Ok(find(name)));
        for mut sample in samples::all() {
            sample.context["nonce"] = "n".into();
            let page = strict.get_template(sample.page).unwrap();
            let html = page.render(Value::from(Serde(&sample.context)));
            assert!(html.unwrap().ends_with("</html>"), "{}", sample.name);
        }
    }

    #[test]
    fn every_page_survives_an_empty_context() {
        for (name, _) in PAGES {
            assert!(
                render(name, Value::from_pairs([("nonce", "n")])).is_ok(),
                "{name}"
            );
        }
    }
}
