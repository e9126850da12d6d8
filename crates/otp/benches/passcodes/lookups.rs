//! How long finding something takes, and how that grows with the number of users.

use std::time::{Duration, Instant};

use sallyport_base::testing::memory::{Resident, megabytes};
use serde_json::{Value, json};

use crate::{
    Scale,
    client::{Call, Connection},
    people::{self, Person},
    rates::{send, verify},
    site::Site,
    times::{Times, thousands},
};

/// The server is at rest so long after its start.
const REST: Duration = Duration::from_secs(2);

/// Of users that are asked for, the next one lies so far away.
const STRIDE: i64 = 7_919;

/// What was measured at one size of a store.
struct Column {
    users: i64,
    lookups: Vec<Lookup>,
    at_rest: Resident,
    afterwards: Resident,
    /// Of the file of the store, in bytes.
    size: Option<u64>,
}

struct Lookup {
    what: &'static str,
    times: Times,
}

pub fn print_head() {
    println!("\nlookups on one connection: the median and, in parentheses, p99, in ms\n");
}

/// A store that grows, with a server over it at each size.
pub async fn measure(site: &Site, sizes: &[i64], scale: &Scale) -> anyhow::Result<()> {
    let mut columns = Vec::new();
    let mut settled = 0;
    for &users in sizes {
        let store = site.store().await?;
        people::settle(&store, &site.caller.project, settled, users).await?;
        settled = users;
        site.put_in_order(store).await?;
        site.analyze().await?;
        let stand = Stand { site, users, scale };
        columns.push(stand.measure().await?);
    }
    print(site.engine, &columns);
    Ok(())
}

/// A table with a column for each size.
fn print(engine: &str, columns: &[Column]) {
    let users = columns.iter().map(|column| column.users.unsigned_abs());
    print_row(
        engine,
        users.map(|users| format!("{} users", thousands(users))),
    );
    print_row("---", columns.iter().map(|_| "---".to_owned()));
    let lookups = columns.first().map_or(0, |column| column.lookups.len());
    for at in 0..lookups {
        let row: Vec<&Lookup> = columns.iter().map(|column| &column.lookups[at]).collect();
        print_row(row[0].what, row.iter().map(|lookup| lookup.said()));
    }
    for (what, memory) in [
        (
            "memory at rest",
            (|column| column.at_rest) as fn(&Column) -> Resident,
        ),
        ("memory after the lookups", |column| column.afterwards),
    ] {
        print_row(what, columns.iter().map(|column| said(memory(column))));
    }
    let sizes: Vec<String> = columns
        .iter()
        .filter_map(|column| Some(format!("{:.1} MB", column.size? as f64 / 1e6)))
        .collect();
    if !sizes.is_empty() {
        print_row("file of the store", sizes.into_iter());
    }
    println!();
}

fn print_row(name: &str, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.collect();
    println!("| {name} | {} |", cells.join(" | "));
}

fn said(memory: Resident) -> String {
    let Resident { own, file } = memory;
    format!(
        "{:.1} MB ({:.1} its own)",
        megabytes(own + file),
        megabytes(own)
    )
}

impl Lookup {
    fn said(&self) -> String {
        let (median, p99) = (self.times.median(), self.times.p99());
        match self.times.count() {
            count @ ..100 => format!("{median} ({p99}, slowest of {count})"),
            _ => format!("{median} ({p99})"),
        }
    }
}

/// One size of one store.
struct Stand<'a> {
    site: &'a Site,
    users: i64,
    scale: &'a Scale,
}

impl Stand<'_> {
    async fn measure(&self) -> anyhow::Result<Column> {
        let size = self.site.size()?;
        let process = self.site.start()?;
        tokio::time::sleep(REST).await;
        let at_rest = process.running.resident()?;
        let lookups = self.look_up(self.site.connect(&process).await?).await?;
        Ok(Column {
            users: self.users,
            lookups,
            at_rest,
            afterwards: process.running.resident()?,
            size,
        })
    }

    async fn look_up(&self, mut connection: Connection) -> anyhow::Result<Vec<Lookup>> {
        let token = self.sign_in(&mut connection).await?;
        let show = |person: Person| {
            let path = format!("/v1/users/{}", person.user_id());
            Call::get(path, "\"phone_numbers\":[{")
        };
        let search = |filter: &str, value: String| {
            let operand = json!({ "filter_name": filter, "filter_value": value });
            let query = json!({ "operator": "AND", "operands": [operand] });
            let body = json!({ "query": query, "limit": 10 });
            Call::post("/v1/users/search", &body, "\"results\":[{")
        };
        let by_number = |person: Person| search("phone_number", person.number());
        let by_name = |person: Person| search("full_name_fuzzy", person.part_of_name());
        let session = |_| {
            let body = json!({ "session_token": token });
            Call::post("/v1/sessions/authenticate", &body, "\"session_jwt\":\"ey")
        };
        let everybody = |_| {
            let body = json!({ "limit": 10 });
            Call::post("/v1/users/search", &body, "\"results\":[{")
        };
        let connection = &mut connection;
        Ok(vec![
            self.time(connection, "show a user", show).await?,
            self.time(connection, "search by number", by_number).await?,
            self.time(connection, "authenticate a session", session)
                .await?,
            self.time_sends(connection, "send to a known number")
                .await?,
            self.time(connection, "search by a part of a name", by_name)
                .await?,
            self.time(connection, "first page of all users", everybody)
                .await?,
        ])
    }

    /// A token of somebody's session.
    async fn sign_in(&self, connection: &mut Connection) -> anyhow::Result<Value> {
        let person = Person(0);
        connection.ask(&send(person)).await?;
        let mut token = Value::Null;
        for message in self.site.gateway.take(1).await?.values() {
            let mut answer = connection.ask_json(&verify(person, message, true)).await?;
            token = answer["session_token"].take();
        }
        Ok(token)
    }

    async fn time(
        &self,
        connection: &mut Connection,
        what: &'static str,
        call: impl Fn(Person) -> Call,
    ) -> anyhow::Result<Lookup> {
        let mut times = Vec::new();
        let began = Instant::now();
        for person in self.people() {
            let call = call(person);
            let asked = Instant::now();
            connection.ask(&call).await?;
            times.push(asked.elapsed());
            if began.elapsed() > self.scale.looking {
                break;
            }
        }
        Ok(Lookup {
            what,
            times: Times::of(times),
        })
    }

    /// Each after the message of the one before has gone.
    async fn time_sends(
        &self,
        connection: &mut Connection,
        what: &'static str,
    ) -> anyhow::Result<Lookup> {
        let mut times = Vec::new();
        for person in self.people() {
            let call = send(person);
            let asked = Instant::now();
            connection.ask(&call).await?;
            times.push(asked.elapsed());
            self.site.gateway.take(1).await?;
        }
        Ok(Lookup {
            what,
            times: Times::of(times),
        })
    }

    /// From all over the store.
    fn people(&self) -> impl Iterator<Item = Person> {
        let users = self.users;
        let places = (1..=self.scale.lookups).flat_map(i64::try_from);
        places.map(move |place| Person(place * STRIDE % users))
    }
}
