//! Form fields with their labels, what was typed before, and what is wrong with it, said beside it.

use commons_core::admission::Rejection;
use maud::{html, Markup};

use super::{icons, words};
use crate::web::form::Form;

/// What is wrong with a form that came back.
#[derive(Clone, Debug)]
pub(in crate::web) struct Problem {
    /// The form's field; empty if it is not about one.
    pub(in crate::web) field: &'static str,
    /// In a sentence.
    pub(in crate::web) sentence: String,
}

impl Problem {
    /// A refusal, tied to the field among `fields` that it speaks of ("lines[2].qty" speaks of "lines").
    pub(in crate::web) fn of(rejection: &Rejection, fields: &[&'static str]) -> Self {
        let named = rejection.field().map(|field| match field {
            "payload" => "text",
            other => other,
        });
        let parts = |text: &str| -> Vec<String> { text.split(['.', '[', ']']).map(str::to_owned).collect() };
        let field = named.and_then(|named| {
            let parts = parts(named);
            fields.iter().find(|field| parts.iter().any(|part| part == *field))
        });
        Self { field: field.copied().unwrap_or_default(), sentence: words::refusal(rejection) }
    }
}

/// A form as it is drawn: what was typed, and what is wrong.
pub(in crate::web) struct Drawn<'a> {
    pub(in crate::web) typed: &'a Form,
    pub(in crate::web) problem: Option<&'a Problem>,
}

impl Drawn<'_> {
    /// At the top: what is wrong, with a way to it. Read out at once by screen readers.
    pub(in crate::web) fn summary(&self) -> Markup {
        html! {
            @if let Some(problem) = self.problem {
                div.problem role="alert" {
                    strong { "Not sent yet. " }
                    @if problem.field.is_empty() { (problem.sentence) }
                    @else { a href={ "#" (problem.field) } { (problem.sentence) } }
                }
            }
        }
    }

    /// The sentence beside a field, if it is the one.
    fn beside(&self, name: &str) -> Option<Markup> {
        let problem = self.problem.filter(|problem| problem.field == name)?;
        Some(html! { div.wrong id={ (name) "-wrong" } { (problem.sentence) } })
    }

    fn described_by(&self, name: &str, hint: bool) -> Option<String> {
        match (self.beside(name).is_some(), hint) {
            (true, true) => Some(format!("{name}-wrong {name}-hint")),
            (true, false) => Some(format!("{name}-wrong")),
            (false, true) => Some(format!("{name}-hint")),
            (false, false) => None,
        }
    }

    /// A line of text.
    pub(in crate::web) fn line(&self, name: &str, label: &str, hint: &str, max: usize) -> Markup {
        let wrong = self.beside(name);
        html! {
            div.field {
                label for=(name) { (label) }
                @if !hint.is_empty() { div.hint id={ (name) "-hint" } { (hint) } }
                @if let Some(wrong) = &wrong { (wrong) }
                input type="text" id=(name) name=(name) value=(self.typed.get(name)) maxlength=(max) dir="auto"
                    autocomplete="off" aria-invalid=[wrong.as_ref().map(|_| "true")]
                    aria-describedby=[self.described_by(name, !hint.is_empty())];
            }
        }
    }

    /// Some lines of text.
    pub(in crate::web) fn area(&self, name: &str, label: &str, hint: &str, needed: bool) -> Markup {
        let wrong = self.beside(name);
        html! {
            div.field {
                label for=(name) { (label) }
                @if !hint.is_empty() { div.hint id={ (name) "-hint" } { (hint) } }
                @if let Some(wrong) = &wrong { (wrong) }
                // The first line break after the tag is not content; it keeps one that was typed.
                textarea id=(name) name=(name) rows="4" dir="auto" required[needed]
                    aria-invalid=[wrong.as_ref().map(|_| "true")]
                    aria-describedby=[self.described_by(name, !hint.is_empty())] { "\n" (self.typed.get(name)) }
            }
        }
    }

    /// One of several words, all in sight, with their drawings or without.
    pub(in crate::web) fn choice(
        &self,
        name: &str,
        label: &str,
        options: impl Iterator<Item = (&'static str, &'static str)>,
        otherwise: &str,
        drawings: bool,
    ) -> Markup {
        let typed = self.typed.get(name);
        let chosen = if typed.is_empty() { otherwise } else { typed };
        html! {
            fieldset #(name) aria-describedby=[self.described_by(name, false)] {
                legend { (label) }
                @if let Some(wrong) = self.beside(name) { (wrong) }
                div.choices.drawn[drawings] {
                    @for (value, word) in options {
                        label.choice {
                            input type="radio" name=(name) value=(value) checked[value == chosen];
                            @if drawings { (icons::icon(value)) }
                            span { (word) }
                        }
                        " "
                    }
                }
            }
        }
    }

    /// One of several words, in a list that opens.
    pub(in crate::web) fn select(
        &self,
        name: &str,
        label: &str,
        options: impl Iterator<Item = (&'static str, &'static str)>,
        otherwise: &str,
    ) -> Markup {
        let typed = self.typed.get(name);
        let chosen = if typed.is_empty() { otherwise } else { typed };
        html! {
            div.field {
                label for=(name) { (label) }
                @if let Some(wrong) = self.beside(name) { (wrong) }
                select id=(name) name=(name) aria-describedby=[self.described_by(name, false)] {
                    @for (value, word) in options {
                        option value=(value) selected[value == chosen] { (word) }
                    }
                }
            }
        }
    }

    /// Yes or no.
    pub(in crate::web) fn tick(&self, name: &str, label: &str) -> Markup {
        html! {
            label.choice.alone {
                input type="checkbox" name=(name) value="yes" checked[self.typed.get(name) == "yes"];
                span { (label) }
            }
        }
    }

    /// The code word.
    pub(in crate::web) fn code(&self) -> Markup {
        let wrong = self.beside("code");
        html! {
            div.field {
                label for="code" { "Code word" }
                div.hint id="code-hint" { "Three plain words, like \"lamp river seven\"" }
                @if let Some(wrong) = &wrong { (wrong) }
                input type="text" id="code" name="code" value=(self.typed.get("code")) maxlength="64" required
                    autocomplete="off" autocapitalize="none" spellcheck="false"
                    aria-invalid=[wrong.as_ref().map(|_| "true")]
                    aria-describedby=[self.described_by("code", true)];
            }
        }
    }
}
