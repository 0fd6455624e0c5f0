//! Tests every variant of every kernel on every adapter of this machine against its CPU reference, on odd shapes.
//!
//! Each file lists the cases of one topic, and `coverage` compares the lists with all variants. Devices are opened once and
//! shared. `VK_ADD_DRIVER_FILES` adds a software adapter, such as SwiftShader, to the installed ones.

mod adapters;
mod adjusting;
mod attention;
mod attention_tile;
mod case;
mod copy_blocks;
mod coverage;
mod draws;
mod embed;
mod experts;
mod gate;
mod linear;
mod logprobs;
mod norm;
mod norm_heads;
mod pool;
mod quantise;
mod quantise_weights;
mod random;
mod repack;
mod rope_append;
mod sampling;
mod short_convolution;
mod truncation;
mod weights;
