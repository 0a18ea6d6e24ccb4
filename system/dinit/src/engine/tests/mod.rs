//! What the engine does, told as orders, events and what follows from them in a small world.

mod activation;
mod world;
