use std::time::Duration;

use sallyport_base::{Random, Secret};
use sallyport_otp::{Environment, Project};

use crate::app::{ALICE, App};

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
    project.remove(&mut tx).await.unwrap();
    assert_eq!(project.count_users(&mut tx).await.unwrap(), 0);
    assert_eq!(Project::find(&mut tx, &project.id).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(
        app.get("/v1/debug/whoami").await.refusal(),
        (401, "unauthorized_credentials")
    );
}
