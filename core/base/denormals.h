// The numbers nearest to zero.
#pragma once

namespace likeness {

// From now on floats below 1.2e-38 count as 0 in the calling thread and in those that it starts. Blurs and sparse
// factors are full of such numbers, and on some processors each one costs a hundred cycles. Called first thing in
// main(), before other threads. Nothing on processors that are not x86.
void flush_denormals();

}  // namespace likeness
