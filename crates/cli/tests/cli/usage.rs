//! Tests of usage errors and of `--help`.

use crate::program::wgslm;

#[test]
fn what_is_typed_wrong_has_status_2_before_anything_is_loaded() {
    let generate = ["generate", "--model", "none.gguf"];
    let with_tokens = |arguments: &[&'static str]| [&generate[..], &["--tokens", "1"], arguments].concat();
    for (arguments, message) in [
        (vec![], "Usage: wgslm <COMMAND>"),
        (vec!["dance"], "unrecognized subcommand 'dance'"),
        (generate.to_vec(), "<--prompt <TEXT>|--tokens <IDS>>"),
        (vec!["generate", "--prompt", "a"], "--model <PATH>"),
        (with_tokens(&["--prompt", "a"]), "cannot be used with"),
        (with_tokens(&["--chat"]), "cannot be used with"),
        (with_tokens(&["--seed", "one"]), "from 0 on, or -1 for any seed"),
        (with_tokens(&["--seed", "-2"]), "'--seed <S>'"),
        (with_tokens(&["--max-tokens", "many"]), "from 0 on, or -1 for no limit"),
        (with_tokens(&["--max-tokens", "-2"]), "'--max-tokens <N>'"),
        (with_tokens(&["--temperature", "warm"]), "a number, 0 or above"),
        (with_tokens(&["--temperature", "-1"]), "a number, 0 or above"),
        (with_tokens(&["--temperature", "NaN"]), "a number, 0 or above"),
        (with_tokens(&["--top-k", "-1"]), "--top-k <K>"),
        (with_tokens(&["--top-k", "2.5"]), "--top-k <K>"),
        (with_tokens(&["--top-p", "-0.1"]), "a number, from 0 to 1"),
        (with_tokens(&["--top-p", "1.01"]), "a number, from 0 to 1"),
        (with_tokens(&["--top-p", "NaN"]), "a number, from 0 to 1"),
        (with_tokens(&["--min-p", "-0.1"]), "a number, from 0 to 1"),
        (with_tokens(&["--min-p", "2"]), "a number, from 0 to 1"),
        (with_tokens(&["--min-p", "few"]), "a number, from 0 to 1"),
        (with_tokens(&["--typical-p", "2"]), "a number, from 0 to 1"),
        (with_tokens(&["--xtc-probability", "-1"]), "a number, from 0 to 1"),
        (with_tokens(&["--xtc-threshold", "2"]), "a number, from 0 to 1"),
        (with_tokens(&["--repeat-penalty", "0"]), "a number, from 0.01 to 100"),
        (with_tokens(&["--frequency-penalty", "-101"]), "a number, from -100 to 100"),
        (with_tokens(&["--presence-penalty", "inf"]), "a number, from -100 to 100"),
        (with_tokens(&["--repeat-last-n", "2049"]), "0..=2048"),
        (with_tokens(&["--dry-multiplier", "-1"]), "a number, from 0 to 100"),
        (with_tokens(&["--dry-base", "0.5"]), "a number, from 1 to 100"),
        (with_tokens(&["--dry-penalty-last-n", "2049"]), "0..=2048"),
        (with_tokens(&["--logit-bias", "7"]), "a token's id, = and a number"),
        (with_tokens(&["--logit-bias", "7=NaN"]), "a number, at most 1000, or -inf"),
        (with_tokens(&["--suppress-tokens", "1,x"]), "'x' for '--suppress-tokens <IDS>'"),
        (with_tokens(&["--logprobs", "3"]), "--json"),
        (with_tokens(&["--json", "--logprobs", "21"]), "0..=20"),
        (with_tokens(&["--tokens-in-flight", "0"]), "1..=16"),
        (with_tokens(&["--tokens-in-flight", "17"]), "1..=16"),
        ([&generate[..], &["--tokens", "1,x"]].concat(), "'x' for '--tokens <IDS>'"),
        ([&generate[..], &["--tokens", ""]].concat(), "--tokens <IDS>"),
        ([&generate[..], &["--tokens", "1,-2"]].concat(), "'-2' for '--tokens <IDS>'"),
        ([&generate[..], &["--tokens", "1 2"]].concat(), "'1 2' for '--tokens <IDS>'"),
        (with_tokens(&["--activations", "int4"]), "auto, float or int8"),
        (with_tokens(&["--kv", "q4"]), "f16, f32 or q8"),
        (vec!["logits", "--model", "none.gguf", "--tokens", "1"], "--output <OUT.npy>"),
        (vec!["tokenize", "--model", "none.gguf"], "<TEXT>"),
        (vec!["tokenize", "--model", "none.gguf", "two", "texts"], "unexpected argument 'texts'"),
        (vec!["embed", "--model", "none.gguf"], "<TEXT|--file <FILE>>"),
        (vec!["embed", "--model", "none.gguf", "--file", "texts.txt", "a"], "cannot be used with"),
        (vec!["inspect"], "<PATH>"),
        (vec!["bench"], "--model <PATH>"),
        (vec!["bench", "--model", "none.gguf", "--repeat", "0"], "--repeat <N>"),
        (vec!["bench", "--model", "none.gguf", "--depth", "some"], "--depth <N>"),
        (vec!["bench", "--model", "none.gguf", "--batch", "1,0"], "a whole number from 1 on"),
        (vec!["bench", "--model", "none.gguf", "--batch", ""], "--batch <N>"),
        (vec!["bench", "--model", "none.gguf", "--shared-prefix", "few"], "--shared-prefix <N>"),
        (with_tokens(&["--slots", "many"]), "--slots <N>"),
        (with_tokens(&["--no-prefix-cache=1"]), "--no-prefix-cache"),
        (vec!["quantize", "in.gguf", "out.gguf"], "--policy <POLICY>"),
        (vec!["perplexity", "--model", "none.gguf"], "--text <FILE>"),
        (vec!["devices", "0"], "unexpected argument '0'"),
    ] {
        wgslm(&arguments).failed(2, message);
    }
}

#[test]
fn help_names_every_option() {
    let model = [
        "--model <PATH>",
        "--device <NAME_OR_INDEX>",
        "[env: WGSLM_DEVICE=",
        "--activations <KIND>",
        "--quantize <POLICY>",
        "--kv <FORMAT>",
        "--context <TOKENS>",
    ];
    let room = ["--slots <N>", "--kv-tokens <TOKENS>", "--no-prefix-cache"];
    let generate = [
        "--prompt <TEXT>",
        "--tokens <IDS>",
        "--max-tokens <N>",
        "--temperature <T>",
        "--top-k <K>",
        "--typical-p <P>",
        "--top-p <P>",
        "--min-p <P>",
        "--xtc-probability <P>",
        "--xtc-threshold <P>",
        "--repeat-penalty <R>",
        "--frequency-penalty <R>",
        "--presence-penalty <R>",
        "--repeat-last-n <N>",
        "--dry-multiplier <M>",
        "--dry-base <B>",
        "--dry-allowed-length <L>",
        "--dry-penalty-last-n <N>",
        "--dry-sequence-breaker <TEXT>",
        "--logit-bias <TOKEN=VALUE>",
        "--suppress-tokens <IDS>",
        "--logprobs <N>",
        "--seed <S>",
        "--stop <TEXT>",
        "--chat",
        "--tokens-in-flight <N>",
        "--json",
    ];
    let bench = [
        "--prompt-tokens <N>",
        "--gen-tokens <N>",
        "--depth <N>",
        "--batch <N>",
        "--shared-prefix <N>",
        "--repeat <N>",
        "--tokens-in-flight <N>",
        "--profile[=<N>]",
        "--json",
    ];
    for (command, options) in [
        (
            &[][..],
            &[
                "generate",
                "logits",
                "embed",
                "tokenize",
                "inspect",
                "bench",
                "devices",
                "quantize",
                "perplexity",
                "WGSLM_CAPABILITIES",
            ][..],
        ),
        (&["generate"], &[&model[..], &room, &generate].concat()),
        (&["logits"], &[&model[..], &["--tokens <IDS>", "--output <OUT.npy>"]].concat()),
        (&["embed"], &[&model[..], &["--file <FILE>", "--json", "[TEXT]..."]].concat()),
        (&["tokenize"], &["--model <PATH>", "--no-special", "--json", "<TEXT>"]),
        (&["inspect"], &["--json", "<PATH>"]),
        (&["bench"], &[&model[..6], &room, &bench].concat()),
        (&["devices"], &["--json"]),
        (&["quantize"], &["<IN.gguf>", "<OUT.gguf>", "--policy <POLICY>"]),
        (
            &["perplexity"],
            &[
                "--text <FILE>",
                "--context <TOKENS>",
                "--windows <N>",
                "--activations <KIND>",
                "--quantize <POLICY>",
                "--json",
            ],
        ),
    ] {
        let help = wgslm(&[command, &["--help"]].concat()).succeeded();
        for option in options {
            assert!(help.contains(option), "{option} is missing in\n{help}");
        }
    }
    assert_eq!(wgslm(&["--version"]).succeeded(), concat!("wgslm ", env!("CARGO_PKG_VERSION"), "\n"));
}
