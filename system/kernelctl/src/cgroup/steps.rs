//! The steps that make groups and limit them.

use super::{Group, ROOT};
use crate::step::{Kind, Step};
use document::Origin;

/// A controller that a group gives on: its name, whether only optional limits need it, and who asks first.
type Needed = (String, bool, Origin);

/// The steps for groups below `base`: first the groups, each after the one that it is in; then controllers, from the top;
/// then limits.
pub fn steps(base: &str, groups: &[Group]) -> Vec<Step> {
    let full = |name: &str| match base.is_empty() {
        true => name.to_owned(),
        false => format!("{base}/{name}"),
    };
    let mut folders: Vec<(String, Origin)> = Vec::new();
    let mut given: Vec<(String, Vec<Needed>)> = Vec::new();
    let mut limits = Vec::new();
    for group in groups {
        let name = full(&group.name);
        let named = group.controllers.iter().map(|name| (&**name, false));
        let limiting = group.limits.iter().map(|limit| {
            let controller = limit.file.split('.').next().unwrap_or("");
            (controller, limit.optional)
        });
        let needed: Vec<(&str, bool)> = named.chain(limiting).collect();
        for at in ends(&name) {
            let (own, above) = (&name[..at], name[..at].rfind('/'));
            if folders.iter().all(|(other, _)| other != own) {
                folders.push((own.to_owned(), group.origin.clone()));
            }
            let above = above.map_or("", |slash| &name[..slash]);
            let place = given.iter().position(|(other, _)| other == above);
            let place = place.unwrap_or_else(|| {
                given.push((above.to_owned(), Vec::new()));
                given.len() - 1
            });
            let list = &mut given[place].1;
            for (controller, optional) in needed.iter().filter(|(name, _)| *name != "cgroup") {
                match list.iter_mut().find(|(other, _, _)| other == controller) {
                    Some((_, only_optional, _)) => *only_optional &= optional,
                    None => list.push(((*controller).to_owned(), *optional, group.origin.clone())),
                }
            }
        }
        limits.extend(group.limits.iter().map(|limit| Step {
            kind: limit.kind,
            key: format!("{name}/{}", limit.key),
            path: format!("{ROOT}/{name}/{}", limit.file),
            wanted: limit.wanted.clone(),
            optional: limit.optional,
            origin: limit.origin.clone(),
        }));
    }
    // What is above comes before.
    folders.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    given.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let mut steps: Vec<Step> = folders
        .into_iter()
        .map(|(name, origin)| Step {
            kind: Kind::Group,
            path: format!("{ROOT}/{name}"),
            key: name,
            wanted: Kind::THERE.to_owned(),
            optional: false,
            origin,
        })
        .collect();
    for (name, list) in given {
        let file = match name.is_empty() {
            true => "cgroup.subtree_control".to_owned(),
            false => format!("{name}/cgroup.subtree_control"),
        };
        let mut push = |key: String, wanted: String, optional, origin: &Origin| {
            steps.push(Step {
                kind: Kind::Controllers,
                path: format!("{ROOT}/{file}"),
                key,
                wanted,
                optional,
                origin: origin.clone(),
            });
        };
        let (optional, needed): (Vec<_>, Vec<_>) =
            list.iter().partition(|(_, optional, _)| *optional);
        if let Some((_, _, origin)) = needed.first() {
            let names: Vec<String> = needed
                .iter()
                .map(|(name, _, _)| format!("+{name}"))
                .collect();
            push(file.clone(), names.join(" "), false, origin);
        }
        for (name, _, origin) in optional {
            push(format!("{file}[{name}]"), format!("+{name}"), true, origin);
        }
    }
    steps.extend(limits);
    steps
}

/// Where each part of a path ends.
fn ends(name: &str) -> impl Iterator<Item = usize> {
    let slashes = name.match_indices('/').map(|(at, _)| at);
    slashes.chain([name.len()])
}

#[cfg(test)]
mod tests {
    use crate::policy;

    #[test]
    fn groups_come_before_controllers_and_those_before_limits() {
        let text = "cgroup_root = \"all\"\n[groups.\"web/workers\"]\npids.max = 5\nmemory.max = \"1M\"\n\
                    [groups.web]\ncpu.weight = 50\ncontrollers = [\"io\"]\n";
        let policy = policy::parse("p.toml", text.as_bytes(), None).unwrap();
        let steps = super::steps(&policy.cgroup_root, &policy.groups);
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
