//! Coming in: a newcomer's first record, neighbours' words for him, and the record that names two of them. And what a guardian
//! says for who has lost his key.

use commons_core::identity::{GatewayId, MemberId, MemberKey, RecordId};
use commons_core::ledger::{CovenantCard, MemberCard};
use commons_core::record::{Body, Custody, Enter, Kind, Link, Recover, Vouch, PSEUDONYM_BYTES_MAX};
use hyper::StatusCode;
use maud::{html, Markup};

use super::hand::{self, sheet as form_of, Unsaid};
use super::seat::Seat;
use super::{pay, proof, seat, telling};
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::origin::canonical;
use crate::web::pages::fields::{Drawn, Problem};
use crate::web::pages::{icons, is_redrawn, page, page_around_form, paper, said, FORM};
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::{kept, pages, signed, Web};

/// `GET /credit/join`
pub(super) fn show(web: &Web, head: &Head, covenant: &CovenantCard, seat: Option<&Seat>) -> Answer {
    match seat {
        Some(_) => Answer::see_other(&head.view.to("/credit")),
        None => Answer::page(StatusCode::OK, draw(web, &head.view, covenant, &head.query, &[])),
    }
}

fn draw(web: &Web, view: &View, covenant: &CovenantCard, typed: &Form, problems: &[Problem]) -> Markup {
    let drawn = Drawn { view, typed, problems, text: "credit" };
    let sent = typed.get("token");
    let token = if kept::is_token(sent) && !problems.is_empty() { sent.to_owned() } else { kept::token() };
    let custody = [
        ("own", view.say("credit-custody-own")),
        ("hosted", view.say("credit-custody-hosted")),
        ("card", view.say("credit-custody-card")),
    ];
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("credit")) (view.say("credit-join")) }
        p { (view.lang.mark("credit-join-what", &[], &[("name", said(&covenant.name))])) }
        form id=(FORM) method="post" action=(view.to("/credit/join")) {
            input type="hidden" name="token" value=(token);
            input type="hidden" name="say" value="join";
            input type="hidden" name="covenant" value=(covenant.id);
            input type="hidden" name="home" value=(web.about.id);
            (drawn.line("pseudonym", "credit-pseudonym", "credit-pseudonym-hint", PSEUDONYM_BYTES_MAX))
            (drawn.line("household", "credit-household", "credit-household-hint", PSEUDONYM_BYTES_MAX))
            (drawn.choice("custody", "credit-custody", custody.into_iter(), "hosted", false))
            (drawn.new_pin("credit-pin-new", "credit-pin-new-hint"))
            button.strong { (view.say("credit-join-send")) }
        }
        p { a.button href=(view.to("/credit")) { (view.say("credit")) } }
    };
    page_around_form(web, view, &drawn.title("credit-join"), pages::enter(&view.say("credit-join-send")), content)
}

/// What is wrong with the name and the household that were typed.
pub(super) fn naming(view: &View, form: &Form) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        Problem::garbled(view.lang, form, |name| matches!(name, "pseudonym" | "household")).collect();
    for field in ["pseudonym", "household"] {
        match form.get(field).len() {
            0 => problems.push(Problem::at(view.lang, field, "refusal-missing")),
            1..=PSEUDONYM_BYTES_MAX => {}
            _ => problems.push(Problem::at(view.lang, field, "credit-name-long")),
        }
    }
    problems
}

/// `POST /credit/join`
pub(super) async fn post(web: &Web, head: &Head, covenant: &CovenantCard, form: &Form) -> Result<Answer, Fault> {
    let view = &head.view;
    if is_redrawn(form) {
        return Ok(Answer::page(StatusCode::OK, draw(web, view, covenant, form, &[])));
    }
    let mut problems = naming(view, form);
    let own = form.get("custody") == "own";
    if own && !signed::is_signed(form) {
        problems.push(Problem::at(view.lang, "custody", "credit-needs-key"));
    }
    if !problems.is_empty() {
        let page = draw(web, view, covenant, form, &problems);
        return Ok(Answer::page(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    if own {
        return Ok(match hand::by_phone(web, head, Kind::Join, form).await {
            Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
            Err(rejection) => {
                let unsaid = Unsaid::of(view, None, 0, rejection);
                pay::again(&unsaid, |problem| draw(web, view, covenant, form, &[problem]))
            }
        });
    }
    let custody = if form.get("custody") == "card" { Custody::Card } else { Custody::Hosted };
    Ok(match hand::open_account(web, head, form, custody).await {
        Ok(opened) => {
            let next = if opened.card.is_empty() { "/credit".to_owned() } else { opened.address() };
            seat::take(Answer::see_other(&view.to(&next)), &opened.pass, &opened.card)
        }
        Err(unsaid) => pay::again(&unsaid, |problem| draw(web, view, covenant, form, &[problem])),
    })
}

/// `GET /credit/card/<token>`: a new card's sheet, to print. Shown for ten minutes; after that its secret is on paper alone.
pub(super) fn sheet(web: &Web, head: &Head, token: &str) -> Result<Answer, Fault> {
    let view = &head.view;
    let Some(opened) = web.credit.hands.opened(token).filter(|opened| !opened.card.is_empty()) else {
        return Err(Fault::NotFound);
    };
    let id = opened.member.to_string();
    let address = canonical(head.ends.local, 0) + "/credit?card=" + &opened.card;
    let content = html! {
        div.poster #card {
            h1 { (said(&opened.name)) }
            p { (view.lang.mark("credit-card-of", &[], &[("gateway", said(&web.about.name))])) }
            (paper::qr(&address, &view.say("credit-card-code")))
            p.code { bdi dir="ltr" { (telling::short(&id)) } }
            p { (view.say("credit-card-how")) }
            p { strong { (view.say("credit-card-pin")) } }
        }
        p.screen { strong { (view.say("credit-card-print")) } }
        p.actions { a.button href=(view.to("/credit")) { (view.say("credit-to")) } }
    };
    Ok(Answer::page(StatusCode::OK, page(web, view, &view.say("credit-card"), content)))
}

/// `GET /credit/member/<id>`: what everybody may know of him, and what one can do for him.
pub(super) async fn member(web: &Web, head: &Head, seat: Option<&Seat>, id: &str) -> Result<Answer, Fault> {
    let card = find(web, id).await?;
    Ok(Answer::page(StatusCode::OK, draw_member(web, head, seat, &card, &head.query, &[]).await))
}

async fn find(web: &Web, id: &str) -> Result<MemberCard, Fault> {
    let card = match MemberId::parse(id) {
        Some(id) => web.inbox.member_card(id).await,
        None => None,
    };
    match card {
        Some(card) => Ok(card),
        None if web.is_writer_gone() => Err(Fault::Away),
        None => Err(Fault::NotFound),
    }
}

async fn draw_member(
    web: &Web,
    head: &Head,
    seat: Option<&Seat>,
    card: &MemberCard,
    typed: &Form,
    problems: &[Problem],
) -> Markup {
    let view = &head.view;
    let drawn = Drawn { view, typed, problems, text: "credit" };
    let mine = seat.is_some_and(|seat| seat.account.member.id == card.id);
    let action = format!("/credit/member/{}", card.id);
    let guards = match (seat, MemberId::parse(&card.id), MemberKey::parse(typed.get("key"))) {
        (Some(seat), Some(id), Some(key)) => {
            let guardians = web.inbox.account(id).await.map(|account| account.guardians).unwrap_or_default();
            guardians.contains(&seat.account.member.id).then_some((seat, key))
        }
        _ => None,
    };
    let shown = match (card.status, MemberId::parse(&card.id)) {
        ("frozen", Some(id)) => proof::of(web, view, id).await,
        _ => html! {},
    };
    let decide = crate::web::form::address("/credit/decide", &[("about", &card.id), ("key", typed.get("key"))]);
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("company")) (said(&card.pseudonym)) }
        dl {
            dt { (view.say("credit-household")) } dd { (said(&card.household)) }
            dt { (view.say("credit-short")) } dd { strong { bdi dir="ltr" { (telling::short(&card.id)) } } }
            dt { (view.say("credit-status")) } dd { (view.say(&format!("credit-status-{}", card.status))) }
            dt { (view.say("credit-custody")) } dd { (view.say(&format!("credit-custody-{}", card.custody))) }
            dt { (view.say("credit-home")) }
            dd {
                @if card.home == web.about.id { (said(&web.about.name)) }
                @else { bdi dir="ltr" { (telling::short(&card.home)) } }
            }
        }
        @if mine { p { (view.say("credit-you")) } }
        @else if card.status != "left" {
            p { a.button.strong href=(view.to(&format!("/credit/pay?to={}", card.id))) { (view.say("credit-pay")) } }
        }
        @if let (Some((seat, key)), "member" | "newcomer" | "frozen") = (guards, card.status) {
            div.code-box {
                h2 { (view.say("credit-guard")) }
                p { (view.lang.mark("credit-guard-what", &[], &[("name", said(&card.pseudonym)), ("key", html! { strong { bdi dir="ltr" { (telling::short(&key.to_string())) } } })])) }
                (form_of(&drawn, seat, &action, "recover", html! {
                    input type="hidden" name="member" value=(card.id);
                    input type="hidden" name="base" value=(card.head);
                    input type="hidden" name="key" value=(key);
                    input type="hidden" name="home" value=(card.home);
                    (hand::pin(&drawn, seat))
                    button.strong name="act" value="recover" { (view.say("credit-guard-send")) }
                }))
            }
        }
        @if card.status == "newcomer" && !mine {
            h2 { (view.say("credit-vouch")) }
            p { (view.say("credit-vouch-what")) }
            @match seat {
                Some(seat) => (form_of(&drawn, seat, &action, "vouch", html! {
                    input type="hidden" name="member" value=(card.id);
                    (hand::pin(&drawn, seat))
                    button.strong name="act" value="vouch" { (view.say("credit-vouch-send")) }
                })),
                None => p { a.button href=(view.to(&format!("/credit?next={action}"))) { (view.say("credit-in")) } },
            }
        }
        (shown)
        p {
            @if seat.is_some_and(|seat| seat.account.member.status == "member") && !mine && card.status != "newcomer" {
                a.button href=(view.to(&decide)) { (view.say("credit-decide")) } " "
            }
            a.button href=(view.to("/credit")) { (view.say(if seat.is_some() { "credit-to" } else { "credit" })) }
        }
    };
    page(web, view, &drawn.title("credit-member"), content)
}

/// `POST /credit/member/<id>`: a word for a newcomer, or for a new key.
pub(super) async fn vouch(web: &Web, head: &Head, seat: &Seat, id: &str, form: &Form) -> Result<Answer, Fault> {
    let card = find(web, id).await?;
    let Some(member) = MemberId::parse(&card.id) else { return Err(Fault::NotFound) };
    let recovery =
        (RecordId::parse(form.get("base")), MemberKey::parse(form.get("key")), GatewayId::parse(form.get("home")));
    let said = match (form.get("act"), recovery) {
        ("vouch", _) => hand::say(web, head, seat, form, 0, |link| Body::Vouch(Vouch { link, member })).await,
        ("recover", (Some(base), Some(key), Some(home))) => {
            let body = |link: Link| Body::Recover(Recover { link, member, base, key, home });
            hand::say(web, head, seat, form, 0, body).await
        }
        _ => return Err(Fault::BadRequest("choose what to do")),
    };
    Ok(match said {
        Ok(key) => Answer::see_other(&head.view.to(&format!("/kept/{key}"))),
        Err(unsaid) => {
            unsaid.answer(draw_member(web, head, Some(seat), &card, form, std::slice::from_ref(&unsaid.problem)).await)
        }
    })
}

/// `POST /credit/enter`: two neighbours have vouched; from here on there is a limit.
pub(super) async fn enter(web: &Web, head: &Head, seat: &Seat, form: &Form) -> Result<Answer, Fault> {
    let (Some(first), Some(second)) = (RecordId::parse(form.get("first")), RecordId::parse(form.get("second"))) else {
        return Err(Fault::BadRequest("two vouches are needed"));
    };
    let said = hand::say(web, head, seat, form, 0, |link| Body::Enter(Enter { link, first, second })).await;
    Ok(hand::simple(web, &head.view, "credit-enter", said))
}
