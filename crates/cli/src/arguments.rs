//! What can be typed.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Args, Parser, Subcommand, value_parser};
use wgslm::engine::{Activations, GenerateOptions, SamplingRange};
use wgslm::formats::quantise::Policy;

/// What follows the list of commands.
const AFTER_HELP: &str = "\
Examples:
  wgslm generate --model model.gguf --chat --prompt \"What is the capital of France?\"
  wgslm generate --model model.gguf --prompt \"Once upon a time\" --max-tokens 50 --temperature 0.8 --top-p 0.95

Environment:
  WGSLM_DEVICE        the device, where --device isn't given
  WGSLM_ACTIVATIONS   auto, float or int8, where --activations isn't given
  WGSLM_QUANTIZE      a policy, where --quantize isn't given
  WGSLM_CAPABILITIES  full, or baseline: no feature of the device, and only the limits that every device has
  WGSLM_MAX_BINDING   the largest binding to use, such as 128MiB; larger tensors are split
  WGSLM_WEIGHT_ROWS   interleaved or contiguous: how weights lie in memory [default: by the kind of device]
  WGSLM_TILE          64x64, 128x64 or 128x128: rows and tokens that a workgroup takes of a prompt's products
  WGSLM_LOG           what is logged to stderr, such as info or wgslm=debug [default: warnings]";

/// The range of tokens in flight, as the parser of arguments takes it.
const IN_FLIGHT: RangeInclusive<i64> = 1..=GenerateOptions::MOST_IN_FLIGHT as i64;

/// What is typed for a number that the program is to choose, as llama.cpp has it.
const NONE: &str = "-1";

/// Language models in GGUF and safetensors files on the GPU.
#[derive(Debug, Parser)]
#[command(name = "wgslm", version, about, propagate_version = true, after_help = AFTER_HELP)]
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
    /// Turn texts into vectors that lie close where their meanings do
    Embed(EmbedArguments),
    /// Turn text into tokens
    Tokenize(TokenizeArguments),
    /// Show what is in a model's files
    Inspect(InspectArguments),
    /// Write a GGUF file with its weights quantized, or made floats again
    Quantize(QuantizeArguments),
    /// Tell how well a model predicts a text
    Perplexity(PerplexityArguments),
    /// Measure how fast a model runs
    Bench(BenchArguments),
    /// List the devices a model can run on
    Devices(DevicesArguments),
}

/// The model, and where and how it runs.
#[derive(Args, Debug)]
pub(crate) struct ModelArguments {
    /// The model: a GGUF file, the first part of a split one, or a Hugging Face folder
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,
    /// Index or name (or a part of it) of the device, as `wgslm devices` lists them [default: the most powerful kind]
    #[arg(long, value_name = "NAME_OR_INDEX", env = "WGSLM_DEVICE")]
    pub(crate) device: Option<String>,
    /// Tokens that the prompt and the answer can have together [default: 4096, or what the model was trained for if less]
    #[arg(long, value_name = "TOKENS")]
    pub(crate) context: Option<u32>,
    /// Whether activations are rounded: int8 (to 8 bits), float (never) or auto (prompts to f16 where the device has matrix units, else to 8 bits from 64 tokens on; answers to 8 bits where the CPU stands in for a GPU)
    #[arg(long, value_name = "KIND", env = "WGSLM_ACTIVATIONS", default_value = "auto", value_parser = activations)]
    pub(crate) activations: Activations,
    #[command(flatten)]
    pub(crate) quantize: QuantizeOption,
}

/// What weights become as they are loaded.
#[derive(Args, Clone, Debug)]
pub(crate) struct QuantizeOption {
    /// Quantize F32, F16 and BF16 weights as they are loaded: q8, q4, nf4 or mixed (4 bits, and 8 where it matters), each with -dq
    /// after it to quantize the scales too; or a JSON file with a policy
    #[arg(long, value_name = "POLICY", env = "WGSLM_QUANTIZE", value_parser = policy)]
    pub(crate) quantize: Option<OptionalPolicy>,
}

impl QuantizeOption {
    pub(crate) fn policy(&self) -> Option<Policy> {
        self.quantize.clone().and_then(|policy| policy.0)
    }
}

/// How the next token is chosen.
#[derive(Args, Debug)]
pub(crate) struct SamplingArguments {
    /// 0 takes the most likely token every time; above it tokens are drawn, the more freely the higher it is
    #[arg(long, value_name = "T", default_value_t = 0.0, allow_hyphen_values = true, value_parser = temperature)]
    pub(crate) temperature: f32,
    /// Draw from the K most likely tokens; 0 is off. Like the next two it narrows the choice before the temperature is
    /// applied, in this order, and has no effect at temperature 0
    #[arg(long, value_name = "K", default_value_t = 0, allow_hyphen_values = true)]
    pub(crate) top_k: u32,
    /// Draw from the most likely tokens that together have at least this much of the probability; 1 is off, and 0 takes the
    /// most likely token every time
    #[arg(long, value_name = "P", default_value_t = 1.0, allow_hyphen_values = true, value_parser = top_p)]
    pub(crate) top_p: f32,
    /// Draw from the tokens that are at least this much as likely as the most likely one; 0 is off
    #[arg(long, value_name = "P", default_value_t = 0.0, allow_hyphen_values = true, value_parser = min_p)]
    pub(crate) min_p: f32,
}

impl SamplingArguments {
    /// Options that choose tokens so.
    pub(crate) fn options(&self) -> GenerateOptions {
        GenerateOptions {
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            min_p: self.min_p,
            ..GenerateOptions::default()
        }
    }
}

#[derive(Args, Debug)]
#[command(group(ArgGroup::new("input").required(true).args(["prompt", "tokens"])))]
pub(crate) struct GenerateArguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// The prompt; special tokens such as <|im_start|> in it are read as such
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) prompt: Option<String>,
    /// The prompt as token ids, separated by commas
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = element)]
    pub(crate) tokens: Option<Vec<u32>>,
    /// The most tokens to generate; -1 generates as many as the context holds
    #[arg(long, value_name = "N", default_value = "-1", allow_hyphen_values = true, value_parser = limit)]
    pub(crate) max_tokens: Limit,
    #[command(flatten)]
    pub(crate) sampling: SamplingArguments,
    /// Decides what is drawn: the same seed and prompt give the same answer; -1 takes another seed every time
    #[arg(long, value_name = "S", default_value = "0", allow_hyphen_values = true, value_parser = seed)]
    pub(crate) seed: u64,
    /// A text that ends the answer; may be given several times
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) stop: Vec<String>,
    /// Put the prompt through the model's chat template, as the user's message
    #[arg(long, conflicts_with = "tokens")]
    pub(crate) chat: bool,
    /// Tokens, from 1 to 16, that the device works on ahead of the one being waited for, that one included
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u32).range(IN_FLIGHT))]
    pub(crate) tokens_in_flight: u32,
    /// Print one JSON object with tokens, text, finish reason and timings at the end instead of streaming text
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct LogitsArguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// Token ids, separated by commas
    #[arg(long, value_name = "IDS", value_delimiter = ',', required = true, value_parser = element)]
    pub(crate) tokens: Vec<u32>,
    /// The file to write: float32 [tokens, vocabulary] in NumPy's .npy format
    #[arg(long, value_name = "OUT.npy")]
    pub(crate) output: PathBuf,
}

#[derive(Args, Debug)]
#[command(group(ArgGroup::new("input").required(true).args(["texts", "file"])))]
pub(crate) struct EmbedArguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    /// A file with a text a line
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Print a JSON object a text, with its tokens and values, instead of its values alone
    #[arg(long)]
    pub(crate) json: bool,
    /// The texts; after -- they may be anything, options too
    #[arg(value_name = "TEXT")]
    pub(crate) texts: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct TokenizeArguments {
    /// The model: a GGUF file, the first part of a split one, or a Hugging Face folder
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,
    /// Read special tokens such as <|im_start|> as plain text
    #[arg(long)]
    pub(crate) no_special: bool,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// The text; after -- it may be anything, options too
    #[arg(allow_hyphen_values = true)]
    pub(crate) text: String,
}

#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    /// The model: a GGUF file, the first part of a split one, or a Hugging Face folder
    #[arg(value_name = "PATH")]
    pub(crate) file: PathBuf,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct QuantizeArguments {
    /// The GGUF file to read
    #[arg(value_name = "IN.gguf")]
    pub(crate) input: PathBuf,
    /// The GGUF file to write
    #[arg(value_name = "OUT.gguf")]
    pub(crate) output: PathBuf,
    /// q8, q4 or mixed (4 bits, and 8 where it matters), f16 or f32 for floats of any type; or a JSON file with a policy
    #[arg(long, value_name = "POLICY", value_parser = policy)]
    pub(crate) policy: OptionalPolicy,
}

#[derive(Args, Debug)]
pub(crate) struct PerplexityArguments {
    /// The GGUF file
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// The text to be predicted
    #[arg(long, value_name = "FILE")]
    pub(crate) text: PathBuf,
    /// Index or name (or a part of it) of the device, as `wgslm devices` lists them [default: the most powerful kind]
    #[arg(long, value_name = "NAME_OR_INDEX", env = "WGSLM_DEVICE")]
    pub(crate) device: Option<String>,
    /// Tokens of a window; the second half of each is scored [default: 512, or what the model was trained for if less]
    #[arg(long, value_name = "TOKENS", value_parser = value_parser!(u32).range(4..))]
    pub(crate) context: Option<u32>,
    /// The most windows to score [default: all that the text fills]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) windows: Option<u32>,
    #[command(flatten)]
    pub(crate) quantize: QuantizeOption,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct BenchArguments {
    /// The model: a GGUF file, the first part of a split one, or a Hugging Face folder
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,
    /// Index or name (or a part of it) of the device, as `wgslm devices` lists them [default: the most powerful kind]
    #[arg(long, value_name = "NAME_OR_INDEX", env = "WGSLM_DEVICE")]
    pub(crate) device: Option<String>,
    /// Whether activations are rounded: int8 (to 8 bits), float (never) or auto (prompts to f16 where the device has matrix units, else to 8 bits from 64 tokens on; answers to 8 bits where the CPU stands in for a GPU)
    #[arg(long, value_name = "KIND", env = "WGSLM_ACTIVATIONS", default_value = "auto", value_parser = activations)]
    pub(crate) activations: Activations,
    #[command(flatten)]
    pub(crate) quantize: QuantizeOption,
    /// Tokens in the prompt whose prefill is timed
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = value_parser!(u32).range(1..))]
    pub(crate) prompt_tokens: u32,
    /// Tokens whose generation is timed
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = value_parser!(u32).range(1..))]
    pub(crate) gen_tokens: u32,
    /// Tokens in the KV cache before those that are timed; several numbers, separated by commas, are measured one by one
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "0", value_parser = element)]
    pub(crate) depth: Vec<u32>,
    /// Generations side by side
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    pub(crate) batch: u32,
    /// How often each number is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,
    /// Tokens, from 1 to 16, that the device works on ahead of the one being waited for, that one included
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u32).range(IN_FLIGHT))]
    pub(crate) tokens_in_flight: u32,
    #[command(flatten)]
    pub(crate) sampling: SamplingArguments,
    /// Also time each kernel on the device, N times (20 where only --profile is given)
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "20",
          value_parser = value_parser!(u32).range(1..))]
    pub(crate) profile: Option<u32>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct DevicesArguments {
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// An empty `WGSLM_ACTIVATIONS` asks for nothing.
fn activations(text: &str) -> wgslm::Result<Activations> {
    if text.is_empty() { Ok(Activations::Auto) } else { text.parse() }
}

/// A policy, or none where an empty variable asks for nothing.
#[derive(Clone, Debug)]
pub(crate) struct OptionalPolicy(pub(crate) Option<Policy>);

/// A policy's name, or the JSON in a file.
fn policy(text: &str) -> Result<OptionalPolicy, String> {
    let parse =
        |text: &str| text.parse().map(|policy| OptionalPolicy(Some(policy))).map_err(|error| format!("{error}"));
    match text {
        "" => Ok(OptionalPolicy(None)),
        // A name that is no policy's is rather a mistake than a file.
        _ if !text.ends_with(".json") => parse(text),
        _ => parse(&std::fs::read_to_string(text).map_err(|error| format!("{text}: {error}"))?),
    }
}

/// A most of something, which may be absent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(pub(crate) Option<u32>);

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        NONE => Ok(Limit(None)),
        _ => whole(text).map(|number| Limit(Some(number))).map_err(|error| format!("{error}, or {NONE} for no limit")),
    }
}

/// A seed; any at all where none is asked for.
fn seed(text: &str) -> Result<u64, String> {
    match text {
        // The keys of hash maps are drawn by the operating system.
        NONE => Ok(RandomState::new().build_hasher().finish()),
        _ => whole(text).map_err(|error| format!("{error}, or {NONE} for any seed")),
    }
}

/// An element of a list, which may have spaces around it.
fn element(text: &str) -> Result<u32, String> {
    whole(text.trim())
}

fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "it should be a whole number from 0 on".to_owned())
}

fn temperature(text: &str) -> Result<f32, String> {
    number(text, SamplingRange::TEMPERATURE)
}

fn top_p(text: &str) -> Result<f32, String> {
    number(text, SamplingRange::TOP_P)
}

fn min_p(text: &str) -> Result<f32, String> {
    number(text, SamplingRange::MIN_P)
}

fn number(text: &str, range: SamplingRange) -> Result<f32, String> {
    let value = text.parse().ok().filter(|value| range.holds(*value));
    value.ok_or_else(|| format!("it should be a number, {}", range.expected))
}
