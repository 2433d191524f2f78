//! One's account: what one has, what waits, what moved; what the community has agreed on; who belongs to it.

use commons_core::identity::MemberId;
use commons_core::ledger::{CovenantCard, DecisionCard, DecisionState, Lights, Payslip, FOUND_MAX};
use commons_core::scorecard::Signal;
use hyper::StatusCode;
use maud::{html, Markup};

use super::hand::sheet;
use super::seat::Seat;
use super::{decisions, telling};
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::pages::fields::Drawn;
use crate::web::pages::{icons, page, said};
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::{time, Web};

/// Payments on one page of a history.
const HISTORY_SHOWN: usize = 20;

/// Before there is a community.
pub(super) fn not_founded(web: &Web, head: &Head) -> Answer {
    let view = &head.view;
    let content = html! {
        h1 { (icons::icon("credit")) (view.say("credit")) }
        p { (view.say("credit-none")) }
        p { (view.say("credit-none-how")) " " code dir="ltr" { "commonsd init --found" } }
        p { a.button href=(view.to("/")) { (view.say("to-board")) } }
    };
    Answer::page(StatusCode::NOT_FOUND, page(web, view, &view.say("credit"), content))
}

/// `GET /credit`
pub(super) async fn show(web: &Web, head: &Head, seat: &Seat) -> Result<Answer, Fault> {
    let view = &head.view;
    let account = &seat.account;
    let latest = web.inbox.history(seat.id, None, 5).await.map(|page| page.movements).unwrap_or_default();
    let (mine, theirs): (Vec<&Payslip>, Vec<&Payslip>) = account.open.iter().partition(|slip| !slip.turn.is_empty());
    let settled: Vec<&Payslip> =
        latest.iter().filter(|slip| account.open.iter().all(|open| open.id != slip.id)).collect();
    let decisions = web.inbox.decisions().await;
    let signals = web.inbox.personal(seat.id).await.map(|score| score.signals).unwrap_or_default();
    let content = html! {
        h1 { (icons::icon("credit")) (said(&account.member.pseudonym)) }
        p.facts data-live="account" data-member=(account.member.id) {
            (said(&account.member.household)) " · " (view.say("credit-short")) " "
            strong { bdi dir="ltr" { (telling::short(&account.member.id)) } }
        }
        (standing(web, view, seat))
        (decided(view, seat, &decisions))
        @for balance in &account.balances {
            section.item aria-label=(telling::unit(view, &balance.unit)) data-balance=(balance.unit) {
                p.balance.lead { (telling::quantity(view, balance.settled, &balance.unit, balance.scale, false)) }
                @if let Some(lights) = own_light(&latest, &account.open) { p.facts data-lights="balance" { (telling::light(view, lights)) } }
                @if balance.outgoing > 0 {
                    p.facts { (view.lang.mark("credit-outgoing", &[], &[("amount", telling::quantity(view, balance.outgoing, &balance.unit, balance.scale, false))])) }
                }
                @if balance.incoming > 0 {
                    p.facts { (view.lang.mark("credit-incoming", &[], &[("amount", telling::quantity(view, balance.incoming, &balance.unit, balance.scale, false))])) }
                }
                p.facts {
                    (view.lang.mark(if account.away { "credit-left-here" } else { "credit-left" }, &[], &[
                        ("left", telling::quantity(view, balance.left_here, &balance.unit, balance.scale, false)),
                        ("limit", telling::quantity(view, -balance.limit, &balance.unit, balance.scale, false)),
                    ]))
                }
            }
        }
        (told_alone(view, seat, &signals))
        @if !mine.is_empty() {
            h2 #waits { (view.say("credit-waits-you")) }
            ul.items { @for slip in mine { (telling::card(web, view, seat, slip)) } }
        }
        nav.actions aria-label=(view.say("board-start")) {
            a.button.strong href=(view.to("/credit/pay")) { (view.say("credit-pay")) } " "
            a.button href=(view.to("/credit/ask")) { (view.say("credit-ask")) } " "
            a.button href=(view.to("/credit/history")) { (view.say("credit-history")) } " "
            a.button href=(view.to("/credit/me")) { (view.say("credit-me")) } " "
            a.button href=(view.to("/credit/people")) { (view.say("credit-people")) }
        }
        @if !theirs.is_empty() {
            h2 { (view.say("credit-waits-others")) }
            ul.items { @for slip in theirs { (telling::card(web, view, seat, slip)) } }
        }
        @if account.open_more > 0 { p { (view.lang.say_with("credit-open-more", &[("n", account.open_more.into())])) } }
        @if !settled.is_empty() {
            h2 { (view.say("credit-latest")) }
            ul.items { @for slip in settled { (telling::card(web, view, seat, slip)) } }
        }
        nav.actions aria-label=(view.say("credit-more")) {
            a.button href=(view.to("/credit/decisions")) { (view.say("credit-decisions")) } " "
            a.button href=(view.to("/credit/covenant")) { (view.say("credit-covenant")) } " "
            a.button href=(view.to("/credit/proof")) { (view.say("credit-proof-take")) }
        }
        (out(view, seat))
    };
    Ok(Answer::page(StatusCode::OK, page(web, view, &view.say("credit"), content)))
}

fn out(view: &View, seat: &Seat) -> Markup {
    let blank = Form::default();
    let drawn = Drawn { view, typed: &blank, problems: &[], text: "credit" };
    sheet(&drawn, seat, "/credit/out", "", html! { button { (view.say("credit-out")) } })
}

/// What households propose or have decided that this member should look at: it waits for his word, or is about him.
fn decided(view: &View, seat: &Seat, all: &[DecisionCard]) -> Markup {
    let open = |card: &&DecisionCard| matches!(card.state, DecisionState::Open | DecisionState::Ready);
    let about = |card: &&DecisionCard| card.member == seat.account.member.id && open(card);
    let mine: Vec<DecisionCard> =
        all.iter().filter(|card| about(card) || decisions::awaits(seat, card)).cloned().collect();
    html! {
        @if !mine.is_empty() {
            section #decisions aria-labelledby="decisions-title" {
                h2 #decisions-title { (view.say("credit-decisions")) }
                (decisions::list(view, &seat.covenant, &mine, true))
            }
        }
    }
}

/// What the scorecard tells this member and nobody else: news, no verdict.
fn told_alone(view: &View, seat: &Seat, signals: &[Signal]) -> Markup {
    let amount = |unit: &str, parts: i64| {
        let scale = seat.covenant.units.iter().find(|known| known.name == unit).map_or(1, |unit| unit.scale);
        telling::quantity(view, parts, unit, scale, false)
    };
    html! {
        @if !signals.is_empty() {
            aside.code-box #signals aria-labelledby="signals-title" {
                h2 #signals-title { (view.say("credit-signals")) }
                @for signal in signals {
                    p data-signal=(signal.signal) {
                        @match (signal.signal, signal.balance, signal.median) {
                            ("balance_far", Some(balance), Some(median)) => (view.lang.mark("credit-signal-far", &[], &[
                                ("balance", amount(&signal.unit, balance)), ("median", amount(&signal.unit, median)),
                            ])),
                            _ => (view.lang.mark("credit-signal-halved", &[], &[("unit", said(&telling::unit(view, &signal.unit)))])),
                        }
                    }
                }
                p.hint { (view.say("credit-signals-alone")) }
            }
        }
    }
}

/// How far what one said last has come: all before it has come as far. None before one has said anything about money.
fn own_light(latest: &[Payslip], open: &[Payslip]) -> Option<Lights> {
    let own = |slip: &Payslip| Some((slip.seq?, if slip.amount < 0 { Some(slip.lights) } else { slip.answer_lights }?));
    latest.iter().chain(open).filter_map(own).max_by_key(|(seq, _)| *seq).map(|(_, lights)| lights)
}

/// What is unusual about an account, and what to do about it; nobody is to blame for any of it.
fn standing(web: &Web, view: &View, seat: &Seat) -> Markup {
    let account = &seat.account;
    let blank = Form::default();
    let drawn = Drawn { view, typed: &blank, problems: &[], text: "credit" };
    let split = account.member.ends.len() > 1;
    html! {
        @if account.member.status == "frozen" {
            div.code-box #frozen {
                h2 { (view.say("credit-frozen")) }
                p { (view.say(if account.forks.is_empty() { "credit-frozen-decided" } else { "credit-frozen-what" })) }
                @if split && seat.signs_himself() {
                    p { (view.say("credit-frozen-join")) }
                    (sheet(&drawn, seat, "/credit/me", "resume", html! {
                        @for end in account.member.ends.iter().filter(|end| **end != account.member.head) {
                            input type="hidden" name="branch" value=(end);
                        }
                        button.strong name="act" value="resume" { (view.say("credit-frozen-mend")) }
                    }))
                } @else { p { (view.say("credit-frozen-ask")) } }
            }
        }
        @if account.member.status == "newcomer" { (newcomer(web, view, seat)) }
        @if account.away {
            p.hint { (view.lang.mark("credit-away", &[], &[("home", said(telling::short(&account.member.home)))])) }
        }
        @for word in account.recoveries.iter().filter(|word| word.key != account.member.key) {
            div.problem {
                p { (view.lang.mark("credit-recovery", &[], &[("name", said(&word.name))])) }
                (sheet(&drawn, seat, "/credit/me", "veto", html! {
                    input type="hidden" name="recover" value=(word.id);
                    (super::hand::pin(&drawn, seat))
                    button.strong name="act" value="veto" { (view.say("credit-veto")) }
                }))
            }
        }
    }
}

/// Two neighbours of two other households vouch for who is new.
fn newcomer(web: &Web, view: &View, seat: &Seat) -> Markup {
    let account = &seat.account;
    let blank = Form::default();
    let drawn = Drawn { view, typed: &blank, problems: &[], text: "credit" };
    let first = account.vouches.iter().find(|word| word.household != account.member.household);
    let second = first.and_then(|first| {
        let other = |household: &str| household != first.household && household != account.member.household;
        account.vouches.iter().find(|word| other(&word.household))
    });
    let address = format!("{}credit/member/{}", web.about.page, account.member.id);
    html! {
        div.code-box #newcomer {
            h2 { (view.say("credit-new")) }
            p { (view.say("credit-new-what")) }
            ul { @for word in &account.vouches { li { (view.lang.mark("credit-vouched", &[], &[("name", said(&word.name)), ("household", said(&word.household))])) } } }
            @if let (Some(first), Some(second)) = (first, second) {
                p { (view.say("credit-new-ready")) }
                (sheet(&drawn, seat, "/credit/enter", "enter", html! {
                    input type="hidden" name="first" value=(first.id);
                    input type="hidden" name="second" value=(second.id);
                    (super::hand::pin(&drawn, seat))
                    button.strong { (view.say("credit-enter")) }
                }))
            } @else {
                (crate::web::pages::paper::qr(&address, &view.say("credit-new-code")))
                p.address { bdi dir="ltr" { (address) } }
            }
        }
    }
}

/// `GET /credit/history?before=`
pub(super) async fn history(web: &Web, head: &Head, seat: &Seat) -> Result<Answer, Fault> {
    let view = &head.view;
    let before = head.query.get("before").parse().ok();
    let Some(history) = web.inbox.history(seat.id, before, HISTORY_SHOWN).await else { return Err(Fault::Away) };
    let content = html! {
        h1 { (icons::icon("credit")) (view.say("credit-history")) }
        @if history.movements.is_empty() { p { (view.say("credit-history-none")) } }
        @else { h2.unseen { (view.say("credit-latest")) } }
        ul.items { @for slip in &history.movements { (telling::card(web, view, seat, slip)) } }
        p {
            @if let Some(before) = history.before {
                a.button href=(view.to(&format!("/credit/history?before={before}"))) { (view.say("credit-older")) } " "
            }
            a.button href=(view.to("/credit")) { (view.say("credit-to")) }
        }
    };
    Ok(Answer::page(StatusCode::OK, page(web, view, &view.say("credit-history"), content)))
}

/// `GET /credit/covenant`
pub(super) async fn covenant(web: &Web, head: &Head, covenant: &CovenantCard) -> Answer {
    let view = &head.view;
    let mut founders = Vec::new();
    for id in &covenant.founders {
        if let Some(id) = MemberId::parse(id) {
            founders.extend(web.inbox.member_card(id).await);
        }
    }
    let content = html! {
        h1 { (icons::icon("credit")) (said(&covenant.name)) }
        p { (view.say("credit-covenant-what")) }
        dl {
            @for unit in &covenant.units {
                dt { (said(&telling::unit(view, &unit.name))) }
                dd { (view.lang.mark("credit-covenant-limit", &[], &[("limit", telling::of_unit(view, unit, i64::try_from(unit.limit).unwrap_or(i64::MAX)))])) }
            }
            dt { (view.say("credit-covenant-half-title")) } dd { (view.say("credit-covenant-half")) }
            dt { (view.say("credit-covenant-away-title")) }
            dd { (view.lang.say_with("credit-covenant-away", &[("percent", covenant.roaming_percent.into())])) }
            dt { (view.say("credit-covenant-quorum-title")) }
            dd { (view.lang.say_with("credit-covenant-quorum", &[("n", covenant.quorum.into())])) }
            dt { (view.say("credit-covenant-delay-title")) }
            dd { (time::span(view.lang, covenant.recovery_delay_s.into())) }
            dt { (view.say("credit-covenant-members")) } dd { (covenant.members) }
        }
        h2 { (view.say("credit-covenant-founders")) }
        ul { @for card in &founders { li.item { (telling::person(view, card)) } } }
        p.hint { (view.say("credit-covenant-id")) " " code dir="ltr" { (covenant.id) } }
        p { a.button href=(view.to("/credit")) { (view.say("credit-to")) } }
    };
    Answer::page(StatusCode::OK, page(web, view, &view.say("credit-covenant"), content))
}

/// `GET /credit/people?q=&after=`
pub(super) async fn people(web: &Web, head: &Head, seat: Option<&Seat>) -> Answer {
    let view = &head.view;
    let query = head.query.get("q");
    let cards = match query {
        "" => web.inbox.member_cards(MemberId::parse(head.query.get("after")), HISTORY_SHOWN).await,
        query => web.inbox.find_members(query).await,
    };
    let full = cards.len() == if query.is_empty() { HISTORY_SHOWN } else { FOUND_MAX };
    let drawn = Drawn { view, typed: &head.query, problems: &[], text: "credit" };
    let content = html! {
        h1 { (icons::icon("company")) (view.say("credit-people")) }
        form method="get" action="/credit/people" {
            @if let Some(lang) = view.carries() { input type="hidden" name="lang" value=(lang.code()); }
            (drawn.line("q", "credit-who", "credit-who-hint", 64))
            button { (view.say("search-send")) }
        }
        @if cards.is_empty() { p { (view.say("credit-nobody")) } } @else { h2.unseen { (view.say("credit-covenant-members")) } }
        ul.items {
            @for card in &cards {
                li.item { h3 { a href=(view.to(&format!("/credit/member/{}", card.id))) { (telling::person(view, card)) } } }
            }
        }
        @if let Some(last) = cards.last().filter(|_| full && query.is_empty()) {
            p { a.button href=(view.to(&format!("/credit/people?after={}", last.id))) { (view.say("credit-older")) } }
        }
        p { a.button href=(view.to("/credit")) { (view.say(if seat.is_some() { "credit-to" } else { "credit" })) } }
    };
    Answer::page(StatusCode::OK, page(web, view, &view.say("credit-people"), content))
}
