//! Posting from the terminal.

use std::io::{Read, Write};

use anyhow::Context;
use serde_json::{json, Value};

use super::arguments::PostArguments;
use super::output::{Failure, Output};
use super::{plain, Asked, Backend};
use crate::control::request::REQUEST_BYTES_MAX;
use crate::control::Request;

/// `post`.
pub fn post(arguments: &PostArguments, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut payload = payload(arguments)?;
    let mut asked = Asked::find(&arguments.place, backend)?;
    if let Some(short) = arguments.item.as_deref().filter(|item| item.len() < 64) {
        // Submissions name items in full, since they travel; people copy the short id off a list.
        let field = item_field(&arguments.kind);
        // In stock movements "item" is a thing's name.
        if !arguments.kind.starts_with("stock_") && arguments.kind != "loan" {
            let item = asked.ask(&Request::Item { id: short.into() })?;
            payload[field] = item["item"]["id"].clone();
        }
    }
    let request = Request::Post { kind: arguments.kind.clone(), payload };
    if arguments.json {
        let receipt = asked.answerer.answer(&request)?;
        writeln!(output, "{receipt}")?;
        return Ok(u8::from(receipt["ok"] != true));
    }
    let receipt = asked.ask(&request)?;
    let said = |field: &str| plain::line(receipt[field].as_str().unwrap_or_default());
    let already = if receipt["duplicate"] == true { " (it was here already)" } else { "" };
    writeln!(output, "Kept{already}: {} {}", said("kind"), said("id"))?;
    let code = said("code");
    if !code.is_empty() {
        writeln!(output, "Code word: {code}")?;
        writeln!(output, "Keep it: with it you can withdraw or confirm, for example")?;
        writeln!(
            output,
            "  commonsd post withdraw --item {} --code \"{code}\"",
            said("item").chars().take(16).collect::<String>()
        )?;
    }
    let contact = said("contact");
    if !contact.is_empty() {
        writeln!(output, "Contact: {contact}")?;
    }
    if !asked.running {
        writeln!(output, "The gateway is not running: neighbours see it once it is started.")?;
    }
    Ok(0)
}

/// The submission's JSON.
fn payload(arguments: &PostArguments) -> anyhow::Result<Value> {
    if let Some(file) = &arguments.json_body {
        let mut text = String::new();
        let source: Box<dyn Read> = if file.as_os_str() == "-" {
            Box::new(std::io::stdin())
        } else {
            let open = std::fs::File::open(file);
            Box::new(open.with_context(|| format!("cannot read {}", file.display()))?)
        };
        source
            .take(REQUEST_BYTES_MAX as u64)
            .read_to_string(&mut text)
            .with_context(|| format!("cannot read {}", file.display()))?;
        return serde_json::from_str(&text)
            .map_err(|error| Failure::new(2, format!("{} is no JSON: {error}", file.display())).into());
    }
    let mut object = json!({"v": 1});
    for (field, value) in [
        (text_field(&arguments.kind), &arguments.text),
        ("urgency", &arguments.urgency),
        ("category", &arguments.category),
        ("zone", &arguments.zone),
        ("ref", &arguments.reference),
        (item_field(&arguments.kind), &arguments.item),
        ("claim", &arguments.claim),
        ("code", &arguments.code),
    ] {
        if let Some(value) = value {
            object[field] = value.as_str().into();
        }
    }
    if object.as_object().is_some_and(|object| object.len() == 1) {
        return Err(Failure::new(
            2,
            "say what: the words, or --item for an act, or --json-body (see `commonsd post --help`)",
        )
        .into());
    }
    Ok(object)
}

/// Where the words go: an item's text, a claim's message, to whom somebody is referred.
fn text_field(kind: &str) -> &'static str {
    match kind {
        "claim" => "message",
        "refer" => "to",
        // An act's only words are its code word.
        "start" | "done" | "confirm" | "withdraw" | "reopen" | "no_show" | "assign" | "duplicate_of" => "code",
        "cosign" => "target",
        "return" => "loan",
        _ => "text",
    }
}

/// Where the item goes.
fn item_field(kind: &str) -> &'static str {
    match kind {
        "cosign" => "target",
        _ => "item",
    }
}
