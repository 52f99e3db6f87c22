//! Lists of ids in statements.

use base::Id;
use db::{DbError, Param, Value};

/// Names of the parameters of an `IN` list.
const IN_NAMES: [&str; 64] = [
    "i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9", "i10", "i11", "i12", "i13", "i14", "i15",
    "i16", "i17", "i18", "i19", "i20", "i21", "i22", "i23", "i24", "i25", "i26", "i27", "i28", "i29", "i30",
    "i31", "i32", "i33", "i34", "i35", "i36", "i37", "i38", "i39", "i40", "i41", "i42", "i43", "i44", "i45",
    "i46", "i47", "i48", "i49", "i50", "i51", "i52", "i53", "i54", "i55", "i56", "i57", "i58", "i59", "i60",
    "i61", "i62", "i63",
];

/// Runs `look` for up to 64 ids at a time, with the text of the list and its parameters. Lists are filled up to 1,
/// 8 or 64 by repetition, so that there are few statements to prepare.
pub(super) fn in_lists<T: Id + Into<Value>>(
    ids: &[T],
    mut look: impl FnMut(&str, &[Param]) -> Result<(), DbError>,
) -> Result<(), DbError> {
    for chunk in ids.chunks(IN_NAMES.len()) {
        let size = if chunk.len() == 1 {
            1
        } else if chunk.len() <= 8 {
            8
        } else {
            IN_NAMES.len()
        };
        let Some(last) = chunk.last() else { continue };
        let filled = chunk.iter().chain(std::iter::repeat(last)).take(size);
        let list: Vec<Param> = IN_NAMES.into_iter().zip(filled.map(|id| (*id).into())).collect();
        let text = list.iter().map(|(name, _)| format!(":{name}")).collect::<Vec<_>>().join(", ");
        look(&text, &list)?;
    }
    Ok(())
}
