"""Writes the models of this folder with their golden values, and index.json. They guard what the golden models of `arch` and `quant` don't.

    npm install node-llama-cpp@3.22.1      (llama.cpp v0.5.0; oracle.py tells how its library is found)
    pip install gguf==0.19.0 numpy
    python make.py                         (everything; the same files every time)
    python make.py check FOLDER            (that the oracle agrees with another folder of golden data and its index.json)

A row of index.json: `model`, `architecture`, `tokens`; `logits` [tokens, vocabulary] or `embedding` [width] as float32 .npy; `context`,
the context length of the session, where it counts; `text`, which the model's tokenizer makes the tokens of; `asked_as`, the architecture
that the oracle was asked under; `what` it is about. Embeddings are pooled as the model says and not normalised: llama.cpp's library leaves
that to its callers, who divide by the Euclidean length.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type

from oracle import Oracle, error, golden
from tiny import Tiny, quantiser

HERE = Path(__file__).parent
SMALL = dict(width=64, heads=2, kv_heads=1, head=32, ff=96, vocabulary=64)
BERT = dict(width=64, heads=2, kv_heads=2, head=32, ff=96, vocabulary=96, context=32)
TEXT = "The quick brown fox jumped over 2 lazy dogs, didn't it?"
YARN = {".rope.scaling.type": "yarn", ".rope.scaling.factor": 4.0, ".rope.scaling.original_context_length": 256}
# Above and below the original context other factors hold; the model's own context is above.
LONG_ROPE = {".rope.scaling.type": "longrope", ".rope.scaling.attn_factor": 1.19, ".rope.scaling.original_context_length": 256}


def factors(pairs):
    return {"rope_factors_long.weight": np.linspace(1, 8, pairs), "rope_factors_short.weight": np.linspace(1, 1.5, pairs)}


# Name, what it is about, the model (see tiny.py), the number of tokens or a text, and options of the run.
MODELS = [
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
        "qwen3-last", "an embedding of a causal model: the last token after the output norm",
        dict(SMALL, architecture="qwen3", layers=1, metadata={".pooling_type": 3}), 20, dict(embeddings="pooled"),
    ),
]
WINDOW = 8


def prompt(count, vocabulary):
    return [int(token) for token in np.random.default_rng(count).integers(0, vocabulary - 3, count)]


class Maker:
    def __init__(self):
        self.oracle, self.index = Oracle(), []
        self.quantise = quantiser(self.oracle.base)

    def add(self, name, what, model, prompted, options):
        tiny = Tiny(**model)
        tiny.write(HERE / f"{name}.gguf", self.quantise)
        text = prompted if isinstance(prompted, str) else None
        tokens = self.oracle.tokenize(HERE / f"{name}.gguf", text) if text else prompt(prompted, tiny.vocabulary)
        self.row(name, name, tiny.a, tokens, what, options, text)
        return tokens

    def row(self, name, model, architecture, tokens, what, options, text=None, source=None):
        values = golden(self.oracle, source or HERE / f"{model}.gguf", tokens, **options)
        assert np.isfinite(values).all(), name
        kind = "embedding" if "embeddings" in options else "logits"
        np.save(HERE / f"{name}.{kind}.npy", values.astype("<f4"))
        row = {"model": f"{model}.gguf", "architecture": architecture, "tokens": tokens, kind: f"{name}.{kind}.npy", "what": what}
        row |= {key: value for key, value in {"context": options.get("context"), "text": text}.items() if value}
        self.index.append(row)
        print(f"{name:24} {kind:9} {values.shape} spread {values.std():.2f}")

    def mistral(self):
        """Llama with a window, which llama.cpp never applies to this architecture, so its golden is asked for under another name.

        `granite_swa` with all its scales left out and sinks that draw nothing is llama with a window on the layers of the pattern; with a
        window as wide as the prompt its logits are llama's, bit by bit.
        """
        model = dict(SMALL, architecture="llama", metadata={".attention.sliding_window": WINDOW})
        name, what = "mistral-window", f"llama with a window of {WINDOW}: the last {WINDOW} tokens, one's own among them, on every layer"
        tiny = Tiny(**model)
        tiny.write(HERE / f"{name}.gguf", self.quantise)
        tokens = prompt(32, tiny.vocabulary)
        sinks = {f"blk.{layer}.attn_sinks.weight": np.full(tiny.heads, -1e9) for layer in range(tiny.layers)}
        with tempfile.TemporaryDirectory() as folder:
            windowed = lambda window: Path(folder) / f"{window}.gguf"
            for window in [WINDOW, len(tokens)]:
                keys = {".logit_scale": 1.0, ".attention.sliding_window": window, ".attention.sliding_window_pattern": [True] * tiny.layers}
                Tiny(**dict(model, architecture="granite_swa", metadata=keys, extra=sinks)).write(windowed(window), self.quantise)
            unlimited = golden(self.oracle, HERE / f"{name}.gguf", tokens)
            assert np.array_equal(golden(self.oracle, windowed(len(tokens)), tokens), unlimited)
            self.row(name, name, "llama", tokens, what, {}, source=windowed(WINDOW))
            self.index[-1]["asked_as"] = "granite_swa"


def check(folder):
    oracle = Oracle()
    for row in json.loads((folder / "index.json").read_text()):
        if "asked_as" in row:  # no file of this folder gives it
            continue
        kind = "logits" if "logits" in row else "embedding"
        options = {"embeddings": "pooled"} if kind == "embedding" else {}
        options |= {"context": row["context"]} if "context" in row else {}
        found = golden(oracle, folder / row["model"], row["tokens"], **options)
        print(f"{row[kind]:48} {error(found, np.load(folder / row[kind])):.1e}")


def main():
    if sys.argv[1:2] == ["check"]:
        return check(Path(sys.argv[2]))
    maker = Maker()
    for name, what, model, prompted, options in MODELS:
        tokens = maker.add(name, what, model, prompted, options)
        if name == "phi3-longrope":
            what = "the same weights in a session with the original context: short factors"
            maker.row("phi3-longrope-short", name, "phi3", tokens, what, dict(context=256))
    maker.mistral()
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in maker.index)
    (HERE / "index.json").write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    main()
