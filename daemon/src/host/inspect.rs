//! What the kernel says of the machine's health: power, heat, card, radio, watchdog. Read for `commonsd doctor`, from files
//! that every user may read; what a machine does not have is none, never an error.

use std::path::{Path, PathBuf};

use super::disk::free_bytes;
use super::radio::AccessPoint;

/// Entries of a directory of the kernel's looked at, at most.
const ENTRIES_MAX: usize = 64;

/// One look at a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Bytes free where the data is.
    pub free_bytes: Option<u64>,
    /// The file system of the data cannot be written.
    pub read_only: bool,
    /// Errors the file system of the data has met since it was made (ext4 counts them).
    pub disk_errors: Option<u64>,
    /// How much of its life an eMMC or good SD card has used, in tenths of it rounded up; 11: more than all.
    pub worn_tenths: Option<u8>,
    /// A Raspberry Pi's word on its power: bit 0 too low now, bit 16 was too low since the start; bit 2 and 18: slowed.
    pub throttled: Option<u32>,
    /// The hottest sensor, in degrees Celsius.
    pub celsius: Option<i64>,
    /// Whether the hardware watchdog runs; none: there is no such device.
    pub watchdog: Option<bool>,
    /// Wi-Fi radios that are switched off, and whether by a switch that software cannot turn.
    pub radios_off: Vec<(String, bool)>,
    /// The country the Wi-Fi obeys; "00": none was set. None: no Wi-Fi.
    pub country: Option<String>,
    /// The Wi-Fi it gives to phones; none: it gives none.
    pub access_point: Option<AccessPoint>,
    /// Which program a flashed card runs, and what came of its last update; none: it is no such card.
    pub card: Option<Card>,
    /// Memory that programs can still have, in hundredths of all.
    pub memory_free_percent: Option<u64>,
}

/// What a card made by `deploy/image` says of its program (`commons-box` keeps it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The program is from an update, else as it was on the card.
    pub updated: bool,
    /// It is being tried.
    pub tried: bool,
    /// What came of the last update; empty: there was none.
    pub last: String,
}

/// Looks at the machine under `root` (`/` but in tests), with the data in `data`.
pub fn machine(root: &Path, data: &Path) -> Machine {
    let mount = mount_of(root, data);
    let device = mount.as_ref().and_then(|mount| {
        // The link names the device; its folder is where the kernel keeps what it knows of it.
        root.join("sys/dev/block").join(&mount.device).canonicalize().ok()
    });
    Machine {
        free_bytes: free_bytes(data).ok(),
        read_only: mount.is_some_and(|mount| mount.read_only),
        disk_errors: device.as_ref().and_then(|device| {
            word(&root.join("sys/fs/ext4").join(device.file_name()?).join("errors_count"))?.parse().ok()
        }),
        worn_tenths: device.as_deref().and_then(worn),
        throttled: word(&root.join("sys/devices/platform/soc/soc:firmware/get_throttled"))
            .and_then(|text| u32::from_str_radix(text.trim_start_matches("0x"), 16).ok())
            .or_else(|| volts(root)),
        celsius: inside(&root.join("sys/class/thermal"))
            .filter_map(|zone| word(&zone.join("temp"))?.parse::<i64>().ok())
            .map(|thousandths| thousandths / 1000)
            .max(),
        watchdog: inside(&root.join("sys/class/watchdog"))
            .map(|watchdog| word(&watchdog.join("state")).is_some_and(|state| state == "active"))
            .reduce(|one, other| one || other),
        radios_off: inside(&root.join("sys/class/rfkill")).filter_map(|radio| off(&radio)).collect(),
        country: inside(&root.join("sys/class/ieee80211"))
            .next()
            .and_then(|_| word(&root.join("sys/module/cfg80211/parameters/ieee80211_regdom"))),
        access_point: None,
        card: card(root),
        memory_free_percent: memory(root),
    }
}

/// The same word on a Raspberry Pi with Debian's kernel, which only tells of too little voltage (raspberrypi-hwmon).
fn volts(root: &Path) -> Option<u32> {
    let sensor = inside(&root.join("sys/class/hwmon"))
        .find(|sensor| word(&sensor.join("name")).as_deref() == Some("rpi_volt"))?;
    Some(if word(&sensor.join("in0_lcrit_alarm"))? == "1" { 1 << 16 } else { 0 })
}

/// Which program a flashed card runs; none: this machine was not started from one.
pub fn card(root: &Path) -> Option<Card> {
    let run = root.join("run/commons");
    let program = std::fs::read_link(run.join("commonsd")).ok()?;
    Some(Card {
        updated: program.components().any(|part| part.as_os_str() == "slots"),
        tried: run.join("trial").exists(),
        last: word(&run.join("update.txt")).unwrap_or_default(),
    })
}

struct Mount {
    /// `major:minor`
    device: String,
    read_only: bool,
}

/// The mount that holds `data` (proc_pid_mountinfo(5)): the longest mount point above it, the last of equal ones.
fn mount_of(root: &Path, data: &Path) -> Option<Mount> {
    let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let text = std::fs::read_to_string(root.join("proc/self/mountinfo")).ok()?;
    let mut best: Option<(usize, Mount)> = None;
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (Some(device), Some(point), Some(options), Some(of_all)) =
            (fields.get(2), fields.get(4), fields.get(5), fields.last())
        else {
            continue;
        };
        let point = point.replace("\\040", " ");
        if data.starts_with(&point) && best.as_ref().is_none_or(|(length, _)| point.len() >= *length) {
            // A file system that met an error turns itself read-only, while the mount's own word stays.
            let is_ro = |options: &str| options.split(',').any(|option| option == "ro");
            let mount = Mount { device: (*device).to_owned(), read_only: is_ro(options) || is_ro(of_all) };
            best = Some((point.len(), mount));
        }
    }
    best.map(|(_, mount)| mount)
}

/// The larger of the two estimates of a card (`0x01 0x02`); a partition's are with its disk.
fn worn(device: &Path) -> Option<u8> {
    let disk = if device.join("partition").exists() { device.parent()? } else { device };
    let estimates = word(&disk.join("device/life_time"))?;
    let tenths = |text: &str| u8::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    estimates.split_whitespace().filter_map(tenths).max().filter(|tenths| *tenths > 0)
}

fn off(radio: &Path) -> Option<(String, bool)> {
    if word(&radio.join("type"))? != "wlan" {
        return None;
    }
    let set = |file: &str| word(&radio.join(file)).is_some_and(|text| text == "1");
    let (soft, hard) = (set("soft"), set("hard"));
    (soft || hard).then(|| (word(&radio.join("name")).unwrap_or_default(), hard))
}

fn memory(root: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let kib = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
    };
    (kib("MemAvailable")? * 100).checked_div(kib("MemTotal")?)
}

/// A file's one line.
fn word(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    Some(text.trim_end_matches(['\n', '\0']).trim().to_owned()).filter(|text| !text.is_empty())
}

/// What is in a folder of the kernel's, in order of names.
fn inside(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(ENTRIES_MAX);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tired_raspberry_pi_is_read_as_it_is() {
        // The doctor would call a gateway well that goes down with its power supply or its card.
        let root = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put(
            "proc/self/mountinfo",
            "22 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw\n\
             30 22 179:3 / /var/lib rw,noatime shared:2 - ext4 /dev/mmcblk0p3 ro,errors=remount-ro\n\
             31 22 0:22 / /var/lib/other rw - tmpfs tmpfs rw\n",
        );
        let disk = "sys/devices/mmc/block/mmcblk0";
        put(&format!("{disk}/mmcblk0p3/partition"), "3\n");
        put(&format!("{disk}/device/life_time"), "0x02 0x0a\n");
        std::fs::create_dir_all(root.path().join("sys/dev/block")).unwrap();
        let link = root.path().join("sys/dev/block/179:3");
        std::os::unix::fs::symlink(root.path().join(disk).join("mmcblk0p3"), link).unwrap();
        put("sys/fs/ext4/mmcblk0p3/errors_count", "4\n");
        put("sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n");
        put("sys/class/thermal/thermal_zone0/temp", "81234\n");
        put("sys/class/thermal/thermal_zone1/temp", "43000\n");
        put("sys/class/watchdog/watchdog0/state", "inactive\n");
        put("sys/class/rfkill/rfkill0/type", "bluetooth\n");
        put("sys/class/rfkill/rfkill0/soft", "1\n");
        put("sys/class/rfkill/rfkill1/type", "wlan\n");
        put("sys/class/rfkill/rfkill1/soft", "1\n");
        put("sys/class/rfkill/rfkill1/hard", "0\n");
        put("sys/class/rfkill/rfkill1/name", "phy0\n");
        put("sys/class/ieee80211/phy0/index", "0\n");
        put("sys/module/cfg80211/parameters/ieee80211_regdom", "00\n");
        put("run/commons/trial", "");
        put("run/commons/update.txt", "version 0.2.0 is being tried.");
        std::os::unix::fs::symlink("/data/slots/a/commonsd", root.path().join("run/commons/commonsd")).unwrap();
        put("proc/meminfo", "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:  42 kB\n");
        let seen = machine(root.path(), Path::new("/var/lib/commonsd-of-a-test"));
        assert_eq!(
            seen,
            Machine {
                free_bytes: None,
                read_only: true,
                disk_errors: Some(4),
                worn_tenths: Some(10),
                throttled: Some(0x5_0005),
                celsius: Some(81),
                watchdog: Some(false),
                radios_off: vec![("phy0".into(), false)],
                country: Some("00".into()),
                access_point: None,
                card: Some(Card { updated: true, tried: true, last: "version 0.2.0 is being tried.".into() }),
                memory_free_percent: Some(4),
            }
        );
        // Debian's kernel has another word for weak power.
        std::fs::remove_file(root.path().join("sys/devices/platform/soc/soc:firmware/get_throttled")).unwrap();
        put("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
        put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
        assert_eq!(machine(root.path(), Path::new("/x")).throttled, Some(1 << 16));
        // A machine that says nothing, and this one, are read without a word.
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(machine(empty.path(), Path::new("/nowhere")), Machine::default());
        assert!(machine(Path::new("/"), &std::env::temp_dir()).free_bytes.is_some());
    }
}
