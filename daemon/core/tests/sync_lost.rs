//! What is lost with a link that only one side knows to be dead.

mod support;

use commons_core::log::LogKey;
use commons_core::sync::{Alarm, Event, LinkId};
use support::mesh::Mesh;

/// A neighbour's call for help would not come for as long as the other side has anything else to say: its answer went over a
/// link that this side knew to be dead, and what it told anew came too soon to be believed.
#[test]
fn an_answer_that_was_lost_with_a_link_is_asked_for_again() {
    let mut mesh = Mesh::new(2);
    let old = mesh.link(0, 1);
    mesh.settle();
    mesh.post(0, "offer", "bread");
    mesh.settle();
    // The link dies, and nobody hears of it.
    mesh.wires.remove(&old);
    mesh.post(0, "need", r#"{"text":"my mother has fallen","urgency":"now"}"#);
    mesh.link(0, 1);
    mesh.settle_for(100);
    mesh.event(1, Event::Down { link: LinkId(old) });
    mesh.settle_for(100);
    mesh.event(0, Event::Down { link: LinkId(old) });
    for turn in 0..8 {
        mesh.post(0, "offer", &format!("bread, loaf {turn}"));
        mesh.settle_for(100);
        mesh.wait_ms(2_500);
    }
    mesh.settle_for(100);
    assert_eq!(mesh.sites[1].node.board().len(), 10);
    mesh.assert_equal();
}

/// One that was rolled back asks what it had written, and the answer goes over a link that is dead: it would write on under
/// numbers that others have, and fork its own log.
#[test]
fn what_was_asked_to_compare_is_asked_again_if_the_answer_may_be_lost() {
    let (mut mesh, log) = rolled_back();
    let dead = mesh.link(0, 1);
    mesh.wires.remove(&dead);
    mesh.event(0, Event::Down { link: LinkId(dead) });
    mesh.link(0, 1);
    mesh.settle_for(100);
    assert!(mesh.sites[0].alarms.is_empty(), "the answer went the wrong way");
    mesh.event(1, Event::Down { link: LinkId(dead) });
    mesh.settle_for(20_000);
    assert!(matches!(mesh.sites[0].alarms[..], [Alarm::RolledBack { log: of, .. }] if of == log));
    assert_eq!(mesh.sites[0].node.board().len(), 2);
}

/// The same, and it was another neighbour who was asked first, and went away.
#[test]
fn what_was_asked_to_compare_is_asked_of_another_if_the_first_one_goes() {
    let (mut mesh, log) = rolled_back();
    let dead = mesh.link(0, 1);
    mesh.step();
    mesh.wires.remove(&dead);
    mesh.link(0, 2);
    mesh.settle_for(100);
    assert!(mesh.sites[0].alarms.is_empty(), "one is asked at a time");
    mesh.event(0, Event::Down { link: LinkId(dead) });
    mesh.settle_for(100);
    assert!(matches!(mesh.sites[0].alarms[..], [Alarm::RolledBack { log: of, .. }] if of == log));
    assert_eq!(mesh.sites[0].node.board().len(), 2);
}

/// Three, of which the first one has lost its last post.
fn rolled_back() -> (Mesh, LogKey) {
    let mut mesh = Mesh::new(3);
    mesh.link(0, 1);
    mesh.link(1, 2);
    mesh.post(0, "offer", "bread");
    mesh.settle();
    let old = mesh.sites[0].disk.clone();
    mesh.post(0, "offer", "soup");
    mesh.settle();
    mesh.sites[0].disk = old;
    mesh.restart(0);
    let log = mesh.sites[0].disk.journal[0].log;
    (mesh, log)
}
