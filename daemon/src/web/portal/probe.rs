//! What each system asks to find out whether it has the internet, and the answer that it takes for yes.
//!
//! Paths that are a system's own are known under any host name, since makers of phones put them under names of their own.
//! Where a system asks for `/`, its host decides.
//!
//! | system | asks | success |
//! |---|---|---|
//! | Apple | `captive.apple.com/hotspot-detect.html` and older names, agent `CaptiveNetworkSupport` | a page that says Success |
//! | Android, Chrome, ChromeOS, and with names of their own Huawei, Oppo, Samsung, Vivo, Xiaomi, Amazon's Fire | `/generate_204`, `/gen_204` | 204, no bytes |
//! | Windows 10 and later | `www.msftconnecttest.com/connecttest.txt`; opens `/redirect` | `Microsoft Connect Test` |
//! | Windows 7 and 8 | `www.msftncsi.com/ncsi.txt` | `Microsoft NCSI` |
//! | Firefox | `detectportal.firefox.com/canonical.html`, `/success.txt` | its own page; `success` |
//! | NetworkManager: GNOME, Debian, Arch, Manjaro, openSUSE | `/check_network_status.txt`, `/nm`, `/nm-check.txt` | `NetworkManager is online` |
//! | Fedora, KDE | `fedoraproject.org/static/hotspot.txt`, `networkcheck.kde.org/` | `OK` |
//! | Ubuntu | `connectivity-check.ubuntu.com/` | 204, `X-NetworkManager-Status: online` |
//! | Kindle | `spectrum.s3.amazonaws.com/kindle-wifi/wifistub.html`, `wifistub-eink.html` | a page with a certain number |

use hyper::header::{HeaderMap, HeaderName, USER_AGENT};
use hyper::StatusCode;

use crate::web::answer::{Answer, Cache};

/// What a system takes for success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Success {
    /// A page, byte for byte.
    Page(&'static str),
    /// Words, byte for byte.
    Words(&'static str),
    /// No content.
    Nothing,
    /// None: the system opens this address in a browser, which wants the page.
    Never,
}

const APPLE: Success = Success::Page("<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>\n");
const FIREFOX: Success =
    Success::Page("<meta http-equiv=\"refresh\" content=\"0;url=https://support.mozilla.org/kb/captive-portal\"/>");
const ONLINE: Success = Success::Words("NetworkManager is online\n");
const KINDLE: Success = Success::Page(
    "<html>\n<head>\n<title>Kindle Reachability Probe Page</title>\n</head>\n<body>\n\
     81ce4465-7167-4dcb-835b-dcc9e44c112a\n</body>\n</html>\n",
);

/// Host, path, success; an empty host or path stands for any. The first row that fits counts.
const PROBES: &[(&str, &str, Success)] = &[
    ("", "/hotspot-detect.html", APPLE),
    ("", "/library/test/success.html", APPLE),
    ("captive.apple.com", "", APPLE),
    ("www.appleiphonecell.com", "", APPLE),
    ("www.airport.us", "", APPLE),
    ("www.ibook.info", "", APPLE),
    ("www.itools.info", "", APPLE),
    ("www.thinkdifferent.us", "", APPLE),
    ("", "/generate_204", Success::Nothing),
    ("", "/generate204", Success::Nothing),
    ("", "/gen_204", Success::Nothing),
    ("", "/connecttest.txt", Success::Words("Microsoft Connect Test")),
    ("", "/ncsi.txt", Success::Words("Microsoft NCSI")),
    ("www.msftconnecttest.com", "/redirect", Success::Never),
    ("ipv6.msftconnecttest.com", "/redirect", Success::Never),
    ("", "/canonical.html", FIREFOX),
    ("", "/success.txt", Success::Words("success\n")),
    ("", "/check_network_status.txt", ONLINE),
    ("", "/nm-check.txt", ONLINE),
    ("nmcheck.gnome.org", "", ONLINE),
    ("network-test.debian.org", "", ONLINE),
    ("conncheck.opensuse.org", "", ONLINE),
    ("", "/static/hotspot.txt", Success::Words("OK")),
    ("networkcheck.kde.org", "", Success::Words("OK\n")),
    ("connectivity-check.ubuntu.com", "", Success::Nothing),
    ("", "/kindle-wifi/wifistub.html", KINDLE),
    ("", "/kindle-wifi/wifistub-eink.html", KINDLE),
    ("", "/kindle-wifi/wifiredirect.html", Success::Never),
];

/// What would be success, if the request is a probe. `here`: it is sent to this gateway itself, as a probe is that follows us.
pub(super) fn of(host: &str, path: &str, headers: &HeaderMap, here: bool) -> Option<Success> {
    let fits = |known: &str, found: &str| known.is_empty() || known.eq_ignore_ascii_case(found);
    let row = PROBES.iter().find(|(known_host, known_path, _)| fits(known_host, host) && fits(known_path, path));
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    match row {
        Some((_, _, success)) => Some(*success),
        // Apple's list of names grew with each year; its agent did not change. On our own page it is led nowhere else.
        None if !here && agent.starts_with("CaptiveNetworkSupport") => Some(APPLE),
        None => None,
    }
}

impl Success {
    /// As an answer; none if the page is the answer.
    pub(super) fn answer(self) -> Option<Answer> {
        let answer = match self {
            Self::Page(page) => Answer::new(StatusCode::OK, "text/html", page),
            Self::Words(words) => Answer::new(StatusCode::OK, "text/plain", words),
            Self::Nothing => Answer::empty(StatusCode::NO_CONTENT),
            Self::Never => return None,
        };
        // Ubuntu and NetworkManager believe this line alone; to the others it means nothing.
        Some(answer.with(HeaderName::from_static("x-networkmanager-status"), "online").cached(Cache::Never))
    }
}
