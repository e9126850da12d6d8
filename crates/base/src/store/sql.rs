use std::fmt::Write;

use super::Value;

/// A statement that is put together at run time, of pieces that all stand in the program: whatever
/// comes from outside is a parameter.
#[derive(Clone, Debug)]
pub struct Sql {
    text: String,
    params: Vec<Value>,
    /// Where in the text rows are locked.
    locks_at: Option<usize>,
}

/// What PostgreSQL reads where rows are locked.
const SKIP_LOCKED: &str = " FOR UPDATE SKIP LOCKED";

impl Sql {
    pub fn new(piece: &'static str, params: &[Value]) -> Self {
        let mut sql = Self {
            text: String::new(),
            params: Vec::new(),
            locks_at: None,
        };
        sql.push(piece, params);
        sql
    }

    /// Appends a piece. Each `?` in it stands for one of these parameters, in their order.
    pub fn push(&mut self, piece: &'static str, params: &[Value]) {
        let mut parts = piece.split('?');
        self.text.extend(parts.next());
        let mut params = params.iter();
        for part in parts {
            self.params.extend(params.next().cloned());
            write!(self.text, "${}{part}", self.params.len())
                .expect("writing to a string does not fail");
        }
        debug_assert!(
            params.next().is_none(),
            "a parameter without a place in {piece}"
        );
    }

    /// Appends `?, ?, ?`, one for each parameter.
    pub fn push_list(&mut self, params: impl IntoIterator<Item = Value>) {
        for (place, param) in params.into_iter().enumerate() {
            self.push(if place == 0 { "?" } else { ", ?" }, &[param]);
        }
    }

    /// Ends a SELECT of rows that are to be changed, once in a statement. They are locked, and those that
    /// another change holds are left out instead of waited for. SQLite makes one change at a time, so
    /// that nobody holds any.
    pub fn skip_locked(&mut self) {
        self.locks_at = Some(self.text.len());
    }

    pub(super) fn text_for_sqlite(&self) -> String {
        self.text.clone()
    }

    pub(super) fn text_for_postgres(&self) -> String {
        let mut text = self.text.clone();
        if let Some(place) = self.locks_at {
            text.insert_str(place, SKIP_LOCKED);
        }
        text
    }

    pub(super) fn params(&self) -> &[Value] {
        &self.params
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;

    #[test]
    fn places_are_numbered_through() {
        let mut sql = Sql::new("SELECT a FROM t WHERE b = ?", params!["b"]);
        sql.push(" AND c BETWEEN ? AND ?", params![1_i64, 2_i64]);
        sql.push(" AND d IN (", &[]);
        sql.push_list([Value::from("x"), Value::from("y")]);
        sql.push(")", &[]);
        assert_eq!(
            sql.text_for_sqlite(),
            "SELECT a FROM t WHERE b = $1 AND c BETWEEN $2 AND $3 AND d IN ($4, $5)"
        );
        assert_eq!(sql.text_for_postgres(), sql.text_for_sqlite());
        assert_eq!(sql.params().len(), 5);
    }

    #[test]
    fn rows_are_locked_where_more_than_one_change_is_made_at_a_time() {
        let mut sql = Sql::new("WITH due AS (SELECT a FROM t LIMIT ?", params![1_i64]);
        sql.skip_locked();
        sql.push(") DELETE FROM t WHERE a IN (SELECT a FROM due)", &[]);
        assert_eq!(
            sql.text_for_sqlite(),
            "WITH due AS (SELECT a FROM t LIMIT $1) DELETE FROM t WHERE a IN (SELECT a FROM due)"
        );
        assert_eq!(
            sql.text_for_postgres(),
            "WITH due AS (SELECT a FROM t LIMIT $1 FOR UPDATE SKIP LOCKED) DELETE FROM t WHERE a IN (SELECT a FROM due)"
        );
    }
}
