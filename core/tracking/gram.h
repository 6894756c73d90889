// J^T J, where a solver spends its time.
#pragma once

namespace likeness {

// The lower triangle of J^T J into `out` (columns x columns, column-major, leading dimension `columns`); J is row-major,
// count x columns. Threads and wide vectors.
void gram_lower(const float* rows, int count, int columns, float* out);

}  // namespace likeness
