//! After a post: it is kept, and this is your code word. Shown for ten minutes, at an address that does not hold it.

use commons_core::record::{Kind, MEMO_BYTES_MAX};
use commons_core::views::item::ItemState;
use hyper::StatusCode;
use maud::{html, Markup};

use super::{page, said};
use crate::web::answer::{Answer, Cache, Fault};
use crate::web::form::Form;
use crate::web::kept::KEPT_S;
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::{time, Web};

pub(in crate::web) async fn show(web: &Web, head: &Head, key: &str) -> Result<Answer, Fault> {
    let view = &head.view;
    let span = [("span", time::span(view.lang, KEPT_S).into())];
    let Some(shown) = web.kept.get(key) else {
        let title = view.say("kept-over");
        let content = html! {
            h1 { (title) }
            p { (view.lang.say_with("kept-over-why", &span)) }
            p { a.button href=(view.to("/")) { (view.say("to-board")) } }
        };
        return Ok(Answer::page(StatusCode::NOT_FOUND, page(web, view, &title, content)).cached(Cache::Never));
    };
    let accepted = &shown.accepted;
    let item = web.inbox.item(&accepted.item.to_string()).await;
    let kind = item.as_ref().map(|item| item.kind).or(shown.item_kind);
    let claim = item.as_ref().and_then(|item| {
        let id = accepted.id.to_string();
        item.claims.iter().find(|claim| claim.id == id)
    });
    let title = view.say(match accepted.kind {
        Kind::Need => "kept-need",
        Kind::Offer => "kept-offer",
        Kind::Notice => "kept-notice",
        Kind::Claim => "kept-claim",
        Kind::Start => "kept-start",
        Kind::Done => "kept-done",
        Kind::Confirm => "kept-confirm",
        Kind::Withdraw => "kept-withdraw",
        Kind::Reopen => "kept-reopen",
        kind if is_shared(kind) => "kept-stock",
        Kind::Pay => "kept-pay",
        Kind::Accept => "kept-accept",
        Kind::Decline => "kept-decline",
        Kind::Reclaim => "kept-reclaim",
        Kind::Dispute => "kept-dispute",
        Kind::Join => "kept-join",
        Kind::Vouch => "kept-vouch",
        Kind::Decide => "kept-decide",
        Kind::Consent => "kept-consent",
        Kind::ForkProof => "kept-proof",
        Kind::Rekey => "kept-rekey",
        _ => "kept-other",
    });
    let content = html! {
        h1 { (title) }
        p { (kept_at(view, &web.about.name, item.as_ref().and_then(|item| item.reached))) @if accepted.duplicate { " " (view.say("kept-twice")) } }
        @if let (Kind::Claim, Some(claim)) = (accepted.kind, claim) {
            p { (view.say(if claim.status == "standby" { "kept-claim-standby" } else { "kept-claim-first" })) }
        }
        @if accepted.kind == Kind::StockCount { p { (view.say("kept-count")) } }
        @if let Some(contact) = &accepted.contact {
            div.code-box {
                p { (view.say("kept-contact")) }
                p.contact { (said(contact)) }
            }
        }
        @if let Some(code) = &accepted.code {
            div.code-box {
                p { (view.say("kept-code")) }
                p.code { bdi data-code lang="en" dir="ltr" { (code) } }
                p { strong { (view.say("kept-write")) } " " (view.lang.say_with("kept-shown", &span)) " "
                    (view.say(if accepted.kind == Kind::Claim { "kept-code-giver" } else { "kept-code-asker" }))
                }
            }
        }
        nav.actions aria-label=(view.say("kept-next")) {
            @if let Some(kind) = kind {
                a.button data-item href=(view.to(&format!("/{kind}/{}", accepted.item))) { (view.say("kept-see")) } " "
            }
            @if is_shared(accepted.kind) || (accepted.kind == Kind::Cosign && kind.is_none()) {
                a.button.strong href=(view.to("/stock")) { (view.say("stock")) }
            }
            @if accepted.kind.is_ledger() {
                a.button.strong href=(view.to("/credit")) { (view.say("credit-to")) }
            }
            @if accepted.kind == Kind::Pay {
                a.button href=(view.to(&format!("/credit/payment/{}", accepted.id))) { (view.say("credit-payment")) }
            }
            @if accepted.kind == Kind::Confirm { (hours(view, item.as_deref())) }
            a.button href=(view.to("/")) { (view.say("to-board")) }
        }
    };
    Ok(Answer::page(StatusCode::OK, page(web, view, &title, content)).cached(Cache::Never))
}

/// About shared things, which stand on a page of their own.
fn is_shared(kind: Kind) -> bool {
    matches!(kind, Kind::StockIn | Kind::StockOut | Kind::StockCount | Kind::Loan | Kind::Return)
}

/// Once help has arrived: the hours for it, to whoever helped and has signed so; else to whom one types.
pub(super) fn hours(view: &View, item: Option<&ItemState>) -> Markup {
    let Some(item) = item.filter(|item| item.kind == "need" || item.kind == "offer") else { return html! {} };
    let helper = item.claims.iter().find(|claim| claim.slot.is_some()).and_then(|claim| claim.author.as_deref());
    // What was given goes from who has got it: of an offer, that is the one who answered.
    let fields = |to: &str| {
        Form::of(&[("to", to), ("item", &item.id), ("memo", &memo(&item.text))]).address_with("/credit/pay", &[])
    };
    let to = if item.kind == "need" { helper } else { item.author.as_deref() };
    let ask = Form::of(&[("item", &item.id), ("memo", &memo(&item.text))]).address_with("/credit/ask", &[]);
    html! {
        a.button href=(view.to(&fields(to.unwrap_or_default()))) { (view.say("credit-hours-pay")) } " "
        a.button href=(view.to(&ask)) { (view.say("credit-hours-ask")) }
    }
}

/// As much of an item's words as a payment's memo holds.
fn memo(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let end = line.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= MEMO_BYTES_MAX).last();
    line[..end.unwrap_or(0)].to_owned()
}

/// Where a post is kept: here, and at how many other gateways, if that is known.
pub(super) fn kept_at(view: &View, gateway: &str, reached: Option<u32>) -> Markup {
    html! {
        (view.lang.mark("kept-here", &[], &[("gateway", said(gateway))]))
        @if let Some(reached) = reached { " " (view.lang.say_with("kept-reached", &[("n", reached.into())])) }
    }
}
