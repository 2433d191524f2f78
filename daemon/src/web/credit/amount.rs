//! Amounts as people type and read them. Kept as whole numbers of a unit's smallest part; what does not come out even is refused,
//! never rounded.

use commons_core::record::AMOUNT_MAX;

/// Minutes of an hour: a unit in sixtieths is typed and read as a clock shows it.
const SIXTIETHS: u32 = 60;
/// Characters looked at; the largest amount has far fewer.
pub(super) const AMOUNT_CHARS_MAX: usize = 24;

/// What is wrong with a typed amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Nothing was typed.
    Missing,
    /// Not to be read as a number.
    NotANumber,
    /// Zero.
    Zero,
    /// Finer than the unit's smallest part.
    TooFine,
    /// More than one payment may be.
    TooLarge,
}

impl Wrong {
    /// The id of the sentence that says so.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Missing => "refusal-missing",
            Self::NotANumber => "credit-amount-not",
            Self::Zero => "credit-amount-zero",
            Self::TooFine => "credit-amount-fine",
            Self::TooLarge => "credit-amount-large",
        }
    }
}

/// In smallest parts. Taken are "2", "1.5", "1,5", digits of Arabic and Persian keyboards, "1:30" where a unit has sixtieths, and
/// "3 7/12" where it has twelfths.
pub(super) fn parse(typed: &str, scale: u32) -> Result<u64, Wrong> {
    let plain: String = typed.trim().chars().map(plain).collect();
    if plain.is_empty() {
        return Err(Wrong::Missing);
    }
    if plain.chars().count() > AMOUNT_CHARS_MAX {
        return Err(Wrong::NotANumber);
    }
    let scale = u128::from(scale.max(1));
    let parts = if let Some((whole, minutes)) = plain.split_once(':') {
        if scale != u128::from(SIXTIETHS) || minutes.len() != 2 {
            return Err(Wrong::NotANumber);
        }
        let minutes = Some(digits(minutes)?).filter(|minutes| *minutes < scale).ok_or(Wrong::NotANumber)?;
        digits(whole)? * scale + minutes
    } else if let Some((number, parts_of)) = plain.split_once('/') {
        let (whole, part) = number.rsplit_once(' ').unwrap_or(("0", number));
        if digits(parts_of)? != scale {
            return Err(Wrong::NotANumber);
        }
        digits(whole.trim())? * scale + digits(part)?
    } else {
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let whole = if whole.is_empty() && !fraction.is_empty() { "0" } else { whole };
        let fraction = fraction.trim_end_matches('0');
        let tenths = 10u128.pow(fraction.len() as u32);
        let below = if fraction.is_empty() { 0 } else { digits(fraction)? } * scale;
        if below % tenths != 0 {
            return Err(Wrong::TooFine);
        }
        digits(whole)? * scale + below / tenths
    };
    match parts {
        0 => Err(Wrong::Zero),
        parts if parts > u128::from(AMOUNT_MAX) => Err(Wrong::TooLarge),
        parts => Ok(parts as u64),
    }
}

/// Digits only; short enough that nothing overflows.
fn digits(text: &str) -> Result<u128, Wrong> {
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().map_err(|_| Wrong::NotANumber),
        false => Err(Wrong::NotANumber),
    }
}

fn plain(c: char) -> char {
    match c {
        ',' | '\u{66b}' => '.',
        '\u{660}'..='\u{669}' => char::from(b'0' + (u32::from(c) - 0x660) as u8),
        '\u{6f0}'..='\u{6f9}' => char::from(b'0' + (u32::from(c) - 0x6f0) as u8),
        other => other,
    }
}

/// How many, as people read them and [`parse`] takes them; `mark` stands before the decimals.
pub(super) fn number(parts: u64, scale: u32, mark: &str) -> String {
    let scale = u64::from(scale.max(1));
    let (whole, below) = (parts / scale, parts % scale);
    if scale == u64::from(SIXTIETHS) {
        return format!("{whole}:{below:02}");
    }
    let places = scale.ilog10() as usize;
    match below {
        0 => whole.to_string(),
        below if scale == 10u64.pow(places as u32) => {
            format!("{whole}{mark}{}", format!("{below:0places$}").trim_end_matches('0'))
        }
        below => format!("{whole} {below}/{scale}"),
    }
}

/// The same with its sign, if it is below zero or `always`.
pub(super) fn signed(parts: i64, scale: u32, mark: &str, always: bool) -> String {
    let sign = match parts {
        0 => "",
        ..0 => "\u{2212}",
        _ if always => "+",
        _ => "",
    };
    format!("{sign}{}", number(parts.unsigned_abs(), scale, mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A neighbour who types "1,5" would pay fifteen, or be told that it is no number.
    #[test]
    fn amounts_are_taken_as_people_type_them_and_exactly() {
        for (typed, scale, parts) in [
            ("2", 60, 120),
            ("1:30", 60, 90),
            ("0:05", 60, 5),
            ("1,5", 60, 90),
            (" 1.5 ", 60, 90),
            ("1.50", 60, 90),
            (".25", 60, 15),
            ("٢٫٥", 60, 150),
            ("۱:۳۰", 60, 90),
            ("1.234", 1_000, 1_234),
            ("0,001", 1_000, 1),
            ("7", 1, 7),
            ("3 7/12", 12, 43),
            ("7/12", 12, 7),
            ("1000000000000", 1, AMOUNT_MAX),
        ] {
            assert_eq!(parse(typed, scale), Ok(parts), "{typed}");
        }
        for (typed, scale, wrong) in [
            ("", 60, Wrong::Missing),
            ("  ", 60, Wrong::Missing),
            ("0", 60, Wrong::Zero),
            ("0:00", 60, Wrong::Zero),
            ("0.000", 1_000, Wrong::Zero),
            ("1.234", 60, Wrong::TooFine),
            ("0.0001", 1_000, Wrong::TooFine),
            ("1.5", 1, Wrong::TooFine),
            ("1000000000001", 1, Wrong::TooLarge),
            ("99999999999999999999999", 1_000, Wrong::TooLarge),
        ] {
            assert_eq!(parse(typed, scale), Err(wrong), "{typed}");
        }
        for bad in [
            "-1",
            "+1",
            "1e9",
            "lots",
            "1:3",
            "1:60",
            "1:300",
            ":30x",
            "1.2.3",
            "1,000.5",
            "NaN",
            "1/60x",
            "1/7",
            "\u{221e}",
            "9".repeat(25).as_str(),
        ] {
            assert_eq!(parse(bad, 60), Err(Wrong::NotANumber), "{bad}");
        }
        assert_eq!(parse("1:30", 1_000), Err(Wrong::NotANumber), "minutes of a kilo");
    }

    /// A form that came back, or a request by QR, would ask for another amount than was meant.
    #[test]
    fn what_is_shown_is_taken_back() {
        for scale in [1, 10, 12, 60, 100, 1_000] {
            for parts in [1, 9, 10, 59, 60, 61, 90, 100, 999, 1_001, 123_456_789] {
                for mark in [".", ","] {
                    assert_eq!(parse(&number(parts, scale, mark), scale), Ok(parts), "{parts} of {scale}");
                }
            }
        }
        assert_eq!(signed(-90, 60, ".", false), "\u{2212}1:30");
        assert_eq!(signed(1_500, 1_000, ",", true), "+1,5");
        assert_eq!(signed(0, 60, ".", true), "0:00");
        assert_eq!(signed(i64::MIN, 1, ".", false), "\u{2212}9223372036854775808");
    }
}
