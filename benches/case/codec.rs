//! Mappings in and out: the wire format, and rows in memory.

use std::io::{self, Cursor};

use meta0::{Digits, PrefixMapping};

use super::{Case, MORE_SIZES, SIZES, run};

pub(super) const CASES: [Case; 5] = [
    Case::new("from-rows", MORE_SIZES, |size| {
        let mapping = size.mapping();
        let rows = mapping.iter().map(|(base, services)| (base, services.map(str::to_owned)));
        let rows: Vec<(_, Vec<_>)> = rows.map(|(base, names)| (base, names.collect())).collect();
        run(move || {
            let rows = rows.iter().map(|(base, names)| (*base, names));
            PrefixMapping::from_rows(Digits::MAX, rows).unwrap()
        })
    }),
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
