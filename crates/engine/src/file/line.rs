//! A line from which anyone may leave: kept in order of arrival, and each is found by its number.

use std::collections::VecDeque;

use crate::limits::LINE_GAPS_MAX;

/// Items in order of their numbers, which rise. One that leaves from the middle leaves a gap, so that nothing moves;
/// when there are more gaps than items, all of them are closed at once. So the cost of each step is constant, but for
/// a binary search.
#[derive(Debug)]
pub(crate) struct Line<T> {
    places: VecDeque<(u64, Option<T>)>,
    len: usize,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Line { places: VecDeque::new(), len: 0 }
    }
}

impl<T> Line<T> {
    /// Number of items.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an item at the end. Its number is higher than all before.
    pub(crate) fn push(&mut self, number: u64, item: T) {
        debug_assert!(self.places.back().is_none_or(|(last, _)| *last < number), "numbers rise");
        if self.places.capacity() == 0 {
            // Most files never have two operations at a time, and there are many files.
            self.places.reserve_exact(1);
        }
        self.places.push_back((number, Some(item)));
        self.len += 1;
    }

    /// The items with their numbers, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        self.places.iter().filter_map(|(number, item)| item.as_ref().map(|item| (*number, item)))
    }

    /// The same, to change them.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u64, &mut T)> {
        self.places.iter_mut().filter_map(|(number, item)| item.as_mut().map(|item| (*number, item)))
    }

    /// The items behind this number, in order.
    pub(crate) fn behind(&self, number: u64) -> impl Iterator<Item = (u64, &T)> {
        let first = self.places.partition_point(|(other, _)| *other <= number);
        let places = self.places.range(first..);
        places.filter_map(|(number, item)| item.as_ref().map(|item| (*number, item)))
    }

    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        self.places.get(self.find(number)?)?.1.as_ref()
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let index = self.find(number)?;
        self.places.get_mut(index)?.1.as_mut()
    }

    pub(crate) fn remove(&mut self, number: u64) -> Option<T> {
        let index = self.find(number)?;
        let item = self.places.get_mut(index)?.1.take()?;
        self.len -= 1;
        self.close_gaps();
        Some(item)
    }

    /// Takes the first item.
    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let (_, item) = self.places.pop_front()?;
        debug_assert!(item.is_some(), "there is no gap in front");
        self.len -= usize::from(item.is_some());
        self.close_gaps();
        item
    }

    /// Takes all items, in order.
    pub(crate) fn take(&mut self) -> Vec<T> {
        std::mem::take(self).places.into_iter().filter_map(|(_, item)| item).collect()
    }

    fn find(&self, number: u64) -> Option<usize> {
        // Most lines are short, and most that leave are the first.
        match self.places.front() {
            Some((first, _)) if *first == number => Some(0),
            _ => self.places.binary_search_by_key(&number, |(other, _)| *other).ok(),
        }
    }

    /// Keeps both ends free of gaps, and the rest from having more gaps than items.
    fn close_gaps(&mut self) {
        while self.places.front().is_some_and(|(_, item)| item.is_none()) {
            self.places.pop_front();
        }
        while self.places.back().is_some_and(|(_, item)| item.is_none()) {
            self.places.pop_back();
        }
        if self.places.len() > 2 * self.len + LINE_GAPS_MAX {
            self.places.retain(|(_, item)| item.is_some());
        }
    }
}

#[cfg(all(test, not(folio_loom)))]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Pushes and removals in an order that a seed decides, against a map.
    #[test]
    fn a_line_does_what_a_map_does() {
        let mut bits = 1_u64;
        let mut random = move |below: u64| {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (bits >> 33) % below
        };
        let (mut line, mut map) = (Line::default(), BTreeMap::new());
        for number in 0..20_000_u64 {
            line.push(3 * number, number);
            map.insert(3 * number, number);
            for _ in 0..random(3) {
                let victim = random(3 * number + 3);
                assert_eq!(line.remove(victim), map.remove(&victim));
                assert_eq!(line.get(victim), None);
            }
            if random(8) == 0 {
                assert_eq!(line.pop_front(), map.pop_first().map(|(_, item)| item));
            }
            assert_eq!((line.len(), line.is_empty()), (map.len(), map.is_empty()));
            assert!(line.places.len() <= 2 * line.len() + LINE_GAPS_MAX, "gaps are closed");
            let number = random(3 * number + 3);
            assert_eq!(line.get(number), map.get(&number));
            assert_eq!(
                line.behind(number).next(),
                map.range(number + 1..).next().map(|(n, item)| (*n, item))
            );
        }
        assert!(line.iter().eq(map.iter().map(|(number, item)| (*number, item))));
        assert_eq!(line.take(), map.into_values().collect::<Vec<_>>());
        assert!(line.is_empty() && line.places.is_empty());
    }
}
