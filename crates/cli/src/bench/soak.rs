//! `wgslm bench soak`: many requests of many kinds, after which no memory may be gone.

use std::io::Write as _;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use clap::{Args, value_parser};
use serde::Serialize;
use wgslm::engine::{Engine, GenerateOptions, GenerationEvent};

use super::measure::tokens;
use crate::arguments::{ModelArguments, RoomOptions};
use crate::environment::bytes;
use crate::error::{Error, Result};
use crate::load;

/// The share of requests after which memory should no longer grow: by then all that is allocated when it is first used is there.
const WARM_UP: u32 = 10;

#[derive(Args, Debug)]
pub(crate) struct SoakArguments {
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    room: RoomOptions,
    /// The number of requests
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = value_parser!(u32).range(10..))]
    requests: u32,
    /// The bytes by which the process may grow after a tenth of the requests; those on the device may not grow at all
    #[arg(long, value_name = "BYTES", default_value = "32MiB", value_parser = bytes)]
    host_growth: u64,
    /// Print a JSON object a line
    #[arg(long)]
    json: bool,
}

/// What is in use after a number of requests.
#[derive(Clone, Copy, Debug, Serialize)]
struct Use {
    requests: u32,
    host_bytes: u64,
    gpu_bytes: u64,
    /// Tokens of answers a second since the beginning.
    tokens_per_s: f64,
}

pub(super) async fn run(arguments: &SoakArguments) -> Result<()> {
    let (engine, _) = load::engine(&arguments.model, arguments.room).await?;
    let soak = Soak { engine: &engine, arguments, began: Instant::now(), progress: Mutex::default() };
    let results: Vec<Result<()>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..engine.slots()).map(|_| scope.spawn(|| soak.work())).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    results.into_iter().collect::<Result<()>>()?;
    let progress = soak.progress.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    check(&progress.uses, arguments.host_growth)?;
    let memory = engine.memory();
    if memory.held_blocks > 0 || memory.free_slots != engine.slots() as usize {
        return Err(Error::Leak { blocks: memory.held_blocks, slots: engine.slots() as usize - memory.free_slots });
    }
    Ok(())
}

/// How far the requests are.
#[derive(Default)]
struct Progress {
    begun: u32,
    ended: u32,
    tokens: u64,
    uses: Vec<Use>,
}

struct Soak<'a> {
    engine: &'a Engine,
    arguments: &'a SoakArguments,
    began: Instant,
    progress: Mutex<Progress>,
}

impl Soak<'_> {
    /// Answers requests until there are no more.
    fn work(&self) -> Result<()> {
        loop {
            let number = {
                let mut progress = self.lock();
                if progress.begun == self.arguments.requests {
                    return Ok(());
                }
                progress.begun += 1;
                progress.begun
            };
            let tokens = pollster::block_on(self.answer(number))?;
            self.ended(tokens)?;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Answers a request, or leaves it, and returns the tokens that came.
    async fn answer(&self, number: u32) -> Result<u64> {
        let request = Kind::of(number, self.engine.context_length());
        let vocabulary = self.engine.model().spec.vocabulary;
        let mut prompt = tokens(request.shared, vocabulary, 0);
        prompt.extend(tokens(request.own, vocabulary, number));
        let options = GenerateOptions {
            max_tokens: Some(request.answer),
            temperature: request.temperature,
            ignore_stop: true,
            ..GenerateOptions::default()
        };
        let mut generation = self.engine.generate(&prompt, options)?;
        let mut tokens = 0;
        while let Some(event) = generation.next().await? {
            tokens += u64::from(matches!(event, GenerationEvent::Token { .. }));
            if request.left_after == Some(tokens) {
                break;
            }
        }
        Ok(tokens)
    }

    /// Counts an answer, and prints what is in use after every tenth of all.
    fn ended(&self, tokens: u64) -> Result<()> {
        let mut progress = self.lock();
        progress.ended += 1;
        progress.tokens += tokens;
        if !progress.ended.is_multiple_of(self.arguments.requests / WARM_UP) {
            return Ok(());
        }
        let metrics = self.engine.metrics();
        let now = Use {
            requests: progress.ended,
            host_bytes: metrics.host_bytes,
            gpu_bytes: metrics.gpu_bytes,
            tokens_per_s: progress.tokens as f64 / self.began.elapsed().as_secs_f64(),
        };
        progress.uses.push(now);
        self.print(&now)
    }

    fn print(&self, now: &Use) -> Result<()> {
        let mut output = std::io::stdout().lock();
        if self.arguments.json {
            serde_json::to_writer(&mut output, now)?;
            writeln!(output)?;
        } else {
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            let Use { requests, host_bytes, gpu_bytes, tokens_per_s } = *now;
            let (host, gpu) = (mib(host_bytes), mib(gpu_bytes));
            writeln!(
                output,
                "{requests:>7} requests  host {host:>8.1} MiB  GPU {gpu:>8.1} MiB  {tokens_per_s:>8.0} tokens/s"
            )?;
        }
        Ok(())
    }
}

/// A request of the soak: long and short ones, with prompts that begin alike or not, greedy or not, and some that are left.
#[derive(Debug)]
struct Kind {
    /// Tokens that prompts have in common.
    shared: u32,
    own: u32,
    answer: u32,
    temperature: f32,
    /// The tokens after which the caller goes.
    left_after: Option<u64>,
}

impl Kind {
    /// The kind of a request by its number, within a context.
    fn of(number: u32, context: u32) -> Self {
        // Strides without common divisors, so that all combinations come up.
        let answer = 1 + number * 7 % 24.min(context / 4).max(1);
        let room = context.saturating_sub(answer + 1).max(1);
        let shared = if number.is_multiple_of(4) { room / 4 } else { 0 };
        let own = 1 + number * 37 % (room - shared).min(300);
        Self {
            shared,
            own,
            answer,
            temperature: if number.is_multiple_of(3) { 1.0 } else { 0.0 },
            left_after: number.is_multiple_of(10).then_some(u64::from(answer / 2)),
        }
    }
}

/// An error where memory grew after the first tenth of the requests.
fn check(uses: &[Use], host_growth: u64) -> Result<()> {
    let (Some(warm), Some(last)) = (uses.first(), uses.last()) else { return Ok(()) };
    for (what, from, to, allowed) in [
        ("on the device", warm.gpu_bytes, last.gpu_bytes, 0),
        ("of the process", warm.host_bytes, last.host_bytes, host_growth),
    ] {
        if to > from + allowed {
            return Err(Error::Growth { what, from, to, allowed });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_fits_its_context() {
        for context in [8, 64, 4096] {
            for number in 1..2000 {
                let Kind { shared, own, answer, .. } = Kind::of(number, context);
                assert!(own > 0 && answer > 0 && shared + own + answer <= context, "{number} in {context}");
            }
        }
    }

    #[test]
    fn growth_after_the_first_tenth_is_an_error() {
        let uses = |bytes: [(u64, u64); 3]| {
            bytes.map(|(host_bytes, gpu_bytes)| Use { requests: 1, host_bytes, gpu_bytes, tokens_per_s: 1.0 })
        };
        assert!(check(&uses([(10, 10), (99, 10), (15, 10)]), 5).is_ok());
        for grown in [[(10, 10), (10, 10), (16, 10)], [(10, 10), (10, 10), (10, 11)]] {
            assert!(matches!(check(&uses(grown), 5), Err(Error::Growth { .. })), "{grown:?}");
        }
        assert!(check(&[], 0).is_ok());
    }
}
