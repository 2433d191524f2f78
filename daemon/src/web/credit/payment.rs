//! One payment: how far it has come, and what this side can do about it.

use commons_core::identity::RecordId;
use commons_core::ledger::{MovementState, Payslip};
use commons_core::record::{Body, Dispute, Link, OnPay, Reclaim};
use hyper::StatusCode;
use maud::{html, Markup};

use super::hand::{self, main_sheet, sheet, Unsaid};
use super::seat::Seat;
use super::{amount, pay, telling};
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::pages::fields::{Drawn, Problem};
use crate::web::pages::{icons, is_redrawn, page, page_around_form, said, FORM};
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::Web;

/// Pages of the history that are looked through for one payment.
const PAGES_MAX: usize = 20;
/// Payments on each.
const PAGE: usize = 100;

/// `GET /credit/payment/<id>`
pub(super) async fn show(web: &Web, head: &Head, seat: &Seat, id: &str) -> Result<Answer, Fault> {
    let (slip, item) = find(web, seat, id).await?;
    Ok(Answer::page(StatusCode::OK, draw(web, &head.view, seat, (&slip, item.as_deref()), &Form::default(), &[])))
}

/// One of one's own payments: those that wait, then the history.
async fn find(web: &Web, seat: &Seat, id: &str) -> Result<(Payslip, Option<String>), Fault> {
    let slip = look(web, seat, id).await?;
    // Whether what it is for still stands on the board, and as what.
    let item = match &slip.item {
        Some(id) => web.inbox.item(id).await.map(|item| format!("/{}/{}", item.kind, item.id)),
        None => None,
    };
    Ok((slip, item))
}

async fn look(web: &Web, seat: &Seat, id: &str) -> Result<Payslip, Fault> {
    if let Some(slip) = seat.account.open.iter().find(|slip| slip.id == id) {
        return Ok(slip.clone());
    }
    if RecordId::parse(id).is_none() {
        return Err(Fault::NotFound);
    }
    let mut before = None;
    for _ in 0..PAGES_MAX {
        let Some(history) = web.inbox.history(seat.id, before, PAGE).await else { return Err(Fault::Away) };
        if let Some(slip) = history.movements.into_iter().find(|slip| slip.id == id) {
            return Ok(slip);
        }
        if history.before.is_none() {
            break;
        }
        before = history.before;
    }
    Err(Fault::NotFound)
}

fn draw(
    web: &Web,
    view: &View,
    seat: &Seat,
    (slip, item): (&Payslip, Option<&str>),
    typed: &Form,
    problems: &[Problem],
) -> Markup {
    let drawn = Drawn { view, typed, problems, text: "credit-dispute-text" };
    let blank = Form::default();
    // What came back belongs to one of the forms.
    let of = |acts: &[&str]| match acts.contains(&typed.get("act")) {
        true => drawn,
        false => Drawn { typed: &blank, problems: &[], ..drawn },
    };
    let action = format!("/credit/payment/{}", slip.id);
    let scale = seat.unit(slip.index).map_or(1, |unit| unit.scale);
    let gives = slip.amount < 0;
    let disputing = of(&["dispute"]);
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("credit")) (view.say("credit-payment")) }
        p.lead data-live="payment" { (telling::quantity(view, slip.amount, &slip.unit, scale, true)) " " (telling::with(view, slip)) }
        @if !slip.memo.is_empty() { p.text { (said(&slip.memo)) } }
        p data-state=(format!("{:?}", slip.state).to_lowercase()) { (telling::state(view, slip)) }
        (telling::lights(view, slip))
        p.hint { (view.say("credit-lights-what")) }
        @if let Some(item) = item { p { a href=(view.to(item)) { (view.say("credit-for-item")) } } }
        @if !slip.disputes.is_empty() {
            div.code-box {
                p { strong { (view.say("credit-disputed")) } }
                p { (view.say("credit-disputed-what")) }
                @if !gives && slip.state == MovementState::Settled {
                    @if let Some(dispute) = slip.disputes.first() {
                        @let number = amount::number(slip.amount.unsigned_abs(), scale, ".");
                        @let fields = [("to", slip.with.as_str()), ("amount", &number), ("unit", &slip.index.to_string()), ("answers", dispute)];
                        p { a.button href=(view.to(&Form::default().address_with("/credit/pay", &fields))) { (view.say("credit-give-back")) } }
                    }
                }
            }
        }
        @if slip.turn == "answer" {
            (sheet(&of(&["accept"]), seat, &action, "accept", html! {
                input type="hidden" name="pay" value=(slip.id);
                (hand::pin(&of(&["accept"]), seat))
                button.strong name="act" value="accept" { (view.say("credit-accept")) }
            }))
            div { details open[typed.get("act") == "decline"] {
                summary { (view.say("credit-decline-open")) }
                p { (view.say("credit-decline-what")) }
                (sheet(&of(&["decline"]), seat, &action, "decline", html! {
                    input type="hidden" name="pay" value=(slip.id);
                    (hand::pin(&of(&["decline"]), seat))
                    button name="act" value="decline" { (view.say("credit-decline")) }
                }))
            } }
        }
        @if let (true, Some(decline)) = (slip.turn == "reclaim", &slip.decline) {
            (sheet(&of(&["reclaim"]), seat, &action, "reclaim", html! {
                input type="hidden" name="decline" value=(decline);
                (hand::pin(&of(&["reclaim"]), seat))
                button.strong name="act" value="reclaim" { (view.say("credit-reclaim")) }
            }))
        }
        @if slip.seq.is_some() || slip.turn == "answer" {
            div { details open[typed.get("act") == "dispute"] {
                summary { (view.say("credit-dispute-open")) }
                p { (view.say("credit-dispute-what")) }
                (main_sheet(&disputing, seat, &action, "dispute", html! {
                    input type="hidden" name="pay" value=(slip.id);
                    (disputing.area("text", "credit-dispute-text", "credit-dispute-hint", true))
                    (hand::pin(&disputing, seat))
                    button name="act" value="dispute" { (view.say("credit-dispute")) }
                }))
            } }
        }
        p { a.button href=(view.to("/credit")) { (view.say("credit-to")) } }
    };
    if slip.seq.is_none() && slip.turn != "answer" {
        return page(web, view, &drawn.title("credit-payment"), content);
    }
    let enter = html! { button.unseen form=(FORM) name="act" value="dispute" tabindex="-1" aria-hidden="true" { (view.say("credit-dispute")) } };
    page_around_form(web, view, &drawn.title("credit-payment"), enter, content)
}

/// `POST /credit/payment/<id>`
pub(super) async fn post(web: &Web, head: &Head, seat: &Seat, id: &str, form: &Form) -> Result<Answer, Fault> {
    let view = &head.view;
    let (slip, item) = find(web, seat, id).await?;
    let Some(pay) = RecordId::parse(&slip.id) else { return Err(Fault::NotFound) };
    let text = form.get("text").to_owned();
    if is_redrawn(form) {
        let typed = if text.is_empty() { Form::default() } else { Form::of(&[("act", "dispute"), ("text", &text)]) };
        return Ok(Answer::page(StatusCode::OK, draw(web, view, seat, (&slip, item.as_deref()), &typed, &[])));
    }
    let decline = slip.decline.as_deref().and_then(RecordId::parse);
    let said = match (form.get("act"), decline) {
        ("accept", _) => hand::say(web, head, seat, form, slip.index, |link| Body::Accept(OnPay { link, pay })).await,
        ("decline", _) => hand::say(web, head, seat, form, slip.index, |link| Body::Decline(OnPay { link, pay })).await,
        ("reclaim", Some(decline)) => {
            hand::say(web, head, seat, form, slip.index, |link| Body::Reclaim(Reclaim { link, decline })).await
        }
        ("dispute", _) if !form.garbled().is_empty() => {
            let garbled = Problem::garbled(view.lang, form, |name| name == "text").next();
            Err(garbled.map_or_else(|| Unsaid::at(view, "", "refusal-value"), Unsaid::from))
        }
        ("dispute", _) if text.is_empty() => Err(Unsaid::at(view, "text", "refusal-missing")),
        ("dispute", _) => {
            let body = |link: Link| Body::Dispute(Dispute { link, pay, text });
            hand::say(web, head, seat, form, slip.index, body).await
        }
        _ => return Err(Fault::BadRequest("choose what to do")),
    };
    Ok(match said {
        Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
        Err(unsaid) => pay::again(&unsaid, |problem| draw(web, view, seat, (&slip, item.as_deref()), form, &[problem])),
    })
}
