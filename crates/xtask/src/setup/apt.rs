//! Installs Debian packages, if this process may.

use crate::process;
use anyhow::{Result, ensure};
use std::process::Command;

/// The way in which this process can install packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Privilege {
    /// This process runs as root.
    Root,
    /// `sudo` works without a password.
    Sudo,
    /// This process can install nothing, so the user has to.
    Nobody,
}

impl Privilege {
    pub(super) fn find() -> Self {
        if process::output(Command::new("id").arg("-u")).is_some_and(|id| id == "0") {
            Self::Root
        } else if process::output(Command::new("sudo").args(["-n", "true"])).is_some() {
            Self::Sudo
        } else {
            Self::Nobody
        }
    }

    fn apt_get(self) -> Command {
        let mut command = match self {
            Self::Sudo => {
                let mut sudo = process::command("sudo");
                sudo.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
                sudo
            }
            Self::Root | Self::Nobody => process::command("apt-get"),
        };
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    }
}

/// The command with which a user installs the packages.
pub(super) fn typed(packages: &[&str]) -> String {
    format!("sudo apt-get install {}", packages.join(" "))
}

/// Installs packages, after one update of the package lists before the first.
pub(super) struct Apt {
    privilege: Privilege,
    updated: bool,
}

impl Apt {
    pub(super) fn new(privilege: Privilege) -> Self {
        Self { privilege, updated: false }
    }

    pub(super) fn install(&mut self, packages: &[&str]) -> Result<()> {
        if packages.is_empty() {
            return Ok(());
        }
        ensure!(self.privilege != Privilege::Nobody, "type `{}`", typed(packages));
        if !std::mem::replace(&mut self.updated, true) {
            process::prepare(self.privilege.apt_get().args(["update", "--quiet"]))?;
        }
        let mut install = self.privilege.apt_get();
        process::prepare(install.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_privilege_the_error_names_the_command() {
        let error = Apt::new(Privilege::Nobody).install(&["chromium", "lld-22"]).unwrap_err();
        assert_eq!(error.to_string(), "type `sudo apt-get install chromium lld-22`");
    }

    #[test]
    fn no_package_needs_no_privilege() {
        Apt::new(Privilege::Nobody).install(&[]).unwrap();
    }
}
