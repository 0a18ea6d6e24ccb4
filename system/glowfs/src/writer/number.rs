//! Numbers of inodes: directory by directory from the root on, a directory's entries one after the other.

use crate::error::{Error, Result};
use crate::format::directory;
use crate::tree::{Content, Tree};

/// Which file has which number.
pub struct Numbers {
    /// Places in [`Tree::files`], in the order of numbers.
    pub order: Vec<usize>,
    /// Number by place; 0 for what no entry leads to.
    pub of: Vec<u32>,
    /// Links by place.
    pub links: Vec<u32>,
    /// Number of the directory that a directory lies in, by place.
    pub parent: Vec<u32>,
}

impl Numbers {
    /// How many inodes there are.
    pub fn count(&self) -> u32 {
        // `number` has seen that they fit.
        self.order.len() as u32
    }
}

/// Numbers all files that the root leads to.
///
/// # Errors
/// [`Error::impossible`] for a directory with two names, a name that is none, and too many files.
pub fn number(tree: &Tree) -> Result<Numbers> {
    let wrong = |what: String| Error::impossible(format_args!("{what}"));
    if !matches!(tree.files.first(), Some(root) if matches!(root.content, Content::Directory(_))) {
        return Err(wrong("the root is no directory".to_owned()));
    }
    if tree.files.len() >= u32::MAX as usize {
        return Err(wrong("more than 4294967294 files".to_owned()));
    }
    let mut numbers = Numbers {
        order: vec![0],
        of: vec![0; tree.files.len()],
        links: vec![0; tree.files.len()],
        parent: vec![0; tree.files.len()],
    };
    (numbers.of[0], numbers.links[0], numbers.parent[0]) = (1, 2, 1);
    // Directories whose entries are still to be numbered, the next one last: what lies below a directory follows it closely.
    let mut waiting = vec![0];
    while let Some(place) = waiting.pop() {
        let Some(entries) = tree.entries(place) else {
            continue;
        };
        let number = numbers.of[place];
        let mut below = Vec::new();
        for (name, &file) in entries {
            let shown = || String::from_utf8_lossy(name).into_owned();
            if !directory::is_name(name) {
                return Err(wrong(format!("'{}' cannot be a file's name", shown())));
            }
            let Some(node) = tree.files.get(file) else {
                return Err(wrong(format!("'{}' is the name of no file", shown())));
            };
            let directory = matches!(node.content, Content::Directory(_));
            if numbers.of[file] == 0 {
                numbers.order.push(file);
                numbers.of[file] = numbers.order.len() as u32;
            } else if directory {
                return Err(wrong(format!("the directory '{}' has two names", shown())));
            }
            if directory {
                (numbers.links[file], numbers.parent[file]) = (2, number);
                numbers.links[place] += 1;
                below.push(file);
            } else {
                numbers.links[file] += 1;
            }
        }
        waiting.extend(below.into_iter().rev());
    }
    Ok(numbers)
}
