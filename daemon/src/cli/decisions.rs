//! `member decide`, `member consent`, `member decisions`: what households decide together about an account, from a terminal.

use std::io::Write;

use commons_core::identity::{MemberKey, RecordId};
use commons_core::record::{Action, Amount, Body, Consent, Decide, Grounds, Link, Resume, UnitIndex};
use serde_json::{json, Value};

use super::arguments::{DecideArguments, Decided, Signer, Where};
use super::member::{gateway_in, id_in, no, parts, unit_of, Hand};
use super::output::Output;
use super::plain::quantity;
use super::{plain, Asked, Backend};
use crate::control::Request;

/// Digits of an id that are enough to name it.
const DIGITS_MIN: usize = 8;

/// `member decisions`.
pub fn list(place: &Where, as_json: bool, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut asked = Asked::find(place, backend)?;
    let all = asked.ask(&Request::Decisions {})?["decisions"].take();
    if as_json {
        writeln!(output, "{}", serde_json::to_string_pretty(&json!({"v": 1, "decisions": all}))?)?;
        return Ok(0);
    }
    let covenant = asked.ask(&Request::Covenant {})?["covenant"].take();
    let all = all.as_array().cloned().unwrap_or_default();
    if all.is_empty() {
        writeln!(output, "Nothing was proposed yet.")?;
    }
    for card in &all {
        let said = |field: &str| plain::line(card[field].as_str().unwrap_or_default());
        let id: String = said("id").chars().take(DIGITS_MIN).collect();
        writeln!(output, "{id}  {}", sentence(card, &covenant))?;
        writeln!(output, "          Why: {} ({})", said("text"), said("by_name"))?;
        let voices = card["voices"].as_array().into_iter().flatten().map(|voice| {
            let said = |field: &str| plain::line(voice[field].as_str().unwrap_or_default());
            let counts = if voice["counts"] == true { "" } else { ", does not count" };
            format!("{} ({}{counts})", said("name"), said("household"))
        });
        let voices: Vec<String> = voices.collect();
        let (agreed, quorum) = (&card["agreed"], &card["quorum"]);
        let state = match card["state"].as_str() {
            Some("ready") => format!("decided; now {} goes on: commonsd member resume --decision {id}", said("name")),
            Some("in_force") => "decided".into(),
            Some("over") => "over: the account has gone on otherwise".into(),
            _ => format!("{agreed} of {quorum} households agree; to agree: commonsd member consent {id}"),
        };
        writeln!(output, "          {state}")?;
        writeln!(output, "          Agree: {}", voices.join(", "))?;
    }
    Ok(0)
}

/// What is proposed.
fn sentence(card: &Value, covenant: &Value) -> String {
    let (name, action) = (plain::line(card["name"].as_str().unwrap_or_default()), &card["action"]);
    let shown = |unit: &Value, parts: i64| {
        let scale = unit["scale"].as_u64().unwrap_or(1) as u32;
        format!("{} {}", quantity(parts, scale), plain::line(unit["name"].as_str().unwrap_or_default()))
    };
    let units = covenant["units"].as_array().cloned().unwrap_or_default();
    match action["does"].as_str() {
        Some("freeze") => format!("{name}'s account rests"),
        Some("unfreeze") => {
            let positions = action["positions"].as_array().into_iter().flatten().zip(&units);
            let all: Vec<String> = positions.map(|(at, unit)| shown(unit, at.as_i64().unwrap_or(0))).collect();
            let key: String = action["key"].as_str().unwrap_or_default().chars().take(DIGITS_MIN).collect();
            format!("{name}'s account goes on with {} and the key {}", all.join(", "), plain::line(&key))
        }
        _ => {
            let unit = units.get(action["unit"].as_u64().unwrap_or(0) as usize).cloned().unwrap_or_default();
            let pot = plain::line(action["pot_name"].as_str().unwrap_or_default());
            let amount = shown(&unit, action["amount"].as_i64().unwrap_or(0));
            format!("{pot} takes over {amount} of what {name} owes")
        }
    }
}

/// `member decide`.
pub fn decide(arguments: &DecideArguments, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut hand = Hand::of(&arguments.signer, backend)?;
    let (own, link) = hand.next()?;
    let (member, card) = hand.find(&arguments.member)?;
    let action = match arguments.what {
        Decided::Freeze => Action::Freeze { member, epoch: card["epoch"].as_u64().unwrap_or(0) as u16 },
        Decided::Unfreeze => {
            let on = hand.asked.ask(&Request::GoingOn { member: member.to_string() })?["action"].take();
            let key = arguments.new_key.as_deref().or(on["key"].as_str()).and_then(MemberKey::parse);
            let key = key.ok_or_else(|| no("the new key is 64 hex digits"))?;
            let home = if arguments.home_here { hand.gateway } else { gateway_in(&on["home"])? };
            let base = id_in(&on["base"]).ok_or_else(|| no("his chain has no end"))?;
            let positions = on["positions"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
            Action::Unfreeze { member, base, key, home, positions }
        }
        Decided::WriteOff => {
            let (Some(pot), Some(amount)) = (&arguments.pot, &arguments.amount) else {
                return Err(no("name the fund and how much: --pot NAME --amount 2:30").into());
            };
            let pot = hand.find(pot)?.0;
            let (place, scale) = unit_of(&own, arguments.unit.as_deref())?;
            Action::WriteOff { member, pot, unit: UnitIndex(place), amount: Amount(parts(amount, scale)?) }
        }
    };
    hand.post(link, Body::Decide(Decide { link, action, text: arguments.because.clone() }), output)
}

/// The decision that a text means: its id, 8 digits of it or more, or the only one that waits so.
fn meant(hand: &mut Hand, text: Option<&str>, state: &str) -> anyhow::Result<(RecordId, Value)> {
    let all = hand.asked.ask(&Request::Decisions {})?["decisions"].take();
    let fits = |card: &&Value| match text {
        Some(text) => {
            text.len() >= DIGITS_MIN && card["id"].as_str().is_some_and(|id| id.starts_with(&text.to_lowercase()))
        }
        None => card["state"] == state,
    };
    let found: Vec<&Value> = all.as_array().into_iter().flatten().filter(fits).collect();
    match &found[..] {
        [card] => Ok((id_in(&card["id"]).ok_or_else(|| no("no decision"))?, (*card).clone())),
        [] => Err(no("there is no such decision; see `commonsd member decisions`").into()),
        _ => Err(no("more than one may be meant; name one (`commonsd member decisions`)").into()),
    }
}

/// `member consent`.
pub fn consent(text: Option<&str>, signer: &Signer, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut hand = Hand::of(signer, backend)?;
    let decision = meant(&mut hand, text, "open")?.0;
    let (_, link) = hand.next()?;
    hand.post(link, Body::Consent(Consent { link, decision }), output)
}

/// `member resume --decision`: goes on as households decided, perhaps with a key that is new here.
pub fn resume(text: &str, signer: &Signer, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut hand = Hand::of(signer, backend)?;
    let (decision, card) = meant(&mut hand, Some(text), "ready")?;
    let action = &card["action"];
    if card["state"] != "ready" || action["does"] != "unfreeze" {
        return Err(no("this decision does not wait for anybody to go on").into());
    }
    if action["key"] != hand.pen().key().to_string().as_str() {
        return Err(no("households decided that the account goes on with another key").into());
    }
    let member = card["member"].as_str().and_then(commons_core::identity::MemberId::parse);
    let (Some(member), Some(prev)) = (member, id_in(&action["base"])) else { return Err(no("no member").into()) };
    let number = |field: &str| action[field].as_u64().unwrap_or(0);
    let link = Link { member, epoch: number("epoch") as u16, seq: number("seq") as u32, prev };
    let consents = card["consents"].as_array().into_iter().flatten().filter_map(id_in).collect();
    hand.key.set_member(member)?;
    hand.post(link, Body::Resume(Resume { link, grounds: Grounds::Decision { decision, consents } }), output)
}
