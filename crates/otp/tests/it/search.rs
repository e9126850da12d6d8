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
                json!([users[0]["user_id"], users[2]["user_id"], "user-test-x"]),
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
        (
            json!([{ "filter_name": "status", "filter_value": ["active", "gone"] }]),
            "user_search_invalid_status_filter",
        ),
        (
            json!([{ "filter_name": "created_at_between", "filter_value": "2026-01-01T00:00:00Z" }]),
            "user_search_expected_object",
        ),
        (
            json!([{ "filter_name": "created_at_between", "filter_value": { "less_than": "2026-01-01T00:00:00Z" } }]),
            "user_search_missing_greater_than",
        ),
        (
            json!([{ "filter_name": "created_at_between", "filter_value": { "greater_than": "2026-01-01T00:00:00Z", "less_than": null } }]),
            "user_search_missing_less_than",
        ),
        (
            json!([{ "filter_name": "user_id", "filter_value":
                ["user-test-00000000-0000-4000-8000-000000000000", "crm-7"] }]),
            "user_search_cannot_mix_internal_and_external_user_ids",
        ),
        (
            json!(vec![
                json!({ "filter_name": "status", "filter_value": "active" });
                51
            ]),
            "bad_request",
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
            json!({ "query": { "operator": "NOT" } }),
            "user_search_invalid_operator",
        ),
    ] {
        let answer = app.post(SEARCH, body.clone()).await;
        assert_eq!(answer.refusal(), (400, error_type), "{body}");
    }
}

fn operand(name: &str, value: impl Into<Value>) -> Value {
    json!({ "filter_name": name, "filter_value": value.into() })
}

#[tokio::test]
async fn every_condition_counts_also_when_its_filter_is_named_twice() {
    let (app, users) = three_users().await;
    let id = |user: usize| users[user]["user_id"].clone();
    for (operands, found) in [
        (
            json!([operand("user_id", id(0)), operand("user_id", id(1))]),
            vec![],
        ),
        (
            json!([operand("status", "active"), operand("status", "pending")]),
            vec![],
        ),
        (
            json!([
                operand("full_name_fuzzy", "abe"),
                operand("full_name_fuzzy", "ali")
            ]),
            vec!["Abel"],
        ),
        (
            json!([
                operand("phone_number", ALICE),
                operand("phone_number", BRUNO)
            ]),
            vec![],
        ),
        (
            json!([
                operand(
                    "created_at_between",
                    json!({
                        "greater_than": "2010-01-01T00:00:00Z", "less_than": "2011-01-01T00:00:00Z"
                    })
                ),
                operand("created_at_greater_than", "2009-01-01T00:00:00Z"),
                operand("created_at_less_than", "2130-01-01T00:00:00Z"),
            ]),
            vec![],
        ),
        (
            json!([operand("status", json!(["active", "pending"]))]),
            vec!["Abel", "Braun", "Conti"],
        ),
    ] {
        assert_eq!(names(&app, operands.clone()).await, found, "{operands}");
    }
}

#[tokio::test]
async fn with_or_one_condition_is_enough() {
    let (app, users) = three_users().await;
    let found = async |operands: Value| {
        let query = json!({ "operator": "OR", "operands": operands });
        let answer = app.post(SEARCH, json!({ "query": query })).await.ok();
        let results = answer.body["results"].as_array().unwrap();
        assert_eq!(answer.body["results_metadata"]["total"], results.len());
        let ids = results.iter().map(|user| user["user_id"].clone());
        ids.collect::<Vec<_>>()
    };
    let id = |user: usize| users[user]["user_id"].clone();
    let named = operand("user_id", id(0));
    let pending = operand("status", "pending");
    assert_eq!(found(json!([named, pending])).await, [id(0), id(1)]);
    assert_eq!(found(json!([named])).await, [id(0)]);
    assert_eq!(found(json!([])).await, [id(0), id(1), id(2)]);
    let nobody = operand("totp_verified", true);
    assert_eq!(found(json!([nobody, pending])).await, [id(1)]);
}

#[tokio::test]
async fn what_no_user_here_has_is_known_to_a_search() {
    let (app, _) = three_users().await;
    for (name, value, all) in [
        ("password_exists", json!(false), true),
        ("password_exists", json!(true), false),
        ("totp_verified", json!(true), false),
        ("totp_id", json!(["totp-test-1"]), false),
        ("oauth_provider", json!(["google"]), false),
        ("webauthn_registration_verified", json!(true), false),
        ("crypto_wallet_address", json!(["0x6df2"]), false),
    ] {
        let found = names(&app, filter(name, value.clone())).await;
        assert_eq!(found.len(), if all { 3 } else { 0 }, "{name} {value}");
    }
}

#[tokio::test]
async fn users_are_found_by_the_ids_of_the_application() {
    let (app, users) = three_users().await;
    for (user, external_id) in [(0, "user-7"), (1, "crm|8")] {
        let path = format!("/v1/users/{}", users[user]["user_id"].as_str().unwrap());
        let body = json!({ "external_id": external_id });
        app.put(&path, body).await.ok();
    }
    let found = names(&app, filter("user_id", json!(["user-7", "crm|8", "crm-9"]))).await;
    assert_eq!(found, ["Abel", "Braun"]);
    let missing = names(&app, filter("user_id", "crm-9")).await;
    assert!(missing.is_empty());
}

#[tokio::test]
async fn a_number_that_was_not_verified_in_time_finds_nobody() {
    let (app, users) = three_users().await;
    let body = json!({ "phone_number": "+12025550177", "user_id": users[0]["user_id"] });
    app.post("/v1/otps/sms/send", body).await.ok();
    let by_number = filter("phone_number", "+12025550177");
    let by_part = filter("phone_number_fuzzy", "5550177");
    assert_eq!(names(&app, by_number.clone()).await, ["Abel"]);
    app.wait(301);
    for operands in [by_number, by_part] {
        let found = names(&app, operands.clone()).await;
        assert!(found.is_empty(), "{operands}");
    }
}

fn filter(name: &str, value: impl Into<Value>) -> Value {
    json!([operand(name, value)])
}

#[tokio::test]
async fn users_who_are_named_come_page_by_page_too() {
    let (app, users) = three_users().await;
    let ids: Vec<&Value> = [2, 0, 1].map(|at| &users[at]["user_id"]).into();
    let query = json!({ "operands": filter("user_id", json!(ids)) });
    let first = json!({ "query": query, "limit": 2 });
    let first = app.post(SEARCH, first).await.ok().body;
    assert_eq!(first["results_metadata"]["total"], 3);
    assert_eq!(first["results"][0]["user_id"], users[0]["user_id"]);
    assert_eq!(first["results"][1]["user_id"], users[1]["user_id"]);
    let cursor = &first["results_metadata"]["next_cursor"];
    let second = json!({ "query": query, "limit": 2, "cursor": cursor });
    let second = app.post(SEARCH, second).await.ok().body;
    assert_eq!(second["results_metadata"]["total"], 3);
    assert_eq!(second["results"].as_array().unwrap().len(), 1);
    assert_eq!(second["results"][0]["user_id"], users[2]["user_id"]);
    assert_eq!(second["results_metadata"]["next_cursor"], Value::Null);
}

#[tokio::test]
async fn a_number_is_found_with_whoever_claims_it_and_with_its_owner() {
    let (app, users) = three_users().await;
    let number = "+12025550177";
    for claimant in [0, 1] {
        let body = json!({ "phone_number": number, "user_id": users[claimant]["user_id"] });
        app.post("/v1/otps/sms/send", body).await.ok();
        app.wait(120);
    }
    let found = names(&app, filter("phone_number", number)).await;
    assert_eq!(found, ["Abel", "Braun"], "both are on probation");
    let name = json!({ "first_name": "Dora", "last_name": "Dietz" });
    let body = json!({ "phone_number": number, "name": name });
    app.post("/v1/users", body).await.ok();
    let found = names(&app, filter("phone_number", number)).await;
    assert_eq!(found, ["Abel", "Braun", "Dietz"]);
}

#[tokio::test]
async fn a_search_for_what_is_named_looks_at_no_other_user() {
    let (app, users) = three_users().await;
    // PostgreSQL reads a small table from end to end, whatever indexes it has.
    if !app.scratch.address.starts_with("sqlite:") {
        return;
    }
    let mut tx = app.scratch.store.begin().await.unwrap();
    for sql in [
        "ALTER TABLE otp_users RENAME TO otp_real_users",
        "CREATE VIEW otp_users AS
         SELECT user_id, status, created_at, failures, locked_at, locked_until, first_name,
            middle_name, last_name, external_id, trusted_metadata, untrusted_metadata, roles,
            lowered_name,
            CASE last_name WHEN 'Braun' THEN ABS(-9223372036854775807 - 1) ELSE project_id END
            AS project_id
         FROM otp_real_users",
    ] {
        tx.execute(sql, &[]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let everybody = search(&app, filter("full_name_fuzzy", "alice")).await;
    assert_eq!(everybody.status, 500, "whoever looks at Bruno fails");
    for operands in [
        filter("phone_number", ALICE),
        filter("email_address", "alice@example.com"),
        filter("user_id", users[0]["user_id"].clone()),
        filter("phone_id", users[0]["phone_id"].clone()),
        filter("email_id", users[0]["email_id"].clone()),
    ] {
        assert_eq!(names(&app, operands.clone()).await, ["Abel"], "{operands}");
    }
}

/// Łukasz Müller and Łucja Ćwik.
async fn two_users_beyond_ascii() -> App {
    let app = App::start().await;
    for (number, first_name, last_name) in [(ALICE, "Łukasz", "Müller"), (BRUNO, "łucja", "Ćwik")]
    {
        let name = json!({ "first_name": first_name, "last_name": last_name });
        let body = json!({ "phone_number": number, "name": name });
        app.post("/v1/users", body).await.ok();
        app.wait(60);
    }
    app
}

#[tokio::test]
async fn a_part_of_a_name_is_found_in_capital_and_small_letters_of_any_script() {
    let app = two_users_beyond_ascii().await;
    for (part, found) in [
        ("łuk", vec!["Müller"]),
        ("ŁUK", vec!["Müller"]),
        ("MÜLL", vec!["Müller"]),
        ("üll", vec!["Müller"]),
        ("ćwi", vec!["Ćwik"]),
        ("ĆWI", vec!["Ćwik"]),
        ("ŁUCJA  ć", vec!["Ćwik"]),
        ("luk", vec![]),
    ] {
        assert_eq!(names(&app, filter("full_name_fuzzy", part)).await, found);
    }
}

#[tokio::test]
async fn names_of_an_earlier_release_are_found_like_new_ones() {
    let app = two_users_beyond_ascii().await;
    let mut tx = app.scratch.store.begin().await.unwrap();
    let sql = "UPDATE otp_users SET lowered_name = NULL";
    assert_eq!(tx.execute(sql, &[]).await.unwrap(), 2);
    tx.commit().await.unwrap();
    let found = names(&app, filter("full_name_fuzzy", "KASZ")).await;
    assert_eq!(found, ["Müller"], "plain letters at once");
    app.otp.purge(app.clock.now()).await.unwrap();
    let found = names(&app, filter("full_name_fuzzy", "ŁUK")).await;
    assert_eq!(
        found,
        ["Müller"],
        "all letters when the service has tidied up"
    );
}
