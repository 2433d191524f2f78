//! Answers made small for those who take gzip: pages and lists shrink to a fifth, which slow radio links need.
//!
//! Nothing here is encrypted on the way, so sizes tell a listener nothing that the bytes do not (no BREACH over plain HTTP).

use std::io::{Read, Write};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::Compression;
use hyper::header::{HeaderMap, ACCEPT_ENCODING};

/// Bytes below which packing is not worth a phone's or our time: it fits one network packet anyway.
pub(super) const WORTH_BYTES_MIN: usize = 1_024;
/// How hard to try for what is made anew each time: near the best size at a third of its time.
const LEVEL: u32 = 4;

/// Whether the client takes gzip.
pub(super) fn is_taken(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| {
            let mut parts = one.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let refused = parts.any(|part| matches!(part.strip_prefix("q="), Some("0" | "0.0" | "0.00" | "0.000")));
            name.eq_ignore_ascii_case("gzip") && !refused
        })
}

/// Packs an answer.
pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    pack_at(bytes, Compression::new(LEVEL))
}

/// Packs as small as can be, for what is packed once.
pub(super) fn pack_small(bytes: &[u8]) -> Vec<u8> {
    pack_at(bytes, Compression::best())
}

/// A text that `build.rs` packed.
pub(super) fn unpack(packed: &[u8]) -> String {
    let mut text = String::new();
    // What is built in is whole, or the tests of those who ask for it fail.
    let _ = GzDecoder::new(packed).read_to_string(&mut text);
    text
}

fn pack_at(bytes: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), level);
    // Writing into memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An old client would be sent bytes it cannot read, and show its owner nonsense.
    #[test]
    fn only_who_takes_gzip_gets_it() {
        let table = [
            ("gzip, deflate, br", true),
            ("deflate, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("identity", false),
            ("br", false),
        ];
        for (value, taken) in table {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
            assert_eq!(is_taken(&headers), taken, "{value}");
        }
        assert!(!is_taken(&HeaderMap::new()));
    }
}
