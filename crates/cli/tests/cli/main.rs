//! Tests of the `wgslm` program's output, error output and exit status.

mod bench;
mod chat;
mod completions;
mod devices;
mod embed;
mod environment;
mod failures;
mod generate;
mod health;
mod inspect;
mod logits;
mod plan;
mod program;
mod quantize;
mod sources;
mod tokenize;
mod usage;
