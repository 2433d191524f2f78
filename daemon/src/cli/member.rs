//! `member ...`: what neighbours do on their phones, from a terminal, with a key in a file.

use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use commons_core::identity::{hex, GatewayId, MemberId, MemberKey, NetworkId, RecordId};
use commons_core::record::{
    Amount, Body, Custody, Dispute, Enter, Facts, FactsChange, Grounds, Join, Leave, Link, OnPay, Pay, Reclaim,
    Recover, Rekey, Resume, UnitIndex, Veto, Vouch,
};
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde_json::{json, Value};

use super::arguments::{MemberCommand, OnPayArguments, Signer, Where};
use super::keyfile::KeyFile;
use super::output::{Failure, Output};
use super::plain::quantity;
use super::{decisions, loader, plain, Asked, Backend};
use crate::control::text::digits_to_bytes;
use crate::control::{Reply, Request};
use crate::hosted;
use crate::pen::{Pen, Written};

/// `member ...`.
pub fn member(command: &MemberCommand, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    match command {
        MemberCommand::New { file } => new(file.clone(), output),
        MemberCommand::List { text, place, json } => list(text.as_deref(), place, *json, backend, output),
        MemberCommand::Show { signer } => show(signer, backend, output),
        MemberCommand::Join { name, household, pot, signer } => join(name, household, *pot, signer, backend, output),
        MemberCommand::Rekey { signer } => rekey(signer, backend, output),
        MemberCommand::Token { signer } => token(signer, backend, output),
        MemberCommand::Resume { member: Some(text), signer, .. } => resume(text, signer, backend, output),
        MemberCommand::Resume { decision: Some(text), signer, .. } => decisions::resume(text, signer, backend, output),
        MemberCommand::Decisions { place, json } => decisions::list(place, *json, backend, output),
        MemberCommand::Decide(arguments) => decisions::decide(arguments, backend, output),
        MemberCommand::Consent { decision, signer } => decisions::consent(decision.as_deref(), signer, backend, output),
        MemberCommand::Card { member, place } => card(member, place, backend, output),
        _ => write_on(command, backend, output),
    }
}

/// Commands that write one more record in a chain.
fn write_on(command: &MemberCommand, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let signer = signer_of(command);
    let mut hand = Hand::of(signer, backend)?;
    let (own, link) = hand.next()?;
    let body = match command {
        MemberCommand::Vouch { member, .. } => Body::Vouch(Vouch { link, member: hand.find(member)?.0 }),
        MemberCommand::Enter { .. } => {
            let [first, second] = two_vouches(&own)?;
            Body::Enter(Enter { link, first, second })
        }
        MemberCommand::Pay { to, amount, unit, memo, item, answers, .. } => {
            let to = hand.find(to)?.0;
            let (place, scale) = unit_of(&own, unit.as_deref())?;
            let amount = parts(amount, scale)?;
            let (item, answers) = (whole_id(item.as_deref())?, whole_id(answers.as_deref())?);
            Body::Pay(Pay {
                link,
                to,
                unit: UnitIndex(place),
                amount: Amount(amount),
                answers,
                item,
                memo: memo.clone(),
            })
        }
        MemberCommand::Accept(on) => Body::Accept(OnPay { link, pay: slip(&own, on, "answer")?.0 }),
        MemberCommand::Decline(on) => Body::Decline(OnPay { link, pay: slip(&own, on, "answer")?.0 }),
        MemberCommand::Reclaim(on) => {
            let (_, slip) = slip(&own, on, "reclaim")?;
            let decline = id_in(&slip["decline"]).ok_or_else(|| no("this payment was not declined"))?;
            Body::Reclaim(Reclaim { link, decline })
        }
        MemberCommand::Dispute { text, on } => {
            let pay = match whole_id(on.pay.as_deref().filter(|id| id.len() == 64))? {
                Some(pay) => pay,
                None => slip(&own, on, "")?.0,
            };
            Body::Dispute(Dispute { link, pay, text: text.clone() })
        }
        MemberCommand::Guardians { members, threshold, .. } => {
            let guardians = members.iter().map(|text| Ok(hand.find(text)?.0)).collect::<anyhow::Result<Vec<_>>>()?;
            let most = (guardians.len() / 2 + 1) as u8;
            let facts = Facts { guardians, threshold: threshold.unwrap_or(most), ..facts_of(&own)? };
            Body::Facts(FactsChange { link, facts })
        }
        MemberCommand::Recover { member, new_key, .. } => {
            let (member, card) = hand.find(member)?;
            let key = MemberKey::parse(new_key).ok_or_else(|| no("the new key is 64 hex digits"))?;
            let base = id_in(&card["head"]).ok_or_else(|| no("his chain has no end"))?;
            let home = gateway_in(&card["home"])?;
            Body::Recover(Recover { link, member, base, key, home })
        }
        MemberCommand::Resume { .. } => {
            let ends: Vec<RecordId> =
                own["member"]["ends"].as_array().into_iter().flatten().filter_map(id_in).collect();
            let branches: Vec<RecordId> = ends.into_iter().filter(|end| *end != link.prev).collect();
            if branches.is_empty() {
                return Err(no("your chain is not split; after a lost key, name yourself").into());
            }
            Body::Resume(Resume { link, grounds: Grounds::Branches(branches) })
        }
        MemberCommand::Veto { .. } => {
            let recover = own["recoveries"].as_array().and_then(|words| id_in(&words.first()?["id"]));
            Body::Veto(Veto { link, recover: recover.ok_or_else(|| no("nobody has given your account another key"))? })
        }
        _ => Body::Leave(Leave { link }),
    };
    hand.post(link, body, output)
}

fn signer_of(command: &MemberCommand) -> &Signer {
    match command {
        MemberCommand::Accept(on) | MemberCommand::Decline(on) | MemberCommand::Reclaim(on) => &on.signer,
        MemberCommand::Dispute { on, .. } => &on.signer,
        MemberCommand::Show { signer }
        | MemberCommand::Join { signer, .. }
        | MemberCommand::Vouch { signer, .. }
        | MemberCommand::Enter { signer }
        | MemberCommand::Pay { signer, .. }
        | MemberCommand::Rekey { signer }
        | MemberCommand::Guardians { signer, .. }
        | MemberCommand::Recover { signer, .. }
        | MemberCommand::Resume { signer, .. }
        | MemberCommand::Veto { signer }
        | MemberCommand::Leave { signer }
        | MemberCommand::Consent { signer, .. }
        | MemberCommand::Token { signer } => signer,
        MemberCommand::Decide(arguments) => &arguments.signer,
        MemberCommand::New { .. }
        | MemberCommand::List { .. }
        | MemberCommand::Decisions { .. }
        | MemberCommand::Card { .. } => unreachable!("these have no signer"),
    }
}

/// A key and the gateway it speaks to.
pub(super) struct Hand {
    pub key: KeyFile,
    network: NetworkId,
    pub gateway: GatewayId,
    pub asked: Asked,
    json: bool,
}

impl Hand {
    pub fn of(signer: &Signer, backend: &dyn Backend) -> anyhow::Result<Self> {
        let key = KeyFile::read(&path_of(signer.key.clone()))?;
        let mut asked = Asked::find(&signer.place, backend)?;
        let about = asked.ask(&Request::About {})?;
        let network = NetworkId::of(about["about"]["network"].as_str().unwrap_or_default());
        let gateway = gateway_in(&about["about"]["id"])?;
        Ok(Self { key, network, gateway, asked, json: signer.json })
    }

    pub fn pen(&self) -> Pen {
        self.key.pen(self.network)
    }

    /// The member this key is of, found by the key if the file does not say.
    fn member(&mut self) -> anyhow::Result<MemberId> {
        if let Some(member) = self.key.member() {
            return Ok(member);
        }
        let key = self.pen().key().to_string();
        let reply = self.asked.ask(&Request::Members { q: Some(key.clone()), after: None })?;
        let found = reply["members"].as_array().into_iter().flatten().find(|card| card["key"] == key.as_str());
        let Some(member) = found.and_then(|card| MemberId::parse(card["id"].as_str()?)) else {
            return Err(no("nobody has this key here; `commonsd member join` first, or ask another gateway").into());
        };
        self.key.set_member(member)?;
        Ok(member)
    }

    fn account(&mut self) -> anyhow::Result<Value> {
        let member = self.member()?.to_string();
        Ok(self.asked.ask(&Request::Account { member })?["account"].take())
    }

    /// The own account, and where the next record stands. Refuses where the gateway is behind the key file: a record signed there
    /// would split the chain.
    pub fn next(&mut self) -> anyhow::Result<(Value, Link)> {
        let own = self.account()?;
        let card = &own["member"];
        let (seq, head) = (card["seq"].as_u64().unwrap_or(0) as u32, id_in(&card["head"]));
        let head = head.ok_or_else(|| no("the gateway does not say where your chain ends"))?;
        let same_key = card["key"] == self.pen().key().to_string().as_str();
        if let Some((last, id)) = self.key.last().filter(|_| same_key) {
            // Of a split chain it may know this one as another end.
            let ends = card["ends"].as_array().into_iter().flatten();
            let known = ends.filter_map(id_in).any(|end| end == id);
            if !known && (last > seq || (last == seq && id != head)) {
                let sentence = format!(
                    "this gateway has not heard of your record number {last} yet; to sign here would split your chain and freeze you: \
                     wait until it is linked, or sign where you did last"
                );
                return Err(no(sentence).into());
            }
        }
        let member = MemberId::parse(card["id"].as_str().unwrap_or_default()).ok_or_else(|| no("no member"))?;
        let epoch = card["epoch"].as_u64().unwrap_or(0) as u16;
        Ok((own, Link { member, epoch, seq: seq.saturating_add(1), prev: head }))
    }

    /// The one member a text means.
    pub fn find(&mut self, text: &str) -> anyhow::Result<(MemberId, Value)> {
        let reply = self.asked.ask(&Request::Members { q: Some(text.into()), after: None })?;
        let found = reply["members"].as_array().cloned().unwrap_or_default();
        match &found[..] {
            [card] => {
                let id = MemberId::parse(card["id"].as_str().unwrap_or_default()).ok_or_else(|| no("no member"))?;
                Ok((id, card.clone()))
            }
            [] => Err(no(format!("no member is called {}", plain::line(text))).into()),
            _ => Err(no(format!("more than one member may be meant by {}; use the id", plain::line(text))).into()),
        }
    }

    fn send(&mut self, written: &Written) -> anyhow::Result<Reply> {
        let record = hex(&written.signed.encode());
        Ok(self.asked.answerer.answer(&Request::Signed { kind: written.kind.into(), record })?)
    }

    /// Signs and hands in; notes it in the key file before, since the answer may be lost.
    pub fn post(&mut self, link: Link, body: Body, output: &mut Output) -> anyhow::Result<u8> {
        let written = self.pen().write(now_s(), body);
        let before = self.key.last();
        self.key.set_last(link.seq, written.id)?;
        let receipt = self.send(&written)?;
        if receipt["ok"] != true {
            // Refused: it is in no log, and the next one takes its number.
            if let Some((seq, id)) = before {
                self.key.set_last(seq, id)?;
            } else {
                self.key.set_member(link.member)?;
            }
        }
        self.tell(&receipt, output)
    }

    fn tell(&self, receipt: &Reply, output: &mut Output) -> anyhow::Result<u8> {
        if self.json {
            writeln!(output, "{receipt}")?;
            return Ok(u8::from(receipt["ok"] != true));
        }
        if receipt["ok"] != true {
            return Err(no(plain::line(receipt["message"].as_str().unwrap_or("refused"))).into());
        }
        let said = |field: &str| plain::line(receipt[field].as_str().unwrap_or_default());
        writeln!(output, "Kept: {} {}", said("kind"), said("id"))?;
        if !self.asked.running {
            writeln!(output, "The gateway is not running: others see it once it is started.")?;
        }
        Ok(0)
    }
}

fn new(file: Option<PathBuf>, output: &mut Output) -> anyhow::Result<u8> {
    let path = path_of(file);
    let key = KeyFile::make(&path)?;
    // The key is the same in every network.
    writeln!(output, "Made: {}", path.display())?;
    writeln!(output, "It is your purse: keep a copy in a safe place, and use only one at a time.")?;
    writeln!(output, "{}", key.pen(NetworkId::of("")).key())?;
    Ok(0)
}

fn list(
    text: Option<&str>,
    place: &Where,
    as_json: bool,
    backend: &dyn Backend,
    output: &mut Output,
) -> anyhow::Result<u8> {
    let mut asked = Asked::find_for_long(place, backend)?;
    let (mut all, mut after): (Vec<Value>, Option<String>) = (Vec::new(), None);
    loop {
        let reply = asked.ask(&Request::Members { q: text.map(Into::into), after: after.take() })?;
        let page = reply["members"].as_array().cloned().unwrap_or_default();
        after = page.last().and_then(|card| card["id"].as_str()).map(Into::into);
        all.extend(page);
        if text.is_some() || after.is_none() {
            break;
        }
    }
    if as_json {
        writeln!(output, "{}", serde_json::to_string_pretty(&json!({"v": 1, "members": all}))?)?;
        return Ok(0);
    }
    if all.is_empty() {
        writeln!(output, "{}", if text.is_some() { "Nobody is called that." } else { "Nobody is a member here yet." })?;
        return Ok(0);
    }
    let mut rows = vec![["member", "id", "household", "home", ""].map(str::to_owned).to_vec()];
    for card in &all {
        let said = |field: &str| plain::line(card[field].as_str().unwrap_or_default());
        let short = |field: &str| said(field).chars().take(8).collect::<String>();
        let status = if card["status"] == "member" { String::new() } else { said("status") };
        rows.push(vec![said("pseudonym"), short("id"), said("household"), short("home"), status]);
    }
    write!(output, "{}", plain::table(&rows, output.columns))?;
    Ok(0)
}

fn show(signer: &Signer, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut hand = Hand::of(signer, backend)?;
    let own = hand.account()?;
    if signer.json {
        writeln!(output, "{}", serde_json::to_string_pretty(&own)?)?;
        return Ok(0);
    }
    let said = |value: &Value| plain::line(value.as_str().unwrap_or_default());
    let card = &own["member"];
    let away = if own["away"] == true { ", away from home" } else { "" };
    writeln!(
        output,
        "{}, household {}: {}{away}",
        said(&card["pseudonym"]),
        said(&card["household"]),
        said(&card["status"])
    )?;
    writeln!(output, "{}", said(&card["id"]))?;
    let mut rows = vec![["unit", "settled", "to give", "to get", "left"].map(str::to_owned).to_vec()];
    for balance in own["balances"].as_array().into_iter().flatten() {
        let scale = balance["scale"].as_u64().unwrap_or(1) as u32;
        let shown = |field: &str| quantity(balance[field].as_i64().unwrap_or(0), scale);
        rows.push(vec![
            said(&balance["unit"]),
            shown("settled"),
            shown("outgoing"),
            shown("incoming"),
            shown("left_here"),
        ]);
    }
    write!(output, "{}", plain::table(&rows, output.columns))?;
    let mut rows = vec![["payment", "with", "amount", "unit", "state", "seen", "for"].map(str::to_owned).to_vec()];
    for slip in own["open"].as_array().into_iter().flatten() {
        let scale = scale_of(&own, slip["index"].as_u64().unwrap_or(0) as usize);
        let turn = match slip["turn"].as_str() {
            Some("answer") => "accept or decline",
            Some("reclaim") => "declined: reclaim",
            _ => "waits for the other",
        };
        rows.push(vec![
            said(&slip["id"]).chars().take(8).collect(),
            said(&slip["name"]),
            quantity(slip["amount"].as_i64().unwrap_or(0), scale),
            said(&slip["unit"]),
            turn.into(),
            said(&slip["lights"]),
            said(&slip["memo"]),
        ]);
    }
    if rows.len() > 1 {
        writeln!(output)?;
        write!(output, "{}", plain::table(&rows, output.columns))?;
    }
    for word in own["vouches"].as_array().into_iter().flatten().filter(|_| card["status"] == "newcomer") {
        writeln!(output, "{} of household {} vouches for you.", said(&word["name"]), said(&word["household"]))?;
    }
    for word in own["recoveries"].as_array().into_iter().flatten() {
        let (name, key) = (said(&word["name"]), said(&word["key"]).chars().take(8).collect::<String>());
        writeln!(output, "{name} says that key {key} is yours now; if you did not ask for it: commonsd member veto")?;
    }
    Ok(0)
}

/// A card for an account that is kept here. Reads the file: whoever may do that keeps the gateway, and the PIN he does not learn.
fn card(text: &str, place: &Where, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut asked = Asked::find(place, backend)?;
    let reply = asked.ask(&Request::Members { q: Some(text.into()), after: None })?;
    let found = reply["members"].as_array().cloned().unwrap_or_default();
    let [member] = &found[..] else {
        return Err(no(format!("{} members are called {}", found.len(), plain::line(text))).into());
    };
    let page = asked.ask(&Request::About {})?["about"]["page"].as_str().unwrap_or_default().to_owned();
    drop(asked);
    let loader = loader(place);
    let data = loader.load().unwrap_or_else(|_| loader.without_file()).config.gateway.data;
    let id = MemberId::parse(member["id"].as_str().unwrap_or_default()).ok_or_else(|| no("no member"))?;
    let letters = hosted::card_of(&data, &id).map_err(|error| no(error.to_string()))?;
    let address = format!("{page}credit?card={letters}");
    if let Ok(picture) = QrCode::with_error_correction_level(address.as_bytes(), EcLevel::L) {
        let picture = picture.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
        writeln!(output, "{picture}\n")?;
    }
    let name = plain::line(member["pseudonym"].as_str().unwrap_or_default());
    writeln!(
        output,
        "The card of {name}. It opens at this gateway with the PIN of the account, also after that is changed."
    )?;
    writeln!(output, "Do not write the PIN on it. As a link: {address}")?;
    writeln!(output, "{letters}")?;
    Ok(0)
}

fn join(
    name: &str,
    household: &str,
    pot: bool,
    signer: &Signer,
    backend: &dyn Backend,
    output: &mut Output,
) -> anyhow::Result<u8> {
    let mut hand = Hand::of(signer, backend)?;
    let covenant = hand.asked.ask(&Request::Covenant {})?;
    let covenant = id_in(&covenant["covenant"]["id"]).ok_or_else(|| no("there is no covenant here"))?;
    let facts = Facts {
        pseudonym: name.into(),
        household: household.into(),
        home: hand.gateway,
        guardians: Vec::new(),
        threshold: 0,
        custody: if pot { Custody::Pot } else { Custody::Own },
    };
    let written = hand.pen().write(now_s(), Body::Join(Join { covenant, facts }));
    let receipt = hand.send(&written)?;
    if receipt["ok"] == true {
        hand.key.set_member(MemberId(written.id.0))?;
    }
    hand.tell(&receipt, output)
}

fn rekey(signer: &Signer, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut hand = Hand::of(signer, backend)?;
    let next = hand.key.next_pen(hand.network)?.key();
    // Cut off the last time, after it was taken.
    if hand.account()?["member"]["key"] == next.to_string().as_str() {
        hand.key.turn()?;
        writeln!(output, "Your new key holds already.")?;
        return Ok(0);
    }
    let (_, link) = hand.next()?;
    let code = hand.post(link, Body::Rekey(Rekey { link, key: next }), output)?;
    if code == 0 {
        hand.key.turn()?;
    }
    Ok(code)
}

/// With a new key that guardians gave their word for.
fn resume(text: &str, signer: &Signer, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut hand = Hand::of(signer, backend)?;
    let (member, card) = hand.find(text)?;
    let own = hand.asked.ask(&Request::Account { member: member.to_string() })?["account"].take();
    let (key, head) = (hand.pen().key().to_string(), card["head"].clone());
    let words = own["recoveries"].as_array().into_iter().flatten();
    let fitting = words.filter(|word| word["key"] == key.as_str() && word["base"] == head);
    let guardians: Vec<RecordId> = fitting.filter_map(|word| id_in(&word["id"])).collect();
    if guardians.is_empty() {
        return Err(no("no guardian has given his word for this key yet, or the chain has gone on since").into());
    }
    let epoch = card["epoch"].as_u64().unwrap_or(0) as u16;
    let prev = id_in(&head).ok_or_else(|| no("the chain has no end"))?;
    let seq = (card["seq"].as_u64().unwrap_or(0) as u32).saturating_add(1);
    let link = Link { member, epoch: epoch.saturating_add(1), seq, prev };
    hand.key.set_member(member)?;
    hand.post(link, Body::Resume(Resume { link, grounds: Grounds::Guardians(guardians) }), output)
}

fn token(signer: &Signer, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let mut hand = Hand::of(signer, backend)?;
    if !hand.asked.running {
        return Err(Failure::new(3, "the gateway is not running; a pass lasts only while it does").into());
    }
    let member = hand.member()?;
    let asked = hand.asked.ask(&Request::PassQuestion {})?;
    let challenge = asked["challenge"].as_str().unwrap_or_default().to_owned();
    let question = digits_to_bytes(&challenge).ok_or_else(|| no("the gateway asked nothing"))?;
    let signature = hex(&hand.pen().answer(&hand.gateway, &member, &question));
    let reply = hand.asked.ask(&Request::Pass { member: member.to_string(), challenge, signature })?;
    if signer.json {
        let all = json!({"v": 1, "member": member.to_string(), "pass": reply["pass"], "expires_s": reply["expires_s"]});
        writeln!(output, "{all}")?;
        return Ok(0);
    }
    let pass = plain::line(reply["pass"].as_str().unwrap_or_default());
    writeln!(output, "mosquitto_sub -u {member} -P {pass} -t commons/ledger/{member}")?;
    writeln!(output, "{pass}")?;
    Ok(0)
}

fn path_of(path: Option<PathBuf>) -> PathBuf {
    let named = std::env::var_os("COMMONSD_KEY").filter(|name| !name.is_empty()).map(PathBuf::from);
    path.or(named).unwrap_or_else(|| "member.key".into())
}

/// Two words for him, of two households other than his own.
fn two_vouches(own: &Value) -> anyhow::Result<[RecordId; 2]> {
    let mut found: Vec<(&str, RecordId)> = Vec::new();
    for word in own["vouches"].as_array().into_iter().flatten() {
        let (Some(household), Some(id)) = (word["household"].as_str(), id_in(&word["id"])) else { continue };
        if own["member"]["household"] != household && found.iter().all(|(known, _)| *known != household) {
            found.push((household, id));
        }
    }
    match &found[..] {
        [(_, first), (_, second), ..] => Ok([*first, *second]),
        _ => Err(no(format!("two members of two other households must vouch for you; {} did", found.len())).into()),
    }
}

/// The payment that is meant, of those that wait.
fn slip(own: &Value, on: &OnPayArguments, turn: &str) -> anyhow::Result<(RecordId, Value)> {
    let meant = |slip: &&Value| match &on.pay {
        Some(text) => text.len() >= 8 && slip["id"].as_str().is_some_and(|id| id.starts_with(&text.to_lowercase())),
        None => slip["turn"] == turn,
    };
    let found: Vec<&Value> = own["open"].as_array().into_iter().flatten().filter(meant).collect();
    match (&found[..], on.pay.as_deref().and_then(RecordId::parse)) {
        ([slip], _) => Ok((id_in(&slip["id"]).ok_or_else(|| no("no payment"))?, (*slip).clone())),
        // The gateway says what is wrong with it.
        (_, Some(id)) => Ok((id, Value::Null)),
        ([], _) => Err(no("no such payment waits for you").into()),
        _ => Err(no("more than one payment waits; name one (`commonsd member show`)").into()),
    }
}

fn facts_of(own: &Value) -> anyhow::Result<Facts> {
    let card = &own["member"];
    let said = |field: &str| card[field].as_str().unwrap_or_default().to_owned();
    let guardians = own["guardians"].as_array().into_iter().flatten();
    Ok(Facts {
        pseudonym: said("pseudonym"),
        household: said("household"),
        home: gateway_in(&card["home"])?,
        guardians: guardians.filter_map(|id| MemberId::parse(id.as_str()?)).collect(),
        threshold: own["threshold"].as_u64().unwrap_or(0) as u8,
        custody: Custody::parse(&said("custody")).ok_or_else(|| no("the gateway does not say who holds your key"))?,
    })
}

pub(super) fn unit_of(own: &Value, name: Option<&str>) -> anyhow::Result<(u8, u32)> {
    let balances = own["balances"].as_array().cloned().unwrap_or_default();
    let meant = balances.iter().position(|balance| name.is_none_or(|name| balance["unit"] == name));
    let Some(place) = meant else {
        let names: Vec<&str> = balances.iter().filter_map(|balance| balance["unit"].as_str()).collect();
        return Err(no(format!("this community counts in {}", names.join(", "))).into());
    };
    Ok((place as u8, scale_of(own, place)))
}

fn scale_of(own: &Value, place: usize) -> u32 {
    own["balances"][place]["scale"].as_u64().unwrap_or(1) as u32
}

/// Whole units, and after a colon smallest parts: the reverse of how quantities are shown.
pub(super) fn parts(text: &str, scale: u32) -> anyhow::Result<u64> {
    let (whole, rest) = text.split_once(':').unwrap_or((text, "0"));
    let read = || {
        let (whole, rest): (u64, u64) = (whole.parse().ok()?, rest.parse().ok()?);
        let fits = rest < u64::from(scale.max(1)) || rest == 0;
        whole.checked_mul(u64::from(scale.max(1)))?.checked_add(rest).filter(|_| fits)
    };
    let how = "an amount is whole units, and after a colon smallest parts: 2, 1:30";
    read().ok_or_else(|| no(format!("{} is no amount; {how}", plain::line(text))).into())
}

fn whole_id(text: Option<&str>) -> anyhow::Result<Option<RecordId>> {
    match text {
        None => Ok(None),
        Some(text) => match RecordId::parse(text) {
            Some(id) => Ok(Some(id)),
            None => Err(no("an id is 64 hex digits here").into()),
        },
    }
}

pub(super) fn id_in(value: &Value) -> Option<RecordId> {
    RecordId::parse(value.as_str()?)
}

pub(super) fn gateway_in(value: &Value) -> anyhow::Result<GatewayId> {
    let id = value.as_str().and_then(GatewayId::parse);
    id.ok_or_else(|| no("the gateway does not say who it is").into())
}

/// The clock of whoever signs: shown, and nothing else.
pub(super) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

pub(super) fn no(sentence: impl Into<String>) -> Failure {
    Failure::new(1, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half an hour would become thirty.
    #[test]
    fn amounts_are_read_as_they_are_shown() {
        for (text, scale, found) in [("2", 60, 120), ("1:30", 60, 90), ("0:05", 60, 5), ("7", 1, 7), ("3:0", 1, 3)] {
            assert_eq!(parts(text, scale).unwrap(), found);
        }
        for (text, scale) in [("", 60), ("1:60", 60), ("-1", 60), ("1.5", 60), ("1:", 60), ("99999999999999999999", 1)]
        {
            assert!(parts(text, scale).is_err(), "{text}");
        }
        assert!(parts("18446744073709551615", 60).is_err(), "no overflow");
    }
}
