//! Handshakes and sessions, right ones and bent ones.

use super::session::PIECE_BYTES_MAX;
use super::*;

const FRAME_BYTES: usize = 256 * 1024;

fn identity(seed: u8, network: &str) -> Identity {
    Identity::new(NetworkId::of(network), GatewayKeys::from_seed(&[seed; 32]))
}

fn linked() -> (Session, Session) {
    let (a, b) = (identity(1, "maple"), identity(2, "maple"));
    let (calling, first) = a.call(&b.id, b"hello of a").unwrap();
    let (answering, hello) = b.answer(&a.id, &first).unwrap();
    assert_eq!(hello, b"hello of a");
    let (theirs, second) = answering.finish(b"hello of b").unwrap();
    let (ours, hello) = calling.finish(&second).unwrap();
    assert_eq!(hello, b"hello of b");
    (ours, theirs)
}

/// Two paired gateways could not talk at all.
#[test]
fn frames_of_any_size_arrive_whole() {
    let (mut a, mut b) = linked();
    for size in [0, 1, 100, PIECE_BYTES_MAX, PIECE_BYTES_MAX + 1, 65_535, 65_536, FRAME_BYTES] {
        let frame: Vec<u8> = (0..size).map(|n| (n * 31 % 251) as u8).collect();
        let (mut back, mut rest) = (None, frame.as_slice());
        while back.is_none() {
            let (piece, after) = Sealer::piece(rest, usize::MAX);
            let flag = if after.is_empty() { Flag::Last } else { Flag::More };
            let message = a.sealer.seal(flag, piece).unwrap();
            assert!(message.len() <= MESSAGE_BYTES_MAX);
            if let Opened::Frame(frame) = b.opener.open(&message, FRAME_BYTES).unwrap() {
                back = Some(frame);
            }
            // Something urgent comes between.
            let halves = [(Flag::UrgentMore, b"no"), (Flag::UrgentLast, b"w!")];
            let opened = halves.map(|(flag, half)| {
                let message = a.sealer.seal(flag, half).unwrap();
                b.opener.open(&message, FRAME_BYTES).unwrap()
            });
            assert_eq!(opened, [Opened::Piece, Opened::Frame(b"now!".to_vec())]);
            rest = after;
        }
        assert!(back == Some(frame), "{size}");
    }
    let ping = b.sealer.seal(Flag::Ping, &[]).unwrap();
    assert_eq!(a.opener.open(&ping, 0), Ok(Opened::Sign(Flag::Ping, vec![])));
}

/// Somebody on the way could change, drop, repeat or turn around what gateways tell each other.
#[test]
fn nothing_is_opened_that_was_touched() {
    let (mut a, mut b) = linked();
    let one = a.sealer.seal(Flag::Last, b"one").unwrap();
    let two = a.sealer.seal(Flag::Last, b"two").unwrap();
    for at in 1..one.len() {
        let mut bent = one.clone();
        bent[at] ^= 1;
        assert_eq!(b.opener.open(&bent, 99), Err(LinkFault::Altered));
    }
    for end in 1..one.len() {
        assert_eq!(b.opener.open(&one[..end], 99), Err(LinkFault::Altered), "{end}");
    }
    assert_eq!(b.opener.open(&[], 99), Err(LinkFault::Unexpected));
    assert_eq!(b.opener.open(&two, 99), Err(LinkFault::Altered), "out of order");
    assert_eq!(a.opener.open(&one, 99), Err(LinkFault::Altered), "turned around");
    assert_eq!(b.opener.open(&one, 99), Ok(Opened::Frame(b"one".to_vec())));
    assert_eq!(b.opener.open(&one, 99), Err(LinkFault::Altered), "again");
    assert_eq!(b.opener.open(&two, 2), Err(LinkFault::TooLarge(2)));
    let mut future = two;
    future[0] = 0x22;
    assert_eq!(b.opener.open(&future, 99), Err(LinkFault::FutureVersion(2)));
}

/// A stranger, a gateway of another network or a recording would be taken for a neighbour.
#[test]
fn only_the_right_two_meet() {
    let (a, b, c) = (identity(1, "maple"), identity(2, "maple"), identity(3, "maple"));
    let (calling, first) = a.call(&b.id, b"x").unwrap();
    let fault = |result: Result<(Answering, Vec<u8>), LinkFault>| result.err().unwrap();
    assert_eq!(fault(b.answer(&c.id, &first)), LinkFault::Unproven, "not who it says");
    assert_eq!(fault(c.answer(&a.id, &first)), LinkFault::Unproven, "not who was called");
    assert_eq!(fault(identity(2, "oak").answer(&a.id, &first)), LinkFault::OtherNetwork);
    for end in 0..first.len() {
        assert!(b.answer(&a.id, &first[..end]).is_err(), "{end}");
    }
    for at in 5..first.len() {
        let mut bent = first.clone();
        bent[at] ^= 0x40;
        assert_eq!(fault(b.answer(&a.id, &bent)), LinkFault::Unproven, "{at}");
    }
    let mut future = first.clone();
    future[0] = 0x30;
    assert_eq!(fault(b.answer(&a.id, &future)), LinkFault::FutureVersion(3));
    // A recorded call is answered, but what the recorder can send next opens nothing.
    let (_, second) = b.answer(&a.id, &first).unwrap().0.finish(b"y").unwrap();
    let (mut again, third) = b.answer(&a.id, &first).unwrap().0.finish(b"y").unwrap();
    let (mut session, _) = calling.finish(&second).unwrap();
    let sealed = session.sealer.seal(Flag::Here, &[]).unwrap();
    assert_eq!(again.opener.open(&sealed, 9), Err(LinkFault::Altered));
    let (calling, _) = a.call(&b.id, b"x").unwrap();
    assert_eq!(calling.finish(&third).err(), Some(LinkFault::Unproven), "an answer to another call");
    let (calling, _) = a.call(&b.id, b"x").unwrap();
    assert_eq!(calling.finish(&no(Refusal::Busy)).err(), Some(LinkFault::Refused(Refusal::Busy)));
}

/// An invitation could be used by whoever does not know its code.
#[test]
fn a_first_meeting_needs_the_secret() {
    let (a, b) = (identity(1, "maple"), identity(2, "maple"));
    let (mut meeting, first) = b.meet(&[5; 32]).unwrap();
    assert_eq!(a.met(&[6; 32], &first).err(), Some(LinkFault::Unproven));
    assert_eq!(identity(1, "oak").met(&[5; 32], &first).err(), Some(LinkFault::OtherNetwork));
    let mut met = a.met(&[5; 32], &first).unwrap();
    assert_eq!(meeting.seen(), met.seen());
    let second = met.write(b"card of a").unwrap();
    assert_eq!(meeting.read(&second).unwrap(), b"card of a");
    assert_eq!(meeting.remote_key(), a.id.exchange_key());
    assert_eq!(meeting.seen(), met.seen());
    let third = meeting.write(b"card of b").unwrap();
    assert_eq!(met.read(&third).unwrap(), b"card of b");
    assert_eq!(met.remote_key(), b.id.exchange_key());
    let (mut one, mut other) = (meeting.finish().unwrap(), met.finish().unwrap());
    let sealed = one.sealer.seal(Flag::Here, b"!").unwrap();
    assert_eq!(other.opener.open(&sealed, 9), Ok(Opened::Sign(Flag::Here, b"!".to_vec())));
}
