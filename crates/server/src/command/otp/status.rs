use std::{collections::BTreeMap, fmt::Write, time::Duration};

use clap::Args;
use sallyport_otp::{Share, Status as Read};

use crate::command::{Place, Premises, output};

/// Shows how the messages of the passcode service fare: by gateway and country, and what they cost.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sallyport otp status --hours 1

The cost is an estimate: the messages that a gateway took, times the price of their country in
passcode_service.limits.prices of sallyport.toml.")]
pub(in crate::command) struct Status {
    /// How far to look back.
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=720))]
    hours: u64,
}

impl Status {
    pub(super) async fn run(self, place: Place) -> anyhow::Result<()> {
        let premises = Premises::open(&place).await?;
        let now = premises.now();
        let start = now.minus(Duration::from_secs(self.hours * 3600));
        let status = Read::since(&premises.store, start, now).await?;
        let prices = &premises.config.passcode_service.limits.prices;
        output::print(&text(&status, self.hours, prices))?;
        Ok(())
    }
}

/// In thousandths, by country.
type Prices = BTreeMap<String, i64>;

fn text(status: &Read, hours: u64, prices: &Prices) -> String {
    let mut text = format!("messages of the last {hours} h\n\n");
    row(
        &mut text,
        [
            "gateway",
            "country",
            "asked",
            "sent",
            "delivered",
            "failed",
            "verified",
            "",
        ],
    );
    let mut total = Share {
        gateway: "all".to_owned(),
        ..Share::default()
    };
    for share in &status.shares {
        share_row(&mut text, share);
        total.asked += share.asked;
        total.sent += share.sent;
        total.delivered += share.delivered;
        total.failed += share.failed;
        total.verified += share.verified;
    }
    share_row(&mut text, &total);
    text.push('\n');
    for line in lines(status, prices) {
        text += &line;
        text.push('\n');
    }
    text
}

fn lines(status: &Read, prices: &Prices) -> Vec<String> {
    let mut lines = vec![match status.waiting {
        0 => "none waits for a gateway".to_owned(),
        waiting => format!(
            "{waiting} wait for a gateway, the oldest for {} s",
            status.longest_wait.as_secs()
        ),
    }];
    if let (Some(median), Some(p95)) = (status.median, status.p95) {
        lines.push(format!(
            "half of the right codes came within {} s, 95 of 100 within {} s",
            median.as_secs(),
            p95.as_secs()
        ));
    }
    for (reason, messages) in &status.reasons {
        lines.push(format!("{messages} {reason}"));
    }
    if !prices.is_empty() {
        lines.push(cost(status, prices));
    }
    lines
}

fn cost(status: &Read, prices: &Prices) -> String {
    let mut cost = 0;
    let mut unknown = 0;
    for share in &status.shares {
        match prices.get(&share.country) {
            Some(price) => cost += price * share.sent,
            None => unknown += share.sent,
        }
    }
    let cost = format!("estimated cost {}.{:03}", cost / 1000, cost % 1000);
    match unknown {
        0 => cost,
        unknown => format!("{cost}, and {unknown} messages without a price"),
    }
}

fn share_row(text: &mut String, share: &Share) {
    let percent = match share.sent {
        0 => String::new(),
        sent => format!("{} %", share.verified * 100 / sent),
    };
    let numbers = [
        share.asked,
        share.sent,
        share.delivered,
        share.failed,
        share.verified,
    ];
    let [asked, sent, delivered, failed, verified] = numbers.map(|number| number.to_string());
    row(
        text,
        [
            &share.gateway,
            &share.country,
            &asked,
            &sent,
            &delivered,
            &failed,
            &verified,
            &percent,
        ],
    );
}

fn row(text: &mut String, cells: [&str; 8]) {
    let [
        gateway,
        country,
        asked,
        sent,
        delivered,
        failed,
        verified,
        percent,
    ] = cells;
    let line = format!(
        "{gateway:<16} {country:<7} {asked:>7} {sent:>7} {delivered:>9} {failed:>7} {verified:>8} {percent:>5}"
    );
    writeln!(text, "{}", line.trim_end()).expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_an_operator_asks() {
        let share = |gateway: &str, country: &str, sent| Share {
            gateway: gateway.to_owned(),
            country: country.to_owned(),
            asked: sent + 1,
            sent,
            delivered: sent - 1,
            failed: 1,
            verified: sent / 2,
        };
        let status = Read {
            shares: vec![share("smpp", "DE", 10), share("twilio", "US", 100)],
            reasons: vec![("expired".to_owned(), 2)],
            waiting: 3,
            longest_wait: Duration::from_secs(7),
            median: Some(Duration::from_secs(18)),
            p95: Some(Duration::from_secs(44)),
        };
        let prices = Prices::from([("US".to_owned(), 8)]);
        insta::assert_snapshot!(text(&status, 24, &prices), @r"
        messages of the last 24 h

        gateway          country   asked    sent delivered  failed verified
        smpp             DE           11      10         9       1        5  50 %
        twilio           US          101     100        99       1       50  50 %
        all                          112     110       108       2       55  50 %

        3 wait for a gateway, the oldest for 7 s
        half of the right codes came within 18 s, 95 of 100 within 44 s
        2 expired
        estimated cost 0.800, and 10 messages without a price
        ");
    }
}
