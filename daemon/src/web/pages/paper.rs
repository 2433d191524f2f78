//! Pages for the printer: the poster that leads people here, and the board for the door.

use commons_core::views::item::{ItemKind, ItemQuery, ItemState};
use hyper::StatusCode;
use maud::{html, Markup};
use qrcode::{Color, EcLevel, QrCode};

use super::board::{facts, is_urgent};
use super::search::{find, Search};
use super::{icons, page, said, tongue, words};
use crate::web::answer::{Answer, Fault};
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::words::Lang;
use crate::web::{time, Web};

/// Items of each kind on the printed board; more would not be read at a door.
const PRINTED_ITEMS: usize = 60;
/// Light modules around a code, without which cameras do not find it (ISO/IEC 18004).
const QUIET_MODULES: usize = 4;
/// Letters from which on a code is drawn as small as it can be.
const LONG_BYTES: usize = 500;

/// `GET /poster`
pub(in crate::web) fn poster(web: &Web, head: &Head) -> Answer {
    let view = &head.view;
    let wifi = &web.config.http.wifi_name;
    let password = &web.config.http.wifi_password;
    let address = &web.about.page;
    let others = Lang::all().filter(|lang| *lang != view.lang);
    let content = html! {
        div.poster {
            h1 { (view.say("poster-title")) }
            ul.tongues { @for lang in others { li lang=(lang.code()) dir=(lang.direction()) { (lang.say("poster-title")) } } }
            p.lead { (view.say("poster-lead")) }
            div.steps {
                @if !wifi.is_empty() {
                    section {
                        h2 { (view.say("poster-wifi")) }
                        (qr(&wifi_code(wifi, password), &view.lang.say_with("poster-wifi-code", &[("name", wifi.as_str().into())])))
                        p { (view.lang.mark("poster-wifi-name", &[], &[("name", said(wifi))])) }
                        p {
                            @if password.is_empty() { (view.say("poster-wifi-open")) }
                            @else { (view.lang.mark("poster-wifi-password", &[], &[("password", said(password))])) }
                        }
                    }
                }
                section {
                    h2 { (view.say("poster-page")) }
                    (qr(address, &view.lang.say_with("poster-page-code", &[("page", address.as_str().into())])))
                    p { (view.say("poster-page-how")) }
                    p.address { bdi dir="ltr" { (address) } }
                }
            }
            p.hint.screen { (view.say("poster-print")) }
        }
    };
    Answer::page(StatusCode::OK, page(web, view, &view.say("help-poster"), content))
}

/// `GET /bulletin`
pub(in crate::web) async fn bulletin(web: &Web, head: &Head) -> Result<Answer, Fault> {
    let view = &head.view;
    let mut sections = Vec::new();
    for kind in ItemKind::ALL {
        let query = ItemQuery { kind: Some(*kind), limit: PRINTED_ITEMS, ..ItemQuery::default() };
        let found = find(&web.inbox, query, &Search::default()).await;
        if !found.items.is_empty() {
            sections.push((*kind, found));
        }
    }
    if web.is_writer_gone() {
        return Err(Fault::Away);
    }
    let health = web.inbox.health().borrow().clone();
    let now = time::now(&health);
    let time = html! { bdi dir="ltr" { (time::moment(&health.clock)) } };
    let address = html! { strong { bdi dir="ltr" { (web.about.page) } } };
    let content = html! {
        div.bulletin {
            h1 { (view.say("bulletin-title")) }
            @if now.is_some() { p { (view.lang.mark("bulletin-as-of", &[], &[("time", time)])) } }
            p { (view.lang.mark("bulletin-how", &[], &[("page", address)])) }
            @for (kind, found) in &sections {
                h2 { (icons::icon(kind.name())) (view.say(&format!("kind-{}", kind.name()))) }
                ul { @for item in &found.items { (entry(view, item)) } }
                @if found.more_after.is_some() { p { strong { (view.say("bulletin-more")) } } }
            }
            @if sections.is_empty() { p { (view.say("empty-need")) } }
            p.hint.screen { (view.say("poster-print")) }
        }
    };
    Ok(Answer::page(StatusCode::OK, page(web, view, &view.say("help-bulletin"), content)))
}

/// One item on the printed board. Ages are left out: paper does not count on.
fn entry(view: &View, item: &ItemState) -> Markup {
    html! {
        li.urgent[is_urgent(item)] {
            p lang=[tongue(&item.lang)] {
                @if is_urgent(item) { strong { (view.say("urgent")) ": " } }
                (said(&item.text))
            }
            @if !item.lines.is_empty() {
                p {
                    @for (at, line) in item.lines.iter().enumerate() {
                        @if at > 0 { ", " }
                        (words::quantity(view.lang, line.qty.0)) " " (said(&line.unit)) " " (said(&line.item))
                    }
                }
            }
            (facts(view.lang, item, None))
        }
    }
}

/// What phones' cameras understand as "join this network" (the ZXing project's format, which Android and iOS took over).
fn wifi_code(name: &str, password: &str) -> String {
    let escaped = |text: &str| -> String {
        text.chars()
            .flat_map(|c| matches!(c, '\\' | ';' | ',' | ':' | '"').then_some('\\').into_iter().chain([c]))
            .collect()
    };
    match password.is_empty() {
        true => format!("WIFI:T:nopass;S:{};;", escaped(name)),
        false => format!("WIFI:T:WPA;S:{};P:{};;", escaped(name), escaped(password)),
    }
}

/// A code as inline SVG: one path, dark on light in every mode, because cameras want it so.
pub(in crate::web) fn qr(text: &str, title: &str) -> Markup {
    // Long ones, as fork proofs are, with fewer spare modules; what did not fit would be printed in letters beside it anyway.
    let level = if text.len() > LONG_BYTES { EcLevel::L } else { EcLevel::M };
    let Ok(code) = QrCode::with_error_correction_level(text.as_bytes(), level) else {
        return html! {};
    };
    let width = code.width();
    let mut lines = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (at % width + QUIET_MODULES, at / width + QUIET_MODULES);
            lines.push_str(&format!("M{x} {y}h1v1h-1z"));
        }
    }
    let side = width + 2 * QUIET_MODULES;
    html! {
        svg.qr viewBox={ "0 0 " (side) " " (side) } role="img" aria-label=(title) shape-rendering="crispEdges" {
            rect width=(side) height=(side) fill="#fff" {}
            path d=(lines) fill="#000" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A poster whose square joins no network, or another one, is worse than none.
    #[test]
    fn wifi_names_and_passwords_are_escaped() {
        assert_eq!(wifi_code("Maple", ""), "WIFI:T:nopass;S:Maple;;");
        assert_eq!(wifi_code("A;B", "p:\"q\\,"), "WIFI:T:WPA;S:A\\;B;P:p\\:\\\"q\\\\\\,;;");
    }

    /// A camera finds no code without the light frame around it, nor one whose modules are not where they belong.
    #[test]
    fn a_code_has_its_modules_and_its_frame() {
        let svg = qr("http://10.44.7.1/", "x").0;
        let code = QrCode::with_error_correction_level("http://10.44.7.1/", EcLevel::M).unwrap();
        let dark = code.to_colors().iter().filter(|color| **color == Color::Dark).count();
        assert_eq!(svg.matches("h1v1h-1z").count(), dark);
        assert!(svg.contains("M4 4h1v1h-1z") && !svg.contains("M3 "), "the frame is light");
    }
}
