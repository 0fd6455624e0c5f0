//! Programs: dispatches whose pipelines, bind groups and parameters are made once, and run for any number of rows.

use wgslm_shaders::{Access, Launch, Variant};

use super::profile::Traffic;
use super::{Buffer, Gpu};

/// Parameters of different dispatches lie this far apart in their buffer: the alignment every device accepts.
const PARAMS_STRIDE: usize = 256;

/// Which of a step's numbers a dispatch's grid follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// The rows: tokens run through the model.
    Rows,
    /// The outputs: rows whose logits are wanted.
    Outputs,
}

/// How many rows and outputs a step has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Tokens run through the model.
    pub rows: u32,
    /// Rows whose logits are wanted.
    pub outputs: u32,
}

pub(super) struct Dispatch {
    pipeline: wgpu::ComputePipeline,
    bind_group: wgpu::BindGroup,
    launch: Box<dyn Launch>,
    pub(super) variant: Variant,
    count: Count,
    pub(super) traffic: Traffic,
}

impl Dispatch {
    /// Its workgroups in a step with `counts`.
    pub(super) fn grid(&self, counts: Counts) -> [u32; 3] {
        let count = match self.count {
            Count::Rows => counts.rows,
            Count::Outputs => counts.outputs,
        };
        self.launch.grid(&self.variant, count)
    }

    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>, counts: Counts) {
        let [x, y, z] = self.grid(counts);
        pass.set_pipeline(&self.pipeline);
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
    pub fn len(&self) -> usize {
        self.dispatches.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dispatches.is_empty()
    }

    pub(super) fn record(&self, pass: &mut wgpu::ComputePass<'_>, counts: Counts) {
        for dispatch in &self.dispatches {
            dispatch.record(pass, counts);
        }
    }
}

struct Planned {
    launch: Box<dyn Launch>,
    variant: Variant,
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
        variant: Variant,
        count: Count,
        resources: &[(&'static str, &Buffer)],
    ) {
        debug_assert!(
            launch.kernels().contains(&variant.kernel),
            "{} is started with other parameters",
            variant.name()
        );
        let resources = resources.iter().map(|(name, buffer)| (*name, (*buffer).clone())).collect();
        self.planned.push(Planned { launch: Box::new(launch), variant, count, resources });
    }

    /// Makes the pipelines, the parameters and the bind groups.
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
            let pipeline = gpu.pipeline(&planned.variant);
            let entries: Vec<_> = pipeline
                .bindings
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
                        let Some((_, buffer)) = found else {
                            panic!("{}: nothing is bound to {}", planned.variant.name(), binding.name)
                        };
                        buffer.raw().as_entire_binding()
                    };
                    wgpu::BindGroupEntry { binding: binding.index, resource }
                })
                .collect();
            let bind_group = gpu.bind_group(&planned.variant.name(), &pipeline.layout, &entries);
            let traffic = Traffic::new(&planned.variant, &planned.resources);
            buffers.extend(planned.resources.into_iter().map(|(_, buffer)| buffer));
            dispatches.push(Dispatch {
                pipeline: pipeline.pipeline,
                bind_group,
                launch: planned.launch,
                variant: planned.variant,
                count: planned.count,
                traffic,
            });
        }
        Program { dispatches, _buffers: buffers }
    }
}
