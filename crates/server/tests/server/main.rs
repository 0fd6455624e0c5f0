//! Tests of servers of small models, over HTTP.

mod chat;
mod client;
mod counts;
mod documents;
mod files;
mod lifecycle;
mod limits;
mod responses;
mod setup;
#[cfg(unix)]
mod sockets;
mod texts;
