//! Which requests are meant for this gateway, and which may change something.
//!
//! **Host.** A page elsewhere can point a name of its own at our address (DNS rebinding), and then is of one origin with
//! us for the browser. An address cannot be pointed anywhere, and nobody elsewhere can own a name without a dot or one that ends
//! in `.local` (RFC 6762). So addresses, such names and those that are listed are ours; under any other name nothing is changed,
//! no cookie is looked at, and reading leads to the canonical origin: the address itself, since browsers with a resolver of
//! their own never ask ours, and since keys made on the page belong to its origin. Where the portal takes calls that were meant
//! for others, an address that is not the machine's own is a stranger too.
//!
//! **Cross-site.** Refuses posts that another site's page makes a neighbour's browser send (request forgery). The
//! address alone counts against a neighbour's quota, and an urgent need in his name is harm enough; the keeper's cookie is
//! guarded by its own token too. Browsers say where a form comes from; curl, buttons and very old phones say nothing and may pass.
//! Our pages send `Referrer-Policy: same-origin`, because under `no-referrer` browsers send `Origin: null` for our own forms.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::header::{HeaderMap, HOST, ORIGIN, REFERER};
use hyper::Request;

use crate::host::addresses::addresses;

/// The name that our own DNS gives every gateway. Reading is led on to the address.
const NAME: &str = "commons.lan";
/// How long the machine's addresses are taken for known. Interfaces come and go; each look asks the kernel.
const ADDRESSES_FOR: Duration = Duration::from_secs(5);

/// The two ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// Who calls.
    pub(super) peer: SocketAddr,
    /// Which of our addresses he reached.
    pub(super) local: SocketAddr,
}

/// Whom a request is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addressee {
    /// This gateway.
    Ours,
    /// This gateway by a name that each gateway answers to: reading leads to its address.
    Alias,
    /// Somebody else, or our address under a stranger's name.
    Stranger,
}

/// The names and addresses that are ours.
pub(super) struct Hosts {
    names: Vec<String>,
    /// Calls to other addresses may end here.
    portal: bool,
    own: Mutex<Option<(Instant, Vec<IpAddr>)>>,
}

impl Hosts {
    pub(super) fn new(names: &[String], portal: bool) -> Self {
        Self { names: names.iter().map(|name| plain(name)).collect(), portal, own: Mutex::default() }
    }

    /// Whom a request is meant for, by its address line and its Host.
    pub(super) fn addressee<B>(&self, request: &Request<B>, local: IpAddr) -> Addressee {
        match named(request) {
            Some(host) => self.judge(host, local),
            // HTTP/1.0: no browser that keeps cookies.
            None => Addressee::Ours,
        }
    }

    fn judge(&self, host: &str, local: IpAddr) -> Addressee {
        let name = plain(host);
        if let Ok(address) = name.parse::<IpAddr>() {
            let address = address.to_canonical();
            // Without a portal it is the address before some translation: a forwarded port, a container.
            let ours = !self.portal
                || address.is_loopback()
                || address == local.to_canonical()
                || self.is_named(&name)
                || self.is_own(address);
            return if ours { Addressee::Ours } else { Addressee::Stranger };
        }
        match self.is_named(&name) {
            _ if name == NAME || is_label(name.strip_suffix(".local").unwrap_or_default()) => Addressee::Alias,
            true => Addressee::Ours,
            false if is_label(&name) => Addressee::Ours,
            false => Addressee::Stranger,
        }
    }

    /// Whether a WebSocket may be opened: by a program, which says no origin; by our own page; by one that is named.
    pub(super) fn may_connect(&self, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if !headers.contains_key(ORIGIN) {
            return true;
        }
        let Some(origin) = text(ORIGIN) else { return false };
        let named = authority(origin).is_some_and(|authority| self.is_named(&plain(authority)));
        named || text(HOST).is_some_and(|host| is_same(origin, host))
    }

    fn is_named(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    fn is_own(&self, address: IpAddr) -> bool {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        match own.as_ref() {
            Some((at, known)) if at.elapsed() < ADDRESSES_FOR => known.contains(&address),
            _ => {
                let known = addresses();
                let found = known.contains(&address);
                *own = Some((Instant::now(), known));
                found
            }
        }
    }
}

/// The host that a request names. A whole URL in the request line overrides Host (RFC 9112, 3.2.2).
fn named<B>(request: &Request<B>) -> Option<&str> {
    match (request.uri().authority(), request.headers().get(HOST)) {
        (Some(authority), _) => Some(authority.as_str()),
        (None, Some(host)) => Some(host.to_str().unwrap_or("?")),
        (None, None) => None,
    }
}

/// The same without its port, in small letters; empty if there is none.
pub(super) fn host<B>(request: &Request<B>) -> String {
    named(request).map(plain).unwrap_or_default()
}

/// A host without its port, its brackets, a dot at its end, and capitals.
fn plain(host: &str) -> String {
    let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, after)) if after.is_empty() || is_port(after) => inside,
        _ => match host.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        },
    };
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

/// Whether it is a name without a dot.
fn is_label(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_port(after: &str) -> bool {
    after.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Where phones are sent: the address they reached, as `http://10.44.7.1:8080`. `port` 0: the one they reached.
pub(super) fn canonical(local: SocketAddr, port: u16) -> String {
    let port = if port == 0 { local.port() } else { port };
    let host = match local.ip().to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    match port {
        80 => format!("http://{host}"),
        port => format!("http://{host}:{port}"),
    }
}

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
    authority(url).is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

fn authority(url: &str) -> Option<&str> {
    let rest = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme))?;
    rest.split(['/', '?', '#']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page elsewhere could ride on the keeper's cookie by naming our address after itself; or a phone that came by another
    /// of our addresses would be sent away.
    #[test]
    fn only_our_own_names_and_addresses_are_ours() {
        let hosts = Hosts::new(&["board.example.org".into(), "203.0.113.9".into()], true);
        let local: IpAddr = "10.44.7.1".parse().unwrap();
        use Addressee::{Alias, Ours, Stranger};
        for (host, expected) in [
            ("10.44.7.1", Ours),
            ("10.44.7.1:8080", Ours),
            ("[::ffff:10.44.7.1]:80", Ours),
            ("127.0.0.1:1", Ours),
            ("127.9.9.9", Ours),
            ("[::1]:8080", Ours),
            ("LOCALHOST:8080", Ours),
            ("localhost.", Ours),
            ("203.0.113.9:443", Ours),
            ("board.EXAMPLE.org", Ours),
            ("commons.lan", Alias),
            ("maple.local:80", Alias),
            ("local", Ours),
            ("raspberrypi:8080", Ours),
            (".local", Stranger),
            ("evil.example.local", Stranger),
            ("evil.example", Stranger),
            ("board.example.org.evil.example", Stranger),
            ("10.44.7.1.evil.example", Stranger),
            ("192.0.2.1", Stranger),
            ("[2001:db8::1]", Stranger),
            ("[::1", Stranger),
            ("[::1]x", Stranger),
            ("localhost:80@evil.example", Stranger),
            ("evil.example:80:127.0.0.1", Stranger),
            ("", Stranger),
        ] {
            assert_eq!(hosts.judge(host, local), expected, "{host}");
        }
        let plain = Hosts::new(&[], false);
        assert_eq!(plain.judge("192.0.2.1:8080", local), Ours, "a forwarded port");
        assert_eq!(plain.judge("evil.example", local), Stranger);
        let six = "fd00::1".parse().unwrap();
        assert_eq!(hosts.judge("[FD00::1]:80", six), Ours);
        for address in addresses() {
            assert_eq!(hosts.judge(&SocketAddr::new(address, 80).to_string(), local), Ours);
        }
        let asked = |uri: &str, host: Option<&str>| {
            let mut request = Request::builder().uri(uri);
            if let Some(host) = host {
                request = request.header(HOST, host);
            }
            hosts.addressee(&request.body(()).unwrap(), local)
        };
        assert_eq!(asked("/", None), Ours);
        assert_eq!(asked("http://evil.example/", Some("10.44.7.1")), Stranger);
    }

    /// A phone would be sent to an address that its browser cannot open.
    #[test]
    fn phones_are_sent_to_the_address_they_reached() {
        for (local, port, expected) in [
            ("10.44.7.1:80", 0, "http://10.44.7.1"),
            ("10.44.7.1:8080", 0, "http://10.44.7.1:8080"),
            ("10.44.7.1:8080", 80, "http://10.44.7.1"),
            ("[fd00::1]:8080", 0, "http://[fd00::1]:8080"),
            ("[::ffff:10.44.7.1]:8080", 0, "http://10.44.7.1:8080"),
        ] {
            assert_eq!(canonical(local.parse().unwrap(), port), expected);
        }
    }

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
