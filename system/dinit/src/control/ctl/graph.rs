//! Extension: graph.

use super::Session;
use super::details::{self, Services};
use crate::control::failure::Failure;
use crate::engine::{DependencyKind, State};
use crate::protocol::details::{kind_name, state_name};
use document::json::Json;

pub fn run(session: &mut Session) -> Result<i32, Failure> {
    let text = details::text(session, "tell the graph of its services")?;
    let services = Services::parse(&text);
    match session.given.has("json") {
        true => session.output.print(format_args!("{}", json(&services))),
        false => session.output.bytes(&dot(&services)),
    }
    Ok(0)
}

/// In the language of dot(1): solid arrows for what must be started, dashed ones for what is waited for, dotted ones
/// for order alone.
fn dot(services: &Services<'_>) -> Vec<u8> {
    let mut out =
        b"digraph dinit {\n    rankdir=LR;\n    node [shape=box, style=filled];\n".to_vec();
    for entry in &services.entries {
        let service = &entry.service;
        let colour = match service.state {
            State::Started => "palegreen",
            State::Stopped if service.failed => "salmon",
            State::Stopped => "lightgrey",
            _ => "khaki",
        };
        out.extend_from_slice(b"    ");
        quote(&mut out, service.name);
        let bold = if service.explicit { ", penwidth=2" } else { "" };
        out.extend_from_slice(format!(" [fillcolor={colour}{bold}];\n").as_bytes());
    }
    for entry in &services.entries {
        for (kind, on) in &entry.depends {
            let style = match kind {
                DependencyKind::Need | DependencyKind::PreparedBy => "solid",
                DependencyKind::Milestone => "bold",
                DependencyKind::WaitsFor => "dashed",
                DependencyKind::After | DependencyKind::Before => "dotted",
            };
            out.extend_from_slice(b"    ");
            quote(&mut out, entry.service.name);
            out.extend_from_slice(b" -> ");
            quote(&mut out, on);
            let label = kind_name(*kind);
            out.extend_from_slice(format!(" [style={style}, tooltip=\"{label}\"];\n").as_bytes());
        }
    }
    out.extend_from_slice(b"}\n");
    out
}

fn quote(out: &mut Vec<u8>, name: &[u8]) {
    out.push(b'"');
    for byte in name {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

fn json(services: &Services<'_>) -> String {
    let mut json = Json::default();
    json.array();
    for entry in &services.entries {
        json.object();
        json.key("name");
        json.bytes(entry.service.name);
        json.key("state");
        json.string(state_name(entry.service.state));
        json.key("explicit");
        json.bool(entry.service.explicit);
        json.key("depends");
        json.array();
        for (kind, on) in &entry.depends {
            json.object();
            json.key("kind");
            json.string(kind_name(*kind));
            json.key("name");
            json.bytes(on);
            json.end();
        }
        json.end();
        json.end();
    }
    json.end();
    json.finish() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_kinds_are_shown() {
        let text = b"dinit 1\n\nservice a\"b\nstate started\nexplicit\ndepends waits-for c\n\nservice c\nfailed\n";
        let services = Services::parse(text);
        let dot = String::from_utf8(dot(&services)).unwrap();
        assert!(
            dot.contains("\"a\\\"b\" [fillcolor=palegreen, penwidth=2];\n"),
            "{dot}"
        );
        assert!(dot.contains("\"c\" [fillcolor=salmon];\n"), "{dot}");
        assert!(
            dot.contains("\"a\\\"b\" -> \"c\" [style=dashed, tooltip=\"waits-for\"];\n"),
            "{dot}"
        );
        assert_eq!(
            json(&services),
            "[{\"name\":\"a\\\"b\",\"state\":\"started\",\"explicit\":true,\"depends\":[{\"kind\":\"waits-for\",\"name\":\"c\"}]},\
             {\"name\":\"c\",\"state\":\"stopped\",\"explicit\":false,\"depends\":[]}]\n"
        );
    }
}
