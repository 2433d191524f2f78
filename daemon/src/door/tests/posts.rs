//! Posting: held acknowledgements, refusals, receipts.

use super::*;

/// A neighbour would believe a need is kept that a power cut then takes.
#[tokio::test]
async fn a_puback_waits_for_the_writer_and_keeps_its_place() {
    let house = House::open().await;
    house.gate.forget_permits(1_000_000);
    for mut client in [house.v4("a").await, house.v5("b").await] {
        for id in 1..=20 {
            // Every other one goes to a gadget, which is done at once; its PUBACK still waits for those before it.
            let topic = if id % 2 == 1 { "commons/post/need" } else { "commons/local/lamp" };
            client.publish(topic, b"water", 2, id).await;
        }
        client.quiet().await;
        house.gate.add_permits(10);
        for id in 1..=20u16 {
            assert_eq!(client.expect(0x40).await[..2], id.to_be_bytes());
        }
    }
    assert_eq!(house.board.lock().unwrap().posts[0].1, "mqtt:a");
}

/// A neighbour whose post is refused would not learn why.
#[tokio::test]
async fn a_refusal_says_why_in_the_senders_dialect() {
    let house = House::open().await;
    let mut v5 = house.v5("five").await;
    v5.publish("commons/post/confirm", b"x", 2, 7).await;
    let ack = v5.expect(0x40).await;
    assert_eq!(ack[..3], [0, 7, 0x83]);
    assert!(String::from_utf8_lossy(&ack).contains("no such item"));
    v5.publish("commons/post/nonsense", b"x", 2, 8).await;
    assert_eq!(v5.expect(0x40).await[2], 0x90);
    v5.publish("commons/board/need/1", b"x", 2, 9).await;
    assert_eq!(v5.expect(0x40).await[2], 0x87);
    v5.publish("commons/post/confirm", b"x", 4, 10).await;
    assert_eq!(v5.expect(0x50).await[2], 0x83);
    let mut v4 = house.v4("four").await;
    assert_eq!(v4.subscribe("commons/receipt/#", 1).await, 1);
    for topic in ["commons/post/confirm", "elsewhere"] {
        v4.publish(topic, b"x", 2, 7).await;
        let receipt = v4.receive().await;
        assert_eq!((receipt.topic.as_str(), receipt.qos), ("commons/receipt/four", 1));
        assert!(String::from_utf8_lossy(&receipt.payload).contains("\"ok\":false"));
        v4.ack(0x40, receipt.packet_id).await;
        assert_eq!(v4.expect(0x40).await.len(), 2);
    }
}

/// A guest would never get the code word of his own need; or somebody else would.
#[tokio::test]
async fn receipts_go_to_their_sender_alone() {
    let house = House::open().await;
    let mut sender = house.v5("me").await;
    let mut other = house.v5("you").await;
    assert_eq!(sender.subscribe("commons/receipt/me", 0).await, 0);
    assert_eq!(other.subscribe("commons/receipt/me", 0).await, 0x87);
    assert_eq!(other.subscribe("commons/receipt/+", 0).await, 0);
    sender.publish("commons/post/need", b"bread", 0, 0).await;
    let receipt = sender.receive().await;
    assert!(String::from_utf8_lossy(&receipt.payload).contains("tulip"));
    other.quiet().await;
}

/// A button that sends its press twice would make two needs.
#[tokio::test]
async fn a_qos_2_post_is_taken_once() {
    let house = House::open().await;
    let mut client = house.v4("b").await;
    client.publish("commons/post/need", b"x", 4, 5).await;
    client.expect(0x50).await;
    client.publish("commons/post/need", b"x", 4 | 8, 5).await;
    client.expect(0x50).await;
    client.ack(0x62, 5).await;
    client.expect(0x70).await;
    assert_eq!(house.board.lock().unwrap().posts.len(), 1);
}

/// A post from `mosquitto_pub -q 0`, which hangs up at once, would be lost.
#[tokio::test]
async fn a_post_counts_though_its_sender_hung_up() {
    let house = House::open().await;
    let mut client = house.v4("b").await;
    let mut bytes = client.publish_bytes("commons/post/need", b"x", 0, 0);
    bytes.extend([0xe0, 0]);
    client.send(&bytes).await;
    drop(client);
    house.until("the post", |house| house.board.lock().unwrap().posts.len() == 1).await;
}

/// A PUBACK for a post that a failing gateway never kept would be a lie; 3.1.1 has no word for "no" but to hang up.
#[tokio::test]
async fn an_ended_writer_acknowledges_nothing() {
    let house = House::open().await;
    house.gate.forget_permits(1_000_000);
    let mut old = house.v4("a").await;
    let mut new = house.v5("b").await;
    old.publish("commons/post/need", b"x", 2, 1).await;
    new.publish("commons/post/need", b"y", 2, 1).await;
    old.quiet().await;
    new.quiet().await;
    house.writer.abort();
    assert!(old.next().await.is_none(), "no PUBACK, and the connection ends");
    assert_eq!(new.expect(0x40).await[2], 0x83, "told that it was not kept");
}

/// The gateway would be stopped before it has said what it kept.
#[tokio::test]
async fn closing_acknowledges_first_and_says_goodbye() {
    let house = House::open().await;
    house.gate.forget_permits(1_000_000);
    let mut client = house.v5("a").await;
    client.publish("commons/post/need", b"x", 2, 1).await;
    client.quiet().await;
    let door = house.door.clone();
    let closing = tokio::spawn(async move { door.close(SOON).await });
    house.gate.add_permits(1);
    assert_eq!(client.expect(0x40).await[..2], [0, 1]);
    assert_eq!(client.expect(0xe0).await[0], 0x8b);
    assert!(client.next().await.is_none());
    closing.await.unwrap();
    assert_eq!(house.counters.mqtt_sessions.get(), 0);
}

/// A neighbour whose phone lost the Wi-Fi for a second would be told that his need is kept before it is.
#[tokio::test]
async fn a_qos_2_post_sent_again_after_a_reconnect_still_waits_for_the_writer() {
    let house = House::open().await;
    house.gate.forget_permits(1_000_000);
    let mut client = house.dial(4).await;
    client.connect_v4("b", false).await;
    client.publish("commons/post/need", b"x", 4, 5).await;
    client.quiet().await;
    let mut client = house.dial(4).await;
    assert!(client.connect_v4("b", false).await);
    client.publish("commons/post/need", b"x", 4 | 8, 5).await;
    client.quiet().await;
    house.gate.add_permits(10);
    client.expect(0x50).await;
    client.ack(0x62, 5).await;
    client.expect(0x70).await;
    client.quiet().await;
    assert_eq!(house.board.lock().unwrap().posts.len(), 1);
}
