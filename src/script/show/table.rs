//! Items in columns.

use jiff::Timestamp;

use super::View;
use super::width::{cut_end, cut_start, printable, width};
use crate::tasks::{ByteSize, Item, ItemKind, ReportItem};

/// Where a cell stands in its column.
#[derive(Clone, Copy)]
enum Align {
    Left,
    Right,
}

/// A column: its heading, its cells, and how narrow the screen must be for it to go.
struct Column {
    heading: &'static str,
    align: Align,
    cells: Vec<String>,
    least: usize,
}

/// A line for each item, then what they come to.
pub(super) fn items(items: &[Item], view: View) -> String {
    let column = |heading, align, least, cell: &dyn Fn(&Item) -> String| Column {
        heading,
        align,
        least,
        cells: items.iter().map(cell).collect(),
    };
    let fixed = [
        column("kind", Align::Left, 50, &|item| {
            item.kind.as_str().to_owned()
        }),
        column("size", Align::Right, 0, &|item| {
            item.size
                .map(|size| ByteSize(size).to_string())
                .unwrap_or_default()
        }),
        column("modified", Align::Left, 60, &|item| {
            item.modified.map(date).unwrap_or_default()
        }),
    ];
    let paths = items.iter().map(|item| {
        let mark = if item.planned { " (planned)" } else { "" };
        format!("{}{mark}", item.path)
    });
    let table = draw(&fixed, "path", paths, view, cut_start);
    match items {
        [_] => table,
        items => format!("{table}\n{}", sum(items)),
    }
}

/// A line for each item that a task worked on.
pub(super) fn outcomes(items: &[ReportItem], view: View) -> String {
    let column = |heading, align, least, cell: &dyn Fn(&ReportItem) -> String| Column {
        heading,
        align,
        least,
        cells: items.iter().map(cell).collect(),
    };
    let fixed = [
        column("outcome", Align::Left, 0, &|item| {
            item.outcome.as_str().to_owned()
        }),
        column("size", Align::Right, 50, &|item| {
            ByteSize(item.bytes).to_string()
        }),
    ];
    let sources = items.iter().map(|item| {
        let reason = match (item.reason.as_str(), &item.error) {
            (_, Some(error)) => format!(": {}", error.full_message()),
            ("", None) => String::new(),
            (reason, None) => format!(" ({reason})"),
        };
        match item.destination.as_str() {
            "" => format!("{}{reason}", item.source),
            destination => format!("{} to {destination}{reason}", item.source),
        }
    });
    draw(&fixed, "item", sources, view, cut_end)
}

/// The last column takes what room is left, at least some of it.
fn draw(
    columns: &[Column],
    heading: &str,
    last: impl Iterator<Item = String>,
    view: View,
    cut: fn(&str, usize) -> String,
) -> String {
    const GAP: &str = "  ";
    const LEAST: usize = 10;
    let mut lines = vec![String::new()];
    let last: Vec<String> = last.collect();
    lines.resize(last.len() + 1, String::new());
    let mut used = 0;
    for column in columns {
        let is_empty = column.cells.iter().all(String::is_empty);
        if is_empty || view.columns < column.least {
            continue;
        }
        let widest = column.cells.iter().map(|cell| width(cell)).max();
        let wide = widest.unwrap_or_default().max(width(column.heading));
        let cells = [column.heading]
            .into_iter()
            .chain(column.cells.iter().map(String::as_str));
        for (line, cell) in lines.iter_mut().zip(cells) {
            let space = " ".repeat(wide - width(cell));
            let (before, after) = match column.align {
                Align::Left => ("", space.as_str()),
                Align::Right => (space.as_str(), ""),
            };
            line.extend([before, cell, after, GAP]);
        }
        used += wide + GAP.len();
    }
    let room = if view.whole {
        usize::MAX
    } else {
        view.columns.saturating_sub(used).max(LEAST)
    };
    lines[0].push_str(heading);
    for (line, cell) in lines[1..].iter_mut().zip(&last) {
        line.push_str(&cut(&printable(cell).replace('\n', " "), room));
    }
    lines.join("\n")
}

fn sum(items: &[Item]) -> String {
    let count = |kind| items.iter().filter(|item| item.kind == kind).count();
    let words = [
        (count(ItemKind::File), "file", "files"),
        (count(ItemKind::Folder), "folder", "folders"),
        (count(ItemKind::Deleted), "deleted", "deleted"),
    ];
    let words = words.into_iter().filter(|(count, ..)| *count > 0);
    let mut words: Vec<String> = words
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    let bytes: u64 = items.iter().filter_map(|item| item.size).sum();
    if bytes > 0 {
        words.push(ByteSize(bytes).to_string());
    }
    words.join(", ")
}

/// In UTC, to the minute.
fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(path: &str, size: Option<u64>) -> Item {
        let time = size.map(|_| "2026-05-04T03:02:01Z".parse().expect("a time"));
        Item {
            path: path.to_owned(),
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            kind: if size.is_some() {
                ItemKind::File
            } else {
                ItemKind::Folder
            },
            size,
            modified: time,
            uploaded: time,
            id: None,
            rev: None,
            hash: None,
            planned: false,
        }
    }

    fn view(columns: usize) -> View {
        View {
            columns,
            whole: false,
        }
    }

    #[test]
    fn items_stand_in_columns() {
        let items = [
            item("/reports", None),
            item("/reports/日本.csv", Some(1_536)),
            item("/b", Some(7)),
        ];
        assert_eq!(
            super::items(&items, view(80)),
            "\
kind      size  modified          path
folder                            /reports
file    1.5 KB  2026-05-04 03:02  /reports/日本.csv
file       7 B  2026-05-04 03:02  /b
2 files, 1 folder, 1.5 KB"
        );
    }

    #[test]
    fn on_a_narrow_screen_the_name_stays() {
        let items = [item(
            "/a/folder/with/a/rather/long/path/日本語.csv",
            Some(7),
        )];
        let table = super::items(&items, view(30));
        assert_eq!(table, "size  path\n 7 B  …er/long/path/日本語.csv");
        assert!(table.lines().all(|line| width(line) <= 30));
    }
}
