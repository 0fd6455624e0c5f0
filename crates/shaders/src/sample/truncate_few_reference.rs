use super::truncate_reference::truncate;
use super::variants::SamplePhase;
use super::xtc_reference::xtc;
use crate::Sample;
use crate::resources::Resources;

/// Finds the bounds of what truncation and XTC leave, as their stages do.
pub(crate) fn truncate_few(params: &Sample, count: usize, resources: &mut Resources) {
    let in_phase = |phase| Sample { phase: phase as u32, ..*params };
    for phase in [SamplePhase::Top, SamplePhase::Typical, SamplePhase::Rest] {
        truncate(&in_phase(phase), count, resources);
    }
    xtc(&in_phase(SamplePhase::Xtc), count, resources);
}
