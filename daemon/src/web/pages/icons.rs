//! Small line drawings, always beside a word, never instead of one. Drawn for this page; 24 by 24 units.

use maud::{html, Markup, PreEscaped};

/// The drawing of a category, a kind or a mark; nothing for a name without one.
pub(in crate::web) fn icon(name: &str) -> Markup {
    let lines = match name {
        "home" => "M3 11l9-7 9 7M6 9v11h12V9M10 20v-6h4v6",
        "need" => "M12 21C5 16 3 12 3 8.500a4.500 4.500 0 0 1 9-1 4.500 4.500 0 0 1 9 1c0 3.500-2 7.500-9 12.500z",
        "offer" => "M3 9h18v4H3zM5 13v8h14v-8M12 9v12M12 9c-5 0-6-5-3-5 2 0 3 3 3 5 0-2 1-5 3-5 3 0 2 5-3 5z",
        "notice" => "M4 10v4h3l8 5V5L7 10zM18 9c1.500 1.500 1.500 4.500 0 6",
        "code" => "M14 10a4 4 0 1 0-3.500 4L12 16h2v2h2v2h4v-3l-6.500-6.500z",
        "languages" => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c-5 5-5 13 0 18 5-5 5-13 0-18z",
        "search" => "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500L21 21",
        "stock" => "M3 4h18v6H3zM5 10v10h14V10M9 14h6",
        "score" => "M4 20V10h4v10M10 20V4h4v16M16 20v-7h4v7M2 20h20",
        "now" => "M12 3l10 18H2zM12 10v5M12 17.500v.5",
        "food" => "M3 12h18a9 9 0 0 1-18 0zM8 8c-1-2 1-2 0-4M13 8c-1-2 1-2 0-4",
        "water" => "M12 3c4 5 6 8 6 11a6 6 0 0 1-12 0c0-3 2-6 6-11z",
        "health" => "M9 3h6v6h6v6h-6v6H9v-6H3V9h6z",
        "shelter" => "M3 20L12 4l9 16zM12 12l-4 8M12 12l4 8",
        "power" => "M13 2L5 14h6l-1 8 8-12h-6z",
        "heat" => "M12 21a6 6 0 0 0 6-6c0-5-5-6-4-12-4 2-8 7-8 12a6 6 0 0 0 6 6zM12 21c-3-2-2-5 0-7 2 2 3 5 0 7",
        "transport" => {
            "M3 16V7h11v9M14 10h4l3 3v3h-7M5 18.500a2 2 0 1 0 4 0 2 2 0 1 0-4 0M15 18.500a2 2 0 1 0 4 0 2 2 0 1 0-4 0"
        }
        "tools" => "M14 7a4 4 0 0 1 6-3l-3 3 1 2 3-1a4 4 0 0 1-6 3L7 20l-3-3z",
        "childcare" => "M12 8a3 3 0 1 0 0-5 3 3 0 0 0 0 5zM7 12h10M12 9v7M12 16l-4 5M12 16l4 5",
        "care" => "M8 8a3 3 0 1 0 0-5 3 3 0 0 0 0 5zM8 9v7l4 1v4M8 12l7 2M16 11v10",
        "clothing" => "M8 4L3 8l2 4 2-1v9h10v-9l2 1 2-4-5-4c-1 3-7 3-8 0z",
        "hygiene" => "M9 9h6l2 4v8H7v-8zM12 9V5h4M10 5h2",
        "language" => "M3 4h12v9H8l-3 3v-3H3zM17 9h4v8h-2v3l-3-3h-5v-2",
        "animals" => "M12 12c-4 0-6 4-5 7 2 2 8 2 10 0 1-3-1-7-5-7zM5 10v.5M9 6v.5M15 6v.5M19 10v.5",
        "company" => {
            "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM16 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 20c0-8 12-8 12 0M14 14c4-1 8 1 8 6"
        }
        "credit" => "M7 4L3 8l4 4M3 8h14M17 12l4 4-4 4M21 16H7",
        "other" => "M5 12v.5M12 12v.5M19 12v.5",
        _ => return PreEscaped(String::new()),
    };
    html! { svg viewBox="0 0 24 24" aria-hidden="true" { path d=(lines) {} } }
}
