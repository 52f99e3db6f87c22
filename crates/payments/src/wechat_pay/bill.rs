//! The bill of a day: a CSV file whose hash is told beforehand, in a signed answer.

use base::Currency;
use ring::digest;
use serde_json::Value;

use super::field;
use super::wire::Wire;
use crate::amount::minor_of;
use crate::day::Day;
use crate::provider::{BillRow, CallError};

pub(super) fn fetch(wire: &Wire, day: Day) -> Result<Vec<BillRow>, CallError> {
    let path = format!("/v3/bill/tradebill?bill_date={day}&bill_type=ALL");
    let answer = match wire.get(&path) {
        Ok(Some(answer)) => answer,
        // A day on which nothing happened has no bill.
        Ok(None) => return Ok(Vec::new()),
        Err(CallError::Refused(code)) if code.contains("NO_STATEMENT_EXIST") => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    if answer.get("hash_type").and_then(Value::as_str) != Some("SHA1") {
        return Err(CallError::Unclear("the bill has a hash of an unknown kind".to_owned()));
    }
    // The request is signed, so it goes to nobody but WeChat Pay.
    let url = field(&answer, "/download_url")?;
    let path = url.strip_prefix(&wire.base_url).filter(|path| path.starts_with('/'));
    let path = path.ok_or_else(|| CallError::Unclear("the bill lies at another address".to_owned()))?;
    let reply = wire.send("GET", path, "", true)?;
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &reply.body);
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    if reply.status != 200 || !field(&answer, "/hash_value")?.eq_ignore_ascii_case(&hash) {
        return Err(CallError::Unclear("the bill is not the one that was promised".to_owned()));
    }
    let text =
        String::from_utf8(reply.body).or(Err(CallError::Unclear("the bill is not UTF-8".to_owned())))?;
    rows(&text).ok_or_else(|| CallError::Unclear("the bill cannot be read".to_owned()))
}

/// The lines of a bill. Each cell begins with a back-tick; the last two lines are sums, which must fit.
pub(super) fn rows(text: &str) -> Option<Vec<BillRow>> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let head: Vec<&str> = lines.next()?.split(',').collect();
    let place = |name: &str| head.iter().position(|cell| *cell == name);
    let (state, currency) = (place("交易状态")?, place("货币种类")?);
    let (number, paid) = (place("商户订单号")?, place("订单金额")?);
    let (refund, refunded) = (place("商户退款单号")?, place("申请退款金额")?);
    let refund_state = place("退款状态")?;
    let mut rows = Vec::new();
    let mut told = None;
    for line in lines.filter(|line| !line.is_empty()) {
        let Some(cells) = line.strip_prefix('`') else {
            // The head of the sums; what follows is one line of them.
            told = Some(rows.len());
            continue;
        };
        let cells: Vec<&str> = cells.split(",`").collect();
        if let Some(count) = told {
            return (cells.first()?.parse() == Ok(count)).then_some(rows);
        }
        let currency: Currency = cells.get(currency)?.parse().ok()?;
        let is_refund = matches!(*cells.get(state)?, "REFUND" | "REVOKED") && !cells.get(refund)?.is_empty();
        let (number, amount) = if is_refund { (refund, refunded) } else { (number, paid) };
        let amount = minor_of(cells.get(amount)?, currency)?;
        let is_void = is_refund && *cells.get(refund_state)? == "FAIL";
        // Lines that move nothing still count in the sums.
        let amount = if is_void { 0 } else { amount };
        rows.push(BillRow { is_refund, number: (*cells.get(number)?).to_owned(), amount, currency });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const BILL: &str = "\u{feff}交易时间,商户订单号,交易状态,货币种类,商户退款单号,退款状态,订单金额,申请退款金额\r\n\
        `2026-11-22 10:00:00,`a1,`SUCCESS,`CNY,`,`,`12.30,`0.00\r\n\
        `2026-11-22 11:00:00,`a1,`REFUND,`CNY,`r1,`SUCCESS,`0.00,`2.30\r\n\
        `2026-11-22 12:00:00,`a1,`REFUND,`CNY,`r2,`FAIL,`0.00,`1.00\r\n\
        总交易单数,应结订单总金额\r\n`3,`12.30\r\n";

    #[test]
    fn lines_are_read_and_counted() {
        let rows = rows(BILL).unwrap();
        let row = |is_refund, number: &str, amount| BillRow {
            is_refund,
            number: number.to_owned(),
            amount,
            currency: Currency::CNY,
        };
        assert_eq!(rows, [row(false, "a1", 1_230), row(true, "r1", 230), row(true, "r2", 0)]);
    }

    #[test]
    fn half_a_bill_is_no_bill() {
        let half = BILL.split_inclusive("\r\n").take(3).collect::<String>();
        assert_eq!(super::rows(&half), None);
        assert_eq!(super::rows(&BILL.replace("`3,", "`4,")), None);
        assert_eq!(super::rows(""), None);
    }
}
