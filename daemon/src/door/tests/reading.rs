//! Reading: snapshots, live changes, gadgets, what is refused.

use super::*;

/// A phone would see only part of the board.
#[tokio::test]
async fn a_snapshot_of_thousands_is_complete() {
    let house = House::open().await;
    for number in 0..2_500 {
        let item = item(number, "water");
        house.board.lock().unwrap().items.insert(item.id.clone(), item);
    }
    for (mut client, qos) in [(house.v4("a").await, 0), (house.v5("b").await, 1), (house.v4("c").await, 2)] {
        assert_eq!(client.subscribe("commons/board/need/+", qos).await, qos);
        let mut seen = std::collections::BTreeSet::new();
        while seen.len() < 2_500 {
            let got = client.next().await.unwrap();
            if got.first >> 4 == 6 {
                client.ack(0x70, u16::from_be_bytes([got.body[0], got.body[1]])).await;
                continue;
            }
            let level = client.level;
            let message = Client::parse(level, got);
            assert!(message.retain && message.qos == qos && message.topic.starts_with("commons/board/need/"));
            assert!(seen.insert(message.topic));
            if qos > 0 {
                client.ack(if qos == 1 { 0x40 } else { 0x50 }, message.packet_id).await;
            }
        }
        if qos < 2 {
            client.quiet().await;
        }
    }
}

/// A phone would show a need as open that somebody has taken already.
#[tokio::test]
async fn an_older_state_never_comes_after_a_newer_one() {
    let house = House::open().await;
    for number in 0..600 {
        house.change(&item(number, "0"));
    }
    let mut client = house.v5("a").await;
    let mut body = vec![0, 9, 0];
    text(&mut body, "commons/board/need/#");
    body.push(1);
    client.send(&packet(0x82, &body)).await;
    let mut version = 0u32;
    let mut newest: BTreeMap<String, u32> = BTreeMap::new();
    loop {
        if version < 300 {
            version += 1;
            for number in [0, 255, 256, 599] {
                house.change(&item(number, &version.to_string()));
            }
        }
        let got = client.next().await.unwrap();
        if got.first == 0x90 {
            continue;
        }
        let message = Client::parse(5, got);
        client.ack(0x40, message.packet_id).await;
        let state: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
        let text: u32 = state["text"].as_str().unwrap().parse().unwrap();
        let before = newest.insert(message.topic, text).unwrap_or(0);
        assert!(text >= before, "{text} after {before}");
        if version == 300 && newest.len() == 600 && newest.values().filter(|v| **v == 300).count() == 4 {
            break;
        }
    }
}

/// An item that is over would stay on the phone; or a burst of changes would be lost.
#[tokio::test]
async fn changes_are_live_and_a_burst_is_told_whole() {
    let house = House::open().await;
    let mut client = house.v5("a").await;
    assert_eq!(client.subscribe("commons/board/need/#", 0).await, 0);
    client.quiet().await;
    let one = item(1, "x");
    house.change(&one);
    let live = client.receive().await;
    assert!(!live.retain);
    house.board.lock().unwrap().items.clear();
    house.news.note([], [touched(&one)]);
    assert!(client.receive().await.payload.is_empty());
    // More than a lane's window holds.
    for number in 0..3_000 {
        house.change(&item(number, "y"));
    }
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 3_000 {
        seen.insert(client.receive().await.topic);
    }
}

/// A neighbour could read what is none of his business, or a gadget could flood the router with filters.
#[tokio::test]
async fn what_may_not_be_read_is_refused() {
    let house = House::open().await;
    let mut v5 = house.v5("a").await;
    for (filter, code) in [
        ("foo/#", 0x87),
        ("commons/post/#", 0x87),
        ("commons/ledger/#", 0x87),
        ("$share/g/commons/local/x", 0x9e),
        ("a/#/b", 0x8f),
        ("#", 0),
    ] {
        let mut body = vec![0, 9, 0];
        text(&mut body, filter);
        body.push(0);
        v5.send(&packet(0x82, &body)).await;
        assert_eq!(v5.expect(0x90).await.last(), Some(&code), "{filter}");
    }
    let mut v4 = house.v4("b").await;
    assert_eq!(v4.subscribe("foo", 1).await, 0x80);
    for number in 0..128 {
        v4.subscribe(&format!("commons/local/a/{number}"), 0).await;
    }
    assert_eq!(v4.subscribe("commons/local/one/more", 0).await, 0x80);
}

/// The block's gadgets could not talk to each other.
#[tokio::test]
async fn gadgets_talk_in_every_qos_and_keep_what_is_retained() {
    let house = House::open().await;
    let mut reader = house.v4("r").await;
    let mut writer = house.v5("w").await;
    assert_eq!(reader.subscribe("commons/local/+/state", 2).await, 2);
    assert_eq!(writer.subscribe("commons/local/#", 4).await, 0);
    for (flags, ack) in [(0, 0), (2, 0x40), (4, 0x50)] {
        writer.publish("commons/local/lamp/state", b"on", flags, 3).await;
        if ack != 0 {
            writer.expect(ack).await;
        }
        let got = reader.receive().await;
        assert_eq!((got.qos << 1, &got.payload[..], got.retain), (flags, &b"on"[..], false));
        match got.qos {
            1 => reader.ack(0x40, got.packet_id).await,
            2 => {
                reader.ack(0x50, got.packet_id).await;
                reader.expect(0x62).await;
                reader.ack(0x70, got.packet_id).await;
            }
            _ => {}
        }
    }
    writer.ack(0x62, 3).await;
    writer.expect(0x70).await;
    writer.publish("commons/local/lamp/state", b"kept", 3, 4).await;
    writer.expect(0x40).await;
    assert_eq!(reader.receive().await.payload, "kept");
    let mut later = house.v5("l").await;
    assert_eq!(later.subscribe("commons/local/lamp/#", 0).await, 0);
    let got = later.receive().await;
    assert!(got.retain && got.payload == "kept");
    house.board.lock().unwrap().refuse_retained = true;
    writer.publish("commons/local/lamp/state", b"more", 3, 5).await;
    assert_eq!(writer.expect(0x40).await[2], 0x97);
    // No-local: none of its own came back.
    writer.quiet().await;
}

/// A monitoring tool would find no broker here.
#[tokio::test]
async fn sys_and_gateway_topics_are_there_for_who_asks() {
    let house = House::open().await;
    let mut client = house.v4("a").await;
    client.subscribe("$SYS/broker/clients/connected", 0).await;
    let got = client.receive().await;
    assert_eq!((&got.payload[..], got.retain), (&b"1"[..], true));
    client.subscribe("commons/gateway/state", 0).await;
    assert_eq!(client.receive().await.payload, r#"{"v":1,"state":"online"}"#);
}

/// Everybody would have to reconnect, or worse, would silently hear nothing more.
#[tokio::test]
async fn a_dead_router_is_replaced_under_its_readers() {
    let house = House::open().await;
    let mut reader = house.v5("r").await;
    let mut writer = house.v5("w").await;
    assert_eq!(reader.subscribe("commons/local/#", 0).await, 0);
    house.door.shared.flow.break_router();
    timeout(SOON, async {
        loop {
            writer.publish("commons/local/x", b"still there", 0, 0).await;
            if let Ok(got) = timeout(Duration::from_millis(50), reader.receive()).await {
                assert_eq!(got.payload, "still there");
                break;
            }
        }
    })
    .await
    .unwrap();
    assert!(house.counters.router_rebuilds_total.get() >= 1);
}

/// A flood would lose messages, or fill the memory, where a pause would do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_waits_for_its_readers_and_loses_nothing() {
    const COUNT: u32 = 30_000;
    let house = House::open().await;
    let mut readers = Vec::new();
    for number in 0..3 {
        let mut reader = house.v4(&format!("r{number}")).await;
        reader.subscribe("commons/local/flood", 0).await;
        readers.push(tokio::spawn(async move {
            for expected in 0..COUNT {
                assert_eq!(reader.receive().await.payload[..4], expected.to_be_bytes());
            }
        }));
    }
    let mut writer = house.v4("w").await;
    let mut bytes = Vec::new();
    for number in 0..COUNT {
        let mut payload = [0; 40];
        payload[..4].copy_from_slice(&number.to_be_bytes());
        bytes.extend(writer.publish_bytes("commons/local/flood", &payload, 0, 0));
    }
    timeout(SOON * 2, writer.stream.write_all(&bytes)).await.unwrap().unwrap();
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(house.counters.mqtt_dropped_total.get(), 0);
}

/// A lamp would be shown as it was before, because its old state came after its new one.
#[tokio::test]
async fn a_retained_state_never_follows_a_newer_one() {
    let house = House::open().await;
    let mut writer = house.v4("w").await;
    for topic in ["commons/local/lamp/a", "commons/local/lamp/b"] {
        writer.publish(topic, b"old", 2 | 1, 1).await;
        writer.expect(0x40).await;
    }
    let mut reader = house.dial(5).await;
    let mut body = b"\0\x04MQTT\x05\x02\0\x3c\x03\x21\0\x01".to_vec();
    text(&mut body, "r");
    reader.send(&packet(0x10, &body)).await;
    reader.expect(0x20).await;
    reader.subscribe("commons/local/lamp/#", 1).await;
    let first = reader.receive().await;
    writer.publish("commons/local/lamp/b", b"new", 2 | 1, 1).await;
    writer.expect(0x40).await;
    // Time for the live message to reach the session.
    tokio::time::sleep(Duration::from_millis(200)).await;
    reader.ack(0x40, first.packet_id).await;
    let mut states = Vec::new();
    for _ in 0..2 {
        let got = reader.receive().await;
        reader.ack(0x40, got.packet_id).await;
        states.push(got.payload);
    }
    assert_eq!(states, ["old", "new"]);
}
