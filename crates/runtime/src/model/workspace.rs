//! The workspace: buffers for all values that kernels pass to one another.

use wgslm_gpu::Buffer;
use wgslm_shaders::format::GROUP;
use wgslm_shaders::{Attention, Encoding, Output, Sample, Token};

use super::{AttentionSpec, ExpertsSpec, ModelSpec};
use crate::{Device, Result};

/// Buffers for the values that a step's kernels pass to one another, in f32, a row for each token. Inputs of matrices are stored
/// in planes, padded with zeros to whole groups of 32; the others value by value.
pub(crate) struct Workspace {
    /// The batch of a step, written at once: its outputs, then its tokens.
    pub(crate) batch: Buffer,
    /// The part of `batch` with the outputs.
    pub(crate) outputs: Buffer,
    /// The part of `batch` with the tokens, then [`Token::END`].
    pub(super) tokens: Buffer,
    /// The results of a step, read back at once: its sampled tokens, then its log-probabilities.
    pub(crate) results: Buffer,
    /// The part of `results` with the token sampled last in each slot, and after these those of the last step that drafts followed.
    pub(crate) sampled: Buffer,
    /// The part of `results` with the log-probabilities of the outputs that want them, `[outputs]` of `Logprobs`.
    pub(super) logprobs: Buffer,
    /// The tokens of each slot by position, a ring of [`Output::HISTORY`] tokens, for penalties.
    pub(crate) history: Buffer,
    /// The biases of each slot, room for [`Output::BIASES`].
    pub(crate) biases: Buffer,
    /// The sequence breakers of each slot, a bit a token.
    pub(crate) breakers: Buffer,
    /// The logits of the outputs, `[outputs, vocabulary]`.
    pub(crate) logits: Buffer,
    /// The most tokens in a step.
    pub(crate) token_capacity: u32,
    /// The most tokens in a step with attention by splits.
    pub(crate) split_tokens: u32,
    /// The most splits of a context.
    pub(crate) splits: u32,
    /// The most outputs in a step.
    pub(crate) output_capacity: u32,
    /// Rows with a bit set for each token that may be sampled: the model's own row, then a row for each output.
    pub(crate) masks: Buffer,
    /// The logits that were changed, as they were before: see `adjust`.
    pub(super) changes: Buffer,
    /// The best token of each chunk of the vocabulary.
    pub(super) candidates: Buffer,
    /// The largest logit of each chunk of the vocabulary, as a key: see `truncate`.
    pub(super) maxima: Buffer,
    /// The sums from which the expected logit is told: see `truncate_moments`.
    pub(super) moments: Buffer,
    /// A histogram of probability by the distance of logits from the largest: see `truncate`.
    pub(super) histogram: Buffer,
    /// The logits in the band that holds the threshold, as keys: see `truncate`.
    pub(super) band: Buffer,
    /// The bounds of the logits that count: see `truncate`.
    pub(super) bounds: Buffer,
    /// The residual stream, in planes.
    pub(super) residual: Buffer,
    /// The residual stream after a norm, in planes.
    pub(super) normed: Buffer,
    /// A sublayer's output where a norm comes between it and the residual stream, in planes.
    pub(super) projected: Buffer,
    /// Queries, keys and values, or a convolution's input.
    pub(super) qkv: Buffer,
    /// The queries after the rope.
    pub(super) query: Buffer,
    /// The partial results of attention by splits: see `attention_split`.
    pub(super) partials: Buffer,
    /// The output of attention or a convolution, in planes.
    pub(super) attended: Buffer,
    /// The products of gate, then those of up.
    pub(super) gate_up: Buffer,
    /// The hidden values of a feed-forward network, in planes.
    pub(super) hidden: Buffer,
    /// The encoded residual stream, as the input of a sublayer's first matrices.
    pub(super) encoded_residual: Encoded,
    /// The encoded values within a sublayer, as the input of its last matrix.
    pub(super) encoded: Encoded,
    pub(super) experts: ExpertWorkspace,
    /// The embeddings of the outputs, `[outputs, width]`.
    pub(crate) embeddings: Buffer,
}

/// Encoded activations: see `quantise`.
pub(crate) struct Encoded {
    pub(super) codes: Buffer,
    pub(super) scales: Buffer,
    /// The buffer that both are parts of, the codes first.
    pub(super) both: Buffer,
}

/// Buffers for the values that the kernels of experts pass to one another; tiny where a model has no experts.
pub(crate) struct ExpertWorkspace {
    /// The router's logits, which choose the experts.
    pub(super) logits: Buffer,
    /// The experts chosen for each token.
    pub(super) chosen: Buffer,
    /// The weights of the chosen experts.
    pub(super) weights: Buffer,
    /// The outputs of the chosen experts, `[token, expert]`, in planes.
    pub(super) made: Buffer,
}

/// The most bytes for the partial results of attention by splits.
const SPLIT_BYTES: u64 = 64 << 20;

/// Width of the widest input of attention or a convolution.
fn mixed_width(spec: &ModelSpec) -> u32 {
    spec.largest(|layer| layer.attention().map_or(3 * spec.width, AttentionSpec::qkv_width))
}

/// The stride of a row of `width` values.
pub(super) fn stride(width: u32) -> u32 {
    width.next_multiple_of(GROUP as u32)
}

impl Workspace {
    /// Width of the widest row of activations, without the logits.
    pub(crate) fn widest(spec: &ModelSpec) -> u32 {
        let hidden = spec.largest(|layer| {
            let used = layer.feed_forward.used();
            used * stride(2 * layer.feed_forward.width).max(stride(spec.width))
        });
        hidden.max(stride(spec.width)).max(stride(mixed_width(spec)))
    }

    /// A workspace for steps of up to `rows` tokens and `outputs` outputs, with room for activations in `encodings`, and for sequences of up to `context` tokens in `slots` slots.
    pub(crate) fn new(
        device: &Device,
        spec: &ModelSpec,
        (rows, outputs, encodings): (u32, u32, &[Encoding]),
        (slots, context): (u32, u32),
    ) -> Result<Self> {
        let gpu = device.gpu();
        let buffer =
            |label: &str, rows: u32, width: u32| gpu.storage_buffer(label, u64::from(rows) * u64::from(width) * 4);
        let activation = |label: &str, width: u32| buffer(label, rows.max(outputs), stride(width));
        let norms_after = spec.embedding.norm.is_some() || spec.layers.iter().any(|layer| layer.norm_place.is_after());
        let experts = spec.layers.iter().filter_map(|layer| layer.feed_forward.experts);
        let most = |of: fn(ExpertsSpec) -> u32| experts.clone().map(of).max();
        let used = most(|experts| experts.used).unwrap_or(1);
        // Widths in the widest layer: of queries, of gate and up together, and of hidden values.
        let query = spec.largest_attention(AttentionSpec::query_width);
        let gate_up = spec.largest(|layer| layer.feed_forward.used() * stride(2 * layer.feed_forward.width));
        let hidden = spec.largest(|layer| layer.feed_forward.used() * stride(layer.feed_forward.width));
        let split_width = spec.largest_attention(|attention| attention.heads * (attention.head_width + 4));
        let splits = context.div_ceil(Attention::SPLIT_TOKENS);
        let row_bytes = (u64::from(splits) * u64::from(split_width) * 4).max(4);
        let room = SPLIT_BYTES.min(gpu.capabilities().max_binding) / row_bytes;
        let split_tokens = rows.min(device.kernels().few_tokens()).min(u32::try_from(room).unwrap_or(u32::MAX)).max(1);
        let output_bytes = (u64::from(outputs) * size_of::<Output>() as u64).next_multiple_of(Buffer::PART_ALIGNMENT);
        // One more, for [`Token::END`].
        let batch = gpu.storage_buffer("batch", output_bytes + u64::from(rows + 1) * size_of::<Token>() as u64)?;
        let (outputs_of_batch, tokens_of_batch) = batch.split(output_bytes);
        let sampled_bytes = (u64::from(slots + outputs) * 4).next_multiple_of(Buffer::PART_ALIGNMENT);
        let logprob_bytes = u64::from(outputs) * u64::from(Sample::LOGPROBS_WORDS) * 4;
        let results = gpu.storage_buffer("results", sampled_bytes + logprob_bytes)?;
        let (sampled_of_results, logprobs_of_results) = results.split(sampled_bytes);
        let mask_words = Sample::mask_words(spec.vocabulary);
        let widest_input = stride(spec.width).max(stride(query)).max(hidden);
        let groups = u64::from(rows.max(outputs)) * u64::from(widest_input / GROUP as u32);
        let most_bytes = |of: fn(Encoding) -> u64| encodings.iter().copied().map(of).max().unwrap_or(0);
        let encoded = |what: &str| -> Result<Encoded> {
            let codes = (groups * most_bytes(Encoding::group_bytes)).next_multiple_of(Buffer::PART_ALIGNMENT);
            // Twice, with the sums of the groups' squares.
            let scales = (groups * 2 * most_bytes(Encoding::scale_bytes)).max(4);
            let both = gpu.storage_buffer(&format!("encoded {what}"), codes + scales)?;
            let (codes, scales) = both.split(codes);
            Ok(Encoded { codes, scales, both })
        };
        Ok(Self {
            batch,
            outputs: outputs_of_batch,
            tokens: tokens_of_batch,
            results,
            sampled: sampled_of_results,
            logprobs: logprobs_of_results,
            history: buffer("history of tokens", slots, Output::HISTORY)?,
            biases: buffer("biases", slots, 2 * Output::BIASES)?,
            breakers: buffer("sequence breakers", slots, mask_words)?,
            logits: buffer("logits", outputs, if spec.pooled_values().is_some() { 1 } else { spec.vocabulary })?,
            token_capacity: rows,
            split_tokens,
            splits,
            output_capacity: outputs,
            masks: buffer("allowed tokens", 1 + outputs, mask_words)?,
            changes: buffer("changed logits", outputs, Sample::changes_words(spec.vocabulary))?,
            candidates: buffer("candidates", outputs, Sample::chunks(spec.vocabulary))?,
            maxima: buffer("largest logits", outputs, Sample::chunks(spec.vocabulary))?,
            moments: buffer("moments of logits", outputs, Sample::MOMENTS_WORDS)?,
            histogram: buffer("histogram of logits", outputs, Sample::HISTOGRAM_WORDS)?,
            band: buffer("logits at the threshold", outputs, Sample::band_words(spec.vocabulary))?,
            bounds: buffer("bounds of logits", outputs, Sample::BOUNDS_WORDS)?,
            residual: activation("residual stream", spec.width)?,
            normed: activation("normed", spec.width)?,
            projected: activation("projected", if norms_after { spec.width } else { 1 })?,
            qkv: activation("queries, keys and values", mixed_width(spec))?,
            query: activation("query", query)?,
            partials: buffer("attention by splits", split_tokens * splits, split_width)?,
            attended: activation("attended", query.max(spec.width))?,
            gate_up: activation("gate and up", gate_up)?,
            hidden: activation("hidden", hidden)?,
            encoded_residual: encoded("the residual stream")?,
            encoded: encoded("activations")?,
            experts: ExpertWorkspace {
                logits: activation("logits of experts", most(|experts| experts.count).unwrap_or(1))?,
                chosen: activation("chosen experts", used)?,
                weights: activation("weights of experts", used)?,
                made: activation(
                    "made by experts",
                    if experts.clone().next().is_some() { used * stride(spec.width) } else { 1 },
                )?,
            },
            embeddings: buffer("embeddings", outputs, spec.pooled_values().unwrap_or(1))?,
        })
    }
}
