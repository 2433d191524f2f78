//! Shared things, pots and the scorecard, as pages and JSON.

use commons_core::admission::Rejection;
use commons_core::ledger::{PotState, PotUnit};
use commons_core::record::Kind;
use commons_core::scorecard::{Given, MonthState, NeedState, ScorecardState, UnitState};
use commons_core::views::item::Qty;
use commons_core::views::shelves::{CountState, LoanState, Person, ShelfState};

use super::harness::Gateway;

fn guest() -> Person {
    Person { by: "guest", name: String::new(), gateway: "abababab".into() }
}

fn count(n: u8, with: Vec<Person>) -> CountState {
    let (id, created) = (format!("{n:02x}").repeat(32), "2026-11-19T08:00:00Z".into());
    CountState { id, qty: Qty(4_000), created, by: guest(), counted: !with.is_empty(), with }
}

/// A shelf of everything; its thing and everybody on it are called `name`.
pub fn shelf(name: &str) -> ShelfState {
    let member = Person { by: "member", name: name.into(), gateway: String::new() };
    let loan = |n: u8, due: Option<&str>| LoanState {
        id: format!("{n:02x}").repeat(32),
        qty: Qty(1_500),
        to: name.into(),
        created: "2026-11-01T08:00:00Z".into(),
        due: due.map(Into::into),
        by: member.clone(),
    };
    ShelfState {
        place: "tool shed".into(),
        item: name.into(),
        unit: "piece".into(),
        qty: Qty(3_000),
        lent: Qty(4_500),
        days: vec![(20_776, Qty(10_500), Qty(0)), (20_775, Qty(0), Qty(500))],
        counts: vec![count(0xC1, vec![]), count(0xC2, vec![member.clone()])],
        loans: vec![
            loan(0xD1, Some("2026-11-10T23:59:59Z")),
            loan(0xD2, Some("2026-12-24T23:59:59Z")),
            loan(0xD3, None),
        ],
    }
}

pub fn pot(name: &str) -> PotState {
    let unit = |unit: &str, scale, balance| PotUnit {
        unit: unit.into(),
        scale,
        balance,
        incoming: 0,
        outgoing: 0,
        days: vec![(20_776, 90, 30)],
    };
    let units = vec![unit("hour", 60, 90), unit("kg-rice", 1_000, -1_500)];
    PotState { id: "ee".repeat(32), name: name.into(), household: "all".into(), frozen: false, units }
}

/// A community with something of everything to say.
pub fn card() -> ScorecardState {
    let unit = |few, warned| UnitState {
        unit: if few { "kg-rice".into() } else { "hour".into() },
        scale: 60,
        few,
        households: (!few).then_some(6),
        postings: (!few).then_some(12),
        circulation: (!few).then_some(630),
        velocity: (!few).then_some(Qty(1_250)),
        given: (!few).then_some(Given { total: 600, households: 5, median: 95 }),
        received: (!few).then_some(Given { total: 600, households: 6, median: 101 }),
        gini: (!few).then_some(Qty(320)),
        gini_chance: (!few).then_some(Qty(31)),
        uneven: (!few).then_some(warned),
        few_hands: (!few).then_some(warned),
    };
    let need = |urgency, few| NeedState {
        urgency,
        few,
        asked: Some(9),
        fulfilled: Some(5),
        unmet: Some(2),
        aside: Some(1),
        open: Some(1),
        fulfilled_percent: Some(71),
        assigned: Some(6),
        assigned_median_min: Some(150),
    };
    let month = |number: u32| MonthState {
        number,
        from: "2026-11-10T00:00:00Z".into(),
        until: "2026-12-09T12:00:00Z".into(),
        over: number < 704,
        units: vec![unit(false, number == 704), unit(true, false)],
        reliance: Some(83),
        needs: vec![need("now", true), need("today", false)],
    };
    ScorecardState {
        v: 1,
        covenant: Some("cc".repeat(32)),
        community: "maple street".into(),
        households: 6,
        members: 7,
        cell_least: 5,
        lunations: vec![month(704), month(703), month(702)],
        not_kept: ["rotation", "internal_resolution", "role_weeks"],
    }
}

/// Neighbours would not see what is there, who counted, or what is due back and late.
#[tokio::test]
async fn the_board_of_shelves_says_what_is_there_and_who_has_the_rest() {
    let gateway = Gateway::start(vec![]).await;
    let empty = gateway.get("/stock").await.body;
    assert!(empty.contains("Nothing has been written down yet."), "{empty}");
    gateway.script.lock().unwrap().shelves = vec![shelf("saw")];
    gateway.script.lock().unwrap().pots = vec![pot("seed pot")];
    let page = gateway.get("/stock").await.body;
    for words in [
        "<h2 id=\"place0\"><bdi dir=\"auto\">tool shed</bdi></h2>",
        "Counted on <time datetime=\"2026-11-19\">",
        "by one person: ",
        "a guest of <bdi dir=\"auto\">Maple &lt;b&gt;Street&lt;/b&gt;</bdi>",
        "name=\"act\" value=\"cosign\"",
        "Was due back <time datetime=\"2026-11-10\">",
        "Due back <time datetime=\"2026-12-24\">",
        "<time datetime=\"2026-11-19\"><bdi dir=\"ltr\">2026-11-19</bdi></time></th>",
        "10.5 <bdi dir=\"auto\">piece</bdi>",
        "<span class=\"amount\">1.5 <bdi dir=\"auto\">hour</bdi></span> here",
        "−1.5 <bdi dir=\"auto\">kg-rice</bdi>",
        "href=\"/stock/new?place=tool%20shed&amp;item=saw&amp;unit=piece\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(page.matches("value=\"cosign\"").count(), 1, "only the count that waits");
    assert_eq!(page.matches("value=\"return\"").count(), 3);
    gateway.health.send_modify(|health| health.clock_certainty = "unknown");
    assert!(!gateway.get("/stock").await.body.contains("Was due"), "nobody is late by a clock that knows nothing");
}

/// A mistake at the shelf would cost everything typed, or be taken for something else.
#[tokio::test]
async fn the_form_at_the_shelf_is_taken_or_comes_back_whole() {
    let gateway = Gateway::start(vec![]).await;
    let wrong = gateway.form("/stock/new", "act=loan&place=shed&item=&qty=lots&who=&due=tuesday&unit=piece").await;
    assert_eq!(wrong.status, 422);
    for field in ["item", "qty", "who", "due"] {
        assert!(wrong.body.contains(&format!("id=\"{field}-wrong\"")), "{field}: {}", wrong.body);
    }
    assert!(wrong.body.contains("value=\"shed\"") && wrong.body.contains("value=\"loan\" checked"));
    assert!(gateway.form("/stock/new", "act=need&place=x&item=y&qty=1").await.status == 422);
    assert!(gateway.form("/stock/new", "act=stock_in&place=x&item=y&qty=0").await.status == 422);
    assert!(gateway.script.lock().unwrap().posts.is_empty());
    for (act, kind) in [
        ("stock_in", Kind::StockIn),
        ("stock_out", Kind::StockOut),
        ("stock_count", Kind::StockCount),
        ("loan", Kind::Loan),
    ] {
        let qty = if kind == Kind::StockCount { "0" } else { "1,5" };
        let typed = format!("act={act}&place=shed&item=saw&qty={qty}&who=eva&due=2026-12-01");
        let posted = gateway.form("/stock/new", &typed).await;
        assert_eq!(posted.status, 303, "{act}: {}", posted.body);
        let kept = gateway.get(posted.header("location")).await.body;
        assert!(kept.contains("It is written down") && kept.contains("href=\"/stock\""), "{kept}");
        assert_eq!(kept.contains("second person"), kind == Kind::StockCount);
        assert_eq!(gateway.script.lock().unwrap().posts.last().unwrap().0, kind);
    }
    let back = format!("act=return&loan={}&qty=1", "d1".repeat(32));
    assert_eq!(gateway.form("/stock", &back).await.status, 303);
    assert_eq!(gateway.form("/stock", &format!("act=cosign&target={}", "c1".repeat(32))).await.status, 303);
    let posts: Vec<Kind> = gateway.script.lock().unwrap().posts.iter().map(|post| post.0).skip(4).collect();
    assert_eq!(posts, [Kind::Return, Kind::Cosign]);
    gateway.script.lock().unwrap().refuse = Some(Rejection::NotInStock { limit_milli: 2_500 });
    let refused = gateway.form("/stock/new", "act=stock_out&place=shed&item=saw&qty=9").await;
    assert!(refused.status == 409 && refused.body.contains("That is more than there is: 2.5."), "{}", refused.body);
    assert!(refused.body.contains("id=\"qty-wrong\"") && refused.body.contains("value=\"9\""));
    assert_eq!(gateway.form("/stock", &back).await.status, 409);
}

/// What somebody calls a thing would run as a program on every phone that looks at the shelf.
#[tokio::test]
async fn hostile_names_stay_names() {
    const HOSTILE: &str = "</bdi><script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let gateway = Gateway::start(vec![]).await;
    {
        let mut script = gateway.script.lock().unwrap();
        script.shelves = vec![shelf(HOSTILE)];
        script.shelves[0].place = HOSTILE.into();
        script.shelves[0].unit = HOSTILE.into();
        script.pots = vec![pot(HOSTILE)];
        script.card = card();
        script.card.community = HOSTILE.into();
        script.card.lunations[0].units[0].unit = HOSTILE.into();
    }
    let query = "place=%22%3E%3Cscript%3E&item=%22%3E%3Cscript%3E&act=%22%3E%3Cscript%3E";
    for page in [
        gateway.get("/stock").await,
        gateway.get("/scorecard").await,
        gateway.get(&format!("/stock/new?{query}")).await,
        gateway.form("/stock/new", query).await,
        gateway.form("/stock", query).await,
    ] {
        assert!(page.body.contains("<!DOCTYPE html>"), "{}", page.head);
        let others = page.body.replacen("<script type=\"module\" src=\"/assets/app-", "", 1);
        assert!(!others.contains("<script") && !page.body.contains("<img"), "{}", page.body);
    }
}

/// The block would not see how it does, or see what only one household should.
#[tokio::test]
async fn the_scorecard_shows_sums_and_leaves_small_cells_out() {
    let gateway = Gateway::start(vec![]).await;
    let nobody = gateway.get("/scorecard").await.body;
    assert!(nobody.contains("Nobody has founded a community here yet."), "{nobody}");
    gateway.script.lock().unwrap().card = card();
    let page = gateway.get("/scorecard").await.body;
    for words in [
        "maple street",
        "6 households",
        "<td class=\"number\">71 %</td>",
        "3 hours",
        "<td class=\"number\"><bdi dir=\"ltr\">&lt; 5</bdi></td>",
        "fewer than five people asked, so it is not shown",
        "fewer than five households have a part, so it is not shown",
        "<td class=\"number\">10.5</td>",
        "×\u{a0}1.25",
        "83 % of households",
        "fewer households carry more than chance explains",
        "Not kept yet",
        "<caption id=\"units0\">",
        "role=\"region\" tabindex=\"0\" aria-labelledby=\"needs0\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(page.matches("than chance explains").count(), 1, "the month that warns");
    assert_eq!(page.matches("<details").count(), 1 + 1, "the third month, and the languages");
    let json = gateway.get("/api/v1/scorecard").await;
    assert_eq!(json.json()["lunations"][0]["units"][0]["velocity"], 1.25);
    assert_eq!(json.json()["lunations"][0]["units"][1]["circulation"], serde_json::Value::Null);
    assert_eq!(gateway.get("/api/v1/pots").await.json(), serde_json::json!([]));
    assert_eq!(gateway.form("/scorecard", "x=1").await.status, 405);
}
