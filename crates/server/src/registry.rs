//! The models by name, loaded when they are asked for, within a budget of memory.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use tokio::sync::oneshot;

use crate::api_error::{ApiError, ApiResult};
use crate::metrics::LoadCounts;
use crate::model::{Model, ModelSource, unix_time};
use crate::{Error, Result, ServerOptions};

/// The models of a server.
pub(crate) struct Registry {
    entries: Vec<Entry>,
    memory_limit: Option<u64>,
    timeout: Duration,
    /// The requests of a model at a time, those that wait included.
    places: u32,
    /// One model is loaded at a time, since each needs the room that another leaves.
    loading: tokio::sync::Mutex<()>,
    counts: LoadCounts,
    created: u64,
}

/// A model that may be loaded.
struct Entry {
    source: ModelSource,
    /// About the bytes that it takes: those of its files, or once it was loaded those on the device.
    bytes: AtomicU64,
    loaded: Mutex<Option<Loaded>>,
}

struct Loaded {
    model: Arc<Model>,
    last_used: Instant,
}

impl Entry {
    fn new(source: ModelSource) -> Self {
        Self { bytes: AtomicU64::new(source.bytes), source, loaded: Mutex::new(None) }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Loaded>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model, if it is loaded. Whoever has it keeps it from being unloaded.
    fn used(&self) -> Option<Arc<Model>> {
        self.lock().as_mut().map(|loaded| {
            loaded.last_used = Instant::now();
            Arc::clone(&loaded.model)
        })
    }

    /// The time of the last use of a model that nobody uses now.
    fn idle_since(&self) -> Option<Instant> {
        let loaded = self.lock();
        loaded.as_ref().filter(|loaded| Arc::strong_count(&loaded.model) == 1).map(|loaded| loaded.last_used)
    }

    /// Takes the model out if nobody uses it.
    fn take_idle(&self) -> Option<Arc<Model>> {
        let mut loaded = self.lock();
        let is_idle = loaded.as_ref().is_some_and(|loaded| Arc::strong_count(&loaded.model) == 1);
        if is_idle { loaded.take().map(|loaded| loaded.model) } else { None }
    }
}

impl Registry {
    pub(crate) fn new(sources: Vec<ModelSource>, options: &ServerOptions, counts: LoadCounts) -> Result<Arc<Self>> {
        let mut names = BTreeSet::new();
        if let Some(twice) = sources.iter().find(|source| !names.insert(source.name.clone())) {
            return Err(Error::Models { reason: format!("two models have the name {}", twice.name) });
        }
        if sources.is_empty() {
            return Err(Error::Models { reason: "there is no model to serve".to_owned() });
        }
        Ok(Arc::new(Self {
            entries: sources.into_iter().map(Entry::new).collect(),
            memory_limit: options.memory_limit,
            timeout: options.model_load_timeout,
            places: options.batch_size.saturating_add(options.queue_limit).max(1),
            loading: tokio::sync::Mutex::new(()),
            counts,
            created: unix_time(),
        }))
    }

    /// The names of all models, the default one's first.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.source.name.as_str())
    }

    /// The time at which the server learnt of its models, in seconds since 1970.
    pub(crate) fn created(&self) -> u64 {
        self.created
    }

    /// The names of the models that are loaded.
    pub(crate) fn loaded_names(&self) -> Vec<&str> {
        let loaded = self.entries.iter().filter(|entry| entry.lock().is_some());
        loaded.map(|entry| entry.source.name.as_str()).collect()
    }

    /// The models that are loaded.
    pub(crate) fn loaded(&self) -> Vec<Arc<Model>> {
        let loaded = |entry: &Entry| entry.lock().as_ref().map(|loaded| Arc::clone(&loaded.model));
        self.entries.iter().filter_map(loaded).collect()
    }

    /// The model of a name, which is loaded if it isn't; the first one where a request names none. A server of one model takes any name.
    ///
    /// # Errors
    /// One with the status 404 for a name that no model has, and with 503 where it can't be loaded now.
    pub(crate) async fn get(self: &Arc<Self>, name: Option<&str>) -> ApiResult<Arc<Model>> {
        let index = self.index(name)?;
        if let Some(model) = self.entries[index].used() {
            return Ok(model);
        }
        let registry = Arc::clone(self);
        // A task of its own, so that the load goes on when its client has gone or lost patience.
        let load = tokio::spawn(async move { registry.load(index).await });
        match tokio::time::timeout(self.timeout, load).await {
            Ok(loaded) => loaded.unwrap_or_else(|_| Err(ApiError::internal())),
            Err(_) => {
                let name = &self.entries[index].source.name;
                Err(ApiError::unavailable(
                    "model_load_timeout",
                    format!("{name} is still being loaded; try again later"),
                ))
            }
        }
    }

    /// Loads the first model, however long it takes.
    ///
    /// # Errors
    /// [`Error::Load`].
    pub(crate) async fn load_first(&self) -> Result<()> {
        let failed =
            |error: ApiError| Error::Load { name: self.entries[0].source.name.clone(), source: error.message().into() };
        self.load(0).await.map(drop).map_err(failed)
    }

    fn index(&self, name: Option<&str>) -> ApiResult<usize> {
        let Some(name) = name.filter(|_| self.entries.len() > 1) else { return Ok(0) };
        self.names().position(|known| known == name).ok_or_else(|| {
            let known: Vec<_> = self.names().collect();
            let message = format!("there is no model {name:?}; ask for one of {}", known.join(", "));
            ApiError::not_found("model_not_found", message).with_param("model")
        })
    }

    async fn load(&self, index: usize) -> ApiResult<Arc<Model>> {
        let _turn = self.loading.lock().await;
        let entry = &self.entries[index];
        if let Some(model) = entry.used() {
            return Ok(model);
        }
        let ModelSource { name, load, .. } = &entry.source;
        let unloaded = self.make_room(name, entry.bytes.load(Ordering::Relaxed))?;
        let began = Instant::now();
        let (sender, loaded) = oneshot::channel();
        let load = Arc::clone(load);
        let work = move || {
            drop(unloaded);
            // Whoever asked may have gone.
            let _ = sender.send(load());
        };
        std::thread::Builder::new().name("load".to_owned()).spawn(work).map_err(|_| ApiError::internal())?;
        let engine = loaded.await.map_err(|_| ApiError::internal())?.map_err(|error| {
            self.counts.failed();
            tracing::error!("{name} could not be loaded: {error}");
            ApiError::unavailable("model_load_failed", format!("{name} could not be loaded: {error}"))
        })?;
        entry.bytes.store(engine.gpu_bytes(), Ordering::Relaxed);
        // Files don't tell how much caches take. Engines end on a thread that may wait.
        let unloaded = self.make_room(name, engine.gpu_bytes())?;
        std::thread::spawn(move || drop(unloaded));
        self.counts.loaded(began.elapsed());
        let model = Arc::new(Model::new(name, engine, self.places));
        *entry.lock() = Some(Loaded { model: Arc::clone(&model), last_used: Instant::now() });
        Ok(model)
    }

    /// Unloads models that nobody uses, the one first whose last use is longest ago, until there is room for `bytes` more.
    fn make_room(&self, name: &str, bytes: u64) -> ApiResult<Vec<Arc<Model>>> {
        let Some(limit) = self.memory_limit else { return Ok(Vec::new()) };
        if bytes > limit {
            return Err(too_large(name, bytes, limit));
        }
        let mut unloaded = Vec::new();
        while self.bytes().saturating_add(bytes) > limit {
            let idle = self.entries.iter().filter_map(|entry| Some((entry.idle_since()?, entry)));
            let Some((_, entry)) = idle.min_by_key(|(since, _)| *since) else {
                let message = format!("there is no room for {name} while other models answer; try again later");
                return Err(ApiError::unavailable("memory_limit", message));
            };
            if let Some(model) = entry.take_idle() {
                self.counts.unloaded();
                unloaded.push(model);
            }
        }
        Ok(unloaded)
    }

    /// The bytes of all models that are loaded.
    fn bytes(&self) -> u64 {
        self.entries.iter().filter_map(|entry| Some(entry.lock().as_ref()?.model.engine.gpu_bytes())).sum()
    }
}

fn too_large(name: &str, bytes: u64, limit: u64) -> ApiError {
    let message =
        format!("{name} takes {bytes} bytes and MEMORY_LIMIT allows {limit}; raise it, or choose a smaller model");
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "memory_limit", message)
}
