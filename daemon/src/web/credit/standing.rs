//! What a member says of himself: name, household, guardians; leaving; going on after a lost key or a split chain.

use commons_core::identity::{GatewayId, MemberId, RecordId};
use commons_core::ledger::{Account, MemberCard};
use commons_core::record::{
    Body, Custody, Facts, FactsChange, Grounds, Kind, Leave, Link, Resume, Veto, GUARDIANS_LEAST, GUARDIANS_MAX,
    PSEUDONYM_BYTES_MAX,
};
use hyper::StatusCode;
use maud::{html, Markup};

use super::hand::{self, main_sheet, sheet};
use super::joining::naming;
use super::seat::Seat;
use super::telling;
use crate::web::answer::{Answer, Fault};
use crate::web::form::Form;
use crate::web::origin::canonical;
use crate::web::pages::fields::{Drawn, Problem};
use crate::web::pages::{icons, is_redrawn, page_around_form, paper, said, FORM};
use crate::web::request::Head;
use crate::web::view::View;
use crate::web::{kept, pages, Web};

/// Fields of the form for guardians.
const GUARDIAN_FIELDS: [&str; GUARDIANS_MAX] =
    ["guardian0", "guardian1", "guardian2", "guardian3", "guardian4", "guardian5", "guardian6"];

/// `GET /credit/me`
pub(super) async fn show(web: &Web, head: &Head, seat: &Seat) -> Answer {
    let account = &seat.account;
    let mut fields: Vec<(&str, String)> = vec![
        ("pseudonym", account.member.pseudonym.clone()),
        ("household", account.member.household.clone()),
        ("threshold", account.threshold.to_string()),
    ];
    for (field, id) in GUARDIAN_FIELDS.iter().zip(&account.guardians) {
        fields.push((field, telling::short(id).to_owned()));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Answer::page(StatusCode::OK, draw(web, &head.view, seat, &Form::of(&fields), &[]).await)
}

async fn draw(web: &Web, view: &View, seat: &Seat, typed: &Form, problems: &[Problem]) -> Markup {
    let account = &seat.account;
    let drawn = Drawn { view, typed, problems, text: "credit" };
    let blank = Form::default();
    let leaving = match typed.get("act") {
        "leave" => drawn,
        _ => Drawn { typed: &blank, problems: &[], ..drawn },
    };
    let mut names = Vec::new();
    for id in account.guardians.iter().filter_map(|id| MemberId::parse(id)) {
        names.extend(web.inbox.member_card(id).await);
    }
    let open = GUARDIAN_FIELDS
        .iter()
        .any(|field| drawn.problem(field).is_some() || (is_redrawn(typed) && !typed.get(field).is_empty()))
        || drawn.problem("threshold").is_some();
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("credit")) (view.say("credit-me")) }
        (main_sheet(&drawn, seat, "/credit/me", "facts", html! {
            input type="hidden" name="home" value=(account.member.home);
            // Guardians may have given an account that was kept to a key of his own: from the next time on he says so.
            input type="hidden" name="custody" value=(if seat.signs_himself() && account.member.custody != "pot" { "own" } else { account.member.custody });
            (drawn.line("pseudonym", "credit-pseudonym", "credit-pseudonym-hint", PSEUDONYM_BYTES_MAX))
            (drawn.line("household", "credit-household", "credit-household-hint", PSEUDONYM_BYTES_MAX))
            div { details open[open] {
                summary { (view.say("credit-guardians")) }
                p { (view.say("credit-guardians-what")) }
                @if !names.is_empty() { ul { @for card in &names { li { (telling::person(view, card)) } } } }
                @for field in GUARDIAN_FIELDS { (drawn.short(field, "credit-guardian", "", 64)) }
                (drawn.short("threshold", "credit-threshold", "credit-threshold-hint", 2))
            } }
            (hand::pin(&drawn, seat))
            button.strong name="act" value="facts" { (view.say("credit-me-send")) }
        }))
        nav.actions aria-label=(view.say("credit-custody")) {
            @if seat.opens_by_pin {
                @if account.member.custody == "hosted" { a.button href=(view.to("/credit/pin")) { (view.say("credit-newpin")) } " " }
                a.button href=(view.to("/credit/key")) { (view.say("credit-key-own")) }
            } @else { a.button href=(view.to("/credit/key")) { (view.say("credit-key")) } }
        }
        div { details open[typed.get("act") == "leave"] {
            summary { (view.say("credit-leave")) }
            p { (view.say("credit-leave-what")) }
            (sheet(&leaving, seat, "/credit/me", "leave", html! {
                (hand::pin(&leaving, seat))
                button name="act" value="leave" { (view.say("credit-leave-send")) }
            }))
        } }
        p { a.button href=(view.to("/credit")) { (view.say("credit-to")) } }
    };
    // What Enter says is what the form's own button says.
    let enter = html! { button.unseen form=(FORM) name="act" value="facts" tabindex="-1" aria-hidden="true" { (view.say("credit-me-send")) } };
    page_around_form(web, view, &drawn.title("credit-me"), enter, content)
}

/// `POST /credit/me`
pub(super) async fn post(web: &Web, head: &Head, seat: &Seat, form: &Form) -> Result<Answer, Fault> {
    let view = &head.view;
    if is_redrawn(form) {
        return Ok(Answer::page(StatusCode::OK, draw(web, view, seat, form, &[]).await));
    }
    let said = match form.get("act") {
        "facts" => match facts(web, view, seat, form).await {
            Ok(facts) => hand::say(web, head, seat, form, 0, |link| Body::Facts(FactsChange { link, facts })).await,
            Err(problems) => {
                let page = draw(web, view, seat, form, &problems).await;
                return Ok(Answer::page(StatusCode::UNPROCESSABLE_ENTITY, page));
            }
        },
        "leave" => hand::say(web, head, seat, form, 0, |link| Body::Leave(Leave { link })).await,
        "veto" => {
            let Some(recover) = RecordId::parse(form.get("recover")) else { return Err(Fault::NotFound) };
            let said = hand::say(web, head, seat, form, 0, |link| Body::Veto(Veto { link, recover })).await;
            return Ok(hand::simple(web, view, "credit-veto", said));
        }
        "resume" => {
            let own = &seat.account.member;
            let branches =
                own.ends.iter().filter(|end| **end != own.head).filter_map(|end| RecordId::parse(end)).collect();
            let body = |link: Link| Body::Resume(Resume { link, grounds: Grounds::Branches(branches) });
            let said = hand::say(web, head, seat, form, 0, body).await;
            return Ok(hand::simple(web, view, "credit-frozen-mend", said));
        }
        _ => return Err(Fault::BadRequest("choose what to do")),
    };
    Ok(match said {
        Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
        Err(unsaid) => unsaid.answer(draw(web, view, seat, form, std::slice::from_ref(&unsaid.problem)).await),
    })
}

/// What was typed, or all that is wrong with it.
async fn facts(web: &Web, view: &View, seat: &Seat, form: &Form) -> Result<Facts, Vec<Problem>> {
    let mut problems = naming(view, form);
    let mut guardians = Vec::new();
    for field in GUARDIAN_FIELDS.iter().filter(|field| !form.get(field).is_empty()) {
        let found = web.inbox.find_members(form.get(field)).await;
        match &found[..] {
            [card] if card.id == seat.account.member.id => {
                problems.push(Problem::at(view.lang, *field, "credit-guardian-self"))
            }
            [card] => guardians.extend(MemberId::parse(&card.id)),
            [] => problems.push(Problem::at(view.lang, *field, "credit-nobody")),
            _ => problems.push(Problem::at(view.lang, *field, "credit-which")),
        }
    }
    let threshold = match form.get("threshold") {
        "" | "0" if guardians.is_empty() => Some(0),
        typed => typed.parse::<u8>().ok(),
    };
    let few = !guardians.is_empty() && guardians.len() < GUARDIANS_LEAST;
    if problems.is_empty() && few {
        problems.push(Problem::at(view.lang, "guardian0", "credit-guardians-few"));
    }
    let (majority, all) = (guardians.len() / 2 + 1, guardians.len());
    let fits = |threshold: u8| match guardians.is_empty() {
        true => threshold == 0,
        false => (majority..=all).contains(&usize::from(threshold)),
    };
    if problems.is_empty() && !threshold.is_some_and(fits) {
        problems.push(Problem::at(view.lang, "threshold", "credit-threshold-wrong"));
    }
    let own = &seat.account.member;
    let (Some(home), Some(custody), true) =
        (GatewayId::parse(&own.home), Custody::parse(own.custody), problems.is_empty())
    else {
        return Err(problems);
    };
    let (pseudonym, household) = (form.get("pseudonym").to_owned(), form.get("household").to_owned());
    Ok(Facts { pseudonym, household, home, guardians, threshold: threshold.unwrap_or(0), custody })
}

/// `GET /credit/back?who=&key=`: for who has lost his key and made a new one.
pub(super) async fn back(web: &Web, head: &Head) -> Answer {
    Answer::page(StatusCode::OK, draw_back(web, head, &head.query, &[]).await)
}

async fn draw_back(web: &Web, head: &Head, typed: &Form, problems: &[Problem]) -> Markup {
    let view = &head.view;
    let who = typed.get("who");
    let found = if who.is_empty() { Vec::new() } else { web.inbox.find_members(who).await };
    let mut all = problems.to_vec();
    if !who.is_empty() && found.len() != 1 {
        all.push(Problem::at(view.lang, "who", if found.is_empty() { "credit-nobody" } else { "credit-which" }));
    }
    let account = match found.first().filter(|_| found.len() == 1).and_then(|card| MemberId::parse(&card.id)) {
        Some(id) => web.inbox.account(id).await,
        None => None,
    };
    let drawn = Drawn { view, typed, problems: &all, text: "credit" };
    let key = Some(typed.get("key")).filter(|key| key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let content = html! {
        (drawn.summary())
        h1 { (icons::icon("code")) (view.say("credit-back")) }
        p { (view.say("credit-back-what")) }
        p data-off { (view.say("credit-back-key")) " " a href=(view.to("/me")) { (view.say("me")) } }
        @if let (Some(account), Some(key)) = (&account, key) { (words(head, account, key)) }
        form id=(FORM) method="get" action="/credit/back" {
            @if let Some(lang) = view.carries() { input type="hidden" name="lang" value=(lang.code()); }
            input type="hidden" name="key" value=(key.unwrap_or_default()) data-mykey;
            (drawn.line("who", "credit-back-who", "credit-who-hint", 64))
            button.strong { (view.say("credit-next")) }
        }
        p { a.button href=(view.to("/credit")) { (view.say("credit")) } }
    };
    page_around_form(web, view, &drawn.title("credit-back"), pages::enter(&view.say("credit-next")), content)
}

/// Guardians' words so far for this key, and the way on once there are enough.
fn words(head: &Head, account: &Account, key: &str) -> Markup {
    let view = &head.view;
    let card: &MemberCard = &account.member;
    let spoken: Vec<_> = account
        .recoveries
        .iter()
        .filter(|word| {
            word.key.eq_ignore_ascii_case(key) && word.base == card.head && account.guardians.contains(&word.by)
        })
        .collect();
    let address = canonical(head.ends.local, 0) + &format!("/credit/member/{}?key={key}", card.id);
    let enough = account.threshold > 0 && spoken.len() >= usize::from(account.threshold);
    html! {
        div.code-box {
            p.lead { (telling::person(view, card)) }
            @if account.guardians.is_empty() { p { (view.say("credit-back-none")) } }
            @else {
                p { (view.lang.say_with("credit-back-count", &[("found", spoken.len().into()), ("limit", account.threshold.into())])) }
                ul { @for word in &spoken { li { (said(&word.name)) } } }
                @if enough {
                    form method="post" action=(view.to("/credit/back")) data-own {
                        input type="hidden" name="token" value=(kept::token());
                        input type="hidden" name="say" value="resume";
                        input type="hidden" name="who" value=(card.id);
                        input type="hidden" name="key" value=(key);
                        @for word in &spoken { input type="hidden" name="guardian" value=(word.id); }
                        button.strong { (view.say("credit-back-send")) }
                    }
                } @else {
                    (paper::qr(&address, &view.say("credit-back-code")))
                    p { a href=(address) { (view.say("credit-back-link")) } }
                    p { (view.lang.mark("credit-back-show", &[], &[("key", html! { strong { bdi dir="ltr" { (telling::short(key)) } } })])) }
                }
            }
        }
    }
}

/// `POST /credit/back`: signed with the new key.
pub(super) async fn come_back(web: &Web, head: &Head, form: &Form) -> Result<Answer, Fault> {
    let view = &head.view;
    if !crate::web::signed::is_signed(form) {
        let page = draw_back(web, head, form, &[Problem::at(view.lang, "", "credit-needs-key")]).await;
        return Ok(Answer::page(StatusCode::UNPROCESSABLE_ENTITY, page));
    }
    Ok(match hand::by_phone(web, head, Kind::Resume, form).await {
        Ok(key) => Answer::see_other(&view.to(&format!("/kept/{key}"))),
        Err(rejection) => {
            let unsaid = hand::Unsaid::of(view, None, 0, rejection);
            unsaid.answer(draw_back(web, head, form, std::slice::from_ref(&unsaid.problem)).await)
        }
    })
}
