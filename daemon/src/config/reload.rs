//! A reload (SIGHUP, `systemctl reload`): what may change while neighbours are connected changes, the rest is named.

use super::key::KEYS;
use super::load::{Loaded, Loader};
use super::read::Problems;
use super::Config;

/// The outcome of a reload.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// The old configuration with what could be taken over.
    pub config: Config,
    /// `mqtt.sessions_max: 1_000 -> 2_000`, taken over.
    pub changed: Vec<String>,
    /// The same for what stays as it was until a restart.
    pub restart: Vec<String>,
    /// Things worth a word.
    pub warnings: Vec<String>,
}

/// Reads the same places again. On any mistake the old configuration stays whole.
pub fn reload(old: &Config, loader: &Loader) -> Result<Reloaded, Problems> {
    let Loaded { config: new, warnings, .. } = loader.load()?;
    let mut reloaded = Reloaded { config: old.clone(), changed: Vec::new(), restart: Vec::new(), warnings };
    for key in KEYS {
        let value = (key.get)(&new);
        if value == (key.get)(old) {
            continue;
        }
        let line = format!("{}: {} -> {}", key.path(), key.shown(old), key.shown(&new));
        if key.reload {
            (key.set)(&mut reloaded.config, &value);
            reloaded.changed.push(line);
        } else {
            reloaded.restart.push(line);
        }
    }
    Ok(reloaded)
}
