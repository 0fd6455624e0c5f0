"""The models of this folder: what each is about, its sizes and keys (see tiny.py), its prompt, and options of the run.

A row is a name, what it is about, the model, the number of tokens or a text, and options. Three kinds make sure that what README says
runs has a golden model here: `PLAIN`, one an architecture without anything peculiar; `OF_A_TYPE`, one a tensor type; `OF_MIXED_TYPES`,
one an architecture whose matrices have types of every kind, see KINDS. `PECULIAR` has what else files may say.
"""

import numpy as np
from gguf import GGMLQuantizationType as Type

from tiny import NARROW, WIDE

SMALL = dict(width=64, heads=2, kv_heads=1, head=32, ff=96, vocabulary=64)
BERT = dict(width=64, heads=2, kv_heads=2, head=32, ff=96, vocabulary=96, context=32)
TEXT = "The quick brown fox jumped over 2 lazy dogs, didn't it?"
LINEAR = {".rope.scaling.type": "linear", ".rope.scaling.factor": 4.0}
YARN = {".rope.scaling.type": "yarn", ".rope.scaling.factor": 4.0, ".rope.scaling.original_context_length": 256}
# Above and below the original context other factors hold; the model's own context is above.
LONG_ROPE = {".rope.scaling.type": "longrope", ".rope.scaling.attn_factor": 1.19, ".rope.scaling.original_context_length": 256}


def factors(pairs):
    return {"rope_factors_long.weight": np.linspace(1, 8, pairs), "rope_factors_short.weight": np.linspace(1, 1.5, pairs)}


def classifier(width, labels, dense):
    random = np.random.default_rng(labels)
    draw = lambda *shape: random.normal(0, 1 / np.sqrt(width), shape)
    output = {"cls.output.weight": draw(labels, width)}
    if not dense:
        return output
    return {"cls.weight": 2 * draw(width, width), "cls.bias": draw(width), **output, "cls.output.bias": draw(labels)}


PECULIAR = [
    (
        "phi3-longrope", "long-rope factors: long ones, as the session's context is above the original one",
        dict(SMALL, architecture="phi3", layers=1, context=512, tied=False, metadata=LONG_ROPE, extra=factors(16)), 32, dict(context=512),
    ),
    (
        "phi3-partial-rotary", "24 of 32 values of a head rotated, tied head, short long-rope factors by the model's own context",
        dict(
            SMALL, architecture="phi3", layers=1, context=256, extra=factors(12),
            metadata={**LONG_ROPE, ".rope.dimension_count": 24},
        ), 32, dict(context=256),
    ),
    (
        "llama-yarn", "YaRN with an attention factor; the keys of its betas and of its mix aren't read for llama",
        dict(
            SMALL, architecture="llama", layers=1, metadata={
                **YARN, ".rope.scaling.attn_factor": 1.3, ".rope.scaling.yarn_beta_fast": 8.0, ".rope.scaling.yarn_beta_slow": 2.0,
                ".rope.scaling.yarn_ext_factor": 0.5, ".rope.scaling.yarn_attn_factor": 2.0,
            },
        ), 32, {},
    ),
    ("llama-biases", "biases of every matrix, untied head", dict(SMALL, architecture="llama", tied=False, biases="qkv out ffn"), 32, {}),
    (
        "qwen2-untied", "an odd vocabulary, 6 heads on 2, untied head",
        dict(
            architecture="qwen2", width=96, heads=6, kv_heads=2, head=16, ff=128, vocabulary=97, tied=False, layers=1,
        ), 32, {},
    ),
    (
        "gemma2-caps", "soft caps of 1 and 2, window of 8",
        dict(
            SMALL, architecture="gemma2", embedding_scale=0.2, metadata={
                ".attention.sliding_window": 8, ".attn_logit_softcapping": 1.0, ".final_logit_softcapping": 2.0,
            },
        ), 32, {},
    ),
    (
        "gemma3-linear", "linear rope scaling on the global layers only, another base on the windowed ones, every third layer global",
        dict(
            SMALL, architecture="gemma3", layers=3, embedding_scale=0.2, ff=64, metadata={
                ".attention.sliding_window": 8, ".attention.sliding_window_pattern": 3, ".rope.freq_base": 2000.0,
                ".rope.freq_base_swa": 500.0, ".rope.scaling.type": "linear", ".rope.scaling.factor": 8.0,
            },
        ), 32, {},
    ),
    (
        "gpt-oss-yarn", "MXFP4 experts, 2 of 5, YaRN, window of 8",
        dict(
            SMALL, architecture="gpt-oss", tied=False, experts=5, experts_used=2, expert_ff=64, types={"_exps": Type.MXFP4},
            metadata={**YARN, ".attention.sliding_window": 8, ".rope.scaling.factor": 32.0},
        ), 32, {},
    ),
    (
        "qwen3moe-k-quants", "experts in Q4_K and Q6_K, 3 of 5, which the down projections of 32 columns can't be",
        dict(
            architecture="qwen3moe", width=256, heads=1, kv_heads=1, head=32, vocabulary=64, layers=1, experts=5, experts_used=3,
            expert_ff=32, types={"gate_exps": Type.Q4_K, "up_exps": Type.Q6_K, "down_exps": Type.Q5_0},
        ), 32, {},
    ),
    (
        "olmo2-window", "OLMo 3: a window of 8 on all but every second layer, YaRN on the others",
        dict(
            SMALL, architecture="olmo2", layers=3, ff=64, tied=False,
            metadata={**YARN, ".attention.sliding_window": 8, ".attention.sliding_window_pattern": 2, ".rope.scaling.attn_factor": 1.2},
        ), 32, {},
    ),
    (
        "granite-no-rope", "no rope at all (rope.scaling.finetuned), biases, untied head, residual scale",
        dict(
            SMALL, architecture="granite", layers=1, tied=False, biases="qkv out ffn", metadata={
                ".logit_scale": 0.5, ".residual_scale": 0.6, ".embedding_scale": 0.8, ".attention.scale": 0.35,
                ".rope.scaling.finetuned": False,
            },
        ), 32, {},
    ),
    (
        "lfm2-attention-first", "attention in the first layer, a convolution over 4 tokens, more tokens than 64",
        dict(SMALL, architecture="lfm2", layers=3, ff=64, kv_heads=[1, 0, 0], kernel=4), 70, {},
    ),
    ("bert-mean", "mean of all tokens", dict(BERT, architecture="bert"), TEXT, dict(embeddings="pooled")),
    (
        "bert-cls", "the first token, F16, heads of 16, no key on causality",
        dict(
            BERT, architecture="bert", heads=4, kv_heads=4, head=16, layers=1, type=Type.F16,
            metadata={".pooling_type": 2, ".attention.causal": None},
        ), TEXT, dict(embeddings="pooled"),
    ),
    (
        "nomic-bert", "rope, fused queries, keys and values, a gated feed-forward, no biases",
        dict(BERT, architecture="nomic-bert", metadata={".rope.freq_base": 1000.0}), TEXT, dict(embeddings="pooled"),
    ),
    (
        "bert-rank", "a classifier of two matrices on the first token, three labels",
        dict(
            BERT, architecture="bert", layers=1, extra=classifier(64, 3, True),
            metadata={".pooling_type": 4, ".classifier.output_labels": ["good", "fair", "poor"]},
        ), TEXT, dict(embeddings="pooled", labels=3),
    ),
    (
        "qwen3-rank", "a classifier of one matrix on the last token of a causal model, probabilities",
        dict(
            SMALL, architecture="qwen3", layers=1, extra=classifier(64, 2, False),
            metadata={".pooling_type": 4, ".classifier.output_labels": ["yes", "no"]},
        ), 20, dict(embeddings="pooled", labels=2),
    ),
    (
        "qwen3-last", "an embedding of a causal model: the last token after the output norm",
        dict(SMALL, architecture="qwen3", layers=1, metadata={".pooling_type": 3}), 20, dict(embeddings="pooled"),
    ),
]

# One layer after the other is alike in most: two tell whether the second is as the first.
SIZES = dict(width=64, heads=4, kv_heads=2, head=16, ff=32, vocabulary=64)
GEMMA = {".attention.sliding_window": 8}
GRANITE = {".logit_scale": 8.0, ".residual_scale": 0.22, ".embedding_scale": 12.0, ".attention.scale": 0.0625}
CAPS = {".attn_logit_softcapping": 50.0, ".final_logit_softcapping": 30.0}
EXPERTS = dict(experts=4, experts_used=2, expert_ff=32)

# What an architecture's own model has beside SIZES.
ARCHITECTURES = {
    "llama": {},
    "qwen2": {},
    "qwen3": dict(metadata={".rope.freq_base": 1e6}, eps=1e-6),
    "qwen3moe": dict(EXPERTS, tied=False, metadata={".rope.freq_base": 1e6}, eps=1e-6),
    "gemma2": dict(embedding_scale=0.2, eps=1e-6, metadata=GEMMA | CAPS),
    # Every sixth layer is global.
    "gemma3": dict(embedding_scale=0.2, eps=1e-6, layers=7, kv_heads=1, metadata=GEMMA | {".rope.freq_base": 1e6}),
    "phi3": dict(tied=False, metadata={".attention.sliding_window": 2048}),
    # Every fourth layer has no rope.
    "smollm3": dict(layers=4, metadata={".rope.freq_base": 5e6}),
    "granite": dict(metadata=GRANITE),
    "olmo2": dict(tied=False),
    "lfm2": dict(layers=4, kv_heads=[0, 2, 0, 2], kernel=3, metadata={".rope.freq_base": 1e6}),
    "gpt-oss": dict(EXPERTS, tied=False, metadata=GEMMA | {".rope.freq_base": 150000.0}),
    "starcoder2": {},
}

PLAIN = [
    (architecture, "nothing peculiar", dict(SIZES, architecture=architecture) | more, 32, {})
    for architecture, more in ARCHITECTURES.items()
] + [
    ("llama-linear-rope", "linear rope scaling", dict(SIZES, architecture="llama", metadata=LINEAR), 32, {}),
    ("llama-yarn-rope", "YaRN with nothing but its factor", dict(SIZES, architecture="llama", metadata=YARN), 32, {}),
    (
        "llama3-rope", "factors by frequency, as Llama 3.1 has them",
        dict(SIZES, architecture="llama", extra={"rope_freqs.weight": np.linspace(1, 8, 8)}), 32, {},
    ),
]

# K-quants come in blocks of 256. Of these models only `ffn_down` has shorter rows.
IN_BLOCKS_OF_256 = dict(width=256, heads=16, kv_heads=1, head=16, ff=32, vocabulary=64, types={"ffn_down": Type.Q8_0})
OF_A_TYPE = [
    (
        f"llama-{kind.name.lower()}", f"every matrix{'' if kind in NARROW else ' with rows of 256'} in {kind.name}",
        dict(SIZES if kind in NARROW else IN_BLOCKS_OF_256, architecture="llama", layers=1, type=kind), 32, {},
    )
    for kind in NARROW + WIDE
]

MIXED = dict(width=256, heads=2, kv_heads=1, head=16, ff=32, vocabulary=64, type=None)
# Some have fewer matrices a layer, and the heads of some have to be as wide as the model all together.
MIXED_SIZES = {
    "qwen2": dict(heads=16),
    "qwen3moe": dict(experts=3),
    "gemma3": dict(layers=3, metadata=GEMMA | {".attention.sliding_window_pattern": 3}),
    "phi3": dict(heads=16, layers=3),
    "lfm2": dict(heads=16, layers=3, kv_heads=[1, 0, 1]),
    "gpt-oss": dict(experts=3),
    "olmo2": dict(heads=16),
    "starcoder2": dict(heads=16),
}
OF_MIXED_TYPES = [
    (f"{architecture}-mixed", "types of every kind, see KINDS", MIXED | dict(architecture=architecture) | more | MIXED_SIZES.get(architecture, {}), 32, {})
    for architecture, more in ARCHITECTURES.items()
] + [
    (
        f"{architecture}-mixed", "types of every kind, see KINDS",
        BERT | MIXED | dict(architecture=architecture, heads=16, kv_heads=16, vocabulary=96), TEXT, dict(embeddings="pooled"),
    )
    for architecture in ["bert", "nomic-bert"]
]

MODELS = PECULIAR + PLAIN + OF_A_TYPE + OF_MIXED_TYPES
