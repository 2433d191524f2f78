//! Sockets opened by systemd: the daemon takes them by name, and connections wait through a restart.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use commons_tests::{gateway, http, Mqtt};

/// Starts it with both sockets as descriptors 3 and 4, named as the units name them, until it says where it is.
fn start(data: &std::path::Path, mqtt: &TcpListener, http: &TcpListener) -> (Child, String) {
    let lent = |socket: &TcpListener| Stdio::from(OwnedFd::from(socket.try_clone().expect("a second descriptor")));
    // The shell moves them to where systemd puts them, and `exec` keeps the process id that LISTEN_PID must name.
    let script =
        "exec 3<&0 4<&2 0</dev/null 2>/dev/null; LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=mqtt:http exec \"$@\"";
    let mut child = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(gateway::binary())
        // A door that bound by itself would be found elsewhere.
        .args(["run", "--mqtt", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data"])
        .arg(data)
        .env_remove("NOTIFY_SOCKET")
        .stdin(lent(mqtt))
        .stderr(lent(http))
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut stdout = BufReader::new(child.stdout.take().expect("its stdout"));
    let mut printed = String::new();
    while !printed.contains("Post from here:") {
        let read = stdout.read_line(&mut printed).expect("its words");
        assert!(read > 0, "it ended: {printed}");
    }
    std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    (child, printed)
}

fn first_need(at: SocketAddr) -> String {
    let needs = http::request(at, "GET", "/api/v1/needs", "", b"").expect("an answer").json();
    needs[0]["text"].as_str().unwrap_or_default().to_owned()
}

/// The page would be unreachable on port 80, or the daemon would need a capability; and a phone that asks while the
/// gateway restarts would be refused.
#[test]
fn the_daemon_serves_what_systemd_listens_on() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let data = home.path().join("data");
    let socket = || TcpListener::bind("127.0.0.1:0").expect("a port");
    let (mqtt, web) = (socket(), socket());
    let (at_mqtt, at_http) = (mqtt.local_addr().expect("bound"), web.local_addr().expect("bound"));

    let (mut child, printed) = start(&data, &mqtt, &web);
    assert!(printed.contains(&format!("mqtt  {at_mqtt}: ")), "{printed}");
    assert!(printed.contains(&format!("http  {at_http}: ")), "{printed}");
    let mut phone = Mqtt::connect(at_mqtt, 4, "phone");
    phone.publish("commons/post/need", b"insulin, stairwell B", 1);
    assert_eq!(first_need(at_http), "insulin, stairwell B");

    child.kill().expect("it ran");
    child.wait().expect("it ended");
    // Nobody serves now, but the socket is open: the question waits for the next start.
    let asking = std::thread::spawn(move || first_need(at_http));
    let (mut child, _) = start(&data, &mqtt, &web);
    assert_eq!(asking.join().expect("an answer"), "insulin, stairwell B");
    child.kill().expect("it ran");
    child.wait().expect("it ended");
}
