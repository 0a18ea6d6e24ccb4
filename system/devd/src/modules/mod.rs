//! Modules: which ones a device asks for, what they need, and what the administrator says about them.

pub mod alias;
pub mod depend;
pub mod devname;
pub mod insert;
pub mod modprobe;
pub mod name;
pub mod plan;

use crate::error::{Error, Result};
use alias::Aliases;
use common::Root;
use depend::Depend;
use modprobe::Config;

/// Everything that is known about the modules of a kernel.
pub struct Database {
    /// `/lib/modules/RELEASE`, as seen from within the root.
    pub folder: String,
    aliases: Aliases,
    pub depend: Depend,
    pub config: Config,
}

/// What stands behind a name or an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub name: String,
    /// It is part of the kernel, and there is nothing to load.
    pub builtin: bool,
}

impl Database {
    /// Reads what depmod wrote for a kernel, and modprobe.d; each file once. Mistakes in modprobe.d are handed to `complain`,
    /// and the rest counts.
    ///
    /// # Errors
    /// There are no modules for that kernel.
    pub fn read(root: &Root, release: &str, mut complain: impl FnMut(Error)) -> Result<Self> {
        let folder = format!("/lib/modules/{release}");
        let read = |name: &str| std::fs::read(root.at(&format!("{folder}/{name}")));
        let list = read("modules.dep").map_err(|error| {
            Error::Impossible(format!(
                "{folder}/modules.dep: {}: install the modules of kernel {release}, or run 'depmod {release}'",
                common::reason(&error)
            ))
        })?;
        let depend = Depend::new(list, &read("modules.builtin").unwrap_or_default());
        let aliases = Aliases::new(read("modules.alias").unwrap_or_default());
        let mut config = Config::read(root, &mut complain);
        // Those of the modules themselves come after the administrator's.
        let own = read("modules.softdep").unwrap_or_default();
        config.parse(&own, &format!("{folder}/modules.softdep"), &mut complain);
        Ok(Self {
            folder,
            aliases,
            depend,
            config,
        })
    }

    /// The modules that a name or a device's alias stands for, as modprobe looks for them: an alias of modprobe.d, a module's
    /// own name, then the modules' own aliases, of which all count.
    pub fn resolve(&self, alias: &str) -> Vec<Found> {
        let alias = name::normalize(alias);
        let configured = self.config.aliases(&alias);
        if !configured.is_empty() {
            return configured
                .iter()
                .filter_map(|name| self.found(name))
                .collect();
        }
        if let Some(found) = self.found(&alias) {
            return vec![found];
        }
        let names = self.aliases.find(alias.as_bytes());
        names
            .into_iter()
            .filter_map(|name| self.found(name))
            .collect()
    }

    /// A module by its own name.
    fn found(&self, name: &str) -> Option<Found> {
        let name = name::normalize(name);
        let builtin = self.depend.is_builtin(&name);
        (builtin || self.depend.has(&name)).then_some(Found { name, builtin })
    }
}

/// Nodes that the modules of a kernel have before they are loaded; none if there are no modules.
pub fn nodes(root: &Root, release: &str) -> Vec<devname::Node> {
    let path = format!("/lib/modules/{release}/modules.devname");
    devname::parse(&std::fs::read(root.at(&path)).unwrap_or_default())
}

/// The release of the kernel that runs.
pub fn running() -> String {
    let system = rustix::system::uname();
    system.release().to_string_lossy().into_owned()
}
