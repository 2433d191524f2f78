//! Where settings come from: arguments over environment over file over defaults, each remembered with its origin.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::key::{Key, KEYS};
use super::read::{env_key, read_file, Place, Problem, Problems};
use super::value::Value;
use super::Config;

/// The file that is read from the data directory when no other is named.
pub const FILE_NAME: &str = "commonsd.toml";

/// Where one setting came from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Origin {
    /// Nobody set it.
    #[default]
    Default,
    /// On this line of the file.
    File(usize),
    /// By this environment variable.
    Env(String),
    /// By this argument.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(line) => write!(f, "file, line {line}"),
            Self::Env(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A whole, checked configuration.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// For each row of [`KEYS`], where it came from.
    pub origins: Vec<Origin>,
    /// The file that was read, if one was.
    pub file: Option<PathBuf>,
    /// Things worth a word that are no mistakes.
    pub warnings: Vec<String>,
}

/// One setting given as an argument: its row, the argument's name, and the words.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The row.
    pub key: &'static Key,
    /// `--mqtt`
    pub name: &'static str,
    /// As given; several become a list.
    pub words: Vec<String>,
}

/// What to load from; kept, so that a reload reads the same places again.
#[derive(Clone, Debug, Default)]
pub struct Loader {
    /// `--config`: must exist. None: `commonsd.toml` in the data directory, if it is there.
    pub file: Option<PathBuf>,
    /// The environment as it was at start.
    pub env: Vec<(String, String)>,
    /// The arguments.
    pub flags: Vec<Flag>,
}

impl Loader {
    /// With this process's environment.
    pub fn from_env() -> Self {
        let text = |word: OsString| word.to_string_lossy().into_owned();
        Self { env: std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect(), ..Self::default() }
    }

    /// Adds a setting given as an argument. No words: nothing is added.
    #[must_use]
    pub fn flag(
        mut self,
        name: &'static str,
        section: &str,
        key: &str,
        words: impl IntoIterator<Item = String>,
    ) -> Self {
        let words: Vec<String> = words.into_iter().collect();
        if let (Some(key), false) = (Key::find(section, key), words.is_empty()) {
            self.flags.push(Flag { key, name, words });
        }
        self
    }

    /// Reads everything. On any mistake all of them are reported and nothing is applied.
    pub fn load(&self) -> Result<Loaded, Problems> {
        let mut problems = Vec::new();
        let mut warnings = Vec::new();
        let outer = self.outer(&mut problems, &mut warnings);
        // The data directory decides which file is read, so it must be known before.
        let data = self.data(&outer);
        let file = self.file.clone().or_else(|| Some(data.join(FILE_NAME)).filter(|file| file.exists()));
        let mut loaded = Loaded {
            config: Config::default(),
            origins: vec![Origin::Default; KEYS.len()],
            file: file.clone(),
            warnings,
        };
        loaded.config.gateway.data = data;
        let assignments = match file.as_deref().map(read_file) {
            Some(Ok(assignments)) => assignments,
            Some(Err(mistakes)) => {
                problems.extend(mistakes);
                Vec::new()
            }
            None => Vec::new(),
        };
        let inner = assignments.into_iter().map(|set| (set.key, set.value, Origin::File(set.line)));
        for (row, value, origin) in inner.chain(outer) {
            let fits = (KEYS[row].set)(&mut loaded.config, &value);
            assert!(fits, "the table's shape of {} fits its field", KEYS[row].path());
            loaded.origins[row] = origin;
        }
        if problems.is_empty() {
            problems = together(&loaded);
        }
        if !problems.is_empty() {
            problems.sort_by(|a, b| a.place.cmp(&b.place));
            return Err(Problems { file, problems });
        }
        if loaded.config.gateway.data.is_relative() {
            // The daemon may change its directory; the place must not move with it.
            if let Ok(absolute) = std::path::absolute(&loaded.config.gateway.data) {
                loaded.config.gateway.data = absolute;
            }
        }
        Ok(loaded)
    }

    /// The same places, but for one setting neither arguments nor environment.
    #[must_use]
    pub fn by_file(&self, section: &str, name: &str) -> Self {
        let is_it = |key: &Key| Key::find(section, name).is_some_and(|wanted| std::ptr::eq(wanted, key));
        let mut loader = self.clone();
        loader.flags.retain(|flag| !is_it(flag.key));
        loader.env.retain(|(variable, _)| !matches!(env_key(variable), Some(Ok(key)) if is_it(key)));
        loader
    }

    /// The defaults in the right place, for asking a running gateway whose file has been spoiled since.
    pub fn without_file(&self) -> Loaded {
        let outer = self.outer(&mut Vec::new(), &mut Vec::new());
        let mut config = Config::default();
        config.gateway.data = self.data(&outer);
        Loaded { config, origins: vec![Origin::Default; KEYS.len()], file: None, warnings: Vec::new() }
    }

    /// The data directory as environment and arguments say it.
    fn data(&self, outer: &[(usize, Value, Origin)]) -> PathBuf {
        let said = outer.iter().rev().find_map(|(row, value, _)| match value {
            Value::Text(text) if KEYS[*row].path() == "gateway.data" => Some(PathBuf::from(text)),
            _ => None,
        });
        said.unwrap_or_else(|| default_data(&self.env))
    }

    /// Environment, then arguments: later ones win.
    fn outer(&self, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) -> Vec<(usize, Value, Origin)> {
        let mut found = Vec::new();
        let mut set = |key: &'static Key, value: Value, place: Place, origin: Origin| {
            let row = KEYS.iter().position(|row| std::ptr::eq(row, key));
            match (row, key.shape.check(value, key.unit)) {
                (Some(row), Ok(value)) => found.push((row, value, origin)),
                (_, Err(message)) => problems.push(Problem { place, message }),
                (None, _) => {}
            }
        };
        for (name, text) in &self.env {
            match env_key(name) {
                // An empty variable is how one unsets a setting in a unit file.
                Some(Ok(_)) if text.is_empty() => {}
                Some(Ok(key)) => set(key, key.shape.parse(text), Place::Env(name.clone()), Origin::Env(name.clone())),
                // No mistake: other programs of the block may use names like ours.
                Some(Err(hint)) => {
                    warnings.push(format!("environment variable {name} sets nothing{hint}"));
                }
                None => {}
            }
        }
        for flag in &self.flags {
            set(
                flag.key,
                flag.key.shape.parse(&flag.words.join(",")),
                Place::Flag(flag.name.into()),
                Origin::Flag(flag.name.into()),
            );
        }
        found
    }
}

/// What is wrong only in the light of two settings.
fn together(loaded: &Loaded) -> Vec<Problem> {
    let config = &loaded.config;
    let mut problems = Vec::new();
    let mut wrong = |section: &str, name: &str, message: String| {
        let row = KEYS.iter().position(|key| key.section == section && key.name == name);
        let place = match row.map(|row| &loaded.origins[row]) {
            Some(Origin::File(line)) => Place::Line(*line, 1),
            Some(Origin::Env(name)) => Place::Env(name.clone()),
            Some(Origin::Flag(name)) => Place::Flag(name.clone()),
            _ => Place::File,
        };
        problems.push(Problem { place, message });
    };
    for address in &config.http.listen {
        if address.port() != 0 && config.mqtt.listen.contains(address) {
            // Point at the one somebody chose, not at a default.
            let http = KEYS.iter().position(|key| key.path() == "http.listen");
            let chosen = http.is_some_and(|row| loaded.origins[row] != Origin::Default);
            wrong(
                if chosen { "http" } else { "mqtt" },
                "listen",
                format!("mqtt.listen and http.listen both want {address}; change one port"),
            );
        }
    }
    if config.mqtt.queue_bytes_max < config.mqtt.packet_bytes_max {
        wrong(
            "mqtt",
            "queue_bytes_max",
            format!(
                "mqtt.queue_bytes_max ({}) must not be below mqtt.packet_bytes_max ({}): one packet must fit",
                config.mqtt.queue_bytes_max, config.mqtt.packet_bytes_max
            ),
        );
    }
    problems
}

/// Where data is kept when nobody says: what systemd gave the unit, the system's place for root, the user's own place.
pub fn default_data(env: &[(String, String)]) -> PathBuf {
    let get = |name: &str| {
        env.iter().find(|(candidate, value)| candidate == name && !value.is_empty()).map(|(_, value)| value.as_str())
    };
    if let Some(state) = get("STATE_DIRECTORY") {
        // systemd separates several by colons; ours has one.
        return PathBuf::from(state.split(':').next().unwrap_or(state));
    }
    if crate::host::is_root() {
        return PathBuf::from("/var/lib/commonsd");
    }
    if let Some(share) = get("XDG_DATA_HOME").filter(|share| Path::new(share).is_absolute()) {
        return Path::new(share).join("commonsd");
    }
    match get("HOME") {
        Some(home) => Path::new(home).join(".local/share/commonsd"),
        None => PathBuf::from("commonsd-data"),
    }
}
