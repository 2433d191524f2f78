//! `commonsd.example.toml` and `config show`: the table written out.

use super::key::{sections, Key, Shape, ENV_SHORT, KEYS};
use super::load::Loaded;
use super::value::Value;

const HEAD: &str = "\
# commonsd: every setting with its default. A line that begins with `# ` and a key is the default; to change one, take
# the `# ` away. Nothing here is needed: an empty file, or none, is a working gateway.
#
# Read from --config FILE, else from commonsd.toml in the data directory. Arguments win over environment variables
# (named in brackets), those over this file. `commonsd config check FILE` finds every mistake; `commonsd config show`
# says what holds and why. \"reload\" in the brackets: taken over by `systemctl reload commonsd` (SIGHUP); the others
# need a restart.
";

const WIDTH: usize = 118;

/// The example file, byte for byte.
pub fn example() -> String {
    let mut text = String::from(HEAD);
    for section in sections() {
        text.push_str(&format!("\n[{section}]\n"));
        for key in KEYS.iter().filter(|key| key.section == section) {
            text.push('\n');
            for line in wrapped(&describe(key), WIDTH - 2) {
                text.push_str(&format!("## {line}\n"));
            }
            text.push_str(&format!("# {} = {}\n", key.name, key.default()));
        }
    }
    text
}

/// What the setting means, its unit, range, default and variable.
fn describe(key: &Key) -> String {
    let range = match key.shape {
        Shape::Count(min, max) => format!(" From {min} to {max} {}.", key.unit),
        Shape::Bytes(..) => {
            let default = match key.default() {
                Value::Count(count) => super::key::bytes(count),
                other => other.to_string(),
            };
            format!(" In bytes, or such as \"64 MiB\": {}. Default {default}.", key.shape.expects(key.unit))
        }
        Shape::Text(_, max) => format!(" At most {max} bytes."),
        Shape::Addresses(max) | Shape::Keys(max) | Shape::Calls(max) | Shape::Interfaces(max) | Shape::Names(max) => {
            format!(" At most {max}.")
        }
        Shape::Path | Shape::Flag | Shape::Level | Shape::Wants(_) => String::new(),
    };
    let short: String = ENV_SHORT
        .iter()
        .filter(|(_, section, name)| *section == key.section && *name == key.name)
        .map(|(short, ..)| format!(" or {short}"))
        .collect();
    let reload = if key.reload { "; reload" } else { "" };
    format!("{}{range} ({}{short}{reload})", key.doc, key.env())
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("one line is always there");
        if !line.is_empty() && line.len() + 1 + word.len() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// `config show` for people: TOML with the origin behind each value.
pub fn show(loaded: &Loaded) -> String {
    let mut text = match &loaded.file {
        Some(file) => format!("# file: {}\n", file.display()),
        None => "# no file was read\n".to_owned(),
    };
    for section in sections() {
        text.push_str(&format!("\n[{section}]\n"));
        for (key, origin) in KEYS.iter().zip(&loaded.origins) {
            if key.section == section {
                let set = format!("{} = {}", key.name, key.shown(&loaded.config));
                text.push_str(&format!("{set:<44} # {origin}\n"));
            }
        }
    }
    text
}

/// `config show --json`.
pub fn show_json(loaded: &Loaded) -> serde_json::Value {
    let mut settings = serde_json::Map::new();
    for (key, origin) in KEYS.iter().zip(&loaded.origins) {
        settings.insert(
            key.path(),
            serde_json::json!({
                "value": key.shown(&loaded.config).json(),
                "from": origin.to_string(),
                "unit": key.unit,
                "reload": key.reload,
            }),
        );
    }
    serde_json::json!({
        "v": 1,
        "file": loaded.file.as_ref().map(|file| file.to_string_lossy()),
        "warnings": loaded.warnings,
        "settings": settings,
    })
}
