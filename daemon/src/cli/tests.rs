//! The command line as a volunteer types it.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use clap::{CommandFactory, Parser};
use serde_json::{json, Value};

use super::arguments::{Arguments, Command, Where};
use super::output::{sentence, Failure, Output};
use super::{board, post, status, Backend, Checkup, Identity};
use crate::config::{Loaded, Loader};
use crate::control::{Answerer, Reply, Request};
use crate::host::journal::Logging;

/// A stopped gateway with one need by somebody who does not mean well.
#[derive(Clone, Default)]
struct Board(Arc<Mutex<Vec<Request>>>);

impl Answerer for Board {
    fn answer(&mut self, request: &Request) -> std::io::Result<Reply> {
        self.0.lock().unwrap().push(request.clone());
        let item = json!({
            "v": 1, "id": "ab".repeat(32), "kind": "need", "text": "water\u{1b}[2J\nfor two", "status": "open",
            "urgency": "now", "zone": "B", "slots": 2, "filled": 1, "created": "1970-01-01T00:00:00Z",
        });
        Ok(match request {
            Request::List { after: None, .. } => json!({"v": 1, "ok": true, "items": [item]}),
            Request::List { .. } => json!({"v": 1, "ok": true, "items": []}),
            Request::Item { id } if id == "abababab" => json!({"v": 1, "ok": true, "item": item}),
            Request::Status {} => json!({"v": 1, "ok": true, "running": false, "problems": []}),
            Request::Post { .. } => json!({"v": 1, "ok": true, "id": "cd", "kind": "withdraw", "code": "red fox"}),
            _ => json!({"v": 1, "ok": false, "error": "x", "message": "no such thing"}),
        })
    }
}

impl Backend for Board {
    fn run(&self, _: Loaded, _: Loader, _: Option<Logging>) -> anyhow::Result<()> {
        unreachable!()
    }
    fn init(&self, _: &Loaded) -> anyhow::Result<Identity> {
        unreachable!()
    }
    fn verify(&self, _: &Loaded) -> anyhow::Result<Checkup> {
        unreachable!()
    }
    fn ledger(&self, _: &Loaded) -> anyhow::Result<commons_core::ledger::Ledger> {
        unreachable!()
    }
    fn verify_ledger(&self, _: &Loaded) -> anyhow::Result<Checkup> {
        unreachable!()
    }
    fn repair(&self, _: &Loaded) -> anyhow::Result<Checkup> {
        unreachable!()
    }
    fn restore(&self, _: &Path, _: &Loaded) -> anyhow::Result<Identity> {
        unreachable!()
    }
    fn offline(&self, _: &Loaded) -> anyhow::Result<Box<dyn Answerer>> {
        Ok(Box::new(self.clone()))
    }
    fn session(&self, loaded: &Loaded) -> anyhow::Result<Box<dyn Answerer>> {
        self.offline(loaded)
    }
}

/// What was printed.
#[derive(Clone, Default)]
pub struct Paper(pub Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn output(&self) -> Output {
        Output::to(Box::new(self.clone()), 80)
    }
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// The arguments of a line, for the gateway in `data`.
fn command(line: &str, data: &Path) -> Command {
    let line = format!("commonsd {line} --data {}", data.display());
    Arguments::try_parse_from(line.split(' ')).unwrap().command.unwrap()
}

#[test]
fn a_list_is_aligned_and_harmless() {
    // The keeper's terminal would be cleared by a neighbour's post, or the list be unreadable.
    let (folder, board, paper) = (tempfile::tempdir().unwrap(), Board::default(), Paper::default());
    let Command::Needs(arguments) = command("needs", folder.path()) else { panic!() };
    assert_eq!(board::list("need", &arguments, &board, &mut paper.output()).unwrap(), 0);
    let text = paper.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("ID        URGENCY  STATUS    AGE"), "{text}");
    assert!(lines[1].starts_with("abababab  now      open 1/2  "), "{text}");
    assert!(lines[1].ends_with("B     water[2J for two"), "{text}");

    let (paper, json_too) = (Paper::default(), command("needs --json", folder.path()));
    let Command::Needs(arguments) = json_too else { panic!() };
    board::list("need", &arguments, &board, &mut paper.output()).unwrap();
    let items: Value = serde_json::from_str(&paper.text()).unwrap();
    assert_eq!(items[0]["slots"], 2);
}

#[test]
fn an_act_names_its_item_in_full() {
    // Whoever copies the short id off the list could not take his own post back.
    let (folder, board, paper) = (tempfile::tempdir().unwrap(), Board::default(), Paper::default());
    let line = "post withdraw --item abababab --code red";
    let Command::Post(arguments) = command(line, folder.path()) else { panic!() };
    assert_eq!(post::post(&arguments, &board, &mut paper.output()).unwrap(), 0);
    let asked = board.0.lock().unwrap();
    let Some(Request::Post { kind, payload }) = asked.last() else { panic!("{asked:?}") };
    assert_eq!(kind, "withdraw");
    assert_eq!(*payload, json!({"v": 1, "item": "ab".repeat(32), "code": "red"}));
    assert!(paper.text().contains("Code word: red fox"), "{}", paper.text());
    assert!(paper.text().contains("is not running"), "{}", paper.text());
}

#[test]
fn a_no_is_one_sentence_with_a_code() {
    // Scripts could not tell a missing item from one that was shown.
    let (folder, board, paper) = (tempfile::tempdir().unwrap(), Board::default(), Paper::default());
    let place = Where { data: Some(folder.path().into()), config: None };
    let error = board::show("0000", &place, false, &board, &mut paper.output()).unwrap_err();
    assert_eq!(sentence(&error), "no such thing");
    assert_eq!(error.downcast_ref::<Failure>().unwrap().code, 1);
    let gone = Where { data: Some(folder.path().join("none")), config: None };
    let error = board::show("0000", &gone, false, &board, &mut paper.output()).unwrap_err();
    assert_eq!(error.downcast_ref::<Failure>().unwrap().code, 3);
    let error = board::watch(&place, false, &mut paper.output()).unwrap_err();
    assert_eq!(error.downcast_ref::<Failure>().unwrap().code, 3);
}

#[test]
fn a_spoiled_file_does_not_silence_status() {
    // The one command that should say what is wrong would refuse to speak.
    let (folder, board, paper) = (tempfile::tempdir().unwrap(), Board::default(), Paper::default());
    std::fs::write(folder.path().join("commonsd.toml"), "[mqt]\n").unwrap();
    let place = Where { data: Some(folder.path().into()), config: None };
    assert_eq!(status::status(&place, true, &board, &mut paper.output()).unwrap(), 3);
    let report: Value = serde_json::from_str(&paper.text()).unwrap();
    assert_eq!(report["problems"][0]["code"], "bad_configuration");
    assert!(report["problems"][0]["message"].as_str().unwrap().contains("did you mean [mqtt]"));
}

#[test]
fn the_arguments_hold_together() {
    // Some command would panic the first time somebody types it.
    Arguments::command().debug_assert();
}

#[test]
fn the_promised_lines_parse() {
    // Units, images and the README would carry lines that do not work.
    for line in [
        "commonsd",
        "commonsd --data d --mqtt 127.0.0.1:0 --http [::1]:0 --name x",
        "commonsd run --data d --mqtt 127.0.0.1:0 --mqtt 127.0.0.1:1 --http 0.0.0.0:80 --name x --network y --config c -vv -q",
        "commonsd init --data d --name x",
        "commonsd status --json --data d",
        "commonsd needs --status open --limit 5 --json",
        "commonsd offers",
        "commonsd notices --data d",
        "commonsd show 12345678",
        "commonsd post need insulin --urgency now --category health --zone B --ref r",
        "commonsd post withdraw --item 12 --code word",
        "commonsd post need --json-body -",
        "commonsd watch --json",
        "commonsd config check c.toml",
        "commonsd config show --json",
        "commonsd config example",
        "commonsd verify --json",
        "commonsd repair --data d",
        "commonsd backup --to f",
        "commonsd restore f --data d",
        "commonsd exchange stick --data d",
        "commonsd export --to stick --peer Cedar --quiet",
        "commonsd export --to stick --all --data d",
        "commonsd import stick/1.cbundle --json",
        "commonsd completions bash",
        "commonsd man d",
    ] {
        if let Err(error) = Arguments::try_parse_from(line.split(' ')) {
            panic!("{line}: {error}");
        }
    }
    for line in
        ["commonsd --mqtt 1883", "commonsd nedes", "commonsd post need words --json-body f", "commonsd run --data"]
    {
        let error = Arguments::try_parse_from(line.split(' ')).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
    }
    let bare = Arguments::try_parse_from(["commonsd", "--name", "x"]).unwrap();
    assert!(bare.command.is_none());
    assert_eq!(bare.run.name.as_deref(), Some("x"));
    let run = Arguments::try_parse_from(["commonsd", "run", "-v"]).unwrap();
    assert!(matches!(run.command, Some(Command::Run(run)) if run.verbose == 1));
}

#[test]
fn errors_are_one_sentence() {
    // A volunteer would read a chain of Rust errors, or the same words three times.
    let error = anyhow::Error::new(Failure::new(1, "the port is taken")).context("cannot listen");
    assert_eq!(sentence(&error), "cannot listen: the port is taken");
    let twice = anyhow::anyhow!("disk").context("cannot read: disk");
    assert_eq!(sentence(&twice), "cannot read: disk");
}
