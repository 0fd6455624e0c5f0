//! Tests that what runs beside a request never changes its answer.

use std::collections::BTreeMap;
use std::time::Duration;

use wgslm::Error;
use wgslm::engine::{
    Engine, EngineOptions, FinishReason, GenerateOptions, Generation, GenerationEvent, Outcome, Priority,
};
use wgslm_testing::golden;
use wgslm_testing::random::Random;

use crate::adapters::{adapters, laid_out};
use crate::setup::{engine, finish, generate, prompt};

/// A model of each way to keep what was read: everything, windows, a state, and experts with sinks.
const MODELS: [&str; 5] = ["llama-q4_0", "gemma3", "qwen3", "gpt-oss", "lfm2"];
const CONTEXT: u32 = 192;
/// Requests that wait at most.
const QUEUE: u32 = 16;

fn load(device: &wgslm::Device, name: &str, options: EngineOptions) -> Engine {
    let options = EngineOptions { context_length: Some(CONTEXT), ..options };
    engine(device, &golden(&format!("models/{name}.gguf")), &options)
}

/// A request and its answer alone.
struct Asked {
    prompt: Vec<u32>,
    options: GenerateOptions,
    alone: Vec<u32>,
}

/// Requests of many lengths, greedy and drawn, answered one after the other without a cache.
fn requests(device: &wgslm::Device, name: &str, random: &mut Random) -> Vec<Asked> {
    let alone = load(device, name, EngineOptions { prefix_cache: Some(false), ..EngineOptions::default() });
    let vocabulary = alone.model().spec.vocabulary;
    let mut asked: Vec<Asked> = Vec::new();
    for index in 0..48 {
        let length = random.choose(&[1, 3, 9, 17, 32, 33, 70, 100]);
        let mut request = prompt(random.bits(), length, vocabulary);
        // Some prompts begin alike.
        request[0] = index % 16;
        let options = GenerateOptions {
            max_tokens: Some(1 + random.below(14) as u32),
            temperature: random.choose(&[0.0, 0.9]),
            seed: random.bits(),
            tokens_in_flight: random.choose(&[1, 4, 4, 4]),
            priority: random.choose(&[Priority::Interactive, Priority::Background]),
            ignore_stop: true,
            ..sampled(random)
        };
        let answer = generate(&alone, &request, options.clone()).expect("the model runs").0;
        asked.push(Asked { prompt: request, options, alone: answer });
    }
    asked
}

/// Options of sampling, most of them off.
fn sampled(random: &mut Random) -> GenerateOptions {
    GenerateOptions {
        top_k: random.choose(&[0, 0, 30]),
        typical_p: random.choose(&[1.0, 1.0, 0.8]),
        min_p: random.choose(&[0.0, 0.0, 0.02]),
        xtc_probability: random.choose(&[0.0, 0.0, 0.5]),
        repetition_penalty: random.choose(&[1.0, 1.0, 1.2]),
        presence_penalty: random.choose(&[0.0, 0.0, 0.5]),
        dry_multiplier: random.choose(&[0.0, 0.0, 0.8]),
        logit_bias: if random.below(3) == 0 { vec![(5, 1.0), (6, -1.0)] } else { Vec::new() },
        logprobs: random.choose(&[None, None, Some(3)]),
        ..GenerateOptions::default()
    }
}

/// The deadline and the queue deadline of a request of a mix: of one in eight each.
fn deadlines(random: &mut Random) -> [Option<Duration>; 2] {
    let chosen = random.below(8);
    [0, 1].map(|which| (chosen == which).then(|| Duration::from_millis(random.below(200) as u64)))
}

/// A request of a mix that is under way.
struct Live {
    request: usize,
    generation: Generation,
    read: usize,
}

impl Live {
    /// Reads the next token, which has to be that of the solo run, and returns false at the end. Only a deadline may end it early.
    fn read(&mut self, asked: &Asked) -> bool {
        match pollster::block_on(self.generation.next()) {
            Ok(Some(GenerationEvent::Token { token, .. })) => {
                assert_eq!(Some(&token), asked.alone.get(self.read), "token {} of request {}", self.read, self.request);
                self.read += 1;
                return true;
            }
            Ok(Some(GenerationEvent::Finished(summary))) => {
                let whole = self.read == asked.alone.len() && summary.finish_reason != FinishReason::Cancelled;
                assert!(whole || summary.finish_reason == FinishReason::Deadline, "{summary:?}");
            }
            Err(Error::Deadline) => assert_eq!(self.read, 0, "it waited too long"),
            other => panic!("request {}: {other:?}", self.request),
        }
        false
    }
}

/// Submits all requests, a third of them twice at once, some with deadlines, reads them in turns, and leaves some early.
fn mix(engine: &Engine, asked: &[Asked], random: &mut Random) {
    let mut live: BTreeMap<usize, Live> = BTreeMap::new();
    let mut waiting: Vec<usize> =
        (0..asked.len()).rev().flat_map(|request| vec![request; 1 + usize::from(request % 3 == 0)]).collect();
    assert_eq!(waiting.len(), 64);
    let mut accepted = 0;
    while !waiting.is_empty() || !live.is_empty() {
        if random.below(3) == 0
            && let Some(request) = waiting.pop()
        {
            let [deadline, queue_deadline] = deadlines(random);
            let options = GenerateOptions { deadline, queue_deadline, ..asked[request].options.clone() };
            match engine.generate(&asked[request].prompt, options) {
                Ok(generation) => {
                    live.insert(accepted, Live { request, generation, read: 0 });
                    accepted += 1;
                }
                Err(Error::Busy { .. }) => waiting.push(request),
                Err(error) => panic!("request {request}: {error}"),
            }
            assert!(engine.metrics().queue_depth <= u64::from(QUEUE));
            continue;
        }
        let keys: Vec<usize> = live.keys().copied().collect();
        let Some(chosen) = (!keys.is_empty()).then(|| random.choose(&keys)) else { continue };
        let one = live.get_mut(&chosen).expect("it is live");
        if random.below(60) == 0 || !one.read(&asked[one.request]) {
            live.remove(&chosen);
        }
    }
    let memory = engine.memory();
    assert_eq!((memory.held_blocks, memory.free_slots), (0, engine.slots() as usize));
    let counted: u64 = engine
        .metrics()
        .total
        .requests
        .iter()
        .filter(|(outcome, _)| **outcome != Outcome::Refused)
        .map(|(_, count)| count)
        .sum();
    assert_eq!(counted, accepted as u64, "every request ends once");
}

#[test]
fn streams_that_share_steps_equal_their_solo_runs() {
    let Some(device) = adapters().first() else { return };
    for (seed, name) in (1..).zip(MODELS) {
        let mut random = Random::new(seed);
        // Contiguous rows of weights have kernels of their own for few tokens.
        let device = &laid_out(device, seed % 2 == 0);
        let asked = requests(device, name, &mut random);
        let options = EngineOptions {
            slots: Some(5),
            kv_tokens: Some(4 * CONTEXT),
            queue: Some(QUEUE),
            ..EngineOptions::default()
        };
        mix(&load(device, name, options), &asked, &mut random);
    }
}

#[test]
fn short_memory_makes_streams_give_way_and_changes_nothing() {
    let Some(device) = adapters().first() else { return };
    for name in ["llama-q4_0", "gemma3", "lfm2"] {
        let [alone, together] = [false, true]
            .map(|cache| load(device, name, EngineOptions { prefix_cache: Some(cache), ..EngineOptions::default() }));
        // Prompts fit at once, and their answers don't.
        let prompts = [1, 2, 3, 4].map(|seed| prompt(seed, CONTEXT as usize / 4, 60));
        let options = |priority| GenerateOptions {
            max_tokens: Some(CONTEXT / 2),
            temperature: 0.9,
            ignore_stop: true,
            priority,
            ..GenerateOptions::default()
        };
        let expected = prompts
            .each_ref()
            .map(|prompt| generate(&alone, prompt, options(Priority::Interactive)).expect("the model runs").0);
        let priorities = [Priority::Interactive, Priority::Background, Priority::Background, Priority::Interactive];
        let begin = |index: usize| together.generate(&prompts[index], options(priorities[index])).expect("it waits");
        let mut live = [0, 1, 2, 3].map(begin);
        let tokens = live.each_mut().map(|generation| finish(generation).expect("the model runs").0);
        assert_eq!(tokens, expected, "{name}");
        assert!(together.metrics().total.preemptions > 0, "{name} has room for all");
        assert_eq!(together.memory().held_blocks, 0);
    }
}

#[test]
fn two_models_share_a_device_and_nothing_else() {
    let Some(device) = adapters().first() else { return };
    let engines = ["llama-q4_0", "lfm2"].map(|name| load(device, name, EngineOptions::default()));
    let options = || GenerateOptions { max_tokens: Some(20), ignore_stop: true, ..GenerateOptions::default() };
    let prompts = [prompt(1, 40, 60), prompt(2, 9, 60)];
    let alone: Vec<Vec<u32>> = engines
        .iter()
        .flat_map(|engine| prompts.iter().map(move |prompt| (engine, prompt)))
        .map(|(engine, prompt)| generate(engine, prompt, options()).expect("the model runs").0)
        .collect();
    let together = engines.iter().flat_map(|engine| prompts.iter().map(move |prompt| (engine, prompt)));
    let mut together: Vec<Generation> =
        together.map(|(engine, prompt)| engine.generate(prompt, options()).expect("there is room")).collect();
    let tokens: Vec<Vec<u32>> =
        together.iter_mut().map(|generation| finish(generation).expect("the model runs").0).collect();
    assert_eq!(tokens, alone);
    assert!(engines.iter().all(|engine| engine.metrics().total.generated_tokens == 80));
}
