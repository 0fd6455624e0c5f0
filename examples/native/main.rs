//! Loads a GGUF file and streams what follows a prompt:
//! `cargo run --release -p wgslm --example native -- MODEL.gguf "The capital of France is"`

use std::error::Error;
use std::fs::File;
use std::io::{Read as _, Write as _};

use wgslm::engine::{EngineOptions, GenerateOptions, GenerationEvent, Loader};
use wgslm::{Device, DeviceOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, prompt] = arguments.as_slice() else { return Err("usage: native MODEL.gguf PROMPT".into()) };
    pollster::block_on(answer(path, prompt))
}

async fn answer(path: &str, prompt: &str) -> Result<(), Box<dyn Error>> {
    // The most powerful device there is; `DeviceOptions::device` names another.
    let device = Device::open(&DeviceOptions::default()).await?;
    eprintln!("running on {}", device.adapter().name);

    // The file may come in pieces of any size, from anywhere: its tensors go to the device as they arrive.
    let mut file = File::open(path)?;
    let mut loader = Loader::new(&device, &EngineOptions::default());
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => break,
            length => loader.push(&piece[..length])?,
        }
    }
    let engine = loader.finish().await?;

    let tokens = engine.model().tokenizer()?.encode_prompt(prompt)?;
    let options = GenerateOptions { max_tokens: Some(64), ..GenerateOptions::default() };
    let mut generation = engine.generate(&tokens, options)?;
    while let Some(event) = generation.next().await? {
        match event {
            // A token may end inside a character: its text comes with the token that makes it whole.
            GenerationEvent::Token { text, .. } => print!("{text}"),
            GenerationEvent::Finished(summary) => {
                println!();
                eprintln!("{:?}, {:.1} tokens/s", summary.finish_reason, summary.timings.decode_tokens_per_s);
            }
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}
