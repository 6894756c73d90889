// likeness-bench portrait: the whole main job over a folder of portraits, timed and measured.
#pragma once

int run_portrait_bench(int argc, char** argv);
