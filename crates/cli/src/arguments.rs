//! What can be typed.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};

/// GGUF language models on the GPU.
#[derive(Debug, Parser)]
#[command(name = "wgslm", version, about, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Generate text from a prompt
    Generate(GenerateArguments),
    /// Write the logits of every position of a sequence of tokens
    Logits(LogitsArguments),
    /// Turn text into tokens
    Tokenize(TokenizeArguments),
    /// Show what is in a GGUF file
    Inspect(InspectArguments),
    /// List the devices a model can run on
    Devices(DevicesArguments),
}

/// The model, and where and how it runs.
#[derive(Args, Debug)]
pub(crate) struct ModelArguments {
    /// The GGUF file
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// The device's name (or a part of it) or index, as `wgslm devices` lists them
    #[arg(long, value_name = "NAME_OR_INDEX", env = "WGSLM_DEVICE")]
    pub(crate) device: Option<String>,
    /// Tokens that a prompt and its answer can have together [default: 4096, or what the model was trained for if less]
    #[arg(long, value_name = "TOKENS")]
    pub(crate) context: Option<u32>,
}

#[derive(Args, Debug)]
#[command(group(ArgGroup::new("input").required(true).args(["prompt", "tokens"])))]
pub(crate) struct GenerateArguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// The prompt; special tokens in it are read as such
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) prompt: Option<String>,
    /// The prompt as token ids, separated by commas
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(crate) tokens: Option<Vec<u32>>,
    /// The most tokens to generate [default: as many as the context holds]
    #[arg(long, value_name = "N")]
    pub(crate) max_tokens: Option<u32>,
    /// 0 takes the most likely token; above, tokens are drawn
    #[arg(long, value_name = "T", default_value_t = 0.0, allow_hyphen_values = true)]
    pub(crate) temperature: f32,
    /// Decides what is drawn
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// A text that ends the answer; may be given several times
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) stop: Vec<String>,
    /// Put the prompt through the model's chat template, as the user's message
    #[arg(long, conflicts_with = "tokens")]
    pub(crate) chat: bool,
    /// Tokens submitted to the device ahead of the one being waited for, that one included
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) tokens_in_flight: u32,
    /// Print one JSON object at the end instead of streaming text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct LogitsArguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Token ids, separated by commas
    #[arg(long, value_name = "IDS", value_delimiter = ',', required = true)]
    pub(crate) tokens: Vec<u32>,
    /// The file to write: float32 [tokens, vocabulary] in NumPy's .npy format
    #[arg(long, value_name = "OUT.npy")]
    pub(crate) output: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct TokenizeArguments {
    /// The GGUF file
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Read special tokens such as <|im_start|> as plain text
    #[arg(long)]
    pub(crate) no_special: bool,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// The text
    #[arg(allow_hyphen_values = true)]
    pub(crate) text: String,
}

#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    /// The GGUF file
    pub(crate) file: PathBuf,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DevicesArguments {
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
