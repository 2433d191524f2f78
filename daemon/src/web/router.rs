//! From a path and a method to a handler; and what every request gets: counting, origin check, contained panics.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::header;
use hyper::{Method, Request, Response, StatusCode, Version};
use tokio::sync::watch;

use super::answer::{Answer, Body, Cache, Fault};
use super::connections::Place;
use super::origin::{Addressee, Ends};
use super::view::View;
use super::{api, assets, credit, gzip, keeper, ledger, metrics, origin, pages, portal, request, websocket, Web};
use crate::counters::Counters;

/// What a path leads to.
enum Route {
    /// A resource that is read.
    Read,
    /// A form that is shown and sent.
    Form,
    /// A JSON collection that is listed and posted to.
    Collection,
    /// A JSON address that is only posted to.
    Post,
    /// The MQTT door's WebSocket.
    Socket,
}

impl Route {
    fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').skip(1).take(6).collect();
        Some(match parts.as_slice() {
            ["new", "need" | "offer" | "notice"] | ["code"] => Self::Form,
            ["need" | "offer" | "notice", _] => Self::Form,
            ["api", "v1", "needs" | "offers" | "notices"] => Self::Collection,
            ["api", "v1", "needs" | "offers" | "notices", _] => Self::Read,
            ["api", "v1", "summary" | "stock" | "pots" | "scorecard" | "info" | "health" | "peers" | "watch"] => {
                Self::Read
            }
            ["api", "v1", "ledger"]
            | ["api", "v1", "ledger", "members" | "challenge" | "account" | "history" | "score" | "watch"]
            | ["api", "v1", "ledger", "members", _]
            | ["api", "v1", "ledger", "members", _, "forks"] => Self::Read,
            ["api", "v1", "post", _] | ["api", "v1", "ledger", "pass"] => Self::Post,
            ["" | "help" | "me" | "poster" | "bulletin" | "metrics" | "healthz" | "favicon.ico" | "robots.txt"] => {
                Self::Read
            }
            ["stock"] | ["stock", "new"] => Self::Form,
            ["scorecard"] => Self::Read,
            ["portal"] => Self::Form,
            ["keeper"] | ["keeper", "challenge"] => Self::Read,
            ["keeper", "in" | "out" | "key" | "invite" | "add" | "remove" | "export" | "import"] => Self::Form,
            ["credit"] | ["credit", "watch" | "covenant" | "people" | "history" | "ask" | "decisions" | "newkey"] => {
                Self::Read
            }
            ["credit", "in" | "out" | "pay" | "join" | "enter" | "me" | "back" | "decide" | "key" | "pin" | "proof"] => {
                Self::Form
            }
            ["credit", "payment" | "member" | "decision", _] => Self::Form,
            ["credit", "card", _] => Self::Read,
            ["portal", "api"] => Self::Read,
            ["needs" | "offers" | "notices"] | ["kept", _] | ["assets", _] => Self::Read,
            ["mqtt"] => Self::Socket,
            _ => return None,
        })
    }

    fn methods(&self) -> &'static str {
        match self {
            Self::Read | Self::Socket => "GET, HEAD, OPTIONS",
            Self::Form | Self::Collection => "GET, HEAD, POST, OPTIONS",
            Self::Post => "POST, OPTIONS",
        }
    }

    fn takes(&self, method: &Method) -> bool {
        self.methods().split(", ").any(|one| one == method.as_str())
    }
}

/// Answers one request. Never fails: whatever goes wrong becomes an answer.
pub(super) async fn answer(
    web: Web,
    ends: Ends,
    place: Arc<Place>,
    stopping: watch::Receiver<bool>,
    request: Request<Incoming>,
) -> Response<Body> {
    let path = request.uri().path();
    let for_programs = path.starts_with("/api/");
    let posted = request.method() == Method::POST;
    let packed = gzip::is_taken(request.headers());
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let view = View::of(request.headers(), request.uri(), &web.config.http.language);
    let outcome = contain(&web.counters, handle(&web, ends, place, stopping, &view, request)).await;
    let answer = outcome.unwrap_or_else(|fault| {
        // A page that is not there is no refusal; people mistype.
        if posted || matches!(fault, Fault::TooManyWatchers | Fault::ForeignPage) {
            web.inbox.refusals().note("http", fault.code(), Some(ends.peer.ip()));
        }
        let answer = match for_programs {
            true => Answer::json(fault.status(), &fault.receipt()).shared(),
            false => Answer::page(fault.status(), pages::fault(&web, &view, &fault)),
        };
        fault.dress(answer)
    });
    let answer = if posted { answer.cached(Cache::Never) } else { answer };
    let answer = match view.remember().filter(|_| !for_programs) {
        Some(cookie) => answer.with(header::SET_COOKIE, &cookie),
        None => answer,
    };
    web.counters.http_requests_total.add(1);
    if answer.status.is_client_error() || answer.status.is_server_error() {
        web.counters.http_refused_total.add(1);
    }
    answer.tagged(known.as_ref()).packed(packed).into_response()
}

/// Turns a panic in a handler into an answer. Nothing is left half done: state changes only in the writer.
async fn contain(counters: &Counters, handler: impl Future<Output = Result<Answer, Fault>>) -> Result<Answer, Fault> {
    let outcome = AssertUnwindSafe(handler).catch_unwind().await;
    outcome.unwrap_or_else(|_| {
        counters.http_panics_total.add(1);
        tracing::error!("a request failed inside; the page said so and the gateway goes on");
        Err(Fault::Broken)
    })
}

async fn handle(
    web: &Web,
    ends: Ends,
    place: Arc<Place>,
    stopping: watch::Receiver<bool>,
    view: &View,
    request: Request<Incoming>,
) -> Result<Answer, Fault> {
    let method = request.method().clone();
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        return Err(Fault::BadRequest("one Host line is needed"));
    }
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if !known.contains(&method) {
        return Err(Fault::UnknownMethod);
    }
    if let Some(answer) = elsewhere(web, ends, &request)? {
        return Ok(answer);
    }
    let route = Route::of(request.uri().path()).ok_or(Fault::NotFound)?;
    if !route.takes(&method) {
        return Err(Fault::MethodNotAllowed(route.methods()));
    }
    if method == Method::OPTIONS {
        // Also the answer to a preflight: it grants no cross-origin post, because it names no origin for one.
        return Ok(Answer::empty(StatusCode::NO_CONTENT).with(header::ALLOW, route.methods()));
    }
    if matches!(route, Route::Socket) {
        return websocket::upgrade(web, ends.peer, place, request);
    }
    if method == Method::POST && !origin::may_post(request.headers()) {
        return Err(Fault::CrossSite);
    }
    let (head, body) = request::split(ends, view.clone(), request)?;
    let path = head.path.clone();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    if method == Method::POST {
        return match parts.as_slice() {
            ["api", "v1", "ledger", "pass"] => ledger::pass(web, &head, body).await,
            ["api", "v1", "post", kind] => api::post(web, &head, kind, body).await,
            ["api", "v1", plural] => api::post(web, &head, plural.trim_end_matches('s'), body).await,
            ["new", kind] => pages::new::post(web, &head, kind, body).await,
            ["code"] => pages::code::post(web, &head, body).await,
            ["stock"] => pages::stock::post(web, &head, body).await,
            ["stock", "new"] => pages::movement::post(web, &head, body).await,
            ["portal"] => portal::post(web, &head, body).await,
            ["keeper", act] => keeper::post(web, &head, act, body).await,
            ["credit", rest @ ..] => credit::post(web, &head, rest, body).await,
            [kind, id] => pages::item::post(web, &head, kind, id, body).await,
            _ => Err(Fault::NotFound),
        };
    }
    match parts.as_slice() {
        ["api", "v1", what] => match *what {
            "summary" => api::summary(web).await,
            "stock" => api::stock(web).await,
            "pots" => api::pots(web).await,
            "scorecard" => api::scorecard(web).await,
            "info" => Ok(api::info(web)),
            "health" => Ok(api::health(web)),
            "peers" => Ok(api::peers(web)),
            "watch" => api::watch(web, &head, stopping),
            "ledger" => ledger::covenant(web).await,
            plural => api::list(web, &head, plural).await,
        },
        ["api", "v1", "ledger", what] => match *what {
            "members" => ledger::members(web, &head).await,
            "challenge" => Ok(ledger::challenge(web)),
            "account" => ledger::account(web, &head).await,
            "history" => ledger::history(web, &head).await,
            "score" => ledger::score(web, &head).await,
            _ => ledger::follow(web, &head, stopping).await,
        },
        ["api", "v1", "ledger", "members", id] => ledger::member(web, id, false).await,
        ["api", "v1", "ledger", "members", id, _] => ledger::member(web, id, true).await,
        ["api", "v1", plural, id] => api::item(web, plural, id).await,
        ["assets", _] => assets::answer(&path, &head.headers).ok_or(Fault::NotFound),
        [""] => pages::board::show(web, &head).await,
        ["new", kind] => pages::new::show(web, &head, kind),
        ["code"] => Ok(pages::code::show(web, &head)),
        ["stock"] => pages::stock::show(web, &head).await,
        ["stock", "new"] => Ok(pages::movement::show(web, &head)),
        ["scorecard"] => pages::scorecard::show(web, &head).await,
        ["kept", key] => pages::kept::show(web, &head, key).await,
        ["poster"] => Ok(pages::paper::poster(web, &head)),
        ["bulletin"] => pages::paper::bulletin(web, &head).await,
        ["help"] => Ok(pages::help::show(web, &head)),
        ["me"] => Ok(pages::me::show(web, &head)),
        ["portal"] => portal::show(web, &head),
        ["portal", "api"] => portal::api(web, &head),
        ["keeper"] => keeper::show(web, &head).await,
        ["credit", rest @ ..] => credit::show(web, &head, rest, stopping).await,
        ["keeper", "challenge"] => keeper::challenge(web, &head),
        // Where a page stands that answered a form, when it is loaded again.
        ["keeper", _] => Ok(Answer::see_other(&head.view.to("/keeper"))),
        ["metrics"] => Ok(metrics::metrics(web)),
        ["healthz"] => Ok(metrics::healthz(web).await),
        ["favicon.ico"] => Ok(Answer::empty(StatusCode::NO_CONTENT).cached(Cache::Forever)),
        ["robots.txt"] => Ok(Answer::text(StatusCode::OK, "User-agent: *\nDisallow: /\n")),
        ["needs" | "offers" | "notices"] => {
            Ok(Answer::see_other(&head.view.to(&format!("/?kind={}", parts[0].trim_end_matches('s')))))
        }
        [kind @ ("need" | "offer" | "notice"), id] => pages::item::show(web, &head, kind, id).await,
        _ => Err(Fault::NotFound),
    }
}

/// What is not for our pages: probes of phones, and whatever was sent under another name than ours. None: it is for them.
fn elsewhere(web: &Web, ends: Ends, request: &Request<Incoming>) -> Result<Option<Answer>, Fault> {
    let path = request.uri().path();
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    let addressee = web.hosts.addressee(request, ends.local.ip());
    if reads {
        let host = (&*origin::host(request), addressee == Addressee::Ours);
        if let Some(answer) = portal::probed(web, ends, host, path, request.headers()) {
            return Ok(Some(answer));
        }
    }
    let route = Route::of(path);
    // Programs by any name of ours get what they asked for; only what browsers keep belongs to an origin.
    let for_programs = path.starts_with("/api/") || matches!(path, "/metrics" | "/healthz" | "/mqtt");
    match addressee {
        Addressee::Ours => return Ok(None),
        Addressee::Alias if !reads || for_programs => return Ok(None),
        Addressee::Stranger if !reads || matches!(route, Some(Route::Socket)) => {
            return Err(Fault::WrongHost(portal::origin(web, ends)));
        }
        Addressee::Alias | Addressee::Stranger => {}
    }
    // The way is kept only where it is one of ours, and only if it cannot be read as another origin's.
    let way = request.uri().path_and_query().map(|way| way.as_str());
    let way = way.filter(|way| route.is_some() && !way.starts_with("//") && way.len() <= request::ADDRESS_BYTES_MAX);
    Ok(Some(Answer::found(&format!("{}{}", portal::origin(web, ends), way.unwrap_or("/")))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One mistake of ours in one page would end the gateway for the whole block.
    #[tokio::test]
    async fn a_panic_becomes_a_page_and_is_counted() {
        let counters = Counters::default();
        let outcome = contain(&counters, async { panic!("a mistake of ours") }).await;
        assert!(matches!(outcome, Err(Fault::Broken)));
        assert_eq!(counters.http_panics_total.get(), 1);
    }
}
