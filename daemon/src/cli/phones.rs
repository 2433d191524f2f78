//! What a phone meets that joins the Wi-Fi of this gateway, tried from the machine itself: names, and each system's probe.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::doctor::Portal;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(3);
/// Where the gateway's own name service listens for its own machine.
const NAMES: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 53);
/// Nobody's address (RFC 5737), to which the names of probes lead: see `deploy/portal`.
const PROBED: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// Of a probe's answer this much is read: its head.
const HEAD_BYTES_MAX: u64 = 1024;
/// A name that no system probes, and one that does.
const NAME: &str = "the-neighbours.example";
const PROBE_NAME: &str = "connectivitycheck.gstatic.com";
/// System, host and path, as `web/portal/probe.rs` has them.
const PROBES: [(&str, &str, &str); 8] = [
    ("Apple", "captive.apple.com", "/hotspot-detect.html"),
    ("Android", "connectivitycheck.gstatic.com", "/generate_204"),
    ("Samsung", "connectivitycheck.samsung.com", "/generate_204"),
    ("Huawei", "connectivitycheck.platform.hicloud.com", "/generate_204"),
    ("Windows", "www.msftconnecttest.com", "/connecttest.txt"),
    ("Firefox", "detectportal.firefox.com", "/canonical.html"),
    ("GNOME", "nmcheck.gnome.org", "/check_network_status.txt"),
    ("Kindle", "spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html"),
];

/// Tries it all; `page` is where the gateway's page answers on this machine.
pub fn tried(page: SocketAddr, own: &[IpAddr]) -> Portal {
    Portal {
        names: names(NAMES, own),
        unled: PROBES.iter().filter(|(_, host, path)| !is_led(page, host, path)).map(|(system, ..)| *system).collect(),
        systems: PROBES.len(),
    }
}

/// Whether names lead where they must; else what is wrong with them.
fn names(server: SocketAddr, own: &[IpAddr]) -> Result<(), String> {
    let page = asked(server, NAME).map_err(|error| format!("no answer ({error})"))?;
    if !own.contains(&IpAddr::V4(page)) {
        return Err(format!("a name leads to {page}, which is not this machine"));
    }
    match asked(server, PROBE_NAME).map_err(|error| format!("no answer ({error})"))? {
        PROBED => Ok(()),
        other => Err(format!("the names of phones' probes lead to {other} and not to {PROBED}")),
    }
}

/// Asks for a name's IPv4 address (RFC 1035, 4.1).
fn asked(server: SocketAddr, name: &str) -> std::io::Result<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(WITHIN))?;
    socket.connect(server)?;
    // One question, recursion wanted.
    let mut question = vec![0x43, 0x4d, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        question.push(label.len() as u8);
        question.extend_from_slice(label.as_bytes());
    }
    question.extend_from_slice(&[0, 0, 1, 0, 1]);
    socket.send(&question)?;
    let mut answer = [0; 512];
    let count = socket.recv(&mut answer)?;
    first_address(&answer[..count], question.len()).ok_or_else(|| std::io::Error::other("no address in it"))
}

/// The address in the first record behind the question, if it is one (type A, class IN, four bytes).
fn first_address(answer: &[u8], question: usize) -> Option<Ipv4Addr> {
    let answers = u16::from_be_bytes([*answer.get(6)?, *answer.get(7)?]);
    let mut at = question;
    // Its name: a pointer back, or labels.
    loop {
        match *answer.get(at)? {
            0 => break at += 1,
            length if length >= 0xc0 => break at += 2,
            length => at += 1 + usize::from(length),
        }
    }
    let record = answer.get(at..at + 14)?;
    let is_address = answers > 0 && record[..4] == [0, 1, 0, 1] && record[8..10] == [0, 4];
    is_address.then(|| Ipv4Addr::new(record[10], record[11], record[12], record[13]))
}

/// Whether a probe is led to the page, or, where this machine has chosen its browser, answered with success.
fn is_led(page: SocketAddr, host: &str, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&page, WITHIN)?;
        stream.set_read_timeout(Some(WITHIN))?;
        stream.set_write_timeout(Some(WITHIN))?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut head = Vec::new();
        stream.take(HEAD_BYTES_MAX).read_to_end(&mut head)?;
        let head = String::from_utf8_lossy(&head).to_lowercase();
        Ok(head.starts_with("http/1.1 302") && head.contains("location: http://"))
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A name service that answers every question with one address by kind of name.
    fn serve(page: [u8; 4], probe: [u8; 4]) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let at = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            for _ in 0..2 {
                let mut question = [0; 512];
                let (count, from) = socket.recv_from(&mut question).unwrap();
                let mut answer = question[..count].to_vec();
                answer[2..4].copy_from_slice(&[0x85, 0x80]);
                answer[7] = 1;
                answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 10, 0, 4]);
                let is_probe = question.windows(7).any(|piece| piece == b"gstatic");
                answer.extend_from_slice(if is_probe { &probe } else { &page });
                socket.send_to(&answer, from).unwrap();
            }
        });
        at
    }

    #[test]
    fn names_that_lead_astray_are_told_from_good_ones() {
        // Phones would say "no internet" and never show the page, with everything called well.
        let own = [IpAddr::from([10, 44, 7, 1])];
        assert_eq!(names(serve([10, 44, 7, 1], [192, 0, 2, 1]), &own), Ok(()));
        assert!(names(serve([10, 9, 9, 9], [192, 0, 2, 1]), &own).unwrap_err().contains("not this machine"));
        assert!(names(serve([10, 44, 7, 1], [10, 44, 7, 1]), &own).unwrap_err().contains("probes lead to 10.44.7.1"));
        assert_eq!(first_address(&[0; 40], 20), None);
        assert_eq!(first_address(&[0xff; 12], 30), None);
    }

    #[test]
    fn a_probe_that_is_not_led_to_the_page_is_seen() {
        // One kind of phone would never open the window.
        for (answer, led) in [
            ("HTTP/1.1 302 Found\r\nLocation: http://10.44.7.1/\r\n\r\n", true),
            ("HTTP/1.1 204 No Content\r\n\r\n", false),
            ("HTTP/1.1 404 Not Found\r\n\r\n", false),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let at = listener.local_addr().unwrap();
            let serving = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 512]).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            });
            assert_eq!(is_led(at, "captive.apple.com", "/"), led, "{answer}");
            serving.join().unwrap();
        }
    }
}
