//! Refuses posts that another site's page makes a neighbour's browser send (cross-site request forgery).
//!
//! There are no cookies to ride on, but the address alone counts against a neighbour's quota, and an urgent need in his
//! name is harm enough. Browsers say where a form comes from; curl, buttons and very old phones say nothing and may pass.
//! Our pages send `Referrer-Policy: same-origin`, because under `no-referrer` browsers send `Origin: null` for our own forms.

use hyper::header::{HeaderMap, HOST, ORIGIN, REFERER};

/// Whether a request that changes something may go on.
pub(super) fn may_post(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        // "none" = typed by the person himself.
        if site != "same-origin" && site != "none" {
            return false;
        }
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(host) = text(HOST) else {
        return !headers.contains_key(ORIGIN);
    };
    match (headers.contains_key(ORIGIN), headers.contains_key(REFERER)) {
        (true, _) => text(ORIGIN).is_some_and(|origin| is_same(origin, host)),
        (false, true) => text(REFERER).is_some_and(|referer| is_same(referer, host)),
        (false, false) => true,
    }
}

/// Whether a URL's authority is `host`. The scheme may be either: a keeper may put TLS in front.
fn is_same(url: &str, host: &str) -> bool {
    let authority = ["http://", "https://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    /// A page elsewhere could post urgent needs in a neighbour's name; or the neighbour's own old phone could not post.
    #[test]
    fn our_own_forms_pass_and_other_sites_do_not() {
        let host = ("host", "10.44.7.1:8080");
        let table: &[(&[(&str, &str)], bool)] = &[
            (&[], true),
            (&[("origin", "http://10.44.7.1:8080")], true),
            (&[("origin", "http://10.44.7.1")], false),
            (&[("origin", "http://evil.example")], false),
            (&[("origin", "null")], false),
            (&[("referer", "http://10.44.7.1:8080/new/need")], true),
            (&[("referer", "http://10.44.7.1:8080.evil.example/")], false),
            (&[("sec-fetch-site", "same-origin"), ("origin", "http://10.44.7.1:8080")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site"), ("origin", "http://10.44.7.1:8080")], false),
        ];
        for (pairs, expected) in table {
            let mut all = headers(&[host]);
            for (name, value) in *pairs {
                all.append(*name, value.parse().unwrap());
            }
            assert_eq!(may_post(&all), *expected, "{pairs:?}");
        }
    }
}
