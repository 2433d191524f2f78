//! Gossip between gateways: what is posted at one is everywhere, once, whatever becomes of the links.

mod support;

use commons_core::sync::*;
use support::mesh::{id_of, Mesh};

const NEED: &str = "insulin, stairwell B, for an old neighbour who cannot come down";

/// A need posted on one block would never be seen on the next.
#[test]
fn what_waits_crosses_when_a_link_comes_and_what_is_new_at_once() {
    let mut mesh = Mesh::new(2);
    for n in 0..10 {
        mesh.post(0, "offer", &format!("bread {n}"));
    }
    let link = mesh.link(0, 1);
    mesh.settle();
    mesh.assert_equal();
    assert_eq!(mesh.sites[1].node.board().len(), 10);
    assert!(mesh.sites[1].complete.contains(&id_of(1)));
    let before = mesh.frames(link);
    mesh.post(0, "offer", NEED);
    assert!(mesh.step());
    assert_eq!(mesh.sites[1].node.board().len(), 11, "pushed at once");
    mesh.settle();
    // One Batches and, later, one Have.
    assert_eq!(mesh.frames(link) - before, 2);
    mesh.assert_equal();
    mesh.assert_calm();
    assert_eq!(mesh.sites[0].sync.peer_status(&id_of(2)).unacknowledged, 0);
}

/// Two gateways that meet a hundred times a day with nothing to tell would use up a radio's air.
#[test]
fn nothing_to_tell_is_one_small_message_each_way() {
    let mut mesh = Mesh::new(2);
    for n in 0..5 {
        mesh.post(0, "offer", &format!("bread {n}"));
        mesh.post(1, "offer", &format!("soup {n}"));
    }
    mesh.link(0, 1);
    mesh.settle();
    mesh.assert_equal();
    for _ in 0..2 {
        mesh.restart(0);
        mesh.restart(1);
        let link = mesh.link(0, 1);
        mesh.settle();
        assert_eq!(mesh.frames(link), 0);
        assert!(mesh.wires[&link].hello_bytes.iter().all(|bytes| *bytes < 100), "{:?}", mesh.wires[&link].hello_bytes);
        assert!(mesh.sites[0].complete.contains(&id_of(2)), "equal is complete");
    }
    mesh.assert_calm();
}

/// A street of sixteen would hear of a need minutes late if each block waited for the one before.
#[test]
fn a_line_of_sixteen_pushes_at_once() {
    let mut mesh = Mesh::new(16);
    let links: Vec<u32> = (0..15).map(|at| mesh.link(at, at + 1)).collect();
    mesh.settle();
    // Of the first one the second gateway cannot know whether the third has it from the first as well.
    let at_ms = mesh.now_ms;
    mesh.post(0, "need", r#"{"text":"insulin","urgency":"now"}"#);
    mesh.settle_for(HOLD_MS);
    assert_eq!(mesh.sites[15].node.board().len(), 1, "within {} ms", mesh.now_ms - at_ms);
    mesh.settle();
    let before: Vec<u64> = links.iter().map(|link| mesh.frames(*link)).collect();
    for round in 0..3 {
        let at_ms = mesh.now_ms;
        let urgency = ["week", "now", "now"][round];
        mesh.post(0, "need", &format!(r#"{{"text":"{NEED} {round}","urgency":"{urgency}"}}"#));
        for _ in 0..15 {
            mesh.step();
        }
        assert_eq!(mesh.sites[15].node.board().len(), round + 2, "one step a hop");
        assert_eq!(mesh.now_ms, at_ms, "nobody waited");
        mesh.settle();
    }
    for (link, before) in links.iter().zip(before) {
        assert_eq!(mesh.wires[link].sent[0][&3].0, 4, "once over each link");
        assert!(mesh.frames(*link) - before <= 6 + 1, "{}", mesh.frames(*link) - before);
    }
    mesh.assert_equal();
    mesh.assert_calm();
}

/// Bytes of Batches and of all frames on each link for these posts at one gateway, as parts of what was stored of them.
fn spent(mesh: &mut Mesh, links: &[u32], at: usize, posts: &[String]) -> Vec<(f64, f64)> {
    let bytes = |mesh: &Mesh| links.iter().map(|link| (mesh.payload(*link), mesh.all_bytes(*link))).collect::<Vec<_>>();
    let before = bytes(mesh);
    let stored = |mesh: &Mesh| mesh.sites[at].disk.journal.iter().map(|held| held.bytes.len() as u64).sum::<u64>();
    let stored_before = stored(mesh);
    for post in posts {
        mesh.post(at, "need", post);
        mesh.settle();
    }
    let size = (stored(mesh) - stored_before) as f64;
    let parts = bytes(mesh).into_iter().zip(before);
    parts.map(|(after, before)| ((after.0 - before.0) as f64 / size, (after.1 - before.1) as f64 / size)).collect()
}

/// A ring of three would send every post round and round, and an alarm would cross each cable both ways.
#[test]
fn in_a_ring_and_in_a_full_mesh_each_entry_crosses_each_link_once_at_most() {
    for (count, urgency) in [(3usize, "week"), (3, "now"), (8, "week"), (8, "now")] {
        let mut mesh = Mesh::new(count as u8);
        mesh.frame_ms = 2;
        let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
        let links: Vec<u32> = pairs.map(|(a, b)| mesh.link(a, b)).collect();
        mesh.settle();
        let post = |at: usize, n: usize| format!(r#"{{"text":"{NEED} {at} {n}","urgency":"{urgency}"}}"#);
        for at in 0..count {
            // The first post of each gateway, of whose neighbours nothing is known yet, and ten more.
            for posts in [vec![post(at, 0)], (1..11).map(|n| post(at, n)).collect()] {
                let share = spent(&mut mesh, &links, at, &posts);
                let total: f64 = share.iter().map(|(batches, _)| batches).sum();
                assert!(share.iter().all(|(batches, _)| *batches < 1.3), "{count} {urgency}: {share:?}");
                assert!(share.iter().all(|(_, all)| *all < 2.0), "with all frames, {count} {urgency}: {share:?}");
                assert!(total < 1.3 * (count as f64 - 1.0), "{count} {urgency}: a spanning tree's worth, not {total}");
            }
        }
        mesh.assert_equal();
        mesh.assert_calm();
    }
}

/// An alarm would wait for the one cable that hangs, though the house next door has had it for long.
#[test]
fn an_alarm_takes_another_way_round_a_link_that_hangs() {
    let mut mesh = Mesh::new(3);
    mesh.frame_ms = 2;
    let links = [mesh.link(0, 1), mesh.link(1, 2), mesh.link(0, 2)];
    mesh.settle();
    let alarm = |n: usize| format!(r#"{{"text":"water rises {n}","urgency":"now"}}"#);
    mesh.post(0, "need", &alarm(0));
    mesh.settle();
    for n in 1..3 {
        mesh.post(0, "need", &alarm(n));
        // Between the first and the third nothing comes through, and neither knows.
        for _ in 0..URGENT_GRAFT_MS + 10 {
            mesh.wires.get_mut(&links[2]).unwrap().queues.iter_mut().for_each(|queue| queue.clear());
            if !mesh.step() {
                mesh.wait_ms(2);
            }
        }
        assert_eq!(mesh.sites[2].node.board().len(), n + 1);
    }
    assert_eq!(mesh.wires[&links[1]].sent[1].get(&2).map_or(0, |wants| wants.0), 1, "the second one came unasked");
}

/// A link that breaks every few frames would begin from nothing each time.
#[test]
fn a_cut_anywhere_resumes_at_the_batch() {
    let mut mesh = Mesh::new(2);
    mesh.frame_max = 2 * 1024;
    for n in 0..300 {
        mesh.post(0, "offer", &format!("{NEED} {n}"));
    }
    let stored: u64 = mesh.sites[0].disk.journal.iter().map(|held| held.bytes.len() as u64).sum();
    let (mut payload, mut rounds) = (0, 0);
    while mesh.sites[1].node.board().len() < 300 {
        let link = mesh.link(0, 1);
        for _ in 0..6 {
            mesh.step();
        }
        payload += mesh.payload(link);
        mesh.cut(link);
        rounds += 1;
        assert!(rounds < 30);
        if rounds % 3 == 0 {
            mesh.restart(1);
        }
    }
    assert!(rounds >= 3, "it was cut {rounds} times");
    assert!(payload < stored * 2, "{payload} bytes for {stored}");
    mesh.assert_calm();
}

/// Cable and radio between the same two houses would carry everything twice.
#[test]
fn two_links_to_one_peer_carry_each_batch_once() {
    let mut mesh = Mesh::new(2);
    for n in 0..50 {
        mesh.post(0, "offer", &format!("{NEED} {n}"));
    }
    let links = [mesh.link(0, 1), mesh.link(0, 1)];
    mesh.settle();
    for n in 50..60 {
        mesh.post(1, "offer", &format!("{NEED} {n}"));
        mesh.settle();
    }
    let stored: u64 = mesh.sites[0].disk.journal.iter().map(|held| held.bytes.len() as u64).sum();
    let payload: u64 = links.iter().map(|link| mesh.payload(*link)).sum();
    assert!(payload < stored * 11 / 10, "{payload} for {stored}");
    mesh.assert_equal();
    // One of them breaks with frames on it: the other makes up for it.
    for n in 60..70 {
        mesh.post(0, "offer", &format!("{NEED} {n}"));
    }
    let loaded = links.into_iter().max_by_key(|link| mesh.wires[link].queues[0].len()).unwrap();
    mesh.cut(loaded);
    mesh.settle();
    mesh.assert_equal();
    mesh.assert_calm();
}

/// A neighbour whose only other way broke would stop hearing of anything.
#[test]
fn a_pruned_link_is_grafted_again_when_the_tree_breaks() {
    let mut mesh = Mesh::new(3);
    let links = [mesh.link(0, 1), mesh.link(1, 2), mesh.link(0, 2)];
    mesh.settle();
    for n in 0..3 {
        mesh.post(0, "offer", &format!("{NEED} {n}"));
        mesh.settle();
    }
    mesh.cut(links[2]);
    for n in 3..8 {
        mesh.post(0, "offer", &format!("{NEED} {n}"));
        mesh.settle();
        mesh.assert_equal();
    }
    // By now the remaining way is the tree: no waiting.
    mesh.post(0, "offer", "bread");
    mesh.step();
    mesh.step();
    assert_eq!(mesh.sites[2].node.board().len(), 9);
    mesh.settle();
    mesh.assert_calm();
}

/// A wiped gateway would be taken for its old self and get nothing back.
#[test]
fn a_wiped_gateway_gets_everything_and_hears_when_it_is_complete() {
    let mut mesh = Mesh::new(3);
    for at in 0..3 {
        (0..20).for_each(|n| drop(mesh.post(at, "offer", &format!("{NEED} {at} {n}"))));
    }
    mesh.link(0, 1);
    mesh.link(1, 2);
    mesh.settle();
    mesh.cut_all();
    mesh.wipe(1);
    mesh.sites[1].complete.clear();
    assert_eq!(mesh.sites[1].node.board().len(), 0);
    mesh.link(0, 1);
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 60);
    assert_eq!(mesh.sites[1].complete, [id_of(1)]);
    mesh.link(1, 2);
    mesh.settle();
    mesh.assert_equal();
    mesh.assert_calm();
}

/// A keeper would read "complete" and carry the box away while a post is still on its way.
#[test]
fn an_older_hello_that_comes_later_makes_nobody_complete() {
    let mut mesh = Mesh::new(2);
    let old = mesh.hello(1, 0);
    mesh.post(1, "offer", "bread");
    let new = mesh.hello(1, 0);
    for (link, hello) in [(1, new), (2, old)] {
        let peer = id_of(2);
        mesh.event(0, Event::Up { link: LinkId(link), peer, frame_max: FRAME_BYTES_MAX, hello });
        assert_eq!(mesh.sites[0].complete, [], "after link {link}");
        assert!(!mesh.sites[0].sync.peer_status(&id_of(2)).complete, "after link {link}");
    }
    assert_eq!(mesh.sites[0].faults, [], "nor is it anybody's fault");
    // The link that the newer one came over is gone, and with it what it promised.
    mesh.event(0, Event::Down { link: LinkId(1) });
    assert!(mesh.sites[0].sync.peer_status(&id_of(2)).complete);
}

/// What came late after all would leave a status page at "incomplete" for as long as a link stands.
#[test]
fn complete_is_said_once_what_had_been_given_up_is_here() {
    let mut mesh = Mesh::new(2);
    mesh.post(0, "offer", "bread");
    let link = mesh.link(0, 1);
    let lose = |mesh: &mut Mesh| mesh.wires.get_mut(&link).unwrap().queues.iter_mut().for_each(|queue| queue.clear());
    while !mesh.wires[&link].sent[1].contains_key(&2) {
        mesh.step();
    }
    lose(&mut mesh);
    for _ in 0..2 {
        mesh.wait_ms(WANT_GIVE_UP_MS + 1);
        lose(&mut mesh);
    }
    let status = mesh.sites[1].sync.peer_status(&id_of(1));
    assert!(!status.complete && status.missing == 0, "nothing is waited for, and not all is here: {status:?}");
    // It is told again over another link.
    mesh.link(0, 1);
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 1);
    assert!(mesh.sites[1].sync.peer_status(&id_of(1)).complete);
    assert_eq!(mesh.sites[1].complete, [id_of(1)]);
}

/// A gateway that was away while old entries expired everywhere could never follow that log again.
#[test]
fn a_log_goes_on_where_nobody_has_what_lies_before() {
    let mut mesh = Mesh::new(3);
    mesh.post_all(0, 5, "old");
    let link = mesh.link(0, 1);
    mesh.settle();
    mesh.cut(link);
    (5..20).for_each(|n| drop(mesh.post(0, "offer", &format!("new {n}"))));
    let whole = mesh.sites[0].disk.clone();
    let log = whole.journal[0].log;
    mesh.sites[0].disk.drop_before(&log, 10);
    // One that has the beginning, and one that has nothing.
    mesh.link(0, 1);
    mesh.link(1, 2);
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 15);
    assert_eq!(mesh.sites[1].node.gaps(&log), [(5, 10)]);
    assert_eq!(mesh.sites[2].node.board().len(), 15, "the beginning of the second comes from the first");
    mesh.restart(1);
    assert_eq!(mesh.sites[1].node.gaps(&log), [(5, 10)]);
    // Somebody who still has it all fills the gap.
    mesh.sites[0].disk = whole;
    mesh.restart(0);
    mesh.link(0, 1);
    mesh.link(1, 2);
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 20);
    assert_eq!(mesh.sites[1].node.gaps(&log), []);
    mesh.restart(1);
    assert_eq!(mesh.sites[1].node.board().len(), 20);
    mesh.assert_calm();
}

/// A need that two links carry, one of which breaks, would be thought told: the peer would never hear of it again.
#[test]
fn what_one_of_two_links_lost_is_told_over_the_other() {
    let mut mesh = Mesh::new(2);
    mesh.post(0, "offer", "bread");
    let first = mesh.link(0, 1);
    mesh.link(0, 1);
    mesh.post(0, "offer", "soup");
    mesh.cut(first);
    mesh.settle();
    mesh.assert_equal();
    mesh.cut_all();
    let link = mesh.link(0, 1);
    mesh.settle();
    assert_eq!(mesh.frames(link), 0);
    mesh.assert_calm();
}

/// A gateway that waits for one who does not answer would spin, and drain a battery.
#[test]
fn a_wake_is_never_due_twice() {
    let mut mesh = Mesh::new(2);
    mesh.post(0, "offer", "bread");
    let link = mesh.link(0, 1);
    while !mesh.wires[&link].sent[1].contains_key(&2) {
        mesh.step();
    }
    mesh.wires.get_mut(&link).unwrap().queues.iter_mut().for_each(|queue| queue.clear());
    let mut wakes = 0;
    while let Some(ms) = mesh.sites[1].sync.wake_ms().filter(|ms| *ms < 1_000_000) {
        assert!(ms > mesh.now_ms || wakes == 0, "due at {ms}, again at {}", mesh.now_ms);
        mesh.now_ms = mesh.now_ms.max(ms);
        mesh.event(1, Event::Tick);
        mesh.wires.get_mut(&link).unwrap().queues.iter_mut().for_each(|queue| queue.clear());
        wakes += 1;
        assert!(wakes < 10);
    }
    // Silent for 10 s, stuck for 30, given up after 120; and once more.
    assert!((1..7).contains(&wakes), "{wakes}");
}

/// A need that is over would flash up on every board that hears of it late.
#[test]
fn what_is_over_before_it_comes_is_never_shown() {
    let mut mesh = Mesh::new(2);
    mesh.post(0, "offer", r#"{"text":"warm soup","expires_s":60}"#);
    let lasting = mesh.post(0, "offer", r#"{"text":"cold soup","expires_s":6000}"#);
    mesh.wait_ms(61_000);
    mesh.link(0, 1);
    mesh.settle();
    let shown: Vec<String> = mesh.sites[1].node.board().all().map(|item| item.id.to_string()).collect();
    assert_eq!(shown, [lasting]);
    mesh.assert_equal();
    mesh.assert_calm();
}

/// What a post costs on a radio is what its words cost, or the radio is full of protocol.
#[test]
fn frames_add_next_to_nothing_to_what_they_carry() {
    let mut mesh = Mesh::new(2);
    let link = mesh.link(0, 1);
    assert!(mesh.wires[&link].hello_bytes.iter().all(|bytes| *bytes <= 56), "{:?}", mesh.wires[&link].hello_bytes);
    mesh.post(0, "offer", "the first names the log");
    mesh.settle();
    let before = mesh.payload(link);
    mesh.post(0, "offer", &"a".repeat(182));
    mesh.settle();
    let batch = mesh.sites[0].disk.journal.last().unwrap().bytes.len() as u64;
    assert!(mesh.payload(link) - before <= batch + 12, "{} for {batch}", mesh.payload(link) - before);
    mesh.cut(link);
    // Waiting posts, as a busy writer seals them.
    for n in 0..1_000 {
        mesh.stage(0, "offer", &format!("{n:0259}"));
        if n % 100 == 99 {
            mesh.commit(0);
        }
    }
    let link = mesh.link(0, 1);
    mesh.settle();
    let wire = &mesh.wires[&link];
    let all: u64 = wire.sent.iter().flat_map(|sent| sent.values()).map(|(_, bytes)| *bytes).sum();
    assert!(all / 1_000 <= 305, "{} bytes a record of 300", all / 1_000);
    assert_eq!(mesh.sites[1].node.board().len(), 1_002);
}
