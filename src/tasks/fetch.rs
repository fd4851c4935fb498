//! Fetching: remote files into an opened local folder.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;

use super::claims::{Claim, Claims, NAMED_TWICE, clash};
use super::delete_source::{Kept, UNPROVEN, delete_remote, leave_for_sources};
use super::filter::Sieve;
use super::local_name;
use super::naming::numbered;
use super::overwrite::{Decision, Side, UNCHANGED, decide};
use super::own_name::OwnNames;
use super::parts;
use super::placing::placed;
use super::preflight;
use super::progress::{Moving, Tally};
use super::remote::{Below, Found};
use super::remote_files::files;
use super::run::{Done, Run, Step, failed_first};
use super::sink::{Place, Seal, Sink};
use super::{Item, Outcome, Overwrite, Report, ReportItem, TransferOptions};
use crate::client::{Client, ContentHasher, Leave, Version, Width, Written};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

const PARALLEL: NonZeroUsize = NonZeroUsize::new(Width::MOST).expect("it is not zero");

/// How often a file whose bytes arrived wrong is fetched.
const TRIES: usize = 2;

/// How many free names are tried.
const NAMES: u32 = 1_000;

pub(super) struct Download<'a> {
    task: &'static str,
    connection: &'a Connection,
    client: &'a Client,
    options: &'a TransferOptions,
    folder: &'a Path,
    /// Its path from the root of the file system on.
    real_folder: Option<PathBuf>,
    /// The folder, opened; none in a dry run before it is made.
    root: Option<Arc<Dir>>,
    /// The name of a single file at the target.
    name: Option<String>,
    claims: Claims,
    own_names: OwnNames,
    tally: Tally,
}

impl<'a> Download<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        options: &'a TransferOptions,
        folder: &'a Path,
        name: Option<String>,
    ) -> Result<Self> {
        Self::of_task("download", connection, options, folder, name)
    }

    /// One that is a part of another task, and told of as that.
    pub(super) fn of_task(
        task: &'static str,
        connection: &'a Connection,
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
            task,
            connection,
            client: connection.client(),
            options,
            folder,
            real_folder: folder.canonicalize().ok(),
            root,
            name,
            claims: Claims::default(),
            own_names: OwnNames::default(),
            tally: Tally::new(task, options.progress.as_ref()),
        })
    }

    pub(super) async fn found(&self, found: Vec<Found>, sieve: &Sieve) -> Result<Report> {
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
        let run = Run {
            task: self.task,
            on_error: self.options.on_error,
            parallel: self.options.parallel.unwrap_or(PARALLEL),
            plan_only: self.options.dry_run,
            listener: self.options.progress.as_ref(),
        };
        let work = placed(sieve.select(work), self.options, local_name::key).await;
        // All is found before the first byte: what cannot work is told at once, and how much it is is known.
        let steps: Vec<_> = work.map(|step| self.check(step)).collect().await;
        let leave = leave_for_sources(self.client, &steps, self.options)?;
        self.look_ahead(&steps).await?;
        for step in &steps {
            if let Step::Work(below) = step {
                self.tally.expect(below.item.size.unwrap_or_default());
            }
        }
        let leave = &leave;
        let work = stream::iter(failed_first(steps));
        let done = run
            .through(work, |below| async move { self.file(&below, leave).await })
            .await;
        self.tally.finish();
        done
    }

    /// A file whose name cannot be one here fails.
    fn check(&self, step: Step<Below>) -> Step<Below> {
        let Step::Work(below) = step else { return step };
        match local_name::check(&below.relative) {
            Ok(()) => Step::Work(below),
            Err(error) => {
                let destination = self.folder.join(&below.relative).display().to_string();
                Step::Done(ReportItem::failed(below.item.path, destination, error))
            }
        }
    }

    /// What would keep all of it from coming.
    async fn look_ahead(&self, steps: &[Step<Below>]) -> Result<()> {
        let Some(root) = &self.root else {
            return Ok(());
        };
        let (mut all, mut new) = (0, 0);
        for step in steps {
            if let Step::Work(below) = step {
                let size = below.item.size.unwrap_or_default();
                all += size;
                if root.symlink_metadata(&below.relative).is_err() {
                    new += size.saturating_sub(self.fetched(&below.relative, size));
                }
            }
        }
        let mut faults = Vec::new();
        if preflight::is_much(steps.len(), all) {
            faults.extend(preflight::scope(self.connection, "files.content.read").await?);
        }
        if !self.options.dry_run {
            faults.extend(preflight::local_folder(root, self.folder));
        }
        faults.extend(preflight::local_room(root, self.folder, new));
        preflight::together(&faults)
    }

    /// How much of a file an earlier run left on disk.
    fn fetched(&self, relative: &str, size: u64) -> u64 {
        let target = self.target(relative).filter(|_| size >= parts::FROM);
        target.map_or(0, |target| self.client.fetched(&target))
    }

    async fn file(&self, below: &Below, leave: &Leave) -> ReportItem {
        let source = below.item.path.clone();
        let _place = match self.options.parallel {
            Some(_) => None,
            None => Some(self.client.place_for_file().await),
        };
        let moving = self
            .tally
            .begin(&source, below.item.size.unwrap_or_default());
        let destination = self.folder.join(&below.relative).display().to_string();
        let result = self.fetch(below, leave, &moving).await;
        let item = ReportItem::of(source, destination, result);
        moving.end(&item);
        item
    }

    async fn fetch(&self, below: &Below, leave: &Leave, moving: &Moving) -> Result<Done> {
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
                    let kept = self.delete_source(item, item.rev.as_deref(), leave).await?;
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
            match self.write(item, &relative, moving).await {
                Err(error) if error.kind() == ErrorKind::Integrity && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
                Ok(arrived) => {
                    let kept = if self.options.delete_source && arrived.hash.is_none() {
                        Some(UNPROVEN)
                    } else {
                        self.delete_source(item, Some(&arrived.rev), leave).await?
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
    async fn delete_source(&self, item: &Item, rev: Option<&str>, leave: &Leave) -> Result<Kept> {
        if !self.options.delete_source || self.options.dry_run {
            return Ok(None);
        }
        delete_remote(self.client, item, rev, leave).await
    }

    async fn write(&self, item: &Item, relative: &str, moving: &Moving) -> Result<Version> {
        let place = self.place(relative)?;
        let target = place.target().map(Path::to_owned);
        let path: RemotePath = item.path.parse()?;
        let (sink, version) = if item.size.is_some_and(|size| size >= parts::FROM) {
            let large = parts::Large {
                client: self.client,
                path: &path,
                moving,
            };
            large.fetch(Version::of(item).as_ref(), place).await?
        } else {
            let mut sink = Sink::open(place);
            let download = self.client.download(&path).await?;
            let version = Version::from(&download.metadata);
            parts::fetch_in_order(download, &mut sink, moving).await?;
            (sink, version)
        };
        let modified = Some(version.modified)
            .filter(|_| self.options.keep_dates)
            .map(system_time);
        let seal = Seal {
            hash: version.hash.clone(),
            modified,
        };
        let written = sink.commit(seal).await?;
        if let (Some(target), Some(written)) = (target, &written) {
            self.client.guards().wrote(&target, Written::Whole(written));
        }
        Ok(version)
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
            self.target(relative),
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
        let other = self.own_names.other(root, relative);
        let other = other.map_err(|error| Error::io("look at", self.folder.join(relative), error));
        if let Some(other) = other? {
            return Err(self.one_on_this_disk(relative, &other));
        }
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
        self.claims.claim(local_name::key(relative), &item.path)
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

    /// That two names lead to one file here, which must not become the other.
    fn one_on_this_disk(&self, relative: &str, there: &str) -> Error {
        let (wanted, there) = (self.shown(relative), self.shown(there));
        let message =
            format!("`{wanted}` and `{there}`, which is there, are one file on this disk");
        Error::new(ErrorKind::Conflict, message)
            .with_path(wanted)
            .with_hint(
                "rename what is there, or give the other a name here with the option `rename`",
            )
    }

    /// The path of a target from the root of the file system on.
    fn target(&self, relative: &str) -> Option<PathBuf> {
        let folder = self.real_folder.as_ref()?;
        Some(folder.join(relative))
    }

    fn shown(&self, relative: &str) -> String {
        self.folder.join(relative).display().to_string()
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

#[cfg(test)]
mod tests;
