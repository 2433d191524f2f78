//! The lines of `commons.toml`: a key and a value each, taken as they were meant where only one thing can be meant.
//! What was guessed or left out is noted with its line.

/// The keys there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The gateway's name.
    Name,
    /// Where it stands: two letters.
    Country,
    /// The Wi-Fi's name.
    WifiName,
    /// The Wi-Fi's password.
    WifiPassword,
    /// The page's language for phones that speak none it knows.
    Language,
    /// The password of the keeper's page.
    KeeperPassword,
    /// A key that opens the keeper's page.
    KeeperPublic,
    /// The interface that leads to other gateways.
    Mesh,
}

impl Key {
    /// All of them, as they are written.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Name, "name"),
        (Self::Country, "country"),
        (Self::WifiName, "wifi_name"),
        (Self::WifiPassword, "wifi_password"),
        (Self::Language, "language"),
        (Self::KeeperPassword, "keeper_password"),
        (Self::KeeperPublic, "keeper_key"),
        (Self::Mesh, "mesh"),
    ];

    /// As it is written.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(key, _)| *key == self).map_or("", |(_, word)| word)
    }
}

/// What others call them, also in other languages of the page.
const ALIASES: [(&str, Key); 26] = [
    ("gateway", Key::Name),
    ("gateway_name", Key::Name),
    ("nombre", Key::Name),
    ("nom", Key::Name),
    ("nome", Key::Name),
    ("country_code", Key::Country),
    ("wifi_country", Key::Country),
    ("pais", Key::Country),
    ("país", Key::Country),
    ("pays", Key::Country),
    ("wifi", Key::WifiName),
    ("ssid", Key::WifiName),
    ("wifi_ssid", Key::WifiName),
    ("wifi_pass", Key::WifiPassword),
    ("wifi_key", Key::WifiPassword),
    ("passphrase", Key::WifiPassword),
    ("wpa_passphrase", Key::WifiPassword),
    ("psk", Key::WifiPassword),
    ("lang", Key::Language),
    ("idioma", Key::Language),
    ("langue", Key::Language),
    ("lingua", Key::Language),
    ("keeper", Key::KeeperPassword),
    ("key", Key::KeeperPublic),
    ("mesh_interface", Key::Mesh),
    ("mesh_if", Key::Mesh),
];

/// Something to say about a line; 0 is the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Counted from 1.
    pub line: usize,
    /// A sentence.
    pub words: String,
    /// It was not taken: somebody has to mend it.
    pub faulty: bool,
}

/// One key with its value, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Counted from 1.
    pub line: usize,
    /// The key.
    pub key: Key,
    /// The value without its marks.
    pub value: String,
}

/// The keys that were said, each at most once, and what is to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// What is clear.
    pub said: Vec<Said>,
    /// Keys that were said, but not clearly.
    pub unclear: Vec<Key>,
    /// In order of lines.
    pub notes: Vec<Note>,
}

/// Lines looked at, at most; the rest is not read.
const LINES_MAX: usize = 500;
/// Notes kept, at most: a page that somebody reads.
const NOTES_MAX: usize = 20;

/// Reads the text.
pub fn read(text: &str) -> Lines {
    let mut lines = Lines::default();
    // All three ways of ending a line, and none twice.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for (index, line) in text.split('\n').take(LINES_MAX).enumerate() {
        read_line(index + 1, line.trim(), &mut lines);
    }
    lines.notes.truncate(NOTES_MAX);
    lines
}

fn read_line(number: usize, line: &str, lines: &mut Lines) {
    let faulty = |words: String| Note { line: number, words, faulty: true };
    // A heading of TOML has no meaning here, and no other either.
    if line.is_empty() || ["#", ";", "//", "["].iter().any(|mark| line.starts_with(mark)) {
        return;
    }
    let Some((left, right)) = split(line) else {
        lines.notes.push(faulty("it has no `=`; a line is such as `country = \"BR\"`. It was left out.".into()));
        return;
    };
    let key = match find_key(left) {
        Found::Exact(key) => key,
        Found::Close(key) => {
            let words = format!("\"{}\" was read as \"{}\".", shown(left), key.word());
            lines.notes.push(Note { line: number, words, faulty: false });
            key
        }
        Found::Unclear(near) => {
            let did_you = match near.as_slice() {
                [] => format!("there are {}", Key::ALL.map(|(_, word)| word).join(", ")),
                near => format!("did you mean {}", near.join(" or ")),
            };
            lines.notes.push(faulty(format!("\"{}\" is not known; {did_you}? It was left out.", shown(left))));
            return;
        }
    };
    match unquote(right) {
        Ok(value) => match lines.said.iter().position(|said| said.key == key) {
            Some(earlier) if lines.said[earlier].value == value => {}
            Some(earlier) => {
                let first = lines.said.remove(earlier).line;
                lines.notes.push(faulty(format!(
                    "{} stands here and in line {first}, and not the same; take one away. Neither was taken.",
                    key.word()
                )));
                lines.unclear.push(key);
            }
            None if lines.unclear.contains(&key) => {}
            None => lines.said.push(Said { line: number, key, value }),
        },
        Err(why) => {
            lines.notes.push(faulty(format!("{why} {} was left out.", key.word())));
            lines.unclear.push(key);
        }
    }
}

/// At the first `=`; where there is none, at the first colon.
fn split(line: &str) -> Option<(&str, &str)> {
    line.split_once('=').or_else(|| line.split_once(':')).map(|(left, right)| (left.trim(), right.trim()))
}

enum Found {
    Exact(Key),
    Close(Key),
    Unclear(Vec<&'static str>),
}

fn find_key(left: &str) -> Found {
    let plain = left.trim_matches(is_mark).to_lowercase().replace([' ', '-', '.'], "_");
    let plain = plain.replace("wi_fi", "wifi").replace("wlan", "wifi");
    let exact = Key::ALL.iter().find(|(_, word)| *word == plain).map(|(key, _)| *key);
    if let Some(key) = exact.or_else(|| ALIASES.iter().find(|(word, _)| *word == plain).map(|(_, key)| *key)) {
        return Found::Exact(key);
    }
    if plain == "password" {
        return Found::Unclear(vec!["wifi_password", "keeper_password"]);
    }
    let near: Vec<_> = Key::ALL
        .iter()
        .map(|(key, word)| (distance(&plain, word), *key, *word))
        // Short words are near to everything.
        .filter(|(distance, _, word)| *distance <= if word.len() <= 4 { 1 } else { 2 })
        .collect();
    match near.as_slice() {
        [(_, key, _)] => Found::Close(*key),
        _ => Found::Unclear(near.into_iter().map(|(_, _, word)| word).collect()),
    }
}

/// Letters to change, add, drop or swap (Damerau, restricted).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().take(64).collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let change = usize::from(one[i - 1] != other[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

/// Quotation marks that keyboards, and programs that know better, put around a word.
fn is_mark(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '´' | '“' | '”' | '„' | '‘' | '’' | '‚' | '«' | '»')
}

/// The value without its marks.
fn unquote(right: &str) -> Result<String, String> {
    let Some(first) = right.chars().next().filter(|c| is_mark(*c)) else {
        // Without marks: up to a remark.
        let end = right.find(" #").unwrap_or(if right.starts_with('#') { 0 } else { right.len() });
        return Ok(right[..end].trim().to_owned());
    };
    let inner = &right[first.len_utf8()..];
    let mut value = String::new();
    let mut letters = inner.char_indices();
    while let Some((at, c)) = letters.next() {
        // Which mark ends it depends on the program that turned them; an apostrophe inside "..." is none.
        let ends = match first {
            '"' => c == '"',
            '\'' => c == '\'',
            _ => {
                is_mark(c) && c != '\'' && !(c == '’' && inner[at + c.len_utf8()..].starts_with(char::is_alphanumeric))
            }
        };
        if ends {
            let rest = inner[at + c.len_utf8()..].trim_start_matches([',', ';']).trim();
            return match rest.is_empty() || rest.starts_with('#') || rest.starts_with("//") {
                true => Ok(value),
                false => Err("after the closing quotation mark there is more.".into()),
            };
        }
        if c == '\\' && first == '"' {
            match letters.clone().next() {
                Some((_, next @ ('"' | '\\'))) => {
                    value.push(next);
                    letters.next();
                }
                Some((_, 'n' | 'r' | 't' | 'b' | 'f' | 'e' | 'u' | 'U')) => {
                    return Err("a `\\` before a letter has a meaning here; write `\\\\` for a real one.".into());
                }
                // Windows people write one where two are meant.
                _ => value.push('\\'),
            }
            continue;
        }
        value.push(c);
    }
    Err("the closing quotation mark is missing.".into())
}

/// A piece of somebody's file in our own sentence: one line, and not endless.
pub fn shown(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    if text.chars().count() > 40 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, key: Key) -> Option<String> {
        read(text).said.into_iter().find(|said| said.key == key).map(|said| said.value)
    }

    #[test]
    fn what_can_mean_one_thing_only_is_taken() {
        // A volunteer would have to learn TOML to put up a gateway.
        for line in [
            "name = \"Block 7\"",
            "name=Block 7",
            "  NAME :  'Block 7'  # ours",
            "Name = “Block 7”",
            "nmae = \"Block 7\",",
            "\"name\" = \"Block 7\"",
            "naem = „Block 7“",
            "nombre = «Block 7»;",
            "name = Block 7 # ours",
        ] {
            assert_eq!(value(line, Key::Name).as_deref(), Some("Block 7"), "{line}");
        }
        for line in ["Wi-Fi name = x", "ssid: x", "WIFI_NAME=\"x\"", "wifi-nmae = x", "wlan_name = x"] {
            assert_eq!(value(line, Key::WifiName).as_deref(), Some("x"), "{line}");
        }
        assert_eq!(value("name = “Ana’s house”", Key::Name).as_deref(), Some("Ana’s house"));
        assert_eq!(value(r#"name = "a \"b\" c\d \\""#, Key::Name).as_deref(), Some(r#"a "b" c\d \"#));
        assert_eq!(value("a\rcountry = BR\rb", Key::Country).as_deref(), Some("BR"));
        assert_eq!(value("name = \"x\"\nname = 'x'", Key::Name).as_deref(), Some("x"));
    }

    #[test]
    fn what_is_unclear_is_left_out_with_its_line_and_a_suggestion() {
        // A password would be set for the wrong thing, or a name with half a sentence.
        for (text, line, words) in [
            ("\npassword = \"12345678\"", 2, "did you mean wifi_password or keeper_password?"),
            ("colour = blue", 1, "there are name, country,"),
            ("name = \"x", 1, "the closing quotation mark is missing. name was left out."),
            ("name = \"x\" y", 1, "there is more"),
            ("name = \"x\\ny\"", 1, "has a meaning here"),
            ("hello", 1, "it has no `=`"),
            ("name = a\nname = b\nname = a", 2, "stands here and in line 1"),
        ] {
            let lines = read(text);
            assert_eq!(lines.said, [], "{text}");
            assert_eq!(lines.notes.len(), 1, "{text}: {:?}", lines.notes);
            assert!(lines.notes[0].faulty && lines.notes[0].line == line, "{:?}", lines.notes);
            assert!(lines.notes[0].words.contains(words), "{:?}", lines.notes);
        }
        assert_eq!(read("contry = BR").notes[0].words, "\"contry\" was read as \"country\".");
    }

    #[test]
    fn a_page_of_nonsense_is_a_page_of_notes_at_most() {
        // The result file would be as hostile as the file it speaks of.
        let lines = read(&"x\u{7}yz\u{1b}[2J = \"\n".repeat(10_000));
        assert_eq!((lines.said.len(), lines.notes.len()), (0, NOTES_MAX));
        assert!(lines.notes.iter().all(|note| !note.words.contains(char::is_control) && note.words.len() < 300));
    }
}
