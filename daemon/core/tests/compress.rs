//! Compression: what neighbours write comes back, hostile frames do not hurt, the dictionary is the one its texts make.

#[path = "support/cases.rs"]
mod cases;
#[path = "support/corpus.rs"]
mod corpus;

use std::cell::RefCell;
use std::time::Instant;

use cases::cases;
use commons_core::codec::encode_record;
use commons_core::compress::{raw, Codec, CompressFault, DICTIONARY, DICTIONARY_VERSION, FRAME_BYTES_MAX, RATIO_MAX};
use commons_core::identity::{hash, hex};
use commons_core::record::Record;
use corpus::{act, batch, dictionary, frame, record, texts, Dice, Part, Text};
use proptest::prelude::*;

/// Of dictionary and model: a change of either is a new version, or gateways would no longer understand each other.
const DICTIONARY_HASH: &str = "f9d07e1c0d0c7c301cc6f46a5c25d581886b34cdf04d0adba0edeb6b4c39021e";
const MODEL_HASH: &str = "ddfdf52b492b6d3a039110480e2fdebe555ebbb068d810e6ffe573c95219c86c";

thread_local! {
    static CODEC: RefCell<Codec> = RefCell::default();
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    CODEC.with_borrow_mut(|codec| codec.compress(bytes))
}

fn decompress(frame: &[u8], limit: usize) -> Result<Vec<u8>, CompressFault> {
    CODEC.with_borrow_mut(|codec| codec.decompress(frame, limit))
}

fn worded() -> Vec<Text> {
    let mut dice = Dice(99);
    let mut all: Vec<Text> = texts(Part::HeldOut).into_iter().filter(|text| text.kind != b'c').collect();
    for last in (1..all.len()).rev() {
        all.swap(last, dice.below(last as u64 + 1) as usize);
    }
    all
}

/// Batches of held-out texts, each text once.
fn batches(members: bool, entries: usize) -> Vec<Vec<u8>> {
    let mut dice = Dice(7);
    let records: Vec<Record> = worded().into_iter().map(|text| record(text, &mut dice)).collect();
    records.chunks(entries).enumerate().map(|(n, chunk)| batch(n as u64, chunk, members, &mut dice)).collect()
}

/// Gateways with different dictionaries under one version could not read each other's frames.
/// `COMMONS_WRITE_DICTIONARY=1` writes the file anew (before anything of a version is released, never after).
#[test]
fn the_dictionary_is_the_one_its_texts_make() {
    let made = dictionary();
    if std::env::var_os("COMMONS_WRITE_DICTIONARY").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../dictionary/v1.bin");
        std::fs::write(file, &made).unwrap();
    }
    assert_eq!(DICTIONARY_VERSION, 1);
    assert_eq!(hex(&hash("commons/1/dictionary", &[&made])), DICTIONARY_HASH);
    assert!(made == DICTIONARY, "daemon/dictionary/v1.bin is not what the texts make");
}

/// A phone whose processor or compiler computes one bit otherwise would read rubbish.
#[test]
fn the_model_computes_the_same_bits_everywhere() {
    let mut all = Vec::new();
    for one in batches(false, 1).iter().chain(&batches(true, 16)) {
        all.extend(compress(&frame(std::slice::from_ref(one))));
    }
    assert_eq!(hex(&hash("commons/1/dictionary", &[&all])), MODEL_HASH);
}

/// Posts that were compressed would arrive as something else.
#[test]
fn what_neighbours_write_comes_back() {
    let mut dice = Dice(3);
    let acts: Vec<Record> = (0..40).map(|_| act(&mut dice)).collect();
    let mut all = batches(true, 256);
    all.extend(batches(false, 1));
    all.push(batch(0, &acts, false, &mut dice));
    for one in &all {
        let packed = compress(one);
        assert!(packed.len() < one.len(), "{} of {}", packed.len(), one.len());
        assert_eq!(&decompress(&packed, one.len()).unwrap(), one);
        let refused = decompress(&packed, one.len() - 1);
        assert_eq!(refused, Err(CompressFault::TooLarge { found: one.len() as u64, limit: one.len() - 1 }));
    }
}

/// The dearest link would carry more than the design promises.
#[test]
fn real_texts_cost_what_was_promised() {
    let entries = worded().len();
    let each = |members| compress(&frame(&batches(members, 32))).len() / entries;
    assert!(each(false) <= 80, "guests: {} bytes an entry", each(false));
    assert!(each(true) <= 172, "members: {} bytes an entry", each(true));
    let single: usize = batches(false, 1).iter().map(|one| compress(&frame(std::slice::from_ref(one))).len()).sum();
    assert!(single / entries <= 160, "single posts of guests: {} bytes", single / entries);
}

/// Noise would grow on the wire, or not come back.
#[test]
fn what_does_not_shrink_travels_raw() {
    let mut dice = Dice(5);
    for length in [0, 1, 2, 200, 5_000, 256 * 1024] {
        let noise: Vec<u8> = (0..length).map(|_| dice.bits() as u8).collect();
        let packed = compress(&noise);
        assert_eq!(packed, raw(&noise));
        assert_eq!(decompress(&packed, length).unwrap(), noise);
        if length > 0 {
            assert!(matches!(decompress(&packed, length - 1), Err(CompressFault::TooLarge { .. })));
        }
    }
    let huge = vec![0; FRAME_BYTES_MAX + 1];
    assert_eq!(compress(&huge), raw(&huge));
}

/// A few bytes from a stranger would take all memory, or minutes of a small processor.
#[test]
fn bombs_are_refused_by_what_they_say() {
    let zeros = vec![0; 256 * 1024];
    let packed = compress(&zeros);
    assert!(packed.len() * RATIO_MAX >= zeros.len(), "even zeros keep the ratio");
    assert_eq!(decompress(&packed, zeros.len()).unwrap(), zeros);
    assert!(matches!(decompress(&packed, 64 * 1024), Err(CompressFault::TooLarge { .. })));
    // 268,435,455 bytes in five; then one mebibyte in five.
    let bomb = [1, 0xff, 0xff, 0xff, 0x7f, 0, 0];
    assert!(matches!(decompress(&bomb, 256 * 1024), Err(CompressFault::TooLarge { found: 268_435_455, .. })));
    assert!(matches!(decompress(&bomb, usize::MAX), Err(CompressFault::TooLarge { .. })));
    let sharp = [1, 0x80, 0x80, 0x10, 0, 0, 0, 0];
    assert!(matches!(decompress(&sharp, 256 * 1024), Err(CompressFault::Ratio { found: 262_144, packed: 4 })));
    assert_eq!(decompress(&[], 10), Err(CompressFault::Empty));
    assert_eq!(decompress(&[2, 1, 1], 10), Err(CompressFault::UnknownDictionary(2)));
    assert_eq!(decompress(&[1], 10), Err(CompressFault::CutShort));
    assert_eq!(decompress(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 10), Err(CompressFault::CutShort));
    assert_eq!(decompress(&[1, 0], 10), Ok(Vec::new()));
    // Cut off anywhere: an error, or rubbish of the length it said.
    let one = frame(&batches(false, 4)[..1]);
    let packed = compress(&one);
    for end in 0..packed.len() {
        match decompress(&packed[..end], one.len()) {
            Ok(bytes) => assert!(bytes.len() == one.len() && (bytes != one || end + 4 >= packed.len())),
            Err(fault) => assert!(!matches!(fault, CompressFault::TooLarge { .. }), "{fault}"),
        }
    }
}

proptest! {
    #![proptest_config(cases(48))]

    /// Any bytes at all come back.
    #[test]
    fn any_bytes_come_back(bytes in proptest::collection::vec(0u8..20, 0..3_000), noise in any::<u64>()) {
        let mut bytes = bytes;
        if noise % 3 == 0 {
            bytes.iter_mut().step_by(7).for_each(|byte| *byte = noise.rotate_left(u32::from(*byte)) as u8);
        }
        let packed = compress(&bytes);
        prop_assert!(packed.len() <= bytes.len() + 1);
        prop_assert_eq!(decompress(&packed, bytes.len()).unwrap(), bytes);
    }

    /// A frame spoiled on the way, or made to hurt, ends in a fault or in bytes within the limit.
    #[test]
    fn spoiled_frames_do_not_hurt(seed in any::<u64>(), flips in 1usize..20, limit in 0usize..4_000) {
        let mut dice = Dice(seed);
        let all = batches(seed % 2 == 0, 3);
        let mut packed = compress(&all[dice.below(all.len() as u64) as usize]);
        for _ in 0..flips {
            let at = dice.below(packed.len() as u64) as usize;
            packed[at] = dice.bits() as u8;
        }
        if let Ok(bytes) = decompress(&packed, limit) {
            prop_assert!(bytes.len() <= limit);
        }
    }

    /// Pure noise behind each first byte.
    #[test]
    fn noise_does_not_hurt(mut noise in proptest::collection::vec(any::<u8>(), 1..600), limit in 0usize..40_000) {
        noise[0] %= 3;
        if let Ok(bytes) = decompress(&noise, limit) {
            prop_assert!(bytes.len() <= limit);
        }
    }
}

/// The table in `daemon/dictionary/README.md`: `cargo test --release -p commons-core --test compress -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
#[allow(clippy::disallowed_methods)] // It measures time.
fn measure() {
    let entries = worded().len();
    let words: usize = worded().iter().map(|text| text.words.len()).sum();
    println!("{entries} held-out texts of {} bytes; dictionary {} bytes", words / entries, DICTIONARY.len());
    let began = Instant::now();
    drop(Codec::default());
    println!("priming: {} ms", began.elapsed().as_millis());
    for members in [false, true] {
        for of in [1, 8, 32, 256] {
            let all = batches(members, of);
            let whole = frame(&all);
            let (mut alone, mut alone_raw) = (0, 0);
            for one in &all {
                let one = frame(std::slice::from_ref(one));
                alone += compress(&one).len();
                alone_raw += one.len();
            }
            let began = Instant::now();
            let packed = compress(&whole);
            let packing = began.elapsed().as_secs_f64();
            let began = Instant::now();
            assert_eq!(decompress(&packed, whole.len()).unwrap(), whole);
            let unpacking = began.elapsed().as_secs_f64();
            println!(
                "{} batches of {of:>3}: alone {:.0} -> {:.1} bytes an entry; in one frame of {} {:.0} -> {:.1}; {:.1} / {:.1} MB/s",
                if members { "members'" } else { "guests'  " },
                alone_raw as f64 / entries as f64,
                alone as f64 / entries as f64,
                whole.len(),
                whole.len() as f64 / entries as f64,
                packed.len() as f64 / entries as f64,
                whole.len() as f64 / packing / 1e6,
                whole.len() as f64 / unpacking / 1e6,
            );
        }
    }
    let mut dice = Dice(11);
    let acts: Vec<Record> = (0..100).map(|_| act(&mut dice)).collect();
    let plain: usize = acts.iter().map(|record| encode_record(record).len()).sum();
    let packed = compress(&frame(&[batch(0, &acts, false, &mut dice)])).len();
    println!("acts without words: {} -> {} bytes each (ids are random)", plain / 100, packed / 100);
}
