//! `init --found`: a community with its ledger begins, by a record that everybody sees.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use commons_core::identity::{hex, GatewayId, MemberId, MemberKey, NetworkId};
use commons_core::record::{Body, Custody, Facts, Found, Founder, Unit};

use super::arguments::{FoundArguments, Where};
use super::keyfile::KeyFile;
use super::member::now_s;
use super::output::{Failure, Output};
use super::{loader, plain, Backend};
use crate::control::Request;

/// What is counted unless it is said: hours in minutes down to ten, credits in hundredths down to a hundred.
const UNITS: [&str; 2] = ["hour,60,10", "credit,100,100"];

/// Founds it in a gateway that is not running.
pub fn found(
    place: &Where,
    network: Option<String>,
    arguments: &FoundArguments,
    backend: &dyn Backend,
    output: &mut Output,
) -> anyhow::Result<u8> {
    let loaded = loader(place).flag("--network", "gateway", "network", network).load()?;
    let mut answerer = backend.session(&loaded)?;
    let about = answerer.answer(&Request::About {})?;
    let network = NetworkId::of(about["about"]["network"].as_str().unwrap_or_default());
    let home = about["about"]["id"].as_str().and_then(GatewayId::parse);
    let home = home.ok_or_else(|| no("the gateway does not say who it is"))?;
    if let Some(covenant) = answerer.answer(&Request::Covenant {})?.get("covenant") {
        let name = plain::line(covenant["name"].as_str().unwrap_or_default());
        return Err(no(format!("this network has its community already: {name}")).into());
    }
    // Everything is read before any key is made.
    let units = units(&arguments.unit)?;
    let said = arguments.founder.iter().map(|text| said(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let households: BTreeSet<&str> = said.iter().map(|founder| founder.household).collect();
    if said.len() < 2 || households.len() < 2 {
        return Err(no("two founders or more of two households: else nobody else could ever be vouched for").into());
    }
    let (mut founders, mut files) = (Vec::new(), Vec::new());
    for (place, founder) in said.iter().enumerate() {
        let key = match founder.key {
            Key::Digits(key) => key,
            Key::File(path) => {
                let file = if path.exists() { KeyFile::read(path)? } else { KeyFile::make(path)? };
                let key = file.pen(network).key();
                files.push((place, file));
                key
            }
        };
        let facts = Facts {
            pseudonym: founder.name.into(),
            household: founder.household.into(),
            home,
            guardians: Vec::new(),
            threshold: 0,
            custody: Custody::Own,
        };
        founders.push(Founder { key, facts });
    }
    let Some((_, first)) = files.first() else {
        return Err(no("one founder at least signs here: name the file of his key").into());
    };
    let body = Found {
        name: arguments.found.clone().unwrap_or_default(),
        units,
        roaming_percent: arguments.roaming_percent,
        quorum: arguments.quorum,
        recovery_delay_s: arguments.recovery_delay_hours.saturating_mul(3_600),
        founders,
    };
    let written = first.pen(network).write(now_s(), Body::Found(body));
    let record = hex(&written.signed.encode());
    let receipt = answerer.answer(&Request::Signed { kind: written.kind.into(), record })?;
    if receipt["ok"] != true {
        return Err(no(plain::line(receipt["message"].as_str().unwrap_or("refused"))).into());
    }
    for (place, file) in &mut files {
        file.set_member(MemberId::of_founder(&written.id, *place as u8))?;
    }
    writeln!(output, "Founded: {} ({})", plain::line(arguments.found.as_deref().unwrap_or_default()), written.id)?;
    writeln!(output, "Everybody sees it: `commonsd ledger covenant`, and /api/v1/ledger on the page.")?;
    for (place, founder) in said.iter().enumerate() {
        let member = MemberId::of_founder(&written.id, place as u8).short();
        let key = match founder.key {
            Key::Digits(_) => String::new(),
            Key::File(path) => format!(", key in {}", path.display()),
        };
        writeln!(
            output,
            "  {} of household {}: {member}{key}",
            plain::line(founder.name),
            plain::line(founder.household)
        )?;
    }
    Ok(0)
}

struct Said<'a> {
    name: &'a str,
    household: &'a str,
    key: Key<'a>,
}

enum Key<'a> {
    Digits(MemberKey),
    File(&'a Path),
}

fn said(text: &str) -> anyhow::Result<Said<'_>> {
    let mut parts = text.splitn(3, ',').map(str::trim);
    let (Some(name), Some(household), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(
            Failure::new(2, "a founder is NAME,HOUSEHOLD,KEY: what he goes by, his household, his key's file").into()
        );
    };
    let key = MemberKey::parse(key).map_or_else(|| Key::File(Path::new(key)), Key::Digits);
    Ok(Said { name, household, key })
}

fn units(said: &[String]) -> anyhow::Result<Vec<Unit>> {
    let said: Vec<&str> = if said.is_empty() { UNITS.to_vec() } else { said.iter().map(String::as_str).collect() };
    said.iter().map(|text| unit(text)).collect()
}

fn unit(text: &str) -> anyhow::Result<Unit> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let read = || {
        let [name, scale, limit] = parts[..] else { return None };
        let (scale, whole): (u32, u64) = (scale.parse().ok()?, limit.parse().ok()?);
        Some(Unit { name: name.into(), scale, limit: whole.checked_mul(scale.into())? })
    };
    read().ok_or_else(|| {
        Failure::new(2, format!("{} is no unit; NAME,SCALE,LIMIT as in hour,60,10", plain::line(text))).into()
    })
}

fn no(sentence: impl Into<String>) -> Failure {
    Failure::new(1, sentence)
}
