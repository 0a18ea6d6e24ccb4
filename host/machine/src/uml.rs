//! User Mode Linux: the kernel as a native process, with the same console as a machine of QEMU's.
//!
//! For what needs a kernel but no hardware. The switches are the kernel's
//! (`Documentation/virt/uml/user_mode_linux_howto_v2.rst`).

use std::path::PathBuf;
use std::process::Command;

use crate::error::{Error, Result};
use crate::machine::{Birth, Machine, readable};
use crate::spec::{Limits, Stop};

/// What a User Mode Linux machine is made of.
#[derive(Clone, Debug)]
pub struct Uml {
    /// A name for messages.
    pub name: String,
    /// The kernel: a program of this computer's.
    pub program: PathBuf,
    /// The initramfs, best uncompressed. Its init must power off in the end: a restart would run
    /// this program again and again.
    pub initrd: PathBuf,
    /// Further words for the kernel.
    pub words: Vec<String>,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// How long things may take.
    pub limits: Limits,
    /// Ends the machine early.
    pub stop: Stop,
}

impl Uml {
    /// A machine with 64 MiB.
    pub fn new(
        name: impl Into<String>,
        program: impl Into<PathBuf>,
        initrd: impl Into<PathBuf>,
    ) -> Uml {
        Uml {
            name: name.into(),
            program: program.into(),
            initrd: initrd.into(),
            words: vec!["quiet".to_owned()],
            memory_mib: 64,
            limits: Limits::default(),
            stop: Stop::default(),
        }
    }

    /// The program's arguments. The console is standard input and output; there is no other.
    pub fn arguments(&self) -> Vec<String> {
        let mut list = vec![
            format!("mem={}M", self.memory_mib),
            format!("initrd={}", self.initrd.display()),
        ];
        // Later words win: con= is for all consoles, con0= for the one there is.
        for word in ["con=null", "con0=fd:0,fd:1", "console=tty0", "seccomp=on"] {
            list.push(word.to_owned());
        }
        list.extend(self.words.iter().cloned());
        list
    }

    /// Starts the machine. Its memory is a file in a folder of its own, gone with the machine.
    ///
    /// # Errors
    /// A program or initramfs that can't be read, no folder for its memory.
    pub fn start(&self) -> Result<Machine> {
        readable(&self.name, &self.program)?;
        readable(&self.name, &self.initrd)?;
        let program = self.program.display().to_string();
        let folder = tempfile::Builder::new()
            .prefix("alpenglow-uml-")
            .tempdir()
            .map_err(|source| Error::Start {
                machine: self.name.clone(),
                program: program.clone(),
                source,
            })?;
        let mut command = Command::new(&self.program);
        command
            .args(self.arguments())
            .arg(format!("uml_dir={}", folder.path().display()))
            .env_clear()
            .env("TMPDIR", folder.path())
            .env("HOME", folder.path())
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        Machine::spawn(
            command,
            Birth {
                name: self.name.clone(),
                program,
                limits: self.limits,
                settle: None,
                stop: self.stop.clone(),
                power_off: "poweroff",
                kept: Some(folder),
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches() {
        let mut uml = Uml::new("u", "/k/linux", "/i/x.cpio");
        uml.words.push("panic=-1".to_owned());
        assert_eq!(
            uml.arguments().join(" "),
            "mem=64M initrd=/i/x.cpio con=null con0=fd:0,fd:1 console=tty0 seccomp=on quiet panic=-1"
        );
    }

    #[test]
    fn a_missing_kernel_is_named() {
        let error = Uml::new("u", "/no/such/linux", "/i/x.cpio").start().err();
        let text = error.map(|e| e.to_string()).unwrap_or_default();
        assert!(
            text.contains("machine 'u'") && text.contains("/no/such/linux"),
            "{text}"
        );
    }
}
