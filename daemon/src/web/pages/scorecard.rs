//! The scorecard: how the community gives and takes, month by month. Sums only, and only of cells that five households have a
//! part in; what is about one person is told to that person and stands on no page for everybody.

use commons_core::scorecard::{MonthState, NeedState, ScorecardState, UnitState};
use hyper::StatusCode;
use maud::{html, Markup};

use super::stock::date;
use super::{icons, page, said, words};
use crate::web::answer::{Answer, Fault};
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::{time, Web};

/// Lunations shown in full; older ones open on a tap.
const OPEN: usize = 2;

/// `GET /scorecard`
pub(in crate::web) async fn show(web: &Web, head: &Head) -> Result<Answer, Fault> {
    let card = web.inbox.scorecard().await;
    if web.is_writer_gone() {
        return Err(Fault::Away);
    }
    let view = &head.view;
    let content = html! {
        h1 { (icons::icon("score")) (view.say("score")) }
        p { (view.say("score-lead")) }
        (community(view, &card))
        @for (at, month) in card.lunations.iter().enumerate() {
            @if at < OPEN {
                section aria-labelledby={ "month" (at) } {
                    h2 id={ "month" (at) } { (title(view, month)) }
                    (figures(view, at, month))
                }
            } @else {
                div { details { summary { (title(view, month)) } (figures(view, at, month)) } }
            }
        }
        h2 { (view.say("score-words")) }
        @for message in ["score-words-given", "score-words-velocity", "score-words-uneven", "score-words-needs"] {
            p { (view.say(message)) }
        }
        p { (view.say("score-own")) }
        p { (view.say("score-not-kept")) }
        p.screen { a href=(view.to("/stock")) { (view.say("stock")) } " · " a href=(view.to("/")) { (view.say("to-board")) } }
    };
    Ok(Answer::page(StatusCode::OK, page(web, view, &view.say("score"), content)))
}

fn community(view: &View, card: &ScorecardState) -> Markup {
    html! {
        @if card.covenant.is_none() { p { (view.say("score-nobody")) } }
        @else {
            p {
                strong { (said(&card.community)) } " · "
                (view.lang.say_with("score-households-of", &[("n", card.households.into())])) " · "
                (view.lang.say_with("score-members-of", &[("n", card.members.into())]))
            }
        }
    }
}

fn title(view: &View, month: &MonthState) -> Markup {
    html! {
        (view.lang.mark("score-month", &[], &[("from", date(&month.from)), ("until", date(&month.until))]))
        @if !month.over { " (" (view.say("score-so-far")) ")" }
    }
}

fn figures(view: &View, at: usize, month: &MonthState) -> Markup {
    let units: Vec<&UnitState> = month.units.iter().filter(|unit| unit.few || unit.circulation.is_some()).collect();
    html! {
        @if month.is_empty() { p.quiet { (view.say("score-quiet")) } }
        @if !month.needs.is_empty() { (needs(view, at, &month.needs)) }
        @if !units.is_empty() { (flows(view, at, &units)) }
        @if let Some(percent) = month.reliance {
            p { (view.lang.say_with("score-reliance", &[("percent", percent.into())])) }
        }
        @for unit in units {
            @let name = [("unit", said(&unit.unit))];
            @if unit.uneven == Some(true) { p.warned { (icons::icon("now")) (view.lang.mark("score-uneven", &[], &name)) } }
            @if unit.few_hands == Some(true) { p.warned { (icons::icon("now")) (view.lang.mark("score-few-hands", &[], &name)) } }
        }
    }
}

/// One figure: its message, and what it is in each column.
type Row = (&'static str, Vec<Markup>);

/// A table that scrolls by itself where the phone is narrow, by finger and by keyboard. Figures stand below one another, so
/// that it seldom has to.
fn table(view: &View, id: &str, (caption, corner): (&str, &str), heads: &[Markup], rows: &[Row]) -> Markup {
    html! {
        div.wide role="region" tabindex="0" aria-labelledby=(id) {
            table {
                caption id=(id) { (view.say(caption)) }
                thead { tr {
                    th scope="col" { (view.say(corner)) }
                    @for head in heads { th.number scope="col" { (head) } }
                } }
                tbody { @for (figure, cells) in rows {
                    tr { th scope="row" { (view.say(figure)) } @for cell in cells { td.number { (cell) } } }
                } }
            }
        }
    }
}

/// What stands in a cell: a figure, "none", or that it is not for everybody.
fn cell(few: bool, figure: Option<Markup>) -> Markup {
    match (few, figure) {
        (true, _) => html! { bdi dir="ltr" { "< 5" } },
        (false, Some(figure)) => figure,
        (false, None) => html! { "–" },
    }
}

fn needs(view: &View, at: usize, needs: &[NeedState]) -> Markup {
    let heads: Vec<Markup> = needs.iter().map(|need| html! { (words::urgency(view.lang, need.urgency)) }).collect();
    let row = |message: &'static str, figure: &dyn Fn(&NeedState) -> Option<Markup>| -> Row {
        (message, needs.iter().map(|need| cell(need.few, figure(need))).collect())
    };
    let count = |count: Option<u32>| count.map(|count| html! { (count) });
    let rows = [
        row("score-asked", &|need| count(need.asked)),
        row("score-helped", &|need| count(need.fulfilled)),
        row("score-unmet", &|need| count(need.unmet)),
        row("score-open", &|need| count(need.open)),
        row("score-percent", &|need| need.fulfilled_percent.map(|percent| html! { (percent) " %" })),
        row("score-wait", &|need| {
            need.assigned_median_min.map(|minutes| html! { (time::span(view.lang, minutes * 60)) })
        }),
    ];
    html! {
        (table(view, &format!("needs{at}"), ("score-needs", "score-urgency"), &heads, &rows))
        @if needs.iter().any(|need| need.few) { p.hint { (view.say("score-few-people")) } }
    }
}

fn flows(view: &View, at: usize, units: &[&UnitState]) -> Markup {
    let heads: Vec<Markup> = units.iter().map(|unit| said(&unit.unit)).collect();
    let row = |message: &'static str, figure: &dyn Fn(&UnitState) -> Option<Markup>| -> Row {
        (message, units.iter().map(|unit| cell(unit.few, figure(unit))).collect())
    };
    let sum = |unit: &UnitState, parts: u64| {
        html! { (words::amount(view.lang, i64::try_from(parts).unwrap_or(i64::MAX), unit.scale)) }
    };
    let rows = [
        row("score-circulation", &|unit| Some(sum(unit, unit.circulation?))),
        row("score-velocity", &|unit| {
            let velocity = unit.velocity?;
            Some(html! { "×\u{a0}" (words::quantity(view.lang, velocity.0 / 10 * 10)) })
        }),
        row("score-households", &|unit| unit.households.map(|count| html! { (count) })),
        row("score-given", &|unit| Some(sum(unit, unit.given?.total))),
        row("score-given-middle", &|unit| Some(sum(unit, unit.given?.median))),
        row("score-received-middle", &|unit| Some(sum(unit, unit.received?.median))),
    ];
    html! {
        (table(view, &format!("units{at}"), ("score-flows", "score-unit"), &heads, &rows))
        @if units.iter().any(|unit| unit.few) { p.hint { (view.say("score-few")) } }
    }
}
