//! What the daemon tells about itself.

use super::Daemon;
use document::json::Json;

/// Since it was started.
#[derive(Debug, Default)]
pub struct Counts {
    /// Looks at all devices.
    pub passes: usize,
    /// Folders below /sys/devices at the last of them.
    pub folders: usize,
    pub events: usize,
    pub overruns: usize,
    pub loaded: usize,
    /// Modules that found no hardware.
    pub not_needed: usize,
    pub absent: usize,
    pub failed: usize,
}

impl Daemon {
    pub(super) fn status(&self, json: bool) -> String {
        let counts = &self.counts;
        let numbers = [
            ("passes", counts.passes),
            ("folders", counts.folders),
            ("events", counts.events),
            ("overruns", counts.overruns),
            ("modules_loaded", counts.loaded),
            ("modules_not_needed", counts.not_needed),
            ("modules_absent", counts.absent),
            ("nodes", self.nodes.len()),
            ("rules", self.rules.0.len()),
            ("failed", counts.failed),
        ];
        if !json {
            let mut text: String = numbers
                .iter()
                .map(|(name, number)| format!("{:20}{number}\n", name.replace('_', " ")))
                .collect();
            self.links
                .all()
                .for_each(|(link, node)| text += &format!("link  /dev/{link} -> {node}\n"));
            self.failures
                .iter()
                .for_each(|what| text += &format!("failed  {what}\n"));
            return text;
        }
        let mut json = Json::default();
        json.object();
        for (name, number) in numbers {
            json.key(name);
            json.number(i64::try_from(number).unwrap_or(i64::MAX));
        }
        json.key("links");
        json.object();
        for (link, node) in self.links.all() {
            json.key(link);
            json.string(node);
        }
        json.end();
        json.key("failures");
        json.array();
        self.failures.iter().for_each(|what| json.string(what));
        json.end();
        json.end();
        json.finish() + "\n"
    }
}
