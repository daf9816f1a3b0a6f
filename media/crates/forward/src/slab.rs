//! Dense storage addressed by keys that carry a generation, so that a stale key finds nothing.

use std::marker::PhantomData;

/// A key of a [`Slab`].
pub(crate) trait Key: Copy {
    fn new(index: u32, generation: u32) -> Self;
    fn parts(self) -> (u32, u32);
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            index: u32,
            generation: u32,
        }

        impl Key for $name {
            fn new(index: u32, generation: u32) -> Self {
                Self { index, generation }
            }

            fn parts(self) -> (u32, u32) {
                (self.index, self.generation)
            }
        }

        impl $name {
            /// Dense position, re-used after removal: for tables of the caller's own beside ours.
            #[must_use]
            pub const fn index(self) -> usize {
                self.index as usize
            }
        }
    };
}

key!(
    /// A participant whose tracks share one capture clock and one transport.
    PublisherKey
);
key!(
    /// One publication.
    TrackKey
);
key!(
    /// One sending m-section of a subscriber.
    SectionKey
);
key!(
    /// A participant whose sections share one line.
    SubscriberKey
);

/// Values at dense positions; removal bumps the position's generation.
#[derive(Debug)]
pub(crate) struct Slab<K, V> {
    slots: Vec<(u32, Option<V>)>,
    free: Vec<u32>,
    key: PhantomData<K>,
}

impl<K: Key, V> Slab<K, V> {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), key: PhantomData }
    }

    pub(crate) fn insert(&mut self, value: V) -> K {
        while let Some(index) = self.free.pop() {
            if let Some((generation, slot)) = self.slots.get_mut(index as usize) {
                *slot = Some(value);
                return K::new(index, *generation);
            }
        }
        let index = self.slots.len() as u32;
        self.slots.push((0, Some(value)));
        K::new(index, 0)
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        let (index, generation) = key.parts();
        let (current, slot) = self.slots.get_mut(index as usize)?;
        if *current != generation || slot.is_none() {
            return None;
        }
        *current = current.wrapping_add(1);
        self.free.push(index);
        slot.take()
    }

    pub(crate) fn get(&self, key: K) -> Option<&V> {
        let (index, generation) = key.parts();
        match self.slots.get(index as usize) {
            Some((current, Some(value))) if *current == generation => Some(value),
            _ => None,
        }
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let (index, generation) = key.parts();
        match self.slots.get_mut(index as usize) {
            Some((current, Some(value))) if *current == generation => Some(value),
            _ => None,
        }
    }

    /// Positions in use or free.
    pub(crate) fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Who is at a position.
    pub(crate) fn key_at(&self, index: usize) -> Option<K> {
        let (generation, slot) = self.slots.get(index)?;
        slot.as_ref().map(|_| K::new(index as u32, *generation))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (K, &mut V)> {
        self.slots.iter_mut().enumerate().filter_map(|(index, (generation, slot))| {
            slot.as_mut().map(|value| (K::new(index as u32, *generation), value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Slab, TrackKey};

    #[test]
    fn a_stale_key_never_finds_its_successor() {
        let mut slab: Slab<TrackKey, &str> = Slab::new();
        let alice = slab.insert("alice");
        assert_eq!(slab.remove(alice), Some("alice"));
        let bob = slab.insert("bob");
        assert_eq!(alice.index(), bob.index());
        assert_eq!(slab.get(alice), None);
        assert_eq!(slab.remove(alice), None);
        assert_eq!(slab.get(bob), Some(&"bob"));
        assert_eq!(slab.iter_mut().count(), 1);
    }
}
