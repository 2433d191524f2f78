//! What happened and why, in the keeper's language: bundles, links, alarms, sizes. By the code of a cause, never by its sentence.

use maud::{html, Markup};

use crate::carry::{Said, Why};
use crate::web::pages::said;
use crate::web::view::View;

/// Units of a size, each 1024 of the one before.
const UNITS: [&str; 4] = ["keeper-size-kib", "keeper-size-mib", "keeper-size-gib", "keeper-size-tib"];

/// One thing that a bundle came to.
pub(super) fn told(view: &View, one: &Said) -> Markup {
    let count = |id: &str, n: u64| html! { (view.lang.say_with(id, &[("n", n.into())])) };
    match one {
        Said::Took(posts) => count("keeper-bundle-took", *posts),
        Said::Known(posts) => count("keeper-bundle-known", *posts),
        Said::Left(posts) => count("keeper-bundle-left", *posts),
        Said::NothingNew => html! { (view.say("keeper-bundle-nothing")) },
        Said::OwnFile => html! { (view.say("keeper-bundle-own")) },
        Said::By { name, id, posts } => {
            let marks = [("name", said(name)), ("id", latin(id))];
            view.lang.mark("keeper-bundle-by", &[("n", (*posts).into())], &marks)
        }
        Said::Forked { id } => view.lang.mark("keeper-alarm-forked", &[], &[("gateway", latin(id))]),
        Said::Refused { file, why: cause } => html! {
            (view.lang.mark("keeper-bundle-refused", &[], &[("file", said(file))])) " " (why(view, cause))
        },
        Said::Failed(cause) => why(view, cause),
    }
}

/// Why a bundle came to nothing.
fn why(view: &View, why: &Why) -> Markup {
    let id = match why {
        Why::File => "keeper-why-file",
        Why::Full => "keeper-no-room",
        Why::NotABundle => "keeper-why-other",
        Why::Newer => "keeper-why-newer",
        Why::CutShort => "keeper-why-cut",
        Why::Damaged => "keeper-why-damaged",
        Why::Changed(id) => return view.lang.mark("keeper-why-changed", &[], &[("gateway", latin(id))]),
        Why::OtherNetwork(name) => return view.lang.mark("keeper-why-network", &[], &[("network", said(name))]),
        Why::Refused => "keeper-why-refused",
        Why::NotKept => "keeper-why-not-kept",
        Why::Gateway => "keeper-why-gateway",
    };
    html! { (view.say(id)) }
}

/// Why there is no link, by the code that stands beside the sentence (`LinkFault::code`): the message's id.
pub(super) fn link(code: &str) -> &'static str {
    match code {
        "future_version" | "refused_version" => "keeper-link-version",
        "unexpected" | "too_large" => "keeper-link-unexpected",
        "other_network" | "refused_network" => "keeper-link-network",
        "unknown" | "refused_stranger" => "keeper-link-stranger",
        "unproven" => "keeper-link-unproven",
        "altered" => "keeper-link-altered",
        "refused_busy" => "keeper-link-busy",
        "refused_not_me" => "keeper-link-not-me",
        "refused_crossed" => "keeper-link-crossed",
        "silent" => "keeper-link-silent",
        "ended" => "keeper-link-ended",
        "unread" => "keeper-link-slow",
        "replaced" => "keeper-link-replaced",
        "closed" => "keeper-link-closed",
        "unreachable" => "keeper-link-unreachable",
        _ => "keeper-link-ours",
    }
}

/// What a keeper must hear of (`Alarm::code`). `gateway`: the beginning of the id of whose log it is.
pub(super) fn alarm(view: &View, code: &str, gateway: &str) -> Markup {
    let id = match code {
        "forked" => "keeper-alarm-forked",
        "rolled_back" => return html! { (view.say("keeper-alarm-rolled-back")) },
        "cloned" => return html! { (view.say("keeper-alarm-cloned")) },
        "quota_full" => "keeper-alarm-full",
        _ => return html! { (view.say("keeper-copied")) },
    };
    view.lang.mark(id, &[], &[("gateway", latin(gateway))])
}

/// At which door somebody was refused.
pub(super) fn door(view: &View, door: &'static str) -> String {
    match door {
        "http" => view.say("keeper-door-page"),
        "keeper" => view.say("keeper-door-keeper"),
        // A name, the same in every language.
        _ => "MQTT".to_owned(),
    }
}

/// Why somebody was refused, by the code that programs get: the message's id.
pub(super) fn refused(code: &str) -> &'static str {
    match code {
        "empty" | "missing" | "too_long" | "wrong_value" | "control_character" | "unknown_field" | "kind_mismatch"
        | "not_utf8" | "payload_too_large" => "keeper-refused-form",
        "not_json" | "not_a_record" | "unknown_version" | "unknown_kind" | "bad_request" | "method_not_allowed"
        | "unknown_method" | "wrong_type" | "not_websocket" => "keeper-refused-program",
        "bad_signature" | "wrong_key" | "wrong_epoch" | "not_a_founder" | "gateways_only" | "members_only"
        | "old_question" => "keeper-refused-signature",
        "wrong_code" | "not_yours" => "keeper-refused-code",
        "wrong_pin" | "bad_pin" | "not_hosted" | "not_a_card" | "unknown_card" | "card_elsewhere" => {
            "keeper-refused-pin"
        }
        "too_many_guesses" | "too_many_tries" => "keeper-refused-guesses",
        "too_many_posts" => "keeper-refused-posts",
        "too_many_connections" | "too_many_watchers" => "keeper-refused-connections",
        "unknown_item" | "unknown_claim" => "refusal-gone",
        "not_found" => "fault-not-found",
        "wrong_state" | "already_open_now" | "not_in_stock" => "refusal-state",
        "elsewhere_only" | "at_home_only" => "keeper-refused-elsewhere",
        "too_many_open" => "keeper-refused-open",
        "gateway_full" | "ledger_full" | "too_many_accounts" => "refusal-full",
        "storage_full" => "refusal-disk",
        "busy" => "refusal-busy",
        "not_allowed" => "keeper-refused-not-allowed",
        "cross_site" => "fault-cross-site",
        "old_form" => "keeper-old-form",
        "wrong_host" => "keeper-refused-host",
        "too_slow" => "fault-too-slow",
        "address_too_long" => "fault-address",
        "broken" => "fault-broken",
        "storage_failed" | "damaged" => "keeper-why-gateway",
        "bundle_refused" => "keeper-why-refused",
        "not_the_keeper" => "keeper-refused-keeper",
        "over_limit" | "over_roaming" => "keeper-refused-limit",
        "not_next" => "keeper-refused-next",
        "frozen" => "keeper-refused-frozen",
        "unknown_record" | "wrong_record" | "already_founded" | "already_member" | "not_entered"
        | "already_entered" | "same_household" | "has_left" | "in_debt" | "to_self" | "other_community"
        | "unknown_unit" | "not_your_pay" | "already_resolved" | "too_few" | "too_early" | "not_a_proof"
        | "not_founded" | "unknown_member" => "keeper-refused-rules",
        _ => "refusal-other",
    }
}

/// A size in its largest fitting unit; number and unit never part at a line's end.
pub(super) fn bytes(view: &View, count: u64) -> String {
    let (mut size, mut unit) = (count as f64 / 1024.0, 0);
    if count < 1024 {
        return view.lang.say_with("keeper-size-bytes", &[("n", count.into())]);
    }
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let number = format!("{size:.1}").replace('.', &view.say("decimal-mark"));
    format!("{number}\u{a0}{}", view.say(UNITS[unit]))
}

fn latin(text: &str) -> Markup {
    html! { bdi dir="ltr" { (text) } }
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::*;
    use crate::peers::noise::{LinkFault, Refusal};
    use crate::web::words::Lang;

    fn views() -> impl Iterator<Item = View> {
        let uri = |lang: Lang| format!("/keeper?lang={}", lang.code()).parse().unwrap();
        Lang::all().map(move |lang| View::of(&HeaderMap::new(), &uri(lang), ""))
    }

    /// A keeper who reads no English would not know what became of the file, or why a neighbour stays silent.
    #[test]
    fn every_cause_has_words_of_its_own_in_every_language() {
        let whys = [
            Why::File,
            Why::Full,
            Why::NotABundle,
            Why::Newer,
            Why::CutShort,
            Why::Damaged,
            Why::Changed("ab<i>".into()),
            Why::OtherNetwork("oak <b>".into()),
            Why::Refused,
            Why::NotKept,
            Why::Gateway,
        ];
        let said = [
            Said::Took(3),
            Said::Known(2),
            Said::Left(1),
            Said::NothingNew,
            Said::OwnFile,
            Said::By { name: "Cedar <i>".into(), id: "cdcdcdcd".into(), posts: 2 },
            Said::Forked { id: "cdcdcdcd".into() },
        ];
        let refused = whys.map(|why| Said::Refused { file: "<x>.cbundle".into(), why });
        let faults = [
            LinkFault::FutureVersion(2),
            LinkFault::Unexpected,
            LinkFault::OtherNetwork,
            LinkFault::Unknown,
            LinkFault::Unproven,
            LinkFault::Altered,
            LinkFault::TooLarge(1),
            LinkFault::Refused(Refusal::Version),
            LinkFault::Refused(Refusal::Network),
            LinkFault::Refused(Refusal::Stranger),
            LinkFault::Refused(Refusal::Busy),
            LinkFault::Refused(Refusal::NotMe),
            LinkFault::Refused(Refusal::Crossed),
            LinkFault::Silent(25),
            LinkFault::Ended,
            LinkFault::Unread(9),
            LinkFault::Replaced,
            LinkFault::Closed("enough".into()),
            LinkFault::Unreachable("refused".into()),
        ];
        for fault in &faults {
            assert_ne!(link(fault.code()), "keeper-link-ours", "{fault}");
        }
        assert_eq!(link(LinkFault::Ours("x").code()), "keeper-link-ours");
        let all = |view: &View| -> Vec<String> {
            let told = said.iter().chain(&refused).map(|one| told(view, one).0);
            let links = faults.iter().map(|fault| view.say(link(fault.code())));
            let alarms = ["forked", "rolled_back", "cloned", "copied", "quota_full"];
            told.chain(links).chain(alarms.map(|code| alarm(view, code, "abababab").0)).collect()
        };
        let english = all(&View::of(&HeaderMap::new(), &"/keeper?lang=en".parse().unwrap(), ""));
        for view in views() {
            let sentences = all(&view);
            for (sentence, english) in sentences.iter().zip(&english) {
                assert!(
                    !sentence.contains('⟦') && !sentence.contains("<i>") && !sentence.contains("<b>"),
                    "{sentence}"
                );
                assert_eq!(sentence == english, view.lang == Lang::english(), "{:?}: {sentence}", view.lang);
            }
        }
    }

    /// A keeper would read `not_next` where a sentence should be. Every code that the sources can say has one of its own.
    #[test]
    fn every_refusal_is_a_sentence() {
        let sources = [
            include_str!("../../../core/src/admission/rejection.rs"),
            include_str!("../../../core/src/ledger/refusal.rs"),
            include_str!("../../hosted.rs"),
            include_str!("../../passes.rs"),
            include_str!("../answer.rs"),
        ];
        let mut codes = vec!["too_many_connections", "not_the_keeper", "bundle_refused"];
        for source in sources {
            let body = source.split("fn code(").nth(1).unwrap().split("\n    }\n").next().unwrap();
            codes.extend(body.split("=> \"").skip(1).map(|rest| rest.split('"').next().unwrap()));
        }
        assert!(codes.len() > 70, "{}", codes.len());
        for code in codes {
            assert_ne!(refused(code), "refusal-other", "{code}");
            for view in views() {
                let sentence = view.say(refused(code));
                assert!(!sentence.contains(['⟦', '{', '_']) && sentence.ends_with('.'), "{code}: {sentence}");
            }
        }
        assert_eq!(refused("what is to come"), "refusal-other");
    }

    /// "1 bytes", or a number at the end of one line and its unit at the beginning of the next.
    #[test]
    fn sizes_are_said_in_each_languages_units() {
        let said = |code: &str, count: u64| {
            let uri = format!("/keeper?lang={code}").parse().unwrap();
            bytes(&View::of(&HeaderMap::new(), &uri, ""), count)
        };
        assert_eq!((said("en", 1), said("en", 1_023)), ("1 byte".to_owned(), "1023 bytes".to_owned()));
        assert_eq!((said("en", 1_536), said("en", 1 << 40)), ("1.5\u{a0}KiB".to_owned(), "1.0\u{a0}TiB".to_owned()));
        assert_eq!((said("fr", 2), said("fr", 1_536)), ("2 octets".to_owned(), "1,5\u{a0}Kio".to_owned()));
        assert_eq!(said("ar", 3), "3 بايتات");
        assert!(said("en", u64::MAX).ends_with("TiB"));
    }
}
