//! The board in every order: acts before their items, items whose time is over, claims answered at once, everything twice.

mod support;

use commons_core::clock::Interval;
use commons_core::codec::Author;
use commons_core::identity::{GatewayId, GatewayKeys, MemberKeys, RecordId};
use commons_core::log::Age;
use commons_core::record::*;
use commons_core::submission::{Content, DraftBody, Submission};
use commons_core::views::board::{Board, Origin};
use commons_core::views::EntryRef;
use proptest::prelude::*;
use support::cases::cases;
use support::sender;

/// Of a gateway that does not know the time.
const ANY_TIME: Interval = Interval { lo: 0, hi: None };

/// Items: the first two stand, the others last a minute.
const ITEMS: u8 = 4;
/// Those with a short life are over at this age, everywhere.
const OVER: Age = Age(1_000);

/// One thing said about an item: by whom, through which gateway, what, about which claim, in which slot and epoch, when.
#[derive(Clone, Copy, Debug)]
struct Said {
    item: u8,
    by: u8,
    what: u8,
    claim: u8,
    slot: u8,
    epoch: u16,
    when: u8,
}

fn said() -> impl Strategy<Value = Said> {
    (0..ITEMS, 0..5u8, 0..9u8, 0..6u8, 0..2u8, 0..3u16, 0..3u8)
        .prop_map(|(item, by, what, claim, slot, epoch, when)| Said { item, by, what, claim, slot, epoch, when })
}

fn id(tag: u8, of: u8, by: u8) -> RecordId {
    RecordId([
        tag, of, by, 7, tag, of, by, 7, tag, of, by, 7, tag, of, by, 7, tag, of, by, 7, tag, of, by, 7, tag, of, by, 7,
        1, 2, 3, 4,
    ])
}

fn claim_id(item: u8, claim: u8) -> RecordId {
    id(0xC0, item, claim)
}

fn gateway(n: u8) -> GatewayId {
    GatewayKeys::from_seed(&[n + 1; 32]).id()
}

/// An entry, and how old it was when it came, if it came late.
struct Entry {
    id: RecordId,
    author: Author,
    gateway: GatewayId,
    record: Record,
    is_item: bool,
}

fn need(item: u8) -> Body {
    let parsed = Submission::parse("need", br#"{"text":"help","urgency":"week","slots":2}"#, sender("mqtt:a"));
    let Ok(Content::Draft(draft)) = parsed.map(|submission| submission.content) else { panic!("a need parses") };
    let DraftBody::Ask(ask, _) = draft.body else { panic!("a need is an ask") };
    Body::Need(Ask { lifetime_s: if item < 2 { 1_000_000 } else { 60 }, ..ask })
}

fn entries(said: &[Said]) -> Vec<Entry> {
    let record =
        |created, body| Record { version: RECORD_VERSION, created, mark: Mark { sender: 5, content: 5 }, body };
    let mut all: Vec<Entry> = (0..ITEMS)
        .map(|item| Entry {
            id: id(0xA0, item, 0),
            author: Author::Guest,
            gateway: gateway(0),
            record: record(1_000, need(item)),
            is_item: true,
        })
        .collect();
    for (n, one) in said.iter().enumerate() {
        let Said { item, by, what, claim, slot, epoch, when } = *one;
        let (of, claimed) = (id(0xA0, item, 0), claim_id(item, claim));
        let on = OnClaim { item: of, claim: claimed, epoch };
        let helper = Author::Member(MemberKeys::from_seed(&[claim % 3 + 50; 32]).key());
        let asker = Author::Guest;
        let (author, body) = match what {
            0..=2 => {
                let (message, zone) = (String::new(), String::new());
                let body = Claim { item: of, message, zone, tags: vec![], key: None, reference: String::new() };
                (helper, Body::Claim(body))
            }
            3 | 4 => (Author::Gateway, Body::Assign(Assign { item: of, claim: claimed, slot, epoch, contact: None })),
            5 | 6 => (if by % 2 == 0 { helper } else { asker }, Body::Done(on)),
            7 => (helper, Body::Start(on)),
            _ => (asker, Body::NoShow(on)),
        };
        let is_claim = matches!(body, Body::Claim(_));
        if is_claim && all.iter().any(|entry| entry.id == claimed) {
            // An id stands for one record.
            continue;
        }
        all.push(Entry {
            id: if is_claim { claimed } else { id(n as u8, item, what) },
            author,
            gateway: if author == asker || author == Author::Gateway { gateway(0) } else { gateway(by % 3) },
            // Whole seconds: two helps in one of them are no wonder.
            record: record(2_000 + u64::from(when), body),
            is_item: false,
        });
    }
    all
}

/// A board that heard these in the order that the numbers say, some of them only when the short items were over.
fn hear(all: &[Entry], turns: &[u16]) -> Board {
    let mut board = Board::new(Default::default());
    let turn = |n: usize| turns[n % turns.len()].wrapping_mul(2 * n as u16 + 1).rotate_left(n as u32 % 16);
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|n| turn(*n));
    // Everything before this moment comes early, the rest when the time of some is over.
    let late = usize::from(turns[0]) % (all.len() + 1);
    // What came early comes again, or not.
    let again = if turns[0].is_multiple_of(3) { late } else { 0 };
    for (place, n) in order.iter().chain(&order[..again]).enumerate() {
        let entry = &all[*n];
        let is_late = place >= late;
        if is_late {
            board.expire(OVER, usize::MAX);
        }
        let (arrived, spent_s) = if is_late { (OVER, 900) } else { (Age(10), 0) };
        let at = EntryRef { log: 0, place: *n as u8, batch: 0 };
        let Entry { id, author, gateway, .. } = entry;
        board.apply(
            Origin { id: *id, author: *author, gateway, at, arrived, spent_s, received: ANY_TIME },
            &entry.record,
        );
    }
    board.expire(OVER, usize::MAX);
    board
}

/// Of two neighbours who offer to help, one block would put the one first whom the other puts last.
#[test]
fn help_with_what_is_over_counts_the_same_whenever_it_was_heard() {
    let claims = |first: u8| {
        let of = |item, claim, what| Said { item, by: 0, what, claim, slot: 0, epoch: 0, when: 0 };
        // Two claims wait on what stands; whoever comes first has helped with what is over.
        entries(&[of(0, 0, 0), of(0, 1, 0), of(2, first, 0), of(2, first, 5)])
    };
    let board = |all: &[Entry], late: bool| {
        let mut board = Board::new(Default::default());
        for (n, entry) in all.iter().enumerate() {
            let at = EntryRef { log: 0, place: n as u8, batch: 0 };
            let (arrived, spent_s) = if late { (OVER, 900) } else { (Age(10), 0) };
            let Entry { id, author, gateway, .. } = entry;
            board.apply(
                Origin { id: *id, author: *author, gateway, at, arrived, spent_s, received: ANY_TIME },
                &entry.record,
            );
        }
        board.expire(OVER, usize::MAX);
        board.resolve(board.get(&id(0xA0, 0, 0)).expect("it stands")).claims
    };
    for helper in 0..2 {
        let all = claims(helper);
        assert_eq!(board(&all, false), board(&all, true), "{helper} has helped");
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// Two blocks would show helpers in another order, or send another one, by what each happened to hear first.
    #[test]
    fn order_lateness_and_repetition_do_not_show(
        said in prop::collection::vec(said(), 1..60),
        one in prop::collection::vec(any::<u16>(), 1..20),
        other in prop::collection::vec(any::<u16>(), 1..20),
    ) {
        let all = entries(&said);
        let (first, second) = (hear(&all, &one), hear(&all, &other));
        for entry in all.iter().filter(|entry| entry.is_item) {
            let shown = |board: &Board| board.get(&entry.id).map(|item| (item.status, board.resolve(item)));
            prop_assert_eq!(shown(&first), shown(&second), "{} differs", entry.id.short());
        }
    }
}
