use std::{fmt, str::FromStr};

use sqlx::postgres::PgConnectOptions;

use super::StoreError;

/// Where a store is, read without going there: `sqlite:/path/to/file.db` or
/// `postgres://user@host/database`.
pub struct StoreAddress(pub(super) Engine);

pub(super) enum Engine {
    Sqlite(String),
    Postgres(Box<PgConnectOptions>),
}

impl FromStr for StoreAddress {
    type Err = StoreError;

    fn from_str(address: &str) -> Result<Self, StoreError> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            if path.is_empty() {
                return Err(StoreError::Address("sqlite without a file".to_owned()));
            }
            return Ok(Self(Engine::Sqlite(path.to_owned())));
        }
        if address.starts_with("postgres:") || address.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(address)
                .map_err(|cause| StoreError::Address(cause.to_string()))?;
            return Ok(Self(Engine::Postgres(Box::new(options))));
        }
        // The address may hold a password: say its scheme only.
        let scheme = address.split(':').next().unwrap_or_default();
        Err(StoreError::Address(scheme.to_owned()))
    }
}

/// Where PostgreSQL is, without the user and the password.
pub(super) struct Postgres<'a>(pub &'a PgConnectOptions);

impl fmt::Display for Postgres<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = (self.0.get_host(), self.0.get_port());
        match self.0.get_socket() {
            Some(folder) => write!(f, "PostgreSQL at {}, port {port}", folder.display()),
            None => write!(f, "PostgreSQL at {host}, port {port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(address: &str) -> Option<String> {
        let parsed: Result<StoreAddress, StoreError> = address.parse();
        parsed.err().map(|cause| cause.to_string())
    }

    #[test]
    fn an_address_is_read_without_going_there_and_its_password_is_not_repeated() {
        for address in [
            "sqlite:/nowhere/at/all.db",
            "postgres://sallyport:secret@db.example.com/sallyport",
            "postgresql://sallyport@db.example.com:5433/sallyport?sslmode=verify-full",
        ] {
            assert_eq!(refusal(address), None, "{address}");
        }
        for (address, why) in [
            ("mysql://sallyport:secret@db.example.com/x", "mysql"),
            ("sqlite:", "sqlite without a file"),
            (
                "postgres://sallyport:secret@db.example.com:port/x",
                "invalid port number",
            ),
            ("", ""),
        ] {
            let refusal = refusal(address).unwrap();
            let begins = format!("the store address is not understood: {why}");
            assert!(
                refusal.starts_with(&begins) || refusal.contains(why),
                "{refusal}"
            );
            assert!(!refusal.contains("secret"), "{refusal}");
        }
    }

    #[tokio::test]
    async fn a_postgresql_that_is_not_there_is_named_at_once_and_without_its_password() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = closed.local_addr().unwrap().port();
        drop(closed);
        let address = format!("postgres://sallyport:secret@127.0.0.1:{port}/sallyport");
        let opening = crate::Store::open(&address);
        let opened = tokio::time::timeout(std::time::Duration::from_secs(5), opening).await;
        let refusal = opened.expect("at once").err().unwrap();
        let text = refusal.to_string();
        let begins = format!("PostgreSQL at 127.0.0.1, port {port} cannot be used: ");
        assert!(text.starts_with(&begins), "{text}");
        assert!(text.contains("onnection refused"), "{text}");
        assert!(!text.contains("secret"), "{text}");
        assert!(std::error::Error::source(&refusal).is_none(), "told once");
    }
}
