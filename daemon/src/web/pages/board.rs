//! The board: what is urgent, what is needed, what is offered, what was announced.

use std::sync::Arc;

use commons_core::identity::RecordId;
use commons_core::record::{Category, Urgency};
use commons_core::views::item::{ItemKind, ItemQuery, ItemState};
use hyper::header::SET_COOKIE;
use hyper::StatusCode;
use maud::{html, Markup};

use super::fields::Drawn;
use super::search::{find, Search};
use super::{icons, page_with, said, tongue, words};
use crate::web::answer::{Answer, Fault};
use crate::web::request::Head;
use crate::web::view::{cookie, View};
use crate::web::words::Lang;
use crate::web::{assets, time, Web};

/// Items of each kind on the whole board.
const SECTION_ITEMS: usize = 20;
/// Items on a page of one kind.
const PAGE_ITEMS: usize = 40;
/// Characters of a text on the board; the item's own page has all of it.
const TEXT_CHARS: usize = 160;
/// Without script the board loads itself again after so long. It says so, and how to stop it (WCAG 2.2.1).
const RENEW_S: u64 = 60;
/// The cookie of whoever stopped that.
const STILL_COOKIE: &str = "still";
/// How long it is remembered, in seconds: a year.
const STILL_S: u64 = 31_536_000;

pub(in crate::web) async fn show(web: &Web, head: &Head) -> Result<Answer, Fault> {
    let (view, query) = (&head.view, &head.query);
    let only = ItemKind::parse(query.get("kind"));
    let after = RecordId::parse(query.get("after")).filter(|_| only.is_some());
    let search = Search::of(query.get("q"), query.get("zone"));
    let mut sections = Vec::new();
    for kind in ItemKind::ALL.iter().copied().filter(|kind| only.is_none_or(|only| only == *kind)) {
        let wanted = ItemQuery {
            kind: Some(kind),
            category: Category::parse(query.get("category")),
            urgency: Urgency::parse(query.get("urgency")),
            limit: if only.is_some() { PAGE_ITEMS } else { SECTION_ITEMS },
            after,
            ..ItemQuery::default()
        };
        sections.push((kind, find(&web.inbox, wanted, &search).await));
    }
    if web.is_writer_gone() {
        return Err(Fault::Away);
    }
    let now = time::now(&web.inbox.health().borrow());
    let mut urgent = Vec::new();
    for (_, found) in &mut sections {
        let (first, rest): (Vec<_>, Vec<_>) = found.items.drain(..).partition(|item| is_urgent(item));
        found.items = rest;
        urgent.extend(first);
    }
    let filtered = !terms(view.lang, head).is_empty();
    let renewal = Renewal::of(head, filtered);
    let nothing = urgent.is_empty() && sections.iter().all(|(_, found)| found.items.is_empty());
    let content = html! {
        h1.unseen { (view.say("board-title")) }
        @if let Some(storage) = storage_notice(web) { div.problem role="status" { (view.say(storage)) } }
        nav aria-label=(view.say("board-start")) { div.actions { " "
            @for (kind, strong, address, word) in [
                ("need", true, "/new/need", "ask"), ("offer", false, "/new/offer", "offer"),
                ("notice", false, "/new/notice", "announce"), ("code", false, "/code", "have-code"),
            ] {
                a.button.strong[strong] href=(view.to(address)) { (icons::icon(kind)) (view.say(word)) } " "
            }
        } }
        (filters(head, only, filtered, nothing, &renewal))
        @if !urgent.is_empty() {
            section aria-labelledby="urgent" {
                h2 #urgent { (icons::icon("now")) (view.say("urgent")) }
                ul.items { @for item in &urgent { (card(view, item, now, true)) } }
            }
        }
        @for (kind, found) in &sections {
            @let name = kind.name();
            section aria-labelledby={ (name) "s" } {
                h2 id={ (name) "s" } { (icons::icon(name)) (view.say(&format!("kind-{name}"))) }
                @if found.items.is_empty() {
                    @let others = urgent.iter().any(|item| item.kind == name);
                    p.quiet { (view.say(&empty(name, filtered, after.is_some(), others))) }
                } @else {
                    ul.items { @for item in &found.items { (card(view, item, now, false)) } }
                }
                @if let Some(last) = &found.more_after {
                    @let word = if found.gave_up { "search-on".to_owned() } else { format!("older-{name}") };
                    p { a.button href=(view.to(&query.query_with(&[("lang", ""), ("kind", name), ("after", last)]))) {
                        (view.say(&word))
                    } }
                }
            }
        }
        nav aria-label=(view.say("board-more")) { div.kinds {
            a href=(view.to("/stock")) { (icons::icon("stock")) (view.say("stock")) } " "
            a href=(view.to("/scorecard")) { (icons::icon("score")) (view.say("score")) }
        } }
        (renewal.draw(head))
    };
    let page = page_with(web, view, &view.say("board-title"), renewal.head(), content);
    Ok(renewal.remember(Answer::page(StatusCode::OK, page)))
}

/// Whether the board loads itself again where there is no script to follow it.
///
/// Only where nothing can be lost by it: the search's fields stand on a board of their own then, which stays as it is.
struct Renewal {
    is_board: bool,
    // Stopped, or begun again, by this very request.
    chosen: Option<bool>,
    stopped: bool,
}

impl Renewal {
    fn of(head: &Head, filtered: bool) -> Self {
        let query = &head.query;
        let chosen = match query.get("still") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        let stopped = chosen.unwrap_or_else(|| cookie(&head.headers, STILL_COOKIE) == Some("yes"));
        let is_board = !filtered && query.get("after").is_empty() && query.get("search").is_empty();
        Self { is_board, chosen, stopped }
    }

    fn is_on(&self) -> bool {
        self.is_board && !self.stopped
    }

    fn head(&self) -> Markup {
        html! {
            @if self.is_board {
                noscript {
                    @if self.is_on() { meta http-equiv="refresh" content=(RENEW_S); }
                    link rel="stylesheet" href=(assets::path("noscript.css"));
                }
            }
        }
    }

    /// That it does so, and the way to stop it; or the way back.
    fn draw(&self, head: &Head) -> Markup {
        let view = &head.view;
        let (said, way, wanted) = match self.stopped {
            false => ("board-renews", "board-still", "yes"),
            true => ("board-is-still", "board-renew", "no"),
        };
        let address = view.to(&head.query.query_with(&[("lang", ""), ("still", wanted)]));
        html! {
            @if self.is_board { p.quiet.noscript { (view.say(said)) " " a.button href=(address) { (view.say(way)) } } }
        }
    }

    fn remember(&self, answer: Answer) -> Answer {
        let cookie = match self.chosen {
            Some(true) => format!("{STILL_COOKIE}=yes; Path=/; Max-Age={STILL_S}; SameSite=Lax; HttpOnly"),
            Some(false) => format!("{STILL_COOKIE}=no; Path=/; Max-Age=0; SameSite=Lax; HttpOnly"),
            None => return answer,
        };
        answer.with(SET_COOKIE, &cookie)
    }
}

/// What an empty section says.
fn empty(kind: &str, filtered: bool, continued: bool, others_above: bool) -> String {
    match (others_above, filtered, continued) {
        (true, ..) => "empty-urgent".to_owned(),
        (_, true, _) => "empty-filtered".to_owned(),
        (_, _, true) => "empty-after".to_owned(),
        _ => format!("empty-{kind}"),
    }
}

/// What goes to the top: needs marked "now", and grave notices that are no exercise.
pub(super) fn is_urgent(item: &ItemState) -> bool {
    match (&item.alert, item.kind) {
        (Some(alert), _) => {
            alert.status == "actual" && (item.urgency == "now" || matches!(alert.severity, "severe" | "extreme"))
        }
        (None, kind) => kind == "need" && item.urgency == "now",
    }
}

fn storage_notice(web: &Web) -> Option<&'static str> {
    match web.inbox.health().borrow().state {
        "disk_low" => Some("disk-low"),
        "disk_full" => Some("disk-full"),
        _ => None,
    }
}

/// Kinds to choose from, and the search: folded up again once something was found, so that it is seen at once.
fn filters(head: &Head, only: Option<ItemKind>, filtered: bool, nothing: bool, renewal: &Renewal) -> Markup {
    let (view, query) = (&head.view, &head.query);
    let drawn = Drawn { view, typed: query, problems: &[], text: "" };
    let categories = Category::ALL.iter().map(|one| (one.name(), words::category(view.lang, one.name())));
    let categories = std::iter::once(("", view.say("any-category"))).chain(categories);
    let urgencies = Urgency::ALL.iter().map(|one| (one.name(), words::urgency(view.lang, one.name())));
    let urgencies = std::iter::once(("", view.say("any-urgency"))).chain(urgencies);
    html! {
        nav aria-label=(view.say("show")) { div.kinds {
            @for kind in std::iter::once("all").chain(ItemKind::ALL.iter().map(|kind| kind.name())) {
                @let current = only.map_or("all", ItemKind::name) == kind;
                @let wanted = if kind == "all" { "" } else { kind };
                a href=(view.to(&query.query_with(&[("lang", ""), ("after", ""), ("kind", wanted)])))
                    aria-current=[current.then_some("true")] { (view.say(&format!("kind-{kind}"))) } " "
            }
        } }
        @if filtered {
            p {
                (icons::icon("search"))
                @for (at, term) in terms(view.lang, head).iter().enumerate() { @if at > 0 { "\u{a0}· " } strong { (said(term)) } }
            }
            p {
                a.button href=(view.to(&format!("/{}", only.map_or(String::new(), |kind| format!("?kind={}", kind.name()))))) {
                    (view.say("search-clear"))
                }
            }
        }
        @if renewal.is_on() {
            p.noscript {
                a.button href=(view.to(&query.query_with(&[("lang", ""), ("search", "open")]))) { (icons::icon("search")) (view.say("search-open")) }
            }
        }
        div.script[renewal.is_on()] { details open[filtered && nothing || query.get("search") == "open"] {
            summary { (icons::icon("search")) (view.say("search-open")) }
            form method="get" action="/" role="search" {
                @if let Some(only) = only { input type="hidden" name="kind" value=(only.name()); }
                @if let Some(lang) = view.carries() { input type="hidden" name="lang" value=(lang.code()); }
                (drawn.line("q", "search-words", "search-words-hint", 100))
                (drawn.line("zone", "search-zone", "", 64))
                (drawn.select("category", "search-category", categories, ""))
                (drawn.select("urgency", "search-urgency", urgencies, ""))
                button.strong { (view.say("search-send")) }
            }
        } }
    }
}

/// What is looked for, as it was typed or chosen.
fn terms(lang: Lang, head: &Head) -> Vec<String> {
    let query = &head.query;
    let mut terms = vec![query.get("q").to_owned(), query.get("zone").to_owned()];
    terms.extend(Category::parse(query.get("category")).map(|one| words::category(lang, one.name())));
    terms.extend(Urgency::parse(query.get("urgency")).map(|one| words::urgency(lang, one.name())));
    terms.retain(|term| !term.is_empty());
    terms
}

fn card(view: &View, item: &Arc<ItemState>, now: Option<u64>, urgent: bool) -> Markup {
    html! {
        li.item.urgent[urgent] {
            h3 lang=[tongue(&item.lang)] {
                a href=(view.to(&format!("/{}/{}", item.kind, item.id))) { (said(&shortened(&item.text))) }
            }
            (facts(view.lang, item, now))
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// The line under an item: what about, how soon, where, how it stands, since when.
pub(super) fn facts(lang: Lang, item: &ItemState, now: Option<u64>) -> Markup {
    let mut parts = Vec::new();
    if let Some(alert) = item.alert.as_ref().filter(|alert| alert.status != "actual") {
        let word = if alert.status == "exercise" { "exercise" } else { "test" };
        parts.push(html! { strong.exercise { (lang.say(word)) } });
    }
    parts.push(html! { (icons::icon(item.category)) (words::category(lang, item.category)) });
    parts.push(html! { span.now[item.urgency == "now"] { (words::urgency(lang, item.urgency)) } });
    if !item.zone.is_empty() {
        parts.push(said(&item.zone));
    }
    if let Some(alert) = item.alert.as_ref().filter(|alert| alert.severity != "unknown") {
        parts.push(html! { (words::severity(lang, alert.severity)) });
    }
    parts.push(html! { (words::status(lang, item)) });
    if let Some(ago) = time::ago(lang, &item.created, item.lived_s, now) {
        parts.push(html! { (ago) });
    }
    html! {
        p.facts {
            @for (at, part) in parts.iter().enumerate() {
                @if at > 0 { "\u{a0}· " }
                (part)
            }
        }
    }
}
