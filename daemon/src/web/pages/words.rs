//! The words people read, in one place, so that another language can take theirs.

use commons_core::admission::Rejection;
use commons_core::views::item::ItemState;

/// A category as people say it.
pub(in crate::web) fn category(name: &str) -> &'static str {
    match name {
        "food" => "Food and meals",
        "water" => "Water",
        "health" => "Health",
        "shelter" => "A place to stay",
        "power" => "Power, charging",
        "heat" => "Warmth, cooling",
        "transport" => "Rides, deliveries",
        "tools" => "Tools, repairs",
        "childcare" => "Children",
        "care" => "Care",
        "clothing" => "Clothes, blankets",
        "hygiene" => "Washing, cleaning",
        "language" => "Language, papers",
        "animals" => "Animals",
        "company" => "Company",
        _ => "Something else",
    }
}

/// How soon, as people say it.
pub(in crate::web) fn urgency(name: &str) -> &'static str {
    match name {
        "now" => "Now: life or safety",
        "today" => "Today",
        "week" => "This week",
        _ => "Whenever",
    }
}

/// Where an item stands, as people say it.
pub(in crate::web) fn status(item: &ItemState) -> String {
    let word = match (item.kind, item.status) {
        ("offer", "open") => "available",
        (_, "open") => "waiting for help",
        ("offer", "assigned") => "spoken for",
        (_, "assigned") => "somebody will come",
        (_, "underway") => "help is on the way",
        (_, "done") => "done, not confirmed yet",
        (_, "confirmed") => "done",
        (_, "withdrawn") => "taken back",
        (_, "referred") => "sent elsewhere",
        (_, "duplicate") => "goes on as another one",
        (_, "active") => "in force",
        (_, "unconfirmed") => "not confirmed: one household says so",
        (_, "cancelled") => "called off",
        (_, "superseded") => "replaced by a newer one",
        (_, other) => other,
    };
    match (item.slots, item.status) {
        (2.., "open" | "assigned" | "underway") => {
            format!("{word} ({} of {})", item.filled, item.slots)
        }
        _ => word.to_owned(),
    }
}

/// A claim's state, as people say it.
pub(in crate::web) fn claim_status(name: &str) -> &str {
    match name {
        "assigned" => "will come",
        "underway" => "on the way",
        "done" => "has done it",
        "standby" => "waits in case it is needed",
        "no_show" => "did not come",
        "withdrawn" => "cannot come after all",
        other => other,
    }
}

/// How bad, as people say it.
pub(in crate::web) fn severity(name: &str) -> &'static str {
    match name {
        "minor" => "Little or no danger",
        "moderate" => "Possible danger",
        "severe" => "Serious danger",
        "extreme" => "Extreme danger",
        _ => "Not said",
    }
}

/// How sure, as people say it.
pub(in crate::web) fn certainty(name: &str) -> &'static str {
    match name {
        "observed" => "Seen with own eyes",
        "likely" => "Likely",
        "possible" => "Possible",
        "unlikely" => "Unlikely",
        _ => "Not said",
    }
}

/// Why a post was refused, in words for the person who typed it; the field stands beside it.
pub(in crate::web) fn refusal(rejection: &Rejection) -> String {
    match rejection {
        Rejection::Missing { .. } | Rejection::Empty => "Please fill this in.".to_owned(),
        Rejection::TooLong { found, limit, unit, .. } => {
            format!("This is too long: {found} {unit}, and at most {limit} fit.")
        }
        Rejection::WrongValue { expected, .. } => format!("This must be {expected}."),
        Rejection::ControlCharacter { .. } => "This holds a sign that cannot be kept. Please type it again.".to_owned(),
        Rejection::WrongCode | Rejection::NotYours => {
            "That is not the right code word. It is three words, as you were shown.".to_owned()
        }
        Rejection::TooManyPosts { retry_s } | Rejection::TooManyGuesses { retry_s } => {
            let wait = crate::web::time::span(*retry_s);
            format!("That was too often in a short time. Please try again in {wait}.")
        }
        other => sentence(&other.to_string()),
    }
}

/// With a capital and a full stop.
pub(in crate::web) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}
