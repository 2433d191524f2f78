//! Wiring and order of shutdown; no logic.
//!
//! Start: listen (so that a taken port is said at once), open the store, start the writer, open the doors, say where.
//! End: the doors stop taking, what is under way is answered, the writer commits what waits and closes the store.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use commons_core::identity::GatewayId;
use commons_core::ledger::Ledger;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::about::About;
use crate::assembly::{Access, Assembly};
use crate::audit;
use crate::bundle::inside::Inside;
use crate::checkup;
use crate::cli::{Backend, Checkup, Identity};
use crate::config::reload::reload;
use crate::config::{Config, Loaded, Loader};
use crate::control::desk::Reload;
use crate::control::{self, fulfilled, Answerer, ControlSocket, Desk, Offline, Reply, Request};
use crate::counters::Counters;
use crate::door::{self, Door, Transport};
use crate::founding::Founding;
use crate::host::activation::{self, Handed};
use crate::host::journal::Logging;
use crate::host::signals::{self, Wish};
use crate::host::{addresses, board, files, notify};
use crate::hosted::Hosting;
use crate::neighbours::{self, No, Office};
use crate::peers::{self, Peers};
use crate::wants;
use crate::web::{self, Keeping, Web};

/// How long sessions and pages may take to end after SIGTERM.
const DRAIN_MAX: Duration = Duration::from_secs(3);
/// How long links to other gateways may take of that.
const LINKS_MAX: Duration = Duration::from_millis(500);
/// How long the writer may take after that. Together below the 5 s that units and people wait.
const WRITER_MAX: Duration = Duration::from_millis(1_500);
/// How often the writer is looked after.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The real thing.
pub struct Gateway;

impl Backend for Gateway {
    fn run(&self, loaded: Loaded, loader: Loader, logging: Option<Logging>) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let ended = runtime.block_on(run(loaded, loader, logging));
        // Tasks that did not end by themselves must not keep the process.
        runtime.shutdown_background();
        ended
    }

    fn init(&self, loaded: &Loaded) -> anyhow::Result<Identity> {
        let data = &loaded.config.gateway.data;
        make_private(data)?;
        let founding = Founding::open(&loaded.config, board::board_id(), true)?;
        Ok(identity(&founding, data))
    }

    fn verify(&self, loaded: &Loaded) -> anyhow::Result<Checkup> {
        Ok(checkup::verify(&loaded.config)?)
    }

    fn ledger(&self, loaded: &Loaded) -> anyhow::Result<Ledger> {
        Ok(audit::ledger(&loaded.config)?)
    }

    fn verify_ledger(&self, loaded: &Loaded) -> anyhow::Result<Checkup> {
        Ok(audit::verify(&loaded.config)?)
    }

    fn repair(&self, loaded: &Loaded) -> anyhow::Result<Checkup> {
        Ok(checkup::repair(&loaded.config)?)
    }

    fn restore(&self, copy: &Path, loaded: &Loaded) -> anyhow::Result<Identity> {
        let data = &loaded.config.gateway.data;
        make_private(data)?;
        let founding = Founding::restore(copy, &loaded.config, board::board_id())?;
        Ok(identity(&founding, data))
    }

    fn offline(&self, loaded: &Loaded) -> anyhow::Result<Box<dyn Answerer>> {
        Ok(Box::new(Stopped { config: loaded.config.clone() }))
    }

    fn session(&self, loaded: &Loaded) -> anyhow::Result<Box<dyn Answerer>> {
        Ok(Box::new(Kept { opened: Some(Opened::open(&loaded.config, Access::Write)?), config: loaded.config.clone() }))
    }
}

fn identity(founding: &Founding, data: &Path) -> Identity {
    Identity {
        name: founding.name().to_owned(),
        id: founding.id(),
        network: founding.network().to_owned(),
        data: data.to_owned(),
        fresh: founding.fresh,
    }
}

/// Only its owner may look into the data directory: the gateway's key and local socket lie there.
fn make_private(data: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if data.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| format!("the data directory {} cannot be made", data.display()))
}

async fn run(loaded: Loaded, loader: Loader, logging: Option<Logging>) -> anyhow::Result<()> {
    let config = loaded.config;
    let data = config.gateway.data.clone();
    make_private(&data)?;
    if let Err(error) = files::raise_limit() {
        warn!(%error, "the limit of open files stays as it is");
    }
    let mut handed = Handed::take();
    let mqtt = listen(handed.named(activation::MQTT), &config.mqtt.listen, "--mqtt", "1884").await?;
    let http = listen(handed.named(activation::HTTP), &config.http.listen, "--http", "8081").await?;
    for name in handed.left() {
        warn!(%name, "a socket of systemd's is for no door of ours: FileDescriptorName must be mqtt or http");
    }
    let runtime = tokio::runtime::Handle::current();
    let mut assembly = {
        let config = config.clone();
        tokio::task::spawn_blocking(move || Assembly::start(&config, Access::Own, &runtime)).await??
    };
    let mut signals = signals::listen()?;
    let about = about(&assembly, &mqtt, &http)?;
    let counters = Arc::new(Counters::default());
    let (stop, stopping) = watch::channel(false);
    let stopped = |mut stopping: watch::Receiver<bool>| async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };

    let about = Arc::new(about);
    let door = Door::new(assembly.inbox.clone(), about.clone(), &config, counters.clone())?;
    let peers = {
        let keys = assembly.keys.take().context("the keys are there")?;
        let identity = peers::Identity::new(assembly.network_id, keys);
        let listen = about.mqtt.clone();
        Peers::open(identity, &about.name, listen, config.peers.clone(), &data, assembly.inbox.clone())?
    };
    keep_listened(&data, &loader, &about).await;
    // Whoever calls must be known by then.
    peers.start().await;
    door.take_calls(peers.answer());
    let mut rooms = JoinSet::new();
    for listener in mqtt {
        rooms.spawn(door::serve(listener, door.clone(), stopped(stopping.clone())));
    }
    let websocket = {
        let door = door.clone();
        Arc::new(move |stream, peer| {
            let door = door.clone();
            tokio::spawn(async move { door.accept(stream, peer, Transport::WebSocket).await });
        })
    };
    let web = Web::new(assembly.inbox.clone(), (*about).clone(), config.clone(), counters.clone(), websocket);
    let gateway = GatewayId::parse(&about.id).context("the gateway has an id")?;
    web.let_host(Hosting::new(&data, assembly.network_id, gateway, assembly.inbox.clone()));
    for listener in http {
        rooms.spawn(web::serve(listener, web.clone(), stopped(stopping.clone())));
    }
    let again = reloading(loader, logging, assembly.config.clone());
    let desk = Desk::new(assembly.inbox.clone(), about.clone(), counters)
        .with_reload(again.clone())
        .with_office(peers.office());
    {
        let (web, desk) = (web.clone(), desk.clone());
        let carry = Arc::new(Inside::new(desk, tokio::runtime::Handle::current()));
        let (office, config) = (peers.office(), assembly.config.subscribe());
        let keeping = Keeping { data: data.clone(), office, carry, config };
        tokio::task::spawn_blocking(move || web.let_keep(keeping)).await?;
    }
    let socket = ControlSocket::bind(&data)?;
    let local = tokio::spawn(control::serve(socket, desk));
    if let Some(interval) = notify::watchdog_interval() {
        tokio::spawn(notify::feed_watchdog(assembly.progress.clone(), interval));
    }
    say_where(&about, &data, &config, assembly.warning.as_deref());
    notify::ready(&format!("{} takes posts; page {}", about.name, about.page));

    let failed = loop {
        tokio::select! {
            wish = signals.next() => match wish {
                Wish::Stop => break false,
                Wish::Reload => {
                    notify::reloading();
                    match again() {
                        Ok(reloaded) => info!(changed = ?reloaded.changed, restart = ?reloaded.restart, "reloaded"),
                        Err(problems) => warn!(%problems, "nothing was reloaded"),
                    }
                    notify::ready(&format!("{} takes posts; page {}", about.name, about.page));
                }
            },
            () = tokio::time::sleep(LOOK_EVERY) => {
                if assembly.has_ended() {
                    break true;
                }
            }
        }
    };

    notify::stopping();
    info!("ending");
    local.abort();
    let _ = stop.send(true);
    let drained = tokio::time::timeout(DRAIN_MAX, async {
        peers.close(LINKS_MAX).await;
        door.close(DRAIN_MAX).await;
        while rooms.join_next().await.is_some() {}
    });
    if drained.await.is_err() {
        warn!("some connections did not end in time; they are cut");
        rooms.abort_all();
    }
    let inbox = assembly.inbox.clone();
    let writer = tokio::task::spawn_blocking(move || assembly.join());
    let ended = tokio::time::timeout(WRITER_MAX, async {
        inbox.end().await;
        writer.await
    });
    match ended.await {
        Ok(joined) => joined??,
        // All that was acknowledged is synced; only the index of a clean stop is missing.
        Err(_) => warn!("the writer did not end in time; the next start reads the journal"),
    }
    if failed {
        anyhow::bail!("the gateway ended because its store failed; what was acknowledged is on disk");
    }
    info!("ended");
    Ok(())
}

/// Takes the sockets that systemd opened for this door; without any, binds each address, or says which flag to change.
async fn listen(
    handed: Vec<std::net::TcpListener>,
    addresses: &[SocketAddr],
    flag: &str,
    other: &str,
) -> anyhow::Result<Vec<TcpListener>> {
    if !handed.is_empty() {
        let listeners = handed.into_iter().map(TcpListener::from_std);
        return listeners.collect::<std::io::Result<_>>().context("a socket of systemd's cannot be used");
    }
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}; choose another with {flag} {}:{other}", address.ip())
        })?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// Writes down where the door listens and what the gateway is called, for what is asked of it while it is stopped.
async fn keep_listened(data: &Path, loader: &Loader, about: &About) {
    let by_file = loader.by_file("mqtt", "listen").load();
    let said = by_file.map_or_else(|_| Config::default().mqtt.listen, |loaded| loaded.config.mqtt.listen);
    let (data, listened, name) = (data.to_owned(), about.mqtt.clone(), about.name.clone());
    let kept = tokio::task::spawn_blocking(move || peers::keep_listened(&data, said, listened, name)).await;
    if let Ok(Err(error)) = kept {
        warn!(%error, "where the door listens was not written down");
    }
}

fn about(assembly: &Assembly, mqtt: &[TcpListener], http: &[TcpListener]) -> anyhow::Result<About> {
    let addresses_of = |listeners: &[TcpListener]| -> std::io::Result<Vec<SocketAddr>> {
        listeners.iter().map(TcpListener::local_addr).collect()
    };
    let http = addresses_of(http)?;
    // Where the firewall leads a shorter address here, that is the one to tell people.
    let portal = assembly.config.borrow().portal.clone();
    let told = |listen: &SocketAddr| match portal.enabled && portal.port > 0 {
        true => SocketAddr::new(listen.ip(), portal.port),
        false => *listen,
    };
    let page = addresses::page(&http.iter().map(told).collect::<Vec<_>>());
    Ok(About {
        v: 1,
        name: assembly.name.clone(),
        id: assembly.id.clone(),
        network: assembly.network.clone(),
        version: env!("CARGO_PKG_VERSION"),
        mqtt: addresses_of(mqtt)?,
        page,
        http,
    })
}

/// One function for SIGHUP and `commonsd` alike: reads the configuration again and hands it on, or changes nothing.
fn reloading(loader: Loader, logging: Option<Logging>, hand_on: watch::Sender<Config>) -> Reload {
    Arc::new(move || {
        let old = hand_on.borrow().clone();
        let reloaded = reload(&old, &loader).map_err(|problems| problems.to_string())?;
        if let Some(logging) = &logging {
            logging.set_level(&reloaded.config.log.level);
        }
        let _ = hand_on.send(reloaded.config.clone());
        Ok(reloaded)
    })
}

/// What a person at the terminal wants to know.
fn say_where(about: &About, data: &Path, config: &Config, warning: Option<&str>) {
    let list = |addresses: &[SocketAddr]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let port = about.mqtt.first().map_or(1883, SocketAddr::port);
    let loopback = if config.limits.limit_loopback { "the same limits" } else { "no limits" };
    println!("commonsd {} - gateway \"{}\" of network \"{}\"", about.version, about.name, about.network);
    println!("  id    {}", about.id);
    println!("  data  {}", data.display());
    println!(
        "  mqtt  {}: anyone may post to commons/post/#, read commons/board/#, use commons/local/#",
        list(&about.mqtt)
    );
    println!("  http  {}: anyone may read the board, post and answer; MQTT over WebSocket at /mqtt", list(&about.http));
    println!(
        "        {} posts a minute and {} open items a sender; from this machine {loopback}",
        config.limits.posts_per_minute, config.limits.open_items_per_sender_max
    );
    println!(
        "  local {}: whoever may read the data directory: status, posts, backup",
        data.join("commonsd.sock").display()
    );
    println!("Open the page:   {}", about.page);
    println!("Post from here:  mosquitto_pub -p {port} -q 1 -t commons/post/need -m \"insulin, stairwell B\"");
    if let Some(warning) = warning {
        println!("Note: {warning}");
        warn!("{warning}");
    }
    if config.mqtt.listen.iter().chain(&config.http.listen).any(|address| !address.ip().is_loopback()) {
        println!("Everybody who can reach this machine's network can read and post; that is what it is for.");
    }
}

/// Answers for a stopped gateway. Opens the store anew for each request: to look, without changing a byte; to post, as
/// the daemon would.
struct Stopped {
    config: Config,
}

impl Answerer for Stopped {
    fn answer(&mut self, request: &Request) -> std::io::Result<Reply> {
        if let Some(wish) = request.wish() {
            return Ok(fulfilled(wished(&self.config, wish)?));
        }
        let access =
            if matches!(request, Request::Post { .. } | Request::Signed { .. }) { Access::Write } else { Access::Read };
        let mut opened = Opened::open(&self.config, access)?;
        let reply = opened.desk.answer(request);
        opened.close()?;
        reply
    }
}

/// Fulfils what is wished of a stopped gateway.
fn wished(config: &Config, wish: neighbours::Wish) -> std::io::Result<Result<Reply, No>> {
    let founding = Founding::open(config, None, false).map_err(std::io::Error::other)?;
    let data = &config.gateway.data;
    let mut book = peers::Book::open(data).map_err(std::io::Error::other)?;
    let listen = peers::last_listened(data, &config.mqtt.listen);
    Ok(peers::stopped(&mut book, &founding.keys().id(), &listen, wants::usual(&config.peers.wants), wish))
}

/// A stopped gateway's store, opened.
struct Opened {
    desk: Offline,
    assembly: Assembly,
    runtime: tokio::runtime::Runtime,
}

impl Opened {
    fn open(config: &Config, access: Access) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let mut assembly = Assembly::start(config, access, runtime.handle()).map_err(std::io::Error::other)?;
        if config.gateway.name.is_empty() {
            // It may have been named by an argument of `run`.
            assembly.name = peers::last_name(&config.gateway.data).unwrap_or(assembly.name);
        }
        let about = about(&assembly, &[], &[]).map_err(std::io::Error::other)?;
        let office: Office = {
            let config = config.clone();
            Arc::new(move |wish| {
                let done = wished(&config, wish).unwrap_or_else(|error| Err(("storage_failed", error.to_string())));
                Box::pin(async move { done })
            })
        };
        let desk = Desk::new(assembly.inbox.clone(), Arc::new(about), Arc::default()).with_office(office);
        Ok(Self { desk: Offline::new(desk, Box::new(()))?, assembly, runtime })
    }

    fn close(self) -> std::io::Result<()> {
        self.runtime.block_on(self.assembly.inbox.end());
        self.assembly.join().map_err(std::io::Error::other)
    }
}

/// Answers many requests for a stopped gateway, whose store stays open meanwhile.
struct Kept {
    opened: Option<Opened>,
    config: Config,
}

impl Answerer for Kept {
    fn answer(&mut self, request: &Request) -> std::io::Result<Reply> {
        match &mut self.opened {
            Some(opened) if request.wish().is_none() => opened.desk.answer(request),
            _ => Stopped { config: self.config.clone() }.answer(request),
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // What was answered is on disk; only the index may be missing.
        if let Some(Err(error)) = self.opened.take().map(Opened::close) {
            warn!(%error, "the store was not closed in order");
        }
    }
}
