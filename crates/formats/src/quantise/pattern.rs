//! Patterns of tensor names.

/// True if `pattern` matches all of `name`; `*` stands for any number of any characters.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        // Every part but the last may match at its first occurrence.
        if let Some(before) = last.replace(part) {
            let Some(at) = rest.find(before) else { return false };
            rest = &rest[at + before.len()..];
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name, matched) in [
            ("blk.*.ffn_*", "blk.12.ffn_up.weight", true),
            ("blk.*.ffn_*", "blk.12.attn_q.weight", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("output.weight", "output.weight", true),
            ("output.weight", "output.weights", false),
            ("*.weight", "blk.0.attn_norm.weight", true),
            ("*.weight", "blk.0.weight.bias", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a**b*c", "a-b-b-c", true),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("ü*", "über", true),
        ] {
            assert_eq!(matches(pattern, name), matched, "{pattern} and {name}");
        }
    }
}
