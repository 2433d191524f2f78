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
use crate::keeper::{keys, Password};
use crate::web::answer::{Answer, Cache, Fault};
use crate::web::request::{read_body, read_form, Head};
use crate::web::view::cookie;
use crate::web::Web;

/// How somebody stands before the page.
pub(super) enum Door {
    /// Nobody can come in; the id of the sentence that says why.
    NoWay(&'static str),
    /// Not logged in; whether there is a password to type.
    Out {
        /// Whether there is.
        password: bool,
    },
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

/// The ways in that hold, read anew each time: they may have been opened or closed just now.
struct Ways {
    // Or the id of the sentence that says what is wrong with it.
    password: Result<Option<Password>, &'static str>,
    keys: Vec<String>,
}

impl Ways {
    async fn read(web: &Web) -> Result<Self, Fault> {
        let data = web.keeper.keeping()?.data.clone();
        let read = tokio::task::spawn_blocking(move || (Password::read(&data), keys::read(&data))).await;
        let (password, kept) = read.map_err(|_| Fault::Broken)?;
        let password = password.map_err(|error| {
            warn!(%error, "the keeper's password cannot be read");
            "keeper-damaged"
        });
        let kept = kept.unwrap_or_else(|error| {
            warn!(%error, "the keys of the keeper's page cannot be read");
            Vec::new()
        });
        let mut keys = web.config.keeper.keys.clone();
        keys.extend(kept.iter().map(ToString::to_string));
        Ok(Self { password, keys })
    }

    fn hold(&self, by: &By) -> bool {
        match (by, &self.password) {
            (By::Password(mark), Ok(Some(password))) => *mark == password.mark(),
            (By::Password(_), _) => false,
            (By::Key(key), _) => self.keys.contains(key),
        }
    }

    /// What stands before the page for whoever is not logged in.
    fn door(&self) -> Door {
        match &self.password {
            Ok(Some(_)) => Door::Out { password: true },
            Ok(None) if !self.keys.is_empty() => Door::Out { password: false },
            Ok(None) => Door::NoWay("keeper-no-password"),
            Err(_) if !self.keys.is_empty() => Door::Out { password: false },
            Err(why) => Door::NoWay(why),
        }
    }
}

/// Looks who stands there.
pub(super) async fn look(web: &Web, head: &Head) -> Result<Door, Fault> {
    let ways = Ways::read(web).await?;
    let holds = |by: &By| ways.hold(by);
    if let Some(entered) = cookie(&head.headers, COOKIE).and_then(|cookie| web.keeper.sessions.find(cookie, holds)) {
        return Ok(Door::In(entered));
    }
    Ok(ways.door())
}

/// The page for somebody who is not in.
pub(super) fn outside(web: &Web, head: &Head, door: &Door, refused: Option<&Refused>) -> Answer {
    match door {
        Door::NoWay(why) => pages::no_way(web, &head.view, why),
        Door::Out { password } => pages::log_in(web, &head.view, *password, refused),
        // Has no business here.
        Door::In(_) => Answer::see_other(&head.view.to("/keeper")),
    }
}

/// Who is logged in, and sent a form of his own session.
pub(super) async fn require(web: &Web, head: &Head) -> Result<Result<Entered, Answer>, Fault> {
    Ok(match look(web, head).await? {
        Door::In(entered) => Ok(entered),
        door => Err(outside(web, head, &door, None).with_status(StatusCode::FORBIDDEN)),
    })
}

/// `POST /keeper/in`
pub(super) async fn by_password(web: &Web, head: &Head, body: Incoming) -> Result<Answer, Fault> {
    let form = read_form(head, body).await?;
    let ways = Ways::read(web).await?;
    let door = ways.door();
    let Ok(Some(password)) = ways.password else {
        return Ok(outside(web, head, &door, None).with_status(StatusCode::FORBIDDEN));
    };
    let typed = form.get("password").to_owned();
    let by = By::Password(password.mark());
    match tried(web, head, move || password.is(&typed)).await? {
        Ok(()) => Ok(enter(web, head, by, Answer::see_other(&head.view.to("/keeper")))),
        Err(refused) => {
            let answer = outside(web, head, &door, Some(&refused));
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
pub(super) fn challenge(web: &Web, head: &Head) -> Result<Answer, Fault> {
    web.keeper.keeping()?;
    let challenge = hex(&web.keeper.challenges.ask(head.address));
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
    // Checked before it is counted: nobody guesses a signature, so a right one need not wait for those who try.
    let is_right = web.keeper.challenges.is_open(&challenge, head.address)
        && Ways::read(web).await?.keys.contains(&key.to_string())
        && keeper_signed(&network, &gateway, &key, &challenge, &signature)
        && web.keeper.challenges.take(&challenge);
    if is_right {
        web.keeper.guesses.was_right(head.address);
        let answer = Answer::json(StatusCode::OK, &json!({"v": 1, "ok": true})).cached(Cache::Never);
        return Ok(enter(web, head, By::Key(key.to_string()), answer));
    }
    Ok(match counted(web, head, web.keeper.guesses.was_wrong_key(head.address)) {
        Refused::Wait(seconds) => {
            no(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", "wait and ask for a new challenge")
                .with(RETRY_AFTER, &seconds.to_string())
        }
        Refused::Wrong => no(
            StatusCode::FORBIDDEN,
            "not_the_keeper",
            "the key is not let in (`commonsd keeper key add`), or the answer is old or wrong",
        ),
    })
}

/// What a wrong try comes to, noted.
fn counted(web: &Web, head: &Head, count: Result<(), u64>) -> Refused {
    let refused = count.map_or_else(Refused::Wait, |()| Refused::Wrong);
    let cause = match refused {
        Refused::Wait(_) => "too_many_tries",
        Refused::Wrong => "not_the_keeper",
    };
    web.inbox.refusals().note("keeper", cause, Some(head.address));
    refused
}

/// Makes one try at the password, slowed and counted.
async fn tried(
    web: &Web,
    head: &Head,
    check: impl FnOnce() -> bool + Send + 'static,
) -> Result<Result<(), Refused>, Fault> {
    // One at a time; whoever comes in between has not tried.
    let Ok(_one) = web.keeper.checking.try_acquire() else { return Ok(Err(Refused::Wait(1))) };
    if let Err(seconds) = web.keeper.guesses.take(head.address) {
        return Ok(Err(counted(web, head, Err(seconds))));
    }
    let is_right = tokio::task::spawn_blocking(check).await.map_err(|_| Fault::Broken)?;
    if !is_right {
        return Ok(Err(counted(web, head, Ok(()))));
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
