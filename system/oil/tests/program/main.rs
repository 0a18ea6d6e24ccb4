//! The program as users meet it: what it prints and how it exits, alone, beside a reference `apk`, and when things
//! are not as they should be.

mod alone;
mod bad;
mod compare;
mod place;
mod real;
mod server;
mod servers;
mod text;
mod tls;
mod tools;
