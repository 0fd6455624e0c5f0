#!/usr/bin/env python3
"""Writes a GGUF model of a published shape with random weights, all matrices in one type: speed doesn't depend on their values.

    pip install gguf numpy
    python synthetic.py SHAPE TYPE TOKENIZER.gguf OUT.gguf      (synthetic.py llama-3.2-3b iq4_nl SmolLM2.gguf out.gguf)

The tokenizer is that of another GGUF file, padded to the shape's vocabulary. Experts of gpt-oss are MXFP4 whatever the type.
"""
import sys

import gguf
import numpy as np
from gguf import GGMLQuantizationType as T

# Width, layers, heads, KV heads, head width, feed-forward width, vocabulary, rope base; `tied`: the head is the embedding table.
SHAPES = {
    "llama-3.2-3b": dict(arch="llama", d=3072, l=28, h=24, kv=8, hd=128, ff=8192, v=128256, tied=True, theta=5e5),
    "llama-3.1-8b": dict(arch="llama", d=4096, l=32, h=32, kv=8, hd=128, ff=14336, v=128256, tied=False, theta=5e5),
    "gemma3-270m": dict(arch="gemma3", d=640, l=18, h=4, kv=1, hd=256, ff=2048, v=262144, tied=True, theta=1e6, window=512),
    # Layers as those of Qwen3-30B-A3B and of gpt-oss-20b; fewer of them, so that they fit anywhere.
    "qwen3-30b-a3b-8-layers": dict(
        arch="qwen3moe", d=2048, l=8, h=32, kv=4, hd=128, ff=768, v=151936, tied=True, theta=1e6, experts=128, used=8
    ),
    "gpt-oss-20b-6-layers": dict(
        arch="gpt-oss", d=2880, l=6, h=64, kv=8, hd=64, ff=2880, v=151936, tied=False, theta=1.5e5, experts=32, used=4,
        window=128,
    ),
}
# By type: the fields of a block in order, each a number of random bytes or the factor of an f16 that scales values to about 1.
BLOCKS = {
    T.Q4_0: [1 / 8, 16], T.Q5_0: [1 / 16, 4, 16], T.Q8_0: [1 / 128, 32], T.IQ4_NL: [1 / 128, 16],
    T.Q2_K: [16, 64, 1 / 64, 1 / 64], T.Q3_K: [32, 64, 12, 1 / 128], T.Q4_K: [1 / 512, 1 / 64, 12, 128],
    T.Q5_K: [1 / 1024, 1 / 64, 12, 32, 128], T.Q6_K: [128, 64, 16, 1 / 4096], T.IQ4_XS: [1 / 4096, 2, 4, 128],
    T.IQ3_S: [1 / 512, 64, 8, 32, 4],
}


def blocks(kind, count, scale, rng):
    """`count` blocks of random weights of about +-scale."""
    if kind == T.MXFP4:
        exponent = np.full((count, 1), 127 + round(np.log2(scale / 8)), np.uint8)
        return np.hstack([exponent, rng.integers(0, 256, (count, 16), np.uint8)])
    field = lambda f: (
        rng.integers(0, 256, (count, f), np.uint8)
        if isinstance(f, int)
        else np.full((count, 1), f * scale, np.float16).view(np.uint8)
    )
    return np.hstack([field(f) for f in BLOCKS[kind]])


def main(shape, kind, tokenizer, out):
    s, kind, rng = SHAPES[shape], T[kind.upper()], np.random.default_rng(0)
    w = gguf.GGUFWriter(out, s["arch"])
    w.add_name(f"synthetic {shape}")
    w.add_block_count(s["l"]), w.add_context_length(8192), w.add_embedding_length(s["d"]), w.add_feed_forward_length(s["ff"])
    w.add_head_count(s["h"]), w.add_head_count_kv(s["kv"]), w.add_key_length(s["hd"]), w.add_value_length(s["hd"])
    w.add_rope_dimension_count(s["hd"]), w.add_rope_freq_base(s["theta"]), w.add_layer_norm_rms_eps(1e-5)
    w.add_vocab_size(s["v"])
    if "experts" in s:
        w.add_expert_count(s["experts"]), w.add_expert_used_count(s["used"]), w.add_expert_feed_forward_length(s["ff"])
    if "window" in s:
        w.add_sliding_window(s["window"])
    fields = {name: field.contents() for name, field in gguf.GGUFReader(tokenizer).fields.items()}
    tokens, types = fields["tokenizer.ggml.tokens"], list(fields["tokenizer.ggml.token_type"])
    w.add_tokenizer_model(fields["tokenizer.ggml.model"]), w.add_tokenizer_pre(fields["tokenizer.ggml.pre"])
    w.add_token_merges(fields["tokenizer.ggml.merges"]), w.add_eos_token_id(fields["tokenizer.ggml.eos_token_id"])
    w.add_token_list(tokens + [f"<pad{i}>" for i in range(s["v"] - len(tokens))])
    w.add_token_types(types + [5] * (s["v"] - len(types)))

    pools = {}

    def matrix(name, rows, columns, kind=kind):
        per_block, size = gguf.GGML_QUANT_SIZES[kind]
        if (kind, columns) not in pools:
            pools[kind, columns] = blocks(kind, 1 << 16, 0.25 / np.sqrt(columns), rng)
        count = int(np.prod(rows)) * columns // per_block
        data = np.resize(pools[kind, columns], (count, size)).reshape(*np.atleast_1d(rows), columns // per_block * size)
        w.add_tensor(f"{name}.weight", data, raw_dtype=kind)

    ones = lambda name, width: w.add_tensor(f"{name}.weight", np.ones(width, np.float32))
    arch, d, q, kv, ff = s["arch"], s["d"], s["h"] * s["hd"], s["kv"] * s["hd"], s["ff"]
    matrix("token_embd", s["v"], d), ones("output_norm", d)
    if not s["tied"]:
        matrix("output", s["v"], d)
    for i in range(s["l"]):
        name = lambda tensor: f"blk.{i}.{tensor}"
        ones(name("attn_norm"), d), ones(name("post_attention_norm" if arch == "gpt-oss" else "ffn_norm"), d)
        matrix(name("attn_q"), q, d), matrix(name("attn_k"), kv, d), matrix(name("attn_v"), kv, d)
        matrix(name("attn_output"), d, q)
        if arch in ("qwen3moe", "gemma3"):
            ones(name("attn_q_norm"), s["hd"]), ones(name("attn_k_norm"), s["hd"])
        if arch == "gemma3":
            ones(name("post_attention_norm"), d), ones(name("post_ffw_norm"), d)
        if arch == "gpt-oss":
            ones(name("attn_sinks"), s["h"])
        if "experts" in s:
            router = rng.standard_normal((s["experts"], d)).astype(np.float32) / np.sqrt(d)
            w.add_tensor(name("ffn_gate_inp.weight"), router)
            of_experts = T.MXFP4 if arch == "gpt-oss" else kind
            matrix(name("ffn_gate_exps"), (s["experts"], ff), d, of_experts)
            matrix(name("ffn_up_exps"), (s["experts"], ff), d, of_experts)
            matrix(name("ffn_down_exps"), (s["experts"], d), ff, of_experts)
        else:
            matrix(name("ffn_gate"), ff, d), matrix(name("ffn_up"), ff, d), matrix(name("ffn_down"), d, ff)
    w.write_header_to_file(), w.write_kv_data_to_file(), w.write_tensors_to_file(), w.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
