use std::time::Duration;

use sallyport_base::{Id, Timestamp};
use sallyport_flow::{Acr, Authentication, BrowserSession};
use sallyport_people::Person;

use super::{
    refusal::{Refusal, RefusalCode},
    request::Prompt,
};

/// How far a request has come in this browser. The person did what a later stage says for this
/// request and no other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Stage {
    Arrived,
    SignedIn,
    Allowed,
}

/// Everything that the answer to an authorization request depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) stage: Stage,
    pub(crate) prompt: Prompt,
    pub(crate) max_age: Option<Duration>,
    /// Whom the client expects.
    pub(crate) hinted: Option<Id<Person>>,
    /// The methods that are good enough; none when those asked for do not exist.
    pub(crate) wanted: &'a [Acr],
    pub(crate) session: Option<&'a BrowserSession>,
    /// Whether the person allowed all of it before, or is not to be asked.
    pub(crate) allowed_before: bool,
    pub(crate) now: Timestamp,
}

/// What to do with an authorization request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Decision {
    /// Let the person sign in with this method.
    SignIn(Acr),
    /// Ask the person whether they allow it.
    AskConsent,
    /// Give the client a code; this proof is what the ID token tells.
    Issue(Authentication),
    Refuse(Refusal),
}

/// OpenID Connect Core §3.1.2.1–3.1.2.4 and the acr rule.
pub(crate) fn decide(situation: &Situation<'_>) -> Decision {
    let Some(preferred) = situation.wanted.first() else {
        return refuse(
            RefusalCode::UnmetAuthenticationRequirements,
            "None of the login methods asked for is available.",
        );
    };
    match situation.proof() {
        None if situation.prompt.none => {
            refuse(RefusalCode::LoginRequired, "The person must sign in.")
        }
        None if situation.stage == Stage::Arrived => Decision::SignIn(preferred.clone()),
        None if !situation.is_expected_person() => refuse(
            RefusalCode::LoginRequired,
            "Somebody else signed in than the id_token_hint names.",
        ),
        None => refuse(
            RefusalCode::UnmetAuthenticationRequirements,
            "The person did not sign in with a login method asked for.",
        ),
        Some(_) if situation.must_ask() && situation.prompt.none => refuse(
            RefusalCode::ConsentRequired,
            "The person must allow it first.",
        ),
        Some(_) if situation.must_ask() => Decision::AskConsent,
        Some(proof) => Decision::Issue(proof.clone()),
    }
}

impl<'a> Situation<'a> {
    /// The proof in the session that answers the request.
    fn proof(&self) -> Option<&'a Authentication> {
        let session = self.session.filter(|_| self.is_expected_person())?;
        self.wanted.iter().find_map(|acr| {
            let proofs = session.authentications.iter();
            proofs
                .filter(|proof| self.is_recent(proof) && self.is_enough(proof, acr))
                .max_by_key(|proof| (acr.is_named(&proof.acr), proof.at))
        })
    }

    fn is_expected_person(&self) -> bool {
        match (self.hinted, self.session) {
            (Some(hinted), Some(session)) => hinted == session.person_id,
            _ => true,
        }
    }

    /// Signing in for this very request is always recent enough, however slow the browser was.
    fn is_recent(&self, proof: &Authentication) -> bool {
        let within = |max_age: Duration| !max_age.is_zero() && self.now.since(proof.at) <= max_age;
        self.is_of_this_login(proof) || (!self.prompt.login && self.max_age.is_none_or(within))
    }

    /// A method that took the place of another one did so for one request.
    fn is_enough(&self, proof: &Authentication, acr: &Acr) -> bool {
        proof.satisfies(acr) || (self.is_of_this_login(proof) && proof.stands_in_for(acr))
    }

    /// Whether it is what the person proved when they signed in for this request, and not one of the
    /// older proofs that the session keeps.
    fn is_of_this_login(&self, proof: &Authentication) -> bool {
        self.stage > Stage::Arrived
            && self
                .session
                .is_some_and(|session| proof.at >= session.auth_time)
    }

    fn must_ask(&self) -> bool {
        self.stage < Stage::Allowed && (self.prompt.consent || !self.allowed_before)
    }
}

fn refuse(code: RefusalCode, description: &'static str) -> Decision {
    Decision::Refuse(Refusal::new(code, description))
}

#[cfg(test)]
mod tests {
    use sallyport_base::Random;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(10_000);

    fn acr(name: &str, level: i64, steps: u32) -> Acr {
        Acr {
            name: name.to_owned(),
            level,
            steps,
            aliases: Vec::new(),
        }
    }

    fn stytch() -> Acr {
        acr("stytch", 0, 2)
    }

    fn basic() -> Acr {
        acr("basic", 10, 1)
    }

    fn proof(acr: &Acr, seconds_ago: u64) -> Authentication {
        Authentication {
            acr: acr.name.clone(),
            level: acr.level,
            steps: acr.steps,
            at: NOW.minus(Duration::from_secs(seconds_ago)),
            amr: vec![acr.level.to_string()],
            without_password: false,
            instead_of: Vec::new(),
        }
    }

    fn session(proofs: &[Authentication]) -> BrowserSession {
        BrowserSession {
            id: Id::new(NOW, &Random::system()),
            person_id: Id::new(NOW, &Random::system()),
            auth_time: proofs.iter().map(|proof| proof.at).max().unwrap(),
            authentications: proofs.to_vec(),
        }
    }

    fn prompt(names: &str) -> Prompt {
        Prompt {
            none: names.contains("none"),
            login: names.contains("login"),
            consent: names.contains("consent"),
        }
    }

    /// The decision in a word.
    fn word(decision: &Decision) -> &str {
        match decision {
            Decision::SignIn(_) => "sign in",
            Decision::AskConsent => "ask",
            Decision::Issue(_) => "issue",
            Decision::Refuse(refusal) => refusal.code.name(),
        }
    }

    #[test]
    fn the_table_of_decisions() {
        use Stage::{Allowed, Arrived, SignedIn};
        let old = session(&[proof(&stytch(), 100)]);
        let new = session(&[proof(&stytch(), 3)]);
        let (none, old, new) = (None, Some(&old), Some(&new));
        let wanted = [stytch()];
        for (stage, names, max_age, session, allowed_before, expected) in [
            // nobody is signed in
            (Arrived, "", None, none, false, "sign in"),
            (Arrived, "none", None, none, false, "login_required"),
            (Arrived, "consent", None, none, false, "sign in"),
            (Arrived, "", Some(50), none, true, "sign in"),
            // somebody is
            (Arrived, "", None, old, true, "issue"),
            (Arrived, "", None, old, false, "ask"),
            (Arrived, "none", None, old, true, "issue"),
            (Arrived, "none", None, old, false, "consent_required"),
            (Arrived, "consent", None, old, true, "ask"),
            (Arrived, "login", None, old, true, "sign in"),
            (Arrived, "login consent", None, old, true, "sign in"),
            // too long ago
            (Arrived, "", Some(50), old, true, "sign in"),
            (Arrived, "", Some(100), old, true, "issue"),
            (Arrived, "", Some(10_000), old, true, "issue"),
            (Arrived, "none", Some(50), old, true, "login_required"),
            (Arrived, "", Some(0), new, true, "sign in"),
            (Arrived, "none", Some(0), new, true, "login_required"),
            // signed in for this request
            (SignedIn, "", None, new, true, "issue"),
            (SignedIn, "", None, new, false, "ask"),
            (SignedIn, "login", None, new, true, "issue"),
            (SignedIn, "login consent", None, new, true, "ask"),
            (SignedIn, "", Some(0), new, true, "issue"),
            (SignedIn, "", Some(1), new, true, "issue"),
            // and allowed it
            (Allowed, "", None, new, false, "issue"),
            (Allowed, "consent", None, old, true, "issue"),
            (Allowed, "login consent", Some(0), old, true, "issue"),
            (
                Allowed,
                "",
                None,
                none,
                true,
                "unmet_authentication_requirements",
            ),
        ] {
            let situation = Situation {
                stage,
                prompt: prompt(names),
                max_age: max_age.map(Duration::from_secs),
                hinted: None,
                wanted: &wanted,
                session,
                allowed_before,
                now: NOW,
            };
            let decision = decide(&situation);
            assert_eq!(word(&decision), expected, "{situation:?}");
        }
    }

    #[test]
    fn a_session_counts_only_for_the_methods_it_passed() {
        let password_only = session(&[proof(&basic(), 1)]);
        let both = session(&[proof(&basic(), 1), proof(&stytch(), 100)]);
        for (session, wanted, expected) in [
            (&password_only, vec![stytch()], "sign in"),
            (&password_only, vec![stytch(), basic()], "issue"),
            (&password_only, vec![basic()], "issue"),
            (&both, vec![stytch()], "issue"),
            (&both, vec![], "unmet_authentication_requirements"),
        ] {
            let decision = decide(&Situation {
                stage: Stage::Arrived,
                prompt: Prompt::default(),
                max_age: None,
                hinted: None,
                wanted: &wanted,
                session: Some(session),
                allowed_before: true,
                now: NOW,
            });
            assert_eq!(word(&decision), expected, "{wanted:?}");
        }
    }

    #[test]
    fn max_age_counts_from_the_proof_that_answers() {
        let session = session(&[proof(&basic(), 1), proof(&stytch(), 100)]);
        let wanted = [stytch()];
        let decision = decide(&Situation {
            stage: Stage::Arrived,
            prompt: Prompt::default(),
            max_age: Some(Duration::from_secs(50)),
            hinted: None,
            wanted: &wanted,
            session: Some(&session),
            allowed_before: true,
            now: NOW,
        });
        assert_eq!(decision, Decision::SignIn(stytch()));
    }

    #[test]
    fn an_old_proof_is_no_answer_where_a_new_one_was_asked_for() {
        let both = session(&[proof(&stytch(), 100), proof(&basic(), 1)]);
        let again = session(&[proof(&stytch(), 1)]);
        for (session, names, max_age, expected) in [
            (&both, "login", None, "unmet_authentication_requirements"),
            (&both, "", Some(50), "unmet_authentication_requirements"),
            (&both, "", Some(200), "issue"),
            (&both, "", None, "issue"),
            (&again, "login", None, "issue"),
            (&again, "", Some(0), "issue"),
        ] {
            for stage in [Stage::SignedIn, Stage::Allowed] {
                let decision = decide(&Situation {
                    stage,
                    prompt: prompt(names),
                    max_age: max_age.map(Duration::from_secs),
                    hinted: None,
                    wanted: &[stytch()],
                    session: Some(session),
                    allowed_before: true,
                    now: NOW,
                });
                assert_eq!(word(&decision), expected, "{stage:?} {names} {max_age:?}");
            }
        }
    }

    #[test]
    fn a_method_that_took_the_place_of_another_did_so_for_one_request() {
        let in_its_place = Authentication {
            instead_of: vec!["stytch".to_owned()],
            ..proof(&basic(), 3)
        };
        let now = session(std::slice::from_ref(&in_its_place));
        let before = session(&[in_its_place, proof(&acr("other", 0, 1), 1)]);
        for (stage, session, expected) in [
            (Stage::SignedIn, &now, "issue"),
            (Stage::Allowed, &now, "issue"),
            (Stage::Arrived, &now, "sign in"),
            (
                Stage::SignedIn,
                &before,
                "unmet_authentication_requirements",
            ),
        ] {
            let decision = decide(&Situation {
                stage,
                prompt: Prompt::default(),
                max_age: None,
                hinted: None,
                wanted: &[stytch()],
                session: Some(session),
                allowed_before: true,
                now: NOW,
            });
            assert_eq!(word(&decision), expected, "{stage:?}");
        }
    }

    #[test]
    fn a_hint_is_about_one_person() {
        let session = session(&[proof(&stytch(), 1)]);
        let somebody_else = Id::new(NOW, &Random::system());
        for (stage, names, hinted, expected) in [
            (Stage::Arrived, "", session.person_id, "issue"),
            (Stage::Arrived, "none", session.person_id, "issue"),
            (Stage::Arrived, "", somebody_else, "sign in"),
            (Stage::Arrived, "none", somebody_else, "login_required"),
            (Stage::SignedIn, "", session.person_id, "issue"),
            (Stage::SignedIn, "", somebody_else, "login_required"),
            (Stage::Allowed, "", somebody_else, "login_required"),
        ] {
            let decision = decide(&Situation {
                stage,
                prompt: prompt(names),
                max_age: None,
                hinted: Some(hinted),
                wanted: &[stytch()],
                session: Some(&session),
                allowed_before: true,
                now: NOW,
            });
            assert_eq!(word(&decision), expected, "{stage:?} {names}");
        }
    }
}
