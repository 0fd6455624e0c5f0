//! The arguments of `wgslm chat`.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::{Limit, ModelArguments, RoomOptions, limit, seed};
use crate::drafts::DraftOptions;
use crate::grammars::GrammarOptions;
use crate::sampling_arguments::SamplingArguments;

#[derive(Args, Debug)]
pub(crate) struct ChatArguments {
    #[command(flatten)]
    pub(super) model: ModelArguments,
    #[command(flatten)]
    pub(super) room: RoomOptions,
    /// The system message, which the conversation begins with
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) system: Option<String>,
    /// The most tokens of an answer; -1 generates until the context is full
    #[arg(long, value_name = "N", default_value = "-1", allow_hyphen_values = true, value_parser = limit)]
    pub(super) max_tokens: Limit,
    /// The seed of the draws; -1 takes a random seed
    #[arg(long, value_name = "S", default_value = "-1", allow_hyphen_values = true, value_parser = seed)]
    pub(super) seed: u64,
    #[command(flatten)]
    pub(super) sampling: SamplingArguments,
    #[command(flatten)]
    pub(super) grammar: GrammarOptions,
    #[command(flatten)]
    pub(super) drafts: DraftOptions,
    /// Have the model reason before it answers, where its template has a choice
    #[arg(long, conflicts_with = "no_think")]
    think: bool,
    /// Have the model answer without reasoning, where its template has a choice
    #[arg(long)]
    no_think: bool,
    /// The file that keeps what was typed from one conversation to the next [default: nothing is kept]
    #[arg(long, value_name = "FILE")]
    pub(super) history: Option<PathBuf>,
    /// Read a message a line from standard input, and write an event a line as JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl ChatArguments {
    pub(super) fn thinking(&self) -> Option<bool> {
        (self.think || self.no_think).then_some(self.think)
    }
}
