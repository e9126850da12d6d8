use serde_json::{Value, json};

use crate::app::{ALICE, Answer, App, BRUNO};

const SEARCH: &str = "/v1/users/search";

async fn search(app: &App, operands: Value) -> Answer {
    let body = json!({ "query": { "operator": "AND", "operands": operands } });
    app.post(SEARCH, body).await
}

/// The last names of the users found.
async fn names(app: &App, operands: Value) -> Vec<String> {
    let answer = search(app, operands).await.ok();
    let results = answer.body["results"].as_array().unwrap().clone();
    assert_eq!(answer.body["results_metadata"]["total"], results.len());
    results
        .iter()
        .map(|user| user["name"]["last_name"].as_str().unwrap().to_owned())
        .collect()
}

/// Alice, verified, with number and mailbox; Bruno, pending, with a number; Carla with a mailbox.
async fn three_users() -> (App, Value) {
    let app = App::start().await;
    let mut users = Vec::new();
    for body in [
        json!({ "phone_number": ALICE, "email": "alice@example.com",
                "name": { "first_name": "Alice", "last_name": "Abel" } }),
        json!({ "phone_number": BRUNO, "create_user_as_pending": true,
                "name": { "first_name": "Bruno", "last_name": "Braun" } }),
        json!({ "email": "carla_1@example.org",
                "name": { "first_name": "Carla", "last_name": "Conti" } }),
    ] {
        app.wait(60);
        users.push(app.post("/v1/users", body).await.ok().body);
    }
    app.verified(ALICE).await;
    (app, json!(users))
}

#[tokio::test]
async fn each_filter_finds_what_it_names() {
    let (app, users) = three_users().await;
    let filter = |name: &str, value: Value| json!([{ "filter_name": name, "filter_value": value }]);
    for (operands, found) in [
        (json!([]), vec!["Abel", "Braun", "Conti"]),
        (filter("status", json!("pending")), vec!["Braun"]),
        (
            filter(
                "user_id",
                json!([users[0]["user_id"], users[2]["user_id"], "x"]),
            ),
            vec!["Abel", "Conti"],
        ),
        (filter("user_id", json!("user-live-0")), vec![]),
        (filter("phone_number", json!([BRUNO])), vec!["Braun"]),
        (filter("phone_number", json!(",")), vec![]),
        (
            filter("phone_id", json!(users[1]["phone_id"])),
            vec!["Braun"],
        ),
        (
            filter("email_id", json!(users[0]["email_id"])),
            vec!["Abel"],
        ),
        (
            filter("email_address", json!(["CARLA_1@example.org"])),
            vec!["Conti"],
        ),
        (filter("phone_verified", json!(true)), vec!["Abel"]),
        (filter("phone_verified", json!(false)), vec!["Braun"]),
        (
            filter("email_verified", json!(false)),
            vec!["Abel", "Conti"],
        ),
        (filter("phone_number_fuzzy", json!("5550162")), vec!["Abel"]),
        (filter("phone_number_fuzzy", json!("example")), vec![]),
        (filter("email_address_fuzzy", json!("a_1@")), vec!["Conti"]),
        (filter("email_address_fuzzy", json!("%%%")), vec![]),
        (filter("full_name_fuzzy", json!("ALICE")), vec!["Abel"]),
        (
            filter("created_at_greater_than", json!("2026-11-24T09:32:00Z")),
            vec!["Braun", "Conti"],
        ),
        (
            filter("created_at_less_than", json!("2026-11-24T09:32:00Z")),
            vec!["Abel"],
        ),
        (
            filter(
                "created_at_between",
                json!({
                "greater_than": "2026-11-24T09:31:30Z", "less_than": "2026-11-24T09:32:30Z" }),
            ),
            vec!["Braun"],
        ),
        (
            json!([
                { "filter_name": "email_verified", "filter_value": false },
                { "filter_name": "phone_number", "filter_value": ALICE },
            ]),
            vec!["Abel"],
        ),
    ] {
        assert_eq!(names(&app, operands.clone()).await, found, "{operands}");
    }
}

#[tokio::test]
async fn a_search_goes_page_by_page_to_a_last_one_without_cursor() {
    let (app, _) = three_users().await;
    let mut cursor = Value::Null;
    let mut pages = Vec::new();
    loop {
        let answer = app
            .post(SEARCH, json!({ "limit": 2, "cursor": cursor }))
            .await
            .ok();
        assert_eq!(answer.body["results_metadata"]["total"], 3);
        pages.push(answer.body["results"].as_array().unwrap().len());
        cursor = answer.body["results_metadata"]["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(pages, [2, 1]);
}

#[tokio::test]
async fn users_of_another_project_are_not_found() {
    let (app, _) = three_users().await;
    let (project, secret) = app.create_project(sallyport_otp::Environment::Test).await;
    let other = App {
        project,
        secret,
        ..app
    };
    assert!(names(&other, json!([])).await.is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_a_search_is_named() {
    let app = App::start().await;
    for (operands, error_type) in [
        (
            json!([{ "filter_value": 1 }]),
            "user_search_missing_filter_name",
        ),
        (
            json!([{ "filter_name": 1, "filter_value": 1 }]),
            "user_search_filter_name_must_be_string",
        ),
        (
            json!([{ "filter_name": "status" }]),
            "user_search_missing_filter_value",
        ),
        (
            json!([{ "filter_name": "shoe", "filter_value": 1 }]),
            "user_search_filter_name_not_recognized",
        ),
        (
            json!([{ "filter_name": "status", "filter_value": "gone" }]),
            "user_search_invalid_status_filter",
        ),
        (
            json!([{ "filter_name": "user_id", "filter_value": 1 }]),
            "user_search_expected_array_of_string",
        ),
        (
            json!([{ "filter_name": "phone_verified", "filter_value": "yes" }]),
            "user_search_expected_bool",
        ),
        (
            json!([{ "filter_name": "full_name_fuzzy", "filter_value": "al" }]),
            "user_search_full_name_fuzzy_too_short",
        ),
        (
            json!([{ "filter_name": "full_name_fuzzy", "filter_value": 1 }]),
            "user_search_expected_string",
        ),
        (
            json!([{ "filter_name": "created_at_less_than", "filter_value": "soon" }]),
            "user_search_expected_timestamp",
        ),
        (
            json!([{ "filter_name": "user_id", "filter_value": vec!["x"; 101] }]),
            "user_search_maximum_filter_value_count_exceeded",
        ),
        (json!([7]), "bad_request"),
    ] {
        let answer = search(&app, operands.clone()).await;
        assert_eq!(answer.refusal(), (400, error_type), "{operands}");
    }
    for (body, error_type) in [
        (json!({ "limit": 0 }), "user_search_invalid_limit"),
        (json!({ "limit": 1001 }), "user_search_invalid_limit"),
        (json!({ "cursor": "!" }), "user_search_invalid_cursor"),
        (
            json!({ "query": { "operator": "OR" } }),
            "user_search_invalid_operator",
        ),
    ] {
        let answer = app.post(SEARCH, body.clone()).await;
        assert_eq!(answer.refusal(), (400, error_type), "{body}");
    }
}
