//! How a transaction is done.

/// The options of apk's that have to do with writing, and ours.
#[derive(Clone, Debug)]
pub struct Options {
    /// Run packages' scripts and triggers (`--no-scripts`).
    pub scripts: bool,
    /// Run them in the root by chroot(2), if the root is not `/` (`--force-no-chroot`).
    pub chroot: bool,
    /// Give scripts the program's environment too (`--preserve-env`).
    pub preserve_env: bool,
    /// Run the root's commit hooks (`--no-commit-hooks`).
    pub commit_hooks: bool,
    /// Take files from packages that own them (`--force-overwrite`).
    pub force_overwrite: bool,
    /// Remove protected files that were changed, too (`--purge`).
    pub purge: bool,
    /// Leave new versions of protected files out, rather than write them as `.apk-new` (`--clean-protected`).
    pub clean_protected: bool,
    /// Give files to their owners and set extended attributes of the system; off for `--usermode` and `--no-chown`.
    pub chown: bool,
    /// Paths relative to the root that an overlay owns and packages leave alone (`--overlay-from-stdin`).
    pub overlay: Vec<Vec<u8>>,
    /// Wait until the disk has everything, so that a power cut finds the old state or the new one. Without it a kill
    /// still does. Off for roots that an image is made of (`--no-sync`).
    pub sync: bool,
    /// How many packages are read at once; 0 for as many as there are cores.
    pub threads: usize,
    /// How many transactions the history remembers; 0 for none.
    pub generations: usize,
}

impl Default for Options {
    /// As apk does without options, on the disk, with [`DEFAULT_GENERATIONS`] remembered.
    fn default() -> Self {
        Self {
            scripts: true,
            chroot: true,
            preserve_env: false,
            commit_hooks: true,
            force_overwrite: false,
            purge: false,
            clean_protected: false,
            chown: true,
            overlay: Vec::new(),
            sync: true,
            threads: 0,
            generations: DEFAULT_GENERATIONS,
        }
    }
}

/// How many transactions are remembered unless the user says otherwise.
pub const DEFAULT_GENERATIONS: usize = 16;
