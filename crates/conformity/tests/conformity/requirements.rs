//! Statuses of requirements and clauses over real records.
