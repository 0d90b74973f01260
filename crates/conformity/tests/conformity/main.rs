//! Conformity as a whole: real model, real catalogue, real checks, records in both databases.

mod by_files_alone;
mod examples;
mod follower;
mod house;
mod life;
mod oracle;
mod records;
mod requirements;
