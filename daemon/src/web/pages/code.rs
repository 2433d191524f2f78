//! "I have a code word": act on what it belongs to, without looking for it first.

use commons_core::record::Kind;
use hyper::body::Incoming;
use hyper::StatusCode;
use maud::{html, Markup};
use serde_json::json;

use super::fields::{Drawn, Problem};
use super::{enter, icons, is_redrawn, new, page_around_form, refused, unsent, FORM};
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::request::{read_form, Head};
use crate::web::view::View;
use crate::web::{kept, Web};

/// What a code word alone can do, and how it is said.
const ACTS: &[(&str, &str)] =
    &[("confirm", "code-confirm"), ("withdraw", "code-withdraw"), ("start", "code-start"), ("done", "code-done")];

pub(in crate::web) fn show(web: &Web, head: &Head) -> Answer {
    Answer::page(StatusCode::OK, draw(web, &head.view, &Form::default(), &[]))
}

pub(in crate::web) async fn post(web: &Web, head: &Head, body: Incoming) -> Result<Answer, Fault> {
    let form = read_form(head, body).await?;
    let view = &head.view;
    if is_redrawn(&form) {
        return Ok(Answer::page(StatusCode::OK, draw(web, view, &form, &[])));
    }
    let act = ACTS.iter().find(|(act, _)| *act == form.get("act"));
    let mut problems = Vec::new();
    if form.get("code").is_empty() {
        problems.push(Problem::at(view.lang, "code", "refusal-missing"));
    }
    problems.extend(Problem::garbled(view.lang, &form, |name| name == "code"));
    let Some(kind) = act.and_then(|(act, _)| Kind::parse(act)).filter(|_| problems.is_empty()) else {
        if act.is_none() {
            problems.push(Problem::at(view.lang, "act", "refusal-choose"));
        }
        return Ok(unsent(draw(web, view, &form, &problems)));
    };
    let json = json!({"v": 1, "code": tidy(form.get("code"))});
    Ok(match new::submit(web, head, kind, json, &form, None).await {
        Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
        Err(rejection) => {
            let problem = Problem::of(view.lang, &rejection, &["code", "act"]);
            refused(&rejection, draw(web, view, &form, &[problem]))
        }
    })
}

/// A code word as a hurried thumb means it: lower case, single spaces, no punctuation at its ends.
pub(super) fn tidy(code: &str) -> String {
    let words = code.split(|c: char| c.is_whitespace() || matches!(c, ',' | '-' | '.' | '،'));
    let words: Vec<String> = words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    words.join(" ")
}

fn draw(web: &Web, view: &View, typed: &Form, problems: &[Problem]) -> Markup {
    let drawn = Drawn { view, typed, problems, text: "" };
    // A list with nothing chosen: of radio buttons, some browsers (lynx) choose the first by themselves.
    let acts = ACTS.iter().map(|(act, message)| (*act, view.say(message)));
    let acts = std::iter::once(("", view.say("refusal-choose"))).chain(acts);
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("code")) (view.say("have-code")) }
        form id=(FORM) method="post" action=(view.to("/code")) {
            input type="hidden" name="token" value=(kept::token());
            (drawn.code("code"))
            (drawn.select("act", "code-act", acts, ""))
            button.strong { (view.say("code-send")) }
        }
    };
    let enter = enter(&view.say("code-send"));
    page_around_form(web, view, &drawn.title("code-title"), enter, content)
}
