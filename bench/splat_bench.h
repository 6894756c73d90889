// `likeness-bench splat`: speed of the rasterizers.
#pragma once

int run_splat_bench(int argc, char** argv);
