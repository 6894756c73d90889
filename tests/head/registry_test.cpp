// Heads known by their hash.
#include <gtest/gtest.h>

#include <thread>

#include "core/head/head_registry.h"
#include "tests/head/head_fixtures.h"

namespace likeness::test {
namespace {

TEST(HeadRegistry, TheGivenHeadIsTheDefault) {
    const auto head = ball_head(1);
    HeadRegistry heads(head);
    EXPECT_EQ(*heads.default_head(), head);
    EXPECT_EQ(heads.find(head_hash(*head)), head);
    for (const std::string& hash : {std::string(), std::string("0123456789abcdef"), head_hash(*ball_head(2))})
        EXPECT_EQ(heads.find(hash), nullptr);
    EXPECT_EQ(heads.share(ball_head(1)), head) << "an equal head is the same";
}

TEST(HeadRegistry, SharedHeadsLastAsLongAsTheirUsers) {
    HeadRegistry heads(ball_head(1));
    auto first = heads.share(ball_head(2));
    const std::string hash = head_hash(*first);
    EXPECT_EQ(heads.share(ball_head(2)), first);
    EXPECT_EQ(heads.find(hash), first);
    const auto other = heads.share(ball_head(3));
    EXPECT_NE(other, first);
    std::weak_ptr<const HeadModel> watched = first;
    first.reset();
    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(heads.find(hash), nullptr);
    EXPECT_EQ(heads.find(head_hash(*other)), other);
    const auto again = heads.share(ball_head(2));
    EXPECT_EQ(heads.find(hash), again);
}

TEST(HeadRegistry, TheProgramsHeadIsLoadedOnceAndKeepsItsHash) {
    HeadRegistry heads;
    std::vector<std::shared_ptr<const HeadModel>> found(4);
    std::vector<std::jthread> threads;
    for (auto& head : found)
        threads.emplace_back([&] {
            if (auto loaded = heads.default_head()) head = *loaded;
        });
    threads.clear();
    ASSERT_NE(found[0], nullptr);
    for (const auto& head : found) EXPECT_EQ(head, found[0]);
    // Files name it by this.
    EXPECT_EQ(heads.find("905758afb8ae5fe1"), found[0]);
}

}  // namespace
}  // namespace likeness::test
