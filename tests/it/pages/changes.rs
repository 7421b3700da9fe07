//! Forms: what they change, and how they say what is wrong.
