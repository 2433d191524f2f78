//! What kills or freezes other brokers, and thousands of broken packets: others notice nothing.

use super::*;

async fn well(house: &House) {
    let mut reader = house.v5("well-r").await;
    let mut writer = house.v4("well-w").await;
    assert_eq!(reader.subscribe("commons/local/well", 1).await, 1);
    writer.publish("commons/local/well", b"hello", 2, 1).await;
    writer.expect(0x40).await;
    assert_eq!(reader.receive().await.payload, "hello");
    assert_eq!(house.counters.session_panics_total.get(), 0);
    assert_eq!(house.counters.router_rebuilds_total.get(), 0);
}

/// One client could take the whole block's messages down.
#[tokio::test]
async fn the_eight_attacks_bounce_off() {
    let house = House::open().await;
    // A topic whose first character is not ASCII.
    let mut client = house.v4("a").await;
    client.publish("\u{e9}", b"x", 0, 0).await;
    client.publish("commons/local/\u{e9}", b"x", 0, 0).await;
    client.quiet().await;
    // A shared subscription, unacknowledged, then DISCONNECT.
    let mut client = house.v5("b").await;
    assert_eq!(client.subscribe("$share/g/commons/local/#", 1).await, 0x9e);
    client.send(&[0xe0, 0]).await;
    // Takeover of one that does not read.
    let mut slow = house.v4("slow").await;
    slow.subscribe("commons/local/#", 1).await;
    let _taker = house.v4("slow").await;
    // A client id with a slash, twice.
    let _one = house.v4("a/b").await;
    let _two = house.v4("a/b").await;
    // A connection that says nothing.
    let _idle = house.dial(4).await;
    // A CONNACK from a client.
    let mut client = house.v5("c").await;
    client.send(&[0x20, 3, 0, 0, 0]).await;
    assert_eq!(client.expect(0xe0).await[0], 0x82);
    // v5 properties towards a v4 reader.
    let mut reader = house.v4("d").await;
    reader.subscribe("commons/local/p", 0).await;
    let mut writer = house.v5("e").await;
    let mut body = Vec::new();
    text(&mut body, "commons/local/p");
    body.extend(b"\x09\x26\0\x01k\0\x01v\x01\x01hi");
    writer.send(&packet(0x30, &body)).await;
    assert_eq!(reader.receive().await.payload, "hi");
    // Tens of thousands of topics and filters.
    let mut client = house.v4("f").await;
    for number in 0..20_000 {
        let bytes = client.publish_bytes(&format!("commons/local/{number}/x"), b"x", 0, 0);
        client.send(&bytes).await;
    }
    client.quiet().await;
    well(&house).await;
}

/// A broken gadget, or a hostile one, would end the gateway.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_broken_connections_leave_no_trace() {
    let house = House::open().await;
    let mut state = 0x1234_5678_9abc_def1u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let templates: Vec<Vec<u8>> = {
        let five = house.dial(5).await;
        let mut subscribe = vec![0, 9, 0];
        text(&mut subscribe, "commons/local/#");
        subscribe.push(1);
        let mut subscribe_all = vec![0, 9, 0];
        text(&mut subscribe_all, "#");
        subscribe_all.push(2);
        vec![
            five.publish_bytes("commons/local/x/y", b"abc", 2, 3),
            five.publish_bytes("commons/post/need", b"{\"text\":\"x\"}", 4, 4),
            packet(0x82, &subscribe),
            packet(0x82, &subscribe_all),
            packet(0xa2, &subscribe[..subscribe.len() - 1]),
            vec![0x40, 2, 0, 1],
            vec![0x62, 2, 0, 4],
            vec![0xe0, 0],
            vec![0xc0, 0],
        ]
    };
    for round in 0..1_500 {
        let level = if round % 2 == 0 { 4 } else { 5 };
        let mut client = house.dial(level).await;
        let mut bytes = b"\x10\x0d\0\x04MQTT\x05\x02\0\x3c\0\0\0".to_vec();
        if level == 4 {
            bytes = b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0".to_vec();
        }
        for _ in 0..8 {
            let mut packet = templates[random() as usize % templates.len()].clone();
            for _ in 0..random() % 3 {
                let at = random() as usize % packet.len();
                packet[at] = random() as u8;
            }
            bytes.extend(packet);
        }
        if round % 5 == 0 {
            let at = random() as usize % 12;
            bytes[at] = random() as u8;
        }
        // The gateway may hang up in the middle of it, as it should.
        let _ = client.stream.write_all(&bytes).await;
        let _ = client.stream.shutdown().await;
    }
    house.until("all gone", |house| house.counters.mqtt_sessions.get() == 0).await;
    well(&house).await;
}

/// A reader that never reads would fill the memory or stop everybody for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_never_reads_is_cut() {
    let house = House::open().await;
    let mut stuck = house.v4("stuck").await;
    assert_eq!(stuck.subscribe("commons/local/#", 0).await, 0);
    let mut writer = house.v4("w").await;
    let payload = vec![0; 60_000];
    let mut sent = 0;
    timeout(SOON * 2, async {
        while house.counters.mqtt_sessions.get() > 1 {
            writer.publish("commons/local/x", &payload, 2, 1).await;
            writer.expect(0x40).await;
            sent += 1;
        }
    })
    .await
    .unwrap();
    assert!(sent > 1);
    well(&house).await;
}

/// A client that asks without end and never reads would fill the gateway's memory with answers.
#[tokio::test]
async fn answers_nobody_reads_are_bounded() {
    let house = House::open().await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(house.addr).await.unwrap();
    let mut client = Client { stream, level: 4, buffer: BytesMut::new() };
    client.connect_v4("a", true).await;
    let pings = [0xc0, 0].repeat(32 * 1024 * 1024);
    let written = timeout(Duration::from_secs(5), client.stream.write_all(&pings)).await;
    assert!(written.is_err(), "64 MiB of pings were taken without one answer read");
    well(&house).await;
}
