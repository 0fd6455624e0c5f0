//! Tests of SmolLM2-135M-Instruct and Gemma 3 270M against an oracle's continuations.

use std::path::PathBuf;

use serde::Deserialize;
use wgslm::Device;
use wgslm::engine::{Activations, Engine, EngineOptions, GenerateOptions};
use wgslm_testing::{gemma3_model, golden, smollm2_model};

use crate::adapters::{adapters, laid_out, some_adapters};
use crate::setup::{argmax, engine, generate, logits, logits_from};

/// The difference between the oracle's two largest logits below which rounding may decide.
const MARGIN: f32 = 0.02;

/// The longest prompt for which logits are compared as well.
const SHORT_PROMPT: usize = 64;

#[derive(Deserialize)]
struct GoldenRow {
    text: String,
    prompt_tokens: Vec<u32>,
    greedy: Vec<u32>,
    top8: Vec<Vec<(u32, f32)>>,
}

impl GoldenRow {
    fn is_clear(&self, step: usize) -> bool {
        self.top8[step][0].1 - self.top8[step][1].1 > MARGIN
    }
}

fn rows(file: &str) -> Vec<GoldenRow> {
    serde_json::from_slice(&std::fs::read(golden(file)).expect("the rows are readable")).expect("they are JSON")
}

fn fed_golden_tokens_the_argmax_is_golden(engine: &Engine, row: &GoldenRow) {
    let mut tokens = row.prompt_tokens.clone();
    tokens.extend(&row.greedy[..row.greedy.len() - 1]);
    let vocabulary = engine.model().spec.vocabulary as usize;
    let first = row.prompt_tokens.len() - 1;
    let all = logits_from(engine, &tokens, first).expect("the model runs");
    let mut clear = 0;
    for (step, golden) in row.greedy.iter().enumerate() {
        let best = argmax(&all[step * vocabulary..][..vocabulary]);
        assert!(best == *golden || !row.is_clear(step), "{:?}, step {step}: {best} instead of {golden}", row.text);
        clear += usize::from(row.is_clear(step));
    }
    assert!(clear > row.greedy.len() / 2, "{:?}: most steps should tell", row.text);
}

fn running_freely_the_tokens_are_golden(engine: &Engine, row: &GoldenRow) {
    let prompt = engine.model().tokenizer().and_then(|tokenizer| Ok(tokenizer.encode_prompt(&row.text)?));
    assert_eq!(prompt.expect("the prompt is text"), row.prompt_tokens, "{:?}", row.text);
    let options = GenerateOptions { max_tokens: Some(row.greedy.len() as u32), ..GenerateOptions::default() };
    let (tokens, text, _) = generate(engine, &row.prompt_tokens, options).expect("the model runs");
    let certain = (0..row.greedy.len()).find(|step| !row.is_clear(*step)).unwrap_or(row.greedy.len());
    let compared = certain.min(tokens.len());
    assert_eq!(tokens[..compared], row.greedy[..compared], "{:?} -> {text:?}", row.text);
    assert!(
        compared == certain
            || engine.model().tokenizer().is_ok_and(|t| t.stop_tokens().contains(&tokens[compared - 1]))
    );
}

/// A real model with the oracle's continuations.
struct RealModel {
    path: fn() -> Option<PathBuf>,
    golden: &'static str,
    /// A context length that fits every continuation.
    context_length: u32,
    /// The tokens to compare on all adapters but the first and fastest, some of which take seconds for a token.
    steps_elsewhere: usize,
}

const REAL_MODELS: [RealModel; 2] = [
    RealModel { path: smollm2_model, golden: "smollm2.json", context_length: 256, steps_elsewhere: 12 },
    // One of the prompts is longer than the window of most layers.
    RealModel { path: gemma3_model, golden: "gemma3.json", context_length: 768, steps_elsewhere: 4 },
];

impl RealModel {
    /// Compares all continuations on the fastest adapter and, if all is to be run, the first tokens of those with short prompts on the
    /// others: the tests in Chromium run these models on SwiftShader.
    fn check(&self) {
        let Some(path) = (self.path)() else { return };
        let options_of_engine = EngineOptions {
            context_length: Some(self.context_length),
            activations: Activations::Float,
            ..EngineOptions::default()
        };
        for (index, device) in some_adapters().iter().enumerate() {
            let engine = engine(device, &path, &options_of_engine);
            for mut row in rows(self.golden) {
                let short = row.prompt_tokens.len() <= SHORT_PROMPT;
                if index > 0 {
                    if !short {
                        continue;
                    }
                    row.greedy.truncate(self.steps_elsewhere);
                }
                if short {
                    fed_golden_tokens_the_argmax_is_golden(&engine, &row);
                }
                running_freely_the_tokens_are_golden(&engine, &row);
            }
        }
    }
}

#[test]
fn real_models_continue_as_the_oracle_does() {
    REAL_MODELS.iter().for_each(RealModel::check);
}

/// The difference between the two largest logits below which 8-bit activations may decide.
const INT8_MARGIN: f32 = 0.5;

#[test]
fn activations_of_8_bits_change_no_clear_choice() {
    let Some(path) = smollm2_model() else { return };
    // One long prompt made of the oracle's prompts and continuations.
    let tokens: Vec<u32> =
        rows("smollm2.json").into_iter().flat_map(|row| [row.prompt_tokens, row.greedy].concat()).collect();
    let tokens = &tokens[..72];
    // Only the fastest adapter, since software adapters are slow.
    if let Some(device) = adapters().first() {
        let run = |activations, device: &Device| {
            let options_of_engine =
                EngineOptions { context_length: Some(128), activations, ..EngineOptions::default() };
            let engine = engine(device, &path, &options_of_engine);
            (logits(&engine, tokens), engine.model().spec.vocabulary as usize)
        };
        let (float, vocabulary) = run(Activations::Float, device);
        // Contiguous rows, whose kernels for 8-bit activations are tested here.
        let (int8, _) = run(Activations::Int8, &laid_out(device, false));
        let mut clear = 0;
        for (position, (float, int8)) in float.chunks(vocabulary).zip(int8.chunks(vocabulary)).enumerate() {
            let best = argmax(float);
            let others = float.iter().enumerate().filter(|(token, _)| *token != best as usize);
            let second = others.fold(f32::MIN, |largest, (_, logit)| largest.max(*logit));
            if float[best as usize] - second > INT8_MARGIN {
                clear += 1;
                assert_eq!(argmax(int8), best, "position {position}");
            }
        }
        assert!(clear > tokens.len() / 2, "most positions should tell: {clear} of {}", tokens.len());
    }
}
