//! What is asked of members and the ledger over the local socket. Who may open it owns the data, so he may see every account; what
//! is signed still needs its author's key.

use commons_core::identity::{hex, unhex, GatewayId, MemberId, NetworkId, Signature};
use commons_core::ledger::FOUND_MAX;
use commons_core::submission::Submission;
use serde_json::json;

use super::desk::{local, silent, stamped, Desk};
use super::request::{granted, refusal, Reply, Request, VERSION};
use super::text::digits_to_bytes;
use crate::inbox::ControlRequest;
use crate::passes::{PASS_S, QUESTION_S};

impl Desk {
    pub(super) async fn account(&self, request: Request) -> Reply {
        let inbox = &self.inbox;
        let nobody = || refusal("unknown_member", "there is no such member here");
        match request {
            Request::Signed { kind, record } => match unhex(&record) {
                Some(bytes) => self.submit(Submission::parse(&kind, &bytes, local())).await,
                None => refusal("wrong_value", "\"record\" must be hex digits"),
            },
            Request::Covenant {} => match inbox.covenant().await {
                Some(covenant) => granted("covenant", covenant),
                None => refusal("not_founded", "this network has no founding record; see `commonsd init --help`"),
            },
            Request::Members { q: Some(text), .. } => granted("members", inbox.find_members(&text).await),
            Request::Members { after, .. } => {
                let after = after.and_then(|after| MemberId::parse(&after));
                granted("members", inbox.member_cards(after, FOUND_MAX).await)
            }
            Request::Account { member } => match MemberId::parse(&member) {
                Some(id) => inbox.account(id).await.map_or_else(nobody, |account| granted("account", account)),
                None => nobody(),
            },
            Request::Forks { member } => match MemberId::parse(&member) {
                Some(id) => granted("forks", inbox.forks(id).await),
                None => nobody(),
            },
            Request::Decisions {} => granted("decisions", inbox.decisions().await),
            Request::GoingOn { member } => match MemberId::parse(&member) {
                Some(id) => inbox.going_on(id).await.map_or_else(nobody, |action| granted("action", action)),
                None => nobody(),
            },
            Request::LedgerTo { to } => {
                inbox.control(ControlRequest::LedgerTo { to }).await.map_or_else(silent, stamped)
            }
            Request::PassQuestion {} => json!({
                "v": VERSION, "ok": true, "network": self.about.network, "gateway": self.about.id,
                "challenge": hex(&inbox.passes().question()), "expires_s": QUESTION_S,
            }),
            Request::Pass { member, challenge, signature } => {
                let fields = (
                    MemberId::parse(&member),
                    digits_to_bytes::<32>(&challenge),
                    digits_to_bytes::<64>(&signature),
                    GatewayId::parse(&self.about.id),
                );
                let (Some(member), Some(challenge), Some(signature), Some(gateway)) = fields else {
                    return refusal("wrong_value", "member, challenge and signature are hex digits");
                };
                let network = NetworkId::of(&self.about.network);
                match inbox.give_pass(&network, &gateway, member, &challenge, &Signature(signature)).await {
                    Ok(pass) => json!({"v": VERSION, "ok": true, "pass": pass, "expires_s": PASS_S}),
                    Err(why) => refusal(why.code(), &why.to_string()),
                }
            }
            _ => refusal("wrong_value", "the request does not parse"),
        }
    }
}
