//! Set-up: finds out what a chore needs and installs what is missing.

mod apt;
mod need;
mod plan;

pub(crate) use need::{Need, chromium, firefox, python_environment, vulkan_driver_beside_chromium};
pub(crate) use plan::Plan;

/// Prints what is installed and what will be, then installs it.
pub(crate) fn ensure(needs: &[Need]) -> anyhow::Result<()> {
    let plan = Plan::new(needs);
    eprint!("{plan}");
    plan.carry_out()
}
