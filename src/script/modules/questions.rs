//! Closures of a script that a task asks while it works.

use std::pin::pin;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rhai::{Dynamic, FnPtr, INT, ImmutableString, Map, NativeCallContext, Variant};
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::Error;
use crate::script::gate::Raised;
use crate::script::run::Run;
use crate::tasks::{Item, Predicate, Progress, Rename};

/// Something to do with the engine, between two steps of a task.
type Question = Box<dyn FnOnce(&NativeCallContext) -> Raised<()> + Send>;

/// Carries the questions of one task to the thread of its script.
///
/// The engine is never entered from within a task, which may go on anywhere: the task waits for the answer, and the script's thread
/// leaves it alone while the closure runs. So a closure may call whatever a script may, and what it raises, or a stop of the script,
/// ends the task at once and arrives as it was raised.
pub(super) struct Questions {
    sender: mpsc::UnboundedSender<Question>,
    receiver: mpsc::UnboundedReceiver<Question>,
    news: Option<News>,
}

/// What a task tells of itself, for a closure that wants to hear it. What came while the closure ran is not kept but for the last.
struct News {
    closure: FnPtr,
    receiver: watch::Receiver<Progress>,
}

impl Questions {
    pub(super) fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            sender,
            receiver,
            news: None,
        }
    }

    /// The test that a closure makes of an item.
    pub(super) fn predicate(&self, closure: FnPtr) -> Predicate {
        let ask = self.ask::<bool>(closure);
        Predicate::asking(move |item| ask(item).map(Option::unwrap_or_default).boxed())
    }

    /// The name that a closure gives an item.
    pub(super) fn rename(&self, closure: FnPtr) -> Rename {
        let ask = self.ask::<ImmutableString>(closure);
        let text = |name: Option<ImmutableString>| name.unwrap_or_default().into();
        Rename::asking(move |item| ask(item).map(text).boxed())
    }

    /// Tells a closure how far the task is.
    pub(super) fn progress(
        &mut self,
        closure: FnPtr,
    ) -> impl Fn(&Progress) + Send + Sync + 'static {
        let (sender, receiver) = watch::channel(Progress::default());
        self.news = Some(News { closure, receiver });
        move |progress| {
            sender.send_replace(progress.clone());
        }
    }

    /// What a closure says of an item. Without an answer the script has ended the task, and nobody looks at this one.
    fn ask<T: Variant + Clone + Send>(
        &self,
        closure: FnPtr,
    ) -> impl Fn(&Item) -> BoxFuture<'static, Option<T>> + Send + Sync + 'static {
        let sender = self.sender.clone();
        move |item| {
            let (closure, item) = (closure.clone(), item.clone());
            let (answer, answered) = oneshot::channel();
            let _ = sender.send(Box::new(move |context| {
                let said = closure.call_within_context::<T>(context, (item,))?;
                let _ = answer.send(said);
                Ok(())
            }));
            async { answered.await.ok() }.boxed()
        }
    }

    /// Tells the closure what it has not heard yet.
    fn tell(&mut self, context: &NativeCallContext) -> Raised<()> {
        let Some(news) = &mut self.news else {
            return Ok(());
        };
        // Asked so because the last of it comes when the task, and with it the other end, is gone.
        let latest = news.receiver.borrow_and_update();
        let map = latest.has_changed().then(|| to_map(&latest));
        drop(latest);
        if let Some(map) = map {
            let _: Dynamic = news.closure.call_within_context(context, (map,))?;
        }
        Ok(())
    }

    /// Waits for the task, and answers its questions.
    pub(super) fn wait<T>(
        mut self,
        run: &Run,
        context: &NativeCallContext,
        task: impl Future<Output = Result<T, Error>>,
    ) -> Raised<T> {
        // What a closure throws drops the task here, outside of any wait.
        let _inside = run.gate().enter();
        let mut task = pin!(task);
        loop {
            let next = run.gate().wait(async {
                tokio::select! {
                    biased;
                    done = &mut task => Next::Done(done),
                    Some(question) = self.receiver.recv() => Next::Asked(question),
                    () = News::changed(&mut self.news) => Next::News,
                }
            })?;
            match next {
                Next::Done(done) => {
                    self.tell(context)?;
                    return done.map_err(|error| run.raise(error));
                }
                Next::Asked(question) => question(context)?,
                Next::News => self.tell(context)?,
            }
        }
    }
}

enum Next<T> {
    Done(Result<T, Error>),
    Asked(Question),
    News,
}

impl News {
    /// Waits until there is something to tell, for ever where nobody tells anything.
    async fn changed(news: &mut Option<Self>) {
        if let Some(news) = news
            && news.receiver.changed().await.is_ok()
        {
            // It has only been noticed, not told.
            news.receiver.mark_changed();
            return;
        }
        std::future::pending::<()>().await;
    }
}

fn to_map(progress: &Progress) -> Map {
    let integer = |count: u64| Dynamic::from(INT::try_from(count).unwrap_or(INT::MAX));
    Map::from_iter([
        ("done".into(), integer(progress.done)),
        ("total".into(), integer(progress.total)),
        ("bytes".into(), integer(progress.bytes)),
        ("total_bytes".into(), integer(progress.total_bytes)),
        ("file".into(), progress.file.as_str().into()),
    ])
}
