// The GPU's training engine, for the tests of tests/engine.
#include "cuda/cuda_training_engine.h"
#include "likeness/cuda/device.h"
#include "tests/engine/engine_test.h"

namespace likeness::test {

std::unique_ptr<TrainingEngine> make_engine(const EngineChoice& choice) {
    return make_cuda_training_engine({choice.steps_in_flight, choice.graphs, choice.deterministic});
}
const AddedModules& added_modules() { return gpu_modules(); }
std::string why_no_engine() {
    const auto device = cuda::find_device();
    return device ? "" : device.error().message + " [" + device.error().detail + "]";
}

}  // namespace likeness::test
