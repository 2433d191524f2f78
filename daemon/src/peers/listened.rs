//! Where the door listened last and what the gateway was called, in a small file: an invitation made while the gateway is
//! stopped must name these addresses, its status that name, and arguments of `run` are not known any more then.

use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::store::{read_small, write_small, StoreError};

/// The file's name in the data directory.
const FILE: &str = "listened.json";
/// Its version.
const VERSION: u8 = 1;

#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct File {
    v: u8,
    /// What the configuration file (or the default) said then, without arguments and environment.
    said: Vec<SocketAddr>,
    /// Where it listened.
    listened: Vec<SocketAddr>,
    /// What it was called.
    #[serde(default)]
    name: String,
}

fn read(data: &Path) -> Option<File> {
    let file: File = serde_json::from_slice(&read_small(data, FILE).ok()??).ok()?;
    (file.v == VERSION).then_some(file)
}

/// Writes down where the door listens and what the gateway is called, if that is news. `said`: what the configuration file
/// alone says of the door.
pub fn keep_listened(
    data: &Path,
    said: Vec<SocketAddr>,
    listened: Vec<SocketAddr>,
    name: String,
) -> Result<(), StoreError> {
    let file = File { v: VERSION, said, listened, name };
    if read(data).as_ref() == Some(&file) {
        return Ok(());
    }
    let mut bytes = serde_json::to_vec(&file).unwrap_or_default();
    bytes.push(b'\n');
    write_small(data, FILE, &bytes)
}

/// Where the door of a stopped gateway will be found: where it was last, unless somebody has configured another place
/// since. The default says nothing: the file may have been named by an argument of `run`, too.
pub fn last_listened(data: &Path, said: &[SocketAddr]) -> Vec<SocketAddr> {
    let holds = |file: &File| file.said == said || said == Config::default().mqtt.listen;
    read(data).filter(holds).map_or_else(|| said.to_vec(), |file| file.listened)
}

/// What the gateway was called when it ran last; for one whose configuration names none.
pub fn last_name(data: &Path) -> Option<String> {
    read(data).map(|file| file.name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A code made while the gateway is stopped would name a port where nobody ever listened, or listens no more.
    #[test]
    fn the_last_door_counts_until_the_configuration_names_another() {
        let dir = tempfile::tempdir().unwrap();
        let at = |port: u16| vec![SocketAddr::from(([127, 0, 0, 1], port))];
        assert_eq!(last_listened(dir.path(), &at(1_883)), at(1_883), "it never ran");
        keep_listened(dir.path(), at(1_883), at(21_000), "Oak".into()).unwrap();
        assert_eq!(last_listened(dir.path(), &at(1_883)), at(21_000));
        assert_eq!(last_listened(dir.path(), &Config::default().mqtt.listen), at(21_000));
        assert_eq!(last_listened(dir.path(), &at(1_900)), at(1_900), "the keeper has changed the file since");
        assert_eq!(last_name(dir.path()).as_deref(), Some("Oak"));
        let written = || std::fs::metadata(dir.path().join(FILE)).unwrap().modified().unwrap();
        let before = written();
        keep_listened(dir.path(), at(1_883), at(21_000), "Oak".into()).unwrap();
        assert_eq!(written(), before, "a start that changes nothing wears no card");
        for strange in ["", "{\"v\":2,\"said\":[],\"listened\":[]}"] {
            std::fs::write(dir.path().join(FILE), strange).unwrap();
            assert_eq!(last_listened(dir.path(), &at(1_883)), at(1_883));
        }
        keep_listened(dir.path(), at(1_883), at(21_001), String::new()).unwrap();
        assert_eq!(last_name(dir.path()), None);
        assert_eq!(last_listened(dir.path(), &at(1_883)), at(21_001));
    }
}
