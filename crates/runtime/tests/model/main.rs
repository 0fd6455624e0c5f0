//! Tests of whole models against golden data, on every Vulkan adapter.

mod adapters;
mod architectures;
mod beam_search;
mod context_full;
mod device;
mod engine_limits;
mod engine_memory;
mod engine_prefixes;
mod engine_streams;
mod few_tokens;
mod folders;
mod generation;
mod golden;
mod golden_logits;
mod kv_formats;
mod llama_cpp_files;
mod loading;
mod minilm;
mod mixed_formats;
mod never_chosen;
mod not_finite;
mod perplexity;
mod quantising;
mod real_model;
mod room;

mod scores;
mod sessions;
mod sessions_mixed;
mod sessions_real;
mod setup;
mod several_answers;
mod snapshots;
mod sources;
mod speculation;
