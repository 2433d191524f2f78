//! The gateway as a command sees it: over the local socket of a running one, or from a stopped one's store.

use std::collections::{BTreeMap, BTreeSet};

use commons_core::identity::{GatewayId, Signature};
use commons_core::log::{Age, LogKey};
use commons_core::sync::{CarryPiece, CarryRange, Frame, HeadLine, StoreEpoch};
use serde_json::Value;

use super::{BundleError, Carrier, Gateway, Seal, Standing, Taken};
use crate::control::text::{bytes_to_digits, bytes_to_text, digits_to_bytes, log_to_text, text_to_bytes, text_to_log};
use crate::control::{Answerer, Request};

/// Whoever answers.
pub struct Remote<'a>(pub &'a mut dyn Answerer);

impl Remote<'_> {
    fn ask(&mut self, request: &Request) -> Result<Value, BundleError> {
        let reply = self.0.answer(request).map_err(|error| BundleError::Gateway(error.to_string()))?;
        if reply["ok"] == true {
            return Ok(reply);
        }
        let sentence = reply["message"].as_str().unwrap_or("the gateway refused");
        Err(BundleError::Gateway(sentence.to_owned()))
    }
}

fn strange() -> BundleError {
    BundleError::Gateway("the gateway's answer makes no sense; is it the same version as this command?".into())
}

fn texts<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default().iter().filter_map(Value::as_str)
}

fn heads(value: &Value) -> Option<Vec<HeadLine>> {
    let mut heads = Vec::new();
    for text in texts(value, "heads") {
        let bytes = text_to_bytes(text)?;
        match Frame::decode(&bytes) {
            Ok(Frame::Heads { lines, .. }) => heads.extend(lines),
            _ => return None,
        }
    }
    Some(heads)
}

impl Gateway for Remote<'_> {
    fn standing(&mut self) -> Result<Standing, BundleError> {
        let reply = self.ask(&Request::Standing {})?;
        let text = |name: &str| reply[name].as_str().map(str::to_owned);
        let read = || -> Option<Standing> {
            Some(Standing {
                me: GatewayId::parse(reply["me"].as_str()?)?,
                name: text("name")?,
                network: text("network")?,
                store: StoreEpoch(reply["store"].as_u64()?),
                age: Age(reply["age"].as_u64()?),
                heads: heads(&reply)?,
                gaps: texts(&reply, "gaps").map(text_to_log).collect::<Option<BTreeSet<LogKey>>>()?,
            })
        };
        read().ok_or_else(strange)
    }

    fn told(&mut self, peer: &GatewayId) -> Result<BTreeMap<LogKey, u64>, BundleError> {
        let reply = self.ask(&Request::Told { peer: peer.to_string() })?;
        let each = |pair: &Value| Some((text_to_log(pair[0].as_str()?)?, pair[1].as_u64()?));
        let told = reply["told"].as_array().map(Vec::as_slice).unwrap_or_default().iter().map(each);
        told.collect::<Option<_>>().ok_or_else(strange)
    }

    fn carry_out(&mut self, ranges: &[CarryRange]) -> Result<CarryPiece, BundleError> {
        let ranges = ranges.iter().map(|range| (log_to_text(&range.log), range.from, range.to)).collect();
        let reply = self.ask(&Request::CarryOut { ranges })?;
        let read = || -> Option<CarryPiece> {
            Some(CarryPiece {
                frame: text_to_bytes(reply["frame"].as_str()?)?,
                batches: reply["batches"].as_u64()?,
                entries: reply["entries"].as_u64()?,
                ranges_done: usize::try_from(reply["ranges_done"].as_u64()?).ok()?,
                next: reply["next"].as_u64()?,
            })
        };
        read().ok_or_else(strange)
    }

    fn carry_fork(&mut self, log: &LogKey, place: u64) -> Result<(Vec<u8>, u64), BundleError> {
        let reply = self.ask(&Request::CarryFork { log: log_to_text(log), place })?;
        let frame = reply["frame"].as_str().and_then(text_to_bytes).ok_or_else(strange)?;
        Ok((frame, reply["next"].as_u64().ok_or_else(strange)?))
    }

    fn carry_in(&mut self, from: &Carrier, frame: &[u8]) -> Result<Taken, BundleError> {
        let reply = self.ask(&Request::CarryIn {
            gateway: from.gateway.to_string(),
            store: from.store.0,
            age: from.age.0,
            frame: bytes_to_text(frame),
        })?;
        let number = |name: &str| reply[name].as_u64().ok_or_else(strange);
        let refused = reply["refused"].as_str().map(str::to_owned);
        Ok(Taken { batches: number("batches")?, entries: number("entries")?, refused })
    }

    fn sign(&mut self, what: Seal, digest: &[u8; 32]) -> Result<Signature, BundleError> {
        let what = match what {
            Seal::Bundle => "bundle",
            Seal::Receipt => "receipt",
        };
        let reply = self.ask(&Request::Seal { what: what.into(), digest: bytes_to_digits(digest) })?;
        reply["signature"].as_str().and_then(digits_to_bytes).map(Signature).ok_or_else(strange)
    }
}
