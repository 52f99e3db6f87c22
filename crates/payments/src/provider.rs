//! What every payment provider can do. One file per provider; this one knows none of them.
//!
//! The calls go over the network and may block: only jobs make them, never with a transaction open. What a job
//! learns it writes down in a transaction of its own, so that it can be asked again after a crash.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::HeaderMap;
use base::{Clock, Currency, Money, PaymentId, RefundId, Rng, Timestamp};
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::method::{Kind, Method};

/// A payment, as a provider is told of it. The provider's number for it is [`crate::method::number`] of its id: the
/// same for each try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Its id.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// In which way.
    pub kind: Kind,
    /// Who pays, as the provider's app knows them; empty when it need not be known.
    pub account: String,
    /// The payer's IP address; empty when it is not known.
    pub address: String,
    /// What the payer reads.
    pub title: String,
    /// When it began.
    pub created_at: Timestamp,
    /// Until when it may be paid.
    pub expires_at: Timestamp,
    /// The provider's own id; empty when it is not known yet.
    pub reference: String,
}

/// Money to be sent back. The provider's number for it is that of its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// Its id.
    pub refund: RefundId,
    /// How much.
    pub amount: Money,
    /// What it belongs to.
    pub charge: Charge,
    /// What was paid in all.
    pub paid: i64,
    /// The provider's own id; empty when it is not known yet.
    pub reference: String,
}

/// What the page of the payer needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "show", rename_all = "snake_case")]
pub enum Show {
    /// A code to be scanned.
    Code {
        /// What stands in the code.
        text: String,
    },
    /// A page to go to.
    Redirect {
        /// Where it is.
        url: String,
    },
    /// What the app of the provider is called with.
    Params {
        /// Names and values, as the provider's own documentation names them.
        params: BTreeMap<String, String>,
    },
    /// What the provider's element on the page is made with.
    Secret {
        /// The secret of this one payment.
        client_secret: String,
        /// The public key of the shop.
        public_key: String,
    },
}

/// A charge that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// What the page needs.
    pub show: Show,
    /// The provider's own id, if it tells one.
    pub reference: Option<String>,
}

/// What became of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It waits for the payer.
    Open,
    /// It is paid.
    Paid {
        /// How much.
        amount: Money,
        /// When, by the provider's clock.
        at: Timestamp,
    },
    /// It cannot be paid any more.
    Closed,
    /// The provider has never heard of it.
    Unknown,
}

/// What became of money to be sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundOutcome {
    /// It is on its way.
    Pending {
        /// The provider's own id, if it tells one.
        reference: Option<String>,
    },
    /// It is back.
    Done {
        /// When, by the provider's clock.
        at: Timestamp,
    },
    /// It will not arrive: somebody has to see to it.
    Failed(String),
    /// The provider has never heard of it.
    Unknown,
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Whether it was done is not known: the answer is missing, cannot be read, or is not signed as it should be.
    /// The provider is asked again, under the same number.
    #[error("it is not known what became of the call: {0}")]
    Unclear(String),
    /// It was not done, and would not be if it were asked again.
    #[error("the provider refused: {0}")]
    Refused(String),
}

/// What a provider told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The provider's id of the notice; told twice, it counts once.
    pub id: String,
    /// What happened.
    pub what: Told,
}

/// What happened, as a provider told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A charge is paid.
    Paid {
        /// Its number.
        number: String,
        /// How much.
        amount: Money,
        /// When, by the provider's clock.
        at: Timestamp,
    },
    /// The payer gave up or was refused for good.
    Failed {
        /// The charge's number.
        number: String,
    },
    /// Money is back with the payer.
    Refunded {
        /// The refund's number.
        number: String,
        /// When, by the provider's clock.
        at: Timestamp,
    },
    /// Money will not come back by itself.
    RefundFailed {
        /// The refund's number.
        number: String,
    },
    /// Something that is of no interest here.
    Other,
}

/// Why a notice does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// The signature does not fit, or the time is too far off.
    #[error("the signature does not fit the body, or the time is more than 5 minutes off")]
    Forged,
    /// It is signed with a key that is not known yet: the keys are to be fetched, the provider will tell again.
    #[error("the notice is signed with a key that is not known")]
    UnknownKey,
    /// It is signed and makes no sense.
    #[error("the notice cannot be read")]
    Malformed,
}

/// One line of a provider's bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillRow {
    /// Whether money came or went back.
    pub is_refund: bool,
    /// The number of the charge or of the refund.
    pub number: String,
    /// Minor units, above zero.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
}

/// A payment provider.
pub trait Provider: Send + Sync + 'static {
    /// Which it is.
    fn method(&self) -> Method;

    /// In which ways it can be used here, the one for most people first.
    fn kinds(&self) -> Vec<Kind>;

    /// Whether it takes this currency.
    fn takes(&self, currency: Currency) -> bool;

    /// Opens a charge. Asked again with the same charge it opens no second one.
    ///
    /// # Errors
    /// See [`CallError`].
    fn start(&self, charge: &Charge) -> Result<Started, CallError>;

    /// What became of a charge.
    ///
    /// # Errors
    /// See [`CallError`].
    fn query(&self, charge: &Charge) -> Result<Outcome, CallError>;

    /// Closes a charge, so that it cannot be paid any more; tells what became of it.
    ///
    /// # Errors
    /// See [`CallError`].
    fn close(&self, charge: &Charge) -> Result<Outcome, CallError>;

    /// Sends money back. Asked again with the same reversal it sends nothing twice.
    ///
    /// # Errors
    /// See [`CallError`].
    fn refund(&self, reversal: &Reversal) -> Result<RefundOutcome, CallError>;

    /// What became of money to be sent back.
    ///
    /// # Errors
    /// See [`CallError`].
    fn query_refund(&self, reversal: &Reversal) -> Result<RefundOutcome, CallError>;

    /// Reads a notice, after checking who sent it. No network.
    ///
    /// # Errors
    /// See [`NoticeError`].
    fn verify_notice(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Notice, NoticeError>;

    /// What a notice that was taken is answered with.
    fn taken(&self) -> &'static str {
        ""
    }

    /// Fetches the keys that notices are signed with, where they change.
    ///
    /// # Errors
    /// See [`CallError`].
    fn refresh_keys(&self) -> Result<(), CallError> {
        Ok(())
    }

    /// Whether its bills can be read here.
    fn has_bill(&self) -> bool {
        true
    }

    /// The bill of a day that is over, every line of it.
    ///
    /// # Errors
    /// See [`CallError`].
    fn bill(&self, day: Day) -> Result<Vec<BillRow>, CallError>;
}

/// What providers take from the world.
#[derive(Clone)]
pub struct Means {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for nonces.
    pub rng: Arc<dyn Rng>,
    /// Where this server is reached, without a slash at the end.
    pub public_url: String,
}

impl Means {
    /// 32 random hex digits.
    pub(crate) fn nonce(&self) -> String {
        let mut bytes = [0; 16];
        self.rng.fill(&mut bytes);
        format!("{:032x}", u128::from_be_bytes(bytes))
    }

    /// Seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        self.clock.now().micros().div_euclid(1_000_000)
    }

    /// Where a provider's notices go.
    pub(crate) fn notify_url(&self, method: Method) -> String {
        format!("{}/api/v1/providers/{}/notices", self.public_url, method.word())
    }

    /// Where a payer comes back to.
    pub(crate) fn return_url(&self, payment: PaymentId) -> String {
        format!("{}/pay/{payment}", self.public_url)
    }
}

/// How far the time of a notice may be from ours.
pub(crate) const SKEW_S: i64 = 300;

/// Whether a time told in seconds since 1970 is near enough to `now`.
pub(crate) fn is_fresh(seconds: &str, now: Timestamp, skew_s: i64) -> bool {
    let Ok(sent) = seconds.parse::<i64>() else { return false };
    let age_us = now.micros().saturating_sub(sent.saturating_mul(1_000_000));
    age_us.saturating_abs() <= skew_s.saturating_mul(1_000_000)
}
