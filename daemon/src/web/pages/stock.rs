//! The open ledger of shared things: what is on each shelf, what came and went by day, who counted, what is lent and when it is
//! due; and the common pots. Whoever stands at the shelf can say that a count is right, or that something is back.

use commons_core::admission::Rejection;
use commons_core::clock::rfc3339;
use commons_core::ledger::{PotState, PotUnit};
use commons_core::record::Kind;
use commons_core::views::item::Qty;
use commons_core::views::shelves::{CountState, LoanState, Person, ShelfState};
use hyper::body::Incoming;
use hyper::StatusCode;
use maud::{html, Markup};
use serde_json::{json, Value};

use super::fields::{Drawn, Problem};
use super::{icons, new, page, refused, said, words};
use crate::web::answer::{Answer, Fault};
use crate::web::form::{address, Form};
use crate::web::request::{read_form, Head};
use crate::web::view::View;
use crate::web::{kept, time, Web};

/// Shelves on one page; the rest is under `/api/v1/stock`.
const SHELVES_SHOWN: usize = 200;
/// Days in one table.
const DAYS_SHOWN: usize = 14;

/// `GET /stock`
pub(in crate::web) async fn show(web: &Web, head: &Head) -> Result<Answer, Fault> {
    Ok(Answer::page(StatusCode::OK, draw(web, &head.view, &Form::default(), &[]).await?))
}

/// One of the page's buttons: a count agreed to, something back.
pub(in crate::web) async fn post(web: &Web, head: &Head, body: Incoming) -> Result<Answer, Fault> {
    let form = read_form(head, body).await?;
    let outcome = match json_of(&form) {
        Ok((kind, json)) => new::submit(web, head, kind, json, &form, None).await,
        Err(rejection) => Err(rejection),
    };
    Ok(match outcome {
        Ok(key) => Answer::see_other(&head.view.to(&format!("/kept/{key}"))),
        Err(rejection) => {
            let problem = Problem { field: String::new(), ..Problem::of(head.view.lang, &rejection, &[]) };
            refused(&rejection, draw(web, &head.view, &form, &[problem]).await?)
        }
    })
}

fn json_of(form: &Form) -> Result<(Kind, Value), Rejection> {
    match form.get("act") {
        "cosign" => Ok((Kind::Cosign, json!({"v": 1, "target": form.get("target")}))),
        "return" => {
            let mut json = json!({"v": 1, "loan": form.get("loan")});
            if !form.get("qty").is_empty() {
                let wrong = || Rejection::wrong("qty", "a number");
                json["qty"] = new::amount(form.get("qty")).ok_or_else(wrong)?;
            }
            Ok((Kind::Return, json))
        }
        _ => Err(Rejection::Missing { field: "act" }),
    }
}

async fn draw(web: &Web, view: &View, typed: &Form, problems: &[Problem]) -> Result<Markup, Fault> {
    let shelves = web.inbox.stock().await;
    let pots = web.inbox.pots().await;
    if web.is_writer_gone() {
        return Err(Fault::Away);
    }
    let now = time::now(&web.inbox.health().borrow());
    let drawn = Drawn { view, typed, problems, text: "" };
    let mut places: Vec<(&str, Vec<(usize, &ShelfState)>)> = Vec::new();
    for (at, shelf) in shelves.iter().take(SHELVES_SHOWN).enumerate() {
        match places.last_mut().filter(|(place, _)| *place == shelf.place) {
            Some((_, shelves)) => shelves.push((at, shelf)),
            None => places.push((&shelf.place, vec![(at, shelf)])),
        }
    }
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("stock")) (view.say("stock")) }
        p { (view.say("stock-lead")) }
        p { a.button.strong href=(view.to("/stock/new")) { (view.say("stock-write")) } }
        @if shelves.is_empty() { p.quiet { (view.say("stock-empty")) } }
        @for (at, (place, shelves)) in places.iter().enumerate() {
            section aria-labelledby={ "place" (at) } {
                h2 id={ "place" (at) } { (said(place)) }
                ul.items { @for (at, shelf) in shelves { (card(web, view, *at, shelf, now)) } }
            }
        }
        @if shelves.len() > SHELVES_SHOWN { p { a href="/api/v1/stock" { (view.say("stock-more")) } } }
        @if !pots.is_empty() {
            h2 { (view.say("pots")) }
            ul.items { @for (at, pot) in pots.iter().enumerate() { (pot_card(view, at, pot)) } }
        }
        p { a href=(view.to("/scorecard")) { (view.say("score")) } " · " a href=(view.to("/")) { (view.say("to-board")) } }
    };
    Ok(page(web, view, &drawn.title("stock"), content))
}

/// So much of it: "1.5 kg".
fn amount(view: &View, qty: Qty, unit: &str) -> Markup {
    html! { span.amount { (words::quantity(view.lang, qty.0)) @if !unit.is_empty() { " " (said(unit)) } } }
}

fn card(web: &Web, view: &View, at: usize, shelf: &ShelfState, now: Option<u64>) -> Markup {
    let marks = |qty| [("amount", amount(view, qty, &shelf.unit))];
    let again = address("/stock/new", &[("place", &shelf.place), ("item", &shelf.item), ("unit", &shelf.unit)]);
    html! {
        li.item {
            h3 { (said(&shelf.item)) }
            p {
                strong { (view.lang.mark("stock-now", &[], &marks(shelf.qty))) }
                @if shelf.lent.0 > 0 { " · " (view.lang.mark("stock-lent", &[], &marks(shelf.lent))) }
            }
            @for count in &shelf.counts { (counted(web, view, shelf, count)) }
            @if !shelf.loans.is_empty() {
                ul { @for loan in &shelf.loans { (lent(web, view, shelf, loan, now)) } }
            }
            @if !shelf.days.is_empty() {
                details {
                    summary { (view.say("stock-days")) span.unseen { ": " (said(&shelf.item)) } }
                    (days(view, &format!("shelf{at}"), shelf.days.iter().take(DAYS_SHOWN).map(|(day, came, went)| {
                        (*day, amount(view, *came, &shelf.unit), amount(view, *went, &shelf.unit))
                    })))
                }
            }
            p.screen { a href=(view.to(&again)) { (view.say("stock-write")) span.unseen { ": " (said(&shelf.item)) } } }
        }
    }
}

/// A table of days: what came in, what went out.
fn days(view: &View, id: &str, days: impl Iterator<Item = (u64, Markup, Markup)>) -> Markup {
    html! {
        div.wide { table id=(id) {
            thead { tr {
                th scope="col" { (view.say("stock-day")) }
                th.number scope="col" { (view.say("stock-came")) }
                th.number scope="col" { (view.say("stock-went")) }
            } }
            tbody { @for (day, came, went) in days {
                tr { th scope="row" { (date(&rfc3339(day.saturating_mul(86_400)))) } td.number { (came) } td.number { (went) } }
            } }
        } }
    }
}

/// The day of an RFC 3339 time.
pub(super) fn date(moment: &str) -> Markup {
    let day = moment.get(..10).unwrap_or(moment);
    html! { time datetime=(day) { bdi dir="ltr" { (day) } } }
}

/// A guest, a member by name, or a gateway.
fn person(web: &Web, view: &View, person: &Person) -> Markup {
    let here = !person.gateway.is_empty() && web.about.id.starts_with(&person.gateway);
    let gateway = if here { &web.about.name } else { &person.gateway };
    match person.by {
        "member" => said(&person.name),
        "guest" => view.lang.mark("stock-guest", &[], &[("gateway", said(gateway))]),
        _ => said(gateway),
    }
}

fn counted(web: &Web, view: &View, shelf: &ShelfState, count: &CountState) -> Markup {
    let mut people = vec![person(web, view, &count.by)];
    people.extend(count.with.iter().map(|other| person(web, view, other)));
    let people = html! { @for (at, one) in people.iter().enumerate() { @if at > 0 { " + " } (one) } };
    let marks = [("people", people), ("amount", amount(view, count.qty, &shelf.unit)), ("day", date(&count.created))];
    html! {
        @if count.counted {
            p.facts { (view.lang.mark("stock-counted", &[], &marks)) }
        } @else {
            p { (view.lang.mark("stock-counted-one", &[], &marks)) }
            form method="post" action=(view.to("/stock")) {
                input type="hidden" name="token" value=(kept::token());
                input type="hidden" name="target" value=(count.id);
                button name="act" value="cosign" { (view.say("stock-agree")) span.unseen { ": " (said(&shelf.item)) } }
            }
        }
    }
}

fn lent(web: &Web, view: &View, shelf: &ShelfState, loan: &LoanState, now: Option<u64>) -> Markup {
    let marks = [
        ("amount", amount(view, loan.qty, &shelf.unit)),
        ("person", said(&loan.to)),
        ("day", date(&loan.created)),
        ("by", person(web, view, &loan.by)),
    ];
    let late = loan.due.as_deref().is_some_and(|due| now.zip(time::parse(due)).is_some_and(|(now, due)| due < now));
    let id = format!("back-{}", loan.id.get(..8).unwrap_or_default());
    html! {
        li {
            p {
                (view.lang.mark("stock-loan", &[], &marks))
                @if let Some(due) = &loan.due {
                    " " @if late { strong.exercise { (view.lang.mark("stock-overdue", &[], &[("day", date(due))])) } }
                    @else { (view.lang.mark("stock-due", &[], &[("day", date(due))])) }
                }
            }
            form.row method="post" action=(view.to("/stock")) {
                input type="hidden" name="token" value=(kept::token());
                input type="hidden" name="loan" value=(loan.id);
                div {
                    label for=(id) { (view.say("stock-back-amount")) }
                    input type="text" id=(id) name="qty" value=(words::quantity(view.lang, loan.qty.0)) maxlength="16"
                        inputmode="decimal" autocomplete="off";
                }
                div { button name="act" value="return" { (view.say("stock-back")) span.unseen { ": " (said(&shelf.item)) } } }
            }
        }
    }
}

fn pot_card(view: &View, at: usize, pot: &PotState) -> Markup {
    let sum = |unit: &PotUnit, parts: i64| {
        html! { span.amount { (words::amount(view.lang, parts, unit.scale)) " " (said(&unit.unit)) } }
    };
    html! {
        li.item {
            h3 { (said(&pot.name)) }
            @for (place, unit) in pot.units.iter().enumerate() {
                p { strong { (view.lang.mark("stock-now", &[], &[("amount", sum(unit, unit.balance))])) } }
                @if !unit.days.is_empty() {
                    details {
                        summary { (view.say("stock-days")) span.unseen { ": " (said(&pot.name)) ", " (said(&unit.unit)) } }
                        (days(view, &format!("pot{at}-{place}"), unit.days.iter().take(DAYS_SHOWN).map(|(day, came, went)| {
                            let signed = |parts: &u64| i64::try_from(*parts).unwrap_or(i64::MAX);
                            (*day, sum(unit, signed(came)), sum(unit, signed(went)))
                        })))
                    }
                }
            }
        }
    }
}
