//! The pages: server-rendered, whole without script, for a captive window, an old phone, lynx and a screen reader alike.
//!
//! Neighbours' words go in through maud, which escapes them, inside `<bdi dir="auto">`, so that no text can change the page
//! or the direction of the words around it.

pub(super) mod board;
pub(super) mod code;
pub(super) mod fields;
pub(super) mod help;
pub(super) mod icons;
pub(super) mod item;
pub(super) mod kept;
pub(super) mod me;
pub(super) mod movement;
pub(super) mod new;
pub(super) mod paper;
pub(super) mod scorecard;
mod search;
pub(super) mod stock;
pub(super) mod words;

use commons_core::admission::Rejection;
use hyper::header::RETRY_AFTER;
use hyper::StatusCode;
use maud::{html, Markup, DOCTYPE};

use super::answer::{Answer, Fault};
use super::form::Form;
use super::view::{View, SWITCH};
use super::words::Lang;
use super::{assets, portal, Web};

/// A whole page around its content.
pub(super) fn page(web: &Web, view: &View, title: &str, content: Markup) -> Markup {
    whole(web, view, title, html! {}, None, content)
}

/// The same with something more in its head.
fn page_with(web: &Web, view: &View, title: &str, head: Markup, content: Markup) -> Markup {
    whole(web, view, title, head, None, content)
}

/// The id of the form whose fields go along when the language is switched.
pub(super) const FORM: &str = "post";

/// A page around a form with the id [`FORM`]: switching the language draws it again, with what is typed, and posts nothing. `enter`
/// is what its Enter key does, for Enter presses a form's first button, wherever on the page that stands.
pub(super) fn page_around_form(web: &Web, view: &View, title: &str, enter: Markup, content: Markup) -> Markup {
    whole(web, view, title, html! {}, Some(enter), content)
}

/// Whether a form was sent by the language switch: it is to be drawn again, not posted.
pub(super) fn is_redrawn(form: &Form) -> bool {
    !form.get(SWITCH).is_empty()
}

/// What Enter does in the form with the id [`FORM`]: what its own button does, which comes after those of the language switch.
pub(super) fn enter(word: &str) -> Markup {
    html! { button.unseen form=(FORM) tabindex="-1" aria-hidden="true" { (word) } }
}

fn whole(web: &Web, view: &View, title: &str, head: Markup, enter: Option<Markup>, content: Markup) -> Markup {
    let name = &web.about.name;
    html! {
        (DOCTYPE)
        html lang=(view.lang.code()) dir=(view.lang.direction()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (name) }
                link rel="stylesheet" href=(assets::path("app.css"));
                // A module waits until the page is read, so that old and slow phones see the board first.
                script type="module" src=(assets::path("app.js")) {}
                (head)
            }
            body data-words=(assets::words_path(view.lang)) data-network=(web.about.network) {
                div { a.skip href="#main" { (view.say("skip")) } }
                header {
                    a.home href=(view.to("/")) { (icons::icon("home")) bdi dir="auto" { (name) } }
                    @if let Some(enter) = &enter { (enter) }
                    " " (languages(view, enter.is_some())) " "
                    a href=(view.to("/help")) { (view.say("help")) }
                }
                @if view.captive { (open_in_browser(web, view)) }
                main #main { (content) }
                footer {
                    p { a href=(view.to("/credit")) { (view.say("credit")) } }
                    p { (view.lang.mark("footer", &[], &[("gateway", said(name))])) }
                }
            }
        }
    }
}

/// A captive window forgets all and closes when another app comes up; the address is typed into a browser by hand, because
/// no link leads out of such a window.
fn open_in_browser(web: &Web, view: &View) -> Markup {
    html! {
        aside.captive aria-labelledby="captive" {
            p #captive { strong { (view.say("captive-title")) } }
            p { (view.say("captive-how")) }
            p.address { bdi dir="ltr" { (web.about.page) } }
            @if portal::is_offered(web, view) { (portal::button(view)) }
        }
    }
}

/// The language switch: links, so that it works without script, and back to the page one is on. Where something may be typed, buttons
/// that take it along; in a form of their own, so that a browser that knows no `form=` (lynx) can press them too, without what is typed.
fn languages(view: &View, form: bool) -> Markup {
    let entry = |lang: Lang| {
        let current = (lang == view.lang).then_some("true");
        html! {
            @if form {
                button form=(FORM) formaction=(view.switch(lang)) name=(SWITCH) value=(lang.code()) lang=(lang.code())
                    dir=(lang.direction()) aria-current=[current] { (lang.name()) }
            } @else {
                a href=(view.switch(lang)) lang=(lang.code()) dir=(lang.direction()) hreflang=(lang.code())
                    aria-current=[current] { (lang.name()) }
            }
        }
    };
    let list = html! { ul { @for lang in Lang::all() { li { (entry(lang)) } } } };
    let (path, query) = view.parts();
    html! {
        nav aria-label=(view.say("languages")) {
            details.languages {
                summary { (icons::icon("languages")) span.unseen { (view.say("languages")) ": " } (view.lang.name()) }
                @if form {
                    form method="get" action=(path) {
                        // A form's mark in an address is of somebody else's choosing.
                        @for (name, value) in query.iter().filter(|(name, _)| *name != "token") { input type="hidden" name=(name) value=(value); }
                        (list)
                    }
                } @else { (list) }
            }
        }
    }
}

/// A neighbour's words.
pub(super) fn said(text: &str) -> Markup {
    html! { bdi dir="auto" { (text) } }
}

/// The language that a neighbour said his words are in, if it is one by shape (BCP 47); what is none would make a screen
/// reader guess.
fn tongue(lang: &str) -> Option<&str> {
    let mut parts = lang.split('-');
    let first =
        parts.next().is_some_and(|one| (2..=3).contains(&one.len()) && one.bytes().all(|b| b.is_ascii_alphabetic()));
    let rest = parts.all(|one| (1..=8).contains(&one.len()) && one.bytes().all(|b| b.is_ascii_alphanumeric()));
    (first && rest).then_some(lang)
}

/// The page of a request that failed on its way.
pub(super) fn fault(web: &Web, view: &View, fault: &Fault) -> Markup {
    let (title, why) = match fault {
        Fault::NotFound => ("fault-title-gone", "fault-not-found"),
        Fault::Away => ("fault-title-wait", "fault-away"),
        Fault::CrossSite | Fault::ForeignPage => ("fault-title", "fault-cross-site"),
        Fault::TooSlow => ("fault-title", "fault-too-slow"),
        Fault::TooLarge(_) => ("fault-title", "fault-too-large"),
        Fault::AddressTooLong(_) => ("fault-title", "fault-address"),
        Fault::Broken => ("fault-title", "fault-broken"),
        Fault::OldForm => ("fault-title", "keeper-old-form"),
        _ => ("fault-title", "fault-other"),
    };
    let title = view.say(title);
    let content = html! {
        h1 { (title) }
        @if let Fault::WrongHost(origin) = fault {
            @let address = html! { a href={ (origin) "/" } { bdi dir="ltr" { (origin) "/" } } };
            p { (view.lang.mark("portal-wrong-host", &[], &[("address", address)])) }
        } @else {
            p { (view.say(why)) }
        }
        p { a.button href=(view.to("/")) { (view.say("to-board")) } }
    };
    page(web, view, &title, content)
}

/// A form that came back because something in it is missing or wrong.
fn unsent(page: Markup) -> Answer {
    Answer::page(StatusCode::UNPROCESSABLE_ENTITY, page)
}

/// A page that says why a post was refused, with the status and the wait that go with it.
pub(super) fn refused(rejection: &Rejection, page: Markup) -> Answer {
    let status = StatusCode::from_u16(rejection.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    let answer = Answer::page(status, page);
    match rejection.retry_s() {
        Some(seconds) => answer.with(RETRY_AFTER, &seconds.to_string()),
        None => answer,
    }
}
