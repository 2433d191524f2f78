//! A record that the page's script has signed with the phone's own key, sent in the form it was typed into.
//!
//! It goes the way of every form, so that a refusal comes back drawn beside its field, and a phone whose script fails sends the
//! same form without it.

use commons_core::admission::Rejection;
use commons_core::codec::SIGNED_MAGIC;
use commons_core::identity::unhex;

use super::form::Form;

/// The form's field: hex digits of a signed submission.
const FIELD: &str = "signed";

/// Whether the form brings one.
pub(super) fn is_signed(form: &Form) -> bool {
    !form.get(FIELD).is_empty()
}

/// Its bytes. What does not begin like one is refused here, lest it be read as words for the board.
pub(super) fn signed(form: &Form) -> Result<Option<Vec<u8>>, Rejection> {
    if !is_signed(form) {
        return Ok(None);
    }
    match unhex(form.get(FIELD)) {
        Some(bytes) if bytes.first() == Some(&SIGNED_MAGIC) => Ok(Some(bytes)),
        _ => Err(Rejection::NotARecord { detail: "not the hex digits of a signed record" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A broken record would be put on the board as words, or take the page down.
    #[test]
    fn only_a_signed_records_digits_pass() {
        let form = |text: &str| Form::parse(format!("text=rice&signed={text}").as_bytes()).unwrap();
        assert_eq!(signed(&form("fe01ff")).unwrap().as_deref(), Some(&[0xfe, 1, 0xff][..]));
        assert_eq!(signed(&form("")).unwrap(), None);
        for bad in ["fe0", "insulin", "7b7d", "%00%00", "f\u{e9}"] {
            assert!(signed(&form(bad)).is_err(), "{bad}");
        }
    }
}
