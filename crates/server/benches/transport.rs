//! Measures what it costs to ask a model in the same process, at a Unix socket, and at a port of the loopback interface: the same short
//! request to the same engine, one at a time.
//!
//! `cargo bench -p wgslm-server --bench transport -- MODEL.gguf [REQUESTS]`

#![recursion_limit = "256"]

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::sync::oneshot::Sender;
use tokio::task::JoinHandle;
use wgslm::engine::{Engine, EngineOptions, GenerateOptions, Loader};
use wgslm::text::Special;
use wgslm::{Device, DeviceOptions};
use wgslm_server::{Address, ModelSource, Server, ServerOptions};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A way to ask for the token.
type Ask<'a> = Box<dyn FnMut() -> Result<()> + 'a>;

/// Requests before those that are timed.
const WARM_UP: usize = 10;

/// The prompt, of which the prefix cache has all but the last token after the first request.
const PROMPT: &str = "The quick brown fox jumps over the lazy dog";
const BODY: &str =
    r#"{"model":"model","prompt":"The quick brown fox jumps over the lazy dog","max_tokens":1,"temperature":0}"#;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let path = PathBuf::from(arguments.next().ok_or("give a GGUF file: cargo bench ... -- MODEL.gguf")?);
    let requests: usize = arguments.next().map_or(Ok(500), |requests| requests.parse())?;
    let device = pollster::block_on(Device::open(&DeviceOptions::default()))?;
    println!("{} requests of one token each on {}", requests, device.adapter().name);
    let engine = load(&device, &path)?;
    let tokens = engine.model().tokenizer()?.encode(PROMPT, Special::Plain)?;
    let in_process = || {
        let options = GenerateOptions { max_tokens: Some(1), ..GenerateOptions::default() };
        let mut generation = engine.generate(&tokens, options)?;
        pollster::block_on(async {
            while generation.next().await?.is_some() {}
            Ok(())
        })
    };
    let folder = std::env::temp_dir().join(format!("wgslm-transport-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let socket = folder.join("wgslm.sock");
    let at_socket = Running::start(&engine, Address::Unix(socket.clone()))?;
    let at_port = Running::start(&engine, Address::Tcp(([127, 0, 0, 1], 0).into()))?;
    let Address::Tcp(address) = at_port.address else { return Err("it was asked for a port".into()) };
    let connect = || -> Result<Exchange<TcpStream>> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Exchange::new(stream))
    };
    let mut by_socket = Exchange::new(UnixStream::connect(&socket)?);
    let mut by_port = connect()?;
    let mut ways: [(&str, Ask<'_>, Vec<f64>); 4] = [
        ("in the process", Box::new(in_process), Vec::new()),
        ("at a Unix socket", Box::new(move || by_socket.ask()), Vec::new()),
        ("at a port, by one connection", Box::new(move || by_port.ask()), Vec::new()),
        ("at a port, by a connection each", Box::new(move || connect()?.ask()), Vec::new()),
    ];
    // In turn, so that none has the quieter machine.
    for _ in 0..requests + WARM_UP {
        for (_, ask, times) in &mut ways {
            let began = Instant::now();
            ask()?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
    }
    for (name, _, times) in &mut ways {
        let times = &mut times[WARM_UP..];
        times.sort_by(f64::total_cmp);
        let at = |percent: usize| times[(percent * times.len()).div_ceil(100).max(1) - 1];
        println!("{name:<32} p50 {:7.3}  p95 {:7.3}  p99 {:7.3} ms", at(50), at(95), at(99));
    }
    drop(ways);
    at_socket.stop()?;
    at_port.stop()?;
    Ok(std::fs::remove_dir_all(&folder)?)
}

fn load(device: &Device, path: &Path) -> Result<Engine> {
    let mut loader = Loader::new(device, &EngineOptions::default());
    loader.push(&std::fs::read(path)?)?;
    Ok(pollster::block_on(loader.finish())?)
}

/// A server that runs on threads of its own.
struct Running {
    address: Address,
    runtime: Runtime,
    stop: Sender<()>,
    task: JoinHandle<wgslm_server::Result<()>>,
}

impl Running {
    fn start(engine: &Engine, address: Address) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let engine = engine.clone();
        let source = ModelSource { name: "model".to_owned(), bytes: 0, load: Arc::new(move || Ok(engine.clone())) };
        let options = ServerOptions { address, ..ServerOptions::default() };
        let server = runtime.block_on(Server::bind(vec![source], options))?;
        let address = server.address()?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let task = runtime.spawn(server.run(async move { drop(stopped.await) }));
        Ok(Self { address, runtime, stop, task })
    }

    fn stop(self) -> Result<()> {
        drop(self.stop);
        Ok(self.runtime.block_on(self.task)??)
    }
}

/// A connection that HTTP goes over.
struct Exchange<S>(BufReader<S>);

impl<S: Read + Write> Exchange<S> {
    fn new(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    /// Asks for a token, and reads the whole response.
    fn ask(&mut self) -> Result<()> {
        let head = "POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json";
        write!(self.0.get_mut(), "{head}\r\ncontent-length: {}\r\n\r\n{BODY}", BODY.len())?;
        let (mut line, mut length, mut status) = (String::new(), 0, None);
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let text = line.trim_end().to_lowercase();
            if text.is_empty() {
                break;
            }
            status.get_or_insert_with(|| text.clone());
            if let Some(value) = text.strip_prefix("content-length: ") {
                length = value.parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        match status {
            Some(status) if status.starts_with("http/1.1 200") => Ok(()),
            status => Err(format!("{status:?}: {}", String::from_utf8_lossy(&body)).into()),
        }
    }
}
