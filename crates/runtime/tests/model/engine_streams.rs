//! Tests that what runs beside a request never changes its answer.

use std::collections::BTreeMap;

use wgslm::engine::{Engine, EngineOptions, GenerateOptions, Generation, Priority};
use wgslm_testing::golden;
use wgslm_testing::random::Random;

use crate::adapters::{adapters, laid_out};
use crate::setup::{engine, finish, generate, next_token, prompt};

/// A model of each way to keep what was read: everything, windows, a state, and experts with sinks.
const MODELS: [&str; 5] = ["llama-q4_0", "gemma3", "qwen3", "gpt-oss", "lfm2"];
const CONTEXT: u32 = 192;

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

/// Requests of many lengths, greedy and drawn, some of them twice, answered one after the other without a cache.
fn requests(device: &wgslm::Device, name: &str, random: &mut Random) -> Vec<Asked> {
    let alone = load(device, name, EngineOptions { prefix_cache: Some(false), ..EngineOptions::default() });
    let vocabulary = alone.model().spec.vocabulary;
    let mut asked: Vec<Asked> = Vec::new();
    for index in 0..12 {
        let length = random.choose(&[1, 3, 9, 17, 32, 33, 70, 100]);
        let mut request = prompt(random.bits(), length, vocabulary);
        // Prompts don't begin alike, except for those that are equal.
        request[0] = index;
        let options = GenerateOptions {
            max_tokens: Some(1 + random.below(14) as u32),
            temperature: random.choose(&[0.0, 0.9]),
            seed: random.bits(),
            tokens_in_flight: random.choose(&[1, 4, 4, 4]),
            priority: random.choose(&[Priority::Interactive, Priority::Background]),
            ignore_stop: true,
            ..GenerateOptions::default()
        };
        let answer = generate(&alone, &request, options.clone()).expect("the model runs").0;
        asked.push(Asked { prompt: request, options, alone: answer });
    }
    asked
}

/// Submits all requests in some order, reads them in turns, and leaves some early. `kv_tokens` may be too few for all at once.
fn mix(engine: &Engine, asked: &[Asked], random: &mut Random) {
    let mut live: BTreeMap<usize, (usize, Generation, usize)> = BTreeMap::new();
    let (mut begun, mut key) = (0, 0);
    while begun < asked.len() || !live.is_empty() {
        if begun < asked.len() && random.below(3) == 0 {
            let Asked { prompt, options, .. } = &asked[begun];
            // Some come twice at once.
            for _ in 0..1 + random.below(4) / 3 {
                let generation = engine.generate(prompt, options.clone()).expect("the queue has room");
                live.insert(key, (begun, generation, 0));
                key += 1;
            }
            begun += 1;
            continue;
        }
        let keys: Vec<usize> = live.keys().copied().collect();
        let Some(chosen) = (!keys.is_empty()).then(|| random.choose(&keys)) else { continue };
        if random.below(40) == 0 {
            live.remove(&chosen);
            continue;
        }
        let (index, generation, read) = live.get_mut(&chosen).expect("it is live");
        let expected = asked[*index].alone.get(*read).copied();
        assert_eq!(next_token(generation), expected, "token {read} of request {index}");
        *read += 1;
        if expected.is_none() {
            live.remove(&chosen);
        }
    }
    assert_eq!(engine.memory().held_blocks, 0);
    assert_eq!(engine.memory().free_slots, engine.slots() as usize);
}

#[test]
fn streams_that_share_steps_equal_their_solo_runs() {
    let Some(device) = adapters().first() else { return };
    for (seed, name) in (1..).zip(MODELS) {
        let mut random = Random::new(seed);
        // Contiguous rows of weights have kernels of their own for few tokens.
        let device = &laid_out(device, seed % 2 == 0);
        let asked = requests(device, name, &mut random);
        let options = EngineOptions { slots: Some(5), kv_tokens: Some(4 * CONTEXT), ..EngineOptions::default() };
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
