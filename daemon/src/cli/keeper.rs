//! `commonsd keeper password`, and the same at `init`: the password of the keeper's page.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;

use anyhow::Context;

use super::arguments::Where;
use super::loader;
use super::output::{Failure, Output};
use crate::host::terminal;
use crate::keeper::{Password, BYTES_MAX};

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

fn data(place: &Where) -> anyhow::Result<std::path::PathBuf> {
    let loader = loader(place);
    // A file spoiled since a gateway was started must not keep its keeper out.
    let loaded = loader.load().unwrap_or_else(|_| loader.without_file());
    let data = loaded.config.gateway.data;
    if !data.is_dir() {
        let sentence =
            format!("there is no gateway in {}; `commonsd init` makes one, --data names another place", data.display());
        return Err(Failure::new(1, sentence).into());
    }
    Ok(data)
}
