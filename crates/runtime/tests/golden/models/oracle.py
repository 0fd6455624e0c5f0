"""The oracle: llama.cpp's CPU library as `node-llama-cpp` carries it, through ctypes.

    npm install node-llama-cpp@3.22.1        (llama.cpp v0.5.0)
    pip install gguf==0.19.0 numpy
    python oracle.py MODEL.gguf 1,2,3        (prints the argmax and the spread of the logits)

The folder with libllama is found under ./node_modules, or is told by LLAMA_LIBRARY. Conventions, those of all golden data: the file's
weights as F32, an F32 KV cache, no flash attention, the CPU backend, the whole prompt in one batch.
"""

import ctypes as c
import glob
import os
import sys
import tempfile
from pathlib import Path

import gguf
import numpy as np

INT, UINT, FLOAT, POINTER, BOOL, SIZE = c.c_int32, c.c_uint32, c.c_float, c.c_void_p, c.c_bool, c.c_size_t
F32 = 0  # ggml's number of the type


class ModelParams(c.Structure):
    _fields_ = [
        ("devices", POINTER), ("tensor_buft_overrides", POINTER), ("n_gpu_layers", INT), ("split_mode", INT), ("load_mode", INT),
        ("lazy_mode", INT), ("main_gpu", INT), ("tensor_split", POINTER), ("progress_callback", POINTER), ("progress_user_data", POINTER),
        ("kv_overrides", POINTER), ("vocab_only", BOOL), ("check_tensors", BOOL), ("use_extra_bufts", BOOL), ("no_host", BOOL),
        ("no_alloc", BOOL), ("load_mtp", BOOL),
    ]


class ContextParams(c.Structure):
    _fields_ = [
        ("n_ctx", UINT), ("n_batch", UINT), ("n_ubatch", UINT), ("n_seq_max", UINT), ("n_rs_seq", UINT), ("n_outputs_max", UINT),
        ("n_outputs_max_per_seq", UINT), ("n_threads", INT), ("n_threads_batch", INT), ("ctx_type", INT), ("rope_scaling_type", INT),
        ("pooling_type", INT), ("attention_type", INT), ("flash_attn_type", INT), ("rope_freq_base", FLOAT), ("rope_freq_scale", FLOAT),
        ("yarn_ext_factor", FLOAT), ("yarn_attn_factor", FLOAT), ("yarn_beta_fast", FLOAT), ("yarn_beta_slow", FLOAT),
        ("yarn_orig_ctx", UINT), ("defrag_thold", FLOAT), ("cb_eval", POINTER), ("cb_eval_user_data", POINTER), ("type_k", INT),
        ("type_v", INT), ("abort_callback", POINTER), ("abort_callback_data", POINTER), ("embeddings", BOOL), ("offload_kqv", BOOL),
        ("no_perf", BOOL), ("op_offload", BOOL), ("swa_full", BOOL), ("kv_unified", BOOL), ("samplers", POINTER), ("n_samplers", SIZE),
        ("ctx_other", POINTER),
    ]


class Batch(c.Structure):
    _fields_ = [
        ("n_tokens", INT), ("token", c.POINTER(INT)), ("embd", POINTER), ("pos", c.POINTER(INT)), ("n_seq_id", c.POINTER(INT)),
        ("seq_id", c.POINTER(c.POINTER(INT))), ("logits", c.POINTER(c.c_int8)),
    ]


LOG = c.CFUNCTYPE(None, c.c_int, c.c_char_p, POINTER)


class Oracle:
    def __init__(self, verbose=False):
        folder = os.environ.get("LLAMA_LIBRARY") or "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64"
        folder = Path(folder).resolve()
        load = lambda name: c.CDLL(glob.glob(str(folder / name))[0], mode=c.RTLD_GLOBAL)
        self.base = load("libggml-base.so")
        ggml = load("libggml.*so")
        self.llama = llama = load("libllama.v*.so")
        self.messages = []
        self.log = LOG(lambda level, text, _: self.messages.append(text.decode(errors="replace")))
        if not verbose:
            llama.llama_log_set(self.log, None)
        ggml.ggml_backend_load_all_from_path(str(folder).encode())
        llama.llama_backend_init()
        llama.llama_model_default_params.restype = ModelParams
        llama.llama_context_default_params.restype = ContextParams
        llama.llama_model_load_from_file.argtypes = [c.c_char_p, ModelParams]
        llama.llama_init_from_model.argtypes = [POINTER, ContextParams]
        llama.llama_decode.argtypes = llama.llama_encode.argtypes = [POINTER, Batch]
        llama.llama_tokenize.argtypes = [POINTER, c.c_char_p, INT, c.POINTER(INT), INT, BOOL, BOOL]
        for name in ["llama_model_load_from_file", "llama_init_from_model", "llama_model_get_vocab"]:
            getattr(llama, name).restype = POINTER
        for name in ["llama_get_logits_ith", "llama_get_embeddings_seq", "llama_get_embeddings_ith"]:
            getattr(llama, name).restype = c.POINTER(FLOAT)
        for name in ["llama_get_logits_ith", "llama_get_embeddings_seq", "llama_get_embeddings_ith"]:
            getattr(llama, name).argtypes = [POINTER, INT]
        for name in ["llama_model_get_vocab", "llama_vocab_n_tokens", "llama_model_n_embd", "llama_free", "llama_model_free"]:
            getattr(llama, name).argtypes = [POINTER]

    def _fail(self, path):
        raise RuntimeError(f"{path}: " + "".join(self.messages[-8:]))

    def _open(self, path):
        self.messages.clear()
        params = self.llama.llama_model_default_params()
        params.n_gpu_layers, params.use_extra_bufts = 0, False
        return self.llama.llama_model_load_from_file(str(path).encode(), params) or self._fail(path)

    def tokenize(self, path, text):
        """A text's tokens with the special ones around it."""
        model, found, data = self._open(path), (INT * 512)(), text.encode()
        count = self.llama.llama_tokenize(self.llama.llama_model_get_vocab(model), data, len(data), found, 512, True, False)
        self.llama.llama_model_free(model)
        return found[:count]

    def run(self, path, tokens, context=512, embeddings=None, labels=None, **options):
        """The logits of all tokens; with `embeddings` as "pooled" or "tokens" those, as the library has them, not normalised; with `labels`
        a classifier's scores of so many.

        `context` is the context length that the session is opened with; the library rounds it up to a multiple of 256. `options` are
        further fields of its parameters.
        """
        llama, model = self.llama, self._open(path)
        fields = llama.llama_context_default_params()
        fields.n_ctx, fields.n_batch, fields.n_ubatch = context, max(context, len(tokens)), max(context, len(tokens))
        fields.n_threads = fields.n_threads_batch = 1
        fields.flash_attn_type, fields.type_k, fields.type_v = 0, F32, F32
        fields.embeddings = embeddings is not None
        for name, value in options.items():
            setattr(fields, name, value)
        session = llama.llama_init_from_model(model, fields) or self._fail(path)
        n = len(tokens)
        sequence = (INT * 1)(0)
        batch = Batch(
            n, (INT * n)(*tokens), None, (INT * n)(*range(n)), (INT * n)(*[1] * n),
            (c.POINTER(INT) * n)(*[c.cast(sequence, c.POINTER(INT))] * n), (c.c_int8 * n)(*[1] * n),
        )
        if llama.llama_decode(session, batch):
            self._fail(path)
        width = llama.llama_model_n_embd(model) if embeddings else llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))
        width = labels or width
        row = lambda values: np.ctypeslib.as_array(values, (width,)).copy()
        if embeddings == "pooled":
            result = row(llama.llama_get_embeddings_seq(session, 0))
        else:
            get = llama.llama_get_embeddings_ith if embeddings else llama.llama_get_logits_ith
            result = np.stack([row(get(session, i)) for i in range(n)])
        llama.llama_free(session)
        llama.llama_model_free(model)
        return result


def copy_as_f32(source, target):
    """Writes a model again with every tensor as F32, its metadata as it was."""
    reader = gguf.GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(target, architecture)
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        kind = field.types[0]
        writer.add_key_value(field.name, field.contents(), kind, field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        writer.add_tensor(tensor.name, values.reshape([int(n) for n in reversed(tensor.shape)]))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def golden(oracle, path, tokens, **options):
    """What a model's exact weights give."""
    with tempfile.TemporaryDirectory() as folder:
        exact = Path(folder) / "f32.gguf"
        copy_as_f32(path, exact)
        return oracle.run(exact, tokens, **options)


def error(found, expected):
    return float(np.sqrt(np.mean((found - expected) ** 2)) / np.std(expected))


if __name__ == "__main__":
    logits = golden(Oracle(), sys.argv[1], [int(token) for token in sys.argv[2].split(",")])
    print(logits.argmax(-1).tolist(), logits.std())
