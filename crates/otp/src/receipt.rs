//! What becomes of messages after a gateway took them: it tells by a request to an address that it
//! was given with the message, or over the connection that it has with us.

use std::sync::Arc;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use axum::{
    Extension,
    body::Body,
    extract::{Path, RawQuery, State},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::HeaderMap;
use sallyport_base::{Clock, Id, Random, Store, StoreError, Timestamp, Vault, constant_time_eq};
use serde_json::{Value, json};
use url::Url;

use crate::{
    Otp,
    address::Address,
    answer::{Arrival, Success},
    fields::read_body,
    keys::Keys,
    message::Message,
    metrics::Metrics,
    opt_out::{Keyword, OptOut},
    outbox::{Parcel, Which},
    phone_number::PhoneNumber,
    refusal::Refusal,
};

/// Where [`receive`] is found.
pub const PATH: &str = "/sallyport/v1/gateways/{gateway}/receipts/{message_id}";

/// What is known of a message that was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    OnItsWay,
    Delivered,
    Undelivered,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct News {
    pub outcome: Outcome,
    /// The gateway's own word for what went wrong.
    pub detail: Option<String>,
}

/// `POST` or `GET` of [`PATH`]. Each gateway proves itself in its own way.
pub async fn receive(
    State(otp): State<Otp>,
    Extension(arrival): Extension<Arrival>,
    Path((gateway, message_id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Success, Refusal> {
    let line = otp.lines().named(&gateway);
    let (Some(line), Some(message_id)) = (line, Id::parse(&message_id)) else {
        return Err(Refusal::UnprovenReceipt);
    };
    let body = read_body(body).await?;
    let callback = Callback {
        message_id,
        query: query.as_deref().unwrap_or_default(),
        headers: &headers,
        body: &body,
        now: arrival.at,
    };
    let news = line
        .read_receipt(&callback)
        .map_err(|refusal| match refusal {
            // A gateway has neither a project nor its secret.
            Refusal::UnauthorizedCredentials => Refusal::UnprovenReceipt,
            other => other,
        })?;
    let receipts = otp.receipts().of(&gateway);
    receipts.settle(Which::Message(message_id), &news).await?;
    Ok(Success::of(json!({})))
}

/// A request that claims to be a receipt.
pub struct Callback<'a> {
    pub message_id: Id<Message>,
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    pub now: Timestamp,
}

impl Callback<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The parameters of the body.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body)
            .into_owned()
            .collect()
    }

    /// A parameter of the address, of the form, or of the JSON object.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let in_address = url::form_urlencoded::parse(self.query.as_bytes()).into_owned();
        let found = in_address
            .chain(self.form())
            .find_map(|(key, value)| (key == name).then_some(value));
        found.or_else(
            || match serde_json::from_slice::<Value>(self.body).ok()?.get(name)? {
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            },
        )
    }

    /// Proves that whoever asks was given the address.
    pub fn check_token(&self, callbacks: Option<&GatewayCallbacks>) -> Result<(), Refusal> {
        let token = url::form_urlencoded::parse(self.query.as_bytes())
            .find_map(|(key, value)| (key == "token").then_some(value));
        let is_right = token.zip(callbacks).is_some_and(|(token, callbacks)| {
            let expected = callbacks.token(self.message_id);
            constant_time_eq(expected.as_bytes(), token.as_bytes())
        });
        if is_right {
            Ok(())
        } else {
            Err(Refusal::UnauthorizedCredentials)
        }
    }
}

/// The addresses that gateways are given for their receipts.
pub struct Callbacks {
    public_url: Option<Url>,
    key: hmac::Key,
}

/// Those of one gateway.
#[derive(Clone)]
pub struct GatewayCallbacks {
    base: String,
    gateway: String,
    key: hmac::Key,
}

impl Callbacks {
    /// Without `public_url`, the address of this service as gateways reach it, none is given.
    pub fn new(public_url: Option<Url>, vault: &Vault) -> Self {
        Self {
            public_url,
            key: hmac::Key::new(HMAC_SHA256, &vault.derive("otp receipts")),
        }
    }

    pub fn of(&self, gateway: &str) -> Option<GatewayCallbacks> {
        let origin = self.public_url.as_ref()?.as_str().trim_end_matches('/');
        let path = PATH.replace("{gateway}", gateway);
        Some(GatewayCallbacks {
            base: format!("{origin}{}", path.trim_end_matches("{message_id}")),
            gateway: gateway.to_owned(),
            key: self.key.clone(),
        })
    }
}

impl GatewayCallbacks {
    pub fn url(&self, message_id: Id<Message>) -> String {
        format!("{}{message_id}?token={}", self.base, self.token(message_id))
    }

    fn token(&self, message_id: Id<Message>) -> String {
        let text = format!("{} {message_id}", self.gateway);
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, text.as_bytes()))
    }
}

/// Keeps what gateways tell.
#[derive(Clone)]
pub struct Receipts {
    pub store: Store,
    pub clock: Clock,
    pub random: Random,
    pub keys: Arc<Keys>,
    pub metrics: Arc<Metrics>,
}

/// Those of one gateway.
#[derive(Clone)]
pub struct GatewayReceipts {
    gateway: String,
    receipts: Receipts,
}

impl Receipts {
    pub fn of(&self, gateway: &str) -> GatewayReceipts {
        GatewayReceipts {
            gateway: gateway.to_owned(),
            receipts: self.clone(),
        }
    }
}

impl GatewayReceipts {
    /// For gateways that name messages by a reference of their own. `false` when there is no such
    /// message.
    pub async fn keep(&self, reference: &str, news: &News) -> Result<bool, StoreError> {
        self.settle(Which::Reference(reference), news).await
    }

    /// Somebody wrote to the number that messages come from. `false` when it could not be kept.
    pub async fn heard(&self, from: &str, text: &str) -> bool {
        let number = PhoneNumber::of_sender(&format!("+{}", from.trim_start_matches('+')));
        let (Ok(number), Some(keyword)) = (number, Keyword::of(text)) else {
            return true;
        };
        match self.obey(&Address::Phone(number), keyword).await {
            Ok(()) => true,
            Err(cause) => {
                tracing::error!(error = %cause, "what somebody wrote could not be kept; it is asked for again");
                false
            }
        }
    }

    async fn obey(&self, address: &Address, keyword: Keyword) -> Result<(), StoreError> {
        let Receipts {
            store,
            clock,
            keys,
            random,
            ..
        } = &self.receipts;
        let (number, now) = (keys.address(address), clock.now());
        let mut tx = store.begin().await?;
        OptOut::obey_unasked(&mut tx, keyword, number, address.end(), now, random).await?;
        tx.commit().await
    }

    /// Keeps the news of a message, once. `false` when the gateway was never given it.
    async fn settle(&self, which: Which<'_>, news: &News) -> Result<bool, StoreError> {
        let Receipts {
            store,
            clock,
            random,
            metrics,
            ..
        } = &self.receipts;
        let now = clock.now();
        if news.outcome == Outcome::OnItsWay {
            let mut reader = store.reader().await?;
            return Parcel::is_known(&mut reader, &self.gateway, which).await;
        }
        let is_delivered = news.outcome == Outcome::Delivered;
        let mut tx = store.begin().await?;
        let settled = Parcel::settle(&mut tx, &self.gateway, which, is_delivered, now).await?;
        let Some(parcel) = settled else {
            return Parcel::is_known(&mut tx, &self.gateway, which).await;
        };
        if !is_delivered && parcel.is_newest(&mut tx).await? {
            parcel.lift_pause(&mut tx).await?;
        }
        parcel
            .audit_receipt(&mut tx, is_delivered, now, random)
            .await?;
        tx.commit().await?;
        metrics.settled(&parcel.gateway, &parcel.country, is_delivered);
        tracing::info!(
            message.id = %parcel.id,
            gateway = self.gateway,
            delivered = is_delivered,
            detail = news.detail.as_deref(),
            "a gateway told what became of a message"
        );
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback<'a>(query: &'a str, headers: &'a HeaderMap, body: &'a [u8]) -> Callback<'a> {
        Callback {
            message_id: Id::parse("018f3c1e-7c1a-7b6e-9a43-5f0f4f3a2b1c").unwrap(),
            query,
            headers,
            body,
            now: Timestamp::from_seconds(0),
        }
    }

    #[test]
    fn a_parameter_is_read_from_wherever_it_is() {
        let headers = HeaderMap::new();
        for (query, body) in [
            ("status=delivered", ""),
            ("", "a=b&status=delivered"),
            ("a=b", r#"{"status":"delivered"}"#),
        ] {
            let callback = callback(query, &headers, body.as_bytes());
            assert_eq!(callback.parameter("status").as_deref(), Some("delivered"));
            assert_eq!(callback.parameter("other"), None);
        }
    }

    #[test]
    fn a_token_is_of_one_message_and_one_gateway() {
        let headers = HeaderMap::new();
        let url = Url::parse("https://otp.example.com").unwrap();
        let callbacks = Callbacks::new(Some(url), &Vault::from_key([7; 32]));
        let ours = callbacks.of("kannel").unwrap();
        let other = callbacks.of("vonage").unwrap();
        let id = callback("", &headers, b"").message_id;
        let url = ours.url(id);
        let (address, query) = url.split_once('?').unwrap();
        assert_eq!(
            address,
            format!("https://otp.example.com/sallyport/v1/gateways/kannel/receipts/{id}")
        );
        assert!(
            callback(query, &headers, b"")
                .check_token(Some(&ours))
                .is_ok()
        );
        for (query, callbacks) in [(query, Some(&other)), (query, None), ("", Some(&ours))] {
            let refused = callback(query, &headers, b"").check_token(callbacks);
            assert!(matches!(refused, Err(Refusal::UnauthorizedCredentials)));
        }
        let mut another = callback(query, &headers, b"");
        another.message_id = Id::parse("018f3c1e-7c1a-7b6e-9a43-5f0f4f3a2b1d").unwrap();
        assert!(another.check_token(Some(&ours)).is_err());
    }
}
