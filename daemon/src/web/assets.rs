//! The style sheet, in the binary, at an address that holds its hash: phones load it once and never ask again.

use std::sync::LazyLock;

use hyper::header::{HeaderMap, ETAG, IF_NONE_MATCH};
use hyper::StatusCode;

use super::answer::{Answer, Cache};

const STYLE: &str = include_str!("app.css");

/// `/assets/app-<hash>.css`
pub(super) static STYLE_PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/app-{}.css", &*STYLE_HASH));

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| {
    let hash = commons_core::identity::hash("commons/1/asset", &[STYLE.as_bytes()]);
    commons_core::identity::hex(&hash[..8])
});

/// The style sheet, or "not modified" if the phone has it.
pub(super) fn style(headers: &HeaderMap) -> Answer {
    let tag = format!("\"{}\"", &*STYLE_HASH);
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim() == "*" || one.trim().trim_start_matches("W/") == tag);
    let answer = match known {
        true => Answer::empty(StatusCode::NOT_MODIFIED),
        false => Answer::new(StatusCode::OK, "text/css; charset=utf-8", STYLE),
    };
    answer.with(ETAG, &tag).cached(Cache::Forever)
}
