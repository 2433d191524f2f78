//! Which requests come from a window that a system opened to sign in to a network, and not from a browser.

use hyper::header::{HeaderMap, USER_AGENT};

/// Whether a request comes from such a window.
///
/// Android's says so (`CaptivePortalLogin`, or the app's name in `X-Requested-With`) or shows itself as a view inside an app
/// (`; wv`). Apple's asks with `CaptiveNetworkSupport`; its window has the engine's mark but, unlike Safari and every other
/// browser there, no browser's. Nothing but a hint on the page hangs on it.
pub(in crate::web) fn is_captive(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let agent = text(USER_AGENT);
    let app = headers.get("x-requested-with").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_apple = ["(iPhone", "(iPad", "(iPod", "(Macintosh"].iter().any(|device| agent.contains(device));
    agent.contains("CaptiveNetworkSupport")
        || agent.contains("CaptivePortalLogin")
        || app.to_ascii_lowercase().contains("captiveportal")
        || (agent.contains("Android") && agent.contains("; wv)"))
        || (is_apple
            && agent.contains("AppleWebKit/")
            && ["Safari/", "CriOS/", "FxiOS/", "EdgiOS/", "OPiOS/"].iter().all(|mark| !agent.contains(mark)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A neighbour in the window that forgets everything would not be told of his browser; or one in a browser would be told
    /// nonsense.
    #[test]
    fn windows_are_told_from_browsers() {
        let ios = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        let android = "Mozilla/5.0 (Linux; Android 14; Pixel 8";
        let chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36";
        for (agent, app, expected) in [
            ("CaptiveNetworkSupport-481.60.2 wispr".to_owned(), "", true),
            (format!("{ios} Mobile/15E148"), "", true),
            (format!("{ios} Version/18.3 Mobile/15E148 Safari/604.1"), "", false),
            (format!("{ios} CriOS/131.0 Mobile/15E148 Safari/604.1"), "", false),
            (format!("{android} Build/AP2A; wv) Version/4.0 {chrome}"), "", true),
            (format!("{android} Build/AP2A) {chrome} CaptivePortalLogin"), "", true),
            (format!("{android}) {chrome}"), "com.android.captiveportallogin", true),
            (format!("{android}) {chrome}"), "com.google.android.captiveportallogin", true),
            (format!("{android}) {chrome}"), "XMLHttpRequest", false),
            (format!("{android}) {chrome}"), "", false),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0".into(), "", false),
            ("curl/8.5.0".into(), "", false),
            (String::new(), "", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, agent.parse().unwrap());
            if !app.is_empty() {
                headers.insert("x-requested-with", app.parse().unwrap());
            }
            assert_eq!(is_captive(&headers), expected, "{agent} {app}");
        }
        assert!(!is_captive(&HeaderMap::new()));
    }
}
