//! Codecs against each other, in one run: `cargo run --release` in this folder. Prints the table of ../README.md.

#[path = "../../../core/tests/support/corpus.rs"]
#[allow(dead_code)]
mod corpus;

use std::time::Instant;

use commons_core::compress::{Codec as Own, DICTIONARY};
use corpus::{batch, frame, record, texts, Dice, Part, Text};

/// Something that compresses with a dictionary.
trait Codec {
    fn name(&self) -> String;
    fn pack(&mut self, bytes: &[u8]) -> Vec<u8>;
    fn unpack(&mut self, packed: &[u8], length: usize) -> Vec<u8>;
}

struct Ours(Own);

impl Codec for Ours {
    fn name(&self) -> String {
        "commons-core".into()
    }
    fn pack(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.0.compress(bytes)
    }
    fn unpack(&mut self, packed: &[u8], length: usize) -> Vec<u8> {
        self.0.decompress(packed, length).expect("it comes back")
    }
}

#[cfg(feature = "brotli")]
struct Brotli(i32);

#[cfg(feature = "brotli")]
impl Codec for Brotli {
    fn name(&self) -> String {
        format!("brotli 9.1, quality {}", self.0)
    }
    fn pack(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        let params = brotli::enc::BrotliEncoderParams {
            quality: self.0,
            lgwin: 20,
            size_hint: bytes.len(),
            ..Default::default()
        };
        brotli::enc::BrotliCompressCustomIoCustomDict(
            &mut brotli::IoReaderWrapper(&mut bytes),
            &mut brotli::IoWriterWrapper(&mut packed),
            &mut [0; 65_536][..],
            &mut [0; 65_536][..],
            &params,
            brotli::enc::StandardAlloc::default(),
            &mut |_, _, _, _| (),
            DICTIONARY,
            std::io::Error::from(std::io::ErrorKind::UnexpectedEof),
        )
        .expect("it compresses");
        packed
    }
    fn unpack(&mut self, packed: &[u8], length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let dictionary = DICTIONARY.to_vec().into();
        let mut reader = brotli::reader::Decompressor::new_with_custom_dict(packed, 4096, dictionary);
        std::io::Read::read_exact(&mut reader, &mut bytes).expect("it comes back");
        bytes
    }
}

#[cfg(feature = "zstd")]
struct Zstd {
    level: i32,
    encoder: structured_zstd::encoding::FrameCompressor,
    dictionary: structured_zstd::decoding::DictionaryHandle,
}

#[cfg(feature = "zstd")]
impl Zstd {
    fn new(level: i32) -> Self {
        use structured_zstd::encoding::{CompressionLevel, EncoderDictionary, FrameCompressor};
        let (mut samples, mut sizes, mut dice) = (Vec::new(), Vec::new(), Dice(7));
        for text in texts(Part::Training) {
            let records = [record(text, &mut dice)];
            let sample = frame(&[batch(3, &records, false, &mut dice)]);
            sizes.push(sample.len());
            samples.extend(sample);
        }
        let room = DICTIONARY.len() + 4_096;
        let made =
            structured_zstd::dictionary::finalize_raw_dict(DICTIONARY, &samples, &sizes, room, Default::default());
        let made = made.expect("a dictionary with entropy tables");
        let mut encoder = FrameCompressor::new(CompressionLevel::from_level(level));
        encoder.set_magicless(true);
        encoder.set_content_checksum(false);
        encoder.set_dictionary_id_flag(false);
        encoder.set_encoder_dictionary(EncoderDictionary::from_bytes(&made).expect("it parses")).expect("it fits");
        let dictionary = structured_zstd::decoding::DictionaryHandle::decode_dict(&made).expect("it parses");
        Self { level, encoder, dictionary }
    }
}

#[cfg(feature = "zstd")]
impl Codec for Zstd {
    fn name(&self) -> String {
        format!("structured-zstd 0.2, level {}", self.level)
    }
    fn pack(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.encoder.compress_independent_frame(bytes)
    }
    fn unpack(&mut self, packed: &[u8], length: usize) -> Vec<u8> {
        let mut decoder = structured_zstd::decoding::FrameDecoder::new();
        decoder.set_magicless(true);
        let mut bytes = vec![0; length];
        let found = decoder.decode_all_with_dict_handle(packed, &mut bytes, &self.dictionary);
        assert_eq!(found.expect("it comes back"), length);
        bytes
    }
}

#[cfg(feature = "deflate")]
struct Deflate(i32);

#[cfg(feature = "deflate")]
impl Deflate {
    /// Its window holds no more.
    fn dictionary() -> &'static [u8] {
        &DICTIONARY[DICTIONARY.len() - 32_500..]
    }
}

#[cfg(feature = "deflate")]
impl Codec for Deflate {
    fn name(&self) -> String {
        format!("zlib-rs 0.6, level {}", self.0)
    }
    fn pack(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut deflate = zlib_rs::Deflate::new(self.0, false, 15);
        deflate.set_dictionary(Self::dictionary()).expect("a dictionary");
        let mut packed = vec![0; bytes.len() + 1_000];
        deflate.compress(bytes, &mut packed, zlib_rs::DeflateFlush::Finish).expect("it compresses");
        packed.truncate(deflate.total_out() as usize);
        packed
    }
    fn unpack(&mut self, packed: &[u8], length: usize) -> Vec<u8> {
        let mut inflate = zlib_rs::Inflate::new(false, 15);
        inflate.set_dictionary(Self::dictionary()).expect("a dictionary");
        let mut bytes = vec![0; length];
        inflate.decompress(packed, &mut bytes, zlib_rs::InflateFlush::Finish).expect("it comes back");
        bytes
    }
}

#[cfg(feature = "lz4")]
struct Lz4;

#[cfg(feature = "lz4")]
impl Codec for Lz4 {
    fn name(&self) -> String {
        "lz4_flex 0.14".into()
    }
    fn pack(&mut self, bytes: &[u8]) -> Vec<u8> {
        lz4_flex::block::compress_with_dict(bytes, DICTIONARY)
    }
    fn unpack(&mut self, packed: &[u8], length: usize) -> Vec<u8> {
        lz4_flex::block::decompress_with_dict(packed, length, DICTIONARY).expect("it comes back")
    }
}

/// A name, frames, and how many entries they hold together.
struct Set(&'static str, Vec<Vec<u8>>, usize);

fn sets() -> Vec<Set> {
    let mut dice = Dice(99);
    let worded: Vec<Text> = texts(Part::HeldOut).into_iter().filter(|text| text.kind != b'c').collect();
    let mut set = |name, members, of: usize, whole: bool| {
        let mut all = worded.clone();
        for last in (1..all.len()).rev() {
            all.swap(last, dice.below(last as u64 + 1) as usize);
        }
        let records: Vec<_> = all.iter().map(|text| record(*text, &mut dice)).collect();
        let batches: Vec<_> =
            records.chunks(of).enumerate().map(|(n, chunk)| batch(n as u64, chunk, members, &mut dice)).collect();
        let frames = match whole {
            true => vec![frame(&batches)],
            false => batches.iter().map(|one| frame(std::slice::from_ref(one))).collect(),
        };
        Set(name, frames, worded.len())
    };
    vec![
        set("guest, alone", false, 1, false),
        set("member, alone", true, 1, false),
        set("guests, 32 a batch", false, 32, true),
        set("members, 32 a batch", true, 32, true),
        set("guests, 1 a batch", false, 1, true),
    ]
}

fn main() {
    let sets = sets();
    let mut codecs: Vec<Box<dyn Codec>> = Vec::new();
    #[cfg(feature = "lz4")]
    codecs.push(Box::new(Lz4));
    #[cfg(feature = "deflate")]
    codecs.push(Box::new(Deflate(9)));
    #[cfg(feature = "zstd")]
    for level in [3, 19] {
        codecs.push(Box::new(Zstd::new(level)));
    }
    #[cfg(feature = "brotli")]
    for quality in [5, 11] {
        codecs.push(Box::new(Brotli(quality)));
    }
    codecs.push(Box::new(Ours(Own::default())));
    print!("| bytes an entry |");
    sets.iter().for_each(|Set(name, ..)| print!(" {name} |"));
    println!(" one post, in us | out | a frame, MB/s in | out |");
    print!("| raw |");
    for Set(_, frames, entries) in &sets {
        print!(" {} |", frames.iter().map(Vec::len).sum::<usize>() / entries);
    }
    println!(" | | | |");
    for codec in &mut codecs {
        print!("| {} |", codec.name());
        let mut times = Vec::new();
        for Set(_, frames, entries) in &sets {
            let (mut packed_bytes, mut bytes, mut packing, mut unpacking) = (0, 0, f64::MAX, f64::MAX);
            for _ in 0..3 {
                let (mut this_packing, mut this_unpacking) = (0.0, 0.0);
                (packed_bytes, bytes) = (0, 0);
                for frame in frames {
                    let began = Instant::now();
                    let packed = codec.pack(frame);
                    this_packing += began.elapsed().as_secs_f64();
                    // Ours may be raw, and says so in its first byte; the others would need that byte too.
                    packed_bytes += packed.len() + usize::from(codec.name() != "commons-core");
                    let began = Instant::now();
                    assert!(codec.unpack(&packed, frame.len()) == *frame, "{}", codec.name());
                    this_unpacking += began.elapsed().as_secs_f64();
                    bytes += frame.len();
                }
                (packing, unpacking) = (packing.min(this_packing), unpacking.min(this_unpacking));
            }
            print!(" {:.1} |", packed_bytes as f64 / *entries as f64);
            times.push((frames.len() as f64, bytes as f64, packing, unpacking));
        }
        let ((count, _, packing, unpacking), (_, bytes, into, out_of)) = (times[0], times[2]);
        println!(
            " {:.0} | {:.0} | {:.1} | {:.1} |",
            packing * 1e6 / count,
            unpacking * 1e6 / count,
            bytes / into / 1e6,
            bytes / out_of / 1e6
        );
    }
}
