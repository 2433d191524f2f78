//! `commons-result.txt`: what came of the last start, in words for whoever put the card in. Pure.

use crate::files::{self, Off, ADDRESS};
use crate::lines::{shown, Note};
use crate::settings::Settings;
use crate::start::Keeper;
use crate::text::Written;

/// Everything there is to tell.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The gateway's name.
    pub name: String,
    /// The machine has a Wi-Fi.
    pub radio: bool,
    /// The data partition is there.
    pub data_there: bool,
    /// The file.
    pub written: Written,
    /// What holds.
    pub settings: Settings,
    /// What is to be said of its lines.
    pub notes: Vec<Note>,
    /// The daemon's configuration is somebody's own.
    pub own: bool,
    /// What came of the keeper's password.
    pub keeper: Keeper,
    /// Which program runs, as a sentence.
    pub program: String,
    /// What came of the last update; empty: there was none.
    pub update: String,
}

/// Why somebody must look here: the light blinks fast. None: all is well.
pub fn attention(outcome: &Outcome) -> Option<String> {
    if !outcome.data_there {
        return Some("The card's data partition cannot be used. The gateway does not start.".into());
    }
    match files::wifi(&outcome.settings) {
        Err(Off::NoCountry) if outcome.radio => {
            Some("The Wi-Fi is off: commons.toml does not say in which country the box stands.".into())
        }
        Err(Off::Password) => Some("The Wi-Fi is off: its password cannot be used.".into()),
        _ if matches!(outcome.written, Written::Unusable(_)) => Some("commons.toml cannot be read.".into()),
        _ if matches!(outcome.keeper, Keeper::Refused(_)) => Some("The keeper's password was not taken.".into()),
        _ if outcome.notes.iter().any(|note| note.faulty) => Some("A line of commons.toml was left out.".into()),
        _ => None,
    }
}

/// The file's text.
pub fn text(outcome: &Outcome) -> String {
    let settings = &outcome.settings;
    let mut text = String::from("What came of commons.toml at the last start of this gateway\n\n");
    text.push_str(&match attention(outcome) {
        Some(why) => format!("LOOK HERE: {why}\n\n"),
        None => "All is well.\n\n".into(),
    });
    let mut row = |name: &str, value: String| text.push_str(&format!("  {name:<10}{value}\n"));
    row("name", outcome.name.clone() + if settings.name.is_none() { " (made from its key)" } else { "" });
    match files::wifi(settings) {
        Ok(()) => {
            let closed = if settings.wifi_password.is_some() { "with its password" } else { "open to all" };
            let country = settings.country.as_deref().unwrap_or_default();
            row("Wi-Fi", format!("{}, {closed}, by the rules of {country}", files::wifi_name(settings, &outcome.name)));
            row("page", format!("http://{ADDRESS}/"));
        }
        Err(Off::NoCountry) => {
            row("Wi-Fi", "off. Write the country, such as  country = \"BR\"".into());
            row("page", "over the network cable only".into());
        }
        Err(Off::Password) => {
            row("Wi-Fi", "off until its password can be used".into());
            row("page", "over the network cable only".into());
        }
    }
    if let Some(language) = &settings.language {
        row("language", format!("{language}, where a phone asks for none that the page speaks"));
    }
    row(
        "keeper",
        match (&outcome.keeper, &settings.keeper_key) {
            (Keeper::Set, _) => "password taken; you may take its line out of the file. Page: /keeper".into(),
            (Keeper::AsBefore, _) => "password taken at an earlier start. Page: /keeper".into(),
            (Keeper::Refused(why), _) => format!("password not taken: {}", shown(why)),
            (Keeper::NotSaid, Some(_)) => "by key. Page: /keeper".into(),
            (Keeper::NotSaid, None) => "nothing said here".into(),
        },
    );
    row("mesh", settings.mesh.clone().unwrap_or_else(|| "off".into()));
    row("program", outcome.program.clone());
    if !outcome.update.is_empty() {
        row("update", outcome.update.clone());
    }
    text.push_str("\ncommons.toml:\n");
    text.push_str(&match &outcome.written {
        Written::Missing => "  is not there. What held before holds on; at the first start, what is safe.\n".to_owned(),
        Written::Unusable(why) => format!("  {why} What held before holds on.\n"),
        Written::Text(_) if outcome.notes.is_empty() => "  was read without a remark.\n".into(),
        Written::Text(_) => {
            outcome.notes.iter().map(|note| format!("  line {}: {}\n", note.line, note.words)).collect()
        }
    });
    if outcome.own {
        text.push_str(
            "\nThe daemon's configuration, /var/lib/commonsd/commonsd.toml, is somebody's own and was left as it is.\n",
        );
    }
    text.push_str(
        "\nThe light: slow = it works; steady = the USB stick may be taken out; fast = look into this file.\n\
         To change something: switch off, put the card into a computer, edit commons.toml, put it back.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> Outcome {
        Outcome {
            name: "Block 7".into(),
            radio: true,
            data_there: true,
            written: Written::Text("x".into()),
            settings: Settings { country: Some("BR".into()), name: Some("Block 7".into()), ..Settings::default() },
            notes: Vec::new(),
            own: false,
            keeper: Keeper::NotSaid,
            program: "commonsd 0.1.0, as it was on the card".into(),
            update: String::new(),
        }
    }

    #[test]
    fn whoever_opens_the_file_reads_first_whether_he_has_to_do_something() {
        // A volunteer would leave with the Wi-Fi off.
        let well = text(&outcome());
        assert!(
            well.contains("\nAll is well.\n") && well.contains("Block 7, open to all, by the rules of BR"),
            "{well}"
        );
        let note = Note { line: 3, words: "it has no `=`.".into(), faulty: true };
        for (bad, first) in [
            (Outcome { settings: Settings::default(), ..outcome() }, "in which country"),
            (Outcome { data_there: false, ..outcome() }, "data partition"),
            (Outcome { written: Written::Unusable("It is not text.".into()), ..outcome() }, "cannot be read"),
            (Outcome { notes: vec![note], ..outcome() }, "A line"),
            (Outcome { keeper: Keeper::Refused("no".into()), ..outcome() }, "keeper's password"),
        ] {
            let said = text(&bad);
            let line = said.lines().nth(2).unwrap_or_default();
            assert!(line.starts_with("LOOK HERE: ") && line.contains(first), "{line}");
        }
        // Without a radio there is nothing to mend about the country.
        assert_eq!(attention(&Outcome { settings: Settings::default(), radio: false, ..outcome() }), None);
    }

    #[test]
    fn no_password_stands_in_it() {
        // Whoever borrows the card's reader would read it; on a poster it is by choice.
        let mut secret = outcome();
        secret.settings.wifi_password = Some("lamp river".into());
        secret.settings.keeper_password = Some("three words".into());
        secret.keeper = Keeper::Set;
        let said = text(&secret);
        assert!(!said.contains("lamp river") && !said.contains("three words") && said.contains("with its password"));
    }
}
