//! Counts the bytes that a thread allocates, and those that all threads hold.

// The allocator's interface is unsafe to implement.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::atomic::{AtomicIsize, Ordering},
};

/// The system's allocator with a count of bytes per thread and of all threads, for use as a test binary's global allocator.
pub struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

static HELD_BY_ALL: AtomicIsize = AtomicIsize::new(0);

fn count(bytes: isize) {
    HELD_BY_ALL.fetch_add(bytes, Ordering::Relaxed);
    let held = HELD.get() + bytes;
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
}

// SAFETY: every call is forwarded to the system's allocator; the counts neither allocate nor have destructors.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the contract is the same, and the caller keeps it.
        unsafe { System.alloc(layout) }
    }

    // `realloc` has its default, an allocation and a copy, so that the peak counts both: the worst case.
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the contract is the same, and the caller keeps it.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs `work` and returns its result with the peak of bytes that this thread held beyond those held before.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = work();
    (result, (PEAK.get() - before).unsigned_abs())
}

/// The bytes that all threads hold together.
pub fn held_by_all() -> usize {
    HELD_BY_ALL.load(Ordering::Relaxed).unsigned_abs()
}
