//! `wgslm serve`: answers over HTTP.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, value_parser};
use wgslm::engine::EngineOptions;
use wgslm::{Device, DeviceOptions};
use wgslm_server::{Address, ModelSource, Server, ServerOptions};

use crate::arguments::{ActivationsOption, KvOption, QuantizeOption};
use crate::environment::{bytes, device_options};
use crate::error::{Error, Result};
use crate::{load, tuning};

#[derive(Args, Debug)]
pub(crate) struct ServeArguments {
    /// A model, as PATH or NAME=PATH: a GGUF file, the first part of a split one, or a Hugging Face folder. May be given several times; the
    /// first is loaded at once and is the default, the others are loaded when they are asked for
    #[arg(long, value_name = "[NAME=]PATH", required = true, value_parser = named)]
    model: Vec<Named>,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", env = "HOST", default_value = "127.0.0.1")]
    host: IpAddr,
    /// The port to listen on; 0 takes any, and prints it
    #[arg(long, value_name = "PORT", env = "PORT", default_value_t = 8080)]
    port: u16,
    /// A Unix socket to listen at, in place of a host and a port
    #[arg(long, value_name = "PATH", env = "UNIX_SOCKET")]
    unix_socket: Option<PathBuf>,
    /// A folder of files to serve at /
    #[arg(long, value_name = "DIR")]
    www: Option<PathBuf>,
    /// The device's index, name or part of its name, as `wgslm devices` prints them [default: the most powerful kind of device]
    #[arg(long, value_name = "NAME_OR_INDEX", env = "WGSLM_DEVICE")]
    device: Option<String>,
    #[command(flatten)]
    activations: ActivationsOption,
    #[command(flatten)]
    quantize: QuantizeOption,
    #[command(flatten)]
    kv: KvOption,
    /// The tokens that a model's KV cache holds for all requests together [default: those of one context]
    #[arg(long, value_name = "TOKENS")]
    kv_tokens: Option<u32>,
    /// The most tokens of a prompt and its answer together [default: 4096, or the model's trained context if shorter]
    #[arg(long, value_name = "TOKENS", env = "MAX_CONTEXT")]
    max_context: Option<u32>,
    /// The seconds that a request waits for its model to be loaded
    #[arg(long, value_name = "SECONDS", env = "MODEL_LOAD_TIMEOUT", default_value = "300", value_parser = seconds)]
    model_load_timeout: Duration,
    /// The seconds that an answer may take, its wait included
    #[arg(long, value_name = "SECONDS", env = "INFERENCE_TIMEOUT", default_value = "600", value_parser = seconds)]
    inference_timeout: Duration,
    /// The requests of a model that run at a time
    #[arg(long, value_name = "N", env = "BATCH_SIZE", default_value_t = 8, value_parser = value_parser!(u32).range(1..=1024))]
    batch_size: u32,
    /// The milliseconds that the first prompt of a burst waits for others to join its prefill
    #[arg(long, value_name = "MS", env = "BATCH_WINDOW_MS", default_value_t = 0)]
    batch_window_ms: u64,
    /// The requests of a model that wait while as many run as may; more are refused with 429
    #[arg(long, value_name = "N", env = "QUEUE_LIMIT", default_value_t = 64, value_parser = value_parser!(u32).range(1..=1_000_000))]
    queue_limit: u32,
    /// The most bytes of models on the device, such as 6GiB; models that nobody uses make room for others [default: no limit]
    #[arg(long, value_name = "BYTES", env = "MEMORY_LIMIT", value_parser = bytes)]
    memory_limit: Option<u64>,
    /// The keys of which a request has to show one, separated by commas [default: none is needed]
    #[arg(long, value_name = "KEYS", env = "API_KEYS", hide_env_values = true, value_delimiter = ',')]
    api_keys: Vec<String>,
    /// The origins whose pages may use the server, separated by commas; * is any [default: none but its own]
    #[arg(long, value_name = "ORIGINS", env = "CORS_ORIGINS", value_delimiter = ',')]
    cors_origins: Vec<String>,
    /// The most bytes of a request's body
    #[arg(long, value_name = "BYTES", env = "BODY_LIMIT", default_value = "4MiB", value_parser = bytes)]
    body_limit: u64,
    /// The seconds that running answers have once SIGTERM or SIGINT has come
    #[arg(long, value_name = "SECONDS", env = "GRACE_PERIOD", default_value = "30", value_parser = seconds)]
    grace_period: Duration,
}

/// A model's name and path.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    path: PathBuf,
}

/// Serves until a signal says to stop.
pub(crate) fn run(arguments: ServeArguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(wgslm_server::Error::from)?.block_on(serve(arguments))
}

async fn serve(arguments: ServeArguments) -> Result<()> {
    // A missing file is reported before a device is opened.
    let sizes = arguments.model.iter().map(|model| size(&model.path)).collect::<Result<Vec<_>>>()?;
    let name = arguments.device.clone().filter(|device| !device.is_empty());
    let device = Device::open(&DeviceOptions { device: name, ..device_options()? }).await?;
    tuning::recall(&device);
    let engine_options = EngineOptions {
        context_length: arguments.max_context,
        slots: Some(arguments.batch_size),
        queue: Some(arguments.queue_limit),
        batching_window: Duration::from_millis(arguments.batch_window_ms),
        kv_tokens: arguments.kv_tokens,
        activations: arguments.activations.kind,
        quantize: arguments.quantize.policy(),
        kv_format: arguments.kv.format,
        ..EngineOptions::default()
    };
    let sources = arguments.model.into_iter().zip(sizes).map(|(Named { name, path }, bytes)| {
        let (device, options) = (device.clone(), engine_options.clone());
        let load = move || {
            let engine = pollster::block_on(load::on(&device, &path, &options))?;
            tuning::keep(&device);
            Ok(engine)
        };
        ModelSource { name, bytes, load: Arc::new(load) }
    });
    let options = ServerOptions {
        address: match arguments.unix_socket {
            Some(path) => Address::Unix(path),
            None => SocketAddr::new(arguments.host, arguments.port).into(),
        },
        model_load_timeout: arguments.model_load_timeout,
        inference_timeout: arguments.inference_timeout,
        batch_size: arguments.batch_size,
        queue_limit: arguments.queue_limit,
        memory_limit: arguments.memory_limit,
        api_keys: arguments.api_keys,
        cors_origins: arguments.cors_origins,
        body_limit: usize::try_from(arguments.body_limit).unwrap_or(usize::MAX),
        grace_period: arguments.grace_period,
        www: arguments.www,
    };
    let server = Server::bind(sources.collect(), options).await?;
    let mut output = std::io::stdout().lock();
    writeln!(output, "listening on {}", server.address()?)?;
    output.flush()?;
    drop(output);
    Ok(server.run(stopped()?).await?)
}

/// Ends with the first signal to stop.
#[cfg(unix)]
fn stopped() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(wgslm_server::Error::from)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(wgslm_server::Error::from)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ends with Ctrl-C.
#[cfg(not(unix))]
fn stopped() -> Result<impl Future<Output = ()>> {
    Ok(async {
        // Where it can't be waited for, the process is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}

/// The bytes of a model's file, or of all files of a folder or a split model.
fn size(path: &Path) -> Result<u64> {
    let metadata = path.metadata().map_err(Error::file(path))?;
    let is_part = path.file_stem().is_some_and(|stem| stem.to_string_lossy().contains("-00001-of-"));
    if !metadata.is_dir() && !is_part {
        return Ok(metadata.len());
    }
    let folder = if metadata.is_dir() { path } else { path.parent().unwrap_or(Path::new(".")) };
    let prefix = path.file_name().and_then(|name| Some(name.to_str()?.split("-00001-of-").next()?.to_owned()));
    let belongs = |name: &str| metadata.is_dir() || prefix.as_deref().is_some_and(|prefix| name.starts_with(prefix));
    let files = folder.read_dir().map_err(Error::file(folder))?;
    let files = files.flatten().filter(|file| belongs(&file.file_name().to_string_lossy()));
    Ok(files.filter_map(|file| file.metadata().ok()).filter(std::fs::Metadata::is_file).map(|file| file.len()).sum())
}

/// Parses a model's path, with its name before it where one is given; else it has that of the file, without its ending.
fn named(text: &str) -> std::result::Result<Named, String> {
    let (name, path) = match text.split_once('=') {
        Some((name, path)) if !name.contains(['/', '\\']) => (Some(name), path),
        _ => (None, text),
    };
    let path = PathBuf::from(path);
    let of_file = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    match name.map(str::to_owned).or_else(of_file).filter(|name| !name.is_empty()) {
        Some(name) => Ok(Named { name, path }),
        None => Err("it should be a path, or a name, = and a path".to_owned()),
    }
}

/// Parses a number of seconds above 0.
fn seconds(text: &str) -> std::result::Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| *seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "it should be a number of seconds above 0".to_owned())
}
