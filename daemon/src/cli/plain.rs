//! Neighbours' words on a volunteer's terminal: made harmless, cut to width, set in columns.

use std::fmt::Write as _;

/// One line without anything a terminal would obey: control characters (escape sequences that retitle the window, move
/// the cursor, paste commands), bidirectional overrides that show text in another order than it runs, line separators.
pub fn line(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() || matches!(c, '\u{2028}' | '\u{2029}') {
            space = true;
        } else if !obeyed(c) {
            if space && !plain.is_empty() {
                plain.push(' ');
            }
            space = false;
            plain.push(c);
        }
    }
    plain
}

/// As [`line`], but keeps the line breaks.
pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(line).collect()
}

/// Characters that steer a terminal instead of being shown.
fn obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Columns a character takes, as terminals do it: near enough for a table (Unicode TR 11, in blocks).
fn width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036F
        | 0x0483..=0x0489
        | 0x0591..=0x05BD
        | 0x064B..=0x065F
        | 0x200C..=0x200D
        | 0x20D0..=0x20FF
        | 0xFE00..=0xFE0F
        | 0xFE20..=0xFE2F
        | 0x1F3FB..=0x1F3FF => 0,
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F680..=0x1F6FF
        | 0x1F900..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// Columns of a whole text.
pub fn columns(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// At most so many columns, with three dots where something was cut.
pub fn cut(text: &str, columns_max: usize) -> String {
    if columns(text) <= columns_max {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        if used + width(c) + 3 > columns_max {
            break;
        }
        used += width(c);
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept.push_str(&"..."[..columns_max.min(3)]);
    kept
}

/// Rows in aligned columns; the last column takes what is left of the width. Cells must be plain already.
pub fn table(rows: &[Vec<String>], columns_max: usize) -> String {
    /// No column but the last may take more: a long zone must not push the text off the screen.
    const CELL_COLUMNS_MAX: usize = 18;
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count)
        .map(|n| {
            let widest = rows.iter().filter_map(|row| row.get(n)).map(|cell| columns(cell)).max();
            widest.unwrap_or(0).min(CELL_COLUMNS_MAX)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut used = 0;
        for (n, cell) in row.iter().enumerate() {
            if n + 1 == row.len() {
                // However narrow the window, a few letters stay.
                text.push_str(&cut(cell, columns_max.saturating_sub(used).max(10)));
            } else {
                let cell = cut(cell, widths[n]);
                let pad = widths[n] - columns(&cell) + 2;
                let _ = write!(text, "{cell}{:pad$}", "");
                used += widths[n] + 2;
            }
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

/// Seconds as people say them: `40 s`, `5 min`, `3 h`, `12 d`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=5_999 => format!("{} min", seconds / 60),
        6_000..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Bytes as people say them.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut size = count as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{count} bytes")
    } else {
        format!("{size:.1} {}", UNITS[unit])
    }
}

/// Unix seconds of `2026-11-20T12:30:00Z`; none if it is not of that form.
pub fn unix_s(time: &str) -> Option<u64> {
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !time.ends_with('Z') || !(1..=12).contains(&month) {
        return None;
    }
    // Days from civil (Howard Hinnant, chrono-compatible low-level date algorithms).
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    u64::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second).ok()
}

/// Whole units and, after a colon, smallest parts, as hours and minutes are written: nothing is rounded.
pub fn quantity(parts: i64, scale: u32) -> String {
    if scale <= 1 {
        return parts.to_string();
    }
    let (whole, rest) = (parts.unsigned_abs() / u64::from(scale), parts.unsigned_abs() % u64::from(scale));
    let digits = (scale - 1).to_string().len();
    format!("{}{whole}:{rest:0digits$}", if parts < 0 { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_neighbour_steers_the_terminal() {
        // A post could rename the keeper's window, hide lines above it, or type commands.
        let nasty = "a\u{1b}]0;owned\u{7}b\u{1b}[2Jc\r\n\td\u{9b}31me\u{202e}f\u{2028}g\0\u{7f}\u{200b}\u{feff}h";
        assert_eq!(line(nasty), "a]0;ownedb[2Jc d31mef gh");
        assert_eq!(line("  Grüße,\n 水  "), "Grüße, 水");
        assert_eq!(lines("a\u{1b}\nb"), ["a", "b"]);
    }

    #[test]
    fn tables_fit_the_window() {
        // Lines would wrap and the list could not be read on a phone's terminal.
        let rows = vec![
            vec!["ID".into(), "ZONE".into(), "TEXT".into()],
            vec!["1".into(), "水水".into(), "w".repeat(100)],
            vec!["22".into(), "z".repeat(90), "two 水水水水水水水水水水水水".into()],
        ];
        for width in [20, 40, 80] {
            let text = table(&rows, width);
            for line in text.lines() {
                assert!(columns(line) <= width.max(2 + 2 + 18 + 2 + 10), "{line}");
            }
        }
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abc...");
        assert_eq!(cut("abcdefg", 2), "..");
    }

    #[test]
    fn times_and_sizes_read_well() {
        // "posted 1700000000 s ago" helps nobody.
        assert_eq!(unix_s("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(unix_s("2026-11-20T12:30:05Z"), Some(1_795_177_805));
        assert_eq!(unix_s("2024-02-29T00:00:00Z"), Some(1_709_164_800));
        assert_eq!(unix_s("yesterday"), None);
        assert_eq!(span(99), "99 s");
        assert_eq!(span(7_200), "2 h");
        assert_eq!(bytes(64 << 20), "64.0 MiB");
    }
}
