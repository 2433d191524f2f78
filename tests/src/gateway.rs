//! The real daemon as a child process, in a directory of its own, on ports of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{self, Answer};
use crate::mqtt::Mqtt;
use crate::wait_for;

/// SIGTERM to end, at most: what units and people wait (issue 2, point 7).
pub const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// The daemon's binary: `COMMONSD_BIN`, else beside the test's own.
pub fn binary() -> PathBuf {
    if let Some(given) = std::env::var_os("COMMONSD_BIN") {
        return given.into();
    }
    let own = std::env::current_exe().expect("the test knows itself");
    // target/<profile>/deps/<test>, or target/<profile>/<bin>.
    let found = own.ancestors().skip(1).take(2).map(|dir| dir.join("commonsd")).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("no commonsd beside {}: run `cargo build -p commonsd` first", own.display()))
}

/// A command line of the daemon, with nothing of the tester's own environment that would change it.
pub fn commonsd() -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COMMONSD_") {
            command.env_remove(&name);
        }
    }
    command.env_remove("NOTIFY_SOCKET").env_remove("STATE_DIRECTORY").stdin(Stdio::null());
    command
}

/// A gateway in a temporary directory.
pub struct Gateway {
    child: Option<Child>,
    home: tempfile::TempDir,
    log: Arc<Mutex<String>>,
    /// Where MQTT listens now.
    pub mqtt: SocketAddr,
    /// Where HTTP listens now.
    pub http: SocketAddr,
    /// What it printed at the last start.
    pub printed: String,
    /// It is started where MQTT listened before, so that its peers find it again.
    pub stays: bool,
}

impl Gateway {
    /// A fresh one.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// A fresh one with this commonsd.toml.
    pub fn start_with(config: &str) -> Self {
        let mut gateway = Self::prepared(config);
        gateway.again();
        gateway
    }

    /// A directory, but nothing running in it.
    pub fn prepared(config: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let (child, log, printed) = (None, Arc::default(), String::new());
        let gateway = Self { child, home, log, mqtt: nowhere, http: nowhere, printed, stays: false };
        std::fs::create_dir(gateway.data()).expect("a data directory");
        gateway.configure(config);
        gateway
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// A place beside its data directory.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes commonsd.toml.
    pub fn configure(&self, config: &str) {
        if !config.is_empty() {
            std::fs::write(self.data().join("commonsd.toml"), config).expect("the configuration is written");
        }
    }

    /// Starts it on its directory; it must not be running.
    pub fn again(&mut self) {
        if let Err(words) = self.try_again() {
            panic!("the gateway did not start: {words}");
        }
    }

    /// As [`Gateway::again`]; what it said if it ended instead.
    pub fn try_again(&mut self) -> Result<(), String> {
        assert!(self.child.is_none(), "it is running");
        let data = self.data();
        let mqtt = if self.stays { self.mqtt.to_string() } else { "127.0.0.1:0".into() };
        let mut child = commonsd()
            .args(["run", "--mqtt", &mqtt, "--http", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("commonsd starts");
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let (log, mut errors) = (self.log.clone(), BufReader::new(child.stderr.take().expect("its stderr")));
        let mut stdout = BufReader::new(child.stdout.take().expect("its stdout"));
        let listening = std::thread::spawn(move || {
            let mut line = Vec::new();
            while errors.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                log.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        let mut printed = String::new();
        // It says where it is, or ends: no deadline needed but the test runner's.
        while !printed.contains("Post from here:") {
            if stdout.read_line(&mut printed).unwrap_or(0) == 0 {
                let _ = child.wait();
                let _ = listening.join();
                return Err(self.log());
            }
        }
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let address = |label: &str| -> SocketAddr {
            let line = printed.lines().find_map(|line| line.trim_start().strip_prefix(label)).expect("an address line");
            let address = line.trim_start().split(": ").next().unwrap_or_default();
            address.parse().unwrap_or_else(|_| panic!("no address in {line:?}"))
        };
        (self.mqtt, self.http) = (address("mqtt "), address("http "));
        self.printed = printed;
        self.child = Some(child);
        Ok(())
    }

    /// What it has logged since its last start.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Cuts it off.
    pub fn kill9(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("killed");
        child.wait().expect("it is gone");
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let done = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status().expect("kill");
        assert!(done.success(), "kill -{name}");
    }

    /// SIGTERM; must end well and in time. Returns how long it took.
    pub fn terminate(&mut self) -> Duration {
        self.signal("TERM");
        self.terminate_after_signal()
    }

    /// As [`Gateway::terminate`], once the signal has been sent.
    pub fn terminate_after_signal(&mut self) -> Duration {
        let began = Instant::now();
        let mut child = self.child.take().expect("it runs");
        let status = loop {
            if let Some(status) = child.try_wait().expect("its end") {
                break status;
            }
            if began.elapsed() > ENDS_WITHIN {
                let _ = child.kill();
                panic!("it did not end within {ENDS_WITHIN:?} of SIGTERM:\n{}", self.log());
            }
            std::thread::park_timeout(Duration::from_millis(5));
        };
        assert!(status.success(), "it ended with {status}:\n{}", self.log());
        began.elapsed()
    }

    /// Whether its process is still there.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().expect("its state").is_none())
    }

    /// A command on its data directory.
    pub fn cli(&self, arguments: &[&str]) -> Output {
        commonsd().args(arguments).arg("--data").arg(self.data()).output().expect("commonsd runs")
    }

    /// As [`Gateway::cli`], which must succeed: what it printed.
    pub fn said(&self, arguments: &[&str]) -> String {
        let output = self.cli(arguments);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "commonsd {arguments:?}: {}\n{text}{errors}", output.status);
        text
    }

    /// As [`Gateway::said`], as JSON.
    pub fn said_json(&self, arguments: &[&str]) -> Value {
        let text = self.said(arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("commonsd {arguments:?}: {error}\n{text}"))
    }

    /// As [`Gateway::cli`], with words for its standard input.
    pub fn cli_with_input(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = commonsd();
        command.args(arguments).arg("--data").arg(self.data());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("commonsd runs");
        child.stdin.take().expect("its stdin").write_all(input.as_bytes()).expect("written");
        child.wait_with_output().expect("its end")
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        http::request(self.http, "GET", path, "", b"").unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    /// POST.
    pub fn post(&self, path: &str, media: &str, body: &str) -> Answer {
        let answer = http::request(self.http, "POST", path, media, body.as_bytes());
        answer.unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// POST of JSON to the API, which must be taken: the receipt.
    pub fn post_json(&self, kind: &str, json: &Value) -> Value {
        let answer = self.post(&format!("/api/v1/post/{kind}"), "application/json", &json.to_string());
        assert!(matches!(answer.status, 200 | 201), "{} {}", answer.status, answer.body);
        answer.json()
    }

    /// A client of MQTT 3.1.1 (4) or 5.
    pub fn client(&self, version: u8, id: &str) -> Mqtt {
        Mqtt::connect(self.mqtt, version, id)
    }

    /// All needs, offers or notices over the API, page by page, ended ones too.
    pub fn all(&self, plural: &str) -> Vec<Value> {
        let mut items: Vec<Value> = Vec::new();
        loop {
            let after =
                items.last().map_or_else(String::new, |item| format!("&after={}", item["id"].as_str().unwrap()));
            let page = self.get(&format!("/api/v1/{plural}?status=all&limit=1000{after}")).json();
            let page = page.as_array().expect("an array");
            if page.is_empty() {
                return items;
            }
            items.extend(page.iter().cloned());
        }
    }

    /// Waits until a need, offer or notice is as it should be over the API.
    pub fn wait_for_item(&self, plural: &str, id: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        wait_for(what, || {
            let answer = self.get(&format!("/api/v1/{plural}/{id}"));
            Some(answer).filter(|answer| answer.status == 200).map(|answer| answer.json()).filter(&fits)
        })
    }

    /// One number of /metrics.
    pub fn metric(&self, name: &str) -> Option<u64> {
        let wanted = format!("commonsd_{name} ");
        let text = self.get("/metrics").body;
        text.lines().find_map(|line| line.strip_prefix(&wanted)?.parse().ok())
    }

    /// Resident memory in KiB.
    pub fn rss_kib(&self) -> u64 {
        let mut text = String::new();
        let path = format!("/proc/{}/status", self.pid());
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text)).expect("its status");
        let line = text.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).and_then(|count| count.parse().ok()).expect("a number")
    }

    /// No mistake of ours may have shown: nothing panicked.
    pub fn assert_unhurt(&self) {
        assert_eq!(self.metric("session_panics_total"), Some(0));
        let log = self.log();
        assert!(!log.contains("panic"), "{log}");
    }

    /// `verify` of the stopped gateway must find nothing.
    pub fn assert_verified(&self) {
        let report = self.said_json(&["verify", "--json"]);
        assert_eq!(report["ok"], true, "{report:#}");
    }

    /// The segments of its journal, oldest first.
    pub fn segments(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.data().join("store"), &mut found);
        found.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("seg-")));
        found.sort();
        found
    }
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- the gateway's log ---\n{}", self.log());
        }
    }
}
