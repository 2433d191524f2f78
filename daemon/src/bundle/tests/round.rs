//! The stick goes round, is pulled, and is full.

use super::*;

/// What A says would never be heard at C, although somebody carries a stick by every day.
#[test]
fn a_stick_carried_round_relays() {
    let (mut a, mut b, mut c) = (Site::new(1), Site::new(2), Site::new(3));
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    a.post_many("a", 30);
    b.post_many("b", 5);
    c.post("c speaks");
    let written = export(&mut a, first.path());
    assert_eq!((written.content.entries, written.content.batches), (30, 30));
    let took = import(&mut b, first.path());
    assert_eq!((took.took, took.left, took.bundles), (30, 0, 1));
    // Another stick: C has never seen the first.
    let written = export(&mut b, second.path());
    assert_eq!(written.content.entries, 35);
    assert_eq!(import(&mut c, second.path()).took, 35);
    assert_eq!(c.words(), 36);
    export(&mut c, second.path());
    assert_eq!(import(&mut a, second.path()).took, 6);
    assert_eq!(import(&mut b, second.path()).took, 1);
    assert_eq!(a.node.heads_digest(), c.node.heads_digest());
    assert_eq!(a.node.heads_digest(), b.node.heads_digest());
    // And again: nothing new, nothing read twice.
    let again = import(&mut b, second.path());
    assert_eq!((again.took, again.known), (0, 1));
    assert!(export(&mut b, second.path()).path.is_some(), "what C said is new in what B has for others");
    assert!(export(&mut b, second.path()).path.is_none());
    b.post("one more");
    assert_eq!(export(&mut b, second.path()).content.entries, 1, "only what is new");
    assert_eq!(import(&mut c, second.path()).took, 1);
    let all = files(second.path());
    assert!(all.iter().all(|(path, _)| !path.to_string_lossy().ends_with(".part")));
    let fat = |name: &str| name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-'));
    let within = |path: &Path| path.strip_prefix(second.path()).unwrap().to_owned();
    assert!(all.iter().all(|(path, _)| within(path).iter().all(|part| fat(part.to_str().unwrap()))), "FAT-safe names");
}

/// A newcomer would not get what was said before he came.
#[test]
fn a_newcomer_gets_everything_in_one_pass() {
    let (mut a, mut b) = (Site::new(1), Site::new(2));
    let stick = tempfile::tempdir().unwrap();
    for round in 0..5 {
        a.post_many(&format!("a{round}"), 3);
        b.post_many(&format!("b{round}"), 2);
        export(&mut a, stick.path());
        import(&mut b, stick.path());
        export(&mut b, stick.path());
        import(&mut a, stick.path());
    }
    let mut d = Site::new(9);
    import(&mut d, stick.path());
    assert_eq!(d.words(), 25);
    assert_eq!(d.node.heads_digest(), a.node.heads_digest());
}

/// The stick would fill up, or what only the oldest bundle holds would go with it.
#[test]
fn many_small_bundles_become_one() {
    let mut a = Site::new(1);
    let stick = tempfile::tempdir().unwrap();
    let mut most = 0;
    for round in 0..40 {
        a.post(&format!("round {round}"));
        export(&mut a, stick.path());
        most = most.max(bundles(stick.path()).len());
        if round % 13 == 0 {
            let mut newcomer = Site::new(100 + round as u8);
            import(&mut newcomer, stick.path());
            assert_eq!(newcomer.words(), round + 1);
        }
    }
    assert_eq!(most, export::CHAIN_MAX);
    let mut newcomer = Site::new(200);
    import(&mut newcomer, stick.path());
    assert_eq!(newcomer.words(), 40);
}

/// What was brought to one gateway would stay on the stick for ever, or go before it was there.
#[test]
fn what_is_for_one_goes_against_his_receipt() {
    let (mut a, mut b) = (Site::new(1), Site::new(2));
    let stick = tempfile::tempdir().unwrap();
    let to_b = To::One(b.node.id());
    let to = |a: &mut Site| export::to_stick(a, &Stick::new(stick.path()), to_b, &mut Quiet).unwrap();
    a.post_many("a", 3);
    assert_eq!(to(&mut a).content.entries, 3);
    assert!(to(&mut a).path.is_none(), "it waits already");
    a.post("a more");
    let written = to(&mut a);
    assert_eq!((written.content.entries, written.deleted), (4, 1), "one bundle with all that B lacks");
    // A receipt that B did not sign: of A for B's logs, and of B's but changed.
    let mut forged = crate::bundle::receipt::Receipt::of(&crate::bundle::Gateway::standing(&mut a).unwrap(), 0);
    forged.from = b.node.id();
    let (mut bytes, digest) = forged.encode();
    bytes.extend(crate::bundle::Gateway::sign(&mut a, crate::bundle::Seal::Receipt, &digest).unwrap().0);
    let folder = stick.path().join(format!("commons/to-all/from-{}", b.node.id().short()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("have.creceipt"), &bytes).unwrap();
    let kept = to(&mut a);
    assert_eq!((kept.deleted, bundles(stick.path()).len()), (0, 1));
    assert!(kept.notes.iter().any(|note| note.contains("signature does not match")), "{:?}", kept.notes);
    assert_eq!(import(&mut b, stick.path()).took, 4);
    let done = to(&mut a);
    assert_eq!((done.path, done.deleted, bundles(stick.path()).len()), (None, 1, 0));
    a.post("and again");
    assert_eq!(to(&mut a).content.entries, 1);
    assert_eq!(bundles(stick.path())[0].file_name().unwrap(), "3.cbundle", "no number twice");
}

/// What crossed a link an hour ago would be carried once more.
#[test]
fn what_a_link_has_told_is_not_carried() {
    let (mut a, b) = (Site::new(1), Site::new(2));
    let stick = tempfile::tempdir().unwrap();
    a.post_many("a", 5);
    let heads = crate::bundle::Gateway::standing(&mut a).unwrap().heads;
    let told = heads.iter().map(|line| (line.log.name.unwrap(), line.next)).collect();
    a.told.insert(b.node.id(), told);
    let to_b = To::One(b.node.id());
    let to = |a: &mut Site| export::to_stick(a, &Stick::new(stick.path()), to_b, &mut Quiet).unwrap();
    assert!(to(&mut a).path.is_none());
    a.post("news");
    assert_eq!(to(&mut a).content.entries, 1);
}

/// Pulled at any moment, the stick would hold half a bundle that somebody believes, or what was on it would be gone.
#[test]
fn a_stick_pulled_at_any_step_loses_nothing() {
    let count = |at: usize| {
        let (mut a, mut b) = (Site::new(1), Site::new(2));
        let stick = tempfile::tempdir().unwrap();
        a.post_many("a", 40);
        b.post_many("b", 4);
        export(&mut b, stick.path());
        // The third cut falls into one that takes the place of many.
        for round in 0..export::CHAIN_MAX {
            a.post(&format!("round {round}"));
            export(&mut a, stick.path());
        }
        a.post("the last word");
        let (cut, steps) = pulled(stick.path(), at);
        let ended = export::to_stick(&mut a, &cut, To::All, &mut Quiet);
        // Whatever has a bundle's name is whole, and all that was there before still is, in one bundle or another.
        let mut c = Site::new(3);
        let seen = import(&mut c, stick.path());
        assert!(seen.refused.is_empty(), "step {at}: {:?}", seen.refused);
        assert!(c.words() >= 40 + 4 + export::CHAIN_MAX, "step {at}: {}", c.words());
        // The next export mends it.
        export(&mut a, stick.path());
        assert_eq!(files(stick.path()).iter().filter(|(path, _)| path.ends_with(".part")).count(), 0);
        import(&mut c, stick.path());
        assert_eq!(c.words(), 41 + 4 + export::CHAIN_MAX, "step {at}");
        match ended {
            Ok(_) => None,
            Err(BundleError::CutOff) => Some(steps.get()),
            Err(error) => panic!("step {at}: {error}"),
        }
    };
    let mut at = 0;
    while count(at).is_some() {
        at += 1;
    }
    assert!(at > 20, "only {at} steps were tried");
}

/// A daemon or command killed in the middle of an import would lose posts, or take some twice.
#[test]
fn an_import_cut_off_anywhere_goes_on_later() {
    let (mut a, mut b) = (Site::new(1), Site::new(2));
    let stick = tempfile::tempdir().unwrap();
    a.post_many("a", 600);
    export(&mut a, stick.path());
    for at in 0.. {
        let (cut, _) = pulled(stick.path(), at);
        match import::from_folder(&mut b, &cut, stick.path(), &mut Quiet) {
            Ok(imported) if imported.unreceipted.is_none() => break,
            Ok(imported) => assert!(imported.unreceipted.unwrap().contains("cut off")),
            Err(error) => assert!(matches!(error, BundleError::CutOff), "{error}"),
        }
    }
    assert_eq!(b.words(), 600);
    assert!(b.carried > 1, "it came in several frames");
}

/// A full stick would cost what was on it.
#[test]
fn a_full_stick_costs_nothing_that_was_on_it() {
    let (mut a, mut b) = (Site::new(1), Site::new(2));
    let stick = tempfile::tempdir().unwrap();
    a.post_many("a", 20);
    for _ in 0..export::CHAIN_MAX {
        a.post_many("more", 1);
        export(&mut a, stick.path());
        a.post(&format!("filler {}", a.words()));
    }
    let before = bundles(stick.path());
    for full_at in 1..4 {
        let writes = Cell::new(0);
        let step = move |what: &'static str| {
            if what == "write" {
                writes.set(writes.get() + 1);
                if writes.get() >= full_at {
                    return Err(BundleError::Full("commons/to-all/17.cbundle.part".into()));
                }
            }
            Ok(())
        };
        let full = Stick::watched(stick.path(), Box::new(step));
        let ended = export::to_stick(&mut a, &full, To::All, &mut Quiet);
        if full_at == 1 {
            let words = ended.unwrap_err().to_string();
            assert!(words.contains("the stick is full") && words.contains("nothing was deleted"), "{words}");
            assert_eq!(bundles(stick.path()), before);
            assert!(files(stick.path()).iter().all(|(path, _)| !path.to_string_lossy().ends_with("part")));
        }
    }
    import(&mut b, stick.path());
    assert_eq!(b.words(), a.words());
    // From the file system's own word to ours.
    let path = Path::new("x");
    let full = BundleError::io("write", path)(std::io::Error::from(std::io::ErrorKind::StorageFull));
    assert!(matches!(full, BundleError::Full(_)));
    let locked = BundleError::io("write", path)(std::io::Error::from(std::io::ErrorKind::ReadOnlyFilesystem));
    assert!(locked.to_string().contains("can only be read"), "{locked}");
}

/// Old batches have expired at the writer: the rest of his log would be refused elsewhere.
#[test]
fn a_log_that_begins_late_is_taken() {
    let (mut a, mut b, mut c) = (Site::new(1), Site::new(2), Site::new(3));
    let (early, late) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    a.post_many("a", 10);
    export(&mut a, early.path());
    a.post_many("later", 10);
    a.expire(15);
    let written = export(&mut a, late.path());
    assert_eq!(written.content.batches, 5);
    assert_eq!(import(&mut b, late.path()).took, 5, "it begins at 15");
    assert_eq!(import(&mut b, early.path()).took, 10, "older ones fill the gap");
    assert_eq!(import(&mut c, early.path()).took, 10);
    assert_eq!(import(&mut c, late.path()).took, 5);
    assert_eq!((b.words(), c.words()), (15, 15));
}

/// Somebody would read on the stick that it can be pulled when it cannot, or not know what to do with it.
#[test]
fn people_read_what_happened() {
    let stick = tempfile::tempdir().unwrap();
    let mut a = Site::new(1);
    a.post("a");
    export(&mut a, stick.path());
    let on = Stick::new(stick.path());
    crate::bundle::notes::write(&on, "Block 7", &["Took 14 posts, left 9. It is safe to remove the stick.".into()])
        .unwrap();
    let text = fs::read_to_string(stick.path().join("commons/LAST-EXCHANGE.txt")).unwrap();
    assert!(text.contains("Took 14 posts, left 9") && text.contains("commonsd exchange"), "{text}");
    assert!(on.look().unwrap().strange.is_empty());
}
