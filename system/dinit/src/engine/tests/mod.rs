//! What the engine does, told as orders, events and what follows from them in a small world.

mod activation;
mod background;
mod by_itself;
mod cases;
mod console;
mod extensions;
mod graph;
mod invariants;
mod model;
mod ordering;
mod pinning;
mod process;
mod recovery;
mod restarting;
mod saving;
mod scale;
mod scripted;
mod soft;
mod world;
