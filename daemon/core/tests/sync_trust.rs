//! Gossip among people who do not all mean well: who is believed, how much, and what becomes of liars.

mod support;

use std::collections::BTreeMap;

use commons_core::log::{Lane, LogKey};
use commons_core::node::Space;
use commons_core::sync::frame::*;
use commons_core::sync::*;
use support::mesh::{id_of, Mesh};

fn only_paired(mesh: &mut Mesh, pairs: &[(usize, usize)]) {
    for at in 0..mesh.sites.len() {
        let mine = pairs.iter().filter_map(|(a, b)| (*a == at).then_some(*b).or((*b == at).then_some(*a)));
        let peers = mine.map(|other| mesh.sites[other].node.id()).collect();
        mesh.sites[at].setup.peers = peers;
        mesh.restart(at);
    }
}

/// A stranger far away could fill everybody's cards.
#[test]
fn gateways_are_taken_as_far_as_the_hops_go_and_stay_taken() {
    let mut mesh = Mesh::new(6);
    let line: Vec<(usize, usize)> = (0..5).map(|at| (at, at + 1)).collect();
    mesh.sites.iter_mut().for_each(|site| site.setup.hops_max = 3);
    only_paired(&mut mesh, &line);
    let links: Vec<u32> = line.iter().map(|(a, b)| mesh.link(*a, *b)).collect();
    mesh.post(0, "offer", "bread");
    mesh.settle();
    let seen: Vec<usize> = mesh.sites.iter().map(|site| site.node.board().len()).collect();
    assert_eq!(seen, [1, 1, 1, 1, 0, 0], "three links and no further");
    assert_eq!(mesh.sites[4].sync.strangers().collect::<Vec<_>>(), [&id_of(1)]);
    assert!(mesh.sites[3].sync.trusts(&id_of(1)));
    // Known once, it may move further away.
    links.into_iter().for_each(|link| mesh.cut(link));
    mesh.restart(3);
    assert!(mesh.sites[3].sync.trusts(&id_of(1)));
    mesh.post(0, "offer", "soup");
    for (a, b) in &line {
        mesh.link(*a, *b);
    }
    mesh.settle();
    assert_eq!(mesh.sites[3].node.board().len(), 2);
    mesh.assert_calm();
}

/// A gateway with a new card would never see again what it had written itself: nobody is linked to its old self.
#[test]
fn what_a_gateway_that_is_gone_wrote_is_passed_on() {
    for removed in [false, true] {
        let mut mesh = Mesh::new(3);
        only_paired(&mut mesh, &[(0, 1), (1, 2)]);
        let link = mesh.link(0, 1);
        mesh.post(0, "offer", "bread");
        mesh.settle();
        mesh.cut(link);
        if removed {
            let left = [mesh.sites[2].node.id()].into();
            mesh.event(1, Event::Peers(left));
        }
        mesh.link(1, 2);
        mesh.settle();
        assert_eq!(mesh.sites[2].node.board().len(), 1, "its peer was removed: {removed}");
    }
}

/// A paired gateway that lies about a thousand others would make a table of a thousand logs here.
#[test]
fn one_peer_introduces_so_many_and_no_more() {
    let mut mesh = Mesh::new(2);
    let link = mesh.link(0, 1);
    mesh.settle();
    let lines = (0..400u32).map(|n| {
        let mut gateway = id_of(9);
        gateway.0[..4].copy_from_slice(&n.to_be_bytes());
        let log = LogKey { gateway, lane: Lane::Board, epoch: commons_core::log::Epoch(1) };
        // Beyond the numbers that the real other end gives.
        let log = LogRef { index: 4_000 + n, name: Some(log) };
        HeadLine { log, hops: 1, frozen: false, first: 0, next: 5, hash: [1; 8] }
    });
    let frame = Frame::Heads { age: 1, all: true, lazy: false, lines: lines.collect() }.encode();
    mesh.event(0, Event::Frame { link: LinkId(link), bytes: &frame });
    let taken = (0..400u32).filter(|n| {
        let mut gateway = id_of(9);
        gateway.0[..4].copy_from_slice(&n.to_be_bytes());
        mesh.sites[0].sync.trusts(&gateway)
    });
    assert_eq!(taken.count(), INTRODUCED_PER_PEER_MAX);
    assert_eq!(mesh.sites[0].sync.strangers().count(), 400 - INTRODUCED_PER_PEER_MAX);
    assert_eq!(mesh.sites[0].faults, []);
}

/// One gateway gone wild would leave no room for the others.
#[test]
fn a_quota_ends_what_one_gateway_stores_and_says_so() {
    let mut mesh = Mesh::new(3);
    mesh.sites[1].setup.quotas[Lane::Board as usize].batches_max = 10;
    mesh.restart(1);
    mesh.post_all(0, 30, "flood");
    mesh.post_all(2, 5, "bread");
    mesh.link(0, 1);
    mesh.link(1, 2);
    mesh.settle();
    mesh.post_all(0, 3, "more");
    mesh.post(0, "need", r#"{"text":"insulin","urgency":"now"}"#);
    mesh.settle();
    let of = |mesh: &Mesh, lane: Lane| {
        let log = LogKey { gateway: id_of(1), lane, epoch: commons_core::log::Epoch(100) };
        mesh.sites[1].disk.logs.get(&log).map_or(0, |held| held.len())
    };
    assert!((10..=30).contains(&of(&mesh, Lane::Board)), "{}", of(&mesh, Lane::Board));
    let stopped_at = of(&mesh, Lane::Board);
    assert_eq!(of(&mesh, Lane::Urgent), 1, "urgent has a quota of its own");
    let told = |alarm: &&Alarm| matches!(alarm, Alarm::QuotaFull { log } if log.gateway == id_of(1));
    assert_eq!(mesh.sites[1].alarms.iter().filter(told).count(), 1, "said once");
    assert_eq!(mesh.sites[0].node.board().len(), 39, "the others pass through");
    // Some of it expires: there is room again.
    let log = LogKey { gateway: id_of(1), lane: Lane::Board, epoch: commons_core::log::Epoch(100) };
    mesh.sites[1].disk.drop_before(&log, stopped_at as u64 - 2);
    mesh.cut_all();
    mesh.link(0, 1);
    mesh.settle();
    assert!(mesh.sites[1].node.head(&log).unwrap().next > stopped_at as u64);
    assert!(mesh.sites.iter().all(|site| site.faults.is_empty() && site.refused == 0));
}

/// A full card would be filled further by the neighbours.
#[test]
fn a_full_disk_takes_what_is_urgent_or_nothing_and_catches_up_later() {
    let mut mesh = Mesh::new(2);
    mesh.event(1, Event::Space(Space::Low));
    mesh.post(0, "offer", "bread");
    mesh.post(0, "need", r#"{"text":"insulin","urgency":"now"}"#);
    let link = mesh.link(0, 1);
    mesh.settle();
    mesh.post(0, "offer", "soup");
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 1, "urgent only");
    mesh.event(1, Event::Space(Space::None));
    mesh.post(0, "need", r#"{"text":"water","urgency":"now"}"#);
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 1);
    mesh.event(1, Event::Space(Space::Enough));
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 4, "{:?}", mesh.wires[&link].sent);
    // Nothing was forgotten on the way: the cursor did not move past it.
    mesh.event(1, Event::Space(Space::Low));
    mesh.post(0, "offer", "tea");
    mesh.settle();
    mesh.cut(link);
    mesh.event(1, Event::Space(Space::Enough));
    mesh.restart(1);
    mesh.link(0, 1);
    mesh.settle();
    mesh.assert_equal();
    mesh.assert_calm();
}

/// Who keeps no documents would be sent documents.
#[test]
fn a_lane_nobody_wants_is_not_sent() {
    let mut mesh = Mesh::new(2);
    mesh.sites[1].setup.interests = Interests::of(&[Lane::Urgent]);
    mesh.restart(1);
    mesh.post(0, "offer", "bread");
    mesh.post(0, "need", r#"{"text":"insulin","urgency":"now"}"#);
    let link = mesh.link(0, 1);
    mesh.settle();
    mesh.post(0, "offer", "soup");
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 1);
    assert!(mesh.sites[1].complete.contains(&id_of(1)));
    mesh.cut(link);
    // Later it wants everything: what it passed over must come.
    mesh.sites[1].setup.interests = Interests::USUAL;
    mesh.restart(1);
    mesh.link(0, 1);
    mesh.settle();
    mesh.assert_equal();
    mesh.assert_calm();
}

/// A keeper who wants only alarms of a far radio would get its whole board, or never be told that all is here.
#[test]
fn each_peer_is_asked_for_what_is_wanted_of_it_alone() {
    let mut mesh = Mesh::new(3);
    let urgent = BTreeMap::from([(id_of(1), Interests::of(&[Lane::Urgent]))]);
    mesh.sites[2].setup.wants = urgent.clone();
    mesh.restart(2);
    for at in [0, 1] {
        mesh.post(at, "offer", &format!("bread {at}"));
        mesh.post(at, "need", &format!(r#"{{"text":"insulin {at}","urgency":"now"}}"#));
    }
    let link = mesh.link(0, 2);
    mesh.settle();
    mesh.post(0, "offer", "soup");
    mesh.post(0, "need", r#"{"text":"water","urgency":"now"}"#);
    mesh.settle();
    let status = |mesh: &Mesh| mesh.sites[2].sync.peer_status(&id_of(1));
    assert_eq!(mesh.sites[2].node.board().len(), 2, "two alarms");
    assert!(status(&mesh).complete && mesh.sites[2].complete == [id_of(1)], "{:?}", status(&mesh));
    // What is posted here goes to it all the same.
    mesh.post(2, "offer", "tea");
    mesh.settle();
    assert_eq!(mesh.sites[0].node.board().len(), 5);
    // Of the other one everything is wanted, and so are more alarms.
    mesh.visit(1, 2);
    assert_eq!(mesh.sites[2].node.board().len(), 5);
    // Nothing new: two Hellos, though the one has a board that the other does not want.
    mesh.cut(link);
    let link = mesh.link(0, 2);
    mesh.settle();
    assert!(mesh.sites[2].sync.peer_status(&id_of(1)).complete);
    // Somebody brings the rest by hand: that is taken, whatever its links are for.
    mesh.cut(link);
    mesh.event(2, Event::Wants(BTreeMap::new()));
    let link = mesh.link(0, 2);
    assert!(!status(&mesh).complete, "its board is to come");
    mesh.settle();
    mesh.visit(0, 1);
    mesh.visit(1, 2);
    mesh.assert_equal();
    // And back: what is here stays, and all of the wanted lane is.
    mesh.cut(link);
    mesh.event(2, Event::Wants(urgent));
    mesh.post(0, "offer", "nuts");
    mesh.visit(0, 2);
    assert_eq!(mesh.sites[2].node.board().len(), 7);
    mesh.assert_calm();
}

/// A cable that was plugged in beside a radio would stand idle until the radio had brought half a thousand batches.
#[test]
fn a_faster_source_need_not_wait_for_a_slow_one() {
    let mut mesh = Mesh::new(3);
    mesh.post_all(0, 600, "bread");
    mesh.visit(0, 1);
    mesh.frame_max = 2 * 1024;
    let radio = mesh.link(0, 2);
    // Some eight batches each.
    mesh.slow.insert(radio, (0, 3_000));
    let wait = |mesh: &mut Mesh, until_ms: u64| {
        while mesh.now_ms < until_ms && mesh.sites[2].node.board().len() < 600 {
            if !mesh.step() {
                mesh.wait_ms(100);
            }
        }
    };
    wait(&mut mesh, 10_000);
    let slowly = mesh.sites[2].node.board().len();
    assert!((1..60).contains(&slowly), "{slowly} by radio");
    mesh.frame_max = FRAME_BYTES_MAX;
    let cable = mesh.link(1, 2);
    wait(&mut mesh, 45_000);
    assert_eq!(mesh.sites[2].node.board().len(), 600, "at {} ms", mesh.now_ms);
    assert!(mesh.payload(cable) > 5 * mesh.payload(radio), "{} by radio", mesh.payload(radio));
    mesh.assert_calm();
}

/// A neighbour whose radio stands still for half a minute would lose the link for our many small words.
#[test]
fn who_cannot_send_waits_and_says_it_once() {
    let mut mesh = Mesh::new(2);
    let link = mesh.link(0, 1);
    mesh.settle();
    let mut most = 0;
    for n in 0..300 {
        mesh.post(1, "offer", &format!("bread {n}"));
        // What goes to the second one stands still.
        let held = std::mem::take(&mut mesh.wires.get_mut(&link).unwrap().queues[0]);
        mesh.step();
        mesh.wait_ms(HAVE_MS);
        mesh.wires.get_mut(&link).unwrap().queues[0].extend(held);
        most = most.max(mesh.wires[&link].queues[0].len());
    }
    assert_eq!(mesh.sites[0].node.board().len(), 300);
    assert!((8..=FRAMES_WAITING_MAX + FRAMES_IN_FLIGHT_MAX).contains(&most), "{most} frames waited");
    let waits = mesh.sites[1].sync.peer_status(&id_of(1)).unacknowledged;
    assert!(waits > 100, "{waits}");
    mesh.settle();
    assert_eq!(mesh.sites[1].sync.peer_status(&id_of(1)).unacknowledged, 0);
    mesh.assert_equal();
    mesh.assert_calm();
}

/// A stalled or lying source would keep a neighbour's need from everybody behind it.
#[test]
fn a_source_that_does_not_answer_is_replaced() {
    let mut mesh = Mesh::new(3);
    mesh.post_all(0, 10, "bread");
    let link = mesh.link(0, 1);
    mesh.settle();
    mesh.cut(link);
    // Site 0 is heard first, and then says nothing more: its frames are lost.
    let silent = mesh.link(0, 2);
    while !mesh.wires[&silent].sent[1].contains_key(&2) {
        mesh.step();
    }
    for queue in &mut mesh.wires.get_mut(&silent).unwrap().queues {
        queue.clear();
    }
    mesh.link(1, 2);
    while mesh.step() {
        mesh.wires.get_mut(&silent).unwrap().queues.iter_mut().for_each(|queue| queue.clear());
    }
    assert_eq!(mesh.sites[2].node.board().len(), 0, "it waits for the one it asked");
    mesh.wait_ms(WANT_TIMEOUT_MS + 1);
    mesh.wires.get_mut(&silent).unwrap().queues.iter_mut().for_each(|queue| queue.clear());
    mesh.settle();
    assert_eq!(mesh.sites[2].node.board().len(), 10);
    mesh.assert_calm();
}

/// Who promises a log and sends other things meanwhile would keep everybody else from being asked, for ever.
#[test]
fn a_source_that_sends_other_things_is_replaced_too() {
    let mut mesh = Mesh::new(3);
    mesh.post_all(0, 10, "bread");
    let link = mesh.link(0, 1);
    mesh.settle();
    mesh.cut(link);
    mesh.post(1, "offer", "soup");
    let soup = mesh.sites[1].disk.journal.last().unwrap().clone();
    let silent = mesh.link(0, 2);
    while !mesh.wires[&silent].sent[1].contains_key(&2) {
        mesh.step();
    }
    let lose = |mesh: &mut Mesh| mesh.wires.get_mut(&silent).unwrap().queues.iter_mut().for_each(|queue| queue.clear());
    lose(&mut mesh);
    mesh.link(1, 2);
    while mesh.step() {
        lose(&mut mesh);
    }
    assert_eq!(mesh.sites[2].node.board().len(), 1, "it waits for the one it asked");
    let run = Run {
        log: LogRef { index: 4_000, name: Some(soup.log) },
        live: true,
        hops: 0,
        from: soup.number,
        prev: None,
        parcels: vec![Parcel { spent_s: 0, bytes: &soup.bytes }],
    };
    let frame = Frame::Batches(vec![run]).encode();
    for _ in 0..=WANT_STUCK_MS / 4_000 {
        mesh.wait_ms(4_000);
        mesh.event(2, Event::Frame { link: LinkId(silent), bytes: &frame });
        while mesh.step() {
            lose(&mut mesh);
        }
    }
    assert_eq!(mesh.sites[2].node.board().len(), 11);
    mesh.assert_calm();
}

/// Each batch whose signature does not fit costs a look at it; a flood of them would keep the gateway from its neighbours.
#[test]
fn who_sends_false_signatures_without_end_is_cut_off() {
    let mut mesh = Mesh::new(2);
    mesh.post_all(0, 4, "bread");
    let link = mesh.link(0, 1);
    mesh.settle();
    let mut held = mesh.sites[0].disk.journal.last().unwrap().clone();
    let text = held.bytes.windows(5).position(|window| window == b"bread").unwrap();
    for n in 0..=SUSPECTED_MAX {
        held.bytes[text] = b'A' + (n % 26) as u8;
        let run = Run {
            log: LogRef { index: 4_000, name: Some(held.log) },
            live: true,
            hops: 0,
            from: held.number,
            prev: None,
            parcels: vec![Parcel { spent_s: 0, bytes: &held.bytes }],
        };
        assert!(mesh.sites[1].faults.is_empty(), "{n}");
        mesh.event(1, Event::Frame { link: LinkId(link), bytes: &Frame::Batches(vec![run]).encode() });
    }
    assert!(matches!(mesh.sites[1].faults[..], [(_, Fault::BadBatch { .. })]), "{:?}", mesh.sites[1].faults);
    assert!(mesh.sites[1].alarms.is_empty());
}

/// A relay that changes a batch would speak with another gateway's voice.
#[test]
fn who_brings_a_batch_that_its_gateway_did_not_sign_is_cut_off() {
    for number in [0u64, 3] {
        let mut mesh = Mesh::new(3);
        mesh.post_all(0, 6, "bread");
        let link = mesh.link(0, 1);
        mesh.settle();
        mesh.cut(link);
        let log = mesh.sites[0].disk.journal[0].log;
        let held = mesh.sites[1].disk.logs.get_mut(&log).unwrap().get_mut(&number).unwrap();
        let text = held.bytes.windows(5).position(|window| window == b"bread").unwrap();
        held.bytes[text] = b'B';
        mesh.link(1, 2);
        mesh.settle();
        let cut = mesh.sites[2].faults.iter().any(|(_, why)| matches!(why, Fault::BadBatch { .. }));
        assert!(cut, "{number}: {:?}", mesh.sites[2].faults);
        assert_eq!(mesh.sites[2].node.board().len() as u64, number, "{number}: what came before is good");
        assert!(mesh.sites[2].alarms.is_empty(), "{number}: no fork is proven");
        mesh.link(0, 2);
        mesh.settle();
        assert_eq!(mesh.sites[2].node.board().len(), 6, "{number}: the honest one is heard");
    }
}

/// A restart of the node in mid-air (the disk was full) would leave a hole for ever.
#[test]
fn what_was_lost_before_its_commit_is_asked_for_again() {
    let mut mesh = Mesh::new(2);
    mesh.post_all(0, 10, "bread");
    mesh.link(0, 1);
    mesh.settle();
    (10..14).for_each(|n| drop(mesh.post(0, "offer", &format!("bread {n}"))));
    let frames: Vec<(Vec<u8>, bool)> = mesh.wires.values_mut().next().unwrap().queues[0].drain(..).collect();
    for (frame, _) in &frames {
        mesh.event(0, Event::Sent { link: LinkId(1) });
        mesh.event(1, Event::Frame { link: LinkId(1), bytes: frame });
    }
    assert_eq!(mesh.sites[1].node.board().len(), 14, "taken");
    mesh.reload(1);
    assert_eq!(mesh.sites[1].node.board().len(), 10, "and lost");
    mesh.event(1, Event::Lost);
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 14);
    mesh.assert_equal();
    mesh.assert_calm();
}

/// A peer that only talks and never reads would fill this gateway's memory with answers.
#[test]
fn who_reads_nothing_is_cut_off() {
    let mut mesh = Mesh::new(3);
    mesh.post(1, "offer", "bread");
    let link = mesh.link(0, 1);
    mesh.settle();
    let log = mesh.sites[1].disk.journal[0].log;
    // Each of these is a question that must be answered.
    let log = LogRef { index: 9, name: Some(log) };
    let line = HeadLine { log, hops: 0, frozen: true, first: 0, next: 1, hash: [1; 8] };
    let frame = Frame::Heads { age: 1, all: false, lazy: false, lines: vec![line] }.encode();
    for _ in 0..FRAMES_UNSENT_MAX + 10 {
        mesh.event(0, Event::Frame { link: LinkId(link), bytes: &frame });
    }
    assert!(matches!(mesh.sites[0].faults[..], [(_, Fault::TooMany { what: "frames not read", .. })]));
    mesh.link(0, 2);
    mesh.settle();
    assert_eq!(mesh.sites[2].node.board().len(), 1);
}

/// One gateway that opens epoch after epoch, or a liar who says so, would leave no place for anybody's new log.
#[test]
fn one_gateway_has_so_many_logs_and_names_alone_use_up_nothing() {
    let mut mesh = Mesh::new(3);
    let link = mesh.link(0, 1);
    mesh.settle();
    let victim = id_of(3);
    let lines = (0..1_000u32).map(|n| {
        let log = LogKey { gateway: victim, lane: Lane::Board, epoch: commons_core::log::Epoch(n) };
        // Beyond the numbers that the real other end gives.
        let log = LogRef { index: 4_000 + n, name: Some(log) };
        HeadLine { log, hops: 1, frozen: false, first: 0, next: 5, hash: [1; 8] }
    });
    let frame = Frame::Heads { age: 1, all: true, lazy: false, lines: lines.collect() }.encode();
    mesh.event(0, Event::Frame { link: LinkId(link), bytes: &frame });
    mesh.post(2, "offer", "bread");
    mesh.link(0, 2);
    mesh.settle();
    assert_eq!(mesh.sites[0].node.board().len(), 1, "the victim is heard");
    mesh.cut(link);
    for n in 0..100 {
        mesh.sites[2].disk.epoch = 10_000 + n;
        mesh.restart(2);
        mesh.post(2, "offer", &format!("epoch {n}"));
        mesh.link(0, 2);
        mesh.settle();
    }
    assert_eq!(mesh.sites[0].node.heads().count(), LOGS_PER_GATEWAY_MAX);
    assert!(mesh.sites[0].faults.is_empty(), "{:?}", mesh.sites[0].faults);
}

/// What one never had of a log would come and be passed over, session after session, where its quota is used up.
#[test]
fn what_a_quota_has_no_place_for_does_not_cross_a_link() {
    let mut mesh = Mesh::new(3);
    mesh.post_all(0, 6, "bread");
    mesh.link(0, 2);
    mesh.settle();
    mesh.cut_all();
    let log = LogKey { gateway: id_of(1), lane: Lane::Board, epoch: commons_core::log::Epoch(100) };
    mesh.sites[2].disk.drop_before(&log, 2);
    mesh.restart(2);
    mesh.sites[1].setup.quotas[Lane::Board as usize].batches_max = 4;
    mesh.restart(1);
    mesh.link(1, 2);
    mesh.settle();
    assert_eq!(mesh.sites[1].node.gaps(&log), [(0, 2)]);
    mesh.cut_all();
    let link = mesh.link(0, 1);
    mesh.settle();
    assert_eq!(mesh.payload(link), 0, "it has no place for the gap");
    // There is room again.
    mesh.sites[1].setup.quotas[Lane::Board as usize].batches_max = 6;
    mesh.restart(1);
    mesh.link(0, 1);
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 6);
}
