//! JSON under `/api/v1/`: the same item states as the MQTT topics, the same receipts as `commons/receipt/#`.

use std::sync::Arc;

use bytes::Bytes;
use commons_core::admission::Rejection;
use commons_core::identity::RecordId;
use commons_core::receipt::Receipt;
use commons_core::record::{Category, Kind, Urgency};
use commons_core::submission::{Refused, Submission};
use commons_core::views::item::{ItemKind, ItemQuery, ItemState, Status, StatusFilter, PAGE_ITEMS_MAX};
use hyper::body::Incoming;
use hyper::header;
use hyper::StatusCode;

use super::answer::{Answer, Cache, Fault};
use super::request::{read_body, Head};
use super::{watch, Web};

/// Items of one list unless the query says otherwise.
const LIST_ITEMS: usize = 100;
/// Items of one list, at most: about 1 MiB of JSON. `after` continues.
const LIST_ITEMS_MAX: usize = 1_000;

/// need, offer or notice, from the collection's name.
fn kind_of(plural: &str) -> Option<ItemKind> {
    ItemKind::parse(plural.strip_suffix('s')?)
}

/// `GET /api/v1/needs?limit=&status=&category=&urgency=&after=`: a bare array, most urgent first, newest first within.
pub(super) async fn list(web: &Web, head: &Head, plural: &str) -> Result<Answer, Fault> {
    let kind = kind_of(plural).ok_or(Fault::NotFound)?;
    let query = match query_of(head, kind) {
        Ok(query) => query,
        Err(rejection) => return Ok(refusal(&rejection, "")),
    };
    let items = gather(web, query).await;
    here(web)?;
    let items: Vec<&ItemState> = items.iter().map(|item| &**item).collect();
    Ok(Answer::json(StatusCode::OK, &items).shared())
}

fn query_of(head: &Head, kind: ItemKind) -> Result<ItemQuery, Rejection> {
    const KNOWN: &str = "limit, status, category, urgency, after";
    let wrong = |field: &'static str, expected: String| Rejection::WrongValue {
        field: field.into(),
        expected: expected.into(),
    };
    fn words<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> String {
        let names: Vec<_> = all.iter().map(|one| name(*one)).collect();
        format!("one of {}", names.join(", "))
    }
    let mut query = ItemQuery { kind: Some(kind), limit: LIST_ITEMS, ..ItemQuery::default() };
    for (name, value) in head.query.iter() {
        match name {
            "limit" => {
                query.limit = value.parse().map_err(|_| wrong("limit", format!("a number up to {LIST_ITEMS_MAX}")))?;
                if query.limit > LIST_ITEMS_MAX {
                    return Err(Rejection::TooLong {
                        field: "limit".into(),
                        found: query.limit as u64,
                        limit: LIST_ITEMS_MAX as u64,
                        unit: "items",
                    });
                }
            }
            "status" => {
                query.status = match value {
                    "live" => StatusFilter::Live,
                    "all" => StatusFilter::All,
                    one => StatusFilter::Only(Status::parse(one).ok_or_else(|| {
                        let words = words(Status::ALL, Status::name);
                        wrong("status", format!("live, all or {words}"))
                    })?),
                };
            }
            "category" => {
                query.category = Some(
                    Category::parse(value).ok_or_else(|| wrong("category", words(Category::ALL, Category::name)))?,
                );
            }
            "urgency" => {
                query.urgency =
                    Some(Urgency::parse(value).ok_or_else(|| wrong("urgency", words(Urgency::ALL, Urgency::name)))?);
            }
            "after" => {
                query.after =
                    Some(RecordId::parse(value).ok_or_else(|| wrong("after", "an id of 64 hex digits".into()))?);
            }
            unknown => return Err(Rejection::UnknownField { field: unknown.chars().take(64).collect(), known: KNOWN }),
        }
    }
    Ok(query)
}

/// Assembles a list from the writer's pages, so that a long one does not keep posts waiting.
async fn gather(web: &Web, mut query: ItemQuery) -> Vec<Arc<ItemState>> {
    let wanted = query.limit.min(LIST_ITEMS_MAX);
    let mut items: Vec<Arc<ItemState>> = Vec::with_capacity(wanted.min(PAGE_ITEMS_MAX));
    while items.len() < wanted {
        query.limit = (wanted - items.len()).min(PAGE_ITEMS_MAX);
        let asked = query.limit;
        let page = web.inbox.list(query.clone()).await;
        let found = page.len();
        items.extend(page);
        query.after = items.last().and_then(|item| RecordId::parse(&item.id));
        if found < asked || query.after.is_none() {
            break;
        }
    }
    items
}

/// `GET /api/v1/needs/<id>`
pub(super) async fn item(web: &Web, plural: &str, id: &str) -> Result<Answer, Fault> {
    let kind = kind_of(plural).ok_or(Fault::NotFound)?;
    let item = web.inbox.item(id).await;
    here(web)?;
    Ok(match item.filter(|item| item.kind == kind.name()) {
        Some(item) => Answer::json(StatusCode::OK, &*item).shared(),
        None => refusal(&Rejection::UnknownItem, ""),
    })
}

/// `POST /api/v1/needs`, `POST /api/v1/post/<kind>`: answered once it is synced.
pub(super) async fn post(web: &Web, head: &Head, kind: &str, body: Incoming) -> Result<Answer, Fault> {
    let media_type = head.media_type();
    let payload = read_body(body).await?;
    let json = match media_type.as_str() {
        "application/json" => true,
        "text/plain" | "application/octet-stream" | "" => false,
        // What `curl -d` says unless told otherwise.
        "application/x-www-form-urlencoded" if payload.trim_ascii_start().starts_with(b"{") => true,
        _ => {
            return Err(Fault::WrongType("application/json, text/plain or application/octet-stream (a signed record)"))
        }
    };
    if !web.is_exempt(head.address) {
        if let Err(rejection) = web.holdback.pass(head.address).await {
            web.note(head, &rejection);
            return Ok(refusal(&rejection, ""));
        }
    }
    let submission = match json {
        true => json_submission(web, head, kind, &payload),
        false => Submission::parse(kind, &payload, web.sender(head.address, None)),
    };
    let submission = match submission {
        Ok(submission) => submission,
        Err(refused) => {
            web.note(head, &refused.rejection);
            return Ok(refusal(&refused.rejection, &refused.reference));
        }
    };
    let reference = submission.reference.clone();
    let accepted = match web.inbox.submit(submission).await {
        Ok(accepted) => accepted,
        Err(rejection) => {
            web.note(head, &rejection);
            return Ok(refusal(&rejection, &reference));
        }
    };
    let status = match accepted.duplicate {
        true => StatusCode::OK,
        false => StatusCode::CREATED,
    };
    let location = match accepted.kind {
        Kind::Need | Kind::Offer | Kind::Notice => Some(format!("/api/v1/{}s/{}", accepted.kind.name(), accepted.id)),
        _ => None,
    };
    let answer = Answer::json(status, &Receipt::of(&Ok(accepted), &reference));
    Ok(match location {
        Some(location) => answer.with(header::LOCATION, &location),
        None => answer,
    })
}

/// What calls itself JSON must be an object, or the plain-text rule would post its brackets to the board.
fn json_submission(web: &Web, head: &Head, kind: &str, payload: &Bytes) -> Result<Submission, Refused> {
    let refused = |rejection| Refused { rejection, reference: String::new() };
    let trimmed = payload.trim_ascii();
    if trimmed.is_empty() {
        return Err(refused(Rejection::Empty));
    }
    if !trimmed.starts_with(b"{") {
        let error = serde_json::from_slice::<serde::de::IgnoredAny>(trimmed).err();
        return Err(refused(match error {
            Some(error) => Rejection::NotJson { line: error.line(), column: error.column() },
            None => Rejection::WrongValue { field: "payload".into(), expected: "a JSON object".into() },
        }));
    }
    Submission::parse(kind, trimmed, web.sender(head.address, None))
}

/// A refusal as a receipt.
fn refusal(rejection: &Rejection, reference: &str) -> Answer {
    let status = StatusCode::from_u16(rejection.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    let answer = Answer::json(status, &Receipt::of(&Err(rejection.clone()), reference)).shared();
    match rejection.retry_s() {
        Some(seconds) => answer.with(header::RETRY_AFTER, &seconds.to_string()),
        None => answer,
    }
}

/// `GET /api/v1/summary`
pub(super) async fn summary(web: &Web) -> Result<Answer, Fault> {
    let summary = web.inbox.summary().await;
    here(web)?;
    Ok(Answer::json(StatusCode::OK, &summary).shared())
}

/// `GET /api/v1/stock`: shelves in order of place and thing.
pub(super) async fn stock(web: &Web) -> Result<Answer, Fault> {
    let shelves = web.inbox.stock().await;
    here(web)?;
    Ok(Answer::json(StatusCode::OK, &shelves).shared())
}

/// `GET /api/v1/pots`: common pots, by id.
pub(super) async fn pots(web: &Web) -> Result<Answer, Fault> {
    let pots = web.inbox.pots().await;
    here(web)?;
    Ok(Answer::json(StatusCode::OK, &pots[..].to_vec()).shared())
}

/// `GET /api/v1/scorecard`
pub(super) async fn scorecard(web: &Web) -> Result<Answer, Fault> {
    let card = web.inbox.scorecard().await;
    here(web)?;
    Ok(Answer::json(StatusCode::OK, &*card).shared())
}

/// `GET /api/v1/info`
pub(super) fn info(web: &Web) -> Answer {
    Answer::json(StatusCode::OK, &web.about).shared()
}

/// `GET /api/v1/peers`
pub(super) fn peers(web: &Web) -> Answer {
    let neighbours = web.inbox.neighbours().borrow().clone();
    Answer::json(StatusCode::OK, &neighbours).cached(Cache::Never).shared()
}

/// `GET /api/v1/health`
pub(super) fn health(web: &Web) -> Answer {
    let health = web.inbox.health().borrow().clone();
    Answer::json(StatusCode::OK, &health).cached(Cache::Never).shared()
}

/// `GET /api/v1/watch?kind=`: Server-Sent Events.
pub(super) fn watch(web: &Web, head: &Head, stopping: tokio::sync::watch::Receiver<bool>) -> Result<Answer, Fault> {
    let only = match head.query.get("kind") {
        "" => None,
        word => Some(ItemKind::parse(word).ok_or(Fault::BadRequest("\"kind\" must be one of need, offer, notice"))?),
    };
    let place = web.watchers.clone().try_acquire_owned().map_err(|_| Fault::TooManyWatchers)?;
    Ok(Answer::events(watch::start(web, only, place, stopping)).shared())
}

/// An empty answer of a writer that has ended must not look like an empty board.
fn here(web: &Web) -> Result<(), Fault> {
    match web.is_writer_gone() {
        true => Err(Fault::Away),
        false => Ok(()),
    }
}
