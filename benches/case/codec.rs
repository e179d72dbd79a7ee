//! The wire format: reading and writing it.

use std::io::{self, Cursor};

use meta0::{Digits, PrefixMapping};

use super::{Case, MORE_SIZES, SIZES, run};

pub(super) const CASES: [Case; 4] = [
    Case::new("read-json", MORE_SIZES, |size| {
        let text = size.mapping().to_json();
        run(move || PrefixMapping::from_json(&text, Digits::MAX).unwrap())
    }),
    Case::new("read-json-streamed", SIZES, |size| {
        let text = size.mapping().to_json();
        run(move || PrefixMapping::read_json(Cursor::new(&text), Digits::MAX).unwrap())
    }),
    Case::new("write-json", MORE_SIZES, |size| {
        let mapping = size.mapping();
        run(move || mapping.to_json())
    }),
    Case::new("write-json-streamed", SIZES, |size| {
        let mapping = size.mapping();
        run(move || mapping.write_json(io::sink()).unwrap())
    }),
];
