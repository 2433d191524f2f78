//! The configuration as its readers meet it: the folder of good and bad files, precedence, the example file.

use std::path::{Path, PathBuf};

use super::key::{sections, Key, KEYS};
use super::load::{Loader, Origin};
use super::read::Place;
use super::reload::reload;
use super::value::Value;
use super::{example, Config};

fn folder(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/config").join(name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn loader(file: &Path) -> Loader {
    Loader { file: Some(file.into()), ..Loader::default() }
}

/// A loader over a file with this text.
fn written(folder: &tempfile::TempDir, text: &str) -> Loader {
    let file = folder.path().join("c.toml");
    std::fs::write(&file, text).unwrap();
    loader(&file)
}

/// Set to write the expected messages anew after reading them over.
const BLESS: &str = "COMMONSD_TEST_BLESS";

#[test]
fn good_files_are_taken() {
    // A volunteer's working file, written on Windows or by hand, would be refused.
    for file in folder("valid") {
        if let Err(problems) = loader(&file).load() {
            panic!("{}: {problems}", file.display());
        }
    }
    let everything = folder("valid").into_iter().find(|file| file.ends_with("everything.toml")).unwrap();
    let loaded = loader(&everything).load().unwrap();
    assert_eq!(loaded.config.gateway.name, "Haus \"B\" – Nordstraße");
    assert_eq!(loaded.config.mqtt.sessions_max, 256);
    assert_eq!(loaded.config.mqtt.packet_bytes_max, 65_536);
    assert_eq!(loaded.config.store.journal_bytes_max, 2 << 30);
    assert!(loaded.config.limits.limit_loopback);
}

#[test]
fn bad_files_are_reported_whole() {
    // A volunteer would mend one mistake, restart, and meet the next one, six times.
    for file in folder("invalid") {
        let problems = loader(&file).load().unwrap_err();
        let message: String =
            problems.problems.iter().map(|problem| format!("{}: {}\n", problem.place, problem.message)).collect();
        let expected = file.with_extension("expected");
        if std::env::var_os(BLESS).is_some() {
            std::fs::write(&expected, &message).unwrap();
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(message, expected, "{}", file.display());
    }
}

#[test]
fn the_example_file_is_true() {
    // People would copy settings that do not exist, or believe defaults that do not hold.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("commonsd.example.toml");
    let text = example::example();
    if std::env::var_os(BLESS).is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text);
    assert!(text.lines().all(|line| line.chars().count() <= 120));

    // With every `# ` taken away it sets every key to its default.
    let all: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if KEYS.iter().any(|key| rest.starts_with(&format!("{} = ", key.name))) => {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let loaded = written(&folder, &all).load().unwrap();
    assert_eq!(loaded.config, Config::default());
    assert!(loaded.origins.iter().all(|o| matches!(o, Origin::File(_))));
}

#[test]
fn every_row_of_the_table_holds() {
    // A setting would be accepted and go nowhere, or stop the daemon at start.
    for key in KEYS {
        let default = key.default();
        assert_eq!(
            key.shape.check(default.clone(), key.unit),
            Ok(default.clone()),
            "the default of {} breaks its own rule",
            key.path()
        );
        assert!((key.set)(&mut Config::default(), &default), "{}", key.path());
        assert!(key.doc.ends_with('.'), "{}", key.path());
        let twins = KEYS.iter().filter(|other| other.env() == key.env()).count();
        assert_eq!(twins, 1, "{}", key.env());
        if matches!(default, Value::Count(_)) {
            assert!(!key.unit.is_empty(), "{} needs a unit", key.path());
        }
    }
    assert_eq!(sections()[0], "gateway");
    assert!(Key::find("mqtt", "listen").is_some());
}

#[test]
fn arguments_win_over_environment_over_file() {
    // The unit's --mqtt would be overruled by a forgotten line in a file.
    let folder = tempfile::tempdir().unwrap();
    let mut loader = written(
        &folder,
        "[gateway]\nname = \"file\"\nnetwork = \"file\"\n[mqtt]\nsessions_max = 7\nlisten = \"127.0.0.1:1\"\n",
    );
    loader.env = vec![
        ("COMMONSD_GATEWAY_NETWORK".into(), "env".into()),
        ("COMMONSD_MQTT_LISTEN".into(), "127.0.0.1:2,127.0.0.1:3".into()),
        ("COMMONSD_LIMITS_LIMIT_LOOPBACK".into(), "yes".into()),
        ("COMMONSD_STORE_RESERVE_BYTES".into(), "128 MiB".into()),
        ("COMMONSD_LOG".into(), "debug".into()),
        ("COMMONSD_HTTP_LISTEN".into(), String::new()),
        ("COMMONSD_MQTT_SESIONS_MAX".into(), "1".into()),
        ("HOME".into(), "/home/anna".into()),
    ];
    let loader = loader.flag("--mqtt", "mqtt", "listen", ["127.0.0.1:4".to_owned()]);
    let loaded = loader.load().unwrap();
    assert_eq!(loaded.config.gateway.name, "file");
    assert_eq!(loaded.config.gateway.network, "env");
    assert_eq!(loaded.config.mqtt.listen, ["127.0.0.1:4".parse().unwrap()]);
    assert_eq!(loaded.config.mqtt.sessions_max, 7);
    assert!(loaded.config.limits.limit_loopback);
    assert_eq!(loaded.config.store.reserve_bytes, 128 << 20);
    assert_eq!(loaded.config.log.level, "debug");
    assert_eq!(loaded.config.http, Config::default().http);
    let origin = |path: &str| {
        let row = KEYS.iter().position(|key| key.path() == path).unwrap();
        loaded.origins[row].to_string()
    };
    assert_eq!(origin("gateway.name"), "file, line 2");
    assert_eq!(origin("gateway.network"), "COMMONSD_GATEWAY_NETWORK");
    assert_eq!(origin("mqtt.listen"), "--mqtt");
    assert_eq!(origin("http.listen"), "default");
    assert_eq!(
        loaded.warnings,
        ["environment variable COMMONSD_MQTT_SESIONS_MAX sets nothing; did you mean COMMONSD_MQTT_SESSIONS_MAX?"]
    );
    let shown = example::show(&loaded);
    assert!(shown.contains("# --mqtt"), "{shown}");
}

#[test]
fn mistakes_outside_the_file_are_reported_with_it() {
    // The volunteer would hear of the variable only after mending the file.
    let folder = tempfile::tempdir().unwrap();
    let mut loader = written(&folder, "[mqtt]\nsessions_max = 0\n");
    loader.env = vec![("COMMONSD_HTTP_LISTEN".into(), "8080".into())];
    let loader = loader.flag("--mqtt", "mqtt", "listen", ["1883".to_owned()]);
    let places: Vec<Place> = loader.load().unwrap_err().problems.into_iter().map(|problem| problem.place).collect();
    assert_eq!(places, [Place::Line(2, 16), Place::Env("COMMONSD_HTTP_LISTEN".into()), Place::Flag("--mqtt".into())]);
}

#[test]
fn the_file_of_the_data_directory_is_found() {
    // Settings kept beside the data would be ignored without a word.
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("commonsd.toml"), "[gateway]\nname = \"here\"\n").unwrap();
    let data = folder.path().to_string_lossy().into_owned();
    let by_env = Loader { env: vec![("COMMONSD_DATA".into(), data.clone())], ..Loader::default() };
    assert_eq!(by_env.load().unwrap().config.gateway.name, "here");
    let by_flag = Loader::default().flag("--data", "gateway", "data", [data.clone()]);
    let loaded = by_flag.load().unwrap();
    assert_eq!(loaded.config.gateway.name, "here");
    assert_eq!(loaded.config.gateway.data, folder.path());
    let by_systemd = Loader { env: vec![("STATE_DIRECTORY".into(), data)], ..Loader::default() };
    assert_eq!(by_systemd.load().unwrap().config.gateway.name, "here");
    // A file that was named must be there.
    assert!(loader(Path::new("/does/not/exist.toml")).load().is_err());
}

#[test]
fn a_reload_changes_what_it_may() {
    // A reload would throw every neighbour out, or half of it would happen.
    let folder = tempfile::tempdir().unwrap();
    let loader = written(&folder, "[limits]\nitems_max = 1000\n");
    let old = loader.load().unwrap().config;
    written(&folder, "[gateway]\nname = \"new\"\n[limits]\nitems_max = 2000\n");
    let reloaded = reload(&old, &loader).unwrap();
    assert_eq!(reloaded.config.limits.items_max, 2_000);
    assert_eq!(reloaded.config.gateway.name, "");
    assert_eq!(reloaded.changed, ["limits.items_max: 1_000 -> 2_000"]);
    assert_eq!(reloaded.restart, ["gateway.name: \"\" -> \"new\""]);
    written(&folder, "[mqtt]\nsessions_max = 30\nlisten = 5\n");
    assert!(reload(&old, &loader).is_err());
}

#[test]
fn no_field_is_forgotten() {
    // A setting somebody added to the structs could never be set by anyone.
    let debug = format!("{:#?}", Config::default());
    let mut section = "";
    for line in debug.lines() {
        let depth = line.len() - line.trim_start().len();
        let Some((name, _)) = line.trim().split_once(':') else { continue };
        match depth {
            4 => section = name,
            8 => assert!(Key::find(section, name).is_some(), "config/key.rs needs a row for {section}.{name}"),
            _ => {}
        }
    }
    assert_eq!(section, "log", "the last section was reached");
}
