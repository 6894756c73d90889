// What a job needed for a while is not the program's for good.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

std::size_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::size_t total = 0, resident = 0;
    file >> total >> resident;
    return resident * std::size_t(sysconf(_SC_PAGESIZE));
}

TEST(Memory, OfEndedJobsGoesBackToTheSystem) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
    GTEST_SKIP() << "another allocator";
#endif
    constexpr std::size_t mib = 1 << 20, block = 64 << 10, count = 2048;  // 128 MiB, in pieces of the heap
    const TemporaryFolder folder("memory");
    StudioBench bench(folder.path);
    ASSERT_TRUE(bench.settle());
    const std::size_t before = resident_bytes();
    std::vector<std::vector<char>> kept;  // pieces that live on keep the heap from shrinking at its end
    bench.studio->jobs().start("Computing", [&kept](Progress&) -> Status {
        std::vector<std::vector<char>> blocks(count);
        for (std::vector<char>& b : blocks) b.assign(block, 1);
        for (std::size_t i = 63; i < count; i += 64) kept.push_back(std::move(blocks[i]));
        return {};
    });
    ASSERT_TRUE(bench.settle());
    EXPECT_GT(resident_bytes(), before + 64 * mib) << "the allocator keeps it";
    *bench.time += 1.5;  // at rest for a while
    ASSERT_TRUE(bench.settle());
    *bench.time += 1.5;
    ASSERT_TRUE(bench.settle());
    EXPECT_LT(resident_bytes(), before + 32 * mib);
    EXPECT_EQ(kept.size(), count / 64);

    // And then nothing more is started.
    const std::uint64_t ended = bench.studio->jobs().ended();
    for (int i = 0; i < 5; ++i) {
        *bench.time += 10;
        ASSERT_TRUE(bench.settle());
    }
    EXPECT_EQ(bench.studio->jobs().ended(), ended);
}

}  // namespace
}  // namespace likeness::test
