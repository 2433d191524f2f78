//! Fork proofs on the page: shown for whoever's chain was signed twice, as a code and as letters, and taken in from whoever brings one.
//! No account is needed for either: a proof stands by its two signatures, and freezes where it is shown.

use commons_core::admission::Rejection;
use commons_core::identity::{MemberId, NetworkId};
use commons_core::ledger::Refusal;
use commons_core::record::Kind;
use commons_core::submission::{Content, Submission};
use hyper::StatusCode;
use maud::{html, Markup};

use super::telling;
use crate::proof;
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::kept::Shown;
use crate::web::pages::fields::{Drawn, Problem};
use crate::web::pages::{enter, icons, is_redrawn, page_around_form, paper, refused, FORM};
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::{kept, Web};

/// The proof of a member's fork, for his page: nothing if his chain is whole, or one half of it is not here.
pub(super) async fn of(web: &Web, view: &View, member: MemberId) -> Markup {
    let forks = web.inbox.forks(member).await;
    let Some((fork, [first, second])) = forks.iter().find_map(|fork| Some((fork, fork.proof.as_ref()?))) else {
        return html! {};
    };
    let letters = proof::letters(first, second);
    html! {
        div.code-box #proof {
            h2 { (view.say("credit-proof")) }
            p { (view.lang.say_with("credit-proof-what", &[("n", fork.seq.into())])) }
            p { (view.say("credit-proof-kindly")) }
            (paper::qr(&letters, &view.say("credit-proof-code")))
            div { details {
                summary { (view.say("credit-proof-letters")) }
                p.address { bdi dir="ltr" data-proof { (letters) } }
            } }
            p.hint { (view.say("credit-proof-carry")) }
        }
    }
}

/// `GET /credit/proof`
pub(super) fn show(web: &Web, head: &Head) -> Answer {
    Answer::page(StatusCode::OK, draw(web, &head.view, &Form::default(), &[]))
}

fn draw(web: &Web, view: &View, typed: &Form, problems: &[Problem]) -> Markup {
    let drawn = Drawn { view, typed, problems, text: "credit-proof-letters" };
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("code")) (view.say("credit-proof-take")) }
        p { (view.say("credit-proof-take-what")) }
        form id=(FORM) method="post" action=(view.to("/credit/proof")) {
            input type="hidden" name="token" value=(kept::token());
            (drawn.area("text", "credit-proof-letters", "credit-proof-hint", true))
            button.strong { (view.say("credit-proof-send")) }
        }
        p { a.button href=(view.to("/credit")) { (view.say("credit")) } }
    };
    page_around_form(web, view, &drawn.title("credit-proof-take"), enter(&view.say("credit-proof-send")), content)
}

/// `POST /credit/proof`
pub(super) async fn take(web: &Web, head: &Head, form: &Form) -> Result<Answer, Fault> {
    let view = &head.view;
    let typed = Form::of(&[("text", form.get("text"))]);
    if is_redrawn(form) {
        return Ok(Answer::page(StatusCode::OK, draw(web, view, &typed, &[])));
    }
    if !web.is_exempt(head.address) {
        if let Err(rejection) = web.holdback.pass(head.address).await {
            web.note(head, &rejection);
            return Ok(no(web, view, &typed, &rejection));
        }
    }
    let text = form.get("text");
    let Some(found) = Some(text).filter(|text| text.len() <= 2 * proof::LETTERS_MAX).and_then(proof::read) else {
        let id = if text.is_empty() { "refusal-missing" } else { "credit-proof-not" };
        let page = draw(web, view, &typed, &[Problem::at(view.lang, "text", id)]);
        return Ok(Answer::page(StatusCode::UNPROCESSABLE_ENTITY, page));
    };
    let written = proof::brought(NetworkId::of(&web.about.network), now_s(), found).map_err(|_| Fault::Broken)?;
    let (sender, content) = (web.sender(head.address, None), Content::Signed(written.signed));
    let submission = Submission { kind: Kind::ForkProof, sender, reference: String::new(), content };
    Ok(match web.inbox.submit(submission).await {
        Ok(accepted) => {
            let key = web.kept.put(&format!("proof:{}", accepted.id), Shown { accepted, item_kind: None });
            Answer::see_other(&view.to(&format!("/kept/{key}")))
        }
        Err(rejection) => {
            web.note(head, &rejection);
            no(web, view, &typed, &rejection)
        }
    })
}

fn no(web: &Web, view: &View, typed: &Form, rejection: &Rejection) -> Answer {
    let problem = match rejection {
        Rejection::Ledger(Refusal::NotAProof { .. }) => Problem::at(view.lang, "text", "credit-proof-nothing"),
        Rejection::Ledger(Refusal::UnknownRecord { .. }) => Problem::at(view.lang, "text", "credit-proof-unknown"),
        // A half that is longer than a record of a chain can be.
        Rejection::TooLong { .. } | Rejection::NotARecord { .. } => Problem::at(view.lang, "text", "credit-proof-not"),
        other => telling::problem(view, None, 0, other),
    };
    refused(rejection, draw(web, view, typed, &[problem]))
}

/// The gateway's own clock: shown with what it brings in, and nothing else.
fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
