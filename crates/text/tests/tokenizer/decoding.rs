//! Tokens to text.

use wgslm_testing::random::Random;
use wgslm_text::Special;

use super::model::{bytes, decode, small, smollm2};

#[test]
fn streamed_text_is_the_text_decoded_at_once() {
    let Some(tokenizer) = smollm2() else { return };
    // Every single byte has a token, so the bytes of any token sequence can be put together independently.
    let mut random = Random::new(7);
    for _ in 0..1000 {
        let tokens: Vec<u32> = (0..random.below(50))
            .map(|_| {
                u32::try_from(if random.below(2) == 0 { random.below(49152) } else { 17 + random.below(260) }).unwrap()
            })
            .collect();
        assert_eq!(decode(&tokenizer, &tokens), String::from_utf8_lossy(&bytes(&tokenizer, &tokens)), "{tokens:?}");
    }
}

#[test]
fn valid_text_is_streamed_without_replacement_characters() {
    let Some(tokenizer) = smollm2() else { return };
    let text = "naïve 日本語のテキスト 🙂👩‍👩‍👧‍👦 שלום ½ e\u{301}";
    let mut detokenizer = tokenizer.detokenizer();
    let pieces: Vec<String> =
        tokenizer.encode(text, Special::Plain).unwrap().into_iter().map(|token| detokenizer.push(token)).collect();
    assert_eq!(pieces.concat(), text);
    assert!(pieces.iter().any(String::is_empty), "no token ended inside a character, so this shows nothing");
    assert_eq!(detokenizer.finish(), "");
}

#[test]
fn a_broken_end_is_one_replacement_character() {
    let Some(tokenizer) = smollm2() else { return };
    let tokens = tokenizer.encode("🙂", Special::Plain).unwrap();
    let mut detokenizer = tokenizer.detokenizer();
    assert_eq!(detokenizer.push(tokens[0]), "");
    assert_eq!(detokenizer.finish(), "\u{fffd}");
    assert_eq!(detokenizer.finish(), "");
}

#[test]
fn control_tokens_have_no_text() {
    let Some(tokenizer) = smollm2() else { return };
    assert_eq!(tokenizer.detokenizer().push(2), "");
    assert_eq!(tokenizer.token_text(2), Some("<|im_end|>"));
}

#[test]
fn an_id_beyond_the_vocabulary_stands_for_no_text() {
    // Models may have logits for more tokens than their vocabulary has.
    let tokenizer = small(&[]);
    assert_eq!((tokenizer.vocabulary_size(), tokenizer.token_text(11)), (11, None));
    assert_eq!(decode(&tokenizer, &[0, 11, u32::MAX, 1]), "ab");
    assert_eq!(tokenizer.decode(&[11, 5, 99_999]), "ab");
}
