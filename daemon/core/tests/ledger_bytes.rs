//! The bytes of members' and the ledger's records: golden, hostile, and as PROTOCOL.md tells them.

mod support;

use commons_core::codec::{decode_record, Author, SignedRecord};
use commons_core::identity::{hex, member_signed, GatewayKeys, MemberId, RecordId};
use commons_core::record::*;
use proptest::prelude::*;
use support::book::*;
use support::cases::cases;

/// One of each kind from 17 on, and of each variant inside.
fn words() -> Vec<Word> {
    let found = founding(&[gateway(0), gateway(1), gateway(0)]);
    let mut ann = Pen::founder(&found, 0);
    let bob = Pen::founder(&found, 1).member();
    let guardians = vec![ann.member(), bob, Pen::founder(&found, 2).member()];
    let dee = Hand(3);
    let join = Word::new(dee, Body::Join(Join { covenant: found.id, facts: facts("dee", "h3", gateway(1)) }));
    let member = MemberId(join.id.0);
    let some = RecordId([0xAB; 32]);
    let (key, home) = (Hand(4).key(), gateway(1));
    let mut words = vec![found, join];
    let mut say = |body: &dyn Fn(Link) -> Body| words.push(ann.write(body));
    say(&|link| Body::Vouch(Vouch { link, member }));
    say(&|link| Body::Enter(Enter { link, first: some, second: RecordId([0xCD; 32]) }));
    let changed =
        Facts { guardians: guardians.clone(), threshold: 2, custody: Custody::Card, ..facts("ann", "h9", home) };
    say(&|link| Body::Facts(FactsChange { link, facts: changed.clone() }));
    say(&|link| Body::Rekey(Rekey { link, key }));
    say(&|link| Body::Recover(Recover { link, member, base: member.genesis(), key, home }));
    say(&|link| Body::Veto(Veto { link, recover: some }));
    say(&|link| Body::Resume(Resume { link, grounds: Grounds::Guardians(vec![some]) }));
    say(&|link| {
        Body::Resume(Resume { link, grounds: Grounds::Decision { decision: some, consents: vec![member.genesis()] } })
    });
    say(&|link| Body::Resume(Resume { link, grounds: Grounds::Branches(vec![some]) }));
    say(&|link| Body::Leave(Leave { link }));
    say(&|link| {
        Body::Pay(Pay {
            link,
            to: bob,
            unit: UnitIndex(1),
            amount: Amount(1_500),
            answers: Some(some),
            item: Some(member.genesis()),
            memo: "rice".into(),
        })
    });
    say(&|link| Body::Accept(OnPay { link, pay: some }));
    say(&|link| Body::Decline(OnPay { link, pay: some }));
    say(&|link| Body::Reclaim(Reclaim { link, decline: some }));
    say(&|link| Body::Dispute(Dispute { link, pay: some, text: "half of it was wet".into() }));
    for action in [
        Action::Freeze { member, epoch: 1 },
        Action::Unfreeze { member, base: some, key, home, positions: vec![-40, 7] },
        Action::WriteOff { member, pot: bob, unit: UnitIndex(0), amount: Amount(60) },
    ] {
        say(&|link| Body::Decide(Decide { link, action: action.clone(), text: "moved away".into() }));
    }
    say(&|link| Body::Consent(Consent { link, decision: some }));
    words.push(Word::new(dee, Body::ForkProof(ForkProof { first: vec![1, 2], second: vec![3] })));
    words.push(Word::by(Author::Gateway, 0, Body::Stamp(Stamp { record: some })));
    words.push(Word::by(Author::Gateway, 0, Body::Checkpoint(Checkpoint { records: 300, digest: [0xEF; 32] })));
    words
}

/// Another program could not read a year of the book, or would sum it differently.
#[test]
fn golden_bytes_are_unchanged() {
    let mut text = format!("network {}\ngateway {}\n", network(), GatewayKeys::from_seed(&[1; 32]).id());
    for n in 0..5 {
        text += &format!("member {} {}\n", hex(&[0x11 + n]), Hand(n).key());
    }
    let mut kinds = std::collections::BTreeSet::new();
    for word in words() {
        let decoded = decode_record(&word.bytes).expect("decodes");
        assert_eq!(decoded.body, word.body);
        kinds.insert(word.body.kind());
        text += &format!("record {} {}\nid {}\n", word.body.kind().name(), hex(&word.bytes), word.id);
    }
    let all = Kind::ALL.iter().filter(|kind| kind.is_ledger());
    assert_eq!(kinds.iter().collect::<Vec<_>>(), all.collect::<Vec<_>>(), "one of each");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/ledger-v1.txt");
    if std::env::var_os("COMMONSD_TEST_BLESS").is_some() {
        std::fs::write(path, &text).expect("writes");
        return;
    }
    let expected = std::fs::read_to_string(path).expect("is there");
    assert_eq!(text, expected, "the format changed; if on purpose, it is version 2 and version 1 must still be read");
}

/// A phone would sign what the gateway cannot read, or take for signed what was changed on its way: its script is held to
/// these bytes too (tests/browser/ledger-records.mjs).
#[test]
fn what_members_sign_is_golden_and_nothing_else_opens() {
    let mut text = String::new();
    for word in words() {
        let Author::Member(key) = word.author else { continue };
        let hand = (0..5).map(Hand).find(|hand| hand.key() == key).expect("one of ours");
        let signed = word.signed(hand);
        text += &format!("signed {} {:x} {}\nid {}\n", word.body.kind().name(), 0x11 + hand.0, hex(&signed), word.id);
        let opens = |bytes: &[u8]| {
            let signed = SignedRecord::decode(bytes).ok()?;
            member_signed(&network(), &signed.author, &signed.record, &signed.signature).then_some(signed.record)
        };
        assert_eq!(opens(&signed).as_ref(), Some(&word.bytes));
        for at in 0..signed.len() {
            let mut touched = signed.clone();
            touched[at] ^= 1;
            assert_eq!(opens(&touched), None, "{} touched at {at}", word.body.kind().name());
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/ledger-signed-v1.txt");
    if std::env::var_os("COMMONSD_TEST_BLESS").is_some() {
        std::fs::write(path, &text).expect("writes");
        return;
    }
    let expected = std::fs::read_to_string(path).expect("is there");
    assert_eq!(text, expected, "what phones have signed must be read for ever");
}

/// A reader built from the page would take one kind for another.
#[test]
fn the_page_numbers_kinds_and_variants_as_the_bytes_do() {
    let page = include_str!("../PROTOCOL.md");
    for word in words() {
        let kind = word.body.kind();
        // Version, created (5 bytes), mark.sender 7, mark.content 7, then the kind's number.
        let number = word.bytes[8];
        assert_eq!(number, kind as u8);
        assert!(page.contains(&format!("| {number} | `{}` |", kind.name())), "{}", kind.name());
    }
    for (number, custody) in Custody::ALL.iter().enumerate() {
        assert!(page.contains(&format!("{number} `{}`", custody.name())), "custody {}", custody.name());
    }
}

/// A proof too large for a QR code could not be carried to who was cheated.
#[test]
fn two_of_the_longest_payments_fit_one_qr_code() {
    let found = founding(&[gateway(0), gateway(1)]);
    let mut ann = Pen::founder(&found, 0);
    ann.link.seq = u32::MAX - 1;
    ann.link.epoch = u16::MAX;
    let to = Pen::founder(&found, 1).member();
    let longest = Word::by(
        Author::Member(ann.hand.key()),
        u32::MAX,
        ann.write(|link| {
            let some = Some(RecordId([0xFF; 32]));
            let (unit, amount) = (UnitIndex(7), Amount(AMOUNT_MAX));
            Body::Pay(Pay { link, to, unit, amount, answers: some, item: some, memo: "a".repeat(MEMO_BYTES_MAX) })
        })
        .body,
    );
    let side = longest.signed(ann.hand);
    assert!(side.len() <= PROOF_PART_BYTES_MAX, "{} bytes", side.len());
    let proof = Word::new(Hand(1), Body::ForkProof(ForkProof { first: side.clone(), second: side }));
    assert!(proof.signed(Hand(1)).len() <= 2_953, "a QR code of version 40 holds 2,953 bytes");
}

/// A record beyond its limits would be signed and stored here and refused elsewhere.
#[test]
fn every_limit_is_named() {
    let found = founding(&[gateway(0), gateway(1)]);
    let (ann, bob) = (Pen::founder(&found, 0), Pen::founder(&found, 1).member());
    let of = |body: Body| match decode_record(&Word::new(Hand(0), body).bytes) {
        Ok(_) => ("taken", None),
        Err(why) => (why.code(), why.field().map(str::to_owned)),
    };
    let named = |code: &'static str, field: &str| (code, Some(field.to_owned()));
    let founds = |change: &dyn Fn(&mut Found)| {
        let Body::Found(mut found) = found.body.clone() else { unreachable!("a founding record") };
        change(&mut found);
        of(Body::Found(found))
    };
    assert_eq!(founds(&|_| ()).0, "taken");
    assert_eq!(founds(&|found| found.name.clear()), named("missing", "name"));
    assert_eq!(founds(&|found| found.units.clear()), named("wrong_value", "units"));
    assert_eq!(founds(&|found| found.units[1].name = "hour".into()), named("wrong_value", "units"));
    assert_eq!(founds(&|found| found.units = vec![found.units[0].clone(); 9]), named("too_long", "units"));
    assert_eq!(founds(&|found| found.units[0].scale = 0), named("wrong_value", "scale"));
    assert_eq!(founds(&|found| found.units[0].limit = AMOUNT_MAX + 1), named("too_long", "limit"));
    assert_eq!(founds(&|found| found.roaming_percent = 101), named("wrong_value", "roaming_percent"));
    assert_eq!(founds(&|found| found.quorum = 1), named("wrong_value", "quorum"));
    assert_eq!(founds(&|found| found.recovery_delay_s = u32::MAX), named("wrong_value", "recovery_delay_s"));
    assert_eq!(founds(&|found| found.founders.truncate(1)), named("wrong_value", "founders"));
    assert_eq!(founds(&|found| found.founders[1].facts.household = "h0".into()), named("wrong_value", "founders"));
    assert_eq!(founds(&|found| found.founders[1].key = found.founders[0].key), named("wrong_value", "founders"));
    assert_eq!(founds(&|found| found.founders[0].facts.custody = Custody::Pot), named("wrong_value", "custody"));
    let joins = |change: &dyn Fn(&mut Facts)| {
        let mut facts = facts("dee", "h3", gateway(0));
        change(&mut facts);
        of(Body::Join(Join { covenant: found.id, facts }))
    };
    assert_eq!(joins(&|_| ()).0, "taken");
    assert_eq!(joins(&|facts| facts.pseudonym = "a".repeat(33)), named("too_long", "pseudonym"));
    assert_eq!(joins(&|facts| facts.household = " ".into()), named("missing", "household"));
    assert_eq!(joins(&|facts| facts.guardians = vec![bob; 3]), named("wrong_value", "guardians"));
    let three: Vec<MemberId> = (0..3).map(|n| Pen::founder(&found, n).member()).collect();
    assert_eq!(joins(&|facts| facts.guardians = three[..2].to_vec()), named("wrong_value", "guardians"));
    assert_eq!(joins(&|facts| facts.guardians = three.clone()), named("wrong_value", "threshold"));
    assert_eq!(joins(&|facts| facts.threshold = 1), named("wrong_value", "threshold"));
    let link = ann.link;
    assert_eq!(of(pay(link, bob, 0)), named("wrong_value", "amount"));
    assert_eq!(of(pay(link, bob, AMOUNT_MAX)).0, "taken");
    assert_eq!(of(pay(link, bob, AMOUNT_MAX + 1)), named("too_long", "amount"));
    assert_eq!(of(pay(link, bob, u64::MAX)), named("too_long", "amount"));
    let some = RecordId([1; 32]);
    assert_eq!(of(Body::Enter(Enter { link, first: some, second: some })), named("wrong_value", "second"));
    let resume = |ids: Vec<RecordId>| of(Body::Resume(Resume { link, grounds: Grounds::Branches(ids) }));
    assert_eq!(resume(vec![some; 2]), named("wrong_value", "branches"));
    assert_eq!(resume((0..17).map(|n| RecordId([n; 32])).collect()), named("too_long", "branches"));
    assert_eq!(of(Body::Dispute(Dispute { link, pay: some, text: String::new() })), named("missing", "text"));
    let unfreeze = |positions: Vec<i64>| {
        let action = Action::Unfreeze { member: bob, base: some, key: Hand(0).key(), home: gateway(0), positions };
        of(Body::Decide(Decide { link, action, text: "x".into() }))
    };
    assert_eq!(unfreeze(vec![i64::MIN]), named("wrong_value", "positions"));
    assert_eq!(unfreeze(vec![0; 9]), named("too_long", "positions"));
    let proof = |bytes: usize| of(Body::ForkProof(ForkProof { first: vec![0; bytes], second: vec![] }));
    assert_eq!(proof(1_024).0, "taken");
    assert_eq!(proof(1_025), named("too_long", "first"));
}

proptest! {
    #![proptest_config(cases(10_000))]

    /// One packet of a stranger would stop the gateway, or change what a neighbour signed.
    #[test]
    fn damaged_records_are_refused_or_canonical(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), xor in 1..=255u8) {
        thread_local!(static WORDS: Vec<Word> = words());
        let mut bytes = WORDS.with(|words| words[which.index(words.len())].bytes.clone());
        let at = at.index(bytes.len());
        bytes[at] ^= xor;
        if let Ok(record) = decode_record(&bytes) {
            prop_assert_eq!(commons_core::codec::encode_record(&record), bytes);
        }
    }
}
