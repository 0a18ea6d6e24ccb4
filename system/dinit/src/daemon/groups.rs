//! A service's own cgroup: made when it starts, its processes ended together when it stops.

use super::manager::Manager;
use super::options::Level;
use crate::cgroup::{self, Tree, group};
use crate::engine::{Id, LaunchError, Stage};
use crate::memory::Room;
use crate::text::Show;
use rustix::io::Errno;

/// The daemon's place in the hierarchy, looked for when first needed.
#[derive(Default)]
pub enum Cgroups {
    #[default]
    Unknown,
    /// There are none, and it was said why.
    None,
    There(Tree),
}

/// A service asks for what is not there: as clone3(2) has it for a group that cannot be entered.
const ENOENT: i32 = 2;

impl Manager {
    /// The group that the service's process begins in, if it is to have one of its own.
    pub(super) fn open_cgroup(&mut self, id: Id) -> Result<(), LaunchError> {
        let wanted = self.unit(id).is_some_and(|unit| {
            let has = unit.run.as_ref().is_some_and(|run| run.cgroup.is_some());
            !has && cgroup::is_wanted(&unit.description)
        });
        if !wanted {
            return Ok(());
        }
        self.find_cgroups();
        let failed = |errno| LaunchError {
            stage: Stage::EnterCgroup,
            errno,
        };
        let Cgroups::There(tree) = &mut self.cgroups else {
            return Err(failed(ENOENT));
        };
        let Some(Some(unit)) = self.units.get_mut(id.0 as usize) else {
            return Ok(());
        };
        let made = tree.make(&unit.description.name, &unit.description.extra().cgroup);
        match made {
            Ok(made) => {
                // It is in use again.
                self.ending_groups.retain(|path| *path != made.path);
                unit.run().cgroup = Some((made.folder, made.path));
                Ok(())
            }
            Err(error) => {
                let name = Show(self.engine.name(id));
                self.log
                    .say(Level::Error, format_args!("service {name}: {error}"));
                Err(failed(error.errno))
            }
        }
    }

    fn find_cgroups(&mut self) {
        if !matches!(self.cgroups, Cgroups::Unknown) {
            return;
        }
        self.cgroups = match Tree::discover() {
            Ok(tree) => Cgroups::There(tree),
            Err(reason) => {
                let what = "services cannot have cgroups of their own";
                self.log.say(Level::Error, format_args!("{what}: {reason}"));
                Cgroups::None
            }
        };
    }

    /// What relative `run-in-cgroup` paths begin with, from the mount point, if the service has such a path.
    pub(super) fn find_cgroup_base(&mut self, id: Id) {
        let relative = self.unit(id).is_some_and(|unit| {
            let path = unit.description.extra().run_in_cgroup.as_deref();
            path.is_some_and(|path| !path.starts_with(b"/"))
        });
        if relative
            && self.cgroup_base.is_empty()
            && self.options.cgroup.is_none()
            && let Ok(tree) = Tree::discover()
        {
            self.cgroup_base = tree.base().to_vec();
        }
    }

    /// Ends whatever of the service's group still runs, and gives the group back.
    pub(super) fn kill_cgroup(&mut self, id: Id) {
        let Some(run) = self.unit_mut(id).and_then(|unit| unit.run.as_mut()) else {
            return;
        };
        let Some((folder, path)) = run.cgroup.take() else {
            return;
        };
        let killed = match group::is_empty(&folder) {
            Ok(true) => Ok(()),
            _ => group::kill(&folder),
        };
        if let Err(error) = killed {
            let (path, error) = (Show(&path), crate::text::Errno(error.raw_os_error()));
            self.log.say(
                Level::Warn,
                format_args!("{path}: its processes cannot be killed: {error}"),
            );
        }
        if group::remove(&path) == Err(Errno::BUSY) && self.ending_groups.room(1).is_ok() {
            self.ending_groups.push(path);
        }
    }

    /// Gives groups back whose last process has ended meanwhile.
    pub(super) fn remove_ended_groups(&mut self) {
        self.ending_groups
            .retain(|path| group::remove(path) == Err(Errno::BUSY));
    }
}
