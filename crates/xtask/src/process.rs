//! Runs other programs and collects their output.

use anyhow::{Context, Result, ensure};
use std::cell::RefCell;
use std::env;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

thread_local! {
    /// The file that receives the output of this thread's commands instead of the terminal.
    static TRANSCRIPT: RefCell<Option<File>> = const { RefCell::new(None) };
}

/// Runs `work` and returns its result with the output of its commands and notes, which isn't printed.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> Result<(T, String)> {
    let mut file = tempfile::tempfile().context("no file for a step's output")?;
    TRANSCRIPT.set(Some(file.try_clone()?));
    let result = work();
    TRANSCRIPT.set(None);
    let mut printed = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut printed)?;
    Ok((result, String::from_utf8_lossy(&printed).into_owned()))
}

/// Prints a line about progress on standard error, or into the output that [`aside`] collects.
pub(crate) fn note(line: &str) {
    match transcript() {
        // A note that can't be written must not end the work.
        Some(mut file) => drop(writeln!(file, "{line}")),
        None => eprintln!("{line}"),
    }
}

fn transcript() -> Option<File> {
    TRANSCRIPT.with_borrow(|file| file.as_ref()?.try_clone().ok())
}

/// Redirects a command's output if [`aside`] collects that of this thread.
fn redirected(command: &mut Command) -> Result<&mut Command> {
    if let Some(file) = transcript() {
        command.stdout(file.try_clone()?).stderr(file);
    }
    Ok(command)
}

/// A command that runs in the root of the repository.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(crate::paths::root());
    command
}

/// The cargo that runs this program.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut cargo = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg(subcommand);
    cargo
}

/// Runs a command with its output on standard output. A status other than success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    ensure!(status.success(), "`{}` failed ({status})", shown(command));
    Ok(())
}

/// Runs a preparatory command, with its output on standard error.
pub(crate) fn prepare(command: &mut Command) -> Result<()> {
    run(command.stdout(io::stderr()))
}

/// Runs a command and returns its status.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    note(&format!("$ {}", shown(command)));
    redirected(command)?.status().with_context(|| format!("could not start `{}`", shown(command)))
}

/// Runs a command and returns its standard output.
pub(crate) fn capture(command: &mut Command) -> Result<Vec<u8>> {
    note(&format!("$ {}", shown(command)));
    let output = redirected(command.stderr(Stdio::inherit()))?.stdout(Stdio::piped()).output();
    let output = output.with_context(|| format!("could not start `{}`", shown(command)))?;
    ensure!(output.status.success(), "`{}` failed ({})", shown(command), output.status);
    Ok(output.stdout)
}

/// Runs a command and returns its trimmed output; `None` if it can't be started or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The path of a program on the PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    find_file(&format!("{program}{}", env::consts::EXE_SUFFIX))
}

/// The first file of this name in a folder of the PATH.
pub(crate) fn find_file(name: &str) -> Option<PathBuf> {
    first_in(env::split_paths(&env::var_os("PATH")?), name)
}

fn first_in(folders: impl IntoIterator<Item = PathBuf>, name: &str) -> Option<PathBuf> {
    folders.into_iter().map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The command line as typed in a shell, without the program's folder.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| {
            let word = word.to_string_lossy();
            if word.is_empty() || word.contains([' ', '"', '\'', '$', '*']) { format!("{word:?}") } else { word.into() }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        let mut command = Command::new("/usr/bin/node");
        command.args(["ask.mjs", "The capital", ""]);
        assert_eq!(shown(&command), r#"node ask.mjs "The capital" """#);
    }

    #[test]
    fn what_a_command_prints_can_be_kept_aside() {
        let mut command = Command::new("cargo");
        command.arg("--version");
        let (result, printed) = aside(|| run(&mut command)).unwrap();
        result.unwrap();
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines[0], "$ cargo --version");
        assert!(lines[1].starts_with("cargo 1."), "{printed}");
        assert!(transcript().is_none(), "only while the work runs");
    }

    #[test]
    fn a_program_is_found_in_the_first_folder_that_has_it() {
        let folders = tempfile::tempdir().unwrap();
        let [empty, first, second] = ["empty", "first", "second"].map(|name| folders.path().join(name));
        for folder in [&empty, &first, &second] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(first.join("tool"), "").unwrap();
        std::fs::write(second.join("tool"), "").unwrap();
        assert_eq!(first_in([empty.clone(), first.clone(), second], "tool"), Some(first.join("tool")));
        assert_eq!(first_in([empty], "tool"), None);
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = run(Command::new("cargo").arg("no-such-subcommand").stderr(Stdio::null())).unwrap_err();
        assert!(error.to_string().starts_with("`cargo no-such-subcommand` failed"), "{error}");
    }
}
