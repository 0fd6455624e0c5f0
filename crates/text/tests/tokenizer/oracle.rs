//! Whole vocabularies of published models against llama.cpp's token ids.

use std::path::Path;

use wgslm_testing::gguf_read::metadata;
use wgslm_text::{Special, Tokenizer};

/// Vocabularies that llama.cpp's repository tests itself with, which are too large for this one.
const VOCABULARIES: &[&str] = &[
    "bert-bge",
    "command-r",
    "deepseek-coder",
    "deepseek-llm",
    "falcon",
    "gemma-4",
    "gpt-2",
    "llama-bpe",
    "llama-spm",
    "mpt",
    "phi-3",
    "qwen2",
    "qwen35",
    "refact",
    "starcoder",
];

/// The separator of the texts in such a test.
const END: &str = "\n__ggml_vocab_test__\n";

#[test]
#[ignore = "needs the folder `models` of llama.cpp's repository, at the path that WGSLM_VOCABULARIES gives"]
fn published_vocabularies_give_the_tokens_of_llama_cpp() {
    let folder = std::env::var("WGSLM_VOCABULARIES").unwrap();
    for name in VOCABULARIES {
        let path = Path::new(&folder).join(format!("ggml-vocab-{name}.gguf"));
        let tokenizer = Tokenizer::from_metadata(&mut metadata(&path)).unwrap();
        let read = |suffix: &str| std::fs::read_to_string(format!("{}.{suffix}", path.display())).unwrap();
        let (texts, tokens) = (read("inp"), read("out"));
        let texts = texts.strip_suffix(END).unwrap_or(&texts).split(END);
        assert_eq!(texts.clone().count(), tokens.lines().count(), "{name}");
        for (text, golden) in texts.zip(tokens.lines()) {
            let golden: Vec<u32> = golden.split_whitespace().map(|token| token.parse().unwrap()).collect();
            assert_eq!(tokenizer.encode(text, Special::Plain).unwrap(), golden, "{name} {text:?}");
        }
    }
}
