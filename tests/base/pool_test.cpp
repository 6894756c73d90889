#include "core/base/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace likeness {
namespace {

struct Network {
    int number;
};

TEST(Pool, LendsWhatIsIdleAndMakesAnotherWhenAllAreOut) {
    std::atomic<int> made = 0;
    Pool<Network> pool([&]() -> Result<Network> { return Network{++made}; });
    {
        const auto preparing = pool.borrow();
        ASSERT_TRUE(preparing);
        EXPECT_EQ((**preparing).number, 1);
        std::thread([&] {  // would wait for ever if one had to be given back first
            const auto following = pool.borrow();
            ASSERT_TRUE(following);
            EXPECT_EQ((*following)->number, 2);
        })
            .join();
    }
    const auto again = pool.borrow();
    EXPECT_LE((**again).number, 2) << "what was given back is lent again";
    EXPECT_EQ(made, 2);
}

TEST(Pool, KeepsAsManyAsItMayAndSaysWhatFailed) {
    static std::atomic<int> alive;
    struct Counted {
        Counted() { ++alive; }
        Counted(Counted&&) noexcept { ++alive; }
        ~Counted() { --alive; }
    };
    bool broken = false;
    {
        std::optional<Pool<Counted>> pool(std::in_place, [&]() -> Result<Counted> {
            if (broken) return Error{ErrorCode::not_found, "There is no network.", ""};
            return Counted();
        });
        {
            const auto a = pool->borrow(), b = pool->borrow(), c = pool->borrow();
            EXPECT_EQ(alive, 3);
        }
        EXPECT_EQ(alive, 1);
        const auto kept = pool->borrow();
        broken = true;
        const auto failed = pool->borrow();
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().message, "There is no network.");
        pool.reset();
        EXPECT_EQ(alive, 1) << "a lease may outlive its pool";
    }
    EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace likeness
