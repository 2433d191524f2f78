use commons_core::admission::Rejection;
use commons_core::identity::RecordId;

use super::harness::{claim, item, Gateway, Reply};
use super::shared::{card, pot, shelf};
use crate::web::words::Lang;

async fn get(gateway: &Gateway, path: &str, more: &str) -> Reply {
    gateway.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{more}\r\n", gateway.at)).await
}

/// A board with something of every state and kind on it.
fn everything() -> Vec<commons_core::views::item::ItemState> {
    let mut items = Vec::new();
    let states =
        ["open", "assigned", "underway", "done", "confirmed", "withdrawn", "referred", "duplicate"].iter().enumerate();
    for (n, status) in states {
        for (kind, base) in [("need", 10), ("offer", 30)] {
            let mut one = item(kind, base + n as u8, "bread");
            one.status = status;
            one.see = "f".repeat(64);
            one.window = Some(["2026-11-20T12:25:00Z".into(), "2026-11-20T14:25:00Z".into()]);
            one.assign_by = if n % 2 == 0 { "requester" } else { "steward" };
            one.by = ["guest", "member", "gateway"][n % 3];
            one.repeat = "weekly".into();
            one.standing = kind == "offer";
            one.reached = [None, Some(0), Some(1), Some(2), Some(5)][n % 5];
            let claims = ["assigned", "underway", "done", "standby", "no_show", "withdrawn"].iter().enumerate();
            one.claims = claims.map(|(n, status)| claim(100 + n as u8, status, ["with jam", ""][n % 2])).collect();
            items.push(one);
        }
    }
    for (n, status) in ["active", "unconfirmed", "cancelled", "superseded"].iter().enumerate() {
        let mut one = item("notice", 50 + n as u8, "smoke");
        one.status = status;
        if let Some(alert) = &mut one.alert {
            alert.status = ["actual", "exercise", "test", "actual"][n];
            alert.severity = ["minor", "moderate", "extreme", "unknown"][n];
            alert.certainty = ["likely", "possible", "unlikely", "unknown"][n];
        }
        items.push(one);
    }
    items
}

/// A neighbour would read an id, or English, in the middle of his own language; or a page written backwards.
#[tokio::test]
async fn every_page_is_whole_in_every_language() {
    let items = everything();
    let addresses: Vec<String> = items.iter().map(|item| format!("/{}/{}", item.kind, item.id)).collect();
    let gateway = Gateway::start(items).await;
    {
        let mut script = gateway.script.lock().unwrap();
        (script.shelves, script.pots, script.card) = (vec![shelf("bread")], vec![pot("seeds")], card());
    }
    let english = |id: &str| Lang::english().say(id);
    for lang in Lang::all() {
        let accept = format!("Accept-Language: {}\r\n", lang.code());
        let fixed = [
            "/",
            "/?kind=need",
            "/?kind=offer&q=zzz",
            "/?kind=notice&after=1",
            "/new/need",
            "/new/offer",
            "/new/notice",
            "/code",
            "/help",
            "/me",
            "/poster",
            "/bulletin",
            "/stock",
            "/stock/new",
            "/scorecard",
            "/nowhere",
            "/kept/0",
        ];
        let mut pages = Vec::new();
        for path in fixed.into_iter().chain(addresses.iter().map(String::as_str)) {
            pages.push((path.to_owned(), get(&gateway, path, &accept).await));
        }
        let sent = ["/new/need", "/code", "/stock", "/stock/new", addresses[0].as_str()];
        for path in sent {
            let kind = "application/x-www-form-urlencoded";
            pages.push((format!("POST {path}"), gateway.post_with(path, kind, &accept, "act=no_show&qty0=x").await));
        }
        let form = "application/x-www-form-urlencoded";
        for act in ["stock_in", "stock_out", "stock_count", "loan"] {
            let typed = format!("act={act}&place=shed&item=saw&qty=2&who=eva&due=2026-12-01");
            let posted = gateway.post_with("/stock/new", form, &accept, &typed).await;
            pages.push((format!("kept {act}"), get(&gateway, posted.header("location"), &accept).await));
        }
        for kind in ["need", "offer", "notice"] {
            let kind_of_form = "application/x-www-form-urlencoded";
            let posted =
                gateway.post_with(&format!("/new/{kind}"), kind_of_form, &accept, &format!("text={kind}")).await;
            pages.push((format!("kept {kind}"), get(&gateway, posted.header("location"), &accept).await));
        }
        for (path, page) in pages {
            let opening = format!("<html lang=\"{}\" dir=\"{}\">", lang.code(), lang.direction());
            assert!(page.body.contains(&opening), "{path}: {}", page.head);
            assert!(!page.body.contains('⟦'), "{lang:?} {path}");
            assert!(!page.body.contains(|c: char| ('\u{e000}'..='\u{f8ff}').contains(&c)), "{lang:?} {path}");
            assert!(page.header("vary").starts_with("accept-language, cookie"), "{path}");
            if lang != Lang::english() {
                for id in [
                    "footer",
                    "help",
                    "need-send",
                    "stock-lead",
                    "stock-came",
                    "score-lead",
                    "score-wait",
                    "to-board",
                    "kept-write",
                    "helper-done",
                    "poster-lead",
                ] {
                    let words = english(id);
                    let words = words.split(|c: char| !c.is_ascii_alphabetic() && c != ' ').next().unwrap();
                    assert!(!page.body.contains(&format!(">{words}<")), "{lang:?} {path}: {words}");
                }
            }
        }
    }
}

/// "2 other gateways have it" tells a neighbour that his cry for help has left the house; it must not be a guess.
#[tokio::test]
async fn a_page_says_where_a_post_is_kept() {
    let mut items: Vec<_> = (0..4).map(|n| item("need", n, "bread")).collect();
    for (item, reached) in items.iter_mut().zip([None, Some(0), Some(1), Some(7)]) {
        item.reached = reached;
    }
    let addresses: Vec<String> = items.iter().map(|item| format!("/need/{}", item.id)).collect();
    let gateway = Gateway::start(items).await;
    let said = [
        "gateway.<",
        "No other gateway is known to have it yet.",
        "1 other gateway has it.",
        "7 other gateways have it.",
    ];
    for (address, said) in addresses.iter().zip(said) {
        let page = gateway.get(address).await.body;
        assert!(page.contains("Kept on") && page.contains(said), "{address}: {page}");
    }
    let posted = gateway.form("/new/need", "text=bread").await;
    gateway.script.lock().unwrap().items.push({
        let mut item = item("need", 7, "bread");
        item.reached = Some(2);
        item
    });
    let receipt = gateway.get(posted.header("location")).await.body;
    assert!(receipt.contains("2 other gateways have it."), "{receipt}");
}

/// Refusals reach people at the worst moment; they must be understood.
#[tokio::test]
async fn every_refusal_is_said_in_every_language() {
    let gateway = Gateway::start(vec![]).await;
    let field = || "zone".into();
    let refusals = [
        Rejection::Empty,
        Rejection::TooLong { field: field(), found: 300, limit: 200, unit: "bytes" },
        Rejection::WrongValue { field: field(), expected: "x".into() },
        Rejection::WrongValue { field: "lines[0].qty".into(), expected: "x".into() },
        Rejection::ControlCharacter { field: field() },
        Rejection::UnknownItem,
        Rejection::NotYours,
        Rejection::WrongCode,
        Rejection::TooManyGuesses { retry_s: 90 },
        Rejection::ElsewhereOnly { gateway: "abc".into() },
        Rejection::WrongState { kind: "need", status: "done" },
        Rejection::AlreadyOpenNow { item: "abc".into() },
        Rejection::TooManyOpen { limit: 3 },
        Rejection::TooManyPosts { retry_s: 7_200 },
        Rejection::GatewayFull { limit: 9 },
        Rejection::StorageFull,
        Rejection::Busy,
        Rejection::NotInStock { limit_milli: 2_500 },
        Rejection::NotAllowed { what: "vouching for one's own count" },
        Rejection::NotAllowed { what: "this" },
    ];
    for lang in Lang::all() {
        let mut said = std::collections::BTreeSet::new();
        for refusal in &refusals {
            gateway.script.lock().unwrap().refuse = Some(refusal.clone());
            let accept = format!("Accept-Language: {}\r\n", lang.code());
            let kind = "application/x-www-form-urlencoded";
            let page = gateway.post_with("/new/need", kind, &accept, "text=bread&item0=x&zone=B").await;
            assert_eq!(page.status, refusal.http_status(), "{refusal}");
            let (_, problem) = page.body.split_once("role=\"alert\"").expect("a summary");
            let problem = problem.split("</ul>").next().unwrap().to_owned();
            assert!(!problem.contains('⟦') && problem.contains("<li>"), "{lang:?} {problem}");
            assert!(page.body.contains("value=\"B\""), "what was typed is kept");
            said.insert(problem);
        }
        assert!(said.len() >= 15, "{lang:?}: refusals differ: {}", said.len());
    }
}

/// The switch must lead back to the page one is on, be remembered, and never lead away.
#[tokio::test]
async fn the_switch_keeps_the_page_and_sets_a_cookie() {
    let gateway = Gateway::start(vec![item("need", 1, "bread")]).await;
    let page = get(&gateway, "/?kind=need&q=bread", "").await;
    assert!(page.body.contains("href=\"/?kind=need&amp;q=bread&amp;lang=ar\""), "{}", page.body);
    assert_eq!(page.header("set-cookie"), "");
    let chosen = get(&gateway, "/?kind=need&q=bread&lang=ar", "").await;
    assert!(chosen.body.contains("dir=\"rtl\"") && chosen.body.contains("bread"));
    assert!(chosen.header("set-cookie").starts_with("lang=ar; Path=/; Max-Age="));
    assert!(chosen.body.contains("href=\"/help?lang=ar\""), "carried until a cookie came back");
    let remembered = get(&gateway, "/", "Cookie: lang=ar\r\nAccept-Language: fr\r\n").await;
    assert!(remembered.body.contains("dir=\"rtl\"") && remembered.body.contains("href=\"/help\""));
    let away = get(&gateway, "//evil.example/x?lang=zz", "").await;
    assert!(away.status == 404 && !away.body.contains("href=\"//"), "{}", away.body);
    let kind = "application/x-www-form-urlencoded";
    let posted = gateway.post_with("/new/need?lang=es", kind, "", "text=pan").await;
    assert!(posted.status == 303 && posted.header("location").ends_with("?lang=es"), "{posted:?}");
    assert_eq!(gateway.get("/api/v1/needs?lang=es").await.header("set-cookie"), "", "programs get no cookie");
}

/// A neighbour who looks for bread would scroll through everything.
#[tokio::test]
async fn the_board_is_searched_without_script() {
    let mut far = item("need", 3, "bread for the north side");
    far.zone = "north stairwell".into();
    let mut items = vec![item("need", 1, "Pão e leite"), item("need", 2, "a ladder"), far];
    items.extend((0..150).map(|n| item("offer", 60 + n, &format!("offer {n}"))));
    items.push(item("offer", 250, "the only goat"));
    let gateway = Gateway::start(items).await;
    let found =
        |body: &str| -> Vec<bool> { ["leite", "ladder", "north side"].iter().map(|t| body.contains(t)).collect() };
    assert_eq!(found(&gateway.get("/?q=PAO").await.body), [true, false, false]);
    assert_eq!(found(&gateway.get("/?q=north+bread").await.body), [false, false, true]);
    assert_eq!(found(&gateway.get("/?zone=North").await.body), [false, false, true]);
    assert_eq!(found(&gateway.get("/?category=food&zone=stairwell").await.body), [true, true, true]);
    assert!(gateway.get("/?q=goat").await.body.contains("the only goat"), "found behind a page of others");
    let nothing = gateway.get("/?q=unicorn").await.body;
    assert!(nothing.contains("Nothing here matches") && nothing.contains("value=\"unicorn\""));
}

/// The poster must lead into the Wi-Fi and to the page, and the door's board must show what stands.
#[tokio::test]
async fn paper_shows_codes_and_the_board() {
    let mut config = crate::config::Config::default();
    config.http.wifi_name = "Maple <Commons>".into();
    config.http.wifi_password = "sweet & low".into();
    let mut insulin = item("need", 1, "insulin");
    insulin.urgency = "now";
    let gateway = Gateway::configured(vec![insulin], config, std::sync::Arc::new(|_, _| {})).await;
    let poster = gateway.get("/poster").await.body;
    assert_eq!(poster.matches("class=\"qr\"").count(), 2);
    assert!(poster.contains("Maple &lt;Commons&gt;") && poster.contains("sweet &amp; low"));
    assert!(poster.contains(&format!("http://{}/", gateway.at)));
    let bulletin = gateway.get("/bulletin").await.body;
    assert!(bulletin.contains("Urgent") && bulletin.contains("insulin") && bulletin.contains("1.5 <bdi"), "{bulletin}");
    assert!(!bulletin.contains("ago"), "paper does not count on");
    let bare = Gateway::start(vec![]).await.get("/poster").await.body;
    assert_eq!(bare.matches("class=\"qr\"").count(), 1);
}

/// Who finds out in the middle of writing that his language is there would begin again.
#[tokio::test]
async fn switching_the_language_keeps_what_is_typed_and_posts_nothing() {
    let mut need = item("need", 1, "rice");
    need.claims.push(claim(2, "assigned", "me"));
    let gateway = Gateway::start(vec![need]).await;
    let id = RecordId([1; 32]);
    let page = gateway.get("/new/need").await.body;
    assert!(
        page.contains("<button form=\"post\" formaction=\"/new/need?lang=es\" name=\"redraw\" value=\"es\""),
        "{page}"
    );
    // Enter presses the form's first button, which must send it, not switch the language.
    let first = page.split("form=\"post\"").next().unwrap().rsplit("<button").next().unwrap();
    assert!(first.contains("unseen"), "{first}");
    let token = page.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let typed = format!("redraw=yes&token={token}&text=bread%0D%0Afor+two&zone=B&qty0=lots&urgency=now&category=water");
    let spanish = gateway.form("/new/need?lang=es", &typed).await;
    assert_eq!(spanish.status, 200);
    for kept in ["lang=\"es\"", "bread\nfor two", "value=\"lots\"", "value=\"now\" checked", &token, "¿Qué necesita?"]
    {
        assert!(spanish.body.contains(kept), "{kept}: {}", spanish.body);
    }
    assert!(!spanish.body.contains("-wrong\""), "nothing is wrong yet");
    for (path, body, kept) in [
        (format!("/need/{id}?lang=es"), "redraw=yes&message=I+come", "I come"),
        (format!("/need/{id}?lang=es"), "redraw=yes&role=asker&code=lamp+river+seven", "value=\"lamp river seven\""),
        (format!("/need/{id}?lang=es"), "redraw=yes&role=giver&code=lamp+river+seven", "value=\"lamp river seven\""),
        ("/code?lang=es".to_owned(), "redraw=yes&code=lamp+river&act=done", "value=\"lamp river\""),
    ] {
        let page = gateway.form(&path, body).await;
        assert!(page.status == 200 && page.body.contains(kept), "{path} {body}: {}", page.body);
        assert_eq!(page.body.matches("id=\"post\"").count(), 1, "{body}");
    }
    // A mark in an address is of somebody else's choosing.
    let linked = gateway.get(&format!("/new/need?redraw=yes&token={token}")).await.body;
    assert!(linked.contains("name=\"token\"") && !linked.contains(&format!("value=\"{token}\"")));
    assert!(gateway.script.lock().unwrap().posts.is_empty());
}

/// In lynx, whose buttons know neither `form` nor `formaction`, the switch on a page with a form would do nothing.
#[tokio::test]
async fn a_browser_of_old_switches_the_language_of_a_page_with_a_form() {
    let gateway = Gateway::start(vec![]).await;
    let page = gateway.get("/new/need?text=pan+y+leche&lang=fr").await.body;
    // What such a browser sees: a form around the buttons, and what stands in the address besides the language.
    let own = page.split("<form").nth(1).unwrap().split("</form>").next().unwrap();
    assert!(own.starts_with(" method=\"get\" action=\"/new/need\">"), "{own}");
    assert!(own.contains("name=\"text\" value=\"pan y leche\"") && !own.contains("name=\"lang\""), "{own}");
    for lang in Lang::all() {
        assert!(own.contains(&format!("name=\"redraw\" value=\"{}\"", lang.code())), "{own}");
        let pressed = gateway.get(&format!("/new/need?text=pan+y+leche&redraw={}", lang.code())).await;
        assert!(pressed.body.contains(&format!("<html lang=\"{}\"", lang.code())), "{}", pressed.body);
        assert!(pressed.header("set-cookie").starts_with(&format!("lang={};", lang.code())));
        assert!(pressed.body.contains("formaction=\"/new/need?text=pan%20y%20leche&amp;lang=ar\""), "{}", pressed.body);
    }
    // Both, and the button is what was pressed.
    assert!(gateway.get("/code?lang=fr&redraw=es").await.body.contains("<html lang=\"es\""));
    assert!(gateway.get("/code?lang=fr&redraw=xx").await.body.contains("<html lang=\"fr\""));
}
