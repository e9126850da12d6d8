//! How many codes are sent and verified in a second, and what that takes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    Scale,
    client::Call,
    disk::rate,
    gateway::Message,
    people::{self, Person},
    postgres::Postgres,
    server::Counts,
    site::{Process, Site},
    times::{Times, thousands},
};

/// The kernel counts in steps of 10 ms: less than this cannot be told well.
const LEAST_CPU_TIME: Duration = Duration::from_millis(100);

/// Users who are sent to before anything is measured, and not again.
const WARM_UP: i64 = 200;

pub fn print_head() {
    println!(
        "\noperations by HTTP, on connections that stay open

| store | operation | connections | a second | per CPU second of the server | of PostgreSQL | median, ms | p99, ms | commits of one | CPU time ÷ whoami |
|---|---|---|---|---|---|---|---|---|---|"
    );
}

/// Codes are asked for by the numbers of known users, and each is verified.
pub async fn measure(
    site: &Site,
    postgres: Option<&Postgres>,
    scale: &Scale,
) -> anyhow::Result<()> {
    let store = site.store().await?;
    people::settle(&store, &site.caller.project, 0, scale.crowd).await?;
    site.put_in_order(store).await?;
    let process = site.start()?;
    let stand = Stand {
        site,
        process: &process,
        postgres,
        scale,
    };
    stand.warm_up().await?;
    let rested = process.running.resident()?;
    let mut first = 0;
    let mut delays = Vec::new();
    for &connections in scale.connections {
        let (sent, delay) = stand.measure(connections, first).await?;
        first += sent;
        delays.push((connections, delay));
    }
    println!();
    for (connections, delay) in delays {
        println!(
            "  {}, {connections} connections: from the request to the message at the gateway {} ms in the median, {} ms at p99",
            site.engine,
            delay.median(),
            delay.p99()
        );
    }
    println!("  {}: memory before  {}", site.engine, rested);
    println!(
        "  {}: memory after   {}\n",
        site.engine,
        process.running.resident()?
    );
    Ok(())
}

/// What is measured, and by what.
struct Stand<'a> {
    site: &'a Site,
    process: &'a Process,
    postgres: Option<&'a Postgres>,
    scale: &'a Scale,
}

/// What many calls took.
struct Load {
    times: Times,
    /// By number, when each call began.
    began: HashMap<String, Instant>,
}

/// A call, and the number that it is for.
struct Job {
    call: Call,
    number: Option<String>,
}

/// What was used up until now.
struct Mark {
    at: Instant,
    server: Duration,
    postgres: Duration,
    counts: Counts,
}

impl Stand<'_> {
    /// The first call with a session makes the signing key, and tables that were empty have rows.
    async fn warm_up(&self) -> anyhow::Result<()> {
        let mut connection = self.site.connect(self.process).await?;
        let people = self.scale.crowd - WARM_UP..self.scale.crowd;
        for person in people.map(Person) {
            connection.ask(&send(person)).await?;
            for message in self.site.gateway.take(1).await?.values() {
                connection.ask(&verify(person, message, true)).await?;
            }
            connection.ask(&send(person)).await?;
            self.site.gateway.take(1).await?;
        }
        self.site.counts(self.process).await?;
        self.site.analyze().await
    }

    /// How many codes were sent, and how long each message was on its way.
    async fn measure(&self, connections: usize, first: i64) -> anyhow::Result<(i64, Times)> {
        let whoami = self.whoami(connections).await?;
        let before = self.mark().await?;
        let others = self.scale.crowd - WARM_UP;
        let jobs = (first..).map(move |place| {
            let person = Person(place % others);
            Job {
                call: send(person),
                number: Some(person.number()),
            }
        });
        let load = self.load(connections, jobs, self.scale.asking).await?;
        let sent = load.began.len();
        let messages = self.site.gateway.take(sent).await?;
        let last = messages.values().map(|message| message.arrived_at).max();
        let took = last.unwrap_or(before.at).duration_since(before.at);
        self.print("send", connections, &load, took, &before, whoami)
            .await?;
        let delays = messages
            .iter()
            .filter_map(|(number, message)| {
                let began = load.began.get(number)?;
                Some(message.arrived_at.duration_since(*began))
            })
            .collect();
        self.verify(connections, first, &messages, whoami).await?;
        Ok((i64::try_from(sent)?, Times::of(delays)))
    }

    /// CPU time of one call that only proves who calls.
    async fn whoami(&self, connections: usize) -> anyhow::Result<Option<Duration>> {
        let before = self.mark().await?;
        let jobs = std::iter::repeat_with(|| Job {
            call: Call::get("/v1/debug/whoami", "project_id"),
            number: None,
        });
        let load = self.load(connections, jobs, self.scale.asking / 2).await?;
        let took = before.at.elapsed();
        self.print("whoami", connections, &load, took, &before, None)
            .await
    }

    /// One half of the codes without a session, the other half with one.
    async fn verify(
        &self,
        connections: usize,
        first: i64,
        messages: &HashMap<String, Message>,
        whoami: Option<Duration>,
    ) -> anyhow::Result<()> {
        let people = first..first + i64::try_from(messages.len())?;
        let mut calls = people.filter_map(|place| {
            let person = Person(place % (self.scale.crowd - WARM_UP));
            Some((person, messages.get(&person.number())?))
        });
        for (what, with_session) in [("verify", false), ("verify, with a session", true)] {
            let half = calls.by_ref().take(messages.len() / 2);
            let jobs: Vec<Job> = half
                .map(|(person, message)| Job {
                    call: verify(person, message, with_session),
                    number: None,
                })
                .collect();
            let before = self.mark().await?;
            let load = self
                .load(connections, jobs.into_iter(), Duration::MAX)
                .await?;
            let took = before.at.elapsed();
            self.print(what, connections, &load, took, &before, whoami)
                .await?;
        }
        Ok(())
    }

    /// Does the jobs one after the other on each connection, until there are none or time is up.
    async fn load(
        &self,
        connections: usize,
        jobs: impl Iterator<Item = Job> + Send + 'static,
        time: Duration,
    ) -> anyhow::Result<Load> {
        let jobs = Arc::new(Mutex::new(jobs));
        let began = Instant::now();
        let mut lines = JoinSet::new();
        for _ in 0..connections {
            let mut connection = self.site.connect(self.process).await?;
            let jobs = jobs.clone();
            lines.spawn(async move {
                let mut done = Vec::new();
                while began.elapsed() < time {
                    let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(job) = next else { break };
                    let began = Instant::now();
                    connection.ask(&job.call).await?;
                    done.push((began.elapsed(), job.number.map(|number| (number, began))));
                }
                anyhow::Ok(done)
            });
        }
        let mut done = Vec::new();
        while let Some(line) = lines.join_next().await {
            done.extend(line??);
        }
        Ok(Load {
            times: Times::of(done.iter().map(|(time, _)| *time).collect()),
            began: done.into_iter().filter_map(|(_, number)| number).collect(),
        })
    }

    async fn mark(&self) -> anyhow::Result<Mark> {
        let counts = self.site.counts(self.process).await?;
        Ok(Mark {
            counts,
            server: self.process.running.spent()?.total,
            postgres: self.spent_by_postgres()?,
            at: Instant::now(),
        })
    }

    fn spent_by_postgres(&self) -> anyhow::Result<Duration> {
        self.postgres.map_or(Ok(Duration::ZERO), Postgres::spent)
    }

    /// Prints a row and returns the CPU time of one operation, if it can be told. What the courier
    /// does is part of a send.
    async fn print(
        &self,
        what: &str,
        connections: usize,
        load: &Load,
        took: Duration,
        before: &Mark,
        whoami: Option<Duration>,
    ) -> anyhow::Result<Option<Duration>> {
        // Asking for the counts waits until every message is answered for.
        let counts = self.site.counts(self.process).await?;
        let count = load.times.count();
        let each = |spent: Duration| {
            let can_be_told = count > 0 && spent >= LEAST_CPU_TIME;
            can_be_told.then(|| spent.div_f64(count as f64))
        };
        let server = each(self.process.running.spent()?.total - before.server);
        let postgres = each(self.spent_by_postgres()? - before.postgres);
        let per_second =
            |each: Option<Duration>| or_dash(each.map(|each| thousands(rate(1, each))));
        let commits = counts.commits.zip(before.counts.commits);
        let commits = commits.map(|(after, before)| (after - before) as f64 / count as f64);
        let ratio = server
            .zip(whoami)
            .map(|(server, whoami)| server.div_duration_f64(whoami));
        println!(
            "| {} | {what} | {connections} | {} | {} | {} | {} | {} | {} | {} |",
            self.site.engine,
            thousands(rate(count, took)),
            per_second(server),
            per_second(postgres),
            load.times.median(),
            load.times.p99(),
            or_dash(commits.map(|commits| format!("{commits:.2}"))),
            or_dash(ratio.map(|ratio| format!("{ratio:.1}"))),
        );
        Ok(server)
    }
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

pub fn send(person: Person) -> Call {
    let body = json!({ "phone_number": person.number() });
    Call::post(
        "/v1/otps/sms/login_or_create",
        &body,
        "\"user_created\":false",
    )
}

pub fn verify(person: Person, message: &Message, with_session: bool) -> Call {
    let mut body = json!({ "method_id": person.phone_id(), "code": message.code });
    if with_session {
        body["session_duration_minutes"] = json!(60);
    }
    let expected = match with_session {
        true => "\"session_jwt\":\"ey",
        false => "\"session_jwt\":\"\"",
    };
    Call::post("/v1/otps/authenticate", &body, expected)
}
