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
pub(super) mod new;
pub(super) mod words;

use commons_core::admission::Rejection;
use hyper::header::RETRY_AFTER;
use hyper::StatusCode;
use maud::{html, Markup, DOCTYPE};

use super::answer::{Answer, Fault};
use super::{assets, Web};

/// A whole page around its content.
fn page(web: &Web, title: &str, content: Markup) -> Markup {
    let name = &web.about.name;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (name) }
                link rel="stylesheet" href=(*assets::STYLE_PATH);
            }
            body {
                div { a.skip href="#main" { "Skip to the content" } }
                header {
                    a.home href="/" { (icons::icon("home")) bdi dir="auto" { (name) } }
                    " "
                    a href="/help" { "Help" }
                }
                main #main { (content) }
                footer {
                    p {
                        "This page comes from " bdi dir="auto" { (name) } "'s gateway, not from the internet. "
                        "Whoever runs it can see and change what is shown here."
                    }
                }
            }
        }
    }
}

/// A neighbour's words.
fn said(text: &str) -> Markup {
    html! { bdi dir="auto" { (text) } }
}

/// The page of a request that failed on its way.
pub(super) fn fault(web: &Web, fault: &Fault) -> Markup {
    let title = match fault {
        Fault::NotFound => "Not here",
        Fault::Away => "One moment",
        _ => "That did not work",
    };
    page(
        web,
        title,
        html! {
            h1 { (title) }
            p { (words::sentence(&fault.to_string())) }
            p { a.button href="/" { "To the board" } }
        },
    )
}

/// A page that says why a post was refused, with the status and the wait that go with it.
fn refused(rejection: &Rejection, page: Markup) -> Answer {
    let status = StatusCode::from_u16(rejection.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    let answer = Answer::page(status, page);
    match rejection.retry_s() {
        Some(seconds) => answer.with(RETRY_AFTER, &seconds.to_string()),
        None => answer,
    }
}
