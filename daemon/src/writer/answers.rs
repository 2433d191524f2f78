//! What the writer answers between commits: items, pages, what carriers and the local socket ask.

use commons_core::identity::GatewayId;
use commons_core::sync::Alarm;
use commons_core::views::EntryRef;

use super::*;
use crate::audit::agreed;
use crate::host::private::write_private;
use crate::inbox::{Covenant, COVENANTS_SHOWN_MAX};

impl Writer {
    pub(super) fn answer(&mut self, now: Now, question: Message) {
        self.shelf.follow(&self.node);
        let library = self.shelf.over(&self.store);
        let state = |id: &RecordId| self.node.item_state(id, now, &library).map(Arc::new);
        match question {
            // Taken before; never come here.
            Message::Submit(_, reply) => drop(reply),
            Message::End => {}
            Message::Link(_) => {}
            Message::CarryIn(_, _, reply) => drop(reply),
            Message::Item(id, reply) => {
                let found = self.node.board().find(&id).and_then(|item| {
                    let mut state = self.node.item_state(&item.id, now, &library)?;
                    state.reached = self.reached(item.at);
                    Some(Arc::new(state))
                });
                let _ = reply.send(found);
            }
            Message::List(mut query, reply) => {
                query.limit = query.limit.min(PAGE_ITEMS_MAX);
                let _ = reply.send(self.node.board().list(&query).iter().filter_map(state).collect());
            }
            Message::Page(kind, from, reply) => {
                let (ids, next) = self.node.board().page(kind, from, PAGE_ITEMS_MAX);
                let _ = reply.send((ids.iter().filter_map(state).collect(), next));
            }
            Message::States(items, reply) => {
                let items = items.iter().take(PAGE_ITEMS_MAX);
                let _ = reply.send(items.filter_map(|touched| state(&touched.id)).collect());
            }
            Message::Covenants(reply) => drop(reply.send(self.covenants())),
            Message::Stock(reply) => drop(reply.send(self.node.shelves(now, SHELVES_SHOWN_MAX))),
            Message::Pots(reply) => {
                let pots = self.scored.pots(&self.node, now);
                let _ = reply.send(pots);
            }
            Message::Scorecard(reply) => {
                let card = self.scored.card(&self.node, now);
                let _ = reply.send(card);
            }
            Message::Personal(member, reply) => {
                let score = self.scored.personal(&self.node, now, &member);
                let _ = reply.send(score);
            }
            Message::Summary(reply) => drop(reply.send(self.node.board().summary())),
            Message::Retain(retained, reply) => drop(reply.send(self.parts.retained.set(retained))),
            Message::RetainedAfter(topic, reply) => drop(reply.send(self.parts.retained.after(topic))),
            Message::Account(question) => question.answer(&self.node, &library),
            Message::Control(request, reply) => drop(reply.send(self.control(request))),
        }
    }

    /// How many other gateways are known to have an entry.
    fn reached(&self, at: EntryRef) -> Option<u32> {
        let exchange = self.parts.exchange.as_ref()?;
        exchange.reached(self.node.log(at.log)?, at.batch.into(), &self.node, &self.store)
    }

    fn covenants(&self) -> Vec<Covenant> {
        let ledger = self.node.ledger();
        let founded = ledger.covenants().take(COVENANTS_SHOWN_MAX);
        founded.map(|(id, found)| Covenant { id: *id, found: found.clone(), records: ledger.records() }).collect()
    }

    pub(super) fn control(&mut self, request: ControlRequest) -> Value {
        match request {
            ControlRequest::Status => {
                self.publish_health();
                let interval = self.node.time_interval(self.parts.wall.now());
                let alarms = || self.parts.exchange.iter().flat_map(Exchange::alarms);
                let cause =
                    |alarm: &Alarm| json!({"code": alarm.code(), "gateway": alarm.gateway().map(GatewayId::short)});
                json!({
                    "clock_interval": [rfc3339(interval.lo), interval.hi.map(rfc3339)],
                    "heads_digest": hex(&self.node.heads_digest()),
                    "alarms": alarms().map(Alarm::sentence).collect::<Vec<_>>(),
                    "alarm_causes": alarms().map(cause).collect::<Vec<_>>(),
                    "ledger": {
                        "records": self.node.ledger().records(),
                        "waiting": self.node.ledger().waiting(),
                        "checkpoint": agreed(self.node.ledger()),
                    },
                    "last_post": if self.last_post_s == 0 { String::new() } else { rfc3339(self.last_post_s) },
                })
            }
            ControlRequest::Backup { to } => {
                match self.parts.founding.backup(&self.store, to.as_ref(), &self.parts.progress) {
                    Ok(bytes) => {
                        info!(bytes, "backup written");
                        json!({"ok": true, "to": to, "bytes": bytes})
                    }
                    Err(fault) => json!({"ok": false, "error": "backup_failed", "message": fault.to_string()}),
                }
            }
            ControlRequest::LedgerTo { to } => {
                // In one piece between two commits: posts wait about a second for a million payments.
                let bytes = self.node.ledger().snapshot();
                match write_private(to.as_ref(), &bytes) {
                    Ok(()) => json!({"ok": true, "to": to, "bytes": bytes.len()}),
                    Err(fault) => json!({"ok": false, "error": "storage_failed", "message": fault.to_string()}),
                }
            }
            ControlRequest::Standing => self.standing(),
            ControlRequest::Told { peer } => {
                let Some(exchange) = &self.parts.exchange else { return no_exchange() };
                let told = exchange.told(&peer, &self.node);
                json!({"told": told.iter().map(|(log, next)| (log_to_text(log), next)).collect::<Vec<_>>()})
            }
            ControlRequest::CarryOut { ranges } => self.carry_out(&ranges),
            ControlRequest::CarryFork { log, place } => {
                let Some(exchange) = &self.parts.exchange else { return no_exchange() };
                let place = usize::try_from(place).unwrap_or(usize::MAX);
                let (frame, next) = exchange.carry_fork(&log, place, self.node.age(self.parts.wall.now()), &self.store);
                json!({"frame": bytes_to_text(&frame), "next": next})
            }
            ControlRequest::Seal { bundle, digest } => {
                let purpose = if bundle { purpose::BUNDLE } else { purpose::RECEIPT };
                let signature = self.parts.founding.keys().sign(purpose, &self.node.network(), &[&digest]);
                json!({"signature": hex(&signature.0)})
            }
        }
    }

    /// Where the logs stand, for the command that carries them; as JSON over the local socket.
    pub(super) fn standing(&self) -> Value {
        let now = self.parts.wall.now();
        let age = self.node.age(now);
        let Some(exchange) = &self.parts.exchange else { return no_exchange() };
        let (store, heads, gaps) = exchange.carry_heads(age, &self.node, &self.store);
        json!({
            "me": self.node.id().to_string(),
            "name": self.parts.founding.name(),
            "network": self.parts.founding.network(),
            "store": store.0,
            "age": age.0,
            "heads": heads.iter().map(|frame| bytes_to_text(frame)).collect::<Vec<_>>(),
            "gaps": gaps.iter().map(log_to_text).collect::<Vec<_>>(),
        })
    }

    pub(super) fn carry_out(&self, ranges: &[(LogKey, u64, u64)]) -> Value {
        let Some(exchange) = &self.parts.exchange else { return no_exchange() };
        let ranges: Vec<CarryRange> =
            ranges.iter().map(|(log, from, to)| CarryRange { log: *log, from: *from, to: *to }).collect();
        let piece = exchange.carry_out(&ranges, self.node.age(self.parts.wall.now()), &self.node, &self.store);
        json!({
            "frame": bytes_to_text(&piece.frame),
            "batches": piece.batches,
            "entries": piece.entries,
            "ranges_done": piece.ranges_done,
            "next": piece.next,
        })
    }
}

fn no_exchange() -> Value {
    json!({"ok": false, "error": "read_only", "message": "this gateway was opened for reading only"})
}
