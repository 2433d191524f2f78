//! Which program runs: the one from the card, or one of two places on the data partition that updates take turns with.
//!
//! Two files beside each other instead of two root partitions: an update is 7 MB, nothing the kernel or the boot loader reads is
//! touched, and the card's own program is always there to go back to. The system under it is renewed with the whole card.
//!
//! | below `/data` | |
//! |---|---|
//! | `slots/a`, `slots/b` | `commonsd` and `commonsd.minisig` |
//! | `box/current` | the place that runs; none: the card's own |
//! | `box/trial` | a place that is being tried, and at how many starts it was |
//! | `box/last-update` | what came of the last one, in a sentence |

use std::path::{Path, PathBuf};

use crate::signed::{self, Signed};
use crate::start::{replace, told, Places};

/// Starts of the machine that an update may need until it is believed: a power cut or two are not its fault.
const STARTS_MAX: u32 = 3;

/// A place for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    fn word(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::A, Self::B].into_iter().find(|slot| slot.word() == word)
    }

    /// Where its program is.
    pub fn program(self, places: &Places) -> PathBuf {
        places.slots().join(self.word()).join("commonsd")
    }

    /// What is in it, if its signature is still right.
    pub fn signed(self, places: &Places) -> Result<Signed, String> {
        signed::check(&self.program(places), &signed::keys(&places.root))
    }
}

/// The place that is not in use.
pub fn free(places: &Places) -> Slot {
    match current(places) {
        Some(Slot::A) => Slot::B,
        _ => Slot::A,
    }
}

/// The place that runs when nothing is tried; none: the card's own program.
pub fn current(places: &Places) -> Option<Slot> {
    Slot::of(small(&places.kept().join("current")).trim())
}

/// The place that is being tried, and at how many starts it was.
pub fn trial(places: &Places) -> Option<(Slot, u32)> {
    let text = small(&places.kept().join("trial"));
    let (slot, starts) = text.trim().split_once(' ')?;
    Some((Slot::of(slot)?, starts.parse().ok()?))
}

/// At a start: decides, points `run/commons/commonsd` there, and says which it is.
pub fn choose(places: &Places) -> String {
    if let Some((slot, starts)) = trial(places) {
        if starts >= STARTS_MAX {
            roll_back(places, "the machine was started three times before it had shown that it works");
        } else if let Err(why) = slot.signed(places) {
            roll_back(places, &why);
        } else {
            set_trial(places, Some((slot, starts + 1)));
        }
    }
    point(places);
    running(places)
}

/// Points to the program that shall run.
pub fn point(places: &Places) {
    let slot = trial(places).map(|(slot, _)| slot).or_else(|| current(places));
    let program = slot.filter(|slot| slot.signed(places).is_ok()).map(|slot| slot.program(places));
    let link = places.run().join("commonsd");
    let new = places.run().join("commonsd.new");
    let _ = std::fs::remove_file(&new);
    let made = std::os::unix::fs::symlink(program.unwrap_or_else(|| places.factory()), &new);
    told(made.and_then(|()| std::fs::rename(&new, &link)), "point to the program with", &link);
    // For units that only matter during a trial.
    let mark = places.run().join("trial");
    match trial(places) {
        Some(_) => told(std::fs::write(&mark, ""), "write", &mark),
        None => drop(std::fs::remove_file(&mark)),
    }
}

/// Which program runs, as a sentence.
pub fn running(places: &Places) -> String {
    let tried = trial(places);
    match tried.map(|(slot, _)| slot).or_else(|| current(places)) {
        None => "as it was on the card".into(),
        Some(slot) => match (slot.signed(places), tried) {
            (Ok(signed), None) => format!("commonsd {}, from an update", signed.version),
            (Ok(signed), Some(_)) => format!("commonsd {}, from an update that is being tried", signed.version),
            (Err(why), _) => format!("as it was on the card, for the update cannot be used: {why}"),
        },
    }
}

/// Begins or ends trying a place, durably.
pub fn set_trial(places: &Places, trial: Option<(Slot, u32)>) {
    let path = places.kept().join("trial");
    match trial {
        Some((slot, starts)) => {
            told(replace(&path, format!("{} {starts}\n", slot.word()).as_bytes(), 0o600), "write", &path);
        }
        None => drop(std::fs::remove_file(&path)),
    }
}

/// What was tried is good: it runs from now on.
pub fn confirm(places: &Places) {
    let Some((slot, _)) = trial(places) else { return };
    let path = places.kept().join("current");
    told(replace(&path, slot.word().as_bytes(), 0o600), "write", &path);
    set_trial(places, None);
    let version = slot.signed(places).map(|signed| signed.version).unwrap_or_default();
    say(places, &format!("version {version} was tried for some minutes, works, and stays."));
    point(places);
}

/// What was tried is not good: what ran before runs again.
pub fn roll_back(places: &Places, why: &str) {
    let Some((slot, _)) = trial(places) else { return };
    set_trial(places, None);
    let version = slot.signed(places).map_or_else(|_| "?".into(), |signed| signed.version);
    say(places, &format!("version {version} was tried and taken back: {why}. What ran before runs again."));
    point(places);
}

/// Notes what came of an update.
pub fn say(places: &Places, words: &str) {
    println!("update: {words}");
    let path = places.kept().join("last-update");
    told(replace(&path, words.as_bytes(), 0o600), "write", &path);
    show(places, words);
}

/// Where `commonsd doctor` and `status` look, who may not look into what is kept.
pub fn show(places: &Places, words: &str) {
    let shown = places.run().join("update.txt");
    told(replace(&shown, words.as_bytes(), 0o644), "write", &shown);
}

/// What came of the last update; empty: there was none.
pub fn last_words(places: &Places) -> String {
    small(&places.kept().join("last-update")).trim().to_owned()
}

fn small(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
