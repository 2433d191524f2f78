//! What stands before the keeper's page and beside it: the way in, "are you sure?".

use maud::{html, Markup};

use super::entry::Refused;
use super::session::Entered;
use crate::web::answer::{Answer, Cache};
use crate::web::pages::{page, said};
use crate::web::view::View;
use crate::web::Web;
use hyper::StatusCode;

/// A whole page. Its language switch leads to the keeper's page, wherever a form was sent to.
pub(super) fn whole(web: &Web, view: &View, title: &str, content: Markup) -> Answer {
    let mut view = view.clone();
    view.path = "/keeper".into();
    Answer::page(StatusCode::OK, page(web, &view, title, content)).cached(Cache::Never)
}

/// Nobody can come in yet: the command to run, and nothing else.
pub(super) fn no_way(web: &Web, view: &View, why: &'static str) -> Answer {
    let title = view.say("keeper-title");
    let content = html! {
        h1 { (title) }
        p { (view.say(why)) }
        pre dir="ltr" { "commonsd keeper password" }
        p { (view.say("keeper-or-key")) }
        p { a.button href=(view.to("/me")) { (view.say("me")) } }
    };
    whole(web, view, &title, content)
}

/// The way in by this phone's own key, which the script shows where there is one.
fn by_key(view: &View) -> Markup {
    html! {
        div data-keeper hidden {
            p { button.strong type="button" { (view.say("keeper-key-in")) } }
            div.wrong data-no="unknown" role="alert" hidden {
                p { (view.say("keeper-key-unknown")) }
                p.address { code data-command dir="ltr" {} }
            }
            div.wrong data-no="wait" role="alert" hidden { (view.say("keeper-key-wait")) }
            div.wrong data-no="away" role="alert" hidden { (view.say("fault-away")) }
        }
    }
}

/// The way in: the form that asks for the password, if there is one, and the phone's own key.
pub(super) fn log_in(web: &Web, view: &View, password: bool, refused: Option<&Refused>) -> Answer {
    let title = view.say("keeper-title");
    let wrong = refused.map(|refused| match refused {
        Refused::Wrong => view.say("keeper-wrong"),
        Refused::Wait(seconds) => view.lang.say_with("keeper-wait", &[("seconds", (*seconds).into())]),
    });
    let content = html! {
        h1 { (title) }
        (by_key(view))
        @if !password {
            p { (view.say("keeper-only-key")) }
            p { a.button href=(view.to("/me")) { (view.say("me")) } }
            p { (view.say("keeper-set-password")) }
            pre dir="ltr" { "commonsd keeper password" }
        } @else { form method="post" action=(view.to("/keeper/in")) {
            div.field {
                label for="password" { (view.say("keeper-password")) }
                div.hint #password-hint { (view.say("keeper-password-hint")) }
                @if let Some(wrong) = &wrong { div.wrong #password-wrong role="alert" { (wrong) } }
                input type="password" id="password" name="password" required maxlength="256" dir="auto"
                    autocomplete="current-password" aria-invalid=[wrong.as_ref().map(|_| "true")]
                    aria-describedby=(if wrong.is_some() { "password-wrong password-hint" } else { "password-hint" });
            }
            button.strong { (view.say("keeper-log-in")) }
        } }
    };
    whole(web, view, &title, content)
}

/// "Are you sure?" before a peer or a code is removed.
pub(super) fn sure(web: &Web, view: &View, entered: &Entered, wanted: &str, name: &str) -> Answer {
    let title = view.say(if name.is_empty() { "keeper-sure-code" } else { "keeper-sure-peer" });
    let content = html! {
        h1 { (title) }
        @if name.is_empty() { p { bdi dir="ltr" { (wanted) } } }
        @else { p { strong { (said(name)) } " " bdi dir="ltr" { (short(wanted)) } } p { (view.say("keeper-sure-what")) } }
        form method="post" action=(view.to("/keeper/remove")) {
            (mark(entered))
            input type="hidden" name="peer" value=(wanted);
            input type="hidden" name="sure" value="yes";
            button.strong { (view.say("keeper-sure-yes")) }
        }
        p { a.button href=(view.to("/keeper")) { (view.say("keeper-sure-no")) } }
    };
    whole(web, view, &title, content)
}

/// The session's own mark, in every form.
pub(super) fn mark(entered: &Entered) -> Markup {
    html! { input type="hidden" name="form" value=(entered.form); }
}

/// The beginning of an id.
pub(super) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}
