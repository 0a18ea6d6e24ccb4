//! The steps that make groups and limit them.

use super::{Group, ROOT};
use crate::step::{Kind, Step};
use document::Origin;
use std::rc::Rc;

/// A controller that a group gives on.
struct Needed<'g> {
    name: &'g str,
    /// Only optional limits need it.
    optional: bool,
    /// Who asks first.
    origin: &'g Origin,
}

/// A group's folder, from the top, which has no name.
struct Folder<'g> {
    name: String,
    /// Who asks for it first.
    origin: &'g Origin,
    needed: Vec<Needed<'g>>,
}

impl<'g> Folder<'g> {
    fn needs(&mut self, name: &'g str, optional: bool, origin: &'g Origin) {
        if name == "cgroup" {
            return;
        }
        match self.needed.iter_mut().find(|other| other.name == name) {
            Some(other) => other.optional &= optional,
            None => self.needed.push(Needed {
                name,
                optional,
                origin,
            }),
        }
    }
}

/// Adds the steps for groups below `base`: first the groups, each after the one that it is in; then controllers, from the top;
/// then limits.
pub fn steps(base: &str, groups: &[Group], steps: &mut Vec<Rc<Step>>) {
    // In the order of their names: what is above comes before.
    let mut folders: Vec<Folder<'_>> = Vec::new();
    let mut limits = Vec::new();
    for group in groups {
        let slash = if base.is_empty() { "" } else { "/" };
        let name = format!("{base}{slash}{}", group.name);
        let mut end = 0;
        loop {
            let own = &name[..end];
            let at = folders.partition_point(|folder| *folder.name < *own);
            if folders.get(at).is_none_or(|folder| folder.name != own) {
                let folder = Folder {
                    name: own.to_owned(),
                    origin: &group.origin,
                    needed: Vec::new(),
                };
                folders.insert(at, folder);
            }
            if end == name.len() {
                break;
            }
            // What is above gives on what the group needs.
            let folder = &mut folders[at];
            for controller in &group.controllers {
                folder.needs(controller, false, &group.origin);
            }
            for limit in &group.limits {
                let controller = limit.file.split('.').next().unwrap_or("");
                folder.needs(controller, limit.optional, &group.origin);
            }
            let next = if end == 0 { 0 } else { end + 1 };
            end = name[next..].find('/').map_or(name.len(), |at| next + at);
        }
        for limit in &group.limits {
            limits.push(Step::new(
                limit.kind,
                limit.optional,
                format_args!("{name}/{}", limit.key),
                format_args!("{ROOT}/{name}/{}", limit.file),
                format_args!("{}", limit.wanted),
                &limit.origin,
            ));
        }
    }
    for Folder { name, origin, .. } in folders.iter().filter(|folder| !folder.name.is_empty()) {
        steps.push(Step::new(
            Kind::Group,
            false,
            format_args!("{name}"),
            format_args!("{ROOT}/{name}"),
            format_args!("{}", Kind::THERE),
            origin,
        ));
    }
    for folder in &folders {
        controllers(folder, steps);
    }
    steps.append(&mut limits);
}

/// The steps by which a folder gives controllers on: one for all that must be, and one for each that need not.
fn controllers(folder: &Folder<'_>, steps: &mut Vec<Rc<Step>>) {
    let slash = if folder.name.is_empty() { "" } else { "/" };
    let file = format!("{}{slash}cgroup.subtree_control", folder.name);
    let path = format_args!("{ROOT}/{file}");
    let kind = Kind::Controllers;
    let (mut names, mut first) = (String::new(), None);
    for needed in folder.needed.iter().filter(|needed| !needed.optional) {
        first.get_or_insert(needed.origin);
        if !names.is_empty() {
            names.push(' ');
        }
        names.push('+');
        names.push_str(needed.name);
    }
    if let Some(origin) = first {
        let (key, wanted) = (format_args!("{file}"), format_args!("{names}"));
        steps.push(Step::new(kind, false, key, path, wanted, origin));
    }
    for needed in folder.needed.iter().filter(|needed| needed.optional) {
        let name = needed.name;
        let (key, wanted) = (format_args!("{file}[{name}]"), format_args!("+{name}"));
        steps.push(Step::new(kind, true, key, path, wanted, needed.origin));
    }
}

#[cfg(test)]
mod tests {
    use crate::policy;

    #[test]
    fn groups_come_before_controllers_and_those_before_limits() {
        let text = "cgroup_root = \"all\"\n[groups.\"web/workers\"]\npids.max = 5\nmemory.max = \"1M\"\n\
                    [groups.web]\ncpu.weight = 50\ncontrollers = [\"io\"]\n";
        let policy = policy::parse("p.toml", text.as_bytes(), None).unwrap();
        let mut steps = Vec::new();
        super::steps(&policy.cgroup_root, &policy.groups, &mut steps);
        let shown: Vec<String> = steps
            .iter()
            .map(|step| {
                format!(
                    "{} {}",
                    step.path.trim_start_matches("/sys/fs/cgroup"),
                    step.wanted
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "/all there",
                "/all/web there",
                "/all/web/workers there",
                "/cgroup.subtree_control +pids +memory +io +cpu",
                "/all/cgroup.subtree_control +pids +memory +io +cpu",
                "/all/web/cgroup.subtree_control +pids +memory",
                "/all/web/workers/pids.max 5",
                "/all/web/workers/memory.max 1048576",
                "/all/web/cpu.weight 50",
            ]
        );
    }
}
