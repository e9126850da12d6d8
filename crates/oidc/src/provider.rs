use axum::response::Response;
use sallyport_base::Timestamp;
use sallyport_flow::Flow;
use sallyport_web::ErrorPage;
use serde::{Serialize, de::DeserializeOwned};

use crate::{OidcError, purge, signing_key::Keyring};

/// The OpenID provider: what every endpoint needs. Cheap to clone; any node with the same store and
/// key file is as good.
#[derive(Clone)]
pub struct Provider {
    flow: Flow,
    keys: Keyring,
}

impl Provider {
    /// Opens the signing keys, or makes them at the first start.
    pub async fn new(flow: Flow) -> Result<Self, OidcError> {
        let keys = Keyring::open(flow.store(), flow.vault(), flow.clock().now()).await?;
        Ok(Self { flow, keys })
    }

    pub const fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Removes what expired before `now`.
    pub async fn purge(&self, now: Timestamp) -> Result<(), OidcError> {
        Ok(purge::purge(self.flow.store(), now).await?)
    }

    pub(crate) const fn keys(&self) -> &Keyring {
        &self.keys
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.flow.clock().now()
    }

    pub(crate) fn page(&self, page: ErrorPage) -> Response {
        self.flow.pages().error(page)
    }

    /// Tells a person at a browser that this server failed. The cause is logged here, once.
    pub(crate) fn fault(&self, error: OidcError) -> Response {
        if let OidcError::Flow(error) = error {
            return error.page(self.flow.pages());
        }
        error.log();
        self.page(ErrorPage {
            status: error.status(),
            title: "This does not work at the moment".to_owned(),
            happened: "The server could not do what was asked.".to_owned(),
            what_to_do: "Wait a moment, go back to the application and try again. If it fails \
                         again, tell the people who run this site."
                .to_owned(),
            link: None,
            request_id: None,
        })
    }

    /// Text that a page may carry through the browser: nobody else can read or make it.
    pub(crate) fn seal(&self, purpose: &str, value: &impl Serialize) -> String {
        let json = crate::stored::to_json(value);
        self.flow.vault().seal(purpose, json.as_bytes())
    }

    /// What was sealed for the same purpose; `None` for any other text.
    pub(crate) fn open_sealed<T: DeserializeOwned>(
        &self,
        purpose: &str,
        sealed: &str,
    ) -> Option<T> {
        let json = self.flow.vault().open(purpose, sealed).ok()?;
        serde_json::from_slice(&json).ok()
    }
}
