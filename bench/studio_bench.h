// likeness-bench studio: how the whole studio feels, without a display: start, answers to input, redraws, memory.
#pragma once

int run_studio_bench(int argc, char** argv);
