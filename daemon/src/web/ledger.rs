//! `/api/v1/ledger/...`: the covenant and members' cards for everybody; one's own account for whoever shows a pass.
//!
//! A pass comes with each request, `Authorization: Bearer <pass>`, never in an address and never in a cookie of ours, so no page of
//! another site can use it.

use commons_core::admission::Rejection;
use commons_core::identity::{hex, GatewayId, MemberId, NetworkId, Signature};
use commons_core::ledger::{FOUND_MAX, HISTORY_PAGE_MAX};
use commons_core::receipt::Receipt;
use hyper::body::Incoming;
use hyper::{header, StatusCode};
use serde_json::{json, Value};

use super::answer::{Answer, Cache, Fault};
use super::request::{read_body, Head};
use super::{watch, Web};
use crate::control::text::digits_to_bytes;
use crate::passes::{NoPass, PASS_S, QUESTION_S};

/// `GET /api/v1/ledger`: the covenant; 404 before there is one.
pub(super) async fn covenant(web: &Web) -> Result<Answer, Fault> {
    let covenant = web.inbox.covenant().await;
    here(web)?;
    Ok(match covenant {
        Some(covenant) => Answer::json(StatusCode::OK, &covenant).shared(),
        None => no(StatusCode::NOT_FOUND, "not_founded", "", "this network has no founding record yet"),
    })
}

/// `GET /api/v1/ledger/members?q=&after=&limit=`: cards, found by `q`, or all in order of their ids.
pub(super) async fn members(web: &Web, head: &Head) -> Result<Answer, Fault> {
    let after = match head.query.get("after") {
        "" => None,
        text => Some(MemberId::parse(text).ok_or(Fault::BadRequest("\"after\" must be a member's id"))?),
    };
    let limit = number(head, "limit", FOUND_MAX)?;
    let mut cards = match head.query.get("q") {
        "" => web.inbox.member_cards(after, limit).await,
        text => web.inbox.find_members(text).await,
    };
    here(web)?;
    cards.truncate(limit);
    Ok(Answer::json(StatusCode::OK, &cards).shared())
}

/// `GET /api/v1/ledger/members/<id>`, or `.../<id>/forks`. The id may be cut to 8 digits or more if only one begins so.
pub(super) async fn member(web: &Web, text: &str, forks: bool) -> Result<Answer, Fault> {
    let found = match MemberId::parse(text) {
        Some(id) => web.inbox.member_card(id).await.into_iter().collect(),
        None if text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            web.inbox.find_members(text).await
        }
        None => Vec::new(),
    };
    here(web)?;
    let [card] = &found[..] else {
        return Ok(refused(NoPass::UnknownMember, StatusCode::NOT_FOUND));
    };
    if !forks {
        return Ok(Answer::json(StatusCode::OK, card).shared());
    }
    let Some(id) = MemberId::parse(&card.id) else { return Err(Fault::Broken) };
    let forks = web.inbox.forks(id).await;
    Ok(Answer::json(StatusCode::OK, &json!({"v": 1, "member": card.id, "forks": forks})).shared())
}

/// `GET /api/v1/ledger/challenge`: what a member is to sign, see PROTOCOL.md, "Passes".
pub(super) fn challenge(web: &Web) -> Answer {
    let about = &web.about;
    let challenge = hex(&web.inbox.passes().question());
    let json =
        json!({"v": 1, "network": about.network, "gateway": about.id, "challenge": challenge, "expires_s": QUESTION_S});
    Answer::json(StatusCode::OK, &json).cached(Cache::Never).shared()
}

/// `POST /api/v1/ledger/pass`: `{"v":1,"member":...,"challenge":...,"signature":...}` gives `{"v":1,"ok":true,"pass":...}`.
pub(super) async fn pass(web: &Web, head: &Head, body: Incoming) -> Result<Answer, Fault> {
    let body = read_body(body).await?;
    if !web.is_exempt(head.address) {
        if let Err(rejection) = web.holdback.pass(head.address).await {
            web.note(head, &rejection);
            return Ok(rejected(&rejection));
        }
    }
    let json: Value = serde_json::from_slice(&body).map_err(|_| Fault::BadRequest("not JSON"))?;
    let text = |field: &str| json[field].as_str().unwrap_or_default();
    for field in ["member", "challenge", "signature"] {
        if json[field].as_str().is_none() {
            return Ok(no(
                StatusCode::UNPROCESSABLE_ENTITY,
                "missing",
                field,
                "member, challenge and signature are needed",
            ));
        }
    }
    let member = MemberId::parse(text("member"));
    let (challenge, signature) = (digits_to_bytes::<32>(text("challenge")), digits_to_bytes::<64>(text("signature")));
    let (Some(member), Some(challenge), Some(signature), Some(gateway)) =
        (member, challenge, signature.map(Signature), GatewayId::parse(&web.about.id))
    else {
        let words = "member, challenge and signature are hex digits";
        return Ok(no(StatusCode::UNPROCESSABLE_ENTITY, "wrong_value", "", words));
    };
    let network = NetworkId::of(&web.about.network);
    let answer = match web.inbox.give_pass(&network, &gateway, member, &challenge, &signature).await {
        Ok(pass) => Answer::json(StatusCode::OK, &json!({"v": 1, "ok": true, "pass": pass, "expires_s": PASS_S})),
        Err(why) => {
            web.inbox.refusals().note("http", why.code(), Some(head.address));
            refused(why, StatusCode::FORBIDDEN)
        }
    };
    Ok(answer.cached(Cache::Never))
}

/// `GET /api/v1/ledger/account`.
pub(super) async fn account(web: &Web, head: &Head) -> Result<Answer, Fault> {
    let Some(member) = who(web, head).await else { return Ok(unknown()) };
    let account = web.inbox.account(member).await;
    here(web)?;
    Ok(own(account.as_ref()))
}

/// `GET /api/v1/ledger/history?before=&limit=`, newest first.
pub(super) async fn history(web: &Web, head: &Head) -> Result<Answer, Fault> {
    let Some(member) = who(web, head).await else { return Ok(unknown()) };
    let before = match head.query.get("before") {
        "" => None,
        text => Some(text.parse().map_err(|_| Fault::BadRequest("\"before\" must be a number"))?),
    };
    let page = web.inbox.history(member, before, number(head, "limit", HISTORY_PAGE_MAX)?).await;
    here(web)?;
    Ok(own(page.as_ref()))
}

/// `GET /api/v1/ledger/score`: one's own sums of each month, and what is told to nobody else.
pub(super) async fn score(web: &Web, head: &Head) -> Result<Answer, Fault> {
    let Some(member) = who(web, head).await else { return Ok(unknown()) };
    let score = web.inbox.personal(member).await;
    here(web)?;
    Ok(own(score.as_ref()))
}

/// `GET /api/v1/ledger/watch`: Server-Sent Events, `account` with the whole account at first and after each change.
pub(super) async fn follow(
    web: &Web,
    head: &Head,
    stopping: tokio::sync::watch::Receiver<bool>,
) -> Result<Answer, Fault> {
    let Some(member) = who(web, head).await else { return Ok(unknown()) };
    let place = web.watchers.clone().try_acquire_owned().map_err(|_| Fault::TooManyWatchers)?;
    Ok(Answer::events(watch::start_account(web, member, bearer(head).to_owned(), place, stopping)))
}

/// The member whose pass came with the request.
pub(super) async fn who(web: &Web, head: &Head) -> Option<MemberId> {
    web.inbox.who_has(bearer(head)).await
}

fn bearer(head: &Head) -> &str {
    let value = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, token) = value.split_once(' ').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") {
        token.trim()
    } else {
        ""
    }
}

fn own<T: serde::Serialize>(what: Option<&T>) -> Answer {
    match what {
        Some(what) => Answer::json(StatusCode::OK, what).cached(Cache::Never),
        None => refused(NoPass::UnknownMember, StatusCode::NOT_FOUND),
    }
}

fn number(head: &Head, field: &'static str, most: usize) -> Result<usize, Fault> {
    match head.query.get(field) {
        "" => Ok(most),
        text => {
            text.parse().map(|found: usize| found.clamp(1, most)).map_err(|_| Fault::BadRequest("a number is needed"))
        }
    }
}

fn unknown() -> Answer {
    let message = "show a pass: sign what /api/v1/ledger/challenge asks and post it to /api/v1/ledger/pass";
    no(StatusCode::UNAUTHORIZED, "no_pass", "", message).with(header::WWW_AUTHENTICATE, "Bearer")
}

fn refused(why: NoPass, status: StatusCode) -> Answer {
    no(status, why.code(), why.field(), &why.to_string())
}

fn rejected(rejection: &Rejection) -> Answer {
    let status = StatusCode::from_u16(rejection.http_status()).unwrap_or(StatusCode::BAD_REQUEST);
    Answer::json(status, &Receipt::of(&Err(rejection.clone()), ""))
}

fn no(status: StatusCode, error: &str, field: &str, message: &str) -> Answer {
    let mut json = json!({"v": 1, "ok": false, "error": error, "message": message});
    if !field.is_empty() {
        json["field"] = field.into();
    }
    Answer::json(status, &json).cached(Cache::Never)
}

/// An empty answer of a writer that has ended must not look like an empty ledger.
fn here(web: &Web) -> Result<(), Fault> {
    match web.is_writer_gone() {
        true => Err(Fault::Away),
        false => Ok(()),
    }
}
