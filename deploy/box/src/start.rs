//! `commons-box start`: at each start of the machine, before everything that serves. Reads `commons.toml`, writes what other
//! programs read, and says in `commons-result.txt` what came of it. Whatever it finds, it comes to an end.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{chown, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::files::{self, Made};
use crate::lines::{self, Key, Note};
use crate::result::{self, Outcome};
use crate::settings::{self, Settings};
use crate::slots;
use crate::text::{self, Written};

/// Where things are; a test has them all in one folder.
#[derive(Clone, Debug)]
pub struct Places {
    /// `/`
    pub root: PathBuf,
}

impl Places {
    /// The FAT partition.
    pub fn firmware(&self) -> PathBuf {
        self.root.join("boot/firmware")
    }
    /// What is kept of ours: the last settings, the slots. Only root may look.
    pub fn kept(&self) -> PathBuf {
        self.root.join("data/box")
    }
    /// Programs from updates. The daemon's user runs them, so he may look.
    pub fn slots(&self) -> PathBuf {
        self.root.join("data/slots")
    }
    /// The daemon's data.
    pub fn data(&self) -> PathBuf {
        self.root.join("var/lib/private/commonsd")
    }
    /// What lasts until the next start.
    pub fn run(&self) -> PathBuf {
        self.root.join("run/commons")
    }
    /// The daemon as it was on the card.
    pub fn factory(&self) -> PathBuf {
        self.root.join("usr/lib/commonsd/factory/commonsd")
    }
}

/// Does it all. Errors are told and passed over: a gateway that comes up half is better than one that does not.
pub fn start(places: &Places) {
    for folder in [places.run(), places.kept(), places.root.join("run/systemd/network")] {
        told(std::fs::create_dir_all(&folder), "make", &folder);
    }
    private(&places.kept());
    slots::choose(places);
    // Whoever asks after a power cut has to learn of the update before it too.
    let last = slots::last_words(places);
    if !last.is_empty() {
        slots::show(places, &last);
    }
    refresh(places);
}

/// All but the choice of the program; also later, when there is something new to tell.
pub fn refresh(places: &Places) {
    let written = text::read(&places.firmware().join("commons.toml"));
    let before = kept_settings(places);
    let (settings, notes, asked) = understand(&written, &before);
    if asked {
        keep_settings(places, &settings);
    }
    let name = found(places, &settings);
    let own = own_configuration(places, &settings, &name);
    let keeper = keeper_password(places, &settings);
    let made = files::all(&settings, &name, hash(&name));
    for path in files::PATHS.iter().filter(|path| made.iter().all(|made| made.path != **path)) {
        let _ = std::fs::remove_file(places.root.join(path));
    }
    for made in made {
        told(write(&places.root.join(made.path), &made), "write", Path::new(made.path));
    }
    let outcome = Outcome {
        name,
        radio: has_radio(&places.root),
        data_there: is_mounted(places),
        written,
        settings,
        notes,
        own,
        keeper,
        program: slots::running(places),
        update: slots::last_words(places),
    };
    mark_attention(places, &outcome);
    let radio = places.run().join("radio");
    match outcome.radio {
        true => told(std::fs::write(&radio, ""), "write", &radio),
        false => drop(std::fs::remove_file(&radio)),
    }
    publish(places, &outcome);
}

/// The settings that hold, what is to be told, and whether a file asked for them.
fn understand(written: &Written, before: &Settings) -> (Settings, Vec<Note>, bool) {
    match written {
        Written::Text(text) => {
            let lines = lines::read(text);
            // A file without one word of meaning is as good as none: what held goes on.
            if lines.said.is_empty() && lines.unclear.is_empty() {
                return (before.clone(), lines.notes, false);
            }
            let (settings, notes) = settings::of(lines, before);
            (settings, notes, true)
        }
        Written::Missing | Written::Unusable(_) => (before.clone(), Vec::new(), false),
    }
}

/// The last settings that were taken, in the form of `commons.toml`.
fn kept_settings(places: &Places) -> Settings {
    match text::read(&places.kept().join("settings")) {
        Written::Text(text) => settings::of(lines::read(&text), &Settings::default()).0,
        Written::Missing | Written::Unusable(_) => Settings::default(),
    }
}

fn keep_settings(places: &Places, settings: &Settings) {
    let mut settings = settings.clone();
    let mut text = String::new();
    for (key, word) in Key::ALL {
        // The keeper's is with the daemon, as a hash.
        if let (Some(value), true) = (settings.slot(key).take(), key != Key::KeeperPassword) {
            text.push_str(&format!("{word} = \"{}\"\n", value.replace('\\', "\\\\").replace('"', "\\\"")));
        }
    }
    let path = places.kept().join("settings");
    told(replace(&path, text.as_bytes(), 0o600), "write", &path);
}

/// The gateway's name: what was set, else what its key says. Makes the key at the first start.
fn found(places: &Places, settings: &Settings) -> String {
    let made = Command::new(places.run().join("commonsd")).args(["init", "--data"]).arg(places.data()).output();
    belongs_to_the_daemon(places);
    if let Some(name) = &settings.name {
        return name.clone();
    }
    let said = made.as_ref().map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let first = said.lines().next().and_then(|line| line.split_once(": ")).map(|(_, name)| name.trim().to_owned());
    match first.filter(|name| !name.is_empty()) {
        Some(name) => name,
        None => {
            eprintln!("the daemon does not tell its name: {made:?}");
            "commons".into()
        }
    }
}

/// Files made as root in a folder of the daemon's are the daemon's. A folder that is root's is given away by systemd.
fn belongs_to_the_daemon(places: &Places) {
    let data = places.data();
    let Ok(owner) = std::fs::metadata(&data) else { return };
    for entry in std::fs::read_dir(&data).into_iter().flatten().flatten() {
        if let Ok(found) = entry.metadata() {
            if found.is_file() && found.uid() != owner.uid() {
                told(chown(entry.path(), Some(owner.uid()), Some(owner.gid())), "give away", &entry.path());
            }
        }
    }
}

/// Writes the daemon's configuration, unless somebody has written his own. Whether that is so.
fn own_configuration(places: &Places, settings: &Settings, name: &str) -> bool {
    let path = places.data().join("commonsd.toml");
    if let Written::Text(text) = text::read(&path) {
        if !text.starts_with(files::MADE_HERE) {
            return true;
        }
    }
    if places.data().is_dir() {
        told(replace(&path, files::daemon(settings, name).as_bytes(), 0o600), "write", &path);
        belongs_to_the_daemon(places);
    }
    false
}

/// What came of the keeper's password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// None was said in the file.
    NotSaid,
    /// It is the one that was taken at an earlier start.
    AsBefore,
    /// Set now.
    Set,
    /// The daemon does not take it.
    Refused(String),
}

fn keeper_password(places: &Places, settings: &Settings) -> Keeper {
    let Some(password) = &settings.keeper_password else { return Keeper::NotSaid };
    // It may have been changed by hand since: the file counts again only when somebody changes the file.
    let mark = places.kept().join("keeper-password");
    let now = format!("{:016x}", hash(password));
    if std::fs::read_to_string(&mark).is_ok_and(|before| before == now) {
        return Keeper::AsBefore;
    }
    let file = places.run().join("keeper-password");
    told(replace(&file, password.as_bytes(), 0o600), "write", &file);
    let output = Command::new(places.run().join("commonsd"))
        .args(["init", "--data"])
        .arg(places.data())
        .arg("--keeper-password-file")
        .arg(&file)
        .output();
    let _ = std::fs::remove_file(&file);
    belongs_to_the_daemon(places);
    match output {
        Ok(output) if output.status.success() => {
            told(replace(&mark, now.as_bytes(), 0o600), "write", &mark);
            Keeper::Set
        }
        Ok(output) => Keeper::Refused(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Keeper::Refused(error.to_string()),
    }
}

/// Whether the machine has a Wi-Fi at all. At the first moment it may not be known yet: `led` looks again.
pub fn has_radio(root: &Path) -> bool {
    std::fs::read_dir(root.join("sys/class/ieee80211")).is_ok_and(|mut entries| entries.next().is_some())
}

/// Whether the data partition is there; without it nothing may be promised.
fn is_mounted(places: &Places) -> bool {
    let mounts = std::fs::read_to_string(places.root.join("proc/self/mounts")).unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').nth(1) == Some("/var/lib/private"))
}

/// A mark for the light: somebody has to look into the result.
fn mark_attention(places: &Places, outcome: &Outcome) {
    let path = places.run().join("attention");
    match result::attention(outcome) {
        Some(why) => told(std::fs::write(&path, why), "write", &path),
        None => drop(std::fs::remove_file(&path)),
    }
}

/// Writes the result where people look: on the card's FAT partition, and on the screen if there is one.
pub fn publish(places: &Places, outcome: &Outcome) {
    let text = result::text(outcome);
    let for_windows = text.replace('\n', "\r\n");
    let run = places.run().join("result.txt");
    told(replace(&run, text.as_bytes(), 0o644), "write", &run);
    let issue = places.root.join("run/issue.d/commons.issue");
    if issue.parent().is_some_and(|folder| std::fs::create_dir_all(folder).is_ok()) {
        // agetty reads a backslash as the start of something.
        told(replace(&issue, text.replace('\\', "\\\\").as_bytes(), 0o644), "write", &issue);
    }
    on_firmware(places, "commons-result.txt", for_windows.as_bytes());
}

/// Writes a file on the FAT partition, which is otherwise only read; not at all when it says so already.
pub fn on_firmware(places: &Places, name: &str, bytes: &[u8]) {
    let path = places.firmware().join(name);
    if std::fs::read(&path).is_ok_and(|there| there == bytes) || !places.firmware().is_dir() {
        return;
    }
    let remount = |how: &str| {
        if places.root == Path::new("/") {
            let _ = Command::new("mount").args(["-o", how]).arg(places.firmware()).status();
        }
    };
    remount("remount,rw");
    told(replace(&path, bytes, 0o644), "write", &path);
    remount("remount,ro");
}

/// Replaces a file whole or not at all, durably.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let part = path.with_extension("part");
    let _ = std::fs::remove_file(&part);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, path)?;
    match path.parent() {
        Some(folder) => std::fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn write(path: &Path, made: &Made) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    replace(path, made.text.as_bytes(), if made.secret { 0o600 } else { 0o644 })
}

fn private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    told(std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)), "close", folder);
}

/// Says what went wrong, and goes on.
pub fn told(result: io::Result<()>, what: &str, path: &Path) {
    if let Err(error) = result {
        eprintln!("cannot {what} {}: {error}", path.display());
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A card in a folder; its daemon is a script that does what `init` does.
    fn card() -> (tempfile::TempDir, Places) {
        let folder = tempfile::tempdir().unwrap();
        let places = Places { root: folder.path().to_owned() };
        for folder in [places.firmware(), places.factory().parent().unwrap().to_owned(), places.root.join("proc")] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::create_dir_all(places.root.join("sys/class/ieee80211/phy0")).unwrap();
        let daemon = "#!/bin/sh\n[ $1 = init ] || exit 1\nmkdir -p $3\n[ -z \"$5\" ] || cp $5 $3/keeper.json\n\
                      echo 'Made: Engine Brown'\necho '  id 00'\n";
        replace(&places.factory(), daemon.as_bytes(), 0o755).unwrap();
        (folder, places)
    }

    fn read(places: &Places, path: &str) -> String {
        std::fs::read_to_string(places.root.join(path)).unwrap_or_default()
    }

    fn result(places: &Places) -> String {
        read(places, "boot/firmware/commons-result.txt")
    }

    #[test]
    fn a_card_without_a_file_comes_up_safe_with_a_name_of_its_own() {
        // A volunteer who forgets the file would have a dead box, or one that sends where it may not.
        let (_folder, places) = card();
        start(&places);
        let said = result(&places);
        assert!(said.contains("Engine Brown (made from its key)") && said.contains("Wi-Fi     off."), "{said}");
        assert!(said.contains("\r\n") && said.contains("is not there"), "{said}");
        assert!(read(&places, "var/lib/private/commonsd/commonsd.toml").starts_with(files::MADE_HERE));
        assert!(!places.run().join("hostapd.conf").exists());
        assert!(places.run().join("attention").exists());
        assert_eq!(std::fs::read_link(places.run().join("commonsd")).unwrap(), places.factory());
    }

    #[test]
    fn the_file_holds_until_it_is_changed_and_survives_its_own_loss() {
        // Wi-Fi and password would be gone when somebody's computer spoils the file.
        let (_folder, places) = card();
        let file = places.firmware().join("commons.toml");
        let text = "\u{feff}name = \"Block 7\"\r\ncontry = br\r\nwifi_password = \"lamp river\"\r\nkeeper_password = three words here\r\n";
        std::fs::write(&file, text).unwrap();
        start(&places);
        assert!(read(&places, "run/commons/hostapd.conf").contains("country_code=BR"));
        assert_eq!(read(&places, "var/lib/private/commonsd/keeper.json"), "three words here");
        assert!(result(&places).contains("\"contry\" was read as \"country\""));
        for spoiled in [&b""[..], b"\0\x01\x02", b"# nothing\n", &[b'a'; 100_000]] {
            std::fs::write(&file, spoiled).unwrap();
            std::fs::write(places.data().join("keeper.json"), "changed by hand").unwrap();
            std::fs::remove_file(places.run().join("hostapd.conf")).unwrap();
            start(&places);
            let hostapd = read(&places, "run/commons/hostapd.conf");
            assert!(
                hostapd.contains("wpa_passphrase=lamp river") && hostapd.contains("country_code=BR"),
                "{spoiled:?}"
            );
            assert!(result(&places).contains("name      Block 7"));
        }
        std::fs::write(&file, text).unwrap();
        start(&places);
        assert_eq!(
            read(&places, "var/lib/private/commonsd/keeper.json"),
            "changed by hand",
            "the file has not changed"
        );
        // A line taken away is taken back: here the country, and with it the Wi-Fi.
        std::fs::write(&file, "name = Block 8").unwrap();
        start(&places);
        assert!(!places.run().join("hostapd.conf").exists() && result(&places).contains("Block 8"));
    }

    #[test]
    fn what_came_of_an_update_is_told_after_a_restart_too() {
        // Whoever brought it by stick and asks the next day would hear of none.
        let (_folder, places) = card();
        start(&places);
        assert_eq!(read(&places, "run/commons/update.txt"), "");
        slots::say(&places, "version 0.2.0 was tried for some minutes, works, and stays.");
        std::fs::remove_dir_all(places.run()).unwrap();
        start(&places);
        assert!(read(&places, "run/commons/update.txt").starts_with("version 0.2.0 was tried"));
    }

    #[test]
    fn a_configuration_of_somebodys_own_is_left_alone() {
        // Whoever knows what he does would lose it at every start.
        let (_folder, places) = card();
        std::fs::create_dir_all(places.data()).unwrap();
        std::fs::write(places.data().join("commonsd.toml"), "[gateway]\nname = \"mine\"\n").unwrap();
        std::fs::write(places.firmware().join("commons.toml"), "name = Block 7").unwrap();
        start(&places);
        assert_eq!(read(&places, "var/lib/private/commonsd/commonsd.toml"), "[gateway]\nname = \"mine\"\n");
        assert!(result(&places).contains("somebody's own"));
    }
}
