//! The binary as a newcomer meets it. Also makes cargo build it, so that the end-to-end tests find it.

use std::process::{Command, Output};

fn commonsd(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_commonsd")).args(arguments).output().expect("commonsd runs")
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A volunteer who asks for help would get none, or an exit code that says it failed.
#[test]
fn help_and_version_are_there() {
    let help = commonsd(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for command in
        ["run", "init", "status", "needs", "offers", "notices", "post", "watch", "verify", "repair", "backup"]
    {
        assert!(words(&help.stdout).contains(command), "{command}");
    }
    let version = commonsd(&["--version"]);
    assert_eq!(words(&version.stdout), format!("commonsd {}\n", env!("CARGO_PKG_VERSION")));
}

/// A script could not tell a typing mistake from a gateway in trouble.
#[test]
fn exit_codes_tell_what_went_wrong() {
    let home = tempfile::tempdir().unwrap();
    let nowhere = home.path().join("none").display().to_string();
    let typo = commonsd(&["nedes"]);
    assert_eq!(typo.status.code(), Some(2));
    assert!(words(&typo.stderr).contains("needs"), "a suggestion: {}", words(&typo.stderr));
    for (arguments, code) in [(["status", "--data"], 3), (["needs", "--data"], 3), (["verify", "--data"], 1)] {
        let output = commonsd(&[arguments[0], arguments[1], &nowhere]);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {}", words(&output.stderr));
        assert!(!words(&output.stderr).contains("panicked"), "{}", words(&output.stderr));
    }
    assert!(!home.path().join("none").exists(), "looking makes nothing");
}
