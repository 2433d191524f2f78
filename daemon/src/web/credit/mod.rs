//! Credit between neighbours: what one has, what waits for an answer, paying, asking, joining, vouching, guardians, leaving.
//!
//! | file | |
//! |---|---|
//! | `seat` | whose account a phone shows: a pass in a cookie |
//! | `entrance` | signing in: with the phone's own key, with a PIN |
//! | `hand` | from a form to a record: signed by the phone, or by the gateway for who typed his PIN |
//! | `amount` | amounts as people type and read them |
//! | `telling` | amounts, units, lights and refusals in words |
//! | `overview` | one's account, its history, the covenant, neighbours |
//! | `pay`, `payment` | paying and asking; one payment and what can be done about it |
//! | `joining`, `standing` | coming in and vouching; what one says of oneself, recovery, leaving |
//! | `keys` | another PIN, another key, the way from the gateway's keeping to one's own phone |
//! | `decisions` | what households propose and decide about an account |
//! | `proof` | fork proofs, shown and taken in |
//!
//! All of it works without script for accounts that the gateway signs for. A phone with its own key signs in script what the same
//! forms say. Nothing here decides anything about credit: the core does. No page here is kept by a browser, and no account is
//! shown without its pass.

mod amount;
pub(in crate::web) mod decisions;
mod entrance;
mod hand;
mod joining;
mod keys;
mod overview;
mod pay;
mod payment;
mod proof;
mod seat;
mod standing;
mod telling;

use hyper::body::Incoming;
use tokio::sync::watch;

use super::answer::{Answer, Cache, Fault};
use super::request::{read_form, Head};
use super::{signed, Web};

/// What the pages keep in memory.
#[derive(Default)]
pub(super) struct Credit {
    hands: hand::Hands,
}

/// `GET /credit/...`
pub(super) async fn show(
    web: &Web,
    head: &Head,
    parts: &[&str],
    stopping: watch::Receiver<bool>,
) -> Result<Answer, Fault> {
    let Some(covenant) = web.inbox.covenant().await else {
        if web.is_writer_gone() {
            return Err(Fault::Away);
        }
        return Ok(overview::not_founded(web, head).cached(Cache::Never));
    };
    let seat = seat::find(web, head, covenant.clone()).await?;
    let answer = match (parts, seat) {
        (["watch"], Some(seat)) => seat::watch(web, seat, stopping)?,
        (["watch"], None) => return Err(Fault::NotFound),
        (["covenant"], _) => overview::covenant(web, head, &covenant).await,
        (["people"], seat) => overview::people(web, head, seat.as_ref()).await,
        (["member", id], seat) => joining::member(web, head, seat.as_ref(), id).await?,
        (["join"], seat) => joining::show(web, head, &covenant, seat.as_ref()),
        (["back"], _) => standing::back(web, head).await,
        (["proof"], _) => proof::show(web, head),
        (["newkey"], _) => keys::new_phone(web, head),
        (["card", token], _) => joining::sheet(web, head, token)?,
        ([], Some(seat)) => overview::show(web, head, &seat).await?,
        (["history"], Some(seat)) => overview::history(web, head, &seat).await?,
        (["pay"], Some(seat)) => pay::show(web, head, &seat).await?,
        (["ask"], Some(seat)) => pay::ask(web, head, &seat),
        (["payment", id], Some(seat)) => payment::show(web, head, &seat, id).await?,
        (["decisions"], Some(seat)) => decisions::show(web, head, &seat).await,
        (["decision", id], Some(seat)) => decisions::one(web, head, &seat, id).await?,
        (["decide"], Some(seat)) => decisions::propose(web, head, &seat).await?,
        (["key"], Some(seat)) => keys::show(web, head, &seat),
        (["pin"], Some(seat)) => keys::pin(web, head, &seat),
        (["me"], Some(seat)) => standing::show(web, head, &seat).await,
        (_, None) => entrance::show(web, head, &covenant).await,
        // Where a page stands that answered a form, when it is loaded again.
        (_, Some(_)) => Answer::see_other(&head.view.to("/credit")),
    };
    Ok(answer.cached(Cache::Never))
}

/// `POST /credit/...`
pub(super) async fn post(web: &Web, head: &Head, parts: &[&str], body: Incoming) -> Result<Answer, Fault> {
    let form = read_form(head, body).await?;
    let Some(covenant) = web.inbox.covenant().await else {
        return Err(if web.is_writer_gone() { Fault::Away } else { Fault::NotFound });
    };
    match parts {
        ["in"] => return entrance::enter(web, head, &covenant, &form).await,
        ["join"] => return joining::post(web, head, &covenant, &form).await,
        ["proof"] => return proof::take(web, head, &form).await,
        ["back"] => return standing::come_back(web, head, &form).await,
        _ => {}
    }
    let seat = seat::find(web, head, covenant.clone()).await?;
    let known = seat.as_ref().is_some_and(|seat| form.get("mark") == seat.mark);
    // What a phone has signed says itself who says it: it may have waited on the phone longer than the pass held.
    if !known && signed::is_signed(&form) {
        return Ok(hand::alone(web, head, &form).await);
    }
    let Some(seat) = seat else {
        return Ok(entrance::show(web, head, &covenant).await.with_status(hyper::StatusCode::FORBIDDEN));
    };
    // Another site's page, or one of a session that is over, does not know it.
    if !known {
        return Err(Fault::OldForm);
    }
    match parts {
        ["out"] => Ok(seat::leave(web, head, &seat)),
        ["pay"] => pay::post(web, head, &seat, &form).await,
        ["payment", id] => payment::post(web, head, &seat, id, &form).await,
        ["member", id] => joining::vouch(web, head, &seat, id, &form).await,
        ["decision", id] => decisions::post(web, head, &seat, id, &form).await,
        ["decide"] => decisions::decide(web, head, &seat, &form).await,
        ["key"] => keys::post(web, head, &seat, &form).await,
        ["pin"] => keys::change_pin(web, head, &seat, &form).await,
        ["enter"] => joining::enter(web, head, &seat, &form).await,
        ["me"] => standing::post(web, head, &seat, &form).await,
        _ => Err(Fault::NotFound),
    }
}
