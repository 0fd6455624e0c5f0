"""Writes the models of this folder (models.py) with their golden values, and index.json.

    npm install node-llama-cpp@3.22.1      (llama.cpp v0.5.0; oracle.py tells how its library is found)
    pip install gguf==0.19.0 numpy
    python make.py                         (everything; the same files every time)
    python make.py check FOLDER            (that the oracle agrees with another folder of golden data and its index.json)

A row of index.json: `model`, `architecture`, the `types` of its matrices, `tokens`; `logits` [tokens, vocabulary], `embedding` [width] or `scores` [labels] as float32 .npy; `context`,
the context length of the session, where it counts; `text`, which the model's tokenizer makes the tokens of; `asked_as`, the architecture
that the oracle was asked under; `what` it is about. Embeddings are pooled as the model says and not normalised: llama.cpp's library leaves
that to its callers, who divide by the Euclidean length.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from models import MODELS, SMALL
from oracle import Oracle, error, golden
from tiny import Tiny, quantiser

HERE = Path(__file__).parent
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
        self.row(name, name, tiny, tokens, what, options, text)
        return tiny, tokens

    def row(self, name, model, tiny, tokens, what, options, text=None, source=None):
        values = golden(self.oracle, source or HERE / f"{model}.gguf", tokens, **options)
        assert np.isfinite(values).all(), name
        kind = "scores" if "labels" in options else "embedding" if "embeddings" in options else "logits"
        np.save(HERE / f"{name}.{kind}.npy", values.astype("<f4"))
        row = {"model": f"{model}.gguf", "architecture": tiny.a, "types": tiny.matrix_types(), "tokens": tokens}
        row |= {kind: f"{name}.{kind}.npy", "what": what}
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
            self.row(name, name, tiny, tokens, what, {}, source=windowed(WINDOW))
            self.index[-1]["asked_as"] = "granite_swa"


def check(folder):
    oracle = Oracle()
    for row in json.loads((folder / "index.json").read_text()):
        if "asked_as" in row:  # no file of this folder gives it
            continue
        kind = next(kind for kind in ["logits", "embedding", "scores"] if kind in row)
        options = {"embeddings": "pooled"} if kind != "logits" else {}
        options |= {"labels": len(np.load(folder / row[kind]))} if kind == "scores" else {}
        options |= {"context": row["context"]} if "context" in row else {}
        found = golden(oracle, folder / row["model"], row["tokens"], **options)
        print(f"{row[kind]:48} {error(found, np.load(folder / row[kind])):.1e}")


def main():
    if sys.argv[1:2] == ["check"]:
        return check(Path(sys.argv[2]))
    maker = Maker()
    for name, what, model, prompted, options in MODELS:
        tiny, tokens = maker.add(name, what, model, prompted, options)
        if name == "phi3-longrope":
            what = "the same weights in a session with the original context: short factors"
            maker.row("phi3-longrope-short", name, tiny, tokens, what, dict(context=256))
    maker.mistral()
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in maker.index)
    (HERE / "index.json").write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    main()
