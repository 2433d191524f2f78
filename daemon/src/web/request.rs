//! One request as handlers see it: who asks, for what, with which fields; and its body, bounded in size and time.

use std::net::IpAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::header::{HeaderMap, CONTENT_TYPE};
use hyper::http::request::Parts;
use hyper::Request;

use super::answer::Fault;
use super::form::Form;
use super::origin::Ends;
use super::view::View;

/// Bytes of one post, at most; a record with every field full stays below a tenth of it.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;
/// Bytes that are read and thrown away of a body that is too large, so that the sender reads our answer instead of a reset.
const DRAIN_BYTES_MAX: usize = 1024 * 1024;
/// How long a body may take to arrive, in seconds.
const BODY_S_MAX: u64 = 20;
/// Bytes of path and query, at most.
pub(super) const ADDRESS_BYTES_MAX: usize = 2_048;

/// The head of a request.
pub(super) struct Head {
    pub(super) address: IpAddr,
    /// Who asks, and which of our addresses he reached.
    pub(super) ends: Ends,
    pub(super) path: String,
    pub(super) query: Form,
    pub(super) headers: HeaderMap,
    /// How pages that answer it are shown.
    pub(super) view: View,
}

impl Head {
    pub(super) fn of(ends: Ends, view: View, parts: Parts) -> Result<Self, Fault> {
        let length = parts.uri.path_and_query().map_or(0, |p| p.as_str().len());
        if length > ADDRESS_BYTES_MAX {
            return Err(Fault::AddressTooLong(ADDRESS_BYTES_MAX));
        }
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            address: ends.peer.ip(),
            ends,
            path: parts.uri.path().to_owned(),
            query: Form::parse(query.as_bytes()).ok_or(Fault::BadRequest("the part after ? cannot be read"))?,
            headers: parts.headers,
            view,
        })
    }

    /// The media type of the body, lower case, without parameters; empty if not said.
    pub(super) fn media_type(&self) -> String {
        let value = self.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let value = value.unwrap_or_default().split(';').next();
        value.unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// Reads a form's fields.
pub(super) async fn read_form(head: &Head, body: Incoming) -> Result<Form, Fault> {
    const FORM: &str = "application/x-www-form-urlencoded";
    if head.media_type() != FORM {
        return Err(Fault::WrongType(FORM));
    }
    Form::parse(&read_body(body).await?).ok_or(Fault::BadRequest("the form cannot be read"))
}

/// Reads a body whole.
pub(super) async fn read_body(body: Incoming) -> Result<Bytes, Fault> {
    tokio::time::timeout(Duration::from_secs(BODY_S_MAX), read(body)).await.unwrap_or(Err(Fault::TooSlow))
}

async fn read(mut body: Incoming) -> Result<Bytes, Fault> {
    if body.size_hint().lower() > DRAIN_BYTES_MAX as u64 {
        return Err(Fault::TooLarge(BODY_BYTES_MAX));
    }
    let mut kept = BytesMut::new();
    let mut found = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Fault::BadRequest("the request broke off"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        found += data.len();
        if found > DRAIN_BYTES_MAX {
            break;
        }
        if found <= BODY_BYTES_MAX {
            kept.extend_from_slice(&data);
        }
    }
    match found > BODY_BYTES_MAX {
        true => Err(Fault::TooLarge(BODY_BYTES_MAX)),
        false => Ok(kept.freeze()),
    }
}

/// Splits a request into what handlers see and its body.
pub(super) fn split(ends: Ends, view: View, request: Request<Incoming>) -> Result<(Head, Incoming), Fault> {
    let (parts, body) = request.into_parts();
    Ok((Head::of(ends, view, parts)?, body))
}
