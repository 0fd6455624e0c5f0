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

#[test]
fn the_bytes_of_tokens_are_packed_by_id() {
    let mut tokenizer = small(&[]);
    tokenizer.add_suppressed_tokens(&[6]);
    let packed = tokenizer.packed_tokens();
    let mut rest = &packed[..];
    let mut tokens = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let (token, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        tokens.push(token);
        rest = after;
    }
    // The suppressed token is empty, control tokens are names, and the others are their text.
    let expected: [&[u8]; 11] = [b"a", b"b", b"c", b"<", b">", b"ab", b"", b"\xff<s>", b"<ab>", b"\xff</s>", b" "];
    assert_eq!(tokens, expected);
    assert!(rest.is_empty());
    let texts = [0, 5, 7, 8, 10, 11, u32::MAX].map(|token| tokenizer.token_bytes(token));
    assert_eq!(texts, [&b"a"[..], b"ab", b"", b"<ab>", b" ", b"", b""]);
}
