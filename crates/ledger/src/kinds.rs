//! The words of the ledger: what accounts are for, which of them have a floor, and why value moves.
#![deny(clippy::wildcard_enum_match_arm)]

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A person's money; never below zero.
    Wallet,
    /// What a merchant has earned and not been paid out; below zero it owes.
    Payable,
    /// Paid by buyers, not yet settled with the merchant.
    Escrow,
    /// Lying with a payment provider.
    Bank,
    /// Received by a provider, not yet assigned to an order.
    Clearing,
    /// The platform's fees.
    Fee,
    /// Commission taken back that the wallet could not cover.
    Debt,
    /// What a merchant has put down as a pledge; never below zero.
    Deposit,
    /// Asked to be paid out and not gone yet.
    Payout,
    /// Where demo money comes from.
    Equity,
}

/// Which side an account must not fall below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// No floor, and no row that every transfer would fight over.
    None,
    /// Credits − debits never fall below zero.
    CreditFloor,
}

impl Rule {
    /// The word of the audit views.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::CreditFloor => "credit_floor",
        }
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Wallet,
        Self::Payable,
        Self::Escrow,
        Self::Bank,
        Self::Clearing,
        Self::Fee,
        Self::Debt,
        Self::Deposit,
        Self::Payout,
        Self::Equity,
    ];

    /// The word of the audit views.
    pub fn word(self) -> &'static str {
        match self {
            Self::Wallet => "wallet",
            Self::Payable => "payable",
            Self::Escrow => "escrow",
            Self::Bank => "bank",
            Self::Clearing => "clearing",
            Self::Fee => "fee",
            Self::Debt => "debt",
            Self::Deposit => "deposit",
            Self::Payout => "payout",
            Self::Equity => "equity",
        }
    }

    /// The rule its accounts follow.
    pub fn rule(self) -> Rule {
        match self {
            Self::Wallet | Self::Deposit => Rule::CreditFloor,
            Self::Payable
            | Self::Escrow
            | Self::Bank
            | Self::Clearing
            | Self::Fee
            | Self::Debt
            | Self::Payout
            | Self::Equity => Rule::None,
        }
    }
}

/// Why value moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferKind {
    /// A provider tells of money received.
    Receive,
    /// An order is paid.
    Capture,
    /// An order's money goes back.
    Refund,
    /// What a provider received and no order can use goes back.
    Return,
    /// An order's money goes to the merchant.
    Settle,
    /// The platform's fee.
    Fee,
    /// The fee goes back.
    FeeReversal,
    /// A sharer is paid.
    Commission,
    /// A sharer's pay is taken back.
    CommissionReversal,
    /// A merchant asks for what it has earned.
    PayoutReserve,
    /// What a merchant has earned goes to its bank.
    Payout,
    /// What was asked for does not go out after all.
    PayoutReturn,
    /// A merchant puts down a pledge.
    Deposit,
    /// The pledge is given back.
    DepositReturn,
    /// Part of the pledge is kept, with a reason.
    DepositDeduction,
    /// Demo money.
    TopUp,
}

impl TransferKind {
    /// The word of the audit views.
    pub fn word(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Return => "return",
            Self::Settle => "settle",
            Self::Fee => "fee",
            Self::FeeReversal => "fee_reversal",
            Self::Commission => "commission",
            Self::CommissionReversal => "commission_reversal",
            Self::PayoutReserve => "payout_reserve",
            Self::Payout => "payout",
            Self::PayoutReturn => "payout_return",
            Self::Deposit => "deposit",
            Self::DepositReturn => "deposit_return",
            Self::DepositDeduction => "deposit_deduction",
            Self::TopUp => "top_up",
        }
    }
}
