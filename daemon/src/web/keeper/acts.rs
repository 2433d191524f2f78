//! What a keeper does with a plain form: pair, part, log out. Files are in `bundles`.

use hyper::body::Incoming;
use hyper::StatusCode;
use serde_json::Value;

use super::overview::Wrong;
use super::session::{Entered, Told};
use super::{bundles, entry, overview, pages};
use crate::neighbours::{No, Wish};
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::request::{read_form, Head};
use crate::web::Web;

/// `POST /keeper/<act>`
pub(super) async fn act(web: &Web, head: &Head, act: &str, body: Incoming) -> Result<Answer, Fault> {
    let form = read_form(head, body).await?;
    let entered = match entry::require(web, head).await? {
        Ok(entered) => entered,
        Err(answer) => return Ok(answer),
    };
    if form.get("form") != entered.form {
        return Err(Fault::OldForm);
    }
    match act {
        "out" => Ok(entry::leave(web, head, &entered)),
        "invite" => invite(web, head, &entered).await,
        "add" => add(web, head, &entered, &form).await,
        "remove" => remove(web, head, &entered, &form).await,
        "export" => bundles::export(web, head, &entered).await,
        _ => Err(Fault::NotFound),
    }
}

/// Back to the page, with something to say on it.
pub(super) fn back(web: &Web, head: &Head, entered: &Entered, told: Told) -> Answer {
    web.keeper.sessions.tell(entered, told);
    Answer::see_other(&head.view.to("/keeper"))
}

async fn wish(web: &Web, wish: Wish) -> Result<Result<Value, No>, Fault> {
    let keeping = web.keeper.keeping()?;
    Ok((keeping.office)(wish).await)
}

async fn again(web: &Web, head: &Head, entered: &Entered, wrong: Wrong) -> Result<Answer, Fault> {
    let page = overview::show(web, &head.view, entered, Some(&wrong)).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY))
}

async fn invite(web: &Web, head: &Head, entered: &Entered) -> Result<Answer, Fault> {
    match wish(web, Wish::Invite).await? {
        Ok(made) => {
            let addresses = made["addresses"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let code = made["code"].as_str().unwrap_or_default().to_owned();
            Ok(back(web, head, entered, Told::Invited(code, addresses.map(str::to_owned).collect())))
        }
        Err(no) => again(web, head, entered, Wrong::no("invite", "", no)).await,
    }
}

async fn add(web: &Web, head: &Head, entered: &Entered, form: &Form) -> Result<Answer, Fault> {
    let typed = form.get("code");
    if typed.is_empty() {
        return again(web, head, entered, Wrong::own("code", "", "keeper-code-missing")).await;
    }
    match wish(web, Wish::Add(typed.to_owned(), None)).await? {
        Ok(_) => Ok(back(web, head, entered, Told::Done("keeper-added", String::new()))),
        Err(no) => again(web, head, entered, Wrong::no("code", typed, no)).await,
    }
}

async fn remove(web: &Web, head: &Head, entered: &Entered, form: &Form) -> Result<Answer, Fault> {
    let wanted = form.get("peer");
    if form.get("sure") != "yes" {
        // What is meant, as it is called now; a peer that is gone meanwhile is said to be.
        let list = wish(web, Wish::List).await?.unwrap_or_default();
        let peer = list["peers"].as_array().into_iter().flatten().find(|peer| peer["id"] == wanted);
        let code = list["codes"].as_array().into_iter().flatten().any(|code| code["code"] == wanted);
        return match (peer, code) {
            (Some(peer), _) => {
                Ok(pages::sure(web, &head.view, entered, wanted, peer["name"].as_str().unwrap_or_default()))
            }
            (None, true) => Ok(pages::sure(web, &head.view, entered, wanted, "")),
            (None, false) => again(web, head, entered, Wrong::own("peers", "", "keeper-no-unknown-peer")).await,
        };
    }
    match wish(web, Wish::Remove(wanted.to_owned())).await? {
        Ok(removed) => {
            let told = match removed["removed"]["name"].as_str() {
                Some(name) => Told::Done("keeper-removed", name.to_owned()),
                None => Told::Done("keeper-code-dropped", String::new()),
            };
            Ok(back(web, head, entered, told))
        }
        Err(no) => again(web, head, entered, Wrong::no("peers", "", no)).await,
    }
}
