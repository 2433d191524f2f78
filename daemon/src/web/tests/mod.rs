//! The room as a browser, curl, a hostile script and an MQTT client see it: raw bytes over loopback, with a scripted
//! writer behind the inbox.

mod api;
mod credit;
mod harness;
mod hosted;
mod hostile;
mod keeper;
mod languages;
mod ledger;
mod pages;
mod portal;
mod script;
mod shared;
mod websocket;
