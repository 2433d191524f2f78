//! What the page says, in several languages (Project Fluent, one file a language beside this one), and which of them a
//! phone is spoken to in.
//!
//! A language is one file `<code>.ftl`: `build.rs` finds it, `language-name` and `language-direction` in it say what the
//! switch shows and which way it is written. Nothing else in the code names a language but English, which stands in.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use maud::{html, Markup, PreEscaped};

use super::gzip;

/// Code and gzipped file of each language; English first.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// Bytes of `Accept-Language` that are looked at; browsers send fewer than 100.
const ACCEPT_BYTES_MAX: usize = 512;
/// Stands for the first markup in a sentence while it is put together (private use area; ours never hold one).
const PLACE: u32 = 0xE000;

static TONGUES: LazyLock<Vec<Tongue>> =
    LazyLock::new(|| FILES.iter().map(|(code, packed)| Tongue::read(code, packed)).collect());

struct Tongue {
    code: &'static str,
    resource: Arc<FluentResource>,
    bundle: FluentBundle<Arc<FluentResource>>,
}

impl Tongue {
    fn read(code: &'static str, packed: &[u8]) -> Self {
        // The files are ours and tested; what cannot be read of one is missing, and English stands in for it.
        let resource = Arc::new(FluentResource::try_new(gzip::unpack(packed)).unwrap_or_else(|(resource, _)| resource));
        let mut bundle = FluentBundle::new_concurrent(code.parse().into_iter().collect());
        // Neighbours' words go into sentences as `<bdi>`, see `Lang::mark`; marks around our own numbers help nobody.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(Arc::clone(&resource));
        Self { code, resource, bundle }
    }

    fn format(&self, id: &str, args: Option<&FluentArgs<'_>>) -> Option<Cow<'_, str>> {
        let pattern = self.bundle.get_message(id)?.value()?;
        Some(self.bundle.format_pattern(pattern, args, &mut Vec::new()))
    }
}

/// A language of the page. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Lang(&'static Tongue);

impl PartialEq for Lang {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code()
    }
}

impl fmt::Debug for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lang({})", self.code())
    }
}

impl Lang {
    /// All of them; English first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        TONGUES.iter().map(Self)
    }

    /// What is spoken when nothing else fits.
    pub(super) fn english() -> Self {
        Self(&TONGUES[0])
    }

    /// The language of that code ("pt", also "pt-BR").
    pub(super) fn of(code: &str) -> Option<Self> {
        let primary = code.split(['-', '_']).next().unwrap_or_default();
        Self::all().find(|lang| lang.code().eq_ignore_ascii_case(primary))
    }

    /// The best language by an `Accept-Language` header (RFC 9110, 12.5.4): the highest q, the first among equals.
    pub(super) fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.get(..header.len().min(ACCEPT_BYTES_MAX))?.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let Some(lang) = parts.next().and_then(Self::of) else { continue };
            let q = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.trim().parse().ok());
            let q = q.filter(|q: &f32| (0.0..=1.0).contains(q)).unwrap_or(0.0);
            if q > best.map_or(0.0, |(q, _)| q) {
                best = Some((q, lang));
            }
        }
        best.map(|(_, lang)| lang)
    }

    /// "es"
    pub(super) fn code(self) -> &'static str {
        self.0.code
    }

    /// "ltr" or "rtl"
    pub(super) fn direction(self) -> String {
        self.say("language-direction")
    }

    /// "Español"
    pub(super) fn name(self) -> String {
        self.say("language-name")
    }

    /// The language's file.
    #[cfg(test)]
    fn source(self) -> &'static str {
        self.0.resource.source()
    }

    /// What the script says, by id: messages of one line, whose variables the script fills in itself.
    pub(super) fn for_script(self) -> BTreeMap<&'static str, &'static str> {
        let lines = self.0.resource.source().lines().filter(|line| line.starts_with("script-"));
        lines.filter_map(|line| line.split_once(" = ")).collect()
    }

    /// A message without variables.
    pub(super) fn say(self, id: &str) -> String {
        self.say_with(id, &[])
    }

    /// A message with variables, as plain text. Neighbours' words belong into [`Lang::mark`].
    pub(super) fn say_with(self, id: &str, args: &[(&'static str, FluentValue<'_>)]) -> String {
        let args = FluentArgs::from_iter(args.iter().map(|(name, value)| (*name, value.clone())));
        let said = self.0.format(id, Some(&args)).or_else(|| Self::english().0.format(id, Some(&args)));
        debug_assert!(said.is_some(), "no message {id}");
        said.map_or_else(|| format!("⟦{id}⟧"), Cow::into_owned)
    }

    /// A message with markup for some of its variables: neighbours' words in their `<bdi>`, links.
    pub(super) fn mark(
        self,
        id: &str,
        args: &[(&'static str, FluentValue<'_>)],
        marks: &[(&'static str, Markup)],
    ) -> Markup {
        let places = (PLACE..).filter_map(char::from_u32).map(|place| FluentValue::from(place.to_string()));
        let places = marks.iter().zip(places).map(|((name, _), place)| (*name, place));
        let args: Vec<_> = args.iter().cloned().chain(places).collect();
        let said = self.say_with(id, &args);
        let mut rest = said.as_str();
        let mut out = String::new();
        while let Some((at, place)) = rest.char_indices().find(|(_, c)| (0xE000..=0xF8FF).contains(&u32::from(*c))) {
            out.push_str(&html! { (rest[..at]) }.0);
            let mark = marks.get((u32::from(place) - PLACE) as usize);
            out.push_str(mark.map_or("", |(_, mark)| &mark.0));
            rest = &rest[at + place.len_utf8()..];
        }
        out.push_str(&html! { (rest) }.0);
        PreEscaped(out)
    }
}
