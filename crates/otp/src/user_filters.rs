use std::collections::BTreeSet;

use sallyport_base::{Conn, Id, StoreError, Timestamp, Value as Param, params};
use serde_json::Value;

use crate::{
    fields::Fields, method::Method, profile::lowered, project::Project, refusal::Refusal,
    user::User,
};

/// Values that one filter may name.
const MOST_VALUES: usize = 100;

/// The fewest characters that a part of an address or a name is looked for by.
const SHORTEST_PART: usize = 3;

/// The condition with the parameters $1 to $14. Every filter is a parameter that is NULL when it was
/// not asked for. Lists are one text, `,a,,b,`, in which a value is looked for between its commas.
macro_rules! matching_users {
    () => {
        "FROM otp_users u
         WHERE u.project_id = $1
           AND ($2 IS NULL OR u.status = $2)
           AND ($3 IS NULL OR REPLACE($3, ',' || u.user_id || ',', '') <> $3)
           AND ($4 IS NULL OR u.created_at > $4)
           AND ($5 IS NULL OR u.created_at < $5)
           AND ($6 IS NULL OR COALESCE(u.lowered_name,
                LOWER(u.first_name || ' ' || u.middle_name || ' ' || u.last_name)) LIKE $6 ESCAPE '!')
           AND ($7 IS NULL OR EXISTS (SELECT 1 FROM otp_methods m WHERE m.user_id = u.user_id
                AND REPLACE($7, ',' || m.address || ',', '') <> $7))
           AND ($8 IS NULL OR EXISTS (SELECT 1 FROM otp_methods m WHERE m.user_id = u.user_id
                AND REPLACE($8, ',' || m.address || ',', '') <> $8))
           AND ($9 IS NULL OR EXISTS (SELECT 1 FROM otp_methods m WHERE m.user_id = u.user_id
                AND REPLACE($9, ',' || m.method_id || ',', '') <> $9))
           AND ($10 IS NULL OR EXISTS (SELECT 1 FROM otp_methods m WHERE m.user_id = u.user_id
                AND REPLACE($10, ',' || m.method_id || ',', '') <> $10))
           AND ($11 IS NULL OR EXISTS (SELECT 1 FROM otp_methods m WHERE m.user_id = u.user_id
                AND m.address NOT LIKE '%@%' AND m.verified = $11))
           AND ($12 IS NULL OR EXISTS (SELECT 1 FROM otp_methods m WHERE m.user_id = u.user_id
                AND m.address LIKE '%@%' AND m.verified = $12))
           AND ($13 IS NULL OR EXISTS (SELECT 1 FROM otp_methods m WHERE m.user_id = u.user_id
                AND m.address NOT LIKE '%@%' AND m.address LIKE $13 ESCAPE '!'))
           AND ($14 IS NULL OR EXISTS (SELECT 1 FROM otp_methods m WHERE m.user_id = u.user_id
                AND m.address LIKE '%@%' AND m.address LIKE $14 ESCAPE '!'))"
    };
}

pub(crate) use matching_users;

/// What must be true of the users that are looked for; all of it.
#[derive(Default)]
pub struct Filters {
    status: Option<String>,
    user_ids: Option<List>,
    created_after: Option<Timestamp>,
    created_before: Option<Timestamp>,
    name_part: Option<String>,
    numbers: Option<List>,
    emails: Option<List>,
    phone_ids: Option<List>,
    email_ids: Option<List>,
    phone_verified: Option<bool>,
    email_verified: Option<bool>,
    number_part: Option<String>,
    email_part: Option<String>,
}

/// Values of which one must be there. What cannot be one of them is not in it.
struct List(Vec<String>);

impl Filters {
    /// Reads `query`.
    pub fn check(project: &Project, query: &Fields) -> Result<Self, Refusal> {
        check_operator(query)?;
        let mut filters = Self::default();
        for operand in query.objects("operands")? {
            filters.add(project, &operand)?;
        }
        Ok(filters)
    }

    fn add(&mut self, project: &Project, operand: &Fields) -> Result<(), Refusal> {
        let name = match operand.get("filter_name") {
            None => {
                return Err(Refusal::Search(
                    "user_search_missing_filter_name",
                    "An operand has a filter_name.",
                ));
            }
            Some(Value::String(name)) => name.clone(),
            Some(_) => {
                return Err(Refusal::Search(
                    "user_search_filter_name_must_be_string",
                    "filter_name must be a string.",
                ));
            }
        };
        let value = operand.get("filter_value").ok_or(Refusal::Search(
            "user_search_missing_filter_value",
            "An operand has a filter_value.",
        ))?;
        let environment = project.environment;
        let ids = |word: &'static str| {
            List::check(value, |text| {
                let id: Option<Id<()>> = environment.parse(word, text);
                id.map(|id| id.to_string()).unwrap_or_default()
            })
        };
        match name.as_str() {
            "status" => self.status = Some(status(value)?),
            "user_id" => self.user_ids = Some(ids("user")?),
            "phone_id" => self.phone_ids = Some(ids("phone-number")?),
            "email_id" => self.email_ids = Some(ids("email")?),
            "phone_number" => self.numbers = Some(List::check(value, str::to_owned)?),
            "email_address" => self.emails = Some(List::check(value, str::to_lowercase)?),
            "phone_verified" => self.phone_verified = Some(flag(value)?),
            "email_verified" => self.email_verified = Some(flag(value)?),
            "phone_number_fuzzy" => {
                self.number_part = Some(part(value, "user_search_phone_number_fuzzy_too_short")?);
            }
            "email_address_fuzzy" => {
                self.email_part = Some(part(value, "user_search_email_address_fuzzy_too_short")?);
            }
            "full_name_fuzzy" => {
                self.name_part = Some(part(value, "user_search_full_name_fuzzy_too_short")?);
            }
            "created_at_greater_than" => self.created_after = Some(time(value)?),
            "created_at_less_than" => self.created_before = Some(time(value)?),
            "created_at_between" => {
                self.created_after = Some(time(value.get("greater_than").unwrap_or(value))?);
                self.created_before = Some(time(value.get("less_than").unwrap_or(value))?);
            }
            _ => {
                return Err(Refusal::Search(
                    "user_search_filter_name_not_recognized",
                    "The filter_name is not one of this service.",
                ));
            }
        }
        Ok(())
    }

    /// The only users who can match, when a filter names users or what they have. They are found by
    /// an index, one value after the other.
    pub async fn named(
        &self,
        conn: &mut Conn,
        project: &Project,
    ) -> Result<Option<BTreeSet<Id<User>>>, StoreError> {
        let methods = self.phone_ids.as_ref().or(self.email_ids.as_ref());
        let addresses = self.numbers.as_ref().or(self.emails.as_ref());
        let mut named = BTreeSet::new();
        if let Some(List(ids)) = &self.user_ids {
            named.extend(ids.iter().filter_map(|id| Id::parse(id)));
        } else if let Some(List(ids)) = methods {
            for id in ids.iter().filter_map(|id| Id::parse(id)) {
                named.extend(Method::owner(conn, id).await?);
            }
        } else if let Some(List(addresses)) = addresses {
            for address in addresses {
                named.extend(Method::users_with(conn, project, address).await?);
            }
        } else {
            return Ok(None);
        }
        Ok(Some(named))
    }

    /// Of [`matching_users`].
    pub fn params(&self, project: &Project) -> Vec<Param> {
        params![
            &*project.id,
            self.status.as_deref(),
            self.user_ids.as_ref().map(List::between_commas),
            self.created_after,
            self.created_before,
            self.name_part.as_deref(),
            self.numbers.as_ref().map(List::between_commas),
            self.emails.as_ref().map(List::between_commas),
            self.phone_ids.as_ref().map(List::between_commas),
            self.email_ids.as_ref().map(List::between_commas),
            self.phone_verified,
            self.email_verified,
            self.number_part.as_deref(),
            self.email_part.as_deref(),
        ]
        .to_vec()
    }
}

/// Stytch itself takes `AND` only since it gave `OR` up.
fn check_operator(query: &Fields) -> Result<(), Refusal> {
    match query.filled_text("operator")? {
        None | Some("AND") => Ok(()),
        Some(_) => Err(Refusal::Search(
            "user_search_invalid_operator",
            "The operator must be AND.",
        )),
    }
}

fn status(value: &Value) -> Result<String, Refusal> {
    match value.as_str().or_else(|| value.get(0)?.as_str()) {
        Some(status @ ("active" | "pending")) => Ok(status.to_owned()),
        _ => Err(Refusal::Search(
            "user_search_invalid_status_filter",
            "The status is active or pending.",
        )),
    }
}

fn flag(value: &Value) -> Result<bool, Refusal> {
    value.as_bool().ok_or(Refusal::Search(
        "user_search_expected_bool",
        "The filter_value must be true or false.",
    ))
}

fn time(value: &Value) -> Result<Timestamp, Refusal> {
    value
        .as_str()
        .and_then(Timestamp::parse_rfc3339)
        .ok_or(Refusal::Search(
            "user_search_expected_timestamp",
            "The filter_value must be a time of RFC 3339, such as 2026-11-24T09:30:00Z.",
        ))
}

impl List {
    /// One text or a list of texts.
    fn check(value: &Value, each: impl Fn(&str) -> String) -> Result<Self, Refusal> {
        let wrong = || {
            Refusal::Search(
                "user_search_expected_array_of_string",
                "The filter_value must be a string or a list of strings.",
            )
        };
        let texts: Vec<&str> = match value {
            Value::String(text) => vec![text],
            Value::Array(values) => values
                .iter()
                .map(|value| value.as_str().ok_or_else(wrong))
                .collect::<Result<_, _>>()?,
            _ => return Err(wrong()),
        };
        if texts.len() > MOST_VALUES {
            return Err(Refusal::Search(
                "user_search_maximum_filter_value_count_exceeded",
                "A filter may name 100 values at most.",
            ));
        }
        let parts = texts.into_iter().map(each);
        let parts = parts.filter(|part| !part.is_empty() && !part.contains([',', '\0']));
        Ok(Self(parts.collect()))
    }

    /// `,a,,b,,`
    fn between_commas(&self) -> String {
        let parts = self.0.iter();
        parts.fold(",".to_owned(), |list, part| list + part + ",,")
    }
}

/// The pattern of a text with `value` somewhere in it.
fn part(value: &Value, too_short: &'static str) -> Result<String, Refusal> {
    let text = value
        .as_str()
        .filter(|text| !text.contains('\0'))
        .ok_or(Refusal::Search(
            "user_search_expected_string",
            "The filter_value must be a string.",
        ))?;
    if text.chars().count() < SHORTEST_PART {
        return Err(Refusal::Search(
            too_short,
            "The filter_value must have 3 characters or more.",
        ));
    }
    let escaped = lowered(text)
        .replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_");
    Ok(format!("%{escaped}%"))
}
