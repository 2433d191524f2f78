//! Records and batches as neighbours would make them, from the texts in `daemon/dictionary/texts`: what the dictionary
//! is trained on, and what it is measured on. Same seed, same bytes.
//!
//! Every third text of each language is held out: the dictionary never sees it. Marks, ids, keys, signatures and sealed
//! contacts are random, as they are in life: no codec can shrink them.

use commons_core::batch::{write_batch, Item};
use commons_core::clock::Interval;
use commons_core::codec::{encode_record, Author};
use commons_core::identity::{MemberKey, RecordId, Signature};
use commons_core::record::{
    Ask, AssignBy, Body, Category, Certainty, Claim, Info, Line, Mark, Notice, NoticeMessage, NoticeStatus, OnClaim,
    OnItem, Record, Severity, Stock, Urgency, Window, RECORD_VERSION,
};

/// A language, its texts (`n` need, `o` offer, `a` announcement, `c` claim), and names of its places and things.
pub struct Language {
    /// BCP 47.
    pub code: &'static str,
    texts: &'static str,
    zones: &'static [&'static str],
    things: &'static [(&'static str, &'static str)],
    tags: &'static [&'static str],
}

/// The languages of the texts.
pub const LANGUAGES: [Language; 5] = [
    Language {
        code: "en",
        texts: include_str!("../../../dictionary/texts/en.txt"),
        zones: &["stairwell B", "north block", "Mill Lane 12", "school gym", "Station Road", "3rd floor", "river side"],
        things: &[("water", "l"), ("blankets", ""), ("rice", "kg"), ("diapers", "pack"), ("batteries", "pcs")],
        tags: &["wheelchair", "speaks arabic", "car", "first aid", "heavy lifting"],
    },
    Language {
        code: "es",
        texts: include_str!("../../../dictionary/texts/es.txt"),
        zones: &["portal B", "bloque norte", "calle del Molino 12", "polideportivo", "plaza mayor", "tercer piso"],
        things: &[("agua", "l"), ("mantas", ""), ("arroz", "kg"), ("pañales", "paquete"), ("pilas", "uds")],
        tags: &["silla de ruedas", "habla árabe", "coche", "primeros auxilios"],
    },
    Language {
        code: "fr",
        texts: include_str!("../../../dictionary/texts/fr.txt"),
        zones: &["escalier B", "bâtiment nord", "rue du Moulin 12", "gymnase", "place de la Mairie", "3e étage"],
        things: &[("eau", "l"), ("couvertures", ""), ("riz", "kg"), ("couches", "paquet"), ("piles", "")],
        tags: &["fauteuil roulant", "parle arabe", "voiture", "premiers secours"],
    },
    Language {
        code: "pt",
        texts: include_str!("../../../dictionary/texts/pt.txt"),
        zones: &["bloco B", "prédio norte", "rua do Moinho 12", "pavilhão", "largo da igreja", "3.º andar"],
        things: &[("água", "l"), ("cobertores", ""), ("arroz", "kg"), ("fraldas", "pacote"), ("pilhas", "")],
        tags: &["cadeira de rodas", "fala árabe", "carro", "primeiros socorros"],
    },
    Language {
        code: "ar",
        texts: include_str!("../../../dictionary/texts/ar.txt"),
        zones: &["المدخل ب", "البناية الشمالية", "شارع الطاحونة ١٢", "القاعة الرياضية", "الطابق الثالث"],
        things: &[("ماء", "لتر"), ("بطانيات", ""), ("أرز", "كغ"), ("حفاضات", "علبة"), ("بطاريات", "")],
        tags: &["كرسي متحرك", "سيارة", "إسعافات أولية"],
    },
];

/// Which texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Two of three.
    Training,
    /// Every third.
    HeldOut,
}

/// SplitMix64: the same numbers for the same seed, everywhere.
pub struct Dice(pub u64);

impl Dice {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.bits() % end
    }

    /// In so many of a hundred cases.
    pub fn percent(&mut self, of_hundred: u64) -> bool {
        self.below(100) < of_hundred
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.bits() as u8)
    }
}

/// One text with its kind and language.
#[derive(Clone, Copy)]
pub struct Text {
    /// `n`, `o`, `a` or `c`.
    pub kind: u8,
    /// The words.
    pub words: &'static str,
    language: usize,
}

/// All texts of a part.
pub fn texts(part: Part) -> Vec<Text> {
    let mut all = Vec::new();
    for (language, of) in LANGUAGES.iter().enumerate() {
        for (number, line) in of.texts.lines().enumerate() {
            if (number % 3 == 2) == (part == Part::HeldOut) {
                let (kind, words) = line.split_once(' ').expect("a kind and a text");
                all.push(Text { kind: kind.as_bytes()[0], words, language });
            }
        }
    }
    all
}

/// The moment at which neighbours of this corpus speak, unix seconds.
const BEGUN_S: u64 = 1_795_200_000;

/// A record that says this text, with the fields that people and forms fill in beside it.
pub fn record(text: Text, dice: &mut Dice) -> Record {
    let language = &LANGUAGES[text.language];
    let lang = if dice.percent(60) { language.code.to_owned() } else { String::new() };
    let zone = if dice.percent(60) { dice.pick(language.zones).to_owned() } else { String::new() };
    let reference = if dice.percent(15) { format!("r{}", dice.below(10_000)) } else { String::new() };
    let urgency = dice.pick(&[Urgency::Now, Urgency::Today, Urgency::Today, Urgency::Week, Urgency::Whenever]);
    let category = dice.pick(Category::ALL);
    let body = match text.kind {
        b'c' => Body::Claim(Claim {
            item: RecordId(dice.bytes()),
            message: text.words.to_owned(),
            zone,
            tags: Vec::new(),
            key: None,
            reference,
        }),
        b'a' => Body::Notice(Notice {
            status: NoticeStatus::Actual,
            message: NoticeMessage::Alert,
            references: Vec::new(),
            category,
            urgency,
            severity: dice.pick(Severity::ALL),
            certainty: dice.pick(Certainty::ALL),
            zone,
            info: vec![Info { lang, text: text.words.to_owned() }],
            lifetime_s: urgency.lifetime_s(),
            reference,
        }),
        kind => {
            let lines = if dice.percent(25) {
                let (item, unit) = dice.pick(language.things);
                vec![Line { item: item.to_owned(), unit: unit.to_owned(), milli: 1_000 * (1 + dice.below(20)) }]
            } else {
                Vec::new()
            };
            let from = BEGUN_S + 3_600 * dice.below(100);
            let ask = Ask {
                category,
                text: text.words.to_owned(),
                lines,
                urgency,
                slots: if urgency == Urgency::Now { 2 } else { 1 },
                standing: kind == b'o' && dice.percent(10),
                zone,
                window: dice.percent(10).then_some(Window { from, until: from + 7_200 }),
                tags: if dice.percent(15) { vec![dice.pick(language.tags).to_owned()] } else { Vec::new() },
                lang,
                contact: dice.percent(15).then(|| dice.bytes::<44>().to_vec()),
                assign_by: AssignBy::HomeGateway,
                repeat: String::new(),
                lifetime_s: urgency.lifetime_s(),
                reference,
            };
            if kind == b'o' {
                Body::Offer(ask)
            } else {
                Body::Need(ask)
            }
        }
    };
    around(body, dice)
}

fn around(body: Body, dice: &mut Dice) -> Record {
    let mark = Mark { sender: dice.bits() as u32, content: dice.bits() };
    Record { version: RECORD_VERSION, created: BEGUN_S + dice.below(86_400), mark, body }
}

/// What is said without words: starts, confirmations, stock.
pub fn act(dice: &mut Dice) -> Record {
    let item = RecordId(dice.bytes());
    let language = dice.pick(&[0usize, 1, 2, 3, 4]);
    let (thing, unit) = dice.pick(LANGUAGES[language].things);
    let body = match dice.below(4) {
        0 => Body::Start(OnClaim { item, claim: RecordId(dice.bytes()), epoch: 0 }),
        1 => Body::Done(OnClaim { item, claim: RecordId(dice.bytes()), epoch: 0 }),
        2 => Body::Confirm(OnItem { item, epoch: 0 }),
        _ => Body::StockIn(Stock {
            place: "pantry".into(),
            line: Line { item: thing.into(), unit: unit.into(), milli: 1_000 * (1 + dice.below(50)) },
            source: String::new(),
            best_before: None,
            reference: String::new(),
        }),
    };
    around(body, dice)
}

/// A batch of these records, by guests or by members (one in three of whom speaks twice).
pub fn batch(number: u64, records: &[Record], members: bool, dice: &mut Dice) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> = records.iter().map(encode_record).collect();
    let mut key = MemberKey(dice.bytes());
    let items: Vec<Item<'_>> = bytes
        .iter()
        .map(|record| {
            if dice.percent(66) {
                key = MemberKey(dice.bytes());
            }
            let author = if members { Author::Member(key) } else { Author::Guest };
            Item::Entry { author, record, signature: members.then(|| Signature(dice.bytes())) }
        })
        .collect();
    let received = Interval { lo: BEGUN_S - 60 + dice.below(86_400), hi: None };
    write_batch(number, received, &items, &Signature(dice.bytes()))
}

/// The dictionary, made of the training texts: three quarters of them as bare records, then the rest as frames, so that
/// what stands nearest to a new frame looks like one.
pub fn dictionary() -> Vec<u8> {
    let mut dice = Dice(1);
    let mut all = texts(Part::Training);
    for last in (1..all.len()).rev() {
        all.swap(last, dice.below(last as u64 + 1) as usize);
    }
    let (bare, framed) = all.split_at(all.len() - all.len() / 4);
    let mut made = Vec::new();
    for text in bare {
        made.extend(encode_record(&record(*text, &mut dice)));
    }
    for (number, texts) in framed.chunks(4).enumerate() {
        let records: Vec<Record> = texts.iter().map(|text| record(*text, &mut dice)).collect();
        made.extend(frame(&[batch(number as u64, &records, number % 3 == 2, &mut dice)]));
    }
    made
}

/// A frame as it crosses a link: a few bytes of its own, then batches with what they had spent and their lengths.
pub fn frame(batches: &[Vec<u8>]) -> Vec<u8> {
    let mut frame = vec![1, 4, 0, 0];
    for batch in batches {
        frame.extend([0, (batch.len() & 0x7f) as u8 | 0x80, (batch.len() >> 7) as u8]);
        frame.extend(batch);
    }
    frame
}
