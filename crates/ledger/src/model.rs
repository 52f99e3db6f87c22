//! Accounts, legs and the rules a transfer must meet. Pure.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::integer_division)]
#![deny(clippy::wildcard_enum_match_arm)]

use std::collections::HashSet;
use std::fmt;

use base::{AccountId, Currency, Id, MerchantId, OrderId, PersonId, TransferId};
use sha2::{Digest, Sha256};

use crate::derived::{derived, natural_id};
pub use crate::kinds::{Kind, Rule, TransferKind};

/// Most legs of one transfer.
pub(crate) const LEGS_MAX: usize = 100;

/// What is counted. Assets never mix but by an exchange pair.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Asset {
    /// Money, in minor units.
    Money(Currency),
    /// Points of one merchant: those of another are another asset.
    Points(MerchantId),
    /// Social currency: not transferable between people, never money.
    Social,
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Money(currency) => write!(f, "{currency}"),
            Self::Points(merchant) => write!(f, "points:{merchant}"),
            Self::Social => f.write_str("social"),
        }
    }
}

impl fmt::Debug for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Whose an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// A person.
    Person(PersonId),
    /// A merchant.
    Merchant(MerchantId),
    /// A payment provider, by its short name.
    Provider(&'static str),
    /// The platform.
    Platform,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => write!(f, "{person}"),
            Self::Merchant(merchant) => write!(f, "{merchant}"),
            Self::Provider(name) => write!(f, "provider:{name}"),
            Self::Platform => f.write_str("platform"),
        }
    }
}

impl Owner {
    /// The person or merchant with this id; `None` when the text is no such id.
    pub fn with_id(text: &str) -> Option<Self> {
        let person = text.parse().map(Self::Person);
        person.or_else(|_| text.parse().map(Self::Merchant)).ok()
    }
}

/// An account, named by what makes it unique; its id follows from that, so nothing need be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account {
    /// Whose it is.
    pub owner: Owner,
    /// What it is for.
    pub kind: Kind,
    /// What it counts.
    pub asset: Asset,
}

impl Account {
    /// An account.
    pub fn new(owner: Owner, kind: Kind, asset: Asset) -> Self {
        Self { owner, kind, asset }
    }

    /// A person's wallet.
    pub fn wallet(person: PersonId, currency: Currency) -> Self {
        Self::new(Owner::Person(person), Kind::Wallet, Asset::Money(currency))
    }

    /// Its id, the same whenever and wherever it is computed.
    pub fn id(&self) -> AccountId {
        AccountId::from_bytes(derived(&format!("account|{}|{}|{}", self.owner, self.kind.word(), self.asset)))
    }

    /// The rule it follows.
    pub fn rule(&self) -> Rule {
        self.kind.rule()
    }
}

/// Debit or credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Out of what we owe, into what we have.
    Debit,
    /// The other way round.
    Credit,
}

impl Side {
    /// `D` or `C`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Debit => "D",
            Self::Credit => "C",
        }
    }
}

/// One side of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// The account.
    pub account: Account,
    /// Debit or credit.
    pub side: Side,
    /// Above zero.
    pub amount: i64,
}

impl Leg {
    /// A debit.
    pub fn debit(account: Account, amount: i64) -> Self {
        Self { account, side: Side::Debit, amount }
    }

    /// A credit.
    pub fn credit(account: Account, amount: i64) -> Self {
        Self { account, side: Side::Credit, amount }
    }
}

/// A transfer to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its idempotency key: [`natural_id`] of its cause.
    pub id: TransferId,
    /// Why value moves.
    pub kind: TransferKind,
    /// The order it belongs to.
    pub order: Option<OrderId>,
    /// What brought it about, for people who read the ledger.
    pub cause: String,
    /// Debits and credits; they sum to zero.
    pub legs: Vec<Leg>,
}

impl Transfer {
    /// A transfer of `amount` from the debited to the credited account, with the natural id of its cause.
    pub fn simple(kind: TransferKind, cause: &str, debit: Account, credit: Account, amount: i64) -> Self {
        let legs = vec![Leg::debit(debit, amount), Leg::credit(credit, amount)];
        Self { id: natural_id(kind, cause), kind, order: None, cause: cause.to_owned(), legs }
    }

    /// The same transfer, belonging to `order`.
    #[must_use]
    pub fn of_order(mut self, order: OrderId) -> Self {
        self.order = Some(order);
        self
    }
}

/// What is wrong with a transfer before anything is looked up. The order of the variants is the order of the checks
/// and part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Fewer than two legs, or more than [`LEGS_MAX`].
    Legs,
    /// An amount below one.
    Amount,
    /// More than one asset.
    Assets,
    /// An account on two legs.
    Account,
    /// The debits sum past 64 bits.
    Overflow,
    /// Debits and credits differ.
    Unbalanced,
}

/// A transfer that is well formed: what is stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    /// Σ debits.
    pub amount: i64,
    /// The one asset.
    pub asset: Asset,
    /// The debited account, when there are just two legs.
    pub debit: Option<AccountId>,
    /// The credited account, when there are just two legs.
    pub credit: Option<AccountId>,
    /// SHA-256 over everything that must be equal in a repetition.
    pub digest: [u8; 32],
}

/// Checks a transfer's form.
///
/// # Errors
/// The first [`Malformed`] in their order.
pub(crate) fn check(transfer: &Transfer) -> Result<Checked, Malformed> {
    let legs = &transfer.legs;
    let (Some(first), true) = (legs.first(), (2..=LEGS_MAX).contains(&legs.len())) else {
        return Err(Malformed::Legs);
    };
    if legs.iter().any(|leg| leg.amount < 1) {
        return Err(Malformed::Amount);
    }
    let asset = first.account.asset;
    if legs.iter().any(|leg| leg.account.asset != asset) {
        return Err(Malformed::Assets);
    }
    let unique: HashSet<_> = legs.iter().map(|leg| leg.account).collect();
    if unique.len() != legs.len() {
        return Err(Malformed::Account);
    }
    let sum = |side: Side| {
        let amounts = legs.iter().filter(|leg| leg.side == side).map(|leg| leg.amount);
        amounts.into_iter().try_fold(0_i64, i64::checked_add)
    };
    let (Some(debits), Some(credits)) = (sum(Side::Debit), sum(Side::Credit)) else {
        return Err(Malformed::Overflow);
    };
    if debits != credits {
        return Err(Malformed::Unbalanced);
    }
    let only = |side: Side| match legs.as_slice() {
        [a, b] => [a, b].into_iter().find(|leg| leg.side == side).map(|leg| leg.account.id()),
        _ => None,
    };
    let digest = digest(transfer);
    Ok(Checked { amount: debits, asset, debit: only(Side::Debit), credit: only(Side::Credit), digest })
}

fn digest(transfer: &Transfer) -> [u8; 32] {
    let order = transfer.order.map_or(String::new(), |order| order.to_string());
    let mut text = format!("{}|{order}|{}", transfer.kind.word(), transfer.cause);
    for leg in &transfer.legs {
        text.push_str(&format!("|{}{}{}", leg.side.word(), leg.account.id(), leg.amount));
    }
    Sha256::digest(text.as_bytes()).into()
}

/// One link of a chain: what the hash of an entry is taken over, besides the hash before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    /// The chain.
    pub chain: &'a str,
    /// The entry's place in it, from 1 without gaps.
    pub seq: i64,
    /// Its transfer.
    pub transfer: TransferId,
    /// Its account.
    pub account: AccountId,
    /// The asset's word.
    pub asset: &'a str,
    /// `D` or `C`.
    pub side: &'a str,
    /// Its amount.
    pub amount: i64,
}

impl Link<'_> {
    /// SHA-256 of `prev_hash|chain|seq|transfer_id|account_id|currency|side|amount`, hashes as lower-case hex.
    pub(crate) fn hash(&self, before: &[u8; 32]) -> [u8; 32] {
        let mut text = String::with_capacity(240);
        for byte in before {
            text.push_str(&format!("{byte:02x}"));
        }
        let Link { chain, seq, transfer, account, asset, side, amount } = self;
        text.push_str(&format!("|{chain}|{seq}|{transfer}|{account}|{asset}|{side}|{amount}"));
        Sha256::digest(text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wallet(n: u8) -> Account {
        Account::wallet(PersonId::from_bytes([n; 16]), Currency::CNY)
    }

    fn transfer(legs: Vec<Leg>) -> Transfer {
        Transfer { legs, ..Transfer::simple(TransferKind::Capture, "test", wallet(1), wallet(2), 1) }
    }

    /// Every fault comes with all the faults that are checked after it, so the order is what is tested.
    #[test]
    fn faults_are_found_in_their_order() {
        let points = Account { asset: Asset::Points(MerchantId::from_bytes([1; 16])), ..wallet(3) };
        let table = [
            (Malformed::Legs, vec![Leg::debit(wallet(1), 0)]),
            (
                Malformed::Amount,
                vec![Leg::debit(wallet(1), 0), Leg::credit(points, 5), Leg::credit(wallet(1), 1)],
            ),
            (
                Malformed::Assets,
                vec![Leg::debit(wallet(1), 2), Leg::credit(points, 5), Leg::credit(wallet(1), 1)],
            ),
            (Malformed::Account, vec![Leg::debit(wallet(1), i64::MAX), Leg::debit(wallet(1), 5)]),
            (Malformed::Overflow, vec![Leg::debit(wallet(1), i64::MAX), Leg::debit(wallet(2), 5)]),
            (Malformed::Unbalanced, vec![Leg::debit(wallet(1), 2), Leg::credit(wallet(2), 1)]),
        ];
        for (fault, legs) in table {
            assert_eq!(check(&transfer(legs)), Err(fault));
        }
        let many = (0..=u8::try_from(LEGS_MAX).unwrap()).map(|n| Leg::debit(wallet(n), 1)).collect();
        assert_eq!(check(&transfer(many)), Err(Malformed::Legs));
    }

    #[test]
    fn an_account_is_named_by_whose_it_is() {
        assert_eq!(wallet(1).id(), wallet(1).id());
        assert_ne!(wallet(1).id(), wallet(2).id());
    }

    #[test]
    fn a_sound_transfer_names_its_sides() {
        let checked = check(&transfer(vec![Leg::debit(wallet(1), 7), Leg::credit(wallet(2), 7)])).unwrap();
        assert_eq!(
            (checked.amount, checked.debit, checked.credit),
            (7, Some(wallet(1).id()), Some(wallet(2).id()))
        );
        let three = vec![Leg::debit(wallet(1), 7), Leg::credit(wallet(2), 3), Leg::credit(wallet(3), 4)];
        assert_eq!(check(&transfer(three)).unwrap().debit, None);
    }

    #[test]
    fn the_hash_is_the_one_of_the_contract() {
        let link = Link {
            chain: "main",
            seq: 1,
            transfer: TransferId::from_bytes([0; 16]),
            account: AccountId::from_bytes([0; 16]),
            asset: "CNY",
            side: "D",
            amount: 5,
        };
        let zeros = "0".repeat(64);
        let ids = "0".repeat(32);
        let text = format!("{zeros}|main|1|tra_{ids}|acc_{ids}|CNY|D|5");
        let expected: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        assert_eq!(link.hash(&[0; 32]), expected);
    }
}
