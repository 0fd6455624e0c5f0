//! The file of a model that chats: the tiny llama, with a published chat template and tokens for filling in the middle.

use crate::setup::model;

/// Bytes to which a GGUF file aligns the beginning of its tensors.
const ALIGNMENT: usize = 32;

/// The tiny llama with Qwen's chat template. Its tokens are the 256 bytes and some control tokens.
pub(crate) fn chat_model() -> Vec<u8> {
    let template = String::from_utf8(model("chat_templates/Qwen-Qwen3-0.6B.jinja")).expect("it is text");
    with_metadata(&model("arch/tiny-llama-q8_0.gguf"), &template)
}

/// The file with more entries of metadata, put before all others.
fn with_metadata(file: &[u8], template: &str) -> Vec<u8> {
    let mut entries = Vec::new();
    for (name, token) in [("fim_pre", 260_u32), ("fim_suf", 261), ("fim_mid", 262)] {
        entries.extend(text(&format!("tokenizer.ggml.{name}_token_id")));
        entries.extend(4_u32.to_le_bytes());
        entries.extend(token.to_le_bytes());
    }
    entries.extend(text("tokenizer.chat_template"));
    entries.extend(8_u32.to_le_bytes());
    // A comment as long as it takes for the tensors to stay aligned.
    let length = entries.len() + 8 + template.len() + "{##}".len();
    let comment = format!("{{#{}#}}", " ".repeat(length.next_multiple_of(ALIGNMENT) - length));
    entries.extend(text(&format!("{template}{comment}")));
    let (magic, rest) = file.split_at(16);
    let (count, rest) = rest.split_first_chunk::<8>().expect("a header");
    let count = u64::from_le_bytes(*count) + 4;
    [magic, &count.to_le_bytes(), &entries, rest].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}
