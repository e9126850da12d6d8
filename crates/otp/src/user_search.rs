use std::collections::BTreeSet;

use axum::extract::State;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sallyport_base::{Conn, Id, StoreError, params};
use serde_json::json;

use crate::{
    Otp,
    answer::Success,
    fields::Fields,
    method::Method,
    project::{Caller, Project},
    refusal::Refusal,
    user::User,
    user_filters::Filters,
};

/// Users on one page when the search does not say.
const USUAL_LIMIT: usize = 100;

const LARGEST_LIMIT: usize = 1000;

/// One page of a search.
struct Search {
    filters: Filters,
    /// Users after this one.
    after: Option<Id<User>>,
    limit: usize,
}

#[derive(Default)]
struct Found {
    /// How many users match, on whichever page.
    total: i64,
    /// Those of the page, and one more when there are more.
    users: Vec<User>,
}

/// `POST /v1/users/search`
pub async fn search(
    State(otp): State<Otp>,
    caller: Caller,
    fields: Fields,
) -> Result<Success, Refusal> {
    let search = Search::check(&caller.project, &fields)?;
    let mut reader = otp.store().reader().await?;
    let Found { total, mut users } = search.run(&mut reader, &caller).await?;
    let has_more = users.len() > search.limit;
    users.truncate(search.limit);
    let next = users
        .last()
        .filter(|_| has_more)
        .map(|user| cursor(user.id));
    let mut results = Vec::with_capacity(users.len());
    for user in users {
        let methods = Method::list(&mut reader, user.id, caller.now).await?;
        results.push(user.shown(&caller.project, &methods, caller.now));
    }
    Ok(Success::of(json!({
        "results": results,
        "results_metadata": { "total": total, "next_cursor": next },
    })))
}

impl Search {
    fn check(project: &Project, fields: &Fields) -> Result<Self, Refusal> {
        let limit = check_limit(fields)?;
        let after = fields
            .filled_text("cursor")?
            .map(|text| {
                parse_cursor(text).ok_or(Refusal::Search(
                    "user_search_invalid_cursor",
                    "The cursor is not the next_cursor of a search.",
                ))
            })
            .transpose()?;
        Ok(Self {
            filters: Filters::check(project, &fields.object("query")?)?,
            after,
            limit,
        })
    }

    async fn run(&self, conn: &mut Conn, caller: &Caller) -> Result<Found, StoreError> {
        if let Some(named) = self.filters.named(conn, &caller.project).await? {
            return self.among(conn, caller, &named).await;
        }
        let users = self.page(conn, caller).await?;
        let are_all = self.after.is_none() && users.len() <= self.limit;
        let total = match i64::try_from(users.len()) {
            Ok(total) if are_all => total,
            _ => self.count(conn, caller).await?,
        };
        Ok(Found { total, users })
    }

    /// Looks at these users and at no other, in the order of their ids.
    async fn among(
        &self,
        conn: &mut Conn,
        caller: &Caller,
        named: &BTreeSet<Id<User>>,
    ) -> Result<Found, StoreError> {
        let mut found = Found::default();
        for id in named {
            let mut sql = self.filters.sql("SELECT u.*", caller);
            sql.push(" AND u.user_id = ?", params![*id]);
            let Some(row) = conn.rows_of(&sql).await?.pop() else {
                continue;
            };
            found.total += 1;
            if self.after.is_none_or(|after| *id > after) && found.users.len() <= self.limit {
                found.users.push(User::read(&row)?);
            }
        }
        Ok(found)
    }

    async fn count(&self, conn: &mut Conn, caller: &Caller) -> Result<i64, StoreError> {
        let sql = self.filters.sql("SELECT COUNT(*) AS total", caller);
        let row = conn.rows_of(&sql).await?.pop();
        row.map_or(Ok(0), |row| row.get("total"))
    }

    /// Looks at every user of the project.
    async fn page(&self, conn: &mut Conn, caller: &Caller) -> Result<Vec<User>, StoreError> {
        let mut sql = self.filters.sql("SELECT u.*", caller);
        if let Some(after) = self.after {
            sql.push(" AND u.user_id > ?", params![after]);
        }
        let limit = i64::try_from(self.limit + 1).unwrap_or(i64::MAX);
        sql.push(" ORDER BY u.user_id LIMIT ?", params![limit]);
        let rows = conn.rows_of(&sql).await?;
        rows.iter().map(User::read).collect()
    }
}

fn check_limit(fields: &Fields) -> Result<usize, Refusal> {
    let limit = fields.integer("limit")?.map(usize::try_from);
    match limit.unwrap_or(Ok(USUAL_LIMIT)) {
        Ok(limit @ 1..=LARGEST_LIMIT) => Ok(limit),
        _ => Err(Refusal::Search(
            "user_search_invalid_limit",
            "limit must be between 1 and 1000.",
        )),
    }
}

fn cursor(id: Id<User>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(id.as_uuid().as_bytes())
}

fn parse_cursor(text: &str) -> Option<Id<User>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    Some(Id::from_bytes(bytes))
}
