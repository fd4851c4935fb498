//! A filter made ready for one task: what it lets through.

use std::fs::Metadata;
use std::path::Path;

use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, stream};
use jiff::Timestamp;

use super::mask::{MaskSet, Style};
use super::{Attribute, ContentTest, Date, Filter, Join, Kinds, Masks, Predicate, Sort};
use crate::error::{Error, ErrorKind, Result};
use crate::tasks::run::Step;
use crate::tasks::{Item, ItemKind};

/// What a filter is for: it decides what is the default, and what makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tasks) enum Task {
    Upload,
    Download,
    List,
    DeleteIn,
}

/// Something that a task may be about.
pub(in crate::tasks) trait Candidate: Send {
    /// What is known of it; a local file is an item too.
    fn item(&self) -> &Item;

    /// When it came to be; a remote one when it was uploaded.
    fn created(&self) -> Option<Timestamp> {
        self.item().uploaded
    }
}

impl Candidate for Item {
    fn item(&self) -> &Item {
        self
    }
}

/// A filter made ready: masks parsed, ages counted from the beginning of the task.
#[derive(Debug)]
pub(in crate::tasks) struct Sieve {
    include: Option<MaskSet>,
    exclude: Option<MaskSet>,
    exclude_folders: Option<MaskSet>,
    kind: Kinds,
    /// `None`: the later of the dates modified and uploaded.
    date: Option<Date>,
    dates: Bounds<Timestamp>,
    sizes: Bounds<u64>,
    content: Option<ContentTest>,
    attributes: Vec<Attribute>,
    exclude_attributes: Vec<Attribute>,
    predicate: Option<Predicate>,
    pub(in crate::tasks) sort: Option<Sort>,
    pub(in crate::tasks) limit: usize,
}

/// What a value must lie between, both ends excluded.
#[derive(Debug)]
struct Bounds<T> {
    above: Option<T>,
    below: Option<T>,
    join: Join,
}

impl<T: PartialOrd> Bounds<T> {
    /// Without bounds all is well, with one of them only what has a value.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "timestamps and numbers are as good as references"
    )]
    fn hold(&self, value: Option<T>) -> bool {
        let above = self
            .above
            .as_ref()
            .map(|bound| value.as_ref().is_some_and(|value| value > bound));
        let below = self
            .below
            .as_ref()
            .map(|bound| value.as_ref().is_some_and(|value| value < bound));
        match (above, below) {
            (Some(above), Some(below)) => match self.join {
                Join::And => above && below,
                Join::Or => above || below,
            },
            (one, other) => one.or(other).unwrap_or(true),
        }
    }
}

impl Filter {
    /// Makes it ready for a task that begins `now`.
    ///
    /// # Errors
    /// `invalid_argument` for masks that are none, and for what makes no sense for that task.
    pub(in crate::tasks) fn sieve(&self, task: Task, now: Timestamp) -> Result<Sieve> {
        self.check(task)?;
        let style = Style {
            regex: self.regex,
            case_sensitive: self.case_sensitive,
        };
        let masks = |masks: &Option<Masks>, option| {
            masks
                .as_ref()
                .map(|masks| MaskSet::parse(masks, style, option))
                .transpose()
        };
        let moment = |when: Option<super::When>| when.map(|when| when.moment(now)).transpose();
        let default_date = (task != Task::DeleteIn).then_some(Date::Modified);
        Ok(Sieve {
            include: masks(&self.include, "include")?,
            exclude: masks(&self.exclude, "exclude")?,
            exclude_folders: masks(&self.exclude_folders, "exclude_folders")?,
            kind: self.kind.unwrap_or(match task {
                Task::List => Kinds::All,
                Task::Upload | Task::Download | Task::DeleteIn => Kinds::Files,
            }),
            date: self.date.or(default_date),
            dates: Bounds {
                above: moment(self.newer_than)?,
                below: moment(self.older_than)?,
                join: self.date_join,
            },
            sizes: Bounds {
                above: self.larger_than.map(|size| size.0),
                below: self.smaller_than.map(|size| size.0),
                join: self.size_join,
            },
            content: self.content.clone(),
            attributes: self.attributes.clone(),
            exclude_attributes: self.exclude_attributes.clone(),
            predicate: self.predicate.clone(),
            sort: self.sort,
            limit: self.limit.map_or(usize::MAX, std::num::NonZero::get),
        })
    }

    fn check(&self, task: Task) -> Result<()> {
        let invalid = |message: &str, hint: &str| {
            Err(Error::new(ErrorKind::InvalidArgument, message).with_hint(hint))
        };
        let transfers = matches!(task, Task::Upload | Task::Download);
        if transfers && self.kind.is_some_and(|kind| kind != Kinds::Files) {
            return invalid(
                "a transfer is of files; folders are made as they are needed",
                "leave the option `kind` out; `create_folder` makes an empty folder",
            );
        }
        if task == Task::Upload && self.date == Some(Date::Uploaded) {
            return invalid(
                "a local file has no date of the kind `uploaded`",
                "it has `modified` and `created`",
            );
        }
        if task != Task::Upload
            && (self.content.is_some()
                || !self.attributes.is_empty()
                || !self.exclude_attributes.is_empty())
        {
            return invalid(
                "the options `content`, `attributes` and `exclude_attributes` are for local files only",
                "download the files to look into them",
            );
        }
        Ok(())
    }
}

impl Sieve {
    /// Whether it lets this kind through.
    pub(in crate::tasks) fn kind(&self) -> Kinds {
        self.kind
    }

    /// Whether something below this folder may be let through; of the folders around it that is known already.
    pub(in crate::tasks) fn enters(&self, folder: &str) -> bool {
        !matched(self.exclude_folders.as_ref(), folder)
    }

    /// Whether kind, name and path are right; `relative` is the path below the source.
    pub(in crate::tasks) fn names(&self, relative: &str, kind: ItemKind) -> bool {
        self.kind.includes(kind) && self.names_of_any_kind(relative, kind)
    }

    /// Whether name and path are right.
    pub(in crate::tasks) fn names_of_any_kind(&self, relative: &str, kind: ItemKind) -> bool {
        self.include
            .as_ref()
            .is_none_or(|masks| masks.matches(relative))
            && !matched(self.exclude.as_ref(), relative)
            && (kind != ItemKind::Folder || self.enters(relative))
            && relative
                .match_indices('/')
                .all(|(end, _)| self.enters(&relative[..end]))
    }

    /// Whether date and size are right.
    pub(in crate::tasks) fn facts(&self, candidate: &impl Candidate) -> bool {
        let item = candidate.item();
        let date = match self.date {
            Some(Date::Modified) => item.modified,
            Some(Date::Uploaded) => item.uploaded,
            Some(Date::Created) => candidate.created(),
            None => item.modified.max(item.uploaded),
        };
        self.dates.hold(date) && self.sizes.hold(item.size)
    }

    /// Whether the attributes of a local file are right; `link` says whether it is a link, to what the metadata are of.
    pub(in crate::tasks) fn attributes(
        &self,
        name: &str,
        link: bool,
        metadata: Option<&Metadata>,
    ) -> bool {
        let has = |attribute: &Attribute| match attribute {
            Attribute::Readonly => metadata.is_some_and(|it| it.permissions().readonly()),
            Attribute::Hidden => name.starts_with('.'),
            Attribute::Executable => metadata.is_some_and(executable),
            Attribute::Symlink => link,
        };
        self.attributes.iter().all(has) && !self.exclude_attributes.iter().any(has)
    }

    /// Whether the contents of a local file are right.
    pub(in crate::tasks) fn contents(&self, path: &Path) -> Result<bool> {
        self.content
            .as_ref()
            .map_or(Ok(true), |test| test.holds(path))
    }

    /// Whether the task's own test holds.
    pub(in crate::tasks) async fn wanted(&self, item: &Item) -> bool {
        match &self.predicate {
            Some(predicate) => predicate.holds(item).await,
            None => true,
        }
    }

    /// Whether a remote item is let through.
    pub(in crate::tasks) async fn admits(&self, item: &Item, relative: &str) -> bool {
        self.names(relative, item.kind) && self.facts(item) && self.wanted(item).await
    }

    /// Puts to its own test, sorts and limits what was let through so far. Without an order nothing is collected.
    pub(in crate::tasks) fn select<'a, C: Candidate + Sync + 'a>(
        &'a self,
        steps: impl Stream<Item = Step<C>> + Send + 'a,
    ) -> BoxStream<'a, Step<C>> {
        let wanted = steps.filter_map(move |step| async move {
            match step {
                Step::Work(candidate) => self
                    .wanted(candidate.item())
                    .await
                    .then_some(Step::Work(candidate)),
                done @ Step::Done(_) => Some(done),
            }
        });
        match self.sort {
            None => limited(wanted.boxed(), self.limit),
            Some(sort) => {
                let sorted = stream::once(sorted(wanted.boxed(), sort)).flatten();
                limited(sorted.boxed(), self.limit)
            }
        }
    }
}

/// What is done with already comes first, then the rest in its order.
async fn sorted<'a, C: Candidate + 'a>(
    mut steps: BoxStream<'a, Step<C>>,
    sort: Sort,
) -> BoxStream<'a, Step<C>> {
    let (mut done, mut work) = (Vec::new(), Vec::new());
    while let Some(step) = steps.next().await {
        match step {
            Step::Work(candidate) => work.push(candidate),
            Step::Done(item) => done.push(Step::Done(item)),
        }
    }
    let work = sort.sort(work).into_iter().map(Step::Work);
    stream::iter(done.into_iter().chain(work)).boxed()
}

/// Ends behind the last that is wanted, without looking for one more.
fn limited<'a, C: Send + 'a>(
    steps: BoxStream<'a, Step<C>>,
    limit: usize,
) -> BoxStream<'a, Step<C>> {
    stream::unfold((steps, limit), |(mut steps, left)| async move {
        let left = left.checked_sub(1)?;
        let step = steps.next().await?;
        let left = if matches!(step, Step::Work(_)) {
            left
        } else {
            left + 1
        };
        Some((step, (steps, left)))
    })
    .fuse()
    .boxed()
}

fn matched(masks: Option<&MaskSet>, relative: &str) -> bool {
    masks.is_some_and(|masks| masks.matches(relative))
}

#[cfg(unix)]
fn executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

/// Without a mode there is nothing that says so.
#[cfg(not(unix))]
fn executable(_: &Metadata) -> bool {
    false
}

impl Kinds {
    fn includes(self, kind: ItemKind) -> bool {
        match self {
            Self::Files => kind == ItemKind::File,
            Self::Folders => kind == ItemKind::Folder,
            Self::All => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-06-30T12:00:00Z";

    fn sieve(json: &str, task: Task) -> Sieve {
        let filter: Filter = serde_json::from_str(json).expect(json);
        let now = NOW.parse().expect("a moment");
        filter.sieve(task, now).expect(json)
    }

    fn file(size: u64, modified: &str, uploaded: &str) -> Item {
        let path = "/a.txt".parse().expect("a path");
        Item {
            kind: ItemKind::File,
            size: Some(size),
            modified: modified.parse().ok(),
            uploaded: uploaded.parse().ok(),
            ..Item::planned_folder(&path)
        }
    }

    #[test]
    fn names_are_tested_by_masks_and_folders_around_them() {
        let sieve = sieve(
            r#"{"include":"*.csv","exclude":"~*","exclude_folders":"tmp;a/b"}"#,
            Task::Download,
        );
        for (relative, expected) in [
            ("x.csv", true),
            ("x/y/x.csv", true),
            ("x.txt", false),
            ("~x.csv", false),
            ("tmp/x.csv", false),
            ("x/TMP/deep/x.csv", false),
            ("a/b/x.csv", false),
            ("c/a/b/x.csv", true),
            ("tmp.csv", true),
        ] {
            assert_eq!(
                sieve.names(relative, ItemKind::File),
                expected,
                "{relative}"
            );
        }
        assert!(!sieve.names("x.csv", ItemKind::Folder));
    }

    #[test]
    fn both_bounds_join_as_they_are_told() {
        let old = file(5, "2026-01-01T00:00:00Z", NOW);
        let new = file(5_000, "2026-06-29T00:00:00Z", NOW);
        let between = r#"{"older_than":"10 days","newer_than":"1 year"}"#;
        let either = r#"{"older_than":"90 days","newer_than":"2 days","date_join":"or"}"#;
        let size = r#"{"larger_than":5,"smaller_than":"5 KB"}"#;
        let ends = r#"{"larger_than":"4 KB","smaller_than":6,"size_join":"or"}"#;
        for (json, expected) in [
            (between, [true, false]),
            (either, [true, true]),
            (size, [false, true]),
            (ends, [true, true]),
            (
                r#"{"older_than":"10 days","smaller_than":5}"#,
                [false, false],
            ),
        ] {
            let sieve = sieve(json, Task::List);
            assert_eq!([sieve.facts(&old), sieve.facts(&new)], expected, "{json}");
        }
    }

    #[test]
    fn deleting_goes_by_the_later_date_unless_told() {
        let item = file(1, "2020-01-01T00:00:00Z", "2026-06-29T00:00:00Z");
        let old = r#"{"older_than":"10 days"}"#;
        assert!(sieve(old, Task::List).facts(&item));
        assert!(!sieve(old, Task::DeleteIn).facts(&item));
        let modified = r#"{"older_than":"10 days","date":"modified"}"#;
        assert!(sieve(modified, Task::DeleteIn).facts(&item));
        let created = r#"{"older_than":"10 days","date":"created"}"#;
        assert!(!sieve(created, Task::List).facts(&item));
    }

    #[test]
    fn a_folder_has_neither_date_nor_size() {
        let folder = Item::planned_folder(&"/a".parse().expect("a path"));
        for json in [
            r#"{"older_than":"10 days"}"#,
            r#"{"newer_than":"10 days","older_than":"9 days","date_join":"or"}"#,
            r#"{"smaller_than":"1 TB"}"#,
        ] {
            assert!(!sieve(json, Task::List).facts(&folder), "{json}");
        }
        assert!(sieve("{}", Task::List).facts(&folder));
    }

    #[test]
    fn what_makes_no_sense_for_a_task_is_refused() {
        for (json, task) in [
            (r#"{"kind":"folders"}"#, Task::Upload),
            (r#"{"kind":"all"}"#, Task::Download),
            (r#"{"date":"uploaded"}"#, Task::Upload),
            (r#"{"content":{"contains":"x"}}"#, Task::List),
            (r#"{"attributes":["hidden"]}"#, Task::Download),
            (r#"{"include":"a[b"}"#, Task::List),
        ] {
            let filter: Filter = serde_json::from_str(json).expect(json);
            let error = filter.sieve(task, Timestamp::now()).expect_err(json);
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{json}");
        }
    }

    #[tokio::test]
    async fn a_limit_ends_the_search_and_an_order_comes_before_it() {
        let paths = ["/c", "/a", "/b"];
        let looked_at = std::sync::atomic::AtomicUsize::new(0);
        let first = async |json: &str| {
            let sieve = sieve(json, Task::List);
            looked_at.store(0, std::sync::atomic::Ordering::Relaxed);
            let steps = stream::iter(paths).map(|path| {
                looked_at.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Step::Work(Item::planned_folder(&path.parse().expect("a path")))
            });
            let selected = sieve.select(steps).map(|step| match step {
                Step::Work(item) => item.path,
                Step::Done(item) => item.source,
            });
            let paths: Vec<String> = selected.collect().await;
            (paths, looked_at.load(std::sync::atomic::Ordering::Relaxed))
        };
        let two = first(r#"{"limit":2}"#).await;
        assert_eq!(two, (vec!["/c".to_owned(), "/a".to_owned()], 2));
        let two = first(r#"{"limit":2,"sort":"-name"}"#).await;
        assert_eq!(two, (vec!["/c".to_owned(), "/b".to_owned()], 3));
    }
}
