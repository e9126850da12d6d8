use std::time::Duration;

use http::StatusCode;
use sallyport_base::{Random, Secret};
use sallyport_otp::{Environment, Limits, Project};

use crate::{
    app::{ALICE, App},
    webhook::{Carrier, Then},
};

#[tokio::test]
async fn a_project_sees_its_own_users_only() {
    let app = App::start().await;
    let (user_id, method_id) = app.verified(ALICE).await;
    let (_, code) = app.sent(ALICE).await;
    let (project, secret) = app.create_project(Environment::Test).await;
    let other = App {
        project,
        secret,
        ..app
    };
    let answer = other.get(&format!("/v1/users/{user_id}")).await;
    assert_eq!(answer.refusal(), (404, "user_not_found"));
    let answer = other.delete(&format!("/v1/users/{user_id}")).await;
    assert_eq!(answer.refusal(), (404, "user_not_found"));
    let answer = other
        .delete(&format!("/v1/users/phone_numbers/{method_id}"))
        .await;
    assert_eq!(answer.refusal(), (404, "phone_number_not_found"));
    let answer = other.authenticate(&method_id, &code).await;
    assert_eq!(answer.refusal(), (404, "otp_code_not_found"));
    let created = other.login_or_create(ALICE).await.ok();
    assert_eq!(created.body["user_created"], true);
}

#[tokio::test]
async fn a_live_project_names_everything_live_and_knows_no_sandbox() {
    let app = App::start().await;
    let (project, secret) = app.create_project(Environment::Live).await;
    assert!(project.id.starts_with("project-live-"));
    assert!(secret.expose().starts_with("secret-live-"));
    let live = App {
        project,
        secret,
        ..app
    };
    let sent = live.login_or_create(ALICE).await.ok();
    assert!(sent.text("user_id").starts_with("user-live-"));
    assert!(sent.text("phone_id").starts_with("phone-number-live-"));
    assert!(sent.text("request_id").starts_with("request-id-live-"));
    assert_eq!(
        live.login_or_create("+10000000000").await.refusal(),
        (400, "invalid_phone_number_sandbox")
    );
}

#[tokio::test]
async fn an_old_secret_works_until_the_overlap_ends() {
    let app = App::start().await;
    let mut tx = app.scratch.store.begin().await.unwrap();
    let overlap = Duration::from_secs(3600);
    let new = app
        .project
        .rotate_secret(&mut tx, overlap, app.clock.now(), &Random::system())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_ne!(new.expose(), app.secret.expose());
    app.get("/v1/debug/whoami").await.ok();
    app.wait(3600);
    assert_eq!(
        app.get("/v1/debug/whoami").await.refusal(),
        (401, "unauthorized_credentials")
    );
    let app = App { secret: new, ..app };
    let me = app.get("/v1/debug/whoami").await.ok();
    assert_eq!(me.text("project_id"), &*app.project.id);
}

#[tokio::test]
async fn a_secret_opens_its_own_project_only() {
    let app = App::start().await;
    let (other, _) = app.create_project(Environment::Test).await;
    let wrong = App {
        project: other,
        ..app
    };
    assert_eq!(
        wrong.get("/v1/debug/whoami").await.refusal(),
        (401, "unauthorized_credentials")
    );
    let wrong = App {
        secret: Secret::from("secret-test-guess"),
        ..wrong
    };
    assert_eq!(
        wrong.get("/v1/debug/whoami").await.refusal(),
        (401, "unauthorized_credentials")
    );
}

#[tokio::test]
async fn projects_are_listed_and_found() {
    let app = App::start().await;
    app.wait(1);
    let (second, _) = app.create_project(Environment::Live).await;
    let mut reader = app.scratch.store.reader().await.unwrap();
    assert_eq!(
        Project::list(&mut reader).await.unwrap(),
        [app.project.clone(), second.clone()]
    );
    assert_eq!(
        Project::find(&mut reader, &second.id).await.unwrap(),
        Some(second)
    );
    assert_eq!(
        Project::find(&mut reader, "project-test-1").await.unwrap(),
        None
    );
}

#[tokio::test]
async fn two_secrets_are_valid_at_once_until_one_is_revoked() {
    let app = App::start().await;
    app.wait(1);
    let mut tx = app.scratch.store.begin().await.unwrap();
    let second = app
        .project
        .add_secret(&mut tx, app.clock.now(), &Random::system())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let first = app.secret.clone();
    let secrets = {
        let mut reader = app.scratch.store.reader().await.unwrap();
        app.project.secrets(&mut reader, app.clock.now()).await
    };
    let [oldest, newest] = secrets.unwrap().try_into().unwrap();
    assert!(oldest.created_at < newest.created_at);
    let app = App {
        secret: second.clone(),
        ..app
    };
    app.get("/v1/debug/whoami").await.ok();
    let app = App {
        secret: first,
        ..app
    };
    app.get("/v1/debug/whoami").await.ok();

    let mut tx = app.scratch.store.begin().await.unwrap();
    for nonsense in ["", "%", "0123456789ab", "____________"] {
        let revoked = app.project.revoke_secret(&mut tx, nonsense).await.unwrap();
        assert!(!revoked, "{nonsense}");
    }
    assert!(
        app.project
            .revoke_secret(&mut tx, &oldest.id)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    assert_eq!(
        app.get("/v1/debug/whoami").await.refusal(),
        (401, "unauthorized_credentials")
    );
    let app = App {
        secret: second,
        ..app
    };
    app.get("/v1/debug/whoami").await.ok();
}

#[tokio::test]
async fn a_project_has_a_name_and_goes_with_all_that_belongs_to_it() {
    let app = App::start().await;
    app.verified(ALICE).await;
    let mut project = app.project.clone();
    let mut tx = app.scratch.store.begin().await.unwrap();
    let name = "Shop".parse().unwrap();
    project.rename(&mut tx, &name).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(app.get("/v1/debug/whoami").await.ok().text("name"), "Shop");
    let mut tx = app.scratch.store.begin().await.unwrap();
    assert_eq!(project.count_users(&mut tx).await.unwrap(), 1);
    project.remove(&mut tx, app.clock.now()).await.unwrap();
    assert_eq!(project.count_users(&mut tx).await.unwrap(), 0);
    assert_eq!(Project::find(&mut tx, &project.id).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(
        app.get("/v1/debug/whoami").await.refusal(),
        (401, "unauthorized_credentials")
    );
}

/// States and reasons of all messages with whether they can still be read, in the order of numbers.
async fn what_became_of_messages(app: &App) -> Vec<(String, Option<String>, bool)> {
    let mut reader = app.scratch.store.reader().await.unwrap();
    let sql = "SELECT state, reason, sealed FROM otp_outbox ORDER BY number_ends";
    let rows = reader.rows(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| {
            let sealed: Option<String> = row.get("sealed").unwrap();
            (
                row.get("state").unwrap(),
                row.get("reason").unwrap(),
                sealed.is_some(),
            )
        })
        .collect()
}

#[tokio::test]
async fn messages_of_a_project_that_was_removed_are_not_sent() {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    carrier.will(Then::HangUp);
    app.login_or_create("+12025550101").await.ok();
    app.otp.send_due().await.unwrap();
    carrier.will(Then::Answer(StatusCode::SERVICE_UNAVAILABLE));
    app.login_or_create("+12025550102").await.ok();
    app.otp.send_due().await.unwrap();
    app.login_or_create("+12025550103").await.ok();
    let given = carrier.received().len();

    let mut tx = app.scratch.store.begin().await.unwrap();
    app.project.remove(&mut tx, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let ended = |state: &str, reason: &str| (state.to_owned(), Some(reason.to_owned()), false);
    assert_eq!(
        what_became_of_messages(&app).await,
        [
            ended("sent", "unanswered"),
            ended("failed", "removed"),
            ended("failed", "removed"),
        ]
    );
    carrier.will(Then::Answer(StatusCode::OK));
    for _ in 0..3 {
        app.otp.send_due().await.unwrap();
        app.wait(60);
    }
    assert_eq!(carrier.received().len(), given);
}

#[tokio::test]
async fn a_message_on_its_way_when_its_project_is_removed_is_not_given_again() {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    carrier.will(Then::Hold(StatusCode::SERVICE_UNAVAILABLE));
    app.login_or_create(ALICE).await.ok();
    let otp = app.otp.clone();
    let slow = tokio::spawn(async move { otp.send_due().await });
    while carrier.received().is_empty() {
        tokio::task::yield_now().await;
    }
    let mut tx = app.scratch.store.begin().await.unwrap();
    app.project.remove(&mut tx, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    carrier.go_on();
    slow.await.unwrap().unwrap();
    app.wait(60);
    app.otp.send_due().await.unwrap();
    assert_eq!(carrier.received().len(), 1);
}

#[tokio::test]
async fn messages_of_other_projects_are_sent_when_one_is_removed() {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    let (other, _) = app.create_project(Environment::Test).await;
    app.login_or_create(ALICE).await.ok();
    let mut tx = app.scratch.store.begin().await.unwrap();
    other.remove(&mut tx, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    app.otp.send_due().await.unwrap();
    assert_eq!(carrier.received().len(), 1);
}
