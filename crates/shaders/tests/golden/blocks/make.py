"""Writes the golden blocks of this folder, a file for each tensor type: random blocks and, as float32, the weights that
`gguf.quants.dequantize` makes of them. Writes the grids of the types IQ1 to IQ3 as well, for src/repack/packing.

Run with the packages gguf 0.19.0 and numpy: python make.py
"""

from pathlib import Path

import numpy as np
from gguf import quants
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Type

HERE = Path(__file__).parent

# Where a block has halves.
HALVES = {
    Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2], Type.Q8_0: [0],
    Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
    Type.IQ1_S: [0], Type.IQ1_M: [], Type.IQ2_XXS: [0], Type.IQ2_XS: [0], Type.IQ2_S: [0], Type.IQ3_XXS: [0],
    Type.IQ3_S: [0], Type.IQ4_NL: [0], Type.IQ4_XS: [0], Type.MXFP4: [], Type.TQ1_0: [52], Type.TQ2_0: [64],
}


def blocks(kind, random):
    length, size = GGML_QUANT_SIZES[kind]
    data = random.integers(0, 256, (512 // length, size), dtype=np.uint8)
    halves = (random.choice([-1, 1], (len(data), 2)) * random.uniform(1e-3, 0.2, (len(data), 2))).astype(np.float16)
    for half, at in enumerate(HALVES[kind]):
        data[:, at : at + 2] = halves[:, half : half + 1].view(np.uint8)
    if kind == Type.IQ1_M:  # a nibble of the half in each of four words
        bits = halves[:, 0].view(np.uint16)
        for i in range(4):
            data[:, 49 + 2 * i] = data[:, 49 + 2 * i] & 15 | ((bits >> (4 * i)) & 15).astype(np.uint8) << 4
    if kind == Type.MXFP4:
        data[:, 0] = [0, 1, 2, 3, 250, *random.integers(110, 140, len(data) - 5)]
    return data


def main():
    for kind in HALVES:
        data = blocks(kind, np.random.default_rng(int(kind)))
        values = quants.dequantize(data, kind).astype("<f4")
        assert np.isfinite(values).all(), kind
        (HERE / f"{kind.name.lower()}.bin").write_bytes(data.tobytes() + values.tobytes())
    grids = [quants.IQ1_S, quants.IQ2_XXS, quants.IQ2_XS, quants.IQ2_S, quants.IQ3_XXS, quants.IQ3_S]
    packed = b"".join(bytes.fromhex(grid.grid_hex.decode()) for grid in grids)
    (HERE / "../../../src/repack/packing/grids.bin").write_bytes(packed)


main()
