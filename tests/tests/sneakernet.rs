//! Three gateways without a link, and a folder that is carried round as a stick, with the command line alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use commons_tests::gateway::commonsd;
use commons_tests::seed::Dice;
use commons_tests::{wait_for, Gateway};
use serde_json::{json, Value};

fn gateway(name: &str) -> Gateway {
    Gateway::start_with(&format!("[gateway]\nname = \"{name}\"\n[limits]\nposts_per_minute = 1_000_000\n"))
}

fn post(gateway: &Gateway, text: &str) -> String {
    let receipt = gateway.post_json("need", &json!({"text": text}));
    receipt["id"].as_str().expect("an id").to_owned()
}

/// Many posts over one connection, at QoS 1; all are acknowledged when this returns.
fn post_many(gateway: &Gateway, prefix: &str, count: usize) {
    let mut client = gateway.client(4, prefix);
    for number in 0..count {
        let words = format!("{prefix} {number}: two blankets and some drinking water, stairwell B");
        assert_eq!(client.publish("commons/post/need", words.as_bytes(), 1).0, 0);
    }
}

fn ids(gateway: &Gateway) -> BTreeSet<String> {
    gateway.all("needs").iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

fn digest(gateway: &Gateway) -> String {
    let output = gateway.cli(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&output.stdout).expect("status is JSON");
    status["heads_digest"].as_str().expect("a digest").to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.push(entry.path());
        }
    }
    all.sort();
    all
}

fn bundles(dir: &Path) -> Vec<PathBuf> {
    files(dir).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "cbundle")).collect()
}

/// Three blocks without a radio link would not hear of each other, although somebody cycles by every day.
#[test]
fn a_stick_carried_round_brings_everything_everywhere() {
    let stick = tempfile::tempdir().unwrap();
    let to = text(stick.path());
    let (a, mut b, c) = (gateway("Alder"), gateway("Birch"), gateway("Cedar"));
    let of_a = post(&a, "insulin, stairwell B");
    let of_b = post(&b, "two blankets");
    let of_c = post(&c, "a ride on Tuesday");

    // Each sentence says what to do next; follow them.
    let said = a.said(&["export", "--to", to]);
    assert!(said.contains("Wrote 1 post") && said.contains("Next: at another gateway, `commonsd import"), "{said}");
    let said = b.said(&["import", to]);
    assert!(said.contains("Took 1 post, left 0") && said.contains("brought by \"Alder\""), "{said}");
    assert!(said.contains("safe to remove") && said.contains(&format!("commonsd export --to {to}")), "{said}");
    assert_eq!(ids(&b), BTreeSet::from([of_a.clone(), of_b.clone()]));
    b.said(&["export", "--to", to]);
    // C sees only what B wrote: A's post comes through B.
    let id = a.said_json(&["status", "--json"])["id"].as_str().expect("an id")[..8].to_owned();
    let is_of_a = |path: &PathBuf| text(path).contains(&format!("from-{id}"));
    let from_a = bundles(stick.path()).into_iter().find(is_of_a).expect("what A wrote");
    let kept = stick.path().join("kept elsewhere");
    std::fs::rename(&from_a, &kept).unwrap();
    let said = c.said(&["import", to]);
    assert!(said.contains("brought by \"Birch\""), "{said}");
    assert_eq!(ids(&c), BTreeSet::from([of_a.clone(), of_b.clone(), of_c.clone()]));
    std::fs::rename(&kept, &from_a).unwrap();

    // The way home in one command each; B is stopped, and takes part all the same.
    let said = c.said(&["exchange", to]);
    assert!(said.contains("Wrote 3 posts") && said.contains("at the next gateway, `commonsd exchange"), "{said}");
    let said = a.said(&["exchange", to]);
    assert!(said.contains("Took 2 posts"), "{said}");
    b.terminate();
    let said = b.said(&["exchange", to]);
    assert!(said.contains("Took 1 post"), "{said}");
    b.assert_verified();
    b.again();
    let all = BTreeSet::from([of_a, of_b, of_c]);
    for gateway in [&a, &b, &c] {
        assert_eq!(ids(gateway), all);
        assert_eq!(digest(gateway), digest(&a));
    }
    let note = std::fs::read_to_string(stick.path().join("commons/LAST-EXCHANGE.txt")).unwrap();
    assert!(note.contains("Birch") && note.contains("Took 1 post, left") && note.contains("safe to remove"), "{note}");
    let said = c.said(&["import", to]);
    assert!(said.contains("Nothing new"), "{said}");
    for gateway in [&a, &b, &c] {
        gateway.assert_unhurt();
    }
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").args(["-a", &format!("{}/.", text(from)), text(to)]).status().expect("cp");
    assert!(done.success());
}

fn alarms(gateway: &Gateway) -> String {
    // It ends with 1, since there is something to attend to.
    let output = gateway.cli(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&output.stdout).expect("status is JSON");
    status["alarms"].to_string()
}

/// Gateways that meet by a stick alone would never hear that a card was copied: each would believe the branch that it got.
#[test]
fn a_stick_tells_of_a_copied_card() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (to, other) = (text(first.path()), text(second.path()));
    let (mut a, b, c) = (gateway("Alder"), gateway("Birch"), gateway("Cedar"));
    post(&a, "before");
    a.terminate();
    // A copy of the card, which runs on while the first one does.
    let mut twin = Gateway::prepared("[gateway]\nname = \"Alder\"\n");
    copy(&a.data(), &twin.data());
    a.again();
    twin.again();
    post(&a, "from the one board");
    post(&twin, "from the other board");
    a.said(&["export", "--to", to]);
    twin.said(&["export", "--to", other]);
    let said = b.said(&["import", to]);
    assert!(said.contains("Took 2 posts"), "{said}");
    let said = b.said(&["import", other]);
    assert!(said.contains("Learnt that gateway") && !said.contains("Nothing new"), "{said}");
    assert!(alarms(&b).contains("signed two batches") && ids(&b).len() == 3, "{} {:?}", alarms(&b), ids(&b));
    // From there to somebody who has one of them, and to the board itself, by the same stick.
    let said = c.said(&["import", to]);
    assert!(said.contains("Took 2 posts") && alarms(&c) == "[]", "{said}");
    b.said(&["exchange", to]);
    let said = c.said(&["import", to]);
    assert!(said.contains("Learnt that gateway"), "{said}");
    assert!(alarms(&c).contains("signed two batches") && ids(&c).len() == 3, "{}", alarms(&c));
    let said = a.said(&["import", to]);
    assert!(said.contains("Learnt that gateway"), "{said}");
    assert!(alarms(&a).contains("copied") && ids(&a).len() == 3, "{}", alarms(&a));
    // Said once: whoever knows has nothing to take.
    for gateway in [&b, &c] {
        let said = gateway.said(&["import", to]);
        assert!(!said.contains("Learnt"), "{said}");
        gateway.assert_unhurt();
    }
    // It is on disk, not in memory alone.
    let mut c = c;
    c.kill9();
    c.again();
    assert_eq!(ids(&c).len(), 3);
    let said = c.said(&["import", to]);
    assert!(!said.contains("Learnt"), "{said}");
}

/// A keeper with a typing mistake or somebody else's stick would get a chain of errors, or silence.
#[test]
fn what_is_wrong_is_one_sentence() {
    let stick = tempfile::tempdir().unwrap();
    let to = text(stick.path());
    let a = gateway("Alder");
    post(&a, "insulin");
    let nowhere = stick.path().join("not/there");
    for arguments in
        [vec!["import", text(&nowhere)], vec!["exchange", text(&nowhere)], vec!["export", "--to", text(&nowhere)]]
    {
        let output = a.cli(&arguments);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?} {words}");
        assert!(words.contains("is the stick plugged in?") && words.lines().count() == 1, "{words}");
    }
    let said = a.said(&["import", to]);
    assert!(said.contains("nothing of another gateway") && said.contains("commonsd export --to"), "{said}");
    let output = a.cli(&["export", "--to", to, "--peer", "Nobody"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("no gateway called \"Nobody\""));

    let oak = Gateway::start_with("[gateway]\nname = \"Oak\"\nnetwork = \"oak-street\"\n");
    post(&oak, "something");
    oak.said(&["export", "--to", to]);
    std::fs::write(stick.path().join("commons/holiday.jpg"), "x").unwrap();
    let output = a.cli(&["import", to]);
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("belongs to the network \"oak-street\"") && words.contains("holiday.jpg"), "{words}");
    assert_eq!(ids(&a).len(), 1);
    let report = a.cli(&["import", to, "--json"]);
    let report: Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!((&report["ok"], &report["took"]), (&json!(false), &json!(0)), "{report:#}");

    // What people type by mistake.
    let said = a.said(&["export", to]);
    assert!(said.contains("Wrote 1 post"), "{said}");
    let b = gateway("Birch");
    let within = stick.path().join("commons/to-all");
    let said = String::from_utf8(b.cli(&["import", text(&within)]).stdout).unwrap();
    assert!(said.contains("Took 1 post"), "{said}");

    let help = commonsd().args(["exchange", "--help"]).output().unwrap();
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(help.contains("at the next, and so on  commonsd exchange /media/stick"), "{help}");
    let file = stick.path().join("alone.cbundle");
    a.said(&["export", "--to", text(&file)]);
    let output = a.cli(&["exchange", text(&file)]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.contains("is one bundle, no stick: `commonsd import"), "{words}");
    let b = gateway("Birch");
    assert!(b.said(&["import", text(&file)]).contains("Took 1 post"));
}

/// What is for one gateway would be carried to and fro for ever, or go before it came there.
#[test]
fn what_is_for_one_peer_goes_once_it_is_there() {
    let stick = tempfile::tempdir().unwrap();
    let to = text(stick.path());
    let (a, b) = (gateway("Alder"), gateway("Birch"));
    post_many(&a, "a", 20);
    // B leaves a receipt, so A knows it by name.
    b.said(&["export", "--to", to]);
    let said = a.said(&["export", "--to", to, "--peer", "Birch"]);
    assert!(said.contains("Wrote 20 posts for \"Birch\""), "{said}");
    assert!(a.said(&["export", "--to", to, "--peer", "Birch"]).contains("Nothing new"));
    assert!(b.said(&["import", to]).contains("Took 20 posts"));
    let said = a.said(&["export", "--to", to, "--peer", "Birch"]);
    assert!(said.contains("Nothing new") && said.contains("Removed 1 file"), "{said}");
    assert_eq!(bundles(stick.path()), Vec::<PathBuf>::new());
}

/// What has crossed a link would be carried once more by hand.
#[test]
fn what_a_link_has_brought_is_not_carried_again() {
    let (a, b) = (gateway("Alder"), gateway("Birch"));
    post_many(&a, "a", 10);
    // To a stick that knows nothing.
    let export = || {
        let stick = tempfile::tempdir().unwrap();
        a.said(&["export", "--to", text(stick.path()), "--peer", "Birch"])
    };
    let printed = a.said(&["peer", "invite"]);
    let code = printed.lines().last().expect("the code alone on the last line").to_owned();
    assert!(b.said(&["peer", "add", &code]).starts_with("Paired with "));
    wait_for("the word that all of it crossed", || export().contains("Nothing new").then_some(()));
    assert_eq!(ids(&b).len(), 10);
}

/// Starts a command and kills it after a while. True if it had ended by itself.
fn cut_off(gateway: &Gateway, arguments: &[&str], after: Duration) -> bool {
    let mut command = commonsd();
    command.args(arguments).arg("--data").arg(gateway.data()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::park_timeout(after);
    let ended = child.try_wait().unwrap().is_some();
    let _ = child.kill();
    child.wait().unwrap();
    ended
}

/// A stick pulled, a laptop that runs empty, a daemon that is killed: posts would be lost or doubled.
#[test]
fn killed_in_the_middle_nothing_is_lost() {
    let mut dice = Dice::throw("killed while carrying");
    let stick = tempfile::tempdir().unwrap();
    let to = text(stick.path()).to_owned();
    let (a, mut b) = (gateway("Alder"), gateway("Birch"));
    post_many(&a, "a", 1_500);
    let mut cut = 0;
    for _ in 0..12 {
        cut += usize::from(!cut_off(&a, &["export", "--to", &to], Duration::from_millis(dice.below(400))));
        let named: BTreeSet<PathBuf> = bundles(stick.path()).into_iter().collect();
        for path in &named {
            // Whatever has its name is whole: a fresh gateway's own check says so.
            let bytes = std::fs::read(path).unwrap();
            assert!(bytes.starts_with(b"COMMONS BUNDLE\n"));
        }
    }
    println!("{cut} exports were cut off");
    a.said(&["export", "--to", &to]);
    let mut cut = 0;
    for round in 0..8 {
        cut += usize::from(!cut_off(&b, &["import", &to], Duration::from_millis(dice.below(500))));
        if round % 3 == 2 {
            // The daemon itself, while a command brings posts in.
            let mut command = commonsd();
            command.args(["import", &to, "--data"]).arg(b.data()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            std::thread::park_timeout(Duration::from_millis(dice.below(300)));
            b.kill9();
            child.wait().unwrap();
            b.again();
        }
    }
    println!("{cut} imports were cut off");
    b.said(&["import", &to]);
    assert_eq!(ids(&b), ids(&a));
    assert_eq!(ids(&b).len(), 1_500);
    assert_eq!(digest(&b), digest(&a));
    b.terminate();
    b.assert_verified();
    assert!(files(stick.path()).iter().all(|path| !path.to_string_lossy().ends_with(".part")));
}

/// A full or locked stick would be half written, or cost what was on it.
#[test]
fn a_full_or_locked_stick_is_told_apart_and_left_as_it_was() {
    let mount = tempfile::tempdir().unwrap();
    let dir = text(mount.path());
    let mounted = |arguments: &[&str]| {
        Command::new("mount").args(arguments).arg(dir).stderr(Stdio::null()).status().is_ok_and(|done| done.success())
    };
    if !mounted(&["-t", "tmpfs", "-o", "size=128k", "none"]) {
        println!("skipped: no right to mount a small file system here");
        return;
    }
    struct Mounted<'a>(&'a str);
    impl Drop for Mounted<'_> {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg(self.0).status();
        }
    }
    let _mounted = Mounted(dir);
    let (a, b) = (gateway("Alder"), gateway("Birch"));
    post(&a, "the first word");
    a.said(&["export", "--to", dir]);
    let before = bundles(mount.path());
    post_many(&a, "a", 1_500);
    let output = a.cli(&["export", "--to", dir]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("the stick is full") && words.contains("nothing was deleted"), "{words}");
    assert_eq!(bundles(mount.path()), before);
    assert!(mounted(&["-o", "remount,ro"]));
    let said = b.said(&["import", dir]);
    assert!(said.contains("Took 1 post") && said.contains("can only be read"), "{said}");
    let output = a.cli(&["export", "--to", dir]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("can only be read"));
}
