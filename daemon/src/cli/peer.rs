//! `commonsd peer`: pairing with other gateways, and who they are.

use std::io::Write;
use std::time::{Duration, Instant};

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde_json::Value;

use super::arguments::{PeerCommand, Where};
use super::output::{Failure, Output};
use super::{plain, Asked, Backend};
use crate::control::Request;

/// How long `add` watches whether the other gateway is met.
const MEET_WITHIN: Duration = Duration::from_secs(8);
/// The exit code of `add` when it was not: neither done nor failed.
const NOT_MET: u8 = 4;
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// `peer ...`.
pub fn peer(command: &PeerCommand, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    match command {
        PeerCommand::Invite { place } => invite(place, backend, output),
        PeerCommand::Add { code, only, place } => add(code, only.as_deref(), place, backend, output),
        PeerCommand::Only { peer, what, place } => only(peer, what.as_deref(), place, backend, output),
        PeerCommand::List { place, json } => list(place, *json, backend, output),
        PeerCommand::Remove { peer, place } => remove(peer, place, backend, output),
    }
}

fn invite(place: &Where, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut asked = Asked::find(place, backend)?;
    let reply = asked.ask(&Request::PeerInvite {})?;
    let code = plain::line(reply["code"].as_str().unwrap_or_default());
    // Letters of the QR code's own compact alphabet; L is enough on a screen.
    if let Ok(picture) = QrCode::with_error_correction_level(code.as_bytes(), EcLevel::L) {
        // A terminal's ground is mostly dark: what is lit is the picture's white.
        let picture = picture.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
        writeln!(output, "{picture}\n")?;
    }
    let addresses: Vec<String> = entries(&reply, "addresses").map(said).collect();
    writeln!(output, "On the other gateway, within a day:  commonsd peer add CODE")?;
    if addresses.is_empty() {
        writeln!(output, "This gateway has no address others could call; they must hear it on a common network.")?;
    } else {
        writeln!(output, "The code says that this gateway is called at {}.", addresses.join(" or "))?;
    }
    if !asked.running {
        writeln!(output, "This gateway is not running; start it, else nobody can be paired.")?;
    }
    writeln!(output, "The code works once:")?;
    writeln!(output, "{code}")?;
    Ok(0)
}

fn add(
    code: &str,
    only: Option<&str>,
    place: &Where,
    backend: &dyn Backend,
    output: &mut Output,
) -> anyhow::Result<u8> {
    let mut asked = Asked::find(place, backend)?;
    let reply = asked.ask(&Request::PeerAdd { code: code.into(), only: only.map(Into::into) })?;
    let code = plain::line(reply["code"].as_str().unwrap_or_default());
    if !asked.running {
        writeln!(output, "Kept. The two gateways are paired once this one runs and reaches the other.")?;
        return Ok(0);
    }
    let inviter = reply["inviter"].as_str().unwrap_or_default().to_owned();
    let end = Instant::now() + MEET_WITHIN;
    loop {
        let list = asked.ask(&Request::Peers {})?;
        let tried = entries(&list, "codes").find(|each| each["code"] == code.as_str()).cloned();
        let Some(tried) = tried else {
            let peer = entries(&list, "peers").find(|peer| said(&peer["id"]).starts_with(&inviter));
            let name = peer.map_or_else(|| inviter.clone(), |peer| said(&peer["name"]));
            writeln!(output, "Paired with {name}.")?;
            if let Some(only) = peer.and_then(wanted_words) {
                writeln!(output, "Taken of it: {only}.")?;
            }
            return Ok(0);
        };
        if tried["given_up"] == true {
            let sentence = format!("this code does not work: {}", said(&tried["why"]));
            return Err(Failure::new(1, sentence).into());
        }
        if Instant::now() >= end {
            writeln!(output, "Not met yet; it is tried again until it works, for a day.")?;
            if let Some(why) = tried["why"].as_str() {
                writeln!(output, "The last try: {}", plain::line(why))?;
            }
            return Ok(NOT_MET);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn list(place: &Where, as_json: bool, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut asked = Asked::find(place, backend)?;
    let reply = asked.ask(&Request::Peers {})?;
    if as_json {
        writeln!(output, "{}", serde_json::to_string_pretty(&reply)?)?;
        return Ok(0);
    }
    write!(output, "{}", words(&reply, asked.running, output.columns))?;
    Ok(0)
}

fn remove(peer: &str, place: &Where, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut asked = Asked::find(place, backend)?;
    let reply = match asked.ask(&Request::PeerRemove { peer: peer.into() }) {
        Ok(reply) => reply,
        Err(no) => {
            let list = asked.ask(&Request::Peers {})?;
            return Err(
                several(&list, peer, "remove", asked.running).map_or(no, |sentence| Failure::new(1, sentence).into())
            );
        }
    };
    match said(&reply["removed"]["name"]) {
        name if name.is_empty() && reply["removed"].is_null() => writeln!(output, "That code is no longer tried.")?,
        name => {
            writeln!(output, "No longer paired with {name}. What came from it stays here; nothing more is exchanged.")?;
        }
    }
    Ok(0)
}

fn only(
    peer: &str,
    what: Option<&str>,
    place: &Where,
    backend: &dyn Backend,
    output: &mut Output,
) -> anyhow::Result<u8> {
    let mut asked = Asked::find(place, backend)?;
    let reply = match asked.ask(&Request::PeerOnly { peer: peer.into(), only: what.map(Into::into) }) {
        Ok(reply) => reply,
        Err(no) => {
            let list = asked.ask(&Request::Peers {})?;
            return Err(several(&list, peer, "only", asked.running).map_or(no, |text| Failure::new(1, text).into()));
        }
    };
    writeln!(output, "Taken of {} from now on: {}.", said(&reply["peer"]["name"]), said(&reply["holds"]))?;
    writeln!(output, "What came before stays; what is posted here goes to it all the same.")?;
    Ok(0)
}

/// The lanes that are wanted of a peer, if they are not the usual ones.
fn wanted_words(peer: &Value) -> Option<String> {
    let lanes: Vec<String> = entries(peer, "wanted").map(said).collect();
    (!lanes.is_empty() && lanes != ["urgent", "book", "board"]).then(|| lanes.join(", "))
}

/// Asks back which of the peers of one name is meant. None: there is at most one.
fn several(list: &Value, name: &str, act: &str, running: bool) -> Option<String> {
    let namesakes: Vec<&Value> = entries(list, "peers").filter(|peer| peer["name"] == name.trim()).collect();
    if namesakes.len() < 2 {
        return None;
    }
    let mut text = format!("several peers are called \"{}\"; say which one:", plain::line(name.trim()));
    for peer in namesakes {
        text.push_str(&format!("\n  commonsd peer {act} {}", short(&peer["id"])));
        if running {
            text.push_str(&format!("  {}", link_words(peer)));
        }
    }
    Some(text)
}

fn entries<'a>(list: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    list[name].as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn said(value: &Value) -> String {
    plain::line(value.as_str().unwrap_or_default())
}

fn short(value: &Value) -> String {
    said(value).chars().take(8).collect()
}

/// Milliseconds as people say them.
fn ago(value: &Value) -> Option<String> {
    value.as_u64().map(|ms| plain::span(ms / 1_000))
}

/// How the link to a peer stands, in a few words.
pub fn link_words(peer: &Value) -> String {
    let link = &peer["link"];
    if link.is_null() {
        let mut text = "no link".to_owned();
        if let Some(heard) = ago(&peer["heard_ms_ago"]) {
            text.push_str(&format!(", last heard {heard} ago"));
        }
        let why = said(&peer["why"]);
        if !why.is_empty() {
            text.push_str(&format!(" ({why})"));
        }
        return text;
    }
    let mut text = format!("linked for {}", ago(&link["since_ms"]).unwrap_or_default());
    if let Some(heard) = ago(&peer["heard_ms_ago"]) {
        text.push_str(&format!(", heard {heard} ago"));
    }
    text
}

/// What waits and what has crossed.
pub fn traffic_words(peer: &Value) -> String {
    let number = |name: &str| peer[name].as_u64().unwrap_or_default();
    let mut text = format!("to send {}, to come {}", number("queue_out"), number("queue_in"));
    if peer["complete"] == true && !peer["link"].is_null() {
        text.push_str(", complete: all it announced is here");
    }
    if let Some(oldest) = ago(&peer["oldest_unacknowledged_ms"]) {
        text.push_str(&format!(", oldest unconfirmed {oldest}"));
    }
    let bytes = |name: &str| plain::bytes(number(name));
    text.push_str(&format!(
        "; {} frames ({}) in, {} ({}) out",
        number("frames_in"),
        bytes("bytes_in"),
        number("frames_out"),
        bytes("bytes_out")
    ));
    text
}

/// For people.
fn words(list: &Value, running: bool, columns_max: usize) -> String {
    let mut text = String::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for peer in entries(list, "peers") {
        let link = if running { link_words(peer) } else { "the gateway is not running".into() };
        rows.push(vec![said(&peer["name"]), short(&peer["id"]), link]);
        if running {
            rows.push(vec![String::new(), String::new(), traffic_words(peer)]);
        }
        if let Some(only) = wanted_words(peer) {
            rows.push(vec![String::new(), String::new(), format!("taken of it: {only}")]);
        }
        if peer["replaced"] == true {
            let hint = format!("gone for good? commonsd peer remove {}", short(&peer["id"]));
            rows.push(vec![String::new(), String::new(), hint]);
        }
    }
    if rows.is_empty() {
        text.push_str("Not paired with any gateway. `commonsd peer invite` makes a code for another one.\n");
    }
    text.push_str(&plain::table(&rows, columns_max));
    let near: Vec<&Value> = entries(list, "near").collect();
    if !near.is_empty() {
        text.push_str("\nNear, and not paired:\n");
        let rows: Vec<Vec<String>> =
            near.iter().map(|near| vec![said(&near["name"]), short(&near["id"]), said(&near["address"])]).collect();
        text.push_str(&plain::table(&rows, columns_max));
        text.push_str("To pair: `commonsd peer invite` there, then `commonsd peer add CODE` here.\n");
    }
    for code in entries(list, "codes") {
        let why = said(&code["why"]);
        let why = if why.is_empty() { "not met yet".into() } else { why };
        let state = if code["given_up"] == true { "Given up" } else { "Being tried" };
        text.push_str(&format!("\n{state}: {}\n  {why}\n", said(&code["code"])));
    }
    text
}

/// The rows of `status`.
pub fn status_rows(report: &Value) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for peer in entries(report, "peers") {
        let name = format!("{} ({})", said(&peer["name"]), short(&peer["id"]));
        if report["running"] == true {
            rows.push(vec!["peer".into(), format!("{name}: {}", link_words(peer))]);
            rows.push(vec![String::new(), traffic_words(peer)]);
        } else {
            rows.push(vec!["peer".into(), name]);
        }
    }
    let near = entries(report, "near").count();
    if near > 0 {
        rows.push(vec!["near".into(), format!("{near} gateways not paired; see `commonsd peer list`")]);
    }
    rows
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A neighbour's gateway could steer the keeper's terminal by its name, or a keeper would not see what to do.
    #[test]
    fn the_list_says_who_is_linked_and_how_to_pair() {
        let list = json!({
            "peers": [
                {"id": "ab".repeat(32), "name": "Block\u{1b}[2J A", "link": {"since_ms": 61_000}, "heard_ms_ago": 2_000,
                 "frames_in": 3, "bytes_in": 2_048, "queue_out": 7, "oldest_unacknowledged_ms": 130_000, "complete": true},
                {"id": "cd".repeat(32), "name": "B", "link": null, "why": "nothing was heard within 25 s"},
                {"id": "01".repeat(32), "name": "B", "link": null, "why": "another gateway answers", "replaced": true},
            ],
            "near": [{"id": "ef".repeat(32), "name": "C", "address": "192.0.2.1:1883"}],
            "codes": [
                {"code": "AAAAA-BBBBB", "why": null, "given_up": false},
                {"code": "CCCCC-DDDDD", "why": "it was used", "given_up": true},
            ],
        });
        let text = words(&list, true, 200);
        assert!(!text.contains('\u{1b}'));
        for part in [
            "abababab",
            "linked for 61 s, heard 2 s ago",
            "to send 7",
            "to come 0, complete: all it announced is here, oldest unconfirmed 2 min",
            "2.0 KiB",
            "no link (nothing was heard within 25 s)",
            "192.0.2.1:1883",
            "commonsd peer add CODE",
            "Being tried: AAAAA-BBBBB",
            "Given up: CCCCC-DDDDD\n  it was used",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(text.matches("commonsd peer remove").count(), 1, "{text}");
        assert!(text.contains("gone for good? commonsd peer remove 01010101"), "{text}");
        assert!(words(&json!({"peers": []}), true, 80).contains("commonsd peer invite"));
        // Of two with one name it is asked back which one is meant.
        assert_eq!(several(&list, "C", "remove", true), None);
        let back = several(&list, "B", "remove", true).unwrap();
        assert!(back.contains("\n  commonsd peer remove cdcdcdcd  no link (nothing was heard"), "{back}");
        assert!(back.contains("\n  commonsd peer remove 01010101  no link (another gateway"), "{back}");
    }
}
