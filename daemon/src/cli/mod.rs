//! The command line: arguments in, words and exit codes out. Nothing here touches the store; see [`Backend`].
//!
//! Exit codes: 0 well, 1 failed or needs attention, 2 wrong usage or neighbours are hurt (`doctor`), 3 not running
//! (`status`), 4 not met yet (`peer add`).

pub mod arguments;
pub mod backend;
pub mod board;
pub mod carry;
pub mod decisions;
pub mod doctor;
pub mod found;
pub mod keeper;
pub mod keyfile;
pub mod ledger;
pub mod member;
pub mod output;
pub mod peer;
mod phones;
pub mod plain;
pub mod post;
pub mod progress;
pub mod shared;
pub mod status;
#[cfg(test)]
mod tests;
pub mod upkeep;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

pub use arguments::Arguments;
pub use backend::{Backend, Checkup, Identity};

use arguments::{Command, KeeperCommand, RunArguments, Where};
use output::{Failure, Output};

use crate::config::{Loaded, Loader};
use crate::control::{Answerer, Reply, Request, Running};
use crate::host::{journal, panics};

/// Parses the process's arguments, does what they say, prints at most one sentence of error.
pub fn main(backend: &dyn Backend) -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too, with code 0.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut output = Output::standard();
    let done = dispatch(arguments, backend, &mut output).and_then(|code| {
        output.flush()?;
        Ok(code)
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => output::fail(&error),
    }
}

fn dispatch(arguments: Arguments, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let Some(command) = arguments.command else {
        return run(&arguments.run, backend);
    };
    if !matches!(command, Command::Run(_)) {
        // Commands speak through their output; only what went wrong underneath is worth a line.
        journal::start(&std::env::var("COMMONSD_LOG").unwrap_or_else(|_| "warn".into()));
        panics::hook();
    }
    match command {
        Command::Run(run_arguments) => run(&run_arguments, backend),
        Command::Init { place, name, network, keeper_password_file, found } => {
            let password = keeper_password_file.as_deref().map(keeper::from_file).transpose()?;
            let mut code = upkeep::init(&place, name, network.clone(), backend, output)?;
            if let Some(password) = password {
                code = keeper::set(&place, &password, output)?;
            }
            if found.found.is_some() {
                code = found::found(&place, network, &found, backend, output)?;
            }
            Ok(code)
        }
        Command::Member(command) => member::member(&command, backend, output),
        Command::Keeper(KeeperCommand::Password { place }) => keeper::password(&place, output),
        Command::Keeper(KeeperCommand::Key(command)) => keeper::key(&command, output),
        Command::Status { place, json } => status::status(&place, json, backend, output),
        Command::Doctor { place, json, bundle } => doctor::doctor(&place, json, bundle.as_deref(), backend, output),
        Command::Needs(list) => board::list("need", &list, backend, output),
        Command::Offers(list) => board::list("offer", &list, backend, output),
        Command::Notices(list) => board::list("notice", &list, backend, output),
        Command::Stock { place, json } => shared::stock(&place, json, backend, output),
        Command::Pots { place, json } => shared::pots(&place, json, backend, output),
        Command::Scorecard { place, json } => shared::scorecard(&place, json, backend, output),
        Command::Show { id, place, json } => board::show(&id, &place, json, backend, output),
        Command::Post(post) => post::post(&post, backend, output),
        Command::Watch { place, json } => board::watch(&place, json, output),
        Command::Peer(command) => peer::peer(&command, backend, output),
        Command::Exchange { path, carry } => carry::exchange(&path, &carry, backend, output),
        Command::Export { to, stick, peer, all: _, carry } => {
            let path = to.or(stick).unwrap_or_default();
            carry::export(&path, peer.as_deref(), &carry, backend, output)
        }
        Command::Import { path, carry } => carry::import(&path, &carry, backend, output),
        Command::Config(config) => upkeep::config(&config, output),
        Command::Ledger(command) => ledger::ledger(&command, backend, output),
        Command::Verify { place, json } => upkeep::verify(&place, json, backend, output),
        Command::Repair { place, json } => upkeep::repair(&place, json, backend, output),
        Command::Backup { to, place } => upkeep::backup(&to, &place, backend, output),
        Command::Restore { file, place } => upkeep::restore(&file, &place, backend, output),
        Command::Completions { shell } => upkeep::completions(shell, output),
        Command::Man { dir } => upkeep::man(dir.as_deref(), output),
    }
}

fn run(arguments: &RunArguments, backend: &dyn Backend) -> anyhow::Result<u8> {
    let addresses = |list: &[std::net::SocketAddr]| -> Vec<String> { list.iter().map(ToString::to_string).collect() };
    let loader = loader(&arguments.place)
        .flag("--mqtt", "mqtt", "listen", addresses(&arguments.mqtt))
        .flag("--http", "http", "listen", addresses(&arguments.http))
        .flag("--name", "gateway", "name", arguments.name.clone())
        .flag("--network", "gateway", "network", arguments.network.clone());
    let loaded = loader.load()?;
    let level = journal::stepped(&loaded.config.log.level, arguments.verbose, arguments.quiet);
    let logging = journal::start(&level);
    panics::hook();
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    backend.run(loaded, loader, logging)?;
    Ok(0)
}

/// What the arguments common to all commands say.
fn loader(place: &Where) -> Loader {
    let loader = Loader::from_env();
    let file = place.config.clone().or_else(|| {
        loader
            .env
            .iter()
            .find(|(name, value)| name == "COMMONSD_CONFIG" && !value.is_empty())
            .map(|(_, value)| PathBuf::from(value))
    });
    Loader { file, ..loader }.flag(
        "--data",
        "gateway",
        "data",
        place.data.as_ref().map(|data| data.to_string_lossy().into_owned()),
    )
}

/// Somebody to ask: the running gateway, or nobody.
pub enum Connection {
    /// It runs.
    Running(Running),
    /// Nobody answers there.
    Stopped,
}

/// Looks for a running gateway in a data directory.
pub fn connect(data: &Path) -> anyhow::Result<Connection> {
    match Running::connect(data) {
        Ok(Some(running)) => Ok(Connection::Running(running)),
        Ok(None) => Ok(Connection::Stopped),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Err(Failure::new(
            1,
            format!("you may not look into {}: use the account the gateway runs under, or sudo", data.display()),
        )
        .into()),
        Err(error) => Err(error).context(format!("cannot ask the gateway in {}", data.display())),
    }
}

/// The configuration for a command, and whoever answers: the running gateway or its store.
struct Asked {
    loaded: Loaded,
    answerer: Box<dyn Answerer>,
    running: bool,
}

impl Asked {
    /// Finds somebody to ask. A stopped gateway's store is opened for each question; none is made.
    fn find(place: &Where, backend: &dyn Backend) -> anyhow::Result<Self> {
        Self::seek(place, backend, false)
    }

    /// The same for many questions in a row: a stopped gateway's store stays open.
    fn find_for_long(place: &Where, backend: &dyn Backend) -> anyhow::Result<Self> {
        Self::seek(place, backend, true)
    }

    fn seek(place: &Where, backend: &dyn Backend, keep_open: bool) -> anyhow::Result<Self> {
        let loader = loader(place);
        let loading = loader.load();
        // A running gateway holds a good configuration already; a file spoiled since must not make it mute.
        let place = loading.as_ref().map_or_else(|_| loader.without_file(), Loaded::clone);
        if let Connection::Running(running) = connect(&place.config.gateway.data)? {
            let loaded = place;
            return Ok(Self { loaded, answerer: Box::new(running), running: true });
        }
        let loaded = loading?;
        let data = &loaded.config.gateway.data;
        if !data.is_dir() {
            return Err(Failure::new(
                3,
                format!(
                    "there is no gateway in {}; `commonsd run` starts one, --data names another place",
                    data.display()
                ),
            )
            .into());
        }
        let answerer = if keep_open { backend.session(&loaded)? } else { backend.offline(&loaded)? };
        Ok(Self { loaded, answerer, running: false })
    }

    /// Asks; a no becomes an error with the gateway's sentence.
    fn ask(&mut self, request: &Request) -> anyhow::Result<Reply> {
        let reply = self
            .answerer
            .answer(request)
            .with_context(|| format!("the gateway in {} does not answer", self.loaded.config.gateway.data.display()))?;
        if reply["ok"] == true {
            return Ok(reply);
        }
        let sentence = reply["message"].as_str().unwrap_or("the gateway refused");
        Err(Failure::new(1, plain::line(sentence)).into())
    }
}
