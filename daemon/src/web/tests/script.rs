use commons_core::codec::SignedRecord;
use commons_core::identity::{hex, MemberKey, Signature};
use commons_core::record::Kind;

use super::harness::{item, Gateway};

/// A list of what the page loads, from its markup.
fn loaded(page: &str) -> Vec<&str> {
    page.split('"').filter(|part| part.starts_with("/assets/")).collect()
}

/// A phone would load what it has, wait for minutes on a slow link, or be given bytes it cannot read.
#[tokio::test]
async fn pages_and_scripts_go_out_packed_and_once() {
    let gateway = Gateway::start((0..40).map(|n| item("need", n, "two loaves of bread")).collect()).await;
    let ask = |path: &str, more: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{more}\r\n", gateway.at);
        let gateway = &gateway;
        async move { gateway.send(&request).await }
    };
    let page = gateway.get("/").await;
    assert_eq!(
        (page.header("content-encoding"), page.header("vary")),
        ("", "accept-language, cookie, accept-encoding")
    );
    assert_eq!(
        loaded(&page.body).len(),
        4,
        "style, script, words, and a style without script: {:?}",
        loaded(&page.body)
    );
    let packed = ask("/", "Accept-Encoding: gzip\r\n").await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let length = |reply: &super::harness::Reply| reply.header("content-length").parse::<usize>().unwrap();
    assert!(length(&packed) * 4 < length(&page), "{} of {}", length(&packed), length(&page));
    let tag = page.header("etag");
    assert_eq!(packed.header("etag"), tag, "the same page");
    let again = ask("/", &format!("If-None-Match: {tag}\r\n")).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    gateway.script.lock().unwrap().items.remove(0);
    let changed = ask("/", &format!("If-None-Match: {tag}\r\n")).await;
    assert_eq!(changed.status, 200);
    // What is meant for one person only is never marked or kept.
    assert_eq!(gateway.form("/new/need", "text=").await.header("etag"), "");

    for path in loaded(&page.body) {
        let plain = gateway.get(path).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, ""), "{path}");
        assert!(plain.header("cache-control").contains("immutable"), "{path}");
        let packed = ask(path, "Accept-Encoding: gzip\r\n").await;
        assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
        let known = ask(path, &format!("If-None-Match: {}\r\n", plain.header("etag"))).await;
        assert_eq!(known.status, 304, "{path}");
    }
    assert_eq!(gateway.get("/assets/app-0000000000000000.js").await.status, 404);
}

/// A neighbour's text that slipped through could run; or the page could not load its own script.
#[tokio::test]
async fn only_our_own_script_files_may_run() {
    let gateway = Gateway::start(vec![item("need", 1, "x")]).await;
    for path in ["/", "/me", "/new/need", "/help"] {
        let page = gateway.get(path).await;
        let policy = page.header("content-security-policy");
        for part in
            ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "form-action 'self'", "base-uri 'none'"]
        {
            assert!(policy.split("; ").any(|one| one == part), "{part}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.body.matches("<script").count(), 1, "{path}");
        assert!(!page.body.contains(" style=") && !page.body.contains(" onclick="), "{path}");
    }
}

/// What a phone signs must go in as signed, and what is no record must come back as a refusal, not land on the board as words.
#[tokio::test]
async fn a_form_may_bring_a_signed_record() {
    let gateway = Gateway::start(vec![item("need", 1, "bread")]).await;
    let record = SignedRecord { author: MemberKey([1; 32]), record: vec![1; 40], signature: Signature([2; 64]) };
    let signed = hex(&record.encode());
    let posted = gateway.form("/new/offer", &format!("text=soup&signed={signed}")).await;
    assert_eq!(posted.status, 303, "{posted:?}");
    let id = "01".repeat(32);
    // No code word: the signature stands for it.
    let act = gateway.form(&format!("/need/{id}"), &format!("act=confirm&signed={signed}")).await;
    assert_eq!(act.status, 303, "{act:?}");
    let kinds: Vec<Kind> = gateway.script.lock().unwrap().posts.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [Kind::Offer, Kind::Confirm]);
    for bad in ["zz", "7b7d", "fe", "fe01", "insulin"] {
        let refused = gateway.form("/new/offer", &format!("text=soup&signed={bad}")).await;
        assert_eq!(refused.status, 400, "{bad}");
        assert!(refused.body.contains("soup"), "what was typed stays");
    }
    assert_eq!(gateway.form(&format!("/need/{id}"), &format!("act=&signed={signed}")).await.status, 422);
    assert_eq!(gateway.script.lock().unwrap().posts.len(), 2);
}
