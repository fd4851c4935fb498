//! Who hears what one run tells.

use super::builder::{Level, TaskEvent};

/// Hears what one run tells, after the callbacks of its host did; see [`RunOptions::observer`](super::RunOptions::observer).
///
/// All of it comes on threads of the script and of its tasks, which wait meanwhile.
pub trait Observer: Send + Sync {
    /// A line that the script prints, without the end of the line.
    fn print(&self, line: &str) {
        let _ = line;
    }

    /// A line that is logged, as [`HostBuilder::on_log`](super::HostBuilder::on_log) gets it.
    fn log(&self, level: Level, line: &str) {
        let _ = (level, line);
    }

    /// What a task tells, as [`HostBuilder::on_task`](super::HostBuilder::on_task) gets it.
    fn task(&self, event: TaskEvent<'_>) {
        let _ = event;
    }
}
