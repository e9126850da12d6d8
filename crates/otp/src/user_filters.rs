use std::collections::BTreeSet;

use sallyport_base::{Conn, Id, Sql, StoreError, Timestamp, Value as Param, params};
use serde_json::Value;

use crate::{
    address::Kind,
    fields::Fields,
    method::Method,
    profile::{ExternalId, lowered},
    project::{Caller, Project},
    refusal::Refusal,
    user::User,
    user_name::UserName,
};

/// Conditions of one search.
const MOST_OPERANDS: usize = 50;

/// Values that one filter may name.
const MOST_VALUES: usize = 100;

/// The fewest characters that a part of an address or a name is looked for by.
const SHORTEST_PART: usize = 3;

/// What must be true of the users that are looked for.
pub struct Filters {
    operator: Operator,
    operands: Vec<Filter>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    And,
    Or,
}

/// One condition. A list is of values of which one must be there; what cannot be one of them is not
/// in it.
enum Filter {
    Status(Vec<String>),
    UserIds(Vec<Id<User>>),
    ExternalIds(Vec<ExternalId>),
    CreatedAfter(Timestamp),
    CreatedBefore(Timestamp),
    CreatedBetween(Timestamp, Timestamp),
    /// A pattern of `LIKE`, as the next but one.
    NamePart(String),
    MethodIds(Kind, Vec<Id<Method>>),
    Addresses(Kind, Vec<String>),
    AddressPart(Kind, String),
    /// Somebody with an address of this kind that is verified, or that is not.
    Verified(Kind, bool),
    /// About what no user here has, such as a password: true of all of them, or of none.
    Constant(bool),
}

impl Filters {
    /// Reads `query`.
    pub fn check(project: &Project, query: &Fields) -> Result<Self, Refusal> {
        let operator = Operator::check(query)?;
        let operands = query.objects("operands")?;
        if operands.len() > MOST_OPERANDS {
            let why = format!("query may have {MOST_OPERANDS} operands at most.");
            return Err(Refusal::BadRequest(why.into()));
        }
        let operands = operands
            .iter()
            .map(|operand| Filter::check(project, operand));
        Ok(Self {
            operator,
            operands: operands.collect::<Result<_, _>>()?,
        })
    }

    /// The only users who can match, when a filter names users or what they have. They are found by
    /// an index, one value after the other.
    pub async fn named(
        &self,
        conn: &mut Conn,
        project: &Project,
    ) -> Result<Option<BTreeSet<Id<User>>>, StoreError> {
        if self.operator == Operator::Or && self.operands.len() > 1 {
            return Ok(None);
        }
        let Some(filter) = self.operands.iter().min_by_key(|filter| filter.breadth()) else {
            return Ok(None);
        };
        filter.named(conn, project).await
    }

    /// Begins with `what`, such as `SELECT COUNT(*)`, and ends in a condition that more may follow.
    pub fn sql(&self, what: &'static str, caller: &Caller) -> Sql {
        let mut sql = Sql::new(what, &[]);
        sql.push(
            " FROM otp_users u WHERE u.project_id = ?",
            params![&*caller.project.id],
        );
        let mut begin = " AND (";
        for filter in &self.operands {
            sql.push(begin, &[]);
            filter.push(&mut sql, caller.now);
            begin = match self.operator {
                Operator::And => " AND ",
                Operator::Or => " OR ",
            };
        }
        if !self.operands.is_empty() {
            sql.push(")", &[]);
        }
        sql
    }
}

impl Operator {
    fn check(query: &Fields) -> Result<Self, Refusal> {
        match query.filled_text("operator")? {
            None | Some("AND") => Ok(Self::And),
            Some("OR") => Ok(Self::Or),
            Some(_) => Err(Refusal::Search(
                "user_search_invalid_operator",
                "The operator must be AND or OR.",
            )),
        }
    }
}

impl Filter {
    fn check(project: &Project, operand: &Fields) -> Result<Self, Refusal> {
        let name = match operand.get("filter_name") {
            None => {
                return Err(Refusal::Search(
                    "user_search_missing_filter_name",
                    "An operand has a filter_name.",
                ));
            }
            Some(Value::String(name)) => name,
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
        Ok(match name.as_str() {
            "status" => Self::Status(statuses(value)?),
            "user_id" => Self::users(project, value)?,
            "phone_id" => Self::methods(project, Kind::Phone, value)?,
            "email_id" => Self::methods(project, Kind::Email, value)?,
            "phone_number" => Self::Addresses(Kind::Phone, list(value)?),
            "email_address" => {
                let addresses = list(value)?;
                let small = addresses.iter().map(|address| address.to_lowercase());
                Self::Addresses(Kind::Email, small.collect())
            }
            "phone_verified" => Self::Verified(Kind::Phone, flag(value)?),
            "email_verified" => Self::Verified(Kind::Email, flag(value)?),
            "phone_number_fuzzy" => Self::AddressPart(
                Kind::Phone,
                part(value, "user_search_phone_number_fuzzy_too_short")?,
            ),
            "email_address_fuzzy" => Self::AddressPart(
                Kind::Email,
                part(value, "user_search_email_address_fuzzy_too_short")?,
            ),
            "full_name_fuzzy" => {
                Self::NamePart(part(value, "user_search_full_name_fuzzy_too_short")?)
            }
            "created_at_greater_than" => Self::CreatedAfter(time(value)?),
            "created_at_less_than" => Self::CreatedBefore(time(value)?),
            "created_at_between" => Self::between(value)?,
            "password_exists" => Self::Constant(!flag(value)?),
            "totp_verified"
            | "webauthn_registration_verified"
            | "biometric_verified"
            | "crypto_wallet_verified" => flag(value).map(|_| Self::Constant(false))?,
            "totp_id"
            | "webauthn_registration_id"
            | "biometric_registration_id"
            | "crypto_wallet_id"
            | "crypto_wallet_address"
            | "oauth_provider" => list(value).map(|_| Self::Constant(false))?,
            _ => {
                return Err(Refusal::Search(
                    "user_search_filter_name_not_recognized",
                    "The filter_name is not one of this service.",
                ));
            }
        })
    }

    /// All by the ids of this service, or all by those of the application.
    fn users(project: &Project, value: &Value) -> Result<Self, Refusal> {
        let (mut ids, mut external_ids) = (Vec::new(), Vec::new());
        for text in list(value)? {
            match UserName::check(project, &text) {
                Ok(UserName::Id(id)) => ids.push(id),
                Ok(UserName::External(id)) => external_ids.push(id),
                Err(_) => {}
            }
        }
        match (ids.is_empty(), external_ids.is_empty()) {
            (false, false) => Err(Refusal::Search(
                "user_search_cannot_mix_internal_and_external_user_ids",
                "A user_id filter names users by their user_id or by their external_id, not some by one and some by the other.",
            )),
            (true, false) => Ok(Self::ExternalIds(external_ids)),
            _ => Ok(Self::UserIds(ids)),
        }
    }

    fn methods(project: &Project, kind: Kind, value: &Value) -> Result<Self, Refusal> {
        let ids = list(value)?;
        let parsed = ids
            .iter()
            .filter_map(|id| project.environment.parse(kind.id_word(), id));
        Ok(Self::MethodIds(kind, parsed.collect()))
    }

    fn between(value: &Value) -> Result<Self, Refusal> {
        if !value.is_object() {
            return Err(Refusal::Search(
                "user_search_expected_object",
                "The filter_value must be an object with greater_than and less_than.",
            ));
        }
        let bound = |name, missing| {
            let bound = value.get(name).filter(|bound| !bound.is_null());
            time(bound.ok_or(Refusal::Search(
                missing,
                "The filter_value must have greater_than and less_than.",
            ))?)
        };
        Ok(Self::CreatedBetween(
            bound("greater_than", "user_search_missing_greater_than")?,
            bound("less_than", "user_search_missing_less_than")?,
        ))
    }

    /// How many users it may name, the fewest first; those that name none come last.
    fn breadth(&self) -> u8 {
        match self {
            Self::UserIds(_) | Self::ExternalIds(_) => 0,
            Self::MethodIds(..) => 1,
            Self::Addresses(..) => 2,
            _ => u8::MAX,
        }
    }

    async fn named(
        &self,
        conn: &mut Conn,
        project: &Project,
    ) -> Result<Option<BTreeSet<Id<User>>>, StoreError> {
        let mut named = BTreeSet::new();
        match self {
            Self::UserIds(ids) => named.extend(ids),
            Self::ExternalIds(ids) => {
                for id in ids {
                    let user = User::find_by_external_id(conn, project, id).await?;
                    named.extend(user.map(|user| user.id));
                }
            }
            Self::MethodIds(_, ids) => {
                for id in ids {
                    named.extend(Method::owner(conn, *id).await?);
                }
            }
            Self::Addresses(_, addresses) => {
                for address in addresses {
                    named.extend(Method::users_with(conn, project, address).await?);
                }
            }
            _ => return Ok(None),
        }
        Ok(Some(named))
    }

    /// Appends the condition on the user `u`.
    fn push(&self, sql: &mut Sql, now: Timestamp) {
        match self {
            Self::Status(statuses) => {
                sql.push("u.status", &[]);
                push_in(sql, statuses.iter().map(Param::from));
            }
            Self::UserIds(ids) => {
                sql.push("u.user_id", &[]);
                push_in(sql, ids.iter().map(|id| Param::from(*id)));
            }
            Self::ExternalIds(ids) => {
                sql.push("u.external_id", &[]);
                push_in(sql, ids.iter().map(|id| Param::from(id.as_str())));
            }
            Self::CreatedAfter(time) => sql.push("u.created_at > ?", params![*time]),
            Self::CreatedBefore(time) => sql.push("u.created_at < ?", params![*time]),
            Self::CreatedBetween(after, before) => sql.push(
                "(u.created_at > ? AND u.created_at < ?)",
                params![*after, *before],
            ),
            Self::NamePart(pattern) => sql.push(
                "COALESCE(u.lowered_name, LOWER(u.first_name || ' ' || u.middle_name || ' ' || u.last_name)) LIKE ? ESCAPE '!'",
                params![pattern],
            ),
            Self::MethodIds(kind, ids) => {
                push_exists(sql, *kind, now);
                sql.push(" AND m.method_id", &[]);
                push_in(sql, ids.iter().map(|id| Param::from(*id)));
                sql.push(")", &[]);
            }
            Self::Addresses(kind, addresses) => {
                push_exists(sql, *kind, now);
                sql.push(" AND m.address", &[]);
                push_in(sql, addresses.iter().map(Param::from));
                sql.push(")", &[]);
            }
            Self::AddressPart(kind, pattern) => {
                push_exists(sql, *kind, now);
                sql.push(" AND m.address LIKE ? ESCAPE '!')", params![pattern]);
            }
            Self::Verified(kind, verified) => {
                push_exists(sql, *kind, now);
                sql.push(" AND m.verified = ?)", params![*verified]);
            }
            Self::Constant(holds) => sql.push(if *holds { "1 = 1" } else { "1 = 0" }, &[]),
        }
    }
}

/// Appends ` IN (…)`. Of an empty list nothing is a member, which not every engine can say.
fn push_in(sql: &mut Sql, values: impl Iterator<Item = Param>) {
    let mut values = values.peekable();
    if values.peek().is_none() {
        return sql.push(" IN (NULL)", &[]);
    }
    sql.push(" IN (", &[]);
    sql.push_list(values);
    sql.push(")", &[]);
}

/// Appends the beginning of a condition on an address `m` of the user, which is to be closed by `)`.
/// One that was not verified in time is none any more.
fn push_exists(sql: &mut Sql, kind: Kind, now: Timestamp) {
    sql.push(
        "EXISTS (SELECT 1 FROM otp_methods m WHERE m.user_id = u.user_id AND (m.drop_at IS NULL OR m.drop_at > ?)",
        params![now],
    );
    sql.push(
        match kind {
            Kind::Phone => " AND m.address NOT LIKE '%@%'",
            Kind::Email => " AND m.address LIKE '%@%'",
        },
        &[],
    );
}

fn statuses(value: &Value) -> Result<Vec<String>, Refusal> {
    let wrong = || {
        Refusal::Search(
            "user_search_invalid_status_filter",
            "The status is active or pending.",
        )
    };
    let statuses = list(value).map_err(|_| wrong())?;
    let are_known = statuses
        .iter()
        .all(|status| matches!(status.as_str(), "active" | "pending"));
    (are_known && !statuses.is_empty())
        .then_some(statuses)
        .ok_or_else(wrong)
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

/// One text or a list of texts. What PostgreSQL cannot keep is in no user.
fn list(value: &Value) -> Result<Vec<String>, Refusal> {
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
    let texts = texts.into_iter().filter(|text| !text.contains('\0'));
    Ok(texts.map(str::to_owned).collect())
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
