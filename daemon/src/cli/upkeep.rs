//! Commands for whoever keeps the gateway: identity, configuration, checks, copies, manual.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::CommandFactory;
use serde_json::{json, Value};

use super::arguments::{Arguments, ConfigCommand, Where};
use super::output::{Failure, Output};
use super::{connect, loader, plain, Asked, Backend, Checkup, Connection, Identity};
use crate::config::value::Value as Setting;
use crate::config::{example, Loaded, FILE_NAME};
use crate::control::Request;

/// `init`.
pub fn init(
    place: &Where,
    name: Option<String>,
    network: Option<String>,
    backend: &dyn Backend,
    output: &mut Output,
) -> anyhow::Result<u8> {
    let loaded = loader(place)
        .flag("--name", "gateway", "name", name.clone())
        .flag("--network", "gateway", "network", network.clone())
        .load()?;
    if let Connection::Running(_) = connect_if_there(&loaded)? {
        return Err(stop_first(&loaded, "init").into());
    }
    let identity = backend.init(&loaded)?;
    let word = if identity.fresh { "Made" } else { "Here already" };
    let code = introduce(word, &identity, output)?;
    keep(&identity, name, network, output)?;
    Ok(code)
}

/// Writes down what was said on the command line, so that every later command means the same gateway by the same name; in a
/// configuration that is there already it is the keeper's to write.
fn keep(identity: &Identity, name: Option<String>, network: Option<String>, output: &mut Output) -> anyhow::Result<()> {
    let said = [("name", name), ("network", network)];
    let lines = said.into_iter().filter_map(|(key, value)| Some(format!("{key} = {}", Setting::Text(value?))));
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return Ok(());
    }
    let file = identity.data.join(FILE_NAME);
    match std::fs::OpenOptions::new().write(true).create_new(true).open(&file) {
        Ok(mut written) => {
            writeln!(written, "[gateway]\n{}", lines.join("\n"))?;
            writeln!(output, "Kept in {}", file.display())?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            writeln!(output, "To keep it, see that {} says, under [gateway]: {}", file.display(), lines.join("; "))?;
        }
        Err(error) => return Err(error).with_context(|| format!("cannot write {}", file.display())),
    }
    Ok(())
}

fn introduce(word: &str, identity: &Identity, output: &mut Output) -> anyhow::Result<u8> {
    writeln!(output, "{word}: {}", plain::line(&identity.name))?;
    let rows = [
        ("id", identity.id.clone()),
        ("network", plain::line(&identity.network)),
        ("data", identity.data.display().to_string()),
    ];
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    // Never cut: a path or an id is there to be copied.
    write!(output, "{}", plain::table(&rows, usize::MAX))?;
    Ok(0)
}

/// A directory that is not there has nobody running in it.
fn connect_if_there(loaded: &Loaded) -> anyhow::Result<Connection> {
    connect(&loaded.config.gateway.data)
}

fn stop_first(loaded: &Loaded, command: &str) -> Failure {
    Failure::new(
        1,
        format!(
            "a gateway is running in {}: stop it first (`systemctl stop commonsd`), then run `commonsd {command}`",
            loaded.config.gateway.data.display()
        ),
    )
}

/// The configuration of a stopped gateway that exists.
pub(super) fn at_rest(place: &Where, command: &str) -> anyhow::Result<Loaded> {
    let loaded = loader(place).load()?;
    if let Connection::Running(_) = connect(&loaded.config.gateway.data)? {
        return Err(stop_first(&loaded, command).into());
    }
    let data = &loaded.config.gateway.data;
    if !data.is_dir() {
        let sentence = format!("there is no gateway in {}; name its place with --data", data.display());
        return Err(Failure::new(1, sentence).into());
    }
    Ok(loaded)
}

/// `verify`.
pub fn verify(place: &Where, json: bool, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let loaded = at_rest(place, "verify")?;
    report(backend.verify(&loaded)?, json, output)
}

/// `repair`.
pub fn repair(place: &Where, json: bool, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let loaded = at_rest(place, "repair")?;
    report(backend.repair(&loaded)?, json, output)
}

pub(super) fn report(checkup: Checkup, json: bool, output: &mut Output) -> anyhow::Result<u8> {
    if json {
        let mut report = json!({"v": 1, "ok": checkup.well, "findings": checkup.sentences});
        if let (Value::Object(detail), Some(report)) = (checkup.detail, report.as_object_mut()) {
            report.extend(detail);
        }
        writeln!(output, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        for sentence in &checkup.sentences {
            writeln!(output, "{}", plain::line(sentence))?;
        }
        if checkup.well {
            writeln!(output, "All is well.")?;
        } else {
            writeln!(output, "Something is hurt; see above.")?;
        }
    }
    Ok(u8::from(!checkup.well))
}

/// `backup`.
pub fn backup(to: &Path, place: &Where, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    // The daemon has another working directory.
    let to = std::path::absolute(to)?;
    if to.exists() {
        let sentence = format!("{} exists already; a copy never overwrites", to.display());
        return Err(Failure::new(1, sentence).into());
    }
    let request = Request::Backup { to: to.to_str().context("the name of the copy must be UTF-8")?.into() };
    let reply = Asked::find(place, backend)?.ask(&request)?;
    let size = reply["bytes"].as_u64().map(plain::bytes);
    writeln!(output, "Written: {}{}", to.display(), size.map(|size| format!(" ({size})")).unwrap_or_default())?;
    writeln!(output, "It holds the gateway's key: keep it as you would keep the key of the house.")?;
    Ok(0)
}

/// `restore`.
pub fn restore(file: &Path, place: &Where, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let loaded = loader(place).load()?;
    if let Connection::Running(_) = connect_if_there(&loaded)? {
        return Err(stop_first(&loaded, "restore").into());
    }
    let identity = backend.restore(file, &loaded)?;
    introduce("Restored, in a new epoch", &identity, output)
}

/// `config ...`.
pub fn config(command: &ConfigCommand, output: &mut Output) -> anyhow::Result<u8> {
    match command {
        ConfigCommand::Example => write!(output, "{}", example::example())?,
        ConfigCommand::Show { place, json } => {
            let loaded = loader(place).load()?;
            if *json {
                let shown = example::show_json(&loaded);
                writeln!(output, "{}", serde_json::to_string_pretty(&shown)?)?;
            } else {
                for warning in &loaded.warnings {
                    writeln!(output, "# note: {warning}")?;
                }
                write!(output, "{}", example::show(&loaded))?;
            }
        }
        ConfigCommand::Check { file, place } => {
            let place = Where { config: file.clone().or_else(|| place.config.clone()), ..place.clone() };
            let loaded = loader(&place).load()?;
            for warning in &loaded.warnings {
                writeln!(output, "note: {warning}")?;
            }
            match &loaded.file {
                Some(file) => writeln!(output, "{} is good.", file.display())?,
                None => writeln!(output, "There is no configuration file; the defaults hold.")?,
            }
        }
    }
    Ok(0)
}

/// `completions`.
pub fn completions(shell: clap_complete::Shell, output: &mut Output) -> anyhow::Result<u8> {
    // clap_complete panics when it cannot write, so it writes to memory.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "commonsd", &mut text);
    output.write_all(&text)?;
    Ok(0)
}

/// `man`.
pub fn man(dir: Option<&Path>, output: &mut Output) -> anyhow::Result<u8> {
    let command = Arguments::command();
    match dir {
        None => clap_mangen::Man::new(command).render(output)?,
        Some(dir) => {
            let context = || format!("cannot write manual pages to {}", dir.display());
            std::fs::create_dir_all(dir).with_context(context)?;
            clap_mangen::generate_to(command, dir).with_context(context)?;
            writeln!(output, "Written to {}.", dir.display())?;
        }
    }
    Ok(0)
}
