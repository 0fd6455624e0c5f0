//! The command line's arguments and their `--help` texts.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Args, Parser, Subcommand, value_parser};
use wgslm::engine::{Activations, GenerateOptions, KvFormat};
use wgslm::formats::quantise::Policy;

use crate::chat::ChatArguments;
use crate::completions::CompletionsArguments;
use crate::drafts::DraftOptions;
use crate::error::Error;
use crate::grammars::GrammarOptions;
use crate::health::HealthArguments;
use crate::sampling_arguments::SamplingArguments;
use crate::serve::ServeArguments;

/// Examples and environment variables, printed at the end of `wgslm --help`.
const AFTER_HELP: &str = "\
Examples:
  wgslm generate --model model.gguf --chat --prompt \"What is the capital of Japan?\"
  wgslm generate --model model.gguf --prompt \"Once upon a time\" --max-tokens 50 --temperature 0.8 --top-p 0.95

Environment:
  WGSLM_DEVICE        the device, if --device isn't given
  WGSLM_ACTIVATIONS   the precision of activations, if --activations isn't given
  WGSLM_QUANTIZE      the quantizing policy, if --quantize isn't given
  WGSLM_CAPABILITIES  full, or baseline: only the features and limits that every WebGPU device has [default: full]
  WGSLM_MAX_BINDING   the largest buffer binding, such as 128MiB; larger tensors are split
  WGSLM_WEIGHT_ROWS   interleaved or contiguous: the layout of weights in memory [default: by the kind of device]
  WGSLM_REPACKING     device or cpu: what brings weights into that layout [default: by the kind of device]
  WGSLM_TILE          64x64, 128x64 or 128x128: outputs x tokens that a workgroup computes of a matrix product in prefill
  WGSLM_LOG           the events to log to stderr, such as info or wgslm=debug [default: warnings]";

/// The values that `--tokens-in-flight` accepts.
const IN_FLIGHT: RangeInclusive<i64> = 1..=GenerateOptions::MOST_IN_FLIGHT as i64;

/// The argument that leaves a number to the program, as in llama.cpp.
const NONE: &str = "-1";

/// Runs language models from GGUF and safetensors files on the GPU.
#[derive(Debug, Parser)]
#[command(name = "wgslm", version, about, propagate_version = true, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Chat with a model
    Chat(Box<ChatArguments>),
    /// Generate the text that follows a prompt
    Generate(GenerateArguments),
    /// Write the logits at every position of a sequence of tokens to a NumPy file
    Logits(LogitsArguments),
    /// Print an embedding of each text
    Embed(EmbedArguments),
    /// Print documents with their scores for a query, the best first, by a reranker
    Rerank(RerankArguments),
    /// Serve models over HTTP, with OpenAI's API
    Serve(Box<ServeArguments>),
    /// Print the token ids of a text
    Tokenize(TokenizeArguments),
    /// Print a model's metadata and tensors
    Inspect(InspectArguments),
    /// Print the memory that a model takes on a device, and with which options it takes less, without loading it
    Plan(Box<PlanArguments>),
    /// Write a copy of a GGUF file with quantised weights, or with weights turned back into floats
    Quantize(QuantizeArguments),
    /// Measure the perplexity of a text under a model
    Perplexity(PerplexityArguments),
    /// Measure the speed and the memory of a model
    Bench(BenchArguments),
    /// List the devices that models can run on
    Devices(DevicesArguments),
    /// Ask a server whether it is alive, or with --ready whether it takes requests; exit code 1 if not
    Health(HealthArguments),
    /// Print the completions of a shell
    Completions(CompletionsArguments),
}

/// The model, its device and its engine's options.
#[derive(Args, Debug)]
pub(crate) struct ModelArguments {
    /// The model: a GGUF file, the first part of a split one, or a Hugging Face folder
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,
    /// The device's index, name or part of its name, as `wgslm devices` prints them [default: the most powerful kind of device]
    #[arg(long, value_name = "NAME_OR_INDEX", env = "WGSLM_DEVICE")]
    pub(crate) device: Option<String>,
    /// The context length: the most tokens of prompt and answer together [default: 4096, or the model's trained context if shorter]
    #[arg(long, value_name = "TOKENS")]
    pub(crate) context: Option<u32>,
    #[command(flatten)]
    pub(crate) activations: ActivationsOption,
    #[command(flatten)]
    pub(crate) quantize: QuantizeOption,
    #[command(flatten)]
    pub(crate) kv: KvOption,
}

/// The precision of activations.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ActivationsOption {
    /// The precision of activations: float (not rounded), int8 (8 bits) or auto (in steps of few tokens, as answers are made in, 8 bits
    /// where the device was measured to be faster so; in long prompts f16 on devices with matrix units, otherwise 8 bits; in `wgslm
    /// logits` and `wgslm perplexity`, auto is float)
    #[arg(long = "activations", value_name = "KIND", env = "WGSLM_ACTIVATIONS", default_value = "auto",
          value_parser = activations)]
    pub(crate) kind: Activations,
}

/// Quantising of weights at load.
#[derive(Args, Clone, Debug)]
pub(crate) struct QuantizeOption {
    /// Quantise F32, F16 and BF16 weights as they are loaded: q8, q4, nf4 or mixed (8 bits for the most sensitive matrices, 4 for the
    /// rest), each with -dq appended to quantize its scales too, or a JSON file with a policy
    #[arg(long, value_name = "POLICY", env = "WGSLM_QUANTIZE", value_parser = policy)]
    pub(crate) quantize: Option<OptionalPolicy>,
}

impl QuantizeOption {
    pub(crate) fn policy(&self) -> Option<Policy> {
        self.quantize.clone().and_then(|policy| policy.0)
    }
}

/// The format of the KV cache.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct KvOption {
    /// The format of the KV cache: f16, f32, or q8 (8 bits, which hold nearly twice the context in the same memory) [default: f16, but f32 on software adapters]
    #[arg(long = "kv", value_name = "FORMAT", value_parser = kv_format)]
    pub(crate) format: Option<KvFormat>,
}

/// The room for requests, and what is kept of them.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct RoomOptions {
    /// The requests that run at a time, from 1 to 1024; others wait [default: 8, or in `wgslm bench` the largest --batch]
    #[arg(long, value_name = "N")]
    pub(crate) slots: Option<u32>,
    /// The tokens that the KV cache holds for all requests together [default: those of one context, or in `wgslm bench` those of all
    /// generations]
    #[arg(long, value_name = "TOKENS")]
    pub(crate) kv_tokens: Option<u32>,
    /// Read every prompt from its start, not from the longest prefix that earlier requests left in the KV cache
    #[arg(long)]
    pub(crate) no_prefix_cache: bool,
}

#[derive(Args, Debug)]
#[command(group(ArgGroup::new("input").required(true).args(["prompt", "tokens"])))]
pub(crate) struct GenerateArguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(flatten)]
    pub(crate) room: RoomOptions,
    /// The prompt; special tokens such as <|im_start|> are recognised in it, unless --chat is given
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) prompt: Option<String>,
    /// The prompt as token ids, separated by commas
    #[arg(long, value_name = "IDS", value_delimiter = ',', value_parser = element)]
    pub(crate) tokens: Option<Vec<u32>>,
    /// The most tokens to generate; -1 generates until the context is full
    #[arg(long, value_name = "N", default_value = "-1", allow_hyphen_values = true, value_parser = limit)]
    pub(crate) max_tokens: Limit,
    #[command(flatten)]
    pub(crate) sampling: SamplingArguments,
    /// The seed of the draws: the same seed and prompt give the same answer; -1 takes a random seed
    #[arg(long, value_name = "S", default_value = "0", allow_hyphen_values = true, value_parser = seed)]
    pub(crate) seed: u64,
    /// A stop string, which ends the answer; may be given several times
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) stop: Vec<String>,
    #[command(flatten)]
    pub(crate) grammar: GrammarOptions,
    #[command(flatten)]
    pub(crate) drafts: DraftOptions,
    /// The answers to generate, with the seeds from --seed on; they read the prompt once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    pub(crate) n: u32,
    /// When the context is full, go on without the older half of the tokens after the first KEEP
    #[arg(long, value_name = "KEEP")]
    pub(crate) slide: Option<u32>,
    /// Render the prompt as a user's message with the model's chat template
    #[arg(long, conflicts_with = "tokens")]
    pub(crate) chat: bool,
    /// The tokens, from 1 to 16, that are submitted to the device before the first of them is read back
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u32).range(IN_FLIGHT))]
    pub(crate) tokens_in_flight: u32,
    /// With --json, also print the log-probability of each token, and those of the N most likely ones, from 0 to 20
    #[arg(long, value_name = "N", requires = "json", value_parser = value_parser!(u32).range(..=i64::from(GenerateOptions::MOST_LOGPROBS)))]
    pub(crate) logprobs: Option<u32>,
    /// Print one JSON object with tokens, text, finish reason and timings at the end, instead of streaming the text
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

/// Texts as they are given.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("input").required(true).args(["texts", "file"])))]
pub(crate) struct TextArguments {
    /// A file with one text per line
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The texts; put -- before texts that look like options
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
}

impl TextArguments {
    /// The texts. To be read first, so that a missing file is reported before a model is loaded.
    pub(crate) fn texts(self) -> Result<Vec<String>, Error> {
        let Some(path) = &self.file else { return Ok(self.texts) };
        let content = std::fs::read_to_string(path).map_err(Error::file(path))?;
        Ok(content.lines().map(str::to_owned).collect())
    }
}

#[derive(Args, Debug)]
pub(crate) struct EmbedArguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(flatten)]
    pub(crate) input: TextArguments,
    /// Print one JSON object per text with its tokens and its embedding, instead of the embedding alone
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct RerankArguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(flatten)]
    pub(crate) input: TextArguments,
    /// The query
    #[arg(long, value_name = "TEXT")]
    pub(crate) query: String,
    /// Print the best N only
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<usize>,
    /// Print one JSON object per document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct TokenizeArguments {
    /// The model: a GGUF file, the first part of a split one, or a Hugging Face folder
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,
    /// Read special tokens such as <|im_start|> in the text as plain text
    #[arg(long)]
    pub(crate) no_special: bool,
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// The text; put -- before a text that looks like an option
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
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) model: ModelArguments,
    #[command(flatten)]
    pub(crate) room: RoomOptions,
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
    /// The policy: q8, q4 or mixed (8 bits for the most sensitive matrices, 4 for the rest), f16 or f32 for floats, or a JSON file
    #[arg(long, value_name = "POLICY", value_parser = policy)]
    pub(crate) policy: OptionalPolicy,
}

#[derive(Args, Debug)]
pub(crate) struct PerplexityArguments {
    /// The GGUF file
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// The text file to score
    #[arg(long, value_name = "FILE")]
    pub(crate) text: PathBuf,
    /// The device's index, name or part of its name, as `wgslm devices` prints them [default: the most powerful kind of device]
    #[arg(long, value_name = "NAME_OR_INDEX", env = "WGSLM_DEVICE")]
    pub(crate) device: Option<String>,
    /// Tokens of a window, whose second half is scored [default: 512, or the model's trained context if shorter]
    #[arg(long, value_name = "TOKENS", value_parser = value_parser!(u32).range(4..))]
    pub(crate) context: Option<u32>,
    /// The most windows to score [default: all whole windows of the text]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) windows: Option<u32>,
    #[command(flatten)]
    pub(crate) activations: ActivationsOption,
    #[command(flatten)]
    pub(crate) quantize: QuantizeOption,
    #[command(flatten)]
    pub(crate) kv: KvOption,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct BenchArguments {
    /// The model: a GGUF file, the first part of a split one, or a Hugging Face folder
    #[arg(long, value_name = "PATH")]
    pub(crate) model: PathBuf,
    /// The device's index, name or part of its name, as `wgslm devices` prints them [default: the most powerful kind of device]
    #[arg(long, value_name = "NAME_OR_INDEX", env = "WGSLM_DEVICE")]
    pub(crate) device: Option<String>,
    #[command(flatten)]
    pub(crate) activations: ActivationsOption,
    #[command(flatten)]
    pub(crate) quantize: QuantizeOption,
    #[command(flatten)]
    pub(crate) kv: KvOption,
    #[command(flatten)]
    pub(crate) room: RoomOptions,
    /// The tokens of prompt whose prefill is timed
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = value_parser!(u32).range(1..))]
    pub(crate) prompt_tokens: u32,
    /// The generated tokens whose decode is timed
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = value_parser!(u32).range(1..))]
    pub(crate) gen_tokens: u32,
    /// The tokens in the KV cache before the timed ones; several numbers, separated by commas, are measured in turn
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "0", value_parser = element)]
    pub(crate) depth: Vec<u32>,
    /// The generations that run at the same time; with several numbers, separated by commas, as many streams as each of them says are
    /// compared with one stream
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1", value_parser = positive)]
    pub(crate) batch: Vec<u32>,
    /// Measure streams whose prompts begin with the same N tokens, which an earlier request has left in the KV cache [default: 0, where
    /// --batch has several numbers]
    #[arg(long, value_name = "N")]
    pub(crate) shared_prefix: Option<u32>,
    /// The number of times that each measurement is repeated
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = value_parser!(u32).range(1..))]
    pub(crate) repeat: u32,
    /// The tokens, from 1 to 16, that are submitted to the device before the first of them is read back
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u32).range(IN_FLIGHT))]
    pub(crate) tokens_in_flight: u32,
    #[command(flatten)]
    pub(crate) sampling: SamplingArguments,
    #[command(flatten)]
    pub(crate) drafts: DraftOptions,
    /// Also time each kernel on the device, N times each [default without =N: 20]
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "20",
          value_parser = value_parser!(u32).range(1..))]
    pub(crate) profile: Option<u32>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

impl BenchArguments {
    /// The generations that prefill and decode are measured with: as many as `--batch` says, or one where that has several numbers.
    pub(crate) fn generations(&self) -> u32 {
        if let [batch] = self.batch[..] { batch } else { 1 }
    }

    /// The numbers of streams to compare; none unless asked for.
    pub(crate) fn streams(&self) -> &[u32] {
        if self.batch.len() > 1 || self.shared_prefix.is_some() { &self.batch } else { &[] }
    }

    /// The most generations at a time.
    pub(crate) fn most_generations(&self) -> u32 {
        self.batch.iter().copied().max().unwrap_or(1)
    }
}

#[derive(Args, Debug)]
pub(crate) struct DevicesArguments {
    /// Print a JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Parses the kind of activations; an empty `WGSLM_ACTIVATIONS` leaves the default.
fn activations(text: &str) -> wgslm::Result<Activations> {
    if text.is_empty() { Ok(Activations::Auto) } else { text.parse() }
}

fn kv_format(text: &str) -> Result<KvFormat, String> {
    KvFormat::named(text).ok_or_else(|| "it should be f16, f32 or q8".to_owned())
}

/// A policy, or none for an empty `WGSLM_QUANTIZE`.
#[derive(Clone, Debug)]
pub(crate) struct OptionalPolicy(pub(crate) Option<Policy>);

/// Parses a policy's name, or the JSON of the file that `text` names.
fn policy(text: &str) -> Result<OptionalPolicy, String> {
    let parse =
        |text: &str| text.parse().map(|policy| OptionalPolicy(Some(policy))).map_err(|error| format!("{error}"));
    match text {
        "" => Ok(OptionalPolicy(None)),
        // Only names that end in .json are files, so that a misspelt policy is reported as one.
        _ if !text.ends_with(".json") => parse(text),
        _ => parse(&std::fs::read_to_string(text).map_err(|error| format!("{text}: {error}"))?),
    }
}

/// An upper limit, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(pub(crate) Option<u32>);

pub(crate) fn limit(text: &str) -> Result<Limit, String> {
    match text {
        NONE => Ok(Limit(None)),
        _ => whole(text).map(|number| Limit(Some(number))).map_err(|error| format!("{error}, or {NONE} for no limit")),
    }
}

/// Parses a seed; -1 gives a random one.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    match text {
        // A hash map's keys are random numbers from the operating system.
        NONE => Ok(RandomState::new().build_hasher().finish()),
        _ => whole(text).map_err(|error| format!("{error}, or {NONE} for any seed")),
    }
}

/// Parses a number of a comma-separated list, ignoring spaces around it.
pub(crate) fn element(text: &str) -> Result<u32, String> {
    whole(text.trim())
}

/// Parses a number of a comma-separated list, which is at least 1.
fn positive(text: &str) -> Result<u32, String> {
    element(text).ok().filter(|number| *number > 0).ok_or_else(|| "it should be a whole number from 1 on".to_owned())
}

fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "it should be a whole number from 0 on".to_owned())
}
