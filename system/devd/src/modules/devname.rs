//! Nodes that are there before their module is: `modules.devname`, which depmod makes of `devname:` aliases. Who opens such a node has the kernel
//! ask for the module by the node's number.

/// One line: a module's node, and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Below /dev: `net/tun`.
    pub name: String,
    pub block: bool,
    pub major: u32,
    pub minor: u32,
}

/// The lines that are understood: `MODULE NAME cMAJOR:MINOR`, or `b`. Names that lead elsewhere than below /dev are none.
pub fn parse(text: &[u8]) -> Vec<Node> {
    let text = String::from_utf8_lossy(text);
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Node> {
    let mut words = line.split_ascii_whitespace();
    let (module, name, number) = (words.next()?, words.next()?, words.next()?);
    let block = match number.as_bytes().first()? {
        b'c' => false,
        b'b' => true,
        _ => return None,
    };
    let (major, minor) = number[1..].split_once(':')?;
    let node = Node {
        name: name.to_owned(),
        block,
        major: major.parse().ok()?,
        minor: minor.parse().ok()?,
    };
    (!module.starts_with('#') && words.next().is_none() && crate::device::is_name(name))
        .then_some(node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_nodes() {
        let text = b"# Device nodes to trigger on-demand module loading.\nfuse fuse c10:229\ntun net/tun c10:200\n\
            x ../etc/x c1:1\nx x d1:1\nx x c1\nx x c1:y\nx x c1:1 more\nx\n\nfloppy fd0 b2:0";
        let nodes = parse(text);
        let names: Vec<&str> = nodes.iter().map(|node| &*node.name).collect();
        assert_eq!(names, ["fuse", "net/tun", "fd0"]);
        assert_eq!(
            nodes[1],
            Node {
                name: "net/tun".to_owned(),
                block: false,
                major: 10,
                minor: 200
            }
        );
        assert!(nodes[2].block && !nodes[0].block);
    }

    proptest! {
        #[test]
        fn any_file_will_do(text: Vec<u8>, lines in "([a-z]{0,3} [a-z./]{0,4} [cb]?[0-9]{0,11}:?[0-9]{0,2}\n){0,4}") {
            parse(&text);
            for node in parse(lines.as_bytes()) {
                prop_assert!(crate::device::is_name(&node.name));
            }
        }
    }
}
