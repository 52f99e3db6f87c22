//! The adapters of real providers, with the providers' public SDKs as the other side. `scripts/payment-sdks` installs
//! those and runs this; without them it only says so.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says when it cannot run"
)]

mod sdk_alipay;
mod sdk_stripe;
mod sdk_wechat_pay;
mod side;
