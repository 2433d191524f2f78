//! `commonsd doctor`: everything that can be ill, each with the line that mends it.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::{json, Value};

use super::arguments::Where;
use super::output::{Failure, Output};
use super::{phones, plain, status, Backend};
use crate::doctor::{bundle, examine, worst, Finding, Level, Page, Seen};
use crate::host::addresses::addresses;
use crate::host::{clock, inspect, radio};

/// How long the page may take on a slow board under load.
const PAGE_WITHIN: Duration = Duration::from_secs(5);
/// Of the page's answer this much is read: its first line.
const ANSWER_BYTES_MAX: usize = 64;

/// `doctor`.
pub fn doctor(
    place: &Where,
    json: bool,
    to: Option<&Path>,
    backend: &dyn Backend,
    output: &mut Output,
) -> anyhow::Result<u8> {
    let (status, loaded) = status::found(place, backend)?;
    let page = page(&status);
    let root = Path::new("/");
    let mut machine = inspect::machine(root, &loaded.config.gateway.data);
    // What the radio says counts; the module's parameter is only what it was loaded with.
    if machine.country.is_some() {
        machine.country = radio::country().or(machine.country);
        machine.access_point = radio::access_point();
    }
    let portal = match (loaded.config.portal.enabled, listens(&status)) {
        (true, Some(at)) => Some(phones::tried(at, &addresses())),
        _ => None,
    };
    let seen = Seen { status, page, machine, portal, keeping: clock::keeping(root) };
    let findings = examine(&seen);
    if let Some(file) = to {
        write_bundle(file, &bundle::redacted(&seen, &findings))?;
    }
    if json {
        let report =
            json!({"v": 1, "ok": worst(&findings) == Level::Ok, "worst": worst(&findings), "findings": findings});
        writeln!(output, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        write!(output, "{}", words(&findings))?;
        if let Some(file) = to {
            writeln!(
                output,
                "Written: {}: no names, addresses, posts or keys; read it before you send it.",
                file.display()
            )?;
        }
    }
    Ok(worst(&findings) as u8)
}

/// One line a finding, and below what is not well, what to do.
fn words(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let level = match finding.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        text.push_str(&format!("{level}  {}\n", plain::line(&finding.message)));
        if !finding.mend.is_empty() {
            text.push_str(&format!("      -> {}\n", plain::line(&finding.mend)));
        }
    }
    text.push_str(match worst(findings) {
        Level::Ok => "All is well.\n",
        Level::Warn => "It works; see the lines with `warn`.\n",
        Level::Fail => "Neighbours are hurt by this; see the lines with `FAIL`.\n",
    });
    text
}

/// Asks the running gateway's own page, as a browser on this machine would.
fn page(status: &Value) -> Page {
    if status["running"] != true {
        return Page::NotAsked;
    }
    match listens(status) {
        None => Page::Failed("it listens nowhere".into()),
        Some(at) => ask(at).map_or_else(|error| Page::Failed(format!("{at}: {error}")), |()| Page::Came),
    }
}

/// Where the page of a running gateway answers on this machine.
fn listens(status: &Value) -> Option<SocketAddr> {
    let listens = status["http"].as_array().into_iter().flatten().filter_map(|at| at.as_str()?.parse().ok());
    listens.map(from_here).next().filter(|_| status["running"] == true)
}

/// An address of this machine for one that means all of them.
fn from_here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn ask(at: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&at, PAGE_WITHIN)?;
    stream.set_read_timeout(Some(PAGE_WITHIN))?;
    stream.set_write_timeout(Some(PAGE_WITHIN))?;
    stream.write_all(format!("GET / HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut begun = Vec::new();
    stream.take(ANSWER_BYTES_MAX as u64).read_to_end(&mut begun)?;
    let line = String::from_utf8_lossy(&begun);
    match line.starts_with("HTTP/1.1 200 ") {
        true => Ok(()),
        false => Err(std::io::Error::other(format!("it answers {:?}", line.lines().next().unwrap_or_default()))),
    }
}

fn write_bundle(file: &Path, bundle: &Value) -> anyhow::Result<()> {
    use std::fs::OpenOptions;
    let opened = OpenOptions::new().write(true).create_new(true).open(file);
    let mut opened = match opened {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let sentence = format!("{} exists already; it is not overwritten", file.display());
            return Err(Failure::new(2, sentence).into());
        }
        opened => opened.with_context(|| format!("cannot write {}", file.display()))?,
    };
    writeln!(opened, "{}", serde_json::to_string_pretty(bundle)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_page_that_answers_is_told_from_one_that_does_not() {
        // The doctor would call a gateway well whose page nobody can see.
        assert_eq!(page(&json!({"running": false})), Page::NotAsked);
        assert!(matches!(page(&json!({"running": true, "http": []})), Page::Failed(_)));
        for (answer, came) in [("HTTP/1.1 200 OK\r\n\r\nx", true), ("HTTP/1.1 500 No\r\n\r\n", false), ("", false)] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let serving = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut asked = [0; 256];
                let _ = stream.read(&mut asked).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            });
            let seen = page(&json!({"running": true, "http": [format!("0.0.0.0:{port}")]}));
            serving.join().unwrap();
            assert_eq!(seen == Page::Came, came, "{answer:?} {seen:?}");
        }
    }

    #[test]
    fn what_is_ill_says_what_mends_it() {
        // A volunteer would read what is wrong and stand there.
        let finding = |level, mend: &str| Finding {
            check: "power".into(),
            level,
            message: "The \u{1b}[2Jpower is weak.".into(),
            mend: mend.into(),
        };
        let text = words(&[finding(Level::Ok, ""), finding(Level::Fail, "Another cable.")]);
        assert_eq!(
            text,
            "ok    The [2Jpower is weak.\nFAIL  The [2Jpower is weak.\n      -> Another cable.\n\
             Neighbours are hurt by this; see the lines with `FAIL`.\n"
        );
    }
}
