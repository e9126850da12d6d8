//! A stored password.

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt},
};
use sallyport_base::{Random, Secret, constant_time_eq};

use crate::PeopleError;

/// The most memory that checking one password may take, in KiB. Hashes come from imports too, so
/// their parameters are not to be trusted.
const MOST_MEMORY: u32 = 64 * 1024;
/// The most passes over that memory.
const MOST_PASSES: u32 = 10;
/// The most lanes; they are worked through one after the other.
const MOST_LANES: u32 = 8;
/// Below this a hash is too short to be proof of anything, in bytes.
const LEAST_OUTPUT: usize = 16;

/// The longest password, in bytes.
const LONGEST: usize = 1024;

/// What the store keeps instead of a password, by scheme.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum StoredPassword {
    /// A PHC string: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.
    Argon2(Argon2Hash),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Salt,
    output: Output,
}

impl StoredPassword {
    pub(crate) fn parse(text: &str) -> Result<Self, PeopleError> {
        Argon2Hash::parse(text).map(Self::Argon2)
    }

    /// Whether a new hash of the same password would look different.
    pub(crate) fn is_outdated(&self, current: &Params) -> bool {
        match self {
            Self::Argon2(hash) => !hash.is_current(current),
        }
    }

    pub(crate) fn verify(&self, password: &Secret, memory: &mut Vec<Block>) -> bool {
        match self {
            Self::Argon2(hash) => hash.verify(password, memory),
        }
    }
}

impl Argon2Hash {
    fn parse(text: &str) -> Result<Self, PeopleError> {
        let phc = PasswordHash::new(text).map_err(|cause| unusable(cause.to_string()))?;
        let algorithm = Algorithm::try_from(phc.algorithm.as_str())
            .map_err(|cause| unusable(cause.to_string()))?;
        let version = phc
            .version
            .map_or(Ok(Version::V0x13), Version::try_from)
            .map_err(|cause| unusable(cause.to_string()))?;
        let params = Params::try_from(&phc).map_err(|cause| unusable(cause.to_string()))?;
        check_cost(&params)?;
        let salt = phc.salt.ok_or_else(|| unusable("it has no salt"))?;
        let output = phc.hash.ok_or_else(|| unusable("it has no hash"))?;
        if output.len() < LEAST_OUTPUT {
            return Err(unusable("its hash is too short"));
        }
        Ok(Self {
            algorithm,
            version,
            params,
            salt,
            output,
        })
    }

    fn is_current(&self, current: &Params) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.params.m_cost() == current.m_cost()
            && self.params.t_cost() == current.t_cost()
            && self.params.p_cost() == current.p_cost()
            && self.output.len() == Params::DEFAULT_OUTPUT_LEN
    }

    fn verify(&self, password: &Secret, memory: &mut Vec<Block>) -> bool {
        let argon2 = Argon2::new(self.algorithm, self.version, self.params.clone());
        let mut output = vec![0; self.output.len()];
        hash_into(&argon2, password, &self.salt, &mut output, memory)
            && constant_time_eq(&output, self.output.as_bytes())
    }
}

fn unusable(why: impl Into<String>) -> PeopleError {
    PeopleError::StoredPassword { why: why.into() }
}

fn check_cost(params: &Params) -> Result<(), PeopleError> {
    if params.m_cost() > MOST_MEMORY
        || params.t_cost() > MOST_PASSES
        || params.p_cost() > MOST_LANES
    {
        return Err(unusable(format!(
            "m={},t={},p={} is more than m={MOST_MEMORY},t={MOST_PASSES},p={MOST_LANES}",
            params.m_cost(),
            params.t_cost(),
            params.p_cost()
        )));
    }
    Ok(())
}

/// A salt for a new hash: 16 random bytes.
pub(crate) fn salt(random: &Random) -> Salt {
    Salt::new(&random.bytes::<16>()).expect("16 bytes are a salt")
}

/// The PHC string of a password; `None` when it is too long to be hashed.
pub(crate) fn hash(
    password: &Secret,
    salt: Salt,
    params: &Params,
    memory: &mut Vec<Block>,
) -> Option<String> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    if !hash_into(&argon2, password, &salt, &mut output, memory) {
        return None;
    }
    let phc = PasswordHash {
        algorithm: Ident::from(Algorithm::Argon2id),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).ok()?,
        salt: Some(salt),
        hash: Some(Output::new(&output).ok()?),
    };
    Some(phc.to_string())
}

/// Hashes with the memory of the thread, which grows when a hash asks for more.
fn hash_into(
    argon2: &Argon2<'_>,
    password: &Secret,
    salt: &Salt,
    output: &mut [u8],
    memory: &mut Vec<Block>,
) -> bool {
    let blocks = argon2.params().block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    argon2
        .hash_password_into_with_memory(
            password.expose().as_bytes(),
            salt,
            output,
            memory.as_mut_slice(),
        )
        .is_ok()
}

/// Refuses what nobody should have as a password.
pub(crate) fn check_new(password: &Secret) -> Result<(), PeopleError> {
    let why = match password.expose() {
        "" => "it is empty",
        text if text.len() > LONGEST => "it has more than 1024 bytes",
        text if text.contains('\0') => "it has a NUL character",
        _ => return Ok(()),
    };
    Err(PeopleError::Password { why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Params {
        Params::new(8, 1, 1, None).unwrap()
    }

    fn hashed(password: &str) -> String {
        let mut memory = Vec::new();
        hash(
            &password.into(),
            salt(&Random::system()),
            &cheap(),
            &mut memory,
        )
        .unwrap()
    }

    #[test]
    fn a_hash_is_a_phc_string_that_proves_its_password_only() {
        let text = hashed("correct horse");
        assert!(text.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{text}");
        let stored = StoredPassword::parse(&text).unwrap();
        let mut memory = Vec::new();
        assert!(stored.verify(&"correct horse".into(), &mut memory));
        assert!(!stored.verify(&"correct horsf".into(), &mut memory));
        assert_ne!(text, hashed("correct horse"), "salts differ");
    }

    /// Made by the reference implementation: `argon2 somesalt -id -t 2 -m 8 -p 1 -l 32`.
    #[test]
    fn hashes_of_other_programs_are_understood() {
        let mut memory = Vec::new();
        let text =
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        let stored = StoredPassword::parse(text).unwrap();
        assert!(stored.verify(&"password".into(), &mut memory));
        assert!(!stored.verify(&"Password".into(), &mut memory));
    }

    #[test]
    fn a_hash_is_outdated_when_the_parameters_changed() {
        let stored = StoredPassword::parse(&hashed("x")).unwrap();
        assert!(!stored.is_outdated(&cheap()));
        assert!(stored.is_outdated(&Params::default()));
    }

    #[test]
    fn costs_that_would_stop_the_server_are_refused() {
        for params in [
            "m=1048576,t=2,p=1",
            "m=8,t=4000000,p=1",
            "m=8192,t=1,p=1000",
        ] {
            let text = format!(
                "$argon2id$v=19${params}$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
            );
            let error = StoredPassword::parse(&text).unwrap_err().to_string();
            assert!(error.contains(params), "{error}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for text in [
            "",
            "plain",
            "{SSHA}abc",
            "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ",
            "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAA",
        ] {
            assert!(StoredPassword::parse(text).is_err(), "{text}");
        }
    }
}
