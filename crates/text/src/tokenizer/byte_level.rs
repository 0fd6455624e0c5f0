//! The byte-level alphabet: a printable character for every byte, so that a vocabulary of text can spell any bytes.
//!
//! GPT-2's mapping: printable Latin-1 stands for itself, the other 68 bytes follow in order from U+0100 on.

/// The character of each byte.
const CHARACTERS: [char; 256] = characters();

/// One more than the last character of the alphabet.
const LIMIT: usize = 0x144;

/// The byte of each character below [`LIMIT`].
const BYTES: [Option<u8>; LIMIT] = bytes();

const fn characters() -> [char; 256] {
    let mut characters = ['\0'; 256];
    let mut next = 0x100;
    let mut byte = 0_u8;
    loop {
        characters[byte as usize] = if matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF) {
            byte as char
        } else {
            next += 1;
            match char::from_u32(next - 1) {
                Some(character) => character,
                None => unreachable!(),
            }
        };
        if byte == u8::MAX {
            return characters;
        }
        byte += 1;
    }
}

const fn bytes() -> [Option<u8>; LIMIT] {
    let mut bytes = [None; LIMIT];
    let mut byte = 0_u8;
    loop {
        bytes[CHARACTERS[byte as usize] as usize] = Some(byte);
        if byte == u8::MAX {
            return bytes;
        }
        byte += 1;
    }
}

/// Appends the spelling of `bytes` to `out`.
pub(super) fn encode_into(out: &mut String, bytes: &[u8]) {
    out.extend(bytes.iter().map(|&byte| CHARACTERS[usize::from(byte)]));
}

/// Appends the bytes that `spelling` stands for to `out`, or its own bytes where it leaves the alphabet.
pub(super) fn decode_into(out: &mut Vec<u8>, spelling: &str) {
    let start = out.len();
    for character in spelling.chars() {
        if let Some(&Some(byte)) = BYTES.get(character as usize) {
            out.push(byte);
        } else {
            out.truncate(start);
            out.extend_from_slice(spelling.as_bytes());
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_the_alphabet() {
        let all: Vec<u8> = (0..=255).collect();
        let mut spelling = String::new();
        encode_into(&mut spelling, &all);
        assert_eq!(spelling.chars().count(), 256);
        assert!(spelling.chars().all(|character| !character.is_whitespace() && !character.is_control()));
        let mut decoded = Vec::new();
        decode_into(&mut decoded, &spelling);
        assert_eq!(decoded, all);
    }

    #[test]
    fn known_spellings_are_those_of_gpt2() {
        let mut spelling = String::new();
        encode_into(&mut spelling, " a\n\u{7f}\u{ad}é".as_bytes());
        assert_eq!(spelling, "ĠaĊġÂŃÃ©");
    }

    #[test]
    fn text_outside_the_alphabet_stands_for_itself() {
        let mut decoded = b"x".to_vec();
        decode_into(&mut decoded, "Ġ▁");
        assert_eq!(decoded, "xĠ▁".as_bytes());
    }
}
