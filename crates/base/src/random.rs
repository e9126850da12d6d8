use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;

/// Random numbers of the operating system, fit for secrets.
#[derive(Clone, Debug)]
pub struct Random(SystemRandom);

impl Random {
    pub fn system() -> Self {
        Self(SystemRandom::new())
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        self.0
            .fill(bytes)
            .expect("the operating system gives random bytes after boot");
    }

    /// `count` decimal digits, each equally likely, leading zeros kept.
    pub fn digits(&self, count: usize) -> String {
        std::iter::repeat_with(|| self.bytes::<1>()[0])
            .filter(|byte| *byte < 250)
            .map(|byte| char::from(b'0' + byte % 10))
            .take(count)
            .collect()
    }

    /// A random UUID (RFC 9562 §5.4).
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_uniform() {
        let digits = Random::system().digits(20_000);
        assert_eq!(digits.len(), 20_000);
        let mut seen = [0_f64; 10];
        for digit in digits.bytes() {
            seen[usize::from(digit - b'0')] += 1.0;
        }
        // Chi-squared with 9 degrees of freedom exceeds 44 once in a million runs.
        let chi: f64 = seen.iter().map(|n| (n - 2000.0).powi(2) / 2000.0).sum();
        assert!(chi < 44.0, "chi-squared {chi}, counts {seen:?}");
    }
}
