//! Programs: dispatches whose pipelines, bind groups and parameters are made once, and which run with any counts.

use wgslm_shaders::{Access, Extent, Launch, Variant};

use crate::pipelines::Pipeline;
use crate::timing::Bound;
use crate::{Buffer, Gpu};

/// Bytes from one dispatch's parameters to the next one's in their buffer: the alignment that every device accepts.
const PARAMS_STRIDE: usize = 256;

/// The size of a dispatch, as a function of the sizes given to a run of its program.
pub trait DispatchSize: Copy {
    /// The sizes given to a run, the same for all dispatches of a program.
    type Run: Copy;

    /// The extent of the dispatch in a run of these sizes; a count of 0 leaves it out.
    fn extent(self, run: Self::Run) -> Extent;
}

/// The size of a dispatch that has the extent given to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsGiven;

impl DispatchSize for AsGiven {
    type Run = Extent;

    fn extent(self, run: Extent) -> Extent {
        run
    }
}

/// The variants of a kernel, each with the largest count ([`Extent::count`]) that it is for, ascending; the last is for any
/// count.
#[derive(Clone, Debug)]
pub struct Variants(Vec<(u32, Variant)>);

impl Variants {
    /// Variants with the largest count that each is for, ascending; the last one's number is ignored.
    #[must_use]
    pub fn by_count(variants: &[(u32, Variant)]) -> Self {
        Self(variants.to_vec())
    }

    /// All variants.
    pub fn iter(&self) -> impl Iterator<Item = &Variant> {
        self.0.iter().map(|(_, variant)| variant)
    }

    /// The variant for this count.
    #[must_use]
    pub fn of(&self, count: u32) -> &Variant {
        let found = self.0.iter().find(|(most, _)| count <= *most).or(self.0.last());
        found.map_or_else(|| unreachable!("a kernel has a variant"), |(_, variant)| variant)
    }
}

impl<V: Into<Variant>> From<V> for Variants {
    fn from(variant: V) -> Self {
        Self(vec![(u32::MAX, variant.into())])
    }
}

pub(crate) struct Dispatch<S> {
    /// The pipeline of each of the variants, in their order.
    pipelines: Vec<Pipeline>,
    bind_group: wgpu::BindGroup,
    launch: Box<dyn Launch>,
    variants: Variants,
    size: S,
    /// The buffers that the dispatch reads and those it may write, without its parameters.
    pub(crate) resources: Bound,
}

impl<S: DispatchSize> Dispatch<S> {
    /// The index of the variant to run, and its workgroups; `None` where there is nothing to do.
    fn chosen(&self, run: S::Run) -> Option<(usize, [u32; 3])> {
        let extent = self.size.extent(run);
        let all = &self.variants.0;
        let index = all.iter().position(|(most, _)| extent.count <= *most).unwrap_or(all.len() - 1);
        let grid = self.launch.grid(&all[index].1, extent);
        (!grid.contains(&0)).then_some((index, grid))
    }

    /// The variant to run, and its workgroups; `None` where there is nothing to do.
    pub(crate) fn grid(&self, run: S::Run) -> Option<(&Variant, [u32; 3])> {
        self.chosen(run).map(|(index, grid)| (&self.variants.0[index].1, grid))
    }

    pub(crate) fn record(&self, pass: &mut wgpu::ComputePass<'_>, run: S::Run) {
        let Some((index, [x, y, z])) = self.chosen(run) else { return };
        pass.set_pipeline(self.pipelines[index].get());
        pass.set_bind_group(0, &self.bind_group, &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}

/// A sequence of dispatches. A run creates no GPU object but a command encoder.
pub struct Program<S> {
    pub(crate) dispatches: Vec<Dispatch<S>>,
    // Keeps the bind groups' buffers alive: in a browser, a bind group doesn't.
    _buffers: Vec<Buffer>,
}

impl<S: DispatchSize> Program<S> {
    /// The number of dispatches in a run.
    #[must_use]
    pub fn len(&self, run: S::Run) -> usize {
        self.dispatches.iter().filter(|dispatch| dispatch.grid(run).is_some()).count()
    }

    /// Records every pipeline of every dispatch, with no workgroups.
    pub(crate) fn touch(&self, pass: &mut wgpu::ComputePass<'_>) {
        for dispatch in &self.dispatches {
            pass.set_bind_group(0, &dispatch.bind_group, &[]);
            for pipeline in &dispatch.pipelines {
                pass.set_pipeline(pipeline.get());
                pass.dispatch_workgroups(0, 0, 0);
            }
        }
    }

    pub(crate) fn record(&self, pass: &mut wgpu::ComputePass<'_>, run: S::Run) {
        for dispatch in &self.dispatches {
            dispatch.record(pass, run);
        }
    }
}

struct Planned<S> {
    launch: Box<dyn Launch>,
    variants: Variants,
    size: S,
    resources: Vec<(&'static str, Buffer)>,
}

/// Collects the dispatches of a [`Program`].
pub struct ProgramBuilder<S> {
    planned: Vec<Planned<S>>,
}

impl<S> Default for ProgramBuilder<S> {
    fn default() -> Self {
        Self { planned: Vec::new() }
    }
}

impl<S: DispatchSize> ProgramBuilder<S> {
    /// Appends a dispatch. `resources` are bound by their names in WGSL; those that the variant doesn't declare are ignored.
    pub fn dispatch(
        &mut self,
        launch: impl Launch + 'static,
        variants: impl Into<Variants>,
        size: S,
        resources: &[(&'static str, &Buffer)],
    ) {
        let variants = variants.into();
        for (_, variant) in &variants.0 {
            debug_assert!(launch.kernels().contains(&variant.kernel()), "{} has other parameters", variant.name());
        }
        let resources = resources.iter().map(|(name, buffer)| (*name, (*buffer).clone())).collect();
        self.planned.push(Planned { launch: Box::new(launch), variants, size, resources });
    }

    /// Makes the parameters and the bind groups, and starts to compile the pipelines: see [`Gpu::compiled`].
    ///
    /// # Panics
    /// If a binding of a variant has no resource: a programming mistake, which the first test to build the program shows.
    #[must_use]
    pub fn build(self, gpu: &Gpu) -> Program<S> {
        let mut params = vec![0; self.planned.len() * PARAMS_STRIDE];
        for (planned, slot) in self.planned.iter().zip(params.chunks_mut(PARAMS_STRIDE)) {
            let bytes = planned.launch.params();
            slot[..bytes.len()].copy_from_slice(bytes);
        }
        let params = gpu.uniform_buffer("params", &params);
        let mut buffers = vec![params.clone()];
        if gpu.is_dry_run() {
            return Program { dispatches: Vec::new(), _buffers: buffers };
        }
        let mut dispatches = Vec::with_capacity(self.planned.len());
        for (index, planned) in self.planned.into_iter().enumerate() {
            let pipelines: Vec<_> = planned.variants.0.iter().map(|(_, variant)| gpu.pipeline(variant)).collect();
            // All variants of a kernel have the same bindings, so one bind group serves them.
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
            let resources = Bound::new(&planned.variants.0[0].1, &planned.resources);
            buffers.extend(planned.resources.into_iter().map(|(_, buffer)| buffer));
            dispatches.push(Dispatch {
                pipelines,
                bind_group,
                launch: planned.launch,
                variants: planned.variants,
                size: planned.size,
                resources,
            });
        }
        Program { dispatches, _buffers: buffers }
    }
}
