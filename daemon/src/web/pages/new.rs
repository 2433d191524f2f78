//! The forms to ask, offer and announce; and what happens when they are sent.

use commons_core::admission::Rejection;
use commons_core::record::{Category, Certainty, Kind, Severity, Urgency};
use commons_core::submission::Submission;
use hyper::body::Incoming;
use hyper::StatusCode;
use maud::{html, Markup};
use serde_json::{json, Map, Value};

use super::fields::{Drawn, Problem};
use super::{icons, page, refused, words};
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::kept::{self, Shown};
use crate::web::request::{read_form, Head};
use crate::web::view::View;
use crate::web::Web;

/// Rows for what and how much. Who needs more writes it in the text.
const ROWS: usize = 3;

/// The kind of a form's address.
fn kind_of(word: &str) -> Result<Kind, Fault> {
    match Kind::parse(word) {
        Some(kind @ (Kind::Need | Kind::Offer | Kind::Notice)) => Ok(kind),
        _ => Err(Fault::NotFound),
    }
}

/// The empty form.
pub(in crate::web) fn show(web: &Web, head: &Head, kind: &str) -> Result<Answer, Fault> {
    let kind = kind_of(kind)?;
    let page = draw(web, &head.view, kind, &Form::default(), None);
    Ok(Answer::page(StatusCode::OK, page))
}

/// The form, sent.
pub(in crate::web) async fn post(web: &Web, head: &Head, kind: &str, body: Incoming) -> Result<Answer, Fault> {
    let kind = kind_of(kind)?;
    let form = read_form(head, body).await?;
    let outcome = match json_of(kind, &form) {
        Ok(json) => submit(web, head, kind, json, &form, Some(kind.name())).await,
        Err(rejection) => Err(rejection),
    };
    Ok(match outcome {
        Ok(key) => Answer::see_other(&format!("/kept/{key}")),
        Err(rejection) => {
            const FIELDS: &[&str] =
                &["text", "category", "urgency", "zone", "contact", "lines", "severity", "certainty"];
            let problem = Problem::of(&rejection, FIELDS);
            refused(&rejection, draw(web, &head.view, kind, &form, Some(&problem)))
        }
    })
}

/// Hands a form's JSON to the writer and keeps what it said; returns the receipt's key once the post is synced.
pub(super) async fn submit(
    web: &Web,
    head: &Head,
    kind: Kind,
    json: Value,
    form: &Form,
    item_kind: Option<&'static str>,
) -> Result<String, Rejection> {
    if !web.is_exempt(head.address) {
        web.holdback.pass(head.address).await?;
    }
    let token = Some(form.get("token")).filter(|token| kept::is_token(token));
    let sender = web.sender(head.address, token);
    let key = format!("{}:{}", sender.key, sender.once);
    let submission = Submission::from_json(kind, json, sender).map_err(|refused| refused.rejection)?;
    let accepted = web.inbox.submit(submission).await?;
    Ok(web.kept.put(&key, Shown { accepted, item_kind }))
}

/// The submission's JSON, from the form's fields.
fn json_of(kind: Kind, form: &Form) -> Result<Value, Rejection> {
    let mut json = Map::new();
    json.insert("v".into(), json!(1));
    let mut names = vec!["text", "category", "urgency", "zone"];
    if kind == Kind::Notice {
        names.extend(["severity", "certainty"]);
        if form.get("exercise") == "yes" {
            json.insert("status".into(), json!("exercise"));
        }
    } else {
        names.push("contact");
    }
    for name in names {
        let value = form.get(name);
        if !value.is_empty() {
            json.insert(name.into(), json!(value));
        }
    }
    if form.get("text").is_empty() {
        return Err(Rejection::Missing { field: "text" });
    }
    if kind != Kind::Notice {
        let lines = lines_of(form)?;
        if !lines.is_empty() {
            json.insert("lines".into(), Value::Array(lines));
        }
    }
    if kind == Kind::Offer && form.get("standing") == "yes" {
        json.insert("standing".into(), json!(true));
    }
    Ok(Value::Object(json))
}

fn lines_of(form: &Form) -> Result<Vec<Value>, Rejection> {
    let wrong = |expected: &'static str| Rejection::WrongValue { field: "lines".into(), expected: expected.into() };
    let mut lines = Vec::new();
    for row in 0..ROWS {
        let field = |name: &str| form.get(&format!("{name}{row}"));
        let (item, qty, unit) = (field("item"), field("qty"), field("unit"));
        if item.is_empty() {
            match qty.is_empty() && unit.is_empty() {
                true => continue,
                false => return Err(wrong("what it is, where an amount is given")),
            }
        }
        // A comma is a decimal point to half of the world.
        let qty = match qty {
            "" => 1.0,
            qty => qty
                .replace(',', ".")
                .parse::<f64>()
                .ok()
                .filter(|qty| *qty > 0.0 && qty.is_finite())
                .ok_or_else(|| wrong("an amount as a number, like 2 or 1.5"))?,
        };
        lines.push(match qty.fract() == 0.0 && qty < 1e15 {
            true => json!({"item": item, "unit": unit, "qty": qty as u64}),
            false => json!({"item": item, "unit": unit, "qty": qty}),
        });
    }
    Ok(lines)
}

fn draw(web: &Web, view: &View, kind: Kind, typed: &Form, problem: Option<&Problem>) -> Markup {
    let drawn = Drawn { typed, problem };
    let sent = typed.get("token");
    let token = match kept::is_token(sent) {
        true => sent.to_owned(),
        false => kept::token(),
    };
    let (title, label, hint, soon, send) = match kind {
        Kind::Offer => (
            "Offer something",
            "What can you give or do?",
            "Everybody can read this. No address or telephone number here.",
            "week",
            "Put it on the board",
        ),
        Kind::Notice => ("Announce", "What should everybody know?", "Everybody can read this.", "today", "Announce it"),
        _ => (
            "Ask for help",
            "What do you need?",
            "Everybody can read this. No address or telephone number here.",
            "today",
            "Ask for it",
        ),
    };
    let categories = Category::ALL.iter().skip(1).chain(&Category::ALL[..1]);
    let categories = categories.map(|one| (one.name(), words::category(one.name())));
    let urgencies = Urgency::ALL.iter().map(|one| (one.name(), words::urgency(one.name())));
    let content = html! {
        h1 { (icons::icon(kind.name())) (title) }
        form method="post" action={ "/new/" (kind.name()) } {
            (drawn.summary())
            input type="hidden" name="token" value=(token);
            (drawn.area("text", label, hint, true))
            (drawn.choice("urgency", "How soon?", urgencies, soon, false))
            (drawn.choice("category", "What is it about?", categories, "other", true))
            (drawn.line("zone", "Where? (a place by name)", "Like \"stairwell B\" or \"the school\". May stay empty.", 64))
            @if kind == Kind::Notice {
                (drawn.select("severity", "How dangerous is it?", Severity::ALL.iter().map(|one| (one.name(), words::severity(one.name()))), "unknown"))
                (drawn.select("certainty", "How sure are you?", Certainty::ALL.iter().rev().map(|one| (one.name(), words::certainty(one.name()))), "unknown"))
                (drawn.tick("exercise", "This is an exercise, not real"))
            } @else {
                (rows(&drawn))
                (drawn.line("contact", "How to reach you", "Shown only to the one who comes. Locked away until then. May stay empty.", 200))
                @if kind == Kind::Offer { (drawn.tick("standing", "This does not run out")) }
            }
            button.strong { (send) }
        }
    };
    page(web, view, title, content)
}

fn rows(drawn: &Drawn<'_>) -> Markup {
    let open = (0..ROWS).any(|row| !drawn.typed.get(&format!("item{row}")).is_empty())
        || drawn.problem.is_some_and(|problem| problem.field == "lines");
    html! {
        div { details #lines open[open] {
            summary { "What and how much (like 2 kg; may stay empty)" }
            @if let Some(problem) = drawn.problem.filter(|problem| problem.field == "lines") {
                div.wrong { (problem.sentence) }
            }
            @for row in 0..ROWS {
                div.row {
                    @for (name, label, max) in [("item", "What", 64), ("qty", "Amount", 12), ("unit", "Unit", 16)] {
                        @let id = format!("{name}{row}");
                        div {
                            label for=(id) { (label) }
                            input type="text" id=(id) name=(id) value=(drawn.typed.get(&id)) maxlength=(max) dir="auto"
                                autocomplete="off" inputmode=[(name == "qty").then_some("decimal")];
                        }
                    }
                }
            }
        } }
    }
}
