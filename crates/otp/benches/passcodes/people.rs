//! Users in great numbers, each with one number that was verified. What is stored of them is a
//! function of their place in the row.

use sallyport_base::{Clock, Store, params};
use sallyport_otp::Project;

/// Users in one transaction.
const AT_ONCE: i64 = 100_000;

/// Cities with numbers enough for a million users. What is sent is counted by such prefixes too.
const AREAS: [&str; 10] = [
    "202", "212", "213", "305", "312", "404", "415", "503", "602", "617",
];

const USERS: &str = "
WITH RECURSIVE places (n) AS (
    SELECT CAST($2 AS BIGINT) UNION ALL SELECT n + 1 FROM places WHERE n + 1 < $3)
INSERT INTO otp_users
    (user_id, project_id, status, created_at, failures, first_name, last_name, lowered_name)
SELECT '018f3c1e-7c1a-7b6e-9a43-' || SUBSTR(CAST(1000000000000 + n AS TEXT), 2), $1, 'active', $4, 0,
    'Person', 'Example' || CAST(n AS TEXT), 'person  example' || CAST(n AS TEXT)
FROM places";

const NUMBERS: &str = "
WITH RECURSIVE places (n) AS (
    SELECT CAST($2 AS BIGINT) UNION ALL SELECT n + 1 FROM places WHERE n + 1 < $3)
INSERT INTO otp_methods (method_id, project_id, user_id, address, verified, added_at, proven_at)
SELECT '018f3c1e-7c1a-7b6e-9a44-' || SUBSTR(CAST(1000000000000 + n AS TEXT), 2), $1,
    '018f3c1e-7c1a-7b6e-9a43-' || SUBSTR(CAST(1000000000000 + n AS TEXT), 2),
    '+1' || SUBSTR($5, CAST(n % 10 AS INTEGER) * 3 + 1, 3) || CAST(2000000 + n / 10 AS TEXT), TRUE, $4, $4
FROM places";

/// One of them.
#[derive(Clone, Copy)]
pub struct Person(pub i64);

impl Person {
    pub fn user_id(self) -> String {
        format!("user-test-018f3c1e-7c1a-7b6e-9a43-{:012}", self.0)
    }

    pub fn phone_id(self) -> String {
        format!("phone-number-test-018f3c1e-7c1a-7b6e-9a44-{:012}", self.0)
    }

    pub fn number(self) -> String {
        let area = usize::try_from(self.0 % 10).map_or("", |area| AREAS[area]);
        format!("+1{area}{}", 2_000_000 + self.0 / 10)
    }

    /// A part of a name that few users have in theirs.
    pub fn part_of_name(self) -> String {
        format!("EXAMPLE{}", self.0)
    }
}

/// Makes the users from the place `from` to before `to`.
pub async fn settle(store: &Store, project: &Project, from: i64, to: i64) -> anyhow::Result<()> {
    let now = Clock::System.now();
    let mut from = from;
    while from < to {
        let next = (from + AT_ONCE).min(to);
        let mut tx = store.begin().await?;
        tx.execute(USERS, params![&*project.id, from, next, now])
            .await?;
        tx.execute(
            NUMBERS,
            params![&*project.id, from, next, now, AREAS.concat()],
        )
        .await?;
        tx.commit().await?;
        from = next;
    }
    Ok(())
}
