//! Members as a test plays them: with a key file of `commonsd member`, and with records made by hand that no honest phone would sign.

use std::path::{Path, PathBuf};

use commons_core::codec::{record_id, Author};
use commons_core::identity::{unhex, GatewayId, MemberId, MemberKeys, NetworkId, RecordId};
use commons_core::record::*;
use serde_json::Value;

use crate::gateway::commonsd;
use crate::pen::signed;
use crate::Gateway;

/// A member with his key in a file.
pub struct Member {
    /// The file.
    pub key: PathBuf,
}

/// A record made by hand.
pub struct Word {
    /// Its id.
    pub id: RecordId,
    /// Its kind's name.
    pub kind: &'static str,
    /// As it is handed in.
    pub bytes: Vec<u8>,
}

impl Member {
    /// Over a key file.
    pub fn new(key: &Path) -> Self {
        Self { key: key.to_owned() }
    }

    /// With a key that `commonsd member new` makes.
    pub fn made(key: &Path) -> Self {
        let done = commonsd().args(["member", "new"]).arg(key).output().expect("commonsd runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Self::new(key)
    }

    /// The same key in another file: a clone, or an old phone.
    pub fn copied(&self, to: &Path) -> Self {
        std::fs::copy(&self.key, to).expect("copied");
        Self::new(to)
    }

    /// `commonsd member ...` with his key, on a gateway's data: the receipt, also of a refusal.
    pub fn does(&self, gateway: &Gateway, arguments: &[&str]) -> Result<Value, String> {
        let key = self.key.to_str().expect("UTF-8");
        let arguments: Vec<&str> =
            ["member"].iter().chain(arguments).copied().chain(["--json", "--key", key]).collect();
        let output = gateway.cli(&arguments);
        match serde_json::from_slice(&output.stdout) {
            Ok(json) => Ok(json),
            Err(_) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// As [`Member::does`], which must be kept: the record's id.
    pub fn did(&self, gateway: &Gateway, arguments: &[&str]) -> String {
        let receipt = self.does(gateway, arguments).unwrap_or_else(|said| panic!("{arguments:?}: {said}"));
        assert_eq!(receipt["ok"], true, "{arguments:?}: {receipt}");
        receipt["id"].as_str().expect("an id").to_owned()
    }

    /// His account at a gateway.
    pub fn account(&self, gateway: &Gateway) -> Value {
        self.does(gateway, &["show"]).expect("an account")
    }

    /// What is settled in the first unit.
    pub fn settled(&self, gateway: &Gateway) -> i64 {
        self.account(gateway)["balances"][0]["settled"].as_i64().expect("a number")
    }

    /// Who he is.
    pub fn id(&self) -> MemberId {
        let file = self.file();
        file["member"].as_str().and_then(MemberId::parse).expect("a member")
    }

    fn file(&self) -> Value {
        serde_json::from_slice(&std::fs::read(&self.key).expect("the key file")).expect("JSON")
    }

    /// His keys.
    pub fn keys(&self) -> MemberKeys {
        let seed = self.file()["seed"].as_str().and_then(unhex).expect("a seed");
        MemberKeys::from_seed(&seed.try_into().expect("32 bytes"))
    }

    /// Where his next record stands, as this gateway says.
    pub fn next(&self, gateway: &Gateway) -> Link {
        let card = gateway.get(&format!("/api/v1/ledger/members/{}", self.id())).json();
        let prev = card["head"].as_str().and_then(RecordId::parse).expect("a head");
        let number = |field: &str| card[field].as_u64().expect(field);
        Link { member: self.id(), epoch: number("epoch") as u16, seq: number("seq") as u32 + 1, prev }
    }

    /// Signs whatever is asked, for a network.
    pub fn signs(&self, network: &str, body: Body) -> Word {
        let (keys, network, kind) = (self.keys(), NetworkId::of(network), body.kind().name());
        let mark = Mark { sender: 0, content: 0 };
        let signed = signed(&keys, &network, 1_795_000_000, mark, body);
        let id = record_id(&network, &GatewayId([0; 32]), &Author::Member(keys.key()), &signed.record);
        Word { id, kind, bytes: signed.encode() }
    }

    /// A payment in the first unit.
    pub fn pays(&self, link: Link, to: MemberId, amount: u64) -> Word {
        let (unit, amount, memo) = (UnitIndex(0), Amount(amount), String::new());
        self.signs("commons", Body::Pay(Pay { link, to, unit, amount, answers: None, item: None, memo }))
    }
}

/// Founds a community in a prepared gateway that does not run: ann, bob and cem of three households, at home there.
pub fn found(gateway: &Gateway) -> [Member; 3] {
    let files = ["ann", "bob", "cem"].map(|name| gateway.beside(&format!("{name}.key")));
    let founders: Vec<String> = files
        .iter()
        .enumerate()
        .map(|(n, file)| format!("{},h{n},{}", ["ann", "bob", "cem"][n], file.display()))
        .collect();
    let mut arguments = vec!["init", "--found", "Maple Street"];
    founders.iter().for_each(|founder| arguments.extend(["--founder", founder]));
    gateway.said(&arguments);
    files.map(|file| Member::new(&file))
}
