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
use super::{code, icons, new, page, refused, said, words};
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::request::{read_form, Head};
use crate::web::view::View;
use crate::web::{kept, time, Web};

pub(in crate::web) async fn show(web: &Web, head: &Head, kind: &str, id: &str) -> Result<Answer, Fault> {
    let item = find(web, kind, id).await?;
    let page = draw(web, &head.view, &item, &Form::default(), None);
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
    let outcome = match json_of(&item, &form) {
        Ok((act, json)) => new::submit(web, head, act, json, &form, Some(item.kind)).await,
        Err(rejection) => Err(rejection),
    };
    Ok(match outcome {
        Ok(key) => Answer::see_other(&format!("/kept/{key}")),
        Err(rejection) => {
            let problem = Problem::of(&rejection, &["code", "message", "claim", "act"]);
            refused(&rejection, draw(web, &head.view, &item, &form, Some(&problem)))
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
        Some(Kind::Withdraw) if item.kind == "notice" => {
            // CAP takes a notice back by another one that refers to it.
            json = json!({"v": 1, "text": item.text, "message": "cancel", "references": [item.id],
                "category": item.category, "code": code});
            Ok((Kind::Notice, json))
        }
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

fn draw(web: &Web, view: &View, item: &ItemState, typed: &Form, problem: Option<&Problem>) -> Markup {
    let now = time::now(&web.inbox.health().borrow());
    let drawn = Drawn { typed, problem };
    let title = match item.kind {
        "need" => "Need",
        "offer" => "Offer",
        _ => "Notice",
    };
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon(item.kind)) (title) }
        p.text lang=[Some(&item.lang).filter(|lang| !lang.is_empty())] { (said(&item.text)) }
        @if let Some(alert) = &item.alert {
            @for info in &alert.info {
                p.text lang=[Some(&info.lang).filter(|lang| !lang.is_empty())] { (said(&info.text)) }
            }
        }
        (facts(item, now))
        (details(item))
        @if !item.claims.is_empty() {
            h2 { "Who answered" }
            ul.items { @for claim in &item.claims { (claim_card(claim, now)) } }
        }
        (answer_form(item, &drawn))
        @if matches!(item.kind, "need" | "offer") { (asker_form(item, &drawn)) (giver_form(item, &drawn)) }
        @else { (notice_forms(item, &drawn)) }
    };
    page(web, view, title, content)
}

fn details(item: &ItemState) -> Markup {
    html! {
        dl {
            @if !item.lines.is_empty() {
                dt { "What and how much" }
                @for line in &item.lines {
                    dd { (quantity(line.qty.0)) " " (said(&line.unit)) " " (said(&line.item)) }
                }
            }
            @if let Some([from, until]) = &item.window { dt { "When" } dd { (time::moment(from)) " to " (time::moment(until)) } }
            @if !item.tags.is_empty() {
                dt { "Good to know" }
                @for tag in &item.tags { dd { (said(tag)) } }
            }
            @if item.slots > 0 { dt { "People" } dd { (item.filled) " of " (item.slots) } }
            @if item.standing { dt { "Amount" } dd { "Does not run out" } }
            @if !item.repeat.is_empty() { dt { "Repeats" } dd { (said(&item.repeat)) } }
            @if !item.see.is_empty() { dt { "See" } dd { (see(item)) } }
            @if let Some(alert) = &item.alert {
                dt { "How dangerous" } dd { (words::severity(alert.severity)) }
                dt { "How sure" } dd { (words::certainty(alert.certainty)) }
                dt { "Households that say so" } dd { (alert.voices) }
            }
            @match item.assign_by {
                "requester" => { dt { "Who chooses" } dd { "The one who posted it" } }
                "steward" => { dt { "Who chooses" } dd { "A steward" } }
                _ => {}
            }
            @if item.contact { dt { "Contact" } dd { "Shown to the one who comes" } }
            @if item.expires_s > 0 { dt { "Stays for" } dd { (time::span(item.expires_s)) } }
            dt { "Posted by" }
            dd { (match item.by { "member" => "a member", "gateway" => "the gateway", _ => "a guest" }) ", at gateway " (said(&item.gateway)) }
        }
    }
}

/// Where a referred item went, or the item a duplicate goes on as.
fn see(item: &ItemState) -> Markup {
    match item.status {
        "duplicate" => {
            html! { a href={ "/" (item.kind) "/" (item.see) } { "the one it goes on as" } }
        }
        _ => said(&item.see),
    }
}

/// Thousandths as people write them.
fn quantity(milli: u64) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn claim_card(claim: &ClaimState, now: Option<u64>) -> Markup {
    html! {
        li.item {
            @if !claim.message.is_empty() { p.text { (said(&claim.message)) } }
            p.facts {
                "Somebody at gateway " (said(&claim.gateway)) " " (words::claim_status(claim.status))
                @if let Some(ago) = time::ago(&claim.created, now) { " · " (ago) }
            }
        }
    }
}

/// A form of this page, with what all of them carry.
fn form(item: &ItemState, content: Markup) -> Markup {
    html! {
        form method="post" action={ "/" (item.kind) "/" (item.id) } {
            input type="hidden" name="token" value=(kept::token());
            (content)
        }
    }
}

fn act(name: &str, strong: bool, word: &str) -> Markup {
    html! { button.strong[strong] name="act" value=(name) { (word) } }
}

fn answer_form(item: &ItemState, drawn: &Drawn<'_>) -> Markup {
    if !matches!(item.status, "open" | "assigned" | "underway") {
        return html! {};
    }
    let (title, label, word) = match item.kind {
        "offer" => ("Would you like it?", "A word to the one who offers it (may stay empty)", "I'd like it"),
        _ => ("Can you help?", "A word to the one who asks (may stay empty)", "I'll bring it"),
    };
    html! {
        h2 { (title) }
        @if item.filled >= item.slots && item.slots > 0 {
            p { "Enough people have answered. You can still be next, in case somebody cannot come." }
        }
        (form(item, html! {
            (drawn.area("message", label, "Everybody can read this.", false))
            (act("claim", true, word))
        }))
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
    let open = matches!(drawn.typed.get("act"), "confirm" | "withdraw" | "reopen" | "no_show" | "assign");
    // One code field a page carries the typed value and the error; the others start empty.
    let blank = Form::default();
    let drawn = if open { Drawn { ..*drawn } } else { Drawn { typed: &blank, problem: None } };
    html! {
        div { details open[open] {
            summary { "I posted this" }
            (form(item, html! {
                (code_field(&drawn, "asker"))
                @if live { (act("confirm", true, "It arrived, thank you")) (act("withdraw", false, "Take it back")) }
                @else if item.status != "confirmed" || item.slots > 0 { (act("reopen", true, "Open it again")) }
                @if live && !choices.is_empty() {
                    div.field {
                        label for="claim" { "About whom?" }
                        select #claim name="claim" {
                            option value="" { "Nobody" }
                            @for claim in choices {
                                option value=(claim.id) { (words::claim_status(claim.status)) ": " (short(&claim.message)) }
                            }
                        }
                    }
                    @if choosing { (act("assign", false, "Let them come")) }
                    (act("no_show", false, "They did not come"))
                }
            }))
        } }
    }
}

fn short(message: &str) -> String {
    match message.is_empty() {
        true => "(no words)".to_owned(),
        false => message.chars().take(40).collect(),
    }
}

fn giver_form(item: &ItemState, drawn: &Drawn<'_>) -> Markup {
    if item.claims.is_empty() {
        return html! {};
    }
    let open = matches!(drawn.typed.get("act"), "start" | "done");
    let blank = Form::default();
    let drawn = if open { Drawn { ..*drawn } } else { Drawn { typed: &blank, problem: None } };
    html! {
        div { details open[open] {
            summary { "I answered this" }
            (form(item, html! {
                (code_field(&drawn, "giver"))
                (act("start", true, "I am on my way: show how to reach them"))
                (act("done", false, "I have done it"))
                (act("withdraw", false, "I cannot come after all"))
            }))
        } }
    }
}

fn notice_forms(item: &ItemState, drawn: &Drawn<'_>) -> Markup {
    let live = matches!(item.status, "active" | "unconfirmed");
    let open = drawn.typed.get("act") == "withdraw";
    html! {
        @if live {
            @if item.status == "unconfirmed" {
                h2 { "Have you seen this too?" }
                (form(item, act("cosign", true, "Yes, my household says so too")))
            }
            div { details open[open] {
                summary { "I announced this" }
                (form(item, html! {
                    (code_field(drawn, "asker"))
                    (act("withdraw", true, "Call it off"))
                }))
            } }
        }
    }
}

/// As [`Drawn::code`], with an id of its own where a page has two.
fn code_field(drawn: &Drawn<'_>, id: &str) -> Markup {
    let wrong = drawn.problem.filter(|problem| problem.field == "code");
    let id = match wrong {
        Some(_) => "code".to_owned(),
        None => format!("code-{id}"),
    };
    html! {
        div.field {
            label for=(id) { "Code word" }
            @if let Some(problem) = wrong { div.wrong #code-wrong { (problem.sentence) } }
            input type="text" id=(id) name="code" value=(drawn.typed.get("code")) maxlength="64" required
                autocomplete="off" autocapitalize="none" spellcheck="false" aria-invalid=[wrong.map(|_| "true")]
                aria-describedby=[wrong.map(|_| "code-wrong")];
        }
    }
}
