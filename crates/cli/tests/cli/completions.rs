//! `wgslm completions`.

use std::process::Command;

use crate::program::{Run, wgslm};

/// Sources the script in `$1`, and prints what it completes `wgslm` and the words after it to.
const COMPLETE: &str = r#"eval "$1"; shift; COMP_WORDS=(wgslm "$@"); COMP_CWORD=$#; _wgslm wgslm "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"; printf '%s\n' "${COMPREPLY[@]}""#;

#[test]
fn every_shell_has_a_script_with_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = wgslm(&["completions", shell]).succeeded();
        for word in ["generate", "serve", "completions", "queue-limit"] {
            assert!(script.contains(word), "{word} is missing in the script for {shell}");
        }
    }
    wgslm(&["completions", "cmd"]).failed(2, "possible values: bash, elvish, fish, powershell, zsh");
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_and_options() {
    let script = wgslm(&["completions", "bash"]).succeeded();
    for (words, completed) in [
        (&["perp"][..], "perplexity\n"),
        (&["serve", "--queue-l"], "--queue-limit\n"),
        (&["completions", "fi"], "fish\n"),
    ] {
        let bash = Command::new("bash").args(["-c", COMPLETE, "bash", &script]).args(words).output();
        assert_eq!(Run::from(bash.expect("bash starts")).succeeded(), completed, "{words:?}");
    }
}
