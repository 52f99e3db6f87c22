//! How a payment is made.

use base::{Id, PaymentId, RefundId};

/// How a payment is made.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// From the payer's wallet, at once.
    Wallet,
    /// Through the sandbox provider, which behaves like a real one.
    Sandbox,
    /// Through WeChat Pay.
    WechatPay,
    /// Through Alipay.
    Alipay,
    /// Through Stripe.
    Stripe,
    /// In cash, at the till of the shop; staff say so.
    Cash,
}

/// In which of a provider's ways.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// WeChat Pay, inside WeChat.
    Jsapi,
    /// WeChat Pay, by a code that is scanned.
    Native,
    /// WeChat Pay, from another app's browser.
    H5,
    /// WeChat Pay, from an app of one's own.
    App,
    /// Alipay, on a computer.
    Page,
    /// Alipay, on a phone.
    Wap,
    /// Stripe's payment element, and the sandbox's cashier.
    Element,
}

impl Method {
    /// The methods that go through a provider.
    pub const PROVIDERS: [Self; 4] = [Self::Sandbox, Self::WechatPay, Self::Alipay, Self::Stripe];

    /// The word that is stored, and the provider's name in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::Sandbox => "sandbox",
            Self::WechatPay => "wechat_pay",
            Self::Alipay => "alipay",
            Self::Stripe => "stripe",
            Self::Cash => "cash",
        }
    }

    /// The method with this word.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Wallet, Self::Sandbox, Self::WechatPay, Self::Alipay, Self::Stripe, Self::Cash];
        all.into_iter().find(|method| method.word() == word)
    }

    /// Whether the money is there in the transaction that begins the payment.
    pub fn is_at_once(self) -> bool {
        matches!(self, Self::Wallet | Self::Cash)
    }
}

impl Kind {
    /// The word that is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Jsapi => "jsapi",
            Self::Native => "native",
            Self::H5 => "h5",
            Self::App => "app",
            Self::Page => "page",
            Self::Wap => "wap",
            Self::Element => "element",
        }
    }

    /// The kind with this word.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Jsapi, Self::Native, Self::H5, Self::App, Self::Page, Self::Wap, Self::Element];
        all.into_iter().find(|kind| kind.word() == word)
    }
}

/// What providers call a payment or a refund: the 32 hex digits of its id, which every one of them takes.
pub(crate) fn number<T: Id>(id: T) -> String {
    format!("{:032x}", u128::from_be_bytes(id.bytes()))
}

fn bytes_of(number: &str) -> Option<[u8; 16]> {
    let is_hex =
        number.len() == 32 && number.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
    is_hex.then(|| u128::from_str_radix(number, 16).ok().map(u128::to_be_bytes)).flatten()
}

/// The payment with this number; `None` when it cannot be one of ours.
pub(crate) fn payment_of(number: &str) -> Option<PaymentId> {
    bytes_of(number).map(PaymentId::from_bytes)
}

/// The refund with this number; `None` when it cannot be one of ours.
pub(crate) fn refund_of(number: &str) -> Option<RefundId> {
    bytes_of(number).map(RefundId::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fit_every_provider_and_lead_back() {
        let id = PaymentId::from_bytes([0xab; 16]);
        assert_eq!(number(id).len(), 32);
        assert_eq!(payment_of(&number(id)), Some(id));
        assert_eq!(payment_of("pay_1"), None);
        assert_eq!(payment_of(&"A".repeat(32)), None);
    }

    #[test]
    fn words_lead_back() {
        for method in Method::PROVIDERS.into_iter().chain([Method::Wallet, Method::Cash]) {
            assert_eq!(Method::of_word(method.word()), Some(method));
            assert_eq!(serde_json::to_value(method).unwrap(), method.word());
        }
        assert_eq!(Kind::of_word("h5"), Some(Kind::H5));
        assert_eq!(serde_json::to_value(Kind::H5).unwrap(), "h5");
    }
}
