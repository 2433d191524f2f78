//! `exchange`, `export`, `import`: posts carried on a stick. What happened is said in sentences, and what to do next.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use commons_core::identity::GatewayId;
use serde_json::{json, Value};

use super::arguments::CarryArguments;
use super::output::{Failure, Output};
use super::progress::Shown;
use super::{plain, Asked, Backend};
use crate::bundle::export::{self, Exported};
use crate::bundle::import::{self, Imported};
use crate::bundle::remote::Remote;
use crate::bundle::said::{put, short, taken};
use crate::bundle::stick::{Stick, To, BUNDLE, FOLDER};
use crate::bundle::{notes, BundleError, Gateway, Standing};
use crate::control::Request;

/// `exchange`.
pub fn exchange(
    path: &Path,
    arguments: &CarryArguments,
    backend: &dyn Backend,
    output: &mut Output,
) -> anyhow::Result<u8> {
    there(path, "exchange")?;
    let mut asked = Asked::find_for_long(&arguments.place, backend)?;
    let mut progress = Shown::standard(arguments.quiet);
    let stick = Stick::new(path);
    let mut remote = Remote(asked.answerer.as_mut());
    let imported = said(import::from_folder(&mut remote, &stick, path, progress.as_mut()))?;
    let exported = said(export::to_stick(&mut remote, &stick, To::All, progress.as_mut()))?;
    let standing = said(remote.standing())?;
    let mut lines = taken(&imported, true);
    lines.extend(put(&exported, None));
    let noted = notes::write(&stick, &standing.name, &short(Some(&imported), Some(&exported)));
    let next =
        format!("It is safe to remove the stick. Next: at the next gateway, `commonsd exchange {}`.", shown(path));
    report(&lines, noted, Some(&next), (Some(&imported), Some(&exported)), arguments, output)
}

/// `export`.
pub fn export(
    path: &Path,
    peer: Option<&str>,
    arguments: &CarryArguments,
    backend: &dyn Backend,
    output: &mut Output,
) -> anyhow::Result<u8> {
    let is_file = path.extension().is_some_and(|ending| ending == BUNDLE);
    if !is_file && !path.exists() {
        // A new folder on a disk that is there; a whole path that is not is a typing mistake, or no stick.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        there(parent, "export")?;
        std::fs::create_dir(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
    }
    let mut asked = Asked::find_for_long(&arguments.place, backend)?;
    let mut progress = Shown::standard(arguments.quiet);
    let to = match peer {
        None => To::All,
        Some(peer) => To::One(find_peer(&mut asked, peer, if is_file { None } else { Some(path) })?),
    };
    let mut remote = Remote(asked.answerer.as_mut());
    if is_file {
        let exported = said(export::to_file(&mut remote, path, to, progress.as_mut()))?;
        let next = format!("Next: take the file to another gateway and run `commonsd import {}` there.", shown(path));
        return report(&put(&exported, peer), Ok(()), Some(&next), (None, Some(&exported)), arguments, output);
    }
    let stick = Stick::new(path);
    let exported = said(export::to_stick(&mut remote, &stick, to, progress.as_mut()))?;
    let standing = said(remote.standing())?;
    let noted = notes::write(&stick, &standing.name, &short(None, Some(&exported)));
    let next = format!(
        "It is safe to remove the stick. Next: at another gateway, `commonsd import {0}`, or `commonsd exchange {0}` so \
         that the stick takes that one's posts along too.",
        shown(path)
    );
    report(&put(&exported, peer), noted, Some(&next), (None, Some(&exported)), arguments, output)
}

/// `import`.
pub fn import(
    path: &Path,
    arguments: &CarryArguments,
    backend: &dyn Backend,
    output: &mut Output,
) -> anyhow::Result<u8> {
    there(path, "import")?;
    let mut asked = Asked::find_for_long(&arguments.place, backend)?;
    let mut progress = Shown::standard(arguments.quiet);
    let mut remote = Remote(asked.answerer.as_mut());
    let path = whole_stick(path);
    if !path.is_dir() {
        let imported = said(import::from_file(&mut remote, path, progress.as_mut()))?;
        return report(&taken(&imported, false), Ok(()), None, (Some(&imported), None), arguments, output);
    }
    let stick = Stick::new(path);
    let imported = said(import::from_folder(&mut remote, &stick, path, progress.as_mut()))?;
    let standing = said(remote.standing())?;
    let empty = imported.bundles == 0 && imported.refused.is_empty();
    let noted = match stick.root().is_dir() && imported.unreceipted.is_none() {
        true => notes::write(&stick, &standing.name, &short(Some(&imported), None)),
        false => Ok(()),
    };
    let next = match empty {
        true => format!("Next: `commonsd export --to {}` puts this gateway's own posts on it.", shown(path)),
        false => format!(
            "It is safe to remove the stick. Next: `commonsd export --to {0}` puts on it what this gateway has for the \
             others; then carry it on. (`commonsd exchange {0}` does both.)",
            shown(path)
        ),
    };
    report(&taken(&imported, true), noted, Some(&next), (Some(&imported), None), arguments, output)
}

/// A path that is there, or the sentence that says what may be the matter.
/// The stick's folder, where somebody names a folder within ours on it: `commons/to-all`, or one of a gateway in that.
fn whole_stick(path: &Path) -> &Path {
    let named =
        |part: &Path, how: &dyn Fn(&str) -> bool| part.file_name().and_then(|name| name.to_str()).is_some_and(how);
    let within = path.ancestors().take(2).find(|part| named(part, &|name| name.starts_with("to-")));
    match within.and_then(Path::parent).filter(|ours| named(ours, &|name| name == FOLDER)) {
        Some(ours) if path.is_dir() => ours,
        _ => path,
    }
}

fn there(path: &Path, command: &str) -> anyhow::Result<()> {
    if path.is_dir() || (path.exists() && command == "import") {
        return Ok(());
    }
    if path.exists() {
        let sentence = match path.extension().is_some_and(|ending| ending == BUNDLE) {
            true => format!("{0} is one bundle, no stick: `commonsd import {0}` takes it in", shown(path)),
            false => {
                format!("{} is no folder; `commonsd {command}` wants the stick's, as in /media/stick", shown(path))
            }
        };
        return Err(Failure::new(1, sentence).into());
    }
    let sentence = format!(
        "there is no {}; is the stick plugged in? `commonsd {command}` wants its folder, as in /media/stick",
        path.display()
    );
    Err(Failure::new(1, sentence).into())
}

fn said<T>(done: Result<T, BundleError>) -> anyhow::Result<T> {
    done.map_err(|error| Failure::new(1, plain::line(&error.to_string())).into())
}

/// A path to be typed again.
fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if text.bytes().all(|c| c.is_ascii_alphanumeric() || b"/._-+,@".contains(&c)) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// The gateway that is meant: among the peers, else among those that have left something on the stick.
fn find_peer(asked: &mut Asked, wanted: &str, stick: Option<&Path>) -> anyhow::Result<GatewayId> {
    if let Some(id) = GatewayId::parse(wanted) {
        return Ok(id);
    }
    let list = asked.ask(&Request::Peers {})?;
    let peers = list["peers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = |peer: &Value| Some((GatewayId::parse(peer["id"].as_str()?)?, peer["name"].as_str()?.to_owned()));
    let mut known: Vec<(GatewayId, String)> = peers.iter().filter_map(named).collect();
    if let Some(path) = stick {
        let standing: Standing = said(Remote(asked.answerer.as_mut()).standing())?;
        let stick = Stick::new(path);
        let found = said(stick.look())?;
        let receipts = export::receipts(&stick, &found, &standing, &mut Vec::new());
        known.extend(receipts.into_values().map(|receipt| (receipt.from, receipt.name)));
    }
    let digits = wanted.to_ascii_lowercase();
    let is_id = digits.len() >= 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let mut fits: Vec<GatewayId> = known
        .into_iter()
        .filter(|(id, name)| name == wanted || (is_id && id.to_string().starts_with(&digits)))
        .map(|(id, _)| id)
        .collect();
    fits.sort();
    fits.dedup();
    match fits.as_slice() {
        [one] => Ok(*one),
        [] => {
            let sentence = format!(
                "no gateway called \"{}\" is known here; `commonsd peer list` shows names, or leave --peer out",
                plain::line(wanted)
            );
            Err(Failure::new(1, sentence).into())
        }
        _ => Err(Failure::new(1, "several gateways are meant; give the first digits of the id").into()),
    }
}

fn report(
    lines: &[String],
    noted: Result<(), BundleError>,
    next: Option<&str>,
    (imported, exported): (Option<&Imported>, Option<&Exported>),
    arguments: &CarryArguments,
    output: &mut Output,
) -> anyhow::Result<u8> {
    let refused = imported.map_or(0, |imported| imported.refused.len());
    if arguments.json {
        let mut report = json!({"v": 1, "ok": refused == 0});
        if let Some(imported) = imported {
            report["took"] = imported.took.into();
            report["left"] = imported.left.into();
            report["bundles"] = imported.bundles.into();
            report["refused"] = json!(imported.refused);
            report["notes"] = json!(imported.notes);
        }
        if let Some(exported) = exported {
            report["wrote"] = exported.content.entries.into();
            report["bytes"] = exported.bytes.into();
            report["file"] = json!(exported.path.as_ref().map(|path| path.display().to_string()));
            report["removed"] = exported.deleted.into();
        }
        writeln!(output, "{}", serde_json::to_string_pretty(&report)?)?;
        return Ok(u8::from(refused > 0));
    }
    for line in lines {
        // Names of files on the stick are strangers' words; the space in front is ours.
        let indent = if line.starts_with("  ") { "  " } else { "" };
        writeln!(output, "{indent}{}", plain::line(line))?;
    }
    if let Err(error) = noted {
        writeln!(output, "LAST-EXCHANGE.txt was not written: {error}")?;
    }
    if let Some(next) = next {
        writeln!(output, "{next}")?;
    }
    Ok(u8::from(refused > 0))
}
