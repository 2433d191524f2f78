//! The light: slow = the gateway works; steady = the stick may be taken out; fast = somebody has to look.

use std::path::{Path, PathBuf};

/// What the light says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// Starting: as the board has it.
    Starting,
    /// Slow.
    Works,
    /// Steady.
    StickIsDone,
    /// Fast.
    Attention,
}

/// What is seen at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The daemon says that it is healthy.
    pub healthy: bool,
    /// Seconds since the machine started.
    pub uptime_s: u64,
    /// Something is in the result that somebody has to look at.
    pub attention: bool,
    /// A stick is plugged in, and all is done with it.
    pub stick_is_done: bool,
}

/// Seconds after which a gateway that is still not there is called failed: a long journal is read within them.
const STARTS_WITHIN_S: u64 = 600;

/// What to show.
pub fn light(seen: Seen) -> Light {
    match seen {
        // Whoever stands there with a stick wants to know this first.
        Seen { stick_is_done: true, .. } => Light::StickIsDone,
        Seen { attention: true, .. } => Light::Attention,
        Seen { healthy: true, .. } => Light::Works,
        Seen { uptime_s, .. } if uptime_s < STARTS_WITHIN_S => Light::Starting,
        _ => Light::Attention,
    }
}

/// The board's light that programs may use: the green one of a Raspberry Pi, else the first that looks like one.
pub fn find(root: &Path) -> Option<PathBuf> {
    let folder = root.join("sys/class/leds");
    let named = ["ACT", "led0", "PWR"].map(|name| folder.join(name));
    let mut others: Vec<PathBuf> =
        std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    others.sort();
    let is_status =
        |path: &PathBuf| path.to_string_lossy().contains("status") || path.to_string_lossy().contains("capslock");
    named.into_iter().find(|path| path.exists()).or_else(|| others.into_iter().find(is_status))
}

/// Lets the kernel blink it.
pub fn show(led: &Path, light: Light) {
    let put = |file: &str, text: &str| {
        if let Err(error) = std::fs::write(led.join(file), text) {
            eprintln!("cannot write {}: {error}", led.join(file).display());
        }
    };
    let blink = |on_ms: u32, off_ms: u32| {
        put("trigger", "timer");
        put("delay_on", &on_ms.to_string());
        put("delay_off", &off_ms.to_string());
    };
    match light {
        Light::Starting => put("trigger", "heartbeat"),
        Light::Works => blink(1000, 1000),
        Light::StickIsDone => {
            put("trigger", "none");
            put("brightness", "255");
        }
        Light::Attention => blink(120, 120),
    }
}

/// Sticks that are done and still there: `run/commons/stick-done/sda1`, as the stick's service notes them.
pub fn stick_is_done(root: &Path) -> bool {
    let folder = root.join("run/commons/stick-done");
    let mut done = false;
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match root.join("dev").join(entry.file_name()).exists() {
            true => done = true,
            // It was taken out.
            false => drop(std::fs::remove_file(entry.path())),
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_light_says_what_matters_most() {
        // Somebody would pull a stick that is written to, or pass by a gateway that is down.
        let well = Seen { healthy: true, uptime_s: 1000, ..Seen::default() };
        for (seen, wanted) in [
            (well, Light::Works),
            (Seen { attention: true, ..well }, Light::Attention),
            (Seen { stick_is_done: true, attention: true, ..well }, Light::StickIsDone),
            (Seen { healthy: false, ..well }, Light::Attention),
            (Seen { healthy: false, uptime_s: 30, ..well }, Light::Starting),
        ] {
            assert_eq!(light(seen), wanted, "{seen:?}");
        }
    }

    #[test]
    fn the_light_is_found_and_blinks() {
        // The box would stay dark.
        let root = tempfile::tempdir().unwrap();
        assert_eq!(find(root.path()), None);
        for name in ["ACT", "mmc0::"] {
            std::fs::create_dir_all(root.path().join("sys/class/leds").join(name)).unwrap();
        }
        let led = find(root.path()).unwrap();
        assert!(led.ends_with("ACT"));
        let read = |file: &str| std::fs::read_to_string(led.join(file)).unwrap();
        show(&led, Light::Works);
        assert_eq!(
            (read("trigger"), read("delay_on"), read("delay_off")),
            ("timer".into(), "1000".into(), "1000".into())
        );
        show(&led, Light::Attention);
        assert_eq!((read("trigger"), read("delay_on")), ("timer".into(), "120".into()));
        show(&led, Light::StickIsDone);
        assert_eq!((read("trigger"), read("brightness")), ("none".into(), "255".into()));
    }

    #[test]
    fn a_stick_that_was_taken_out_is_forgotten() {
        // The light would stay steady for ever.
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        };
        assert!(!stick_is_done(root.path()));
        put("dev/sda1");
        put("run/commons/stick-done/sda1");
        assert!(stick_is_done(root.path()));
        std::fs::remove_file(root.path().join("dev/sda1")).unwrap();
        assert!(!stick_is_done(root.path()));
        assert!(!root.path().join("run/commons/stick-done/sda1").exists());
    }
}
