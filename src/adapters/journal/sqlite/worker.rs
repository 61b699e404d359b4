//! A thread that owns one connection and does what is sent to it, so that nothing in the async runtime waits for a disk.

use std::fmt;
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

use crate::engine::ports::JournalError;

/// Work that may wait before senders have to.
const QUEUE: usize = 1024;

/// A running thread. Dropping it lets the thread finish what it was sent, and waits for that: only then are the
/// connection and the writer's lock free for the next one.
pub struct Worker<T> {
    sender: Option<mpsc::Sender<T>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Worker<T> {
    /// Starts a thread that runs `work` until every sender is gone.
    pub fn start(
        name: &str,
        work: impl FnOnce(mpsc::Receiver<T>) + Send + 'static,
    ) -> Result<Self, JournalError> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let thread =
            thread::Builder::new().name(name.to_owned()).spawn(move || work(receiver)).map_err(
                |error| JournalError::Unavailable(format!("cannot start a thread: {error}")),
            )?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Hands over a piece of work, waiting while the queue is full.
    pub async fn send(&self, work: T) -> Result<(), JournalError> {
        let Some(sender) = &self.sender else {
            return Err(stopped());
        };
        sender.send(work).await.map_err(|_| stopped())
    }
}

impl<T> fmt::Debug for Worker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("thread", &self.thread).finish_non_exhaustive()
    }
}

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already, and there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// A thread that is gone can only have panicked.
pub fn stopped() -> JournalError {
    JournalError::Unavailable("its thread stopped; start the bot again".to_owned())
}
