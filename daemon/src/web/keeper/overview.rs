//! The keeper's page itself: what is told, peers and codes, bundles, how the gateway is, its limits, the last refusals.

use std::time::Duration;

use maud::{html, Markup};
use serde_json::Value;
use tracing::warn;

use super::pages::{mark, short, whole};
use super::session::{Entered, Told};
use super::{causes, covenant};
use crate::inbox::ControlRequest;
use crate::neighbours::{No, Wish};
use crate::web::answer::{Answer, Fault};
use crate::web::pages::paper::qr;
use crate::web::pages::said;
use crate::web::view::View;
use crate::web::{time, Web};

/// How long the page waits for what the writer and the links say of themselves; without them the rest is shown.
const ASK_WITHIN: Duration = Duration::from_secs(4);
/// Refusals shown.
const REFUSALS_SHOWN: usize = 50;

/// What is wrong with a form of this page, said beside its field.
pub(super) struct Wrong {
    field: &'static str,
    typed: String,
    // Of the word files.
    id: &'static str,
}

impl Wrong {
    /// By the id of its message.
    pub(super) fn own(field: &'static str, typed: &str, id: &'static str) -> Self {
        Self { field, typed: typed.to_owned(), id }
    }

    /// A no of the room of links, by its word.
    pub(super) fn no(field: &'static str, typed: &str, (word, sentence): No) -> Self {
        let id = match word {
            "unknown_peer" => "keeper-no-unknown-peer",
            "wrong_code" => "keeper-no-wrong-code",
            "own_code" => "keeper-no-own-code",
            "too_many" => "keeper-no-too-many",
            _ => {
                warn!(word, sentence, "a keeper's wish came to nothing");
                "keeper-why-gateway"
            }
        };
        Self::own(field, typed, id)
    }

    fn say(&self, view: &View) -> String {
        view.say(self.id)
    }
}

/// The page, for somebody who is logged in.
pub(super) async fn show(web: &Web, view: &View, entered: &Entered, wrong: Option<&Wrong>) -> Result<Answer, Fault> {
    let keeping = web.keeper.keeping()?;
    let list = tokio::time::timeout(ASK_WITHIN, (keeping.office)(Wish::List)).await;
    let list = list.ok().and_then(Result::ok).unwrap_or_default();
    let status = tokio::time::timeout(ASK_WITHIN, web.inbox.control(ControlRequest::Status)).await;
    let status = status.ok().flatten().unwrap_or_default();
    let agreed = tokio::time::timeout(ASK_WITHIN, web.inbox.covenant()).await.ok().flatten();
    let decisions = tokio::time::timeout(ASK_WITHIN, web.inbox.decisions()).await.unwrap_or_default();
    let covenants = tokio::time::timeout(ASK_WITHIN, web.inbox.covenants()).await.ok().flatten();
    let told = web.keeper.sessions.told(entered);
    let title = view.say("keeper-title");
    let content = html! {
        h1 { (title) }
        @if let Some(wrong) = wrong {
            div.problem role="alert" { strong { (view.say("keeper-not-done")) } " " a href={ "#" (wrong.field) } { (wrong.say(view)) } }
        }
        @if let Some(told) = &told { (shown(view, told)) }
        (troubles(view, &status, &list))
        (peers(view, entered, &list, wrong))
        (bundles(web, view, entered, wrong))
        (state(web, view, &status))
        (covenant::section(view, covenants.as_deref()))
        @if let Some(agreed) = &agreed { (covenant::decisions(view, agreed, &decisions)) }
        (limits(web, view))
        (refusals(web, view))
        section aria-labelledby="backup" {
            h2 #backup { (view.say("keeper-backup")) }
            p { (view.say("keeper-backup-how")) }
            pre dir="ltr" { "commonsd backup --to FILE" }
        }
        form method="post" action=(view.to("/keeper/out")) { (mark(entered)) button { (view.say("keeper-log-out")) } }
    };
    Ok(whole(web, view, &title, content))
}

/// What the last act came to.
fn shown(view: &View, told: &Told) -> Markup {
    html! {
        div.told #told role="status" {
            @match told {
                Told::Done(id, name) if name.is_empty() => p { (view.say(id)) },
                Told::Done(id, name) => p { (view.lang.mark(id, &[], &[("name", said(name))])) },
                Told::Carried(carried) => {
                    @if !carried.good { p { strong { (view.say("keeper-not-done")) } } }
                    ul { @for said in &carried.said { li { (causes::told(view, said)) } } }
                }
                Told::Invited(code, addresses) => {
                    p { (view.say("keeper-invited")) }
                    (qr(code, &view.say("keeper-invited-picture")))
                    p.address { code dir="ltr" { (code) } }
                    @if addresses.is_empty() { p { (view.say("keeper-invited-nowhere")) } }
                    @else { p { (view.lang.mark("keeper-invited-where", &[], &[("addresses", html! { bdi dir="ltr" { (addresses.join(", ")) } })])) } }
                }
            }
        }
    }
}

fn entries<'a>(list: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    list[name].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn troubles(view: &View, status: &Value, list: &Value) -> Markup {
    html! {
        @if list["copied"] == true { div.problem role="alert" { (view.say("keeper-copied")) } }
        @for alarm in entries(status, "alarm_causes") {
            div.problem role="alert" { (causes::alarm(view, text(alarm, "code"), text(alarm, "gateway"))) }
        }
    }
}

fn peers(view: &View, entered: &Entered, list: &Value, wrong: Option<&Wrong>) -> Markup {
    let at = |field: &str| wrong.filter(|wrong| wrong.field == field);
    let typed = at("code").map(|wrong| wrong.typed.as_str()).unwrap_or_default();
    let remove = |id: &str, word: &str, name: &str| {
        html! {
            form method="post" action=(view.to("/keeper/remove")) {
                (mark(entered))
                input type="hidden" name="peer" value=(id);
                button aria-label={ (word) ": " (name) } { (word) }
            }
        }
    };
    html! {
        section aria-labelledby="peers" {
            h2 #peers { (view.say("keeper-peers")) }
            @if entries(list, "peers").next().is_none() { p.quiet { (view.say("keeper-peers-none")) } }
            ul.items {
                @for peer in entries(list, "peers") {
                    li.item {
                        h3 { (said(text(peer, "name"))) " " small { bdi dir="ltr" { (short(text(peer, "id"))) } } }
                        p { (link(view, peer)) }
                        p.facts { (traffic(view, peer)) }
                        @if peer["paired"] == true { (remove(text(peer, "id"), &view.say("keeper-remove"), text(peer, "name"))) }
                    }
                }
            }
            @if entries(list, "near").next().is_some() {
                h3 { (view.say("keeper-near")) }
                ul { @for near in entries(list, "near") {
                    li { (said(text(near, "name"))) " " bdi dir="ltr" { (short(text(near, "id"))) " · " (text(near, "address")) } }
                } }
                p.hint { (view.say("keeper-near-how")) }
            }
            @if entries(list, "codes").next().is_some() {
                h3 { (view.say("keeper-codes")) }
                ul.items { @for code in entries(list, "codes") {
                    li.item {
                        p { bdi dir="ltr" { (text(code, "code")) } }
                        p { @if code["given_up"] == true { (view.say("keeper-code-given-up")) } @else { (view.say("keeper-code-tried")) } }
                        @if code["given_up"] != true { (remove(text(code, "code"), &view.say("keeper-code-drop"), text(code, "code"))) }
                    }
                } }
            }
            form method="post" action=(view.to("/keeper/invite")) {
                (mark(entered))
                @if let Some(wrong) = at("invite") { div.wrong #invite { (wrong.say(view)) } }
                p.hint { (view.say("keeper-invite-how")) }
                button.strong { (view.say("keeper-invite")) }
            }
            form method="post" action=(view.to("/keeper/add")) {
                (mark(entered))
                div.field {
                    label for="code" { (view.say("keeper-code")) }
                    div.hint #code-hint { (view.say("keeper-code-hint")) }
                    @if let Some(wrong) = at("code") { div.wrong #code-wrong { (wrong.say(view)) } }
                    input type="text" id="code" name="code" value=(typed) maxlength="120" dir="ltr" autocomplete="off"
                        autocapitalize="characters" spellcheck="false" aria-invalid=[at("code").map(|_| "true")]
                        aria-describedby=(if at("code").is_some() { "code-wrong code-hint" } else { "code-hint" });
                }
                button { (view.say("keeper-add")) }
            }
        }
    }
}

/// How a link stands.
fn link(view: &View, peer: &Value) -> Markup {
    let heard = peer["heard_ms_ago"].as_u64().map(|ms| span(view, ms / 1_000));
    let since = peer["link"]["since_ms"].as_u64().map(|ms| span(view, ms / 1_000));
    let why = text(peer, "why_code");
    html! {
        @match (&since, &heard) {
            (Some(since), _) => (view.lang.say_with("keeper-linked", &[("span", since.as_str().into())])),
            (None, Some(heard)) => (view.lang.say_with("keeper-no-link-heard", &[("span", heard.as_str().into())])),
            (None, None) => (view.say("keeper-no-link")),
        }
        @if let (Some(_), Some(heard)) = (&since, &heard) {
            " " (view.lang.say_with("keeper-heard", &[("span", heard.as_str().into())]))
        }
        @if peer["complete"] == true && since.is_some() { " " (view.say("keeper-complete")) }
        @if !why.is_empty() { " " (view.say(causes::link(why))) }
    }
}

fn traffic(view: &View, peer: &Value) -> Markup {
    let number = |name: &str| peer[name].as_u64().unwrap_or_default();
    html! {
        (view.lang.say_with("keeper-traffic", &[
            ("out", number("queue_out").into()),
            ("in", number("queue_in").into()),
            ("got", causes::bytes(view, number("bytes_in")).into()),
            ("sent", causes::bytes(view, number("bytes_out")).into()),
        ]))
    }
}

fn bundles(web: &Web, view: &View, entered: &Entered, wrong: Option<&Wrong>) -> Markup {
    let at = |field: &str| wrong.filter(|wrong| wrong.field == field);
    let most = causes::bytes(view, web.config.keeper.upload_bytes_max);
    html! {
        section aria-labelledby="bundles" {
            h2 #bundles { (view.say("keeper-bundles")) }
            p { (view.say("keeper-bundles-why")) }
            form method="post" action=(view.to("/keeper/export")) {
                (mark(entered))
                @if let Some(wrong) = at("export") { div.wrong #export { (wrong.say(view)) } }
                button { (view.say("keeper-export")) }
            }
            // The mark stands before the file: it is read first.
            form method="post" action=(view.to("/keeper/import")) enctype="multipart/form-data" {
                (mark(entered))
                div.field {
                    label for="file" { (view.say("keeper-import-file")) }
                    div.hint #file-hint { (view.lang.say_with("keeper-import-hint", &[("bytes", most.into())])) }
                    @if let Some(wrong) = at("file") { div.wrong #file-wrong { (wrong.say(view)) } }
                    input type="file" id="file" name="file" required aria-invalid=[at("file").map(|_| "true")]
                        aria-describedby=(if at("file").is_some() { "file-wrong file-hint" } else { "file-hint" });
                }
                button { (view.say("keeper-import")) }
            }
        }
    }
}

/// Names and what they have.
pub(super) fn rows(rows: &[(String, Markup)]) -> Markup {
    html! { dl { @for (name, value) in rows { dt { (name) } dd { (value) } } } }
}

fn state(web: &Web, view: &View, status: &Value) -> Markup {
    let health = web.inbox.health().borrow().clone();
    let size = |count: u64| html! { bdi { (causes::bytes(view, count)) } };
    let guard = match health.state {
        "disk_low" => "keeper-guard-low",
        "disk_full" => "keeper-guard-full",
        _ => "keeper-guard-ok",
    };
    let certainty = match health.clock_certainty {
        "synchronised" => "keeper-clock-synchronised",
        "estimated" => "keeper-clock-estimated",
        _ => "keeper-clock-unknown",
    };
    let interval = &status["clock_interval"];
    let (from, until) = (interval[0].as_str(), interval[1].as_str());
    let ago = from.and_then(|from| time::ago(view.lang, from, 0, time::parse(&health.clock)));
    let from = html! { (moment(view, from)) @if let Some(ago) = ago { " (" (ago) ")" } };
    let storage = [
        (view.say("keeper-entries"), html! { (health.entries) }),
        (view.say("keeper-journal"), size(health.journal_bytes)),
        (view.say("keeper-free"), size(health.disk_free_bytes)),
        (view.say("keeper-guard"), html! { (view.say(guard)) }),
        (view.say("keeper-damaged-pieces"), html! { (health.damaged) }),
        (
            view.say("keeper-posts"),
            html! { (view.lang.say_with("keeper-posts-said", &[("kept", health.posts_accepted.into()), ("refused", health.posts_refused.into())])) },
        ),
        (view.say("keeper-uptime"), html! { (span(view, health.uptime_s)) }),
    ];
    let clock = [
        (view.say("keeper-clock-best"), moment(view, Some(&health.clock))),
        (view.say("keeper-clock-from"), from),
        (view.say("keeper-clock-until"), moment(view, until)),
        (view.say("keeper-clock-source"), html! { (view.say(certainty)) }),
    ];
    html! {
        section aria-labelledby="storage" { h2 #storage { (view.say("keeper-storage")) } (rows(&storage)) }
        section aria-labelledby="clock" { h2 #clock { (view.say("keeper-clock")) } (rows(&clock)) }
    }
}

/// A day and a time, neither of which breaks in the middle (`time` in the style sheet); between them a line may, where letters are large.
fn moment(view: &View, at: Option<&str>) -> Markup {
    let said = at.filter(|at| time::parse(at).is_some()).map(|at| (at, time::moment(at)));
    match said.as_ref().and_then(|(at, said)| Some((at, said.split_once(' ')?))) {
        Some((at, (day, clock))) => html! {
            bdi dir="ltr" { time datetime=(at) { (day) } " " time datetime={ (at[11..16]) "Z" } { (clock) } }
        },
        None => html! { (view.say("keeper-clock-open")) },
    }
}

fn limits(web: &Web, view: &View) -> Markup {
    let Ok(keeping) = web.keeper.keeping() else { return html! {} };
    let config = keeping.config.borrow();
    let size = |count: u64| html! { bdi { (causes::bytes(view, count)) } };
    let all = [
        (view.say("keeper-limit-posts"), html! { (config.limits.posts_per_minute) }),
        (view.say("keeper-limit-burst"), html! { (config.limits.posts_burst) }),
        (view.say("keeper-limit-open"), html! { (config.limits.open_items_per_sender_max) }),
        (view.say("keeper-limit-items"), html! { (config.limits.items_max) }),
        (view.say("keeper-limit-journal"), size(config.store.journal_bytes_max)),
        (view.say("keeper-limit-reserve"), size(config.store.reserve_bytes)),
        (view.say("keeper-limit-hops"), html! { (config.peers.hops_max) }),
        (view.say("keeper-limit-stewards"), html! { (config.gateway.stewards.len()) }),
    ];
    html! {
        section aria-labelledby="limits" {
            h2 #limits { (view.say("keeper-limits")) }
            p.hint { (view.say("keeper-limits-where")) }
            (rows(&all))
        }
    }
}

fn refusals(web: &Web, view: &View) -> Markup {
    let list = web.inbox.refusals().list();
    html! {
        section aria-labelledby="refusals" {
            h2 #refusals { (view.say("keeper-refusals")) }
            p.hint { (view.say("keeper-refusals-what")) }
            @if list.is_empty() { p.quiet { (view.say("keeper-refusals-none")) } }
            ul {
                @for one in list.iter().take(REFUSALS_SHOWN) {
                    li {
                        (view.lang.say_with("keeper-ago", &[("span", span(view, one.at.elapsed().as_secs()).into())]))
                        ", " (causes::door(view, one.door)) ": " (view.say(causes::refused(one.cause)))
                        " " bdi dir="ltr" { small { code { (one.cause) } } @if !one.who.is_empty() { " · " (one.who) } }
                        @if one.times > 1 { " " bdi dir="ltr" { "×" (one.times) } }
                    }
                }
            }
        }
    }
}

/// Seconds as people say them.
pub(super) fn span(view: &View, seconds: u64) -> String {
    let (id, n) = match seconds {
        0..=119 => ("keeper-span-seconds", seconds),
        120..=7_199 => ("keeper-span-minutes", seconds / 60),
        7_200..=172_799 => ("keeper-span-hours", seconds / 3_600),
        _ => ("keeper-span-days", seconds / 86_400),
    };
    view.lang.say_with(id, &[("n", n.into())])
}
