//! A test that 8-bit activations keep what a model predicts.

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

/// The logarithms of the probabilities of all tokens after each token of the text, a vocabulary's worth a row.
struct Predictions {
    tokens: Vec<u32>,
    rows: Vec<Vec<f64>>,
}

impl Predictions {
    fn of(engine: &Engine) -> Self {
        let tokens =
            engine.model().tokenizer().and_then(|tokenizer| Ok(tokenizer.encode_prompt(TEXT)?)).expect("it is text");
        let vocabulary = engine.model().spec.vocabulary as usize;
        let rows = logits(engine, &tokens).chunks_exact(vocabulary).map(log_softmax).collect();
        Self { tokens, rows }
    }

    fn perplexity(&self) -> f64 {
        let surprise: f64 = self.rows.iter().zip(&self.tokens[1..]).map(|(row, next)| -row[*next as usize]).sum();
        (surprise / (self.tokens.len() - 1) as f64).exp()
    }

    /// The mean Kullback-Leibler divergence of other predictions of the same text from these, in nats.
    fn divergence(&self, other: &Self) -> f64 {
        let of_row = |(p, q): (&Vec<f64>, &Vec<f64>)| p.iter().zip(q).map(|(p, q)| p.exp() * (p - q)).sum::<f64>();
        self.rows.iter().zip(&other.rows).map(of_row).sum::<f64>() / self.rows.len() as f64
    }
}

fn log_softmax(logits: &[f32]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f32::MIN, f32::max);
    let total: f64 = logits.iter().map(|logit| f64::from(logit - largest).exp()).sum();
    logits.iter().map(|logit| f64::from(logit - largest) - total.ln()).collect()
}

/// The perplexity of a text this short moves by half a percent with any noise, so it has a wide bound; the divergence looks at all tokens'
/// probabilities and is sharp. Weights of 4 bits cost a hundred times as much.
#[test]
fn activations_of_8_bits_hardly_change_what_a_model_predicts() {
    let Some(path) = smollm2_model() else { return };
    // One adapter is enough, since the kernels' tests hold all to the same rounding, and SwiftShader would take minutes.
    if let Some(device) = adapters().first() {
        let [float, int8] = [Activations::Float, Activations::Int8].map(|activations| {
            let options = EngineOptions { context_length: Some(512), activations, ..EngineOptions::default() };
            Predictions::of(&engine(device, &path, &options))
        });
        let [exact, rounded] = [&float, &int8].map(Predictions::perplexity);
        let divergence = float.divergence(&int8);
        report(&format!(
            "perplexity of {} tokens: {exact:.4} in f32, {rounded:.4} in 8 bits; divergence {divergence:.5}",
            float.tokens.len()
        ));
        assert!(float.tokens.len() > 200 && exact < 40.0, "{exact}");
        assert!((rounded / exact - 1.0).abs() < 0.01, "{exact} in f32, {rounded} in 8 bits");
        assert!(divergence < 0.003, "a divergence of {divergence}");
    }
}
