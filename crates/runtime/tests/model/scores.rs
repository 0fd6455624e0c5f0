//! Tests of scores of given tokens and of documents, and of embeddings of many texts at once.

use pollster::block_on;
use wgslm::engine::{Engine, EngineOptions, GenerateOptions};
use wgslm_testing::golden;
use wgslm_testing::random::Random;

use crate::adapters::{adapters, laid_out, some_adapters};
use crate::setup::{engine, generate, logits, prompt};

fn load(name: &str, interleaved_rows: bool, options: &EngineOptions) -> Option<Engine> {
    let device = laid_out(adapters().first()?, interleaved_rows);
    Some(engine(&device, &golden(&format!("models/{name}.gguf")), options))
}

fn code<T>(result: wgslm::Result<T>) -> Option<&'static str> {
    result.err().map(|error| error.code())
}

#[test]
fn scores_are_the_softmax_of_the_logits() {
    let Some(engine) = load("llama-q4_0", false, &EngineOptions::default()) else { return };
    let vocabulary = engine.model().spec.vocabulary as usize;
    let tokens = prompt(1, 50, 60);
    let all = logits(&engine, &tokens);
    let expected = |place: usize| {
        let row = &all[(place - 1) * vocabulary..place * vocabulary];
        let sum: f64 = row.iter().map(|logit| f64::from(*logit).exp()).sum();
        f64::from(row[tokens[place] as usize]) - sum.ln()
    };
    for first in [0, 1, 2, 33, 49, 50, 80] {
        let scores = block_on(engine.score(&tokens, first)).expect("the model runs");
        assert_eq!(scores.len(), 50 - first.clamp(1, 50));
        for (place, score) in (first.max(1)..).zip(scores) {
            assert!((f64::from(score) - expected(place)).abs() < 1e-3, "{place}: {score}, {}", expected(place));
        }
    }
    // A greedy answer is the likeliest at each step.
    let answer = generate(&engine, &tokens, GenerateOptions { max_tokens: Some(1), ..GenerateOptions::default() });
    let answer = answer.expect("the model runs").0[0];
    let scored = |token| block_on(engine.score(&[&tokens[..], &[token]].concat(), 50)).expect("the model runs")[0];
    assert!((0..60).all(|token| scored(token) <= scored(answer) + 0.05));
    assert_eq!(code(block_on(engine.score(&[], 0))), Some("empty-prompt"));
    assert_eq!(code(block_on(engine.score(&[1, u32::MAX], 0))), Some("unknown-token"));
}

#[test]
fn embeddings_of_many_texts_are_those_of_each_alone() {
    let mut random = Random::new(3);
    for (index, name) in ["bert-mean", "bert-cls", "bert-mixed"].into_iter().enumerate() {
        let options = EngineOptions { slots: Some(5), ..EngineOptions::default() };
        let Some(engine) = load(name, index % 2 == 0, &options) else { return };
        let vocabulary = engine.model().spec.vocabulary;
        let longest = engine.context_length() as usize;
        let lengths = [1, 2, 3, 5, 8, 13, 21, 31, 32, 33, 34, 40, 60];
        let mut texts: Vec<Vec<u32>> =
            (0..24).map(|seed| prompt(seed, random.choose(&lengths).min(longest), vocabulary)).collect();
        texts.push(prompt(99, longest, vocabulary));
        texts.swap(3, 24);
        let together = block_on(engine.embed_all(&texts)).expect("the model runs");
        assert_eq!(together.len(), texts.len());
        for (text, found) in texts.iter().zip(&together) {
            let alone = block_on(engine.embed(text)).expect("the model runs");
            assert!(alone == *found, "{name}, {} tokens", text.len());
        }
        assert_eq!((engine.memory().held_blocks, engine.memory().free_slots), (0, 5));
        let none: [&[u32]; 0] = [];
        assert!(block_on(engine.embed_all(&none)).expect("there is nothing to do").is_empty());
        texts.push(Vec::new());
        assert_eq!(code(block_on(engine.embed_all(&texts))), Some("empty-prompt"));
    }
    let Some(engine) = load("llama-q4_0", false, &EngineOptions::default()) else { return };
    assert_eq!(code(block_on(engine.embed_all(&[[1, 2]]))), Some("wrong-task"));
}

#[test]
fn documents_are_ranked_by_the_scores_of_their_pairs() {
    let golden = |name: &str| golden(&format!("models/{name}.gguf"));
    for device in some_adapters() {
        let engine = engine(device, &golden("bert-rank"), &EngineOptions::default());
        let tokenizer = engine.model().tokenizer().expect("it has one");
        let documents = ["a dog", "", "[SEP] the fox jumped over it", "a dog"];
        let pairs: Vec<Vec<u32>> =
            documents.iter().map(|text| tokenizer.encode_pair("the fox?", text).expect("it is text")).collect();
        let begin_and_ends = |pair: &Vec<u32>| {
            let [begin, end] = ["[CLS]", "[SEP]"].map(|text| tokenizer.control_token(text).expect("it has them"));
            let ends = pair.iter().filter(|token| **token == end).count();
            (pair[0] == begin, ends, pair.last() == Some(&end))
        };
        // What a document spells is no token that structures the pair.
        assert!(pairs.iter().all(|pair| begin_and_ends(pair) == (true, 2, true)), "{pairs:?}");
        let scores = block_on(engine.rerank("the fox?", &documents)).expect("it ranks");
        let expected: Vec<f32> =
            block_on(engine.classify_all(&pairs)).expect("it ranks").iter().map(|scores| scores[0]).collect();
        assert_eq!(scores, expected);
        assert!(scores[0] == scores[3] && scores[0] != scores[1] && scores[1] != scores[2], "{scores:?}");
        assert!(block_on(engine.rerank("a", &[] as &[&str])).expect("there is nothing to do").is_empty());
        let embedded = code(block_on(engine.embed(&pairs[0])));
        let generated = code(engine.generate(&pairs[0], GenerateOptions::default()));
        assert_eq!([embedded, generated], [Some("wrong-task"); 2]);
    }
    let engine = engine(&some_adapters()[0], &golden("bert-cls"), &EngineOptions::default());
    assert_eq!(code(block_on(engine.rerank("a", &["b"]))), Some("wrong-task"));
}
