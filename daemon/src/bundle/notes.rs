//! `LAST-EXCHANGE.txt`: what happened last on this stick, for whoever finds it in his pocket.

use super::stick::{Stick, NOTE};
use super::BundleError;

/// Writes it. `lines` are whole sentences.
pub fn write(stick: &Stick, who: &str, lines: &[String]) -> Result<(), BundleError> {
    let mut text = String::from("The last exchange on this stick\r\n\r\n");
    text.push_str(&format!("At the gateway \"{who}\":\r\n"));
    for line in lines {
        text.push_str(&format!("  {line}\r\n"));
    }
    text.push_str(
        "\r\nThis stick carries posts between gateways of a neighbourhood. At each gateway: plug it in and run\r\n\
         \x20 commonsd exchange FOLDER-OF-THE-STICK\r\n\
         then carry it to the next one. Everything in the folder \"commons\" belongs to it; leave the files as they are.\r\n",
    );
    stick.put(&stick.root().join(NOTE), text.as_bytes())
}
