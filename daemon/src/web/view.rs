//! How one page is shown to one phone: in which language, for which address, and whether inside a captive window.

use hyper::header::{HeaderMap, ACCEPT_LANGUAGE, COOKIE};
use hyper::Uri;

use super::form::Form;
use super::portal::window;
use super::words::Lang;

/// The cookie that remembers the language; it holds nothing but its code.
pub(super) const LANG_COOKIE: &str = "lang";
/// What the language switch's buttons are called in a form: the value is a language. What is sent with it is drawn again, not posted.
pub(super) const SWITCH: &str = "redraw";
/// How long the language is remembered, in seconds: a year.
const LANG_S: u64 = 31_536_000;

/// What every page needs to know about the request it answers.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// In which language.
    pub(super) lang: Lang,
    /// The address asked for, without `lang`: where the language switch leads back to.
    pub(super) path: String,
    /// The window that systems open after joining a Wi-Fi; it forgets all, and closes when another app comes up.
    pub(super) captive: bool,
    // The language came in the address, and the phone has shown no cookie that says so: links carry it on.
    carried: bool,
}

impl View {
    /// `?lang=` is what the person just chose, the cookie what he chose before, the header what his phone is set to, `home`
    /// what is spoken where the gateway stands.
    pub(super) fn of(headers: &HeaderMap, uri: &Uri, home: &str) -> Self {
        let query = Form::parse(uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
        // From a form by GET, or a browser that knows no `formaction` (lynx), the switch's own button says it.
        let asked = Lang::of(query.get(SWITCH)).or_else(|| Lang::of(query.get("lang")));
        let remembered = cookie(headers, LANG_COOKIE).and_then(Lang::of);
        let accepted = || headers.get(ACCEPT_LANGUAGE).and_then(|value| Lang::accepted(value.to_str().ok()?));
        let lang = asked.or(remembered).or_else(accepted).or_else(|| Lang::of(home)).unwrap_or_else(Lang::english);
        // A path that begins like an authority would make the switch lead to another site.
        let path = match uri.path().strip_prefix('/') {
            Some(rest) if !rest.starts_with(['/', '\\']) => uri.path(),
            _ => "/",
        };
        Self {
            lang,
            path: query.address_with(path, &[("lang", ""), (SWITCH, "")]),
            captive: window::is_captive(headers),
            carried: asked.is_some() && asked != remembered,
        }
    }

    /// The `Set-Cookie` that remembers a language chosen just now, if one was.
    pub(super) fn remember(&self) -> Option<String> {
        let code = self.lang.code();
        self.carried.then(|| format!("{LANG_COOKIE}={code}; Path=/; Max-Age={LANG_S}; SameSite=Lax; HttpOnly"))
    }

    /// This page's address without its query, and the query: what a form by GET needs to lead back to it.
    pub(super) fn parts(&self) -> (&str, Form) {
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        (path, Form::parse(query.as_bytes()).unwrap_or_default())
    }

    /// As if this page stood at another address.
    pub(super) fn at(&self, path: String) -> Self {
        Self { path, ..self.clone() }
    }

    /// The address of this page in another language.
    pub(super) fn switch(&self, lang: Lang) -> String {
        with_lang(&self.path, lang)
    }

    /// A link or a form's address. It carries the language on until the phone has shown that it keeps cookies: captive
    /// windows may not.
    pub(super) fn to(&self, address: &str) -> String {
        match self.carried {
            true => with_lang(address, self.lang),
            false => address.to_owned(),
        }
    }

    /// The language a form by GET has to carry on, as [`View::to`] does for links.
    pub(super) fn carries(&self) -> Option<Lang> {
        self.carried.then_some(self.lang)
    }

    /// See [`Lang::say`].
    pub(super) fn say(&self, id: &str) -> String {
        self.lang.say(id)
    }
}

fn with_lang(address: &str, lang: Lang) -> String {
    let (address, anchor) = address.split_once('#').map_or((address, None), |(front, anchor)| (front, Some(anchor)));
    let joint = if address.contains('?') { '&' } else { '?' };
    let anchor = anchor.map(|anchor| format!("#{anchor}")).unwrap_or_default();
    format!("{address}{joint}lang={}{anchor}", lang.code())
}

/// The value of a cookie of ours.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(uri: &str, headers: &[(&'static str, &str)]) -> View {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        View::of(&headers, &uri.parse().unwrap(), "")
    }

    /// A neighbour would be spoken to in a language he cannot read, or could not change it.
    #[test]
    fn the_language_is_what_was_chosen_last() {
        let spanish: &[_] = &[("accept-language", "es-MX,es;q=0.9,en;q=0.8")];
        assert_eq!(view("/", &[]).lang.code(), "en");
        assert_eq!(view("/", spanish).lang.code(), "es");
        assert_eq!(view("/", &[spanish[0], ("cookie", "x=1; lang=fr")]).lang.code(), "fr");
        assert_eq!(view("/?lang=ar", &[spanish[0], ("cookie", "lang=fr")]).lang.code(), "ar");
        // Where the gateway stands, Portuguese is spoken: for whoever says nothing of his own.
        let home = |lang: &str| View::of(&HeaderMap::new(), &lang.parse().unwrap(), "pt");
        assert_eq!((home("/").lang.code(), home("/?lang=es").lang.code()), ("pt", "es"));
        assert_eq!(view("/?lang=xx", &[("cookie", "lang=%0d%0a")]).lang.code(), "en");
        for (header, code) in
            [("de, pt-BR;q=0.2, fr;q=0.7", "fr"), ("fr;q=0, en;q=0.1", "en"), ("*", "en"), ("ar;q=2,;;=,pt;q=1", "pt")]
        {
            assert_eq!(view("/", &[("accept-language", header)]).lang.code(), code, "{header}");
        }
    }

    /// In a window without cookies the language would be lost with the next tap.
    #[test]
    fn a_language_chosen_is_remembered_and_carried_until_then() {
        let chosen = view("/?kind=need&lang=es", &[]);
        assert_eq!(chosen.path, "/?kind=need");
        assert!(chosen.remember().unwrap().starts_with("lang=es; Path=/; "));
        assert_eq!(chosen.to("/?kind=offer#x"), "/?kind=offer&lang=es#x");
        assert_eq!(chosen.switch(Lang::of("ar").unwrap()), "/?kind=need&lang=ar");
        assert_eq!(view("//evil.example/?lang=es", &[]).switch(Lang::english()), "/?lang=en");
        let known = view("/help?lang=es", &[("cookie", "lang=es")]);
        assert_eq!((known.remember(), known.to("/").as_str(), known.path.as_str()), (None, "/", "/help"));
    }
}
