//! Rolled back gateways and copied cards: nobody's post is lost, whoever else writes the same log.

mod support;

use commons_core::log::{Lane, LogKey};
use commons_core::sync::*;
use support::mesh::Mesh;

/// An old copy of a gateway's data was put back: what it had posted since would be lost, or its log would fork.
#[test]
fn a_rolled_back_gateway_opens_a_new_epoch_and_loses_nothing() {
    let mut mesh = Mesh::new(3);
    mesh.link(0, 1);
    mesh.link(1, 2);
    mesh.post_all(0, 5, "before");
    mesh.settle();
    let old = mesh.sites[0].disk.clone();
    mesh.post_all(0, 5, "after");
    mesh.settle();
    mesh.sites[0].disk = old;
    mesh.restart(0);
    assert_eq!(mesh.sites[0].node.board().len(), 5);
    let log = mesh.sites[0].disk.journal[0].log;
    mesh.link(0, 1);
    mesh.settle();
    assert!(matches!(mesh.sites[0].alarms[..], [Alarm::RolledBack { log: rolled, .. }] if rolled == log));
    assert_ne!(mesh.sites[0].node.epoch(), log.epoch);
    assert_eq!(mesh.sites[0].node.board().len(), 10, "what it had said comes back");
    mesh.post(0, "offer", "and goes on");
    mesh.settle();
    assert_eq!(mesh.sites[2].node.board().len(), 11);
    mesh.assert_equal();
    assert!(mesh.sites.iter().all(|site| site.faults.is_empty() && site.refused == 0));
}

/// The same, but it was used before it met anybody: its log forks, and half a street's posts would be lost.
#[test]
fn a_gateway_that_was_rolled_back_and_used_keeps_both_branches_everywhere() {
    for longer in [2, 9] {
        let mut mesh = Mesh::new(4);
        let links = [mesh.link(0, 1), mesh.link(1, 2), mesh.link(2, 3)];
        mesh.post_all(0, 5, "before");
        mesh.settle();
        let old = mesh.sites[0].disk.clone();
        mesh.post_all(0, 5, "after");
        mesh.settle();
        mesh.cut(links[0]);
        mesh.sites[0].disk = old;
        mesh.restart(0);
        mesh.post_all(0, longer, "unlike");
        let log = mesh.sites[0].disk.journal[0].log;
        mesh.link(0, 1);
        mesh.settle();
        let clone = Alarm::Cloned { log: Some(log) };
        assert!(mesh.sites[0].alarms.contains(&clone), "{longer}: {:?}", mesh.sites[0].alarms);
        for at in 1..4 {
            let forked =
                mesh.sites[at].alarms.iter().any(|alarm| matches!(alarm, Alarm::Forked { log: of, .. } if *of == log));
            assert!(forked, "{longer}: {at} {:?}", mesh.sites[at].alarms);
        }
        mesh.post(0, "offer", "and goes on");
        mesh.settle();
        for at in 0..4 {
            assert_eq!(mesh.sites[at].node.board().len(), 11 + longer, "{longer}: both branches at {at}");
        }
        let texts = |mesh: &Mesh| mesh.sites.iter().map(|site| site.node.views_digest()).collect::<Vec<_>>();
        assert!(texts(&mesh).windows(2).all(|two| two[0] == two[1]));
        // It stays so, and is quiet.
        (0..4).for_each(|at| mesh.restart(at));
        let link = mesh.link(0, 1);
        mesh.link(1, 2);
        mesh.link(2, 3);
        mesh.settle();
        for at in 0..4 {
            assert_eq!(mesh.sites[at].node.board().len(), 11 + longer, "{longer}: after a restart at {at}");
        }
        assert_eq!(mesh.frames(link), 0, "{longer}: all know the same");
        assert!(mesh.sites.iter().all(|site| site.faults.is_empty()), "{longer}");
    }
}

/// A board on a copied card says for both what it has: the other one would never hear of a post.
#[test]
fn a_post_that_a_copied_card_has_still_reaches_the_first_board() {
    let mut mesh = Mesh::new(3);
    mesh.post(1, "offer", "before");
    mesh.visit(0, 1);
    assert_eq!(mesh.copy(0), 3);
    mesh.link(3, 1);
    mesh.settle();
    mesh.post(1, "offer", "bread");
    mesh.settle();
    assert_eq!(mesh.sites[3].node.board().len(), 2);
    mesh.link(0, 1);
    mesh.settle();
    assert_eq!(mesh.sites[0].node.board().len(), 2, "though a board of that name has it already");
}

/// What one board was told, the other one must be told, too: its neighbour followed only one of them.
#[test]
fn nobody_passes_over_a_post_because_he_followed_a_copied_card() {
    let mut mesh = Mesh::new(3);
    mesh.post(1, "offer", "before");
    mesh.visit(0, 1);
    assert_eq!(mesh.copy(0), 3);
    // Only the first board hears of the bread, only the copy of the soup, and that later.
    mesh.post(2, "offer", "bread");
    mesh.visit(0, 2);
    mesh.wait_ms(600_000);
    mesh.post(1, "offer", "soup");
    // The second time the neighbour notes that it has followed the copy up to then.
    (0..2).for_each(|_| mesh.visit(3, 1));
    mesh.wait_ms(600_000);
    mesh.post(0, "offer", "tea");
    mesh.link(0, 1);
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 4, "bread too");
}

/// Two boards with one card would write one log, and each would lose what the other said.
#[test]
fn a_cloned_card_makes_two_epochs_and_both_are_heard() {
    let mut mesh = Mesh::new(3);
    let links = [mesh.link(0, 1), mesh.link(1, 2)];
    mesh.post_before(&links);
    // Site 3 (a fourth board) runs on a copy of site 0's card.
    assert_eq!(mesh.copy(0), 3);
    mesh.post(0, "offer", "from the one board");
    mesh.post(3, "offer", "from the other board");
    mesh.sites[3].disk.store += 7;
    mesh.restart(3);
    mesh.visit(0, 1);
    mesh.visit(3, 2);
    mesh.link(1, 2);
    mesh.settle();
    mesh.assert_shown([1, 2], 5);
    // Both boards hear of it and go apart.
    mesh.sites[3].disk.epoch += 50;
    for at in [0, 3] {
        let link = mesh.link(at, 1);
        mesh.settle();
        assert!(mesh.sites[at].alarms.iter().any(|alarm| matches!(alarm, Alarm::Cloned { .. })), "{at}");
        mesh.post(at, "offer", &format!("apart {at}"));
        mesh.settle();
        mesh.cut(link);
    }
    assert_eq!(mesh.sites[2].node.board().len(), 7);
    assert!(mesh.sites.iter().all(|site| site.faults.is_empty()));
}

/// Our own log met while the link breaks would be forgotten, and then written on: a fork.
#[test]
fn a_lost_log_of_our_own_is_announced_until_it_is_settled() {
    let mut mesh = Mesh::new(2);
    let link = mesh.link(0, 1);
    mesh.post(0, "offer", "bread");
    mesh.settle();
    let old = mesh.sites[0].disk.clone();
    mesh.post(0, "offer", "soup");
    mesh.settle();
    mesh.cut(link);
    mesh.sites[0].disk = old;
    mesh.restart(0);
    // Heads come, and the link breaks before the batch that proves it.
    let link = mesh.link(0, 1);
    mesh.step();
    mesh.cut(link);
    assert!(mesh.sites[0].alarms.is_empty());
    mesh.link(0, 1);
    mesh.settle();
    assert!(matches!(mesh.sites[0].alarms[..], [Alarm::RolledBack { .. }]), "{:?}", mesh.sites[0].alarms);
    assert_eq!(mesh.sites[0].node.board().len(), 2);
    mesh.assert_equal();
}

/// While a fork is looked into, more of the log that comes must not pass for the answer: two would ask for ever.
#[test]
fn a_fork_is_found_though_many_frames_of_its_log_are_under_way() {
    let mut mesh = Mesh::new(3);
    mesh.frame_max = 2_048;
    let links = [mesh.link(0, 1), mesh.link(1, 2)];
    mesh.post_before(&links);
    assert_eq!(mesh.copy(0), 3);
    mesh.post(0, "offer", "from the one board");
    (0..8).for_each(|n| drop(mesh.post(3, "offer", &format!("{n:01500}"))));
    mesh.link(0, 1);
    mesh.link(3, 2);
    mesh.settle();
    mesh.cut_all();
    let link = mesh.link(1, 2);
    mesh.settle();
    assert!(mesh.frames(link) < 60, "{} frames for 9 batches", mesh.frames(link));
    mesh.assert_shown([1, 2], 12);
}

/// Two batches that cross would each pass for the one that the other side has already: nobody would see the fork.
#[test]
fn two_branches_that_cross_on_a_link_are_found() {
    let mut mesh = Mesh::new(5);
    assert_eq!(mesh.copy(0), 5);
    mesh.link(1, 2);
    mesh.link(0, 1);
    mesh.link(5, 2);
    mesh.link(1, 3);
    mesh.link(2, 4);
    mesh.settle();
    // Each neighbour commits one of them, and pushes it before it hears of the other.
    mesh.post(0, "need", r#"{"text":"one","urgency":"now"}"#);
    mesh.post(5, "need", r#"{"text":"other","urgency":"now"}"#);
    mesh.settle();
    assert!((1..5).all(|at| mesh.is_told_of_a_fork(at)));
    mesh.assert_shown(1..5, 2);
}

/// Of two neighbours that tell of a log each may have another branch: the second would pass for one who has the first's.
#[test]
fn a_branch_that_was_told_of_and_never_fetched_is_found() {
    let mut mesh = Mesh::new(4);
    mesh.fork_from_the_first();
    // Both tell the third before it has anything.
    mesh.link(1, 3);
    mesh.link(2, 3);
    mesh.settle();
    mesh.assert_shown(1..4, 2);
}

/// A log that was forked from its first batch on is nobody's to take: what both branches say would go no further.
#[test]
fn a_fork_known_by_its_proof_alone_is_passed_on() {
    let mut mesh = Mesh::new(5);
    mesh.fork_from_the_first();
    mesh.visit(1, 2);
    // Each of these hears of it from the one before, and of nothing else.
    for (from, to) in [(2, 3), (3, 4)] {
        mesh.visit(from, to);
        assert_eq!(mesh.sites[to].node.heads().count(), 0, "nothing of the log itself is at {to}");
        assert_eq!(mesh.sites[to].node.board().len(), 2, "both branches are at {to}");
        mesh.restart(to);
        assert_eq!(mesh.sites[to].node.board().len(), 2, "after a restart of {to}");
    }
    mesh.visit(1, 4);
    assert!(mesh.sites.iter().all(|site| site.faults.is_empty()));
    let link = mesh.link(3, 4);
    mesh.settle();
    assert_eq!(mesh.frames(link), 0, "who knows the same has nothing to tell");
}

/// Where the older of the two batches has expired, a fork would be told apart from a lie by nobody, and be passed on by nobody.
#[test]
fn a_batch_that_does_not_follow_the_one_here_proves_a_fork_where_its_own_has_expired() {
    let mut mesh = Mesh::new(5);
    let links = [mesh.link(0, 1), mesh.link(1, 2)];
    mesh.post_before(&links);
    let log = mesh.sites[0].disk.journal[0].log;
    assert_eq!(mesh.copy(0), 5);
    mesh.post(0, "offer", "from the one board");
    mesh.post_all(5, 2, "from the other board");
    mesh.visit(0, 1);
    mesh.visit(5, 2);
    // What the other board said under the number 3 is over; what it said next names it.
    mesh.sites[2].disk.drop_before(&log, 4);
    mesh.restart(2);
    mesh.visit(1, 2);
    assert!(mesh.is_told_of_a_fork(1), "{:?}", mesh.sites[1].alarms);
    assert!(mesh.sites[1].sync.is_forked(&log));
    // From there by these two batches alone.
    let proof = |mesh: &Mesh, at: usize| {
        let frame = mesh.fork_frame(at, &log);
        let Frame::Fork { branches, .. } = Frame::decode(&frame).unwrap() else { panic!() };
        branches.iter().map(|branch| branch.number).collect::<Vec<_>>()
    };
    assert_eq!(proof(&mesh, 1), [3, 4]);
    for (from, to) in [(1, 3), (3, 4)] {
        mesh.visit(from, to);
        assert!(mesh.is_told_of_a_fork(to), "{to}: {:?}", mesh.sites[to].alarms);
        assert_eq!(proof(&mesh, to), [3, 4], "{to}");
    }
    mesh.assert_shown([1, 3, 4], 5);
}

/// What was posted in the very moment in which a gateway hears that its log is forked would stay with it alone.
#[test]
fn what_is_posted_while_a_fork_is_found_is_heard_by_all() {
    let mut mesh = Mesh::new(4);
    mesh.fork_from_the_first();
    let link = mesh.link(0, 2);
    let cloned = |mesh: &Mesh| mesh.sites[0].alarms.iter().any(|alarm| matches!(alarm, Alarm::Cloned { .. }));
    let mut posts = 0;
    while !cloned(&mesh) {
        // It waits for the commit that comes after what the step brings.
        mesh.stage(0, "offer", &format!("late {posts}"));
        posts += 1;
        mesh.step();
        assert!(posts < 50, "the fork is never found");
    }
    mesh.settle();
    mesh.cut(link);
    mesh.visit(2, 3);
    mesh.visit(1, 2);
    mesh.assert_shown(0..4, 2 + posts);
}

/// Who asks only the first neighbour for the older batches of a fork, and him who has none of them in each session, never
/// hears what the other branch said first, and nobody behind him does.
#[test]
fn the_older_batches_of_a_fork_are_asked_of_whoever_has_them() {
    let mut mesh = Mesh::new(4);
    let twin = mesh.copy(0);
    let log = LogKey { gateway: mesh.sites[0].node.id(), lane: Lane::Board, epoch: mesh.sites[0].node.epoch() };
    mesh.post(0, "offer", "one");
    mesh.post(0, "offer", "one more");
    mesh.post_all(twin, 3, "other");
    mesh.visit(twin, 1);
    // What the other board said first is over at the neighbour.
    mesh.sites[1].disk.drop_before(&log, 1);
    mesh.restart(1);
    mesh.visit(0, 1);
    mesh.visit(1, 2);
    assert!(mesh.sites[1].sync.is_forked(&log) && mesh.sites[2].sync.is_forked(&log));
    mesh.link(1, 2);
    mesh.link(1, 0);
    mesh.settle_for(WANT_GIVE_UP_MS);
    mesh.assert_shown([1, 2], 4);
}

/// Where all that would show that a branch's first batches are others has expired, what they say would reach nobody.
#[test]
fn the_first_batches_of_a_branch_are_kept_though_those_beside_them_have_expired() {
    let mut mesh = Mesh::new(4);
    let twin = mesh.copy(0);
    let log = LogKey { gateway: mesh.sites[0].node.id(), lane: Lane::Board, epoch: mesh.sites[0].node.epoch() };
    mesh.post_all(0, 5, "one");
    mesh.post_all(twin, 4, "other");
    mesh.visit(twin, 1);
    // Its last batch names the one before; of what came before that nothing is known here any more.
    mesh.sites[1].disk.drop_before(&log, 3);
    mesh.restart(1);
    mesh.visit(0, 1);
    assert!(mesh.sites[1].sync.is_forked(&log));
    mesh.assert_shown([1], 6);
    // And those who hear of it by the proof, and have nothing of this log.
    mesh.visit(1, 2);
    mesh.visit(2, 3);
    mesh.assert_shown([2, 3], 6);
    // Nobody asks for it for ever.
    let link = mesh.link(2, 3);
    mesh.settle();
    assert_eq!(mesh.frames(link), 0, "who knows the same has nothing to tell");
}
