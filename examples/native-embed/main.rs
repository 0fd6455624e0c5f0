//! A model inside a program with threads of its own; here each line of standard input is a question, and has a thread:
//! `printf 'Who are you?\nWhat is WGSL?\n' | cargo run --release -p wgslm --example native-embed -- MODEL.gguf`

mod assistant;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::io;
use std::path::Path;
use std::thread;

use assistant::{AskError, Assistant};
use wgslm::engine::{EngineOptions, GenerateOptions, Prompt};
use wgslm::text::Message;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: native-embed MODEL.gguf")?;
    let options = EngineOptions { slots: Some(4), queue: Some(16), kv_tokens: Some(8192), ..EngineOptions::default() };
    let assistant = Assistant::load(Path::new(&path), &options)?;
    thread::scope(|scope| {
        for line in io::stdin().lines().map_while(Result::ok) {
            let assistant = &assistant;
            scope.spawn(move || println!("{line}\n{}\n", answer(assistant, &line)));
        }
    });
    assistant.stop();
    Ok(())
}

/// The answer, or what to tell whoever has asked.
fn answer(assistant: &Assistant, question: &str) -> String {
    let prompt = Prompt::Messages(vec![Message::new("user", question)]);
    let mut text = String::new();
    let options = GenerateOptions { max_tokens: Some(128), ..GenerateOptions::default() };
    match assistant.ask(&prompt, options, |piece| text += piece) {
        Ok(_) => text,
        // A program would wait so long, answer without the model, or pass it on as its own 503.
        Err(error @ AskError::Busy { .. }) => format!("({error})"),
        Err(error) => format!("(no answer: {error})"),
    }
}
