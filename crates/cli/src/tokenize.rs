//! `wgslm tokenize`: prints the tokens of a text.

use std::io::Write as _;

use wgslm::text::{Special, Tokenizer};

use crate::arguments::TokenizeArguments;
use crate::error::Result;
use crate::load;

pub(crate) fn run(arguments: &TokenizeArguments) -> Result<()> {
    let mut header = load::header(&arguments.model)?;
    let tokenizer = Tokenizer::take_from(&mut header)?;
    let special = if arguments.no_special { Special::Plain } else { Special::Parse };
    let ids = tokenizer.encode(&arguments.text, special)?;
    let mut output = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer(&mut output, &serde_json::json!({ "ids": ids }))?;
        writeln!(output)?;
    } else {
        let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
        writeln!(output, "{}", ids.join(","))?;
    }
    Ok(())
}
