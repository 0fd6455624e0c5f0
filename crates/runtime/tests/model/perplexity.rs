//! Tests that 8-bit activations keep the perplexity of a text.

use wgslm::engine::{Activations, Engine, EngineOptions};
use wgslm_testing::{report, smollm2_model};

use crate::adapters::adapters;
use crate::setup::{engine, logits};

/// The text, written for this test and dedicated to the public domain.
const TEXT: &str = "The lighthouse at the end of the harbour had been dark for almost a year when the new keeper arrived. She came on \
    the morning ferry with two suitcases, a box of books and a small grey cat that refused to leave its basket. The harbour master \
    met her at the pier and gave her the key, which was as long as her hand and cold from the night. He told her that the lamp had \
    to be lit before sunset, that the oil was kept in the cellar, and that the stairs had one hundred and twelve steps. In the \
    evening she climbed all of them, counting aloud, and found that he was right. From the top she could see the whole bay: the \
    fishing boats coming home, the red roofs of the town, and far away the islands, which looked like sleeping animals. She cleaned \
    the glass, filled the lamp and waited for the sun to go down. When the light began to turn, a bell rang in the town below, and \
    then another one, until every church along the coast was ringing. People came out of their houses and stood on the beach. Nobody \
    had told her, but the old keeper had been loved by everyone, and they had missed the light more than they had known. The cat \
    came up the stairs by itself that night and slept beside the warm lamp until the morning.";

/// The perplexity of the text, and its number of tokens.
fn perplexity(engine: &Engine) -> (f64, usize) {
    let tokens =
        engine.model().tokenizer().and_then(|tokenizer| Ok(tokenizer.encode_prompt(TEXT)?)).expect("it is text");
    let vocabulary = engine.model().spec.vocabulary as usize;
    let all = logits(engine, &tokens);
    let surprise = |(row, next): (&[f32], &u32)| {
        let largest = row.iter().copied().fold(f32::MIN, f32::max);
        let total: f64 = row.iter().map(|logit| f64::from(logit - largest).exp()).sum();
        total.ln() - f64::from(row[*next as usize] - largest)
    };
    let sum: f64 = all.chunks_exact(vocabulary).zip(&tokens[1..]).map(surprise).sum();
    ((sum / (tokens.len() - 1) as f64).exp(), tokens.len())
}

#[test]
fn activations_of_8_bits_cost_less_than_a_percent_of_perplexity() {
    let Some(path) = smollm2_model() else { return };
    // One adapter is enough, since the kernels' tests hold all to the same rounding, and SwiftShader would take minutes.
    if let Some(device) = adapters().first() {
        let [float, int8] = [Activations::Float, Activations::Int8].map(|activations| {
            let options_of_engine =
                EngineOptions { context_length: Some(512), activations, ..EngineOptions::default() };
            perplexity(&engine(device, &path, &options_of_engine))
        });
        report(&format!("perplexity of {} tokens: {:.4} in f32, {:.4} in 8 bits", float.1, float.0, int8.0));
        assert!(float.1 > 200 && float.0 < 40.0, "{float:?}");
        assert!((int8.0 / float.0 - 1.0).abs() < 0.01, "{} in f32, {} in 8 bits", float.0, int8.0);
    }
}
