use crate::format::plane_index;
use crate::fragments::weights::weight_row;
use crate::resources::Resources;
use crate::{Embed, Token, WeightLayout};

/// Writes the embedding of each row's token that this part of the table holds.
pub(crate) fn embed(params: &Embed, layout: WeightLayout, count: usize, resources: &mut Resources) {
    resources.update("x", |resources, x: &mut [f32]| {
        let codes = resources.get::<u32>("codes");
        let scales = if layout.format.has_scales() { resources.get::<u32>("scales") } else { &[] };
        for (index, row) in resources.get::<Token>("tokens")[..count].iter().enumerate() {
            let token = match (params.by, row.source) {
                (Embed::POSITION, _) => row.position,
                (Embed::FIRST, _) => 0,
                (_, 0) => row.token,
                (_, slot) => resources.get::<u32>("sampled")[slot as usize - 1],
            };
            if (params.first..params.first + params.tokens).contains(&token) {
                let embedding =
                    weight_row(layout, codes, scales, (token - params.first) as usize, params.groups as usize);
                for (i, value) in embedding.into_iter().enumerate() {
                    let x = &mut x[index * params.stride as usize * 4 + plane_index(i, params.groups as usize)];
                    *x = if params.accumulate > 0 { *x + params.scale * value } else { params.scale * value };
                }
            }
        }
    });
}
