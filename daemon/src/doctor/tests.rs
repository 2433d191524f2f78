use serde_json::json;

use super::*;
use crate::host::inspect::Card;
use crate::host::radio::AccessPoint;

fn well() -> Seen {
    let status = json!({
        "running": true, "problems": [], "clock": {"certainty": "synchronised"},
        "peers": [{"link": {}}, {"link": null}],
    });
    let machine = Machine {
        free_bytes: Some(8 << 30),
        disk_errors: Some(0),
        worn_tenths: Some(1),
        throttled: Some(0),
        celsius: Some(45),
        watchdog: Some(true),
        country: Some("BR".into()),
        access_point: Some(AccessPoint { phones: 3, phones_max: Some(10) }),
        card: Some(Card { updated: true, tried: false, last: "version 0.2.0 stays.".into() }),
        memory_free_percent: Some(60),
        ..Machine::default()
    };
    let portal = Some(Portal { names: Ok(()), unled: vec![], systems: 8 });
    let keeping = Keeping { synchronised: true, battery: false };
    Seen { status, page: Page::Came, machine, portal, keeping }
}

fn level_of(seen: &Seen, check: &str) -> Option<Level> {
    examine(seen).iter().find(|finding| finding.check == check).map(|finding| finding.level)
}

#[test]
fn a_healthy_gateway_is_well_in_every_point() {
    // A volunteer would be sent to mend what is whole, and not come a second time.
    let findings = examine(&well());
    assert_eq!(worst(&findings), Level::Ok, "{findings:?}");
    let checks: Vec<&str> = findings.iter().map(|finding| finding.check.as_str()).collect();
    assert_eq!(
        checks,
        [
            "gateway",
            "clock",
            "clock_source",
            "page",
            "peers",
            "space",
            "disk_errors",
            "card_worn",
            "power",
            "heat",
            "memory",
            "watchdog",
            "wifi_country",
            "wifi_phones",
            "names",
            "probes",
            "slot"
        ]
    );
    assert!(findings.iter().all(|finding| finding.mend.is_empty() && finding.message.ends_with('.')));
}

#[test]
fn each_illness_is_found_alone() {
    // A weak power supply would take the block's gateway down again and again, with everything called well.
    type Hurt = fn(&mut Seen);
    let table: &[(&str, Level, Hurt)] = &[
        ("page", Level::Fail, |seen| seen.page = Page::Failed("connection refused".into())),
        ("page", Level::Fail, |seen| seen.page = Page::NotAsked),
        ("not_running", Level::Fail, |seen| seen.status["problems"] = json!([{"code": "not_running", "advice": "x"}])),
        ("disk_full", Level::Fail, |seen| seen.status["problems"] = json!([{"code": "disk_full", "advice": "x"}])),
        ("clock_unknown", Level::Warn, |seen| {
            seen.status["problems"] = json!([{"code": "clock_unknown", "advice": "x"}])
        }),
        ("peers", Level::Warn, |seen| seen.status["peers"] = json!([{"link": null}])),
        ("disk_read_only", Level::Fail, |seen| seen.machine.read_only = true),
        ("space", Level::Warn, |seen| seen.machine.free_bytes = Some(FREE_BYTES_LOW - 1)),
        ("disk_errors", Level::Warn, |seen| seen.machine.disk_errors = Some(1)),
        ("card_worn", Level::Warn, |seen| seen.machine.worn_tenths = Some(8)),
        ("power", Level::Fail, |seen| seen.machine.throttled = Some(0x5_0005)),
        ("power", Level::Warn, |seen| seen.machine.throttled = Some(0x5_0000)),
        ("heat", Level::Warn, |seen| seen.machine.celsius = Some(80)),
        ("memory", Level::Warn, |seen| seen.machine.memory_free_percent = Some(4)),
        ("watchdog", Level::Warn, |seen| seen.machine.watchdog = Some(false)),
        ("watchdog", Level::Warn, |seen| seen.machine.watchdog = None),
        ("wifi_off", Level::Warn, |seen| seen.machine.radios_off = vec![("phy0".into(), false)]),
        ("wifi_country", Level::Warn, |seen| seen.machine.country = Some("00".into())),
        ("wifi_phones", Level::Warn, |seen| {
            seen.machine.access_point = Some(AccessPoint { phones: 8, phones_max: Some(10) })
        }),
        ("names", Level::Fail, |seen| seen.portal.as_mut().unwrap().names = Err("no answer".into())),
        ("probes", Level::Fail, |seen| seen.portal.as_mut().unwrap().unled = vec!["Apple"]),
        ("clock_source", Level::Warn, |seen| seen.keeping = Keeping { synchronised: false, battery: false }),
        ("slot", Level::Warn, |seen| {
            let last = "version 0.3.0 was tried and taken back: it was not healthy in the end.".into();
            seen.machine.card = Some(Card { updated: false, tried: false, last });
        }),
    ];
    for (check, level, hurt) in table {
        let mut seen = well();
        hurt(&mut seen);
        assert_eq!(level_of(&seen, check), Some(*level), "{check}");
        let findings = examine(&seen);
        assert_eq!(worst(&findings), *level, "{findings:?}");
        for finding in findings.iter().filter(|finding| finding.level != Level::Ok) {
            assert!(!finding.mend.is_empty(), "{check} has no line that mends it");
        }
    }
}

#[test]
fn a_machine_without_a_sensor_is_not_ill_by_it() {
    // An old laptop would be called broken for having no Raspberry Pi in it.
    let seen = Seen { machine: Machine { watchdog: Some(true), ..Machine::default() }, portal: None, ..well() };
    assert_eq!(worst(&examine(&seen)), Level::Ok);
    let findings = examine(&seen);
    let not_here: Vec<_> = findings.iter().filter(|finding| finding.message.starts_with("Not applicable")).collect();
    assert_eq!(not_here.len(), 2, "{findings:?}");
}

#[test]
fn the_bundle_names_nobody() {
    // Somebody who asks strangers for help would hand them the neighbourhood's names, addresses and keys.
    let mut seen = well();
    let secrets = ["Maple Street", "632ca7f1", "10.1.2.3", "/home/ana", "Cedar"];
    seen.status["name"] = json!("Maple Street");
    seen.status["id"] = json!("632ca7f1");
    seen.status["page"] = json!("http://10.1.2.3/");
    seen.status["mqtt"] = json!(["10.1.2.3:1883"]);
    seen.status["data"] = json!("/home/ana/data");
    seen.status["peers"] = json!([{"name": "Cedar", "id": "632ca7f1", "link": {}, "why": "10.1.2.3"}]);
    seen.status["problems"] = json!([{"code": "bad_configuration", "message": "Maple Street", "advice": "/home/ana"}]);
    seen.status["entries"] = json!(31);
    seen.page = Page::Failed("cannot connect to 10.1.2.3:80".into());
    let text = bundle::redacted(&seen, &examine(&seen)).to_string();
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    for kept in ["\"entries\":31", "bad_configuration", "\"linked\":1", "synchronised", "\"celsius\":45"] {
        assert!(text.contains(kept), "{kept} not in {text}");
    }
}
