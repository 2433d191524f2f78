//! Gossip under everything at once: links come and go, frames are lost with them, gateways restart, are wiped, rolled
//! back and cloned. In the end everybody holds and shows the same, and nothing that was synced is lost.

mod support;

use std::collections::BTreeSet;

use commons_core::sync::*;
use proptest::collection::vec;
use proptest::prelude::*;
use support::cases::cases;
use support::mesh::Mesh;

#[derive(Clone, Copy, Debug)]
enum Step {
    Post(usize, bool),
    Link(usize, usize),
    Cut(usize),
    Carry(usize),
    Restart(usize),
    Wait(u64),
}

fn step(count: usize) -> impl Strategy<Value = Step> {
    let at = 0..count;
    prop_oneof![
        4 => (at.clone(), any::<bool>()).prop_map(|(at, urgent)| Step::Post(at, urgent)),
        4 => (at.clone(), at.clone()).prop_map(|(a, b)| Step::Link(a, b)),
        2 => (0usize..20).prop_map(Step::Cut),
        6 => (1usize..6).prop_map(Step::Carry),
        1 => at.prop_map(Step::Restart),
        2 => (1u64..3_000).prop_map(Step::Wait),
    ]
}

fn run(mesh: &mut Mesh, steps: &[Step], posted: &mut BTreeSet<String>) {
    for each in steps {
        match *each {
            Step::Post(at, urgent) => {
                let text = format!("post {}", posted.len());
                let urgency = if urgent { "now" } else { "week" };
                let json = format!(r#"{{"text":"{text}","urgency":"{urgency}"}}"#);
                posted.insert(mesh.post(at, "offer", &json));
            }
            Step::Link(a, b) if a != b => drop(mesh.link(a, b).to_string()),
            Step::Link(..) => {}
            Step::Cut(nth) => {
                let link = mesh.wires.keys().nth(nth).copied();
                link.into_iter().for_each(|link| mesh.cut(link));
            }
            Step::Carry(steps) => {
                for _ in 0..steps {
                    mesh.step();
                }
            }
            Step::Restart(at) => mesh.restart(at),
            Step::Wait(ms) => mesh.wait_ms(ms),
        }
    }
}

fn heal(mesh: &mut Mesh) {
    mesh.cut_all();
    for at in 1..mesh.sites.len() {
        mesh.link(at - 1, at);
    }
    mesh.settle_for(300_000);
}

proptest! {
    #![proptest_config(cases(150))]

    /// A neighbour's post would be on some blocks and not on others, for ever.
    #[test]
    fn after_healing_everybody_has_everything(
        count in 2usize..6, frame_max in prop::sample::select(vec![2_048usize, 16_384, FRAME_BYTES_MAX]),
        steps in vec(step(5), 1..60),
    ) {
        let mut mesh = Mesh::new(count as u8);
        mesh.frame_max = frame_max;
        let at = |at: usize| at % count;
        let steps: Vec<Step> = steps.into_iter().map(|step| match step {
            Step::Post(a, urgent) => Step::Post(at(a), urgent),
            Step::Link(a, b) => Step::Link(at(a), at(b)),
            Step::Restart(a) => Step::Restart(at(a)),
            other => other,
        }).collect();
        let mut posted = BTreeSet::new();
        run(&mut mesh, &steps, &mut posted);
        heal(&mut mesh);
        mesh.assert_equal();
        mesh.assert_calm();
        for site in &mesh.sites {
            prop_assert_eq!(site.node.board().len(), posted.len());
        }
        // And then it is quiet, even after everybody restarted.
        (0..count).for_each(|at| mesh.restart(at));
        let links: Vec<u32> = (1..count).map(|at| mesh.link(at - 1, at)).collect();
        mesh.settle();
        for link in links {
            prop_assert_eq!(mesh.frames(link), 0);
        }
    }

    /// The same while an old copy of one gateway's data is put back, and another one is wiped.
    #[test]
    fn what_others_have_comes_back_to_who_lost_it(
        before in vec(step(4), 1..30), between in vec(step(4), 1..30), after in vec(step(4), 1..30), wiped in 1usize..4,
    ) {
        let mut mesh = Mesh::new(4);
        let mut posted = BTreeSet::new();
        run(&mut mesh, &before, &mut posted);
        let old = mesh.sites[0].disk.clone();
        run(&mut mesh, &between, &mut posted);
        heal(&mut mesh);
        let age = mesh.sites[0].disk.age;
        mesh.sites[0].disk = old;
        mesh.sites[0].disk.age = age;
        mesh.restart(0);
        mesh.wipe(wiped);
        run(&mut mesh, &after, &mut posted);
        heal(&mut mesh);
        // What forked is proven along the line and back.
        heal(&mut mesh);
        mesh.post(0, "offer", "to stir them once more");
        heal(&mut mesh);
        for site in &mesh.sites {
            prop_assert_eq!(site.node.board().len(), posted.len() + 1, "at {}: {:?}", site.seed, site.alarms);
            prop_assert_eq!(&site.faults, &vec![]);
        }
        let digests: BTreeSet<_> = mesh.sites.iter().map(|site| site.node.views_digest()).collect();
        prop_assert_eq!(digests.len(), 1);
    }
}

/// Found by the runs above: of two neighbours who tell us of our own lost log, one would be taken for done.
#[test]
fn a_lost_log_that_two_neighbours_tell_of_comes_back() {
    use Step::*;
    let mut mesh = Mesh::new(4);
    let mut posted = BTreeSet::new();
    run(&mut mesh, &[Link(0, 3), Wait(2_767), Post(3, false), Post(3, true)], &mut posted);
    let old = mesh.sites[0].disk.clone();
    run(&mut mesh, &[Link(2, 3), Post(0, true), Carry(3), Post(3, true)], &mut posted);
    heal(&mut mesh);
    mesh.sites[0].disk = old;
    mesh.restart(0);
    mesh.wipe(2);
    run(&mut mesh, &[Wait(333), Link(1, 2), Carry(2), Link(0, 2), Link(0, 1), Carry(3)], &mut posted);
    heal(&mut mesh);
    mesh.post(0, "offer", "to stir them once more");
    heal(&mut mesh);
    for site in &mesh.sites {
        assert_eq!(site.node.board().len(), posted.len() + 1, "at {}: {:?}", site.seed, site.alarms);
    }
}

/// A new gateway in a large neighbourhood would take hours, or more memory than it has.
#[test]
fn a_new_gateway_takes_in_thousands_of_batches_with_little_memory() {
    let mut mesh = Mesh::new(2);
    for n in 0..400 {
        for part in 0..5 {
            mesh.stage(0, "offer", &format!("bread {n} {part}"));
        }
        mesh.commit(0);
    }
    let link = mesh.link(0, 1);
    let mut most = 0;
    while mesh.step() {
        most = most.max(mesh.wires[&link].queues[0].iter().map(|(frame, _)| frame.len()).sum::<usize>());
    }
    mesh.settle();
    assert_eq!(mesh.sites[1].node.board().len(), 2_000);
    assert!(most <= FRAMES_IN_FLIGHT_MAX * FRAME_BYTES_MAX, "{most} bytes were under way at once");
    let payload = mesh.payload(link) as usize;
    let stored: usize = mesh.sites[0].disk.journal.iter().map(|held| held.bytes.len()).sum();
    assert!(payload < stored + stored / 50, "{payload} bytes for {stored}");
    mesh.assert_equal();
    mesh.assert_calm();
}

/// A need for insulin would wait behind a year of offers on a slow radio.
#[test]
fn what_is_urgent_goes_first_and_overtakes() {
    let mut mesh = Mesh::new(2);
    mesh.frame_max = 2_048;
    (0..200).for_each(|n| drop(mesh.post(0, "offer", &format!("bread {n}"))));
    mesh.post(0, "need", r#"{"text":"insulin","urgency":"now"}"#);
    mesh.link(0, 1);
    let mut steps = 0;
    while mesh.sites[1].node.board().is_empty() {
        mesh.step();
        steps += 1;
    }
    assert!(steps <= 6, "{steps}");
    let urgent = mesh.sites[1].disk.journal[0].log.lane;
    assert_eq!(urgent, commons_core::log::Lane::Urgent);
    // And while the rest is under way, a new one does not wait for it either.
    mesh.step();
    let id = mesh.post(0, "need", r#"{"text":"oxygen","urgency":"now"}"#);
    mesh.step();
    assert!(mesh.sites[1].node.board().find(&id).is_some());
    assert!(mesh.sites[1].node.board().len() < 150);
    mesh.settle();
    mesh.assert_equal();
    mesh.assert_calm();
}

/// A frame that takes a minute on a radio would hold everything up; small ones on a cable would waste it.
#[test]
fn frames_grow_and_shrink_with_the_link() {
    let largest = |frame_ms: u64| {
        let mut mesh = Mesh::new(2);
        mesh.frame_ms = frame_ms;
        (0..600).for_each(|n| drop(mesh.post(0, "offer", &format!("{n:0500}"))));
        let link = mesh.link(0, 1);
        let mut sizes = Vec::new();
        for _ in 0..16 {
            mesh.step();
            sizes.extend(mesh.wires[&link].queues[0].back().map(|(frame, _)| frame.len()));
        }
        sizes
    };
    let fast = largest(10);
    assert!(fast.iter().any(|bytes| *bytes > 32 * 1024), "{fast:?}");
    let slow = largest(2_000);
    assert!(slow.last().is_some_and(|bytes| *bytes <= 4 * 1024), "{slow:?}");
}
