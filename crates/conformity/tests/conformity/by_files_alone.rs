//! A check is added by editing files alone.
