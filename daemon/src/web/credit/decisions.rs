//! What households decide together about an account: that it rests, how it goes on, that a common fund takes over a debt. Proposed and
//! agreed to by members, each with a record of his own; the core counts, the page shows.

use commons_core::codec::MESSAGE_BYTES_MAX;
use commons_core::identity::{GatewayId, MemberId, MemberKey, RecordId};
use commons_core::ledger::{ActionCard, CovenantCard, DecisionCard, DecisionState, MemberCard};
use commons_core::record::{Action, Amount, Body, Consent, Decide, Grounds, Link, Resume, UnitIndex};
use hyper::StatusCode;
use maud::{html, Markup};

use super::hand::{self, main_sheet, sheet, Unsaid};
use super::seat::Seat;
use super::{amount, pay, telling};
use crate::web::answer::{Answer, Fault};
use crate::web::form::{address, Form};
use crate::web::pages::fields::{Drawn, Problem};
use crate::web::pages::{enter, icons, is_redrawn, page, page_around_form, said};
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::Web;

/// What is proposed, in a sentence.
pub(super) fn sentence(view: &View, covenant: &CovenantCard, card: &DecisionCard) -> Markup {
    let name = || said(&card.name);
    match &card.action {
        ActionCard::Freeze { .. } => view.lang.mark("credit-decision-freeze", &[], &[("name", name())]),
        ActionCard::Unfreeze { positions, .. } => {
            let amounts = positions_of(view, covenant, positions);
            view.lang.mark("credit-decision-unfreeze", &[], &[("name", name()), ("amounts", amounts)])
        }
        ActionCard::WriteOff { pot_name, unit, amount, .. } => {
            let amount = match covenant.units.get(usize::from(*unit)) {
                Some(unit) => telling::of_unit(view, unit, i64::try_from(*amount).unwrap_or(i64::MAX)),
                None => html! { (amount) },
            };
            let marks = [("pot", said(pot_name)), ("amount", amount), ("name", name())];
            view.lang.mark("credit-decision-write-off", &[], &marks)
        }
    }
}

/// "−4:30 hours, 2 kg of rice"
fn positions_of(view: &View, covenant: &CovenantCard, positions: &[i64]) -> Markup {
    html! {
        @for (place, (unit, position)) in covenant.units.iter().zip(positions).enumerate() {
            @if place > 0 { (view.say("list-comma")) " " }
            (telling::of_unit(view, unit, *position))
        }
    }
}

/// Where it stands, in a sentence.
fn standing(view: &View, card: &DecisionCard) -> Markup {
    match card.state {
        DecisionState::Open => html! {
            (view.lang.say_with("credit-decision-open", &[("found", card.agreed.into()), ("limit", card.quorum.into())]))
        },
        DecisionState::Ready => view.lang.mark("credit-decision-ready", &[], &[("name", said(&card.name))]),
        DecisionState::InForce => html! { (view.say("credit-decision-decided")) },
        DecisionState::Over => html! { (view.say("credit-decision-over")) },
    }
}

fn waits(card: &DecisionCard) -> bool {
    matches!(card.state, DecisionState::Open | DecisionState::Ready)
}

/// Whether this member's word is still missing: he may say it, and has not.
pub(super) fn awaits(seat: &Seat, card: &DecisionCard) -> bool {
    let own = &seat.account.member;
    card.state == DecisionState::Open
        && own.status == "member"
        && own.id != card.member
        && own.household != card.household
        && card.voices.iter().all(|voice| voice.member != own.id)
}

/// A list of them, for members and for the keeper; `link`: each leads to its page.
pub(in crate::web) fn list(view: &View, covenant: &CovenantCard, cards: &[DecisionCard], link: bool) -> Markup {
    html! {
        ul.items {
            @for card in cards {
                li.item data-decision=(card.id) {
                    h3 {
                        @if link { a href=(view.to(&format!("/credit/decision/{}", card.id))) { (sentence(view, covenant, card)) } }
                        @else { (sentence(view, covenant, card)) }
                    }
                    p.text { (said(&card.text)) }
                    p.facts { (standing(view, card)) }
                    (voices(view, card))
                }
            }
        }
    }
}

fn voices(view: &View, card: &DecisionCard) -> Markup {
    html! {
        p.facts {
            (view.say("credit-decision-agree")) " "
            @for (place, voice) in card.voices.iter().enumerate() {
                @if place > 0 { (view.say("list-comma")) " " }
                (said(&voice.name)) " (" (said(&voice.household)) ")"
                @if !voice.counts { " " (view.say("credit-decision-not-counted")) }
            }
        }
    }
}

/// `GET /credit/decisions`
pub(super) async fn show(web: &Web, head: &Head, seat: &Seat) -> Answer {
    let view = &head.view;
    let (open, past): (Vec<_>, Vec<_>) = web.inbox.decisions().await.into_iter().partition(waits);
    let content = html! {
        h1 { (icons::icon("company")) (view.say("credit-decisions")) }
        p { (view.lang.say_with("credit-decisions-what", &[("n", seat.covenant.quorum.into())])) }
        h2 { (view.say("credit-decisions-open")) }
        @if open.is_empty() { p { (view.say("credit-decisions-none")) } }
        (list(view, &seat.covenant, &open, true))
        @if !past.is_empty() {
            h2 { (view.say("credit-decisions-past")) }
            (list(view, &seat.covenant, &past, true))
        }
        p.hint { (view.say("credit-decisions-how")) }
        nav.actions aria-label=(view.say("credit-more")) {
            a.button href=(view.to("/credit/people")) { (view.say("credit-people")) } " "
            a.button href=(view.to("/credit")) { (view.say("credit-to")) }
        }
    };
    Answer::page(StatusCode::OK, page(web, view, &view.say("credit-decisions"), content))
}

async fn find(web: &Web, id: &str) -> Result<DecisionCard, Fault> {
    let found = web.inbox.decisions().await.into_iter().find(|card| card.id == id);
    match found {
        Some(card) => Ok(card),
        None if web.is_writer_gone() => Err(Fault::Away),
        None => Err(Fault::NotFound),
    }
}

/// `GET /credit/decision/<id>`
pub(super) async fn one(web: &Web, head: &Head, seat: &Seat, id: &str) -> Result<Answer, Fault> {
    let card = find(web, id).await?;
    Ok(Answer::page(StatusCode::OK, draw_one(web, &head.view, seat, &card, &[])))
}

fn draw_one(web: &Web, view: &View, seat: &Seat, card: &DecisionCard, problems: &[Problem]) -> Markup {
    let blank = Form::default();
    let drawn = Drawn { view, typed: &blank, problems, text: "credit-decision-text" };
    let own = &seat.account.member;
    let action = format!("/credit/decision/{}", card.id);
    // Where a key is given that is not his now, everybody must be able to compare it.
    let key = match &card.action {
        ActionCard::Unfreeze { key, .. } => Some(key.as_str()),
        _ => None,
    };
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("company")) (view.say("credit-decision")) }
        p.lead { (sentence(view, &seat.covenant, card)) }
        @if let Some(key) = key {
            p { (view.lang.mark("credit-decision-key", &[], &[("key", html! { strong { bdi dir="ltr" { (telling::short(key)) } } })])) }
        }
        h2 { (view.say("credit-decision-text")) }
        p.text { (said(&card.text)) }
        p.facts { (view.lang.mark("credit-decision-by", &[], &[("name", said(&card.by_name))])) }
        p { strong { (standing(view, card)) } }
        (voices(view, card))
        @if awaits(seat, card) {
            (sheet(&drawn, seat, &action, "consent", html! {
                input type="hidden" name="decision" value=(card.id);
                (hand::pin(&drawn, seat))
                button.strong name="act" value="consent" { (view.say("credit-decision-consent")) }
            }))
        } @else if card.state == DecisionState::Open {
            p.hint { (view.say(why_not(seat, card))) }
        }
        @if let (true, DecisionState::Ready, ActionCard::Unfreeze { base, epoch, seq, .. }) = (own.id == card.member, card.state, &card.action) {
            (sheet(&drawn, seat, &action, "resume", html! {
                input type="hidden" name="decision" value=(card.id);
                input type="hidden" name="base" value=(base);
                input type="hidden" name="epoch" value=(epoch);
                input type="hidden" name="seq" value=(seq);
                input type="hidden" name="who" value=(own.id);
                @for consent in &card.consents { input type="hidden" name="consent" value=(consent); }
                (hand::pin(&drawn, seat))
                button.strong name="act" value="resume" { (view.say("credit-decision-go-on")) }
            }))
        }
        nav.actions aria-label=(view.say("credit-more")) {
            a.button href=(view.to("/credit/decisions")) { (view.say("credit-decisions")) } " "
            a.button href=(view.to("/credit")) { (view.say("credit-to")) }
        }
    };
    page(web, view, &drawn.title("credit-decision"), content)
}

/// Why there is nothing here for him to say.
fn why_not(seat: &Seat, card: &DecisionCard) -> &'static str {
    let own = &seat.account.member;
    match own.status {
        _ if card.voices.iter().any(|voice| voice.member == own.id) => "credit-decision-agreed",
        _ if own.id == card.member || own.household == card.household => "credit-decision-own",
        "frozen" => "credit-no-frozen",
        _ => "credit-no-entered",
    }
}

/// `POST /credit/decision/<id>`: agrees, or goes on with what was decided.
pub(super) async fn post(web: &Web, head: &Head, seat: &Seat, id: &str, form: &Form) -> Result<Answer, Fault> {
    let view = &head.view;
    let card = find(web, id).await?;
    let Some(decision) = RecordId::parse(&card.id) else { return Err(Fault::NotFound) };
    let said = match (form.get("act"), &card.action) {
        ("consent", _) => hand::say(web, head, seat, form, 0, |link| Body::Consent(Consent { link, decision })).await,
        ("resume", ActionCard::Unfreeze { base, epoch, seq, .. }) => {
            let consents = card.consents.iter().filter_map(|id| RecordId::parse(id)).collect();
            let Some(prev) = RecordId::parse(base) else { return Err(Fault::NotFound) };
            let body = |link: Link| {
                let link = Link { epoch: *epoch, seq: *seq, prev, ..link };
                Body::Resume(Resume { link, grounds: Grounds::Decision { decision, consents } })
            };
            hand::say(web, head, seat, form, 0, body).await
        }
        _ => return Err(Fault::BadRequest("choose what to do")),
    };
    Ok(match said {
        Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
        Err(unsaid) => unsaid.answer(draw_one(web, view, seat, &card, std::slice::from_ref(&unsaid.problem))),
    })
}

/// `GET /credit/decide?about=&does=&key=`: what to propose, then the proposal.
pub(super) async fn propose(web: &Web, head: &Head, seat: &Seat) -> Result<Answer, Fault> {
    Ok(Answer::page(StatusCode::OK, draw(web, head, seat, &head.query, &[]).await?))
}

async fn about(web: &Web, form: &Form) -> Result<(MemberId, MemberCard), Fault> {
    let Some(id) = MemberId::parse(form.get("about")) else { return Err(Fault::NotFound) };
    match web.inbox.member_card(id).await {
        Some(card) => Ok((id, card)),
        None if web.is_writer_gone() => Err(Fault::Away),
        None => Err(Fault::NotFound),
    }
}

/// Whether anybody may be shown what a member's chain comes to, to propose how it goes on: it rests, or nobody else can help.
async fn may_go_on(web: &Web, id: MemberId, card: &MemberCard, form: &Form) -> bool {
    let alone = || async { web.inbox.account(id).await.is_some_and(|account| account.guardians.is_empty()) };
    card.status == "frozen" || (MemberKey::parse(form.get("key")).is_some() && alone().await)
}

async fn draw(web: &Web, head: &Head, seat: &Seat, typed: &Form, problems: &[Problem]) -> Result<Markup, Fault> {
    let (id, card) = about(web, typed).await?;
    let fields = ["does", "key", "text", "pot", "amount", "unit", "home"].map(|name| (name, typed.get(name)));
    let view = &head.view.at(Form::of(&fields).address_with("/credit/decide", &[("about", &card.id)]));
    let drawn = Drawn { view, typed, problems, text: "credit-decision-text" };
    let goes_on = may_go_on(web, id, &card, typed).await;
    let form = match typed.get("does") {
        "freeze" => Some(
            html! { input type="hidden" name="epoch" value=(card.epoch); p { (view.say("credit-decide-freeze-what")) } },
        ),
        "unfreeze" if goes_on => web.inbox.going_on(id).await.map(|action| going_on(web, &drawn, seat, &action)),
        "write_off" => Some(write_off(web, &drawn, seat).await),
        _ => None,
    };
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("company")) (view.say("credit-decide")) }
        p.lead { (telling::person(view, &card)) }
        @if let Some(form) = &form {
            (main_sheet(&drawn, seat, "/credit/decide", "decide", html! {
                input type="hidden" name="about" value=(card.id);
                input type="hidden" name="does" value=(typed.get("does"));
                (form)
                (drawn.area("text", "credit-decision-text", "credit-decide-text-hint", true))
                (hand::pin(&drawn, seat))
                button.strong { (view.say("credit-decide-send")) }
            }))
        } @else {
            p { (view.lang.say_with("credit-decisions-what", &[("n", seat.covenant.quorum.into())])) }
            @let link = |does: &str| view.to(&address("/credit/decide", &[("about", &card.id), ("does", does), ("key", typed.get("key"))]));
            nav.actions aria-label=(view.say("credit-decide")) {
                @if goes_on { a.button.strong href=(link("unfreeze")) { (view.say("credit-decide-unfreeze")) } " " }
                @if card.status != "frozen" { a.button href=(link("freeze")) { (view.say("credit-decide-freeze")) } " " }
                a.button href=(link("write_off")) { (view.say("credit-decide-write-off")) }
            }
        }
        p { a.button href=(view.to("/credit/decisions")) { (view.say("credit-decisions")) } }
    };
    let title = drawn.title("credit-decide");
    Ok(match form {
        Some(_) => page_around_form(web, view, &title, enter(&view.say("credit-decide-send")), content),
        None => page(web, view, &title, content),
    })
}

/// How the account would go on: where it ends, with which key, at which gateway, with what.
fn going_on(web: &Web, drawn: &Drawn<'_>, seat: &Seat, action: &ActionCard) -> Markup {
    let view = drawn.view;
    let ActionCard::Unfreeze { base, key, home, positions, .. } = action else { return html! {} };
    let given = MemberKey::parse(drawn.typed.get("key")).map(|key| key.to_string());
    let elsewhere = *home != web.about.id;
    html! {
        p { (view.lang.mark("credit-decide-unfreeze-what", &[], &[("amounts", positions_of(view, &seat.covenant, positions))])) }
        @if let Some(key) = &given {
            p { (view.lang.mark("credit-decision-key", &[], &[("key", html! { strong { bdi dir="ltr" { (telling::short(key)) } } })])) }
        }
        input type="hidden" name="base" value=(base);
        input type="hidden" name="key" value=(given.as_deref().unwrap_or(key));
        @for position in positions { input type="hidden" name="position" value=(position); }
        @if elsewhere {
            div.field {
                label for="home" { (view.say("credit-decide-home")) }
                select #home name="home" {
                    option value=(home) selected[drawn.typed.get("home") != web.about.id] { (telling::short(home)) }
                    option value=(web.about.id) selected[drawn.typed.get("home") == web.about.id] { (web.about.name) }
                }
            }
        } @else { input type="hidden" name="home" value=(home); }
    }
}

async fn write_off(web: &Web, drawn: &Drawn<'_>, seat: &Seat) -> Markup {
    let view = drawn.view;
    let pots = web.inbox.pots().await;
    html! {
        p { (view.say("credit-decide-write-off-what")) }
        @if pots.is_empty() { p { strong { (view.say("credit-decide-no-pot")) } } }
        div.field {
            label for="pot" { (view.say("credit-custody-pot")) }
            select #pot name="pot" {
                @for pot in pots.iter() { option value=(pot.id) selected[drawn.typed.get("pot") == pot.id] { (pot.name) " · " (pot.household) } }
            }
        }
        (pay::how_much(drawn, seat))
    }
}

/// `POST /credit/decide`
pub(super) async fn decide(web: &Web, head: &Head, seat: &Seat, form: &Form) -> Result<Answer, Fault> {
    if is_redrawn(form) {
        return Ok(Answer::page(StatusCode::OK, draw(web, head, seat, form, &[]).await?));
    }
    let view = &head.view;
    let (id, card) = about(web, form).await?;
    let (unit, action) = match action_of(view, seat, id, &card, form) {
        Ok(read) => read,
        Err(problem) => {
            let page = draw(web, head, seat, form, &[problem]).await?;
            return Ok(Answer::page(StatusCode::UNPROCESSABLE_ENTITY, page));
        }
    };
    let text = form.get("text").to_owned();
    let said = hand::say(web, head, seat, form, unit, |link| Body::Decide(Decide { link, action, text })).await;
    Ok(match said {
        Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
        Err(unsaid) => unsaid.answer(draw(web, head, seat, form, std::slice::from_ref(&unsaid.problem)).await?),
    })
}

/// What was typed, or what is wrong with it; and the unit's place.
fn action_of(
    view: &View,
    seat: &Seat,
    member: MemberId,
    card: &MemberCard,
    form: &Form,
) -> Result<(u8, Action), Problem> {
    let wrong = |field: &str, message: &str| Unsaid::at(view, field, message).problem;
    if let Some(problem) = Problem::garbled(view.lang, form, |name| matches!(name, "text" | "amount")).next() {
        return Err(problem);
    }
    match form.get("text").len() {
        0 => return Err(wrong("text", "refusal-missing")),
        1..=MESSAGE_BYTES_MAX => {}
        _ => return Err(wrong("text", "credit-name-long")),
    }
    match form.get("does") {
        "freeze" => Ok((0, Action::Freeze { member, epoch: card.epoch })),
        "unfreeze" => {
            let positions = form.iter().filter(|(name, _)| *name == "position").map(|(_, value)| value.parse().ok());
            let positions: Option<Vec<i64>> = positions.collect();
            let read = (
                RecordId::parse(form.get("base")),
                MemberKey::parse(form.get("key")),
                GatewayId::parse(form.get("home")),
                positions,
            );
            let (Some(base), Some(key), Some(home), Some(positions)) = read else {
                return Err(wrong("", "refusal-value"));
            };
            Ok((0, Action::Unfreeze { member, base, key, home, positions }))
        }
        "write_off" => {
            let unit = pay::unit_of(seat, form).ok_or_else(|| wrong("unit", "refusal-value"))?;
            let pot = MemberId::parse(form.get("pot")).ok_or_else(|| wrong("pot", "refusal-missing"))?;
            let scale = seat.unit(unit).map_or(1, |unit| unit.scale);
            let parts = amount::parse(form.get("amount"), scale).map_err(|no| wrong("amount", no.message()))?;
            Ok((unit, Action::WriteOff { member, pot, unit: UnitIndex(unit), amount: Amount(parts) }))
        }
        _ => Err(wrong("", "refusal-value")),
    }
}
