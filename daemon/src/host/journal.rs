//! The log: one line to stderr, or structured fields to the journal when systemd started us.
//!
//! Rooms use `tracing` and know nothing of this. In the journal a field `id` becomes COMMONS_ID, so that
//! `journalctl COMMONS_ID=...` finds everything about one item and no field of ours can pose as one of the journal's.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;

use systemd_journal_logger::JournalLog;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::reload;

/// Ours; everything else is a library, which is held to warnings unless a target names it.
const OWN_TARGETS: [&str; 2] = ["commonsd", "commons_core"];

/// What goes into the log, changeable while running.
#[derive(Clone)]
pub struct Logging {
    filter: reload::Handle<Targets, tracing_subscriber::Registry>,
    /// Whether the journal takes it.
    pub to_journal: bool,
}

/// Starts logging for the process. Call once, before anything else speaks. A second call returns none.
pub fn start(level: &str) -> Option<Logging> {
    let (filter, handle) = reload::Layer::new(targets(level));
    let journal = started_by_systemd().then(JournalLog::new).and_then(Result::ok);
    let to_journal = journal.is_some();
    let registry = tracing_subscriber::registry().with(filter);
    let set = match journal {
        Some(journal) => tracing::subscriber::set_global_default(registry.with(JournalLayer::new(move |record| {
            // The journal is gone: there is nobody left to tell.
            let _ = journal.journal_send(record);
        }))),
        None => tracing::subscriber::set_global_default(
            registry.with(
                tracing_subscriber::fmt::layer()
                    .compact()
                    .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
                    .with_writer(std::io::stderr)
                    // A closed stderr must not become a panic in whoever logs.
                    .log_internal_errors(false),
            ),
        ),
    };
    set.ok()?;
    Some(Logging { filter: handle, to_journal })
}

impl Logging {
    /// Takes another level from now on.
    pub fn set_level(&self, level: &str) {
        let _ = self.filter.reload(targets(level));
    }
}

/// The level after so many `-v` and `-q`: each steps one up or down from the configured one. A list of targets is left
/// alone: who writes one means it.
pub fn stepped(level: &str, verbose: u8, quiet: u8) -> String {
    const STEPS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    match STEPS.iter().position(|step| step.eq_ignore_ascii_case(level.trim())) {
        Some(at) => {
            let at = (at + usize::from(verbose)).saturating_sub(usize::from(quiet));
            STEPS[at.min(STEPS.len() - 1)].into()
        }
        None => level.into(),
    }
}

/// `debug` means ours at debug and libraries at warn; a list is taken as written on top of that.
fn targets(level: &str) -> Targets {
    let own = |targets: Targets, level: LevelFilter| {
        OWN_TARGETS
            .iter()
            .fold(targets, |targets, name| targets.with_target(*name, level))
            .with_default(level.min(LevelFilter::WARN))
            // Its spans are at error level and made for every message: enabled, they cost throughput.
            .with_target("rumqttd", LevelFilter::OFF)
    };
    let mut targets = own(Targets::new(), LevelFilter::INFO);
    for part in level.split(',') {
        match part.split_once('=') {
            Some((target, level)) => {
                if let Ok(level) = level.trim().parse::<LevelFilter>() {
                    targets = targets.with_target(target.trim(), level);
                }
            }
            None => {
                if let Ok(level) = part.trim().parse::<LevelFilter>() {
                    targets = own(targets, level);
                }
            }
        }
    }
    targets
}

/// JOURNAL_STREAM holds device and inode of the stream systemd gave us; only if stderr still is that stream does our
/// log belong there (systemd.exec(5)). Somebody who redirects stderr wants it where he sent it.
fn started_by_systemd() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    // The descriptor's own metadata, without `unsafe`: /proc/self/fd/2 follows to the socket.
    std::fs::metadata("/proc/self/fd/2").is_ok_and(|meta| is_stream(&stream, meta.dev(), meta.ino()))
}

fn is_stream(stream: &str, device: u64, inode: u64) -> bool {
    stream.split_once(':').is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

/// Turns events into records with key-values and hands them to `send`.
pub struct JournalLayer<F> {
    send: F,
}

impl<F: Fn(&log::Record<'_>) + 'static> JournalLayer<F> {
    /// A layer that sends with this.
    pub fn new(send: F) -> Self {
        Self { send }
    }
}

impl<S: Subscriber, F: Fn(&log::Record<'_>) + 'static> Layer<S> for JournalLayer<F> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let pairs: Vec<(&str, &str)> =
            fields.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let metadata = event.metadata();
        // The journal's priorities are err, warning, notice, info, debug; the logger maps log's five to them in order.
        let level = match *metadata.level() {
            Level::ERROR => log::Level::Error,
            Level::WARN => log::Level::Warn,
            Level::INFO => log::Level::Info,
            Level::DEBUG => log::Level::Debug,
            Level::TRACE => log::Level::Trace,
        };
        let pairs: &[(&str, &str)] = &pairs;
        (self.send)(
            &log::Record::builder()
                .args(format_args!("{}", fields.line()))
                .level(level)
                .target(metadata.target())
                .file(metadata.file())
                .line(metadata.line())
                .module_path(metadata.module_path())
                .key_values(&pairs)
                .build(),
        );
    }
}

/// An event's message and its other fields.
#[derive(Default)]
struct Fields {
    message: String,
    pairs: Vec<(String, String)>,
}

impl Fields {
    /// The message followed by the fields, so that plain `journalctl` shows them too.
    fn line(&self) -> String {
        let mut line = self.message.clone();
        for (name, value) in &self.pairs {
            let name = name.strip_prefix("commons_").unwrap_or(name);
            let _ = write!(line, "{}{name}={value}", if line.is_empty() { "" } else { " " });
        }
        line
    }

    fn put(&mut self, field: &Field, value: String) {
        if field.name() == "message" {
            self.message = value;
        } else {
            self.pairs.push((format!("commons_{}", field.name()), value));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use log::kv::{Key, Value, VisitSource};

    use super::*;

    #[test]
    fn events_keep_their_fields() {
        // A keeper could not ask the journal for everything about one need.
        struct Pairs(Vec<String>);
        impl<'kvs> VisitSource<'kvs> for Pairs {
            fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
                self.0.push(format!("{key}={value}"));
                Ok(())
            }
        }
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = heard.clone();
        let layer = JournalLayer::new(move |record: &log::Record<'_>| {
            let mut pairs = Pairs(Vec::new());
            record.key_values().visit(&mut pairs).unwrap();
            ear.lock().unwrap().push((record.level(), record.args().to_string(), pairs.0));
        });
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(id = "ab12", count = 3, "kept");
        });
        let heard = heard.lock().unwrap();
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].0, log::Level::Warn);
        assert_eq!(heard[0].1, "kept id=ab12 count=3");
        assert_eq!(heard[0].2, ["commons_id=ab12", "commons_count=3"]);
    }

    #[test]
    fn libraries_whisper() {
        // The router's chatter would wear out the card and hide what matters at 3 a.m.
        let debug = targets("debug");
        assert!(debug.would_enable("commonsd::door", &Level::DEBUG));
        assert!(!debug.would_enable("hyper::proto", &Level::INFO));
        assert!(debug.would_enable("hyper::proto", &Level::WARN));
        assert!(!debug.would_enable("rumqttd::router", &Level::ERROR));
        let list = targets("warn,rumqttd=debug");
        assert!(!list.would_enable("commonsd", &Level::INFO));
        assert!(list.would_enable("rumqttd::router", &Level::DEBUG));
        assert!(!targets("error").would_enable("hyper", &Level::WARN));
    }

    #[test]
    fn verbosity_steps_from_the_configured_level() {
        // `-v` in the unit would silence what the file asked for.
        assert_eq!(stepped("info", 1, 0), "debug");
        assert_eq!(stepped("info", 9, 0), "trace");
        assert_eq!(stepped("info", 0, 1), "warn");
        assert_eq!(stepped("info", 0, 9), "off");
        assert_eq!(stepped("info,x=debug", 2, 0), "info,x=debug");
    }

    #[test]
    fn only_our_own_stream_is_the_journal() {
        // A volunteer who redirects stderr to a file would find it empty.
        assert!(is_stream("9:34512", 9, 34512));
        assert!(!is_stream("9:34512", 9, 1));
        assert!(!is_stream("nonsense", 9, 1));
    }
}
