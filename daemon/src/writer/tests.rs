//! Groups and commits of the writer.

use commons_core::submission::{Sender, Submission};

use super::*;
use crate::assembly::{Access, Assembly};
use crate::inbox::Retained;

/// A burst of long posts, or seven fat retained messages, would end the gateway for everybody.
#[test]
fn groups_larger_than_a_commit_are_cut() {
    let all: Vec<usize> = vec![300_000, 300_000, 300_000, 400_000, 1_000, 2_000_000, 5];
    let cut: Vec<&[usize]> = slices(&all, |n| *n).collect();
    assert_eq!(cut.concat(), all);
    assert_eq!(cut.iter().map(|slice| slice.len()).collect::<Vec<_>>(), [3, 2, 1, 1]);
    assert_eq!(slices(&[0usize; 0], |n| *n).count(), 0);
    let many = vec![1; 40_000];
    assert!(slices(&many, |n| *n).all(|slice| slice.len() * (1 + FRAME_BYTES) <= COMMIT_BYTES_MAX as usize));
}

/// A block that posts much at once (or a few neighbours who mean harm) would end the gateway: the store takes 1 MiB
/// with one commit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_one_commit_takes_is_kept_with_several() {
    let data = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.gateway.data = data.path().into();
    let runtime = tokio::runtime::Handle::current();
    let assembly =
        tokio::task::spawn_blocking(move || Assembly::start(&config, Access::Own, &runtime)).await.unwrap().unwrap();
    let lines: Vec<_> = (0..32)
        .map(|number| serde_json::json!({"item": format!("{number:060}"), "unit": "pieces", "qty": 1}))
        .collect();
    let mut answers = Vec::new();
    for number in 0..512 {
        let json = serde_json::json!({"text": format!("{number:02000}"), "lines": lines});
        let sender = Sender { key: format!("mqtt:{number}"), person: String::new(), once: String::new(), exempt: true };
        let submission = Submission::parse("need", json.to_string().as_bytes(), sender).unwrap();
        answers.push(assembly.inbox.submit_pipelined(submission).await.unwrap());
    }
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    for number in 0..7 {
        let payload = vec![0; 200_000].into();
        let topic = format!("commons/local/picture/{number}");
        assembly.inbox.retain(Retained { topic, payload, qos: 0 }).await.unwrap();
    }
    assembly.inbox.end().await;
    tokio::task::spawn_blocking(move || assembly.join()).await.unwrap().unwrap();
}
