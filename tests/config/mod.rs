//! The pipeline file: what is refused and how it is said, what passes and what it becomes.

mod broken;
mod catalogue;
mod editor;
mod environment;
mod good;
mod hashes;
mod list;
mod shipped;
