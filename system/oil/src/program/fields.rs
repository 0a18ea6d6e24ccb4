//! The fields of packages that `query` and its relatives match, print and summarize.

use super::outcome::Failure;
use super::reverse::Reverse;
use oil::context::{Context, Found, INSTALLED};
use oil::database::record::Record;
use oil::database::scripts::Scripts;
use oil::database::triggers::Triggers;
use oil::dependency::Dependency;
use oil::package::Info;

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Package,
    Name,
    Version,
    Description,
    Arch,
    License,
    Origin,
    Maintainer,
    Url,
    Commit,
    BuildTime,
    InstalledSize,
    FileSize,
    ProviderPriority,
    Depends,
    Provides,
    InstallIf,
    Recommends,
    Layer,
    Tags,
    Repositories,
    DownloadUrl,
    ReverseDepends,
    ReverseInstallIf,
    Contents,
    Triggers,
    Scripts,
    ReplacesPriority,
    Replaces,
    Status,
    Owner,
}

/// All fields that can be printed, in the order of printing, with their names for people and for programs.
pub const ALL: [(Field, &str, &str); 30] = [
    (Field::Package, "Package", "package"),
    (Field::Name, "Name", "name"),
    (Field::Version, "Version", "version"),
    (Field::Description, "Description", "description"),
    (Field::Arch, "Arch", "arch"),
    (Field::License, "License", "license"),
    (Field::Origin, "Origin", "origin"),
    (Field::Maintainer, "Maintainer", "maintainer"),
    (Field::Url, "URL", "url"),
    (Field::Commit, "Commit", "commit"),
    (Field::BuildTime, "Build-Time", "build-time"),
    (Field::InstalledSize, "Installed-Size", "installed-size"),
    (Field::FileSize, "File-Size", "file-size"),
    (
        Field::ProviderPriority,
        "Provider-Priority",
        "provider-priority",
    ),
    (Field::Depends, "Depends", "depends"),
    (Field::Provides, "Provides", "provides"),
    (Field::InstallIf, "Install-If", "install-if"),
    (Field::Recommends, "Recommends", "recommends"),
    (Field::Layer, "Layer", "layer"),
    (Field::Tags, "Tags", "tags"),
    (Field::Repositories, "Repositories", "repositories"),
    (Field::DownloadUrl, "Download-URL", "download-url"),
    (Field::ReverseDepends, "Reverse-Depends", "reverse-depends"),
    (
        Field::ReverseInstallIf,
        "Reverse-Install-If",
        "reverse-install-if",
    ),
    (Field::Contents, "Contents", "contents"),
    (Field::Triggers, "Triggers", "triggers"),
    (Field::Scripts, "Scripts", "scripts"),
    (
        Field::ReplacesPriority,
        "Replaces-Priority",
        "replaces-priority",
    ),
    (Field::Replaces, "Replaces", "replaces"),
    (Field::Status, "Status", "status"),
];

impl Field {
    /// The field of this name.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.replace('_', "-");
        if name == "owner" {
            return Some(Self::Owner);
        }
        ALL.iter()
            .find(|(_, _, own)| *own == name)
            .map(|(field, _, _)| *field)
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        ALL.iter()
            .find(|(field, _, _)| *field == self)
            .map_or("", |(_, title, _)| title)
    }

    /// Its name for programs.
    pub fn name(self) -> &'static str {
        ALL.iter()
            .find(|(field, _, _)| *field == self)
            .map_or("owner", |(_, _, name)| name)
    }

    /// Whether only installed packages have it.
    pub fn is_of_installed(self) -> bool {
        matches!(
            self,
            Self::Contents
                | Self::Triggers
                | Self::Scripts
                | Self::ReplacesPriority
                | Self::Replaces
                | Self::Status
        )
    }

    /// Whether a query can be compared with it.
    pub fn is_matchable(self) -> bool {
        !matches!(
            self,
            Self::BuildTime
                | Self::InstalledSize
                | Self::FileSize
                | Self::ProviderPriority
                | Self::Layer
                | Self::Repositories
                | Self::DownloadUrl
                | Self::ReverseDepends
                | Self::ReverseInstallIf
                | Self::Triggers
                | Self::Scripts
                | Self::ReplacesPriority
                | Self::Status
        )
    }

    /// Whether its values can be summarized.
    pub fn is_summarizable(self) -> bool {
        matches!(
            self,
            Self::Package
                | Self::Name
                | Self::Origin
                | Self::Depends
                | Self::Provides
                | Self::Replaces
                | Self::InstallIf
                | Self::Recommends
                | Self::ReverseDepends
                | Self::ReverseInstallIf
        )
    }
}

/// A field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text that is not empty.
    Text(String),
    /// A number that is not 0.
    Number(u64),
    /// Words, of which the metadata itself knows how many there are.
    Words(Vec<String>),
    /// Words that were gathered.
    Gathered(Vec<String>),
    /// Lines.
    Lines(Vec<String>),
}

/// One package whose fields are asked for; what is read for one field is kept for the next.
pub struct Subject<'c> {
    context: &'c Context,
    found: Found,
    info: Option<Info>,
    record: Option<Record>,
}

fn texts(list: &[Dependency]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

impl<'c> Subject<'c> {
    /// Of this package.
    pub fn new(context: &'c Context, found: Found) -> Self {
        Self {
            context,
            found,
            info: None,
            record: None,
        }
    }

    /// Its metadata.
    pub fn info(&mut self) -> Result<&Info, Failure> {
        if self.info.is_none() {
            self.info = Some(self.context.info(self.found.place)?);
        }
        Ok(self.info.get_or_insert_default())
    }

    /// Its record with its files, if it is installed.
    pub fn record(&mut self) -> Result<Option<&Record>, Failure> {
        if let (None, Some(number)) = (&self.record, self.found.installed) {
            self.record = Some(self.context.record(number)?);
        }
        Ok(self.record.as_ref())
    }

    /// Paths of its files, if it is installed.
    pub fn contents(&mut self) -> Result<Vec<String>, Failure> {
        let Some(record) = self.record()? else {
            return Ok(Vec::new());
        };
        let mut paths = Vec::new();
        for directory in &record.directories {
            for file in &directory.files {
                let slash: &[u8] = if directory.path.is_empty() { b"" } else { b"/" };
                let path = [&directory.path[..], slash, &file.name].concat();
                paths.push(String::from_utf8_lossy(&path).into_owned());
            }
        }
        Ok(paths)
    }

    fn repositories(&self) -> Vec<String> {
        let installed = self
            .found
            .installed
            .map(|_| "lib/apk/db/installed".to_owned());
        let all = self.context.repositories.list.iter().enumerate();
        let offered = all
            .filter(|(number, _)| self.found.repositories >> number & 1 == 1)
            .map(|(_, repository)| repository.url.clone());
        installed.into_iter().chain(offered).collect()
    }

    fn status(&mut self) -> Result<Vec<String>, Failure> {
        let Some(number) = self.found.installed else {
            return Ok(Vec::new());
        };
        let flags = self.context.installed_record(number)?.flags;
        let words = [
            (true, "installed"),
            (flags.broken_files, "broken-files"),
            (flags.broken_script, "broken-script"),
            (flags.broken_xattrs, "broken-xattr"),
        ];
        Ok(words
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, word)| (*word).to_owned())
            .collect())
    }

    fn scripts(&mut self) -> Result<Vec<String>, Failure> {
        let identity = self
            .found
            .installed
            .and_then(|number| self.context.installed.identity(number));
        let Some(identity) = identity else {
            return Ok(Vec::new());
        };
        let scripts = Scripts::read(self.context.root())?;
        let mut kinds: Vec<_> = scripts.of(identity).map(|script| script.kind).collect();
        kinds.sort_by_key(|kind| (*kind == oil::package::ScriptKind::Trigger, *kind as u8));
        Ok(kinds.iter().map(|kind| kind.name().to_owned()).collect())
    }

    /// Directories that its trigger watches.
    pub fn triggers(&mut self) -> Result<Vec<String>, Failure> {
        let identity = self
            .found
            .installed
            .and_then(|number| self.context.installed.identity(number));
        let Some(identity) = identity else {
            return Ok(Vec::new());
        };
        let triggers = Triggers::read(self.context.root())?;
        Ok(triggers.of(identity).unwrap_or_default().to_vec())
    }

    /// A field's value; none if there is none.
    pub fn value(&mut self, field: Field, reverse: &mut Reverse) -> Result<Option<Value>, Failure> {
        let text = |text: &str| (!text.is_empty()).then(|| Value::Text(text.to_owned()));
        let number = |number: u64| (number > 0).then_some(Value::Number(number));
        let words = |list: Vec<String>| (!list.is_empty()).then_some(Value::Words(list));
        if field.is_of_installed() && self.found.installed.is_none() {
            return Ok(None);
        }
        let found = self.found;
        Ok(match field {
            Field::Repositories => Some(Value::Lines(self.repositories())),
            Field::DownloadUrl => self.context.url(&found).map(Value::Text),
            Field::ReverseDepends => Some(Value::Gathered(reverse.depends(self.context, &found)?)),
            Field::ReverseInstallIf => {
                Some(Value::Gathered(reverse.install_if(self.context, &found)?))
            }
            Field::Contents => Some(Value::Lines(self.contents()?))
                .filter(|value| *value != Value::Lines(Vec::new())),
            Field::Triggers => words(self.triggers()?),
            Field::Scripts => words(self.scripts()?),
            Field::Status => Some(Value::Gathered(self.status()?)),
            Field::Owner => None,
            _ => {
                let of_installed = field == Field::Replaces && found.place.source == INSTALLED;
                let info = self.info()?;
                match field {
                    Field::Package => Some(Value::Text(format!("{}-{}", info.name, info.version))),
                    Field::Name => text(&info.name),
                    Field::Version => text(info.version.as_str()),
                    Field::Description => text(&info.description),
                    Field::Arch => text(&info.arch),
                    Field::License => text(&info.license),
                    Field::Origin => text(&info.origin),
                    Field::Maintainer => text(&info.maintainer),
                    Field::Url => text(&info.url),
                    Field::Commit => text(&info.commit),
                    Field::BuildTime => number(info.build_time),
                    Field::InstalledSize => number(info.installed_size),
                    Field::FileSize => number(info.file_size),
                    Field::ProviderPriority => number(info.provider_priority.into()),
                    Field::ReplacesPriority => number(info.replaces_priority.into()),
                    Field::Layer => number(info.layer.into()),
                    Field::Depends => words(texts(&info.depends)),
                    Field::Provides => words(texts(&info.provides)),
                    Field::InstallIf => words(texts(&info.install_if)),
                    Field::Recommends => words(texts(&info.recommends)),
                    Field::Replaces if of_installed => words(texts(&info.replaces)),
                    Field::Tags => words(info.tags.clone()),
                    _ => None,
                }
            }
        })
    }
}
