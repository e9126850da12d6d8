//! How long finding something takes, and how that grows with the number of users.

use std::time::{Duration, Instant};

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

pub fn print_head() {
    println!(
        "\nlookups on one connection, median and p99

| store | users | lookup | median | p99 | of |
|---|---|---|---|---|---|"
    );
}

/// A store that grows, with a server over it at each size.
pub async fn measure(site: &Site, sizes: &[i64], scale: &Scale) -> anyhow::Result<()> {
    let mut notes = Vec::new();
    let mut settled = 0;
    for &users in sizes {
        let store = site.store().await?;
        people::settle(&store, &site.caller.project, settled, users).await?;
        settled = users;
        site.put_in_order(store).await?;
        site.analyze().await?;
        let size = site.size()?;
        let process = site.start()?;
        tokio::time::sleep(REST).await;
        let rested = process.resident()?;
        let stand = Stand { site, users, scale };
        stand.measure(site.connect(&process).await?).await?;
        let size = size.map_or(String::new(), |size| {
            format!(", the store has {:.1} MB", size as f64 / 1e6)
        });
        notes.push(format!(
            "  {}, {:>9} users: memory at rest {rested}, after the lookups {}{size}",
            site.engine,
            thousands(users.unsigned_abs()),
            process.resident()?
        ));
    }
    println!("\n{}\n", notes.join("\n"));
    Ok(())
}

/// One size of one store.
struct Stand<'a> {
    site: &'a Site,
    users: i64,
    scale: &'a Scale,
}

impl Stand<'_> {
    async fn measure(&self, mut connection: Connection) -> anyhow::Result<()> {
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
        self.time(&mut connection, "show a user", show).await?;
        self.time(&mut connection, "search by number", by_number)
            .await?;
        self.time(&mut connection, "authenticate a session", session)
            .await?;
        self.time_sends(&mut connection).await?;
        self.time(&mut connection, "search by a part of a name", by_name)
            .await?;
        self.time(&mut connection, "first page of all users", everybody)
            .await
    }

    /// Somebody's.
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
        what: &str,
        call: impl Fn(Person) -> Call,
    ) -> anyhow::Result<()> {
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
        self.print(what, times);
        Ok(())
    }

    /// Each after the message of the one before has gone.
    async fn time_sends(&self, connection: &mut Connection) -> anyhow::Result<()> {
        let mut times = Vec::new();
        for person in self.people() {
            let call = send(person);
            let asked = Instant::now();
            connection.ask(&call).await?;
            times.push(asked.elapsed());
            self.site.gateway.take(1).await?;
        }
        self.print("send to a known number", times);
        Ok(())
    }

    /// From all over the store.
    fn people(&self) -> impl Iterator<Item = Person> {
        let users = self.users;
        let places = (1..=self.scale.lookups).flat_map(i64::try_from);
        places.map(move |place| Person(place * STRIDE % users))
    }

    fn print(&self, what: &str, times: Vec<Duration>) {
        let times = Times::of(times);
        println!(
            "| {} | {} | {what} | {} | {} | {} |",
            self.site.engine,
            thousands(self.users.unsigned_abs()),
            times.median(),
            times.p99(),
            times.count()
        );
    }
}
