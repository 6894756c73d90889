// Tests that every device's training engine has to pass. A device's test program compiles this folder's files and says
// in one of its own how its engine and its training modules are made.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/learning/training_engine.h"
#include "tests/engine/added_groups.h"

namespace likeness::test {

// As in cuda/cuda_training_engine.h; the processor has no choice.
struct EngineChoice {
    int steps_in_flight = 4;
    bool graphs = true;
    bool deterministic = false;
};
std::unique_ptr<TrainingEngine> make_engine(const EngineChoice& choice = {});
const AddedModules& added_modules();
// Why there is no engine here; empty when there is one.
std::string why_no_engine();

class TrainingEngineTest : public testing::Test {
  protected:
    void SetUp() override {
        if (const std::string why = why_no_engine(); !why.empty()) GTEST_SKIP() << why;
    }
};

}  // namespace likeness::test
