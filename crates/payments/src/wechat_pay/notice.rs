//! What WeChat Pay tells: signed, and sealed with the APIv3 key.

use axum::http::HeaderMap;
use base::Timestamp;
use serde_json::Value;

use super::wire::Wire;
use super::{Outcome, outcome_of};
use crate::provider::{Notice, NoticeError, Told};

/// A notice that was opened.
pub(super) struct Opened {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) resource: Value,
}

/// Checks the signature and opens the seal.
pub(super) fn open(
    wire: &Wire,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Opened, NoticeError> {
    wire.verify(headers, body, now)?;
    let notice: Value = serde_json::from_slice(body).or(Err(NoticeError::Malformed))?;
    let text = |name: &str| notice.get(name).and_then(Value::as_str).map(str::to_owned);
    let sealed = notice.get("resource").ok_or(NoticeError::Malformed)?;
    // Signed and yet not sealed with our key: the key in the settings is not the merchant's.
    let resource = wire.unseal(sealed).ok_or(NoticeError::Malformed)?;
    Ok(Opened {
        id: text("id").ok_or(NoticeError::Malformed)?,
        event: text("event_type").ok_or(NoticeError::Malformed)?,
        resource: serde_json::from_slice(&resource).or(Err(NoticeError::Malformed))?,
    })
}

/// What it says, if it is about this merchant.
pub(super) fn read(notice: &Opened, merchant: &str, app_id: &str) -> Result<Notice, NoticeError> {
    let text = |name: &str| notice.resource.get(name).and_then(Value::as_str);
    let is_ours = text("mchid") == Some(merchant) && text("appid").is_none_or(|id| id == app_id);
    let what = match notice.event.as_str() {
        "TRANSACTION.SUCCESS" | "REFUND.SUCCESS" | "REFUND.ABNORMAL" | "REFUND.CLOSED" if !is_ours => {
            return Err(NoticeError::Malformed);
        }
        "TRANSACTION.SUCCESS" => {
            let number = text("out_trade_no").ok_or(NoticeError::Malformed)?.to_owned();
            match outcome_of(&notice.resource) {
                Some(Outcome::Paid { amount, at }) => Told::Paid { number, amount, at },
                _ => return Err(NoticeError::Malformed),
            }
        }
        "REFUND.SUCCESS" => {
            let number = text("out_refund_no").ok_or(NoticeError::Malformed)?.to_owned();
            let at = text("success_time").and_then(|time| time.parse().ok());
            Told::Refunded { number, at: at.ok_or(NoticeError::Malformed)? }
        }
        "REFUND.ABNORMAL" | "REFUND.CLOSED" => {
            Told::RefundFailed { number: text("out_refund_no").ok_or(NoticeError::Malformed)?.to_owned() }
        }
        _ => Told::Other,
    };
    Ok(Notice { id: notice.id.clone(), what })
}
