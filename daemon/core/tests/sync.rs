//! Gossip between gateways: what is posted at one is everywhere, once, whatever becomes of the links.

mod support;

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
