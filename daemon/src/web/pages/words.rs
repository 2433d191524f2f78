//! What has many names by one rule: categories, states, refusals; each said in the reader's language.

use commons_core::admission::Rejection;
use commons_core::views::item::ItemState;
use maud::Markup;

use super::said;
use crate::web::time;
use crate::web::words::Lang;

/// A category as people say it.
pub(in crate::web) fn category(lang: Lang, name: &str) -> String {
    lang.say(&format!("category-{name}"))
}

/// How soon, as people say it.
pub(in crate::web) fn urgency(lang: Lang, name: &str) -> String {
    lang.say(&format!("urgency-{name}"))
}

/// How bad, as people say it.
pub(in crate::web) fn severity(lang: Lang, name: &str) -> String {
    lang.say(&format!("severity-{name}"))
}

/// How sure, as people say it.
pub(in crate::web) fn certainty(lang: Lang, name: &str) -> String {
    lang.say(&format!("certainty-{name}"))
}

/// Where an item stands, as people say it.
pub(in crate::web) fn status(lang: Lang, item: &ItemState) -> String {
    let word = match (item.kind, item.status) {
        ("offer", "open") => lang.say("status-available"),
        ("offer", "assigned") => lang.say("status-promised"),
        (_, status) => lang.say(&format!("status-{status}")),
    };
    match (item.slots, item.status) {
        (2.., "open" | "assigned" | "underway") => lang.say_with(
            "status-of",
            &[("status", word.into()), ("filled", item.filled.into()), ("slots", item.slots.into())],
        ),
        _ => word,
    }
}

/// Who answered, and where that stands.
pub(in crate::web) fn claim(lang: Lang, status: &str, gateway: &str) -> Markup {
    lang.mark(&format!("claim-{}", status.replace('_', "-")), &[], &[("gateway", said(gateway))])
}

/// Thousandths as people write them.
pub(in crate::web) fn quantity(lang: Lang, milli: u64) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').replace('.', &lang.say("decimal-mark"))
}

/// Smallest parts of a unit as people write them: at most two decimals.
pub(in crate::web) fn amount(lang: Lang, parts: i64, scale: u32) -> String {
    let scale = i128::from(scale.max(1));
    let hundredths = (i128::from(parts).abs() * 200 + scale) / (2 * scale);
    let sign = if parts < 0 && hundredths > 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", quantity(lang, u64::try_from(hundredths * 10).unwrap_or(u64::MAX)))
}

/// Why a post was refused, in words for the person who typed it; the field stands beside it.
pub(in crate::web) fn refusal(lang: Lang, rejection: &Rejection) -> String {
    match rejection {
        Rejection::Missing { field: "act" | "claim" } => lang.say("refusal-choose"),
        Rejection::Missing { .. } | Rejection::Empty => lang.say("refusal-missing"),
        Rejection::TooLong { found, limit, .. } => {
            let percent = (limit * 100 / (*found).max(1)).min(99);
            lang.say_with("refusal-too-long", &[("percent", percent.into())])
        }
        Rejection::WrongValue { field, .. } if field.contains("qty") => lang.say("refusal-amount"),
        Rejection::WrongValue { .. } => lang.say("refusal-value"),
        Rejection::ControlCharacter { .. } => lang.say("refusal-sign"),
        Rejection::WrongCode | Rejection::NotYours => lang.say("refusal-code"),
        Rejection::TooManyGuesses { retry_s } => {
            lang.say_with("refusal-guesses", &[("span", time::span(lang, *retry_s).into())])
        }
        Rejection::TooManyPosts { retry_s } => {
            lang.say_with("refusal-posts", &[("span", time::span(lang, *retry_s).into())])
        }
        Rejection::ElsewhereOnly { gateway } => {
            lang.say_with("refusal-elsewhere", &[("gateway", gateway.as_str().into())])
        }
        Rejection::UnknownItem | Rejection::UnknownClaim => lang.say("refusal-gone"),
        Rejection::WrongState { .. } => lang.say("refusal-state"),
        Rejection::NotInStock { limit_milli } => {
            lang.say_with("refusal-not-there", &[("amount", quantity(lang, *limit_milli).into())])
        }
        Rejection::NotAllowed { what: "vouching for one's own count" } => lang.say("refusal-own-count"),
        Rejection::AlreadyOpenNow { .. } => lang.say("refusal-open-now"),
        Rejection::TooManyOpen { limit } => lang.say_with("refusal-open", &[("n", (*limit).into())]),
        Rejection::GatewayFull { .. } => lang.say("refusal-full"),
        Rejection::StorageFull => lang.say("refusal-disk"),
        Rejection::Busy => lang.say("refusal-busy"),
        _ => lang.say("refusal-other"),
    }
}
