//! "2 hours ago", from the item's and the gateway's own clock, and no date is shown. What a phone signed says the phone's time; it is
//! bounded by how long gateways have had it.

use super::words::Lang;
use crate::inbox::Health;

/// The gateway's now in unix seconds; none while its clock is not to be trusted.
pub(super) fn now(health: &Health) -> Option<u64> {
    match health.clock_certainty {
        "" | "unknown" => None,
        _ => parse(&health.clock),
    }
}

/// How long before `now` the RFC 3339 time was, in words; none if either is unknown. It is at least `lived_s` seconds ago.
pub(super) fn ago(lang: Lang, created: &str, lived_s: u64, now: Option<u64>) -> Option<String> {
    let (created, now) = (parse(created)?, now?);
    Some(match now.saturating_sub(created).max(lived_s) {
        // A time that lies ahead (clocks of two gateways differ) counts as now.
        0..=89 => lang.say("time-now"),
        age => {
            let (count, unit) = largest(age);
            lang.say_with(unit.ago, &[("n", count.into())])
        }
    })
}

/// A span in its largest fitting unit: "5 minutes", "1 hour", "3 days".
pub(super) fn span(lang: Lang, seconds: u64) -> String {
    let (count, unit) = largest(seconds);
    lang.say_with(unit.span, &[("n", count.into())])
}

/// The messages of a unit of time.
struct Unit {
    ago: &'static str,
    span: &'static str,
}

fn largest(seconds: u64) -> (u64, Unit) {
    match seconds {
        0..=5_399 => (seconds.div_ceil(60).max(1), Unit { ago: "ago-minutes", span: "span-minutes" }),
        5_400..=129_599 => ((seconds + 1_800) / 3_600, Unit { ago: "ago-hours", span: "span-hours" }),
        _ => ((seconds + 43_200) / 86_400, Unit { ago: "ago-days", span: "span-days" }),
    }
}

/// Unix seconds of an RFC 3339 time in UTC ("2026-11-20T12:25:00Z", fractions allowed).
pub(super) fn parse(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || !bytes.is_ascii() || !text.ends_with('Z') {
        return None;
    }
    let number = |from: usize, until: usize| text[from..until].parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) {
        return None;
    }
    // Days from civil (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    u64::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second).ok()
}

/// For how the day reads in a window of time: "2026-11-20 12:25 UTC".
pub(super) fn moment(text: &str) -> String {
    match text.get(..16) {
        Some(head) if parse(text).is_some() => format!("{} UTC", head.replace('T', " ")),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wrong age makes a neighbour run for a need that is long over, or ignore a fresh one.
    #[test]
    fn ages_read_as_people_say_them() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2026-11-20T12:25:00Z"), Some(1_795_177_500));
        assert_eq!(parse("2024-02-29T23:59:59.5Z"), Some(1_709_251_199));
        for bad in ["", "yesterday, or so it seems", "2026-11-20T12:25:00+01:00", "2026-13-01T00:00:00Z"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        let now = Some(1_795_177_500);
        let said = |created| ago(Lang::english(), created, 0, now).unwrap();
        assert_eq!(said("2026-11-20T12:24:30Z"), "just now");
        assert_eq!(said("2026-11-20T12:26:30Z"), "just now");
        assert_eq!(said("2026-11-20T12:20:00Z"), "5 minutes ago");
        assert_eq!(said("2026-11-20T10:25:00Z"), "2 hours ago");
        assert_eq!(said("2026-11-17T12:25:00Z"), "3 days ago");
        assert_eq!(ago(Lang::english(), "2026-11-17T12:25:00Z", 0, None), None);
        // A phone that lives in the future is not "just now" for ever.
        assert_eq!(ago(Lang::english(), "2105-11-20T12:25:00Z", 7_200, now).unwrap(), "2 hours ago");
        assert_eq!(ago(Lang::english(), "2026-11-17T12:25:00Z", 7_200, now).unwrap(), "3 days ago");
    }

    /// Every language counts in its own way; Arabic has a form for two and another from three to ten.
    #[test]
    fn spans_take_each_languages_plurals() {
        let said = |code: &str, minutes: u64| span(Lang::of(code).unwrap(), minutes * 60);
        assert_eq!((said("en", 1), said("en", 2)), ("1 minute".to_owned(), "2 minutes".to_owned()));
        assert_eq!((said("fr", 1), said("pt", 2)), ("1 minute".to_owned(), "2 minutos".to_owned()));
        assert_eq!((said("ar", 1), said("ar", 2)), ("دقيقة واحدة".to_owned(), "دقيقتين".to_owned()));
        assert_eq!((said("ar", 5), said("ar", 11)), ("5 دقائق".to_owned(), "11 دقيقة".to_owned()));
    }
}
