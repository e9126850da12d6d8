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
    let code = AuthorizationCode::issue(&mut tx, &authorization, binding, NOW, &Random::system())
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
        let ClientRefusal::Refused(found, _) = Grant::parse(&params, client).unwrap_err() else {
            panic!("{query}");
        };
        assert_eq!(found.name(), code, "{query}");
    }
}
