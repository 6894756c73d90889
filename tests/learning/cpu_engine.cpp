// The processor's training engine, for the tests of tests/engine.
#include "tests/engine/engine_test.h"

namespace likeness::test {

std::unique_ptr<TrainingEngine> make_engine(const EngineChoice&) { return make_cpu_training_engine(); }
const AddedModules& added_modules() { return processor_modules(); }
std::string why_no_engine() { return {}; }

}  // namespace likeness::test
