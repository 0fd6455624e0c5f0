//! Tests that a cached prefix saves work and changes no token.

use wgslm::engine::{Engine, EngineOptions, GenerateOptions, Summary};
use wgslm_testing::golden;

use crate::adapters::{adapters, laid_out};
use crate::setup::{engine, generate, prompt};

/// A model that keeps everything, two with windows, and one with a state.
const MODELS: [&str; 4] = ["llama-q4_0", "gemma3", "mistral-window", "lfm2"];
/// Tokens of a system prompt, of a message and of an answer.
const SYSTEM: usize = 70;
const MESSAGE: usize = 11;
const ANSWER: usize = 13;

fn load(device: &wgslm::Device, name: &str, prefix_cache: bool) -> Engine {
    let options = EngineOptions {
        context_length: Some(256),
        kv_tokens: Some(2048),
        prefix_cache: Some(prefix_cache),
        ..EngineOptions::default()
    };
    engine(device, &golden(&format!("models/{name}.gguf")), &options)
}

/// A chat with an engine that caches prefixes, whose answers are compared with those of one that doesn't.
struct Chat {
    name: &'static str,
    warm: Engine,
    cold: Engine,
}

impl Chat {
    /// Asks both for the answer to a prompt.
    fn answer(&self, what: &str, prompt: &[u32], seed: u64) -> (Vec<u32>, Summary) {
        let options = GenerateOptions {
            max_tokens: Some(ANSWER as u32),
            temperature: if seed == 0 { 0.0 } else { 0.8 },
            seed,
            ignore_stop: true,
            ..GenerateOptions::default()
        };
        let (cold, _, _) = generate(&self.cold, prompt, options.clone()).expect("the model runs");
        let (warm, _, summary) = generate(&self.warm, prompt, options).expect("the model runs");
        assert_eq!(warm, cold, "{what}, {}, {} tokens cached", self.name, summary.cached_tokens);
        (warm, summary)
    }
}

#[test]
fn turns_regenerated_answers_and_edited_messages_start_from_the_cache() {
    let Some(device) = adapters().first() else { return };
    for (index, name) in MODELS.into_iter().enumerate() {
        let device = &laid_out(device, index % 2 == 0);
        let chat = Chat { name, warm: load(device, name, true), cold: load(device, name, false) };
        let system = prompt(1, SYSTEM, 60);
        let message = |seed| [&system[..], &prompt(seed, MESSAGE, 60)].concat();
        let first = message(2);
        let (answer, summary) = chat.answer("the first turn", &first, 0);
        assert_eq!(summary.cached_tokens, 0);

        let (_, summary) = chat.answer("a regenerated answer", &first, 5);
        assert_eq!(summary.cached_tokens, first.len() - 1, "{name}");

        let second = [&first[..], &answer, &prompt(3, MESSAGE, 60)].concat();
        let (_, summary) = chat.answer("the second turn", &second, 0);
        // The last token of the answer hasn't been run.
        assert_eq!(summary.cached_tokens, first.len() + ANSWER - 1, "{name}");

        // Where a window or a state is gone, the first edit only tells where prompts part, and the second one starts there.
        chat.answer("an edited message", &message(4), 0);
        let (_, summary) = chat.answer("another edit", &message(6), 0);
        assert!(summary.cached_tokens >= SYSTEM - 1, "{name}: {}", summary.cached_tokens);

        let metrics = chat.warm.metrics().total;
        assert!(metrics.prefix_hits >= 3 && metrics.prefix_lookups == 5, "{metrics:?}");
        assert_eq!(chat.cold.metrics().total.cached_tokens, 0);
        assert_eq!(chat.warm.memory().held_blocks, 0);
    }
}

#[test]
fn requests_that_come_together_share_what_one_of_them_has_read() {
    let Some(device) = adapters().first() else { return };
    let engine = load(device, "llama-q4_0", true);
    let system = prompt(1, SYSTEM, 60);
    let options = || GenerateOptions { max_tokens: Some(60), ignore_stop: true, ..GenerateOptions::default() };
    let mut running = engine.generate(&system, options()).expect("there is room");
    assert!(crate::setup::next_token(&mut running).is_some());
    // The prompt is cached as soon as its first token is there, while the answer goes on.
    let longer = [&system[..], &prompt(2, MESSAGE, 60)].concat();
    let (_, _, summary) = generate(&engine, &longer, options()).expect("the model runs");
    assert_eq!(summary.cached_tokens, SYSTEM);
    drop(running);
    assert_eq!(engine.memory().held_blocks, 0);
}
