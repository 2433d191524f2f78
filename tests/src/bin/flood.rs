//! The benches' load: fast, plain, the same for every broker.
//!
//! | command | |
//! |---|---|
//! | `flood pairs PORT PAIRS QOS MESSAGES BYTES` | PAIRS publishers to as many subscribers, each on its own topic |
//! | `flood posts PORT CLIENTS WINDOW COUNT` | needs at QoS 1, WINDOW under way in each of CLIENTS connections |
//! | `flood raw DIR COUNT BYTES` | COUNT times append BYTES and fdatasync |
//! | `flood sign MEMBERS` | no load: each line of standard input as a need that one of MEMBERS signs, one line of hex each |
//! | `flood hold tcp\|ws PORT COUNT` | COUNT subscribed connections until standard input ends |
//!
//! All but `sign` print one line of JSON.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use commons_core::identity::{MemberKeys, NetworkId};
use commons_core::record::{Body, Mark};
use commons_tests::codec::{self, Hello};
use commons_tests::pen;
use commons_tests::seed::Dice;
use serde_json::json;

/// A flood is over when so long nothing came.
const QUIET: Duration = Duration::from_secs(3);
/// Messages a publisher of QoS 1 has under way.
const WINDOW: u64 = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize| -> u64 {
        let word = arguments.get(place).map_or("", String::as_str);
        word.parse().unwrap_or_else(|_| panic!("argument {place} must be a number, not {word:?}; see the source"))
    };
    let line = match arguments.first().map(String::as_str) {
        Some("pairs") => pairs(number(1), number(2), number(3) as u8, number(4), number(5) as usize),
        Some("posts") => posts(number(1), number(2), number(3), number(4)),
        Some("raw") => raw(&arguments[1], number(2), number(3) as usize),
        Some("sign") => return sign(number(1)),
        Some("hold") => hold(&arguments[1], number(2), number(3)),
        _ => panic!("pairs, posts, raw, sign or hold; see the source"),
    };
    println!("{line}");
}

fn at(port: u64) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port as u16))
}

/// Connects and reads CONNACK.
fn connect(port: u64, client: &str) -> TcpStream {
    let mut stream = TcpStream::connect(at(port)).expect("the broker is there");
    stream.set_nodelay(true).expect("nodelay");
    stream.write_all(&Hello { keepalive_s: 0, ..Hello::new(4, client) }.encode()).expect("sent");
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).expect("CONNACK");
    assert_eq!(answer, [0x20, 2, 0, 0], "welcome");
    stream
}

/// Hands each whole packet (first byte, body) to `each`; false at the end of the stream or when nothing came in time.
fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>, mut each: impl FnMut(u8, &[u8])) -> std::io::Result<bool> {
    let mut some = [0; 64 * 1024];
    let count = match stream.read(&mut some) {
        Ok(count) => count,
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(false),
        Err(error) => return Err(error),
    };
    if count == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    buffer.extend_from_slice(&some[..count]);
    let mut done = 0;
    while buffer.len() - done > 1 {
        let Some((head, whole)) = codec::frame(&buffer[done..]) else { break };
        if buffer.len() - done < whole {
            break;
        }
        each(buffer[done], &buffer[done + head..done + whole]);
        done += whole;
    }
    buffer.drain(..done);
    Ok(true)
}

fn pairs(port: u64, pairs: u64, qos: u8, messages: u64, bytes: usize) -> serde_json::Value {
    let ready = Arc::new(Barrier::new(2 * pairs as usize + 1));
    let delivered = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    // Nanoseconds since `began` of the last delivery.
    let last = Arc::new(AtomicU64::new(0));
    let mut hands = Vec::new();
    for pair in 0..pairs {
        let topic = format!("commons/local/flood/{pair}");
        let mut reader = connect(port, &format!("flood-in-{pair}"));
        reader.write_all(&codec::subscribe(4, 1, &topic, qos)).expect("sent");
        let mut answer = [0; 5];
        reader.read_exact(&mut answer).expect("SUBACK");
        assert_eq!(answer[4], qos, "granted");
        let (at_start, all, end) = (ready.clone(), delivered.clone(), last.clone());
        hands.push(thread::spawn(move || {
            at_start.wait();
            reader.set_read_timeout(Some(QUIET)).expect("timeout");
            let (mut buffer, mut mine, mut thanks) = (Vec::new(), 0, Vec::new());
            while mine < messages {
                let before = mine;
                let more = read(&mut reader, &mut buffer, |first, body| {
                    if first >> 4 == 3 {
                        mine += 1;
                        if qos == 1 {
                            let skip = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
                            thanks.extend([0x40, 2, body[skip], body[skip + 1]]);
                        }
                    }
                });
                all.fetch_add(mine - before, Ordering::Relaxed);
                if mine > before {
                    end.fetch_max(began.elapsed().as_nanos() as u64, Ordering::Relaxed);
                }
                let sent = reader.write_all(&thanks);
                thanks.clear();
                if sent.is_err() || !matches!(more, Ok(true)) {
                    break;
                }
            }
        }));
        let mut writer = connect(port, &format!("flood-out-{pair}"));
        let at_start = ready.clone();
        hands.push(thread::spawn(move || {
            let acknowledged = Arc::new(AtomicU64::new(0));
            let over = Arc::new(AtomicBool::new(false));
            let mut back = writer.try_clone().expect("a second handle");
            let (count, ended) = (acknowledged.clone(), over.clone());
            let me = thread::current();
            let listening = thread::spawn(move || {
                back.set_read_timeout(Some(Duration::from_millis(200))).expect("timeout");
                let mut buffer = Vec::new();
                while !ended.load(Ordering::Relaxed) || (qos > 0 && count.load(Ordering::Relaxed) < messages) {
                    let mut some = 0;
                    let more = read(&mut back, &mut buffer, |first, _| some += u64::from(first == 0x40));
                    count.fetch_add(some, Ordering::Relaxed);
                    me.unpark();
                    if more.is_err() {
                        break;
                    }
                }
            });
            let payload = vec![b'x'; bytes];
            at_start.wait();
            let mut packets = Vec::with_capacity(96 * 1024);
            let mut sent = 0;
            while sent < messages {
                let room = match qos {
                    0 => 256,
                    _ => WINDOW.saturating_sub(sent - acknowledged.load(Ordering::Relaxed)).min(256),
                };
                if room == 0 {
                    thread::park_timeout(Duration::from_millis(50));
                    continue;
                }
                packets.clear();
                for _ in 0..room.min(messages - sent) {
                    let id = (sent % 65_535) as u16 + 1;
                    packets.extend(codec::publish(4, &topic, &payload, qos, false, false, id));
                    sent += 1;
                }
                if writer.write_all(&packets).is_err() {
                    break;
                }
            }
            over.store(true, Ordering::Relaxed);
            let _ = listening.join();
        }));
    }
    let start = began.elapsed();
    ready.wait();
    for hand in hands {
        hand.join().expect("a hand");
    }
    let seconds = Duration::from_nanos(last.load(Ordering::Relaxed)).saturating_sub(start).as_secs_f64();
    let delivered = delivered.load(Ordering::Relaxed);
    json!({"delivered": delivered, "sent": pairs * messages, "seconds": seconds, "per_s": delivered as f64 / seconds})
}

fn posts(port: u64, clients: u64, window: u64, count: u64) -> serde_json::Value {
    let began = Instant::now();
    let mark = std::process::id();
    let hands: Vec<_> = (0..clients)
        .map(|client| {
            thread::spawn(move || {
                let mut stream = connect(port, &format!("posts-{mark}-{client}"));
                stream.set_read_timeout(Some(Duration::from_secs(30))).expect("timeout");
                let mine = count / clients + u64::from(client < count % clients);
                let (mut sent, mut acknowledged, mut buffer, mut packets) = (0, 0, Vec::new(), Vec::new());
                while acknowledged < mine {
                    packets.clear();
                    while sent < mine && sent - acknowledged < window {
                        let id = (sent % 65_535) as u16 + 1;
                        let need = format!(
                            "{{\"v\":1,\"text\":\"need {sent} of {client} in {mark}: two loaves of bread and some milk \
                             for the children, please\",\"urgency\":\"week\",\"zone\":\"stairwell B\"}}"
                        );
                        packets.extend(codec::publish(4, "commons/post/need", need.as_bytes(), 1, false, false, id));
                        sent += 1;
                    }
                    stream.write_all(&packets).expect("sent");
                    let more = read(&mut stream, &mut buffer, |first, _| acknowledged += u64::from(first == 0x40));
                    assert!(more.expect("the gateway stays"), "no PUBACK in 30 s");
                }
            })
        })
        .collect();
    for hand in hands {
        hand.join().expect("a hand");
    }
    let seconds = began.elapsed().as_secs_f64();
    json!({"posts": count, "seconds": seconds, "per_s": count as f64 / seconds})
}

fn raw(dir: &str, count: u64, bytes: usize) -> serde_json::Value {
    let path = std::path::Path::new(dir).join("raw.bench");
    let mut file = std::fs::File::create(&path).expect("a file");
    let block = vec![0x5A; bytes];
    let began = Instant::now();
    for _ in 0..count {
        file.write_all(&block).expect("written");
        file.sync_data().expect("synced");
    }
    let seconds = began.elapsed().as_secs_f64();
    let _ = std::fs::remove_file(path);
    json!({"syncs": count, "bytes": bytes, "seconds": seconds, "per_s": count as f64 / seconds})
}

fn sign(members: u64) {
    let network = NetworkId::of("commons");
    let keys: Vec<_> = (0..members).map(|n| MemberKeys::from_seed(&[n as u8; 32])).collect();
    let mut dice = Dice::of(1);
    for (number, line) in std::io::stdin().lines().enumerate() {
        let mark = Mark { sender: dice.bits() as u32, content: dice.bits() };
        let created = 1_795_200_000 + 7 * number as u64;
        let body = Body::Need(pen::plain_need(&line.expect("a line")));
        let signed = pen::signed(&keys[dice.bits() as usize % keys.len()], &network, created, mark, body);
        println!("{}", signed.encode().iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
}

fn hold(transport: &str, port: u64, count: u64) -> serde_json::Value {
    let mut held = Vec::new();
    for number in 0..count {
        let client = format!("hold-{number}");
        let subscribe = codec::subscribe(4, 1, "commons/board/#", 1);
        if transport == "tcp" {
            let mut stream = connect(port, &client);
            stream.write_all(&subscribe).expect("sent");
            held.push(stream);
            continue;
        }
        let mut stream = TcpStream::connect(at(port)).expect("the page is there");
        let upgrade = format!(
            "GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: mqtt\r\n\r\n"
        );
        stream.write_all(upgrade.as_bytes()).expect("sent");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("an upgrade");
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        let hello = Hello { keepalive_s: 0, ..Hello::new(4, &client) };
        for packet in [hello.encode(), subscribe] {
            // A binary frame, masked with zeros.
            let mut frame = vec![0x82, 0x80 | packet.len() as u8, 0, 0, 0, 0];
            frame.extend(packet);
            stream.write_all(&frame).expect("sent");
        }
        let mut answer = [0; 6];
        stream.read_exact(&mut answer).expect("CONNACK");
        assert_eq!(answer, [0x82, 4, 0x20, 2, 0, 0], "welcome");
        held.push(stream);
    }
    println!("{}", json!({"held": held.len()}));
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    json!({"released": held.len()})
}
