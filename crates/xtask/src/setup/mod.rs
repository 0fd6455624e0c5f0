//! Set-up: what a chore needs, what of it is there, and installing the rest.

mod apt;
mod need;
mod plan;

pub(crate) use need::{Need, chromium, vulkan_driver_beside_chromium};
pub(crate) use plan::Plan;

/// Says what is there and what will be installed, then installs it.
pub(crate) fn ensure(needs: &[Need]) -> anyhow::Result<()> {
    let plan = Plan::new(needs);
    eprint!("{plan}");
    plan.carry_out()
}
