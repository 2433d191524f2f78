//! `ledger ...`: what members owe and are owed, of a gateway that runs or is stopped. Nothing here writes but `prove`.
//!
//! A running gateway writes its ledger, as it stands between two commits, to a file beside its data for the command to read; `verify`
//! has it make a copy of everything and looks at that.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use commons_core::identity::{hex, MemberId, NetworkId};
use commons_core::ledger::{Ledger, Lights, MemberView, MovementState};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde_json::{json, Value};

use super::arguments::{Format, LedgerCommand, Where};
use super::output::{Failure, Output};
use super::plain::quantity;
use super::upkeep::{at_rest, report};
use super::{connect, loader, plain, Asked, Backend, Checkup, Connection};
use crate::config::Loaded;
use crate::control::{Answerer, Reply, Request, Running};
use crate::founding::STORE;
use crate::host::random;
use crate::store::SAVED;

/// `ledger ...`.
pub fn ledger(command: &LedgerCommand, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let read = |place: &Where| folded(place, backend);
    match command {
        LedgerCommand::Balances { place, json } => balances(&read(place)?, *json, output),
        LedgerCommand::History { member, place, json } => history(&read(place)?, member, *json, output),
        LedgerCommand::Verify { place, json } => report(verified(place, backend)?, *json, output),
        LedgerCommand::Covenant { place, json } => covenant(place, *json, backend, output),
        LedgerCommand::Proof { member, place, json } => proof(member, place, *json, backend, output),
        LedgerCommand::Prove { proof, place } => prove(proof, place, backend, output),
        LedgerCommand::Export { format, place } => export(&read(place)?, *format, output),
    }
}

/// The ledger of a running gateway, or of a stopped one's log.
fn folded(place: &Where, backend: &dyn Backend) -> anyhow::Result<Ledger> {
    let Some(mut running) = running(place)? else { return backend.ledger(&at_rest(place, "ledger")?) };
    let scratch = Scratch::beside(&running.data)?;
    let file = scratch.0.join("ledger");
    let to = file.to_str().context("the data directory's name must be UTF-8")?.to_owned();
    running.ask(&Request::LedgerTo { to })?;
    let bytes = std::fs::read(&file).context("the gateway's ledger cannot be read")?;
    let about = running.ask(&Request::About {})?;
    let network = NetworkId::of(about["about"]["network"].as_str().unwrap_or_default());
    Ledger::restore(&network, &bytes)
        .context("the gateway's ledger is of another version; use the commonsd it was started with")
}

fn verified(place: &Where, backend: &dyn Backend) -> anyhow::Result<Checkup> {
    let Some(mut running) = running(place)? else { return backend.verify_ledger(&at_rest(place, "ledger verify")?) };
    let scratch = Scratch::beside(&running.data)?;
    let copy = scratch.0.join("copy");
    // Before the copy, so that it covers nothing that the copy has not. There is none until the first was saved.
    let saved = std::fs::read(running.data.join(STORE).join(SAVED));
    let to = copy.to_str().context("the data directory's name must be UTF-8")?.to_owned();
    running.ask(&Request::Backup { to })?;
    let about = running.ask(&Request::About {})?;
    let mut loaded = running.loaded;
    loaded.config.gateway.data = scratch.0.join("data");
    loaded.config.gateway.network = about["about"]["network"].as_str().unwrap_or_default().to_owned();
    backend.restore(&copy, &loaded)?;
    if let Ok(saved) = saved {
        std::fs::write(loaded.config.gateway.data.join(STORE).join(SAVED), saved)?;
    }
    backend.verify_ledger(&loaded)
}

/// A running gateway, asked.
struct Live {
    loaded: Loaded,
    data: PathBuf,
    running: Running,
}

impl Live {
    fn ask(&mut self, request: &Request) -> anyhow::Result<Reply> {
        let reply = self.running.answer(request).context("the gateway does not answer")?;
        match reply["ok"] == true {
            true => Ok(reply),
            false => Err(Failure::new(1, plain::line(reply["message"].as_str().unwrap_or("refused"))).into()),
        }
    }
}

fn running(place: &Where) -> anyhow::Result<Option<Live>> {
    let loader = loader(place);
    let loaded = loader.load().unwrap_or_else(|_| loader.without_file());
    let data = std::path::absolute(&loaded.config.gateway.data)?;
    Ok(match connect(&data)? {
        Connection::Running(running) => Some(Live { loaded, data, running }),
        Connection::Stopped => None,
    })
}

/// A folder beside the data that only its owner may read, gone with this.
struct Scratch(PathBuf);

impl Scratch {
    fn beside(data: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let folder = data.join(format!("look-{:016x}", random::long_number()?));
        std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is a copy that only the keeper may read.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn covenant(place: &Where, as_json: bool, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let reply = Asked::find(place, backend)?.ask(&Request::Covenant {})?;
    let covenant = &reply["covenant"];
    if as_json {
        writeln!(output, "{}", serde_json::to_string_pretty(covenant)?)?;
        return Ok(0);
    }
    let number = |field: &str| covenant[field].as_u64().unwrap_or(0);
    writeln!(output, "{}: {} members", plain::line(covenant["name"].as_str().unwrap_or_default()), number("members"))?;
    writeln!(output, "{}", covenant["id"].as_str().unwrap_or_default())?;
    let mut rows = vec![["unit", "how deep"].map(str::to_owned).to_vec()];
    for unit in covenant["units"].as_array().into_iter().flatten() {
        let (limit, scale) = (unit["limit"].as_i64().unwrap_or(0), unit["scale"].as_u64().unwrap_or(1) as u32);
        rows.push(vec![plain::line(unit["name"].as_str().unwrap_or_default()), quantity(-limit, scale)]);
    }
    write!(output, "{}", plain::table(&rows, output.columns))?;
    writeln!(
        output,
        "Away from home {} % of it; {} households decide; a recovery waits {} h.",
        number("roaming_percent"),
        number("quorum"),
        number("recovery_delay_s") / 3_600
    )?;
    Ok(0)
}

fn proof(member: &str, place: &Where, as_json: bool, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut asked = Asked::find_for_long(place, backend)?;
    let found = asked.ask(&Request::Members { q: Some(member.into()), after: None })?;
    let found = found["members"].as_array().cloned().unwrap_or_default();
    let [card] = &found[..] else {
        return Err(Failure::new(1, format!("{} members are called {}", found.len(), plain::line(member))).into());
    };
    let id = card["id"].as_str().unwrap_or_default().to_owned();
    let forks = asked.ask(&Request::Forks { member: id })?;
    if as_json {
        writeln!(output, "{}", serde_json::to_string_pretty(&forks)?)?;
        return Ok(0);
    }
    let name = plain::line(card["pseudonym"].as_str().unwrap_or_default());
    let all = forks["forks"].as_array().cloned().unwrap_or_default();
    let shown = all.iter().find_map(|fork| match fork["proof"].as_array().map(Vec::as_slice) {
        Some([first, second]) => Some((fork, first.as_str()?, second.as_str()?)),
        _ => None,
    });
    let Some((fork, first, second)) = shown else {
        let words = if all.is_empty() { "is not split" } else { "is split, but one half is not in a log that is here" };
        return Err(Failure::new(1, format!("the chain of {name} {words}")).into());
    };
    let letters = crate::proof::letters(first, second);
    if let Ok(picture) = QrCode::with_error_correction_level(letters.as_bytes(), EcLevel::L) {
        let picture = picture.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
        writeln!(output, "{picture}\n")?;
    }
    writeln!(output, "Number {} of {name}'s chain was signed twice, in key epoch {}.", fork["seq"], fork["epoch"])?;
    writeln!(output, "Whoever was paid keeps it. An old copy of a key does this too: frozen is not shamed.")?;
    writeln!(output, "On another gateway:  commonsd ledger prove LETTERS, or its page /credit/proof")?;
    writeln!(output, "{letters}")?;
    Ok(0)
}

fn prove(letters: &str, place: &Where, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let Some(proof) = crate::proof::read(letters) else {
        return Err(Failure::new(1, "these are not the letters of a proof; it begins with FORK:1:").into());
    };
    let mut asked = Asked::find(place, backend)?;
    let about = asked.ask(&Request::About {})?;
    let network = NetworkId::of(about["about"]["network"].as_str().unwrap_or_default());
    let written = crate::proof::brought(network, super::member::now_s(), proof)?;
    let record = hex(&written.signed.encode());
    asked.ask(&Request::Signed { kind: written.kind.into(), record })?;
    writeln!(output, "Taken: the member may receive, and gets no new stamps until it is mended.")?;
    Ok(0)
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
