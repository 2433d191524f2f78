//! Frames from strangers and from liars, and the bytes of each kind.

mod support;

use commons_core::codec::BATCH_BYTES_MAX;
use commons_core::identity::{hex, unhex, BatchHash};
use commons_core::log::{Age, Epoch, Lane, LogKey};
use commons_core::sync::fault::CODES;
use commons_core::sync::frame::*;
use commons_core::sync::*;
use proptest::collection::vec;
use proptest::prelude::*;
use support::cases::cases;
use support::mesh::{id_of, Mesh};

fn log(number: u8) -> LogKey {
    LogKey { gateway: id_of(number), lane: Lane::Board, epoch: Epoch(7) }
}

fn named(index: u32) -> LogRef {
    LogRef { index, name: Some(log(1)) }
}

fn bare(index: u32) -> LogRef {
    LogRef { index, name: None }
}

fn hello() -> Hello {
    Hello {
        store: StoreEpoch(0x0102_0304_0506_0708),
        age: Age(100_000),
        interests: Interests::USUAL,
        digest: [1; 8],
        dictionary: 1,
        frame_bytes_max: FRAME_BYTES_MAX as u32,
        cursor: Some(Cursor { epoch: StoreEpoch(0x1112_1314_1516_1718), age: Age(99_000) }),
    }
}

/// One of each kind.
fn frames() -> Vec<Frame<'static>> {
    let line = HeadLine { log: named(0), hops: 1, frozen: false, first: 2, next: 300, hash: [7; 8] };
    let want = WantLine { log: bare(0), with_prev: false, proof: false, from: 300, count: 20 };
    let run = Run {
        log: bare(3),
        live: true,
        hops: 2,
        from: 300,
        prev: None,
        parcels: vec![Parcel { spent_s: 40, bytes: b"batch" }, Parcel { spent_s: 0, bytes: b"next" }],
    };
    let branch = |bytes| Branch { number: 9, prev: BatchHash([5; 32]), spent_s: 6, bytes };
    vec![
        Frame::Heads {
            age: 100_000,
            all: true,
            lazy: false,
            lines: vec![line, HeadLine { log: bare(1), frozen: true, ..line }],
        },
        Frame::Want(vec![want, WantLine { log: named(1), with_prev: true, ..want }, WantLine { proof: true, ..want }]),
        Frame::Batches(vec![
            run.clone(),
            Run { log: named(0), live: false, prev: Some(BatchHash([9; 32])), parcels: vec![run.parcels[0]], ..run },
        ]),
        Frame::Have(vec![(bare(0), 320), (named(2), 1)]),
        Frame::Prune(vec![bare(0)]),
        Frame::Graft(vec![named(0), bare(1)]),
        Frame::Fork { log: log(1), branches: vec![branch(b"one"), branch(b"other")] },
        Frame::Bye(4),
    ]
}

/// Two versions in one street would not understand each other.
#[test]
fn the_bytes_of_each_kind_stay_as_they_are() {
    let said = format!("hello {}\n", hex(&hello().encode()));
    let mut text = String::new();
    for frame in frames() {
        let bytes = frame.encode();
        text += &format!("{} {}\n", KINDS[usize::from(bytes[1])], hex(&bytes));
        assert_eq!(Frame::decode(&bytes), Ok(frame));
    }
    assert_eq!(Hello::decode(&hello().encode()), Ok(hello()));
    let (first_hello, expected) = include_str!("../../../tests/golden/sync-v1.txt").split_once('\n').expect("lines");
    assert_eq!(text, expected, "the frames changed; if on purpose, they are version 2");
    let expected = include_str!("../../../tests/golden/sync-v2.txt");
    assert_eq!(said, expected, "the Hello changed; if on purpose, it is version 3");
    // Who still says the first one is told so by name.
    let first = first_hello.strip_prefix("hello ").and_then(unhex).expect("a hello");
    assert_eq!(Hello::decode(&first), Err(Fault::UnknownVersion(1)));
}

/// A limit that is checked after the memory is taken is none: a small gateway would fall over.
#[test]
fn what_is_too_much_is_refused_before_room_is_made_for_it() {
    let number = |mut n: u64| {
        let mut bytes = Vec::new();
        while n >= 0x80 {
            bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        bytes.push(n as u8);
        bytes
    };
    let ten_million = number(10_000_000);
    let too_many = |what, limit| Fault::TooMany { what, found: 10_000_000, limit };
    let cases: Vec<(Vec<u8>, Fault)> = vec![
        ([&[1, 1, 0, 1], &ten_million[..]].concat(), too_many("heads", 4_096)),
        ([&[1, 1, 0, 1], &number(4_096)[..]].concat(), Fault::Malformed("more is announced than follows")),
        ([&[1, 2], &ten_million[..]].concat(), too_many("wants", 256)),
        ([&[1, 3], &ten_million[..]].concat(), too_many("runs", PARCELS_PER_FRAME_MAX as u64)),
        ([&[1, 3, 1, 0, 0, 0, 0], &ten_million[..]].concat(), too_many("batches", PARCELS_PER_FRAME_MAX as u64)),
        ([&[1, 3, 1, 0, 0, 0, 0, 1, 0], &ten_million[..]].concat(), {
            Fault::TooMany { what: "bytes of a batch", found: 10_000_000, limit: BATCH_BYTES_MAX as u64 }
        }),
        ([&[1, 4], &ten_million[..]].concat(), too_many("haves", 4_096)),
        ([&[1, 5], &ten_million[..]].concat(), too_many("logs", 4_096)),
        ([&[1, 6, 1], &number(20_000_000)[..]].concat(), {
            Fault::TooMany { what: "logs", found: 10_000_001, limit: LINK_LOGS_MAX as u64 }
        }),
        (vec![2, 1], Fault::UnknownVersion(2)),
        (vec![1, 0], Fault::UnknownKind(0)),
        (vec![1, 9], Fault::UnknownKind(9)),
        (vec![], Fault::Malformed("cut short")),
        (vec![1, 8, 0, 0], Fault::Malformed("bytes follow the frame")),
        (vec![1, 2, 0x80, 0], Fault::Malformed("a number with needless bytes")),
        (vec![1; FRAME_BYTES_MAX + 1], Fault::TooLarge { found: FRAME_BYTES_MAX + 1, limit: FRAME_BYTES_MAX }),
    ];
    for (bytes, why) in cases {
        assert_eq!(Frame::decode(&bytes), Err(why), "{:02x?}", &bytes[..bytes.len().min(12)]);
    }
    let codes: std::collections::BTreeSet<&str> = CODES.into_iter().collect();
    assert_eq!(codes.len(), CODES.len(), "each cause has a word of its own");
}

fn mesh_with_neighbour() -> (Mesh, u32) {
    let mut mesh = Mesh::new(3);
    mesh.post(0, "offer", "bread");
    mesh.post(1, "offer", "soup");
    let link = mesh.link(0, 1);
    mesh.link(0, 2);
    mesh.settle();
    (mesh, link)
}

/// One neighbour that sends rubbish would take the gossip of all others down with it.
#[test]
fn rubbish_ends_its_own_link_and_nothing_else() {
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"\x16\x03\x01\x02\x00".to_vec(), "unknown_version"),
        (vec![1, 77], "unknown_kind"),
        (vec![1, 1, 0], "malformed"),
        (vec![0; FRAME_BYTES_MAX + 1], "too_large"),
        ([vec![1, 1, 0, 1], vec![0xFF, 0xFF, 0xFF, 0x7F]].concat(), "too_many"),
        (Frame::Prune(vec![bare(77)]).encode(), "unknown_log"),
        (Frame::Fork { log: log(1), branches: vec![] }.encode(), "bad_proof"),
        (Frame::Bye(3).encode(), "closed"),
    ];
    for (bytes, word) in cases {
        let (mut mesh, link) = mesh_with_neighbour();
        mesh.event(0, Event::Frame { link: LinkId(link), bytes: &bytes });
        assert_eq!(mesh.sites[0].faults.iter().map(|(_, why)| why.code()).collect::<Vec<_>>(), [word]);
        assert!(!mesh.wires.contains_key(&link), "{word}");
        mesh.post(2, "offer", "tea");
        mesh.settle();
        assert_eq!(mesh.sites[0].node.board().len(), 3, "{word}: the other link goes on");
        // What is still under way on the dead link is nobody's fault any more.
        mesh.event(0, Event::Frame { link: LinkId(link), bytes: &bytes });
        assert_eq!(mesh.sites[0].faults.len(), 1);
        mesh.link(0, 1);
        mesh.settle();
        mesh.assert_equal();
    }
}

/// A recorded session played back would post everything a second time.
#[test]
fn a_session_played_back_changes_nothing() {
    let (mut mesh, _) = mesh_with_neighbour();
    mesh.cut_all();
    let link = mesh.link(0, 1);
    (0..5).for_each(|n| drop(mesh.post(1, "offer", &format!("more {n}"))));
    let mut recorded: Vec<Vec<u8>> = Vec::new();
    while {
        recorded.extend(mesh.wires[&link].queues[1].front().map(|(frame, _)| frame.clone()));
        mesh.step()
    } {}
    mesh.settle();
    let (entries, views) = (mesh.sites[0].node.entries(), mesh.sites[0].node.views_digest());
    for frame in &recorded {
        mesh.event(0, Event::Frame { link: LinkId(link), bytes: frame });
    }
    mesh.settle();
    assert!(!recorded.is_empty());
    assert_eq!((mesh.sites[0].node.entries(), mesh.sites[0].node.views_digest()), (entries, views));
    mesh.assert_calm();
}

/// A stranger's key, or our own, would be let in.
#[test]
fn only_paired_gateways_get_a_session() {
    let (mut mesh, _) = mesh_with_neighbour();
    let up = |peer| Event::Up { link: LinkId(99), peer, frame_max: FRAME_BYTES_MAX, hello: hello() };
    mesh.event(0, up(id_of(200)));
    mesh.event(0, up(id_of(1)));
    let words: Vec<&str> = mesh.sites[0].faults.iter().map(|(_, why)| why.code()).collect();
    assert_eq!(words, ["not_a_peer", "own_key"]);
    assert_eq!(mesh.sites[0].alarms, [Alarm::Cloned { log: None }]);
    let mut peers = mesh.sites[0].setup.peers.clone();
    peers.remove(&id_of(2));
    mesh.event(0, Event::Peers(peers));
    assert_eq!(mesh.sites[0].faults[2].1.code(), "not_a_peer", "unpaired while linked");
}

fn any_ref() -> impl Strategy<Value = LogRef> {
    (0..LINK_LOGS_MAX as u32, prop::option::of(any::<[u8; 32]>()), 0..4usize, any::<u32>()).prop_map(
        |(index, gateway, lane, epoch)| LogRef {
            index,
            name: gateway.map(|gateway| LogKey {
                gateway: commons_core::identity::GatewayId(gateway),
                lane: Lane::ALL[lane],
                epoch: Epoch(epoch),
            }),
        },
    )
}

proptest! {
    #![proptest_config(cases(300))]

    /// Bytes from a radio would bring the gateway down, or mean two things.
    #[test]
    fn any_bytes_decode_to_one_frame_or_to_a_reason(bytes in vec(any::<u8>(), 0..300), kind in 0u8..10) {
        let framed = [vec![1, kind], bytes.clone()].concat();
        for bytes in [bytes, framed] {
            if let Ok(frame) = Frame::decode(&bytes) {
                prop_assert_eq!(frame.encode(), bytes.clone());
            }
            if let Ok(hello) = Hello::decode(&bytes) {
                prop_assert!(hello.encode().len() <= bytes.len());
            }
        }
    }

    /// A frame cut short by a broken link would be read as another one.
    #[test]
    fn frames_survive_the_trip_and_no_part_of_one_does(
        lines in vec((any_ref(), 0u8..127, any::<bool>(), 0..NUMBER_MAX / 2, 0..NUMBER_MAX / 2, any::<[u8; 8]>()), 0..20),
        age in any::<u64>(), all in any::<bool>(), cut in any::<prop::sample::Index>(),
        wants in vec((any_ref(), any::<bool>(), 0..NUMBER_MAX, 0..NUMBER_MAX), 0..20),
    ) {
        let lines = lines.into_iter().map(|(log, hops, frozen, first, more, hash)| {
            HeadLine { log, hops, frozen, first, next: first + more, hash }
        });
        let wants = wants.into_iter().map(|(log, with_prev, from, count)| {
            WantLine { log, with_prev, proof: !with_prev, from, count }
        });
        for frame in [Frame::Heads { age, all, lazy: !all, lines: lines.collect() }, Frame::Want(wants.collect())] {
            let bytes = frame.encode();
            prop_assert_eq!(Frame::decode(&bytes), Ok(frame));
            prop_assert!(Frame::decode(&bytes[..cut.index(bytes.len())]).is_err());
        }
    }

    /// Any paired gateway could stop all others with a few well-made frames.
    #[test]
    fn well_made_lies_cost_no_more_than_a_link(
        lines in vec((0u32..6, 0u8..5, any::<bool>(), 0u64..4, 0u64..1_000), 1..8),
        wants in vec((0u32..6, any::<bool>(), any::<bool>(), 0u64..10, 0u64..100_000), 1..8),
        junk in vec(any::<u8>(), 0..60), from in 0u64..5,
    ) {
        let (mut mesh, link) = mesh_with_neighbour();
        let of = |n: u32| LogRef { index: 100 + n, name: Some(log(1 + n as u8)) };
        let lines = lines.into_iter().map(|(n, hops, frozen, first, more)| {
            HeadLine { log: of(n), hops, frozen, first, next: first + more, hash: [3; 8] }
        });
        let wants = wants.into_iter().map(|(n, with_prev, proof, from, count)| {
            WantLine { log: of(n), with_prev, proof, from, count }
        });
        let run = Run {
            log: of(1), live: true, hops: 1, from, prev: None, parcels: vec![Parcel { spent_s: 0, bytes: &junk }],
        };
        let proof = Branch { number: from, prev: BatchHash([0; 32]), spent_s: 0, bytes: &junk };
        for frame in [
            Frame::Heads { age: 5, all: true, lazy: false, lines: lines.collect() },
            Frame::Want(wants.collect()),
            Frame::Have(vec![(of(0), 1_000_000)]),
            Frame::Batches(vec![run]),
            Frame::Graft(vec![of(2)]),
            Frame::Fork { log: log(2), branches: vec![proof, proof] },
        ] {
            mesh.event(0, Event::Frame { link: LinkId(link), bytes: &frame.encode() });
            mesh.settle();
        }
        prop_assert_eq!(mesh.sites[0].node.board().len(), 2);
        mesh.post(2, "offer", "tea");
        mesh.settle();
        prop_assert_eq!(mesh.sites[0].node.board().len(), 3);
        prop_assert!(mesh.sites[2].faults.is_empty());
        mesh.cut(link);
        mesh.link(0, 1);
        mesh.settle_for(200_000);
        prop_assert_eq!(mesh.sites[1].node.board().len(), 3);
    }
}
