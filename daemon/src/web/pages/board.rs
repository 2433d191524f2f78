//! The board: what is urgent, what is needed, what is offered, what was announced.

use std::sync::Arc;

use commons_core::identity::RecordId;
use commons_core::record::{Category, Urgency};
use commons_core::views::item::{ItemKind, ItemQuery, ItemState};
use hyper::StatusCode;
use maud::{html, Markup};

use super::fields::Drawn;
use super::{icons, page, said, words};
use crate::web::answer::{Answer, Fault};
use crate::web::request::Head;
use crate::web::{time, Web};

/// Items of each kind on the whole board.
const SECTION_ITEMS: usize = 20;
/// Items on a page of one kind.
const PAGE_ITEMS: usize = 40;
/// Characters of a text on the board; the item's own page has all of it.
const TEXT_CHARS: usize = 160;

struct Section {
    kind: ItemKind,
    items: Vec<Arc<ItemState>>,
    // The last item, if there are more after it.
    more_after: Option<String>,
}

pub(in crate::web) async fn show(web: &Web, head: &Head) -> Result<Answer, Fault> {
    let query = &head.query;
    let only = ItemKind::parse(query.get("kind"));
    let after = RecordId::parse(query.get("after")).filter(|_| only.is_some());
    let mut sections = Vec::new();
    for kind in [ItemKind::Need, ItemKind::Offer, ItemKind::Notice] {
        if only.is_some_and(|only| only != kind) {
            continue;
        }
        let shown = if only.is_some() { PAGE_ITEMS } else { SECTION_ITEMS };
        let mut items = web
            .inbox
            .list(ItemQuery {
                kind: Some(kind),
                category: Category::parse(query.get("category")),
                urgency: Urgency::parse(query.get("urgency")),
                limit: shown + 1,
                after,
                ..ItemQuery::default()
            })
            .await;
        let more = items.len() > shown;
        items.truncate(shown);
        let more_after = items.last().filter(|_| more).map(|item| item.id.clone());
        sections.push(Section { kind, items, more_after });
    }
    if web.is_writer_gone() {
        return Err(Fault::Away);
    }
    let now = time::now(&web.inbox.health().borrow());
    let mut urgent = Vec::new();
    for section in &mut sections {
        let (first, rest) = section.items.drain(..).partition(|item| is_urgent(item));
        section.items = rest;
        urgent.extend::<Vec<_>>(first);
    }
    let filtered = ["category", "urgency"].iter().any(|name| !query.get(name).is_empty());
    let storage = storage_notice(web);
    let content = html! {
        h1.quiet { "Board" }
        @if let Some(storage) = storage { div.problem role="status" { (storage) } }
        nav aria-label="What would you like to do?" { div.actions { " "
            a.button.strong href="/new/need" { (icons::icon("need")) "Ask for help" } " "
            a.button href="/new/offer" { (icons::icon("offer")) "Offer something" } " "
            a.button href="/new/notice" { (icons::icon("notice")) "Announce" } " "
            a.button href="/code" { (icons::icon("code")) "I have a code word" }
        } }
        (filters(head, only, filtered))
        @if !urgent.is_empty() {
            section aria-labelledby="urgent" {
                h2 #urgent { (icons::icon("now")) "Urgent" }
                ul.items { @for item in &urgent { (card(item, now, true)) } }
            }
        }
        @for section in &sections {
            @let (anchor, title, empty) = match section.kind {
                ItemKind::Need => ("needs", "Needs", "Nobody asks for anything right now."),
                ItemKind::Offer => ("offers", "Offers", "Nothing is offered right now."),
                ItemKind::Notice => ("notices", "Notices", "No announcements right now."),
            };
            section aria-labelledby=(anchor) {
                h2 id=(anchor) { (icons::icon(section.kind.name())) (title) }
                @if section.items.is_empty() {
                    p.quiet {
                        @if filtered { "Nothing here with this filter." }
                        @else if after.is_some() { "That was the last." }
                        @else if urgent.iter().any(|item| item.kind == section.kind.name()) { "Only what is urgent, above." }
                        @else { (empty) }
                    }
                } @else {
                    ul.items { @for item in &section.items { (card(item, now, false)) } }
                }
                @if let Some(last) = &section.more_after {
                    p { a.button href=(query.query_with(&[("kind", section.kind.name()), ("after", last)])) { "Older " (title.to_lowercase()) } }
                }
            }
        }
    };
    Ok(Answer::page(StatusCode::OK, page(web, &head.view, "Board", content)))
}

/// What goes to the top: needs marked "now", and grave notices that are no exercise.
fn is_urgent(item: &ItemState) -> bool {
    match (&item.alert, item.kind) {
        (Some(alert), _) => {
            alert.status == "actual" && (item.urgency == "now" || matches!(alert.severity, "severe" | "extreme"))
        }
        (None, kind) => kind == "need" && item.urgency == "now",
    }
}

fn storage_notice(web: &Web) -> Option<&'static str> {
    match web.inbox.health().borrow().state {
        "disk_low" => Some("This gateway's disk is nearly full. Only urgent posts are taken for now."),
        "disk_full" => Some("This gateway's disk is full. You can read, but nothing can be posted for now."),
        _ => None,
    }
}

fn filters(head: &Head, only: Option<ItemKind>, filtered: bool) -> Markup {
    let query = &head.query;
    let kinds = [("", "All"), ("need", "Needs"), ("offer", "Offers"), ("notice", "Notices")];
    let drawn = Drawn { typed: query, problem: None };
    let categories = Category::ALL.iter().map(|one| (one.name(), words::category(one.name())));
    let urgencies = Urgency::ALL.iter().map(|one| (one.name(), words::urgency(one.name())));
    html! {
        nav aria-label="Show" { div.kinds {
            @for (kind, word) in kinds {
                @let current = only.map_or("", ItemKind::name) == kind;
                a href=(query.query_with(&[("kind", kind), ("after", "")])) aria-current=[current.then_some("true")] { (word) } " "
            }
        } }
        div { details open[filtered] {
            summary { "Show only some" }
            form method="get" action="/" {
                @if let Some(only) = only { input type="hidden" name="kind" value=(only.name()); }
                (drawn.select("category", "About", std::iter::once(("", "Everything")).chain(categories), ""))
                (drawn.select("urgency", "How soon", std::iter::once(("", "Any")).chain(urgencies), ""))
                button { "Show" }
                @if filtered { " " a href="/" { "Show everything" } }
            }
        } }
    }
}

fn card(item: &ItemState, now: Option<u64>, urgent: bool) -> Markup {
    let text: String = match item.text.char_indices().nth(TEXT_CHARS) {
        Some((end, _)) => format!("{}…", item.text[..end].trim_end()),
        None => item.text.clone(),
    };
    html! {
        li.item.urgent[urgent] {
            h3 { a href={ "/" (item.kind) "/" (item.id) } { (said(&text)) } }
            (facts(item, now))
        }
    }
}

/// The line under an item: what about, how soon, where, how it stands, since when.
pub(super) fn facts(item: &ItemState, now: Option<u64>) -> Markup {
    let mut parts = Vec::new();
    if let Some(alert) = item.alert.as_ref().filter(|alert| alert.status != "actual") {
        let word = match alert.status {
            "exercise" => "Exercise, not real",
            _ => "Test, not real",
        };
        parts.push(html! { strong.exercise { (word) } });
    }
    parts.push(html! { (icons::icon(item.category)) (words::category(item.category)) });
    parts.push(html! { span.now[item.urgency == "now"] { (words::urgency(item.urgency)) } });
    if !item.zone.is_empty() {
        parts.push(said(&item.zone));
    }
    if let Some(alert) = item.alert.as_ref().filter(|alert| alert.severity != "unknown") {
        parts.push(html! { (words::severity(alert.severity)) });
    }
    parts.push(html! { (words::status(item)) });
    if let Some(ago) = time::ago(&item.created, now) {
        parts.push(html! { (ago) });
    }
    html! {
        p.facts {
            @for (at, part) in parts.iter().enumerate() {
                @if at > 0 { " · " }
                (part)
            }
        }
    }
}
