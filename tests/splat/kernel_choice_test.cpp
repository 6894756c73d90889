// LIKENESS_SIMD and what happens without it.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/splat/scenes.h"

namespace likeness {
namespace {

TEST(KernelChoice, PortableCanBeForced) {
    const auto rasterizer = rasterizer_with("portable");
    ASSERT_TRUE(rasterizer);
    EXPECT_EQ(rasterizer->name(), "cpu-portable");
}

TEST(KernelChoice, UnknownNamesAreIgnored) {
    const std::string usual = make_cpu_rasterizer()->name();
    setenv("LIKENESS_SIMD", "abacus", 1);
    EXPECT_EQ(make_cpu_rasterizer()->name(), usual);
    unsetenv("LIKENESS_SIMD");
}

}  // namespace
}  // namespace likeness
