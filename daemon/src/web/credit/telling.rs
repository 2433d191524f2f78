//! Amounts, units, lights, people and refusals of the ledger in words.

use commons_core::admission::Rejection;
use commons_core::clock::rfc3339;
use commons_core::ledger::{Lights, MemberCard, MovementState, Payslip, Refusal, UnitCard};
use maud::{html, Markup};

use super::amount;
use super::seat::Seat;
use crate::web::pages::fields::Problem;
use crate::web::pages::{said, words};
use crate::web::view::View;
use crate::web::words::Lang;
use crate::web::{time, Web};

/// Hex digits of an id that people read to each other.
pub(super) const SHORT_DIGITS: usize = 8;

/// Units that most communities count, as each language calls them. Others are called as the covenant does.
const KNOWN: [(&str, &str); 4] =
    [("hour", "unit-hour"), ("credit", "unit-credit"), ("kg-rice", "unit-kg-rice"), ("kWh", "unit-kwh")];

/// A unit's name.
pub(super) fn unit(view: &View, name: &str) -> String {
    KNOWN.iter().find(|(known, _)| *known == name).map_or_else(|| name.to_owned(), |(_, id)| view.say(id))
}

/// "−1:30 hours"
pub(super) fn quantity(view: &View, parts: i64, name: &str, scale: u32, always: bool) -> Markup {
    let number = amount::signed(parts, scale, &view.say("decimal-mark"), always);
    html! { bdi dir="ltr" { (number) } " " (said(&unit(view, name))) }
}

/// The same of a unit of the covenant by its place.
pub(super) fn of_unit(view: &View, unit: &UnitCard, parts: i64) -> Markup {
    quantity(view, parts, &unit.name, unit.scale, false)
}

/// What can be read to somebody, or typed, for a whole id.
pub(super) fn short(id: &str) -> &str {
    id.get(..SHORT_DIGITS).unwrap_or(id)
}

/// A member: what he goes by, his household, his short id.
pub(super) fn person(view: &View, card: &MemberCard) -> Markup {
    html! {
        strong { (said(&card.pseudonym)) } " · " (said(&card.household)) " · " bdi dir="ltr" { (short(&card.id)) }
        @if card.status != "member" { " · " (view.say(&format!("credit-status-{}", card.status))) }
    }
}

fn light_words(lights: Lights) -> (&'static str, &'static str) {
    match lights {
        Lights::Noted => ("noted", "credit-light-noted"),
        Lights::Stamped => ("kept", "credit-light-stamped"),
        Lights::Confirmed => ("reached", "credit-light-confirmed"),
    }
}

/// One of the three lights, always in words too.
pub(super) fn light(view: &View, lights: Lights) -> Markup {
    let (class, words) = light_words(lights);
    html! { span class={ "light " (class) } aria-hidden="true" {} span data-light=(class) { (view.say(words)) } }
}

/// Where a payment stands, for one of its sides.
pub(super) fn state(view: &View, slip: &Payslip) -> Markup {
    let id = match (slip.state, slip.amount < 0) {
        (MovementState::Pending, true) => "credit-state-waits",
        (MovementState::Pending, false) => "credit-state-yours",
        (MovementState::Settled, _) => "credit-state-settled",
        (MovementState::Declined, true) => "credit-state-declined",
        (MovementState::Declined, false) => "credit-state-you-declined",
        (MovementState::Returned, _) => "credit-state-returned",
    };
    view.lang.mark(id, &[], &[("name", said(&slip.name))])
}

/// "from Ben" or "to Ben".
pub(super) fn with(view: &View, slip: &Payslip) -> Markup {
    let id = if slip.amount < 0 { "credit-with-to" } else { "credit-with-from" };
    view.lang.mark(id, &[], &[("name", said(&slip.name))])
}

/// A payment in a list.
pub(super) fn card(web: &Web, view: &View, seat: &Seat, slip: &Payslip) -> Markup {
    let scale = seat.unit(slip.index).map_or(1, |unit| unit.scale);
    let now = time::now(&web.inbox.health().borrow());
    html! {
        li.item data-payment=(slip.id) {
            h3 {
                a href=(view.to(&format!("/credit/payment/{}", slip.id))) {
                    (quantity(view, slip.amount, &slip.unit, scale, true)) " " (with(view, slip))
                }
            }
            @if !slip.memo.is_empty() { p.text { (said(&slip.memo)) } }
            p.facts {
                (state(view, slip))
                @if !slip.disputes.is_empty() { " · " strong { (view.say("credit-disputed")) } }
                @if let Some(ago) = time::ago(view.lang, &rfc3339(slip.created), 0, now) { " · " (ago) }
            }
            (lights(view, slip))
        }
    }
}

/// A payment's light, and that of its answer.
pub(super) fn lights(view: &View, slip: &Payslip) -> Markup {
    html! {
        p.facts data-lights="payment" { (view.say("credit-light-payment")) " " (light(view, slip.lights)) }
        @if let Some(answer) = slip.answer_lights {
            p.facts data-lights="answer" { (view.say("credit-light-answer")) " " (light(view, answer)) }
        }
    }
}

/// Why something was not said, beside the field it speaks of.
pub(super) fn problem(view: &View, seat: Option<&Seat>, index: u8, rejection: &Rejection) -> Problem {
    const FIELDS: [&str; 9] =
        ["amount", "to", "unit", "memo", "text", "pseudonym", "household", "guardians", "threshold"];
    let field = rejection.field().filter(|field| FIELDS.contains(field)).unwrap_or_default();
    let sentence = match rejection {
        Rejection::Ledger(refusal) => refused(view.lang, seat, index, refusal),
        other => words::refusal(view.lang, other),
    };
    Problem { field: field.to_owned(), sentence }
}

fn refused(lang: Lang, seat: Option<&Seat>, index: u8, refusal: &Refusal) -> String {
    let amount = |parts: u64| {
        let unit = seat.and_then(|seat| seat.unit(index));
        amount::number(parts, unit.map_or(1, |unit| unit.scale), &lang.say("decimal-mark"))
    };
    match refusal {
        Refusal::OverLimit { limit } => lang.say_with("credit-no-limit", &[("left", amount(*limit).into())]),
        Refusal::OverRoaming { limit, .. } => lang.say_with("credit-no-roaming", &[("left", amount(*limit).into())]),
        Refusal::TooEarly { retry_s } => {
            lang.say_with("credit-no-early", &[("span", time::span(lang, *retry_s).into())])
        }
        Refusal::TooFew { found, limit } => {
            lang.say_with("credit-no-few", &[("found", (*found).into()), ("limit", (*limit).into())])
        }
        Refusal::NotNext { .. } | Refusal::WrongEpoch { .. } => lang.say("credit-no-next"),
        Refusal::WrongKey => lang.say("credit-no-key"),
        Refusal::AlreadyMember => lang.say("credit-no-twice"),
        Refusal::NotEntered => lang.say("credit-no-entered"),
        Refusal::AlreadyEntered => lang.say("credit-no-again"),
        Refusal::SameHousehold => lang.say("credit-no-household"),
        Refusal::HasLeft => lang.say("credit-no-left"),
        Refusal::InDebt => lang.say("credit-no-debt"),
        Refusal::ToSelf => lang.say("credit-no-self"),
        Refusal::AtHomeOnly { .. } => lang.say("credit-no-home"),
        Refusal::NotYourPay => lang.say("credit-no-yours"),
        Refusal::AlreadyResolved { .. } => lang.say("credit-no-answered"),
        Refusal::Frozen => lang.say("credit-no-frozen"),
        Refusal::Full { .. } => lang.say("refusal-full"),
        _ => lang.say("refusal-other"),
    }
}
