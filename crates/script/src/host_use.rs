//! What a script may ask of the host, as its imports and the members that it names tell.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::classes;

/// One kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HostUse {
    CheckPasswords,
    ReadPeople,
    ChangePeople,
    Http,
    Mail,
    Smpp,
    Cache,
    Encryption,
    Redirect,
    ReadScripts,
    ReadClients,
}

impl HostUse {
    /// In an operator's words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::CheckPasswords => "check passwords",
            Self::ReadPeople => "read people",
            Self::ChangePeople => "change people",
            Self::Http => "call other hosts over HTTP",
            Self::Mail => "send mail",
            Self::Smpp => "send short messages over SMPP",
            Self::Cache => "keep values in the cache",
            Self::Encryption => "encrypt and decrypt",
            Self::Redirect => "send the browser to another page",
            Self::ReadScripts => "read about other scripts",
            Self::ReadClients => "read about clients",
        }
    }
}

/// A kind of question, the classes or modules behind it (all that begin so), and the members one of which must be
/// named; an empty list asks for none.
type Rule = (HostUse, &'static [&'static str], &'static [&'static str]);

const RULES: &[Rule] = &[
    (
        HostUse::CheckPasswords,
        &[
            "org.gluu.oxauth.service.AuthenticationService",
            "org.gluu.oxauth.service.UserService",
            "org.gluu.oxauth.service.common.UserService",
        ],
        &["authenticate"],
    ),
    (
        HostUse::ReadPeople,
        &[
            "org.gluu.oxauth.service.AuthenticationService",
            "org.gluu.oxauth.service.UserService",
            "org.gluu.oxauth.service.common.UserService",
            "org.gluu.persist.PersistenceEntryManager",
            "org.gluu.persist.ldap.impl.LdapEntryManager",
            "org.gluu.site.ldap.persistence.LdapEntryManager",
        ],
        &[
            "getAuthenticatedUser",
            "getUser",
            "getUserByAttribute",
            "getUserByInum",
            "getUserByDn",
            "getUserInum",
            "getUsersBySample",
            "getUsersByAttribute",
            "getCustomAttribute",
            "find",
            "findEntries",
        ],
    ),
    (
        HostUse::ChangePeople,
        &[
            "org.gluu.oxauth.service.UserService",
            "org.gluu.oxauth.service.common.UserService",
            "org.gluu.persist.PersistenceEntryManager",
            "org.gluu.persist.ldap.impl.LdapEntryManager",
            "org.gluu.site.ldap.persistence.LdapEntryManager",
        ],
        &[
            "addUser",
            "addUserAttribute",
            "addUserAttributeByUserInum",
            "merge",
            "persist",
            "removeUserAttribute",
            "replaceUserAttribute",
            "updateUser",
        ],
    ),
    (
        HostUse::Http,
        &[
            "com.twilio",
            "httplib",
            "org.apache.http.client",
            "org.apache.http.impl",
            "org.gluu.oxauth.service.net.HttpService",
            "org.gluu.oxauth.service.net.HttpService2",
            "urllib2",
        ],
        &[],
    ),
    (HostUse::Http, &["urllib"], &["urlopen"]),
    (
        HostUse::Mail,
        &[
            "javax.mail.Transport",
            "org.gluu.oxauth.service.MailService",
            "org.gluu.service.MailService",
            "smtplib",
        ],
        &[],
    ),
    (HostUse::Smpp, &["org.jsmpp.session"], &[]),
    (
        HostUse::Cache,
        &[
            "org.gluu.oxauth.service.CacheService",
            "org.gluu.service.CacheService",
        ],
        &[],
    ),
    (
        HostUse::Encryption,
        &[
            "org.gluu.oxauth.service.EncryptionService",
            "org.gluu.oxauth.service.common.EncryptionService",
            "org.gluu.service.EncryptionService",
        ],
        &[],
    ),
    (
        HostUse::Redirect,
        &[
            "javax.faces.context",
            "javax.servlet.http",
            "org.gluu.jsf2.service.FacesService",
        ],
        &["redirect", "redirectToExternalURL", "sendRedirect"],
    ),
    (
        HostUse::ReadScripts,
        &["org.gluu.oxauth.service.custom.CustomScriptService"],
        &[],
    ),
    (
        HostUse::ReadClients,
        &["org.gluu.oxauth.service.ClientService"],
        &[],
    ),
];

/// What a script that imports `names` and names `members` may ask, in order.
pub(crate) fn of(names: &[&str], members: &BTreeSet<&str>) -> Vec<HostUse> {
    let names: Vec<String> = names.iter().map(|name| classes::canonical(name)).collect();
    let uses: BTreeSet<HostUse> = RULES
        .iter()
        .filter(|(_, sources, wanted)| {
            let imported = sources
                .iter()
                .any(|source| names.iter().any(|name| is_under(name, source)));
            imported && (wanted.is_empty() || wanted.iter().any(|name| members.contains(name)))
        })
        .map(|(host_use, ..)| *host_use)
        .collect();
    uses.into_iter().collect()
}

fn is_under(name: &str, source: &str) -> bool {
    name.strip_prefix(source)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_and_a_member_of_it_make_a_use() {
        let members = BTreeSet::from(["authenticate", "getUser"]);
        let table: [(&[&str], &[HostUse]); 6] = [
            (
                &["org.gluu.oxauth.service.AuthenticationService"],
                &[HostUse::CheckPasswords, HostUse::ReadPeople],
            ),
            (
                &["org.gluu.oxauth.service.UserService"],
                &[HostUse::CheckPasswords, HostUse::ReadPeople],
            ),
            (
                &["org.xdi.oxauth.service.UserService"],
                &[HostUse::CheckPasswords, HostUse::ReadPeople],
            ),
            (&["urllib"], &[]),
            (&["urllib2", "smtplib"], &[HostUse::Http, HostUse::Mail]),
            (&["com.twilio.Twilio"], &[HostUse::Http]),
        ];
        for (names, uses) in table {
            assert_eq!(of(names, &members), uses, "{names:?}");
        }
    }
}
