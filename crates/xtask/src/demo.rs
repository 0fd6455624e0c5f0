//! `cargo xtask demo`: serves the site on this machine or, headless, runs one prompt on its page.

use crate::serve::{Folders, Server};
use crate::setup::{self, Need};
use crate::{model, process, web};
use anyhow::Result;
use std::process::{Command, ExitCode};
use std::thread;

/// The default port.
const PORT: u16 = 8080;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The port to serve on; 0 takes any free one [default: 8080, or a free one if that is taken]
    #[arg(long)]
    port: Option<u16>,
    /// Open the page in headless Chromium, send this prompt, print the answer and exit
    #[arg(long, value_name = "PROMPT")]
    headless: Option<String>,
    /// Don't fetch the default model
    #[arg(long, conflicts_with = "headless")]
    no_model: bool,
}

impl Options {
    fn needs(&self) -> Vec<Need> {
        let mut needs = web::NEEDS.to_vec();
        if !self.no_model {
            needs.push(Need::Model(&model::DEFAULT));
        }
        if self.headless.is_some() {
            needs.extend([Need::Chromium, Need::NodeModules("tests/browser")]);
        }
        needs
    }
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    setup::ensure(&options.needs())?;
    web::build()?;
    let folders = Folders::of_the_project()?;
    let server = match options.port {
        Some(port) => Server::start(&folders, port)?,
        None => Server::start(&folders, PORT).or_else(|_| Server::start(&folders, 0))?,
    };
    let Some(prompt) = &options.headless else {
        println!("The demo is at {} until Ctrl-C", server.url());
        loop {
            thread::park();
        }
    };
    let status = process::status(in_browser("node").args(["tests/browser/ask.mjs", &server.url(), prompt]))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// A command of a program that drives browsers, whose paths it gets in `WGSLM_CHROMIUM` and `WGSLM_FIREFOX`.
pub(crate) fn in_browser(program: &str) -> Command {
    let mut command = process::command(program);
    for (variable, browser) in [("WGSLM_CHROMIUM", setup::chromium()), ("WGSLM_FIREFOX", setup::firefox())] {
        if let Some(path) = browser {
            command.env(variable, path);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(headless: bool, no_model: bool) -> Vec<Need> {
        Options { port: None, headless: headless.then(|| "Hello".to_owned()), no_model }.needs()
    }

    #[test]
    fn a_browser_is_installed_only_for_the_headless_demo() {
        assert!(needs(true, false).contains(&Need::Chromium));
        assert!(!needs(false, false).contains(&Need::Chromium));
    }

    #[test]
    fn the_model_is_fetched_unless_it_is_not_wanted() {
        assert!(needs(false, false).contains(&Need::Model(&model::DEFAULT)));
        assert!(!needs(false, true).contains(&Need::Model(&model::DEFAULT)));
    }
}
