//! What was seen of each behaviour.

use std::sync::Arc;

use crate::behaviour::{Behaviour, Sure};
use crate::scene::Scene;
use crate::service::Service;

/// The folder that all is done in.
pub(crate) const FOLDER: &str = "/dropscript-conformance";

/// What was seen of a behaviour.
enum Outcome {
    Holds,
    Differs(String),
    /// It cannot be looked for there.
    NotAsked,
}

struct Line {
    name: &'static str,
    sure: Sure,
    source: &'static str,
    outcome: Outcome,
}

/// The behaviours, and what was seen of each.
pub(crate) struct Report(Vec<Line>);

impl Report {
    /// Looks for each behaviour that is wanted, one after the other.
    pub(crate) async fn of(
        service: &Arc<Service>,
        behaviours: &[Behaviour],
        wanted: impl Fn(&Behaviour) -> bool,
    ) -> Report {
        let mut lines = Vec::new();
        for (number, behaviour) in behaviours.iter().enumerate() {
            if !wanted(behaviour) {
                continue;
            }
            let outcome = if service.real && behaviour.emulator_only {
                Outcome::NotAsked
            } else {
                let scene = Scene::new(service, format!("{FOLDER}/{number}"));
                match behaviour.check(scene).await {
                    Ok(()) => Outcome::Holds,
                    Err(why) => Outcome::Differs(why),
                }
            };
            lines.push(Line {
                name: behaviour.name,
                sure: behaviour.sure,
                source: behaviour.source,
                outcome,
            });
        }
        Report(lines)
    }

    /// What differs, and how.
    pub(crate) fn differences(&self) -> Vec<String> {
        self.different(|_| true)
    }

    /// The same of what was thought to be sure.
    pub(crate) fn differences_of_the_sure(&self) -> Vec<String> {
        self.different(|line| line.sure != Sure::Open)
    }

    fn different(&self, counts: impl Fn(&Line) -> bool) -> Vec<String> {
        let lines = self.0.iter().filter(|line| counts(line));
        lines
            .filter_map(|line| match &line.outcome {
                Outcome::Differs(why) => Some(format!("{}: {why}", line.name)),
                Outcome::Holds | Outcome::NotAsked => None,
            })
            .collect()
    }

    /// The names of the behaviours that differ.
    pub(crate) fn different_names(&self) -> Vec<&'static str> {
        let lines = self.0.iter();
        lines
            .filter(|line| matches!(line.outcome, Outcome::Differs(_)))
            .map(|line| line.name)
            .collect()
    }

    /// Prints the table.
    #[allow(clippy::print_stdout, reason = "the table is what one runs this for")]
    pub(crate) fn print(&self, where_: &str) {
        let (mut hold, mut differ, mut unasked) = (0, 0, 0);
        println!("{where_}:");
        for line in &self.0 {
            let outcome = match &line.outcome {
                Outcome::Holds => {
                    hold += 1;
                    "holds".to_owned()
                }
                Outcome::Differs(why) => {
                    differ += 1;
                    format!("DIFFERS: {why}")
                }
                Outcome::NotAsked => {
                    unasked += 1;
                    "not asked".to_owned()
                }
            };
            let Line {
                name, sure, source, ..
            } = line;
            println!("{name:<100} | {sure:<13} | {source:<46} | {outcome}");
        }
        println!("{hold} hold, {differ} differ, {unasked} not asked");
    }
}
