//! Money that goes on: transfers to people, who confirm them, and shares of an order for others.
//!
//! No module calls this yet. What is asked for keeps its number: a transfer or a share whose fate is not known is
//! looked up under it, and never made anew under another.

use serde_json::{Value, json};

use super::{WechatPay, field};
use crate::provider::CallError;

/// From this amount on WeChat Pay wants the receiver's real name, which is not sent.
const TRANSFER_MAX: i64 = 200_000 - 1;
/// Most receivers of one share, and most shares of one order.
const RECEIVERS_MAX: usize = 50;
const SHARES_MAX: usize = 50;

/// A transfer to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its number, the same for each try: up to 32 letters and digits.
    pub number: String,
    /// The person, as the app knows them.
    pub openid: String,
    /// Fen.
    pub amount: i64,
    /// The scene that WeChat Pay has approved, such as `1000`.
    pub scene: String,
    /// What the scene wants to be told: kind and contents.
    pub reports: Vec<(String, String)>,
    /// What the person reads.
    pub remark: String,
}

/// What became of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// The person has to confirm it, with this in the app.
    ToConfirm {
        /// What the app is called with; empty when it was told before.
        package: String,
    },
    /// It is on its way.
    Pending,
    /// It has arrived.
    Done,
    /// It was not made, and the money stayed.
    Failed(String),
    /// WeChat Pay has never heard of it.
    Unknown,
}

/// Who gets a part of an order's money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// `MERCHANT_ID` or `PERSONAL_OPENID`.
    pub kind: String,
    /// The merchant's number or the person's openid.
    pub account: String,
    /// Fen.
    pub amount: i64,
    /// Why.
    pub description: String,
}

/// A share of an order's money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its number, the same for each try.
    pub number: String,
    /// WeChat Pay's id of the payment.
    pub transaction: String,
    /// Who gets what.
    pub receivers: Vec<Receiver>,
    /// Whether it is the last one: what is left is the merchant's.
    pub is_last: bool,
    /// How many shares of this order were asked for before.
    pub before: usize,
}

/// What became of a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShareState {
    /// It is on its way.
    Pending,
    /// It is done: for each receiver the account and whether they have it.
    Done(Vec<(String, bool)>),
    /// WeChat Pay has never heard of it.
    Unknown,
}

fn transfer_state(answer: &Value) -> Result<TransferState, CallError> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(match field(answer, "/state")? {
        "WAIT_USER_CONFIRM" => TransferState::ToConfirm { package: text("package_info") },
        "SUCCESS" => TransferState::Done,
        state @ ("FAIL" | "CANCELLED") => TransferState::Failed(format!("{state} {}", text("fail_reason"))),
        _ => TransferState::Pending,
    })
}

fn share_state(answer: &Value) -> Result<ShareState, CallError> {
    if field(answer, "/state")? != "FINISHED" {
        return Ok(ShareState::Pending);
    }
    let receivers = answer.get("receivers").and_then(Value::as_array).into_iter().flatten();
    let told = receivers.map(|receiver| {
        Ok((field(receiver, "/account")?.to_owned(), field(receiver, "/result")? == "SUCCESS"))
    });
    told.collect::<Result<_, _>>().map(ShareState::Done)
}

impl WechatPay {
    /// Asks for a transfer. When the answer is missing, WeChat Pay is asked what became of this very number.
    ///
    /// # Errors
    /// [`CallError::Refused`] when it was not made; [`CallError::Unclear`] when that is not known: then
    /// [`WechatPay::transfer_state`] is to be asked, and no other number used.
    pub fn transfer(&self, transfer: &Transfer) -> Result<TransferState, CallError> {
        if !(1..=TRANSFER_MAX).contains(&transfer.amount) {
            return Err(CallError::Refused("a transfer is of 0.01 to 1999.99 yuan".to_owned()));
        }
        let reports: Vec<Value> = transfer
            .reports
            .iter()
            .map(|(kind, content)| json!({ "info_type": kind, "info_content": content }))
            .collect();
        let body = json!({
            "appid": self.app_id, "out_bill_no": transfer.number, "transfer_scene_id": transfer.scene,
            "openid": transfer.openid, "transfer_amount": transfer.amount,
            "transfer_remark": transfer.remark, "transfer_scene_report_infos": reports,
        });
        match self.wire.post("/v3/fund-app/mch-transfer/transfer-bills", &body) {
            Ok(answer) => transfer_state(&answer),
            Err(CallError::Unclear(reason)) => match self.transfer_state(&transfer.number) {
                Ok(TransferState::Unknown) | Err(_) => Err(CallError::Unclear(reason)),
                known => known,
            },
            Err(refused @ CallError::Refused(_)) => Err(refused),
        }
    }

    /// What became of a transfer.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn transfer_state(&self, number: &str) -> Result<TransferState, CallError> {
        let path = format!("/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{number}");
        self.wire.get(&path)?.map_or(Ok(TransferState::Unknown), |answer| transfer_state(&answer))
    }

    /// Shares an order's money. Asked again with the same number it shares nothing twice.
    ///
    /// # Errors
    /// [`CallError::Refused`] beyond 50 receivers or 50 shares of an order, and when WeChat Pay refuses;
    /// [`CallError::Unclear`] when it is not known: then [`WechatPay::share_state`] is to be asked.
    pub fn share(&self, share: &Share) -> Result<ShareState, CallError> {
        if !(1..=RECEIVERS_MAX).contains(&share.receivers.len()) || share.before >= SHARES_MAX {
            return Err(CallError::Refused("at most 50 receivers a share and 50 shares an order".to_owned()));
        }
        if share.receivers.iter().any(|receiver| receiver.amount < 1) {
            return Err(CallError::Refused("every receiver gets something".to_owned()));
        }
        let receivers: Vec<Value> = share
            .receivers
            .iter()
            .map(|receiver| {
                let Receiver { kind, account, amount, description } = receiver;
                json!({ "type": kind, "account": account, "amount": amount, "description": description })
            })
            .collect();
        let body = json!({
            "appid": self.app_id, "transaction_id": share.transaction, "out_order_no": share.number,
            "receivers": receivers, "unfreeze_unsplit": share.is_last,
        });
        share_state(&self.wire.post("/v3/profitsharing/orders", &body)?)
    }

    /// What became of a share.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn share_state(&self, number: &str, transaction: &str) -> Result<ShareState, CallError> {
        let path = format!("/v3/profitsharing/orders/{number}?transaction_id={transaction}");
        self.wire.get(&path)?.map_or(Ok(ShareState::Unknown), |answer| share_state(&answer))
    }
}
