//! The one table of settings: what may be set, in which shape and range, what it means, whether a reload takes it over.
//!
//! Parser, example file, environment variables, `config show` and every message are made from it. Defaults are not
//! repeated here: they are read out of `Config::default()`.

use std::net::SocketAddr;

use super::value::{Setting, Value};
use super::Config;

/// Environment variables are `COMMONSD_<SECTION>_<KEY>`.
pub const ENV_PREFIX: &str = "COMMONSD_";

/// Short names for settings one changes often by hand.
pub const ENV_SHORT: &[(&str, &str, &str)] = &[("COMMONSD_DATA", "gateway", "data"), ("COMMONSD_LOG", "log", "level")];

/// One row of the table.
pub struct Key {
    /// The `[section]`.
    pub section: &'static str,
    /// The key in it.
    pub name: &'static str,
    /// What values it takes.
    pub shape: Shape,
    /// Of numbers; empty otherwise.
    pub unit: &'static str,
    /// Whether `systemctl reload` takes a change over; else it needs a restart.
    pub reload: bool,
    /// Never shown.
    pub secret: bool,
    /// What it means, for the example file.
    pub doc: &'static str,
    /// Reads the field.
    pub get: fn(&Config) -> Value,
    /// Sets the field; false if the value does not fit.
    pub set: fn(&mut Config, &Value) -> bool,
}

/// What values a key takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// One line of words of so many bytes, at least and at most.
    Text(usize, usize),
    /// A path.
    Path,
    /// true or false.
    Flag,
    /// A whole number within a range, both ends allowed.
    Count(u64, u64),
    /// As `Count`, in bytes; also takes "64 MiB".
    Bytes(u64, u64),
    /// Addresses with port, one or several, at most so many.
    Addresses(usize),
    /// Public keys of 64 hex digits, at most so many.
    Keys(usize),
    /// Gateways to call, `name or id@host:port`, at most so many.
    Calls(usize),
    /// Names of network interfaces, or "all", at most so many.
    Interfaces(usize),
    /// Host names or IP addresses, at most so many.
    Names(usize),
    /// What a peer may send, at most so many words.
    Wants(usize),
    /// A log level, or a list of `target=level`.
    Level,
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;
const TIB: u64 = 1024 * GIB;

macro_rules! row {
    ($section:ident . $name:ident, $shape:expr, $unit:literal, $when:ident, $doc:literal) => {
        Key {
            section: stringify!($section),
            name: stringify!($name),
            shape: $shape,
            unit: $unit,
            reload: row!(@$when),
            secret: false,
            doc: $doc,
            get: |config| config.$section.$name.take(),
            set: |config, value| config.$section.$name.put(value),
        }
    };
    (@reload) => { true };
    (@restart) => { false };
}

/// Every setting, in the order of the example file.
#[rustfmt::skip] // One row a setting, however long: it is read as a table.
pub static KEYS: &[Key] = &[
    row!(gateway.name, Shape::Text(0, 64), "", restart, "Shown to neighbours, on the page and in the list of gateways. Empty: made from the key."),
    row!(gateway.network, Shape::Text(1, 64), "", restart, "The neighbourhood's network. Gateways of other networks are strangers."),
    row!(gateway.data, Shape::Path, "", restart, "Where everything is kept. Unset: STATE_DIRECTORY under systemd, /var/lib/commonsd for root, else ~/.local/share/commonsd."),
    row!(gateway.stewards, Shape::Keys(32), "", restart, "Public keys (64 hex digits each) of stewards who may together move an item whose writer is silent."),

    row!(mqtt.listen, Shape::Addresses(16), "", restart, "Where MQTT listens: one address or a list. Port 0 takes any free port and prints it."),
    row!(mqtt.sessions_max, Shape::Count(1, 100_000), "sessions", restart, "Connections at once, TCP and WebSocket together."),
    row!(mqtt.sessions_per_address_max, Shape::Count(1, 100_000), "sessions", restart, "Connections at once from one address."),
    row!(mqtt.packet_bytes_max, Shape::Bytes(16 * KIB, 16 * MIB), "bytes", restart, "Largest packet taken from a client."),
    row!(mqtt.queue_messages_max, Shape::Count(16, 1_000_000), "messages", restart, "Messages queued for one slow or absent client."),
    row!(mqtt.queue_bytes_max, Shape::Bytes(64 * KIB, GIB), "bytes", restart, "Bytes queued for one slow or absent client."),
    row!(mqtt.session_expiry_s_max, Shape::Count(0, 31_536_000), "seconds", restart, "How long the session of an absent client is kept, at most."),
    row!(mqtt.absent_sessions_max, Shape::Count(0, 100_000), "sessions", restart, "Sessions of absent clients kept at once."),
    row!(mqtt.local_retained_max, Shape::Count(0, 10_000), "messages", restart, "Retained messages under commons/local."),
    row!(mqtt.local_retained_bytes_max, Shape::Bytes(0, 12 * MIB), "bytes", restart, "Bytes of retained messages under commons/local."),

    row!(mqtt.home_assistant, Shape::Flag, "", restart, "Whether Home Assistant is told of this gateway (device discovery under homeassistant/)."),
    row!(http.listen, Shape::Addresses(16), "", restart, "Where HTTP (pages, WebSocket, metrics) listens: one address or a list. Port 0 takes any free port and prints it."),
    row!(http.connections_max, Shape::Count(1, 100_000), "connections", restart, "Connections at once."),
    row!(http.connections_per_address_max, Shape::Count(1, 100_000), "connections", restart, "Connections at once from one address."),
    row!(http.wifi_name, Shape::Text(0, 32), "", restart, "Name (SSID) of the Wi-Fi that leads here, for the poster's code. Empty: the poster shows no Wi-Fi."),
    Key { secret: true, ..row!(http.wifi_password, Shape::Text(0, 63), "", restart, "Password of that Wi-Fi, printed on the poster. Empty: the Wi-Fi is open.") },
    row!(http.language, Shape::Text(0, 16), "", restart, "The page's language for phones that ask for none it speaks, such as \"pt\". Empty or unknown: English."),
    row!(http.names, Shape::Names(16), "", restart, "Names under which the page is reached, beside addresses, names without a dot, names that end in .local and commons.lan. A request under any other name changes nothing and is sent to the machine's address. Where the portal is on, addresses other than the machine's own must be listed too."),

    row!(portal.enabled, Shape::Flag, "", restart, "Whether phones that join the Wi-Fi are shown the page at once. Only for a gateway that answers their names (DNS) too: see deploy/portal."),
    row!(portal.port, Shape::Count(0, 65_535), "port", restart, "The port in the address that phones are sent to: 80 where the firewall leads it here. 0: where HTTP listens."),
    row!(portal.api, Shape::Flag, "", restart, "Whether /portal/api answers as RFC 8908 says. Phones want it over https, so it needs a proxy with a certificate."),

    row!(keeper.keys, Shape::Keys(16), "", restart, "Public keys (64 hex digits each) that open the keeper's page without its password, beside those of `commonsd keeper key add`."),
    row!(keeper.upload_bytes_max, Shape::Bytes(64 * KIB, 16 * GIB), "bytes", restart, "Largest bundle taken by upload on the keeper's page."),

    row!(limits.posts_per_minute, Shape::Count(1, 1_000_000), "posts", restart, "Posts a minute from one sender before it is held back."),
    row!(limits.posts_burst, Shape::Count(1, 1_000_000), "posts", restart, "Posts one sender may make at once before the rate counts."),
    row!(limits.open_items_per_sender_max, Shape::Count(1, 1_000_000), "items", reload, "Open items of one sender."),
    row!(limits.items_max, Shape::Count(100, 100_000_000), "items", reload, "Live items of this gateway."),
    row!(limits.limit_loopback, Shape::Flag, "", restart, "Whether clients on this machine are held to the limits too."),

    row!(store.journal_bytes_max, Shape::Bytes(16 * MIB, 16 * TIB), "bytes", reload, "Size of the journal, at most. Posts are refused before it is exceeded."),
    row!(store.reserve_bytes, Shape::Bytes(16 * MIB, TIB), "bytes", reload, "Free bytes of the disk that stay untouched; at least two journal segments (16 MiB)."),

    row!(peers.call, Shape::Calls(64), "", restart, "Gateways to call, as \"NAME@host:port\" for one that is paired, or \"ID@host:port\" (64 hex digits) for one that is trusted by this line alone; then the other needs such a line too."),
    row!(peers.beacon, Shape::Interfaces(16), "", restart, "Network interfaces on which this gateway announces itself and listens for others: names, or \"all\" for every one but loopback where the MQTT door listens. Empty: nowhere."),
    row!(peers.beacon_groups, Shape::Addresses(2), "", restart, "Multicast groups of the announcements, one for IPv4, one for IPv6. All gateways of a block use the same."),
    row!(peers.wants, Shape::Wants(12), "", restart, "What is taken of each peer, by lane (urgent, book, board, library) or by kind; `commonsd peer only` says something else for one of them. Needs, offers and notices travel in urgent and board; stock, members and the ledger in book."),
    row!(peers.bytes_per_second, Shape::Bytes(0, GIB), "bytes", restart, "Bytes a second sent to each peer, at most; 0: as many as the link carries."),
    row!(peers.hops_max, Shape::Count(1, 64), "links", restart, "Gateways further away than so many links are listed, not stored."),

    row!(log.level, Shape::Level, "", reload, "error, warn, info, debug or trace, or a list such as \"info,commonsd::door=debug\"."),
];

impl Key {
    /// The row of a setting.
    pub fn find(section: &str, name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.section == section && key.name == name)
    }

    /// `mqtt.listen`
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// `COMMONSD_MQTT_LISTEN`
    pub fn env(&self) -> String {
        format!("{ENV_PREFIX}{}_{}", self.section, self.name).to_ascii_uppercase()
    }

    /// The default as the example file shows it.
    pub fn default(&self) -> Value {
        (self.get)(&Config::default())
    }

    /// The effective value, or stars for a secret.
    pub fn shown(&self, config: &Config) -> Value {
        match (self.get)(config) {
            Value::Text(text) if self.secret && !text.is_empty() => Value::Text("***".into()),
            value => value,
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.path())
    }
}

/// The sections in order.
pub fn sections() -> Vec<&'static str> {
    let mut sections = Vec::new();
    for key in KEYS {
        if !sections.contains(&key.section) {
            sections.push(key.section);
        }
    }
    sections
}

impl Shape {
    /// What it takes, for messages and the example file: `a whole number from 1 to 100`.
    pub fn expects(&self, unit: &str) -> String {
        let of = if unit.is_empty() { String::new() } else { format!(" of {unit}") };
        match self {
            Self::Text(0, max) => format!("text of at most {max} bytes"),
            Self::Text(min, max) => format!("text of {min} to {max} bytes"),
            Self::Path => "a path".into(),
            Self::Flag => "true or false".into(),
            Self::Count(min, max) => format!("a whole number{of} from {min} to {max}"),
            Self::Bytes(min, max) => {
                format!("a size from {} to {}", bytes(*min), bytes(*max))
            }
            Self::Addresses(max) => {
                format!("an address with port such as \"0.0.0.0:1883\", or a list of at most {max}")
            }
            Self::Keys(max) => format!("a list of at most {max} public keys of 64 hex digits"),
            Self::Calls(max) => {
                format!("a list of at most {max} gateways, each \"NAME@host:port\" or \"ID@host:port\"")
            }
            Self::Interfaces(max) => format!("a list of at most {max} names of network interfaces, or \"all\""),
            Self::Names(max) => format!("a list of at most {max} host names or IP addresses, without port"),
            Self::Wants(_) => format!("one or more of {}", crate::wants::known()),
            Self::Level => "error, warn, info, debug or trace, or a list such as \"info,commonsd::door=debug\"".into(),
        }
    }

    /// Checks a value and brings it into the shape the field takes. The error is the end of a sentence:
    /// `must be ...`.
    pub fn check(&self, value: Value, unit: &str) -> Result<Value, String> {
        let wrong = || Err(format!("must be {}", self.expects(unit)));
        match (self, value) {
            (Self::Text(min, max), Value::Text(text)) => {
                if text.chars().any(char::is_control) {
                    return Err("must be one line without control characters".into());
                }
                if text.len() < *min || text.len() > *max {
                    return Err(format!("must be {}; this has {}", self.expects(unit), text.len()));
                }
                Ok(Value::Text(text))
            }
            (Self::Path, Value::Text(text)) if !text.is_empty() && !text.contains('\0') => Ok(Value::Text(text)),
            (Self::Flag, value @ Value::Flag(_)) => Ok(value),
            (Self::Bytes(min, max), Value::Text(text)) => {
                let count = parse_bytes(&text).ok_or_else(|| format!("must be {}", self.expects(unit)))?;
                Self::Bytes(*min, *max).check(Value::Count(count), unit)
            }
            (Self::Count(min, max) | Self::Bytes(min, max), Value::Count(count)) => {
                if (*min..=*max).contains(&count) {
                    Ok(Value::Count(count))
                } else {
                    Err(format!(
                        "must be {}; {count} is too {}",
                        self.expects(unit),
                        if count < *min { "small" } else { "large" }
                    ))
                }
            }
            (Self::Addresses(_), Value::Text(text)) => self.check(Value::List(vec![text]), unit),
            (Self::Addresses(max), Value::List(words)) => {
                let mut seen: Vec<SocketAddr> = Vec::new();
                if words.is_empty() || words.len() > *max {
                    return wrong();
                }
                let mut wrong = Vec::new();
                for word in &words {
                    match word.trim().parse::<SocketAddr>() {
                        Ok(address) if address.port() != 0 && seen.contains(&address) => {
                            return Err(format!("names {address} twice"));
                        }
                        Ok(address) => seen.push(address),
                        Err(_) => wrong.push(address(word)),
                    }
                }
                if !wrong.is_empty() {
                    return Err(format!("must be an address with port such as \"0.0.0.0:1883\"; {}", wrong.join("; ")));
                }
                Ok(Value::List(seen.iter().map(ToString::to_string).collect()))
            }
            (Self::Keys(max), Value::List(words)) => {
                if words.len() > *max {
                    return wrong();
                }
                let mut seen: Vec<String> = Vec::new();
                for word in &words {
                    let word = word.trim().to_ascii_lowercase();
                    if word.len() != 64 || !word.bytes().all(|b| b.is_ascii_hexdigit()) {
                        return Err(format!(
                            "must hold public keys of 64 hex digits; \"{}\" is none",
                            word.chars().take(70).collect::<String>().escape_default()
                        ));
                    }
                    if seen.contains(&word) {
                        return Err(format!("names the key {}... twice", &word[..8]));
                    }
                    seen.push(word);
                }
                Ok(Value::List(seen))
            }
            (Self::Calls(_) | Self::Interfaces(_) | Self::Wants(_), Value::Text(text)) => {
                self.check(Value::List(vec![text]), unit)
            }
            (Self::Calls(max) | Self::Interfaces(max) | Self::Names(max) | Self::Wants(max), Value::List(words)) => {
                if words.len() > *max || (words.is_empty() && matches!(self, Self::Wants(_))) {
                    return wrong();
                }
                let words: Vec<String> = words.iter().map(|word| word.trim().to_owned()).collect();
                let good = |word: &String| match self {
                    Self::Calls(_) => is_call(word),
                    Self::Names(_) => is_host(word),
                    Self::Wants(_) => crate::wants::parse(word).is_ok(),
                    // The kernel's own limit (IFNAMSIZ), with its end.
                    _ => !word.is_empty() && word.len() < 16 && word.bytes().all(|byte| byte.is_ascii_graphic()),
                };
                match words.iter().find(|word| !good(word)) {
                    None => Ok(Value::List(words)),
                    Some(bad) => Err(format!(
                        "must be {}; \"{}\" is none",
                        self.expects(unit),
                        bad.chars().take(100).collect::<String>().escape_debug()
                    )),
                }
            }
            (Self::Level, Value::Text(text)) => {
                if text.parse::<tracing_subscriber::filter::Targets>().is_ok_and(|_| level_words(&text)) {
                    Ok(Value::Text(text))
                } else {
                    wrong()
                }
            }
            _ => wrong(),
        }
    }

    /// A value written in an environment variable or on the command line.
    pub fn parse(&self, text: &str) -> Value {
        match self {
            Self::Text(..) | Self::Path | Self::Level => Value::Text(text.into()),
            Self::Flag => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Value::Flag(true),
                "false" | "no" | "off" | "0" => Value::Flag(false),
                _ => Value::Text(text.into()),
            },
            Self::Count(..) | Self::Bytes(..) => {
                text.trim().replace('_', "").parse().map_or_else(|_| Value::Text(text.into()), Value::Count)
            }
            Self::Addresses(_)
            | Self::Keys(_)
            | Self::Calls(_)
            | Self::Interfaces(_)
            | Self::Names(_)
            | Self::Wants(_) => {
                Value::List(text.split([',', ' ']).filter(|word| !word.is_empty()).map(Into::into).collect())
            }
        }
    }
}

/// A host name (RFC 1123, 2.1) or an address, without port.
fn is_host(word: &str) -> bool {
    let is_label = |label: &str| {
        let fits = !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-');
        fits && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    word.parse::<std::net::IpAddr>().is_ok() || (word.len() <= 253 && word.split('.').all(is_label))
}

/// `who@host:port`
fn is_call(word: &str) -> bool {
    let Some((who, address)) = word.split_once('@') else { return false };
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    let host_is_one = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    !who.is_empty() && who.len() <= 64 && host_is_one && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Why a word is no address, with the cure for the commonest mistakes.
fn address(word: &str) -> String {
    let word = word.trim();
    let cure = if word.parse::<std::net::IpAddr>().is_ok() {
        " (the port is missing)"
    } else if word.parse::<u16>().is_ok() || word.starts_with(':') {
        " (the address is missing; 0.0.0.0 means every one)"
    } else if word.starts_with("localhost:") {
        " (write 127.0.0.1 for localhost)"
    } else {
        ""
    };
    format!("\"{}\" is none{cure}", word.chars().take(70).collect::<String>().escape_debug())
}

/// `Targets` takes a misspelt level for the name of a target: "inof" would silence everything.
fn level_words(text: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    !text.trim().is_empty()
        && text.split(',').all(|part| {
            let level = part.rsplit('=').next().unwrap_or(part).trim();
            LEVELS.contains(&level.to_ascii_lowercase().as_str())
        })
}

/// "64 MiB", "64M" or "1_000" in bytes. K, M, G are powers of 1024, as everywhere in this program.
fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim().replace('_', "");
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let count: u64 = text[..digits].parse().ok()?;
    let scale = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => KIB,
        "m" | "mb" | "mib" => MIB,
        "g" | "gb" | "gib" => GIB,
        "t" | "tb" | "tib" => TIB,
        _ => return None,
    };
    count.checked_mul(scale)
}

/// Bytes as people say them: `64 MiB`; exact or plain.
pub fn bytes(count: u64) -> String {
    for (scale, unit) in [(TIB, "TiB"), (GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")] {
        if count >= scale && count.is_multiple_of(scale) {
            return format!("{} {unit}", count / scale);
        }
    }
    format!("{count} bytes")
}
