//! Programs: dispatches whose pipelines, bind groups and parameters are made once, and run for any number of rows.

use wgslm_shaders::{Access, Extent, Launch, Variant};

use super::pipelines::Pipeline;
use super::profile::Traffic;
use super::{Buffer, Gpu};

/// Parameters of different dispatches lie this far apart in their buffer: the alignment every device accepts.
const PARAMS_STRIDE: usize = 256;

/// Which of a step's numbers a dispatch's grid follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// The rows: tokens run through the model.
    Rows,
    /// The rows of a step with a single one; nothing to do in others.
    SingleRow,
    /// The rows of a step with several; nothing to do in others.
    SeveralRows,
    /// So many for each of the rows.
    RowsTimes(u32),
    /// The outputs: rows whose logits are wanted.
    Outputs,
}

/// How many rows and outputs a step has, and how far back its rows look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Tokens run through the model.
    pub rows: u32,
    /// Rows whose logits are wanted.
    pub outputs: u32,
    /// Tokens of the longest context among the rows, their own included.
    pub context: u32,
}

impl Counts {
    fn extent(self, count: Count) -> Extent {
        let count = match count {
            Count::Rows => self.rows,
            Count::SingleRow => u32::from(self.rows == 1),
            Count::SeveralRows if self.rows == 1 => 0,
            Count::SeveralRows => self.rows,
            Count::RowsTimes(each) => self.rows * each,
            Count::Outputs => self.outputs,
        };
        Extent { count, context: self.context }
    }
}

/// The variants of a kernel by the most rows that each is for, ascending; the last is for any number.
#[derive(Clone, Debug)]
pub struct Variants(Vec<(u32, Variant)>);

impl Variants {
    /// Variants by the most rows that each is for; the last one's number doesn't count.
    #[must_use]
    pub fn by_rows(variants: &[(u32, Variant)]) -> Self {
        Self(variants.to_vec())
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Variant> {
        self.0.iter().map(|(_, variant)| variant)
    }

    /// The variant for `rows` rows.
    #[must_use]
    pub fn of(&self, rows: u32) -> &Variant {
        let found = self.0.iter().find(|(most, _)| rows <= *most).or(self.0.last());
        found.map_or_else(|| unreachable!("a kernel has a variant"), |(_, variant)| variant)
    }
}

impl From<Variant> for Variants {
    fn from(variant: Variant) -> Self {
        Self(vec![(u32::MAX, variant)])
    }
}

pub(super) struct Dispatch {
    /// The pipeline of each of the variants, in their order.
    pipelines: Vec<Pipeline>,
    bind_group: wgpu::BindGroup,
    launch: Box<dyn Launch>,
    variants: Variants,
    count: Count,
    pub(super) traffic: Traffic,
}

impl Dispatch {
    /// Which of its variants to run and in how many workgroups; `None` where there is nothing to do.
    fn chosen(&self, counts: Counts) -> Option<(usize, [u32; 3])> {
        let extent = counts.extent(self.count);
        let all = &self.variants.0;
        let index = all.iter().position(|(most, _)| extent.count <= *most).unwrap_or(all.len() - 1);
        let grid = self.launch.grid(&all[index].1, extent);
        (!grid.contains(&0)).then_some((index, grid))
    }

    /// The variant it runs in a step with `counts`, and its workgroups; `None` where there is nothing to do.
    pub(super) fn grid(&self, counts: Counts) -> Option<(&Variant, [u32; 3])> {
        self.chosen(counts).map(|(index, grid)| (&self.variants.0[index].1, grid))
    }

    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>, counts: Counts) {
        let Some((index, [x, y, z])) = self.chosen(counts) else { return };
        pass.set_pipeline(self.pipelines[index].get());
        pass.set_bind_group(0, &self.bind_group, &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}

/// A sequence of dispatches. Running it makes no GPU object but an encoder.
pub struct Program {
    pub(super) dispatches: Vec<Dispatch>,
    // What the bind groups refer to must outlive them: a browser's bind group doesn't keep a destroyed buffer.
    _buffers: Vec<Buffer>,
}

impl Program {
    /// How many dispatches a run has.
    #[must_use]
    pub fn len(&self, counts: Counts) -> usize {
        self.dispatches.iter().filter(|dispatch| dispatch.grid(counts).is_some()).count()
    }

    /// Every pipeline of every dispatch, in no workgroup.
    pub(super) fn touch(&self, pass: &mut wgpu::ComputePass<'_>) {
        for dispatch in &self.dispatches {
            pass.set_bind_group(0, &dispatch.bind_group, &[]);
            for pipeline in &dispatch.pipelines {
                pass.set_pipeline(pipeline.get());
                pass.dispatch_workgroups(0, 0, 0);
            }
        }
    }

    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>, counts: Counts) {
        for dispatch in &self.dispatches {
            dispatch.record(pass, counts);
        }
    }
}

struct Planned {
    launch: Box<dyn Launch>,
    variants: Variants,
    count: Count,
    resources: Vec<(&'static str, Buffer)>,
}

/// Collects the dispatches of a [`Program`].
#[derive(Default)]
pub struct ProgramBuilder {
    planned: Vec<Planned>,
}

impl ProgramBuilder {
    /// Appends a dispatch. `resources` are bound by their names in WGSL; those that the variant doesn't have are left out.
    pub fn dispatch(
        &mut self,
        launch: impl Launch + 'static,
        variants: impl Into<Variants>,
        count: Count,
        resources: &[(&'static str, &Buffer)],
    ) {
        let variants = variants.into();
        for (_, variant) in &variants.0 {
            debug_assert!(launch.kernels().contains(&variant.kernel), "{} has other parameters", variant.name());
        }
        let resources = resources.iter().map(|(name, buffer)| (*name, (*buffer).clone())).collect();
        self.planned.push(Planned { launch: Box::new(launch), variants, count, resources });
    }

    /// Makes the parameters and the bind groups, and has the pipelines compiled: see [`Gpu::compiled`].
    ///
    /// # Panics
    /// If a binding of a variant got no resource: a mistake in this crate, which the first test to build the program shows.
    #[must_use]
    pub fn build(self, gpu: &Gpu) -> Program {
        let mut params = vec![0; self.planned.len() * PARAMS_STRIDE];
        for (planned, slot) in self.planned.iter().zip(params.chunks_mut(PARAMS_STRIDE)) {
            let bytes = planned.launch.params();
            slot[..bytes.len()].copy_from_slice(bytes);
        }
        let params = gpu.uniform_buffer("params", &params);
        let mut buffers = vec![params.clone()];
        let mut dispatches = Vec::with_capacity(self.planned.len());
        for (index, planned) in self.planned.into_iter().enumerate() {
            let pipelines: Vec<_> = planned.variants.0.iter().map(|(_, variant)| gpu.pipeline(variant)).collect();
            // Variants of a kernel for different numbers of rows bind the same: one group serves them.
            let bound = &pipelines[0];
            let label = planned.variants.0[0].1.name();
            let entries: Vec<_> = bound
                .bindings()
                .iter()
                .map(|binding| {
                    let resource = if binding.access == Access::Uniform {
                        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                            buffer: params.raw(),
                            offset: (index * PARAMS_STRIDE) as u64,
                            size: wgpu::BufferSize::new(PARAMS_STRIDE as u64),
                        })
                    } else {
                        let found = planned.resources.iter().find(|(name, _)| *name == binding.name);
                        let Some((_, buffer)) = found else { panic!("{label}: nothing is bound to {}", binding.name) };
                        buffer.binding()
                    };
                    wgpu::BindGroupEntry { binding: binding.index, resource }
                })
                .collect();
            let bind_group = gpu.bind_group(&label, bound.layout(), &entries);
            let traffic = Traffic::new(&planned.variants.0[0].1, &planned.resources);
            buffers.extend(planned.resources.into_iter().map(|(_, buffer)| buffer));
            dispatches.push(Dispatch {
                pipelines,
                bind_group,
                launch: planned.launch,
                variants: planned.variants,
                count: planned.count,
                traffic,
            });
        }
        Program { dispatches, _buffers: buffers }
    }
}
