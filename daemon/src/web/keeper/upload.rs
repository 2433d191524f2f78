//! A form with a file (`multipart/form-data`, RFC 7578), read as it comes: small fields into memory, the file piece by piece.
//!
//! Only what our own form sends is understood: a few short fields, then one file. Everything is bounded in bytes and time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{timeout, timeout_at, Instant};

use crate::web::answer::Fault;
use crate::web::request::Head;

/// Bytes of a part's head, at most.
const PART_HEAD_BYTES_MAX: usize = 2 * 1024;
/// Bytes of a small field.
const FIELD_BYTES_MAX: usize = 256;
/// Parts of one form.
const PARTS_MAX: usize = 8;
/// Bytes of a boundary (RFC 2046, 5.1.1).
const BOUNDARY_BYTES_MAX: usize = 70;
/// How long the next piece may take.
const PIECE_WITHIN: Duration = Duration::from_secs(20);
/// How long a whole upload may take: 256 MiB at 75 KB/s.
const WHOLE_WITHIN: Duration = Duration::from_secs(3_600);

const BAD: Fault = Fault::BadRequest("the form cannot be read");

/// A form under way.
pub(super) struct Upload {
    body: Incoming,
    buffer: BytesMut,
    delimiter: Vec<u8>,
    parts: usize,
    left: u64,
    bytes_max: u64,
    until: Instant,
}

/// A part's name, and the file's if it is one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file: Option<String>,
}

impl Upload {
    /// Begins, if it is such a form. `bytes_max`: of all of it.
    pub(super) fn begin(head: &Head, body: Incoming, bytes_max: u64) -> Result<Self, Fault> {
        const FORM: &str = "multipart/form-data";
        if head.media_type() != FORM {
            return Err(Fault::WrongType(FORM));
        }
        let kind =
            head.headers.get(hyper::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let boundary = parameter(kind, "boundary").filter(|b| !b.is_empty() && b.len() <= BOUNDARY_BYTES_MAX);
        let delimiter = format!("\r\n--{}", boundary.ok_or(BAD)?).into_bytes();
        let until = Instant::now() + WHOLE_WITHIN;
        // So that the first boundary, at the very beginning, looks like all others.
        let buffer = BytesMut::from(&b"\r\n"[..]);
        let upload = Self { body, buffer, delimiter, parts: 0, left: bytes_max, bytes_max, until };
        match hyper::body::Body::size_hint(&upload.body).lower() > bytes_max {
            true => Err(upload.too_large()),
            false => Ok(upload),
        }
    }

    fn too_large(&self) -> Fault {
        Fault::TooLarge(usize::try_from(self.bytes_max).unwrap_or(usize::MAX))
    }

    /// The next part; none at the end. What is left of the one before must have been read.
    pub(super) async fn part(&mut self) -> Result<Option<Part>, Fault> {
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return Err(BAD);
        }
        while self.buffer.len() < self.delimiter.len() + 2 {
            self.more().await?;
        }
        if !self.buffer.starts_with(&self.delimiter) {
            return Err(BAD);
        }
        let _ = self.buffer.split_to(self.delimiter.len());
        if self.buffer.starts_with(b"--") {
            return Ok(None);
        }
        let end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            if self.buffer.len() > PART_HEAD_BYTES_MAX {
                return Err(BAD);
            }
            self.more().await?;
        };
        let head = self.buffer.split_to(end + 4);
        let head = std::str::from_utf8(&head).map_err(|_| BAD)?;
        let line =
            head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:")).ok_or(BAD)?;
        Ok(Some(Part { name: parameter(line, "name").ok_or(BAD)?, file: parameter(line, "filename") }))
    }

    /// The next piece of a part; none at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            if let Some(at) = find(&self.buffer, &self.delimiter) {
                return Ok((at > 0).then(|| self.buffer.split_to(at).freeze()));
            }
            // Its end may be the beginning of a boundary.
            let sure = self.buffer.len().saturating_sub(self.delimiter.len() - 1);
            if sure > 0 {
                return Ok(Some(self.buffer.split_to(sure).freeze()));
            }
            self.more().await?;
        }
    }

    /// A small field, whole.
    pub(super) async fn field(&mut self) -> Result<String, Fault> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece().await? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > FIELD_BYTES_MAX {
                return Err(BAD);
            }
        }
        String::from_utf8(bytes).map_err(|_| BAD)
    }

    async fn more(&mut self) -> Result<(), Fault> {
        let frame = timeout(PIECE_WITHIN, timeout_at(self.until, self.body.frame())).await;
        let Ok(Ok(frame)) = frame else { return Err(Fault::TooSlow) };
        let frame = frame.ok_or(BAD)?.map_err(|_| Fault::BadRequest("the request broke off"))?;
        if let Ok(data) = frame.into_data() {
            self.left = self.left.checked_sub(data.len() as u64).ok_or_else(|| self.too_large())?;
            self.buffer.extend_from_slice(&data);
        }
        Ok(())
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// A parameter of a header line, as `; name=value` or `; name="value"`.
fn parameter(line: &str, name: &str) -> Option<String> {
    let mut rest = line.split_once(';')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(';').unwrap_or(after.len())),
        };
        if key.trim().trim_start_matches(';').trim().eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file whose name holds odd letters could not be sent, or would be taken for a field.
    #[test]
    fn parameters_are_read_as_browsers_write_them() {
        let line = "Content-Disposition: form-data; name=\"file\"; filename=\"a; name=x.cbundle\"";
        assert_eq!(parameter(line, "name").as_deref(), Some("file"));
        assert_eq!(parameter(line, "filename").as_deref(), Some("a; name=x.cbundle"));
        assert_eq!(parameter("multipart/form-data; charset=utf-8; boundary=--x", "boundary").as_deref(), Some("--x"));
        for bad in ["form-data", "form-data; name", "form-data; name=\"x", ";;;=;=", ""] {
            assert_eq!(parameter(bad, "name"), None, "{bad}");
        }
    }
}
