//! What `commons/stock` and `commons/scorecard` say: short enough for every reader's queue. All of it is to be had over HTTP.

use commons_core::ledger::PotState;
use commons_core::scorecard::ScorecardState;
use commons_core::views::shelves::ShelfState;
use serde_json::{json, Value};

/// Bytes of shelves and pots in one message, about: a third of what a lane of the router holds, so that a busy pantry
/// does not push other news out.
const STOCK_BYTES_MAX: usize = 32 * 1024;
/// Lunations told: this one and the last.
const LUNATIONS_TOLD: usize = 2;

/// Shelves and pots with their latest day; `more` if not all fit.
pub fn stock(shelves: &[ShelfState], pots: &[PotState]) -> Value {
    let mut bytes = 0;
    let mut fits = |value: &Value| {
        bytes += value.to_string().len() + 1;
        bytes <= STOCK_BYTES_MAX
    };
    let pots_told: Vec<Value> = pots.iter().map(pot).take_while(&mut fits).collect();
    let shelves_told: Vec<Value> = shelves.iter().map(shelf).take_while(&mut fits).collect();
    let more = shelves_told.len() < shelves.len() || pots_told.len() < pots.len();
    json!({"v": 1, "shelves": shelves_told, "pots": pots_told, "more": more})
}

fn shelf(shelf: &ShelfState) -> Value {
    let waiting: Vec<&str> =
        shelf.counts.iter().filter(|count| !count.counted).map(|count| count.id.as_str()).collect();
    json!({
        "place": shelf.place, "item": shelf.item, "unit": shelf.unit, "qty": shelf.qty, "lent": shelf.lent,
        "day": shelf.days.first(), "to_cosign": waiting,
    })
}

fn pot(pot: &PotState) -> Value {
    let unit = |unit: &commons_core::ledger::PotUnit| json!({"unit": unit.unit, "scale": unit.scale, "balance": unit.balance, "day": unit.days.first()});
    json!({"id": pot.id, "name": pot.name, "units": pot.units.iter().map(unit).collect::<Vec<_>>()})
}

/// The scorecard, without what lies further back.
pub fn scorecard(card: &ScorecardState) -> ScorecardState {
    let mut card = card.clone();
    card.lunations.truncate(LUNATIONS_TOLD);
    card
}

#[cfg(test)]
mod tests {
    use super::*;
    use commons_core::views::item::Qty;

    /// One pantry with ten thousand things would push every other message out of the readers' queues.
    #[test]
    fn a_long_list_is_cut_and_says_so() {
        let shelf = |n: u64| ShelfState {
            place: "pantry".into(),
            item: format!("thing {n}"),
            unit: "kg".into(),
            qty: Qty(n),
            lent: Qty(0),
            days: vec![(20_000, Qty(1), Qty(2)), (19_999, Qty(3), Qty(0))],
            counts: vec![],
            loans: vec![],
        };
        let few = stock(&[shelf(1)], &[]);
        assert_eq!((&few["more"], &few["shelves"][0]["day"]), (&json!(false), &json!([20_000, 0.001, 0.002])));
        let many: Vec<ShelfState> = (0..1_000).map(shelf).collect();
        let told = stock(&many, &[]);
        assert_eq!(told["more"], json!(true));
        assert!(told["shelves"].as_array().is_some_and(|told| told.len() > 100));
        assert!(told.to_string().len() < STOCK_BYTES_MAX + 256);
    }
}
