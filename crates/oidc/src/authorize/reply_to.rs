use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use sallyport_base::{Conn, StoreError, Token};
use sallyport_flow::Issuer;
use sallyport_web::{ErrorPage, Params};
use url::form_urlencoded::Serializer;

use super::{
    refusal::{Failure, Refusal},
    request::is_short_enough,
};
use crate::{Client, error};

/// Where the answer to an authorization request may go: a client that exists and an address that is
/// its own. Before there is one, errors stay on a page (RFC 6749 §4.1.2.1).
#[derive(Clone, Debug)]
pub(crate) struct ReplyTo {
    pub(crate) client: Client,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
}

/// Why the browser cannot be sent anywhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum NoReply {
    /// Which one is missing or was sent twice.
    Parameter(&'static str),
    UnknownClient,
    UnregisteredAddress {
        client_name: String,
    },
}

impl ReplyTo {
    pub(crate) async fn check(
        conn: &mut Conn,
        params: &Params,
    ) -> Result<Result<Self, NoReply>, StoreError> {
        let client_id = match required(params, "client_id") {
            Ok(client_id) => client_id,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let client = Client::find(conn, client_id).await?;
        Ok(Self::of(client, params))
    }

    fn of(client: Option<Client>, params: &Params) -> Result<Self, NoReply> {
        let client = client.ok_or(NoReply::UnknownClient)?;
        let redirect_uri = required(params, "redirect_uri")?;
        // A state that was sent twice or is too long is refused later, and then there is none to
        // give back.
        let state = params.single("state").ok().flatten();
        let state = state.filter(|state| is_short_enough("state", state));
        Self::at(client, redirect_uri, state)
    }

    /// For the address and state of a request that was checked before.
    pub(crate) fn at(
        client: Client,
        redirect_uri: &str,
        state: Option<&str>,
    ) -> Result<Self, NoReply> {
        if !client.may_redirect_to(redirect_uri) {
            return Err(NoReply::UnregisteredAddress {
                client_name: client.registration.client_name,
            });
        }
        Ok(Self {
            client,
            redirect_uri: redirect_uri.to_owned(),
            state: state.map(str::to_owned),
        })
    }

    pub(crate) fn success(&self, issuer: &Issuer, code: &Token) -> Response {
        redirect(&self.address(issuer, &[("code", code.expose())]))
    }

    pub(crate) fn failure(&self, issuer: &Issuer, failure: Failure) -> Response {
        match failure {
            Failure::Refused(refusal) => {
                tracing::info!(client.id = %self.client.id, error = refusal.code.name(), reason = %refusal.description, "an authorization request was refused");
                redirect(&self.refusal_address(issuer, &refusal))
            }
            Failure::Failed(error) => {
                error.log();
                let description = "The server could not answer.";
                redirect(&self.error_address(issuer, error.code(), description))
            }
        }
    }

    /// The address that tells the client of a refusal.
    pub(crate) fn refusal_address(&self, issuer: &Issuer, refusal: &Refusal) -> String {
        self.error_address(issuer, refusal.code.name(), &refusal.description)
    }

    fn error_address(&self, issuer: &Issuer, code: &str, description: &str) -> String {
        let description = error::allowed(description);
        self.address(
            issuer,
            &[("error", code), ("error_description", &description)],
        )
    }

    /// The registered address, kept as it is, with the answer, the state, and who answers
    /// (RFC 9207) in its query.
    fn address(&self, issuer: &Issuer, answer: &[(&str, &str)]) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(answer);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &issuer.to_string());
        let separator = if self.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        format!("{}{separator}{}", self.redirect_uri, query.finish())
    }
}

/// See Other: what was posted here is never posted to the client (RFC 9700 §4.12).
fn redirect(address: &str) -> Response {
    (error::never_stored(), Redirect::to(address)).into_response()
}

fn required<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, NoReply> {
    match params.single(name) {
        Ok(Some(value)) => Ok(value),
        Ok(None) | Err(_) => Err(NoReply::Parameter(name)),
    }
}

impl NoReply {
    pub(crate) fn page(&self) -> ErrorPage {
        tracing::info!(reason = ?self, "an authorization request was refused");
        let happened = match self {
            Self::Parameter(name) => format!(
                "The application sent a request in which “{name}” is missing or occurs more than once."
            ),
            Self::UnknownClient => {
                "The application that sent you here is not registered with this server.".to_owned()
            }
            Self::UnregisteredAddress { client_name } => format!(
                "The request asks to send you on to an address that is not registered for {client_name}."
            ),
        };
        ErrorPage {
            status: StatusCode::BAD_REQUEST,
            title: "This sign-in request cannot be answered".to_owned(),
            happened,
            what_to_do: "Go back to the application and try again. If it happens again, tell the \
                         people who run the application: its client id and redirect address must \
                         be those registered here."
                .to_owned(),
            link: None,
            request_id: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;
    use crate::client::tests::client;

    fn params(query: &str) -> Params {
        sallyport_web::parse_form(query.as_bytes()).unwrap()
    }

    fn issuer() -> Issuer {
        Issuer::parse("https://id.example").unwrap()
    }

    fn location(response: &Response) -> &str {
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        response.headers()[header::LOCATION].to_str().unwrap()
    }

    #[test]
    fn nobody_is_sent_to_an_address_that_is_not_proven() {
        let good = "redirect_uri=https://rp.example/cb&state=s";
        assert!(ReplyTo::of(Some(client()), &params(good)).is_ok());
        assert_eq!(
            ReplyTo::of(None, &params(good)).unwrap_err(),
            NoReply::UnknownClient
        );
        for (query, refusal) in [
            ("", NoReply::Parameter("redirect_uri")),
            ("redirect_uri=", NoReply::Parameter("redirect_uri")),
            (
                "redirect_uri=https://rp.example/cb&redirect_uri=https://rp.example/cb",
                NoReply::Parameter("redirect_uri"),
            ),
            (
                "redirect_uri=https://evil.example/cb",
                NoReply::UnregisteredAddress {
                    client_name: client().registration.client_name,
                },
            ),
        ] {
            let refused = ReplyTo::of(Some(client()), &params(query)).unwrap_err();
            assert_eq!(refused, refusal, "{query}");
            assert_eq!(refused.page().status, StatusCode::BAD_REQUEST);
        }
    }

    #[test]
    fn every_answer_says_who_answers_and_gives_the_state_back() {
        let reply = ReplyTo::of(
            Some(client()),
            &params("redirect_uri=https://rp.example/cb&state=a+b%26c%3D%22"),
        )
        .unwrap();
        let refusal = Refusal::invalid_request("The parameter “x” is \"bad\".");
        assert_eq!(
            location(&reply.failure(&issuer(), refusal.into())),
            "https://rp.example/cb?error=invalid_request\
             &error_description=The+parameter+%27x%27+is+%27bad%27.\
             &state=a+b%26c%3D%22&iss=https%3A%2F%2Fid.example"
        );
        let code = Token::unverified("the-code");
        assert_eq!(
            location(&reply.success(&issuer(), &code)),
            "https://rp.example/cb?code=the-code&state=a+b%26c%3D%22&iss=https%3A%2F%2Fid.example"
        );
    }

    #[test]
    fn a_query_of_the_registered_address_is_kept() {
        let reply = ReplyTo::of(
            Some(client()),
            &params("redirect_uri=https%3A%2F%2Frp.example%2Fcb%3Fa%3D1"),
        )
        .unwrap();
        assert_eq!(
            location(&reply.success(&issuer(), &Token::unverified("c"))),
            "https://rp.example/cb?a=1&code=c&iss=https%3A%2F%2Fid.example"
        );
    }
}
