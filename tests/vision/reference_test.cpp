// Against MediaPipe's own landmarks (mediapipe_reference.json, written by tools/vision/make_reference.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/vision/test_pictures.h"

namespace likeness {
namespace {

struct Difference {
    float median, largest;  // pixels at the scale where the network's region is 512 pixels wide
};

Difference difference(const FaceLandmarks& found, const nlohmann::json& points, float scale) {
    std::vector<float> errors;
    for (std::size_t i = 0; i < FaceLandmarks::count; ++i) {
        const Eigen::Vector2f p(points[i][0].get<float>(), points[i][1].get<float>());
        errors.push_back((found.point(i) - p).norm() * scale);
    }
    std::sort(errors.begin(), errors.end());
    return {errors[errors.size() / 2], errors.back()};
}

TEST(MediaPipeReference, SameLandmarksOnEveryPortrait) {
    const auto data = test::test_data();
    if (!data) GTEST_SKIP() << "The test portraits are not here; set LIKENESS_TEST_DATA to the folder that has them.";
    nlohmann::json table;
    std::ifstream(std::string(LIKENESS_VISION_TESTS) + "/mediapipe_reference.json") >> table;
    auto finder = LandmarkFinder::load();
    ASSERT_TRUE(finder);
    std::vector<float> medians;
    for (const auto& [name, entry] : table.items()) {
        const Image picture = test::load(*data / "portraits" / name);
        ASSERT_EQ(picture.width, entry["width"].get<int>()) << name;
        const auto& r = entry["region"];
        const auto number = [&](int i) { return r[std::size_t(i)].get<float>(); };
        const Crop region{{number(0), number(1)}, {number(2), number(3)}, number(4)};
        const float scale = 512 / region.size.x();
        // In MediaPipe's own region, sampled its way: the networks and the custom operators agree.
        const auto same = (*finder)->find_in(picture, region, {.as_mediapipe = true});
        ASSERT_TRUE(same) << name;
        const Difference exact = difference(*same, entry["points"], scale);
        EXPECT_LT(exact.largest, 0.5f) << name;
        // From our own detector on: what another region and better sampling change.
        const auto own = test::models().find_landmarks(picture);
        ASSERT_TRUE(own) << name;
        const Difference whole = difference(*own, entry["points"], scale);
        EXPECT_LT(whole.median, 4.0f) << name;
        medians.push_back(whole.median);
        std::printf("%-34s same region: median %.3f, max %.3f px; own detection: median %.2f, max %.2f px\n",
                    name.c_str(), double(exact.median), double(exact.largest), double(whole.median),
                    double(whole.largest));
    }
    EXPECT_EQ(medians.size(), 11u);
    std::sort(medians.begin(), medians.end());
    EXPECT_LT(medians[medians.size() / 2], 2.5f);
}

}  // namespace
}  // namespace likeness
