//! The steps that a policy means, in the order in which they are done: modules first, because they bring files.

use super::{Policy, sections};
use crate::cgroup;
use crate::glob;
use crate::step::{Step, put};
use crate::sysctl::{self, Assignment};
use crate::system::zram;
use common::Root;
use std::rc::Rc;

/// `assignments`: those of sysctl.d and the policy's.
pub fn steps(root: &Root, policy: &Policy, assignments: &[Assignment]) -> Vec<Rc<Step>> {
    let mut steps = policy.modules.clone();
    steps.extend(sections::blacklist(policy));
    steps.append(&mut sysctl::steps(root, assignments));
    for knob in &policy.knobs {
        matching(root, knob, &mut steps);
    }
    if let Some(step) = &policy.zram {
        let mut step = Step::clone(step);
        step.wanted = zram::resolve(root, &step.wanted);
        steps.push(Rc::new(step));
    }
    cgroup::steps(&policy.cgroup_root, &policy.groups, &mut steps);
    steps
}

/// Adds a step for each file that matches; if there is none the step stays as it is, to be told.
fn matching(root: &Root, knob: &Rc<Step>, steps: &mut Vec<Rc<Step>>) {
    let mut paths = Vec::new();
    if glob::is_pattern(&knob.path) {
        paths = glob::expand(&root.at("/"), &knob.path);
    }
    if paths.is_empty() {
        put(steps, knob.clone());
    }
    for path in paths {
        let mut step = Step::clone(knob);
        step.path = format!("/{path}");
        step.key.clone_from(&step.path);
        put(steps, Rc::new(step));
    }
}
