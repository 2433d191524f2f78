//! Logging in and out: by password, or by a key that signs a question.

use commons_core::identity::{hex, keeper_signed, GatewayId, MemberKey, NetworkId, Signature};
use hyper::body::Incoming;
use hyper::header::{RETRY_AFTER, SET_COOKIE};
use hyper::StatusCode;
use serde_json::{json, Value};
use tracing::{info, warn};

use super::session::{By, Entered};
use super::{pages, COOKIE};
use crate::control::text::digits_to_bytes;
use crate::keeper::Password;
use crate::web::answer::{Answer, Cache, Fault};
use crate::web::request::{read_body, read_form, Head};
use crate::web::view::cookie;
use crate::web::Web;

/// How somebody stands before the page.
pub(super) enum Door {
    /// Nobody can come in; the id of the sentence that says why.
    NoWay(&'static str),
    /// Not logged in.
    Out,
    /// Logged in.
    In(Entered),
}

/// Why a try was not taken.
pub(super) enum Refused {
    /// Too many tries: wait so many seconds.
    Wait(u64),
    /// It was wrong.
    Wrong,
}

/// The password that holds, read anew each time: it may have been set just now.
async fn password(web: &Web) -> Result<Result<Option<Password>, &'static str>, Fault> {
    let data = web.keeper.keeping()?.data.clone();
    let read = tokio::task::spawn_blocking(move || Password::read(&data)).await;
    Ok(read.map_err(|_| Fault::Broken)?.map_err(|error| {
        warn!(%error, "the keeper's password cannot be read");
        "keeper-damaged"
    }))
}

/// Looks who stands there.
pub(super) async fn look(web: &Web, head: &Head) -> Result<Door, Fault> {
    let password = password(web).await?;
    let mark = password.as_ref().ok().and_then(|password| password.as_ref().map(Password::mark));
    let holds = |by: &By| match by {
        By::Password(known) => Some(*known) == mark,
        By::Key(key) => web.config.keeper.keys.contains(key),
    };
    if let Some(entered) = cookie(&head.headers, COOKIE).and_then(|cookie| web.keeper.sessions.find(cookie, holds)) {
        return Ok(Door::In(entered));
    }
    Ok(match password {
        Ok(Some(_)) => Door::Out,
        Ok(None) => Door::NoWay("keeper-no-password"),
        Err(why) => Door::NoWay(why),
    })
}

/// Who is logged in, and sent a form of his own session.
pub(super) async fn require(web: &Web, head: &Head) -> Result<Result<Entered, Answer>, Fault> {
    Ok(match look(web, head).await? {
        Door::In(entered) => Ok(entered),
        Door::Out => Err(pages::log_in(web, &head.view, None).with_status(StatusCode::FORBIDDEN)),
        Door::NoWay(why) => Err(pages::no_way(web, &head.view, why).with_status(StatusCode::FORBIDDEN)),
    })
}

/// `POST /keeper/in`
pub(super) async fn by_password(web: &Web, head: &Head, body: Incoming) -> Result<Answer, Fault> {
    let form = read_form(head, body).await?;
    let password = match password(web).await? {
        Ok(Some(password)) => password,
        Ok(None) => return Ok(pages::no_way(web, &head.view, "keeper-no-password").with_status(StatusCode::FORBIDDEN)),
        Err(why) => return Ok(pages::no_way(web, &head.view, why).with_status(StatusCode::FORBIDDEN)),
    };
    let typed = form.get("password").to_owned();
    let by = By::Password(password.mark());
    match tried(web, head, move || password.is(&typed)).await? {
        Ok(()) => Ok(enter(web, head, by, Answer::see_other(&head.view.to("/keeper")))),
        Err(refused) => {
            let answer = pages::log_in(web, &head.view, Some(&refused));
            Ok(match refused {
                Refused::Wait(seconds) => {
                    answer.with_status(StatusCode::TOO_MANY_REQUESTS).with(RETRY_AFTER, &seconds.to_string())
                }
                Refused::Wrong => answer.with_status(StatusCode::FORBIDDEN),
            })
        }
    }
}

/// `GET /keeper/challenge`: what a key of the configuration is to sign. See PROTOCOL.md, "The keeper's key".
pub(super) fn challenge(web: &Web) -> Result<Answer, Fault> {
    web.keeper.keeping()?;
    let challenge = hex(&web.keeper.challenges.ask());
    let about = &web.about;
    let json = json!({"v": 1, "network": about.network, "gateway": about.id, "challenge": challenge});
    Ok(Answer::json(StatusCode::OK, &json).cached(Cache::Never))
}

/// `POST /keeper/key`: `{"v":1,"key":...,"challenge":...,"signature":...}`.
pub(super) async fn by_key(web: &Web, body: Incoming, head: &Head) -> Result<Answer, Fault> {
    let no = |status, error: &str, message: &str| {
        Answer::json(status, &json!({"v": 1, "ok": false, "error": error, "message": message}))
    };
    if head.media_type() != "application/json" {
        return Err(Fault::WrongType("application/json"));
    }
    let body = read_body(body).await?;
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |name: &str| json[name].as_str().unwrap_or_default();
    let key = MemberKey::parse(text("key"));
    let challenge = digits_to_bytes::<32>(text("challenge"));
    let signature = digits_to_bytes::<64>(text("signature")).map(Signature);
    let (Some(key), Some(challenge), Some(signature), 1) = (key, challenge, signature, json["v"].as_u64().unwrap_or(0))
    else {
        return Ok(no(StatusCode::UNPROCESSABLE_ENTITY, "wrong_value", "key, challenge and signature are hex digits"));
    };
    let gateway = GatewayId::parse(&web.about.id).ok_or(Fault::Broken)?;
    let network = NetworkId::of(&web.about.network);
    let is_open = web.keeper.challenges.take(&challenge);
    let is_known = web.config.keeper.keys.contains(&key.to_string());
    let check = move || is_open && is_known && keeper_signed(&network, &gateway, &key, &challenge, &signature);
    Ok(match tried(web, head, check).await? {
        Ok(()) => {
            let answer = Answer::json(StatusCode::OK, &json!({"v": 1, "ok": true})).cached(Cache::Never);
            enter(web, head, By::Key(key.to_string()), answer)
        }
        Err(Refused::Wait(seconds)) => {
            no(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", "wait and ask for a new challenge")
                .with(RETRY_AFTER, &seconds.to_string())
        }
        Err(Refused::Wrong) => {
            no(StatusCode::FORBIDDEN, "not_the_keeper", "the key is not in keeper.keys, or the answer is old or wrong")
        }
    })
}

/// Makes one try, slowed and counted.
async fn tried(
    web: &Web,
    head: &Head,
    check: impl FnOnce() -> bool + Send + 'static,
) -> Result<Result<(), Refused>, Fault> {
    let refusals = web.inbox.refusals();
    // One at a time; whoever comes in between has not tried.
    let Ok(_one) = web.keeper.checking.try_acquire() else { return Ok(Err(Refused::Wait(1))) };
    if let Err(seconds) = web.keeper.guesses.take(head.address) {
        refusals.note("keeper", "too_many_tries", Some(head.address));
        return Ok(Err(Refused::Wait(seconds)));
    }
    let is_right = tokio::task::spawn_blocking(check).await.map_err(|_| Fault::Broken)?;
    if !is_right {
        refusals.note("keeper", "not_the_keeper", Some(head.address));
        return Ok(Err(Refused::Wrong));
    }
    web.keeper.guesses.was_right(head.address);
    Ok(Ok(()))
}

/// Gives a new session, never one that was brought along.
fn enter(web: &Web, head: &Head, by: By, answer: Answer) -> Answer {
    if let Some(old) = cookie(&head.headers, COOKIE).and_then(|cookie| web.keeper.sessions.find(cookie, |_| true)) {
        web.keeper.sessions.leave(&old);
    }
    info!("somebody logged in to the keeper's page");
    let cookie = web.keeper.sessions.enter(by);
    // Not `Secure`: the page is plain http by design. Gone with the browser; the gateway forgets it sooner.
    answer.with(SET_COOKIE, &format!("{COOKIE}={cookie}; Path=/keeper; HttpOnly; SameSite=Strict"))
}

/// Ends a session.
pub(super) fn leave(web: &Web, head: &Head, entered: &Entered) -> Answer {
    web.keeper.sessions.leave(entered);
    let gone = format!("{COOKIE}=; Path=/keeper; HttpOnly; SameSite=Strict; Max-Age=0");
    Answer::see_other(&head.view.to("/keeper")).with(SET_COOKIE, &gone)
}
