// Memory that the program has freed and the allocator keeps.
#pragma once

namespace likeness {

// Gives it back to the system: what a worker needed for a while stays otherwise in the pool of the thread that asked for
// it, for good. Some milliseconds; other threads that allocate may wait for part of it. Nothing where the C library has
// no such call.
void return_unused_memory();

}  // namespace likeness
