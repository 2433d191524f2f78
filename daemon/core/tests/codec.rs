//! Bytes in and out: round trips, hostile bytes, golden bytes.

mod support;

use commons_core::batch::*;
use commons_core::clock::Interval;
use commons_core::codec::*;
use commons_core::identity::{hex, BatchHash, GatewayKeys, MemberKeys, NetworkId, RecordId};
use commons_core::log::{Epoch, Lane, LogKey};
use commons_core::record::*;
use commons_core::submission::Submission;
use proptest::collection::vec;
use proptest::prelude::*;
use support::cases::cases;

fn id() -> impl Strategy<Value = RecordId> {
    any::<[u8; 32]>().prop_map(RecordId)
}

fn word<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

fn line() -> impl Strategy<Value = Line> {
    ("[a-zé]{1,20}", "[a-z]{0,8}", 0..=QUANTITY_MILLI_MAX).prop_map(|(item, unit, milli)| Line { item, unit, milli })
}

prop_compose! {
    fn ask()(
        category in word(Category::ALL), text in "[a-z\n ]{0,50}[a-zß]", lines in vec(line(), 0..4),
        urgency in word(Urgency::ALL), slots in 1..=SLOTS_MAX, zone in "[A-Za-z ]{0,20}",
        window in prop::option::of((0..1u64 << 40, 0..1u64 << 40)), tags in vec("[a-z]{1,16}", 0..4),
        contact in prop::option::of(vec(any::<u8>(), 0..64)),
        assign_by in prop::sample::select(vec![AssignBy::HomeGateway, AssignBy::Requester, AssignBy::Steward]),
        lifetime_s in 1..=LIFETIME_S_MAX, reference in "[a-z0-9]{0,20}",
    ) -> Ask {
        let window = window.map(|(a, b)| Window { from: a.min(b), until: a.max(b) });
        Ask {
            category, text, lines, urgency, slots, standing: false, zone, window, tags, lang: "en".into(), contact,
            assign_by, repeat: String::new(), lifetime_s, reference,
        }
    }
}

fn notice() -> impl Strategy<Value = Notice> {
    (word(Severity::ALL), word(Certainty::ALL), vec(id(), 0..3), "[a-z]{1,60}", word(Urgency::ALL)).prop_map(
        |(severity, certainty, references, text, urgency)| Notice {
            status: NoticeStatus::Actual,
            message: NoticeMessage::Alert,
            references,
            category: Category::Water,
            urgency,
            severity,
            certainty,
            zone: String::new(),
            info: vec![Info { lang: "es".into(), text }],
            lifetime_s: 60,
            reference: String::new(),
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    let epoch = 0..=ASSIGN_EPOCHS_MAX;
    let on_claim =
        || (id(), id(), 0..=ASSIGN_EPOCHS_MAX).prop_map(|(item, claim, epoch)| OnClaim { item, claim, epoch });
    let on_item = || (id(), 0..=ASSIGN_EPOCHS_MAX).prop_map(|(item, epoch)| OnItem { item, epoch });
    let stock = || {
        ("[a-z]{1,9}", line(), prop::option::of(any::<u64>())).prop_map(|(place, line, best_before)| Stock {
            place,
            line,
            source: String::new(),
            best_before,
            reference: String::new(),
        })
    };
    prop_oneof![
        ask().prop_map(Body::Need),
        ask().prop_map(Body::Offer),
        (id(), "[a-z]{0,30}", prop::option::of(any::<[u8; 32]>())).prop_map(|(item, message, key)| Body::Claim(
            Claim { item, message, zone: String::new(), tags: vec![], key, reference: String::new() }
        )),
        (id(), id(), 0..SLOTS_MAX, epoch.clone()).prop_map(|(item, claim, slot, epoch)| Body::Assign(Assign {
            item,
            claim,
            slot,
            epoch,
            contact: None
        })),
        on_claim().prop_map(Body::Start),
        on_claim().prop_map(Body::Done),
        on_claim().prop_map(Body::NoShow),
        on_item().prop_map(Body::Confirm),
        on_item().prop_map(Body::Reopen),
        (id(), prop::option::of(id()), epoch.clone()).prop_map(|(item, claim, epoch)| Body::Withdraw(Withdraw {
            item,
            claim,
            epoch
        })),
        notice().prop_map(Body::Notice),
        id().prop_map(|target| Body::Cosign(Cosign { target })),
        stock().prop_map(Body::StockIn),
        stock().prop_map(Body::StockOut),
        ("[a-z]{1,9}", line(), "[a-z]{1,9}", prop::option::of(any::<u64>())).prop_map(|(place, line, to, due)| {
            let line = Line { milli: line.milli.max(1), ..line };
            Body::Loan(Loan { place, line, to, due, reference: String::new() })
        }),
        (id(), 1..=QUANTITY_MILLI_MAX).prop_map(|(loan, milli)| Body::Return(Return {
            loan,
            milli,
            reference: "r".into()
        })),
        ("[a-z]{1,9}", line(), any::<u64>()).prop_map(|(place, line, expected_milli)| Body::StockCount(StockCount {
            place,
            line,
            expected_milli,
            reference: String::new()
        })),
        (id(), "[a-z]{1,20}", epoch.clone()).prop_map(|(item, to, epoch)| Body::Refer(Refer { item, to, epoch })),
        (id(), id(), epoch).prop_map(|(item, of, epoch)| Body::DuplicateOf(DuplicateOf { item, of, epoch })),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    (any::<u64>(), any::<u32>(), any::<u64>(), body()).prop_map(|(created, sender, content, body)| Record {
        version: RECORD_VERSION,
        created,
        mark: Mark { sender, content },
        body,
    })
}

fn log(keys: &GatewayKeys) -> LogKey {
    LogKey { gateway: keys.id(), lane: Lane::Board, epoch: Epoch(7) }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// A record that reads differently than it was written would change a neighbour's words.
    #[test]
    fn records_round_trip(record in record()) {
        let bytes = encode_record(&record);
        prop_assert!(bytes.len() <= RECORD_BYTES_MAX);
        prop_assert_eq!(decode_record(&bytes), Ok(record));
    }

    /// One packet of a stranger would stop the gateway.
    #[test]
    fn hostile_bytes_never_panic(mut bytes in vec(any::<u8>(), 0..300), version in any::<bool>()) {
        if version && !bytes.is_empty() {
            bytes[0] = 1; // Past the version check.
        }
        let _ = decode_record(&bytes);
        let _ = read_batch(&bytes);
        let _ = SignedRecord::decode(&bytes);
        for kind in Kind::ALL {
            let _ = Submission::parse(kind.name(), &bytes, support::sender("x"));
        }
    }

    /// A flipped bit must be refused or mean the same record, never crash or mean another.
    #[test]
    fn damaged_records_are_refused_or_canonical(record in record(), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = encode_record(&record);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(other) = decode_record(&bytes) {
            prop_assert_eq!(encode_record(&other), bytes);
        }
    }

    /// A batch that verifies after tampering would let a relay forge a block's words.
    #[test]
    fn batches_verify_whole_and_in_no_other_way(
        records in vec(record(), 1..6), signers in vec(0..3u8, 6), flip in any::<prop::sample::Index>(), bit in 0..8u8,
        forget in any::<prop::sample::Index>(),
    ) {
        let network = NetworkId::of("test");
        let keys = GatewayKeys::from_seed(&[1; 32]);
        let log = log(&keys);
        let members: Vec<_> = (0..3).map(|n| MemberKeys::from_seed(&[n + 10; 32])).collect();
        let bytes: Vec<_> = records.iter().map(encode_record).collect();
        let items: Vec<Item<'_>> = bytes.iter().zip(&signers).map(|(record, signer)| match signer {
            0 => Item::Entry { author: Author::Guest, record, signature: None },
            n => {
                let member = &members[usize::from(*n)];
                let signature = Some(member.sign(&network, record));
                Item::Entry { author: Author::Member(member.key()), record, signature }
            }
        }).collect();
        let prev = genesis(&network, &log);
        let received = Interval { lo: 5, hi: Some(9) };
        let (sealed, hash) = seal_batch(&keys, &network, &log, 3, &prev, received, &items);
        let (batch, again) = verify_batch(&network, &log, 3, &prev, &sealed).expect("verifies");
        prop_assert_eq!((&batch.items, again), (&items, hash));
        prop_assert!(verify_batch(&network, &log, 4, &prev, &sealed).is_err());
        prop_assert!(verify_batch(&network, &log, 3, &BatchHash([0; 32]), &sealed).is_err());
        prop_assert!(verify_batch(&NetworkId::of("other"), &log, 3, &prev, &sealed).is_err());
        let mut tampered = sealed.clone();
        let at = flip.index(tampered.len());
        tampered[at] ^= 1 << bit;
        prop_assert!(verify_batch(&network, &log, 3, &prev, &tampered).is_err());

        let places = record_places(&sealed).expect("reads");
        for (place, record) in places.iter().zip(&bytes) {
            prop_assert_eq!(&sealed[place.clone().expect("an entry")], &record[..]);
        }

        // An expired entry leaves its id, and the batch still verifies.
        let mut fewer = batch.items.clone();
        let at = forget.index(fewer.len());
        fewer[at] = Item::HashOnly(fewer[at].id(&network, &log.gateway));
        let stub = write_batch(3, received, &fewer, &batch.signature);
        prop_assert!(stub.len() <= sealed.len() + 34);
        let (_, same) = verify_batch(&network, &log, 3, &prev, &stub).expect("still verifies");
        prop_assert_eq!(same, hash);
    }
}

/// Gateways of different builds would stop understanding each other: these bytes are the format, never edit them.
#[test]
fn golden_bytes() {
    let network = NetworkId::of("test");
    let item = RecordId([0xAB; 32]);
    let claim = RecordId([0xCD; 32]);
    let ask = Ask {
        category: Category::Health,
        text: "insulin".into(),
        lines: vec![Line { item: "insulin".into(), unit: "pen".into(), milli: 2_000 }],
        urgency: Urgency::Now,
        slots: 2,
        standing: false,
        zone: "stairwell B".into(),
        window: Some(Window { from: 1_795_000_000, until: 1_795_003_600 }),
        tags: vec!["stairs".into()],
        lang: "en".into(),
        contact: None,
        assign_by: AssignBy::HomeGateway,
        repeat: String::new(),
        lifetime_s: 259_200,
        reference: "r1".into(),
    };
    let stock = Stock {
        place: "pantry".into(),
        line: Line { item: "rice".into(), unit: "kg".into(), milli: 10_500 },
        source: "market".into(),
        best_before: None,
        reference: String::new(),
    };
    let on_claim = OnClaim { item, claim, epoch: 1 };
    let bodies = vec![
        Body::Need(ask.clone()),
        Body::Offer(Ask { standing: true, urgency: Urgency::Week, ..ask }),
        Body::Claim(Claim {
            item,
            message: "I'll bring it".into(),
            zone: "door 4".into(),
            tags: vec![],
            key: None,
            reference: String::new(),
        }),
        Body::Assign(Assign { item, claim, slot: 1, epoch: 2, contact: Some(vec![1, 2, 3]) }),
        Body::Start(on_claim.clone()),
        Body::Done(on_claim.clone()),
        Body::Confirm(OnItem { item, epoch: 1 }),
        Body::NoShow(on_claim),
        Body::Withdraw(Withdraw { item, claim: Some(claim), epoch: 1 }),
        Body::Reopen(OnItem { item, epoch: 3 }),
        Body::Notice(Notice {
            status: NoticeStatus::Exercise,
            message: NoticeMessage::Update,
            references: vec![item],
            category: Category::Water,
            urgency: Urgency::Today,
            severity: Severity::Moderate,
            certainty: Certainty::Observed,
            zone: "north".into(),
            info: vec![Info { lang: "en".into(), text: "boil water".into() }],
            lifetime_s: 86_400,
            reference: String::new(),
        }),
        Body::Cosign(Cosign { target: item }),
        Body::StockIn(stock.clone()),
        Body::StockOut(stock.clone()),
        Body::StockCount(StockCount {
            place: "pantry".into(),
            line: stock.line,
            expected_milli: 9_000,
            reference: String::new(),
        }),
        Body::Refer(Refer { item, to: "clinic".into(), epoch: 0 }),
        Body::DuplicateOf(DuplicateOf { item, of: claim, epoch: 0 }),
    ];
    let gateway = GatewayKeys::from_seed(&[1; 32]);
    let member = MemberKeys::from_seed(&[2; 32]);
    let log = log(&gateway);
    let mut text = format!("network {network}\ngateway {}\nmember {}\n", gateway.id(), member.key());
    let records: Vec<Vec<u8>> = bodies
        .into_iter()
        .map(|body| {
            let mark = Mark { sender: 0x0102_0304, content: 0x0506_0708_090A_0B0C };
            encode_record(&Record { version: 1, created: 1_795_000_000, mark, body })
        })
        .collect();
    for bytes in &records {
        let kind = decode_record(bytes).expect("decodes").body.kind();
        text += &format!("record {} {}\n", kind.name(), hex(bytes));
        text += &format!("guest-id {}\n", record_id(&network, &gateway.id(), &Author::Guest, bytes));
    }
    let signature = member.sign(&network, &records[0]);
    let signed = SignedRecord { author: member.key(), record: records[0].clone(), signature };
    text += &format!("signed {}\n", hex(&signed.encode()));
    text += &format!("member-id {}\n", record_id(&network, &gateway.id(), &Author::Member(member.key()), &records[0]));
    let items = [
        Item::Entry { author: Author::Guest, record: &records[0], signature: None },
        Item::Entry { author: Author::Member(member.key()), record: &records[0], signature: Some(signature) },
        Item::Entry { author: Author::Gateway, record: &records[3], signature: None },
    ];
    let prev = genesis(&network, &log);
    let received = Interval { lo: 1_795_000_000, hi: None };
    let (batch, hash) = seal_batch(&gateway, &network, &log, 0, &prev, received, &items);
    text += &format!("genesis {}\nbatch {}\nbatch-hash {}\n", hex(&prev.0), hex(&batch), hex(&hash.0));
    let expected = include_str!("../../../tests/golden/v1.txt");
    if std::env::var_os("COMMONSD_TEST_BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/v1.txt"), &text).expect("writes");
        return;
    }
    assert_eq!(text, expected, "the format changed; if on purpose, it is version 2 and version 1 must still be read");
}
