use futures_util::future::join_all;
use sallyport_base::Timestamp;

use crate::{
    channel::Channel,
    gateway::{Gateway, GatewaySetupError, Line},
    outbox::Parcel,
    receipt::{Callbacks, Receipts},
};

/// Every gateway, in the order in which they are asked.
pub struct Lines(Vec<Line>);

/// Which gateway is asked next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next<'a> {
    Now(&'a str),
    /// All were asked; this one is the first to be asked again.
    Later(&'a str),
    /// None takes the message.
    Nobody,
}

impl Lines {
    pub fn open(
        gateways: &[Gateway],
        callbacks: &Callbacks,
        receipts: &Receipts,
    ) -> Result<Self, (String, GatewaySetupError)> {
        let mut lines: Vec<Line> = Vec::new();
        for gateway in gateways {
            let named = |why| (gateway.name.clone(), why);
            if lines.iter().any(|line| line.name == gateway.name) {
                return Err(named(GatewaySetupError::Twice(gateway.name.clone())));
            }
            lines.push(Line::open(gateway, callbacks, receipts).map_err(named)?);
        }
        if lines.is_empty() {
            return Err((String::new(), GatewaySetupError::None));
        }
        Ok(Self(lines))
    }

    pub fn named(&self, name: &str) -> Option<&Line> {
        self.0.iter().find(|line| line.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Line> {
        self.0.iter()
    }

    /// The first to be asked for a number of this country, one that rests only when all do; `None` when
    /// nobody sends there.
    pub fn first(&self, country: &str, channel: Channel, now: Timestamp) -> Option<&Line> {
        let mut serving = self.0.iter().filter(|line| line.serves(country, channel));
        serving
            .clone()
            .find(|line| !line.health.rests(now))
            .or_else(|| serving.next())
    }

    /// The first gateway that does not rest and could have the message in place of `line`.
    pub fn instead_of(&self, line: &Line, parcel: &Parcel, now: Timestamp) -> Option<&Line> {
        let refused = parcel.refused_by();
        self.0.iter().find(|other| {
            other.name != line.name
                && other.serves(&parcel.country, parcel.channel)
                && !refused.contains(&&*other.name)
                && !other.health.rests(now)
        })
    }

    /// Who is asked after the gateway that has the message, when those in `refused` must not be asked again.
    pub fn next(&self, parcel: &Parcel, refused: &[&str]) -> Next<'_> {
        let names: Vec<&str> = self
            .0
            .iter()
            .filter(|line| line.serves(&parcel.country, parcel.channel))
            .map(|line| line.name.as_str())
            .collect();
        next(&names, &parcel.gateway, refused)
    }

    /// Waits until what was handed over has its answer. Nothing is handed over afterwards.
    pub async fn rest(&self) {
        join_all(self.0.iter().map(|line| line.hands.rest())).await;
    }

    pub async fn keep_up(&self) {
        join_all(self.0.iter().map(Line::keep_up)).await;
    }

    /// Ends connections that stand.
    pub async fn close(&self) {
        join_all(self.0.iter().map(Line::close)).await;
    }
}

/// A `last` that is not there any more was in the configuration before.
fn next<'a>(names: &[&'a str], last: &str, refused: &[&str]) -> Next<'a> {
    let after = names
        .iter()
        .position(|name| *name == last)
        .map_or(0, |place| place + 1);
    let (before, behind) = names.split_at(after);
    let willing = |name: &&&'a str| !refused.contains(*name);
    match (behind.iter().find(willing), before.iter().find(willing)) {
        (Some(name), _) => Next::Now(name),
        (None, Some(name)) => Next::Later(name),
        (None, None) => Next::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_are_asked_in_order_and_those_that_refused_not_again() {
        for (last, refused, expected) in [
            ("a", &[][..], Next::Now("b")),
            ("b", &[], Next::Now("c")),
            ("c", &[], Next::Later("a")),
            ("a", &["b"], Next::Now("c")),
            ("c", &["a", "c"], Next::Later("b")),
            ("b", &["b", "c", "a"], Next::Nobody),
            ("gone", &["a"], Next::Now("b")),
        ] {
            assert_eq!(
                next(&["a", "b", "c"], last, refused),
                expected,
                "{last} {refused:?}"
            );
        }
        assert_eq!(next(&["a"], "a", &[]), Next::Later("a"));
        assert_eq!(next(&[], "a", &[]), Next::Nobody);
    }
}
