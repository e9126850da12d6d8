use sallyport_base::{Timestamp, Token, Tx};
use sallyport_web::Params;

use crate::{
    Client,
    authorization::Authorization,
    authorization_code::{AuthorizationCode, Redemption},
    client::GrantType,
    client_authentication::single,
    error::{ClientRefusal, RefusalCode},
    refresh_token::{self, RefreshToken, Rotation},
    scope::Scopes,
};

/// What a client offers in exchange for tokens (RFC 6749 §4.1.3, §6), not yet believed.
#[derive(Debug)]
pub(crate) enum Grant {
    AuthorizationCode {
        code: Token,
        redirect_uri: Option<String>,
        verifier: Option<Token>,
    },
    RefreshToken {
        token: Token,
        /// Less than was allowed; everything when nothing is said.
        scopes: Option<Scopes>,
    },
}

/// What a good grant is worth.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) authorization: Authorization,
    /// Of the access token.
    pub(crate) scopes: Scopes,
    /// For the ID token.
    pub(crate) nonce: Option<String>,
    /// Until when the refresh token is good that goes with it; `None`: there is none.
    pub(crate) refresh_until: Option<Timestamp>,
}

impl Grant {
    pub(crate) fn parse(params: &Params, client: &Client) -> Result<Self, ClientRefusal> {
        match single(params, "grant_type")? {
            Some("authorization_code") => {
                check_may_use(client, GrantType::AuthorizationCode)?;
                Ok(Self::AuthorizationCode {
                    code: required(params, "code")?,
                    redirect_uri: single(params, "redirect_uri")?.map(str::to_owned),
                    verifier: single(params, "code_verifier")?.map(Token::unverified),
                })
            }
            Some("refresh_token") => {
                check_may_use(client, GrantType::RefreshToken)?;
                Ok(Self::RefreshToken {
                    token: required(params, "refresh_token")?,
                    scopes: single(params, "scope")?.map(check_scopes).transpose()?,
                })
            }
            Some(_) => Err(ClientRefusal::Refused(
                RefusalCode::UnsupportedGrantType,
                "The grant type must be authorization_code or refresh_token.",
            )),
            None => Err(ClientRefusal::invalid_request("grant_type is missing.")),
        }
    }

    /// Uses the grant up. `None` when it is worth nothing, which is to be committed too: a code
    /// that was offered wrongly is burnt, and one that is offered again ends what came of it.
    pub(crate) async fn redeem(
        &self,
        tx: &mut Tx,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<Granted>, ClientRefusal> {
        match self {
            Self::AuthorizationCode {
                code,
                redirect_uri,
                verifier,
            } => match AuthorizationCode::redeem(tx, code, now).await? {
                Redemption::First(code) => {
                    let verifier = verifier.as_ref().map(Token::expose);
                    let bound = code.is_bound_to(client, redirect_uri.as_deref(), verifier, now);
                    Ok(bound.then(|| granted_by_code(*code, client, now)))
                }
                Redemption::Again => {
                    tracing::warn!(event = "code.replayed", client.id = %client.id, "a code was offered again; what came of it is revoked");
                    Ok(None)
                }
                Redemption::Unknown => Ok(None),
            },
            Self::RefreshToken { token, scopes } => {
                match RefreshToken::rotate(tx, token, &client.id, now).await? {
                    Rotation::First(token) => {
                        granted_by_refresh(token, client, scopes.as_ref()).map(Some)
                    }
                    Rotation::Again => {
                        tracing::warn!(event = "refresh_token.reused", client.id = %client.id, "a refresh token was used again; its family is revoked");
                        Ok(None)
                    }
                    Rotation::Unknown => Ok(None),
                }
            }
        }
    }
}

impl AuthorizationCode {
    /// Whether the code was issued for this client, this address and the holder of this secret
    /// (RFC 6749 §4.1.3, RFC 7636 §4.6), and is in time. A verifier for a request that had no
    /// challenge is a downgrade (RFC 9700 §4.8.2).
    fn is_bound_to(
        &self,
        client: &Client,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
        now: Timestamp,
    ) -> bool {
        let proven = match (&self.challenge, verifier) {
            (Some(challenge), Some(verifier)) => challenge.is_met_by(verifier),
            (None, None) => !client.is_public(),
            (Some(_), None) | (None, Some(_)) => false,
        };
        proven
            && self.authorization.client_id == client.id
            && redirect_uri == Some(&self.redirect_uri)
            && self.expires_at > now
    }
}

fn granted_by_code(code: AuthorizationCode, client: &Client, now: Timestamp) -> Granted {
    Granted {
        scopes: code.authorization.scopes.clone(),
        authorization: code.authorization,
        nonce: code.nonce,
        refresh_until: client
            .may_use(GrantType::RefreshToken)
            .then(|| now.plus(refresh_token::LIFETIME)),
    }
}

/// `Err` when more is asked for than was allowed; the token is not used up then.
fn granted_by_refresh(
    token: RefreshToken,
    client: &Client,
    asked: Option<&Scopes>,
) -> Result<Granted, ClientRefusal> {
    let allowed = token
        .authorization
        .scopes
        .common_with(&client.registration.scope);
    let scopes = asked.unwrap_or(&allowed);
    if scopes.is_empty() || !scopes.is_within(&allowed) {
        return Err(beyond_what_was_allowed());
    }
    Ok(Granted {
        scopes: scopes.clone(),
        authorization: token.authorization,
        nonce: None,
        refresh_until: Some(token.expires_at),
    })
}

fn check_may_use(client: &Client, grant_type: GrantType) -> Result<(), ClientRefusal> {
    if client.may_use(grant_type) {
        return Ok(());
    }
    Err(ClientRefusal::Refused(
        RefusalCode::UnauthorizedClient,
        "The client is not registered for this grant type.",
    ))
}

fn check_scopes(text: &str) -> Result<Scopes, ClientRefusal> {
    Scopes::check(text).ok_or_else(beyond_what_was_allowed)
}

fn beyond_what_was_allowed() -> ClientRefusal {
    ClientRefusal::Refused(
        RefusalCode::InvalidScope,
        "The scope goes beyond what was allowed.",
    )
}

fn required(params: &Params, name: &'static str) -> Result<Token, ClientRefusal> {
    single(params, name)?
        .map(Token::unverified)
        .ok_or(ClientRefusal::invalid_request(
            "The parameter that carries the grant is missing.",
        ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sallyport_base::{Random, Store, testing::ScratchStore};

    use super::*;
    use crate::{
        SCHEMA,
        access_token::AccessToken,
        authorization::tests::{NOW, authorized, session},
        authorization_code::Binding,
        client::tests::{client, public_client},
        pkce::Challenge,
    };

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const ADDRESS: &str = "https://rp.example/cb";

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn rp() -> Client {
        let mut client = client();
        client
            .registration
            .grant_types
            .insert(GrantType::RefreshToken);
        client
    }

    fn somebody_else() -> Client {
        let mut client = rp();
        client.id = "other".to_owned();
        client
    }

    async fn issued_code(store: &Store, challenge: Option<&str>) -> Token {
        let mut tx = store.begin().await.unwrap();
        let authorization = authorized(&mut tx, &session(), "openid profile email").await;
        let challenge = challenge.map(|text| Challenge::check(text).unwrap());
        let binding = Binding {
            redirect_uri: ADDRESS,
            challenge: challenge.as_ref(),
            nonce: Some("n"),
        };
        let code =
            AuthorizationCode::issue(&mut tx, &authorization, binding, NOW, &Random::system())
                .await
                .unwrap();
        tx.commit().await.unwrap();
        code
    }

    fn code_grant(code: &Token, address: Option<&str>, verifier: Option<&str>) -> Grant {
        Grant::AuthorizationCode {
            code: code.clone(),
            redirect_uri: address.map(str::to_owned),
            verifier: verifier.map(Token::unverified),
        }
    }

    fn right(code: &Token) -> Grant {
        code_grant(code, Some(ADDRESS), Some(VERIFIER))
    }

    fn refresh_grant(token: &Token, scope: Option<&str>) -> Grant {
        Grant::RefreshToken {
            token: token.clone(),
            scopes: scope.map(Scopes::known_in),
        }
    }

    /// As the token endpoint does it: what is refused is committed, what fails is not.
    async fn redeemed(
        store: &Store,
        grant: &Grant,
        client: &Client,
        now: Timestamp,
    ) -> Result<Option<Granted>, ClientRefusal> {
        let mut tx = store.begin().await.unwrap();
        let granted = grant.redeem(&mut tx, client, now).await?;
        tx.commit().await.unwrap();
        Ok(granted)
    }

    async fn tokens(store: &Store, granted: &Granted, now: Timestamp) -> (Token, Token) {
        let random = Random::system();
        let mut tx = store.begin().await.unwrap();
        let id = granted.authorization.id;
        let access = AccessToken::issue(&mut tx, id, &granted.scopes, now, &random)
            .await
            .unwrap();
        let until = granted.refresh_until.unwrap();
        let refresh = RefreshToken::issue(&mut tx, &granted.authorization, until, now, &random)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        (access, refresh)
    }

    async fn opens(store: &Store, access: &Token, now: Timestamp) -> Option<AccessToken> {
        let mut reader = store.reader().await.unwrap();
        AccessToken::find(&mut reader, access, now).await.unwrap()
    }

    /// Access and refresh token from a code that was redeemed now.
    async fn signed_in(store: &Store) -> (Token, Token) {
        let code = issued_code(store, Some(CHALLENGE)).await;
        let granted = redeemed(store, &right(&code), &rp(), NOW).await.unwrap();
        tokens(store, &granted.unwrap(), NOW).await
    }

    #[tokio::test]
    async fn a_code_tells_what_it_was_issued_for() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let code = issued_code(&scratch.store, Some(CHALLENGE)).await;
        let last = NOW.plus(seconds(59));
        let granted = redeemed(&scratch.store, &right(&code), &rp(), last)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(granted.nonce.as_deref(), Some("n"));
        assert_eq!(granted.scopes.to_string(), "openid profile email");
        assert_eq!(granted.authorization.acr, "stytch");
        assert_eq!(
            granted.refresh_until,
            Some(last.plus(refresh_token::LIFETIME))
        );
    }

    #[tokio::test]
    async fn a_code_that_is_offered_wrongly_is_burnt() {
        let short = "short";
        for (challenge, grant_of, client, now, why) in [
            (
                Some(CHALLENGE),
                (Some(ADDRESS), Some(short)),
                rp(),
                NOW,
                "short verifier",
            ),
            (
                Some(CHALLENGE),
                (Some(ADDRESS), Some(CHALLENGE)),
                rp(),
                NOW,
                "wrong verifier",
            ),
            (
                Some(CHALLENGE),
                (Some(ADDRESS), None),
                rp(),
                NOW,
                "no verifier",
            ),
            (
                None,
                (Some(ADDRESS), Some(VERIFIER)),
                rp(),
                NOW,
                "a verifier without challenge",
            ),
            (
                None,
                (Some(ADDRESS), None),
                public_client(),
                NOW,
                "a public client without PKCE",
            ),
            (
                Some(CHALLENGE),
                (Some("https://rp.example/cb?a=1"), Some(VERIFIER)),
                rp(),
                NOW,
                "another address",
            ),
            (
                Some(CHALLENGE),
                (None, Some(VERIFIER)),
                rp(),
                NOW,
                "no address",
            ),
            (
                Some(CHALLENGE),
                (Some(ADDRESS), Some(VERIFIER)),
                somebody_else(),
                NOW,
                "another client",
            ),
            (
                Some(CHALLENGE),
                (Some(ADDRESS), Some(VERIFIER)),
                rp(),
                NOW.plus(seconds(60)),
                "too late",
            ),
        ] {
            let scratch = ScratchStore::new(&[SCHEMA]).await;
            let code = issued_code(&scratch.store, challenge).await;
            let wrong = code_grant(&code, grant_of.0, grant_of.1);
            let granted = redeemed(&scratch.store, &wrong, &client, now)
                .await
                .unwrap();
            assert!(granted.is_none(), "{why}");
            let right = code_grant(&code, Some(ADDRESS), challenge.map(|_| VERIFIER));
            let granted = redeemed(&scratch.store, &right, &rp(), NOW).await.unwrap();
            assert!(granted.is_none(), "{why}: the code was not burnt");
        }
    }

    #[tokio::test]
    async fn a_code_offered_in_parallel_is_good_once() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let code = issued_code(&scratch.store, Some(CHALLENGE)).await;
        let tries: Vec<_> = (0..20)
            .map(|_| {
                let (store, grant) = (scratch.store.clone(), right(&code));
                tokio::spawn(async move {
                    redeemed(&store, &grant, &rp(), NOW)
                        .await
                        .unwrap()
                        .is_some()
                })
            })
            .collect();
        let mut good = 0;
        for one in tries {
            good += usize::from(one.await.unwrap());
        }
        assert_eq!(good, 1);
    }

    #[tokio::test]
    async fn a_replayed_code_ends_what_came_of_it() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let store = &scratch.store;
        let code = issued_code(store, Some(CHALLENGE)).await;
        let granted = redeemed(store, &right(&code), &rp(), NOW)
            .await
            .unwrap()
            .unwrap();
        let (access, refresh) = tokens(store, &granted, NOW).await;
        assert!(opens(store, &access, NOW).await.is_some());

        let later = NOW.plus(seconds(200));
        assert!(
            redeemed(store, &right(&code), &rp(), later)
                .await
                .unwrap()
                .is_none()
        );
        assert!(opens(store, &access, later).await.is_none());
        let refreshed = redeemed(store, &refresh_grant(&refresh, None), &rp(), later).await;
        assert!(refreshed.unwrap().is_none());
    }

    #[tokio::test]
    async fn an_access_token_opens_for_300_seconds() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let (access, _) = signed_in(&scratch.store).await;
        assert!(
            opens(&scratch.store, &access, NOW.plus(seconds(299)))
                .await
                .is_some()
        );
        assert!(
            opens(&scratch.store, &access, NOW.plus(seconds(300)))
                .await
                .is_none()
        );
        assert!(
            opens(&scratch.store, &Token::unverified(""), NOW)
                .await
                .is_none()
        );
    }

    #[tokio::test]
    async fn a_refresh_token_used_again_ends_its_family() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let store = &scratch.store;
        let (_, first) = signed_in(store).await;
        let granted = redeemed(store, &refresh_grant(&first, None), &rp(), NOW)
            .await
            .unwrap();
        let (access, second) = tokens(store, &granted.unwrap(), NOW).await;

        let reused = redeemed(store, &refresh_grant(&first, None), &rp(), NOW).await;
        assert!(reused.unwrap().is_none());
        assert!(opens(store, &access, NOW).await.is_none());
        let newest = redeemed(store, &refresh_grant(&second, None), &rp(), NOW).await;
        assert!(newest.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_refresh_token_used_in_parallel_is_good_once() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let (_, refresh) = signed_in(&scratch.store).await;
        let tries: Vec<_> = (0..20)
            .map(|_| {
                let (store, grant) = (scratch.store.clone(), refresh_grant(&refresh, None));
                tokio::spawn(async move {
                    redeemed(&store, &grant, &rp(), NOW)
                        .await
                        .unwrap()
                        .is_some()
                })
            })
            .collect();
        let mut good = 0;
        for one in tries {
            good += usize::from(one.await.unwrap());
        }
        assert_eq!(good, 1);
    }

    #[tokio::test]
    async fn a_refresh_token_is_worth_nothing_to_another_client() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let store = &scratch.store;
        let (access, refresh) = signed_in(store).await;
        let grant = refresh_grant(&refresh, None);
        assert!(
            redeemed(store, &grant, &somebody_else(), NOW)
                .await
                .unwrap()
                .is_none()
        );
        assert!(opens(store, &access, NOW).await.is_some());
        assert!(redeemed(store, &grant, &rp(), NOW).await.unwrap().is_some());
        // Even when it is used up, another client cannot end the family with it.
        let granted = redeemed(store, &grant, &somebody_else(), NOW)
            .await
            .unwrap();
        assert!(granted.is_none());
        assert!(opens(store, &access, NOW).await.is_some());
    }

    #[tokio::test]
    async fn a_family_of_refresh_tokens_ends_after_four_hours() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let store = &scratch.store;
        let (_, first) = signed_in(store).await;
        let almost = NOW.plus(seconds(14_399));
        let granted = redeemed(store, &refresh_grant(&first, None), &rp(), almost)
            .await
            .unwrap();
        let (access, second) = tokens(store, &granted.unwrap(), almost).await;
        let end = NOW.plus(seconds(14_400));
        assert!(opens(store, &access, end).await.is_some());
        let granted = redeemed(store, &refresh_grant(&second, None), &rp(), end).await;
        assert!(granted.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_refresh_narrows_the_scope_and_never_widens_it() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let store = &scratch.store;
        let (_, refresh) = signed_in(store).await;
        let wider = refresh_grant(&refresh, Some("openid phone"));
        assert!(matches!(
            redeemed(store, &wider, &rp(), NOW).await.unwrap_err(),
            ClientRefusal::Refused(RefusalCode::InvalidScope, _)
        ));
        // A refused wish does not cost the token.
        let granted = redeemed(store, &refresh_grant(&refresh, Some("openid")), &rp(), NOW)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(granted.scopes.to_string(), "openid");
        let (access, next) = tokens(store, &granted, NOW).await;
        let token = opens(store, &access, NOW).await.unwrap();
        assert_eq!(token.scopes.to_string(), "openid");
        let granted = redeemed(store, &refresh_grant(&next, None), &rp(), NOW)
            .await
            .unwrap();
        assert_eq!(granted.unwrap().scopes.to_string(), "openid profile email");
    }

    #[tokio::test]
    async fn a_client_revokes_its_own_tokens_only() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let store = &scratch.store;
        let (access, refresh) = signed_in(store).await;
        let mut tx = store.begin().await.unwrap();
        assert!(
            !AccessToken::revoke(&mut tx, &access, "other")
                .await
                .unwrap()
        );
        assert!(
            !RefreshToken::revoke(&mut tx, &refresh, "other", NOW)
                .await
                .unwrap()
        );
        assert!(
            !RefreshToken::revoke(&mut tx, &access, "rp", NOW)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        assert!(opens(store, &access, NOW).await.is_some());

        let mut tx = store.begin().await.unwrap();
        assert!(
            RefreshToken::revoke(&mut tx, &refresh, "rp", NOW)
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        assert!(opens(store, &access, NOW).await.is_none());
    }

    #[tokio::test]
    async fn what_is_over_is_purged_and_what_lives_stays() {
        let scratch = ScratchStore::new(&[SCHEMA]).await;
        let store = &scratch.store;
        let (access, refresh) = signed_in(store).await;
        crate::purge(store, NOW.plus(seconds(299))).await.unwrap();
        assert!(
            opens(store, &access, NOW.plus(seconds(299)))
                .await
                .is_some()
        );
        let late = NOW.plus(seconds(14_399));
        crate::purge(store, late).await.unwrap();
        let granted = redeemed(store, &refresh_grant(&refresh, None), &rp(), late).await;
        assert!(granted.unwrap().is_some());
        crate::purge(store, NOW.plus(seconds(14_700)))
            .await
            .unwrap();
        let mut reader = store.reader().await.unwrap();
        let left = reader
            .row(
                "SELECT (SELECT COUNT(*) FROM authorizations) + (SELECT COUNT(*) FROM access_tokens)
                 + (SELECT COUNT(*) FROM refresh_tokens)
                 + (SELECT COUNT(*) FROM authorization_codes) AS left_over",
                &[],
            )
            .await
            .unwrap();
        assert_eq!(left.unwrap().get::<i64>("left_over").unwrap(), 0);
    }

    #[test]
    fn a_token_request_that_is_not_understood_is_refused() {
        let rp = rp();
        let without_refresh = client();
        for (client, query, code) in [
            (&rp, "", "invalid_request"),
            (&rp, "grant_type=", "invalid_request"),
            (&rp, "grant_type=password", "unsupported_grant_type"),
            (&rp, "grant_type=authorization_code", "invalid_request"),
            (
                &rp,
                "grant_type=authorization_code&code=",
                "invalid_request",
            ),
            (
                &rp,
                "grant_type=authorization_code&code=a&code=b",
                "invalid_request",
            ),
            (
                &rp,
                "grant_type=authorization_code&grant_type=authorization_code&code=a",
                "invalid_request",
            ),
            (&rp, "grant_type=refresh_token", "invalid_request"),
            (
                &rp,
                "grant_type=refresh_token&refresh_token=a&scope=weather",
                "invalid_scope",
            ),
            (
                &without_refresh,
                "grant_type=refresh_token&refresh_token=a",
                "unauthorized_client",
            ),
        ] {
            let params = sallyport_web::parse_form(query.as_bytes()).unwrap();
            let ClientRefusal::Refused(found, _) = Grant::parse(&params, client).unwrap_err()
            else {
                panic!("{query}");
            };
            assert_eq!(found.name(), code, "{query}");
        }
    }
}
