//! How this works, on one short page.

use hyper::StatusCode;
use maud::html;

use super::{page, said};
use crate::web::answer::Answer;
use crate::web::request::Head;
use crate::web::Web;

pub(in crate::web) fn show(web: &Web, head: &Head) -> Answer {
    let content = html! {
        h1 { "How this works" }
        h2 { "Ask, offer, announce" }
        p { "Write what you need or can give. No account, no app, no internet. Everybody on this network can read it." }
        h2 { "Your code word" }
        p {
            "After you post, you are shown three words. Write them down. Whoever knows them can say that help arrived, or "
            "take the post back. They work only at " (said(&web.about.name)) "'s gateway."
        }
        h2 { "Answer somebody" }
        p { "Open what they wrote and press \"I'll bring it\". You get a code word too: with it you can see how to reach them, say "
            "that you are on the way, and say that it is done." }
        h2 { "How to be reached" }
        p { "What you write under \"How to reach you\" is locked away and shown only to the one who comes. Do not write your "
            "address or telephone number in the open text." }
        h2 { "Is it kept?" }
        p { "When you see your code word, your post is on this gateway's disk and survives a power cut." }
        h2 { "For tinkerers" }
        p { "The same board speaks MQTT (" code { (web.about.mqtt.first().map(ToString::to_string).unwrap_or_default()) }
            ", or WebSocket at " code { "/mqtt" } ") and JSON (" a href="/api/v1/needs" { "/api/v1/needs" } ")." }
        p { a.button href="/" { "To the board" } }
    };
    Answer::page(StatusCode::OK, page(web, &head.view, "Help", content))
}
