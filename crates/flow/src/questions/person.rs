//! A person as scripts see and change one.

use std::collections::BTreeMap;

use sallyport_base::Secret;
use sallyport_people::Person;

/// The attribute that Gluu's scripts set to give a person another password.
const PASSWORD: &str = "userPassword";

/// A person as scripts see one. Where `phoneNumberVerified` holds a number and no other attribute
/// does, it is shown as `mobile` too: Gluu's scripts take `phoneNumberVerified` for a flag and look
/// for the number elsewhere, while its manual tells people to keep the number there.
pub(crate) fn shown(person: Person) -> sallyport_script::Person {
    let mut attributes = person.attributes.into_map();
    let has_number = NUMBERS.iter().any(|name| attributes.contains_key(*name));
    if !has_number && let Some(number) = verified_number(&attributes) {
        attributes.insert("mobile".to_owned(), vec![number]);
    }
    sallyport_script::Person {
        inum: person.id.to_string(),
        uid: person.uid,
        attributes,
    }
}

/// Where Gluu's scripts look for a number.
const NUMBERS: [&str; 3] = ["employeeNumber", "mobile", "telephoneNumber"];

fn verified_number(attributes: &BTreeMap<String, Vec<String>>) -> Option<String> {
    let value = attributes.get("phoneNumberVerified")?.first()?;
    value
        .bytes()
        .any(|byte| byte.is_ascii_digit())
        .then(|| value.clone())
}

/// The password among attributes, which is none of them. A hash is refused: it would become the
/// password itself.
pub(super) fn take_password(
    attributes: &mut BTreeMap<String, Vec<String>>,
) -> Result<Option<Secret>, &'static str> {
    let name = attributes
        .keys()
        .find(|name| name.eq_ignore_ascii_case(PASSWORD))
        .cloned();
    let values = name.and_then(|name| attributes.remove(&name));
    match values.as_deref() {
        None => Ok(None),
        Some([password]) if is_hash(password) => Err("a password is set in clear, not as a hash"),
        Some([password]) if !password.is_empty() => Ok(Some(Secret::from(password.as_str()))),
        Some(_) => Err("a password is one text, and is not removed by scripts"),
    }
}

/// `{SSHA}…` and the like, as directories keep them (RFC 2307 §5.3).
fn is_hash(password: &str) -> bool {
    password
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'))
        .is_some_and(|(scheme, hash)| {
            !scheme.is_empty()
                && !hash.is_empty()
                && scheme
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}
