#include "core/learning/snapshot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace likeness::test {
namespace {

std::shared_ptr<const AvatarSnapshot> snapshot(int step) {
    auto made = std::make_shared<AvatarSnapshot>();
    made->step = step;
    AnchoredSplats& splats = made->splats.edit();
    splats.resize(std::size_t(step % 50 + 1));
    std::fill(splats.albedo.begin(), splats.albedo.end(), float(step));
    return made;
}

TEST(SnapshotSlot, EmptyThenTheLast) {
    SnapshotSlot slot;
    EXPECT_EQ(slot.latest(), nullptr);
    slot.publish(snapshot(1));
    const auto first = slot.latest();
    slot.publish(snapshot(2));
    EXPECT_EQ(slot.latest()->step, 2);
    EXPECT_EQ(first->step, 1) << "who holds a snapshot keeps it";
}

TEST(SnapshotSlot, TwoThreads) {
    SnapshotSlot slot;
    std::atomic<bool> done = false;
    std::atomic<int> seen = 0;
    std::jthread viewer([&] {
        int last = 0;
        while (!done) {
            const auto latest = slot.latest();
            if (!latest) continue;
            ASSERT_GE(latest->step, last) << "never back";
            last = latest->step;
            for (float a : latest->splats->albedo) ASSERT_EQ(a, float(latest->step)) << "whole";
            ++seen;
        }
    });
    for (int step = 1; step <= 3000 || seen == 0; ++step) {
        slot.publish(snapshot(step));
        if (step % 100 == 0) std::this_thread::yield();
        if (step > 2'000'000) break;
    }
    done = true;
    viewer.join();
    EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace likeness::test
