//! Text to tokens.

use std::collections::HashSet;

use wgslm_formats::gguf::{Array, Value};
use wgslm_testing::random::Random;
use wgslm_text::Special;

use super::model::{bytes, decode, gemma3, golden_json, small, smollm2, strings, text};

#[test]
fn every_golden_text_gives_the_golden_tokens() {
    let rows = golden_json("tokenize.json");
    for (name, tokenizer) in [("smollm2", smollm2()), ("gemma3", gemma3())] {
        let Some(tokenizer) = tokenizer else { continue };
        let rows = rows[name].as_array().unwrap();
        assert_eq!(rows.len(), 58);
        for row in rows {
            let text = row["text"].as_str().unwrap();
            let special = if row["parse_special"].as_bool().unwrap() { Special::Parse } else { Special::Plain };
            let tokens = tokenizer.encode(text, special).unwrap();
            let golden: Vec<u32> = serde_json::from_value(row["ids"].clone()).unwrap();
            assert_eq!(tokens, golden, "{name} {special:?} {text:?}");
            // The text has SentencePiece's sign for a space, which can't be told from a space.
            if special == Special::Plain && !(name == "gemma3" && text.contains('▁')) {
                assert_eq!(tokenizer.decode(&tokens), text, "{name}");
            }
        }
    }
}

#[test]
fn golden_prompts_and_ends_agree_with_the_real_model() {
    let Some(tokenizer) = smollm2() else { return };
    let rows = golden_json("smollm2.json");
    assert_eq!(tokenizer.stop_tokens(), [2, 0]);
    assert_eq!((tokenizer.bos(), tokenizer.eos(), tokenizer.vocabulary_size()), (Some(1), Some(2), 49152));
    for row in rows.as_array().unwrap() {
        let prompt: Vec<u32> = serde_json::from_value(row["prompt_tokens"].clone()).unwrap();
        assert_eq!(tokenizer.encode_prompt(row["text"].as_str().unwrap()).unwrap(), prompt);
        let greedy: Vec<u32> = serde_json::from_value(row["greedy"].clone()).unwrap();
        let (last, before) = greedy.split_last().unwrap();
        assert!(before.iter().all(|token| !tokenizer.stop_tokens().contains(token)));
        // The two continuations that are not cut at a round length ended by themselves.
        assert_eq!(tokenizer.stop_tokens().contains(last), ![32, 48].contains(&greedy.len()));
    }
}

#[test]
fn every_token_that_is_text_comes_back_from_its_text() {
    let Some(tokenizer) = smollm2() else { return };
    let mut differing = 0;
    for token in 17..49152 {
        let text = decode(&tokenizer, &[token]);
        if text.contains('\u{fffd}') {
            continue;
        }
        let tokens = tokenizer.encode(&text, Special::Plain).unwrap();
        assert_eq!(decode(&tokenizer, &tokens), text);
        differing += usize::from(tokens != [token]);
    }
    // Such tokens result from merges across words, such as those of several digits.
    assert!(differing < 500, "{differing} tokens are not the encoding of their own text");
}

#[test]
fn random_text_survives_the_round_trip() {
    let Some(tokenizer) = smollm2() else { return };
    let single_bytes = (17..49152).map(|token| bytes(&tokenizer, &[token])).filter(|bytes| bytes.len() == 1);
    let spellable: HashSet<u8> = single_bytes.flatten().collect();
    let mut random = Random::new(42);
    for _ in 0..2000 {
        let text: String = (0..random.below(40))
            .filter_map(|_| {
                let limit = random.choose(&[0x80, 0x800, 0x3100, 0x11_0000]);
                char::from_u32(u32::try_from(random.below(limit)).unwrap())
            })
            .filter(|character| character.to_string().bytes().all(|byte| spellable.contains(&byte)))
            .collect();
        let tokens = tokenizer.encode(&text, Special::Plain).unwrap();
        assert!(tokens.iter().all(|&token| token > 16), "plain text became a control token: {text:?}");
        assert_eq!(decode(&tokenizer, &tokens), text);
    }
}

#[test]
fn bytes_without_a_token_are_left_out() {
    let Some(tokenizer) = smollm2() else { return };
    let tokens = tokenizer.encode("a\u{4}b", Special::Plain).unwrap();
    assert_eq!(decode(&tokenizer, &tokens), "ab");
}

#[test]
fn user_defined_tokens_are_found_in_plain_text_and_control_tokens_are_not() {
    let tokenizer = small(&[]);
    assert_eq!(tokenizer.encode("<ab>ab<s>", Special::Parse).unwrap(), [8, 5, 7]);
    assert_eq!(tokenizer.encode("<ab>ab<a>", Special::Plain).unwrap(), [8, 5, 3, 0, 4]);
    assert_eq!(decode(&tokenizer, &[7, 8, 5, 9, 10]), "<ab>ab ");
}

#[test]
fn bos_comes_first_only_where_the_model_wants_it_and_once() {
    let prompt = |extra: &[(&str, Value)], prompt| small(extra).encode_prompt(prompt).unwrap();
    let add = ("tokenizer.ggml.add_bos_token", Value::Bool(true));
    let leave = ("tokenizer.ggml.add_bos_token", Value::Bool(false));
    let llama3 = ("tokenizer.ggml.pre", text("llama-bpe"));
    assert_eq!(prompt(&[], "ab"), [5]);
    assert_eq!(prompt(std::slice::from_ref(&add), "ab"), [7, 5]);
    assert_eq!(prompt(std::slice::from_ref(&add), "<s>ab"), [7, 5]);
    assert_eq!(prompt(std::slice::from_ref(&add), ""), [7]);
    assert_eq!(prompt(std::slice::from_ref(&llama3), "ab"), [7, 5]);
    assert_eq!(prompt(&[llama3, leave], "ab"), [5]);
    assert_eq!(small(&[add]).encode("ab", Special::Parse).unwrap(), [5]);
}

#[test]
fn whole_words_come_before_merges_where_the_rules_say_so() {
    assert_eq!(small(&[]).encode("abc", Special::Plain).unwrap(), [5, 2]);
    assert_eq!(small(&[("tokenizer.ggml.pre", text("llama-bpe"))]).encode("abc", Special::Plain).unwrap(), [6]);
}

#[test]
fn a_well_known_end_is_a_control_token_whatever_its_type_says() {
    let tokens = strings(&["a", "b", "ab", "<|im_end|>", "<|endoftext|>"]);
    let types = Value::Array(Array::I64(vec![1, 1, 1, 1, 4]));
    let eos = ("tokenizer.ggml.eos_token_id", Value::U64(4));
    let bos = ("tokenizer.ggml.bos_token_id", Value::U64(4));
    let tokenizer = small(&[("tokenizer.ggml.tokens", tokens), ("tokenizer.ggml.token_type", types), eos, bos]);
    assert_eq!(tokenizer.stop_tokens(), [4, 3]);
    assert_eq!(tokenizer.encode("ab<|im_end|>", Special::Parse).unwrap(), [2, 3]);
    assert_eq!(tokenizer.encode("ab<|endoftext|>", Special::Plain).unwrap()[..1], [2]);
    assert!(!tokenizer.encode("<|endoftext|>", Special::Plain).unwrap().contains(&4));
    assert_eq!(decode(&tokenizer, &[2, 3, 4]), "ab");
}
