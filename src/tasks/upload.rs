//! The task "upload".

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::filter::Task;
use super::list::nothing_matches;
use super::local::{Found, find};
use super::naming::check_destination;
use super::placing::refuse_rename;
use super::remote::Reading;
use super::send::{Target, Upload};
use super::{Report, Source, TransferOptions, UploadOptions};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Result};
use crate::path::RemotePath;

impl Connection {
    /// Uploads files into a folder, which is made if it is missing.
    ///
    /// A folder as the source means its contents, and a glob keeps the path below its last folder without wildcards. Each file
    /// is done only when the content hash of what arrived equals that of what was read.
    ///
    /// ```no_run
    /// # async fn example(connection: dropscript::Connection) -> dropscript::Result<()> {
    /// use dropscript::UploadOptions;
    ///
    /// let report = connection.upload("out/*.csv", "/reports", UploadOptions::default()).await?;
    /// println!("{} sent, {} unchanged", report.transferred, report.skipped);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `not_found` for a source that is not there; `invalid_argument` where a single file is sent to what looks like its own
    /// name; else as the options' `on_error` says, with the [`Report`].
    pub async fn upload(
        &self,
        source: impl Into<Source>,
        folder: &str,
        options: UploadOptions,
    ) -> Result<Report> {
        let target: RemotePath = folder.parse()?;
        let sieve = options.filter.sieve(Task::Upload, Timestamp::now())?;
        let source = source.into();
        let what = source.told();
        let found = read(source, &options)?;
        if let [Found::File { path, .. }] = found.as_slice() {
            let hint = format!(
                "to send the file under that name use `upload_file`; if it is a folder, write `{folder}/`"
            );
            let source = path.to_string_lossy();
            check_destination(self.client(), &source, folder, &target, hint).await?;
        }
        let is_folder = found
            .iter()
            .any(|found| matches!(found, Found::Folder { .. }));
        let report = Upload::new(self, &options, Target::Folder(target.clone()))
            .run(found, Arc::new(sieve))
            .await?;
        // A destination is made if it is missing, also for a folder with nothing in it.
        if is_folder && report.items.is_empty() && !options.dry_run && !target.is_root() {
            self.client().create_folder(&target).await?;
        }
        if options.require_match && report.items.is_empty() {
            return Err(nothing_matches(&what));
        }
        Ok(report)
    }

    /// Uploads one file to exactly this path.
    ///
    /// # Errors
    /// As [`upload`](Connection::upload); `invalid_argument` where the source is not one file.
    pub async fn upload_file(
        &self,
        local: impl AsRef<Path>,
        path: &str,
        options: UploadOptions,
    ) -> Result<Report> {
        let target: RemotePath = path.parse()?;
        let local = local.as_ref();
        let literal = UploadOptions {
            glob: false,
            ..options
        };
        refuse_rename(&literal, "upload_file")?;
        let sieve = literal.filter.sieve(Task::Upload, Timestamp::now())?;
        match read(Source::Text(local.display().to_string()), &literal)?.pop() {
            Some(file @ Found::File { .. }) => {
                Upload::new(self, &literal, Target::Exact(target))
                    .run(vec![file], Arc::new(sieve))
                    .await
            }
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("`{}` is not a file", local.display()),
            )
            .with_hint("`upload` takes folders")),
        }
    }
}

fn read(source: Source, options: &TransferOptions) -> Result<Vec<Found>> {
    let reading = Reading::of(options);
    source
        .flattened()
        .into_iter()
        .map(|source| find(source, reading))
        .collect()
}
