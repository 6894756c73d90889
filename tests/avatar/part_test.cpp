#include "core/avatar/part.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

TEST(Part, EqualNumbersMeanEqualContent) {
    Part<Light> nothing, other;
    EXPECT_EQ(nothing.version(), 0u);
    EXPECT_TRUE(nothing == other);
    EXPECT_EQ(*nothing, Light{});
    other = Light{};
    EXPECT_FALSE(nothing == other) << "published, so it is another part";
    const Part<Light> copy = other;
    EXPECT_TRUE(copy == other);
    EXPECT_EQ(&*copy, &*other) << "copies share";
    std::set<std::uint64_t> versions;
    for (int i = 0; i < 10; ++i) {
        other.edit().exposure = float(i);
        EXPECT_TRUE(versions.insert(other.version()).second);
    }
    EXPECT_EQ(copy->exposure, 0) << "what is shared never changes";
    EXPECT_EQ(other->exposure, 9);
    const Part<Light> kept = other;
    other = {};
    EXPECT_EQ(kept->exposure, 9);
    EXPECT_TRUE(other == nothing);
}

TEST(Part, AnAvatarsPartsStayWhenAnotherIsPublished) {
    const Avatar avatar = everything_avatar(3, 50);
    Avatar other = avatar;
    other.splats.edit().albedo[0] = 0.5f;
    EXPECT_FALSE(other.splats == avatar.splats);
    EXPECT_TRUE(other.person == avatar.person && other.shells == avatar.shells && other.source == avatar.source &&
                other.maps == avatar.maps && other.slots == avatar.slots && other.light == avatar.light);
    EXPECT_TRUE(other.prepared()) << "colors are nothing to the surface";
    EXPECT_EQ(other.source->picture, avatar.source->picture);
    other.identity_change = IdentityChange{Eigen::VectorXf::Constant(avatar.model->identity_count(), 0.1f)};
    EXPECT_FALSE(other.prepared());
    other.prepare();
    EXPECT_TRUE(other.prepared());
    EXPECT_EQ(other.head().expression, avatar.head().expression) << "the basis is the same one";
    EXPECT_EQ(other.rest->topology, avatar.rest->topology);
    EXPECT_TRUE(other.hair().weights == avatar.hair().weights);
    EXPECT_TRUE(avatar.prepared());
    EXPECT_TRUE(avatar.neutral() != other.neutral());
}

TEST(Part, MemoryIsThatOfTheContent) {
    const Avatar avatar = everything_avatar(3, 50);
    std::map<const void*, std::size_t> blocks;
    const BlockVisitor visit = [&](const void* block, std::size_t bytes) { blocks[block] = bytes; };
    avatar.splats.visit_memory(visit);
    ASSERT_EQ(blocks.size(), 1u);
    EXPECT_GT(blocks.begin()->second, avatar.splats->count * gaussian_floats * sizeof(float));
    avatar.source.visit_memory(visit);
    ASSERT_EQ(blocks.size(), 3u) << "the photograph is a block of its own";
    EXPECT_GE(blocks[avatar.source->picture.get()], avatar.source->picture->pixels.size() * sizeof(float));
    const auto total = [&] {
        std::size_t sum = 0;
        for (const auto& [block, bytes] : blocks) sum += bytes;
        return sum;
    };
    const std::size_t before = total();
    avatar.person.visit_memory(visit);
    EXPECT_GE(total() - before, std::size_t(avatar.person->expression->targets.size()) * sizeof(float));
    blocks.clear();
    Part<TextureMaps>().visit_memory(visit);
    EXPECT_TRUE(blocks.empty()) << "what was never published holds nothing";
}

}  // namespace
}  // namespace likeness::test
