//! Alice, Bruno and Chen, of whom every standard claim is known.

use std::collections::BTreeMap;

use sallyport_base::{Secret, Timestamp};
use sallyport_people::{NewPerson, People, PeopleError};

/// The password of all three.
pub const PASSWORD: &str = "sally-port-demo";

struct Profile {
    uid: &'static str,
    given: &'static str,
    middle: &'static str,
    family: &'static str,
    gender: &'static str,
    birthdate: &'static str,
    zoneinfo: &'static str,
    locale: &'static str,
    number: &'static str,
    street: &'static str,
    city: &'static str,
    state: &'static str,
    postal_code: &'static str,
    country: &'static str,
}

/// The numbers are of the range that is kept for stories, so that nobody has them.
const PROFILES: [Profile; 3] = [
    Profile {
        uid: "alice",
        given: "Alice",
        middle: "May",
        family: "Archer",
        gender: "female",
        birthdate: "1988-04-12",
        zoneinfo: "America/New_York",
        locale: "en-US",
        number: "+12025550101",
        street: "12 Drawbridge Lane",
        city: "Washington",
        state: "DC",
        postal_code: "20001",
        country: "US",
    },
    Profile {
        uid: "bruno",
        given: "Bruno",
        middle: "Luca",
        family: "Bridge",
        gender: "male",
        birthdate: "1975-11-30",
        zoneinfo: "America/Los_Angeles",
        locale: "en-US",
        number: "+12025550102",
        street: "4 Portcullis Court",
        city: "Washington",
        state: "DC",
        postal_code: "20002",
        country: "US",
    },
    Profile {
        uid: "chen",
        given: "Chen",
        middle: "Wei",
        family: "Castle",
        gender: "male",
        birthdate: "1993-02-07",
        zoneinfo: "America/Toronto",
        locale: "en-CA",
        number: "+12025550103",
        street: "80 Rampart Street",
        city: "Washington",
        state: "DC",
        postal_code: "20003",
        country: "US",
    },
];

/// Somebody of the demo as the landing page shows them.
pub(super) struct Shown {
    pub uid: &'static str,
    pub name: String,
    pub number: &'static str,
}

pub(super) fn shown() -> Vec<Shown> {
    PROFILES
        .iter()
        .map(|profile| Shown {
            uid: profile.uid,
            name: profile.name(),
            number: profile.number,
        })
        .collect()
}

pub(super) fn names() -> [&'static str; 3] {
    PROFILES.each_ref().map(|profile| profile.uid)
}

/// Adds those who are not there. Those who are stay as they are, whatever became of them.
pub(super) async fn settle(people: &People, now: Timestamp) -> Result<(), PeopleError> {
    for profile in &PROFILES {
        if people.find_by_uid(profile.uid).await?.is_none() {
            people.add(profile.new_person(), now).await?;
        }
    }
    Ok(())
}

impl Profile {
    fn name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }

    fn new_person(&self) -> NewPerson {
        NewPerson {
            uid: self.uid.to_owned(),
            attributes: self.attributes(),
            password: Some(Secret::from(PASSWORD)),
        }
    }

    fn attributes(&self) -> BTreeMap<String, Vec<String>> {
        let Self {
            uid,
            street,
            city,
            state,
            postal_code,
            ..
        } = self;
        let name = self.name();
        let page = format!("https://example.com/people/{uid}");
        let address = format!("{street}\n{city}, {state} {postal_code}\nUSA");
        [
            ("displayName", name.clone()),
            ("cn", name),
            ("givenName", self.given.to_owned()),
            ("middleName", self.middle.to_owned()),
            ("sn", self.family.to_owned()),
            ("nickname", self.given.to_owned()),
            ("preferredUsername", self.uid.to_owned()),
            ("mail", format!("{uid}@example.com")),
            ("emailVerified", "true".to_owned()),
            ("mobile", self.number.to_owned()),
            ("telephoneNumber", self.number.to_owned()),
            ("phoneNumberVerified", self.number.to_owned()),
            ("profile", page.clone()),
            ("picture", format!("{page}.png")),
            ("website", format!("https://{uid}.example.com/")),
            ("gender", self.gender.to_owned()),
            ("birthdate", self.birthdate.to_owned()),
            ("zoneinfo", self.zoneinfo.to_owned()),
            ("locale", self.locale.to_owned()),
            ("street", (*street).to_owned()),
            ("l", (*city).to_owned()),
            ("st", (*state).to_owned()),
            ("postalCode", (*postal_code).to_owned()),
            ("c", self.country.to_owned()),
            ("homePostalAddress", address),
        ]
        .into_iter()
        .map(|(attribute, value)| (attribute.to_owned(), vec![value]))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use sallyport_people::{Attribute, phone};

    use super::*;

    #[test]
    fn everybody_has_known_attributes_and_a_number_that_takes_messages() {
        for profile in &PROFILES {
            for name in profile.attributes().keys() {
                assert_eq!(Attribute::named(name).unwrap().name, name);
            }
            assert_eq!(
                phone::normalise(profile.number, None).unwrap(),
                profile.number
            );
        }
    }
}
