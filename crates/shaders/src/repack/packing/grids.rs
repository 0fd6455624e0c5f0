//! The grids of the types IQ1, IQ2 and IQ3, whose blocks hold indices of entries of eight or four weights. Source:
//! <https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h>. `tests/golden/blocks/make.py` writes the file.

/// The entries of all grids, 16 bits each.
pub static GRIDS: &[u8; 9216] = include_bytes!("grids.bin");

/// IQ1's grid: eight weights an entry, two bits each from the lowest on, which are -1, 0 or 1, plus one.
pub(super) static IQ1: [u16; 2048] = grid(0);
/// IQ2_XXS's grid: eight weights an entry, two bits each, which choose one of three magnitudes.
pub(super) static IQ2_XXS: [u16; 256] = grid(2048);
/// IQ2_XS's grid, laid out like [`IQ2_XXS`].
pub(super) static IQ2_XS: [u16; 512] = grid(2304);
/// IQ2_S's grid, laid out like [`IQ2_XXS`].
pub(super) static IQ2_S: [u16; 1024] = grid(2816);
/// IQ3_XXS's grid: four weights an entry, four bits each, which choose one of eight magnitudes.
pub(super) static IQ3_XXS: [u16; 256] = grid(3840);
/// IQ3_S's grid, laid out like [`IQ3_XXS`].
pub(super) static IQ3_S: [u16; 512] = grid(4096);

const fn grid<const N: usize>(first: usize) -> [u16; N] {
    let mut entries = [0; N];
    let mut i = 0;
    while i < N {
        let at = 2 * (first + i);
        entries[i] = u16::from_le_bytes([GRIDS[at], GRIDS[at + 1]]);
        i += 1;
    }
    entries
}
