//! Transactions: what they do to a root, beside the reference where there is one (`OIL_REFERENCE_APK`).

mod beside;
mod field;
mod past;
mod refused;
mod rules;
mod stay;
mod whole;
