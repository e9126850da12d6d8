use sallyport_base::{Secret, Timestamp};
use serde::Deserialize;
use url::Url;

use super::{
    Accepted, GatewayError, GatewaySetupError,
    outbound::{self, Answer, ask, check_address},
    required,
    sigv4::Signer,
};
use crate::message::Message;

/// `Publish` of AWS SNS, straight to a number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sns {
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// A name of at most 11 letters and digits, where the country allows names.
    pub sender_id: Option<String>,
    /// `https://sns.<region>.amazonaws.com` when absent.
    pub base_url: Option<Url>,
}

pub struct Sender {
    client: reqwest::Client,
    url: Url,
    signer: Signer,
    sender_id: Option<String>,
}

impl Sender {
    pub fn new(sns: &Sns) -> Result<Self, GatewaySetupError> {
        required(&sns.region, "region")?;
        required(&sns.access_key_id, "access_key_id")?;
        required(sns.secret_access_key.expose(), "secret_access_key")?;
        let url = match &sns.base_url {
            Some(url) => url.clone(),
            None => Url::parse(&format!("https://sns.{}.amazonaws.com/", sns.region))
                .map_err(|_| GatewaySetupError::Address { key: "region" })?,
        };
        check_address(&url, "base_url")?;
        Ok(Self {
            client: outbound::client()?,
            url,
            signer: Signer {
                access_key_id: sns.access_key_id.clone(),
                secret_access_key: sns.secret_access_key.clone(),
                region: sns.region.clone(),
                service: "sns",
            },
            sender_id: sns.sender_id.clone(),
        })
    }

    pub async fn deliver(
        &self,
        message: &Message,
        now: Timestamp,
    ) -> Result<Accepted, GatewayError> {
        let body = self.body(message);
        let mut request = self.client.post(self.url.clone());
        for (name, value) in self.signer.headers(&self.url, &body, now) {
            request = request.header(name, value);
        }
        let answer = ask(request.body(body)).await?;
        if !answer.status.is_success() {
            return Err(complaint(&answer));
        }
        Ok(Accepted {
            reference: element(&answer.body, "MessageId").map(str::to_owned),
        })
    }

    fn body(&self, message: &Message) -> String {
        let mut attributes = vec![("AWS.SNS.SMS.SMSType", "Transactional")];
        if let Some(sender_id) = &self.sender_id {
            attributes.push(("AWS.SNS.SMS.SenderID", sender_id));
        }
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", "Publish")
            .append_pair("Version", "2010-03-31")
            .append_pair("PhoneNumber", &message.to)
            .append_pair("Message", &message.body);
        for (place, (name, value)) in (1..).zip(attributes) {
            let entry = format!("MessageAttributes.entry.{place}");
            form.append_pair(&format!("{entry}.Name"), name)
                .append_pair(&format!("{entry}.Value.DataType"), "String")
                .append_pair(&format!("{entry}.Value.StringValue"), value);
        }
        form.finish()
    }
}

/// AWS limits rates with 400.
fn complaint(answer: &Answer) -> GatewayError {
    match element(&answer.body, "Code") {
        Some(code) if code.contains("Throttl") => GatewayError::Busy(code.to_owned()),
        code => answer.failure(code),
    }
}

/// The text of the first element of that name, in the few lines of XML that SNS answers.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim())
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn what_aws_complains_of_is_sorted() {
        for (status, code, expected) in [
            (
                400,
                "Throttling",
                GatewayError::Busy("Throttling".to_owned()),
            ),
            (
                400,
                "InvalidParameter",
                GatewayError::Refused("400 Bad Request, InvalidParameter".to_owned()),
            ),
            (
                500,
                "InternalError",
                GatewayError::Busy("500 Internal Server Error, InternalError".to_owned()),
            ),
        ] {
            let body =
                format!("<ErrorResponse><Error>\n<Code>{code}</Code></Error></ErrorResponse>");
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(complaint(&Answer { status, body }), expected);
        }
        assert_eq!(element("<a>", "Code"), None);
    }
}
