//! Cutting Chinese into words. The dictionary takes some 45 MB and is there only while somebody needs it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jieba_rs::Jieba;
use parking_lot::Mutex;

/// The dictionary goes when nobody has asked for it so long.
const IDLE: Duration = Duration::from_secs(60);

/// The dictionary, when it is there.
#[derive(Default)]
pub(crate) struct Words(Mutex<Option<(Arc<Jieba>, Instant)>>);

impl Words {
    /// The dictionary. The first call after a while takes some tenths of a second.
    pub(crate) fn dictionary(&self) -> Arc<Jieba> {
        let mut slot = self.0.lock();
        let jieba = slot.take().map_or_else(|| Arc::new(Jieba::new()), |(jieba, _)| jieba);
        *slot = Some((Arc::clone(&jieba), Instant::now()));
        jieba
    }

    /// Lets go of the dictionary when it was not needed for a while.
    pub(crate) fn rest(&self) {
        let mut slot = self.0.lock();
        if slot.as_ref().is_some_and(|(_, used)| used.elapsed() > IDLE) {
            *slot = None;
        }
    }
}

/// The words of a run of Chinese, one after the other.
pub(crate) fn cut<'a>(jieba: &Jieba, run: &'a str) -> Vec<&'a str> {
    jieba.cut(run, false).into_iter().map(|token| token.word).collect()
}

/// The words of a run of Chinese and the words inside them.
pub(crate) fn cut_deep<'a>(jieba: &Jieba, run: &'a str) -> Vec<&'a str> {
    jieba.cut_for_search(run, false).into_iter().map(|token| token.word).collect()
}
