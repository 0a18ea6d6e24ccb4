//! Packages made of a tree that holds everything a package may.

mod place;
mod reference;
mod tree;
mod turns;
