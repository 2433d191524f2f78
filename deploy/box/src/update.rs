//! `commons-box update`: takes a signed program, from a file or from `commons/update` on a stick, and lets it be tried.
//! `commons-box trial`: watches it, and keeps it or takes it back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::signed::{self, Signed, ARCHITECTURE};
use crate::slots::{self, Slot};
use crate::start::{replace, Places};

/// Files of a stick's folder looked at, at most.
const FILES_MAX: usize = 64;
/// Between two looks at a program that is tried.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Looks in a row that must be good at the end.
const GOOD_LOOKS: usize = 12;
/// Restarts of a program that is tried, after which nothing more is waited for.
const RESTARTS_MAX: usize = 3;
/// The daemon's own word on its health.
const HEALTH: ([u8; 4], u16) = ([127, 0, 0, 1], 8080);

/// Takes what is in a file. The version that is now on trial, or why it was not taken.
pub fn from_file(places: &Places, program: &Path, older: bool) -> Result<Signed, String> {
    let found = signed::check(program, &signed::keys(&places.root))?;
    wanted(places, &found, older)?;
    let slot = slots::free(places);
    install(places, slot, program)?;
    // Again, from the card: what was checked on the stick is not yet what is here.
    let here = slot.signed(places).map_err(|why| format!("after copying, {why}"))?;
    if here != found {
        return Err("it changed while it was copied".into());
    }
    slots::set_trial(places, Some((slot, 1)));
    slots::point(places);
    slots::say(places, &format!("version {} is being tried.", found.version));
    Ok(found)
}

/// The newest fitting program of a stick; none: there is none for this gateway.
pub fn on_stick(places: &Places, stick: &Path) -> Option<PathBuf> {
    let keys = signed::keys(&places.root);
    let entries = std::fs::read_dir(stick.join("commons/update")).ok()?;
    let mut found: Vec<_> = entries
        .flatten()
        .take(FILES_MAX)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_none_or(|end| end != "minisig") && signed::signature_of(path).is_file())
        .filter_map(|path| Some((signed::number(&signed::check(&path, &keys).ok()?.version)?, path)))
        .collect();
    found.sort();
    let (version, path) = found.pop()?;
    (Some(version) > running_version(places)).then_some(path)
}

/// Whether somebody put anything for an update on the stick, fitting or not.
pub fn any_on_stick(stick: &Path) -> bool {
    std::fs::read_dir(stick.join("commons/update")).is_ok_and(|mut entries| entries.next().is_some())
}

fn wanted(places: &Places, found: &Signed, older: bool) -> Result<(), String> {
    if slots::trial(places).is_some() {
        return Err("another update is still being tried; try again in some minutes".into());
    }
    if found.architecture != ARCHITECTURE {
        return Err(format!("it is for {}, and this machine is {ARCHITECTURE}", found.architecture));
    }
    if let (Some(now), false) = (running_version(places), older) {
        let new = signed::number(&found.version);
        if new <= Some(now) {
            return Err(format!(
                "version {} is not newer than what runs; --older takes it all the same",
                found.version
            ));
        }
    }
    match store_format(places) {
        Some(here) if here != found.store => Err(format!(
            "it keeps posts in format {}, and here is format {here}: there would be no way back. Make a backup, flash a new card \
             with it, and restore",
            found.store
        )),
        _ => Ok(()),
    }
}

/// The version of the program that runs.
fn running_version(places: &Places) -> Option<[u32; 3]> {
    let said = Command::new(places.run().join("commonsd")).arg("--version").output().ok()?;
    signed::number(String::from_utf8_lossy(&said.stdout).split_whitespace().nth(1)?)
}

/// The number in the store's stamp (`daemon/src/store/stamp.rs`): bytes 4 to 7 behind `CMST`.
fn store_format(places: &Places) -> Option<u32> {
    let bytes = std::fs::read(places.data().join("store/format")).ok()?;
    let number = bytes.strip_prefix(b"CMST")?.get(..4)?;
    Some(u32::from_le_bytes(number.try_into().ok()?))
}

fn install(places: &Places, slot: Slot, program: &Path) -> Result<(), String> {
    let fault = |error: std::io::Error| format!("it cannot be copied to the card: {error}");
    let to = slot.program(places);
    std::fs::create_dir_all(to.parent().unwrap_or(Path::new("/"))).map_err(fault)?;
    // The signature first: a program without its own is never run.
    for (from, to, mode) in
        [(signed::signature_of(program), signed::signature_of(&to), 0o600), (program.to_owned(), to.clone(), 0o755)]
    {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(&from).map_err(fault)?;
        file.take(signed::PROGRAM_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(fault)?;
        replace(&to, &bytes, mode).map_err(fault)?;
    }
    Ok(())
}

/// One look at a program that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// It says itself that it is healthy.
    pub healthy: bool,
    /// Its process; 0: none.
    pub process: u32,
}

/// What the looks so far mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Look on.
    Wait,
    /// It stays.
    Keep,
    /// It goes; why.
    TakeBack(String),
}

/// Judges a trial of `looks_max` looks.
pub fn judge(looks: &[Look], looks_max: usize) -> Verdict {
    let alive: Vec<&Look> = looks.iter().filter(|look| look.process != 0).collect();
    let restarts = alive.windows(2).filter(|pair| pair[0].process != pair[1].process).count();
    if restarts >= RESTARTS_MAX {
        return Verdict::TakeBack(format!("it was started {} times within some minutes", restarts + 1));
    }
    if looks.len() < looks_max {
        return Verdict::Wait;
    }
    let last = &looks[looks.len().saturating_sub(GOOD_LOOKS)..];
    match last.iter().all(|look| look.healthy && Some(look.process) == last.first().map(|look| look.process)) {
        true => Verdict::Keep,
        false => Verdict::TakeBack("it was not healthy in the end".into()),
    }
}

/// Watches the program on trial for so long, and ends the trial.
pub fn watch(places: &Places, seconds: u64) -> Verdict {
    let looks_max = (seconds / LOOK_EVERY.as_secs()).max(1) as usize;
    let mut looks = Vec::new();
    loop {
        std::thread::sleep(LOOK_EVERY);
        looks.push(Look { healthy: healthy(), process: process() });
        match judge(&looks, looks_max) {
            Verdict::Wait => {}
            Verdict::Keep => {
                slots::confirm(places);
                return Verdict::Keep;
            }
            Verdict::TakeBack(why) => {
                slots::roll_back(places, &why);
                restart();
                return Verdict::TakeBack(why);
            }
        }
    }
}

/// Starts the daemon anew, with the program that is pointed to.
pub fn restart() {
    let _ = Command::new("systemctl").args(["reset-failed", "commonsd.service"]).status();
    let _ = Command::new("systemctl").args(["restart", "commonsd.service"]).status();
}

fn process() -> u32 {
    let said = Command::new("systemctl").args(["show", "-P", "MainPID", "commonsd.service"]).output();
    said.ok().and_then(|said| String::from_utf8_lossy(&said.stdout).trim().parse().ok()).unwrap_or(0)
}

/// Whether the daemon says that it is healthy.
pub fn healthy() -> bool {
    let ask = || -> std::io::Result<bool> {
        let limit = Some(Duration::from_secs(3));
        let mut socket = TcpStream::connect_timeout(&SocketAddr::from(HEALTH), Duration::from_secs(3))?;
        socket.set_read_timeout(limit)?;
        socket.set_write_timeout(limit)?;
        socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        socket.read_exact(&mut head)?;
        Ok(head == *b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signed::tests::{KEY, PROGRAM, SIGNATURE};

    /// A card in a folder, whose own program is version 0.1.0.
    fn card() -> (tempfile::TempDir, Places) {
        let folder = tempfile::tempdir().unwrap();
        let places = Places { root: folder.path().to_owned() };
        let keys = places.root.join("etc/commons/update-keys");
        for folder in [&places.run(), &places.kept(), &keys, places.factory().parent().unwrap()] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(keys.join("test.pub"), KEY).unwrap();
        replace(&places.factory(), b"#!/bin/sh\necho 'commonsd 0.1.0'\n", 0o755).unwrap();
        slots::choose(&places);
        (folder, places)
    }

    fn stick(places: &Places) -> PathBuf {
        let stick = places.root.join("stick");
        std::fs::create_dir_all(stick.join("commons/update")).unwrap();
        std::fs::write(stick.join("commons/update/commonsd-0.2.0"), PROGRAM).unwrap();
        // The signature speaks of arm64; the tests run elsewhere too.
        std::fs::write(stick.join("commons/update/commonsd-0.2.0.minisig"), SIGNATURE).unwrap();
        stick
    }

    fn runs(places: &Places) -> PathBuf {
        std::fs::read_link(places.run().join("commonsd")).unwrap()
    }

    /// As `from_file`, whatever this machine is.
    fn try_it(places: &Places) {
        let program = on_stick(places, &stick(places)).expect("a newer program");
        install(places, slots::free(places), &program).unwrap();
        slots::set_trial(places, Some((slots::free(places), 1)));
        slots::point(places);
    }

    #[test]
    fn an_update_is_tried_and_stays_when_it_works() {
        // A gateway would never be renewed, or again and again with the same stick.
        let (_folder, places) = card();
        assert_eq!(runs(&places), places.factory());
        try_it(&places);
        assert_eq!(runs(&places), Slot::A.program(&places));
        assert!(places.run().join("trial").exists());
        slots::confirm(&places);
        assert_eq!(slots::choose(&places), "commonsd 0.2.0, from an update");
        assert_eq!((runs(&places), slots::free(&places)), (Slot::A.program(&places), Slot::B));
        assert!(!places.run().join("trial").exists());
        assert_eq!(on_stick(&places, &stick(&places)), None, "it runs already");
        assert!(slots::last_words(&places).contains("0.2.0 was tried for some minutes, works"));
    }

    #[test]
    fn an_update_that_does_not_come_up_is_taken_back_at_the_fourth_start() {
        // A bad program would keep a gateway down for ever, with nobody near who could help.
        let (_folder, places) = card();
        try_it(&places);
        for _ in 0..2 {
            assert!(slots::choose(&places).contains("is being tried"));
            assert_eq!(runs(&places), Slot::A.program(&places));
        }
        assert_eq!(slots::choose(&places), "as it was on the card");
        assert_eq!(runs(&places), places.factory());
        assert!(slots::last_words(&places).contains("taken back: the machine was started three times"));
    }

    #[test]
    fn a_program_that_rots_on_the_card_is_not_run() {
        // One flipped bit in the program would stop the gateway.
        let (_folder, places) = card();
        try_it(&places);
        slots::confirm(&places);
        std::fs::write(Slot::A.program(&places), PROGRAM.replace("0.2.0", "0.2.1")).unwrap();
        assert!(
            slots::choose(&places).starts_with("as it was on the card, for the update cannot be used: it is not what")
        );
        assert_eq!(runs(&places), places.factory());
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_sentence() {
        // A gateway would run another machine's program, an old one with known holes, or one that locks its posts in.
        let (_folder, places) = card();
        let signed = |version: &str, architecture: &str, store| Signed {
            version: version.into(),
            architecture: architecture.into(),
            store,
        };
        let why = |found: Signed| wanted(&places, &found, false).unwrap_err();
        assert_eq!(wanted(&places, &signed("0.1.1", ARCHITECTURE, 1), false), Ok(()));
        assert!(why(signed("0.2.0", "riscv64", 1)).contains("it is for riscv64"));
        assert!(why(signed("0.1.0", ARCHITECTURE, 1)).contains("not newer"));
        assert_eq!(wanted(&places, &signed("0.0.9", ARCHITECTURE, 1), true), Ok(()));
        let store = places.data().join("store");
        std::fs::create_dir_all(&store).unwrap();
        std::fs::write(store.join("format"), b"CMST\x01\0\0\0salt----").unwrap();
        assert!(why(signed("0.2.0", ARCHITECTURE, 2)).contains("no way back"));
        slots::set_trial(&places, Some((Slot::A, 1)));
        assert!(why(signed("0.2.0", ARCHITECTURE, 1)).contains("still being tried"));
    }

    #[test]
    fn only_a_program_that_stays_healthy_is_kept() {
        // One that falls over every minute would stay because it was well at one moment.
        let look = |healthy, process| Look { healthy, process };
        let good = vec![look(true, 7); 60];
        assert_eq!(judge(&good[..59], 60), Verdict::Wait);
        assert_eq!(judge(&good, 60), Verdict::Keep);
        let mut late = vec![look(false, 0); 20];
        late.extend(vec![look(true, 7); 40]);
        assert_eq!(judge(&late, 60), Verdict::Keep, "a long journal takes its time to be read");
        let mut ill = good.clone();
        ill[58] = look(false, 7);
        assert!(matches!(judge(&ill, 60), Verdict::TakeBack(_)));
        let mut one_more = good.clone();
        one_more[55..].fill(look(true, 8));
        assert!(matches!(judge(&one_more, 60), Verdict::TakeBack(_)));
        let falls: Vec<Look> = (1..5).map(|process| look(true, process)).collect();
        assert_eq!(judge(&falls, 60), Verdict::TakeBack("it was started 4 times within some minutes".into()));
    }
}
