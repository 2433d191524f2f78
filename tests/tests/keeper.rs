//! The keeper's page of a real gateway: the password by the command line, and bundles that a phone carries.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;

use commons_core::codec::{encode_record, SignedRecord};
use commons_core::identity::{GatewayId, MemberKeys, NetworkId};
use commons_core::record::{Body, Custody, Facts, Found, Founder, Mark, Record, Unit, RECORD_VERSION};
use commons_tests::gateway::commonsd;
use commons_tests::{http, wait_for, Gateway};
use serde_json::json;

const PASSWORD: &str = "lamp river seven";

struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next().unwrap_or_default()
    }
}

/// A phone with the keeper's cookie.
struct Phone {
    at: SocketAddr,
    cookie: String,
    mark: String,
}

impl Phone {
    fn log_in(gateway: &Gateway, password: &str) -> Option<Self> {
        let mut phone = Self { at: gateway.http, cookie: String::new(), mark: String::new() };
        let form = http::form(&[("password", password)]);
        let reply = phone.send("POST", "/keeper/in", "application/x-www-form-urlencoded", form.as_bytes());
        let cookie = reply.header("set-cookie").strip_prefix("keeper=")?;
        phone.cookie = cookie.split(';').next()?.to_owned();
        phone.mark = phone.page().split("name=\"form\" value=\"").nth(1)?[..64].to_owned();
        Some(phone)
    }

    fn send(&self, method: &str, path: &str, media: &str, body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.at).expect("the gateway is there");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: keeper={}\r\n\
             Content-Type: {media}\r\nContent-Length: {}\r\n\r\n",
            self.at,
            self.cookie,
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut reply = Reply { status: head[9..12].parse().expect("a status"), head, body: bytes[end + 4..].to_vec() };
        if reply.header("transfer-encoding") == "chunked" {
            reply.body = unchunked(&reply.body);
        }
        reply
    }

    fn page(&self) -> String {
        self.send("GET", "/keeper", "text/plain", b"").text()
    }

    fn act(&self, act: &str, fields: &[(&str, &str)]) -> Reply {
        let fields = [&[("form", self.mark.as_str())], fields].concat();
        let form = http::form(&fields);
        self.send("POST", &format!("/keeper/{act}"), "application/x-www-form-urlencoded", form.as_bytes())
    }

    /// Uploads a file; what the page then says.
    fn upload(&self, called: &str, bytes: &[u8]) -> String {
        let mut body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"form\"\r\n\r\n{}\r\n\
             --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{called}\"\r\n\r\n",
            self.mark
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--b--\r\n");
        let reply = self.send("POST", "/keeper/import", "multipart/form-data; boundary=b", &body);
        assert_eq!(reply.status, 303, "{}", reply.text());
        let page = self.page();
        page.split("id=\"told\"").nth(1).and_then(|rest| rest.split("</ul>").next()).unwrap_or(&page).to_owned()
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16).expect("a size");
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    body
}

fn id_of(gateway: &Gateway) -> String {
    gateway.get("/api/v1/info").json()["id"].as_str().expect("an id").to_owned()
}

fn gateway(name: &str) -> Gateway {
    let gateway = Gateway::start_with(&format!("[gateway]\nname = \"{name}\"\n"));
    let set = gateway.cli_with_input(&["keeper", "password"], &format!("{PASSWORD}\n"));
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    gateway
}

/// A keeper who set a password on a running gateway could not come in; one who lost it could never set another.
#[test]
fn the_password_is_set_by_the_command_while_the_gateway_runs() {
    let gateway = gateway("Maple");
    let file = gateway.data().join("keeper.json");
    assert_eq!(std::fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert!(Phone::log_in(&gateway, "wrong password").is_none());
    let phone = Phone::log_in(&gateway, PASSWORD).expect("the password opens");
    assert!(phone.page().contains("commonsd backup --to FILE"));
    for bad in ["short\n", "", "\n"] {
        let refused = gateway.cli_with_input(&["keeper", "password"], bad);
        assert!(
            !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("at least 8"),
            "{bad:?}"
        );
    }
    assert!(phone.page().contains("commonsd backup --to FILE"), "nothing was changed");
    let beside = gateway.beside("password.txt");
    std::fs::write(&beside, "three other words\r\nand a second line\n").expect("it is written");
    let path = beside.to_str().expect("UTF-8");
    // `init` sets it too, but not behind a running gateway's back.
    assert!(!gateway.cli(&["init", "--keeper-password-file", path]).status.success());
    let fresh = gateway.beside("fresh");
    let made =
        commonsd().args(["init", "--keeper-password-file", path, "--data"]).arg(&fresh).output().expect("it runs");
    assert!(made.status.success() && fresh.join("keeper.json").exists(), "{made:?}");
    let set = gateway.cli_with_input(&["keeper", "password"], "three other words\n");
    assert!(set.status.success());
    assert!(phone.page().contains("type=\"password\""), "the old session is over");
    assert!(Phone::log_in(&gateway, "three other words").is_some());
}

/// Where no link reaches, posts could not be carried by whoever has only a phone; or a neighbour's file could do harm.
#[test]
fn a_phone_is_a_stick() {
    let (here, there) = (gateway("Here"), gateway("There"));
    let text = "insulin, stairwell B";
    let id = here.post_json("need", &json!({"text": text}))["id"].as_str().expect("an id").to_owned();
    let at_home = Phone::log_in(&here, PASSWORD).expect("in");
    let away = Phone::log_in(&there, PASSWORD).expect("in");
    let bundle = at_home.act("export", &[]);
    assert_eq!(bundle.status, 200, "{}", bundle.text());
    assert!(bundle.header("content-disposition").contains(".cbundle") && bundle.body.starts_with(b"COMMONS BUNDLE\n"));
    let bundle = bundle.body;

    // What is not whole, not ours, changed, or grows without end is refused with a sentence of the page's own.
    let mut changed = bundle.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let mut bomb = b"COMMONS BUNDLE\n\x01".to_vec();
    bomb.extend_from_slice(&u32::MAX.to_le_bytes());
    bomb.extend_from_slice(&[0; 100_000]);
    for (called, bytes, why) in [
        ("notes.zip", b"PK\x03\x04 and so on".as_slice(), "It is not a file with posts of a gateway."),
        ("cut.cbundle", &bundle[..bundle.len() - 30], "It is cut short."),
        ("changed.cbundle", &changed, "It "),
        ("bomb.cbundle", &bomb, "It is damaged."),
        ("empty.cbundle", b"", "It is not a file with posts of a gateway."),
    ] {
        let said = away.upload(called, bytes);
        assert!(said.contains(&format!(">{called}</bdi> was refused. {why}")), "{called}: {said}");
        assert!(!said.contains("passing"), "no path of ours: {said}");
    }
    assert!(there.all("needs").is_empty());
    let said = away.upload("from here.cbundle", &bundle);
    assert!(
        said.contains("1 new post was taken.") && said.contains("1 post brought by <bdi dir=\"auto\">Here</bdi>"),
        "{said}"
    );
    let arrived = there.wait_for_item("needs", &id, "it arrived", |item| item["text"] == text);
    assert_eq!(arrived["gateway"].as_str(), Some(&id_of(&here)[..8]));
    assert!(away.upload("again.cbundle", &bundle).contains("Nothing new"));
    // The same file works with the command, and the command's file on the page.
    let file = there.beside("from-there.cbundle");
    there.post_json("offer", &json!({"text": "two blankets"}));
    there.said(&["export", "--to", file.to_str().expect("UTF-8"), "--quiet"]);
    let said = at_home.upload("from there.cbundle", &std::fs::read(&file).expect("it is there"));
    assert!(said.contains("1 new post was taken."), "{said}");
    wait_for("nothing is left of the files", || {
        (!here.data().join("passing").exists() && !there.data().join("passing").exists()).then_some(())
    });
    for gateway in [&here, &there] {
        gateway.assert_unhurt();
    }
}

/// A keeper without a terminal could not pair two gateways.
#[test]
fn two_gateways_are_paired_over_their_pages() {
    let (here, there) = (gateway("Here"), gateway("There"));
    let (at_home, away) = (Phone::log_in(&here, PASSWORD).expect("in"), Phone::log_in(&there, PASSWORD).expect("in"));
    assert_eq!(at_home.act("invite", &[]).status, 303);
    let page = at_home.page();
    let code =
        page.split("<code dir=\"ltr\">").nth(1).and_then(|rest| rest.split('<').next()).expect("a code").to_owned();
    assert!(page.contains("<svg"), "{page}");
    let own = at_home.act("add", &[("code", &code)]);
    assert!(own.status == 422 && own.text().contains("This code was made here"), "{}", own.text());
    assert_eq!(away.act("add", &[("code", &code.to_lowercase())]).status, 303);
    wait_for("both see each other", || {
        (at_home.page().contains("Linked for") && away.page().contains("Linked for")).then_some(())
    });
    let id = id_of(&there);
    let asked = at_home.act("remove", &[("peer", &id)]);
    assert!(asked.status == 200 && asked.text().contains("Remove this gateway?"), "{}", asked.text());
    assert!(at_home.page().contains("Linked for"), "not yet");
    assert_eq!(at_home.act("remove", &[("peer", &id), ("sure", "yes")]).status, 303);
    wait_for("it is gone", || at_home.page().contains("Not paired with any gateway yet.").then_some(()));
}

/// The keeper could not look up what his community has agreed on.
#[test]
fn a_founded_covenant_stands_on_the_page() {
    let gateway = gateway("Maple");
    let phone = Phone::log_in(&gateway, PASSWORD).expect("the password opens the page");
    assert!(phone.page().contains("None is founded yet"));
    let home = GatewayId::parse(&id_of(&gateway)).expect("an id");
    let founder = |seed: u8, name: &str| {
        let (pseudonym, household) = (name.to_owned(), format!("door {seed}"));
        let facts = Facts { pseudonym, household, home, guardians: vec![], threshold: 0, custody: Custody::Own };
        Founder { key: MemberKeys::from_seed(&[seed; 32]).key(), facts }
    };
    let found = Found {
        name: "Maple hours".into(),
        units: vec![Unit { name: "hour".into(), scale: 60, limit: 630 }],
        roaming_percent: 25,
        quorum: 2,
        recovery_delay_s: 86_400,
        founders: vec![founder(1, "ann"), founder(2, "bob")],
    };
    let (keys, network) = (MemberKeys::from_seed(&[1; 32]), NetworkId::of("commons"));
    let mark = Mark { sender: 7, content: 7 };
    let record = Record { version: RECORD_VERSION, created: 1_795_000_000, mark, body: Body::Found(found) };
    let record = encode_record(&record);
    let signature = keys.sign(&network, &record);
    let signed = SignedRecord { author: keys.key(), record, signature }.encode();
    assert_eq!(gateway.client(5, "founder").publish("commons/post/found", &signed, 1).0, 0);
    let page = phone.page();
    for part in ["Maple hours", "10:30", "25 %", "ann", "door 2"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}
