//! What happens to an item after it was posted: answers, confirmation, withdrawal by code word, expiry.

use commons_tests::{http, wait_for, Gateway, PATIENCE};
use serde_json::{json, Value};

fn status(gateway: &Gateway, id: &str) -> String {
    gateway.get(&format!("/api/v1/needs/{id}")).json()["status"].as_str().unwrap_or("gone").to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Somebody who posted as a guest could never take his need back, or anybody could take back everybody's.
#[test]
fn the_code_word_withdraws_and_confirms_over_every_door() {
    let gateway = Gateway::start();
    let mut phone = gateway.client(4, "phone");
    phone.subscribe("commons/receipt/phone", 1);
    let mut need = |words: &str| -> (String, String) {
        phone.publish("commons/post/need", json!({"text": words, "urgency": "week"}).to_string().as_bytes(), 1);
        let receipt = phone.message(PATIENCE).expect("a receipt").json();
        assert_eq!(receipt["ok"], true, "{receipt}");
        (text(&receipt["id"]), text(&receipt["code"]))
    };
    let (mqtt_plain, mqtt_json) = (need("mqtt plain"), need("mqtt json"));
    let (api, form, cli, safe) = (need("api"), need("form"), need("cli"), need("safe"));

    let mut new = gateway.client(5, "new");
    assert_eq!(new.publish("commons/post/withdraw", mqtt_plain.1.to_uppercase().as_bytes(), 1), (0, String::new()));
    let confirm = json!({"v": 1, "item": mqtt_json.0, "code": mqtt_json.1}).to_string();
    assert_eq!(new.publish("commons/post/confirm", confirm.as_bytes(), 1).0, 0);
    gateway.post_json("withdraw", &json!({"item": api.0, "code": api.1}));
    let typed = http::form(&[("act", "confirm"), ("code", &form.1)]);
    let answer = gateway.post(&format!("/need/{}", form.0), "application/x-www-form-urlencoded", &typed);
    assert_eq!(answer.status, 303, "{}", answer.body);
    gateway.said(&["post", "withdraw", "--item", &cli.0[..12], "--code", &cli.1]);
    for (id, expected) in [
        (&mqtt_plain.0, "withdrawn"),
        (&mqtt_json.0, "confirmed"),
        (&api.0, "withdrawn"),
        (&form.0, "confirmed"),
        (&cli.0, "withdrawn"),
        (&safe.0, "open"),
    ] {
        assert_eq!(status(&gateway, id), expected);
    }

    let wrong = json!({"v": 1, "item": safe.0, "code": api.1, "ref": "w"}).to_string();
    let (reason, words) = new.publish("commons/post/withdraw", wrong.as_bytes(), 1);
    assert_eq!(reason, 0x87, "{words}");
    assert!(words.contains("not the code word"), "{words}");
    let answer = gateway.post("/api/v1/post/withdraw", "application/json", &wrong);
    assert_eq!((answer.status, &answer.json()["error"]), (403, &json!("wrong_code")));
    assert_eq!(gateway.cli(&["post", "withdraw", "--item", &safe.0, "--code", &api.1]).status.code(), Some(1));
    assert_eq!(status(&gateway, &safe.0), "open");
    let guess = || gateway.post("/api/v1/post/withdraw", "application/json", &wrong).status;
    assert!((0..30).any(|_| guess() == 429), "guessing ends");
    gateway.assert_unhurt();
}

/// An answer would not reach the one who asked, or his telephone number would reach everybody.
#[test]
fn a_claim_releases_the_contact_to_the_helper_alone() {
    let gateway = Gateway::start();
    let need = json!({"v": 1, "text": "a ride", "contact": "ring at flat 4711", "urgency": "week"});
    let need = gateway.post_json("need", &need);
    let id = text(&need["id"]);
    let mut helper = gateway.client(5, "helper");
    helper.subscribe("commons/receipt/helper", 1);
    helper.publish("commons/post/claim", json!({"v": 1, "item": id, "message": "at six"}).to_string().as_bytes(), 1);
    let receipt = helper.message_where("the receipt", |message| message.topic.starts_with("commons/receipt")).json();
    assert_eq!(receipt["contact"], "ring at flat 4711", "{receipt}");
    assert_eq!(status(&gateway, &id), "assigned");
    let mut reader = gateway.client(4, "reader");
    reader.subscribe("commons/board/#", 0);
    let seen = reader.message_where("the item", |message| message.topic.ends_with(&id)).text();
    for public in [seen, gateway.get(&format!("/need/{id}")).body, gateway.get("/api/v1/needs?status=all").body] {
        assert!(!public.contains("4711"), "{public}");
    }
    let done = json!({"v": 1, "item": id, "claim": receipt["id"], "code": receipt["code"]});
    gateway.post_json("start", &done);
    gateway.post_json("done", &done);
    assert_eq!(status(&gateway, &id), "done");
    gateway.post_json("confirm", &json!({"v": 1, "item": id, "code": need["code"]}));
    assert_eq!(status(&gateway, &id), "confirmed");
}

/// The board would fill with what nobody needs any more.
#[test]
fn what_has_expired_leaves_every_surface() {
    let gateway = Gateway::start();
    let mut reader = gateway.client(4, "reader");
    reader.subscribe("commons/board/need/+", 1);
    let short = gateway.post_json("need", &json!({"v": 1, "text": "hot soup", "expires_s": 2}));
    let long = gateway.post_json("need", &json!({"v": 1, "text": "a chair", "expires_s": 3600, "urgency": "week"}));
    let (short, long) = (text(&short["id"]), text(&long["id"]));
    let topic = format!("commons/board/need/{short}");
    let cleared = |message: &commons_tests::codec::Message| message.topic == topic && message.payload.is_empty();
    reader.message_where("the retained state is cleared", cleared);
    let live = || gateway.get("/api/v1/needs").json();
    wait_for("it to leave the list", || {
        let items = live();
        let ids: Vec<&Value> = items.as_array().unwrap().iter().map(|item| &item["id"]).collect();
        (ids == [&json!(long)]).then_some(())
    });
    assert!(!gateway.get("/").body.contains("hot soup"));
    let mut late = gateway.client(5, "late");
    late.subscribe("commons/board/need/+", 1);
    assert_eq!(late.message(PATIENCE).expect("the other one").topic, format!("commons/board/need/{long}"));
    gateway.assert_unhurt();
}
