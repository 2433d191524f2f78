//! A start from a saved ledger: over the journal's own batches, through `Node::load`, against a start that folds everything.
//! Property 11 on the way a gateway really takes.

mod support;

use std::collections::BTreeMap;

use commons_core::batch::{genesis, signed_in, write_batch, Item};
use commons_core::clock::{Clock, Interval, Now};
use commons_core::codec::{is_of_the_ledger, Author, SignedRecord};
use commons_core::identity::{hash, GatewayId, GatewayKeys, Signature};
use commons_core::log::{Age, Epoch, Held, Lane, LogKey};
use commons_core::node::{record_in, Input, Node, Quotas, Setup, Unfit};
use commons_core::record::*;
use commons_core::submission::Submission;
use commons_core::views::{EntryRef, Library};
use proptest::prelude::*;
use support::book::*;
use support::history::*;
use support::{sender, Gateway};

const NOW: Now = Now { uptime_ms: 0, wall_s: 1_795_000_000, synchronised: true };

fn empty() -> Node {
    Node::new(Setup {
        network: network(),
        keys: GatewayKeys::from_seed(&[1; 32]),
        epoch: Epoch(2),
        stewards: Default::default(),
        quotas: Quotas { open_items_per_sender_max: 10, items_max: 100 },
        clock: Clock::new(Age(1), NOW.wall_s, NOW),
    })
}

/// What a gateway has on disk: its journal in order of arrival, and other branches of forked logs.
#[derive(Clone, Default)]
struct Disk {
    journal: Vec<Held>,
    branches: Vec<Held>,
    next: BTreeMap<GatewayId, u64>,
}

impl Disk {
    /// Entries in batches of these sizes, each of one gateway's log; among them what the pantry got, which is in the book too.
    fn of(entries: &[Entry], sizes: &[u8]) -> Self {
        let mut disk = Self::default();
        let mut at = 0;
        while at < entries.len() {
            let turn = disk.journal.len();
            let most = usize::from(sizes[turn % sizes.len()] % 8) + 1;
            let gateway = entries[at].1;
            let same = entries[at..].iter().take(most).take_while(|(_, other)| *other == gateway).count();
            let mut words: Vec<Word> = entries[at..at + same].iter().map(|(word, _)| word.clone()).collect();
            if turn % 3 == 0 {
                let line = Line { item: "rice".into(), unit: "kg".into(), milli: turn as u64 + 1 };
                let stock =
                    Stock { place: "pantry".into(), line, source: "".into(), best_before: None, reference: "".into() };
                words.push(Word::by(Author::Guest, turn as u32, Body::StockIn(stock)));
            }
            let held = disk.batch(gateway, turn as u64, &words);
            disk.journal.push(held);
            at += same;
        }
        disk
    }

    fn batch(&mut self, gateway: GatewayId, arrived: u64, words: &[Word]) -> Held {
        let log = LogKey { gateway, lane: Lane::Book, epoch: Epoch(7) };
        let number = self.next.entry(gateway).or_default();
        let member = Some(Signature([0; 64]));
        let items: Vec<Item<'_>> = words
            .iter()
            .map(|word| Item::Entry {
                author: word.author,
                record: &word.bytes,
                signature: if matches!(word.author, Author::Member(_)) { member } else { None },
            })
            .collect();
        // Signatures are not checked at a start; but they differ if what they are over does.
        let mut signature = [0; 64];
        let contents: Vec<u8> = words.iter().flat_map(|word| word.bytes.clone()).collect();
        signature[..32].copy_from_slice(&hash("test", &[&contents]));
        let received = Interval { lo: NOW.wall_s, hi: None };
        let bytes = write_batch(*number, received, &items, &Signature(signature));
        *number += 1;
        Held { log, number: *number - 1, prev: genesis(&network(), &log), arrived: Age(arrived), spent_s: 0, bytes }
    }

    fn load(&self, mut node: Node) -> Result<Node, Unfit> {
        for held in &self.journal {
            node.load(held.clone()).expect("a batch");
        }
        for held in &self.branches {
            node.load_branch(held.clone()).expect("a batch");
        }
        node.check_restored()?;
        node.loaded(NOW);
        Ok(node)
    }

    fn fold(&self) -> Node {
        self.load(empty()).expect("nothing was restored")
    }

    fn start(&self, saved: &[u8]) -> Result<Node, Unfit> {
        let mut node = empty();
        node.restore_ledger(saved)?;
        self.load(node)
    }

    /// As it was when so many batches had come.
    fn at(&self, cut: usize) -> Self {
        Self { journal: self.journal[..cut].to_vec(), ..self.clone() }
    }
}

struct Shelf<'a>(&'a Disk, &'a Node);

impl Shelf<'_> {
    fn held(&self, at: EntryRef) -> Option<&Held> {
        let log = self.1.log(at.log)?;
        self.0.journal.iter().find(|held| held.log == *log && held.number == u64::from(at.batch))
    }
}

impl Library for Shelf<'_> {
    fn record(&self, at: EntryRef) -> Option<Record> {
        record_in(&self.held(at)?.bytes, at.place)
    }

    fn signed(&self, at: EntryRef) -> Option<SignedRecord> {
        signed_in(&self.held(at)?.bytes, at.place)
    }
}

/// Whatever a gateway could be asked is answered alike.
fn assert_same(disk: &Disk, full: &Node, again: &Node, entries: &[Entry], story: &str) -> Result<(), TestCaseError> {
    // With another branch, when guardians' records came depends on the order they are read in: a whole fold reads branches last.
    prop_assert!(again.ledger() == full.ledger() || !disk.branches.is_empty(), "another ledger\n{}", story);
    prop_assert_eq!(full.ledger_difference(again), None);
    prop_assert_eq!((again.entries(), again.batches()), (full.entries(), full.batches()));
    prop_assert_eq!(again.book_entries(), full.book_entries());
    prop_assert_eq!(again.heads_digest(), full.heads_digest());
    prop_assert_eq!(again.views_digest(), full.views_digest(), "the pantry too");
    for (word, _) in entries {
        let (one, two) = (full.signed(&word.id, &Shelf(disk, full)), again.signed(&word.id, &Shelf(disk, again)));
        prop_assert_eq!(one, two, "its words are not found\n{}", story);
    }
    // And it goes on saving. (When the ledger last changed is told by when a branch woke what waited.)
    if disk.branches.is_empty() {
        prop_assert!(again.save_ledger() == full.save_ledger(), "saved otherwise\n{}", story);
    }
    Ok(())
}

/// Histories; `PROPTEST_CASES` asks for another number.
fn histories() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = if usual.cases == 256 { 10_000 } else { usual.cases };
    ProptestConfig { cases, max_shrink_iters: 20_000, ..usual }
}

fn numbers() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 1..12)
}

proptest! {
    #![proptest_config(histories())]

    /// 11, where a gateway starts: it would show other balances after a restart than before. Saved where the numbers say, with what
    /// waits and what forked by then; the tail is what came later, and the power may go before the next saving.
    #[test]
    fn a_start_from_a_saved_ledger_is_a_start_from_the_whole_journal(
        steps in steps(30, true), turns in numbers(), sizes in prop::collection::vec(any::<u8>(), 1..8),
        cuts in (any::<u16>(), any::<u16>()), branch in any::<bool>(),
    ) {
        let world = World::play(&steps, &[1, 2]);
        let entries = shuffled(&world.entries(), &turns);
        let mut disk = Disk::of(&entries, &sizes);
        if branch && disk.journal.len() > 1 {
            // Of a forked log the last batch is not the log's own.
            disk.branches.extend(disk.journal.pop());
        }
        let full = disk.fold();
        let count = disk.journal.len() + 1;
        for cut in [usize::from(cuts.0) % count, usize::from(cuts.1) % count] {
            let then = disk.at(cut);
            let saved = then.fold().save_ledger().expect("nothing is open");
            let again = disk.start(&saved).expect("it fits");
            prop_assert_eq!(again.restored_entries(), then.fold().book_entries());
            assert_same(&disk, &full, &again, &entries, &world.story)?;
        }
    }
}

/// A gateway that loses its power after every single batch would drift away from what its neighbours see.
#[test]
fn a_restart_after_every_batch_changes_nothing() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 200, ..ProptestConfig::default() });
    let given = (steps(30, true), numbers(), prop::collection::vec(any::<u8>(), 1..8));
    let played = runner.run(&given, |(steps, turns, sizes)| {
        let world = World::play(&steps, &[1, 2]);
        let entries = shuffled(&world.entries(), &turns);
        let disk = Disk::of(&entries, &sizes);
        let mut saved = disk.at(0).fold().save_ledger().expect("nothing is open");
        for cut in 0..=disk.journal.len() {
            let then = disk.at(cut);
            let again = then.start(&saved).expect("it fits");
            assert_same(&then, &then.fold(), &again, &entries, &world.story)?;
            saved = again.save_ledger().expect("nothing is open");
        }
        Ok(())
    });
    played.unwrap_or_else(|failed| panic!("{failed}"));
}

fn some_disk() -> (Disk, Vec<Entry>) {
    let steps: Vec<Step> =
        (0..12).flat_map(|n| [Step::Pay(n % 5, n % 4, (n + 1) % 5, 9), Step::Meet(n % 4, 0)]).collect();
    let entries = World::play(&steps, &[1]).entries();
    (Disk::of(&entries, &[2]), entries)
}

/// A start would go on from a ledger of another journal: of an older copy, a repaired one, or one with another branch.
#[test]
fn what_does_not_fit_the_journal_is_not_gone_on_from() {
    let (disk, _) = some_disk();
    let count = disk.journal.len();
    assert!(count > 6, "{count} batches");
    let saved = disk.at(count - 2).fold().save_ledger().expect("nothing is open");
    assert!(disk.start(&saved).is_ok());
    let why = |disk: &Disk| disk.start(&saved).err();
    // An older copy was put back.
    let (covered, found) = (count as u64 - 2, count as u64 - 4);
    assert_eq!(why(&disk.at(count - 4)), Some(Unfit::BeyondTheLog { covered, found }));
    // A batch was damaged, or set aside by a repair; and it came again later from a neighbour.
    let mut hurt = disk.clone();
    let lost = hurt.journal.remove(1);
    assert_eq!(why(&hurt), Some(Unfit::OtherLog));
    hurt.journal.push(lost);
    assert_eq!(why(&hurt), Some(Unfit::OtherLog));
    // Other words in a batch of the same number, as after a rollback.
    let mut other = disk.clone();
    other.next.insert(other.journal[1].log.gateway, other.journal[1].number);
    let (gateway, arrived) = (other.journal[1].log.gateway, other.journal[1].arrived.0);
    other.journal[1] = other.batch(
        gateway,
        arrived,
        &[Word::by(Author::Gateway, 0, Body::Checkpoint(Checkpoint { records: 1, digest: [1; 32] }))],
    );
    assert_eq!(why(&other), Some(Unfit::OtherLog));
    // Another branch of a forked log that was covered is gone.
    let mut forked = disk.clone();
    forked.branches.extend(forked.journal.pop());
    let saved = forked.fold().save_ledger().expect("nothing is open");
    assert!(forked.start(&saved).is_ok());
    forked.branches.clear();
    assert_eq!(forked.start(&saved).err(), Some(Unfit::OtherBranches));
}

/// A program with other rules would keep what its predecessor counted, for ever.
#[test]
fn what_another_program_saved_is_not_gone_on_from() {
    let (disk, _) = some_disk();
    let saved = disk.fold().save_ledger().expect("nothing is open");
    let mut other = saved.clone();
    other[0] ^= 1;
    assert_eq!(disk.start(&other).err(), Some(Unfit::OtherFold));
    for length in [0, 1, 9, 60, saved.len() / 2, saved.len() - 1] {
        assert!(disk.start(&saved[..length]).is_err(), "cut after {length}");
    }
    let mut longer = saved.clone();
    longer.push(0);
    assert_eq!(disk.start(&longer).err(), Some(Unfit::Malformed));
    // A flipped bit anywhere is refused, or is nothing that shows as another balance: it never ends in a panic.
    for at in (0..saved.len()).step_by(7) {
        let mut flipped = saved.clone();
        flipped[at] ^= 4;
        let _ = disk.start(&flipped);
    }
}

/// An auditor would not be told what is forged.
#[test]
fn the_first_difference_is_named() {
    let (disk, entries) = some_disk();
    let full = disk.fold();
    assert_eq!(full.ledger_difference(&disk.fold()), None);
    let less = disk.at(disk.journal.len() - 1).fold();
    let (there, here) = (full.ledger_difference(&less), less.ledger_difference(&full));
    assert!(there.as_ref().is_some_and(|what| what.contains("missing") || what.contains("not the same")), "{there:?}");
    assert!(here.is_some(), "either way");
    // A balance, in a ledger that is otherwise whole.
    let accepted = {
        let mut street = World::play(&[], &[]);
        street.play_more(&[Step::Pay(0, 0, 2, 9), Step::Answer(2, 0, 0, true)]);
        fold(&street.entries())
    };
    let paid = {
        let mut street = World::play(&[], &[]);
        street.play_more(&[Step::Pay(0, 0, 2, 9)]);
        fold(&street.entries())
    };
    let what = paid.difference(&accepted).expect("another balance");
    assert!(what.contains("has settled"), "{what}");
    assert!(entries.iter().all(|(word, _)| is_of_the_ledger(&word.bytes)), "all of them are the ledger's");
    assert!(!is_of_the_ledger(&[]) && !is_of_the_ledger(&[1, 2, 3]));
}

/// A proof that was brought would not be shown any more, nor be handed on, once the gateway was started again.
#[test]
fn a_proof_is_still_shown_after_a_start() {
    let found = founding(&[gateway(0), gateway(0)]);
    let mut ann = Pen::founder(&found, 0);
    let bob = Pen::founder(&found, 1).member();
    let (mut other, member) = (ann, ann.member());
    let (one, two) = (ann.pay(bob, 5), other.pay(bob, 6));
    let proof = ForkProof { first: one.signed(Hand(0)), second: two.signed(Hand(0)) };
    let proof = Word::new(Hand(1), Body::ForkProof(proof));
    let entries: Vec<Entry> = [found, one, proof].map(|word| (word, gateway(0))).to_vec();
    let disk = Disk::of(&entries, &[0]);
    let full = disk.fold();
    let proofs =
        |node: &Node| node.forks(&member, &Shelf(&disk, node)).into_iter().map(|fork| fork.proof).collect::<Vec<_>>();
    assert!(matches!(&proofs(&full)[..], [Some(_)]), "as it was brought");
    let again = disk.start(&full.save_ledger().expect("nothing is open")).expect("it fits");
    assert_eq!(proofs(&again), proofs(&full), "after a start");
}

/// What was posted and is not on disk yet would be in what is saved: after a power cut nobody would know where it came from.
#[test]
fn nothing_is_saved_that_is_not_handed_out_to_be_written() {
    let mut here = Gateway::new(1);
    let found = founding(&[gateway(0), gateway(0)]);
    let post = |word: &Word, hand: Hand| {
        let signed = Submission::parse(word.body.kind().name(), &word.signed(hand), sender("mqtt:m"));
        Input::Submit(Box::new(signed.unwrap_or_else(|_| panic!("it parses"))))
    };
    struct Nothing;
    impl Library for Nothing {
        fn record(&self, _: EntryRef) -> Option<Record> {
            None
        }
    }
    here.handle(post(&found, Hand(0)));
    let mut ann = Pen::founder(&found, 0);
    let pay = ann.pay(Pen::founder(&found, 1).member(), 5);
    here.node.handle(here.now, post(&pay, ann.hand), &Nothing);
    assert!(here.node.save_ledger().is_none());
    let sealed = here.node.seal(here.now);
    here.journal.extend(sealed);
    let saved = here.node.save_ledger().expect("handed out");
    // What was folded as it was posted is what a start folds.
    let before = here.node.ledger().clone();
    here.restart();
    assert!(*here.node.ledger() == before);
    assert!(here.node.save_ledger() == Some(saved));
}
