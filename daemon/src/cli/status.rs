//! `commonsd status`: a volunteer reads the first line and knows.

use std::io::Write;
use std::path::Path;

use serde_json::{json, Value};

use super::arguments::Where;
use super::output::{Failure, Output};
use super::{connect, loader, plain, Backend, Connection};
use crate::config::Loaded;
use crate::control::status::{bad_configuration, not_running};
use crate::control::{Answerer, Request};
use crate::host::inspect::{self, Card};

/// All is well.
const WELL: u8 = 0;
/// Something needs attention.
const ATTENTION: u8 = 1;
/// The daemon does not run.
const STOPPED: u8 = 3;

/// `status`.
pub fn status(place: &Where, json: bool, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let (report, _) = found(place, backend)?;
    if json {
        writeln!(output, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write!(output, "{}", words(&report, output.columns))?;
    }
    let well = report["problems"].as_array().is_some_and(Vec::is_empty);
    Ok(match (report["running"] == true, well) {
        (false, _) => STOPPED,
        (true, true) => WELL,
        (true, false) => ATTENTION,
    })
}

/// What there is to report, of a running gateway or a stopped one, and the configuration it was found by.
pub fn found(place: &Where, backend: &dyn Backend) -> anyhow::Result<(Value, Loaded)> {
    let loader = loader(place);
    let loading = loader.load();
    let loaded = loading.as_ref().map_or_else(|_| loader.without_file(), Loaded::clone);
    let data = &loaded.config.gateway.data;
    let mut report = match connect(data)? {
        Connection::Running(mut running) => granted(running.answer(&Request::Status {})?)?,
        Connection::Stopped => stopped(&loaded, backend),
    };
    if let (Err(mistakes), Some(problems)) = (&loading, report["problems"].as_array_mut()) {
        problems.push(serde_json::to_value(bad_configuration(mistakes))?);
    }
    report["data"] = data.to_string_lossy().into();
    if let Some(card) = inspect::card(Path::new("/")) {
        report["card"] = program(&card);
    }
    Ok((report, loaded))
}

/// Which program a flashed card runs, and what came of its last update.
fn program(card: &Card) -> Value {
    let program = match (card.tried, card.updated) {
        (true, _) => "from an update that is being tried",
        (false, true) => "from an update",
        (false, false) => "as it was on the card",
    };
    json!({"program": program, "last_update": card.last})
}

/// The report, unless the answer was no.
fn granted(report: Value) -> anyhow::Result<Value> {
    match report["ok"] == true {
        true => Ok(report),
        false => Err(Failure::new(1, plain::line(report["message"].as_str().unwrap_or("it gives no answer"))).into()),
    }
}

/// What can be said of a gateway that does not run.
fn stopped(loaded: &Loaded, backend: &dyn Backend) -> Value {
    let data = &loaded.config.gateway.data;
    let mut trouble = not_running();
    let found = if data.is_dir() {
        backend
            .offline(loaded)
            .and_then(|mut offline| Ok(offline.answer(&Request::Status {})?))
            .and_then(granted)
            .map_err(|error| super::output::sentence(&error))
    } else {
        trouble.message = format!("There is no gateway in {}.", data.display());
        trouble.advice = "Start one with `commonsd run`, or name another place with --data.".into();
        Err(String::new())
    };
    match found {
        Ok(report) => report,
        Err(why) => {
            if !why.is_empty() {
                trouble.message = format!("{} Its store does not open: {why}.", trouble.message);
            }
            json!({
                "v": 1, "ok": true, "running": false,
                "name": loaded.config.gateway.name, "id": "", "network": loaded.config.gateway.network,
                "version": env!("CARGO_PKG_VERSION"), "entries": null, "batches": null, "heads_digest": "",
                "items": null, "disk": null, "clock": null, "peers": [], "near": [], "problems": [trouble],
            })
        }
    }
}

/// For people.
fn words(report: &Value, columns_max: usize) -> String {
    let mut text = String::new();
    let said = |value: &Value| plain::line(value.as_str().unwrap_or_default());
    match report["problems"].as_array() {
        Some(problems) if !problems.is_empty() => {
            text.push_str("Something needs attention:\n");
            for problem in problems {
                text.push_str(&format!("  * {}\n    {}\n", said(&problem["message"]), said(&problem["advice"])));
            }
        }
        _ => text.push_str("All is well.\n"),
    }
    text.push('\n');
    let number = |value: &Value| value.as_u64().map(|n| n.to_string()).unwrap_or_default();
    let size = |value: &Value| value.as_u64().map(plain::bytes);
    let items = &report["items"];
    let clock = &report["clock"];
    let rows: Vec<Vec<String>> = [
        ("name", said(&report["name"])),
        ("id", said(&report["id"])),
        ("network", said(&report["network"])),
        ("version", said(&report["version"])),
        ("program", said(&report["card"]["program"])),
        ("data", said(&report["data"])),
        ("page", said(&report["page"])),
        (
            "up for",
            report["uptime_s"].as_u64().filter(|_| report["running"] == true).map(plain::span).unwrap_or_default(),
        ),
        (
            "board",
            items["needs"].as_u64().map_or_else(String::new, |needs| {
                format!("{needs} needs, {} offers, {} notices", number(&items["offers"]), number(&items["notices"]))
            }),
        ),
        ("entries", number(&report["entries"])),
        ("ledger", ledger(&report["ledger"])),
        ("last post", said(&report["last_post"])),
        (
            "disk",
            match (size(&report["disk"]["free_bytes"]), size(&report["disk"]["journal_bytes"])) {
                (Some(free), Some(journal)) => format!("{free} free, journal {journal}"),
                _ => String::new(),
            },
        ),
        (
            "clock",
            match said(&clock["now"]) {
                now if now.is_empty() => now,
                now => format!("{now} ({})", said(&clock["certainty"])),
            },
        ),
        (
            "sessions",
            report["sessions"]
                .as_u64()
                .filter(|_| report["running"] == true)
                .map(|sessions| sessions.to_string())
                .unwrap_or_default(),
        ),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| vec![name.to_owned(), value])
    .chain(super::peer::status_rows(report))
    .collect();
    text.push_str(&plain::table(&rows, columns_max));
    let update = said(&report["card"]["last_update"]);
    if !update.is_empty() {
        // Not a row: its end, which says why, would be cut off.
        text.push_str(&format!("\nThe last update: {update}\n"));
    }
    text
}

/// How many records members have said, and which checkpoint of them two gateways agree on; nothing where there is no ledger.
fn ledger(ledger: &Value) -> String {
    let Some(records) = ledger["records"].as_u64().filter(|records| *records > 0) else { return String::new() };
    let checkpoint = &ledger["checkpoint"];
    let gateways = checkpoint["gateways"].as_array().map_or(0, Vec::len);
    match (checkpoint["records"].as_u64(), checkpoint["is_present"] == true) {
        (Some(_), true) => format!("{records} records; {gateways} gateways agree on all of them"),
        (Some(of), false) => format!("{records} records; {gateways} gateways agree on a checkpoint of {of}"),
        (None, _) => format!("{records} records; no two gateways have said a checkpoint yet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_it_all() {
        // A volunteer would have to understand the numbers to know whether to act.
        let well = json!({
            "v": 1, "ok": true, "running": true, "name": "Block\u{1b}[2J C", "uptime_s": 200, "sessions": 3,
            "items": {"needs": 1, "offers": 2, "notices": 0}, "problems": [],
            "disk": {"free_bytes": 1024, "journal_bytes": 5}, "clock": {"now": "x", "certainty": "unknown"},
        });
        let text = words(&well, 80);
        assert!(text.starts_with("All is well.\n"), "{text}");
        assert!(text.contains("1 needs, 2 offers, 0 notices"), "{text}");
        assert!(!text.contains('\u{1b}'));
        assert!(!text.contains("program") && !text.contains("last update"), "no card, no word of it: {text}");
        assert!(!text.contains("ledger"), "{text}");
        let said = |checkpoint| words(&json!({"ledger": {"records": 300, "checkpoint": checkpoint}}), 80);
        let text = said(json!({"records": 256, "gateways": ["a", "b"], "is_present": false}));
        assert!(text.contains("300 records; 2 gateways agree on a checkpoint of 256"), "{text}");
        let text = said(json!({"records": 300, "gateways": ["a", "b", "c"], "is_present": true}));
        assert!(text.contains("300 records; 3 gateways agree on all of them"), "{text}");
        assert!(said(json!(null)).contains("no two gateways"));
        let ill = json!({"running": false, "problems": [not_running()]});
        let text = words(&ill, 80);
        assert!(text.starts_with("Something needs attention:\n  * The gateway is not running"), "{text}");
        assert!(text.contains("systemctl start"), "{text}");
    }

    #[test]
    fn a_card_tells_what_came_of_its_last_update() {
        // Whoever brought a stick would not know whether the gateway is renewed.
        let shown = |updated, tried, last: &str| {
            let card = program(&Card { updated, tried, last: last.into() });
            words(&json!({"running": true, "problems": [], "card": card}), 60)
        };
        let sentence =
            "version 0.2.0 was tried and taken back: it was not healthy in the end. What ran before runs again.";
        let kept = shown(true, false, sentence);
        assert!(kept.contains("program  from an update\n"), "{kept}");
        assert!(kept.ends_with(&format!("\nThe last update: {sentence}\n")), "the end says why: {kept}");
        assert!(shown(true, true, "x").contains("from an update that is being tried"));
        let new = shown(false, false, "");
        assert!(new.contains("as it was on the card") && !new.contains("last update"), "{new}");
    }
}
