// How much memory there is, and what the program has freed and the allocator keeps.
#pragma once

namespace likeness {

// Blocks of 1 MiB and more get pages of their own, which go back when the block is freed. By itself glibc raises this
// limit to the largest block freed so far (up to 32 MiB): pictures and training buffers then lie among small blocks
// that live on, and the pages between these stay the program's. New pages cost time: this is for a program that is used
// for hours. Called at the start, before other threads.
void keep_large_blocks_apart();

// Whether the system refuses another 512 MiB of addresses (ulimit -v, no overcommitment): what libraries report as a
// failure of their own is then most likely that.
bool memory_is_short();

// Gives it back to the system: what a worker needed for a while stays otherwise in the pool of the thread that asked for
// it, for good. Some milliseconds; other threads that allocate may wait for part of it. Nothing where the C library has
// no such call.
void return_unused_memory();

}  // namespace likeness
