//! Form fields with their labels, what was typed before, and what is wrong with it, said beside it.

use commons_core::admission::Rejection;
use maud::{html, Markup};

use super::{icons, words};
use crate::web::form::Form;
use crate::web::view::View;
use crate::web::words::Lang;

/// One thing that is wrong with a form that came back.
#[derive(Clone, Debug)]
pub(in crate::web) struct Problem {
    /// The form's field; empty if it is not about one.
    pub(in crate::web) field: String,
    /// In a sentence.
    pub(in crate::web) sentence: String,
}

impl Problem {
    /// Something wrong with a field, by its message.
    pub(in crate::web) fn at(lang: Lang, field: impl Into<String>, message: &str) -> Self {
        Self { field: field.into(), sentence: lang.say(message) }
    }

    /// Fields whose bytes were no letters: kept as far as they can be read, to be looked at again.
    pub(in crate::web) fn garbled<'a>(
        lang: Lang,
        form: &'a Form,
        is_shown: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = Self> + 'a {
        let shown = form.garbled().iter().filter(move |name| is_shown(name));
        shown.map(move |name| Self::at(lang, name.clone(), "refusal-sign"))
    }

    /// A refusal, tied to the field among `fields` that it speaks of ("lines[2].qty" speaks of "qty2" or "lines").
    pub(in crate::web) fn of(lang: Lang, rejection: &Rejection, fields: &[&'static str]) -> Self {
        let named = rejection.field().map(|field| match field {
            "payload" => "text",
            other => other,
        });
        let field = named.and_then(|named| {
            let mut parts = named.split(['.', '[', ']']);
            fields.iter().find(|field| parts.clone().any(|part| part == **field)).or_else(|| {
                // A line's own field, where the form shows lines.
                parts.any(|part| matches!(part, "qty" | "unit")).then(|| fields.iter().find(|f| **f == "lines"))?
            })
        });
        Self { field: field.copied().unwrap_or_default().to_owned(), sentence: words::refusal(lang, rejection) }
    }
}

/// A form as it is drawn: in which language, what was typed, and what is wrong.
#[derive(Clone, Copy)]
pub(in crate::web) struct Drawn<'a> {
    pub(in crate::web) view: &'a View,
    pub(in crate::web) typed: &'a Form,
    pub(in crate::web) problems: &'a [Problem],
    /// The label of the field "text" or "message"; the other fields are called alike everywhere.
    pub(in crate::web) text: &'static str,
}

impl Drawn<'_> {
    fn say(&self, id: &str) -> String {
        self.view.say(id)
    }

    /// A page's title, which says at once that something is wrong.
    pub(in crate::web) fn title(&self, message: &str) -> String {
        match self.problems.is_empty() {
            true => self.say(message),
            false => format!("{}: {}", self.say("form-problem"), self.say(message)),
        }
    }

    /// At the top: what is wrong, with a way to each. It takes the focus, so that keyboards and screen readers begin here.
    pub(in crate::web) fn summary(&self) -> Markup {
        html! {
            @if !self.problems.is_empty() {
                div.problem #problem role="alert" tabindex="-1" autofocus {
                    h2 { (self.say("form-problem")) }
                    ul {
                        @for problem in self.problems {
                            li {
                                @if problem.field.is_empty() { (problem.sentence) }
                                @else { a href={ "#" (problem.field) } { (self.named(&problem.field)) (problem.sentence) } }
                            }
                        }
                    }
                }
            }
        }
    }

    /// "Where?: ", so that the summary says which field it means.
    fn named(&self, field: &str) -> String {
        let label = match field.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "text" | "message" => self.text,
            "category" => "form-category",
            "urgency" => "form-urgency",
            "zone" => "form-zone",
            "contact" => "form-contact",
            "severity" => "form-severity",
            "certainty" => "form-certainty",
            "lines" => "form-lines",
            "item" => "form-item",
            "qty" => "form-amount",
            "unit" => "form-unit",
            "code" => "code-title",
            "act" => "code-act",
            "claim" => "mine-whom",
            "amount" => "credit-amount",
            "to" => "credit-whom",
            "memo" => "credit-memo",
            "who" if self.text == "credit" => "credit-who",
            "pin" => "credit-pin",
            "new" => "credit-newpin-new",
            "again" => "credit-newpin-again",
            "pot" => "credit-custody-pot",
            "pseudonym" => "credit-pseudonym",
            "household" => "credit-household",
            "custody" => "credit-custody",
            "guardian" => "credit-guardian",
            "threshold" => "credit-threshold",
            "place" => "stock-place",
            "who" => "stock-who",
            "due" => "stock-due-day",
            _ => return String::new(),
        };
        format!("{} – ", self.say(label))
    }

    pub(in crate::web) fn problem(&self, name: &str) -> Option<&str> {
        self.problems.iter().find(|problem| problem.field == name).map(|problem| problem.sentence.as_str())
    }

    /// The sentence beside a field, if something is wrong with it.
    fn beside(&self, name: &str) -> Markup {
        html! { @if let Some(sentence) = self.problem(name) { div.wrong id={ (name) "-wrong" } { (sentence) } } }
    }

    fn invalid(&self, name: &str) -> Option<&'static str> {
        self.problem(name).map(|_| "true")
    }

    fn described_by(&self, name: &str, hint: bool) -> Option<String> {
        match (self.problem(name).is_some(), hint) {
            (true, true) => Some(format!("{name}-wrong {name}-hint")),
            (true, false) => Some(format!("{name}-wrong")),
            (false, true) => Some(format!("{name}-hint")),
            (false, false) => None,
        }
    }

    /// Label, hint (if its message is not empty) and what is wrong, above a field.
    fn above(&self, name: &str, label: &str, hint: &str) -> Markup {
        html! {
            label for=(name) { (self.say(label)) }
            @if !hint.is_empty() { div.hint id={ (name) "-hint" } { (self.say(hint)) } }
            (self.beside(name))
        }
    }

    /// A line of text. Label and hint are messages; an empty hint is none.
    pub(in crate::web) fn line(&self, name: &str, label: &str, hint: &str, max: usize) -> Markup {
        html! {
            div.field {
                (self.above(name, label, hint))
                input type="text" id=(name) name=(name) value=(self.typed.get(name)) maxlength=(max) dir="auto"
                    autocomplete="off" aria-invalid=[self.invalid(name)]
                    aria-describedby=[self.described_by(name, !hint.is_empty())];
            }
        }
    }

    /// A few signs: an amount, a short id.
    pub(in crate::web) fn short(&self, name: &str, label: &str, hint: &str, max: usize) -> Markup {
        html! {
            div.field {
                (self.above(name, label, hint))
                input type="text" id=(name) name=(name) value=(self.typed.get(name)) maxlength=(max) dir="ltr"
                    autocomplete="off" autocapitalize="none" spellcheck="false" aria-invalid=[self.invalid(name)]
                    aria-describedby=[self.described_by(name, !hint.is_empty())];
            }
        }
    }

    /// A PIN; never shown again, so that it is typed each time.
    pub(in crate::web) fn pin(&self, label: &str, hint: &str) -> Markup {
        self.secret("pin", label, hint, "off")
    }

    /// A PIN that is chosen now.
    pub(in crate::web) fn new_pin(&self, label: &str, hint: &str) -> Markup {
        self.secret("pin", label, hint, "new-password")
    }

    /// What is never shown again, under a name of its own.
    pub(in crate::web) fn secret(&self, name: &str, label: &str, hint: &str, complete: &str) -> Markup {
        html! {
            div.field {
                (self.above(name, label, hint))
                input type="password" id=(name) name=(name) inputmode="numeric" autocomplete=(complete) maxlength="64" dir="ltr"
                    aria-invalid=[self.invalid(name)] aria-describedby=[self.described_by(name, !hint.is_empty())];
            }
        }
    }

    /// Some lines of text.
    pub(in crate::web) fn area(&self, name: &str, label: &str, hint: &str, needed: bool) -> Markup {
        html! {
            div.field {
                (self.above(name, label, hint))
                // The first line break after the tag is not content; it keeps one that was typed. Not `required`: the
                // browser's own bubble speaks the phone's language, not the page's, and screen readers lose it.
                textarea id=(name) name=(name) rows="3" dir="auto" aria-required=[needed.then_some("true")]
                    aria-invalid=[self.invalid(name)]
                    aria-describedby=[self.described_by(name, !hint.is_empty())] { "\n" (self.typed.get(name)) }
            }
        }
    }

    /// One of several words, all in sight, with their drawings or without.
    pub(in crate::web) fn choice(
        &self,
        name: &str,
        label: &str,
        options: impl Iterator<Item = (&'static str, String)>,
        otherwise: &str,
        drawings: bool,
    ) -> Markup {
        let typed = self.typed.get(name);
        let chosen = if typed.is_empty() { otherwise } else { typed };
        html! {
            // A link in the summary leads to the first of them.
            fieldset aria-describedby=[self.described_by(name, false)] {
                legend { (self.say(label)) }
                (self.beside(name))
                div.choices.drawn[drawings] {
                    @for (at, (value, word)) in options.enumerate() {
                        label.choice {
                            input type="radio" id=[(at == 0).then_some(name)] name=(name) value=(value)
                                checked[value == chosen];
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
        options: impl Iterator<Item = (&'static str, String)>,
        otherwise: &str,
    ) -> Markup {
        let typed = self.typed.get(name);
        let chosen = if typed.is_empty() { otherwise } else { typed };
        html! {
            div.field {
                (self.above(name, label, ""))
                select id=(name) name=(name) aria-invalid=[self.invalid(name)]
                    aria-describedby=[self.described_by(name, false)] {
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
                span { (self.say(label)) }
            }
        }
    }

    /// A code word, under an id of its own where a page asks for two.
    pub(in crate::web) fn code(&self, id: &str) -> Markup {
        let wrong = self.problem("code");
        // The summary leads to the one that is wrong.
        let id = if wrong.is_some() { "code" } else { id };
        html! {
            div.field {
                (self.above_code(id))
                input type="text" id=(id) name="code" value=(self.typed.get("code")) maxlength="64" aria-required="true"
                    autocomplete="off" autocapitalize="none" spellcheck="false" lang="en" dir="ltr"
                    aria-invalid=[wrong.map(|_| "true")] aria-describedby=[self.described_by(id, true)];
            }
        }
    }

    fn above_code(&self, id: &str) -> Markup {
        html! {
            label for=(id) { (self.say("code-title")) }
            div.hint id={ (id) "-hint" } { (self.say("code-hint")) }
            (self.beside(id))
        }
    }
}
