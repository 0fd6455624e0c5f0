//! Servers of small models.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::oneshot;
use wgslm::engine::{EngineOptions, Loader};
use wgslm::{Device, DeviceOptions};
use wgslm_server::{Address, ModelSource, Result, Server, ServerOptions};
use wgslm_testing::{golden, skipped};

use crate::client::{Response, send};
use crate::files::chat_model;

/// The device that all tests share, on the fastest adapter; `None` where there is none, which is reported.
fn device() -> Option<&'static Device> {
    static DEVICE: OnceLock<Option<Device>> = OnceLock::new();
    let open = || {
        let names = pollster::block_on(Device::adapters());
        let slow = |index: &usize| names[*index].name.contains("SwiftShader");
        let index = (0..names.len()).min_by_key(slow)?;
        let options = DeviceOptions { device: Some(index.to_string()), ..DeviceOptions::default() };
        Some(pollster::block_on(Device::open(&options)).expect("a device that computes right values"))
    };
    let device = DEVICE.get_or_init(open).as_ref();
    if device.is_none() {
        skipped("there is no GPU adapter; `cargo xtask setup` installs one");
    }
    device
}

/// A model of these bytes.
pub(crate) fn source(name: &str, bytes: Vec<u8>, options: &ServerOptions) -> Option<ModelSource> {
    windowed(name, bytes, options, Duration::ZERO)
}

/// A model of these bytes, with a batching window.
pub(crate) fn windowed(
    name: &str,
    bytes: Vec<u8>,
    options: &ServerOptions,
    batching_window: Duration,
) -> Option<ModelSource> {
    let device = device()?.clone();
    let engine_options = EngineOptions {
        slots: Some(options.batch_size),
        queue: Some(options.queue_limit),
        batching_window,
        ..EngineOptions::default()
    };
    let size = bytes.len() as u64;
    let load = move || {
        let mut loader = Loader::new(&device, &engine_options);
        loader.push(&bytes)?;
        loader.end_file()?;
        Ok(pollster::block_on(loader.finish())?)
    };
    Some(ModelSource { name: name.to_owned(), bytes: size, load: Arc::new(load) })
}

/// The bytes of a golden model.
pub(crate) fn model(path: &str) -> Vec<u8> {
    std::fs::read(golden(path)).expect("it is there")
}

/// Any port of the loopback interface.
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A server that runs.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Running {
    /// Starts a server, and waits until it is ready.
    pub(crate) fn start(models: Vec<ModelSource>, options: ServerOptions) -> Self {
        let running = Self::start_loading(models, options);
        let began = Instant::now();
        while running.get("/ready").status != 200 {
            assert!(began.elapsed() < Duration::from_secs(60), "it is ready within a minute");
            std::thread::sleep(Duration::from_millis(10));
        }
        running
    }

    /// Starts a server that may still load.
    pub(crate) fn start_loading(models: Vec<ModelSource>, options: ServerOptions) -> Self {
        let options = ServerOptions { address: LOOPBACK.into(), ..options };
        let (stop, stopped) = oneshot::channel::<()>();
        let (sender, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
            runtime.block_on(async {
                let server = Server::bind(models, options).await?;
                let Address::Tcp(address) = server.address()? else { unreachable!("it was asked for a port") };
                sender.send(address).expect("it is waited for");
                server.run(async move { drop(stopped.await) }).await
            })
        });
        let address = address.recv_timeout(Duration::from_secs(20)).expect("it listens");
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    /// A server of the chat model.
    pub(crate) fn of_chat(options: ServerOptions) -> Option<Self> {
        Some(Self::start(vec![source("chat", chat_model(), &options)?], options))
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        send(self.address, "GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Response {
        send(self.address, "POST", path, &[], &body.to_string())
    }

    /// The JSON of a response that has to succeed.
    pub(crate) fn json(&self, path: &str, body: &Value) -> Value {
        let response = self.post(path, body);
        let (status, json) = (response.status, response.json());
        assert_eq!(status, 200, "{path}: {json}");
        json
    }

    /// The status and the error of a response that has to fail.
    pub(crate) fn error(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.post(path, body);
        let (status, json) = (response.status, response.json());
        let error = json["error"].clone();
        assert!(status >= 400 && error["message"].is_string() && error["type"].is_string(), "{path}: {status} {json}");
        assert!(error.get("param").is_some() && error.get("code").is_some(), "{json}");
        (status, error)
    }

    /// A sample of the metrics, 0 where there is none.
    pub(crate) fn metric(&self, sample: &str) -> f64 {
        let text = self.get("/metrics").text();
        let found = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        found.map_or(0.0, |value| value.parse().expect("a number"))
    }

    /// Tells it to stop.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Tells it to stop, and waits for its end.
    pub(crate) fn ended(&mut self) -> Result<()> {
        self.stop();
        self.wait()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> Result<()> {
        self.thread.take().expect("it is waited for once").join().expect("no panic")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A server of the chat model that tests share.
pub(crate) fn shared() -> Option<&'static Running> {
    static SERVER: OnceLock<Option<Running>> = OnceLock::new();
    SERVER.get_or_init(|| Running::of_chat(ServerOptions::default())).as_ref()
}

/// Waits until something holds.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "{what}, within 20 s");
        std::thread::sleep(Duration::from_millis(10));
    }
}
