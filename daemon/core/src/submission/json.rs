//! The fields of a JSON submission, read by name.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value};

use super::{default_slots, DraftBody};
use crate::admission::Rejection;
use crate::clock::parse_rfc3339;
use crate::codec::{
    text as check_text, CONTACT_BYTES_MAX, LINES_MAX, NAME_BYTES_MAX, QUANTITY_MILLI_MAX, REFERENCES_MAX, TAGS_MAX,
};
use crate::identity::RecordId;
use crate::record::{
    Ask, AssignBy, Category, Certainty, Info, Kind, Line, Loan, Notice, NoticeMessage, NoticeStatus, Severity, Stock,
    Urgency, Window,
};

/// The fields of a JSON object, taken out one by one; what is left at the end is unknown.
pub(super) struct Fields {
    pub(super) map: Map<String, Value>,
    pub(super) known: &'static str,
}

impl Fields {
    pub(super) fn draft(&mut self, kind: Kind, reference: &str) -> Result<(DraftBody, String), Rejection> {
        match self.map.remove("v") {
            None => {}
            Some(value) => match value.as_u64() {
                Some(1) => {}
                Some(found) => return Err(Rejection::UnknownVersion { found, known: 1 }),
                None => return Err(Rejection::wrong("v", "1")),
            },
        }
        check_text("ref", reference, 0, NAME_BYTES_MAX)?;
        self.refuse_unknown()?;
        let code = self.text("code")?;
        let body = match kind {
            Kind::Need | Kind::Offer => self.ask(kind, reference)?,
            Kind::Notice => DraftBody::Notice(self.notice(reference)?),
            Kind::Claim => DraftBody::Claim {
                item: self.id("item")?.ok_or(Rejection::Missing { field: "item" })?,
                message: self.text("message")?,
                zone: self.text("zone")?,
                tags: self.texts("tags")?,
            },
            Kind::Cosign => DraftBody::Cosign(self.id("target")?.ok_or(Rejection::Missing { field: "target" })?),
            Kind::StockIn | Kind::StockOut | Kind::StockCount => DraftBody::Stock(self.stock(reference)?),
            Kind::Loan => DraftBody::Loan(self.loan(reference)?),
            Kind::Return => {
                let loan = self.id("loan")?.ok_or(Rejection::Missing { field: "loan" })?;
                DraftBody::Return { loan, milli: self.quantity()? }
            }
            Kind::Assign
            | Kind::Start
            | Kind::Done
            | Kind::NoShow
            | Kind::Confirm
            | Kind::Withdraw
            | Kind::Reopen
            | Kind::Refer
            | Kind::DuplicateOf => {
                if code.trim().is_empty() {
                    return Err(Rejection::Missing { field: "code" });
                }
                let claim = self.id("claim")?;
                if claim.is_none() && matches!(kind, Kind::Assign | Kind::NoShow) {
                    return Err(Rejection::Missing { field: "claim" });
                }
                let to = self.text("to")?;
                if to.trim().is_empty() && kind == Kind::Refer {
                    return Err(Rejection::Missing { field: "to" });
                }
                let of = self.id("of")?;
                if of.is_none() && kind == Kind::DuplicateOf {
                    return Err(Rejection::Missing { field: "of" });
                }
                DraftBody::Act { item: self.id("item")?, claim, to, of }
            }
            _ => return Err(super::SIGNED_ONLY),
        };
        Ok((body, code))
    }

    fn refuse_unknown(&self) -> Result<(), Rejection> {
        let known = |field: &str| self.known.split(", ").any(|each| each == field);
        match self.map.keys().find(|field| !known(field)) {
            None => Ok(()),
            Some(field) => Err(Rejection::UnknownField { field: field.chars().take(64).collect(), known: self.known }),
        }
    }

    fn ask(&mut self, kind: Kind, reference: &str) -> Result<DraftBody, Rejection> {
        let text = self.needed_text("text")?;
        let usual = if kind == Kind::Need { Urgency::Today } else { Urgency::Week };
        let urgency = self.word("urgency", Urgency::parse, Urgency::ALL, Urgency::name)?.unwrap_or(usual);
        let contact = self.text("contact")?;
        check_text("contact", &contact, 0, CONTACT_BYTES_MAX)?;
        let ask = Ask {
            category: self.word("category", Category::parse, Category::ALL, Category::name)?.unwrap_or(Category::Other),
            text,
            lines: self.lines()?,
            urgency,
            slots: match self.whole("slots", 1, 20)? {
                Some(slots) => slots as u8,
                None => default_slots(urgency),
            },
            standing: self.flag("standing")?,
            zone: self.text("zone")?,
            window: self.window()?,
            tags: self.texts("tags")?,
            lang: self.text("lang")?,
            contact: None,
            assign_by: match self.text("assign_by")?.as_str() {
                "" | "home_gateway" => AssignBy::HomeGateway,
                "requester" => AssignBy::Requester,
                "steward" => AssignBy::Steward,
                _ => return Err(Rejection::wrong("assign_by", "one of home_gateway, requester, steward")),
            },
            repeat: self.text("repeat")?,
            lifetime_s: self.lifetime()?.unwrap_or(urgency.lifetime_s()),
            reference: reference.to_owned(),
        };
        Ok(DraftBody::Ask(ask, contact))
    }

    fn notice(&mut self, reference: &str) -> Result<Notice, Rejection> {
        let mut info = Vec::new();
        let lang = self.text("lang")?;
        let text = self.text("text")?;
        if !text.trim().is_empty() {
            info.push(Info { lang, text: text.trim().to_owned() });
        }
        for block in self.array("info", crate::codec::INFOS_MAX)? {
            let Value::Object(map) = block else {
                return Err(Rejection::wrong("info", "an array of {\"lang\":..., \"text\":...}"));
            };
            let mut fields = Fields { map, known: "lang, text" };
            fields.refuse_unknown()?;
            info.push(Info { lang: fields.text("lang")?, text: fields.needed_text("text")? });
        }
        if info.is_empty() {
            return Err(Rejection::Missing { field: "text" });
        }
        let references = self
            .texts_of("references", REFERENCES_MAX)?
            .iter()
            .map(|id| RecordId::parse(id).ok_or(Rejection::wrong("references", "ids of 64 hex digits")))
            .collect::<Result<Vec<_>, _>>()?;
        let urgency = self.word("urgency", Urgency::parse, Urgency::ALL, Urgency::name)?.unwrap_or(Urgency::Week);
        let message = self
            .word("message", NoticeMessage::parse, NoticeMessage::ALL, NoticeMessage::name)?
            .unwrap_or(NoticeMessage::Alert);
        if message != NoticeMessage::Alert && references.is_empty() {
            return Err(Rejection::Missing { field: "references" });
        }
        Ok(Notice {
            status: self
                .word("status", NoticeStatus::parse, NoticeStatus::ALL, NoticeStatus::name)?
                .unwrap_or(NoticeStatus::Actual),
            message,
            references,
            category: self.word("category", Category::parse, Category::ALL, Category::name)?.unwrap_or(Category::Other),
            urgency,
            severity: self
                .word("severity", Severity::parse, Severity::ALL, Severity::name)?
                .unwrap_or(Severity::Unknown),
            certainty: self
                .word("certainty", Certainty::parse, Certainty::ALL, Certainty::name)?
                .unwrap_or(Certainty::Unknown),
            zone: self.text("zone")?,
            info,
            lifetime_s: self.lifetime()?.unwrap_or(urgency.lifetime_s()),
            reference: reference.to_owned(),
        })
    }

    fn stock(&mut self, reference: &str) -> Result<Stock, Rejection> {
        let milli = self.quantity()?.ok_or(Rejection::Missing { field: "qty" })?;
        Ok(Stock {
            place: self.needed_text("place")?,
            line: Line { item: self.needed_text("item")?, unit: self.text("unit")?, milli },
            source: self.text("source")?,
            best_before: self.moment("best_before")?,
            reference: reference.to_owned(),
        })
    }

    fn loan(&mut self, reference: &str) -> Result<Loan, Rejection> {
        let milli = self.quantity()?.unwrap_or(1_000);
        Ok(Loan {
            place: self.needed_text("place")?,
            line: Line { item: self.needed_text("item")?, unit: self.text("unit")?, milli },
            to: self.needed_text("to")?,
            due: self.moment("due")?,
            reference: reference.to_owned(),
        })
    }

    fn lines(&mut self) -> Result<Vec<Line>, Rejection> {
        let mut lines = Vec::new();
        for line in self.array("lines", LINES_MAX)? {
            let line = match line {
                Value::String(item) => Line { item, unit: String::new(), milli: 1_000 },
                Value::Object(map) => {
                    let mut fields = Fields { map, known: "item, unit, qty" };
                    fields.refuse_unknown()?;
                    let milli = fields.quantity()?.unwrap_or(1_000);
                    Line { item: fields.needed_text("item")?, unit: fields.text("unit")?, milli }
                }
                _ => return Err(Rejection::wrong("lines", "an array of {\"item\":..., \"unit\":..., \"qty\":...}")),
            };
            lines.push(line);
        }
        Ok(lines)
    }

    /// A quantity in thousandths, rounded to the nearest.
    fn quantity(&mut self) -> Result<Option<u64>, Rejection> {
        let Some(value) = self.take("qty") else { return Ok(None) };
        let wrong = Rejection::wrong("qty", "a number from 0 to 1000000 with at most three decimals");
        let qty = value.as_f64().ok_or(wrong.clone())?;
        let milli = qty * 1_000.0;
        if !(0.0..=QUANTITY_MILLI_MAX as f64).contains(&milli) {
            return Err(wrong);
        }
        Ok(Some((milli + 0.5) as u64))
    }

    fn window(&mut self) -> Result<Option<Window>, Rejection> {
        let Some(value) = self.take("window") else { return Ok(None) };
        let Value::Object(map) = value else {
            return Err(Rejection::wrong("window", "an object {\"from\":..., \"until\":...}"));
        };
        let mut fields = Fields { map, known: "from, until" };
        fields.refuse_unknown()?;
        let from = fields.moment("from")?.ok_or(Rejection::Missing { field: "from" })?;
        let until = fields.moment("until")?.ok_or(Rejection::Missing { field: "until" })?;
        Ok(Some(Window { from, until }))
    }

    fn moment(&mut self, field: &'static str) -> Result<Option<u64>, Rejection> {
        let wrong = Rejection::wrong(field, "a time like 2026-11-20T18:00:00Z, or unix seconds");
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => parse_rfc3339(&text).map(Some).ok_or(wrong),
            Some(value) => value.as_u64().map(Some).ok_or(wrong),
        }
    }

    fn lifetime(&mut self) -> Result<Option<u32>, Rejection> {
        let lifetime_s = self.whole("expires_s", 1, crate::codec::LIFETIME_S_MAX.into())?;
        Ok(lifetime_s.map(|s| s as u32))
    }

    /// Null means absent, as tools write it.
    fn take(&mut self, field: &str) -> Option<Value> {
        self.map.remove(field).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, field: &'static str) -> Result<String, Rejection> {
        match self.take(field) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.trim().to_owned()),
            Some(_) => Err(Rejection::wrong(field, "a text")),
        }
    }

    fn needed_text(&mut self, field: &'static str) -> Result<String, Rejection> {
        let text = self.text(field)?;
        if text.is_empty() {
            return Err(Rejection::Missing { field });
        }
        Ok(text)
    }

    fn texts(&mut self, field: &'static str) -> Result<Vec<String>, Rejection> {
        self.texts_of(field, TAGS_MAX)
    }

    fn texts_of(&mut self, field: &'static str, most: usize) -> Result<Vec<String>, Rejection> {
        self.array(field, most)?
            .into_iter()
            .map(|value| match value {
                Value::String(text) => Ok(text),
                _ => Err(Rejection::wrong(field, "an array of texts")),
            })
            .collect()
    }

    fn array(&mut self, field: &'static str, most: usize) -> Result<Vec<Value>, Rejection> {
        match self.take(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) if values.len() <= most => Ok(values),
            Some(Value::Array(values)) => Err(Rejection::TooLong {
                field: Cow::Borrowed(field),
                found: values.len() as u64,
                limit: most as u64,
                unit: "entries",
            }),
            Some(_) => Err(Rejection::wrong(field, "an array")),
        }
    }

    fn flag(&mut self, field: &'static str) -> Result<bool, Rejection> {
        match self.take(field) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(Rejection::wrong(field, "true or false")),
        }
    }

    fn whole(&mut self, field: &'static str, least: u64, most: u64) -> Result<Option<u64>, Rejection> {
        let Some(value) = self.take(field) else { return Ok(None) };
        match value.as_u64() {
            Some(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(Rejection::WrongValue {
                field: Cow::Borrowed(field),
                expected: Cow::Owned(alloc::format!("a whole number from {least} to {most}")),
            }),
        }
    }

    fn word<T>(
        &mut self,
        field: &'static str,
        parse: fn(&str) -> Option<T>,
        all: &'static [T],
        name: fn(T) -> &'static str,
    ) -> Result<Option<T>, Rejection>
    where
        T: Copy,
    {
        let text = self.text(field)?;
        if text.is_empty() {
            return Ok(None);
        }
        match parse(&text) {
            Some(value) => Ok(Some(value)),
            None => Err(Rejection::not_one_of(field, all.iter().map(|value| name(*value)))),
        }
    }

    fn id(&mut self, field: &'static str) -> Result<Option<RecordId>, Rejection> {
        let text = self.text(field)?;
        if text.is_empty() {
            return Ok(None);
        }
        RecordId::parse(&text).map(Some).ok_or(Rejection::wrong(field, "an id of 64 hex digits"))
    }
}
