//! The forms to ask, offer and announce; and what happens when they are sent.

use commons_core::admission::Rejection;
use commons_core::codec::{CONTACT_BYTES_MAX, NAME_BYTES_MAX, TEXT_BYTES_MAX, UNIT_BYTES_MAX};
use commons_core::record::{Category, Certainty, Kind, Severity, Urgency};
use commons_core::submission::Submission;
use hyper::body::Incoming;
use hyper::StatusCode;
use maud::{html, Markup};
use serde_json::{json, Map, Value};

use super::fields::{Drawn, Problem};
use super::{enter, icons, is_redrawn, page_around_form, refused, unsent, words, FORM};
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::kept::{self, Shown};
use crate::web::request::{read_form, Head};
use crate::web::view::View;
use crate::web::words::Lang;
use crate::web::{signed, Web};

/// Rows for what and how much. Who needs more writes it in the text.
const ROWS: usize = 3;
/// The fields of a row: name, label, bytes at most.
const ROW: [(&str, &str, usize); 3] =
    [("item", "form-item", NAME_BYTES_MAX), ("qty", "form-amount", 16), ("unit", "form-unit", UNIT_BYTES_MAX)];

/// The kind of a form's address.
fn kind_of(word: &str) -> Result<Kind, Fault> {
    match Kind::parse(word) {
        Some(kind @ (Kind::Need | Kind::Offer | Kind::Notice)) => Ok(kind),
        _ => Err(Fault::NotFound),
    }
}

/// The empty form; a link may have chosen something already (`?category=water`).
pub(in crate::web) fn show(web: &Web, head: &Head, kind: &str) -> Result<Answer, Fault> {
    let kind = kind_of(kind)?;
    Ok(Answer::page(StatusCode::OK, draw(web, &head.view, kind, &head.query, false, &[])))
}

/// The form, sent.
pub(in crate::web) async fn post(web: &Web, head: &Head, kind: &str, body: Incoming) -> Result<Answer, Fault> {
    let kind = kind_of(kind)?;
    let view = &head.view;
    let form = read_form(head, body).await?;
    if is_redrawn(&form) {
        return Ok(Answer::page(StatusCode::OK, draw(web, view, kind, &form, true, &[])));
    }
    let problems = check(view.lang, kind, &form);
    if !problems.is_empty() {
        return Ok(unsent(draw(web, view, kind, &form, true, &problems)));
    }
    Ok(match submit(web, head, kind, json_of(kind, &form), &form, Some(kind.name())).await {
        Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
        Err(rejection) => {
            const FIELDS: &[&str] =
                &["text", "category", "urgency", "zone", "contact", "lines", "severity", "certainty"];
            let problem = Problem::of(view.lang, &rejection, FIELDS);
            refused(&rejection, draw(web, view, kind, &form, true, &[problem]))
        }
    })
}

/// Hands a form's JSON to the writer and keeps what it said; returns the receipt's key once the post is synced.
pub(in crate::web) async fn submit(
    web: &Web,
    head: &Head,
    kind: Kind,
    json: Value,
    form: &Form,
    item_kind: Option<&'static str>,
) -> Result<String, Rejection> {
    if !web.is_exempt(head.address) {
        web.holdback.pass(head.address).await.inspect_err(|no| web.note(head, no))?;
    }
    let token = Some(form.get("token")).filter(|token| kept::is_token(token));
    let sender = web.sender(head.address, token);
    let key = format!("{}:{}", sender.key, sender.once);
    let submission = match signed::signed(form)? {
        // The script of a phone with a key has made a record of the same fields.
        Some(record) => Submission::parse(kind.name(), &record, sender),
        None => Submission::from_json(kind, json, sender),
    };
    let submission = submission.map_err(|refused| refused.rejection).inspect_err(|no| web.note(head, no))?;
    let accepted = web.inbox.submit(submission).await.inspect_err(|no| web.note(head, no))?;
    Ok(web.kept.put(&key, Shown { accepted, item_kind }))
}

/// Everything that can be seen to be wrong before the core is asked, all at once: who has to send a form three times to
/// learn of three mistakes gives up after two. The core checks all of it again.
fn check(lang: Lang, kind: Kind, form: &Form) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut long = |field: String, max: usize| {
        let found = form.get(&field).len();
        let rejection = Rejection::TooLong { field: "".into(), found: found as u64, limit: max as u64, unit: "bytes" };
        if found > max {
            problems.push(Problem { field, sentence: words::refusal(lang, &rejection) });
        }
    };
    long("text".into(), TEXT_BYTES_MAX);
    long("zone".into(), NAME_BYTES_MAX);
    if kind != Kind::Notice {
        long("contact".into(), CONTACT_BYTES_MAX);
        for row in 0..ROWS {
            for (name, _, max) in ROW.iter().filter(|(name, ..)| *name != "qty") {
                long(format!("{name}{row}"), *max);
            }
        }
    }
    if form.get("text").is_empty() {
        problems.insert(0, Problem::at(lang, "text", "refusal-missing"));
    }
    let in_row = |name: &str| (0..ROWS).any(|row| ROW.iter().any(|(field, ..)| *name == format!("{field}{row}")));
    problems.extend(Problem::garbled(lang, form, |name| matches!(name, "text" | "zone" | "contact") || in_row(name)));
    for row in (0..ROWS).filter(|_| kind != Kind::Notice) {
        let field = |name: &str| form.get(&format!("{name}{row}"));
        if field("item").is_empty() && !(field("qty").is_empty() && field("unit").is_empty()) {
            problems.push(Problem::at(lang, format!("item{row}"), "refusal-item"));
        }
        if !field("qty").is_empty() && amount(field("qty")).is_none() {
            problems.push(Problem::at(lang, format!("qty{row}"), "refusal-amount"));
        }
    }
    problems
}

/// The submission's JSON, from the fields of a form that passed [`check`].
fn json_of(kind: Kind, form: &Form) -> Value {
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
    if kind != Kind::Notice {
        let rows = (0..ROWS).filter_map(|row| {
            let field = |name: &str| form.get(&format!("{name}{row}"));
            let qty = amount(field("qty")).unwrap_or(json!(1));
            (!field("item").is_empty()).then(|| json!({"item": field("item"), "unit": field("unit"), "qty": qty}))
        });
        let lines: Vec<Value> = rows.collect();
        if !lines.is_empty() {
            json.insert("lines".into(), Value::Array(lines));
        }
    }
    if kind == Kind::Offer && form.get("standing") == "yes" {
        json.insert("standing".into(), json!(true));
    }
    Value::Object(json)
}

/// An amount as people type it: a comma is a decimal point to half of the world, and phones set to Arabic or Persian
/// type digits of their own.
pub(super) fn amount(typed: &str) -> Option<Value> {
    let plain = plain(typed);
    let plain_digits = plain.chars().all(|c| c.is_ascii_digit() || c == '.');
    let amount: f64 = plain.parse().ok().filter(|_| plain_digits)?;
    match amount.fract() == 0.0 && amount < 1e15 {
        true if amount == 0.0 => None,
        true => Some(json!(amount as u64)),
        false => Some(json!(amount)),
    }
}

/// Whether somebody typed that there is nothing left.
pub(super) fn is_nothing(typed: &str) -> bool {
    let plain = plain(typed);
    plain.contains('0') && plain.chars().all(|c| matches!(c, '0' | '.'))
}

fn plain(typed: &str) -> String {
    let digit = |c: char, zero: u32| char::from(b'0' + (u32::from(c) - zero) as u8);
    let plain = typed.chars().map(|c| match c {
        ',' | '\u{66b}' => '.',
        '\u{660}'..='\u{669}' => digit(c, 0x660),
        '\u{6f0}'..='\u{6f9}' => digit(c, 0x6f0),
        other => other,
    });
    plain.collect()
}

/// `sent`: the form was sent, so its mark is its own; one in an address would be of somebody else's choosing.
fn draw(web: &Web, view: &View, kind: Kind, typed: &Form, sent: bool, problems: &[Problem]) -> Markup {
    let lang = view.lang;
    let token = typed.get("token");
    let token = match kept::is_token(token) && sent {
        true => token.to_owned(),
        false => kept::token(),
    };
    let (title, text, hint, soon, send) = match kind {
        Kind::Offer => ("offer", "offer-text", "need-text-hint", "week", "offer-send"),
        Kind::Notice => ("announce", "notice-text", "notice-text-hint", "today", "notice-send"),
        _ => ("ask", "need-text", "need-text-hint", "today", "need-send"),
    };
    let drawn = Drawn { view, typed, problems, text };
    let categories = Category::ALL.iter().skip(1).chain(&Category::ALL[..1]);
    let categories = categories.map(|one| (one.name(), words::category(lang, one.name())));
    let urgencies = Urgency::ALL.iter().map(|one| (one.name(), words::urgency(lang, one.name())));
    let severities = Severity::ALL.iter().map(|one| (one.name(), words::severity(lang, one.name())));
    let certainties = Certainty::ALL.iter().rev().map(|one| (one.name(), words::certainty(lang, one.name())));
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon(kind.name())) (view.say(title)) }
        form id=(FORM) method="post" action=(view.to(&format!("/new/{}", kind.name()))) {
            input type="hidden" name="token" value=(token);
            (drawn.choice("category", "form-category", categories, "other", true))
            (drawn.area("text", text, hint, true))
            @if kind != Kind::Notice { (rows(&drawn)) }
            (drawn.choice("urgency", "form-urgency", urgencies, soon, false))
            (drawn.line("zone", "form-zone", "form-zone-hint", NAME_BYTES_MAX))
            @if kind == Kind::Notice {
                (drawn.select("severity", "form-severity", severities, "unknown"))
                (drawn.select("certainty", "form-certainty", certainties, "unknown"))
                (drawn.tick("exercise", "form-exercise"))
            } @else {
                (drawn.line("contact", "form-contact", "form-contact-hint", CONTACT_BYTES_MAX))
                @if kind == Kind::Offer { (drawn.tick("standing", "form-standing")) }
            }
            button.strong { (view.say(send)) }
        }
    };
    let enter = enter(&view.say(send));
    page_around_form(web, view, &drawn.title(title), enter, content)
}

fn rows(drawn: &Drawn<'_>) -> Markup {
    let ids = |row: usize| ROW.map(|(name, label, max)| (format!("{name}{row}"), name, label, max));
    let mut fields = (0..ROWS).flat_map(ids);
    let open = drawn.problem("lines").is_some()
        || fields.any(|(id, ..)| !drawn.typed.get(&id).is_empty() || drawn.problem(&id).is_some());
    html! {
        div { details #lines open[open] {
            summary { (drawn.view.say("form-lines")) }
            @if let Some(sentence) = drawn.problem("lines") { div.wrong { (sentence) } }
            @for row in 0..ROWS {
                @for wrong in ids(row).iter().filter_map(|(id, ..)| Some((id, drawn.problem(id)?))) {
                    div.wrong id={ (wrong.0) "-wrong" } { (wrong.1) }
                }
                div.row {
                    @for (id, name, label, max) in ids(row) {
                        @let wrong = drawn.problem(&id).is_some();
                        div {
                            label for=(id) { (drawn.view.say(label)) }
                            input type="text" id=(id) name=(id) value=(drawn.typed.get(&id)) maxlength=(max) dir="auto"
                                autocomplete="off" inputmode=[(name == "qty").then_some("decimal")]
                                aria-invalid=[wrong.then_some("true")]
                                aria-describedby=[wrong.then(|| format!("{id}-wrong"))];
                        }
                    }
                }
            }
        } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A neighbour who types "1,5" or Arabic digits would be told that it is no number.
    #[test]
    fn amounts_are_taken_as_people_type_them() {
        for (typed, taken) in [("2", json!(2)), ("1,5", json!(1.5)), ("٢٫٥", json!(2.5)), ("۱۲", json!(12))] {
            assert_eq!(amount(typed), Some(taken), "{typed}");
        }
        for bad in ["", "lots", "-1", "0", "1e9", "inf", "1.2.3", "NaN"] {
            assert_eq!(amount(bad), None, "{bad}");
        }
        assert!(is_nothing("0") && is_nothing("٠") && is_nothing("0,00"));
        assert!(!is_nothing("") && !is_nothing(".") && !is_nothing("10") && !is_nothing("none"));
    }
}
