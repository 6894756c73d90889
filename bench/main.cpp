// likeness-bench: one program, one sub-command a subject; results are JSON lines on standard output.
#include <cstdio>
#include <cstring>
#include <exception>

#include "bench/drive_bench.h"
#include "bench/edit_bench.h"
#include "bench/portrait_bench.h"
#include "bench/splat_bench.h"
#include "bench/studio_bench.h"
#include "bench/track_bench.h"
#include "bench/train_step_bench.h"
#include "core/base/denormals.h"
#ifdef LIKENESS_HAVE_CUDA
#include "cuda/gl_frame_store.h"
#include "cuda/register_device.h"
#endif

namespace {

struct Command {
    const char* name;
    int (*run)(int argc, char** argv);
    const char* summary;
};

constexpr Command commands[] = {
    {"drive", run_drive_bench, "avatars driven by videos: speed, delay, identity, shoulders, self-reenactment"},
    {"edit", run_edit_bench, "avatars edited: what baking into maps loses"},
    {"portrait", run_portrait_bench, "portraits to avatars: time and quality"},
    {"splat", run_splat_bench, "speed of the Gaussian rasterizers"},
    {"track", run_track_bench, "videos of people: time, fit and jitter of their tracks"},
    {"train-step", run_train_step_bench, "training steps a second"},
    {"studio", run_studio_bench, "the studio's window: start, answers to input, redraws, memory"},
};

int usage() {
    std::fprintf(stderr, "usage: likeness-bench COMMAND [options], or likeness-bench COMMAND --help\n");
    for (const Command& command : commands) std::fprintf(stderr, "  %-10s %s\n", command.name, command.summary);
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    likeness::flush_denormals();
    if (argc < 2) return usage();
#ifdef LIKENESS_HAVE_CUDA
    likeness::register_cuda_device();
    likeness::register_gl_frame_store();
#endif
    for (const Command& command : commands) {
        if (std::strcmp(argv[1], command.name) != 0) continue;
        try {
            return command.run(argc - 1, argv + 1);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "likeness-bench: %s\n", e.what());
            return 1;
        }
    }
    return usage();
}
