//! The way of a message from the outbox to a gateway, whatever the gateway does.

use std::time::Duration;

use http::StatusCode;
use sallyport_base::{Store, params};
use sallyport_otp::{Gateway, GatewayKind, Kannel, Limits, Smpp};
use tokio::net::TcpListener;

use crate::{
    app::{ALICE, App, BRUNO},
    webhook::{Carrier, Then, nobody},
};

fn named(name: &str, gateway: Gateway) -> Gateway {
    Gateway {
        name: name.to_owned(),
        ..gateway
    }
}

/// Two carriers, of which the first is asked first.
async fn two(first: StatusCode, second: StatusCode) -> (App, Carrier, Carrier) {
    let (one, first) = Carrier::start(first).await;
    let (two, second) = Carrier::start(second).await;
    let gateways = vec![named("first", first), named("second", second)];
    let app = App::with_gateways(Limits::default(), gateways).await;
    (app, one, two)
}

#[tokio::test]
async fn a_second_gateway_gets_what_the_first_did_not_take_with_the_same_code() {
    for status in [
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_REQUEST,
        StatusCode::FOUND,
    ] {
        let (app, one, two) = two(status, StatusCode::OK).await;
        let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
        app.otp.send_due().await.unwrap();
        assert_eq!(one.received().len(), 1, "a redirect is not followed");
        assert_eq!(two.received().len(), 1);
        assert_eq!(one.message(), two.message());
        assert_eq!(app.message_states().await, ["sent"]);
        app.authenticate(&method_id, &two.code()).await.ok();
    }
}

#[tokio::test]
async fn a_gateway_that_is_not_there_gives_way_to_the_next() {
    let (carrier, second) = Carrier::start(StatusCode::OK).await;
    let gateways = vec![named("first", nobody().await), named("second", second)];
    let app = App::with_gateways(Limits::default(), gateways).await;
    app.login_or_create(ALICE).await.ok();
    app.otp.send_due().await.unwrap();
    assert_eq!(carrier.received().len(), 1);
}

/// A message centre that takes connections and says nothing, not even to a bind.
async fn silent_centre() -> (TcpListener, Gateway) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let centre = Smpp {
        host: "127.0.0.1".to_owned(),
        port: listener.local_addr().unwrap().port(),
        tls: false,
        system_id: "sallyport".to_owned(),
        password: "secret".into(),
        system_type: String::new(),
        sender: "Sallyport".to_owned(),
        window: 10,
        enquire_seconds: 30,
    };
    (listener, Gateway::new("centre", GatewayKind::Smpp(centre)))
}

#[tokio::test]
async fn a_message_centre_that_never_binds_gives_way_to_the_next_for_every_message() {
    let (_listener, centre) = silent_centre().await;
    let (carrier, second) = Carrier::start(StatusCode::OK).await;
    let app = App::with_gateways(Limits::default(), vec![centre, second]).await;
    for number in [ALICE, BRUNO, "+12025550163", "+12025550164"] {
        app.login_or_create(number).await.ok();
    }
    app.otp.send_due().await.unwrap();
    assert_eq!(carrier.received().len(), 4);
    assert_eq!(app.events("otp.send_unconfirmed").await, 0);
}

#[tokio::test]
async fn a_gateway_that_does_not_send_to_a_country_is_not_asked() {
    let (abroad, gateway) = Carrier::start(StatusCode::OK).await;
    let german = Gateway {
        countries: ["DE".to_owned()].into(),
        ..named("german", gateway)
    };
    let (carrier, everywhere) = Carrier::start(StatusCode::OK).await;
    let gateways = vec![german.clone(), named("everywhere", everywhere)];
    let app = App::with_gateways(Limits::default(), gateways).await;
    app.login_or_create(ALICE).await.ok();
    app.otp.send_due().await.unwrap();
    assert_eq!((abroad.received().len(), carrier.received().len()), (0, 1));

    let app = App::with_gateways(Limits::default(), vec![german]).await;
    assert_eq!(
        app.login_or_create(ALICE).await.refusal(),
        (400, "invalid_phone_number_country_code")
    );
}

#[tokio::test]
async fn a_message_that_nobody_wants_leaves_no_code_and_no_pause() {
    let (app, one, two) = two(StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND).await;
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    app.otp.send_due().await.unwrap();
    assert_eq!((one.received().len(), two.received().len()), (1, 1));
    assert_eq!(app.message_states().await, ["failed"]);
    assert_eq!(app.events("otp.send_failed").await, 1);
    let refused = app.authenticate(&method_id, &one.code()).await;
    assert_eq!(refused.refusal(), (404, "otp_code_not_found"));
    one.will(Then::Answer(StatusCode::OK));
    app.login_or_create(ALICE).await.ok();
    app.otp.send_due().await.unwrap();
    app.authenticate(&method_id, &one.code()).await.ok();
}

#[tokio::test]
async fn a_busy_gateway_is_asked_again_until_the_code_expires() {
    let (carrier, gateway) = Carrier::start(StatusCode::SERVICE_UNAVAILABLE).await;
    let app = App::with(Limits::default(), gateway).await;
    app.login_or_create(ALICE).await.ok();
    for (seconds, asked) in [(0, 1), (0, 1), (1, 2), (1, 2), (1, 3), (4, 4)] {
        app.wait(seconds);
        app.otp.send_due().await.unwrap();
        assert_eq!(carrier.received().len(), asked);
    }
    app.wait(120);
    app.otp.send_due().await.unwrap();
    assert_eq!(carrier.received().len(), 4, "a dead code is not sent");
    assert_eq!(app.message_states().await, ["failed"]);

    carrier.will(Then::Answer(StatusCode::OK));
    app.login_or_create(ALICE).await.ok();
    app.otp.send_due().await.unwrap();
    assert_eq!(carrier.received().len(), 5);
}

#[tokio::test]
async fn a_gateway_that_drops_repetitions_is_asked_again_when_it_fell_silent_and_no_other_is() {
    for then in [Then::HangUp, Then::Answer(StatusCode::GATEWAY_TIMEOUT)] {
        let (app, one, two) = two(StatusCode::OK, StatusCode::OK).await;
        one.will(then);
        let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
        app.otp.send_due().await.unwrap();
        one.will(Then::Answer(StatusCode::OK));
        app.wait(1);
        app.otp.send_due().await.unwrap();
        let ids: Vec<_> = one
            .received()
            .iter()
            .map(|(headers, _)| headers["idempotency-key"].clone())
            .collect();
        assert_eq!(ids.len(), 2, "{then:?}");
        assert_eq!(ids[0], ids[1], "{then:?}");
        assert_eq!(two.received().len(), 0, "{then:?}");
        app.authenticate(&method_id, &one.code()).await.ok();
    }
}

#[tokio::test]
async fn a_message_in_doubt_stays_with_its_gateway_whatever_that_says_next() {
    for (then, asked) in [
        (StatusCode::SERVICE_UNAVAILABLE, 6),
        (StatusCode::CONFLICT, 2),
        (StatusCode::BAD_REQUEST, 2),
    ] {
        let (app, one, two) = two(StatusCode::OK, StatusCode::OK).await;
        one.will(Then::HangUp);
        let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
        app.otp.send_due().await.unwrap();
        one.will(Then::Answer(then));
        for _ in 0..6 {
            app.wait(8);
            app.otp.send_due().await.unwrap();
        }
        assert_eq!((one.received().len(), two.received().len()), (asked, 0));
        app.authenticate(&method_id, &one.code()).await.ok();
        app.wait(120);
        app.otp.send_due().await.unwrap();
        assert_eq!((one.received().len(), two.received().len()), (asked, 0));
        assert_eq!(app.message_states().await, ["sent"], "{then}");
        assert_eq!(app.events("otp.send_unconfirmed").await, 1, "{then}");
    }
}

#[tokio::test]
async fn a_gateway_that_was_busy_often_is_still_asked_again_when_it_falls_silent() {
    let (carrier, gateway) = Carrier::start(StatusCode::SERVICE_UNAVAILABLE).await;
    let app = App::with(Limits::default(), gateway).await;
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    for (then, seconds) in [
        (
            Then::Answer(StatusCode::SERVICE_UNAVAILABLE),
            [0, 1, 2, 4, 8],
        ),
        (Then::HangUp, [15, 15, 15, 0, 0]),
        (Then::Answer(StatusCode::OK), [15, 0, 0, 0, 0]),
    ] {
        carrier.will(then);
        for seconds in seconds {
            app.wait(seconds);
            app.otp.send_due().await.unwrap();
        }
    }
    assert_eq!(carrier.received().len(), 5 + 3 + 1);
    assert_eq!(app.message_states().await, ["sent"]);
    assert_eq!(app.events("otp.send_unconfirmed").await, 0);
    app.authenticate(&method_id, &carrier.code()).await.ok();
}

#[tokio::test]
async fn a_message_in_doubt_whose_gateway_is_gone_from_the_configuration_is_left_alone() {
    let (app, one, two) = two(StatusCode::OK, StatusCode::OK).await;
    one.will(Then::HangUp);
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    app.otp.send_due().await.unwrap();
    let mut tx = app.scratch.store.begin().await.unwrap();
    let sql = "UPDATE otp_outbox SET gateway = 'gone'";
    tx.execute(sql, params![]).await.unwrap();
    tx.commit().await.unwrap();
    app.wait(1);
    app.otp.send_due().await.unwrap();
    assert_eq!((one.received().len(), two.received().len()), (1, 0));
    assert_eq!(app.message_states().await, ["sent"]);
    app.authenticate(&method_id, &one.code()).await.ok();
}

#[tokio::test]
async fn a_gateway_that_stays_silent_leaves_the_code_and_the_pause() {
    let (carrier, gateway) = Carrier::start(StatusCode::GATEWAY_TIMEOUT).await;
    let app = App::with(Limits::default(), gateway).await;
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    for asked in 1..=5 {
        app.otp.send_due().await.unwrap();
        assert_eq!(carrier.received().len(), asked);
        app.wait(8);
    }
    app.authenticate(&method_id, &carrier.code()).await.ok();
    app.wait(80);
    app.otp.send_due().await.unwrap();
    assert_eq!(carrier.received().len(), 5, "a dead code is not sent");
    assert_eq!(app.message_states().await, ["sent"]);
    assert_eq!(app.events("otp.send_unconfirmed").await, 1);
}

#[tokio::test]
async fn a_newer_code_takes_the_place_of_one_that_was_not_sent() {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    app.wait(30);
    app.login_or_create(ALICE).await.ok();
    app.otp.send_due().await.unwrap();
    assert_eq!(
        carrier.received().len(),
        1,
        "one code is alive, one is sent"
    );
    assert_eq!(app.message_states().await, ["failed", "sent"]);
    let again = app.login_or_create(ALICE).await;
    assert_eq!(again.retry_after(), 60, "the pause of the newer one holds");
    app.authenticate(&method_id, &carrier.code()).await.ok();
}

/// What a node leaves behind that is killed after it took a message and before it heard of it.
async fn lose_the_node(app: &App) {
    let mut tx = app.scratch.store.begin().await.unwrap();
    let taken = tx
        .execute(
            "UPDATE otp_outbox SET state = 'handed', tries = 1, due_at = due_at + 30000000",
            params![],
        )
        .await
        .unwrap();
    assert_eq!(taken, 1);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_message_of_a_lost_node_is_sent_by_another_to_a_gateway_that_drops_repetitions() {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    lose_the_node(&app).await;
    app.wait(29);
    app.otp.send_due().await.unwrap();
    assert_eq!(carrier.received().len(), 0, "the other node may be at work");
    app.wait(2);
    app.otp.send_due().await.unwrap();
    app.wait(1);
    app.otp.send_due().await.unwrap();
    assert_eq!(carrier.received().len(), 1);
    app.authenticate(&method_id, &carrier.code()).await.ok();
}

/// A gateway that sends a message twice when it is given twice, at the address of a webhook.
fn without_memory(gateway: &Gateway) -> Gateway {
    let GatewayKind::Webhook(webhook) = &gateway.kind else {
        panic!("it is a webhook");
    };
    let kannel = Kannel {
        url: webhook.url.clone(),
        username: "sallyport".to_owned(),
        password: "secret".into(),
        from: "Sallyport".to_owned(),
        smsc: None,
    };
    Gateway::new("kannel", GatewayKind::Kannel(kannel))
}

#[tokio::test]
async fn a_message_in_doubt_is_not_given_to_a_gateway_that_would_send_it_twice() {
    for is_lost in [true, false] {
        let (carrier, gateway) = Carrier::start(StatusCode::GATEWAY_TIMEOUT).await;
        let app = App::with(Limits::default(), without_memory(&gateway)).await;
        app.login_or_create(ALICE).await.ok();
        if is_lost {
            lose_the_node(&app).await;
        } else {
            app.otp.send_due().await.unwrap();
        }
        let given = carrier.received().len();
        for _ in 0..3 {
            app.wait(60);
            app.otp.send_due().await.unwrap();
        }
        assert_eq!(carrier.received().len(), given);
        assert_eq!(app.message_states().await, ["sent"]);
        assert_eq!(app.events("otp.send_unconfirmed").await, 1);
        assert_eq!(sealed_messages(&app).await, 0);
    }
}

#[tokio::test]
async fn an_answer_that_comes_after_another_node_took_over_changes_nothing() {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    carrier.will(Then::Hold(StatusCode::BAD_REQUEST));
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    let otp = app.otp.clone();
    let slow = tokio::spawn(async move { otp.send_due().await });
    while carrier.received().is_empty() {
        tokio::task::yield_now().await;
    }
    carrier.will(Then::Answer(StatusCode::OK));
    for seconds in [60, 1] {
        app.wait(seconds);
        app.otp.send_due().await.unwrap();
    }
    assert_eq!(carrier.received().len(), 2);
    carrier.go_on();
    slow.await.unwrap().unwrap();
    assert_eq!(app.message_states().await, ["sent"]);
    app.authenticate(&method_id, &carrier.code()).await.ok();
}

async fn change_store(app: &App, sql: &'static str) {
    let mut tx = app.scratch.store.begin().await.unwrap();
    tx.execute(sql, params![]).await.unwrap();
    tx.commit().await.unwrap();
}

/// The gateway says once that it does not want the message.
#[tokio::test]
async fn what_a_gateway_said_is_kept_when_the_store_comes_back() {
    let (app, one, two) = two(StatusCode::BAD_REQUEST, StatusCode::OK).await;
    one.will(Then::Hold(StatusCode::BAD_REQUEST));
    let method_id = app.login_or_create(ALICE).await.ok().text("phone_id");
    let otp = app.otp.clone();
    let sending = tokio::spawn(async move { otp.send_due().await });
    while one.received().is_empty() {
        tokio::task::yield_now().await;
    }
    change_store(&app, "ALTER TABLE otp_outbox RENAME TO otp_outbox_away").await;
    one.go_on();
    // So many changes take longer than the answer, which is tried to be kept among them.
    for _ in 0..300 {
        let tx = app.scratch.store.begin().await.unwrap();
        tx.commit().await.unwrap();
    }
    change_store(&app, "ALTER TABLE otp_outbox_away RENAME TO otp_outbox").await;
    sending.await.unwrap().unwrap();
    assert_eq!(app.message_states().await, ["sent"]);
    app.authenticate(&method_id, &two.code()).await.ok();
}

/// How many messages the store can still read.
async fn sealed_messages(app: &App) -> i64 {
    let mut reader = app.scratch.store.reader().await.unwrap();
    let sql = "SELECT COUNT(sealed) AS count FROM otp_outbox";
    let row = reader.row(sql, params![]).await.unwrap().unwrap();
    row.get("count").unwrap()
}

#[tokio::test]
async fn a_message_is_forgotten_once_a_gateway_has_it_or_nobody_wants_it() {
    for status in [StatusCode::OK, StatusCode::BAD_REQUEST] {
        let (_carrier, gateway) = Carrier::start(status).await;
        let app = App::with(Limits::default(), gateway).await;
        app.login_or_create(ALICE).await.ok();
        assert_eq!(sealed_messages(&app).await, 1);
        app.otp.send_due().await.unwrap();
        assert_eq!(sealed_messages(&app).await, 0);
    }
}

#[tokio::test]
async fn many_couriers_send_each_message_once() {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let limits = Limits {
        per_prefix: vec![],
        ..Limits::default()
    };
    let app = App::with(limits, gateway).await;
    for last in 0..50 {
        let number = format!("+12025550{last:03}");
        app.login_or_create(&number).await.ok();
    }
    let couriers = (0..8).map(|_| app.otp.send_due());
    for courier in futures_util::future::join_all(couriers).await {
        courier.unwrap();
    }
    assert_eq!(carrier.received().len(), 50);
    assert_eq!(app.message_states().await, ["sent"; 50]);
}

/// The courier of a server, with its own timing.
#[tokio::test]
async fn a_courier_at_work_sends_what_is_queued_and_rests_when_told() {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    let otp = app.otp.clone();
    let courier = tokio::spawn(async move { otp.send_messages().await });
    app.login_or_create(ALICE).await.ok();
    let sent = async {
        while app.message_states().await != ["sent"] {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), sent)
        .await
        .unwrap();
    app.otp.stop_sending().await;
    app.wait(30);
    app.login_or_create(ALICE).await.ok();
    assert_eq!(app.message_states().await, ["queued", "sent"]);
    assert_eq!(carrier.received().len(), 1);
    courier.abort();
}

#[tokio::test]
async fn a_gateway_that_keeps_silent_holds_up_no_other() {
    let (silent, first) = Carrier::start(StatusCode::OK).await;
    let (other, second) = Carrier::start(StatusCode::OK).await;
    let of = |country: &str, gateway| Gateway {
        countries: [country.to_owned()].into(),
        ..named(&country.to_lowercase(), gateway)
    };
    let gateways = vec![of("CA", first), of("US", second)];
    let app = App::with_gateways(Limits::default(), gateways).await;
    silent.will(Then::Hold(StatusCode::OK));
    for n in 0..100 {
        app.login_or_create(&format!("+1416555{n:04}")).await.ok();
    }
    let otp = app.otp.clone();
    let courier = tokio::spawn(async move { otp.send_messages().await });
    let is_sent = async {
        while silent.received().len() < 32 {
            tokio::task::yield_now().await;
        }
        app.login_or_create(ALICE).await.ok();
        while other.received().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    is_sent.await;
    let given = silent.received().len();
    assert_eq!(given, 32, "none of its hands was needed");
    courier.abort();
}

#[tokio::test]
async fn a_message_that_waited_for_a_hand_is_sent_once_there_is_one() {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    carrier.will(Then::Hold(StatusCode::OK));
    for n in 0..33 {
        app.login_or_create(&format!("+1202555{n:04}")).await.ok();
    }
    let otp = app.otp.clone();
    let courier = tokio::spawn(async move { otp.send_messages().await });
    let is_sent = async {
        while carrier.received().len() < 32 {
            tokio::task::yield_now().await;
        }
        assert_eq!(carrier.received().len(), 32, "it has no more hands");
        carrier.go_on();
        while carrier.received().len() < 33 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), is_sent)
        .await
        .unwrap();
    courier.abort();
}

/// On PostgreSQL one of two transactions that wait for each other would be ended, and its caller
/// answered 500.
#[tokio::test]
async fn new_codes_and_messages_that_fail_never_wait_for_each_other() {
    let (_carrier, gateway) = Carrier::start(StatusCode::BAD_REQUEST).await;
    let limits = Limits {
        resend_seconds: [0, 0, 0],
        per_number: vec![],
        per_user: vec![],
        ..Limits::default()
    };
    let app = App::with(limits, gateway).await;
    let ask = async || {
        for _ in 0..15 {
            let status = app.login_or_create(ALICE).await.status.as_u16();
            assert!([200, 429].contains(&status), "{status}");
        }
    };
    let carry = async || {
        for _ in 0..15 {
            app.otp.send_due().await.unwrap();
        }
    };
    tokio::join!(ask(), ask(), ask(), carry(), carry(), carry());
}

/// A courier that waited could be the one that PostgreSQL ends when others wait for it. SQLite makes
/// one change at a time.
#[tokio::test]
async fn a_courier_waits_for_nobody_who_changes_a_message() {
    let (carrier, gateway) = Carrier::start(StatusCode::OK).await;
    let app = App::with(Limits::default(), gateway).await;
    if matches!(app.scratch.store, Store::Sqlite { .. }) {
        return;
    }
    app.login_or_create(ALICE).await.ok();
    app.login_or_create(BRUNO).await.ok();
    let mut tx = app.scratch.store.begin().await.unwrap();
    let sql = "UPDATE otp_outbox SET expires_at = expires_at WHERE country = 'US'";
    assert_eq!(tx.execute(sql, params![]).await.unwrap(), 1);
    tokio::time::timeout(Duration::from_secs(5), app.otp.send_due())
        .await
        .expect("it does not wait")
        .unwrap();
    assert_eq!(carrier.received().len(), 1);
    assert_eq!(carrier.message()["to"], BRUNO);
    tx.commit().await.unwrap();
    app.otp.send_due().await.unwrap();
    assert_eq!(carrier.message()["to"], ALICE);
}

#[tokio::test]
async fn a_gateway_that_fell_silent_rests_and_gets_its_messages_back_when_it_answers() {
    let (silent, first) = Carrier::start(StatusCode::ACCEPTED).await;
    let (other, second) = Carrier::start(StatusCode::OK).await;
    let app = App::with_gateways(Limits::default(), vec![without_memory(&first), second]).await;
    let send = async |n: usize| {
        app.login_or_create(&format!("+1202555{n:04}")).await.ok();
        app.otp.send_due().await.unwrap();
        (silent.received().len(), other.received().len())
    };
    silent.will(Then::HangUp);
    for n in 1..=3 {
        assert_eq!(send(n).await, (n, 0), "it may have the message");
    }
    assert_eq!(send(4).await, (3, 1));
    app.wait(30);
    assert_eq!(send(5).await, (4, 1), "one message tries it again");
    assert_eq!(send(6).await, (4, 2));
    app.wait(30);
    silent.will(Then::Answer(StatusCode::ACCEPTED));
    assert_eq!(send(7).await, (5, 2));
    assert_eq!(send(8).await, (6, 2));
}

#[tokio::test]
async fn messages_that_wait_for_a_gateway_that_fell_silent_go_to_another() {
    let (silent, first) = Carrier::start(StatusCode::ACCEPTED).await;
    let (other, second) = Carrier::start(StatusCode::OK).await;
    let app = App::with_gateways(Limits::default(), vec![without_memory(&first), second]).await;
    silent.will(Then::HangUp);
    for n in 0..40 {
        app.login_or_create(&format!("+1202555{n:04}")).await.ok();
    }
    app.otp.send_due().await.unwrap();
    let (lost, saved) = (silent.received().len(), other.received().len());
    assert_eq!(lost + saved, 40);
    assert!(saved >= 8, "those that were not handed over yet: {saved}");
}

#[tokio::test]
async fn a_gateway_that_is_the_only_one_is_always_tried() {
    let (silent, only) = Carrier::start(StatusCode::ACCEPTED).await;
    let app = App::with_gateways(Limits::default(), vec![without_memory(&only)]).await;
    silent.will(Then::HangUp);
    for n in 1..=5 {
        app.login_or_create(&format!("+1202555{n:04}")).await.ok();
        app.otp.send_due().await.unwrap();
        assert_eq!(silent.received().len(), n);
    }
}

#[tokio::test]
async fn a_busy_gateway_beside_a_silent_one_loses_nothing() {
    let (silent, first) = Carrier::start(StatusCode::ACCEPTED).await;
    let (other, second) = Carrier::start(StatusCode::OK).await;
    let gateways = vec![without_memory(&first), second];
    let app = App::with_gateways(Limits::default(), gateways).await;
    silent.will(Then::HangUp);
    let send = async |n: usize| {
        app.login_or_create(&format!("+1202555{n:04}")).await.ok();
        app.otp.send_due().await.unwrap();
    };
    for n in 1..=3 {
        send(n).await;
    }
    other.will(Then::Answer(StatusCode::TOO_MANY_REQUESTS));
    for n in 4..=8 {
        send(n).await;
    }
    other.will(Then::Answer(StatusCode::OK));
    let taken_before = other.received().len();
    for _ in 0..10 {
        app.wait(2);
        app.otp.send_due().await.unwrap();
    }
    assert_eq!(silent.received().len(), 3, "the silent one rests");
    assert_eq!(other.received().len() - taken_before, 5);
}
