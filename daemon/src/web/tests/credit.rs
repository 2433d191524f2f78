use super::harness::{item, Gateway};
use super::ledger::House;
use crate::web::words::Lang;

async fn get(gateway: &Gateway, path: &str, more: &str) -> super::harness::Reply {
    gateway.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{more}\r\n", gateway.at)).await
}

/// Before a community is founded a neighbour would meet an error, or be asked for a PIN that opens nothing.
#[tokio::test]
async fn without_a_community_every_page_of_credit_says_so() {
    let gateway = Gateway::start(Vec::new()).await;
    for lang in Lang::all() {
        for path in
            ["/credit", "/credit/pay?to=x", "/credit/join", "/credit/people", "/credit/covenant", "/credit/back"]
        {
            let page = get(&gateway, path, &format!("Accept-Language: {}\r\n", lang.code())).await;
            assert_eq!(page.status, 404, "{path}");
            assert_eq!(page.header("cache-control"), "no-store", "{path}");
            assert!(page.body.contains("init --found") && !page.body.contains('⟦'), "{path}: {}", page.body);
        }
    }
    for path in ["/credit/pay", "/credit/in", "/credit/join", "/credit/me"] {
        assert_eq!(gateway.form(path, "to=x&amount=1").await.status, 404, "{path}");
    }
    for path in ["/credit/", "/credit/nothing", "/credit/payment", "/credit/member/1/2", "/credit/watch"] {
        assert_eq!(gateway.get(path).await.status, 404, "{path}");
    }
}

/// Another site's page would pay in a neighbour's name.
#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let gateway = Gateway::start(Vec::new()).await;
    let kind = "application/x-www-form-urlencoded";
    for path in ["/credit/pay", "/credit/in", "/credit/out", "/credit/join"] {
        let sent = gateway.post_with(path, kind, "Origin: http://evil.example\r\n", "to=x&amount=1").await;
        assert_eq!(sent.status, 403, "{path}");
    }
}

/// Whoever helped would have to look up whom to ask for the hours, and for what.
#[tokio::test]
async fn a_need_that_was_met_leads_to_its_hours() {
    let mut need = item("need", 1, "carry \"rice\" & water\nup the stairs");
    let id = need.id.clone();
    let gateway = Gateway::start(vec![need.clone()]).await;
    assert!(!gateway.get(&format!("/need/{id}")).await.body.contains("/credit/pay"));
    need.status = "confirmed";
    gateway.script.lock().unwrap().items = vec![need];
    let page = gateway.get(&format!("/need/{id}")).await.body;
    let memo = "memo=carry%20%22rice%22%20%26%20water";
    for path in ["/credit/pay?", "/credit/ask?"] {
        let link =
            page.split("href=\"").find(|rest| rest.starts_with(path)).unwrap_or_else(|| panic!("{path}: {page}"));
        let link = link.split('"').next().unwrap();
        assert!(link.contains(&format!("item={id}")) && link.contains(memo), "{link}");
    }
}

/// Who finds out in the middle of paying that his language is there would begin again; or would pay by looking for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switching_the_language_keeps_what_is_typed_and_says_nothing() {
    let house = House::start().await;
    let (ann, bob) = (house.founder(0), house.founder(1));
    let soup = house.pay(1, ann, 60, "soup").await;
    assert_eq!(house.post(&soup).await.status, 201);
    let before = house.account(0).await;
    let pass = house.pass(0, ann).await.json()["pass"].as_str().unwrap().to_owned();
    let cookie = format!("Cookie: credit={pass}\r\n");
    let page = house.send(&format!("GET /credit/pay?to={bob}&amount=1:30"), &cookie, b"").await.body;
    let mark = page.split("name=\"mark\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let posted: [(String, String, &[&str]); 5] = [
        ("/credit/in".into(), "next=%2Fcredit%2Fask&who=an".into(), &["value=\"an\"", "value=\"/credit/ask\""]),
        (
            "/credit/join".into(),
            "pseudonym=Dee&household=no.+12&custody=card".into(),
            &["value=\"Dee\"", "value=\"no. 12\"", "value=\"card\" checked"],
        ),
        (
            "/credit/pay".into(),
            format!("mark={mark}&to={bob}&amount=lots&memo=t%C3%A9"),
            &["value=\"lots\"", "value=\"té\"", "name=\"mark\""],
        ),
        (
            "/credit/me".into(),
            format!("mark={mark}&pseudonym=Anna&household=&guardian0=bo"),
            &["value=\"Anna\"", "value=\"bo\"", "<details open"],
        ),
        (
            format!("/credit/payment/{}", soup.id),
            format!("mark={mark}&text=half+of+it"),
            &["half of it</textarea>", "<details open"],
        ),
    ];
    let form = format!("{cookie}Content-Type: application/x-www-form-urlencoded\r\n");
    let mut pages = Vec::new();
    for (path, typed, kept) in posted {
        let head = format!("POST {path}?lang=es");
        pages.push((path, house.send(&head, &form, format!("redraw=es&{typed}").as_bytes()).await, kept));
    }
    let asked: [(&str, &[&str]); 3] = [
        ("/credit/pay?redraw=es&step=whom&to=bob", &["value=\"bob\"", "name=\"step\""]),
        ("/credit/ask?redraw=es&sent=yes&amount=&memo=tea", &["value=\"tea\""]),
        ("/credit/back?redraw=es&who=ann&key=", &["value=\"ann\""]),
    ];
    for (path, kept) in asked {
        pages.push((path.to_owned(), house.send(&format!("GET {path}"), &cookie, b"").await, kept));
    }
    for (path, page, kept) in pages {
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        for part in kept.iter().chain(&["<html lang=\"es\"", "<button form=\"post\" formaction=\"/credit/"]) {
            assert!(page.body.contains(part), "{path}: {part}: {}", page.body);
        }
        assert_eq!(page.body.matches("id=\"post\"").count(), 1, "{path}");
        assert!(!page.body.contains("-wrong\""), "{path}: nothing is wrong yet");
        // Enter presses the form's first button, which must not be the switch's.
        let first = page.body.split("form=\"post\"").next().unwrap().rsplit("<button").next().unwrap();
        assert!(first.contains("unseen"), "{path}: {first}");
    }
    assert_eq!(house.account(0).await, before, "nothing was said");
}
