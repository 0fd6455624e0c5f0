//! Hugging Face folders: config.json, tokenizer.json and safetensors, as GGUF's metadata keys and tensor names.
//!
//! Keys, names and tensors become what llama.cpp's converter makes of them
//! (<https://github.com/ggml-org/llama.cpp/blob/master/convert_hf_to_gguf.py>), so that everything after the headers is the same
//! for both formats. A kind of model is a row of [`model_types`].

mod assemble;
mod config;
mod folder;
mod json;
mod keys;
mod model_types;
mod names;
mod rope;
mod sentence;
mod special;

pub(crate) use folder::Folder;

#[cfg(test)]
mod tests;
