//! What a community has agreed on for its ledger: the founding record, to be read and not to be changed here.

use commons_core::ledger::{CovenantCard, DecisionCard};
use maud::{html, Markup};

use super::overview::{rows, span};
use crate::cli::plain;
use crate::inbox::Covenant;
use crate::web::credit::decisions::list;
use crate::web::pages::said;
use crate::web::view::View;

/// The section of the page. None: the writer did not answer.
pub(super) fn section(view: &View, covenants: Option<&[Covenant]>) -> Markup {
    html! {
        section aria-labelledby="covenant" {
            h2 #covenant { (view.say("keeper-covenant")) }
            @match covenants {
                None => p.quiet { (view.say("fault-away")) },
                Some([]) => {
                    p.quiet { (view.say("keeper-covenant-none")) }
                    p { (view.say("keeper-covenant-how")) }
                    pre dir="ltr" { "commonsd init --found" }
                }
                Some(all) => @for covenant in all { (one(view, covenant)) }
            }
        }
    }
}

/// What households propose and have decided: to be read here; members agree on their own pages.
pub(super) fn decisions(view: &View, covenant: &CovenantCard, all: &[DecisionCard]) -> Markup {
    html! {
        section aria-labelledby="decisions" {
            h2 #decisions { (view.say("credit-decisions")) }
            @if all.is_empty() { p.quiet { (view.say("credit-decisions-none")) } }
            @else {
                p.hint { (view.say("keeper-decisions-how")) }
                (list(view, covenant, all, false))
            }
        }
    }
}

fn one(view: &View, covenant: &Covenant) -> Markup {
    let found = &covenant.found;
    let ltr = |text: String| html! { bdi dir="ltr" { (text) } };
    let units = html! {
        ul {
            @for unit in &found.units {
                li { (view.lang.mark("keeper-covenant-limit", &[], &[
                    ("unit", said(&unit.name)),
                    ("limit", ltr(plain::quantity(i64::try_from(unit.limit).unwrap_or(i64::MAX), unit.scale))),
                ])) }
            }
        }
    };
    let founders = html! {
        ul {
            @for founder in &found.founders {
                li { (said(&founder.facts.pseudonym)) " (" (said(&founder.facts.household)) ", " (ltr(founder.facts.home.short())) ")" }
            }
        }
    };
    let all = [
        (view.say("keeper-covenant-units"), units),
        (view.say("keeper-covenant-roaming"), ltr(format!("{} %", found.roaming_percent))),
        (view.say("keeper-covenant-quorum"), html! { (found.quorum) }),
        (view.say("keeper-covenant-recovery"), html! { (span(view, u64::from(found.recovery_delay_s))) }),
        (view.say("keeper-covenant-founders"), founders),
        (view.say("keeper-covenant-id"), ltr(covenant.id.short())),
        (view.say("keeper-covenant-records"), html! { (covenant.records) }),
    ];
    html! { h3 { (said(&found.name)) } (rows(&all)) }
}
