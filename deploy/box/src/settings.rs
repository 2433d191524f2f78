//! What the lines mean: values that are safe to put into other programs' files, or a note that says why not.

use crate::lines::{shown, Key, Lines, Note, Said};

/// Bytes of the gateway's name, as the daemon takes them.
const NAME_BYTES_MAX: usize = 64;
/// Bytes of a Wi-Fi's name (IEEE 802.11).
const SSID_BYTES_MAX: usize = 32;
/// Letters of a Wi-Fi's password (IEEE 802.11i).
const PASSPHRASE: std::ops::RangeInclusive<usize> = 8..=63;
/// Letters of the keeper's password at least, and bytes at most, as the daemon takes them.
const KEEPER: (usize, usize) = (8, 256);
/// Letters of an interface's name at most (IFNAMSIZ without its end).
const INTERFACE_MAX: usize = 15;

/// ISO 3166-1, as wireless-regdb knows them.
const COUNTRIES: &str = "AD AE AF AI AL AM AN AR AS AT AU AW AZ BA BB BD BE BF BG BH BL BM BN BO BR BS BT BY BZ CA CF CH CI CL CN CO CR \
    CU CX CY CZ DE DK DM DO DZ EC EE EG ES ET FI FM FR GB GD GE GF GH GI GL GP GR GT GU GY HK HN HR HT HU ID IE IL IN IR IS IT JM JO \
    JP KE KH KN KP KR KW KY KZ LB LC LI LK LS LT LU LV MA MC MD ME MF MH MK MN MO MP MQ MR MT MU MV MW MX MY NA NG NI NL NO NP NZ OM \
    PA PE PF PG PH PK PL PM PR PT PW PY QA RE RO RS RU RW SA SE SG SI SK SN SR SV SY TC TD TG TH TN TR TT TW TZ UA UG US UY UZ VC VE VI \
    VN VU WF WS XA YE YT ZA ZW";
/// What people write instead of two letters.
const COUNTRY_NAMES: [(&str, &str); 37] = [
    ("uk", "GB"),
    ("united kingdom", "GB"),
    ("england", "GB"),
    ("usa", "US"),
    ("united states", "US"),
    ("estados unidos", "US"),
    ("brazil", "BR"),
    ("brasil", "BR"),
    ("portugal", "PT"),
    ("spain", "ES"),
    ("españa", "ES"),
    ("mexico", "MX"),
    ("méxico", "MX"),
    ("argentina", "AR"),
    ("chile", "CL"),
    ("colombia", "CO"),
    ("peru", "PE"),
    ("perú", "PE"),
    ("venezuela", "VE"),
    ("france", "FR"),
    ("belgium", "BE"),
    ("belgique", "BE"),
    ("switzerland", "CH"),
    ("germany", "DE"),
    ("deutschland", "DE"),
    ("austria", "AT"),
    ("italy", "IT"),
    ("italia", "IT"),
    ("ukraine", "UA"),
    ("india", "IN"),
    ("egypt", "EG"),
    ("lebanon", "LB"),
    ("morocco", "MA"),
    ("maroc", "MA"),
    ("türkiye", "TR"),
    ("turkey", "TR"),
    ("syria", "SY"),
];
/// The page's languages, and what people call them.
const LANGUAGES: [(&str, &[&str]); 5] = [
    ("en", &["english"]),
    ("es", &["spanish", "español", "espanol", "castellano"]),
    ("fr", &["french", "français", "francais"]),
    ("pt", &["portuguese", "português", "portugues"]),
    ("ar", &["arabic", "العربية"]),
];

/// What holds. An empty value is one that was not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The gateway's name; none: made from its key.
    pub name: Option<String>,
    /// Two capital letters; none: the Wi-Fi stays off.
    pub country: Option<String>,
    /// The Wi-Fi's name; none: the gateway's.
    pub wifi_name: Option<String>,
    /// The Wi-Fi's password; none: open.
    pub wifi_password: Option<String>,
    /// A password was wanted and is not usable: rather no Wi-Fi than an open one.
    pub wifi_password_faulty: bool,
    /// `en`, `es`, `fr`, `pt` or `ar`.
    pub language: Option<String>,
    /// The password of the keeper's page.
    pub keeper_password: Option<String>,
    /// 64 hex digits.
    pub keeper_key: Option<String>,
    /// The interface that leads to other gateways.
    pub mesh: Option<String>,
}

impl Settings {
    /// Where a key's value is kept.
    pub fn slot(&mut self, key: Key) -> &mut Option<String> {
        match key {
            Key::Name => &mut self.name,
            Key::Country => &mut self.country,
            Key::WifiName => &mut self.wifi_name,
            Key::WifiPassword => &mut self.wifi_password,
            Key::Language => &mut self.language,
            Key::KeeperPassword => &mut self.keeper_password,
            Key::KeeperPublic => &mut self.keeper_key,
            Key::Mesh => &mut self.mesh,
        }
    }
}

/// What the lines say; where one is not usable, what held `before` stays.
pub fn of(lines: Lines, before: &Settings) -> (Settings, Vec<Note>) {
    let (mut settings, mut notes, mut unclear) = (Settings::default(), lines.notes, lines.unclear);
    for Said { line, key, value } in lines.said {
        match check(key, &value) {
            Ok((value, remark)) => {
                *settings.slot(key) = value;
                notes.extend(remark.map(|words| Note { line, words, faulty: false }));
            }
            Err(why) => {
                notes.push(Note { line, words: format!("{}: {why} It was left out.", key.word()), faulty: true });
                unclear.push(key);
            }
        }
    }
    for key in unclear {
        let kept = before.clone().slot(key).take();
        if key == Key::WifiPassword && kept.is_none() {
            settings.wifi_password_faulty = true;
        }
        *settings.slot(key) = kept;
    }
    notes.sort_by_key(|note| note.line);
    (settings, notes)
}

type Checked = Result<(Option<String>, Option<String>), String>;

/// The value as it will be used, and a remark; or why it cannot be.
fn check(key: Key, value: &str) -> Checked {
    let value = value.trim();
    if value.is_empty() {
        return Ok((None, None));
    }
    if value.chars().any(|c| c.is_control() || turns_text(c)) {
        return Err("it holds a sign that cannot be seen.".into());
    }
    let plain = |value: &str| Ok((Some(value.to_owned()), None));
    match key {
        Key::Name => at_most(value, NAME_BYTES_MAX).and_then(|()| plain(value)),
        Key::WifiName => at_most(value, SSID_BYTES_MAX).and_then(|()| plain(value)),
        Key::Country => country(value),
        Key::WifiPassword => match value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            true if PASSPHRASE.contains(&value.len()) => plain(value),
            true => Err(format!("it has {} letters, and a Wi-Fi's password needs 8 to 63.", value.len())),
            false => Err("a Wi-Fi's password can only have letters without accents, digits and signs.".into()),
        },
        Key::Language => {
            let low = value.to_lowercase();
            let code = low.split(['-', '_']).next().unwrap_or_default();
            let known = LANGUAGES.iter().find(|(word, names)| *word == code || names.contains(&low.as_str()));
            match known {
                Some((word, _)) => plain(word),
                None => Err(format!("\"{}\" is none of en, es, fr, pt, ar.", shown(value))),
            }
        }
        Key::KeeperPassword if value.chars().count() < KEEPER.0 => {
            Err(format!("it needs at least {} letters; three words in a row are easy to remember.", KEEPER.0))
        }
        Key::KeeperPassword => at_most(value, KEEPER.1).and_then(|()| plain(value)),
        Key::KeeperPublic => match value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            true => plain(&value.to_lowercase()),
            false => Err("a key has 64 digits from 0 to 9 and a to f.".into()),
        },
        Key::Mesh => mesh(value),
    }
}

fn at_most(value: &str, bytes_max: usize) -> Result<(), String> {
    match value.len() <= bytes_max {
        true => Ok(()),
        false => Err(format!("it has {} bytes, and {bytes_max} are the most.", value.len())),
    }
}

fn country(value: &str) -> Checked {
    let code = value.to_uppercase();
    if code.len() == 2 && COUNTRIES.split_whitespace().any(|known| known == code) {
        return Ok((Some(code), None));
    }
    let low = value.to_lowercase();
    match COUNTRY_NAMES.iter().find(|(name, _)| *name == low) {
        Some((_, code)) => {
            Ok((Some((*code).to_owned()), Some(format!("the country \"{}\" was read as {code}.", shown(value)))))
        }
        None => Err(format!("\"{}\" is no country of two letters such as BR, ES or FR.", shown(value))),
    }
}

fn mesh(value: &str) -> Checked {
    let low = value.to_lowercase();
    if ["none", "off", "no", "false", "nein", "nada"].contains(&low.as_str()) {
        return Ok((None, None));
    }
    let is_name = value.len() <= INTERFACE_MAX
        && value.starts_with(|c: char| c.is_ascii_alphabetic())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    match low.as_str() {
        "wlan0" => Err("wlan0 serves the phones; a second Wi-Fi stick is wlan1.".into()),
        "lo" | "bat0" => Err(format!("{low} leads nowhere; it is such as eth0 or wlan1.")),
        _ if is_name => Ok((Some(value.to_owned()), None)),
        _ => Err(format!("\"{}\" is no interface such as eth0 or wlan1.", shown(value))),
    }
}

/// Signs that turn the direction of text or are not seen at all: a name with them would not be what it looks like.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines;

    fn read(text: &str) -> (Settings, Vec<Note>) {
        of(lines::read(text), &Settings::default())
    }

    #[test]
    fn what_people_write_is_understood() {
        // A gateway in Brazil would keep its Wi-Fi off because somebody wrote "brasil".
        let (settings, notes) = read(
            "name = \"Bloco 7\"\ncountry = brasil\nwifi_name = Bloco 7\nwifi_password = 'lamp river'\nlanguage = Português\n\
             keeper_password = three words here\nkeeper_key = ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789\n\
             mesh = wlan1",
        );
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            settings,
            Settings {
                name: some("Bloco 7"),
                country: some("BR"),
                wifi_name: some("Bloco 7"),
                wifi_password: some("lamp river"),
                wifi_password_faulty: false,
                language: some("pt"),
                keeper_password: some("three words here"),
                keeper_key: some("abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"),
                mesh: some("wlan1"),
            }
        );
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert_eq!(notes[0].words, "the country \"brasil\" was read as BR.");
    }

    #[test]
    fn a_value_that_could_harm_is_left_out() {
        // A name would write lines of its own into another program's configuration.
        let nuisance = [
            (format!("name = {}", "x".repeat(65)), "has 65 bytes, and 64"),
            (format!("wifi_name = {}", "é".repeat(17)), "has 34 bytes, and 32"),
            ("name = a\u{202e}b".into(), "cannot be seen"),
            ("wifi_password = short".into(), "has 5 letters"),
            ("wifi_password = pässword".into(), "without accents"),
            ("country = XX".into(), "no country of two letters"),
            ("language = klingon".into(), "none of en, es"),
            ("keeper_password = abc".into(), "at least 8"),
            ("keeper_key = abc".into(), "64 digits"),
            ("mesh = wlan0".into(), "serves the phones"),
            ("mesh = ../../etc".into(), "no interface"),
            ("mesh = eth0;reboot".into(), "no interface"),
        ];
        for (text, words) in nuisance {
            let (settings, notes) = read(&text);
            assert_eq!(settings, Settings { wifi_password_faulty: text.contains("wifi_pass"), ..Settings::default() });
            assert!(notes.len() == 1 && notes[0].faulty && notes[0].words.contains(words), "{text}: {notes:?}");
        }
        // No note repeats a password.
        assert!(!format!("{:?}", read("wifi_password = pässword").1).contains("pässword"));
    }

    #[test]
    fn what_held_before_stays_where_a_line_is_spoiled() {
        // A slip in the password would open a Wi-Fi that was closed.
        let before =
            Settings { wifi_password: Some("lamp river".into()), name: Some("Block 7".into()), ..Settings::default() };
        let (settings, _) = of(lines::read("wifi_password = x\ncountry = BR"), &before);
        assert_eq!(settings.wifi_password.as_deref(), Some("lamp river"));
        assert!(!settings.wifi_password_faulty);
        assert_eq!(settings.name, None, "a line taken away is taken back");
    }
}
