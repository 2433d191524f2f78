use std::sync::Arc;

use super::harness::{item, Gateway, Reply};
use crate::config::Config;

async fn gateway(portal: bool) -> Gateway {
    let mut config = Config::default();
    config.portal.enabled = portal;
    config.http.names = vec!["maple.local".into(), "board.example.org".into()];
    Gateway::configured(vec![item("need", 1, "insulin")], config, Arc::new(|_, _| {})).await
}

async fn ask(gateway: &Gateway, method: &str, host: &str, path: &str, more: &str) -> Reply {
    let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
    gateway.send(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}{length}Connection: close\r\n\r\n")).await
}

type System = (&'static str, &'static str, &'static str, Option<(u16, &'static str)>);

/// Host, path, agent, then what the system takes for success: status, body, and none if it must always see the page.
const SYSTEMS: &[System] = &[
    ("captive.apple.com", "/hotspot-detect.html", "CaptiveNetworkSupport-481.60.2 wispr", Some((200, APPLE))),
    ("captive.apple.com", "/", "CaptiveNetworkSupport-481.60.2 wispr", Some((200, APPLE))),
    ("www.apple.com", "/library/test/success.html", "CaptiveNetworkSupport-355 wispr", Some((200, APPLE))),
    ("www.ibook.info", "/abc/def.html", "CaptiveNetworkSupport-306 wispr", Some((200, APPLE))),
    ("gsp1.apple.com", "/other", "CaptiveNetworkSupport-499 wispr", Some((200, APPLE))),
    ("connectivitycheck.gstatic.com", "/generate_204", "Dalvik/2.1.0", Some((204, ""))),
    ("connectivitycheck.android.com", "/generate_204", "Dalvik/2.1.0", Some((204, ""))),
    ("clients3.google.com", "/generate_204", "Chrome", Some((204, ""))),
    ("www.google.com", "/gen_204", "Dalvik/2.1.0", Some((204, ""))),
    ("connect.rom.miui.com", "/generate_204", "", Some((204, ""))),
    ("connectivitycheck.platform.hicloud.com", "/generate_204", "", Some((204, ""))),
    ("connectivitycheck.samsung.com", "/generate_204", "", Some((204, ""))),
    ("fireoscaptiveportal.com", "/generate_204", "", Some((204, ""))),
    ("www.msftconnecttest.com", "/connecttest.txt", "Microsoft NCSI", Some((200, "Microsoft Connect Test"))),
    ("ipv6.msftconnecttest.com", "/connecttest.txt", "Microsoft NCSI", Some((200, "Microsoft Connect Test"))),
    ("www.msftconnecttest.com", "/redirect", "Mozilla/5.0", None),
    ("www.msftncsi.com", "/ncsi.txt", "Microsoft NCSI", Some((200, "Microsoft NCSI"))),
    ("detectportal.firefox.com", "/canonical.html", "Firefox", Some((200, FIREFOX))),
    ("detectportal.firefox.com", "/success.txt?ipv4", "Firefox", Some((200, "success\n"))),
    ("nmcheck.gnome.org", "/check_network_status.txt", "", Some((200, "NetworkManager is online\n"))),
    ("network-test.debian.org", "/nm", "", Some((200, "NetworkManager is online\n"))),
    ("ping.archlinux.org", "/nm-check.txt", "", Some((200, "NetworkManager is online\n"))),
    ("networkcheck.kde.org", "/", "", Some((200, "OK\n"))),
    ("fedoraproject.org", "/static/hotspot.txt", "", Some((200, "OK"))),
    ("connectivity-check.ubuntu.com", "/", "", Some((204, ""))),
    ("spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html", "Kindle", Some((200, KINDLE))),
    ("spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub-eink.html", "Kindle", Some((200, KINDLE))),
];
const APPLE: &str = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>\n";
const FIREFOX: &str = "<meta http-equiv=\"refresh\" content=\"0;url=https://support.mozilla.org/kb/captive-portal\"/>";
const KINDLE: &str = "81ce4465-7167-4dcb-835b-dcc9e44c112a";

/// A prober that follows us would go round and round, and the phone would say that there is no internet instead of opening.
#[tokio::test]
async fn who_follows_a_probe_comes_to_the_page() {
    let gateway = gateway(true).await;
    let home = gateway.at.to_string();
    for (host, path, agent, _) in SYSTEMS {
        let agent = format!("User-Agent: {agent}\r\n");
        let first = ask(&gateway, "GET", host, path, &agent).await;
        assert_eq!((first.status, first.header("location")), (302, &*format!("http://{home}/")), "{host}");
        let page = ask(&gateway, "GET", &home, "/", &agent).await;
        assert!(page.status == 200 && page.body.contains("insulin"), "{host}: {}", page.status);
    }
    gateway.form("/portal", "choice=browser").await;
    let board = ask(&gateway, "GET", &home, "/", "User-Agent: CaptiveNetworkSupport-481.60.2 wispr\r\n").await;
    assert!(board.body.contains("insulin"), "the page is no probe");
}

/// A phone would call the Wi-Fi broken and leave it, or never open the page by itself, or never let links out of the window.
#[tokio::test]
async fn each_system_gets_the_page_first_and_what_it_wants_after_the_choice() {
    let gateway = gateway(true).await;
    let page = format!("http://{}/", gateway.at);
    let probe = |system: &'static System| {
        let (host, path, agent, _) = *system;
        let gateway = &gateway;
        async move { ask(gateway, "GET", host, path, &format!("User-Agent: {agent}\r\n")).await }
    };
    for system in SYSTEMS {
        let reply = probe(system).await;
        assert_eq!((reply.status, reply.header("location")), (302, page.as_str()), "{system:?}");
        assert_eq!((reply.header("cache-control"), reply.body.as_str()), ("no-store", ""), "{system:?}");
    }
    let offered = gateway.get("/portal").await;
    assert!(offered.body.contains("Open in my browser") && offered.body.contains(&page), "{}", offered.body);
    let chosen = gateway.form("/portal", "choice=browser").await;
    assert_eq!((chosen.status, chosen.header("location")), (303, "/portal"));
    assert!(gateway.get("/portal").await.body.contains("Now open your browser"));
    for system in SYSTEMS {
        let reply = probe(system).await;
        match system.3 {
            Some((status, body)) => {
                assert_eq!(reply.status, status, "{system:?}");
                let same = if body == KINDLE { reply.body.contains(body) } else { reply.body == body };
                assert!(same, "{system:?}: {}", reply.body);
                assert_eq!(reply.header("cache-control"), "no-store");
            }
            None => assert_eq!((reply.status, reply.header("location")), (302, page.as_str()), "{system:?}"),
        }
    }
    let head = ask(&gateway, "HEAD", "nmcheck.gnome.org", "/check_network_status.txt", "").await;
    assert_eq!((head.status, head.header("x-networkmanager-status")), (200, "online"));
    // Whatever else is asked of other hosts leads to the page all the same.
    let other = ask(&gateway, "GET", "neverssl.com", "/some/where?x=1", "").await;
    assert_eq!((other.status, other.header("location")), (302, page.as_str()));
}

/// A desktop's own network would be told that there is no way out; or a system would be lied to without anybody's choice.
#[tokio::test]
async fn without_the_portal_no_probe_gets_success() {
    let gateway = gateway(false).await;
    assert_eq!(gateway.get("/portal").await.status, 404);
    assert_eq!(gateway.form("/portal", "choice=browser").await.status, 404);
    assert_eq!(gateway.get("/portal/api").await.status, 404);
    for (host, path, ..) in SYSTEMS {
        let reply = ask(&gateway, "GET", host, path, "").await;
        assert_eq!(reply.status, 302, "{host}{path}");
        assert!(reply.header("location").starts_with(&format!("http://{}/", gateway.at)));
    }
}

/// Another site's page could send a phone back into the small window, or out of it; a form could say something odd.
#[tokio::test]
async fn the_choice_is_made_on_our_own_page_only() {
    let gateway = gateway(true).await;
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let (at, foreign) = (gateway.at.to_string(), format!("{kind}Origin: http://evil.example\r\n"));
    assert_eq!(ask(&gateway, "POST", &at, "/portal", &foreign).await.status, 403);
    assert_eq!(ask(&gateway, "POST", "captive.apple.com", "/portal", kind).await.status, 421);
    assert_eq!(gateway.post("/portal", "text/plain", "x").await.status, 415);
    assert_eq!(ask(&gateway, "GET", "connectivitycheck.gstatic.com", "/generate_204", "").await.status, 302);
    // In such a window every page offers the way out; in a browser none does.
    let window = "User-Agent: Mozilla/5.0 (Linux; Android 14; wv) CaptivePortalLogin\r\n";
    let shown = ask(&gateway, "GET", &gateway.at.to_string(), "/", window).await;
    assert!(shown.body.contains("action=\"/portal\""), "{}", shown.body);
    assert!(!gateway.get("/").await.body.contains("action=\"/portal\""));
}

/// A phone that knows RFC 8908 would be told nothing, or told by a gateway whose keeper did not turn it on.
#[tokio::test]
async fn the_api_answers_only_when_switched_on() {
    assert_eq!(gateway(true).await.get("/portal/api").await.status, 404);
    let mut config = Config::default();
    (config.portal.enabled, config.portal.api) = (true, true);
    let gateway = Gateway::configured(vec![], config, Arc::new(|_, _| {})).await;
    let before = gateway.get("/portal/api").await;
    assert_eq!(before.header("content-type"), "application/captive+json");
    assert_eq!(before.json()["captive"], true);
    assert_eq!(before.json()["user-portal-url"], format!("http://{}/", gateway.at));
    gateway.form("/portal", "choice=browser").await;
    let after = gateway.get("/portal/api").await.json();
    assert!(after["captive"] == false && after["seconds-remaining"].as_u64().unwrap() > 1_700, "{after}");
}

/// A page elsewhere that points its own name at the gateway could post, or read with the keeper's cookie; a phone that came by
/// another name would find no page.
#[tokio::test]
async fn under_another_name_nothing_is_changed_and_reading_leads_home() {
    let gateway = gateway(false).await;
    let home = format!("http://{}", gateway.at);
    let json = "Content-Type: text/plain\r\n";
    for host in ["evil.example", "10.44.7.1.evil.example:80", "evil.example.local", "", "evil.example:8080"] {
        for (path, to) in [
            ("/", "/"),
            ("/?kind=need", "/?kind=need"),
            ("/new/need", "/new/need"),
            ("/api/v1/needs", "/api/v1/needs"),
            ("/keeper", "/keeper"),
            ("/wherever", "/"),
            ("//evil.example/", "/"),
        ] {
            let reply = ask(&gateway, "GET", host, path, "").await;
            assert_eq!(
                (reply.status, reply.header("location")),
                (302, format!("{home}{to}").as_str()),
                "{host} {path}"
            );
            assert!(reply.body.is_empty() && reply.header("set-cookie").is_empty());
        }
        for path in ["/new/need", "/api/v1/needs", "/code", "/keeper/in", "/keeper/export", "/nowhere"] {
            let reply = ask(&gateway, "POST", host, path, json).await;
            assert_eq!(reply.status, 421, "{host} {path}");
            assert!(reply.body.contains(&home), "{}", reply.body);
        }
        assert_eq!(ask(&gateway, "GET", host, "/mqtt", "").await.status, 421, "{host}");
    }
    assert!(gateway.script.lock().unwrap().posts.is_empty());
    for host in ["raspberrypi.local", "commons.lan:80", "COMMONS.LAN"] {
        let reply = ask(&gateway, "GET", host, "/new/need", "").await;
        assert_eq!((reply.status, reply.header("location")), (302, format!("{home}/new/need").as_str()), "{host}");
        assert_eq!(ask(&gateway, "GET", host, "/api/v1/needs", "").await.status, 200, "{host}");
    }
    for host in ["board.example.org", "localhost:1", "raspberrypi", "127.0.0.1", "[::1]:9", "192.0.2.1"] {
        assert_eq!(ask(&gateway, "GET", host, "/", "").await.status, 200, "{host}");
    }
    let overridden = gateway
        .send(&format!("GET http://evil.example/ HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", gateway.at))
        .await;
    assert_eq!(overridden.status, 302);
    let programs = ask(&gateway, "POST", "evil.example", "/api/v1/needs", json).await.json();
    assert_eq!(programs["error"], "wrong_host");
    // What comes back in Location is never more than one line of our own.
    let split = ask(&gateway, "GET", "evil.example", "/new/need?x=%0d%0aSet-Cookie:%20keeper=1", "").await;
    assert!(split.header("set-cookie").is_empty() && split.status == 302, "{}", split.head);
}
