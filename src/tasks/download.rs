//! The task "download".

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use futures_util::{Stream, StreamExt};
use jiff::Timestamp;

use super::claims::{Claim, Claims, NAMED_TWICE, clash};
use super::delete_source::{Kept, UNPROVEN, delete_remote};
use super::filter::{Sieve, Task};
use super::list::nothing_matches;
use super::naming::{looks_like_a_file, numbered};
use super::overwrite::{Decision, Side, UNCHANGED, decide};
use super::parts;
use super::placing::{placed, refuse_rename};
use super::remote::{Below, Found, Reading, find};
use super::remote_files::files;
use super::run::{Done, Run, Step};
use super::sink::{Place, Seal, Sink};
use super::{
    DownloadOptions, Item, ItemKind, Outcome, Overwrite, Report, ReportItem, Source,
    TransferOptions,
};
use crate::api::files::FileMetadata;
use crate::client::{Client, ContentHasher};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

const PARALLEL: NonZeroUsize = NonZeroUsize::new(8).expect("eight is not zero");

/// How often a file whose bytes arrived wrong is fetched.
const TRIES: usize = 2;

/// How many free names are tried.
const NAMES: u32 = 1_000;

impl Connection {
    /// Downloads files into a local folder, which is made if it is missing.
    ///
    /// A file is written beside its place, hashed, synced and renamed: at its name there is the old file or the whole new one,
    /// never a part. Nothing is written outside the folder, whatever the names at Dropbox are.
    ///
    /// # Errors
    /// `not_found` for a source that is not there; `invalid_argument` where a single file is fetched to what looks like its own
    /// name; else as the options' `on_error` says, with the [`Report`].
    pub async fn download(
        &self,
        source: impl Into<Source>,
        folder: impl AsRef<Path>,
        options: DownloadOptions,
    ) -> Result<Report> {
        let folder = folder.as_ref();
        let sieve = options.filter.sieve(Task::Download, Timestamp::now())?;
        let source = source.into();
        let what = match &source {
            Source::Text(text) => text.clone(),
            _ => "the source".to_owned(),
        };
        let found = self.read(source, &options).await?;
        if let [Found::One(item)] = found.as_slice() {
            let text = folder.to_string_lossy();
            if item.kind == ItemKind::File
                && !folder.is_dir()
                && looks_like_a_file(&text, &item.name)
            {
                return Err(Error::new(ErrorKind::InvalidArgument, format!("the destination `{text}` is a folder, but looks like the name of the file"))
                    .with_path(text.clone())
                    .with_hint(format!("to fetch the file under that name use `download_file`; if it is a folder, write `{text}/`")));
            }
        }
        let report = Download::new(self.client(), &options, folder, None)?
            .found(found, &sieve)
            .await?;
        if options.require_match && report.items.is_empty() {
            return Err(nothing_matches(&what));
        }
        Ok(report)
    }

    /// Downloads one file to exactly this path.
    ///
    /// # Errors
    /// As [`download`](Connection::download); `invalid_argument` where the source is not one file.
    pub async fn download_file(
        &self,
        path: &str,
        local: impl AsRef<Path>,
        options: DownloadOptions,
    ) -> Result<Report> {
        let local = local.as_ref();
        let name = local.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("`{}` does not end in the name of a file", local.display()),
            )
        })?;
        let literal = DownloadOptions {
            glob: false,
            ..options
        };
        refuse_rename(&literal, "download_file")?;
        let sieve = literal.filter.sieve(Task::Download, Timestamp::now())?;
        let found = self.read(Source::from(path), &literal).await?;
        match found.as_slice() {
            [Found::One(item)] if item.kind == ItemKind::File => {}
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    format!("`{path}` is not a file"),
                )
                .with_path(path)
                .with_hint("`download` takes folders"));
            }
        }
        let folder = local
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        Download::new(self.client(), &literal, folder, Some(name.to_owned()))?
            .found(found, &sieve)
            .await
    }

    async fn read(&self, source: Source, options: &TransferOptions) -> Result<Vec<Found>> {
        let reading = Reading {
            glob: options.glob,
            subfolders: options.filter.subfolders,
        };
        let mut found = Vec::new();
        for source in source.flattened() {
            found.push(find(self.client(), &source, reading).await?);
        }
        Ok(found)
    }
}

pub(super) struct Download<'a> {
    client: &'a Client,
    options: &'a TransferOptions,
    folder: &'a Path,
    /// The folder, opened; none in a dry run before it is made.
    root: Option<Arc<Dir>>,
    /// The name of a single file at the target.
    name: Option<String>,
    claims: Claims,
}

impl<'a> Download<'a> {
    pub(super) fn new(
        client: &'a Client,
        options: &'a TransferOptions,
        folder: &'a Path,
        name: Option<String>,
    ) -> Result<Self> {
        if !options.dry_run {
            std::fs::create_dir_all(folder)
                .map_err(|error| Error::io("make the folder", folder, error))?;
        }
        let root = match Dir::open_ambient_dir(folder, ambient_authority()) {
            Ok(root) => Some(Arc::new(root)),
            Err(error) if options.dry_run && error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::io("open the folder", folder, error)),
        };
        Ok(Self {
            client,
            options,
            folder,
            root,
            name,
            claims: Claims::default(),
        })
    }

    async fn found(&self, found: Vec<Found>, sieve: &Sieve) -> Result<Report> {
        let work = files(self.client, found, sieve, self.options.filter.subfolders);
        let work = work.map(|step| match (step, &self.name) {
            (Step::Work(below), Some(name)) => Step::Work(Below {
                relative: name.clone(),
                ..below
            }),
            (step, _) => step,
        });
        self.run(work, sieve).await
    }

    /// Fetches what the sieve selects of these files.
    pub(super) async fn run(
        &self,
        work: impl Stream<Item = Step<Below>> + Send + '_,
        sieve: &Sieve,
    ) -> Result<Report> {
        let parallel = self.options.parallel.unwrap_or(PARALLEL);
        let run = Run {
            on_error: self.options.on_error,
            parallel,
            plan_only: self.options.dry_run,
        };
        let work = placed(sieve.select(work), self.options, key).await;
        run.through(work, |below| self.file(below)).await
    }

    async fn file(&self, below: Below) -> ReportItem {
        let source = below.item.path.clone();
        let destination = self.folder.join(&below.relative).display().to_string();
        let result = self.fetch(&below).await;
        ReportItem::of(source, destination, result)
    }

    async fn fetch(&self, below: &Below) -> Result<Done> {
        check_names(&below.relative)?;
        let (item, mut relative) = (&below.item, below.relative.clone());
        let decision = match self.claim(&relative, item) {
            Claim::Granted => self.existing(item, &relative).await?,
            Claim::Again => Some(Decision::Skip(NAMED_TWICE)),
            Claim::Taken(_) if self.options.overwrite == Overwrite::Rename => {
                Some(Decision::FreeName)
            }
            Claim::Taken(other) => return Err(clash(&item.path, &other, &self.shown(&relative))),
        };
        if let Some(decision) = decision {
            let skip = |reason| Done {
                destination: self.shown(&relative),
                outcome: Outcome::Skipped,
                bytes: item.size.unwrap_or_default(),
                reason,
            };
            match decision {
                Decision::Replace => {}
                Decision::Skip(UNCHANGED) => {
                    let kept = self.delete_source(item, item.rev.as_deref()).await?;
                    return Ok(skip(kept.unwrap_or(UNCHANGED)));
                }
                Decision::Skip(reason) => return Ok(skip(reason)),
                Decision::FreeName => relative = self.free_name(item, &relative)?,
                Decision::Refuse | Decision::CompareHashes => {
                    return Err(self.in_the_way(&relative, "a file"));
                }
            }
        }
        let (destination, bytes) = (self.shown(&relative), item.size.unwrap_or_default());
        if self.options.dry_run {
            return Ok(Done {
                destination,
                outcome: Outcome::Planned,
                bytes,
                reason: "",
            });
        }
        let mut tries = 1;
        loop {
            match self.write(item, &relative).await {
                Err(error) if error.kind() == ErrorKind::Integrity && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
                Ok(arrived) => {
                    let kept = if self.options.delete_source && arrived.content_hash.is_none() {
                        Some(UNPROVEN)
                    } else {
                        self.delete_source(item, Some(&arrived.rev)).await?
                    };
                    return Ok(Done {
                        destination,
                        outcome: Outcome::Transferred,
                        bytes: arrived.size,
                        reason: kept.unwrap_or_default(),
                    });
                }
            }
        }
    }

    /// Deletes the file of the rev that was read, where that is wanted.
    async fn delete_source(&self, item: &Item, rev: Option<&str>) -> Result<Kept> {
        if !self.options.delete_source || self.options.dry_run {
            return Ok(None);
        }
        let leave = self.client.guards().leave_to_delete(1)?;
        delete_remote(self.client, item, rev, &leave).await
    }

    async fn write(&self, item: &Item, relative: &str) -> Result<FileMetadata> {
        let place = self.place(relative)?;
        let path: RemotePath = item.path.parse()?;
        let mut sink = Sink::open(place);
        let metadata = if item.size.is_some_and(|size| size >= parts::FROM) {
            parts::fetch(self.client, &path, &mut sink).await?
        } else {
            let download = self.client.download(&path).await?;
            parts::fetch_in_order(download, &mut sink).await?
        };
        let modified = Some(metadata.client_modified)
            .filter(|_| self.options.keep_dates)
            .map(system_time);
        sink.commit(Seal {
            hash: metadata.content_hash.clone(),
            modified,
        })
        .await?;
        Ok(metadata)
    }

    /// The folder of a target, made if it is missing, and the name in it.
    fn place(&self, relative: &str) -> Result<Place> {
        let path = self.folder.join(relative);
        let root = self.root.as_deref().ok_or_else(|| {
            Error::new(
                ErrorKind::LocalIo,
                format!("the folder `{}` is not open", self.folder.display()),
            )
        })?;
        let (parent, name) = relative.rsplit_once('/').unwrap_or((".", relative));
        let folder = root
            .create_dir_all(parent)
            .and_then(|()| root.open_dir(parent));
        let folder = folder.map_err(|error| {
            Error::io("make the folder of", &path, error)
                .with_hint("is a file or a link in the way?")
        })?;
        Place::new(
            folder,
            name,
            path,
            self.options.overwrite != Overwrite::Always,
        )
    }

    /// What to do where something is at the target; `None` where nothing is.
    async fn existing(&self, item: &Item, relative: &str) -> Result<Option<Decision>> {
        let Some(root) = &self.root else {
            return Ok(None);
        };
        let metadata = match root.symlink_metadata(relative) {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(metadata) if metadata.is_dir() => return Err(self.in_the_way(relative, "a folder")),
            Ok(_) => return Err(self.in_the_way(relative, "a link or a special file")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("look at", self.folder.join(relative), error)),
        };
        let modified = metadata
            .modified()
            .ok()
            .and_then(|time| Timestamp::try_from(time.into_std()).ok());
        let source = Side {
            size: item.size.unwrap_or_default(),
            modified: item.modified,
        };
        let target = Side {
            size: metadata.len(),
            modified,
        };
        let decision = decide(self.options.overwrite, self.options.size_is, source, target);
        if decision != Decision::CompareHashes {
            return Ok(Some(decision));
        }
        let (root, relative, path) = (
            Arc::clone(root),
            relative.to_owned(),
            self.folder.join(relative),
        );
        let hash = tokio::task::spawn_blocking(move || hash_of(&root, &relative))
            .await?
            .map_err(|error| Error::io("read", path, error))?;
        let same = item.hash.as_deref() == Some(hash.as_str());
        Ok(Some(if same {
            Decision::Skip(UNCHANGED)
        } else {
            Decision::Replace
        }))
    }

    fn claim(&self, relative: &str, item: &Item) -> Claim {
        self.claims.claim(key(relative), &item.path)
    }

    fn free_name(&self, item: &Item, relative: &str) -> Result<String> {
        let (parent, name) = relative
            .rsplit_once('/')
            .map_or((String::new(), relative), |(parent, name)| {
                (format!("{parent}/"), name)
            });
        let candidates = (2..NAMES).map(|number| format!("{parent}{}", numbered(name, number)));
        let free = |candidate: &String| {
            self.root
                .as_ref()
                .is_none_or(|root| root.symlink_metadata(candidate).is_err())
        };
        candidates
            .into_iter()
            .find(|candidate| free(candidate) && self.claim(candidate, item) == Claim::Granted)
            .ok_or_else(|| self.in_the_way(relative, "a file"))
    }

    fn in_the_way(&self, relative: &str, what: &str) -> Error {
        let path = self.shown(relative);
        Error::new(
            ErrorKind::Conflict,
            format!("there is {what} at `{path}` already"),
        )
        .with_path(path)
    }

    fn shown(&self, relative: &str) -> String {
        self.folder.join(relative).display().to_string()
    }
}

/// Where the file system does not tell letter case apart, two paths that differ by it only are one.
pub(super) fn key(relative: &str) -> String {
    if cfg!(any(windows, target_vendor = "apple")) {
        relative.to_lowercase()
    } else {
        relative.to_owned()
    }
}

/// The time of a file; Dropbox has none before 1970.
fn system_time(time: Timestamp) -> SystemTime {
    let seconds = u64::try_from(time.as_second()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn hash_of(root: &Dir, relative: &str) -> std::io::Result<String> {
    let mut file = root.open(relative)?;
    let mut hasher = ContentHasher::new();
    let mut piece = vec![0; 256 * 1024];
    loop {
        match std::io::Read::read(&mut file, &mut piece)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&piece[..length]),
        }
    }
}

/// Names that would lead out of the folder are refused; the opened folder would stop them too, but less clearly.
fn check_names(relative: &str) -> Result<()> {
    let bad = relative.split('/').find(|name| {
        matches!(*name, "" | "." | "..")
            || name.contains('\0')
            || (cfg!(windows) && name.contains(['\\', ':']))
    });
    match bad {
        None => Ok(()),
        Some(name) => Err(Error::new(
            ErrorKind::InvalidPath,
            format!(
                "`{}` cannot be the name of a local file",
                name.escape_debug()
            ),
        )
        .with_path(relative)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_refused() {
        for relative in ["../a", "a/../b", "a//b", "/a", "a/.", "a\0b", ""] {
            assert_eq!(
                check_names(relative).expect_err(relative).kind(),
                ErrorKind::InvalidPath
            );
        }
        check_names("a/..b/c d/ü").expect("a fine name");
    }
}
