//! Needs, offers and notices in the terminal.

use std::io::Write;

use serde_json::Value;

use super::arguments::{ListArguments, Where};
use super::output::{Failure, Output};
use super::{connect, loader, plain, Asked, Backend, Connection};
use crate::control::Request;
use crate::host::clock;

/// `needs`, `offers`, `notices`.
pub fn list(kind: &str, arguments: &ListArguments, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut asked = Asked::find(&arguments.place, backend)?;
    let mut items: Vec<Value> = Vec::new();
    // The writer gives pages, so that posts are not held up by a long list.
    while items.len() < arguments.limit {
        let after = items.last().and_then(|item| item["id"].as_str());
        let mut page = asked.ask(&Request::List {
            kind: Some(kind.into()),
            status: arguments.status.clone(),
            category: arguments.category.clone(),
            urgency: arguments.urgency.clone(),
            limit: Some(arguments.limit - items.len()),
            after: after.map(Into::into),
        })?;
        match page["items"].take() {
            Value::Array(page) if !page.is_empty() => items.extend(page),
            _ => break,
        }
    }
    if arguments.json {
        writeln!(output, "{}", serde_json::to_string_pretty(&items)?)?;
    } else if items.is_empty() {
        writeln!(output, "No {kind}s.")?;
    } else {
        let now = clock::unix_s();
        let heading = ["ID", "URGENCY", "STATUS", "AGE", "ZONE", "TEXT"];
        let mut rows = vec![heading.map(String::from).to_vec()];
        rows.extend(items.iter().map(|item| row(item, now)));
        write!(output, "{}", plain::table(&rows, output.columns))?;
    }
    Ok(0)
}

/// A field as plain words.
pub(super) fn word(item: &Value, field: &str) -> String {
    plain::line(item[field].as_str().unwrap_or_default())
}

pub(super) fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

/// `assigned 1/2`
fn standing(item: &Value) -> String {
    match (item["filled"].as_u64(), item["slots"].as_u64()) {
        (Some(filled), Some(slots)) if slots > 0 => {
            format!("{} {filled}/{slots}", word(item, "status"))
        }
        _ => word(item, "status"),
    }
}

fn row(item: &Value, now: u64) -> Vec<String> {
    let age = plain::unix_s(item["created"].as_str().unwrap_or_default())
        .and_then(|created| now.checked_sub(created))
        .map_or_else(|| "?".into(), plain::span);
    let zone = match word(item, "zone") {
        zone if zone.is_empty() => "-".into(),
        zone => zone,
    };
    vec![short(&word(item, "id")), word(item, "urgency"), standing(item), age, zone, word(item, "text")]
}

/// `show ID`.
pub fn show(id: &str, place: &Where, json: bool, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let item = Asked::find(place, backend)?.ask(&Request::Item { id: id.into() })?["item"].take();
    if json {
        writeln!(output, "{}", serde_json::to_string_pretty(&item)?)?;
        return Ok(0);
    }
    for line in plain::lines(item["text"].as_str().unwrap_or_default()) {
        writeln!(output, "{line}")?;
    }
    writeln!(output)?;
    let mut rows = vec![
        vec!["id".into(), word(&item, "id")],
        vec!["kind".into(), word(&item, "kind")],
        vec!["status".into(), standing(&item)],
    ];
    for field in ["urgency", "category", "zone", "created", "by", "gateway", "lang", "repeat", "see", "ref"] {
        let value = word(&item, field);
        if !value.is_empty() {
            rows.push(vec![field.into(), value]);
        }
    }
    if let Some(seconds) = item["expires_s"].as_u64() {
        rows.push(vec!["expires in".into(), plain::span(seconds)]);
    }
    let list = |field: &str| item[field].as_array().cloned().unwrap_or_default();
    for tag in list("tags") {
        rows.push(vec!["tag".into(), plain::line(tag.as_str().unwrap_or_default())]);
    }
    for line in list("lines") {
        let text = format!("{} {} {}", line["qty"], word(&line, "unit"), word(&line, "item"));
        rows.push(vec!["line".into(), plain::line(&text)]);
    }
    for claim in list("claims") {
        let text = format!("{} {} {}", short(&word(&claim, "id")), word(&claim, "status"), word(&claim, "message"));
        rows.push(vec!["claim".into(), plain::line(&text)]);
    }
    write!(output, "{}", plain::table(&rows, output.columns))?;
    Ok(0)
}

/// `watch`.
pub fn watch(place: &Where, json: bool, output: &mut Output) -> anyhow::Result<u8> {
    let loaded = loader(place).load()?;
    let data = &loaded.config.gateway.data;
    let Connection::Running(mut running) = connect(data)? else {
        return Err(Failure::new(
            3,
            format!(
                "no gateway is running in {}; start it with `commonsd run`, or name another place with --data",
                data.display()
            ),
        )
        .into());
    };
    running.watch()?;
    while let Some(line) = running.next_change()? {
        if json {
            writeln!(output, "{line}")?;
        } else if let Some(missed) = line["lagged"].as_u64() {
            writeln!(output, "... {missed} changes were too fast to show ...")?;
        } else {
            writeln!(output, "{}", change(&line["change"], output.columns))?;
        }
        // Live: each line at once, also into a pipe.
        output.flush()?;
    }
    Err(Failure::new(3, "the gateway has ended").into())
}

/// One change in a line.
fn change(change: &Value, columns_max: usize) -> String {
    let item = &change["state"];
    let what = if item.is_null() {
        "gone".into()
    } else {
        let zone = match word(item, "zone") {
            zone if zone.is_empty() => zone,
            zone => format!(" ({zone})"),
        };
        format!("{}, {}: {}{zone}", standing(item), word(item, "urgency"), word(item, "text"))
    };
    let line = format!("{} {} {what}", short(&word(change, "id")), word(change, "kind"));
    plain::cut(&line, columns_max)
}
