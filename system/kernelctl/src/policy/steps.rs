//! The steps that a policy means, in the order in which they are done: modules first, because they bring files.

use super::{Policy, sections};
use crate::cgroup;
use crate::glob;
use crate::step::{Kind, Step};
use crate::sysctl::{self, Assignment};
use crate::system::zram;
use common::Root;

/// `assignments`: those of sysctl.d and the policy's.
pub fn steps(root: &Root, policy: &Policy, assignments: &[Assignment]) -> Vec<Step> {
    let mut steps = policy.modules.clone();
    steps.extend(sections::blacklist(policy));
    steps.extend(sysctl::steps(root, assignments));
    for knob in &policy.knobs {
        for step in matching(root, knob) {
            steps.retain(|earlier| earlier.kind != Kind::Sys || earlier.path != step.path);
            steps.push(step);
        }
    }
    steps.extend(policy.zram.iter().map(|step| Step {
        wanted: zram::resolve(root, &step.wanted),
        ..step.clone()
    }));
    steps.extend(cgroup::steps(&policy.cgroup_root, &policy.groups));
    steps
}

/// A step for each file that matches; if there is none the step stays as it is, to be told.
fn matching(root: &Root, knob: &Step) -> Vec<Step> {
    if !glob::is_pattern(&knob.path) {
        return vec![knob.clone()];
    }
    let paths = glob::expand(&root.at("/"), &knob.path);
    let mut steps: Vec<Step> = paths
        .iter()
        .map(|path| Step {
            key: format!("/{path}"),
            path: format!("/{path}"),
            ..knob.clone()
        })
        .collect();
    if steps.is_empty() {
        steps.push(knob.clone());
    }
    steps
}
