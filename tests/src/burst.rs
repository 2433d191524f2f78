//! A burst of needs at QoS 1, a kill -9 in the middle of it, and what must be true afterwards.
//!
//! Every need whose PUBACK was read is there, none twice, none torn, nothing that was never sent; and what was not
//! acknowledged can be sent again, as MQTT asks, without making a second entry.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::codec::{self, Hello, Packet};
use crate::seed::Dice;
use crate::{Gateway, Mqtt, PATIENCE};

/// What a round saw.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// PUBACKs read before the cut.
    pub acknowledged: usize,
    /// Needs on the board after the restart, before anything was sent again.
    pub kept: usize,
}

/// One need of a round: JSON and plain text by turns.
fn payload(round: u64, number: usize) -> (String, Vec<u8>) {
    let text = format!("round {round} need {number}: {}", "insulin and bread ".repeat(1 + number % 12).trim_end());
    let payload = match number % 2 {
        0 => {
            serde_json::json!({"v": 1, "text": text, "urgency": "week", "ref": format!("{round}-{number}")}).to_string()
        }
        _ => text.clone(),
    };
    (text, payload.into_bytes())
}

/// One round of `needs` on a running gateway, which runs again afterwards. An error says what a neighbour lost.
pub fn round(gateway: &mut Gateway, round: u64, needs: usize, dice: &mut Dice) -> Result<Seen, String> {
    let version = if dice.below(2) == 0 { 4 } else { 5 };
    let hello = Hello { receive_max: 0, ..Hello::kept(version, "burst") };
    let posts: Vec<(String, Vec<u8>)> = (0..needs).map(|number| payload(round, number)).collect();
    // Cut after so many acknowledgements and a moment more, so that the cut falls anywhere in a commit.
    let cut_after = dice.below(needs as u64) as usize;
    let moment = Duration::from_micros(dice.below(6_000));
    let window = 1 + dice.below(if version == 4 { 900 } else { 60 }) as usize;

    let mut client = Mqtt::hello(gateway.mqtt, &hello).map_err(|code| format!("not welcome: {code}"))?;
    let mut acknowledged = BTreeSet::new();
    let mut sent = 0;
    let mut cut: Option<Instant> = None;
    while acknowledged.len() < needs {
        while sent < needs && sent - acknowledged.len() < window {
            let packet = codec::publish(version, "commons/post/need", &posts[sent].1, 1, false, false, sent as u16 + 1);
            sent += 1;
            if client.send(&packet).is_err() {
                break;
            }
        }
        if cut.is_none() && acknowledged.len() >= cut_after {
            cut = Some(Instant::now() + moment);
        }
        let patience = cut.map_or(PATIENCE, |cut| cut.saturating_duration_since(Instant::now()));
        if patience.is_zero() {
            break;
        }
        match client.read(patience) {
            Ok(Some(Packet::Ack { kind: 4, id, reason, words })) => {
                if reason != 0 {
                    return Err(format!("need {id} was refused: {reason:#x} {words}"));
                }
                acknowledged.insert(usize::from(id) - 1);
            }
            Ok(Some(Packet::Message(_))) => {}
            Ok(None) if cut.is_some() => break,
            other => return Err(format!("no PUBACK but {other:?} after {} of {sent}", acknowledged.len())),
        }
    }
    gateway.kill9();
    // What was acknowledged before the cut may still lie in the socket.
    while let Ok(Some(packet)) = client.read(Duration::from_secs(1)) {
        if let Packet::Ack { kind: 4, id, reason: 0, .. } = packet {
            acknowledged.insert(usize::from(id) - 1);
        }
    }
    gateway.try_again().map_err(|words| format!("it did not start after the cut: {words}"))?;

    let kept = look(gateway, round, &posts[..sent], &acknowledged, "after the cut")?;
    let mut client = Mqtt::hello(gateway.mqtt, &hello).map_err(|code| format!("not welcome again: {code}"))?;
    let missing: Vec<usize> = (0..needs).filter(|number| !acknowledged.contains(number)).collect();
    for some in missing.chunks(50) {
        for &number in some {
            let id = number as u16 + 1;
            let packet = codec::publish(version, "commons/post/need", &posts[number].1, 1, false, number < sent, id);
            client.send(&packet).map_err(|error| format!("resend: {error}"))?;
        }
        for _ in some {
            match client.read(PATIENCE) {
                Ok(Some(Packet::Ack { kind: 4, reason: 0, .. })) => {}
                other => return Err(format!("a resend was answered with {other:?}")),
            }
        }
    }
    client.goodbye();
    let everything = (0..needs).collect();
    look(gateway, round, &posts, &everything, "after sending the rest again")?;
    Ok(Seen { acknowledged: acknowledged.len(), kept })
}

/// Reads the board and compares. Returns how many of this round are there.
fn look(
    gateway: &Gateway,
    round: u64,
    posts: &[(String, Vec<u8>)],
    must: &BTreeSet<usize>,
    when: &str,
) -> Result<usize, String> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let prefix = format!("round {round} need ");
    for item in gateway.all("needs") {
        let text = item["text"].as_str().unwrap_or_default();
        if text.starts_with(&prefix) {
            *found.entry(text.to_owned()).or_default() += 1;
        } else if !text.starts_with("round ") {
            return Err(format!("{when}: a torn need: {text:?}"));
        }
    }
    for &number in must {
        match found.get(&posts[number].0) {
            Some(1) => {}
            Some(count) => return Err(format!("{when}: need {number} is there {count} times")),
            None => return Err(format!("{when}: need {number} was acknowledged and is gone")),
        }
    }
    let known: BTreeSet<&String> = posts.iter().map(|(text, _)| text).collect();
    for (text, count) in &found {
        if !known.contains(text) {
            return Err(format!("{when}: a need nobody sent: {text:?}"));
        }
        if *count > 1 {
            return Err(format!("{when}: there {count} times: {text:?}"));
        }
    }
    Ok(found.len())
}
