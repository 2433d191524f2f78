use std::sync::Arc;

use commons_core::admission::Rejection;
use commons_core::identity::RecordId;
use commons_core::record::Kind;

use super::harness::{claim, item, Gateway};

const HOSTILE: &str = "</bdi><script>alert(1)</script>\"'><img src=x onerror=alert(2)> \u{202e}&amp;";

/// One neighbour's text would run as a program on every other neighbour's phone.
#[tokio::test]
async fn hostile_words_stay_words_on_every_page() {
    let mut need = item("need", 1, HOSTILE);
    need.zone = HOSTILE.into();
    need.tags = vec![HOSTILE.into()];
    need.lines[0].item = HOSTILE.into();
    need.lines[0].unit = HOSTILE.into();
    need.repeat = HOSTILE.into();
    need.see = HOSTILE.into();
    need.gateway = HOSTILE.into();
    need.claims = vec![claim(9, "assigned", HOSTILE)];
    need.assign_by = "requester";
    let mut notice = item("notice", 2, HOSTILE);
    notice.lang = HOSTILE.into();
    let id = need.id.clone();
    let notice_id = notice.id.clone();
    let gateway = Gateway::start(vec![need, notice]).await;
    let typed = "text=%22%3E%3Cscript%3E&zone=%22%3E%3Cscript%3E&contact=%22%3E%3Cscript%3E&qty0=%22%3E%3Cscript%3E&item0=%3Cscript%3E&code=%3Cscript%3E%22";
    let mut pages = Vec::new();
    for path in [
        "/".to_owned(),
        format!("/need/{id}"),
        format!("/notice/{notice_id}"),
        "/?kind=%22%3E%3Cscript%3E&category=%22%3E%3Cscript%3E&x=%22%3E%3Cscript%3E".to_owned(),
        "/help".to_owned(),
        "/%22%3E%3Cscript%3E".to_owned(),
    ] {
        pages.push(gateway.get(&path).await);
    }
    for path in ["/new/need".to_owned(), "/code".to_owned(), format!("/need/{id}")] {
        pages.push(gateway.form(&path, typed).await);
    }
    for page in pages {
        assert!(page.body.contains("<!DOCTYPE html>"), "{}", page.head);
        // Our own script is the only one.
        let others = page.body.replacen("<script type=\"module\" src=\"/assets/app-", "", 1);
        assert!(!others.contains("<script"), "{}", page.body);
        assert!(!page.body.contains("<img"), "{}", page.body);
        assert!(!page.body.contains("Maple <b>"), "{}", page.body);
    }
}

/// The board must say what is urgent first, and how old things are, or the wrong door is knocked at.
#[tokio::test]
async fn the_board_shows_urgent_first_with_status_and_age() {
    let mut insulin = item("need", 1, "insulin");
    insulin.urgency = "now";
    insulin.category = "health";
    let gateway = Gateway::start(vec![
        item("need", 2, "two loaves of bread"),
        insulin,
        item("offer", 3, "a generator"),
        item("notice", 4, "the bridge is closed"),
    ])
    .await;
    let board = gateway.get("/").await;
    assert_eq!(board.status, 200);
    let at = |text: &str| board.body.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(at("insulin") < at("two loaves"));
    assert!(at("the bridge") < at("two loaves"));
    assert!(at("two loaves") < at("a generator"));
    assert!(board.body.contains("2 hours ago"));
    assert!(board.body.contains("waiting for help (0 of 2)"));
    assert!(board.body.len() < 12_000, "{} bytes", board.body.len());
    let health = gateway.get("/?kind=need&category=health").await;
    assert!(health.body.contains("insulin") && !health.body.contains("two loaves"));
    gateway.health.send_modify(|health| health.clock_certainty = "unknown");
    assert!(!gateway.get("/").await.body.contains("ago"), "no age without a clock");
}

/// Old needs would be out of reach on a full board.
#[tokio::test]
async fn a_long_board_goes_on_under_older() {
    let items = (1..=60).map(|n| item("need", n, &format!("need number {n}."))).collect();
    let gateway = Gateway::start(items).await;
    let mut path = "/".to_owned();
    let mut found = 0;
    for _ in 0..5 {
        let page = gateway.get(&path).await;
        found += page.body.matches("need number ").count();
        let Some((_, rest)) = page.body.split_once("class=\"button\" href=\"/?kind=need&amp;after=") else { break };
        path = format!("/?kind=need&after={}", &rest[..64]);
    }
    assert_eq!(found, 60, "each once");
}

/// A neighbour who made one mistake would have to type everything again on a small keyboard.
#[tokio::test]
async fn a_form_with_a_mistake_keeps_what_was_typed() {
    let gateway = Gateway::start(vec![]).await;
    let typed =
        "text=+&zone=north+%22stairwell%22&category=water&urgency=now&contact=flat+3&item0=rice&qty0=lots&unit0=kg";
    let page = gateway.form("/new/need", typed).await;
    assert_eq!(page.status, 422);
    for kept in [
        "north &quot;stairwell&quot;",
        "flat 3",
        "value=\"rice\"",
        "value=\"lots\"",
        "value=\"water\" checked",
        "value=\"now\" checked",
        "id=\"text-wrong\"",
        "href=\"#text\"",
        "aria-invalid",
    ] {
        assert!(page.body.contains(kept), "{kept}: {}", page.body);
    }
    let page = gateway.form("/new/need", &typed.replace("text=+", "text=Rice")).await;
    assert!(page.status == 422 && page.body.contains("id=\"qty0-wrong\""));
    let page = gateway.form("/new/need", "text=&qty0=2&item1=rice&qty1=x&zone=").await;
    for wrong in ["text-wrong", "item0-wrong", "qty1-wrong"] {
        assert!(page.body.contains(&format!("id=\"{wrong}\"")), "all mistakes at once: {wrong}");
    }
    assert!(gateway.script.lock().unwrap().posts.is_empty());
    gateway.script.lock().unwrap().refuse =
        Some(Rejection::TooLong { field: "contact".into(), found: 300, limit: 200, unit: "bytes" });
    let page = gateway.form("/new/need", "text=Rice&contact=x").await;
    assert_eq!(page.status, 422);
    assert!(page.body.contains("id=\"contact-wrong\""), "{}", page.body);
    gateway.script.lock().unwrap().refuse = Some(Rejection::TooManyGuesses { retry_s: 90 });
    let page = gateway.form("/code", "code=a+b+c&act=confirm").await;
    assert_eq!((page.status, page.header("retry-after")), (429, "90"));
    assert!(page.body.contains("value=\"a b c\""));
}

/// A phone that writes other letters than ours would lose all that was typed.
#[tokio::test]
async fn letters_that_cannot_be_read_come_back_beside_their_field() {
    let gateway = Gateway::start(vec![item("need", 1, "rice")]).await;
    let page = gateway.form("/new/need", "text=caf%e9+for+two&zone=stairwell+B&item0=caf%e9&contact=door+4").await;
    assert_eq!(page.status, 422);
    for kept in
        ["caf\u{fffd} for two", "stairwell B", "door 4", "id=\"text-wrong\"", "id=\"item0-wrong\"", "type it again"]
    {
        assert!(page.body.contains(kept), "{kept}: {}", page.body);
    }
    let id = RecordId([1; 32]);
    let page = gateway.form(&format!("/need/{id}"), "act=claim&message=%ff+I+come").await;
    assert!(page.status == 422 && page.body.contains("\u{fffd} I come") && page.body.contains("id=\"message-wrong\""));
    let page = gateway.form("/code", "act=confirm&code=lamp+%ff").await;
    assert!(page.status == 422 && page.body.contains("lamp \u{fffd}"), "{}", page.body);
    assert!(gateway.script.lock().unwrap().posts.is_empty());
    assert_eq!(gateway.get("/?q=caf%e9").await.status, 200);
}

/// Enter in a field would say that help came, or give somebody's contact away, unasked.
#[tokio::test]
async fn nothing_is_said_before_it_is_chosen() {
    let mut need = item("need", 1, "rice");
    need.claims.push(claim(2, "assigned", "me"));
    let gateway = Gateway::start(vec![need, item("notice", 3, "water")]).await;
    for (path, forms) in [(format!("/need/{}", RecordId([1; 32])), 2), (format!("/notice/{}", RecordId([3; 32])), 1)] {
        let page = gateway.get(&path).await.body;
        let mut asked = 0;
        for form in page.split("<form").skip(1).filter(|form| form.contains("name=\"code\"")) {
            let first = form.split("<button").nth(1).unwrap().split('>').next().unwrap();
            assert!(first.contains("value=\"\""), "{first}");
            asked += 1;
        }
        assert_eq!(asked, forms, "{page}");
        for role in ["asker", "giver"] {
            let page = gateway.form(&path, &format!("role={role}&code=lamp+river+seven&act=")).await;
            assert!(page.status == 422 && page.body.contains("Please choose one."), "{}", page.body);
            assert!(role == "giver" && forms == 1 || page.body.contains("value=\"lamp river seven\""), "{}", page.body);
        }
    }
    let page = gateway.get("/code").await.body;
    assert!(!page.contains("checked") && page.contains("<option value=\"\" selected>"), "{page}");
    assert!(gateway.script.lock().unwrap().posts.is_empty());
}

/// The code word would leak through the address, the history or a proxy's log; or a reload would lose it.
#[tokio::test]
async fn the_code_word_is_shown_but_in_no_address() {
    let gateway = Gateway::start(vec![]).await;
    let posted = gateway.form("/new/need", "text=bread&token=0123456789abcdef0123456789abcdef").await;
    assert_eq!((posted.status, posted.header("cache-control")), (303, "no-store"));
    let location = posted.header("location").to_owned();
    assert!(location.starts_with("/kept/") && !location.contains("lamp"));
    assert!(!posted.head.contains("lamp") && posted.body.is_empty());
    for _ in 0..2 {
        let page = gateway.get(&location).await;
        assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
        assert!(page.body.contains("lamp river seven"));
        assert!(page.body.contains("Kept on"));
    }
    let other = gateway.get("/kept/00000000000000000000000000000000").await;
    assert_eq!((other.status, other.header("cache-control")), (404, "no-store"));
}

/// A double tap would put the same need on the board twice, or show the second tap no code word.
#[tokio::test]
async fn a_double_tap_carries_one_mark_and_shows_one_code_word() {
    let gateway = Gateway::start(vec![]).await;
    gateway.script.lock().unwrap().codeless_repeats = true;
    let form = gateway.get("/new/need").await.body;
    let token = form.split("name=\"token\" value=\"").nth(1).unwrap()[..32].to_owned();
    assert!(!gateway.get("/new/need").await.body.contains(&token), "one-time");
    let body = format!("text=bread&token={token}");
    let (first, second) = (gateway.form("/new/need", &body).await, gateway.form("/new/need", &body).await);
    for posted in [first, second] {
        let page = gateway.get(posted.header("location")).await;
        assert!(page.body.contains("lamp river seven"), "{}", page.body);
    }
    gateway.form("/new/need", "text=bread&token=../../x").await;
    let posts = gateway.script.lock().unwrap().posts.clone();
    assert_eq!(posts[0], (Kind::Need, format!("form:{token}")), "whatever address the second tap comes from");
    assert_eq!(posts[0], posts[1]);
    assert_eq!(posts[2].1, "http:127.0.0.1", "a token that is none of ours is none");
}

/// "I'll bring it", and every act with a code word, must work with no script at all.
#[tokio::test]
async fn an_item_takes_an_answer_and_the_acts_of_both_sides() {
    let mut need = item("need", 1, "bread");
    need.claims = vec![claim(9, "assigned", "with butter"), claim(8, "standby", "")];
    need.status = "assigned";
    need.assign_by = "requester";
    let (id, claim_id) = (need.id.clone(), need.claims[0].id.clone());
    let mut notice = item("notice", 2, "smoke");
    notice.status = "unconfirmed";
    let notice_id = notice.id.clone();
    let gateway = Gateway::start(vec![need, notice]).await;
    let page = gateway.get(&format!("/need/{id}")).await.body;
    for text in ["I&apos;ll bring it", "I'll bring it", "with butter", "1.5", "rice", "speaks arabic"] {
        assert!(page.contains(text) || text.contains('\'') || text.contains('&'), "{text}");
    }
    for (path, body, kind) in [
        (format!("/need/{id}"), "act=claim&message=soon".to_owned(), Kind::Claim),
        (format!("/need/{id}"), "act=confirm&code=Lamp,+River-Seven".to_owned(), Kind::Confirm),
        (format!("/need/{id}"), "act=withdraw&code=lamp+river+seven".to_owned(), Kind::Withdraw),
        (format!("/need/{id}"), format!("act=no_show&code=a&claim={claim_id}"), Kind::NoShow),
        (format!("/need/{id}"), format!("act=assign&code=a&claim={claim_id}"), Kind::Assign),
        (format!("/need/{id}"), "act=reopen&code=a".to_owned(), Kind::Reopen),
        (format!("/need/{id}"), "act=done&code=a".to_owned(), Kind::Done),
        (format!("/notice/{notice_id}"), "act=cosign".to_owned(), Kind::Cosign),
        (format!("/notice/{notice_id}"), "act=withdraw&code=a".to_owned(), Kind::Withdraw),
        ("/code".to_owned(), "act=done&code=a".to_owned(), Kind::Done),
    ] {
        let reply = gateway.form(&path, &body).await;
        assert_eq!(reply.status, 303, "{body}: {}", reply.body);
        assert_eq!(gateway.script.lock().unwrap().posts.last().unwrap().0, kind, "{body}");
    }
    let started = gateway.form(&format!("/need/{id}"), "act=start&code=a").await;
    let shown = gateway.get(started.header("location")).await;
    assert!(shown.body.contains("ring twice &lt;i&gt;"), "the contact, to the helper");
    let count = gateway.script.lock().unwrap().posts.len();
    for body in ["act=confirm&code=", "act=launch&code=a", "code=a", "act=no_show&code=a"] {
        let reply = gateway.form(&format!("/need/{id}"), body).await;
        assert_eq!(reply.status, 422, "{body}");
    }
    assert_eq!(gateway.script.lock().unwrap().posts.len(), count);
    let gone = gateway.get(&format!("/need/{}", "f".repeat(64))).await;
    assert!(gone.status == 404 && gone.body.contains("It may be over"));
    assert_eq!(gateway.get(&format!("/offer/{id}")).await.status, 404);
}

/// A neighbour without script would look at an old board for hours; or lose what he types, or could not stop it.
#[tokio::test]
async fn without_script_the_board_renews_itself_and_nothing_else_does() {
    let gateway = Gateway::start(vec![item("need", 1, "rice")]).await;
    let refresh = "<meta http-equiv=\"refresh\" content=\"60\">";
    for board in ["/", "/?kind=need", "/?still=no"] {
        let page = gateway.get(board).await.body;
        let head = page.split("</head>").next().unwrap();
        assert!(head.split("<noscript>").nth(1).is_some_and(|inside| inside.contains(refresh)), "{board}: {head}");
        assert!(page.contains("href=\"/?") && page.contains("Stop that") && page.contains("search=open"), "{page}");
    }
    let id = RecordId([1; 32]);
    for other in [
        "/?still=yes",
        "/?search=open",
        "/?q=rice",
        "/?zone=b&kind=need",
        "/?category=food",
        "/new/need",
        "/code",
        "/help",
        "/me",
        &format!("/need/{id}"),
        "/bulletin",
        "/?kind=need&after=nonsense",
    ] {
        assert!(!gateway.get(other).await.body.contains("http-equiv"), "{other}");
    }
    assert!(gateway.get("/?search=open").await.body.contains("<details open>"));
    let stopped = gateway.get("/?still=yes").await;
    assert!(stopped.header("set-cookie").starts_with("still=yes; Path=/; "), "{}", stopped.head);
    let at = gateway.at;
    let get = |more: &str| format!("GET / HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n{more}\r\n");
    let remembered = gateway.send(&get("Cookie: lang=en; still=yes\r\n")).await.body;
    assert!(!remembered.contains("http-equiv") && remembered.contains("Load it every minute"), "{remembered}");
}

/// A page of another site could post in a neighbour's name.
#[tokio::test]
async fn another_sites_form_is_refused() {
    let gateway = Gateway::start(vec![]).await;
    let form = "application/x-www-form-urlencoded";
    for header in [
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Referer: http://evil.example/\r\n",
    ] {
        let reply = gateway.post_with("/new/need", form, header, "text=x").await;
        assert_eq!(reply.status, 403, "{header}");
        let reply = gateway.post_with("/api/v1/needs", "text/plain", header, "x").await;
        assert_eq!((reply.status, &reply.json()["error"]), (403, &"cross_site".into()));
    }
    let own = format!("Origin: http://{}\r\n", gateway.at);
    assert_eq!(gateway.post_with("/new/need", form, &own, "text=x").await.status, 303);
    assert_eq!(gateway.script.lock().unwrap().posts.len(), 1);
}

/// An ended writer answers with nothing, and an empty board would tell neighbours that nobody needs help.
#[tokio::test]
async fn an_ended_writer_is_no_empty_board() {
    let mut gateway = Gateway::start(vec![item("need", 1, "bread")]).await;
    assert_eq!(gateway.get("/healthz").await.body, "ok\n");
    gateway.health.send_modify(|health| health.state = "disk_full");
    let full = gateway.get("/healthz").await;
    assert!(full.status == 503 && full.body.contains("disk is full"), "{full:?}");
    assert!(gateway.get("/").await.body.contains("disk is full"));
    gateway.writer.abort();
    gateway.health = Arc::new(tokio::sync::watch::channel(Default::default()).0);
    for path in ["/", "/need/01010101", "/api/v1/needs", "/api/v1/summary", "/healthz"] {
        assert_eq!(gateway.get(path).await.status, 503, "{path}");
    }
    assert_eq!(gateway.form("/new/need", "text=x").await.status, 503);
}
