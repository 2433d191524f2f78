//! "I have a code word": act on what it belongs to, without looking for it first.

use commons_core::admission::Rejection;
use commons_core::record::Kind;
use hyper::body::Incoming;
use hyper::StatusCode;
use maud::{html, Markup};
use serde_json::json;

use super::fields::{Drawn, Problem};
use super::{icons, new, page, refused};
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::request::{read_form, Head};
use crate::web::view::View;
use crate::web::{kept, Web};

/// What a code word alone can do.
const ACTS: &[(&str, &str)] = &[
    ("confirm", "Help came (I asked)"),
    ("withdraw", "Take it back"),
    ("start", "I am on my way: show how to reach them"),
    ("done", "I have done it (I helped)"),
];

pub(in crate::web) fn show(web: &Web, head: &Head) -> Answer {
    Answer::page(StatusCode::OK, draw(web, &head.view, &Form::default(), None))
}

pub(in crate::web) async fn post(web: &Web, head: &Head, body: Incoming) -> Result<Answer, Fault> {
    let form = read_form(head, body).await?;
    let act = ACTS.iter().find(|(act, _)| *act == form.get("act"));
    let kind = act.and_then(|(act, _)| Kind::parse(act));
    let outcome = match (kind, form.get("code")) {
        (_, "") => Err(Rejection::Missing { field: "code" }),
        (None, _) => Err(Rejection::Missing { field: "act" }),
        (Some(kind), code) => {
            let json = json!({"v": 1, "code": tidy(code)});
            new::submit(web, head, kind, json, &form, None).await
        }
    };
    Ok(match outcome {
        Ok(key) => Answer::see_other(&format!("/kept/{key}")),
        Err(rejection) => {
            let problem = Problem::of(&rejection, &["code", "act"]);
            refused(&rejection, draw(web, &head.view, &form, Some(&problem)))
        }
    })
}

/// A code word as a hurried thumb means it: lower case, single spaces, no punctuation at its ends.
pub(super) fn tidy(code: &str) -> String {
    let words = code.split(|c: char| c.is_whitespace() || matches!(c, ',' | '-' | '.'));
    let words: Vec<String> = words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    words.join(" ")
}

fn draw(web: &Web, view: &View, typed: &Form, problem: Option<&Problem>) -> Markup {
    let drawn = Drawn { typed, problem };
    let content = html! {
        h1 { (icons::icon("code")) "I have a code word" }
        form method="post" action="/code" {
            (drawn.summary())
            input type="hidden" name="token" value=(kept::token());
            (drawn.code())
            (drawn.choice("act", "What would you like to say?", ACTS.iter().copied(), "", false))
            button.strong { "Send" }
        }
    };
    page(web, view, "Code word", content)
}
