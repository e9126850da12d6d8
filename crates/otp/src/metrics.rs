//! What this node has done since its start, in the text format of Prometheus. Every label is from a
//! closed set: no number, no user, no project.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use sallyport_base::constant_time_eq;

use crate::{
    Otp,
    gateway::Gateway,
    limits::Limits,
    outbox::{Parcel, Reason},
};

/// The type of the text, as Prometheus asks for it.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`, for whoever has the token of the configuration.
pub async fn show(State(otp): State<Otp>, headers: HeaderMap) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let is_right = token
        .zip(otp.metrics_token())
        .is_some_and(|(token, ours)| constant_time_eq(token.as_bytes(), ours.expose().as_bytes()));
    if !is_right {
        return (StatusCode::UNAUTHORIZED, "The token is not right.\n").into_response();
    }
    match waiting(&otp).await {
        Ok(waiting) => {
            ([(header::CONTENT_TYPE, TEXT)], otp.metrics().text(waiting)).into_response()
        }
        Err(cause) => {
            tracing::error!(error = %cause, "the metrics cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn waiting(otp: &Otp) -> Result<i64, sallyport_base::StoreError> {
    Parcel::count_waiting(&mut *otp.store().reader().await?).await
}

/// How long after it was asked for a code came back, in seconds.
const BUCKETS: [u64; 8] = [5, 10, 20, 30, 60, 120, 300, 600];

#[derive(Default)]
pub struct Metrics(Mutex<Counts>);

/// Why a gateway does not accept a message.
const FAILURES: [Reason; 4] = [
    Reason::Refused,
    Reason::Busy,
    Reason::Unreachable,
    Reason::Unanswered,
];

#[derive(Default)]
struct Counts {
    counters: BTreeMap<Counter, u64>,
    latencies: BTreeMap<String, Latency>,
}

/// A name and its labels.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Counter(&'static str, Vec<(&'static str, String)>);

#[derive(Default)]
struct Latency {
    /// How many came within each of [`BUCKETS`].
    within: [u64; BUCKETS.len()],
    count: u64,
    seconds: f64,
}

/// Names and what they count.
const ABOUT: [(&str, &str); 7] = [
    ("sallyport_otp_queued_total", "Messages put into the queue."),
    ("sallyport_otp_sent_total", "Messages that a gateway took."),
    (
        "sallyport_otp_delivered_total",
        "Messages with a receipt of their delivery.",
    ),
    (
        "sallyport_otp_failed_total",
        "Messages that were not sent or not delivered.",
    ),
    (
        "sallyport_otp_gateway_failures_total",
        "Hand-overs that a gateway did not accept.",
    ),
    (
        "sallyport_otp_lookups_total",
        "Questions about a number, by whether there was an answer.",
    ),
    (
        "sallyport_otp_verified_total",
        "Codes that came back right.",
    ),
];

const LATENCY: &str = "sallyport_otp_send_to_verify_seconds";

impl Metrics {
    /// Counters that begin at zero, so that the first of what they count is a rise: where it goes to,
    /// which gateways are there and why they may fail is known before.
    pub fn begin(gateways: &[Gateway], limits: &Limits) -> Self {
        let metrics = Self::default();
        let add = |name, labels: &[(&'static str, &str)]| metrics.add(name, labels, 0);
        for country in &limits.countries {
            add("sallyport_otp_queued_total", &[("country", country)]);
        }
        for Gateway {
            name, countries, ..
        } in gateways
        {
            for reason in FAILURES {
                let labels = [("gateway", &**name), ("reason", reason.as_str())];
                add("sallyport_otp_gateway_failures_total", &labels);
            }
            let serves = |country: &&String| countries.is_empty() || countries.contains(*country);
            for country in limits.countries.iter().filter(serves) {
                let labels = [("gateway", &**name), ("country", country)];
                add("sallyport_otp_sent_total", &labels);
                add("sallyport_otp_delivered_total", &labels);
                add("sallyport_otp_verified_total", &labels);
            }
        }
        metrics
    }

    pub fn queued(&self, country: &str) {
        self.count("sallyport_otp_queued_total", &[("country", country)]);
    }

    pub fn sent(&self, gateway: &str, country: &str) {
        let labels = [("gateway", gateway), ("country", country)];
        self.count("sallyport_otp_sent_total", &labels);
    }

    /// A receipt came.
    pub fn settled(&self, gateway: &str, country: &str, is_delivered: bool) {
        if is_delivered {
            let labels = [("gateway", gateway), ("country", country)];
            self.count("sallyport_otp_delivered_total", &labels);
        } else {
            self.failed(gateway, country, Reason::Undelivered);
        }
    }

    pub fn failed(&self, gateway: &str, country: &str, reason: Reason) {
        let reason = reason.as_str();
        let labels = [
            ("gateway", gateway),
            ("country", country),
            ("reason", reason),
        ];
        self.count("sallyport_otp_failed_total", &labels);
    }

    pub fn gateway_failed(&self, gateway: &str, reason: Reason) {
        let labels = [("gateway", gateway), ("reason", reason.as_str())];
        self.count("sallyport_otp_gateway_failures_total", &labels);
    }

    pub fn asked_about_number(&self, is_answered: bool) {
        let answered = if is_answered { "yes" } else { "no" };
        self.count("sallyport_otp_lookups_total", &[("answered", answered)]);
    }

    pub fn verified(&self, gateway: &str, country: &str, after: Duration) {
        let labels = [("gateway", gateway), ("country", country)];
        self.count("sallyport_otp_verified_total", &labels);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts
            .latencies
            .entry(gateway.to_owned())
            .or_default()
            .observe(after);
    }

    /// The text, with the messages that wait now.
    pub fn text(&self, waiting: i64) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for (name, about) in ABOUT {
            head(&mut text, name, about, "counter");
            for (Counter(_, labels), count) in counts.counters.iter().filter(|(c, _)| c.0 == name) {
                line(&mut text, name, labels, *count);
            }
        }
        let about = "From the request for a code to the right code.";
        head(&mut text, LATENCY, about, "histogram");
        for (gateway, latency) in &counts.latencies {
            latency.write(&mut text, gateway);
        }
        let name = "sallyport_otp_waiting";
        head(
            &mut text,
            name,
            "Messages that wait for a gateway, on all nodes.",
            "gauge",
        );
        line(&mut text, name, &[], waiting);
        text
    }

    fn count(&self, name: &'static str, labels: &[(&'static str, &str)]) {
        self.add(name, labels, 1);
    }

    fn add(&self, name: &'static str, labels: &[(&'static str, &str)], number: u64) {
        let labels = labels
            .iter()
            .map(|(label, value)| (*label, (*value).to_owned()))
            .collect();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.counters.entry(Counter(name, labels)).or_default() += number;
    }
}

impl Latency {
    fn observe(&mut self, after: Duration) {
        self.count += 1;
        self.seconds += after.as_secs_f64();
        for (bound, within) in BUCKETS.iter().zip(&mut self.within) {
            *within += u64::from(after <= Duration::from_secs(*bound));
        }
    }

    fn write(&self, text: &mut String, gateway: &str) {
        let gateway = ("gateway", gateway.to_owned());
        let bucket = format!("{LATENCY}_bucket");
        for (bound, within) in BUCKETS.iter().zip(self.within) {
            let labels = [gateway.clone(), ("le", bound.to_string())];
            line(text, &bucket, &labels, within);
        }
        line(
            text,
            &bucket,
            &[gateway.clone(), ("le", "+Inf".to_owned())],
            self.count,
        );
        line(
            text,
            &format!("{LATENCY}_sum"),
            std::slice::from_ref(&gateway),
            self.seconds,
        );
        line(text, &format!("{LATENCY}_count"), &[gateway], self.count);
    }
}

fn head(text: &mut String, name: &str, about: &str, kind: &str) {
    writeln!(text, "# HELP {name} {about}\n# TYPE {name} {kind}")
        .expect("writing to a string does not fail");
}

/// The values of labels are names of gateways, countries and reasons: nothing in them needs an escape.
fn line(
    text: &mut String,
    name: &str,
    labels: &[(&'static str, String)],
    value: impl std::fmt::Display,
) {
    let labels: Vec<String> = labels
        .iter()
        .map(|(label, value)| format!("{label}=\"{value}\""))
        .collect();
    let labels = match labels.as_slice() {
        [] => String::new(),
        labels => format!("{{{}}}", labels.join(",")),
    };
    writeln!(text, "{name}{labels} {value}").expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_begin_at_zero_where_it_is_known_what_they_will_count() {
        let mut smpp = Gateway::telephone();
        smpp.name = "smpp".to_owned();
        smpp.countries = ["CA".to_owned(), "DE".to_owned()].into();
        let metrics = Metrics::begin(&[Gateway::telephone(), smpp], &Limits::default());
        metrics.queued("US");
        let text = metrics.text(0);
        for line in [
            "sallyport_otp_queued_total{country=\"CA\"} 0",
            "sallyport_otp_queued_total{country=\"US\"} 1",
            "sallyport_otp_gateway_failures_total{gateway=\"smpp\",reason=\"unreachable\"} 0",
            "sallyport_otp_sent_total{gateway=\"telephone\",country=\"US\"} 0",
            "sallyport_otp_verified_total{gateway=\"smpp\",country=\"CA\"} 0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        // Neither does the gateway send to one, nor the service to the other.
        for series in ["gateway=\"smpp\",country=\"US\"", "country=\"DE\""] {
            assert!(!text.contains(series), "{series}\n{text}");
        }
    }

    /// The rules of the manual.
    fn rules() -> String {
        let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/gateways.md");
        let manual = std::fs::read_to_string(manual).unwrap();
        let (_, rules) = manual.split_once("```yaml\n").unwrap();
        rules.split_once("```").unwrap().0.to_owned()
    }

    #[test]
    fn the_rules_of_the_manual_name_metrics_and_labels_that_there_are() {
        let metrics = Metrics::begin(&[Gateway::telephone()], &Limits::default());
        metrics.verified("telephone", "US", Duration::from_secs(7));
        let text = metrics.text(1);
        let rules = rules();
        let names: Vec<&str> = rules
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("sallyport_"))
            .collect();
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            let there = |line: &str| line.split(['{', ' ']).next() == Some(name);
            assert!(text.lines().any(there), "{name}");
        }
        for labels in rules.split("by (").skip(1) {
            let (labels, _) = labels.split_once(')').unwrap();
            for label in labels.split(", ") {
                assert!(text.contains(&format!("{label}=\"")), "{label}");
            }
        }
    }

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.sent("twilio", "US");
        metrics.sent("twilio", "US");
        metrics.failed("smpp", "DE", Reason::Expired);
        metrics.verified("twilio", "US", Duration::from_millis(7500));
        let text = metrics.text(3);
        for line in [
            "# TYPE sallyport_otp_sent_total counter",
            "sallyport_otp_sent_total{gateway=\"twilio\",country=\"US\"} 2",
            "sallyport_otp_failed_total{gateway=\"smpp\",country=\"DE\",reason=\"expired\"} 1",
            "sallyport_otp_send_to_verify_seconds_bucket{gateway=\"twilio\",le=\"5\"} 0",
            "sallyport_otp_send_to_verify_seconds_bucket{gateway=\"twilio\",le=\"10\"} 1",
            "sallyport_otp_send_to_verify_seconds_bucket{gateway=\"twilio\",le=\"+Inf\"} 1",
            "sallyport_otp_send_to_verify_seconds_sum{gateway=\"twilio\"} 7.5",
            "sallyport_otp_waiting 3",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        assert!(text.ends_with('\n'));
    }
}
