//! What every module speaks: ids, money, time, randomness, pages and problems.
//!
//! Nothing here does I/O or knows of a database, a socket or a runtime.
#![warn(missing_docs)]

mod clock;
mod code;
mod ids;
mod money;
mod page;
mod problem;
mod rng;
mod text;

pub use clock::{Clock, FixedClock, SystemClock, Timestamp, TimestampError};
pub use code::share_code;
pub use ids::*;
pub use money::{Currency, Money, MoneyError, Ratio, Rounding, allocate};
pub use page::{BadCursor, Cursor, Page, PageRequest};
pub use problem::{FieldProblem, Problem};
pub use rng::{Moment, Rng, SeededRng, SystemRng};
pub use text::{Text, TextError};
