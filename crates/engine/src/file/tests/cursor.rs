//! Where the cursor is, and what cancelled reads give back to it.
