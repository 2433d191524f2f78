//! One need, offer or notice: all that is known of it, and what can be done about it.

use commons_core::admission::Rejection;
use commons_core::record::Kind;
use commons_core::views::item::{ClaimState, ItemState};
use hyper::body::Incoming;
use hyper::StatusCode;
use maud::{html, Markup};
use serde_json::{json, Value};

use super::board::facts;
use super::fields::{Drawn, Problem};
use super::kept::{hours, kept_at};
use super::{code, icons, is_redrawn, new, page, page_around_form, refused, said, tongue, unsent, words, FORM};
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::request::{read_form, Head};
use crate::web::view::View;
use crate::web::words::Lang;
use crate::web::{kept, signed, time, Web};

pub(in crate::web) async fn show(web: &Web, head: &Head, kind: &str, id: &str) -> Result<Answer, Fault> {
    let item = find(web, kind, id).await?;
    let page = draw(web, &head.view, &item, &Form::default(), &[]);
    Ok(Answer::page(StatusCode::OK, page))
}

/// One of the page's forms, sent: an answer, or an act with a code word.
pub(in crate::web) async fn post(
    web: &Web,
    head: &Head,
    kind: &str,
    id: &str,
    body: Incoming,
) -> Result<Answer, Fault> {
    let form = read_form(head, body).await?;
    let item = find(web, kind, id).await?;
    if is_redrawn(&form) {
        return Ok(Answer::page(StatusCode::OK, draw(web, &head.view, &item, &form, &[])));
    }
    let garbled: Vec<_> = Problem::garbled(head.view.lang, &form, |name| matches!(name, "message" | "code")).collect();
    if !garbled.is_empty() {
        return Ok(unsent(draw(web, &head.view, &item, &form, &garbled)));
    }
    let outcome = match json_of(&item, &form) {
        Ok((act, json)) => new::submit(web, head, act, json, &form, Some(item.kind)).await,
        Err(rejection) => Err(rejection),
    };
    Ok(match outcome {
        Ok(key) => Answer::see_other(&head.view.to(&format!("/kept/{key}"))),
        Err(rejection) => {
            let problem = Problem::of(head.view.lang, &rejection, &["code", "message", "claim"]);
            refused(&rejection, draw(web, &head.view, &item, &form, &[problem]))
        }
    })
}

async fn find(web: &Web, kind: &str, id: &str) -> Result<std::sync::Arc<ItemState>, Fault> {
    let item = web.inbox.item(id).await.filter(|item| item.kind == kind);
    match item {
        Some(item) => Ok(item),
        None if web.is_writer_gone() => Err(Fault::Away),
        None => Err(Fault::NotFound),
    }
}

/// The submission a form means.
fn json_of(item: &ItemState, form: &Form) -> Result<(Kind, Value), Rejection> {
    let missing = |field| Err(Rejection::Missing { field });
    let act = Kind::parse(form.get("act"));
    if signed::is_signed(form) {
        // The record says it all, and its signature stands for the code word.
        return match act {
            Some(Kind::Withdraw) if item.kind == "notice" => Ok((Kind::Notice, Value::Null)),
            Some(act) => Ok((act, Value::Null)),
            None => missing("act"),
        };
    }
    if act == Some(Kind::Claim) {
        let mut json = json!({"v": 1, "item": item.id});
        if !form.get("message").is_empty() {
            json["message"] = json!(form.get("message"));
        }
        return Ok((Kind::Claim, json));
    }
    if act == Some(Kind::Cosign) {
        return Ok((Kind::Cosign, json!({"v": 1, "target": item.id})));
    }
    let code = code::tidy(form.get("code"));
    if code.is_empty() {
        return missing("code");
    }
    let mut json = json!({"v": 1, "item": item.id, "code": code});
    match act {
        Some(act @ (Kind::Assign | Kind::NoShow)) => {
            if form.get("claim").is_empty() {
                return missing("claim");
            }
            json["claim"] = json!(form.get("claim"));
            Ok((act, json))
        }
        Some(act @ (Kind::Confirm | Kind::Withdraw | Kind::Reopen | Kind::Start | Kind::Done)) => Ok((act, json)),
        _ => missing("act"),
    }
}

fn draw(web: &Web, view: &View, item: &ItemState, typed: &Form, problems: &[Problem]) -> Markup {
    let now = time::now(&web.inbox.health().borrow());
    let text = if item.kind == "offer" { "answer-offer-message" } else { "answer-need-message" };
    let drawn = Drawn { view, typed, problems, text };
    let title = match item.kind {
        "need" => "item-need",
        "offer" => "item-offer",
        _ => "item-notice",
    };
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon(item.kind)) (view.say(title)) }
        @for (lang, text) in texts(view.lang, item) {
            p.text lang=[tongue(lang)] { (said(text)) }
        }
        (facts(view.lang, item, now))
        (details(web, view, item))
        @if matches!(item.status, "confirmed" | "done") { div.actions { (hours(view, Some(item))) } }
        @if !item.claims.is_empty() {
            h2 { (view.say("item-answers")) }
            ul.items { @for claim in &item.claims { (claim_card(web, view.lang, claim, now)) } }
        }
        (answer_form(item, &drawn))
        @if matches!(item.kind, "need" | "offer") { (asker_form(item, &drawn)) (giver_form(item, &drawn)) }
        @else { (notice_forms(item, &drawn)) }
    };
    // What the language switch takes along: the form that was sent, else the first.
    let sent = content.0.contains(&format!("<form id=\"{FORM}\""));
    match sent {
        true => page_around_form(web, view, &drawn.title(title), on_enter(view, Some(FORM)), content),
        false => page(web, view, &drawn.title(title), content),
    }
}

/// The item's words with their language; a notice in several begins with the reader's own.
fn texts(lang: Lang, item: &ItemState) -> Vec<(&str, &str)> {
    let more = item.alert.iter().flat_map(|alert| &alert.info);
    let mut texts = vec![(item.lang.as_str(), item.text.as_str())];
    texts.extend(more.map(|info| (info.lang.as_str(), info.text.as_str())));
    texts.sort_by_key(|(code, _)| Lang::of(code) != Some(lang));
    texts
}

/// A gateway by name, if it is this one; else by its short id.
fn gateway_name<'a>(web: &'a Web, id: &'a str) -> &'a str {
    match !id.is_empty() && web.about.id.starts_with(id) {
        true => &web.about.name,
        false => id,
    }
}

fn details(web: &Web, view: &View, item: &ItemState) -> Markup {
    let lang = view.lang;
    let moment = |at: &str| html! { bdi dir="ltr" { (time::moment(at)) } };
    let by = match item.by {
        "member" => "item-by-member",
        "gateway" => "item-by-gateway",
        _ => "item-by-guest",
    };
    html! {
        dl {
            @if !item.zone.is_empty() {
                dt { (view.say("item-zone")) }
                dd { a href=(view.to(&Form::default().query_with(&[("zone", &item.zone)]))) { (said(&item.zone)) } }
            }
            @if !item.lines.is_empty() {
                dt { (view.say("item-lines")) }
                @for line in &item.lines {
                    dd { (words::quantity(lang, line.qty.0)) " " (said(&line.unit)) " " (said(&line.item)) }
                }
            }
            @if let Some([from, until]) = &item.window {
                dt { (view.say("item-window")) }
                dd { (lang.mark("item-window-span", &[], &[("from", moment(from)), ("until", moment(until))])) }
            }
            @if !item.tags.is_empty() {
                dt { (view.say("item-tags")) }
                @for tag in &item.tags { dd { (said(tag)) } }
            }
            @if item.slots > 0 {
                dt { (view.say("item-people")) }
                dd { (lang.say_with("item-people-of", &[("filled", item.filled.into()), ("slots", item.slots.into())])) }
            }
            @if item.standing { dt { (view.say("item-amount")) } dd { (view.say("item-standing")) } }
            @if !item.repeat.is_empty() { dt { (view.say("item-repeat")) } dd { (said(&item.repeat)) } }
            @if !item.see.is_empty() { dt { (view.say("item-see")) } dd { (see(view, item)) } }
            @if let Some(alert) = &item.alert {
                dt { (view.say("item-severity")) } dd { (words::severity(lang, alert.severity)) }
                dt { (view.say("item-certainty")) } dd { (words::certainty(lang, alert.certainty)) }
                dt { (view.say("item-voices")) } dd { (alert.voices) }
            }
            @match item.assign_by {
                "requester" => { dt { (view.say("item-chooses")) } dd { (view.say("item-chooses-requester")) } }
                "steward" => { dt { (view.say("item-chooses")) } dd { (view.say("item-chooses-steward")) } }
                _ => {}
            }
            @if item.contact { dt { (view.say("item-contact")) } dd { (view.say("item-contact-sealed")) } }
            @if item.expires_s > 0 { dt { (view.say("item-stays")) } dd { (time::span(lang, item.expires_s)) } }
            dt { (view.say("item-kept")) } dd { (kept_at(view, &web.about.name, item.reached)) }
            dt { (view.say("item-by")) }
            dd { (lang.mark(by, &[], &[("gateway", said(gateway_name(web, &item.gateway)))])) }
        }
    }
}

/// Where a referred item went, or the item a duplicate goes on as.
fn see(view: &View, item: &ItemState) -> Markup {
    match item.status {
        "duplicate" => {
            let address = format!("/{}/{}", item.kind, item.see);
            html! { a href=(view.to(&address)) { (view.say("item-see-duplicate")) } }
        }
        _ => said(&item.see),
    }
}

fn claim_card(web: &Web, lang: Lang, claim: &ClaimState, now: Option<u64>) -> Markup {
    html! {
        li.item {
            @if !claim.message.is_empty() { p.text { (said(&claim.message)) } }
            p.facts {
                (words::claim(lang, claim.status, gateway_name(web, &claim.gateway)))
                @if let Some(ago) = time::ago(lang, &claim.created, claim.lived_s, now) { " · " (ago) }
            }
        }
    }
}

/// A form of this page, with what all of them carry. `first`: the one whose fields go along when the language is switched.
fn form(item: &ItemState, drawn: &Drawn<'_>, first: bool, content: Markup) -> Markup {
    html! {
        form id=[first.then_some(FORM)] method="post" action=(drawn.view.to(&format!("/{}/{}", item.kind, item.id))) {
            input type="hidden" name="token" value=(kept::token());
            (content)
        }
    }
}

/// What Enter in a field sends: nothing but the question which button was meant. Browsers press a form's first button then.
fn on_enter(view: &View, form: Option<&str>) -> Markup {
    html! { button.unseen form=[form] name="act" value="" tabindex="-1" aria-hidden="true" { (view.say("refusal-choose")) } }
}

/// A button that sends its form as that act.
fn act(drawn: &Drawn<'_>, name: &str, strong: bool, message: &str) -> Markup {
    html! { button.strong[strong] name="act" value=(name) { (drawn.view.say(message)) } " " }
}

fn answer_form(item: &ItemState, drawn: &Drawn<'_>) -> Markup {
    if !matches!(item.status, "open" | "assigned" | "underway") {
        return html! {};
    }
    let (title, label, word) = match item.kind {
        "offer" => ("answer-offer", "answer-offer-message", "answer-offer-send"),
        _ => ("answer-need", "answer-need-message", "answer-need-send"),
    };
    html! {
        h2 { (drawn.view.say(title)) }
        @if item.filled >= item.slots && item.slots > 0 { p { (drawn.view.say("answer-enough")) } }
        (form(item, drawn, drawn.typed.get("role").is_empty(), html! {
            (drawn.area("message", label, "notice-text-hint", false))
            (act(drawn, "claim", true, word))
        }))
    }
}

/// One code field a page carries the typed value and what is wrong; the others start empty.
fn fresh<'a>(drawn: &Drawn<'a>, blank: &'a Form, open: bool) -> Drawn<'a> {
    match open {
        true => *drawn,
        false => Drawn { typed: blank, problems: &[], ..*drawn },
    }
}

fn asker_form(item: &ItemState, drawn: &Drawn<'_>) -> Markup {
    let live = matches!(item.status, "open" | "assigned" | "underway" | "done");
    let standby = item.claims.iter().filter(|claim| claim.status == "standby");
    let coming = item.claims.iter().filter(|claim| matches!(claim.status, "assigned" | "underway"));
    let choosing = item.assign_by == "requester" && live;
    let mut choices: Vec<&ClaimState> = coming.collect();
    if choosing {
        choices.extend(standby);
    }
    let giver = drawn.typed.get("role") == "giver";
    let sent = drawn.typed.get("role") == "asker";
    let open =
        sent || !giver && matches!(drawn.typed.get("act"), "confirm" | "withdraw" | "reopen" | "no_show" | "assign");
    let blank = Form::default();
    let drawn = fresh(drawn, &blank, open);
    html! {
        div { details open[open] {
            summary { (drawn.view.say("mine")) }
            (form(item, &drawn, sent, html! {
                (on_enter(drawn.view, None))
                input type="hidden" name="role" value="asker";
                (drawn.code("code-asker"))
                @if live {
                    (act(&drawn, "confirm", true, "mine-confirm")) (act(&drawn, "withdraw", false, "mine-withdraw"))
                } @else if item.status != "confirmed" || item.slots > 0 { (act(&drawn, "reopen", true, "mine-reopen")) }
                @if live && !choices.is_empty() {
                    div.field {
                        label for="claim" { (drawn.view.say("mine-whom")) }
                        @if let Some(sentence) = drawn.problem("claim") { div.wrong #claim-wrong { (sentence) } }
                        select #claim name="claim" aria-invalid=[drawn.problem("claim").map(|_| "true")]
                            aria-describedby=[drawn.problem("claim").map(|_| "claim-wrong")] {
                            option value="" { (drawn.view.say("mine-nobody")) }
                            @for claim in choices {
                                option value=(claim.id) selected[claim.id == drawn.typed.get("claim")] {
                                    (short(drawn.view, &claim.message))
                                }
                            }
                        }
                    }
                    @if choosing { (act(&drawn, "assign", false, "mine-assign")) }
                    (act(&drawn, "no_show", false, "mine-no-show"))
                }
            }))
        } }
    }
}

fn short(view: &View, message: &str) -> String {
    match message.is_empty() {
        true => view.say("claim-wordless"),
        false => message.chars().take(40).collect(),
    }
}

fn giver_form(item: &ItemState, drawn: &Drawn<'_>) -> Markup {
    if item.claims.is_empty() {
        return html! {};
    }
    let giver = drawn.typed.get("role") == "giver";
    let open = giver || matches!(drawn.typed.get("act"), "start" | "done");
    let blank = Form::default();
    let drawn = fresh(drawn, &blank, open);
    html! {
        div { details open[open] {
            summary { (drawn.view.say("helper")) }
            (form(item, &drawn, giver, html! {
                (on_enter(drawn.view, None))
                // Tells a helper's "withdraw" from the asker's when the form comes back.
                input type="hidden" name="role" value="giver";
                (drawn.code("code-giver"))
                (act(&drawn, "start", true, "helper-start"))
                (act(&drawn, "done", false, "helper-done"))
                (act(&drawn, "withdraw", false, "helper-withdraw"))
            }))
        } }
    }
}

fn notice_forms(item: &ItemState, drawn: &Drawn<'_>) -> Markup {
    let live = matches!(item.status, "active" | "unconfirmed");
    let open = drawn.typed.get("act") == "withdraw" || drawn.typed.get("role") == "asker";
    html! {
        @if live {
            @if item.status == "unconfirmed" {
                h2 { (drawn.view.say("notice-seen")) }
                (form(item, drawn, false, act(drawn, "cosign", true, "notice-cosign")))
            }
            div { details open[open] {
                summary { (drawn.view.say("notice-mine")) }
                (form(item, drawn, true, html! {
                    (on_enter(drawn.view, None))
                    input type="hidden" name="role" value="asker";
                    (drawn.code("code-asker"))
                    (act(drawn, "withdraw", true, "notice-cancel"))
                }))
            } }
        }
    }
}
