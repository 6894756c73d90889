// `likeness-bench train-step`: training steps a second.
#pragma once

int run_train_step_bench(int argc, char** argv);
