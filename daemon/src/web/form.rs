//! `application/x-www-form-urlencoded`, for queries and forms. Bounded; keeps the order; never fails on odd escapes or letters.

/// Fields of one form or query, at most; ours have fewer than 30.
pub(super) const FIELDS_MAX: usize = 64;

/// The fields of a form or a query, decoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    fields: Vec<(String, String)>,
    // Names of those that held bytes that are no letters (UTF-8).
    garbled: Vec<String>,
}

impl Form {
    /// Parses; none if there are more than [`FIELDS_MAX`] fields. Bytes that are not UTF-8 once decoded, as very old browsers send
    /// them, become replacement characters, and the field is [`Form::garbled`].
    pub(super) fn parse(encoded: &[u8]) -> Option<Self> {
        let (mut fields, mut garbled) = (Vec::new(), Vec::new());
        for pair in encoded.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
            if fields.len() == FIELDS_MAX {
                return None;
            }
            let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let value = pair.get(at + 1..).unwrap_or_default();
            let (name, value) = (decode(&pair[..at]).0, decode(value));
            if value.1 {
                garbled.push(name.clone());
            }
            fields.push((name, value.0));
        }
        Some(Self { fields, garbled })
    }

    /// With these fields.
    pub(super) fn of(fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { fields, garbled: Vec::new() }
    }

    /// The field, without white space at its ends; empty if absent.
    pub(super) fn get(&self, name: &str) -> &str {
        self.fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// Fields whose value is not what was typed, because its bytes were no letters.
    pub(super) fn garbled(&self) -> &[String] {
        &self.garbled
    }

    /// All fields in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The board's address with this query and a field set (or, if empty, taken out).
    pub(super) fn query_with(&self, changes: &[(&str, &str)]) -> String {
        self.address_with("/", changes)
    }

    /// An address with this query and a field set (or, if empty, taken out).
    pub(super) fn address_with(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let kept = self.iter().filter(|(k, v)| !v.is_empty() && changes.iter().all(|(name, _)| name != k));
        let all: Vec<String> = kept
            .chain(changes.iter().copied().filter(|(_, v)| !v.is_empty()))
            .map(|(k, v)| format!("{}={}", encode(k), encode(v)))
            .collect();
        match all.is_empty() {
            true => path.to_owned(),
            false => format!("{path}?{}", all.join("&")),
        }
    }
}

/// An address with this query.
pub(super) fn address(path: &str, query: &[(&str, &str)]) -> String {
    Form::default().address_with(path, query)
}

/// The text, and whether some of it had to be guessed.
fn decode(encoded: &[u8]) -> (String, bool) {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match (first, tail) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = after;
                let digit = |c: u8| (c as char).to_digit(16).unwrap_or(0) as u8;
                digit(*high) << 4 | digit(*low)
            }
            (other, _) => *other,
        });
    }
    // Forms send CRLF for a line break; records hold LF.
    let (text, garbled) = match String::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
    };
    match text.contains('\r') {
        true => (text.replace("\r\n", "\n"), garbled),
        false => (text, garbled),
    }
}

fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(byte as char),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A neighbour's words would arrive garbled, or a hostile form would take the page down.
    #[test]
    fn forms_decode_as_browsers_encode_them() {
        let form = Form::parse(b"text=two+loaves%0D%0A%C3%A9%2B+%zz%2&x&y=&text=second").unwrap();
        assert_eq!(form.get("text"), "two loaves\né+ %zz%2");
        assert_eq!((form.get("x"), form.get("y"), form.get("none")), ("", "", ""));
        let garbled = Form::parse(b"a=caf%e9+au+lait&b=x").unwrap();
        assert_eq!((garbled.get("a"), garbled.garbled()), ("caf\u{fffd} au lait", &["a".to_owned()][..]));
        assert!(form.garbled().is_empty());
        assert!(Form::parse("a=1&".repeat(65).as_bytes()).is_none());
        let query = Form::parse(b"kind=need&category=&q=a%26b").unwrap();
        assert_eq!(query.query_with(&[("kind", "offer")]), "/?q=a%26b&kind=offer");
        assert_eq!(query.query_with(&[("kind", ""), ("q", "")]), "/");
    }
}
