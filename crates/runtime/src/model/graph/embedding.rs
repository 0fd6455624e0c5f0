//! The embedding of tokens into the residual stream.

use wgslm_gpu::Buffer;
use wgslm_shaders::Embed;

use super::Graph;
use super::{Count, ProgramBuilder};
use crate::Result;
use crate::model::Matrix;
use crate::model::tensors::{EMBEDDING_NORM, EMBEDDINGS, POSITIONS, TOKEN_TYPES};
use crate::model::workspace::stride;

impl Graph<'_> {
    /// Appends the look-up of the embeddings of tokens and, where the model has them, of positions and token types.
    pub(super) fn embed(&self, builder: &mut ProgramBuilder) -> Result<()> {
        let (a, spec) = (self.workspace, self.spec.embedding);
        let x = if spec.norm.is_some() { &a.projected } else { &a.residual };
        self.look_up(builder, self.weights.matrix(EMBEDDINGS)?, Embed::TOKEN, (x, spec.scale));
        if spec.positions {
            self.look_up(builder, self.weights.matrix(POSITIONS)?, Embed::POSITION, (x, 1.0));
        }
        if spec.types > 0 && self.weights.has_matrix(TOKEN_TYPES) {
            self.look_up(builder, self.weights.matrix(TOKEN_TYPES)?, Embed::FIRST, (x, 1.0));
        }
        if let Some(norm) = spec.norm {
            self.norm_projected(builder, EMBEDDING_NORM, norm, self.norm_params(norm))?;
        }
        Ok(())
    }

    fn look_up(&self, builder: &mut ProgramBuilder, table: &Matrix, by: u32, (x, scale): (&Buffer, f32)) {
        let a = self.workspace;
        for part in &table.parts {
            let mut resources = vec![("tokens", &a.tokens), ("sampled", &a.sampled), ("codes", &part.codes), ("x", x)];
            resources.extend(part.scales.as_ref().map(|scales| ("scales", scales)));
            let params = Embed {
                first: part.first,
                tokens: part.rows,
                groups: table.groups,
                stride: stride(self.spec.width) / 4,
                by,
                accumulate: (by != Embed::TOKEN).into(),
                scale,
            };
            builder.dispatch(params, self.device.kernels().embed(table.layout.format), Count::TOKENS, &resources);
        }
    }
}
