//! The exported journal: as text here, and as files for `tests/ledger.sh`, where hledger has the last word.

mod support;

use commons_core::codec::Author;
use commons_core::record::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use support::book::*;
use support::history::*;

/// Histories that are written out.
const JOURNALS: usize = 24;

/// Another program would read our sums as something else.
#[test]
fn the_journal_is_what_hledger_reads() {
    let mut desk = Desk::new(0);
    let found = founding(&[gateway(0), gateway(0)]);
    desk.post(&found);
    let (mut ann, mut bob) = (Pen::founder(&found, 0), Pen::founder(&found, 1));
    let paid = ann.pay(bob.member(), 45);
    desk.post(&paid);
    assert_eq!(desk.ledger.journal().matches('\n').count(), 6, "two units, two accounts, nothing settled");
    desk.post(&bob.accept(&paid));
    let journal = desk.ledger.journal();
    let account = |pen: &Pen| format!("members:{}", &pen.member().to_string()[..16]);
    let name = format!("\"hour/60 {}\"", &found.id.to_string()[..4]);
    let settled = format!(
        "\n2026-11-18 settled {}\n    {}  -45 {name}\n    {}  45 {name}\n",
        paid.id.short(),
        account(&ann),
        account(&bob)
    );
    assert!(journal.contains(&settled), "{journal}");
    assert!(journal.contains(&format!("    {}  0 {name} = -45 {name}\n", account(&ann))), "{journal}");
}

/// A unit's name could end the quotes, or a date far ahead end the calendar.
#[test]
fn hostile_names_and_dates_stay_in_their_places() {
    let mut desk = Desk::new(0);
    let Body::Found(mut found) = founding(&[gateway(0), gateway(0)]).body else { unreachable!("a founding") };
    found.units[0].name = "h\"; include /x".into();
    let found = Word::new(Hand(0), Body::Found(found));
    desk.post(&found);
    let (ann, mut bob) = (Pen::founder(&found, 0), Pen::founder(&found, 1));
    let body = pay(ann.link, bob.member(), 1);
    let record = Record { version: 1, created: u64::MAX, mark: Mark { sender: 7, content: 7 }, body: body.clone() };
    let bytes = commons_core::codec::encode_record(&record);
    let author = Author::Member(ann.hand.key());
    let id = commons_core::codec::record_id(&network(), &gateway(0), &author, &bytes);
    let word = Word { id, author, bytes, body };
    desk.ledger.apply(commons_core::ledger::Said { created: u64::MAX, ..word.said(gateway(0)) });
    desk.post(&bob.accept(&word));
    let journal = desk.ledger.journal();
    assert!(journal.contains("\n9999-12-31 settled"), "{journal}");
    assert!(journal.contains("commodity 1000. \"h___include__x/60 "), "{journal}");
}

/// Writes journals of generated histories where `tests/ledger.sh` asks for them; each must end in what it asserts.
#[test]
fn generated_histories_are_written_for_hledger() {
    let dir = std::env::var_os("COMMONSD_TEST_JOURNALS");
    let mut runner = TestRunner::deterministic();
    let mut written = 0;
    while written < JOURNALS {
        let steps = steps(200, true).new_tree(&mut runner).expect("generates").current();
        let world = World::play(&steps, &[1, 2]);
        let ledger = fold(&world.entries());
        if ledger.postings().next().is_none() {
            continue;
        }
        let journal = ledger.journal();
        let asserted = journal.lines().filter(|line| line.contains(" = ")).count();
        assert_eq!(asserted, ledger.members().count() * 2);
        if let Some(dir) = &dir {
            let path = std::path::Path::new(dir).join(format!("{written}.journal"));
            std::fs::write(path, journal).expect("writes");
        }
        written += 1;
    }
}
