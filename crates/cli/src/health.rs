//! `wgslm health`: asks a server's probes, for containers and units that have no other HTTP client.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use clap::Args;

use crate::error::{Error, Result};

/// The longest time to connect, and to wait for each part of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The most bytes of an answer that are read.
const LONGEST: u64 = 64 << 10;

#[derive(Args, Debug)]
pub(crate) struct HealthArguments {
    /// The address that the server listens on; that of all interfaces is asked on loopback
    #[arg(long, value_name = "ADDRESS", env = "HOST", default_value = "127.0.0.1")]
    host: IpAddr,
    /// The port that the server listens on
    #[arg(long, value_name = "PORT", env = "PORT", default_value_t = 8080)]
    port: u16,
    /// Ask /ready, whether a model is loaded and requests are taken, and not /health, whether the process is alive
    #[arg(long)]
    ready: bool,
}

pub(crate) fn run(arguments: &HealthArguments) -> Result<()> {
    let address = SocketAddr::new(reachable(arguments.host), arguments.port);
    let path = if arguments.ready { "/ready" } else { "/health" };
    let failed = |reason: String| Error::Health { address, path, reason };
    let response = ask(address, path).map_err(|error| failed(error.to_string()))?;
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((&response, ""));
    if head.split(' ').nth(1) != Some("200") {
        return Err(failed(format!("{} {body}", head.lines().next().unwrap_or_default()).trim_end().to_owned()));
    }
    writeln!(io::stdout(), "{body}")?;
    Ok(())
}

/// The address to connect to: one that stands for every interface is none to send to everywhere.
fn reachable(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        host => host,
    }
}

/// The head and the body that answer a GET. HTTP/1.0 has neither chunks nor connections that stay open.
fn ask(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut response = String::new();
    stream.take(LONGEST).read_to_string(&mut response)?;
    Ok(response)
}
