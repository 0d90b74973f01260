//! What the ledger promises, as a user of the crate sees it.

#[cfg(test)]
mod canonical;
#[cfg(test)]
mod checkpoint;
#[cfg(test)]
mod document;
#[cfg(test)]
mod leaf;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod published;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod verifier;
