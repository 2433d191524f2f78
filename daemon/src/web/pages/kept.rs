//! After a post: it is kept, and this is your code word. Shown for ten minutes, at an address that does not hold it.

use commons_core::record::Kind;
use hyper::StatusCode;
use maud::html;

use super::{page, said, words};
use crate::web::answer::{Answer, Cache, Fault};
use crate::web::kept::KEPT_S;
use crate::web::request::Head;
use crate::web::{time, Web};

pub(in crate::web) async fn show(web: &Web, head: &Head, key: &str) -> Result<Answer, Fault> {
    let Some(shown) = web.kept.get(key) else {
        let content = html! {
            h1 { "No longer shown" }
            p { "A code word is shown for " (time::span(KEPT_S)) " only. What you posted is still kept; look on the board." }
            p { a.button href="/" { "To the board" } }
        };
        let page = page(web, &head.view, "No longer shown", content);
        return Ok(Answer::page(StatusCode::NOT_FOUND, page).cached(Cache::Never));
    };
    let accepted = &shown.accepted;
    let item = web.inbox.item(&accepted.item.to_string()).await;
    let kind = item.as_ref().map(|item| item.kind).or(shown.item_kind);
    let claim = item.as_ref().and_then(|item| {
        let id = accepted.id.to_string();
        item.claims.iter().find(|claim| claim.id == id)
    });
    let title = match accepted.kind {
        Kind::Need => "You asked for help",
        Kind::Offer => "Your offer is on the board",
        Kind::Notice => "It is announced",
        Kind::Claim => "Thank you",
        Kind::Start => "You are on your way",
        Kind::Done => "Thank you, it is done",
        Kind::Confirm => "Good to hear",
        Kind::Withdraw => "It is taken back",
        Kind::Reopen => "It is open again",
        _ => "It is kept",
    };
    let content = html! {
        h1 { (title) }
        p { "Kept on " (said(&web.about.name)) "'s gateway." @if accepted.duplicate { " It was here already, so it is there once." } }
        @if accepted.kind == Kind::Claim {
            p {
                @match claim.map(|claim| claim.status) {
                    Some("standby") => "Others were first. You are next in case somebody cannot come.",
                    Some(status) => { "On the board you are now the one who " (words::claim_status(status)) "." }
                    None => "Your answer is with the gateway.",
                }
            }
        }
        @if let Some(contact) = &accepted.contact {
            div.code-box {
                p { "How to reach them. Only you see this." }
                p.contact { (said(contact)) }
            }
        }
        @if let Some(code) = &accepted.code {
            div.code-box {
                p { "Your code word" }
                p.code { (code) }
                p { strong { "Write it down now." } " It is shown for " (time::span(KEPT_S)) " only. "
                    @if accepted.kind == Kind::Claim {
                        "With it you can see how to reach them, say that it is done, or that you cannot come."
                    } @else {
                        "With it you can say that help came, or take this back."
                    }
                }
            }
        }
        nav.actions aria-label="What next?" {
            @if let Some(kind) = kind {
                a.button href={ "/" (kind) "/" (accepted.item) } { "See it" }
            }
            a.button href="/" { "To the board" }
        }
    };
    Ok(Answer::page(StatusCode::OK, page(web, &head.view, title, content)).cached(Cache::Never))
}
