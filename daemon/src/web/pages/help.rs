//! How this works, on one short page.

use hyper::StatusCode;
use maud::html;

use super::{page, said};
use crate::web::answer::Answer;
use crate::web::request::Head;
use crate::web::Web;

pub(in crate::web) fn show(web: &Web, head: &Head) -> Answer {
    let view = &head.view;
    let gateway = [("gateway", said(&web.about.name))];
    let mqtt = web.about.mqtt.first().map(ToString::to_string).unwrap_or_default();
    let code = |text: &str| html! { code dir="ltr" { (text) } };
    let json = html! { a href="/api/v1/needs" { (code("/api/v1/needs")) } };
    let content = html! {
        h1 { (view.say("help-title")) }
        h2 { (view.say("help-post")) }
        p { (view.say("help-post-text")) }
        h2 { (view.say("help-code")) }
        p { (view.lang.mark("help-code-text", &[], &gateway)) }
        h2 { (view.say("help-answer")) }
        p { (view.say("help-answer-text")) }
        h2 { (view.say("help-reach")) }
        p { (view.say("help-reach-text")) }
        h2 { (view.say("help-kept")) }
        p { (view.say("help-kept-text")) }
        h2 { (view.say("help-trust")) }
        p { (view.say("help-trust-text")) }
        h2 { (view.say("help-paper")) }
        div.actions {
            a.button href=(view.to("/poster")) { (view.say("help-poster")) } " "
            a.button href=(view.to("/bulletin")) { (view.say("help-bulletin")) }
        }
        h2 { (view.say("stock")) }
        p { (view.say("stock-lead")) }
        div.actions {
            a.button href=(view.to("/stock")) { (view.say("stock")) } " "
            a.button href=(view.to("/scorecard")) { (view.say("score")) }
        }
        h2 { (view.say("help-key")) }
        p { (view.say("me-what")) }
        p { a.button href=(view.to("/me")) { (view.say("me")) } }
        h2 { (view.say("help-tinker")) }
        p { (view.lang.mark("help-tinker-text", &[], &[("mqtt", code(&mqtt)), ("socket", code("/mqtt")), ("json", json)])) }
        p { a.button href=(view.to("/")) { (view.say("to-board")) } }
    };
    Answer::page(StatusCode::OK, page(web, view, &view.say("help-title"), content))
}
