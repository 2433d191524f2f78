use std::collections::{BTreeMap, BTreeSet};

use maud::html;

use super::*;

/// Messages of one file, each with its text.
fn messages(source: &str) -> BTreeMap<&str, String> {
    let mut found = BTreeMap::new();
    let mut current = None;
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            Some((id, text)) => {
                assert!(found.insert(id, text.to_owned()).is_none(), "{id} is there twice");
                current = Some(id);
            }
            None => {
                if let Some(text) = current.and_then(|id| found.get_mut(id)) {
                    text.push('\n');
                    text.push_str(line);
                }
            }
        }
    }
    found
}

fn variables(text: &str) -> BTreeSet<&str> {
    let after = text.split('$').skip(1);
    after.map(|rest| &rest[..rest.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(rest.len())]).collect()
}

/// A neighbour would meet a page that is half in a language he cannot read, or a sentence without its number.
#[test]
fn every_language_says_the_same_with_the_same_variables() {
    let english = messages(Lang::english().source());
    for lang in Lang::all() {
        let errors = FluentResource::try_new(lang.source().to_owned()).map_err(|(_, errors)| errors);
        assert!(errors.is_ok(), "{lang:?}: {:?}", errors.err());
        let own = messages(lang.source());
        let ids = |of: &BTreeMap<&str, String>| of.keys().map(|id| id.to_string()).collect::<BTreeSet<_>>();
        let (missing, odd) = (&ids(&english) - &ids(&own), &ids(&own) - &ids(&english));
        assert!(missing.is_empty() && odd.is_empty(), "{lang:?}: missing {missing:?}, not in English {odd:?}");
        for (id, text) in &own {
            assert_eq!(variables(text), variables(&english[id]), "{lang:?}: {id}");
            assert!(!text.trim().is_empty(), "{lang:?}: {id} is empty");
        }
        assert!(["ltr", "rtl"].contains(&lang.direction().as_str()), "{lang:?}");
    }
}

/// A gateway's name could run as a program on every phone, or be lost from the sentence.
#[test]
fn markup_in_a_sentence_is_the_only_markup() {
    let footer = Lang::english().mark("footer", &[], &[("gateway", html! { bdi { "Maple <b>" } })]).0;
    assert!(footer.contains("from <bdi>Maple &lt;b&gt;</bdi>'s gateway"), "{footer}");
    assert!(Lang::all().count() >= 5 && Lang::all().next() == Some(Lang::english()));
}

/// Sources of the room's code and scripts, without these tests.
fn sources() -> String {
    fn walk(folder: &std::path::Path, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
            match path.is_dir() {
                true if path.ends_with("tests") => {}
                true => walk(&path, into),
                false if matches!(kind, "rs" | "js" | "mjs") && !path.ends_with("words/tests.rs") => {
                    into.push_str(&std::fs::read_to_string(&path).unwrap());
                }
                false => {}
            }
        }
    }
    let mut text = String::new();
    walk(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &mut text);
    text
}

/// Messages whose ids are put together from a name of the core's.
fn families() -> BTreeSet<String> {
    use commons_core::record::{Category, Certainty, Severity, Urgency};
    use commons_core::views::item::{ItemKind, Status};
    let mut ids = BTreeSet::new();
    let mut add = |family: &str, names: &mut dyn Iterator<Item = &'static str>| {
        ids.extend(names.map(|name| format!("{family}-{}", name.replace('_', "-"))));
    };
    add("category", &mut Category::ALL.iter().map(|one| one.name()));
    add("urgency", &mut Urgency::ALL.iter().map(|one| one.name()));
    add("severity", &mut Severity::ALL.iter().map(|one| one.name()));
    add("certainty", &mut Certainty::ALL.iter().map(|one| one.name()));
    add("status", &mut Status::ALL.iter().map(|one| one.name()));
    add("claim", &mut ["assigned", "underway", "done", "standby", "no_show", "withdrawn"].into_iter());
    for family in ["kind", "empty", "older"] {
        add(family, &mut ItemKind::ALL.iter().map(|one| one.name()));
    }
    add("credit-status", &mut ["newcomer", "member", "pot", "left", "frozen"].into_iter());
    add("credit-custody", &mut commons_core::record::Custody::ALL.iter().map(|one| one.name()));
    ids.insert("kind-all".to_owned());
    ids
}

/// A translator would work for nothing, or a neighbour would read an id where a sentence should be.
#[test]
fn every_message_is_used_and_every_used_one_is_there() {
    let (sources, families) = (sources(), families());
    let known = messages(Lang::english().source());
    let quoted = |id: &str| ['"', '\'', '`'].iter().any(|quote| sources.contains(&format!("{quote}{id}{quote}")));
    let unused: Vec<_> = known.keys().filter(|id| !families.contains(**id) && !quoted(id)).collect();
    assert!(unused.is_empty(), "unused: {unused:?}");
    let missing: Vec<_> = families.iter().filter(|id| !known.contains_key(id.as_str())).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    for call in ["say(\"", "say_with(\"", "mark(\"", "lang, \"", "lang, field, \""] {
        for rest in sources.split(call).skip(1) {
            let id = &rest[..rest.find('"').unwrap_or(0)];
            let ours = known.keys().any(|known| known == &id);
            assert!(ours || !id.contains('-'), "{call}{id}: no such message");
        }
    }
}

/// English plurals would be left standing in a language that has more of them.
#[test]
fn every_language_has_all_its_plural_forms() {
    for lang in Lang::all() {
        let own = messages(lang.source());
        let mut counted = own.values().filter(|text| text.contains("{ $n ->")).peekable();
        assert!(counted.peek().is_some(), "{lang:?}");
        let forms: &[&str] = match lang.code() {
            "ar" => &["[zero]", "[one]", "[two]", "[few]", "[many]", "*[other]"],
            _ => &["[one]", "*[other]"],
        };
        for text in counted {
            assert!(forms.iter().all(|form| text.contains(form)), "{lang:?}: {text}");
        }
    }
}
