"""Tiny models of any architecture with random weights, as GGUF files.

A matrix is normal with a deviation of 1 / sqrt(columns), queries and keys somewhat more, so that attention tells tokens and positions
apart; norms lie around 1 and biases around 0, so that a forgotten one shows. The logits spread by 1 to 8, as those of
the other golden models.
"""

import ctypes as c
import itertools

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type

FUSED = {"phi3", "nomic-bert"}
BIASES = {"qwen2": "qkv", "starcoder2": "qkv out ffn", "gpt-oss": "qkv out", "bert": "qkv out ffn"}
LAYER_NORM = {"starcoder2", "bert", "nomic-bert"}
HEAD_NORM = {"qwen3", "qwen3moe", "gemma3", "lfm2"}
POST_NORM = {"gemma2", "gemma3", "olmo2"}
BERT = {"bert", "nomic-bert"}

# The types of matrices, by whether their blocks have 32 weights at the most, or 256.
NARROW = [Type.F32, Type.F16, Type.BF16, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.IQ4_NL, Type.MXFP4]
WIDE = [
    Type.Q2_K, Type.Q3_K, Type.Q4_K, Type.Q5_K, Type.Q6_K, Type.IQ1_S, Type.IQ1_M, Type.IQ2_XXS, Type.IQ2_XS, Type.IQ2_S, Type.IQ3_XXS,
    Type.IQ3_S, Type.IQ4_XS, Type.TQ1_0, Type.TQ2_0,
]
# One of each kind, by size: super-blocks of each make, code books, a table, bytes for scales, an odd bit and an offset, bytes, floats.
KINDS = [
    Type.IQ2_S, Type.Q2_K, Type.IQ3_S, Type.MXFP4, Type.Q4_0, Type.IQ4_NL, Type.Q4_K, Type.Q5_1, Type.Q6_K, Type.Q8_0, Type.F16,
]
# Those that aren't quantised without an importance of columns.
UNEVEN = {Type.IQ1_S, Type.IQ1_M, Type.IQ2_XXS, Type.IQ2_XS}


def alphabet():
    """GPT-2's characters for the 256 bytes."""
    others = iter(range(256, 512))
    return [chr(b) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174 else chr(next(others)) for b in range(256)]


def byte_pair_vocabulary(size):
    """The first bytes, one merge, and two control tokens."""
    tokens = alphabet()[: size - 3] + ["AB", "<s>", "</s>"]
    return {
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "smollm", "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [1] * (size - 2) + [3, 3], "tokenizer.ggml.merges": ["A B"],
        "tokenizer.ggml.bos_token_id": size - 2, "tokenizer.ggml.eos_token_id": size - 1, "tokenizer.ggml.add_bos_token": False,
    }


def word_piece_vocabulary(size):
    """BERT's special tokens, letters at the start and inside of words, and a few pieces, spelled as llama.cpp's converter does."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *("▁" + letter for letter in letters), *letters]
    tokens += ["▁" + piece for piece in "the quick brown fox over dog . , ! ? ' 0 1 2".split()] + ["ing", "ed", "er", "ly", "ump", "azy"]
    tokens += [f"[unused{i}]" for i in range(size - len(tokens))]
    assert len(tokens) == size
    return {
        "tokenizer.ggml.model": "bert", "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3] * 5 + [1] * (size - 5), "tokenizer.ggml.token_type_count": 2,
        "tokenizer.ggml.bos_token_id": 2, "tokenizer.ggml.eos_token_id": 3, "tokenizer.ggml.unknown_token_id": 1,
        "tokenizer.ggml.seperator_token_id": 3, "tokenizer.ggml.padding_token_id": 0, "tokenizer.ggml.cls_token_id": 2,
        "tokenizer.ggml.mask_token_id": 4,
    }


class Tiny:
    """A model in the making.

    `heads`, `kv_heads` and `head` are numbers and widths of heads; `kv_heads` may be a list, one a layer. `metadata` adds keys or, with
    None, leaves them out; those that start with a dot get the architecture in front. `types` gives tensors whose name has the word in
    it another type than `type`, which may be None: then the matrices have types of all kinds in turn.
    """

    def __init__(
        self, architecture, width=128, layers=2, heads=4, kv_heads=2, head=32, ff=256, vocabulary=128, tied=True, type=Type.Q8_0,
        context=2048, experts=0, experts_used=0, expert_ff=0, kernel=0, biases=None, embedding_scale=None, metadata={},
        types={}, extra={}, seed=1, eps=1e-5,
    ):
        self.a, self.width, self.layers, self.heads, self.head, self.ff = architecture, width, layers, heads, head, ff
        self.kv = kv_heads if isinstance(kv_heads, list) else [kv_heads] * layers
        self.vocabulary, self.tied, self.type, self.types, self.kernel = vocabulary, tied, type, types, kernel
        self.experts, self.experts_used, self.expert_ff = experts, experts_used, expert_ff
        self.biases = (BIASES.get(architecture, "") if biases is None else biases).split()
        self.random, self.tensors = np.random.default_rng(seed), {}
        self.keys = self._keys(context, eps, kv_heads) | (word_piece_vocabulary if self.a in BERT else byte_pair_vocabulary)(vocabulary)
        for key, value in metadata.items():
            self.keys[self.a + key if key.startswith(".") else key] = value
        scale = embedding_scale or (1.0 if not tied else 4 / np.sqrt(width))
        self.matrix("token_embd", vocabulary, width, scale * np.sqrt(width))
        if self.a in BERT:
            self.matrix("token_types", 2, width, np.sqrt(width), kind=Type.F32)
            if self.a == "bert":
                self.matrix("position_embd", self.keys["bert.context_length"], width, np.sqrt(width) / 2, kind=Type.F32)
            self.norm("token_embd_norm")
        for i in range(layers):
            self._layer(f"blk.{i}.", i)
        if self.a not in BERT:
            self.norm("token_embd_norm" if self.a == "lfm2" else "output_norm")
            if not tied:
                self.matrix("output", vocabulary, width)
        self.tensors.update({name: (np.asarray(values, np.float32), Type.F32) for name, values in extra.items()})
        self._every_kind()

    def _keys(self, context, eps, kv_heads):
        keys = {
            "general.name": "tiny", ".block_count": self.layers, ".context_length": context, ".embedding_length": self.width,
            ".feed_forward_length": self.ff, ".attention.head_count": self.heads, ".attention.head_count_kv": kv_heads,
            ".vocab_size": self.vocabulary,
            (".attention.layer_norm_epsilon" if self.a in LAYER_NORM else ".attention.layer_norm_rms_epsilon"): float(eps),
        }
        if self.a in BERT:
            keys |= {".attention.causal": False, ".pooling_type": 1}
        else:
            keys |= {".attention.key_length": self.head, ".attention.value_length": self.head}
        if self.a != "bert":
            keys |= {".rope.dimension_count": self.head, ".rope.freq_base": 10000.0}
        if self.experts:
            keys |= {".expert_count": self.experts, ".expert_used_count": self.experts_used}
            if self.expert_ff:
                keys |= {".expert_feed_forward_length": self.expert_ff}
        if self.kernel:
            keys |= {".shortconv.l_cache": self.kernel}
        return {self.a + key if key.startswith(".") else key: value for key, value in keys.items()}

    def matrix(self, name, rows, columns, scale=1.0, planes=0, kind=None):
        values = self.random.normal(0, scale / np.sqrt(columns), (planes, rows, columns) if planes else (rows, columns))
        kind = kind or next((kind for word, kind in self.types.items() if word in name), self.type)
        self.tensors[name + ".weight"] = values.astype(np.float32), kind

    def _every_kind(self):
        """Gives types to the matrices that have none: all of `KINDS`, the smallest to the largest matrices, which keeps files small."""
        untyped = sorted((name for name, (_, kind) in self.tensors.items() if kind is None), key=lambda name: -self.tensors[name][0].size)
        narrow = [name for name in untyped if self.tensors[name][0].shape[-1] % 256]
        given = dict(zip(narrow, itertools.cycle(kind for kind in KINDS if kind in NARROW)))
        left = [kind for kind in KINDS if kind not in given.values()]
        given |= zip([name for name in untyped if name not in given], itertools.cycle(left))
        assert not untyped or set(given.values()) == set(KINDS), (self.a, len(narrow), len(untyped))
        self.tensors.update({name: (self.tensors[name][0], kind) for name, kind in given.items()})

    def norm(self, name, width=None, around=1.0):
        self.tensors[name + ".weight"] = self.random.normal(around, 0.2, width or self.width).astype(np.float32), Type.F32
        if self.a in LAYER_NORM:
            self.bias(name, width or self.width)

    def bias(self, name, *shape):
        self.tensors[name + ".bias"] = self.random.normal(0, 0.2, shape).astype(np.float32), Type.F32

    def linear(self, name, rows, columns, part, scale=1.0):
        self.matrix(name, rows, columns, scale)
        if part in self.biases:
            self.bias(name, rows)

    def _layer(self, b, i):
        a, width, q, kv = self.a, self.width, self.heads * self.head, self.kv[i] * self.head
        if a not in BERT and a != "olmo2":
            self.norm(b + "attn_norm")
        if a == "lfm2" and not kv:
            self.tensors[b + "shortconv.conv.weight"] = self.random.normal(0, 0.6, (width, self.kernel)).astype(np.float32), Type.F32
            self.matrix(b + "shortconv.in_proj", 3 * width, width)
            self.matrix(b + "shortconv.out_proj", width, width)
        else:
            if a in FUSED:
                self.linear(b + "attn_qkv", q + 2 * kv, width, "qkv", 1.4)
            else:
                for name, rows, scale in [("q", q, 1.4), ("k", kv, 1.4), ("v", kv, 1.0)]:
                    self.linear(b + "attn_" + name, rows, width, "qkv", scale)
            self.linear(b + "attn_output", width, q, "out")
            if a in HEAD_NORM or a == "olmo2":
                self.norm(b + "attn_q_norm", q if a == "olmo2" else self.head)
                self.norm(b + "attn_k_norm", kv if a == "olmo2" else self.head)
        if a == "gpt-oss":
            self.tensors[b + "attn_sinks.weight"] = self.random.normal(0, 1, self.heads).astype(np.float32), Type.F32
        if a in POST_NORM or a == "gpt-oss":
            self.norm(b + "post_attention_norm")
        if a in POST_NORM:
            self.norm(b + "post_ffw_norm")
        if a in BERT:
            self.norm(b + "attn_output_norm")
            self.norm(b + "layer_output_norm")
        if a not in BERT and a not in ("olmo2", "gpt-oss"):
            self.norm(b + "ffn_norm")
        self._feed_forward(b)

    def _feed_forward(self, b):
        a, width, ff = self.a, self.width, self.ff
        if self.experts:
            ff = self.expert_ff or ff
            self.matrix(b + "ffn_gate_inp", self.experts, width, kind=Type.F32)
            for name, rows, columns in [("gate", ff, width), ("up", ff, width), ("down", width, ff)]:
                self.matrix(f"{b}ffn_{name}_exps", rows, columns, planes=self.experts)
                if a == "gpt-oss":
                    self.bias(f"{b}ffn_{name}_exps", self.experts, rows)
            if a == "gpt-oss":
                self.bias(b + "ffn_gate_inp", self.experts)
        else:
            if a not in ("starcoder2", "bert", "phi3"):
                self.linear(b + "ffn_gate", ff, width, "ffn")
            self.linear(b + "ffn_up", 2 * ff if a == "phi3" else ff, width, "ffn")
            self.linear(b + "ffn_down", width, ff, "ffn")

    def matrix_types(self):
        """The types of its matrices, but for those that are F32 in every model."""
        always = ("ffn_gate_inp", "token_types", "position_embd", "shortconv.conv")
        matrices = [name for name, (values, _) in self.tensors.items() if values.ndim > 1 and name.endswith("weight")]
        return sorted({self.tensors[name][1].name for name in matrices if not any(word in name for word in always)})

    def write(self, path, quantise):
        writer = gguf.GGUFWriter(path, self.a)
        for key, value in self.keys.items():
            add(writer, key, value)
        for name, (values, kind) in sorted(self.tensors.items()):
            if kind == Type.F32:
                writer.add_tensor(name, values)
            elif kind == Type.F16:
                writer.add_tensor(name, values.astype(np.float16))
            else:
                writer.add_tensor(name, quantise(values, kind), raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def add(writer, key, value):
    if value is None:
        return
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)


def quantiser(library):
    """ggml's own quantisation, from the loaded libggml-base."""
    library.ggml_quantize_chunk.restype = c.c_size_t
    library.ggml_quantize_chunk.argtypes = [c.c_int, c.c_void_p, c.c_void_p, c.c_int64, c.c_int64, c.c_int64, c.c_void_p]

    def quantise(values, kind):
        values = np.ascontiguousarray(values, np.float32)
        block, size = gguf.GGML_QUANT_SIZES[kind]
        rows, columns = values.size // values.shape[-1], values.shape[-1]
        assert columns % block == 0, (values.shape, kind)
        out = np.empty((*values.shape[:-1], columns // block * size), np.uint8)
        # Every column counts as much as any other.
        importance = np.ones(columns, np.float32)
        counts = importance.ctypes.data if kind in UNEVEN else None
        written = library.ggml_quantize_chunk(int(kind), values.ctypes.data, out.ctypes.data, 0, rows, columns, counts)
        assert written == out.nbytes
        return out

    return quantise
