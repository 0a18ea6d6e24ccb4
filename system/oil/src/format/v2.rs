//! v2 (apk-v2(5)): gzip members that together are a tar archive, with texts inside.

pub mod apkindex;
pub mod pkginfo;
pub mod tar;
pub mod tar_writer;
