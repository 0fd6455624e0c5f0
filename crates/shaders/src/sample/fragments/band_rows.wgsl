// Where an output's part of `band` begins: a count, and room for the key of every token.
fn band_row(index: u32) -> u32 { return index * (params.vocabulary + 1u); }
