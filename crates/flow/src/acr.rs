use sallyport_base::Timestamp;
use serde::{Deserialize, Serialize};

/// The acrs that promise resistance to phishing (OpenID Connect EAP ACR Values 1.0).
const RESISTING_PHISHING: [&str; 2] = ["phr", "phrh"];

/// What `amr` says of a code by SMS (RFC 8176).
const SMS: &str = "sms";

/// The built-in method: a password and nothing else. The name is Gluu's.
pub const PASSWORD_ACR: &str = "simple_password_auth";

/// A login method that can be asked for: a script that is enabled and loaded, or the built-in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acr {
    /// As advertised, in lower case.
    pub name: String,
    /// Higher is stronger; the built-in method has -1.
    pub level: i64,
    /// How many steps the method has.
    pub steps: u32,
    /// Further names that it can be asked for by.
    pub aliases: Vec<String>,
}

impl Acr {
    pub(crate) fn password() -> Self {
        Self {
            name: PASSWORD_ACR.to_owned(),
            level: -1,
            steps: 1,
            aliases: Vec::new(),
        }
    }

    /// acr names are matched without regard to case; an alias is as good as the name.
    pub fn is_named(&self, name: &str) -> bool {
        let is = |known: &String| known.eq_ignore_ascii_case(name);
        is(&self.name) || self.aliases.iter().any(is)
    }

    fn resists_phishing(&self) -> bool {
        RESISTING_PHISHING.iter().any(|name| self.is_named(name))
    }
}

/// The proof that a person passed every step of a method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    pub acr: String,
    pub level: i64,
    pub steps: u32,
    pub at: Timestamp,
    /// The `amr` of ID tokens: the level as text first, as in Gluu, then what the script claims, as
    /// `key:value`, or as `key` where the value is empty: so the names of RFC 8176 can be said.
    pub amr: Vec<String>,
    /// Whether the script alone said whose login it is: this host checked no password.
    #[serde(default)]
    pub without_password: bool,
    /// The methods that were asked for and gave way to this one (Gluu's alternative method).
    #[serde(default)]
    pub instead_of: Vec<String>,
}

impl Authentication {
    /// Whether this proof is enough for `wanted`: the same method, or one of a strictly higher level
    /// that took at least as many steps. A password alone is never enough for two steps, and a code
    /// by SMS never for resistance to phishing, whatever an administrator named or levelled.
    pub fn satisfies(&self, wanted: &Acr) -> bool {
        if wanted.resists_phishing() && self.is_by_sms() {
            return false;
        }
        wanted.is_named(&self.acr) || (self.level > wanted.level && self.steps >= wanted.steps)
    }

    fn is_by_sms(&self) -> bool {
        let name_of = |method: &String| method.split(':').next() == Some(SMS);
        self.amr.iter().any(name_of)
    }

    /// Whether `wanted` gave way to this method in the login that it is the proof of. That counts for
    /// the request of that login alone: for another one, of another application, `wanted` might
    /// choose otherwise. Nothing stands in for resistance to phishing.
    pub fn stands_in_for(&self, wanted: &Acr) -> bool {
        let gave_way = self.instead_of.iter().any(|name| wanted.is_named(name));
        gave_way && !wanted.resists_phishing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(acr: &str, level: i64, steps: u32) -> Authentication {
        Authentication {
            acr: acr.to_owned(),
            level,
            steps,
            at: Timestamp::from_seconds(0),
            amr: Vec::new(),
            without_password: false,
            instead_of: Vec::new(),
        }
    }

    #[test]
    fn the_acr_rule() {
        let stytch = Acr {
            name: "stytch".to_owned(),
            level: 0,
            steps: 2,
            aliases: vec!["urn:sms".to_owned()],
        };
        assert!(stytch.is_named("STYTCH") && stytch.is_named("urn:SMS"));
        for (proof, enough) in [
            (passed("stytch", 0, 2), true),
            (passed("Stytch", 0, 2), true),
            (passed("basic", 10, 1), false),
            (passed("basic", 1000, 1), false),
            (passed("fido2", 70, 2), true),
            (passed("fido2", 70, 3), true),
            (passed("sms", 0, 2), false),
            (passed(PASSWORD_ACR, -1, 1), false),
        ] {
            assert_eq!(proof.satisfies(&stytch), enough, "{proof:?}");
        }
        assert!(passed("basic", 10, 1).satisfies(&Acr::password()));
        let by_sms = Authentication {
            amr: vec!["50".to_owned(), "sms".to_owned()],
            ..passed("stytch", 50, 2)
        };
        let passkey = Acr {
            name: "passkey".to_owned(),
            aliases: vec!["PHR".to_owned()],
            ..stytch.clone()
        };
        let misnamed = Acr {
            aliases: vec!["phrh".to_owned()],
            ..stytch.clone()
        };
        assert!(by_sms.satisfies(&stytch));
        assert!(!by_sms.satisfies(&passkey) && !by_sms.satisfies(&misnamed));
        assert!(passed("fido2", 70, 2).satisfies(&passkey));
        let in_its_place = Authentication {
            instead_of: vec!["router".to_owned(), "stytch".to_owned()],
            ..passed("basic", 0, 1)
        };
        assert!(in_its_place.stands_in_for(&stytch) && !in_its_place.satisfies(&stytch));
        assert!(!in_its_place.stands_in_for(&Acr::password()));
        let for_a_passkey = Authentication {
            instead_of: vec!["passkey".to_owned()],
            ..passed("fido2", 70, 2)
        };
        assert!(
            !for_a_passkey.stands_in_for(&passkey),
            "nothing stands in for phr"
        );
        for claim in ["sms", "sms:true"] {
            let by_sms = Authentication {
                amr: vec![claim.to_owned()],
                ..passed("passkey", 50, 2)
            };
            assert!(!by_sms.satisfies(&passkey), "{claim}");
        }
    }
}
