//! Codes in links.

/// Letters and digits that are not taken for one another; each stands for five bits.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// A code of 24 letters that carries 120 of these random bits: whoever knows it may use it, and nobody guesses it.
pub fn share_code(random: &[u8; 32]) -> String {
    let letter = |byte: &u8| LETTERS.get(usize::from(byte & 31)).copied().map_or('a', char::from);
    random.iter().take(24).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_its_bits_counts() {
        let mut random = [0_u8; 32];
        assert_eq!(share_code(&random), "a".repeat(24));
        random[23] = 31;
        assert_eq!(share_code(&random), format!("{}9", "a".repeat(23)));
        let all: std::collections::BTreeSet<u8> = LETTERS.iter().copied().collect();
        assert_eq!(all.len(), 32);
    }
}
