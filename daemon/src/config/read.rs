//! The configuration file, read whole: every mistake with its line, never only the first, and nothing half-applied.
//!
//! Windows line ends and a byte order mark are accepted: the file may have been written on any neighbour's laptop.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use toml::Spanned;

use super::key::{sections, Key, ENV_PREFIX, KEYS};
use super::value::Value;

/// A configuration file is a few KiB; beyond this somebody named the wrong file.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Mistakes reported at once; a file with more is no configuration at all.
pub const PROBLEMS_MAX: usize = 50;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong and what would be right, in one sentence.
    pub message: String,
}

/// Where a mistake was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the file, counted from 1.
    Line(usize, usize),
    /// The file as a whole.
    File,
    /// In an environment variable.
    Env(String),
    /// In an argument.
    Flag(String),
}

/// Every mistake of one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// At least one, in the order of the file.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line, column) => write!(f, "line {line}, column {column}"),
            Self::File => f.write_str("the file"),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "argument {name}"),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = match self.problems.len() {
            1 => "one mistake".to_owned(),
            n => format!("{n} mistakes"),
        };
        match &self.file {
            Some(file) => write!(f, "the configuration {} has {count}:", file.display())?,
            None => write!(f, "the configuration has {count}:")?,
        }
        for problem in &self.problems {
            write!(f, "\n  {}: {}", problem.place, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A key set in the file, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Its row.
    pub key: usize,
    /// To what.
    pub value: Value,
    /// On which line, from 1.
    pub line: usize,
}

/// Reads and checks a file.
pub fn read_file(path: &Path) -> Result<Vec<Assignment>, Vec<Problem>> {
    let whole = |message: String| vec![Problem { place: Place::File, message }];
    let bytes = (|| {
        let length = std::fs::metadata(path)?.len();
        if length > FILE_BYTES_MAX {
            return Ok(None);
        }
        std::fs::read(path).map(Some)
    })()
    .map_err(|error: std::io::Error| whole(format!("cannot be read: {error}")))?
    .ok_or_else(|| whole(format!("has more than {FILE_BYTES_MAX} bytes")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let line =
            1 + error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
        whole(format!("is not UTF-8 text (line {line})"))
    })?;
    read(&text)
}

/// Checks the text of a file.
pub fn read(text: &str) -> Result<Vec<Assignment>, Vec<Problem>> {
    // The parser knows the byte order mark too, but its positions then count it as a column.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { text, assignments: Vec::new(), problems: Vec::new() };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let mut message = error.message().trim().replace('\n', "; ");
        if let (true, Some(word)) = (message == "duplicate key", text.get(span.clone())) {
            message = format!("\"{}\" is set twice", printable(word));
        }
        reader.problem(&span, format!("syntax: {message}"));
    }
    // What could be read is still checked, so that one missing quote does not hide the other mistakes.
    reader.document(document.get_ref());
    let Reader { mut problems, mut assignments, .. } = reader;
    problems.sort_by(|a, b| a.place.cmp(&b.place));
    problems.dedup();
    problems.truncate(PROBLEMS_MAX);
    assignments.sort_by_key(|assignment| assignment.line);
    if problems.is_empty() {
        Ok(assignments)
    } else {
        Err(problems)
    }
}

struct Reader<'i> {
    text: &'i str,
    assignments: Vec<Assignment>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn document(&mut self, document: &DeTable<'_>) {
        for (name, value) in document {
            let section: &str = name.get_ref();
            if !sections().contains(&section) {
                let message = match KEYS.iter().find(|key| key.name == section) {
                    Some(key) => format!("\"{section}\" belongs under [{}]", key.section),
                    None => format!(
                        "there is no section [{}]{}",
                        printable(section),
                        did_you_mean(section, sections().into_iter(), |s| format!("[{s}]"))
                    ),
                };
                self.problem(&name.span(), message);
                continue;
            }
            let DeValue::Table(table) = value.get_ref() else {
                let message = format!("\"{section}\" is a section: write [{section}]");
                self.problem(&name.span(), message);
                continue;
            };
            for (name, value) in table {
                self.setting(section, name, value);
            }
        }
    }

    fn setting(&mut self, section: &str, name: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) {
        let word: &str = name.get_ref();
        let found = KEYS.iter().position(|key| key.section == section && key.name == word);
        let Some(row) = found else {
            let here = KEYS.iter().filter(|key| key.section == section);
            let elsewhere = KEYS.iter().find(|key| key.name == word);
            let hint = match elsewhere {
                Some(key) => format!("; it belongs under [{}]", key.section),
                None => did_you_mean(word, here.map(|key| key.name), |s| format!("\"{s}\"")),
            };
            let message = format!("[{section}] has no key \"{}\"{hint}", printable(word));
            self.problem(&name.span(), message);
            return;
        };
        let key = &KEYS[row];
        match plain(value.get_ref()).and_then(|known| match known {
            Some(known) => key.shape.check(known, key.unit),
            None => Err(format!("must be {}, not {}", key.shape.expects(key.unit), named(value.get_ref()))),
        }) {
            Ok(value) => {
                let line = self.place(&name.span()).0;
                self.assignments.push(Assignment { key: row, value, line });
            }
            Err(message) => self.problem(&value.span(), format!("{} {message}", key.path())),
        }
    }

    fn problem(&mut self, span: &Range<usize>, message: String) {
        let (line, column) = self.place(span);
        self.problems.push(Problem { place: Place::Line(line, column), message });
    }

    fn place(&self, span: &Range<usize>) -> (usize, usize) {
        let mut start = span.start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (1 + before.matches('\n').count(), 1 + before[line_start..].chars().count())
    }
}

/// A TOML value as one of ours; none for kinds no setting has.
fn plain(value: &DeValue<'_>) -> Result<Option<Value>, String> {
    Ok(Some(match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Integer(number) => {
            let Ok(count) = u64::from_str_radix(number.as_str(), number.radix()) else {
                return Err(if number.as_str().starts_with('-') {
                    "must not be negative".into()
                } else {
                    "is too large a number".into()
                });
            };
            Value::Count(count)
        }
        DeValue::Array(items) => {
            let mut words = Vec::new();
            for item in items {
                let DeValue::String(text) = item.get_ref() else {
                    return Err(format!("must hold text in quotes, not {}", named(item.get_ref())));
                };
                words.push(text.to_string());
            }
            Value::List(words)
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => return Ok(None),
    }))
}

fn named(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a decimal point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

/// `; did you mean "x"?` when one candidate is near enough, else which there are when they are few.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
    show: impl Fn(&str) -> String,
) -> String {
    let candidates: Vec<&str> = candidates.collect();
    let lower = word.to_lowercase();
    let best = candidates
        .iter()
        .map(|candidate| (strsim::jaro_winkler(&lower, candidate), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        // Below 0.8 jaro-winkler the suggestions are rather jokes.
        Some((likeness, candidate)) if likeness >= 0.8 => {
            format!("; did you mean {}?", show(candidate))
        }
        _ if candidates.len() <= 12 => {
            let all: Vec<String> = candidates.iter().map(|c| show(c)).collect();
            format!("; there are {}", all.join(", "))
        }
        _ => String::new(),
    }
}

/// The setting an environment variable sets, or none, or why it sets nothing.
pub fn env_key(name: &str) -> Option<Result<&'static Key, String>> {
    if !name.starts_with(ENV_PREFIX) {
        return None;
    }
    let short = super::key::ENV_SHORT.iter().find(|(short, ..)| *short == name);
    if let Some((_, section, key)) = short {
        return Key::find(section, key).map(Ok);
    }
    let names: Vec<String> = KEYS.iter().map(Key::env).collect();
    match names.iter().position(|candidate| candidate == name) {
        Some(row) => Some(Ok(&KEYS[row])),
        None => Some(Err(did_you_mean(
            &name.to_lowercase(),
            names.iter().map(|name| name.to_lowercase()).collect::<Vec<_>>().iter().map(String::as_str),
            str::to_uppercase,
        ))),
    }
}

fn printable(word: &str) -> String {
    word.chars().take(64).flat_map(char::escape_debug).collect()
}
