//! MQTT topics and filters: what they mean here, and who may write or read them.
//!
//! Pure text in, typed values out. Everything that is not named here is denied: the allow-lists are also what bounds
//! the memory of the door. Source: MQTT 5.0, 4.7 (topic names and filters), and the topic table of ARCHITECTURE.md.

use alloc::format;
use alloc::string::String;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::record::names;
use crate::views::item::ItemKind;

/// Bytes of a topic or filter. MQTT allows 65,535; nothing of ours is longer than 120, gadgets get room to spare.
pub const TOPIC_BYTES_MAX: usize = 512;
/// Levels of a topic or filter, so that matching stays cheap.
pub const TOPIC_LEVELS_MAX: usize = 32;
/// Under which the block's own gadgets talk.
pub const LOCAL_PREFIX: &str = "commons/local/";
/// Where posts go.
pub const POST_PREFIX: &str = "commons/post/";
/// Where outcomes come back.
pub const RECEIPT_PREFIX: &str = "commons/receipt/";
/// Under which members read their own accounts.
pub const LEDGER_PREFIX: &str = "commons/ledger/";
/// Under which gateways call one another.
pub const LINK_PREFIX: &str = "commons/link/";
/// Hex digits of a gateway's id in a link's topics: enough to tell gateways apart. Who it is, the handshake proves.
pub const LINK_ID_DIGITS: usize = 16;
/// Counts of the board.
pub const SUMMARY_TOPIC: &str = "commons/board/summary";
/// What the block has together: shelves and pots.
pub const STOCK_TOPIC: &str = "commons/stock";
/// How the block gives and takes.
pub const SCORECARD_TOPIC: &str = "commons/scorecard";
/// What a broker says about itself.
pub const SYS_PREFIX: &str = "$SYS/broker/";

/// Why a text is no topic or filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TopicError {
    /// Nothing there.
    #[error("a topic is at least one character")]
    Empty,
    /// Over [`TOPIC_BYTES_MAX`].
    #[error("a topic is at most {TOPIC_BYTES_MAX} bytes here")]
    TooLong,
    /// Over [`TOPIC_LEVELS_MAX`].
    #[error("a topic is at most {TOPIC_LEVELS_MAX} levels here")]
    TooDeep,
    /// A NUL, which MQTT forbids in any string.
    #[error("a topic holds no NUL")]
    Nul,
    /// `+` or `#` in a topic that is published to, or not alone in its level, or `#` not last.
    #[error("a wildcard stands where none may stand")]
    Wildcard,
}

/// A topic of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic<'a> {
    /// `commons/post/<kind>`: a submission. The kind is as sent, so that an unknown one can be named in the refusal.
    Post(&'a str),
    /// `commons/receipt/<client id>`.
    Receipt(&'a str),
    /// `commons/board/<kind>/<id>`.
    Item(ItemKind, &'a str),
    /// `commons/ledger/<member>`: for that member alone.
    Ledger(&'a str),
    /// `commons/board/summary`.
    Summary,
    /// `commons/stock`: what the block has together.
    Stock,
    /// `commons/scorecard`: how it gives and takes.
    Scorecard,
    /// `commons/gateway/<what>`.
    Gateway(GatewayTopic),
    /// `commons/local/<path>`; the path is not empty.
    Local(&'a str),
    /// `commons/link/<callee>/<caller>/<up or down>`: frames between gateways, each named by the first
    /// [`LINK_ID_DIGITS`] digits of its id.
    Link(LinkTopic<'a>),
    /// `$SYS/broker/<what>`.
    Sys(&'a str),
    /// `homeassistant/device/<node>/config`.
    Discovery(&'a str),
    /// Anything else: nobody may read or write it here.
    Other,
}

names!(
    /// What the gateway says about itself.
    GatewayTopic {
        /// `{"v":1,"state":"online"}`
        State = "state",
        /// Name, id, version, addresses.
        Info = "info",
        /// Queue, disk, clock.
        Health = "health",
        /// Linked gateways.
        Peers = "peers",
    }
);

/// A link's topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkTopic<'a> {
    /// Whose door it is.
    pub callee: &'a str,
    /// Who calls.
    pub caller: &'a str,
    /// From the caller to the callee; else back.
    pub up: bool,
}

impl<'a> LinkTopic<'a> {
    fn parse(rest: &'a str) -> Option<Self> {
        let digits = |id: &&str| {
            id.len() == LINK_ID_DIGITS && id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        };
        let mut levels = rest.split('/');
        let callee = levels.next().filter(digits)?;
        let caller = levels.next().filter(digits)?;
        let up = match levels.next()? {
            "up" => true,
            "down" => false,
            _ => return None,
        };
        levels.next().is_none().then_some(Self { callee, caller, up })
    }

    /// The text of it.
    pub fn text(&self) -> String {
        format!("{LINK_PREFIX}{}/{}/{}", self.callee, self.caller, if self.up { "up" } else { "down" })
    }
}

impl<'a> Topic<'a> {
    /// What a valid topic name means. Never fails: what is not ours is [`Topic::Other`].
    pub fn parse(topic: &'a str) -> Self {
        if let Some(kind) = topic.strip_prefix(POST_PREFIX) {
            return Self::Post(kind);
        }
        if let Some(path) = topic.strip_prefix(LOCAL_PREFIX) {
            return if path.is_empty() { Self::Other } else { Self::Local(path) };
        }
        if let Some(client) = topic.strip_prefix(RECEIPT_PREFIX) {
            return Self::Receipt(client);
        }
        if let Some(member) = topic.strip_prefix(LEDGER_PREFIX) {
            return if member.is_empty() || member.contains('/') { Self::Other } else { Self::Ledger(member) };
        }
        if let Some(rest) = topic.strip_prefix("commons/board/") {
            if rest == "summary" {
                return Self::Summary;
            }
            return match rest.split_once('/') {
                Some((kind, id)) if !id.is_empty() && !id.contains('/') => {
                    ItemKind::parse(kind).map_or(Self::Other, |kind| Self::Item(kind, id))
                }
                _ => Self::Other,
            };
        }
        if let Some(what) = topic.strip_prefix("commons/gateway/") {
            return GatewayTopic::parse(what).map_or(Self::Other, Self::Gateway);
        }
        if let Some(rest) = topic.strip_prefix(LINK_PREFIX) {
            return LinkTopic::parse(rest).map_or(Self::Other, Self::Link);
        }
        if topic == STOCK_TOPIC {
            return Self::Stock;
        }
        if topic == SCORECARD_TOPIC {
            return Self::Scorecard;
        }
        if let Some(what) = topic.strip_prefix(SYS_PREFIX) {
            return Self::Sys(what);
        }
        if let Some(rest) = topic.strip_prefix("homeassistant/device/") {
            if let Some(node) = rest.strip_suffix("/config") {
                if !node.is_empty() && !node.contains('/') {
                    return Self::Discovery(node);
                }
            }
        }
        Self::Other
    }

    /// The text of it; none for [`Topic::Other`].
    pub fn text(&self) -> Option<String> {
        Some(match self {
            Self::Post(kind) => format!("{POST_PREFIX}{kind}"),
            Self::Receipt(client) => format!("{RECEIPT_PREFIX}{client}"),
            Self::Item(kind, id) => format!("commons/board/{}/{id}", kind.name()),
            Self::Ledger(member) => format!("{LEDGER_PREFIX}{member}"),
            Self::Summary => String::from(SUMMARY_TOPIC),
            Self::Stock => String::from(STOCK_TOPIC),
            Self::Scorecard => String::from(SCORECARD_TOPIC),
            Self::Gateway(what) => format!("commons/gateway/{}", what.name()),
            Self::Local(path) => format!("{LOCAL_PREFIX}{path}"),
            Self::Link(link) => link.text(),
            Self::Sys(what) => format!("{SYS_PREFIX}{what}"),
            Self::Discovery(node) => format!("homeassistant/device/{node}/config"),
            Self::Other => return None,
        })
    }

    /// Whether a client may publish here: posts of any kind (an unknown kind is refused with its name later), the
    /// gadgets' own topics, and calls of other gateways, which must then prove who they are.
    pub fn may_publish(&self) -> bool {
        matches!(self, Self::Post(_) | Self::Local(_) | Self::Link(LinkTopic { up: true, .. }))
    }
}

/// The level after `commons/local/`: messages of one gadget keep their order.
pub fn gadget(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

fn check_text(text: &str) -> Result<(), TopicError> {
    if text.is_empty() {
        return Err(TopicError::Empty);
    }
    if text.len() > TOPIC_BYTES_MAX {
        return Err(TopicError::TooLong);
    }
    let mut levels = 1;
    for byte in text.bytes() {
        match byte {
            0 => return Err(TopicError::Nul),
            b'/' => levels += 1,
            _ => {}
        }
    }
    if levels > TOPIC_LEVELS_MAX {
        return Err(TopicError::TooDeep);
    }
    Ok(())
}

/// Whether a text may be published to: not empty, within the limits, no wildcard, no NUL.
pub fn check_topic(topic: &str) -> Result<(), TopicError> {
    check_text(topic)?;
    if topic.bytes().any(|byte| byte == b'+' || byte == b'#') {
        return Err(TopicError::Wildcard);
    }
    Ok(())
}

/// Whether a text is a filter: wildcards alone in their level, `#` only last.
pub fn check_filter(filter: &str) -> Result<(), TopicError> {
    check_text(filter)?;
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let wild = level.bytes().any(|byte| byte == b'+' || byte == b'#');
        if wild && (level.len() > 1 || (level == "#" && levels.peek().is_some())) {
            return Err(TopicError::Wildcard);
        }
    }
    Ok(())
}

/// Whether a valid filter matches a valid topic. `a/#` matches `a`; wildcards in the first level never match `$...`.
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#')) {
        return false;
    }
    let mut filter = filter.split('/');
    let mut topic = topic.split('/');
    loop {
        match (filter.next(), topic.next()) {
            (Some("#"), _) => return true,
            (Some("+"), Some(_)) => {}
            (Some(wanted), Some(level)) if wanted == level => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Whether some topic exists that both filters match.
pub fn intersects(one: &str, other: &str) -> bool {
    let wild = |filter: &str| filter.starts_with('+') || filter.starts_with('#');
    if (one.starts_with('$') && wild(other)) || (other.starts_with('$') && wild(one)) {
        return false;
    }
    let (mut one, mut other) = (one.split('/'), other.split('/'));
    loop {
        match (one.next(), other.next()) {
            (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
            (Some("+"), Some(_)) | (Some(_), Some("+")) => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

/// What a filter may show its subscriber.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads<'a> {
    /// Items by kind, in the order of [`ItemKind::ALL`].
    pub items: [bool; 3],
    /// The summary, stock, scorecard, the gateway's own topics, discovery.
    pub gateway: bool,
    /// The subscriber's own receipts.
    pub receipts: bool,
    /// The gadgets' topics.
    pub local: Option<Gadgets<'a>>,
    /// `$SYS`.
    pub sys: bool,
    /// What comes back on a call of the subscriber's own; nobody else's call is ever among it.
    pub link: bool,
    /// The subscriber's own account.
    pub ledger: bool,
}

/// Which gadgets a filter may match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gadgets<'a> {
    /// A wildcard stands where the gadget's name would.
    All,
    /// This one.
    One(&'a str),
}

impl Reads<'_> {
    /// Whether there is anything in it for this subscriber; if not, the subscription is refused.
    pub fn any(&self) -> bool {
        self.items.contains(&true)
            || self.gateway
            || self.receipts
            || self.local.is_some()
            || self.sys
            || self.link
            || self.ledger
    }
}

/// What a valid filter may show the client with this id. A wide filter such as `#` is allowed and means everything
/// the client may read: foreign receipts and accounts, posts and links are never among it. `member`: who has shown that he is
/// this member (64 hex digits).
pub fn reads<'a>(filter: &'a str, client_id: &str, member: Option<&str>) -> Reads<'a> {
    let mut items = [false; 3];
    for (reads, kind) in items.iter_mut().zip(ItemKind::ALL) {
        *reads = intersects(filter, &format!("commons/board/{}/+", kind.name()));
    }
    let gateway = [SUMMARY_TOPIC, STOCK_TOPIC, SCORECARD_TOPIC].iter().any(|topic| matches(filter, topic))
        || GatewayTopic::ALL.iter().any(|what| matches(filter, &format!("commons/gateway/{}", what.name())))
        || intersects(filter, "homeassistant/device/+/config");
    // `commons/local/#` would also match the bare `commons/local`, where nothing is; so ask for one level more.
    let local = intersects(filter, "commons/local/+/#").then(|| match filter.split('/').nth(2) {
        Some("+" | "#") | None => Gadgets::All,
        Some(name) => Gadgets::One(name),
    });
    // `#` and `commons/#` end before the gadget's level.
    let local = match local {
        Some(Gadgets::One(_)) if filter.split('/').take(3).any(|level| level == "#") => Some(Gadgets::All),
        other => other,
    };
    Reads {
        items,
        gateway,
        receipts: matches(filter, &format!("{RECEIPT_PREFIX}{client_id}")),
        local,
        sys: intersects(filter, "$SYS/broker/#"),
        // Named in full: no wildcard reaches a link.
        link: matches!(Topic::parse(filter), Topic::Link(LinkTopic { up: false, .. })),
        ledger: member.is_some_and(|member| matches(filter, &format!("{LEDGER_PREFIX}{member}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// A neighbour's button could post to a place that nobody reads, or a phone could write the gateway's own state.
    #[test]
    fn only_posts_and_gadgets_are_written() {
        for topic in ["commons/post/need", "commons/post/nonsense", "commons/local/door/bell"] {
            assert!(Topic::parse(topic).may_publish(), "{topic}");
        }
        for topic in [
            "commons/board/need/ab",
            "commons/gateway/state",
            "commons/local/",
            "commons/local",
            "foo",
            "$SYS/broker/version",
            "commons/receipt/me",
            "commons/ledger/x",
            "commons/link/g/x",
            "commons/stock",
            "commons/scorecard",
        ] {
            assert!(!Topic::parse(topic).may_publish(), "{topic}");
        }
    }

    /// Anybody could listen to two gateways, or speak where only the called one does.
    #[test]
    fn links_are_named_in_full() {
        let (a, b) = ("0123456789abcdef", "fedcba9876543210");
        let up = format!("commons/link/{a}/{b}/up");
        let down = format!("commons/link/{a}/{b}/down");
        assert!(Topic::parse(&up).may_publish());
        assert!(!Topic::parse(&down).may_publish());
        assert!(reads(&down, "x", None).link);
        for filter in
            [&up, "#", "commons/#", "commons/link/#", "commons/link/+/+/down", &format!("commons/link/{a}/+/down")]
        {
            assert!(!reads(filter, "x", None).link, "{filter}");
        }
        for topic in [
            format!("commons/link/{a}/up"),
            format!("commons/link/{a}/{b}/up/up"),
            format!("commons/link/{a}/{b}/sideways"),
            format!("commons/link/{}/{b}/up", &a[1..]),
            format!("commons/link/{}/{b}/up", a.to_uppercase()),
        ] {
            assert_eq!(Topic::parse(&topic), Topic::Other, "{topic}");
        }
    }

    /// Somebody could read another neighbour's receipts, which hold code words and contacts.
    #[test]
    fn receipts_are_the_clients_own() {
        assert!(reads("commons/receipt/me", "me", None).receipts);
        assert!(reads("commons/receipt/+", "me", None).receipts);
        assert!(reads("#", "me", None).receipts);
        assert!(!reads("commons/receipt/you", "me", None).any());
        assert!(!reads("commons/post/#", "me", None).any());
        assert!(!reads("commons/ledger/#", "me", None).any());
        assert!(!reads("commons/ledger/ann", "ann", None).any() && !reads("#", "me", None).ledger);
        for filter in ["commons/ledger/ann", "commons/ledger/+", "#"] {
            assert!(reads(filter, "me", Some("ann")).ledger, "{filter}");
        }
        assert!(!reads("commons/ledger/bob", "me", Some("ann")).any());
        assert!(!reads("foo/#", "me", None).any());
    }

    /// A phone that asks for one thing would be woken for everything, or miss what it asked for.
    #[test]
    fn filters_are_mapped_to_what_they_show() {
        let all = reads("#", "me", None);
        assert_eq!((all.items, all.gateway, all.local, all.sys), ([true; 3], true, Some(Gadgets::All), false));
        assert_eq!(reads("commons/board/need/#", "me", None).items, [true, false, false]);
        assert_eq!(reads("commons/board/+/abc", "me", None).items, [true; 3]);
        assert_eq!(reads("commons/local/lamp/+", "me", None).local, Some(Gadgets::One("lamp")));
        assert_eq!(reads("commons/local/#", "me", None).local, Some(Gadgets::All));
        assert_eq!(reads("commons/local/+/state", "me", None).local, Some(Gadgets::All));
        assert_eq!(reads("+/+/lamp", "me", None).local, Some(Gadgets::One("lamp")));
        assert_eq!(reads("commons/#", "me", None).local, Some(Gadgets::All));
        assert_eq!(reads("commons/+", "me", None).local, None);
        for filter in ["commons/stock", "commons/scorecard", "commons/+", "#"] {
            assert!(reads(filter, "me", None).gateway, "{filter}");
        }
        assert!(!reads("commons/stock/+", "me", None).any());
        assert!(reads("$SYS/#", "me", None).sys);
        assert!(!reads("+/broker/version", "me", None).any());
    }

    /// The examples of MQTT 5.0, 4.7.1 and 4.7.2.
    #[test]
    fn matching_is_as_the_specification_says() {
        for (filter, topic, expected) in [
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
            ("sport/#", "sport", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("+/+", "/finance", true),
            ("/+", "/finance", true),
            ("+", "/finance", false),
            ("#", "$SYS/monitor/Clients", false),
            ("+/monitor/Clients", "$SYS/monitor/Clients", false),
            ("$SYS/#", "$SYS/monitor/Clients", true),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
        for filter in ["sport/tennis#", "sport/#/ranking", "sport+", "+a", "##", "a/#b", "", "a\0"] {
            assert!(check_filter(filter).is_err(), "{filter}");
        }
    }

    fn level() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("commons".to_string()),
            Just("local".to_string()),
            Just("board".to_string()),
            Just("need".to_string()),
            Just("a".to_string()),
            Just(String::new()),
            Just("$SYS".to_string()),
            Just("é".to_string()),
        ]
    }

    fn path(wild: bool) -> impl Strategy<Value = String> {
        let level = if wild {
            prop_oneof![4 => level(), 1 => Just("+".to_string()), 1 => Just("#".to_string())].boxed()
        } else {
            level().boxed()
        };
        prop::collection::vec(level, 1..6).prop_map(|levels| levels.join("/"))
    }

    /// The plain definition of matching, level by level, to compare with.
    fn matches_slowly(filter: &[&str], topic: &[&str]) -> bool {
        match (filter.first(), topic.first()) {
            (Some(&"#"), _) => true,
            (Some(&"+"), Some(_)) => matches_slowly(&filter[1..], &topic[1..]),
            (Some(a), Some(b)) if a == b => matches_slowly(&filter[1..], &topic[1..]),
            (None, None) => true,
            _ => false,
        }
    }

    proptest! {
        /// A subscription would show too much or too little.
        #[test]
        fn matching_agrees_with_the_definition(filter in path(true), topic in path(false)) {
            if check_filter(&filter).is_ok() && check_topic(&topic).is_ok() {
                let slow = matches_slowly(&filter.split('/').collect::<Vec<_>>(), &topic.split('/').collect::<Vec<_>>())
                    && !(topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#')));
                prop_assert_eq!(matches(&filter, &topic), slow);
                if slow {
                    prop_assert!(intersects(&filter, &topic));
                }
            }
        }

        /// A message would reach a subscriber whose filter promised none of its space, or be missed by one.
        #[test]
        fn what_matches_is_read(filter in path(true), topic in path(false)) {
            if check_filter(&filter).is_ok() && check_topic(&topic).is_ok() && matches(&filter, &topic) {
                let reads = reads(&filter, "me", None);
                match Topic::parse(&topic) {
                    Topic::Local(path) => {
                        let read = match reads.local {
                            Some(Gadgets::All) => true,
                            Some(Gadgets::One(name)) => name == gadget(path),
                            None => false,
                        };
                        prop_assert!(read);
                    }
                    Topic::Item(kind, _) => {
                        let index = ItemKind::ALL.iter().position(|k| *k == kind).unwrap();
                        prop_assert!(reads.items[index]);
                    }
                    _ => {}
                }
            }
        }

        /// A hostile topic would stop the gateway.
        #[test]
        fn any_text_is_judged_without_panic(text in ".{0,80}", other in ".{0,80}") {
            let _ = (check_topic(&text), check_filter(&text), matches(&text, &other), intersects(&text, &other));
            let _ = (reads(&text, &other, None), gadget(&text));
            if let Some(back) = Topic::parse(&text).text() {
                prop_assert_eq!(back, text);
            }
        }
    }
}
