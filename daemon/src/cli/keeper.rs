//! `commonsd keeper password`, and the same at `init`: the password of the keeper's page; `commonsd keeper key`: phones that
//! need none.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;

use anyhow::Context;
use commons_core::identity::MemberKey;

use super::arguments::{KeyCommand, Where};
use super::loader;
use super::output::{Failure, Output};
use crate::config::Loaded;
use crate::host::terminal;
use crate::keeper::{keys, KeeperError, Password, BYTES_MAX};

/// Digits of a key that are enough to name it.
const DIGITS_MIN: usize = 8;
/// Bytes read of what should be one line.
const READ_BYTES_MAX: u64 = 4 * BYTES_MAX as u64;

/// `keeper password`: asked twice at a terminal, else one line from standard input.
pub fn password(place: &Where, output: &mut Output) -> anyhow::Result<u8> {
    // Before anybody types in vain.
    data(place)?;
    let typed = if std::io::stdin().is_terminal() {
        let first = terminal::ask_hidden("New password of the keeper's page (not shown): ")?;
        let second = terminal::ask_hidden("The same again: ")?;
        if first.trim() != second.trim() {
            return Err(Failure::new(1, "the two are not the same; nothing was changed").into());
        }
        first
    } else {
        first_line(std::io::stdin().lock()).context("the password cannot be read from standard input")?
    };
    set(place, &typed, output)
}

/// The password in the first line of a file.
pub fn from_file(path: &Path) -> anyhow::Result<String> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    first_line(file).with_context(|| format!("cannot read {}", path.display()))
}

fn first_line(from: impl Read) -> std::io::Result<String> {
    let mut line = String::new();
    std::io::BufReader::new(from.take(READ_BYTES_MAX)).read_line(&mut line)?;
    // Written on any neighbour's laptop.
    Ok(line.trim_start_matches('\u{feff}').to_owned())
}

/// Sets it.
pub fn set(place: &Where, typed: &str, output: &mut Output) -> anyhow::Result<u8> {
    let data = data(place)?;
    Password::set(&data, typed).map_err(|error| Failure::new(1, error.to_string()))?;
    writeln!(output, "The password is set. The keeper's page is at /keeper; who was logged in must log in again.")?;
    Ok(0)
}

/// `keeper key`: lets phones in by their key, lists and removes them.
pub fn key(command: &KeyCommand, output: &mut Output) -> anyhow::Result<u8> {
    let failed = |error: KeeperError| Failure::new(1, error.to_string());
    match command {
        KeyCommand::Add { key, place } => {
            let data = data(place)?;
            let key = MemberKey::parse(key.trim()).ok_or_else(|| {
                Failure::new(1, "a key is 64 hex digits; on the phone, the page /me shows it with this command")
            })?;
            match keys::add(&data, key).map_err(failed)? {
                true => writeln!(output, "That phone now opens the keeper's page at /keeper by its key.")?,
                false => writeln!(output, "That key was let in before; nothing was changed.")?,
            }
        }
        KeyCommand::List { place } => {
            let loaded = loaded(place);
            let configured = loaded.config.keeper.keys;
            let kept = keys::read(&data(place)?).map_err(failed)?;
            if kept.is_empty() && configured.is_empty() {
                writeln!(output, "No key is let in.")?;
            }
            kept.iter().try_for_each(|key| writeln!(output, "{key}"))?;
            configured.iter().try_for_each(|key| writeln!(output, "{key}  (keeper.keys in the configuration)"))?;
        }
        KeyCommand::Remove { key, place } => {
            let data = data(place)?;
            let typed = key.trim().to_ascii_lowercase();
            let known = keys::read(&data).map_err(failed)?;
            let meant: Vec<_> = known.iter().filter(|known| known.to_string().starts_with(&typed)).collect();
            let [meant] = meant[..] else {
                let sentence = match meant.len() {
                    0 => "no key that was let in by this command begins so; see `commonsd keeper key list`",
                    _ => "more than one key begins so; give more digits",
                };
                return Err(Failure::new(1, sentence).into());
            };
            if typed.len() < DIGITS_MIN {
                return Err(Failure::new(1, format!("give at least {DIGITS_MIN} digits of the key")).into());
            }
            keys::remove(&data, meant).map_err(failed)?;
            writeln!(output, "That phone no longer opens the keeper's page.")?;
        }
    }
    Ok(0)
}

fn data(place: &Where) -> anyhow::Result<std::path::PathBuf> {
    let data = loaded(place).config.gateway.data;
    if !data.is_dir() {
        let sentence =
            format!("there is no gateway in {}; `commonsd init` makes one, --data names another place", data.display());
        return Err(Failure::new(1, sentence).into());
    }
    Ok(data)
}

fn loaded(place: &Where) -> Loaded {
    let loader = loader(place);
    // A file spoiled since a gateway was started must not keep its keeper out.
    loader.load().unwrap_or_else(|_| loader.without_file())
}
