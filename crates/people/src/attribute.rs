//! The attributes a person can have, by the names Gluu gives them.

use crate::PeopleError;

/// The longest value of an attribute, in bytes; a list of devices is the longest in practice.
const LONGEST_VALUE: usize = 16 * 1024;

/// The longest login name, in characters.
const LONGEST_UID: usize = 255;

/// An attribute of the table below, which is the complete list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// Gluu's spelling.
    pub name: &'static str,
    pub values: Values,
    /// What a page or a help text calls it.
    pub label: &'static str,
}

/// How many values an attribute takes, and of which kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Values {
    /// Any number of texts.
    Many,
    /// One text.
    One,
    /// `true` or `false`.
    Flag,
    /// `active`, or a word of Gluu's for a person who may not log in.
    Status,
    /// One text without space around it, unique among people whatever its case.
    Uid,
    /// Kept by the server; nobody sets it.
    Kept,
}

const fn attribute(name: &'static str, values: Values, label: &'static str) -> Attribute {
    Attribute {
        name,
        values,
        label,
    }
}

/// Every attribute. `phoneNumberVerified` takes any text: the manual of the Stytch script keeps
/// the number itself there, where Gluu's own schema has room for `true` and `false` only.
#[rustfmt::skip]
const ATTRIBUTES: &[Attribute] = &[
    attribute("uid", Values::Uid, "Username"),
    attribute("inum", Values::Kept, "Inum"),
    attribute("updatedAt", Values::Kept, "Last Updated"),
    attribute("userPassword", Values::Kept, "Password"),
    attribute("pwdChangedTime", Values::Kept, "Password Changed"),
    attribute("gluuStatus", Values::Status, "User Status"),
    // names
    attribute("displayName", Values::One, "Display Name"),
    attribute("givenName", Values::One, "First Name"),
    attribute("middleName", Values::One, "Middle Name"),
    attribute("sn", Values::One, "Last Name"),
    attribute("cn", Values::One, "Common Name"),
    attribute("nickname", Values::One, "Nickname"),
    attribute("preferredUsername", Values::One, "Preferred Username"),
    // mail and telephone
    attribute("mail", Values::Many, "Email"),
    attribute("emailVerified", Values::Flag, "Email Verified"),
    attribute("mobile", Values::Many, "Mobile Telephone Number"),
    attribute("telephoneNumber", Values::Many, "Home Telephone Number"),
    attribute("employeeNumber", Values::One, "Employee Number"),
    attribute("phoneNumberVerified", Values::One, "Phone Number Verified"),
    attribute("facsimileTelephoneNumber", Values::Many, "Fax Number"),
    attribute("homePhone", Values::Many, "Home Phone"),
    // profile
    attribute("profile", Values::One, "Profile URL"),
    attribute("picture", Values::One, "Picture URL"),
    attribute("website", Values::One, "Website URL"),
    attribute("gender", Values::One, "Gender"),
    attribute("birthdate", Values::One, "Birthdate"),
    attribute("zoneinfo", Values::One, "Time zone info"),
    attribute("locale", Values::One, "Locale"),
    attribute("preferredLanguage", Values::One, "Preferred Language"),
    attribute("description", Values::Many, "Description"),
    // address
    attribute("address", Values::One, "OpenID Connect JSON formatted address"),
    attribute("homePostalAddress", Values::One, "Home Address"),
    attribute("street", Values::One, "Street"),
    attribute("postOfficeBox", Values::One, "PO Box"),
    attribute("l", Values::One, "City"),
    attribute("st", Values::One, "State or Province"),
    attribute("postalCode", Values::One, "Postal Code"),
    attribute("c", Values::One, "Country"),
    // organisation
    attribute("o", Values::Many, "Organization"),
    attribute("ou", Values::Many, "Organizational Unit"),
    attribute("title", Values::One, "Title"),
    attribute("departmentNumber", Values::Many, "Department"),
    attribute("employeeType", Values::Many, "Employee Type"),
    attribute("manager", Values::Many, "Manager"),
    attribute("secretary", Values::Many, "Secretary"),
    attribute("roomNumber", Values::One, "Room Number"),
    attribute("preferredDeliveryMethod", Values::One, "Preferred Delivery Method"),
    attribute("carLicense", Values::Many, "License Plate"),
    attribute("memberOf", Values::Many, "Member Of"),
    attribute("eduPersonAffiliation", Values::Many, "eduPersonAffiliation"),
    attribute("eduPersonPrimaryAffiliation", Values::One, "eduPersonPrimaryAffiliation"),
    attribute("eduPersonScopedAffiliation", Values::Many, "eduPersonScopedAffiliation"),
    attribute("eduPersonEntitlement", Values::Many, "eduPersonEntitlement"),
    attribute("eduPersonNickName", Values::Many, "eduPersonNickName"),
    attribute("eduPersonOrgDN", Values::One, "eduPersonOrgDN"),
    attribute("eduPersonOrgUnitDN", Values::Many, "eduPersonOrgUnitDN"),
    attribute("eduPersonPrincipalName", Values::One, "eduPersonPrincipalName"),
    // other identifiers
    attribute("iname", Values::One, "iname"),
    attribute("persistentId", Values::Many, "PersistentId"),
    attribute("transientId", Values::One, "TransientId"),
    attribute("oxExternalUid", Values::Many, "External Uid"),
    // second factors and what scripts and Casa remember of them
    attribute("oxMobileDevices", Values::One, "Mobile Devices"),
    attribute("oxOTPDevices", Values::One, "OTP Devices"),
    attribute("oxPreferredMethod", Values::One, "Preferred Method"),
    attribute("oxStrongAuthPolicy", Values::One, "Strong Authentication Policy"),
    attribute("oxTrustedDevicesInfo", Values::One, "Trusted Devices"),
    attribute("oxEnrollmentCode", Values::One, "Enrollment Code"),
    attribute("oxLastLogonTime", Values::One, "Last Logon"),
    attribute("oxCountInvalidLogin", Values::One, "Invalid Logins"),
    attribute("secretQuestion", Values::One, "Secret Question"),
    attribute("secretAnswer", Values::One, "Secret Answer"),
];

impl Attribute {
    /// Every attribute a person can have.
    pub fn all() -> &'static [Self] {
        ATTRIBUTES
    }

    /// The attribute of that name, whatever its case. The error names those with a similar name.
    pub fn named(name: &str) -> Result<Self, PeopleError> {
        ATTRIBUTES
            .iter()
            .find(|known| known.name.eq_ignore_ascii_case(name))
            .copied()
            .ok_or_else(|| PeopleError::UnknownAttribute {
                name: name.to_owned(),
                similar: similar_names(name),
            })
    }

    /// The values to keep. Empty values are none, as in a directory.
    pub(crate) fn check(self, values: &[String]) -> Result<Vec<String>, PeopleError> {
        let kept: Vec<String> = values.iter().filter(|v| !v.is_empty()).cloned().collect();
        match self.complaint(&kept) {
            Some(why) => Err(PeopleError::Invalid {
                attribute: self.name.to_owned(),
                why,
            }),
            None => Ok(kept),
        }
    }

    fn complaint(self, values: &[String]) -> Option<String> {
        if self.values == Values::Kept {
            return Some(if self.name == "userPassword" {
                "a password is set as a password, not as an attribute".to_owned()
            } else {
                "it is kept by the server and cannot be set".to_owned()
            });
        }
        if self.values != Values::Many && values.len() > 1 {
            return Some(format!("it takes one value, not {}", values.len()));
        }
        if self.values == Values::Uid && values.is_empty() {
            return Some("a person always has one".to_owned());
        }
        values.iter().find_map(|value| self.value_complaint(value))
    }

    fn value_complaint(self, value: &str) -> Option<String> {
        if value.len() > LONGEST_VALUE {
            return Some(format!(
                "the value has {} bytes, of {LONGEST_VALUE} at the most",
                value.len()
            ));
        }
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        if value.contains(control) {
            return Some("the value has a control character".to_owned());
        }
        match self.values {
            Values::Flag if !matches!(value, "true" | "false") => {
                Some(format!("expected true or false, not {value:?}"))
            }
            Values::Status if !STATUSES.contains(&value) => Some(format!(
                "expected one of {}, not {value:?}",
                STATUSES.join(", ")
            )),
            Values::Uid => uid_complaint(value),
            _ => None,
        }
    }
}

/// Gluu's words for the state of a person.
const STATUSES: &[&str] = &["active", "inactive", "expired", "register"];

fn uid_complaint(uid: &str) -> Option<String> {
    if uid.trim() != uid || uid.contains(char::is_control) {
        return Some("it must not have space around it or line breaks in it".to_owned());
    }
    if uid.chars().count() > LONGEST_UID {
        return Some(format!("it has more than {LONGEST_UID} characters"));
    }
    None
}

/// At most three names that are a slip of the pen away, the nearest first.
fn similar_names(name: &str) -> Vec<&'static str> {
    let name = name.to_ascii_lowercase();
    let mut near: Vec<(usize, &str)> = ATTRIBUTES
        .iter()
        .map(|known| {
            (
                distance(&name, &known.name.to_ascii_lowercase()),
                known.name,
            )
        })
        .filter(|(distance, known)| *distance <= 1 + known.len().min(name.len()) / 4)
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

/// The least number of single changes that make one word of the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, values: &[&str]) -> Result<Vec<String>, String> {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        Attribute::named(name)
            .and_then(|attribute| attribute.check(&values))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_found_whatever_their_case_and_kept_as_gluu_spells_them() {
        assert_eq!(
            Attribute::named("PHONENUMBERVERIFIED").unwrap().name,
            "phoneNumberVerified"
        );
        let mut names: Vec<_> = ATTRIBUTES
            .iter()
            .map(|a| a.name.to_ascii_lowercase())
            .collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ATTRIBUTES.len(), "no name is there twice");
    }

    #[test]
    fn an_unknown_name_is_refused_with_similar_ones() {
        assert_eq!(
            check("mobil", &["+12025550101"]).unwrap_err(),
            "there is no attribute mobil; did you mean mobile or mail?"
        );
        assert_eq!(
            check("favouriteColour", &["blue"]).unwrap_err(),
            "there is no attribute favouriteColour"
        );
    }

    #[test]
    fn values_are_checked_by_their_kind() {
        for (name, values, complaint) in [
            ("mobile", &["+1", "+2"][..], None),
            ("phoneNumberVerified", &["+12025550101"], None),
            ("street", &["1 Main Street\nFlat 2"], None),
            ("uid", &["two words"], None),
            ("sn", &["one", "two"], Some("it takes one value, not 2")),
            (
                "emailVerified",
                &["yes"],
                Some("expected true or false, not \"yes\""),
            ),
            (
                "gluuStatus",
                &["gone"],
                Some("expected one of active, inactive, expired, register, not \"gone\""),
            ),
            (
                "inum",
                &["x"],
                Some("it is kept by the server and cannot be set"),
            ),
            (
                "userPassword",
                &["x"],
                Some("a password is set as a password, not as an attribute"),
            ),
            ("uid", &[""], Some("a person always has one")),
            (
                "uid",
                &[" alice"],
                Some("it must not have space around it or line breaks in it"),
            ),
            ("sn", &["nul\0"], Some("the value has a control character")),
        ] {
            let expected =
                complaint.map(|why| format!("the attribute {name} cannot be set: {why}"));
            assert_eq!(check(name, values).err(), expected, "{name} {values:?}");
        }
    }

    #[test]
    fn empty_values_are_none() {
        assert_eq!(check("mobile", &["", "+1", ""]).unwrap(), ["+1"]);
        assert_eq!(check("sn", &[""]).unwrap(), Vec::<String>::new());
    }
}
