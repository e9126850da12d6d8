use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use sallyport_base::{StoreError, Token};
use sallyport_web::Params;

use crate::{Client, Provider, client::AuthMethod, error::ClientRefusal};

/// Who a client says it is, and what it shows for it (RFC 6749 §2.3.1).
struct Presented {
    method: AuthMethod,
    client_id: String,
    /// Nothing when the method is `none`.
    secret: Option<Token>,
}

/// The client that sent a request, proven by the one method that it is registered for.
pub(crate) async fn authenticate_client(
    provider: &Provider,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Client, ClientRefusal> {
    let presented = Presented::of(headers, params)?;
    let client = find(provider, &presented.client_id).await?;
    match client.filter(|client| presented.proves(client)) {
        Some(client) => Ok(client),
        None => {
            tracing::warn!(
                event = "client.refused",
                method = presented.method.name(),
                "a client did not prove itself"
            );
            Err(presented.refusal())
        }
    }
}

/// The same, for endpoints that are not for public clients.
pub(crate) async fn authenticate_confidential_client(
    provider: &Provider,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Client, ClientRefusal> {
    let client = authenticate_client(provider, headers, params).await?;
    if client.is_public() {
        return Err(ClientRefusal::Unauthenticated {
            basic: false,
            description: "Only a client with a secret may ask this.",
        });
    }
    Ok(client)
}

async fn find(provider: &Provider, client_id: &str) -> Result<Option<Client>, StoreError> {
    Client::find(&mut *provider.flow().store().reader().await?, client_id).await
}

/// A parameter of a token, revocation or introspection request, which may occur once.
pub(crate) fn single<'a>(
    params: &'a Params,
    name: &'static str,
) -> Result<Option<&'a str>, ClientRefusal> {
    params
        .single(name)
        .map_err(|_| ClientRefusal::invalid_request("A parameter was sent more than once."))
}

impl Presented {
    fn of(headers: &HeaderMap, params: &Params) -> Result<Self, ClientRefusal> {
        let client_id = single(params, "client_id")?;
        let secret = single(params, "client_secret")?;
        if single(params, "client_assertion")?.is_some() {
            return Err(ClientRefusal::Unauthenticated {
                basic: false,
                description: "Client assertions are not supported.",
            });
        }
        let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
        match (authorizations.next(), authorizations.next(), secret) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => Err(ClientRefusal::invalid_request(
                "The client authenticates in more than one way.",
            )),
            (Some(value), None, None) => Self::basic(value, client_id),
            (None, _, secret) => Self::in_body(client_id, secret),
        }
    }

    fn basic(value: &http::HeaderValue, client_id: Option<&str>) -> Result<Self, ClientRefusal> {
        let (id, secret) = value.to_str().ok().and_then(basic_credentials).ok_or(
            ClientRefusal::Unauthenticated {
                basic: true,
                description: "The Authorization header is not that of HTTP Basic authentication.",
            },
        )?;
        if client_id.is_some_and(|other| other != id) {
            return Err(ClientRefusal::invalid_request(
                "The client_id is not that of the Authorization header.",
            ));
        }
        Ok(Self {
            method: AuthMethod::ClientSecretBasic,
            client_id: id,
            secret: Some(secret),
        })
    }

    fn in_body(client_id: Option<&str>, secret: Option<&str>) -> Result<Self, ClientRefusal> {
        let client_id = client_id.ok_or(ClientRefusal::Unauthenticated {
            basic: false,
            description: "The client does not say who it is.",
        })?;
        Ok(Self {
            method: match secret {
                Some(_) => AuthMethod::ClientSecretPost,
                None => AuthMethod::None,
            },
            client_id: client_id.to_owned(),
            secret: secret.map(Token::unverified),
        })
    }

    fn proves(&self, client: &Client) -> bool {
        let shown = match &self.secret {
            Some(secret) => client.has_secret(secret),
            None => client.is_public(),
        };
        shown && self.method == client.registration.token_endpoint_auth_method
    }

    /// One text, whether the client is unknown, the secret wrong or the method another.
    fn refusal(&self) -> ClientRefusal {
        ClientRefusal::Unauthenticated {
            basic: self.method == AuthMethod::ClientSecretBasic,
            description: "The client is unknown, its secret is wrong, or it is registered for another way of authentication.",
        }
    }
}

/// RFC 7617, with both parts encoded as in a form (RFC 6749 §2.3.1).
fn basic_credentials(value: &str) -> Option<(String, Token)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let pair = String::from_utf8(decoded).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let (id, secret) = (form_decoded(id)?, form_decoded(secret)?);
    let complete = !id.is_empty() && !secret.is_empty();
    complete.then(|| (id, Token::unverified(&secret)))
}

fn form_decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    (!decoded.contains('\0')).then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn presented(authorizations: &[&str], body: &str) -> Result<Presented, ClientRefusal> {
        let mut headers = HeaderMap::new();
        for value in authorizations {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let params = sallyport_web::parse_form(body.as_bytes()).unwrap();
        Presented::of(&headers, &params)
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(pair))
    }

    #[test]
    fn a_client_presents_itself_in_one_of_three_ways() {
        for (authorization, body, method, id, secret) in [
            (
                Some(basic("rp:s3")),
                "",
                "client_secret_basic",
                "rp",
                Some("s3"),
            ),
            (
                Some(basic("rp:s3")),
                "client_id=rp",
                "client_secret_basic",
                "rp",
                Some("s3"),
            ),
            (
                Some(basic("a%40b:x%3Ay%25+z")),
                "",
                "client_secret_basic",
                "a@b",
                Some("x:y% z"),
            ),
            (
                Some(basic("rp:a:b")),
                "",
                "client_secret_basic",
                "rp",
                Some("a:b"),
            ),
            (
                Some(basic("rp:s3").replace("Basic", "bAsIc")),
                "",
                "client_secret_basic",
                "rp",
                Some("s3"),
            ),
            (
                None,
                "client_id=rp&client_secret=s3",
                "client_secret_post",
                "rp",
                Some("s3"),
            ),
            (None, "client_id=rp", "none", "rp", None),
            (None, "client_id=rp&client_secret=", "none", "rp", None),
        ] {
            let headers: Vec<&str> = authorization.as_deref().into_iter().collect();
            let presented = presented(&headers, body).unwrap();
            assert_eq!(presented.method.name(), method, "{authorization:?} {body}");
            assert_eq!(presented.client_id, id);
            assert_eq!(presented.secret.as_ref().map(Token::expose), secret);
        }
    }

    #[test]
    fn what_is_not_an_authentication_is_refused() {
        let invalid_request = |refusal: &ClientRefusal| matches!(refusal, ClientRefusal::Refused(code, _) if code.name() == "invalid_request");
        let unauthenticated = |refusal: &ClientRefusal, asked: bool| matches!(refusal, ClientRefusal::Unauthenticated { basic, .. } if *basic == asked);
        for (authorizations, body) in [
            (vec![basic("rp:s3")], "client_secret=s3"),
            (vec![basic("rp:s3")], "client_id=rp&client_secret=s3"),
            (vec![basic("rp:s3")], "client_id=other"),
            (vec![basic("rp:s3"), basic("rp:s3")], ""),
            (vec![], "client_id=rp&client_id=rp"),
            (vec![], "client_id=rp&client_secret=a&client_secret=b"),
        ] {
            let headers: Vec<&str> = authorizations.iter().map(String::as_str).collect();
            let refusal = presented(&headers, body).err().unwrap();
            assert!(
                invalid_request(&refusal),
                "{authorizations:?} {body}: {refusal:?}"
            );
        }
        for value in [
            "Bearer abc".to_owned(),
            "Basic".to_owned(),
            "Basic !!!".to_owned(),
            basic("no colon"),
            basic("rp:"),
            basic(":s3"),
            basic("rp:%ff"),
            basic("rp:%00"),
            format!("Basic {}", BASE64_STANDARD.encode(b"rp:\xff")),
        ] {
            let refusal = presented(&[&value], "").err().unwrap();
            assert!(unauthenticated(&refusal, true), "{value}: {refusal:?}");
        }
        for body in [
            "",
            "client_id=",
            "client_secret=x",
            "client_id=rp&client_assertion=x",
        ] {
            let refusal = presented(&[], body).err().unwrap();
            assert!(unauthenticated(&refusal, false), "{body}: {refusal:?}");
        }
    }

    #[test]
    fn a_client_is_proven_by_its_own_method_only() {
        use crate::client::tests::{client_with_secret, public_client};
        let (basic_client, secret) = client_with_secret(AuthMethod::ClientSecretBasic);
        let (post_client, post_secret) = client_with_secret(AuthMethod::ClientSecretPost);
        let public = public_client();
        let shown = |method, secret: Option<&Token>| Presented {
            method,
            client_id: "rp".to_owned(),
            secret: secret.cloned(),
        };
        let wrong = Token::unverified("wrong");
        let in_header = AuthMethod::ClientSecretBasic;
        let in_body = AuthMethod::ClientSecretPost;
        for (presented, client, proven) in [
            (shown(in_header, Some(&secret)), &basic_client, true),
            (shown(in_header, Some(&wrong)), &basic_client, false),
            (shown(in_body, Some(&secret)), &basic_client, false),
            (shown(AuthMethod::None, None), &basic_client, false),
            (shown(in_body, Some(&post_secret)), &post_client, true),
            (shown(in_body, Some(&secret)), &post_client, false),
            (shown(in_header, Some(&post_secret)), &post_client, false),
            (shown(AuthMethod::None, None), &public, true),
            (shown(in_body, Some(&wrong)), &public, false),
            (shown(in_header, Some(&wrong)), &public, false),
        ] {
            assert_eq!(presented.proves(client), proven, "{:?}", presented.method);
        }
    }
}
