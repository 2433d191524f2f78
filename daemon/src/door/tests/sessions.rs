//! Sessions: takeover, absence, wills, limits.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::*;
use crate::caller::Port;
use crate::door::batch::{single, Item};

/// Two phones under one name would fight, or one's messages would go to nobody.
#[tokio::test]
async fn a_session_is_taken_over() {
    let house = House::open().await;
    let mut old = house.v5("a").await;
    let mut new = house.dial(5).await;
    assert!(!new.connect_v5("a", true, 0).await);
    assert_eq!(old.expect(0xe0).await[0], 0x8e);
    assert!(old.next().await.is_none());
    new.quiet().await;
    assert_eq!(house.counters.mqtt_sessions.get(), 1);
}

/// Whoever has overheard the name of a gateway's call could end it again and again.
#[tokio::test]
async fn a_call_is_not_taken_over() {
    let house = House::open().await;
    let (up, mut heard) = mpsc::channel(4);
    let (_out, down) = mpsc::channel(4);
    let port = Mutex::new(Some(Port { up, down }));
    house.door.take_calls(Arc::new(move |_| port.lock().unwrap().take()));
    let topic = "commons/link/0123456789abcdef/fedcba9876543210/up";
    let mut caller = house.v5("g1").await;
    caller.publish(topic, b"one", 0, 0).await;
    assert_eq!(heard.recv().await.unwrap()[..], *b"one");
    for level in [4, 5] {
        let mut other = house.dial(level).await;
        let mut body = b"\0\x04MQTT".to_vec();
        body.extend([level, 2, 0, 60]);
        body.extend(if level == 5 { &[0][..] } else { &[] });
        text(&mut body, "g1");
        other.send(&packet(0x10, &body)).await;
        assert_eq!(other.expect(0x20).await[1], if level == 5 { 0x85 } else { 2 });
        assert!(other.next().await.is_none());
    }
    caller.publish(topic, b"two", 0, 0).await;
    assert_eq!(heard.recv().await.unwrap()[..], *b"two");
}

/// A gadget that was away would miss what it was promised.
#[tokio::test]
async fn an_absent_session_keeps_its_messages() {
    let house = House::open_with(|config| config.mqtt.queue_messages_max = 10).await;
    let mut writer = house.v4("w").await;
    for level in [4, 5] {
        let id = format!("r{level}");
        let mut reader = house.dial(level).await;
        let present =
            if level == 4 { reader.connect_v4(&id, false).await } else { reader.connect_v5(&id, false, 100).await };
        assert!(!present);
        assert_eq!(reader.subscribe("commons/local/x", 1).await, 1);
        // One that it got and did not acknowledge.
        writer.publish("commons/local/x", &[99], 2, 1).await;
        writer.expect(0x40).await;
        let unacked = reader.receive().await;
        drop(reader);
        house.until("absence", |house| house.door.shared.gauges.absent.get() == 1).await;
        let dropped = house.counters.mqtt_dropped_total.get();
        for number in 0..15 {
            writer.publish("commons/local/x", &[number], 2, 1).await;
            writer.expect(0x40).await;
        }
        house.until("the bound", |house| house.counters.mqtt_dropped_total.get() == dropped + 5).await;
        let mut reader = house.dial(level).await;
        let present =
            if level == 4 { reader.connect_v4(&id, false).await } else { reader.connect_v5(&id, false, 0).await };
        assert!(present);
        let again = reader.receive().await;
        assert!(again.dup && again.packet_id == unacked.packet_id && again.payload[..] == [99]);
        for number in 0..10 {
            assert_eq!(reader.receive().await.payload[..], [number]);
        }
        let mut reader = house.dial(level).await;
        if level == 4 {
            reader.connect_v4(&id, true).await
        } else {
            reader.connect_v5(&id, true, 0).await
        };
    }
}

/// Clients that leave and never come back would fill the memory.
#[tokio::test]
async fn absent_sessions_share_what_is_kept_and_are_bounded_together() {
    const BYTES: usize = 200_000;
    let house = House::open_with(|config| config.mqtt.queue_bytes_max = 64 * 1024 * 1024).await;
    for id in ["a", "b"] {
        let mut reader = house.dial(4).await;
        reader.connect_v4(id, false).await;
        reader.subscribe("commons/local/x", 1).await;
    }
    house.until("absence", |house| house.door.shared.gauges.absent.get() == 2).await;
    let kept = |house: &House| house.door.shared.kept.get();
    let mut writer = house.v4("w").await;
    for number in 0..100u8 {
        writer.publish("commons/local/x", &[number; BYTES], 2, 1).await;
        writer.expect(0x40).await;
        if number == 9 {
            house.until("ten", |house| kept(house) > 10 * BYTES as u64).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(kept(&house) < 11 * BYTES as u64, "each message is there once");
        }
    }
    house.until("the bound", |house| house.counters.mqtt_dropped_total.get() > 20).await;
    assert!(kept(&house) <= 16 * 1024 * 1024);
    for id in ["a", "b"] {
        let mut reader = house.dial(4).await;
        assert!(reader.connect_v4(id, false).await);
        assert_eq!(reader.receive().await.payload[..], [0; BYTES]);
        let mut reader = house.dial(4).await;
        reader.connect_v4(id, true).await;
    }
    house.until("nothing to be kept", |house| kept(house) == 0).await;
}

/// On a busy machine many messages wait for a session at once. One that stops with a message in hand, and nobody to wake
/// it, would hold up everyone who speaks in that lane.
#[tokio::test]
async fn an_absent_session_that_falls_behind_holds_nobody_up() {
    let house = House::open().await;
    let mut reader = house.dial(4).await;
    reader.connect_v4("r", false).await;
    reader.subscribe("commons/local/x", 1).await;
    drop(reader);
    house.until("absence", |house| house.door.shared.gauges.absent.get() == 1).await;
    let mut writer = house.v4("w").await;
    let began = std::time::Instant::now();
    for burst in [7, 8, 9, 10, 64, 100] {
        let lane = crate::door::flow::local_lane("x");
        let item =
            Item { topic: "commons/local/x", properties: &[], payload: b"m", qos: 1, retain: false, expiry_s: None };
        // All at once: this thread is the only one, so the session runs when everything is in the ring.
        for _ in 0..burst {
            house.door.shared.flow.post(lane, &single(7, 0, &item));
        }
        std::thread::sleep(Duration::from_millis(20));
        for _ in 0..40 {
            writer.publish("commons/local/x", &[0; 4_000], 2, 1).await;
            writer.expect(0x40).await;
        }
    }
    // A publisher waits 10 s for a full lane before it goes ahead.
    assert!(began.elapsed() < Duration::from_secs(10), "somebody was held up");
}

/// A client that acknowledges nothing would have 128 of the largest packets kept for it.
#[tokio::test]
async fn what_was_sent_and_not_acknowledged_counts() {
    let house = House::open_with(|config| config.mqtt.queue_bytes_max = 300_000).await;
    let mut reader = house.dial(4).await;
    reader.connect_v4("r", false).await;
    reader.subscribe("commons/local/x", 1).await;
    let mut writer = house.v4("w").await;
    let mut bytes = Vec::new();
    for number in 0..20u8 {
        bytes.extend(writer.publish_bytes("commons/local/x", &[number; 50_000], 2, 1 + u16::from(number)));
    }
    let writing = tokio::spawn(async move {
        writer.stream.write_all(&bytes).await.unwrap();
        writer
    });
    let mut ids = VecDeque::new();
    let mut heard = 0;
    while let Ok(got) = timeout(Duration::from_millis(300), reader.receive()).await {
        assert_eq!(got.payload[0], heard);
        heard += 1;
        ids.push_back(got.packet_id);
    }
    assert!((5..=7).contains(&heard), "{heard}");
    assert!(house.door.shared.kept.get() < 400_000);
    while heard < 20 {
        reader.ack(0x40, ids.pop_front().unwrap()).await;
        while let Ok(got) = timeout(Duration::from_millis(50), reader.receive()).await {
            assert_eq!(got.payload[0], heard);
            heard += 1;
            ids.push_back(got.packet_id);
        }
    }
    writing.await.unwrap();
    assert_eq!(house.counters.mqtt_dropped_total.get(), 0);
}

/// Nobody would learn that a smoke detector fell silent.
#[tokio::test]
async fn a_will_is_said_for_the_dead_only() {
    let house = House::open().await;
    let mut reader = house.v4("r").await;
    reader.subscribe("commons/local/#", 0).await;
    let dying = |topic: &str| {
        let mut body = b"\0\x04MQTT\x04".to_vec();
        body.extend([0x06, 0, 60]);
        text(&mut body, "smoke");
        text(&mut body, topic);
        text(&mut body, "gone");
        packet(0x10, &body)
    };
    let mut polite = house.dial(4).await;
    polite.send(&dying("commons/local/smoke")).await;
    polite.expect(0x20).await;
    polite.send(&[0xe0, 0]).await;
    assert!(polite.next().await.is_none());
    let mut sudden = house.dial(4).await;
    sudden.send(&dying("commons/local/smoke")).await;
    sudden.expect(0x20).await;
    reader.quiet().await;
    drop(sudden);
    assert_eq!(reader.receive().await.payload, "gone");
    let mut greedy = house.dial(4).await;
    greedy.send(&dying("commons/gateway/state")).await;
    assert_eq!(greedy.expect(0x20).await[1], 5);
}

/// Old or strange clients would hang instead of being told.
#[tokio::test]
async fn greetings_are_answered_as_the_specification_says() {
    let house = House::open().await;
    let cases: [(&[u8], &[u8]); 5] = [
        (b"\0\x06MQIsdp\x03\x02\0\x3c\0\x01a", &[0x20, 2, 0, 1]),
        (b"\0\x04MQTT\x04\0\0\x3c\0\0", &[0x20, 2, 0, 2]),
        (b"\0\x04MQTT\x04\x02\0\x3c\0\x03a/#", &[0x20, 2, 0, 2]),
        (b"\0\x04MQTT\x06\x02\0\x3c\0\0\x01a", &[0x20]),
        (b"\0\x04MQTT\x05\x02\0\x3c\x05\x15\0\x02xx\0\x01a", &[0x20]),
    ];
    for (body, expected) in cases {
        let mut client = house.dial(4).await;
        client.send(&packet(0x10, body)).await;
        let got = client.next().await.unwrap();
        assert_eq!(got.first, expected[0]);
        if expected.len() > 1 {
            assert_eq!(got.body[..], expected[2..]);
        }
        assert!(client.next().await.is_none());
    }
    // An empty id gets one that nobody guesses.
    let mut client = house.dial(5).await;
    client.send(&packet(0x10, b"\0\x04MQTT\x05\x02\0\x3c\0\0\0")).await;
    let ack = client.expect(0x20).await;
    assert!(String::from_utf8_lossy(&ack).contains("c-"));
}

/// A client that went away without a word would keep its place for ever.
#[tokio::test]
async fn keepalive_is_enforced() {
    let house = House::open().await;
    let mut client = house.dial(5).await;
    let mut body = b"\0\x04MQTT\x05\x02\0\x01\0".to_vec();
    text(&mut body, "a");
    client.send(&packet(0x10, &body)).await;
    client.expect(0x20).await;
    assert_eq!(client.expect(0xe0).await[0], 0x8d);
    assert!(client.next().await.is_none());
}

/// A v5 client would get more at once, or larger packets, than it said it can take.
#[tokio::test]
async fn a_v5_client_gets_no_more_than_it_takes() {
    let house = House::open().await;
    let mut reader = house.dial(5).await;
    let mut body = b"\0\x04MQTT\x05\x02\0\x3c\x08\x21\0\x02\x27\0\0\0\x40".to_vec();
    text(&mut body, "small");
    reader.send(&packet(0x10, &body)).await;
    reader.expect(0x20).await;
    assert_eq!(reader.subscribe("commons/local/#", 1).await, 1);
    let mut writer = house.v5("w").await;
    writer.publish("commons/local/x", &[7; 100], 2, 9).await;
    for number in 0..5 {
        writer.publish("commons/local/x", &[number], 2, 10).await;
    }
    let (one, two) = (reader.receive().await, reader.receive().await);
    assert_eq!((one.payload[..].to_vec(), two.payload[..].to_vec()), (vec![0], vec![1]));
    reader.quiet().await;
    reader.ack(0x40, one.packet_id).await;
    assert_eq!(reader.receive().await.payload[..], [2]);
    reader.quiet().await;
}

/// One client's fault would be everybody's.
#[tokio::test]
async fn a_panic_ends_one_session_only() {
    let house = House::open().await;
    let mut other = house.v4("other").await;
    other.subscribe("commons/local/#", 0).await;
    let mut client = house.v4("a").await;
    client.subscribe("commons/local/#", 0).await;
    client.publish("commons/local/panic", b"x", 0, 0).await;
    assert!(client.next().await.is_none());
    house.until("the count", |house| house.counters.session_panics_total.get() == 1).await;
    let mut again = house.v4("a").await;
    again.publish("commons/local/y", b"fine", 0, 0).await;
    assert_eq!(other.receive().await.payload, "fine");
    assert_eq!(house.counters.mqtt_sessions.get(), 2);
}

/// One phone could bury the board under its posts; or would be refused where a pause is enough.
#[tokio::test]
async fn posts_over_the_rate_are_held_back_not_refused() {
    let house = House::open_with(|config| {
        config.limits.limit_loopback = true;
        config.limits.posts_burst = 2;
        config.limits.posts_per_minute = 120;
    })
    .await;
    let mut client = house.v4("a").await;
    let before = tokio::time::Instant::now();
    for id in 1..=4 {
        client.publish("commons/post/need", b"x", 2, id).await;
    }
    for _ in 1..=4 {
        client.expect(0x40).await;
    }
    assert!(before.elapsed() >= Duration::from_millis(900), "{:?}", before.elapsed());
}

/// A phone that comes back with less memory would be sent more at once than it said it takes, and hang up.
#[tokio::test]
async fn what_is_sent_again_keeps_to_the_new_window() {
    let house = House::open().await;
    let mut writer = house.v4("w").await;
    let mut reader = house.dial(5).await;
    reader.connect_v5("r", true, 100).await;
    reader.subscribe("commons/local/x", 1).await;
    for number in 0..10 {
        writer.publish("commons/local/x", &[number], 2, 1).await;
        writer.expect(0x40).await;
        reader.receive().await;
    }
    let mut reader = house.dial(5).await;
    let mut body = b"\0\x04MQTT\x05\0\0\x3c\x08\x11\0\0\0\x64\x21\0\x02".to_vec();
    text(&mut body, "r");
    reader.send(&packet(0x10, &body)).await;
    assert_eq!(reader.expect(0x20).await[..2], [1, 0]);
    let mut unacknowledged = std::collections::VecDeque::new();
    for number in 0..10 {
        let got = reader.receive().await;
        assert_eq!((got.payload[0], got.dup), (number, true));
        unacknowledged.push_back(got.packet_id);
        if unacknowledged.len() == 2 {
            reader.quiet().await;
            reader.ack(0x40, unacknowledged.pop_front().unwrap()).await;
        }
    }
}

/// A neighbour who was away for long would see the board as it was when his queue was full.
#[tokio::test]
async fn who_missed_too_much_gets_the_state_as_it_is() {
    let house = House::open_with(|config| config.mqtt.queue_messages_max = 2).await;
    for qos in [0, 1] {
        let id = format!("r{qos}");
        let mut reader = house.dial(4).await;
        reader.connect_v4(&id, false).await;
        reader.subscribe("commons/board/need/#", qos).await;
        drop(reader);
        house.until("absence", |house| house.door.shared.gauges.absent.get() == 1).await;
        let dropped = house.counters.mqtt_dropped_total.get();
        for round in 0..3 {
            for number in 0..4 {
                house.change(&item(number, &format!("state {qos}{round}")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if qos > 0 {
            house.until("a full queue", |house| house.counters.mqtt_dropped_total.get() > dropped + 8).await;
        }
        let mut reader = house.dial(4).await;
        assert!(reader.connect_v4(&id, false).await);
        let mut last = BTreeMap::new();
        let newest = format!("state {qos}2");
        while last.values().filter(|text: &&String| text.contains(&newest)).count() < 4 {
            let got = reader.receive().await;
            if got.qos > 0 {
                reader.ack(0x40, got.packet_id).await;
            }
            last.insert(got.topic, String::from_utf8_lossy(&got.payload).into_owned());
        }
        reader.quiet().await;
        let mut reader = house.dial(4).await;
        reader.connect_v4(&id, true).await;
        house.until("presence", |house| house.door.shared.gauges.absent.get() == 0).await;
    }
}
