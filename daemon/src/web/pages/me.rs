//! The phone's own key: made, backed up, restored and forgotten here. The gateway never sees it; the script does all of this.

use hyper::StatusCode;
use maud::{html, Markup};

use super::{icons, page};
use crate::web::answer::Answer;
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::Web;

pub(in crate::web) fn show(web: &Web, head: &Head) -> Answer {
    let view = &head.view;
    Answer::page(StatusCode::OK, page(web, view, &view.say("me"), draw(view)))
}

/// All states at once; the script shows the one that fits. Without script only the first is seen.
fn draw(view: &View) -> Markup {
    html! {
        h1 { (icons::icon("code")) (view.say("me")) }
        p { (view.say("me-what")) }
        div data-me="off" { p { (view.say("me-needs-script")) } }
        div data-me="none" hidden {
            p { (view.say("me-beware")) }
            p { button.strong type="button" data-do="make" { (view.say("me-make")) } }
            (restore(view))
        }
        div data-me="new" hidden {
            h2 { (view.say("me-write-down")) }
            p { (view.say("me-write-down-why")) }
            (backup())
            form data-do="confirm" {
                div.field {
                    label for="group" { (view.say("me-type-group")) " " strong data-group {} }
                    div.wrong #group-wrong role="alert" hidden { (view.say("me-group-wrong")) }
                    input type="text" id="group" name="group" inputmode="numeric" autocomplete="off" required
                        aria-describedby="group-wrong" maxlength="12" dir="ltr";
                }
                button.strong { (view.say("me-written-down")) }
            }
            p { button type="button" data-do="drop" { (view.say("me-drop")) } }
        }
        div data-me="have" hidden {
            p { (view.say("me-name")) }
            p.code { bdi data-name dir="ltr" {} }
            p { button type="button" data-do="show" { (view.say("me-show")) } }
            div data-backup hidden {
                p { (view.say("me-secret")) }
                (backup())
            }
            details {
                summary { (view.say("me-keeper")) }
                p { (view.say("me-keeper-how")) }
                p.address { code data-command dir="ltr" {} }
                p { a.button href=(view.to("/keeper")) { (view.say("keeper-title")) } }
            }
            details {
                summary { (view.say("me-forget")) }
                p { (view.say("me-forget-what")) }
                p { button type="button" data-do="forget" { (view.say("me-forget-now")) } }
            }
        }
    }
}

/// The key as a picture to photograph and as digits, which only the script can fill in.
fn backup() -> Markup {
    html! {
        div.picture data-qr {}
        ol.digits data-digits dir="ltr" {}
    }
}

fn restore(view: &View) -> Markup {
    html! {
        details {
            summary { (view.say("me-have-one")) }
            form data-do="restore" {
                div.field {
                    label for="digits" { (view.say("me-all-groups")) }
                    div.wrong #digits-wrong role="alert" hidden { (view.say("me-digits-wrong")) " " span data-wrong {} }
                    textarea id="digits" name="digits" rows="5" inputmode="numeric" autocomplete="off" required
                        aria-describedby="digits-wrong" dir="ltr" {}
                }
                button.strong { (view.say("me-bring-back")) }
            }
        }
    }
}
