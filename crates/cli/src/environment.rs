//! The device options given by environment variables.

use wgslm::shaders::Tile;
use wgslm::{DeviceOptions, Error, Result};

/// Reads `WGSLM_DEVICE` (name or index), `WGSLM_CAPABILITIES` (`baseline` or `full`), `WGSLM_MAX_BINDING` (a number of bytes,
/// or of `KiB`, `MiB` or `GiB`), `WGSLM_WEIGHT_ROWS` (`interleaved` or `contiguous`), `WGSLM_REPACKING` (`device` or `cpu`) and `WGSLM_TILE` (outputs x tokens, as
/// `64x64`).
///
/// # Errors
/// [`Error::InvalidOption`] for a value that isn't one of these.
pub(crate) fn device_options() -> Result<DeviceOptions> {
    let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let one_of = |name: &str, yes: &str, no: &str| match value(name).as_deref() {
        None => Ok(None),
        Some(value) if value == yes => Ok(Some(true)),
        Some(value) if value == no => Ok(Some(false)),
        Some(value) => Err(invalid(name, value, &format!("{yes} or {no}"))),
    };
    Ok(DeviceOptions {
        device: value("WGSLM_DEVICE"),
        baseline: one_of("WGSLM_CAPABILITIES", "baseline", "full")?.unwrap_or(false),
        max_binding: value("WGSLM_MAX_BINDING").map(|text| parse_bytes(&text)).transpose()?,
        interleaved_rows: one_of("WGSLM_WEIGHT_ROWS", "interleaved", "contiguous")?,
        repacked_rows: one_of("WGSLM_REPACKING", "device", "cpu")?,
        tile: value("WGSLM_TILE").map(|text| parse_tile(&text)).transpose()?,
    })
}

fn parse_tile(text: &str) -> Result<Tile> {
    let name = |tile: &Tile| format!("{}x{}", tile.outputs, tile.tokens);
    let found = Tile::ALL.into_iter().find(|tile| name(tile) == text);
    found.ok_or_else(|| invalid("WGSLM_TILE", text, &Tile::ALL.each_ref().map(name).join(" or ")))
}

pub(crate) fn parse_bytes(text: &str) -> Result<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match text[digits..].trim() {
        "" => Some(1),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        _ => None,
    };
    let bytes = unit.and_then(|unit: u64| text[..digits].parse::<u64>().ok()?.checked_mul(unit));
    bytes.filter(|bytes| *bytes >= 4096).ok_or_else(|| {
        invalid("WGSLM_MAX_BINDING", text, "a number of bytes, 4096 or more, with KiB, MiB or GiB after it or nothing")
    })
}

fn invalid(name: &str, value: &str, expected: &str) -> Error {
    Error::InvalidOption { option: name.to_owned(), value: value.to_owned(), expected: expected.to_owned() }
}

/// Parses the bytes of an argument.
pub(crate) fn bytes(text: &str) -> std::result::Result<u64, String> {
    parse_bytes(text).map_err(|_| "it should be a number of bytes, or of KiB, MiB or GiB, such as 512MiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::parse_bytes;

    #[test]
    fn binding_limits_are_read_with_their_units() {
        for (text, bytes) in
            [("4096", Some(4096)), ("1MiB", Some(1 << 20)), ("2 GiB", Some(2 << 30)), ("64KiB", Some(65_536))]
        {
            assert_eq!(parse_bytes(text).ok(), bytes, "{text}");
        }
        for text in ["", "MiB", "1MB", "12", "-5", "99999999999999999999GiB"] {
            assert_eq!(parse_bytes(text).map_err(|error| error.code()), Err("invalid-option"), "{text}");
        }
    }
}
