use std::{fmt, time::Duration};

/// How long many things of one kind took.
pub struct Times(Vec<Duration>);

impl Times {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn median(&self) -> Millis {
        self.percentile(50)
    }

    /// One of a hundred takes longer; of less than a hundred it is the slowest.
    pub fn p99(&self) -> Millis {
        self.percentile(99)
    }

    fn percentile(&self, percent: usize) -> Millis {
        let at = self.0.len() * percent / 100;
        Millis(
            self.0
                .get(at)
                .or(self.0.last())
                .copied()
                .unwrap_or_default(),
        )
    }
}

/// Printed in milliseconds, with three digits or so and without the unit.
pub struct Millis(Duration);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_secs_f64() * 1e3;
        match millis {
            100.0.. => write!(f, "{millis:.0}"),
            10.0.. => write!(f, "{millis:.1}"),
            _ => write!(f, "{millis:.2}"),
        }
    }
}

/// A number with a comma between its thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut said = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    said
}
