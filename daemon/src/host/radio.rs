//! The Wi-Fi of this machine, as `iw` tells it: under whose rules, and how many phones it serves of how many it can.

use super::program::said;

/// A Wi-Fi that this machine gives to phones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPoint {
    /// Phones on it now.
    pub phones: usize,
    /// As many as the radio's firmware takes, where it says so: a Raspberry Pi's takes few.
    pub phones_max: Option<usize>,
}

/// Asks about the first interface that serves phones; none: there is none, or no `iw`.
pub fn access_point() -> Option<AccessPoint> {
    let (interface, radio) = serving(&said("iw", &["dev"])?)?;
    let stations = said("iw", &["dev", &interface, "station", "dump"])?;
    let about = said("iw", &["phy", &radio, "info"]).unwrap_or_default();
    Some(AccessPoint { phones: phones(&stations), phones_max: phones_max(&about) })
}

/// The country whose rules the radios follow now; "00": the world's.
pub fn country() -> Option<String> {
    following(&said("iw", &["reg", "get"])?)
}

/// Interface and radio of the first one of type AP in `iw dev`.
fn serving(list: &str) -> Option<(String, String)> {
    let (mut radio, mut interface) = (None, None);
    for line in list.lines().map(str::trim) {
        if let Some(number) = line.strip_prefix("phy#") {
            radio = Some(format!("phy{number}"));
        } else if let Some(name) = line.strip_prefix("Interface ") {
            interface = Some(name.to_owned());
        } else if line == "type AP" {
            return interface.zip(radio);
        }
    }
    None
}

fn phones(stations: &str) -> usize {
    stations.lines().filter(|line| line.starts_with("Station ")).count()
}

/// `Maximum associated stations in AP mode: 10`
fn phones_max(about: &str) -> Option<usize> {
    let line = about.lines().find(|line| line.to_lowercase().contains("maximum associated stations"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

/// `country BR: DFS-FCC`, the first of the list: the machine's.
fn following(list: &str) -> Option<String> {
    let line = list.lines().find_map(|line| line.trim().strip_prefix("country "))?;
    Some(line.split(':').next()?.trim().to_owned()).filter(|country| country.len() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_iw_says_is_read() {
        // Phones that cannot join would find nobody who knows that the radio is full.
        let dev = "phy#1\n\tInterface wlan1\n\t\tifindex 4\n\t\ttype managed\nphy#0\n\tInterface wlan0\n\t\tssid Block 7\n\t\ttype AP\n";
        assert_eq!(serving(dev), Some(("wlan0".into(), "phy0".into())));
        assert_eq!(serving("phy#0\n\tInterface wlan0\n\t\ttype managed\n"), None);
        assert_eq!(phones("Station 02:00 (on wlan0)\n\tinactive time: 8 ms\nStation 04:00 (on wlan0)\n"), 2);
        assert_eq!(phones_max("\tfoo: 1\n\tMaximum associated stations in AP mode: 10\n"), Some(10));
        assert_eq!(phones_max(""), None);
        assert_eq!(
            following("global\ncountry BR: DFS-FCC\n\t(2402 - 2482 @ 40)\n\nphy#0\ncountry 99: DFS-UNSET\n"),
            Some("BR".into())
        );
        assert_eq!(following("global\ncountry 00: DFS-UNSET\n").as_deref(), Some("00"));
    }
}
