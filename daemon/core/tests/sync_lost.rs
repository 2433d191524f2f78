//! What is lost with a link that only one side knows to be dead.

mod support;

use commons_core::sync::{Event, LinkId};
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
