#include "core/learning/densify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/learning/densify_rule.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {
namespace {

// Gaussians all over a ball's surface, every tenth hardly visible; gradients of many sizes.
struct Cloud {
    Avatar avatar = ball_avatar(2, 3000, true);
    AnchoredSplats splats;
    std::vector<float> gradient;
    SplatFrames at_rest;
    Cloud() {
        splats = *avatar.splats;
        at_rest = splat_frames(avatar, HeadPose::neutral(*avatar.model));
        Random random(5);
        for (std::size_t i = 0; i < splats.count; ++i) {
            gradient.push_back(std::exp(uniform(random, -8, 0)));
            splats.opacity_logit[i] = i % 10 == 3 ? -4.5f : uniform(random, -3, 4);
        }
    }
    bool shows(std::size_t i) const { return 1 / (1 + std::exp(-splats.opacity_logit[i])) > 0.02f; }
    std::size_t shown() const {
        std::size_t count = 0;
        for (std::size_t i = 0; i < splats.count; ++i) count += shows(i);
        return count;
    }
};

std::vector<int> descendants_of_each(const Ancestry& from, std::size_t before) {
    std::vector<int> count(before, 0);
    for (const std::uint32_t i : from) ++count[i];
    return count;
}

TEST(Densify, WhoHardlyShowsGoesAndAnEighthIsSplit) {
    const Cloud cloud;
    AnchoredSplats splats = cloud.splats;
    const Ancestry from = densify(splats, cloud.gradient, cloud.at_rest, {100'000, 1});
    ASSERT_EQ(from.size(), splats.count);
    const std::vector<int> each = descendants_of_each(from, cloud.splats.count);
    std::size_t split = 0;
    for (std::size_t i = 0; i < each.size(); ++i) {
        ASSERT_EQ(each[i] > 0, cloud.shows(i)) << i;
        ASSERT_LE(each[i], 2);
        split += each[i] == 2;
    }
    // A Gaussian with a gradient above the marks' distance meets two of them and is split once.
    EXPECT_LE(split, cloud.shown() / 5);
    EXPECT_GT(split, cloud.shown() / 10);
}

TEST(Densify, TheWorstAreSplitMostOften) {
    const Cloud cloud;
    std::vector<double> times(cloud.splats.count, 0);
    constexpr int rounds = 60;
    for (int round = 0; round < rounds; ++round) {
        AnchoredSplats splats = cloud.splats;
        const std::vector<int> each = descendants_of_each(
            densify(splats, cloud.gradient, cloud.at_rest, {100'000, std::uint64_t(round)}), times.size());
        for (std::size_t i = 0; i < times.size(); ++i) times[i] += (each[i] == 2) / double(rounds);
    }
    double total = 0;
    for (std::size_t i = 0; i < times.size(); ++i)
        if (cloud.shows(i)) total += double(cloud.gradient[i]);
    // Over classes of gradients the share split is what was asked for.
    for (const auto& [low, high] : {std::pair{0.0f, 0.01f}, {0.01f, 0.05f}, {0.05f, 0.2f}}) {
        double got = 0, want = 0;
        for (std::size_t i = 0; i < times.size(); ++i) {
            if (!cloud.shows(i) || cloud.gradient[i] < low || cloud.gradient[i] >= high) continue;
            got += times[i];
            want += std::min(1.0, double(cloud.gradient[i]) / total * double(cloud.shown() / 5));
        }
        EXPECT_NEAR(got, want, 0.1 * want + 1) << low;
    }
}

TEST(Densify, HalvesLieBesideEachOtherOnTheSurface) {
    const Cloud cloud;
    AnchoredSplats splats = cloud.splats;
    const Ancestry from = densify(splats, cloud.gradient, cloud.at_rest, {100'000, 1});
    for (std::size_t i = 0; i < from.size(); ++i) {
        const std::size_t was = from[i];
        EXPECT_EQ(splats.atlas[i], cloud.splats.atlas[was]);
        EXPECT_EQ(splats.part[i], cloud.splats.part[was]);
        EXPECT_EQ(splats.anchor[i].triangle, cloud.splats.anchor[was].triangle);
        EXPECT_EQ(splats.opacity_logit[i], cloud.splats.opacity_logit[was]);
        const Eigen::Map<const Eigen::Vector3f> before(&cloud.splats.offset[3 * was]), here(&splats.offset[3 * i]);
        const bool first = i + 1 < from.size() && from[i + 1] == was, second = i > 0 && from[i - 1] == was;
        if (!first && !second) {
            ASSERT_EQ(here, before);
            continue;
        }
        const Eigen::Map<const Eigen::Vector3f> other(&splats.offset[3 * (first ? i + 1 : i - 1)]);
        const float* const scale = &cloud.splats.log_scale[3 * was];
        EXPECT_LT((0.5f * (here + other) - before).norm(), 1e-6f);
        EXPECT_NEAR((here - before).norm(), 0.5f * std::exp(0.5f * (scale[0] + scale[1])), 1e-6f);
        EXPECT_EQ(here.z(), before.z());
        EXPECT_FLOAT_EQ(splats.log_scale[3 * i], scale[0] - 0.35f);
        EXPECT_FLOAT_EQ(splats.log_scale[3 * i + 1], scale[1] - 0.35f);
        EXPECT_EQ(splats.log_scale[3 * i + 2], scale[2]);
    }
}

// The curve's places, bit by bit.
std::uint64_t place_of(const float* at) {
    std::uint64_t place = 0;
    for (int bit = 0; bit < 16; ++bit)
        for (int axis = 0; axis < 3; ++axis) {
            const auto cell = std::uint64_t(std::floor((double(at[axis]) + 2) * 16384));
            place |= (cell >> bit & 1) << (3 * bit + axis);
        }
    return place;
}

TEST(Densify, GaussiansLieInMortonOrder) {
    const Cloud cloud;
    AnchoredSplats splats = cloud.splats;
    const Ancestry from = densify(splats, cloud.gradient, cloud.at_rest, {100'000, 1});
    std::uint64_t last = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
        const std::uint64_t place = place_of(&cloud.at_rest.values[from[i] * frame_floats]);
        ASSERT_LE(last, place);
        last = place;
    }
    // And so neighbours in memory are neighbours on the head.
    const auto path = [&](const AnchoredSplats& s) {
        const SplatFrames frames = splat_frames(cloud.avatar, s, HeadPose::neutral(*cloud.avatar.model));
        double sum = 0;
        for (std::size_t i = 1; i < s.count; ++i)
            sum += double((Eigen::Map<const Eigen::Vector3f>(&frames.values[i * frame_floats]) -
                           Eigen::Map<const Eigen::Vector3f>(&frames.values[(i - 1) * frame_floats]))
                              .norm());
        return sum / double(s.count);
    };
    EXPECT_LT(path(splats), 0.3 * path(cloud.splats));
    EXPECT_EQ(densify_rule::morton(-9, 9, std::nanf("")), densify_rule::spread(0xffff) << 1) << "the border";
}

TEST(Densify, TheSeedDecidesAndNothingElse) {
    const Cloud cloud;
    AnchoredSplats a = cloud.splats, b = cloud.splats, c = cloud.splats;
    EXPECT_EQ(densify(a, cloud.gradient, cloud.at_rest, {100'000, 1}),
              densify(b, cloud.gradient, cloud.at_rest, {100'000, 1}));
    EXPECT_EQ(a.offset, b.offset);
    EXPECT_NE(densify(c, cloud.gradient, cloud.at_rest, {100'000, 2}).size(), 0u);
    EXPECT_NE(a.offset, c.offset);
}

TEST(Densify, TheCapHolds) {
    const Cloud cloud;
    const std::size_t shown = cloud.shown();
    for (const std::size_t cap : {shown + 20, shown, std::size_t(10)}) {
        AnchoredSplats splats = cloud.splats;
        densify(splats, cloud.gradient, cloud.at_rest, {cap, 1});
        EXPECT_LE(splats.count, std::max(cap, shown));
        EXPECT_GE(splats.count, cap > shown ? shown + 1 : shown);
    }
}

TEST(Densify, NothingToSplitOrNothingAtAll) {
    const Cloud cloud;
    AnchoredSplats splats = cloud.splats;
    densify(splats, std::vector<float>(splats.count, 0.0f), cloud.at_rest, {100'000, 1});
    EXPECT_EQ(splats.count, cloud.shown());
    AnchoredSplats none;
    EXPECT_TRUE(densify(none, {}, {}, {100'000, 1}).empty());
    AnchoredSplats faint = cloud.splats;
    std::fill(faint.opacity_logit.begin(), faint.opacity_logit.end(), -5.0f);
    densify(faint, cloud.gradient, cloud.at_rest, {100'000, 1});
    EXPECT_EQ(faint.count, 0u);
    splats = cloud.splats;
    EXPECT_THROW(densify(splats, {1, 2}, cloud.at_rest, {}), std::invalid_argument);
    EXPECT_THROW(densify(splats, cloud.gradient, {}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace likeness::test
