//! One setting's value as text, number, yes/no or list, and how it goes into and out of a field of [`super::Config`].

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A value that has passed the checks of its [`super::key::Shape`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Words.
    Text(String),
    /// A whole number.
    Count(u64),
    /// Yes or no.
    Flag(bool),
    /// Several words.
    List(Vec<String>),
}

/// Written as TOML writes it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => quoted(f, text),
            Self::Count(count) => f.write_str(&grouped(*count)),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::List(words) => {
                f.write_str("[")?;
                for (n, word) in words.iter().enumerate() {
                    if n > 0 {
                        f.write_str(", ")?;
                    }
                    quoted(f, word)?;
                }
                f.write_str("]")
            }
        }
    }
}

impl Value {
    /// As JSON, for `config show --json`.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Count(count) => (*count).into(),
            Self::Flag(flag) => (*flag).into(),
            Self::List(words) => words.clone().into(),
        }
    }
}

/// A TOML basic string.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            c if c.is_control() => write!(f, "\\u{:04X}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

/// 4294967296 as 4_294_967_296: people read sizes off the example file.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

/// A field that the table can read and set. `put` is only called with a value its shape has checked; anything else is
/// a mistake in the table, which a test finds.
pub trait Setting {
    /// The field as a value.
    fn take(&self) -> Value;
    /// The value into the field; false if it does not fit.
    fn put(&mut self, value: &Value) -> bool;
}

impl Setting for String {
    fn take(&self) -> Value {
        Value::Text(self.clone())
    }
    fn put(&mut self, value: &Value) -> bool {
        let Value::Text(text) = value else {
            return false;
        };
        self.clone_from(text);
        true
    }
}

impl Setting for PathBuf {
    fn take(&self) -> Value {
        Value::Text(self.to_string_lossy().into_owned())
    }
    fn put(&mut self, value: &Value) -> bool {
        let Value::Text(text) = value else {
            return false;
        };
        *self = Self::from(text);
        true
    }
}

impl Setting for bool {
    fn take(&self) -> Value {
        Value::Flag(*self)
    }
    fn put(&mut self, value: &Value) -> bool {
        let Value::Flag(flag) = value else {
            return false;
        };
        *self = *flag;
        true
    }
}

macro_rules! counts {
    ($($number:ty),+) => {$(
        impl Setting for $number {
            fn take(&self) -> Value {
                Value::Count(u64::try_from(*self).unwrap_or(u64::MAX))
            }
            fn put(&mut self, value: &Value) -> bool {
                let Value::Count(count) = value else { return false };
                <$number>::try_from(*count).map(|count| *self = count).is_ok()
            }
        }
    )+};
}
counts!(u16, u32, u64, usize);

impl Setting for Vec<String> {
    fn take(&self) -> Value {
        Value::List(self.clone())
    }
    fn put(&mut self, value: &Value) -> bool {
        let Value::List(words) = value else {
            return false;
        };
        self.clone_from(words);
        true
    }
}

impl Setting for Vec<SocketAddr> {
    fn take(&self) -> Value {
        Value::List(self.iter().map(ToString::to_string).collect())
    }
    fn put(&mut self, value: &Value) -> bool {
        let Value::List(words) = value else {
            return false;
        };
        let Ok(addresses) = words.iter().map(|word| word.parse()).collect() else {
            return false;
        };
        *self = addresses;
        true
    }
}

impl Setting for Secret {
    fn take(&self) -> Value {
        Value::Text(self.0.clone())
    }
    fn put(&mut self, value: &Value) -> bool {
        self.0.put(value)
    }
}

/// Words that no log, no `config show` and no debug print may reveal.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "Secret(none)" } else { "Secret(***)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked() {
        // A keeper's password would stand in the log of whoever asks for help.
        let text = format!("{:?}", Secret("keeper's word".into()));
        assert_eq!(text, "Secret(***)");
    }

    #[test]
    fn values_are_written_as_toml() {
        // A volunteer who copies a line of `config show` into the file would get a syntax error.
        for value in [
            Value::Text("Haus \"B\"\\\n\u{1}".into()),
            Value::Count(4_294_967_296),
            Value::Flag(true),
            Value::List(vec!["a".into(), "b\"".into()]),
        ] {
            let text = format!("x = {value}");
            assert!(toml::de::DeTable::parse(&text).is_ok(), "{text}");
        }
        assert_eq!(grouped(4_294_967_296), "4_294_967_296");
        assert_eq!(grouped(100), "100");
    }
}
