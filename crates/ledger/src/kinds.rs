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
    /// Cash in a merchant's till.
    Cash,
    /// A person's points; never below zero.
    Points,
    /// Points taken back that the person's did not cover.
    PointsDebt,
    /// What a merchant has promised by giving out points.
    Issued,
    /// What a provider's bill shows and the books do not, or the other way round, until somebody has found out why.
    Parked,
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
    pub const ALL: [Self; 15] = [
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
        Self::Cash,
        Self::Points,
        Self::PointsDebt,
        Self::Issued,
        Self::Parked,
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
            Self::Cash => "cash",
            Self::Points => "points",
            Self::PointsDebt => "points_debt",
            Self::Issued => "issued",
            Self::Parked => "parked",
        }
    }

    /// The rule its accounts follow.
    pub fn rule(self) -> Rule {
        match self {
            Self::Wallet | Self::Deposit | Self::Points => Rule::CreditFloor,
            Self::Payable
            | Self::Escrow
            | Self::Bank
            | Self::Clearing
            | Self::Fee
            | Self::Debt
            | Self::Payout
            | Self::Equity
            | Self::Cash
            | Self::PointsDebt
            | Self::Issued
            | Self::Parked => Rule::None,
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
    /// A provider's bill and the books differ.
    Park,
    /// What was parked has found its place.
    Unpark,
    /// Points are earned.
    PointsEarn,
    /// Points are spent.
    PointsSpend,
    /// Points that were spent come back.
    PointsReturn,
    /// Points that were earned are taken back.
    PointsTakeBack,
    /// Points whose time is over are gone.
    PointsExpire,
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
            Self::Park => "park",
            Self::Unpark => "unpark",
            Self::PointsEarn => "points_earn",
            Self::PointsSpend => "points_spend",
            Self::PointsReturn => "points_return",
            Self::PointsTakeBack => "points_take_back",
            Self::PointsExpire => "points_expire",
        }
    }
}
