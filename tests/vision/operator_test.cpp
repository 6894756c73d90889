// The custom operators and the two small file formats, against values worked out by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/networks/litert.h"
#include "core/networks/tflite_file.h"
#include "core/vision/attention_operators.h"
#include "core/vision/flexbuffer.h"

namespace likeness {
namespace {

// {"output_height": 2, "output_width": 3} as FlexBuffers bytes, written by hand after the format's description.
const std::vector<std::uint8_t> window_options = {
    'o', 'u', 't', 'p', 'u', 't', '_', 'h', 'e', 'i', 'g', 'h', 't', 0,  // key at 0
    'o', 'u', 't', 'p', 'u', 't', '_', 'w', 'i', 'd', 't', 'h', 0,       // key at 14
    2,                                                                   // number of keys
    28,  15,                                                             // offsets back to the keys
    2,   1,   2,                                                         // back to the keys, their width, count
    2,   3,                                                              // the values
    4,   4,                                                              // their types: integers of one byte
    4,   36,  1};                                                        // the root: back to the map, a map, width 1

TEST(FlexBuffer, ReadsAMapOfIntegers) {
    const auto map = read_flexbuffer_map(window_options);
    ASSERT_EQ(map.size(), 2u);
    EXPECT_EQ(std::get<std::int64_t>(map.at("output_height")), 2);
    EXPECT_EQ(std::get<std::int64_t>(map.at("output_width")), 3);
}

TEST(FlexBuffer, SurvivesEveryTruncationAndEveryChangedByte) {
    for (std::size_t size = 0; size < window_options.size(); ++size) {
        try {
            read_flexbuffer_map(std::span(window_options).first(size));
        } catch (const std::runtime_error&) {
        }
    }
    for (std::size_t i = 0; i < window_options.size(); ++i)
        for (int value = 0; value < 256; ++value) {
            std::vector<std::uint8_t> changed = window_options;
            changed[i] = std::uint8_t(value);
            try {
                read_flexbuffer_map(changed);
            } catch (const std::runtime_error&) {
            }
        }
}

TEST(TfliteFile, RefusesWhatIsNoModel) {
    std::vector<std::uint8_t> nothing, noise(64, 0xff);
    EXPECT_THROW(set_custom_operator_versions(nothing, {}), std::runtime_error);
    EXPECT_THROW(set_custom_operator_versions(noise, {}), std::runtime_error);
    std::copy_n("TFL3", 4, noise.begin() + 4);
    EXPECT_THROW(set_custom_operator_versions(noise, {}), std::runtime_error);
}

TEST(LiteRt, RefusesBytesThatAreNoModel) {
    const auto model = LiteRtNetwork::load(std::vector<std::uint8_t>(100, 7), "noise.tflite");
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, ErrorCode::bad_input);
    EXPECT_NE(model.error().message.find("noise.tflite"), std::string::npos);
}

CustomOperator& find(const std::vector<std::unique_ptr<CustomOperator>>& operators, const std::string& name) {
    for (const auto& item : operators)
        if (item->name() == name) return *item;
    throw std::runtime_error("no operator " + name);
}

TEST(AttentionOperators, WindowIsCutAtPixelCentres) {
    const auto operators = attention_operators();
    CustomOperator& cut = find(operators, "TransformTensorBilinear");
    cut.prepare(window_options);
    EXPECT_EQ(cut.output_dimensions({1, 4, 4, 2}), (std::vector<int>{1, 2, 3, 2}));
    std::vector<float> map(4 * 4 * 2);
    for (int y = 0; y < 4; ++y)
        for (int x = 0; x < 4; ++x) {
            map[std::size_t(y * 4 + x) * 2] = float(x);
            map[std::size_t(y * 4 + x) * 2 + 1] = float(10 * y);
        }
    // Output pixel (u, v) looks at (u + 0.5 + 0.25, 2 (v + 0.5)), that is at index (u + 0.25, 2 v + 0.5).
    const std::vector<float> matrix = {1, 0, 0, 0.25f, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
    std::vector<float> out(12, -1);
    cut.run({{map.data(), {1, 4, 4, 2}}, {matrix.data(), {1, 4, 4}}}, out.data());
    for (int v = 0; v < 2; ++v)
        for (int u = 0; u < 3; ++u) {
            EXPECT_FLOAT_EQ(out[std::size_t(v * 3 + u) * 2], float(u) + 0.25f);
            EXPECT_FLOAT_EQ(out[std::size_t(v * 3 + u) * 2 + 1], 10 * (2 * float(v) + 0.5f));
        }
    // Outside the border pixels' centres there is nothing.
    const std::vector<float> far = {1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
    cut.run({{map.data(), {1, 4, 4, 2}}, {far.data(), {1, 4, 4}}}, out.data());
    EXPECT_FLOAT_EQ(out[2 * 1], 3.0f);
    EXPECT_FLOAT_EQ(out[2 * 2], 0.0f);
}

TEST(AttentionOperators, PointsGoThroughTheMatrix) {
    const auto operators = attention_operators();
    CustomOperator& move = find(operators, "TransformLandmarks");
    const std::vector<float> points = {1, 2, 3, 4}, matrix = {0, -1, 0, 10, 1, 0, 0, 20, 0, 0, 1, 0, 0, 0, 0, 1};
    std::vector<float> out(4);
    move.run({{points.data(), {1, 2, 2}}, {matrix.data(), {1, 4, 4}}}, out.data());
    EXPECT_EQ(out, (std::vector<float>{8, 21, 6, 23}));
}

}  // namespace
}  // namespace likeness
