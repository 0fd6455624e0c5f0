//! The `wgslm` program from the outside: what it prints, where, and how it ends.

mod bench;
mod devices;
mod embed;
mod environment;
mod failures;
mod generate;
mod inspect;
mod logits;
mod program;
mod quantize;
mod sources;
mod tokenize;
mod usage;
