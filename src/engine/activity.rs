//! Who is at work. Shutdown waits for it, and so does everybody who wants to know that nothing is going on.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Counts work that is going on.
#[derive(Clone, Debug, Default)]
pub struct Activity {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    count: AtomicUsize,
    idle: Notify,
}

/// Work that is going on, until it is dropped.
#[derive(Debug)]
pub struct AtWork {
    inner: Arc<Inner>,
}

impl Activity {
    /// Notes the beginning of work.
    pub fn begin(&self) -> AtWork {
        self.inner.count.fetch_add(1, Ordering::SeqCst);
        AtWork { inner: self.inner.clone() }
    }

    /// How much work is going on.
    pub fn count(&self) -> usize {
        self.inner.count.load(Ordering::SeqCst)
    }

    /// Returns when no work is going on.
    pub async fn idle(&self) {
        loop {
            let idle = self.inner.idle.notified();
            if self.count() == 0 {
                return;
            }
            idle.await;
        }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        if self.inner.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.inner.idle.notify_waiters();
        }
    }
}

/// Something that becomes true once and stays so. Those who wait are woken in the order in which they came.
#[derive(Debug, Default)]
pub struct Flag {
    is_up: AtomicBool,
    waiting: Notify,
}

impl Flag {
    /// Puts it up.
    pub fn put_up(&self) {
        self.is_up.store(true, Ordering::SeqCst);
        self.waiting.notify_waiters();
    }

    /// Whether it is up.
    pub fn is_up(&self) -> bool {
        self.is_up.load(Ordering::SeqCst)
    }

    /// Returns when it is up.
    pub async fn up(&self) {
        loop {
            let mut put_up = std::pin::pin!(self.waiting.notified());
            // From here on no wake-up is missed.
            put_up.as_mut().enable();
            if self.is_up() {
                return;
            }
            put_up.await;
        }
    }
}

/// Wakes one loop. The work begins with the call, not when the loop gets to run, so that nobody can find everything idle
/// in between.
#[derive(Debug, Default)]
pub struct Bell {
    notify: Notify,
    state: Mutex<Ring>,
    /// Somebody rang because there is something to see outside.
    news: AtomicBool,
}

#[derive(Debug, Default)]
enum Ring {
    /// Nobody has rung since the last answer.
    #[default]
    Silent,
    /// Somebody has; the work has begun.
    Rung(AtWork),
    /// The loop is gone.
    Dead,
}

impl Bell {
    /// Rings; rings that are not answered yet count once. A bell whose loop is gone stays silent.
    pub fn ring(&self, activity: &Activity) {
        let mut state = self.state();
        if let Ring::Silent = *state {
            *state = Ring::Rung(activity.begin());
        }
        drop(state);
        self.notify.notify_one();
    }

    /// Rings because there is something to see outside.
    pub fn ring_with_news(&self, activity: &Activity) {
        self.news.store(true, Ordering::SeqCst);
        self.ring(activity);
    }

    /// Whether somebody rang with news since the last time that this was asked.
    pub fn take_news(&self) -> bool {
        self.news.swap(false, Ordering::SeqCst)
    }

    /// Returns when the bell has rung since the last answer. Cancel-safe.
    pub async fn rung(&self) {
        self.notify.notified().await;
    }

    /// Takes over the work that the ring began.
    pub fn answer(&self) -> Option<AtWork> {
        let mut state = self.state();
        match std::mem::take(&mut *state) {
            Ring::Rung(at_work) => Some(at_work),
            Ring::Silent => None,
            Ring::Dead => {
                *state = Ring::Dead;
                None
            }
        }
    }

    /// The loop is gone: what is rung from now on begins no work.
    pub fn leave(&self) {
        *self.state() = Ring::Dead;
    }

    fn state(&self) -> MutexGuard<'_, Ring> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
