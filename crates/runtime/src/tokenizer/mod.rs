//! Text to tokens and back, built from a model's metadata.
