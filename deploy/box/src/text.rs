//! Bytes that somebody wrote on any laptop, as text: whatever the editor made of it, if it is clear what was meant.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of `commons.toml` at most; eight lines need a few hundred.
pub const BYTES_MAX: u64 = 64 * 1024;

/// What stands in the place of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Text.
    Text(String),
    /// There is no file.
    Missing,
    /// There is something that is not taken; why, as a sentence.
    Unusable(String),
}

/// Reads a file that may be anything.
pub fn read(path: &Path) -> Written {
    // A link could lead to a device that never ends.
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Written::Unusable("It is not a plain file.".into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Written::Missing,
        Err(error) => return Written::Unusable(format!("It cannot be read: {error}.")),
    }
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes)) {
        Ok(_) if bytes.len() as u64 > BYTES_MAX => {
            Written::Unusable(format!("It is larger than {} KiB.", BYTES_MAX / 1024))
        }
        Ok(_) => decode(&bytes),
        Err(error) => Written::Unusable(format!("It cannot be read: {error}.")),
    }
}

/// UTF-8 with or without a mark, UTF-16 with one (Notepad's "Unicode"), else what Western Windows wrote for decades.
pub fn decode(bytes: &[u8]) -> Written {
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| bytes.iter().map(|byte| windows(*byte)).collect()),
    };
    let strange = text.chars().filter(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')).count();
    if strange > 0 || text.contains('\u{fffd}') {
        return Written::Unusable("It is not text.".into());
    }
    Written::Text(text)
}

fn utf16(bytes: &[u8], number: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks(2).map(|pair| number([pair[0], pair.get(1).copied().unwrap_or(0)]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or('\u{fffd}')).collect()
}

/// Windows-1252: as Latin-1, but for the quotation marks and dashes.
fn windows(byte: u8) -> char {
    match byte {
        0x80 => '€',
        0x85 => '…',
        0x91 => '‘',
        0x92 => '’',
        0x93 => '“',
        0x94 => '”',
        0x96 => '–',
        0x97 => '—',
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_any_editor_writes_is_read() {
        // A volunteer with Notepad would have a gateway without Wi-Fi and not know why.
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("name = \"Olá\"\r\n".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for (bytes, text) in [
            (&b"\xef\xbb\xbfname = \"x\"\r\n"[..], "name = \"x\"\r\n"),
            (&utf16[..], "name = \"Olá\"\r\n"),
            (&b"name = \x93Ol\xe1\x94"[..], "name = “Olá”"),
            (b"", ""),
        ] {
            assert_eq!(decode(bytes), Written::Text(text.into()));
        }
    }

    #[test]
    fn what_is_no_text_is_refused_with_a_sentence() {
        // A photo under this name, or a link to a device, would keep the gateway from starting.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("commons.toml");
        assert_eq!(read(&path), Written::Missing);
        std::fs::write(&path, vec![b'a'; 10 << 20]).unwrap();
        assert_eq!(read(&path), Written::Unusable("It is larger than 64 KiB.".into()));
        std::fs::write(&path, [0x89, b'P', b'N', b'G', 0, 1, 2]).unwrap();
        assert_eq!(read(&path), Written::Unusable("It is not text.".into()));
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert_eq!(read(&path), Written::Unusable("It is not a plain file.".into()));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(read(&path), Written::Unusable("It is not a plain file.".into()));
    }
}
