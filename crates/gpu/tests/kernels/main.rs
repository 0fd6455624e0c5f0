//! Every variant of every kernel, on every adapter of this machine, held against its CPU reference on odd shapes.
//!
//! A topic a file; each lists its cases, and `coverage` holds that list against the variants there are. Adapters are opened
//! once and shared. `VK_ADD_DRIVER_FILES` adds a software adapter, such as SwiftShader, beside those that are installed.

mod adapters;
mod attention;
mod attention_tile;
mod case;
mod coverage;
mod embed;
mod experts;
mod gate;
mod linear;
mod norm;
mod norm_heads;
mod pool;
mod quantise;
mod quantise_weights;
mod random;
mod rope_append;
mod sampling;
mod short_convolution;
mod truncation;
mod weights;
