//! The form at the shelf: something came in, went out, was counted, or is lent.

use commons_core::admission::Rejection;
use commons_core::codec::{NAME_BYTES_MAX, UNIT_BYTES_MAX};
use commons_core::record::Kind;
use hyper::body::Incoming;
use hyper::StatusCode;
use maud::{html, Markup};
use serde_json::{json, Map, Value};

use super::fields::{Drawn, Problem};
use super::{icons, new, page, refused, unsent};
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::kept;
use crate::web::request::{read_form, Head};
use crate::web::view::View;
use crate::web::words::Lang;
use crate::web::Web;

/// What may have happened, by the submission's kind, with its message.
const ACTS: [(&str, &str); 4] = [
    ("stock_in", "stock-act-in"),
    ("stock_out", "stock-act-out"),
    ("stock_count", "stock-act-count"),
    ("loan", "stock-act-loan"),
];

/// `GET /stock/new`; a link may have filled in the shelf.
pub(in crate::web) fn show(web: &Web, head: &Head) -> Answer {
    Answer::page(StatusCode::OK, draw(web, &head.view, &head.query, &[]))
}

/// The form, sent.
pub(in crate::web) async fn post(web: &Web, head: &Head, body: Incoming) -> Result<Answer, Fault> {
    let form = read_form(head, body).await?;
    let view = &head.view;
    let problems = check(view.lang, &form);
    if !problems.is_empty() {
        return Ok(unsent(draw(web, view, &form, &problems)));
    }
    let outcome = match Kind::parse(form.get("act")) {
        Some(kind) => new::submit(web, head, kind, json_of(kind, &form), &form, None).await,
        None => Err(Rejection::Missing { field: "act" }),
    };
    Ok(match outcome {
        Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
        Err(rejection) => {
            const FIELDS: &[&str] = &["act", "place", "item", "qty", "unit", "who", "due"];
            let mut problem = Problem::of(view.lang, &rejection, FIELDS);
            if matches!(rejection.field(), Some("source" | "to")) {
                problem.field = "who".into();
            }
            refused(&rejection, draw(web, view, &form, &[problem]))
        }
    })
}

/// What can be seen to be wrong, all at once; the core checks it again.
fn check(lang: Lang, form: &Form) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: &str| problems.push(Problem::at(lang, field, message));
    if !ACTS.iter().any(|(act, _)| *act == form.get("act")) {
        wrong("act", "refusal-choose");
    }
    for field in ["place", "item"] {
        if form.get(field).is_empty() {
            wrong(field, "refusal-missing");
        }
    }
    // Nothing may be left of what was counted.
    let none_left = form.get("act") == "stock_count" && new::is_nothing(form.get("qty"));
    if new::amount(form.get("qty")).is_none() && !none_left {
        wrong("qty", "refusal-amount");
    }
    if form.get("act") == "loan" && form.get("who").is_empty() {
        wrong("who", "refusal-missing");
    }
    if form.get("act") == "loan" && !form.get("due").is_empty() && due(form.get("due")).is_none() {
        wrong("due", "refusal-day");
    }
    problems
}

/// The end of the day on which something is due, from a day as browsers send it ("2026-12-01").
fn due(typed: &str) -> Option<String> {
    let moment = format!("{typed}T23:59:59Z");
    (typed.len() == 10 && crate::web::time::parse(&moment).is_some()).then_some(moment)
}

fn json_of(kind: Kind, form: &Form) -> Value {
    let mut json = Map::new();
    json.insert("v".into(), json!(1));
    for field in ["place", "item", "unit"] {
        json.insert(field.into(), json!(form.get(field)));
    }
    json.insert("qty".into(), new::amount(form.get("qty")).unwrap_or(json!(0)));
    let who = form.get("who");
    match kind {
        Kind::Loan => {
            json.insert("to".into(), json!(who));
            if let Some(due) = due(form.get("due")) {
                json.insert("due".into(), json!(due));
            }
        }
        Kind::StockIn | Kind::StockOut if !who.is_empty() => drop(json.insert("source".into(), json!(who))),
        _ => {}
    }
    Value::Object(json)
}

fn draw(web: &Web, view: &View, typed: &Form, problems: &[Problem]) -> Markup {
    let sent = typed.get("token");
    let token = match kept::is_token(sent) && !problems.is_empty() {
        true => sent.to_owned(),
        false => kept::token(),
    };
    let drawn = Drawn { view, typed, problems, text: "" };
    let acts = ACTS.iter().map(|(act, message)| (*act, view.say(message)));
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("stock")) (view.say("stock-write")) }
        form method="post" action=(view.to("/stock/new")) {
            input type="hidden" name="token" value=(token);
            (drawn.choice("act", "stock-act", acts, "stock_in", false))
            (drawn.line("place", "stock-place", "stock-place-hint", NAME_BYTES_MAX))
            (drawn.line("item", "form-item", "", NAME_BYTES_MAX))
            (drawn.line("qty", "form-amount", "", 16))
            (drawn.line("unit", "form-unit", "", UNIT_BYTES_MAX))
            (drawn.line("who", "stock-who", "stock-who-hint", NAME_BYTES_MAX))
            (drawn.line("due", "stock-due-day", "stock-due-hint", 10))
            button.strong { (view.say("stock-send")) }
        }
        p { a href=(view.to("/stock")) { (view.say("stock")) } }
    };
    page(web, view, &drawn.title("stock-write"), content)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was lent until Tuesday would be due at once, or a typing mistake would pass for a day.
    #[test]
    fn a_day_is_due_at_its_end() {
        assert_eq!(due("2026-12-01").as_deref(), Some("2026-12-01T23:59:59Z"));
        for bad in ["", "tuesday", "2026-13-01", "01.12.2026", "2026-12-1"] {
            assert_eq!(due(bad), None, "{bad}");
        }
    }
}
