//! The window that phones open by themselves after joining the Wi-Fi (captive portal), and the way out of it.
//!
//! | file | |
//! |---|---|
//! | `probe` | what each system asks, and the answer that it calls success |
//! | `passed` | who chose the browser, and until when |
//! | `window` | which requests come from such a window |
//!
//! A probe is led to the page first, so that the window opens by itself. Some of these windows forget everything and close when another app
//! comes up, so the page offers the browser. From then on that phone's probes get success, for [`PASS_S`] at most: then
//! the system calls the network good, and links open in the real browser. **Nobody is kept out by any of this**: the page is
//! the same before and after.
//!
//! Sources: RFC 8908, RFC 8910, RFC 8952; what systems do is in `probe`.

mod passed;
mod probe;
pub(super) mod window;

use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::StatusCode;
use maud::html;
use serde_json::json;

use super::answer::{Answer, Cache, Fault};
use super::origin::{canonical, Ends};
use super::pages::page;
use super::request::{read_form, Head};
use super::view::View;
use super::Web;

pub(super) use self::passed::{Passed, PASS_S};

/// The answer to a probe, if the request is one and the portal is on. `host` is as the request says it, without port; `here`:
/// that is this gateway itself.
pub(super) fn probed(
    web: &Web,
    ends: Ends,
    (host, here): (&str, bool),
    path: &str,
    headers: &HeaderMap,
) -> Option<Answer> {
    if !web.config.portal.enabled {
        return None;
    }
    let success = probe::of(host, path, headers, here)?;
    let chosen = web.passed.left_s(ends.peer.ip()).and_then(|_| success.answer());
    Some(chosen.unwrap_or_else(|| Answer::found(&format!("{}/", origin(web, ends)))))
}

/// `GET /portal`: the way out of the window, and once it was chosen, what to do.
pub(super) fn show(web: &Web, head: &Head) -> Result<Answer, Fault> {
    here(web)?;
    let passed = web.passed.left_s(head.ends.peer.ip()).is_some();
    Ok(Answer::page(StatusCode::OK, draw(web, &head.view, &origin(web, head.ends), passed)).cached(Cache::Never))
}

/// `POST /portal`: "open it in my browser".
pub(super) async fn post(web: &Web, head: &Head, body: Incoming) -> Result<Answer, Fault> {
    here(web)?;
    read_form(head, body).await?;
    web.passed.pass(head.ends.peer.ip());
    Ok(Answer::see_other(&head.view.to("/portal")))
}

/// `GET /portal/api`: RFC 8908, section 5.
pub(super) fn api(web: &Web, head: &Head) -> Result<Answer, Fault> {
    here(web)?;
    if !web.config.portal.api {
        return Err(Fault::NotFound);
    }
    let page = format!("{}/", origin(web, head.ends));
    let state = match web.passed.left_s(head.ends.peer.ip()) {
        Some(left_s) => json!({"captive": false, "user-portal-url": page, "seconds-remaining": left_s}),
        None => json!({"captive": true, "user-portal-url": page}),
    };
    Ok(Answer::new(StatusCode::OK, "application/captive+json", format!("{state}\n")).cached(Cache::Never))
}

fn here(web: &Web) -> Result<(), Fault> {
    match web.config.portal.enabled {
        true => Ok(()),
        false => Err(Fault::NotFound),
    }
}

/// The canonical origin for whoever came by this connection.
pub(super) fn origin(web: &Web, ends: Ends) -> String {
    canonical(ends.local, web.config.portal.port)
}

fn draw(web: &Web, view: &View, origin: &str, passed: bool) -> maud::Markup {
    let title = view.say(if passed { "portal-passed-title" } else { "portal-title" });
    let address = html! { bdi dir="ltr" { (origin) "/" } };
    let content = html! {
        h1 { (title) }
        @if passed {
            p { (view.say("portal-passed-how")) }
            p.address { a href={ (origin) "/" } { (address) } }
            p { (view.lang.say_with("portal-passed-while", &[("minutes", (PASS_S / 60).into())])) }
        } @else {
            p { (view.say("portal-why")) }
            (button(view))
            p { (view.say("portal-or-type")) }
            p.address { (address) }
        }
        p { a.button href=(view.to("/")) { (view.say("to-board")) } }
    };
    // The page speaks of the window itself.
    let mut view = view.clone();
    view.captive = false;
    page(web, &view, &title, content)
}

/// The button that chooses the browser, wherever a page stands in such a window.
pub(super) fn button(view: &View) -> maud::Markup {
    html! {
        form method="post" action=(view.to("/portal")) {
            input type="hidden" name="choice" value="browser";
            button.strong { (view.say("portal-open")) }
        }
    }
}

/// Whether pages should offer the way out to this phone.
pub(super) fn is_offered(web: &Web, view: &View) -> bool {
    web.config.portal.enabled && view.captive
}

/// An address of the phone, for tests of the table.
#[cfg(test)]
fn address(n: u16) -> std::net::IpAddr {
    std::net::IpAddr::from([10, 44, (n >> 8) as u8, n as u8])
}
