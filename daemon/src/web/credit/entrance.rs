//! Signing in: with the phone's own key, which the script does by itself, or with a name and a PIN, which needs none.

use commons_core::identity::{GatewayId, MemberId, NetworkId, Signature};
use commons_core::ledger::CovenantCard;
use hyper::StatusCode;
use maud::{html, Markup};

use super::hand::{self, Unsaid};
use super::{seat, telling};
use crate::control::text::digits_to_bytes;
use crate::web::answer::{Answer, Fault};
use crate::web::form::{address, Form};
use crate::web::pages::fields::{Drawn, Problem};
use crate::web::pages::{enter as enter_by, icons, is_redrawn, page_around_form, said, FORM};
use crate::web::request::Head;
use crate::web::view::SWITCH;
use crate::web::Web;

/// Whoever is not signed in, wherever he wanted to go.
pub(super) async fn show(web: &Web, head: &Head, covenant: &CovenantCard) -> Answer {
    let next = match head.query.get("next") {
        "" => head.query.address_with(&head.path, &[("lang", ""), (SWITCH, ""), ("out", "")]),
        next => next.to_owned(),
    };
    // From a printed card: what is sealed on it, and whose.
    let card = head.query.get("card");
    let next = if card.is_empty() { next } else { "/credit".to_owned() };
    let typed = Form::of(&[("next", &next), ("card", card)]);
    Answer::page(StatusCode::OK, draw(web, head, covenant, &typed, &[]).await)
}

async fn draw(web: &Web, head: &Head, covenant: &CovenantCard, typed: &Form, problems: &[Problem]) -> Markup {
    // Its language switch leads to the entrance, wherever one wanted to go.
    let view = &head.view.at(address("/credit/in", &[("next", typed.get("next")), ("card", typed.get("card"))]));
    let drawn = Drawn { view, typed, problems, text: "credit" };
    let asked = asked(web, head, covenant).await;
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("credit")) (view.say("credit")) }
        p { (view.lang.mark("credit-what", &[], &[("name", said(&covenant.name))])) }
        @if let Some(asked) = asked { div.code-box { (asked) } }
        div data-credit="key" data-gateway=(web.about.id) hidden { p role="status" { (view.say("credit-key-try")) } }
        div data-credit="stranger" hidden { p { (view.say("credit-key-stranger")) } }
        h2 { (view.say("credit-in")) }
        form id=(FORM) method="post" action=(view.to("/credit/in")) {
            input type="hidden" name="next" value=(drawn.typed.get("next"));
            @if !drawn.typed.get("card").is_empty() {
                input type="hidden" name="card" value=(drawn.typed.get("card"));
                p { (view.say("credit-card-read")) }
            }
            @if drawn.typed.get("card").is_empty() { (drawn.line("who", "credit-who", "credit-who-hint", 64)) }
            (drawn.pin("credit-pin", "credit-pin-in-hint"))
            button.strong { (view.say("credit-in-send")) }
        }
        p.hint { (view.say("credit-in-key")) }
        nav.actions aria-label=(view.say("credit-more")) {
            a.button href=(view.to("/credit/join")) { (view.say("credit-join")) } " "
            a.button href=(view.to("/me")) { (view.say("me")) } " "
            a.button href=(view.to("/credit/covenant")) { (view.say("credit-covenant")) } " "
            a.button href=(view.to("/credit/back")) { (view.say("credit-back")) }
        }
    };
    page_around_form(web, view, &drawn.title("credit"), enter_by(&view.say("credit-in-send")), content)
}

/// Where a request by QR was opened: who asks for how much, so that it can be typed into the page of one's own gateway too.
async fn asked(web: &Web, head: &Head, covenant: &CovenantCard) -> Option<Markup> {
    let view = &head.view;
    if head.path != "/credit/pay" {
        return None;
    }
    let card = web.inbox.member_card(MemberId::parse(head.query.get("to"))?).await?;
    let unit = covenant.units.get(head.query.get("unit").parse::<usize>().unwrap_or(0))?;
    let parts = super::amount::parse(head.query.get("amount"), unit.scale).ok()?;
    let amount = telling::of_unit(view, unit, i64::try_from(parts).ok()?);
    let memo = head.query.get("memo");
    Some(html! {
        p { (view.lang.mark("credit-asked", &[], &[("who", telling::person(view, &card)), ("amount", amount)])) }
        @if !memo.is_empty() { p.text { (said(memo)) } }
        p.hint { (view.say("credit-asked-elsewhere")) }
    })
}

/// `POST /credit/in`
pub(super) async fn enter(web: &Web, head: &Head, covenant: &CovenantCard, form: &Form) -> Result<Answer, Fault> {
    if is_redrawn(form) {
        return Ok(Answer::page(StatusCode::OK, draw(web, head, covenant, form, &[]).await));
    }
    if !web.is_exempt(head.address) {
        if let Err(rejection) = web.holdback.pass(head.address).await {
            web.note(head, &rejection);
            let problem = telling::problem(&head.view, None, 0, &rejection);
            let page = draw(web, head, covenant, form, &[problem]).await;
            return Ok(Answer::page(StatusCode::TOO_MANY_REQUESTS, page));
        }
    }
    let entered = match form.get("signature").is_empty() {
        false => by_key(web, head, form).await.map_err(Unsaid::from),
        true => hand::pass_by_pin(web, head, form).await,
    };
    match entered {
        Ok(pass) => {
            let next = form.get("next");
            // Only our own pages: an address given here must not lead elsewhere.
            let ours = next == "/credit" || next.starts_with("/credit/") || next.starts_with("/credit?");
            let next = if ours && !next.starts_with("/credit/in") { next } else { "/credit" };
            Ok(seat::take(Answer::see_other(&head.view.to(next)), &pass, form.get("card")))
        }
        Err(unsaid) => {
            let page = draw(web, head, covenant, form, std::slice::from_ref(&unsaid.problem)).await;
            Ok(unsaid.answer(page))
        }
    }
}

async fn by_key(web: &Web, head: &Head, form: &Form) -> Result<String, Problem> {
    let wrong = || Problem::at(head.view.lang, "", "credit-key-wrong");
    let (Some(member), Some(question), Some(signature), Some(gateway)) = (
        MemberId::parse(form.get("member")),
        digits_to_bytes::<32>(form.get("challenge")),
        digits_to_bytes::<64>(form.get("signature")).map(Signature),
        GatewayId::parse(&web.about.id),
    ) else {
        return Err(wrong());
    };
    let network = NetworkId::of(&web.about.network);
    let given = web.inbox.give_pass(&network, &gateway, member, &question, &signature).await;
    given.map_err(|why| {
        web.inbox.refusals().note("http", why.code(), Some(head.address));
        wrong()
    })
}
