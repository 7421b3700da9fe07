//! Members of an entity that a request may leave as they are.

/// What happens to one member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Edit<T> {
    /// Nothing.
    #[default]
    Keep,
    /// It becomes this.
    To(T),
}

impl<T> Edit<T> {
    /// Does it.
    pub fn apply(self, member: &mut T) {
        if let Self::To(value) = self {
            *member = value;
        }
    }

    /// Whether the member becomes another one than `present`.
    pub fn changes(&self, present: &T) -> bool
    where
        T: PartialEq,
    {
        matches!(self, Self::To(value) if value != present)
    }
}
