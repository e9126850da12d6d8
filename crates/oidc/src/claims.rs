//! What a client may learn of a person: the standard claims of OpenID Connect Core §5.1 and two of
//! Gluu's, from attributes with Gluu's names.

use sallyport_people::Person;
use serde_json::{Map, Value, json};

use crate::scope::{Scope, Scopes};

/// The value of a claim.
#[derive(Clone, Copy)]
enum From {
    /// The first of these attributes that the person has.
    Attribute(&'static [&'static str]),
    /// Whether the attribute says `true`, of a person who has an e-mail address.
    EmailFlag(&'static str),
    /// The number of one of these attributes, or the one that the manual of the Stytch script keeps
    /// in `phoneNumberVerified`.
    PhoneNumber(&'static [&'static str]),
    /// Whether `phoneNumberVerified` says `true`, or is the number itself.
    PhoneFlag,
    /// A member of the claim `address` (§5.1.1).
    AddressMember(&'static str),
    /// When the person was last changed, in seconds.
    UpdatedAt,
}

const PHONE_FLAG: &str = "phoneNumberVerified";

#[rustfmt::skip]
const TABLE: &[(Scope, &str, From)] = &[
    (Scope::Profile, "name", From::Attribute(&["displayName", "cn"])),
    (Scope::Profile, "given_name", From::Attribute(&["givenName"])),
    (Scope::Profile, "family_name", From::Attribute(&["sn"])),
    (Scope::Profile, "middle_name", From::Attribute(&["middleName"])),
    (Scope::Profile, "nickname", From::Attribute(&["nickname"])),
    (Scope::Profile, "preferred_username", From::Attribute(&["preferredUsername", "uid"])),
    (Scope::Profile, "profile", From::Attribute(&["profile"])),
    (Scope::Profile, "picture", From::Attribute(&["picture"])),
    (Scope::Profile, "website", From::Attribute(&["website"])),
    (Scope::Profile, "gender", From::Attribute(&["gender"])),
    (Scope::Profile, "birthdate", From::Attribute(&["birthdate"])),
    (Scope::Profile, "zoneinfo", From::Attribute(&["zoneinfo"])),
    (Scope::Profile, "locale", From::Attribute(&["locale", "preferredLanguage"])),
    (Scope::Profile, "updated_at", From::UpdatedAt),
    (Scope::Email, "email", From::Attribute(&["mail"])),
    (Scope::Email, "email_verified", From::EmailFlag("emailVerified")),
    (Scope::Address, "formatted", From::AddressMember("homePostalAddress")),
    (Scope::Address, "street_address", From::AddressMember("street")),
    (Scope::Address, "locality", From::AddressMember("l")),
    (Scope::Address, "region", From::AddressMember("st")),
    (Scope::Address, "postal_code", From::AddressMember("postalCode")),
    (Scope::Address, "country", From::AddressMember("c")),
    (Scope::Phone, "phone_number", From::PhoneNumber(&["telephoneNumber", "mobile"])),
    (Scope::Phone, "phone_number_verified", From::PhoneFlag),
    (Scope::MobilePhone, "phone_mobile_number", From::Attribute(&["mobile"])),
    (Scope::UserName, "user_name", From::Attribute(&["uid"])),
];

/// The claims that `scopes` open, `sub` always among them. What is not known is left out.
pub(crate) fn about(person: &Person, scopes: &Scopes) -> Value {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!(person.id));
    let mut address = Map::new();
    for (_, name, from) in TABLE.iter().filter(|(scope, ..)| scopes.contains(*scope)) {
        let target = match from {
            From::AddressMember(_) => &mut address,
            _ => &mut claims,
        };
        if let Some(value) = value(person, *from, target) {
            target.insert((*name).to_owned(), value);
        }
    }
    if !address.is_empty() {
        claims.insert("address".to_owned(), Value::Object(address));
    }
    Value::Object(claims)
}

fn value(person: &Person, from: From, before: &Map<String, Value>) -> Option<Value> {
    match from {
        From::Attribute(names) => first_of(person, names).map(|text| json!(text)),
        From::PhoneNumber(names) => first_of(person, names)
            .or_else(|| {
                person
                    .attributes
                    .first(PHONE_FLAG)
                    .filter(|text| text.starts_with('+'))
            })
            .map(|text| json!(text)),
        From::AddressMember(name) => person.attributes.first(name).map(|text| json!(text)),
        From::EmailFlag(name) => before.get("email").map(|_| json!(is_true(person, name))),
        From::PhoneFlag => before.get("phone_number").map(|number| {
            let is_number = person.attributes.first(PHONE_FLAG) == number.as_str();
            json!(is_number || is_true(person, PHONE_FLAG))
        }),
        From::UpdatedAt => Some(json!(person.updated_at.as_seconds())),
    }
}

fn first_of<'a>(person: &'a Person, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| person.attributes.first(name))
}

fn is_true(person: &Person, attribute: &str) -> bool {
    let value = person.attributes.first(attribute);
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The names for discovery, in the order of the table; an address counts as one.
pub(crate) fn names() -> Vec<&'static str> {
    let mut names = vec!["sub"];
    for (_, name, from) in TABLE {
        match from {
            From::AddressMember(_) if names.contains(&"address") => {}
            From::AddressMember(_) => names.push("address"),
            _ => names.push(name),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sallyport_base::{Clock, Random, Timestamp, testing::ScratchStore};
    use sallyport_people::{Argon2Params, Hasher, NewPerson, People};

    use super::*;

    async fn person(attributes: &[(&str, &str)]) -> Person {
        let scratch = ScratchStore::new(&[sallyport_people::SCHEMA]).await;
        let hasher = Hasher::start(1, 1, Argon2Params::default());
        let people = People::new(scratch.store.clone(), Random::system(), hasher);
        let attributes: BTreeMap<String, Vec<String>> = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
            .collect();
        let new = NewPerson {
            uid: "alice".to_owned(),
            attributes,
            password: None,
        };
        people
            .add(
                new,
                Clock::manual(Timestamp::from_seconds(1_800_000_000)).now(),
            )
            .await
            .unwrap()
    }

    fn told(person: &Person, scope: &str) -> Value {
        let mut claims = about(person, &Scopes::known_in(scope));
        assert_eq!(claims["sub"], json!(person.id));
        claims.as_object_mut().unwrap().remove("sub");
        claims
    }

    #[tokio::test]
    async fn every_standard_claim_comes_from_gluus_attribute() {
        let alice = person(&[
            ("displayName", "Alice Arden"),
            ("givenName", "Alice"),
            ("sn", "Arden"),
            ("middleName", "Maria"),
            ("nickname", "Al"),
            ("preferredUsername", "al"),
            ("profile", "https://a.example"),
            ("picture", "https://a.example/p.png"),
            ("website", "https://w.example"),
            ("gender", "female"),
            ("birthdate", "1990-01-02"),
            ("zoneinfo", "Europe/Paris"),
            ("locale", "en-GB"),
            ("mail", "alice@example.com"),
            ("emailVerified", "true"),
            ("homePostalAddress", "1 High Street"),
            ("street", "High Street 1"),
            ("l", "London"),
            ("st", "Greater London"),
            ("postalCode", "N1"),
            ("c", "GB"),
            ("mobile", "+15550000001"),
            ("telephoneNumber", "+15550000002"),
            ("phoneNumberVerified", "true"),
        ])
        .await;
        assert_eq!(told(&alice, "openid"), json!({}));
        assert_eq!(
            told(&alice, "openid profile"),
            json!({
                "name": "Alice Arden", "given_name": "Alice", "family_name": "Arden",
                "middle_name": "Maria", "nickname": "Al", "preferred_username": "al",
                "profile": "https://a.example", "picture": "https://a.example/p.png",
                "website": "https://w.example", "gender": "female", "birthdate": "1990-01-02",
                "zoneinfo": "Europe/Paris", "locale": "en-GB", "updated_at": 1_800_000_000,
            })
        );
        assert_eq!(
            told(&alice, "openid email"),
            json!({ "email": "alice@example.com", "email_verified": true })
        );
        assert_eq!(
            told(&alice, "openid address"),
            json!({ "address": {
                "formatted": "1 High Street", "street_address": "High Street 1",
                "locality": "London", "region": "Greater London", "postal_code": "N1",
                "country": "GB",
            } })
        );
        assert_eq!(
            told(&alice, "openid phone"),
            json!({ "phone_number": "+15550000002", "phone_number_verified": true })
        );
        assert_eq!(
            told(&alice, "user_name mobile_phone"),
            json!({ "user_name": "alice", "phone_mobile_number": "+15550000001" })
        );
        let everything = Scope::ALL.map(Scope::name).join(" ");
        let claims = told(&alice, &everything);
        for name in names() {
            assert!(name == "sub" || claims.get(name).is_some(), "{name}");
        }
    }

    #[tokio::test]
    async fn what_is_not_known_is_left_out() {
        let nobody = person(&[]).await;
        assert_eq!(
            told(&nobody, "openid profile email address phone"),
            json!({ "preferred_username": "alice", "updated_at": 1_800_000_000 })
        );
    }

    #[tokio::test]
    async fn a_number_that_is_kept_in_the_flag_is_one() {
        let alice = person(&[("phoneNumberVerified", "+15550000001")]).await;
        assert_eq!(
            told(&alice, "phone"),
            json!({ "phone_number": "+15550000001", "phone_number_verified": true })
        );
        let bruno = person(&[("phoneNumberVerified", "true")]).await;
        assert_eq!(told(&bruno, "phone"), json!({}));
    }

    #[tokio::test]
    async fn a_number_is_verified_when_the_flag_says_so_or_is_the_number() {
        for (flag, verified) in [
            (None, false),
            (Some("false"), false),
            (Some("true"), true),
            (Some("TRUE"), true),
            (Some("+15550000001"), true),
            (Some("+15550000009"), false),
        ] {
            let mut attributes = vec![("mobile", "+15550000001")];
            attributes.extend(flag.map(|flag| ("phoneNumberVerified", flag)));
            let claims = told(&person(&attributes).await, "phone");
            assert_eq!(claims["phone_number_verified"], json!(verified), "{flag:?}");
        }
    }
}
