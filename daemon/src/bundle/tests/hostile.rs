//! Sticks in bad hands.

use std::os::unix::fs::symlink;

use commons_core::identity::{hash, purpose, GatewayKeys, NetworkId};
use proptest::prelude::*;

use super::*;
use crate::bundle::file::{Content, Manifest, Reader, Writer};
use crate::bundle::Gateway;
use crate::carry::Why;
use crate::compress::{compress, Level};

/// A stick of gateway 1, and where its bundle is.
fn written() -> (tempfile::TempDir, PathBuf, Site) {
    let stick = tempfile::tempdir().unwrap();
    let mut a = Site::new(1);
    a.post_many("a", 12);
    let path = export(&mut a, stick.path()).path.unwrap();
    (stick, path, a)
}

/// The one sentence with which the only bundle is refused by gateway 2, which takes nothing.
fn refusal(dir: &Path) -> String {
    let mut b = Site::new(2);
    let seen = import(&mut b, dir);
    assert_eq!((b.words(), seen.took), (0, 0), "{seen:?}");
    assert_eq!(seen.refused.len(), 1, "{seen:?}");
    assert!(!seen.refused[0].contains('\n'));
    seen.refused[0].clone()
}

/// A bundle spoiled anywhere would be believed in part.
#[test]
fn a_bundle_is_believed_whole_or_not_at_all() {
    let (stick, path, _) = written();
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 60).chain([whole.len() - 1]) {
        fs::write(&path, &whole[..length]).unwrap();
        let words = refusal(stick.path());
        assert!(words.contains("cut short") || words.contains("not a bundle"), "{length}: {words}");
    }
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        let mut bad = whole.clone();
        bad[at] ^= 1 << (at % 8);
        fs::write(&path, bad).unwrap();
        refusal(stick.path());
    }
    fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    assert!(refusal(stick.path()).contains("something follows its end"));
    fs::write(&path, &whole).unwrap();
    assert_eq!(import(&mut Site::new(2), stick.path()).took, 12);
}

/// A stick from another town, from the future, or by somebody who says he is another.
#[test]
fn strangers_are_told_why() {
    let (stick, path, mut a) = written();
    let whole = fs::read(&path).unwrap();
    let mut other = Site::of("oak street", 5);
    let seen = import(&mut other, stick.path());
    assert!(seen.refused[0].contains("belongs to the network \"maple\""), "{seen:?}");
    assert_eq!(seen.whys, [Why::OtherNetwork("maple".into())], "for the page, which has its own words");
    let mut newer = whole.clone();
    newer[15] = 9;
    fs::write(&path, &newer).unwrap();
    assert!(refusal(stick.path()).contains("newer commonsd (format 9"));
    fs::write(&path, b"COMMONS BUNDLER, a holiday film").unwrap();
    assert!(refusal(stick.path()).contains("not a bundle"));

    // Gateway 7 signs what says that gateway 1 wrote it.
    let manifest = Reader::begin(&whole[..]).unwrap().manifest().clone();
    let forger = GatewayKeys::from_seed(&[7; 32]);
    let network = NetworkId::of("maple");
    fs::write(&path, bundle(&manifest, &[], &mut |digest| forger.sign(purpose::BUNDLE, &network, &[digest]))).unwrap();
    assert!(refusal(stick.path()).contains("signature does not match"));
    // And with its own name, in the other's folder.
    let own = Manifest { from: forger.id(), ..manifest.clone() };
    fs::write(&path, bundle(&own, &[], &mut |digest| forger.sign(purpose::BUNDLE, &network, &[digest]))).unwrap();
    assert!(refusal(stick.path()).contains("lies in the folder of another"));
    // Gateway 1 itself carries batches that it claims are gateway 3's.
    let mut c = Site::new(3);
    c.post_many("c", 3);
    let heads = c.standing().unwrap().heads;
    let log = heads[0].log.name.unwrap();
    let range = commons_core::sync::CarryRange { log, from: 0, to: 3 };
    let mut frame = c.carry_out(&[range]).unwrap().frame;
    let end = frame.len() - 30;
    frame[end] ^= 1;
    let lying = Manifest { heads, ..manifest };
    let mut sign = |digest: &[u8; 32]| a.sign(crate::bundle::Seal::Bundle, digest).unwrap();
    fs::write(&path, bundle(&lying, &[frame], &mut sign)).unwrap();
    let mut b = Site::new(2);
    let seen = import(&mut b, stick.path());
    assert!(seen.refused[0].contains("the gateway's signature does not match"), "{seen:?}");
    assert_eq!(seen.whys, [Why::Refused]);
    assert_eq!(b.words(), 2, "what C did sign is C's, whoever brings it");
}

/// A bundle as somebody wants it.
fn bundle(
    manifest: &Manifest,
    frames: &[Vec<u8>],
    sign: &mut dyn FnMut(&[u8; 32]) -> commons_core::identity::Signature,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut put = |more: &[u8]| {
        bytes.extend_from_slice(more);
        Ok(())
    };
    let mut writer = Writer::begin(manifest, &mut put, &mut |digest| Ok(sign(digest))).unwrap();
    for frame in frames {
        writer.frame(frame, Content { batches: 1, entries: 1 }, &mut put).unwrap();
    }
    writer.end(&mut put, &mut |digest| Ok(sign(digest))).unwrap();
    bytes
}

/// A few bytes would take all memory, or all day.
#[test]
fn bombs_are_refused_before_they_grow() {
    let (stick, path, mut a) = written();
    let whole = fs::read(&path).unwrap();
    let manifest = Reader::begin(&whole[..]).unwrap().manifest().clone();
    let mut sign = |digest: &[u8; 32]| a.sign(crate::bundle::Seal::Bundle, digest).unwrap();
    // A frame that would be larger than any: signed by its writer, and still refused.
    let zeros = vec![0; 200 * 1024];
    assert!(compress(&zeros, Level::Small).len() < 4_000);
    fs::write(&path, bundle(&manifest, std::slice::from_ref(&zeros), &mut sign)).unwrap();
    assert!(refusal(stick.path()).contains("at most 147456"), "{}", refusal(stick.path()));
    // A frame of something else.
    fs::write(&path, bundle(&manifest, &[vec![1, 8, 0]], &mut sign)).unwrap();
    assert!(refusal(stick.path()).contains("neither batches nor the proof of a fork"));
    // 10 million batches in a few bytes.
    let log = manifest.heads[0].log.name.unwrap();
    let mut many = vec![1, 3, 1, 1];
    many.extend(log.gateway.0);
    many.extend([log.lane as u8, log.epoch.0 as u8, 0, 0, 0]);
    many.extend([0x80, 0xAD, 0xE2, 0x04]);
    fs::write(&path, bundle(&manifest, &[many], &mut sign)).unwrap();
    assert!(refusal(stick.path()).contains("at most"), "{}", refusal(stick.path()));
    // Lengths that nobody has.
    for at in [16, 20] {
        let mut bad = whole.clone();
        bad[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        fs::write(&path, bad).unwrap();
        refusal(stick.path());
    }
    // A manifest that claims four billion frames of heads.
    let mut claims = b"COMMONS BUNDLE\n\x01".to_vec();
    let wire = ("maple", [1u8; 32], "x", None::<[u8; 32]>, 1u64, 1u64, 1u64, u32::MAX);
    let wire = postcard::to_allocvec(&wire).unwrap();
    claims.extend((wire.len() as u32).to_le_bytes());
    claims.extend(wire);
    fs::write(&path, claims).unwrap();
    assert!(refusal(stick.path()).contains("claims too much"));
}

/// A stick could make the gateway read, write or delete where it has no business.
#[test]
fn nothing_leads_out_of_the_stick() {
    let (stick, path, mut a) = written();
    let outside = tempfile::tempdir().unwrap();
    let treasure = outside.path().join("1.cbundle");
    fs::rename(&path, &treasure).unwrap();
    symlink(&treasure, &path).unwrap();
    let folder = path.parent().unwrap();
    symlink("/dev/zero", folder.join("2.cbundle")).unwrap();
    symlink(outside.path(), stick.path().join("commons/to-all/from-00000000")).unwrap();
    symlink(outside.path(), stick.path().join("commons/to-0badcafe")).unwrap();
    fs::write(folder.join("..evil.cbundle"), b"x").unwrap();
    fs::write(folder.join("007.cbundle"), b"x").unwrap();
    fs::write(folder.join("-1.cbundle"), b"x").unwrap();
    fs::write(stick.path().join("commons/holiday.jpg"), b"x").unwrap();
    fs::create_dir(stick.path().join("commons/to-all/from-ABCDEF01")).unwrap();
    fs::create_dir(folder.join("3.cbundle")).unwrap();
    fs::write(folder.join("9.cbundle.part"), b"half").unwrap();
    let mut b = Site::new(2);
    let seen = import(&mut b, stick.path());
    assert_eq!((seen.took, seen.bundles, b.words()), (0, 0, 0), "{seen:?}");
    let notes = seen.notes.join("\n");
    for name in [
        "1.cbundle (a link",
        "2.cbundle (a link",
        "from-00000000",
        "to-0badcafe",
        "..evil",
        "007",
        "-1.c",
        "holiday.jpg",
        "from-ABCDEF01",
        "3.cbundle",
        "9.cbundle.part",
    ] {
        assert!(notes.contains(name), "{name}: {notes}");
    }
    // Its own folder leads elsewhere: it does not write there.
    fs::remove_dir_all(stick.path().join("commons")).unwrap();
    fs::create_dir_all(stick.path().join("commons/to-all")).unwrap();
    let mine = stick.path().join(format!("commons/to-all/from-{}", a.node.id().short()));
    symlink(outside.path(), &mine).unwrap();
    let before = files(outside.path());
    let words = export::to_stick(&mut a, &Stick::new(stick.path()), To::All, &mut Quiet).unwrap_err().to_string();
    assert!(words.contains("not followed"), "{words}");
    assert_eq!(files(outside.path()), before);
    fs::remove_file(mine).unwrap();
    fs::remove_dir_all(stick.path().join("commons")).unwrap();
    symlink(outside.path(), stick.path().join("commons")).unwrap();
    assert!(export::to_stick(&mut a, &Stick::new(stick.path()), To::All, &mut Quiet).is_err());
    assert!(import::from_folder(&mut b, &Stick::new(stick.path()), stick.path(), &mut Quiet).is_err());
    assert_eq!(files(outside.path()), before);
}

/// Somebody lays a link where the unfinished file will be: the export would overwrite what it leads to.
#[test]
fn an_unfinished_file_is_no_way_out() {
    let (stick, path, mut a) = written();
    let victim = stick.path().join("victim");
    fs::write(&victim, b"precious").unwrap();
    symlink(&victim, path.with_file_name("2.cbundle.part")).unwrap();
    a.post("more");
    assert_eq!(export(&mut a, stick.path()).content.entries, 1);
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

/// A hundred thousand files would keep the gateway busy for ever.
#[test]
fn too_many_files_are_too_many() {
    let (stick, path, _) = written();
    for number in 2..4_200 {
        fs::write(path.with_file_name(format!("{number}.cbundle")), b"").unwrap();
    }
    let mut b = Site::new(2);
    let words = import::from_folder(&mut b, &Stick::new(stick.path()), stick.path(), &mut Quiet).unwrap_err();
    assert!(words.to_string().contains("more than 4096 files"), "{words}");
}

/// 64 sticks, or as many as `PROPTEST_CASES` asks for.
fn sticks() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { 64 };
    ProptestConfig { cases, ..asked }
}

proptest! {
    #![proptest_config(sticks())]

    /// Whatever a stick holds, nothing panics, and nothing enters that its gateway did not sign.
    #[test]
    fn spoiled_bundles_and_receipts_do_not_hurt(seed in any::<u64>(), flips in 1usize..30, cut in any::<bool>()) {
        let (stick, path, _) = written();
        let receipt = path.with_file_name("have.creceipt");
        for file in [&path, &receipt] {
            let mut bytes = fs::read(file).unwrap();
            for flip in 0..flips {
                let noise = hash("noise", &[&seed.to_be_bytes(), &flip.to_be_bytes()]);
                let at = u32::from_be_bytes([noise[0], noise[1], noise[2], noise[3]]) as usize % bytes.len();
                bytes[at] = noise[4];
            }
            if cut {
                bytes.truncate(seed as usize % bytes.len());
            }
            fs::write(file, bytes).unwrap();
        }
        let mut b = Site::new(2);
        let seen = import(&mut b, stick.path());
        prop_assert_eq!(b.words() as u64, seen.took);
        prop_assert!(b.words() == 0 || b.words() == 12);
    }
}
