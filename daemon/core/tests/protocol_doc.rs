//! Keeps PROTOCOL.md true where that is cheap: names, numbers, limits, purposes, and the table of rejections.

use commons_core::admission::Rejection;
use commons_core::codec::*;
use commons_core::codeword::CODE_BYTES_MAX;
use commons_core::identity::purpose;
use commons_core::ledger::{Refusal, COVENANTS_MAX, NEWCOMERS_MAX, PROOFS_MAX, RECORDS_MAX, WAITING_MAX};
use commons_core::log::Lane;
use commons_core::node::{BRANCHES_MAX, BRANCH_BYTES_MAX, GAPS_MAX, GAP_BATCHES_MAX, LOGS_MAX};
use commons_core::record::*;
use commons_core::submission::{known_fields, SUBMISSION_BYTES_MAX};
use commons_core::sync::fault::CODES;
use commons_core::sync::frame::*;
use commons_core::sync::hello::{FRAME_BYTES_LEAST, HELLO_BYTES_MAX};
use commons_core::sync::*;
use commons_core::views::board::{ACTS_PER_ITEM_MAX, ORPHANS_MAX};
use commons_core::views::item::{ItemKind, Status, PAGE_ITEMS_MAX};
use commons_core::views::merge::{Standing, VOICES_NEEDED};
use commons_core::views::stock::{SHELVES_MAX, STOCK_WAITING_MAX};

const PAGE: &str = include_str!("../PROTOCOL.md");

/// The cells of every table row whose first cell is exactly `first`.
fn rows(first: &str) -> Vec<Vec<&'static str>> {
    PAGE.lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.first() == Some(&first))
        .collect()
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

macro_rules! limits {
    ($($name:ident),+ $(,)?) => { [$((stringify!($name), $name as u64)),+] };
}

/// Another gateway built from the page would refuse what we take, or send what we refuse.
#[test]
fn limits_are_the_codes_own() {
    for (name, value) in limits![
        RECORD_BYTES_MAX,
        BATCH_BYTES_MAX,
        BATCH_ENTRIES_MAX,
        SUBMISSION_BYTES_MAX,
        TEXT_BYTES_MAX,
        MESSAGE_BYTES_MAX,
        NAME_BYTES_MAX,
        TAG_BYTES_MAX,
        UNIT_BYTES_MAX,
        LINES_MAX,
        TAGS_MAX,
        INFOS_MAX,
        REFERENCES_MAX,
        SLOTS_MAX,
        CONTACT_BYTES_MAX,
        SEALED_BYTES_MAX,
        ASSIGN_EPOCHS_MAX,
        LIFETIME_S_MAX,
        QUANTITY_MILLI_MAX,
        CODE_BYTES_MAX,
        ACTS_PER_ITEM_MAX,
        ORPHANS_MAX,
        SHELVES_MAX,
        STOCK_WAITING_MAX,
        VOICES_NEEDED,
        PAGE_ITEMS_MAX,
        LOGS_MAX,
        GAPS_MAX,
        GAP_BATCHES_MAX,
        BRANCHES_MAX,
        BRANCH_BYTES_MAX,
        UNITS_MAX,
        FOUNDERS_MAX,
        PSEUDONYM_BYTES_MAX,
        GUARDIANS_MAX,
        GUARDIANS_LEAST,
        AMOUNT_MAX,
        MEMO_BYTES_MAX,
        PROOF_PART_BYTES_MAX,
        GROUNDS_MAX,
        RECOVERY_DELAY_S_MAX,
        RECORDS_MAX,
        WAITING_MAX,
        PROOFS_MAX,
        NEWCOMERS_MAX,
        COVENANTS_MAX,
        HELLO_BYTES_MAX,
        FRAME_BYTES_MAX,
        FRAME_BYTES_LEAST,
        FRAME_BYTES_START,
        FRAME_FAST_MS,
        FRAME_SLOW_MS,
        FRAMES_IN_FLIGHT_MAX,
        URGENT_FRAMES_EXTRA,
        HEADS_PER_FRAME_MAX,
        WANTS_PER_FRAME_MAX,
        PARCELS_PER_FRAME_MAX,
        NAMES_PER_FRAME_MAX,
        LINK_LOGS_MAX,
        NUMBER_MAX,
        LINKS_MAX,
        LINK_FASTER,
        LINK_STALLED_MS,
        RANGES_PER_PEER_MAX,
        FLIGHTS_PER_PEER_MAX,
        RANGE_BATCHES_MAX,
        RANGE_BATCHES_START,
        RANGE_FAST_MS,
        RANGE_SLOW_MS,
        URGENT_GRAFT_MS,
        HOLD_MS,
        FRAMES_WAITING_MAX,
        WANT_TIMEOUT_MS,
        WANT_GIVE_UP_MS,
        HAVE_MS,
        LAZY_MS,
        GRAFT_MS,
        INTRODUCED_PER_PEER_MAX,
        STRANGERS_MAX,
        LOGS_PER_GATEWAY_MAX,
        FRAMES_UNSENT_MAX,
        FORKS_MAX,
        FORK_BATCHES_MAX,
        FORK_SEARCH_MAX,
        FORKS_PER_PEER_MAX,
    ] {
        let told = rows(&format!("`{name}`"));
        assert_eq!(told.len(), 1, "{name} has one row");
        assert_eq!(told[0][1], thousands(value), "{name}");
    }
}

/// A reader would put a kind's bytes under another kind's number.
#[test]
fn kinds_categories_and_lanes_have_their_numbers() {
    for (number, kind) in Kind::ALL.iter().enumerate() {
        let told = rows(&number.to_string());
        let name = format!("`{}`", kind.name());
        assert!(told.iter().any(|cells| cells[1] == name), "kind {number} {name}");
    }
    for (number, category) in Category::ALL.iter().enumerate() {
        let told = rows(&number.to_string());
        let name = format!("`{}`", category.name());
        assert!(told.iter().any(|cells| cells[1] == name), "category {number} {name}");
    }
    for lane in Lane::ALL {
        let told = rows(&format!("`{}`", lane.name()));
        assert!(told.iter().any(|cells| cells[1] == (*lane as u8).to_string()), "lane {}", lane.name());
    }
    fn told<T: Copy>(row: &str, all: &[T], name: fn(T) -> &'static str) {
        let words = all.iter().enumerate().map(|(number, value)| format!("{number} `{}`", name(*value)));
        let words = words.collect::<Vec<_>>().join(", ");
        let cells = rows(row);
        let found = cells.iter().any(|cells| {
            let plain = |text: &str| text.replace(['`', ' '], "");
            plain(cells[1]) == plain(&words)
        });
        assert!(found, "{row}: {words}");
    }
    told("urgency", Urgency::ALL, Urgency::name);
    told("status (notice)", NoticeStatus::ALL, NoticeStatus::name);
    told("message (notice)", NoticeMessage::ALL, NoticeMessage::name);
    told("severity", Severity::ALL, Severity::name);
    told("certainty", Certainty::ALL, Certainty::name);
}

/// A phone would meet a state, a field or a standing that no page explains.
#[test]
fn words_on_the_wire_are_explained() {
    let quoted = |word: &str| PAGE.contains(&format!("`{word}`"));
    for status in Status::ALL {
        assert!(quoted(status.name()), "status {}", status.name());
    }
    use Standing::{Assigned, Done, NoShow, Standby, Underway, Withdrawn};
    for standing in [Assigned, Underway, Done, Standby, NoShow, Withdrawn] {
        assert!(!rows(&format!("`{}`", standing.name())).is_empty(), "standing {}", standing.name());
    }
    for kind in Kind::ALL {
        for field in known_fields(*kind).split(", ") {
            assert!(quoted(field), "field {field} of {}", kind.name());
        }
    }
    for kind in ItemKind::ALL {
        assert!(PAGE.contains(&format!("/{}/<id>`", kind.name())), "topic of {}", kind.name());
    }
}

/// Bytes signed for one purpose would be taken for another.
#[test]
fn purposes_are_spelt_as_in_the_code() {
    for purpose in [
        purpose::NETWORK,
        purpose::KEEPER,
        purpose::RECORD,
        purpose::MEMBER_SIGNATURE,
        purpose::ROOT,
        purpose::BATCH,
        purpose::GENESIS,
        purpose::HEADS,
        purpose::FORK,
        purpose::FOUNDER,
        purpose::LEDGER,
        purpose::CODE_WORD,
        purpose::MARK,
        purpose::SEAL,
        purpose::SECRET,
        "commons/1/name",
        "commons/1/rank",
    ] {
        assert!(PAGE.contains(&format!("\"{purpose}\"")), "{purpose}");
    }
}

/// Another gateway would not know what a frame is, nor why it was cut off.
#[test]
fn frames_and_the_ends_of_links_have_their_numbers() {
    for (number, word) in KINDS.iter().enumerate().skip(1).chain(CODES.iter().enumerate()) {
        let cell = format!("`{word}`");
        assert!(rows(&number.to_string()).iter().any(|cells| cells[1] == cell), "{number} {word}");
    }
}

/// One of each cause.
fn rejections() -> Vec<Rejection> {
    use Rejection::*;
    let all = vec![
        Empty,
        PayloadTooLarge { found: 2, limit: 1 },
        NotUtf8,
        NotJson { line: 1, column: 1 },
        NotARecord { detail: "" },
        UnknownVersion { found: 2, known: 1 },
        UnknownKind { kind: String::new() },
        UnknownField { field: "x".into(), known: "" },
        Missing { field: "x" },
        WrongValue { field: "x".into(), expected: "".into() },
        TooLong { field: "x".into(), found: 2, limit: 1, unit: "" },
        ControlCharacter { field: "x".into() },
        BadSignature,
        KindMismatch { found: "", expected: "" },
        UnknownItem,
        UnknownClaim,
        NotYours,
        WrongCode,
        TooManyGuesses { retry_s: 7 },
        ElsewhereOnly { gateway: String::new() },
        WrongState { kind: "", status: "" },
        NotInStock { limit_milli: 1 },
        AlreadyOpenNow { item: String::new() },
        TooManyOpen { limit: 1 },
        TooManyPosts { retry_s: 7 },
        GatewayFull { limit: 1 },
        StorageFull,
        Busy,
        NotAllowed { what: "" },
    ];
    let all: Vec<Rejection> = all.into_iter().chain(refusals().into_iter().map(Ledger)).collect();
    // A new cause does not compile here until it is in the list above.
    for one in &all {
        match one {
            Empty
            | PayloadTooLarge { .. }
            | NotUtf8
            | NotJson { .. }
            | NotARecord { .. }
            | UnknownVersion { .. }
            | UnknownKind { .. }
            | UnknownField { .. }
            | Missing { .. }
            | WrongValue { .. }
            | TooLong { .. }
            | ControlCharacter { .. }
            | BadSignature
            | KindMismatch { .. }
            | UnknownItem
            | UnknownClaim
            | NotYours
            | WrongCode
            | TooManyGuesses { .. }
            | ElsewhereOnly { .. }
            | WrongState { .. }
            | NotInStock { .. }
            | AlreadyOpenNow { .. }
            | TooManyOpen { .. }
            | TooManyPosts { .. }
            | GatewayFull { .. }
            | StorageFull
            | Busy
            | NotAllowed { .. }
            | Ledger(_) => {}
        }
    }
    all
}

/// One of each cause of the ledger's.
fn refusals() -> Vec<Refusal> {
    use Refusal::*;
    let all = vec![
        UnknownRecord { field: "x" },
        WrongRecord { field: "x", expected: "" },
        NotNext { seq: 1, head: String::new() },
        WrongEpoch { limit: 1 },
        WrongKey,
        AlreadyFounded,
        AlreadyMember,
        NotAFounder,
        NotEntered,
        AlreadyEntered,
        SameHousehold,
        HasLeft,
        InDebt,
        ToSelf,
        OtherCommunity,
        UnknownUnit { limit: 1 },
        OverLimit { limit: 1 },
        OverRoaming { limit: 1, home: String::new() },
        AtHomeOnly { home: String::new() },
        NotYourPay,
        AlreadyResolved { how: "" },
        Frozen,
        TooFew { found: 1, limit: 2 },
        TooEarly { retry_s: 7 },
        NotAProof { detail: "" },
        GatewaysOnly,
        MembersOnly,
        Full { what: "", limit: 1 },
    ];
    // As above.
    for one in &all {
        match one {
            UnknownRecord { .. }
            | WrongRecord { .. }
            | NotNext { .. }
            | WrongEpoch { .. }
            | WrongKey
            | AlreadyFounded
            | AlreadyMember
            | NotAFounder
            | NotEntered
            | AlreadyEntered
            | SameHousehold
            | HasLeft
            | InDebt
            | ToSelf
            | OtherCommunity
            | UnknownUnit { .. }
            | OverLimit { .. }
            | OverRoaming { .. }
            | AtHomeOnly { .. }
            | NotYourPay
            | AlreadyResolved { .. }
            | Frozen
            | TooFew { .. }
            | TooEarly { .. }
            | NotAProof { .. }
            | GatewaysOnly
            | MembersOnly
            | Full { .. } => {}
        }
    }
    all
}

/// A program that acts on causes would wait where it must not, or give up where it need not.
#[test]
fn rejections_are_tabled_as_they_are() {
    let all = rejections();
    for one in &all {
        let code = one.code();
        let told = rows(&format!("`{code}`"));
        let told: Vec<_> = told.iter().filter(|cells| cells.len() == 7).collect();
        assert_eq!(told.len(), 1, "{code} has one row");
        let cells = told[0];
        let field = match one.field() {
            None => "-".to_string(),
            Some("x") => "the field".to_string(),
            Some(field) => format!("`{field}`"),
        };
        assert_eq!(cells[1], field, "field of {code}");
        assert_eq!(cells[2] != "-", one.limit().is_some(), "limit of {code}");
        let retry = match one.retry_s() {
            None => "-".to_string(),
            Some(7) => "seconds left".to_string(),
            Some(seconds) => seconds.to_string(),
        };
        assert_eq!(cells[3], retry, "retry_s of {code}");
        assert_eq!(cells[4], one.http_status().to_string(), "HTTP status of {code}");
        assert_eq!(cells[5], format!("0x{:02X}", one.mqtt_reason()), "MQTT reason of {code}");
    }
    let codes: std::collections::BTreeSet<_> = all.iter().map(Rejection::code).collect();
    assert_eq!(codes.len(), all.len(), "each cause has a word of its own");
}

/// The worked examples would teach bytes that no gateway writes.
#[test]
fn the_worked_record_is_the_golden_one() {
    let golden = include_str!("../../../tests/golden/v1.txt");
    let need = golden.lines().find_map(|line| line.strip_prefix("record need ")).expect("the first record");
    let worked = PAGE.split("The first record, a need, byte by byte:").nth(1).expect("the example");
    let worked = worked.split("The batch of three").next().expect("its end");
    let digits: String = worked
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .flat_map(|line| {
            line.split(' ').take_while(|word| {
                word.len().is_multiple_of(2) && !word.is_empty() && word.bytes().all(|c| c.is_ascii_hexdigit())
            })
        })
        .collect();
    assert_eq!(digits, need);
}
