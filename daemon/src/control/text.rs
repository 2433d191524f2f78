//! Bytes, logs and ids as they stand in JSON.

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use commons_core::identity::{hex, unhex, GatewayId};
use commons_core::log::{Epoch, Lane, LogKey};

/// Base64 (RFC 4648, with padding).
pub fn bytes_to_text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The reverse.
pub fn text_to_bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// `gateway/lane/epoch`, all of it in full.
pub fn log_to_text(log: &LogKey) -> String {
    format!("{}/{}/{:08x}", log.gateway, log.lane.name(), log.epoch.0)
}

/// The reverse.
pub fn text_to_log(text: &str) -> Option<LogKey> {
    let mut parts = text.split('/');
    let (gateway, lane, epoch) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || epoch.len() != 8 {
        return None;
    }
    let epoch = Epoch(u32::from_str_radix(epoch, 16).ok()?);
    Some(LogKey { gateway: GatewayId::parse(gateway)?, lane: Lane::parse(lane)?, epoch })
}

/// Hex digits of exactly so many bytes.
pub fn digits_to_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    unhex(text)?.try_into().ok()
}

/// The reverse.
pub fn bytes_to_digits(bytes: &[u8]) -> String {
    hex(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log would be carried under another name.
    #[test]
    fn what_is_written_is_read() {
        let log = LogKey { gateway: GatewayId([0xAB; 32]), lane: Lane::Urgent, epoch: Epoch(7) };
        assert_eq!(text_to_log(&log_to_text(&log)), Some(log));
        for bad in ["", "ab/board/00000007", "x/y/z/w"] {
            assert_eq!(text_to_log(bad), None);
        }
        assert_eq!(text_to_bytes(&bytes_to_text(b"\x00\xff water")).unwrap(), b"\x00\xff water");
        assert_eq!(digits_to_bytes::<3>(&bytes_to_digits(&[1, 0xfe, 3])), Some([1, 0xfe, 3]));
        assert_eq!(digits_to_bytes::<2>("0g00"), None);
        assert_eq!(digits_to_bytes::<1>("\u{e9}"), None);
    }
}
