// The added groups on the processor.
#include "tests/engine/added_groups_math.h"

namespace likeness::test {
namespace {

struct Processor {
    using Memory = std::vector<float>;
    template <class Work>
    static void run(const StepArrays&, int count, const Work& work) {
        for (int i = 0; i < count; ++i) work(i);
    }
};

}  // namespace

const AddedModules& processor_modules() {
    static const AddedModules modules = added::modules_of<Processor>();
    return modules;
}

}  // namespace likeness::test
