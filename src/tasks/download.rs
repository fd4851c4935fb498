//! The task "download".

use std::path::Path;

use jiff::Timestamp;

use super::fetch::Download;
use super::filter::Task;
use super::list::nothing_matches;
use super::naming::{looks_like_a_file, misnamed};
use super::placing::refuse_rename;
use super::remote::{Found, Reading, find_all};
use super::{DownloadOptions, ItemKind, Report, Source};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};

impl Connection {
    /// Downloads files into a local folder, which is made if it is missing.
    ///
    /// A file is written beside its place, hashed, synced and renamed: at its name there is the old file or the whole new one,
    /// never a part. Nothing is written outside the folder, whatever the names at Dropbox are.
    ///
    /// ```no_run
    /// # async fn example(connection: dropscript::Connection) -> dropscript::Result<()> {
    /// use dropscript::DownloadOptions;
    ///
    /// let report = connection.download("/reports", "here", DownloadOptions::default()).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
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
        let what = source.told();
        let found = find_all(self.client(), source, Reading::of(&options)).await?;
        if let [Found::One(item)] = found.as_slice() {
            let text = folder.to_string_lossy();
            if item.kind == ItemKind::File
                && !folder.is_dir()
                && looks_like_a_file(&text, &item.name)
            {
                let hint = format!(
                    "to fetch the file under that name use `download_file`; if it is a folder, write `{text}/`"
                );
                return Err(misnamed(&text, hint));
            }
        }
        let report = Download::new(self, &options, folder, None)?
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
        let found = find_all(self.client(), Source::from(path), Reading::of(&literal)).await?;
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
        Download::new(self, &literal, folder, Some(name.to_owned()))?
            .found(found, &sieve)
            .await
    }
}
