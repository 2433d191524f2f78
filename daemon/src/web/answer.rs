//! One HTTP answer: status, type, body, and the headers that every answer of ours carries.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use commons_core::admission::Rejection;
use commons_core::receipt::Receipt;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use maud::Markup;
use serde::Serialize;
use thiserror::Error;
use tokio::sync::mpsc;

use super::gzip;

/// Sent with every answer. The policy allows our own style sheet, script files and forms and nothing else: even a neighbour's
/// text that slipped through unescaped could load, run and send nothing. `connect-src 'self'` covers the WebSocket at this
/// host (CSP 3); browsers too old to know that follow changes by Server-Sent Events.
const ALWAYS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // Not no-referrer: see `origin`.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// How long an answer may be kept by the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cache {
    /// Not at all: it holds a code word or a contact, or answers a post.
    Never,
    /// Ask again each time: the board changes.
    Ask,
    /// A year: the address holds a hash of the content.
    Forever,
}

/// An answer under way.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) cache: Cache,
    /// Whether pages of other origins may read it.
    shared: bool,
    body: Body,
}

/// The bytes of an answer: all at once, or as they come.
pub(super) enum Body {
    Whole(Bytes),
    Stream(mpsc::Receiver<Bytes>),
}

/// A request that fails before it reaches what it asked for.
#[derive(Debug, Error)]
pub(super) enum Fault {
    #[error("{0}")]
    BadRequest(&'static str),
    #[error("this form came from another site's page; open the gateway's own page and try again")]
    CrossSite,
    #[error(
        "pages of other sites may not connect here; a page of your own is allowed by its host's name in http.names"
    )]
    ForeignPage,
    #[error("this form is of another time or place; open the page again and try once more")]
    OldForm,
    #[error("this gateway is not called that, so nothing was done; open {0}/ and try again")]
    WrongHost(String),
    #[error("there is no such page here; it may be over, or the address has a typing mistake")]
    NotFound,
    #[error("this address does not take that; it takes {0}")]
    MethodNotAllowed(&'static str),
    #[error("the request took too long to arrive")]
    TooSlow,
    #[error("the request is too large; at most {0} bytes are taken")]
    TooLarge(usize),
    #[error("the address is too long; at most {0} bytes are taken")]
    AddressTooLong(usize),
    #[error("send it as {0}")]
    WrongType(&'static str),
    #[error("this address speaks WebSocket (version 13, subprotocol mqtt)")]
    NotWebSocket,
    #[error("this method is not known here")]
    UnknownMethod,
    #[error("something went wrong here; it was noted, and what was kept is safe")]
    Broken,
    #[error("the gateway is starting or shutting down; try again in a moment")]
    Away,
    #[error("too many are watching already; try again later")]
    TooManyWatchers,
}

impl Fault {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::CrossSite | Self::ForeignPage | Self::OldForm => StatusCode::FORBIDDEN,
            Self::WrongHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::AddressTooLong(_) => StatusCode::URI_TOO_LONG,
            Self::WrongType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotWebSocket => StatusCode::UPGRADE_REQUIRED,
            Self::UnknownMethod => StatusCode::NOT_IMPLEMENTED,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Away | Self::TooManyWatchers => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A stable word for programs.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::CrossSite | Self::ForeignPage => "cross_site",
            Self::OldForm => "old_form",
            Self::WrongHost(_) => "wrong_host",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::TooSlow => "too_slow",
            Self::TooLarge(_) => "payload_too_large",
            Self::AddressTooLong(_) => "address_too_long",
            Self::WrongType(_) => "wrong_type",
            Self::NotWebSocket => "not_websocket",
            Self::UnknownMethod => "unknown_method",
            Self::Broken => "broken",
            Self::Away => "busy",
            Self::TooManyWatchers => "too_many_watchers",
        }
    }

    /// As a receipt, for programs.
    pub(super) fn receipt(&self) -> Receipt {
        Receipt {
            error: Some(self.code()),
            limit: match self {
                Self::TooLarge(limit) | Self::AddressTooLong(limit) => Some(*limit as u64),
                _ => None,
            },
            retry_s: matches!(self, Self::Away | Self::TooManyWatchers).then_some(5),
            message: Some(self.to_string()),
            ..Receipt::of(&Err(Rejection::Busy), "")
        }
    }

    /// The headers that HTTP wants with this status.
    pub(super) fn dress(&self, answer: Answer) -> Answer {
        match self {
            Self::MethodNotAllowed(allow) => answer.with(header::ALLOW, allow),
            Self::NotWebSocket => answer
                .with(header::UPGRADE, "websocket")
                .with(header::CONNECTION, "upgrade")
                .with(header::SEC_WEBSOCKET_VERSION, "13"),
            Self::Away | Self::TooManyWatchers => answer.with(header::RETRY_AFTER, "5"),
            // The rest of the request is still on its way and will not be read.
            Self::TooSlow | Self::TooLarge(_) => answer.with(header::CONNECTION, "close"),
            _ => answer,
        }
    }
}

impl Answer {
    pub(super) fn new(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Self {
        let answer = Self {
            status,
            headers: HeaderMap::new(),
            cache: Cache::Ask,
            shared: false,
            body: Body::Whole(body.into()),
        };
        answer.with(header::CONTENT_TYPE, kind)
    }

    pub(super) fn empty(status: StatusCode) -> Self {
        Self { headers: HeaderMap::new(), ..Self::new(status, "text/plain", Bytes::new()) }
    }

    pub(super) fn page(status: StatusCode, page: Markup) -> Self {
        // The language comes from these two; a proxy must not hand one neighbour's language to the next.
        Self::new(status, "text/html; charset=utf-8", page.into_string()).with(header::VARY, "accept-language, cookie")
    }

    pub(super) fn text(status: StatusCode, text: impl Into<Bytes>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text)
    }

    pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Self {
        // Our own types; serialising them into memory cannot fail.
        let mut bytes = serde_json::to_vec(value).unwrap_or_default();
        bytes.push(b'\n');
        Self::new(status, "application/json", bytes)
    }

    pub(super) fn events(events: mpsc::Receiver<Bytes>) -> Self {
        Self::stream("text/event-stream", events)
    }

    /// Bytes as they come.
    pub(super) fn stream(kind: &'static str, pieces: mpsc::Receiver<Bytes>) -> Self {
        Self { body: Body::Stream(pieces), cache: Cache::Never, ..Self::new(StatusCode::OK, kind, Bytes::new()) }
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Go and get this instead (after a post).
    pub(super) fn see_other(location: &str) -> Self {
        Self::empty(StatusCode::SEE_OTHER).with(header::LOCATION, location).cached(Cache::Never)
    }

    /// That is over there (for now).
    pub(super) fn found(location: &str) -> Self {
        Self::empty(StatusCode::FOUND).with(header::LOCATION, location).cached(Cache::Never)
    }

    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        // Values are ours and plain ASCII; one that is not would be a mistake of ours, not worth a panic.
        match HeaderValue::from_str(value) {
            // Each cookie has a line of its own.
            Ok(value) if name == header::SET_COOKIE => drop(self.headers.append(name, value)),
            Ok(value) => drop(self.headers.insert(name, value)),
            Err(_) => {}
        }
        self
    }

    pub(super) fn cached(mut self, cache: Cache) -> Self {
        self.cache = cache;
        self
    }

    pub(super) fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Marks a page by its content, and says only "not modified" to who has that. A phone that follows the board asks for the
    /// page again and again.
    pub(super) fn tagged(self, known: Option<&HeaderValue>) -> Self {
        let Body::Whole(bytes) = &self.body else { return self };
        let is_page =
            self.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if self.status != StatusCode::OK || self.cache != Cache::Ask || !is_page {
            return self;
        }
        let hash = commons_core::identity::hash("commons/1/page", &[bytes]);
        // Weak: the same page may go out packed or not.
        let tag = format!("W/\"{}\"", commons_core::identity::hex(&hash[..8]));
        let answer = match known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
            true => Self { status: StatusCode::NOT_MODIFIED, body: Body::Whole(Bytes::new()), ..self },
            false => self,
        };
        answer.with(header::ETAG, &tag)
    }

    /// Packs a body that is worth it, if the client takes that.
    pub(super) fn packed(self, is_taken: bool) -> Self {
        let is_text = self.headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
            let kind = kind.as_bytes();
            kind.starts_with(b"text/html") || kind.starts_with(b"application/json") || kind.starts_with(b"text/plain")
        });
        let Body::Whole(bytes) = &self.body else { return self };
        if !is_text || bytes.len() < gzip::WORTH_BYTES_MIN || self.headers.contains_key(header::CONTENT_ENCODING) {
            return self;
        }
        let vary = match self.headers.get(header::VARY).and_then(|value| value.to_str().ok()) {
            Some(known) => format!("{known}, accept-encoding"),
            None => "accept-encoding".to_owned(),
        };
        if !is_taken {
            return self.with(header::VARY, &vary);
        }
        let body = Body::Whole(gzip::pack(bytes).into());
        let answer = Self { body, ..self };
        answer.with(header::CONTENT_ENCODING, "gzip").with(header::VARY, &vary)
    }

    pub(super) fn into_response(mut self) -> Response<Body> {
        for (name, value) in ALWAYS {
            self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let cache = match self.cache {
            Cache::Never => "no-store",
            Cache::Ask => "no-cache",
            Cache::Forever => "public, max-age=31536000, immutable",
        };
        self.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        let readers = if self.shared { "cross-origin" } else { "same-origin" };
        self.headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static(readers));
        if self.shared {
            self.headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(events) => events.poll_recv(cx).map(|event| event.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
