//! The whole store on a real directory: stops, starts, marks, locks, damage, backups.

use std::fs;
use std::path::Path;

use commons_core::identity::{BatchHash, GatewayId};
use commons_core::log::{Age, Epoch, Held, Lane, LogKey};

use super::journal::Sizes;
use super::sim::Dice;
use super::*;

const TINY: Sizes = Sizes { first_segment: 32 * 1024, segment: 64 * 1024, fill: 16 * 1024 };

fn log() -> LogKey {
    LogKey { gateway: GatewayId([9; 32]), lane: Lane::Board, epoch: Epoch(7) }
}

fn held(number: u64) -> Held {
    let bytes = vec![number as u8; 100 + (number as usize * 37) % 300];
    Held { log: log(), number, prev: BatchHash([1; 32]), arrived: Age(number), spent_s: 3, bytes }
}

fn note(key: &str, value: &str) -> Note {
    Note { key: key.into(), value: value.into() }
}

fn open(dir: &Path) -> Opened {
    Store::open_sized(dir, Options { ballast_bytes: 50_000, salt: 77, index_program: None }, TINY).unwrap()
}

fn fill(store: &mut Store, numbers: std::ops::Range<u64>) {
    for first in numbers.clone().step_by(5) {
        let batches: Vec<Held> = (first..numbers.end.min(first + 5)).map(held).collect();
        let age = note("age", &(first + batches.len() as u64 - 1).to_string());
        store.commit(&batches, &[age]).unwrap();
    }
}

fn check(store: &Store, count: u64) {
    let mut numbers = Vec::new();
    store
        .replay(&mut |found| {
            assert_eq!(found, held(found.number));
            numbers.push(found.number);
        })
        .unwrap();
    assert_eq!(numbers, (0..count).collect::<Vec<_>>());
    let extent = LogExtent { log: log(), first: 0, next: count, held: count };
    assert_eq!(store.logs(), [extent]);
    assert_eq!(store.read(&log(), count - 1).unwrap(), held(count - 1));
    let age = (count - 1).to_string();
    assert_eq!(store.note(b"age").unwrap().as_deref(), Some(age.as_bytes()));
}

fn pages() -> Vec<Page> {
    (0..50u32).map(|n| (n.to_be_bytes().to_vec(), vec![n as u8; 2000])).collect()
}

/// A volunteer who runs `verify` must hear of a bad index, and of none that is good.
#[test]
fn an_audit_compares_the_index_with_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    fill(&mut store, 0..40);
    store.close(&mut pages().into_iter()).unwrap();
    let audited = || audit(dir.path(), &Options::new(77)).unwrap().index_faults;
    assert_eq!(audited(), Vec::<String>::new());
    let index = index::leftovers(dir.path()).unwrap().pop().unwrap();
    fs::remove_dir_all(index).unwrap();
    assert_eq!(audited().len(), 1);
    check(&open(dir.path()).store, 40);
}

/// Otherwise every restart of a gateway would take as long as the one after a power cut, or worse, forget.
#[test]
fn a_clean_stop_makes_a_fast_start() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    assert_eq!((opened.recovery.start, opened.pages), (Start::Fresh, None));
    let mut store = opened.store;
    fill(&mut store, 0..300);
    store.close(&mut pages().into_iter()).unwrap();

    for round in 0..3 {
        let opened = open(dir.path());
        assert_eq!(opened.recovery.start, Start::Clean);
        assert_eq!(opened.pages, Some(pages()));
        let mut store = opened.store;
        check(&store, 300 + round * 100);
        fill(&mut store, 300 + round * 100..400 + round * 100);
        store.close(&mut pages().into_iter()).unwrap();
    }
    drop(open(dir.path()));
    // The last one was killed: what the index says is not asked for any more.
    let opened = open(dir.path());
    assert_eq!((opened.recovery.start, opened.pages), (Start::Rebuilt, None));
    check(&opened.store, 600);
    assert_eq!(opened.recovery.damage, []);
}

/// Otherwise a hang in the index would hang every start until somebody comes.
#[test]
fn a_start_that_hung_is_not_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    fill(&mut store, 0..50);
    store.close(&mut pages().into_iter()).unwrap();
    fs::write(dir.path().join("OPENING"), b"").unwrap();
    let opened = open(dir.path());
    assert_eq!((opened.recovery.start, opened.pages), (Start::LastStartHung, None));
    check(&opened.store, 50);
    assert!(!dir.path().join("OPENING").exists());
}

/// Otherwise flipped bits in a file that can be thrown away would keep a gateway from starting.
#[test]
fn a_damaged_index_is_thrown_away() {
    let mut rebuilt = 0;
    for seed in 0..16 {
        let mut dice = Dice(seed);
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path()).store;
        fill(&mut store, 0..60);
        store.close(&mut pages().into_iter()).unwrap();
        let index = index::leftovers(dir.path()).unwrap().remove(0);
        for file in fs::read_dir(&index).unwrap().map(|entry| entry.unwrap().path()) {
            if !file.is_file() || fs::metadata(&file).unwrap().len() == 0 {
                continue;
            }
            let mut bytes = fs::read(&file).unwrap();
            match seed % 4 {
                0 => bytes.truncate(dice.below(bytes.len() as u64) as usize),
                n => {
                    // Where something is: most of the file is room to grow.
                    let used = bytes.iter().rposition(|b| *b != 0).unwrap_or(0) as u64 + 1;
                    for _ in 0..n * n * 10 {
                        let at = dice.below(used) as usize;
                        bytes[at] ^= 1 << dice.below(8);
                    }
                }
            }
            fs::write(&file, bytes).unwrap();
        }
        let opened = open(dir.path());
        check(&opened.store, 60);
        match opened.recovery.start {
            Start::Clean => assert_eq!(opened.pages, Some(pages())),
            start => {
                assert_eq!((start, opened.pages), (Start::IndexDistrusted, None));
                rebuilt += 1;
            }
        }
    }
    assert!(rebuilt > 8, "{rebuilt}: the damage did no damage");
}

/// Otherwise a gateway with a full disk could not even be started to be looked at.
#[test]
fn a_start_needs_no_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir.path().join("a/b/store")).store;
    fill(&mut store, 0..20);
    store.close(&mut pages().into_iter()).unwrap();
    // Nothing can be written under this name, as if there were no room.
    fs::create_dir(dir.path().join("a/b/store/OPENING.tmp")).unwrap();
    let opened = open(&dir.path().join("a/b/store"));
    assert_eq!(opened.recovery.start, Start::IndexDistrusted);
    check(&opened.store, 20);
}

/// Otherwise damage would be shown once and then forgotten until it hurts.
#[test]
fn damage_is_shown_until_it_is_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    fill(&mut store, 0..40);
    drop(store);
    let segment = dir.path().join("seg-0000000001");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[5_000] ^= 1;
    fs::write(&segment, bytes).unwrap();
    for _ in 0..2 {
        let opened = open(dir.path());
        assert_eq!(opened.recovery.damage.len(), 1);
        opened.store.close(&mut pages().into_iter()).unwrap();
    }
    repair(dir.path()).unwrap();
    open(dir.path()).store.close(&mut pages().into_iter()).unwrap();
    let opened = open(dir.path());
    assert_eq!((opened.recovery.start, opened.recovery.damage), (Start::Clean, vec![]));
}

/// Otherwise a helper that cannot be run, or dies, would cost more than a slower start.
#[test]
fn a_failing_helper_costs_only_time() {
    let dir = tempfile::tempdir().unwrap();
    let options = |program: &str| Options { index_program: Some(program.into()), ..Options::new(77) };
    let mut store = open(dir.path()).store;
    fill(&mut store, 0..30);
    for program in ["false", "true", "/does/not/exist"] {
        assert!(store.close(&mut pages().into_iter()).is_ok());
        let opened = Store::open_sized(dir.path(), options(program), TINY).unwrap();
        assert_eq!(opened.recovery.start, Start::IndexDistrusted);
        check(&opened.store, 30);
        let closed = opened.store.close(&mut pages().into_iter());
        // Whoever says that all went well is believed, until it is asked for.
        assert!(program == "true" || matches!(closed, Err(StoreError::Index(_))), "{program}");
        store = open(dir.path()).store;
        check(&store, 30);
    }
}

/// Otherwise two daemons on one card would tear each other's posts apart.
#[test]
fn one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    fill(&mut store, 0..3);
    let second = Store::open(dir.path(), Options::new(1)).unwrap_err().to_string();
    assert!(second.contains(&format!("process {}", std::process::id())), "{second}");
    assert!(matches!(Store::open_readonly(dir.path()), Err(StoreError::Held { .. })));
    drop(store);
    let reader = Store::open_readonly(dir.path()).unwrap().store;
    let another = Store::open_readonly(dir.path()).unwrap().store;
    check(&another, 3);
    assert!(matches!(Store::open(dir.path(), Options::new(1)), Err(StoreError::Held { pid: None, .. })));
    drop((reader, another));
    open(dir.path());
}

/// Otherwise `commonsd needs` on a stopped gateway could change what it reads, or make a store where there is none.
#[test]
fn reading_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Store::open_readonly(&dir.path().join("none")).is_err());
    assert!(matches!(Store::open_readonly(dir.path()), Err(StoreError::NoStore(_))));
    let mut store = open(dir.path()).store;
    fill(&mut store, 0..5);
    let segment = dir.path().join("seg-0000000001");
    let end = store.journal().current.as_ref().unwrap().end as usize;
    drop(store);
    let mut bytes = fs::read(&segment).unwrap();
    bytes[end..end + 40].fill(0xee);
    fs::write(&segment, &bytes).unwrap();
    let mut opened = Store::open_readonly(dir.path()).unwrap();
    check(&opened.store, 5);
    assert!(matches!(opened.store.commit(&[held(5)], &[]), Err(StoreError::ReadOnly)));
    opened.store.close(&mut std::iter::empty()).unwrap();
    assert_eq!(fs::read(&segment).unwrap(), bytes);
    let opened = open(dir.path());
    assert!(opened.recovery.tail_bytes > 0);
    check(&opened.store, 5);
}

/// Otherwise going back to an older version would destroy what the newer one wrote.
#[test]
fn a_newer_format_is_refused_politely() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    // One damaged copy is healed.
    fs::write(dir.path().join("format"), b"rubbish").unwrap();
    drop(open(dir.path()));
    for file in ["format", "format.copy"] {
        let mut bytes = fs::read(dir.path().join(file)).unwrap();
        assert_eq!(bytes.len(), 16);
        bytes[4] = 9;
        fs::write(dir.path().join(file), bytes).unwrap();
    }
    let refusal = Store::open(dir.path(), Options::new(1)).unwrap_err().to_string();
    assert!(refusal.contains("newer commonsd (format 9, this one knows 1)"), "{refusal}");
}

/// Otherwise a backup that was cut short on the way would be found out only when it is needed.
#[test]
fn a_backup_comes_back_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(&dir.path().join("store")).store;
    fill(&mut store, 0..200);
    store.commit(&[], &[note("gone", "x"), note("kept", "y")]).unwrap();
    store.commit(&[], &[note("gone", "")]).unwrap();
    let mut bytes = Vec::new();
    store.export(b"who I am", &mut bytes).unwrap();
    let file = dir.path().join("backup");
    let to = dir.path().join("restored");
    let mut dice = Dice(5);
    for round in 0..100 {
        let mut bad = bytes.clone();
        if round % 2 == 0 {
            bad.truncate(dice.below(bytes.len() as u64) as usize);
        } else {
            let at = dice.below(bytes.len() as u64) as usize;
            bad[at] ^= 1 << dice.below(8);
        }
        fs::write(&file, bad).unwrap();
        assert!(matches!(import(&file, &to, Options::new(3)), Err(StoreError::Backup(_))));
        assert!(!to.exists());
    }
    fs::write(&file, &bytes).unwrap();
    assert_eq!(import(&file, &to, Options::new(3)).unwrap(), b"who I am");
    assert!(matches!(import(&file, &to, Options::new(3)), Err(StoreError::NotEmpty(_))));
    let restored = open(&to).store;
    check(&restored, 200);
    assert_eq!(restored.note(b"gone").unwrap(), None);
    assert_eq!(restored.notes(b"", None, 10).unwrap(), [note("age", "199"), note("kept", "y")]);
    assert_eq!(restored.notes(b"", Some(b"age"), 10).unwrap(), [note("kept", "y")]);
}

/// Otherwise a keeper could not learn what a bad sector cost, or get rid of its traces.
#[test]
fn repair_sets_damage_aside() {
    for seed in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path()).store;
        fill(&mut store, 0..450);
        let segment = dir.path().join(format!("seg-{:010}", 1 + seed % 4));
        let used = store.journal().current.as_ref().filter(|_| seed % 4 == 3).map_or(30_000, |c| c.end);
        drop(store);
        assert_eq!(audit(dir.path(), &Options::new(77)).unwrap().findings, []);
        let mut bytes = fs::read(&segment).unwrap();
        let at = Dice(seed).below(used - 3_000) as usize;
        bytes[at..at + 1 + seed as usize * 100].iter_mut().for_each(|b| *b ^= 0x33);
        fs::write(&segment, bytes).unwrap();

        let seen = audit(dir.path(), &Options::new(77)).unwrap();
        assert!(!seen.findings.is_empty());
        let repaired = repair(dir.path()).unwrap();
        assert_eq!(repaired.findings, seen.findings);
        assert_eq!(repaired.missing, seen.missing);
        assert!(!repaired.quarantined.is_empty());
        assert!(dir.path().join("quarantine").join(&repaired.quarantined[0]).exists());
        let after = audit(dir.path(), &Options::new(77)).unwrap();
        assert_eq!((after.findings, after.batches, after.notes), (vec![], seen.batches, seen.notes));
        assert_eq!(after.missing, seen.missing);
        let mut store = open(dir.path()).store;
        let lost: Vec<Held> = (0..450).filter(|number| !store.holds(&log(), *number)).map(held).collect();
        assert_eq!(lost.len() as u64, 450 - seen.batches);
        store.commit(&lost, &[]).unwrap();
        store.commit(&[held(450)], &[note("age", "450")]).unwrap();
        drop(store);
        let opened = open(dir.path());
        assert_eq!((opened.recovery.damage, opened.recovery.missing), (vec![], vec![]));
        assert_eq!(opened.store.read(&log(), 450).unwrap(), held(450));
    }
}

/// Otherwise there would be no way back from a full disk.
#[test]
fn the_ballast_comes_and_goes() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    assert_eq!(store.ballast_bytes(), 0);
    store.restore_ballast().unwrap();
    assert_eq!(store.ballast_bytes(), 50_000);
    store.release_ballast().unwrap();
    store.release_ballast().unwrap();
    assert_eq!(store.ballast_bytes(), 0);
}

/// Otherwise a disk that lies, or an older copy put back, would make a gateway contradict itself before its neighbours.
#[test]
fn a_rollback_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    fill(&mut store, 0..10);
    let older = fs::read(dir.path().join("seg-0000000001")).unwrap();
    fill(&mut store, 10..20);
    store.close(&mut std::iter::empty()).unwrap();
    fs::write(dir.path().join("seg-0000000001"), older).unwrap();
    for index in index::leftovers(dir.path()).unwrap() {
        fs::remove_dir_all(index).unwrap();
    }
    let opened = open(dir.path());
    assert!(opened.recovery.rolled_back);
    check(&opened.store, 10);
}

/// Otherwise a careless caller could make two posts of one, or leave a table full of holes.
#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path()).store;
    fill(&mut store, 0..3);
    let sequence = store.next_sequence();
    let long = Held { bytes: vec![0; BODY_BYTES_MAX], ..held(3) };
    assert!(matches!(store.commit(&[long], &[]), Err(StoreError::TooLarge { .. })));
    assert!(matches!(store.commit(&[held(1)], &[]), Err(StoreError::AlreadyHeld { number: 1, .. })));
    assert!(matches!(store.commit(&[held(3), held(3)], &[]), Err(StoreError::AlreadyHeld { .. })));
    assert!(matches!(store.commit(&[held(GAP_MAX + 4)], &[]), Err(StoreError::TooFar { .. })));
    assert!(matches!(store.commit(&[], &[note(&"k".repeat(2000), "")]), Err(StoreError::TooLarge { .. })));
    assert!(matches!(store.read(&log(), 3), Err(StoreError::NotHeld { number: 3, .. })));
    assert_eq!(store.next_sequence(), sequence);
    check(&store, 3);
}
