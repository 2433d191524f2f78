//! What a flashed gateway does as root and never over the network.
//!
//! | command | |
//! |---|---|
//! | `start` | at each start: `commons.toml` becomes what hostapd, dnsmasq, nftables, networkd and the daemon read; the outcome is written beside it |
//! | `led` | shows how it is, for ever |
//! | `update FILE [--older]`, `update --stick DIR` | takes a signed program and lets it be tried |
//! | `trial [SECONDS]` | watches it, keeps it or takes it back |
//!
//! Everything it reads was written by somebody it does not know; everything it writes for others is checked or escaped.

mod files;
mod led;
mod lines;
mod result;
mod settings;
mod signed;
mod slots;
mod start;
mod text;
mod update;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use start::Places;

/// How long an update is watched.
const TRIAL_S: u64 = 300;
/// Between two looks for the light.
const LED_EVERY: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let root = std::env::var_os("COMMONS_BOX_ROOT").map_or_else(|| PathBuf::from("/"), PathBuf::from);
    let places = Places { root };
    match words.as_slice() {
        ["start"] => start::start(&places),
        ["led"] => show_for_ever(&places),
        ["update", "--stick", stick] => return from_stick(&places, Path::new(stick)),
        ["update", file] => return from_file(&places, Path::new(file), false),
        ["update", file, "--older"] | ["update", "--older", file] => return from_file(&places, Path::new(file), true),
        ["trial"] => try_for(&places, TRIAL_S),
        ["trial", seconds] if seconds.parse::<u64>().is_ok() => try_for(&places, seconds.parse().unwrap_or(TRIAL_S)),
        _ => {
            eprintln!("commons-box start | led | update FILE [--older] | update --stick DIR | trial [SECONDS]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn from_file(places: &Places, file: &Path, older: bool) -> ExitCode {
    match update::from_file(places, file, older) {
        Ok(_) => {
            let _ =
                std::process::Command::new("systemctl").args(["start", "--no-block", "commons-trial.service"]).status();
            update::restart();
            ExitCode::SUCCESS
        }
        Err(why) => {
            slots::say(places, &format!("{} was not taken: {why}.", file.display()));
            start::refresh(places);
            ExitCode::FAILURE
        }
    }
}

fn from_stick(places: &Places, stick: &Path) -> ExitCode {
    if !update::any_on_stick(stick) {
        return ExitCode::SUCCESS;
    }
    let code = match update::on_stick(places, stick) {
        Some(file) => from_file(places, &file, false),
        None => {
            slots::say(
                places,
                "nothing on the stick is newer than what runs and signed by somebody whom this card knows.",
            );
            ExitCode::SUCCESS
        }
    };
    // Whoever carries the stick has no other screen.
    let words =
        format!("{}\r\nWhat comes of it: commons-result.txt on the gateway's card.\r\n", slots::last_words(places));
    let path = stick.join("commons/UPDATE-RESULT.txt");
    start::told(std::fs::write(&path, words), "write", &path);
    code
}

fn try_for(places: &Places, seconds: u64) {
    if slots::trial(places).is_none() {
        return;
    }
    update::watch(places, seconds);
    start::refresh(places);
}

fn show_for_ever(places: &Places) {
    let mut shown = None;
    let mut radio = places.run().join("radio").exists();
    loop {
        // It came up later than we did, or was plugged in: then a missing country has to be told.
        if radio != start::has_radio(&places.root) {
            radio = !radio;
            start::refresh(places);
        }
        let uptime = std::fs::read_to_string(places.root.join("proc/uptime")).unwrap_or_default();
        let uptime_s = uptime.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0);
        let light = led::light(led::Seen {
            healthy: update::healthy(),
            uptime_s,
            attention: places.run().join("attention").exists(),
            stick_is_done: led::stick_is_done(&places.root),
        });
        if let (Some(led), true) = (led::find(&places.root), shown != Some(light)) {
            led::show(&led, light);
            shown = Some(light);
            println!("{}: {light:?}", led.display());
        }
        std::thread::sleep(LED_EVERY);
    }
}
