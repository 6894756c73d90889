// likeness-bench track: videos of people, tracked and measured against the landmark detector.
#pragma once

int run_track_bench(int argc, char** argv);
