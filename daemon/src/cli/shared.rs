//! What the block has together, and how it gives and takes, in the terminal.

use std::io::Write;

use serde_json::Value;

use super::arguments::Where;
use super::board::{short, word};
use super::output::Output;
use super::{plain, Asked, Backend};
use crate::control::Request;

/// `stock`
pub fn stock(place: &Where, json: bool, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let shelves = Asked::find(place, backend)?.ask(&Request::Stock {})?["stock"].take();
    if json {
        writeln!(output, "{}", serde_json::to_string_pretty(&shelves)?)?;
        return Ok(0);
    }
    let list = shelves.as_array().map_or(&[][..], Vec::as_slice);
    if list.is_empty() {
        writeln!(output, "Nothing is in stock.")?;
        return Ok(0);
    }
    let mut rows =
        vec![["PLACE", "ITEM", "QUANTITY", "UNIT", "LENT", "LAST DAY", "IN", "OUT"].map(String::from).to_vec()];
    rows.extend(list.iter().map(|shelf| {
        let day = &shelf["days"][0];
        let moved = |place: usize| if day.is_null() { "-".into() } else { day[place].to_string() };
        vec![
            word(shelf, "place"),
            word(shelf, "item"),
            shelf["qty"].to_string(),
            word(shelf, "unit"),
            shelf["lent"].to_string(),
            day_of(&day[0]),
            moved(1),
            moved(2),
        ]
    }));
    write!(output, "{}", plain::table(&rows, output.columns))?;
    for shelf in list {
        for loan in elements(&shelf["loans"]) {
            let due = loan["due"]
                .as_str()
                .map_or_else(String::new, |due| format!(", due back {}", &due[..10.min(due.len())]));
            let (what, who, id) = (word(shelf, "item"), word(loan, "to"), short(&word(loan, "id")));
            writeln!(output, "Lent: {}{what} to {who}{due} (loan {id})", measured(loan, shelf))?;
        }
        for count in elements(&shelf["counts"]).filter(|count| count["counted"] == false) {
            writeln!(
                output,
                "Counted by one person only: {}{} in {}; a second one says so with\n  commonsd post cosign {}",
                measured(count, shelf),
                word(shelf, "item"),
                word(shelf, "place"),
                word(count, "id")
            )?;
        }
    }
    Ok(0)
}

/// "3 kg ", or "3 " of what has no unit.
fn measured(what: &Value, shelf: &Value) -> String {
    let unit = word(shelf, "unit");
    let space = if unit.is_empty() { "" } else { " " };
    format!("{} {unit}{space}", what["qty"])
}

/// `pots`
pub fn pots(place: &Where, json: bool, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let pots = Asked::find(place, backend)?.ask(&Request::Pots {})?["pots"].take();
    if json {
        writeln!(output, "{}", serde_json::to_string_pretty(&pots)?)?;
        return Ok(0);
    }
    let mut rows = vec![["POT", "UNIT", "IN IT", "LAST DAY", "IN", "OUT"].map(String::from).to_vec()];
    for pot in elements(&pots) {
        for unit in elements(&pot["units"]) {
            let scale = unit["scale"].as_u64().unwrap_or(1);
            let day = &unit["days"][0];
            let sum = |value: &Value| value.as_i64().map_or("-".into(), |sum| amount(sum.into(), scale));
            let row = [
                word(pot, "name"),
                word(unit, "unit"),
                sum(&unit["balance"]),
                day_of(&day[0]),
                sum(&day[1]),
                sum(&day[2]),
            ];
            rows.push(row.to_vec());
        }
    }
    match rows.len() {
        1 => writeln!(output, "There is no common pot.")?,
        _ => write!(output, "{}", plain::table(&rows, output.columns))?,
    }
    Ok(0)
}

/// `scorecard`
pub fn scorecard(place: &Where, json: bool, backend: &dyn Backend, output: &mut Output) -> anyhow::Result<u8> {
    let card = Asked::find(place, backend)?.ask(&Request::Scorecard {})?["scorecard"].take();
    if json {
        writeln!(output, "{}", serde_json::to_string_pretty(&card)?)?;
        return Ok(0);
    }
    match card["covenant"].as_str() {
        None => writeln!(output, "Nobody has founded a community here; only needs are counted.")?,
        Some(_) => writeln!(
            output,
            "{}: {} households, {} members. Cells of fewer than {} households are not shown.",
            word(&card, "community"),
            card["households"],
            card["members"],
            card["cell_least"]
        )?,
    }
    for month in elements(&card["lunations"]) {
        let so_far = if month["over"] == false { ", so far" } else { "" };
        let day = |field: &str| word(month, field).chars().take(10).collect::<String>();
        writeln!(output, "\nFrom {} to {}{so_far}", day("from"), day("until"))?;
        write!(output, "{}", needs_of(month, output.columns))?;
        write!(output, "{}", units_of(month, output.columns))?;
        if let Some(percent) = month["reliance"].as_u64() {
            writeln!(output, "{percent} % of households gave, received or were helped.")?;
        }
        for unit in elements(&month["units"]) {
            let name = word(unit, "unit");
            if unit["uneven"] == true {
                let rare = unit["gini_chance"].as_f64().unwrap_or_default() * 100.0;
                writeln!(output, "{name}: given more unevenly than chance explains (p = {rare:.1} %).")?;
            }
            if unit["few_hands"] == true {
                writeln!(output, "{name}: as if fewer than one household in four had given.")?;
            }
        }
    }
    let missing: Vec<String> = elements(&card["not_kept"]).filter_map(|word| word.as_str()).map(plain::line).collect();
    writeln!(output, "\nNot kept yet: {}.", missing.join(", ").replace('_', " "))?;
    Ok(0)
}

fn needs_of(month: &Value, columns: usize) -> String {
    let mut rows =
        vec![["NEEDS", "ASKED", "HELPED", "NOT", "OPEN", "%", "HALF WAITED UP TO"].map(String::from).to_vec()];
    for need in elements(&month["needs"]) {
        let number = |field: &str| need[field].as_u64().map_or("-".into(), |number| number.to_string());
        let urgency = word(need, "urgency");
        let wait = need["assigned_median_min"].as_u64().map_or("-".into(), |minutes| plain::span(minutes * 60));
        rows.push(match need["few"] == true {
            true => vec![urgency, "fewer than five people asked: not shown".into()],
            false => {
                let mut row = vec![urgency];
                row.extend(["asked", "fulfilled", "unmet", "open", "fulfilled_percent"].map(number));
                row.push(wait);
                row
            }
        });
    }
    told(&rows, columns)
}

fn units_of(month: &Value, columns: usize) -> String {
    let heading = ["UNIT", "MOVED", "TURNED OVER", "HOUSEHOLDS", "GIVEN", "GAVE", "MIDDLE", "RECEIVED", "MIDDLE"];
    let mut rows = vec![heading.map(String::from).to_vec()];
    for unit in elements(&month["units"]) {
        let name = word(unit, "unit");
        if unit["few"] == true {
            rows.push(vec![name, "fewer than five households: not shown".into()]);
            continue;
        }
        if unit["circulation"].is_null() {
            continue;
        }
        let scale = unit["scale"].as_u64().unwrap_or(1);
        let sum = |value: &Value| value.as_u64().map_or("-".into(), |sum| amount(sum.into(), scale));
        let velocity = &unit["velocity"];
        rows.push(vec![
            name,
            sum(&unit["circulation"]),
            if velocity.is_null() { "-".into() } else { velocity.to_string() },
            unit["households"].to_string(),
            sum(&unit["given"]["total"]),
            unit["given"]["households"].to_string(),
            sum(&unit["given"]["median"]),
            sum(&unit["received"]["total"]),
            sum(&unit["received"]["median"]),
        ]);
    }
    told(&rows, columns)
}

/// A table, if there is anything in it.
fn told(rows: &[Vec<String>], columns: usize) -> String {
    if rows.len() > 1 {
        plain::table(rows, columns)
    } else {
        String::new()
    }
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().map_or(&[][..], Vec::as_slice).iter()
}

/// Smallest parts in units, with two decimals where they are needed.
fn amount(parts: i128, scale: u64) -> String {
    let scale = i128::from(scale.max(1));
    let hundredths = (parts.abs() * 200 + scale) / (2 * scale);
    let sign = if parts < 0 && hundredths > 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A day since 1970-01-01.
fn day_of(day: &Value) -> String {
    let seconds = day.as_u64().map(|day| day.saturating_mul(86_400));
    seconds.map_or("-".into(), |seconds| commons_core::clock::rfc3339(seconds).chars().take(10).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An hour and a half would be read as ninety hours, or a debt as a credit.
    #[test]
    fn amounts_are_told_in_units() {
        for (parts, scale, told) in
            [(90, 60, "1.5"), (-90, 60, "-1.5"), (1, 60, "0.02"), (0, 60, "0"), (-1, 1_000, "0"), (7_000, 1, "7000")]
        {
            assert_eq!(amount(parts, scale), told, "{parts}/{scale}");
        }
        assert_eq!(day_of(&serde_json::json!(20_778)), "2026-11-21");
        assert_eq!(day_of(&Value::Null), "-");
    }
}
