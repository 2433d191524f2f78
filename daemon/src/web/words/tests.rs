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
