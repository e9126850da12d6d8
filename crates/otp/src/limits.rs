use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Deserialize;

use crate::country::check_countries;

/// How much of everything: the rules that keep a passcode hard to guess and an SMS bill small.
/// They are counted in the store, so that they hold for all nodes and over a restart.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Countries that are sent to, as ISO 3166 codes.
    pub countries: BTreeSet<String>,
    /// What is done about numbers of internet telephony, as their range or a lookup says.
    pub voip: Voip,
    /// How many days after a change of its SIM, of which a lookup tells, no code goes to a number.
    /// 0: it does not matter.
    pub sim_change_days: u32,
    /// Guesses that one code stands, right or wrong.
    pub attempts_per_code: i64,
    /// Wrong codes in a row after which a user is locked; at most 100.
    pub failures_before_lock: i64,
    /// How long a locked user stays locked, in minutes: 5 minutes to 7 days.
    pub lock_minutes: u32,
    /// How long after a first, second and any later message to a number the next may follow, in
    /// seconds. A right code, or ten quiet minutes, start over.
    pub resend_seconds: [u32; 3],
    /// Messages to one number.
    pub per_number: Vec<Window>,
    /// Messages to all numbers of one user.
    pub per_user: Vec<Window>,
    /// Messages asked for from one IP address, or one /64 of IPv6, when the caller names it.
    pub per_ip: Vec<Window>,
    /// The part of `per_ip` that may go to numbers that were never verified.
    pub per_ip_to_strangers: Vec<Window>,
    /// Messages to one prefix: the country code and the first three digits after it.
    pub per_prefix: Vec<Window>,
    /// Messages of one project.
    pub per_project: Vec<Window>,
    /// Numbers and mailboxes waiting to be verified that one user may have.
    pub unverified_numbers_per_user: i64,
    /// What a message to a country costs, in thousandths of your currency.
    pub prices: BTreeMap<String, i64>,
    /// What the messages of one project may cost, in thousandths of your currency. Every country
    /// that is served needs a price then.
    pub cost_per_project: Vec<Window>,
    /// At how many percent of `per_prefix` and `per_project` the log says so; the last message of a
    /// window is always worth a line.
    pub alert_percents: Vec<i64>,
    /// The share of codes that must come back, for each prefix. Numbers that were verified are sent to
    /// all the same.
    pub conversion: Conversion,
    /// How long a code is valid when the caller does not say, in minutes: 1 to 10.
    pub expiration_minutes: u32,
    /// How long ago, in minutes, a session's user may have proven a factor to add another by that
    /// session. 0: it does not matter.
    pub fresh_factor_minutes: u32,
    /// Whether the other numbers and mailboxes of a user are told of one that was added.
    pub notify_of_new_factor: bool,
    /// After how many days without a right code an address counts as not verified. 0: never.
    pub reverify_after_days: u32,
}

/// What is done about a number of internet telephony.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Voip {
    Allow,
    /// It is sent to, and the log says so.
    Warn,
    Refuse,
}

/// The share of codes that must come back: of `messages` or more within `minutes`, at least `percent`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    pub messages: i64,
    /// At least 30: the last 20 are left out.
    pub minutes: u32,
    /// 0 switches the rule off.
    pub percent: i64,
}

impl Conversion {
    pub fn duration(&self) -> Duration {
        Duration::from_secs(u64::from(self.minutes) * 60)
    }
}

/// At most `count` within `minutes` of the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub count: i64,
    pub minutes: u32,
    /// A count of its own at which the log says so.
    #[serde(default)]
    pub alert: Option<i64>,
}

impl Window {
    pub const fn new(count: i64, minutes: u32) -> Self {
        Self {
            count,
            minutes,
            alert: None,
        }
    }

    pub const fn with_alert(self, alert: i64) -> Self {
        Self {
            alert: Some(alert),
            ..self
        }
    }

    /// Whether this very message, which brought what is spent from `before` to `after`, is one that the
    /// log tells of.
    pub fn is_alarming(self, before: i64, after: i64, percents: &[i64]) -> bool {
        let crosses = |mark: i64| before < mark && mark <= after;
        let part = |percent: &i64| (self.count * percent).div_euclid(100).max(1);
        self.alert.is_some_and(crosses)
            || crosses(self.count)
            || percents.iter().map(part).any(crosses)
    }

    pub fn duration(self) -> Duration {
        Duration::from_secs(u64::from(self.minutes) * 60)
    }
}

const HOUR: u32 = 60;
const DAY: u32 = 24 * HOUR;
const WEEK: u32 = 7 * DAY;

/// The largest count: a hundred times it still fits into an integer, as percentages need.
const MOST: i64 = 1_000_000_000;

/// After this long without a message, the cool-down of a number starts over.
pub const QUIET: Duration = Duration::from_secs(600);

impl Default for Limits {
    fn default() -> Self {
        Self {
            countries: ["US", "CA"].map(str::to_owned).into(),
            voip: Voip::Warn,
            sim_change_days: 7,
            attempts_per_code: 5,
            failures_before_lock: 10,
            lock_minutes: 60,
            resend_seconds: [30, 60, 120],
            per_number: vec![Window::new(5, 10), Window::new(10, DAY)],
            per_user: vec![Window::new(5, 10), Window::new(10, DAY)],
            per_ip: vec![Window::new(25, 5)],
            per_ip_to_strangers: vec![Window::new(10, HOUR)],
            per_prefix: vec![Window::new(200, HOUR).with_alert(50)],
            per_project: vec![Window::new(1000, DAY)],
            unverified_numbers_per_user: 3,
            prices: BTreeMap::new(),
            cost_per_project: vec![],
            alert_percents: vec![50, 80],
            conversion: Conversion {
                messages: 50,
                minutes: DAY,
                percent: 20,
            },
            expiration_minutes: 2,
            fresh_factor_minutes: 5,
            notify_of_new_factor: true,
            reverify_after_days: 365,
        }
    }
}

impl Limits {
    /// Says which limit makes no sense and what was expected of it.
    pub fn check(&self) -> Result<(), String> {
        expect(
            !self.countries.is_empty(),
            "countries",
            "at least one ISO 3166 code such as US",
        )?;
        check_countries(&self.countries).map_err(|why| format!("countries: {why}"))?;
        expect(
            (1..=100).contains(&self.attempts_per_code),
            "attempts_per_code",
            "1 to 100",
        )?;
        expect(
            (1..=100).contains(&self.failures_before_lock),
            "failures_before_lock",
            "1 to 100",
        )?;
        expect(
            (5..=WEEK).contains(&self.lock_minutes),
            "lock_minutes",
            "5 to 10080",
        )?;
        expect(
            self.resend_seconds.iter().all(|seconds| *seconds <= 3600),
            "resend_seconds",
            "three numbers of at most 3600",
        )?;
        expect(
            (0..=100).contains(&self.unverified_numbers_per_user),
            "unverified_numbers_per_user",
            "0 to 100",
        )?;
        expect(
            self.alert_percents
                .iter()
                .all(|percent| (1..=100).contains(percent)),
            "alert_percents",
            "numbers from 1 to 100",
        )?;
        expect(
            (1..=MOST).contains(&self.conversion.messages)
                && (30..=WEEK).contains(&self.conversion.minutes)
                && (0..=100).contains(&self.conversion.percent),
            "conversion",
            "1 to 1000000000 messages, 30 to 10080 minutes, 0 to 100 percent",
        )?;
        check_countries(self.prices.keys()).map_err(|why| format!("prices: {why}"))?;
        expect(
            self.prices
                .values()
                .all(|price| (0..=1_000_000).contains(price)),
            "prices",
            "0 to 1000000 thousandths",
        )?;
        expect(
            self.cost_per_project.is_empty()
                || self
                    .countries
                    .iter()
                    .all(|code| self.prices.contains_key(code)),
            "prices",
            "a price for each of `countries`, since there is a cost_per_project",
        )?;
        expect(
            (1..=10).contains(&self.expiration_minutes),
            "expiration_minutes",
            "1 to 10",
        )?;
        expect(
            self.fresh_factor_minutes <= WEEK,
            "fresh_factor_minutes",
            "0 to 10080",
        )?;
        expect(self.sim_change_days <= 365, "sim_change_days", "0 to 365")?;
        expect(
            self.reverify_after_days <= 3650,
            "reverify_after_days",
            "0 to 3650",
        )?;
        self.check_windows()
    }

    /// How long ago a factor may have been proven to add another; `None` when it does not matter.
    pub fn fresh_factor(&self) -> Option<Duration> {
        let minutes = u64::from(self.fresh_factor_minutes);
        (minutes > 0).then(|| Duration::from_secs(minutes * 60))
    }

    /// How long an address counts as verified after its last right code; `None`: for ever.
    pub fn reverify_after(&self) -> Option<Duration> {
        let days = u64::from(self.reverify_after_days);
        (days > 0).then(|| Duration::from_secs(days * 24 * 3600))
    }

    pub fn serves(&self, country: &str) -> bool {
        self.countries.contains(country)
    }

    pub fn lock_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.lock_minutes) * 60)
    }

    fn check_windows(&self) -> Result<(), String> {
        for (name, windows) in [
            ("per_number", &self.per_number),
            ("per_user", &self.per_user),
            ("per_ip", &self.per_ip),
            ("per_ip_to_strangers", &self.per_ip_to_strangers),
            ("per_prefix", &self.per_prefix),
            ("per_project", &self.per_project),
            ("cost_per_project", &self.cost_per_project),
        ] {
            let lengths: BTreeSet<u32> = windows.iter().map(|window| window.minutes).collect();
            expect(
                windows
                    .iter()
                    .all(|w| (0..=MOST).contains(&w.count) && (1..=WEEK).contains(&w.minutes)),
                name,
                "a count of 0 to 1000000000 and 1 to 10080 minutes",
            )?;
            expect(
                lengths.len() == windows.len(),
                name,
                "windows of different lengths",
            )?;
        }
        Ok(())
    }
}

fn expect(holds: bool, name: &str, expected: &str) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("{name}: expected {expected}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_make_sense_and_nonsense_is_named() {
        assert_eq!(Limits::default().check(), Ok(()));
        let nonsense = [
            (
                Limits {
                    failures_before_lock: 101,
                    ..Limits::default()
                },
                "failures_before_lock: expected 1 to 100",
            ),
            (
                Limits {
                    lock_minutes: 4,
                    ..Limits::default()
                },
                "lock_minutes: expected 5 to 10080",
            ),
            (
                Limits {
                    countries: ["UK".to_owned()].into(),
                    ..Limits::default()
                },
                "countries: \"UK\" is no country; expected ISO 3166 codes of two capital letters such as US (the United Kingdom is GB)",
            ),
            (
                Limits {
                    prices: [("us".to_owned(), 8)].into(),
                    ..Limits::default()
                },
                "prices: \"us\" must be written \"US\"",
            ),
            (
                Limits {
                    per_ip: vec![Window::new(1, 5), Window::new(2, 5)],
                    ..Limits::default()
                },
                "per_ip: expected windows of different lengths",
            ),
            (
                Limits {
                    conversion: Conversion {
                        messages: 50,
                        minutes: 20,
                        percent: 20,
                    },
                    ..Limits::default()
                },
                "conversion: expected 1 to 1000000000 messages, 30 to 10080 minutes, 0 to 100 percent",
            ),
            (
                Limits {
                    per_project: vec![Window::new(i64::MAX, 5)],
                    ..Limits::default()
                },
                "per_project: expected a count of 0 to 1000000000 and 1 to 10080 minutes",
            ),
        ];
        for (limits, why) in nonsense {
            assert_eq!(limits.check(), Err(why.to_owned()));
        }
    }

    #[test]
    fn the_log_tells_of_each_mark_once() {
        let window = Window::new(200, 60).with_alert(50);
        let told: Vec<i64> = (1..=200)
            .filter(|spent| window.is_alarming(spent - 1, *spent, &[50, 80]))
            .collect();
        assert_eq!(told, [50, 100, 160, 200]);
        assert!(
            Window::new(30, 60).is_alarming(8, 22, &[50]),
            "a price leaps over a mark"
        );
    }

    #[test]
    fn a_budget_of_money_needs_prices() {
        let mut limits = Limits {
            cost_per_project: vec![Window::new(30, 60)],
            ..Limits::default()
        };
        assert!(limits.check().unwrap_err().starts_with("prices: "));
        limits.prices = [("US".to_owned(), 8), ("CA".to_owned(), 14)].into();
        limits.check().unwrap();
    }
}
