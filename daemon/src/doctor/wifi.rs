//! What the doctor says of the Wi-Fi that a gateway gives to phones.

use super::{finding, ok, Finding, Level, Portal};
use crate::host::inspect::Machine;

/// Tenths of what the radio can serve from which the next phones may be refused.
const FULL_TENTHS: usize = 8;

/// Radio, phones on it, names, probes. What does not apply says so in one line.
pub fn wifi(machine: &Machine, portal: Option<&Portal>) -> Vec<Finding> {
    let mut findings = radio(machine);
    findings.extend(phones(machine));
    match portal {
        Some(portal) => findings.extend(led(portal)),
        None => findings.push(ok("portal", "Not applicable: phones are not led to the page (`[portal]` is off).")),
    }
    findings
}

fn radio(machine: &Machine) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, by_switch) in &machine.radios_off {
        let mend = match by_switch {
            true => "Turn the switch on the machine's case, or the key for radios.",
            false => "Set the country (`country` in commons.toml, else `raspi-config` or `iw reg set`), then `rfkill unblock wifi`.",
        };
        findings.push(finding("wifi_off", Level::Warn, format!("The Wi-Fi radio {name} is switched off."), mend));
    }
    findings.push(match machine.country.as_deref() {
        Some("00") => finding(
            "wifi_country",
            Level::Warn,
            "No country is set for the Wi-Fi: it may use few channels, weakly, or not serve phones at all.",
            "Set it where the machine stands: `country` in commons.toml on the card; else `raspi-config`, or `country_code=` in hostapd.conf.",
        ),
        Some(country) => ok("wifi_country", format!("The Wi-Fi follows the rules of {country}.")),
        None => ok("wifi_country", "Not applicable: this machine has no Wi-Fi."),
    });
    findings
}

fn phones(machine: &Machine) -> Option<Finding> {
    let serves = machine.access_point.as_ref()?;
    Some(match serves.phones_max {
        Some(most) if serves.phones * 10 >= most * FULL_TENTHS => finding(
            "wifi_phones",
            Level::Warn,
            format!("{} phones are on the Wi-Fi, and the radio can serve {most}.", serves.phones),
            "Ask who does not need it to leave, or put up a second Wi-Fi: a router by cable serves more than a board.",
        ),
        Some(most) => {
            ok("wifi_phones", format!("{} phones are on the Wi-Fi; the radio can serve {most}.", serves.phones))
        }
        None => ok(
            "wifi_phones",
            format!("{} phones are on the Wi-Fi; the radio does not say how many it can serve.", serves.phones),
        ),
    })
}

fn led(portal: &Portal) -> Vec<Finding> {
    let names = match &portal.names {
        Ok(()) => ok("names", "Names lead phones to the page."),
        Err(why) => finding(
            "names",
            Level::Fail,
            format!("Names do not lead phones to the page: {why}."),
            "Restart them with `systemctl restart commons-dns` (else dnsmasq); see `journalctl -u commons-dns -n 20` and deploy/portal.",
        ),
    };
    let probes = match portal.unled.as_slice() {
        [] => ok("probes", format!("The probes of {} kinds of phones are led to the page.", portal.systems)),
        unled => finding(
            "probes",
            Level::Fail,
            format!("The probes of {} are not led to the page.", unled.join(", ")),
            "Restart the gateway with `systemctl restart commonsd`; until then type its address on those phones.",
        ),
    };
    vec![names, probes]
}
