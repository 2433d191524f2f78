use super::harness::{item, Gateway};
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
