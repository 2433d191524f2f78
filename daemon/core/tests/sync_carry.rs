//! What people carry by hand: frames without a link, between gateways that may be linked besides.

mod support;

use std::collections::BTreeSet;

use commons_core::log::{Age, LogKey};
use commons_core::sync::*;
use support::mesh::{id_of, Mesh, Site};

/// Numbers that no link of the mesh has.
fn link(number: u32) -> LinkId {
    LinkId(u32::MAX - number)
}

/// Everything a site has, in frames of about so many bytes.
fn out(mesh: &Mesh, at: usize, bytes_max: usize) -> Vec<Vec<u8>> {
    let Site { node, sync, disk, .. } = &mesh.sites[at];
    let heads = sync.carry_heads(node, disk);
    let range = |line: &HeadLine| CarryRange { log: line.log.name.unwrap(), from: line.first, to: line.next };
    let mut ranges: Vec<CarryRange> = heads.iter().map(range).collect();
    let mut frames = Vec::new();
    while !ranges.is_empty() {
        let piece = sync.carry_batches(&ranges, bytes_max, Age(500), node, disk);
        assert!(piece.ranges_done > 0 || piece.next > ranges[0].from, "it gets on");
        ranges.drain(..piece.ranges_done);
        if piece.next > 0 {
            ranges[0].from = piece.next;
        }
        assert_eq!(piece.frame.is_empty(), piece.batches == 0);
        if !piece.frame.is_empty() {
            frames.push(piece.frame);
        }
    }
    frames
}

/// Brings frames of one site to another, each in a visit of its own.
fn bring(mesh: &mut Mesh, from: usize, to: usize, frames: &[Vec<u8>]) {
    let (peer, store) = (mesh.sites[from].node.id(), StoreEpoch(mesh.sites[from].disk.store));
    for (number, frame) in frames.iter().enumerate() {
        let link = link(number as u32);
        mesh.event(to, Event::Carried { link, peer, store, age: Age(500) });
        mesh.event(to, Event::Frame { link, bytes: frame });
        mesh.commit(to);
        mesh.event(to, Event::Down { link });
    }
}

fn logs(mesh: &Mesh, at: usize) -> BTreeSet<(LogKey, u64)> {
    mesh.sites[at].node.heads().map(|head| (head.log, head.next)).collect()
}

/// A post carried to one gateway would stay there, although that one has a link to the next.
#[test]
fn what_is_carried_goes_on_over_links() {
    let mut mesh = Mesh::new(4);
    // Nobody is paired with the first: somebody carries its posts all the same.
    for site in &mut mesh.sites {
        site.setup.peers.remove(&id_of(1));
    }
    (1..4).for_each(|at| mesh.restart(at));
    for n in 0..40 {
        mesh.post(0, "offer", &format!("bread {n}, for whoever comes by"));
    }
    mesh.link(1, 2);
    mesh.link(2, 3);
    mesh.settle();
    let frames = out(&mesh, 0, 2_000);
    assert!(frames.len() > 3, "{} frames", frames.len());
    bring(&mut mesh, 0, 1, &frames);
    mesh.settle();
    for at in 1..4 {
        assert_eq!(mesh.sites[at].node.board().len(), 40);
        assert_eq!(logs(&mesh, at), logs(&mesh, 0));
        assert!(mesh.sites[at].faults.is_empty() && mesh.sites[at].alarms.is_empty());
    }
    // Twice is once.
    let before = mesh.sites[1].disk.journal.len();
    bring(&mut mesh, 0, 1, &frames);
    assert_eq!(mesh.sites[1].disk.journal.len(), before);
    assert!(mesh.sites[1].faults.is_empty());
}

/// Somebody with a stick would cut the link that stands between the two, or send its frames into the void.
#[test]
fn a_visit_by_hand_does_not_disturb_a_link() {
    let mut mesh = Mesh::new(2);
    for n in 0..30 {
        mesh.post(0, "offer", &format!("bread {n}"));
    }
    let old = out(&mesh, 0, 700);
    let line = mesh.link(0, 1);
    for (number, frame) in old.iter().enumerate() {
        // In the middle of the session, from before it.
        bring(&mut mesh, 0, 1, std::slice::from_ref(frame));
        mesh.post(1, "offer", &format!("soup {number}"));
        mesh.step();
    }
    mesh.settle();
    mesh.assert_equal();
    assert!(mesh.wires.contains_key(&line), "the link stands");
    for site in &mesh.sites {
        assert!(site.faults.is_empty(), "{:?}", site.faults);
    }
    assert_eq!(mesh.sites[0].sync.peer_status(&id_of(2)).unacknowledged, 0);
    assert_eq!(mesh.sites[1].sync.peer_status(&id_of(1)).unacknowledged, 0);
    // And the link goes on afterwards as if nothing had been.
    mesh.post(0, "offer", "the last word");
    mesh.settle();
    mesh.assert_equal();
}

/// Whoever stands between a wiped gateway and an old stick would be told less than there is.
#[test]
fn an_old_stick_does_not_move_what_is_known_of_a_peer() {
    let mut mesh = Mesh::new(2);
    mesh.post(0, "offer", "before");
    let old = out(&mesh, 0, 10_000);
    let (peer, store) = (mesh.sites[0].node.id(), StoreEpoch(mesh.sites[0].disk.store));
    let heads =
        carried_heads(&mesh.sites[0].sync.carry_heads(&mesh.sites[0].node, &mesh.sites[0].disk), Age(9_000), true);
    mesh.wipe(0);
    mesh.post(0, "offer", "after");
    let line = mesh.link(0, 1);
    mesh.event(1, Event::Carried { link: link(9), peer, store, age: Age(9_000) });
    for frame in old.iter().chain(&heads) {
        mesh.event(1, Event::Frame { link: link(9), bytes: frame });
    }
    mesh.commit(1);
    mesh.event(1, Event::Down { link: link(9) });
    mesh.settle();
    assert!(mesh.wires.contains_key(&line));
    mesh.restart(1);
    mesh.link(0, 1);
    mesh.settle();
    mesh.assert_equal();
    assert_eq!(mesh.sites[1].node.board().len(), 2);
}

/// An old copy of the card is put back: the gateway would write under numbers that others have heard already.
#[test]
fn a_stick_shows_a_gateway_that_it_was_rolled_back() {
    let mut mesh = Mesh::new(2);
    for n in 0..6 {
        mesh.post(0, "offer", &format!("bread {n}"));
    }
    let first = out(&mesh, 0, 10_000);
    bring(&mut mesh, 0, 1, &first);
    mesh.sites[0].disk.journal.truncate(3);
    mesh.sites[0].disk.logs.values_mut().for_each(|held| held.retain(|number, _| *number < 3));
    mesh.restart(0);
    let epoch = mesh.sites[0].disk.epoch;
    for _ in 0..2 {
        let back = out(&mesh, 1, 500);
        bring(&mut mesh, 1, 0, &back);
    }
    assert!(mesh.sites[0].alarms.iter().any(|alarm| matches!(alarm, Alarm::RolledBack { .. })));
    assert_ne!(mesh.sites[0].disk.epoch, epoch);
    assert_eq!(mesh.sites[0].node.board().len(), 6, "nothing is lost");
    mesh.post(0, "offer", "and on");
    let news = out(&mesh, 0, 10_000);
    bring(&mut mesh, 0, 1, &news);
    assert_eq!(mesh.sites[1].node.board().len(), 7);
    assert!(mesh.sites[1].alarms.is_empty(), "no fork");
}

/// A frame from a stranger's stick could reach what only a link may, or end the gateway.
#[test]
fn strange_frames_end_the_visit() {
    let mut mesh = Mesh::new(2);
    for n in 0..3 {
        mesh.post(0, "offer", &format!("bread {n}"));
    }
    let good = out(&mesh, 0, 10_000).remove(0);
    let log = LogRef { index: 3, name: None };
    let nameless = Frame::Batches(vec![Run { log, live: true, hops: 1, from: 0, prev: None, parcels: Vec::new() }]);
    let mut spoiled = good.clone();
    let end = spoiled.len() - 5;
    spoiled[end] ^= 1;
    let strange =
        [nameless.encode(), vec![1, 8, 0], vec![2, 3], vec![1, 0], Vec::new(), good[..good.len() / 2].to_vec()];
    bring(&mut mesh, 0, 1, &strange);
    assert_eq!(mesh.sites[1].node.board().len(), 0);
    assert!(mesh.sites[1].faults.len() >= 5, "{:?}", mesh.sites[1].faults);
    bring(&mut mesh, 0, 1, std::slice::from_ref(&spoiled));
    assert!(mesh.sites[1].node.board().len() < 3);
    bring(&mut mesh, 0, 1, &[good]);
    assert_eq!(mesh.sites[1].node.board().len(), 3);
    // Its own: nobody brings a gateway what it wrote itself under its own name.
    let own = out(&mesh, 1, 10_000);
    bring(&mut mesh, 1, 1, &own);
    assert!(mesh.sites[1].faults.iter().any(|(_, fault)| *fault == Fault::OwnKey));
}

/// Two who meet by a stick alone would never hear that a gateway's card was copied, and take one branch for all there is.
#[test]
fn a_stick_carries_the_proof_of_a_fork() {
    let mut mesh = Mesh::new(4);
    mesh.fork_from_the_first();
    mesh.visit(1, 2);
    // The third has the first branch by a stick; the fourth has nothing, and knows neither.
    for site in &mut mesh.sites {
        site.setup.peers.remove(&id_of(1));
        site.setup.peers.remove(&id_of(2));
    }
    mesh.restart(3);
    let log = mesh.sites[0].disk.journal[0].log;
    let forked = |mesh: &Mesh, at: usize| {
        let Site { node, sync, disk, .. } = &mesh.sites[at];
        let heads = sync.carry_heads(node, disk);
        heads.into_iter().find(|line| line.log.name == Some(log) && line.frozen).map(|line| line.hash)
    };
    assert!(forked(&mesh, 1).is_some() && forked(&mesh, 3).is_none());
    let Site { sync, disk, .. } = &mesh.sites[1];
    let mut frames = Vec::new();
    while let Some((frame, next)) = sync.carry_fork(&log, frames.len() * 2, Age(500), disk) {
        assert_eq!(next, frames.len() * 2 + 2, "both branches at once");
        frames.push(frame);
    }
    assert_eq!(frames.len(), 1);
    bring(&mut mesh, 1, 3, &frames);
    assert!(mesh.is_told_of_a_fork(3), "{:?} {:?}", mesh.sites[3].alarms, mesh.sites[3].faults);
    assert_eq!(forked(&mesh, 3), forked(&mesh, 1), "the next stick need not bring it");
    mesh.assert_shown([1, 3], 2);
    // One that is tampered with proves nothing, and nobody is marked for it.
    let mut bad = frames[0].clone();
    *bad.last_mut().unwrap() ^= 1;
    mesh.restart(2);
    mesh.wipe(2);
    bring(&mut mesh, 1, 2, &[bad]);
    assert!(matches!(mesh.sites[2].faults[..], [(_, Fault::BadProof(of))] if of == log), "{:?}", mesh.sites[2].faults);
    assert!(!mesh.sites[2].sync.is_forked(&log));
}
