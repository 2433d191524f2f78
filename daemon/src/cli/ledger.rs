//! `ledger ...`: what members owe and are owed, read from a stopped gateway's log. No command here writes.

use std::io::Write;

use commons_core::identity::MemberId;
use commons_core::ledger::{Ledger, Lights, MemberView, MovementState};
use serde_json::{json, Value};

use super::arguments::{Format, LedgerCommand, Where};
use super::output::{Failure, Output};
use super::plain::quantity;
use super::upkeep::{at_rest, report};
use super::{plain, Backend};

/// `ledger ...`.
pub fn ledger(command: &LedgerCommand, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let read = |place: &Where| backend.ledger(&at_rest(place, "ledger")?);
    match command {
        LedgerCommand::Balances { place, json } => balances(&read(place)?, *json, output),
        LedgerCommand::History { member, place, json } => history(&read(place)?, member, *json, output),
        LedgerCommand::Verify { place, json } => {
            report(backend.verify_ledger(&at_rest(place, "ledger verify")?)?, *json, output)
        }
        LedgerCommand::Export { format, place } => export(&read(place)?, *format, output),
    }
}

fn balances(ledger: &Ledger, json: bool, output: &mut Output) -> anyhow::Result<u8> {
    if json {
        let members: Vec<Value> = ledger.members().map(|member| member_json(&member)).collect();
        writeln!(output, "{}", serde_json::to_string_pretty(&json!({"v": 1, "members": members}))?)?;
        return Ok(0);
    }
    let head = ["member", "id", "household", "unit", "settled", "to give", "to get", "limit", ""];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for member in ledger.members() {
        for balance in &member.balances {
            rows.push(vec![
                plain::line(&member.pseudonym),
                member.id.short(),
                plain::line(&member.household),
                plain::line(&balance.unit),
                quantity(balance.settled, balance.scale),
                quantity(balance.outgoing, balance.scale),
                quantity(balance.incoming, balance.scale),
                quantity(balance.limit, balance.scale),
                standing(&member).into(),
            ]);
        }
    }
    if rows.len() == 1 {
        writeln!(output, "Nobody is a member here yet.")?;
        return Ok(0);
    }
    write!(output, "{}", plain::table(&rows, output.columns))?;
    Ok(0)
}

fn standing(member: &MemberView) -> &'static str {
    match (member.frozen, member.left, member.entered) {
        (true, ..) => "frozen",
        (_, true, _) => "left",
        (_, _, false) => "newcomer",
        _ => "",
    }
}

fn history(ledger: &Ledger, member: &str, json: bool, output: &mut Output) -> anyhow::Result<u8> {
    let member = find(ledger, member)?;
    let movements = ledger.history(&member.id);
    if json {
        let movements: Vec<Value> = movements
            .iter()
            .map(|movement| {
                json!({
                    "id": movement.id.to_string(), "seq": movement.seq, "with": movement.with.to_string(),
                    "unit": member.balances.get(usize::from(movement.unit.0)).map(|balance| &balance.unit),
                    "amount": movement.amount, "state": state_word(movement.state), "disputed": movement.disputed,
                    "lights": lights_word(movement.lights),
                })
            })
            .collect();
        let all = json!({"v": 1, "member": member_json(&member), "movements": movements});
        writeln!(output, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(0);
    }
    let mut rows = vec![["number", "id", "with", "amount", "unit", "state", "seen"].map(str::to_owned).to_vec()];
    for movement in &movements {
        let Some(balance) = member.balances.get(usize::from(movement.unit.0)) else { continue };
        let with = ledger.member(&movement.with).map_or(String::new(), |other| plain::line(&other.pseudonym));
        rows.push(vec![
            movement.seq.map_or("-".into(), |seq| seq.to_string()),
            movement.id.short(),
            with,
            quantity(movement.amount, balance.scale),
            plain::line(&balance.unit),
            format!("{}{}", state_word(movement.state), if movement.disputed { ", disputed" } else { "" }),
            lights_word(movement.lights).into(),
        ]);
    }
    write!(output, "{}", plain::table(&rows, output.columns))?;
    Ok(0)
}

fn state_word(state: MovementState) -> &'static str {
    match state {
        MovementState::Pending => "pending",
        MovementState::Settled => "settled",
        MovementState::Declined => "declined",
        MovementState::Returned => "returned",
    }
}

fn lights_word(lights: Lights) -> &'static str {
    match lights {
        Lights::Noted => "noted",
        Lights::Stamped => "stamped",
        Lights::Confirmed => "confirmed",
    }
}

/// By id, the first 8 digits of it or more, or pseudonym; only one may fit.
fn find(ledger: &Ledger, text: &str) -> anyhow::Result<MemberView> {
    let fits = |member: &MemberView| {
        MemberId::parse(text) == Some(member.id)
            || (text.len() >= 8 && member.id.to_string().starts_with(&text.to_lowercase()))
            || member.pseudonym == text
    };
    let mut found = ledger.members().filter(fits);
    match (found.next(), found.next()) {
        (Some(member), None) => Ok(member),
        (Some(_), Some(_)) => Err(Failure::new(1, format!("more than one member is called {text}; use the id")).into()),
        _ => Err(Failure::new(1, format!("no member is called {text}")).into()),
    }
}

fn export(ledger: &Ledger, format: Format, output: &mut Output) -> anyhow::Result<u8> {
    match format {
        Format::Hledger => write!(output, "{}", ledger.journal())?,
        Format::Csv => {
            writeln!(output, "cause,back,from,to,unit,amount")?;
            for posting in ledger.postings() {
                let (cause, from, to) = (posting.cause, posting.from, posting.to);
                writeln!(output, "{cause},{},{from},{to},{},{}", posting.back, posting.unit.0, posting.amount.0)?;
            }
        }
        Format::Json => {
            let postings: Vec<Value> = ledger
                .postings()
                .map(|posting| {
                    json!({
                        "cause": posting.cause.to_string(), "back": posting.back, "from": posting.from.to_string(),
                        "to": posting.to.to_string(), "unit": posting.unit.0, "amount": posting.amount.0,
                    })
                })
                .collect();
            let members: Vec<Value> = ledger.members().map(|member| member_json(&member)).collect();
            let all = json!({"v": 1, "members": members, "postings": postings});
            writeln!(output, "{}", serde_json::to_string_pretty(&all)?)?;
        }
    }
    Ok(0)
}

fn member_json(member: &MemberView) -> Value {
    json!({
        "id": member.id.to_string(), "covenant": member.covenant.to_string(), "pseudonym": member.pseudonym,
        "household": member.household, "home": member.home.to_string(), "key": member.key.to_string(),
        "custody": member.custody.name(), "entered": member.entered, "left": member.left, "frozen": member.frozen,
        "epoch": member.epoch, "seq": member.seq, "head": member.head.to_string(), "forks": member.forks,
        "balances": member.balances,
    })
}

#[cfg(test)]
mod tests {
    use super::quantity;

    /// Half an hour would be read as half a minute, or a debt as a credit.
    #[test]
    fn quantities_are_written_without_rounding() {
        let written = [(90, 60), (-90, 60), (-5, 60), (7, 1), (1_500, 1_000), (0, 60), (i64::MIN, 60)]
            .map(|(parts, scale)| quantity(parts, scale));
        assert_eq!(written, ["1:30", "-1:30", "-0:05", "7", "1:500", "0:00", "-153722867280912930:08"]);
    }
}
