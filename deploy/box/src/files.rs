//! What other programs read, made from the settings: hostapd, dnsmasq, nftables, networkd, the daemon. Pure.

use crate::settings::Settings;

/// The gateway's address for phones; the same in `deploy/portal`.
pub const ADDRESS: &str = "10.44.7.1";
/// First line of a configuration of the daemon that is made here. Without it the file is somebody's own.
pub const MADE_HERE: &str =
    "# Made from commons.toml on the card at each start. To write this file yourself, take this line away.";
/// The interface that serves phones.
pub const WIFI: &str = "wlan0";

const DNSMASQ: &str = include_str!("../../portal/dnsmasq.conf");
const PORTAL: &str = include_str!("../../portal/portal.nft");

/// A file to write: where, and what. Paths are below `/run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Below the root.
    pub path: &'static str,
    /// Its text.
    pub text: String,
    /// Only root may read it.
    pub secret: bool,
}

/// Every path that `all` may name: what is not made any more goes.
pub const PATHS: [&str; 9] = [
    "run/commons/hostapd.conf",
    "run/commons/dnsmasq.conf",
    "run/commons/portal.nft",
    "run/commons/mesh",
    "run/systemd/network/10-commons-wifi.network",
    "run/systemd/network/10-commons-mesh.network",
    "run/systemd/network/10-commons-bat0.netdev",
    "run/systemd/network/10-commons-bat0.network",
    "run/systemd/network/20-commons-cable.network",
];

/// Why there is no Wi-Fi.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// No country.
    NoCountry,
    /// A password was wanted and is not usable.
    Password,
}

/// Whether the Wi-Fi may be on.
pub fn wifi(settings: &Settings) -> Result<(), Off> {
    match (&settings.country, settings.wifi_password_faulty) {
        (None, _) => Err(Off::NoCountry),
        (_, true) => Err(Off::Password),
        _ => Ok(()),
    }
}

/// The Wi-Fi's name: its own, or as much of the gateway's as fits.
pub fn wifi_name(settings: &Settings, name: &str) -> String {
    let wanted = settings.wifi_name.as_deref().unwrap_or(name);
    let end = (0..=wanted.len().min(32)).rev().find(|end| wanted.is_char_boundary(*end)).unwrap_or(0);
    wanted[..end].trim().to_owned()
}

/// All files of the system. `name` is the gateway's, `seed` some number of its own that spreads neighbours' channels.
pub fn all(settings: &Settings, name: &str, seed: u64) -> Vec<Made> {
    let mut made = Vec::new();
    let plain = |path, text| Made { path, text, secret: false };
    if wifi(settings).is_ok() {
        made.push(Made {
            path: "run/commons/hostapd.conf",
            text: hostapd(settings, &wifi_name(settings, name), seed),
            secret: true,
        });
        made.push(plain("run/commons/dnsmasq.conf", DNSMASQ.to_owned()));
        made.push(plain("run/commons/portal.nft", portal()));
        made.push(plain(
            "run/systemd/network/10-commons-wifi.network",
            format!("[Match]\nName={WIFI}\n\n[Network]\nAddress={ADDRESS}/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n\n[Link]\nRequiredForOnline=no\n"),
        ));
    }
    if let Some(mesh) = &settings.mesh {
        made.push(plain(
            "run/commons/mesh",
            format!("MESH={mesh}\nCOUNTRY={}\n", settings.country.as_deref().unwrap_or("")),
        ));
        made.push(plain(
            "run/systemd/network/10-commons-mesh.network",
            format!("[Match]\nName={mesh}\n\n[Link]\nMTUBytes=1532\nRequiredForOnline=no\n\n[Network]\nBatmanAdvanced=bat0\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"),
        ));
        made.push(plain(
            "run/systemd/network/10-commons-bat0.netdev",
            "[NetDev]\nName=bat0\nKind=batadv\n\n[BatmanAdvanced]\nRoutingAlgorithm=batman-iv\n".into(),
        ));
        made.push(plain(
            "run/systemd/network/10-commons-bat0.network",
            "[Match]\nName=bat0\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nLinkLocalAddressing=yes\nIPv6AcceptRA=no\n".into(),
        ));
    }
    // A cable: whatever the house's router gives; without one, an address of its own, so that two boxes can talk.
    made.push(plain(
        "run/systemd/network/20-commons-cable.network",
        "[Match]\nName=e*\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nDHCP=yes\nLinkLocalAddressing=yes\n\n[DHCPv4]\nUseNTP=yes\n".into(),
    ));
    made
}

fn hostapd(settings: &Settings, ssid: &str, seed: u64) -> String {
    // As hex, no name can be more than a name.
    let hex: String = ssid.bytes().map(|byte| format!("{byte:02x}")).collect();
    let channel = [1, 6, 11][(seed % 3) as usize];
    let country = settings.country.as_deref().unwrap_or("00");
    let mut text = format!(
        "interface={WIFI}\ndriver=nl80211\nssid2={hex}\nutf8_ssid=1\ncountry_code={country}\nieee80211d=1\nhw_mode=g\n\
         channel={channel}\nieee80211n=1\nwmm_enabled=1\n\
         # Phones speak with the gateway, not with each other.\nap_isolate=1\nctrl_interface=/run/hostapd\n"
    );
    if let Some(password) = &settings.wifi_password {
        text.push_str(&format!(
            "auth_algs=1\nwpa=2\nwpa_key_mgmt=WPA-PSK\nrsn_pairwise=CCMP\nwpa_passphrase={password}\n"
        ));
    }
    text
}

/// The firewall of `deploy/portal`, with the page on port 80, as the package has it.
fn portal() -> String {
    PORTAL.replace("define PAGE_PORT = 8080", "define PAGE_PORT = 80")
}

/// The daemon's configuration.
pub fn daemon(settings: &Settings, name: &str) -> String {
    let mut text = format!("{MADE_HERE}\n");
    if let Some(name) = &settings.name {
        text.push_str(&format!("[gateway]\nname = {}\n", quoted(name)));
    }
    text.push_str("[http]\n");
    if wifi(settings).is_ok() {
        text.push_str(&format!("wifi_name = {}\n", quoted(&wifi_name(settings, name))));
        if let Some(password) = &settings.wifi_password {
            text.push_str(&format!("wifi_password = {}\n", quoted(password)));
        }
    }
    if let Some(language) = &settings.language {
        text.push_str(&format!("language = {}\n", quoted(language)));
    }
    text.push_str(&format!("[portal]\nenabled = {}\nport = 80\n", wifi(settings).is_ok()));
    if let Some(key) = &settings.keeper_key {
        text.push_str(&format!("[keeper]\nkeys = [{}]\n", quoted(key)));
    }
    text
}

/// A basic string of TOML. Control characters never come this far.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings { country: Some("BR".into()), mesh: Some("eth1".into()), ..Settings::default() }
    }

    #[test]
    fn a_name_is_never_more_than_a_name() {
        // A neighbour's joke in the name would open the Wi-Fi or point it elsewhere.
        let joke = "x\" ssid=y # wpa=0 ' $(reboot) é";
        let settings = Settings { wifi_password: Some("a\"b\\c #d=e".into()), ..settings() };
        let made = all(&settings, joke, 1);
        let hostapd = &made.iter().find(|made| made.path.ends_with("hostapd.conf")).unwrap();
        assert!(hostapd.secret);
        let lines: Vec<&str> =
            hostapd.text.lines().filter(|line| line.starts_with("ssid") || line.starts_with("wpa")).collect();
        assert_eq!(lines[0], "ssid2=782220737369643d792023207770613d3020272024287265626f6f742920c3a9");
        assert_eq!(lines[1..], ["wpa=2", "wpa_key_mgmt=WPA-PSK", "wpa_passphrase=a\"b\\c #d=e"]);
        let daemon = daemon(&Settings { name: Some(joke.into()), ..settings }, joke);
        assert!(daemon.contains("name = \"x\\\" ssid=y # wpa=0 ' $(reboot) é\"\n"), "{daemon}");
        assert!(daemon.contains("wifi_password = \"a\\\"b\\\\c #d=e\"\n"), "{daemon}");
    }

    #[test]
    fn without_a_country_there_is_no_wifi_and_no_portal() {
        // A radio would send where it may not, or a portal catch the names of a whole house.
        for (settings, off) in [
            (Settings::default(), Off::NoCountry),
            (Settings { country: Some("BR".into()), wifi_password_faulty: true, ..Settings::default() }, Off::Password),
        ] {
            assert_eq!(wifi(&settings), Err(off));
            let paths: Vec<_> = all(&settings, "x", 0).into_iter().map(|made| made.path).collect();
            assert_eq!(paths, ["run/systemd/network/20-commons-cable.network"]);
            assert!(daemon(&settings, "x").contains("enabled = false"));
        }
        let mut paths: Vec<_> = all(&settings(), "x", 0).into_iter().map(|made| made.path).collect();
        let mut every = PATHS;
        paths.sort();
        every.sort();
        assert_eq!(paths, every);
    }

    #[test]
    fn the_files_of_the_portal_still_have_what_is_replaced_in_them() {
        // The page would be looked for at a port where nobody listens.
        assert!(portal().contains("define PAGE_PORT = 80\n"));
        assert!(portal().contains(&format!("define WIFI = \"{WIFI}\"")) && portal().contains(ADDRESS));
        assert!(DNSMASQ.contains(&format!("interface={WIFI}\n")));
    }

    #[test]
    fn a_long_name_is_cut_between_letters() {
        // hostapd would refuse to start.
        assert_eq!(wifi_name(&Settings::default(), &"é".repeat(20)), "é".repeat(16));
        assert_eq!(wifi_name(&Settings::default(), &format!("{}é", "x".repeat(31))), "x".repeat(31));
    }
}
