use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use commons_core::identity::{GatewayId, MemberKeys, NetworkId, RecordId};
use commons_core::record::{Custody, Facts, Found, Founder, Unit};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::harness::{read_all, Gateway, Reply, PATIENCE};
use crate::carry::{Carried, Carry, Said, Why};
use crate::config::Config;
use crate::keeper::Password;
use crate::neighbours::{Office, Wish};
use crate::web::Keeping;

const PASSWORD: &str = "lamp river seven";

/// Remembers what was brought to it.
#[derive(Default)]
struct Carrier {
    brought: Mutex<Vec<(String, Vec<u8>)>>,
}

impl Carry for Carrier {
    fn export(&self, file: &Path) -> Result<(), Why> {
        std::fs::write(file, vec![7; 200_000]).unwrap();
        Ok(())
    }

    fn import(&self, file: &Path, called: &str) -> Carried {
        let bytes = std::fs::read(file).unwrap();
        let good = bytes.starts_with(b"COMMONS");
        self.brought.lock().unwrap().push((called.to_owned(), bytes));
        let refused = || Said::Refused { file: called.to_owned(), why: Why::NotABundle };
        Carried { good, said: vec![if good { Said::Took(3) } else { refused() }] }
    }
}

struct Kept {
    gateway: Gateway,
    carrier: Arc<Carrier>,
    wishes: Arc<Mutex<Vec<Wish>>>,
    data: tempfile::TempDir,
    cookie: String,
    mark: String,
}

impl Kept {
    async fn start(config: Config) -> Self {
        let gateway = Gateway::configured(vec![], config.clone(), Arc::new(|_, _| {})).await;
        gateway.health.send_modify(|health| health.disk_free_bytes = 1 << 40);
        let data = tempfile::tempdir().unwrap();
        let (carrier, wishes) = (Arc::new(Carrier::default()), Arc::new(Mutex::new(Vec::new())));
        let office: Office = {
            let wishes = wishes.clone();
            Arc::new(move |wish| {
                wishes.lock().unwrap().push(wish.clone());
                let done = match wish {
                    Wish::List => Ok(json!({
                        "peers": [{"id": "cd".repeat(32), "name": "Block <i>", "paired": true, "link": {"since_ms": 61_000},
                                   "heard_ms_ago": 2_000, "queue_out": 7, "bytes_in": 2_048, "complete": true},
                                  {"id": "12".repeat(32), "name": "Oak", "paired": true, "link": null,
                                   "why": "the connection ended", "why_code": "ended"}],
                        "near": [{"id": "ef".repeat(32), "name": "Cedar", "address": "192.0.2.9:1883"}],
                        "codes": [{"code": "AAAAA-BBBBB", "given_up": false}, {"code": "CCCCC-DDDDD", "given_up": true}],
                    })),
                    Wish::Invite => Ok(json!({"code": "2K4BE-8P2ES", "addresses": ["10.44.7.1:1883"]})),
                    Wish::Add(code, None) if code == "good" => Ok(json!({"code": code})),
                    Wish::Only(..) => unreachable!("the page has no such form"),
                    Wish::Add(..) => Err(("wrong_code", "a letter is wrong".to_owned())),
                    Wish::Remove(_) => Ok(json!({"removed": {"name": "Block <i>"}})),
                };
                Box::pin(async move { done })
            })
        };
        let (_, config) = tokio::sync::watch::channel(config);
        let keeping = Keeping { data: data.path().to_owned(), office, carry: carrier.clone(), config };
        gateway.web.let_keep(keeping);
        Self { gateway, carrier, wishes, data, cookie: String::new(), mark: String::new() }
    }

    /// With somebody logged in.
    async fn entered() -> Self {
        Self::entered_with(Config::default()).await
    }

    async fn entered_with(config: Config) -> Self {
        let mut kept = Self::start(config).await;
        Password::set(kept.data.path(), PASSWORD).unwrap();
        let reply = kept.log_in(PASSWORD, "").await;
        assert_eq!((reply.status, reply.header("location")), (303, "/keeper"), "{}", reply.body);
        kept.cookie = cookie_of(&reply);
        let page = kept.page().await;
        kept.mark = page.body.split("name=\"form\" value=\"").nth(1).unwrap()[..64].to_owned();
        kept
    }

    async fn log_in(&self, password: &str, more: &str) -> Reply {
        let body = format!("password={}", password.replace(' ', "+"));
        self.gateway.post_with("/keeper/in", "application/x-www-form-urlencoded", more, &body).await
    }

    fn with_cookie(&self) -> String {
        format!("Cookie: lang=en; keeper={}\r\n", self.cookie)
    }

    async fn get(&self, path: &str, more: &str) -> Reply {
        let at = self.gateway.at;
        self.gateway.send(&format!("GET {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n{more}\r\n")).await
    }

    async fn page(&self) -> Reply {
        self.get("/keeper", &self.with_cookie()).await
    }

    async fn act(&self, act: &str, fields: &str) -> Reply {
        let body = format!("form={}&{fields}", self.mark);
        let kind = "application/x-www-form-urlencoded";
        self.gateway.post_with(&format!("/keeper/{act}"), kind, &self.with_cookie(), &body).await
    }

    async fn upload(&self, body: &[u8], more: &str) -> Reply {
        let mut stream = TcpStream::connect(self.gateway.at).await.unwrap();
        let head = format!(
            "POST /keeper/import HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{}{more}Content-Length: {}\r\n\r\n",
            self.gateway.at,
            self.with_cookie(),
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // The gateway may answer and close before all of it is sent.
        let _ = stream.write_all(body).await;
        read_all(&mut stream).await
    }

    async fn nothing_is_left(&self) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.data.path().join("passing").exists() {
            assert!(tokio::time::Instant::now() < deadline, "something is left");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

const MULTIPART: &str = "Content-Type: multipart/form-data; boundary=----x42\r\n";

fn field(name: &str, value: &str) -> Vec<u8> {
    format!("------x42\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes()
}

fn file(called: &str, bytes: &[u8]) -> Vec<u8> {
    let mut part = format!(
        "------x42\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{called}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    part.extend_from_slice(bytes);
    part.extend_from_slice(b"\r\n------x42--\r\n");
    part
}

fn cookie_of(reply: &Reply) -> String {
    reply.header("set-cookie").strip_prefix("keeper=").unwrap()[..64].to_owned()
}

/// Whoever is near could take the gateway over before its keeper set a password.
#[tokio::test]
async fn without_a_password_the_page_says_the_command_and_nothing_else() {
    let kept = Kept::start(Config::default()).await;
    let page = kept.get("/keeper", "").await;
    assert!(page.status == 200 && page.body.contains("commonsd keeper password"), "{}", page.body);
    assert!(!page.body.contains("Cedar") && !page.body.contains("type=\"password\""));
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(kept.log_in("", "").await.status, 403);
    for act in ["invite", "add", "remove", "export", "out"] {
        assert_eq!(kept.act(act, "").await.status, 403, "{act}");
    }
    assert_eq!(kept.upload(&file("a", b"x"), MULTIPART).await.status, 403);
    assert!(kept.wishes.lock().unwrap().is_empty());
    std::fs::write(kept.data.path().join(crate::keeper::FILE), "{").unwrap();
    assert!(kept.get("/keeper", "").await.body.contains("is damaged"));
    assert_eq!(kept.log_in("x", "").await.status, 403);
}

/// The keeper could not come in; or his cookie would be read by a script, sent along by another site, or live for ever.
#[tokio::test]
async fn the_password_opens_the_page_and_logging_out_closes_it() {
    let kept = Kept::entered().await;
    let page = kept.page().await;
    for part in [
        "Block &lt;i&gt;",
        "cdcdcdcd",
        "Linked for 61 s. Last heard 2 s ago. Everything it has is here.",
        "To send 7",
        "192.0.2.9:1883",
        "AAAAA-BBBBB",
        "This code does not work",
        "commonsd backup --to FILE",
        "1.0\u{a0}TiB",
        "enctype=\"multipart/form-data\"",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let again = kept.log_in(PASSWORD, "").await;
    let line = again.header("set-cookie");
    assert!(line.ends_with("; Path=/keeper; HttpOnly; SameSite=Strict"), "{line}");
    assert_ne!(cookie_of(&again), kept.cookie);
    for bad in ["", "keeper=", "keeper=x", &format!("keeper={}", "0".repeat(64))] {
        let page = kept.get("/keeper", &format!("Cookie: {bad}\r\n")).await;
        assert!(page.body.contains("type=\"password\"") && !page.body.contains("Cedar"), "{bad}");
    }
    let out = kept.act("out", "").await;
    assert!(out.status == 303 && out.header("set-cookie").contains("Max-Age=0"));
    assert!(kept.page().await.body.contains("type=\"password\""));
    // A form's answer that is loaded again, or opened in another language, leads back.
    assert_eq!(kept.get("/keeper/in", "").await.header("location"), "/keeper");
}

/// A neighbour would find the password by trying all evening; nobody would be told to wait.
#[tokio::test]
async fn guesses_are_slowed_and_noted() {
    let kept = Kept::entered().await;
    for _ in 0..5 {
        let wrong = kept.log_in("wrong", "").await;
        assert!(wrong.status == 403 && wrong.body.contains("That is not the password."), "{}", wrong.body);
        assert!(wrong.body.contains("aria-invalid=\"true\"") && wrong.header("set-cookie").is_empty());
    }
    // The right one does not help while one must wait.
    let slowed = kept.log_in(PASSWORD, "").await;
    assert_eq!(slowed.status, 429);
    let wait_s: u64 = slowed.header("retry-after").parse().unwrap();
    assert!((5..=11).contains(&wait_s) && slowed.body.contains(&format!("Wait {wait_s} seconds")), "{}", slowed.body);
    // Whoever is in already notices nothing, and sees it.
    let page = kept.page().await;
    assert!(page.body.contains("not_the_keeper") && page.body.contains("too_many_tries"), "{}", page.body);
    assert!(page.body.contains("this page: The password or key of this page was wrong."), "{}", page.body);
    assert!(page.body.contains("×5") && page.body.contains("…0.1"));
}

/// Many tries at once would be a way round the count.
#[tokio::test]
async fn tries_at_once_are_one_at_a_time() {
    let kept = Kept::entered().await;
    let tries = (0..40).map(|_| kept.log_in("wrong", ""));
    let statuses: Vec<u16> = futures_util::future::join_all(tries).await.iter().map(|reply| reply.status).collect();
    let checked = statuses.iter().filter(|status| **status == 403).count();
    assert!(checked <= 5 && statuses.iter().all(|status| [403, 429].contains(status)), "{statuses:?}");
}

/// Somebody could give the keeper a cookie of his own beforehand, or stay in after the password was changed.
#[tokio::test]
async fn a_session_is_never_of_a_strangers_choosing_and_ends_with_its_password() {
    let kept = Kept::entered().await;
    let planted = "ab".repeat(32);
    let reply = kept.log_in(PASSWORD, &format!("Cookie: keeper={planted}\r\n")).await;
    assert_ne!(cookie_of(&reply), planted);
    assert!(!kept.get("/keeper", &format!("Cookie: keeper={planted}\r\n")).await.body.contains("Cedar"));
    // Logging in again ends the session one had.
    let next = cookie_of(&kept.log_in(PASSWORD, &kept.with_cookie()).await);
    assert!(!kept.page().await.body.contains("Cedar"));
    assert!(kept.get("/keeper", &format!("Cookie: keeper={next}\r\n")).await.body.contains("Cedar"));
    Password::set(kept.data.path(), PASSWORD).unwrap();
    assert!(!kept.get("/keeper", &format!("Cookie: keeper={next}\r\n")).await.body.contains("Cedar"));
}

/// Another site, or another page at this address, could pair or part gateways with the keeper's browser.
#[tokio::test]
async fn acts_need_the_sessions_own_mark() {
    let kept = Kept::entered().await;
    let before = kept.wishes.lock().unwrap().len();
    let kind = "application/x-www-form-urlencoded";
    let other = Kept::entered().await.mark;
    for body in ["", "form=", &format!("form={}", "0".repeat(64)), &format!("form={other}&peer=x&sure=yes"), "sure=yes"]
    {
        for act in ["invite", "add", "remove", "export", "out"] {
            let reply = kept.gateway.post_with(&format!("/keeper/{act}"), kind, &kept.with_cookie(), body).await;
            assert_eq!(reply.status, 403, "{act} {body}");
        }
        let form = body.strip_prefix("form=").unwrap_or_default();
        let upload = [field("form", form), file("a", b"COMMONS")].concat();
        assert_eq!(kept.upload(&upload, MULTIPART).await.status, 403, "{body}");
    }
    // Its mark does not help a page of another origin, nor another name of ours.
    let body = format!("form={}&sure=yes&peer=x", kept.mark);
    for foreign in [
        "Origin: http://evil.example\r\n",
        "Origin: null\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Referer: http://127.0.0.1:9/\r\n",
    ] {
        let more = format!("{}{foreign}", kept.with_cookie());
        assert_eq!(kept.gateway.post_with("/keeper/remove", kind, &more, &body).await.status, 403, "{foreign}");
    }
    for method in ["GET", "POST"] {
        let named = format!(
            "{method} /keeper HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Length: 0\r\n{}\r\n",
            kept.with_cookie()
        );
        let reply = kept.gateway.send(&named).await;
        assert!([302, 421].contains(&reply.status) && !reply.body.contains("Cedar"), "{reply:?}");
    }
    assert_eq!(kept.wishes.lock().unwrap().len(), before);
    assert!(kept.carrier.brought.lock().unwrap().is_empty());
}

/// The keeper could not pair without a terminal, or would lose a neighbour by one slip of the thumb.
#[tokio::test]
async fn a_keeper_pairs_and_parts() {
    let kept = Kept::entered().await;
    assert_eq!(kept.act("invite", "").await.status, 303);
    let page = kept.page().await;
    assert!(page.body.contains("2K4BE-8P2ES") && page.body.contains("<svg"), "{}", page.body);
    assert!(!kept.page().await.body.contains("2K4BE-8P2ES"), "shown once");
    for (typed, sentence) in [("", "Type the code here."), ("%3Cb%3E%0d%0aX:1", "This is not a code")] {
        let reply = kept.act("add", &format!("code={typed}")).await;
        assert!(reply.status == 422 && reply.body.contains(sentence), "{typed}: {}", reply.body);
        assert!(reply.body.contains("href=\"#code\"") && reply.body.contains("aria-invalid=\"true\""));
        assert!(!reply.body.contains("<b>") && reply.header("x").is_empty());
    }
    assert!(kept.act("add", "code=bad").await.body.contains("value=\"bad\""), "what was typed stays");
    assert_eq!(kept.act("add", "code=good").await.status, 303);
    assert!(kept.page().await.body.contains("Kept. The two are paired"));
    let id = "cd".repeat(32);
    let asked = kept.act("remove", &format!("peer={id}")).await;
    assert!(
        asked.status == 200 && asked.body.contains("Remove this gateway?") && asked.body.contains("Block &lt;i&gt;")
    );
    assert!(!kept.wishes.lock().unwrap().iter().any(|wish| matches!(wish, Wish::Remove(_))));
    assert_eq!(kept.act("remove", "peer=nobody").await.status, 422);
    assert_eq!(kept.act("remove", &format!("peer={id}&sure=yes")).await.status, 303);
    assert_eq!(kept.wishes.lock().unwrap().last(), Some(&Wish::Remove(id)));
    assert!(kept.page().await.body.contains("No longer paired with <bdi dir=\"auto\">Block &lt;i&gt;</bdi>"));
    assert_eq!(kept.act("nothing", "").await.status, 404);
}

/// A bundle would arrive cut or changed, or stay on the gateway's disk for ever.
#[tokio::test]
async fn bundles_go_and_come_whole() {
    let kept = Kept::entered().await;
    let down = kept.act("export", "").await;
    assert_eq!((down.status, down.header("content-type")), (200, "application/octet-stream"));
    assert_eq!(down.header("content-disposition"), "attachment; filename=\"commons-abababab.cbundle\"");
    assert!(down.body.matches('\u{7}').count() == 200_000, "all of it");
    let mut bytes = b"COMMONS\r\n--\r\n------x4 \r\n".to_vec();
    bytes.extend((0..300_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8));
    let body = [field("form", &kept.mark), file("to \u{e9} <b>.cbundle", &bytes)].concat();
    let reply = kept.upload(&body, MULTIPART).await;
    assert_eq!((reply.status, reply.header("location")), (303, "/keeper"), "{}", reply.body);
    assert_eq!(kept.carrier.brought.lock().unwrap().pop(), Some(("to \u{e9} <b>.cbundle".into(), bytes)));
    assert!(kept.page().await.body.contains("3 new posts were taken."));
    let body = [field("form", &kept.mark), file("<script>.cbundle", b"nonsense")].concat();
    assert_eq!(kept.upload(&body, MULTIPART).await.status, 303);
    let page = kept.page().await;
    assert!(page.body.contains("&lt;script&gt;.cbundle</bdi> was refused.") && page.body.contains("bundle_refused"));
    assert_eq!(kept.upload(&[field("form", &kept.mark), file("", b"")].concat(), MULTIPART).await.status, 409);
    kept.nothing_is_left().await;
}

/// One upload could fill the disk, or half a file be taken for a whole one.
#[tokio::test]
async fn odd_uploads_are_refused_and_leave_nothing() {
    let mut config = Config::default();
    config.keeper.upload_bytes_max = 100_000;
    let kept = Kept::entered_with(config).await;
    let form = field("form", &kept.mark);
    let big = [form.clone(), file("a", &vec![1; 150_000])].concat();
    assert_eq!(kept.upload(&big, MULTIPART).await.status, 413);
    for (body, more, status) in [
        (file("a", b"COMMONS"), MULTIPART, 403),
        ([file("a", b"COMMONS"), form.clone()].concat(), MULTIPART, 403),
        (form.clone(), MULTIPART, 400),
        ([form.clone(), b"------x42\r\n\r\n\r\n".to_vec()].concat(), MULTIPART, 400),
        ([form.clone(), vec![b'-'; 50_000]].concat(), MULTIPART, 400),
        ([field("form", &kept.mark).repeat(20), file("a", b"x")].concat(), MULTIPART, 400),
        ([field("long", &"x".repeat(5_000)), form.clone()].concat(), MULTIPART, 400),
        (form.clone(), "Content-Type: multipart/form-data\r\n", 400),
        (form.clone(), "Content-Type: multipart/form-data; boundary=\r\n", 400),
        (form.clone(), "Content-Type: application/x-www-form-urlencoded\r\n", 415),
        (vec![0xff; 3_000], MULTIPART, 400),
    ] {
        let reply = kept.upload(&body, more).await;
        assert_eq!(reply.status, status, "{more} {}", String::from_utf8_lossy(&body[..body.len().min(90)]));
    }
    // Broken off in the middle of the file.
    let body = [form.clone(), file("a", &[b"COMMONS".to_vec(), vec![1; 50_000]].concat())].concat();
    let mut stream = TcpStream::connect(kept.gateway.at).await.unwrap();
    let head = format!(
        "POST /keeper/import HTTP/1.1\r\nHost: {}\r\n{}{MULTIPART}Content-Length: {}\r\n\r\n",
        kept.gateway.at,
        kept.with_cookie(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..30_000]).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(!rest.starts_with(b"HTTP/1.1 303"));
    // Nor when the disk has no room.
    kept.gateway.health.send_modify(|health| health.disk_free_bytes = 1);
    let body = [form, file("a", b"COMMONS")].concat();
    assert_eq!(kept.upload(&body, MULTIPART).await.status, 409);
    assert_eq!(kept.act("export", "").await.status, 409);
    assert!(kept.carrier.brought.lock().unwrap().is_empty());
    kept.nothing_is_left().await;
}

/// A keeper's phone could not come in by its key; or anybody's could, or with a recorded answer.
#[tokio::test]
async fn a_key_of_the_configuration_opens_the_page() {
    let keys = MemberKeys::from_seed(&[5; 32]);
    let mut config = Config::default();
    config.keeper.keys = vec![keys.key().to_string()];
    let kept = Kept::start(config).await;
    let (network, gateway) = (NetworkId::of("commons"), GatewayId([0xab; 32]));
    let ask = || async { kept.get("/keeper/challenge", "").await.json() };
    let answer = |keys: &MemberKeys, asked: &serde_json::Value, gateway: &GatewayId| {
        let challenge = asked["challenge"].as_str().unwrap().to_owned();
        let bytes = crate::control::text::digits_to_bytes::<32>(&challenge).unwrap();
        let signature = commons_core::identity::hex(&keys.sign_as_keeper(&network, gateway, &bytes).0);
        json!({"v": 1, "key": keys.key().to_string(), "challenge": challenge, "signature": signature}).to_string()
    };
    let send = |body: String| {
        let gateway = &kept.gateway;
        async move { gateway.post("/keeper/key", "application/json", &body).await }
    };
    let asked = ask().await;
    assert_eq!((&asked["network"], &asked["gateway"]), (&json!("commons"), &json!("ab".repeat(32))));
    let good = answer(&keys, &asked, &gateway);
    let reply = send(good.clone()).await;
    assert_eq!((reply.status, &reply.json()["ok"]), (200, &json!(true)), "{}", reply.body);
    let cookie = format!("Cookie: keeper={}\r\n", cookie_of(&reply));
    assert!(kept.get("/keeper", &cookie).await.body.contains("Cedar"));
    assert_eq!(send(good).await.json()["error"], "not_the_keeper", "once only");
    let other = MemberKeys::from_seed(&[6; 32]);
    assert_eq!(send(answer(&other, &ask().await, &gateway)).await.status, 403);
    assert_eq!(send(answer(&keys, &ask().await, &GatewayId([1; 32]))).await.status, 403);
    for bad in ["", "{}", "[]", "{\"v\":1,\"key\":7}"] {
        assert_eq!(send(bad.to_owned()).await.status, 422, "{bad}");
    }
    // Guesses of keys are counted like guesses of passwords.
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(send(answer(&other, &ask().await, &gateway)).await.status);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}

/// A lost phone would stay in until somebody restarts the gateway; or a keeper without a password would stand before a form for one.
#[tokio::test]
async fn a_key_that_a_command_lets_in_holds_at_once_and_as_long_as_it_is_let_in() {
    let kept = Kept::start(Config::default()).await;
    let keys = MemberKeys::from_seed(&[5; 32]);
    assert!(crate::keeper::keys::add(kept.data.path(), keys.key()).unwrap());
    let outside = kept.get("/keeper", "").await;
    assert!(outside.status == 200 && outside.body.contains("data-keeper hidden"), "{}", outside.body);
    assert!(!outside.body.contains("type=\"password\"") && outside.body.contains("commonsd keeper password"));
    let asked = kept.get("/keeper/challenge", "").await.json();
    let challenge = asked["challenge"].as_str().unwrap();
    let bytes = crate::control::text::digits_to_bytes::<32>(challenge).unwrap();
    let signature = keys.sign_as_keeper(&NetworkId::of("commons"), &GatewayId([0xab; 32]), &bytes);
    let body = json!({"v": 1, "key": keys.key().to_string(), "challenge": challenge,
        "signature": commons_core::identity::hex(&signature.0)});
    let reply = kept.gateway.post("/keeper/key", "application/json", &body.to_string()).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let cookie = format!("Cookie: keeper={}\r\n", cookie_of(&reply));
    assert!(kept.get("/keeper", &cookie).await.body.contains("Cedar"));
    assert!(crate::keeper::keys::remove(kept.data.path(), &keys.key()).unwrap());
    assert!(!kept.get("/keeper", &cookie).await.body.contains("Cedar"));
    assert!(kept.get("/keeper", "").await.body.contains("No password is set yet"));
    // A damaged file lets nobody in, and does not close the way by password.
    std::fs::write(kept.data.path().join(crate::keeper::keys::FILE), "{").unwrap();
    Password::set(kept.data.path(), PASSWORD).unwrap();
    assert_eq!(kept.log_in(PASSWORD, "").await.status, 303);
}

/// A keeper could not look up what his community has agreed on, or would think that hours count where nobody founded anything.
#[tokio::test]
async fn the_covenant_is_shown_or_how_to_found_one() {
    let kept = Kept::entered().await;
    let page = kept.page().await;
    assert!(page.body.contains("None is founded yet") && page.body.contains("commonsd init --found"), "{}", page.body);
    let facts = Facts {
        pseudonym: "ann <i>".into(),
        household: "door 4".into(),
        home: GatewayId([0xcd; 32]),
        guardians: vec![],
        threshold: 0,
        custody: Custody::Own,
    };
    let found = Found {
        name: "Maple <b>".into(),
        units: vec![Unit { name: "hour <u>".into(), scale: 60, limit: 630 }],
        roaming_percent: 25,
        quorum: 3,
        recovery_delay_s: 2 * 86_400,
        founders: vec![Founder { key: MemberKeys::from_seed(&[1; 32]).key(), facts }],
    };
    let covenant = crate::inbox::Covenant { id: RecordId([0xef; 32]), found, records: 12 };
    kept.gateway.script.lock().unwrap().covenants = vec![covenant];
    let page = kept.page().await.body;
    for part in [
        "Maple &lt;b&gt;",
        "hour &lt;u&gt;",
        "10:30",
        "25 %",
        "2 days",
        "ann &lt;i&gt;",
        "door 4",
        "cdcdcdcd",
        "efefefef",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("commonsd init --found") && page.contains("<dt>Households for a decision</dt><dd>3</dd>"));
}

/// A keeper who reads no English could not keep the gateway.
#[tokio::test]
async fn the_page_speaks_all_languages() {
    let kept = Kept::entered().await;
    for (lang, word) in
        [("es", "Otras pasarelas"), ("fr", "Autres passerelles"), ("pt", "Outras estações"), ("ar", "البوابات الأخرى")]
    {
        let page = kept.get(&format!("/keeper?lang={lang}"), &kept.with_cookie()).await;
        assert!(page.body.contains(word) && page.header("set-cookie").starts_with("lang="), "{lang}");
        // The language goes along through a form, and its cookie takes nothing from the keeper's.
        let body = "password=wrong";
        let path = format!("/keeper/in?lang={lang}");
        let wrong = kept.gateway.form(&path, body).await;
        assert!(wrong.body.contains(&format!("href=\"/keeper?lang={lang}\"")) || wrong.status == 429, "{}", wrong.body);
    }
    let both = kept.gateway.form("/keeper/in?lang=es", "password=x").await;
    assert!(both.head.matches("set-cookie").count() == 1);
}

/// A keeper who reads no English would not know why a neighbour is silent, that his card was copied, or what became of a file.
#[tokio::test]
async fn what_happened_is_said_in_the_keepers_language() {
    let kept = Kept::entered().await;
    kept.gateway.script.lock().unwrap().status = json!({
        "clock_interval": ["2026-11-20T10:25:00Z", null],
        "alarms": ["gateway abababab signed two batches"],
        "alarm_causes": [{"code": "forked", "gateway": "abababab"}, {"code": "copied", "gateway": null}],
    });
    kept.gateway.health.send_modify(|health| health.journal_bytes = 1_536);
    for (lang, words) in [
        (
            "en",
            [
                "The connection ended.",
                "in two ways",
                "2 hours ago",
                "1.5\u{a0}KiB",
                "own key",
                "was refused. It is not",
            ],
        ),
        ("es", ["La conexión terminó.", "dos maneras", "hace 2 horas", "1,5\u{a0}KiB", "clave", "Se rechazó <bdi"]),
        ("fr", ["La connexion a pris fin.", "deux façons", "2 heures", "1,5\u{a0}Kio", "clé", "a été refusé. Ce"]),
        ("pt", ["A conexão terminou.", "duas maneiras", "2 horas", "1,5\u{a0}KiB", "chave", "foi recusado. Não"]),
        ("ar", ["انتهى الاتصال.", "على وجهين", "ساعتين", "كيبيبايت", "مفتاح", "رُفض <bdi"]),
    ] {
        let body = [field("form", &kept.mark), file("<x>.cbundle", b"nonsense")].concat();
        assert_eq!(kept.upload(&body, MULTIPART).await.status, 303);
        let page = kept.get(&format!("/keeper?lang={lang}"), &kept.with_cookie()).await.body;
        for word in words {
            assert!(page.contains(word), "{lang}: {word}: {page}");
        }
        for english in ["the connection ended", "signed two batches", "<bdi lang=", ">2026-11-20T"] {
            assert!(!page.contains(english), "{lang}: {english}: {page}");
        }
        let time =
            "<time datetime=\"2026-11-20T10:25:00Z\">2026-11-20</time> <time datetime=\"10:25Z\">10:25 UTC</time>";
        assert!(page.contains(time), "{lang}: {page}");
    }
}
