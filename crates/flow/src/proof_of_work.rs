//! The proof of work of a sign-in form: a number that takes a browser a moment to find, and a
//! program that sends many forms as many moments.
//!
//! The field of a form holds a challenge, `<when the page was shown>.<mark>`. A page completes it to
//! `<challenge>:<number>` such that the SHA-256 of the whole field begins with enough zero bits.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sallyport_base::{Digest, Id, Timestamp, Vault, constant_time_eq};

use crate::{Login, tries::Limit};

/// When a form must carry a proof of work, and how much work it is.
#[derive(Clone, Copy, Debug)]
pub struct ProofOfWork {
    /// How many forms a login, and how many all logins of one network, may send without a proof.
    /// With a count of 0 no form ever needs one.
    pub free: Limit,
    /// With how many zero bits the digest of a field begins; each doubles the work. At most 32.
    pub bits: u32,
    /// How long a page was shown whose form is taken without a proof, one of a network in as much
    /// time: for browsers without JavaScript.
    pub wait: Duration,
}

impl ProofOfWork {
    pub const USUAL: Self = Self {
        free: Limit::new(2, 60),
        bits: 16,
        wait: Duration::from_secs(20),
    };

    pub(crate) fn is_off(&self) -> bool {
        self.free.count == 0
    }
}

/// What the next form of a login has to work on. It is another one for each form that the login has
/// sent, so that a proof is good once.
#[derive(Clone, Copy)]
pub(crate) struct Challenge {
    pub login: Id<Login>,
    /// The forms that were counted for the login so far.
    pub forms: i64,
}

/// What the field of a form shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Proof {
    /// The work was done.
    Work,
    /// No work, but how long ago the page of the form was shown.
    Age(Duration),
    /// Nothing: the field is missing or altered, of another login, or was sent before.
    Nothing,
}

impl Challenge {
    /// The field of a page that is shown now.
    pub(crate) fn field(self, vault: &Vault, shown_at: Timestamp) -> String {
        let seconds = shown_at.as_seconds();
        // A key of its own for each challenge is a mark that nobody else can make.
        let key = vault.derive(&format!(
            "sign-in form {} {} {seconds}",
            self.login, self.forms
        ));
        let mark = BASE64_URL_SAFE_NO_PAD.encode(&key[..16]);
        format!("{seconds}.{mark}")
    }

    /// What a form shows whose field came back as this.
    pub(crate) fn check(self, vault: &Vault, field: &str, bits: u32, now: Timestamp) -> Proof {
        let (challenge, number) = field.split_once(':').unwrap_or((field, ""));
        let Some(shown_at) = self.shown_at(vault, challenge) else {
            return Proof::Nothing;
        };
        // A challenge that nobody worked on may begin with zeros too.
        if is_number(number) && zero_bits(field) >= bits {
            return Proof::Work;
        }
        Proof::Age(now.since(shown_at))
    }

    /// `None` when the challenge is not this one.
    fn shown_at(self, vault: &Vault, challenge: &str) -> Option<Timestamp> {
        let (seconds, _) = challenge.split_once('.')?;
        let shown_at = Timestamp::from_seconds(seconds.parse().ok()?);
        let ours = self.field(vault, shown_at);
        constant_time_eq(ours.as_bytes(), challenge.as_bytes()).then_some(shown_at)
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// With how many zero bits the SHA-256 of a text begins, as far as 32.
fn zero_bits(text: &str) -> u32 {
    let digest = Digest::of(text.as_bytes());
    let beginning = u32::from_str_radix(&digest.as_str()[..8], 16);
    beginning.expect("a digest is hexadecimal").leading_zeros()
}

#[cfg(test)]
mod tests {
    use sallyport_base::Random;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_512_600);
    const BITS: u32 = 8;

    fn vault() -> Vault {
        Vault::from_key([7; 32])
    }

    fn challenge(forms: i64) -> Challenge {
        let login = Id::new(NOW, &Random::system());
        Challenge { login, forms }
    }

    fn worked(challenge: &str, bits: u32) -> String {
        let mut fields = (0..).map(|number| format!("{challenge}:{number}"));
        fields.find(|field| zero_bits(field) >= bits).unwrap()
    }

    #[test]
    fn the_bits_are_those_of_sha_256() {
        // echo -n "Sallyport:433346" | sha256sum
        for (text, bits) in [("abc", 0), ("Sallyport:0", 1), ("Sallyport:433346", 17)] {
            assert_eq!(zero_bits(text), bits, "{text}");
        }
    }

    #[test]
    fn work_is_proven_for_one_form_of_one_login_under_one_key() {
        let (mine, vault) = (challenge(1), vault());
        let field = worked(&mine.field(&vault, NOW), BITS);
        let check =
            |challenge: Challenge, vault, field: &str| challenge.check(vault, field, BITS, NOW);
        assert_eq!(check(mine, &vault, &field), Proof::Work);
        let next = Challenge { forms: 2, ..mine };
        assert_eq!(check(next, &vault, &field), Proof::Nothing);
        assert_eq!(check(challenge(1), &vault, &field), Proof::Nothing);
        let other_key = Vault::from_key([8; 32]);
        assert_eq!(check(mine, &other_key, &field), Proof::Nothing);
    }

    #[test]
    fn less_work_than_asked_for_is_none() {
        let (mine, vault) = (challenge(0), vault());
        let field = mine.field(&vault, NOW);
        let mut numbers = (0..).map(|number| format!("{field}:{number}"));
        let short = numbers.find(|field| zero_bits(field) == BITS - 1).unwrap();
        let none = Proof::Age(Duration::ZERO);
        assert_eq!(mine.check(&vault, &short, BITS, NOW), none);
        assert_eq!(mine.check(&vault, &short, BITS - 1, NOW), Proof::Work);
    }

    #[test]
    fn only_a_number_is_work() {
        let (mine, vault) = (challenge(0), vault());
        let field = mine.field(&vault, NOW);
        let none = Proof::Age(Duration::ZERO);
        for end in ["", ":", ":x", ":-1", ":1:1", ": 1"] {
            let field = format!("{field}{end}");
            assert_eq!(mine.check(&vault, &field, 0, NOW), none, "{end:?}");
        }
        let any = format!("{field}:1");
        assert_eq!(mine.check(&vault, &any, 0, NOW), Proof::Work);
    }

    #[test]
    fn the_age_of_a_page_is_what_the_server_wrote() {
        let (mine, vault) = (challenge(0), vault());
        let field = mine.field(&vault, NOW);
        let later = NOW.plus(Duration::from_secs(20));
        let check = |field: &str| mine.check(&vault, field, 32, later);
        assert_eq!(check(&field), Proof::Age(Duration::from_secs(20)));
        let (seconds, mark) = field.split_once('.').unwrap();
        let older = format!("{}.{mark}", seconds.parse::<i64>().unwrap() - 60);
        let padded = format!("+{field}");
        for altered in [
            &older,
            &padded,
            "",
            ".",
            ":",
            "1.x:5",
            seconds,
            &field[..20],
        ] {
            assert_eq!(check(altered), Proof::Nothing, "{altered:?}");
        }
    }
}
