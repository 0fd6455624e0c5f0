//! What can be typed: a message, or a command that begins with a slash.

/// The commands, as `/help` prints them.
pub(super) const HELP: &str = "\
/again          answer the last question once more, with another seed
/undo           forget the last question and its answer
/reset          begin anew
/system [TEXT]  begin anew with this system message, or with none
/help           this list
/exit           leave, as Ctrl-D does
Ctrl-C ends an answer under way. A backslash at the end of a line continues it on the next.";

/// A line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Say(String),
    Again,
    Undo,
    Reset,
    System(String),
    Help,
    Exit,
}

impl Command {
    /// What a line asks for. Two slashes begin a message that begins with one.
    ///
    /// # Errors
    /// What to tell the user about a command that isn't there.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let Some(command) = line.strip_prefix('/') else { return Ok(Self::Say(line.to_owned())) };
        if command.starts_with('/') {
            return Ok(Self::Say(command.to_owned()));
        }
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        match (name, rest.trim()) {
            ("again", "") => Ok(Self::Again),
            ("undo", "") => Ok(Self::Undo),
            ("reset", "") => Ok(Self::Reset),
            ("system", text) => Ok(Self::System(text.to_owned())),
            ("help", "") => Ok(Self::Help),
            ("exit" | "quit", "") => Ok(Self::Exit),
            _ => Err(format!("there is no command /{command}; /help lists them, and // begins a message with a slash")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Command;

    #[test]
    fn lines_are_messages_or_commands() {
        let say = |text: &str| Ok(Command::Say(text.to_owned()));
        let cases = [
            ("hello", say("hello")),
            ("//usr is a folder", say("/usr is a folder")),
            ("/again", Ok(Command::Again)),
            ("/system Be brief. ", Ok(Command::System("Be brief.".to_owned()))),
            ("/system", Ok(Command::System(String::new()))),
            ("/quit", Ok(Command::Exit)),
        ];
        for (line, expected) in cases {
            assert_eq!(Command::parse(line), expected, "{line}");
        }
        for line in ["/", "/rest", "/reset now", "/ help"] {
            assert!(Command::parse(line).is_err(), "{line}");
        }
    }
}
