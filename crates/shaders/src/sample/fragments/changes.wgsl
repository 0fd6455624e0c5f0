// What `adjust` has changed of an output's logits whose log-probabilities are wanted: how many there are, then pairs of a token and
// the bits of its logit before. A token that was changed twice has its first logit before the later one.
const BIASES: u32 = 1024u;

// The most changes: none is more than a bias, a penalty and a repetition's penalty of each token.
fn most_changes() -> u32 { return min(BIASES + 2u * HISTORY, 3u * params.vocabulary); }

fn changes_row(index: u32) -> u32 { return index * (1u + 2u * most_changes()); }
