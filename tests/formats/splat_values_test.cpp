// What the numbers of splat files mean, and what is said about them.
#include "core/formats/splat_values.h"

#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <cmath>
#include <limits>
#include <random>

#include "core/formats/splat_ply.h"
#include "core/image/file_bytes.h"
#include "core/splat/harmonics.h"
#include "temporary_folder.h"

namespace likeness::test {
namespace {

constexpr float infinite = std::numeric_limits<float>::infinity();

// An ascii file with columns in that order; `row(i)` gives their values.
template <class Row>
std::string ascii(const std::vector<std::string>& columns, std::size_t count, const Row& row,
                  const std::string& more_elements = "", const std::string& more_values = "") {
    std::string text = "ply\nformat ascii 1.0\nelement vertex " + std::to_string(count) + "\n";
    for (const std::string& column : columns)
        text += (column == "red" || column == "green" || column == "blue" ? "property uchar " : "property float ") +
                column + "\n";
    text += more_elements + "end_header\n";
    for (std::size_t i = 0; i < count; ++i) {
        for (const double value : row(i)) text += std::to_string(value) + " ";
        text += "\n";
    }
    return text + more_values;
}

Result<SplatSet> load(const std::string& text, Notes& notes) {
    return load_splat_ply_from_memory({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "a.ply",
                                      &notes);
}

bool says(const Notes& notes, const std::string& words) {
    return std::ranges::any_of(notes, [&](const std::string& note) { return note.find(words) != std::string::npos; });
}

const std::vector<std::string> usual = {"x",       "y",       "z",       "f_dc_0", "f_dc_1", "f_dc_2", "opacity",
                                        "scale_0", "scale_1", "scale_2", "rot_0",  "rot_1",  "rot_2",  "rot_3"};
using Row = std::vector<double>;
Row one(double opacity, double scale_2) { return {0, 0, 0, 0, 0, 0, opacity, -5, -5, scale_2, 1, 0, 0, 0}; }

TEST(SplatValues, InfiniteOpacitiesAndScalesAreTheEndsOfTheRange) {
    Notes notes;
    const auto s = load(ascii(usual, 5,
                              [](std::size_t i) {
                                  return std::vector<Row>{one(infinite, -5), one(-infinite, -5), one(0, -infinite),
                                                          one(0, infinite), one(NAN, -5)}[i];
                              }),
                        notes);
    ASSERT_TRUE(s) << s.error().message;
    ASSERT_EQ(s->count, 3u);
    EXPECT_GT(s->opacities[0], 0.999f);
    EXPECT_LT(s->opacities[1], 1e-3f);
    EXPECT_EQ(s->scales[8], 1e-9f);
    EXPECT_TRUE(says(notes, "2 of its 5 Gaussians")) << "what is left out is counted";
}

TEST(SplatValues, ColorsAsBytesAndFlatGaussians) {
    Notes notes;
    const auto s = load(ascii({"x", "y", "z", "red", "green", "blue", "opacity", "scale_0", "scale_1", "rot_0", "rot_1",
                               "rot_2", "rot_3"},
                              1, [](std::size_t) { return Row{1, 2, 3, 255, 51, 0, 0, -4, -5, 2, 0, 0, 0}; }),
                        notes);
    ASSERT_TRUE(s) << s.error().message;
    EXPECT_FLOAT_EQ(s->colors[0], 1);
    EXPECT_FLOAT_EQ(s->colors[1], 0.2f);
    EXPECT_FLOAT_EQ(s->scales[1], std::exp(-5.0f));
    EXPECT_EQ(s->scales[2], 1e-9f);
    EXPECT_TRUE(notes.empty()) << notes.front();
}

// A head of `count` Gaussians; scales in metres, opacities as alphas.
SplatSet head(std::size_t count, float unit) {
    std::mt19937 random(4);
    std::normal_distribution<float> normal;
    std::uniform_real_distribution<float> even(0, 1);
    SplatSet s;
    s.resize(count);
    for (float& v : s.means) v = unit * 0.1f * normal(random);
    for (float& v : s.scales) v = unit * std::exp(-6 + 0.7f * normal(random));
    for (std::size_t i = 0; i < count; ++i) {
        s.rotations[4 * i] = 1;
        s.opacities[i] = 0.02f + 0.97f * even(random);
    }
    return s;
}

TEST(SplatValues, ValuesWithoutLogarithmAreRecognisedInAnyUnit) {
    for (const float unit : {0.01f, 1.0f, 100.0f, 1000.0f}) {
        const SplatSet plain = head(20000, unit);
        SplatSet logs = plain;
        for (float& v : logs.scales) v = std::log(v);
        for (float& v : logs.opacities) v = std::log(v / (1 - v));
        SplatSet only_scales = plain, only_opacities = logs;
        only_scales.opacities = logs.opacities;
        only_opacities.opacities = plain.opacities;
        int case_number = 0;
        for (const SplatSet& stored : {plain, logs, only_scales, only_opacities}) {
            Notes notes;
            const SplatSet read = splats_of_stored(stored, notes);
            ASSERT_EQ(read.count, plain.count);
            for (std::size_t i = 0; i < read.scales.size(); ++i)
                ASSERT_NEAR(read.scales[i] / plain.scales[i], 1, 1e-4f) << unit << " " << case_number;
            for (std::size_t i = 0; i < read.count; ++i)
                ASSERT_NEAR(read.opacities[i], plain.opacities[i], 1e-4f) << unit << " " << case_number;
            EXPECT_EQ(says(notes, "not as logarithms"), &stored != &logs && case_number != 1);
            ++case_number;
        }
    }
    // All opacities alike: a model before training, whose logits may be 0.
    SplatSet untrained = head(20000, 1);
    for (float& v : untrained.scales) v = std::log(v);
    std::fill(untrained.opacities.begin(), untrained.opacities.end(), 0.0f);
    Notes notes;
    EXPECT_FLOAT_EQ(splats_of_stored(untrained, notes).opacities[0], 0.5f);
    EXPECT_TRUE(notes.empty());
}

std::string with_rest(int count) {
    std::vector<std::string> columns = usual;
    for (int i = 0; i < count; ++i) columns.push_back("f_rest_" + std::to_string(i));
    return ascii(columns, 2, [&](std::size_t n) {
        Row row = one(0, -5);
        if (n == 1) row[0] = NAN;
        for (int i = 0; i < count; ++i) row.push_back(0.01 * i);
        return row;
    });
}

TEST(SplatValues, HarmonicsAreKeptToDegreeThree) {
    for (const auto& [columns, degree, functions] :
         {std::array{9, 1, 3}, std::array{24, 2, 8}, std::array{45, 3, 15}, std::array{72, 3, 24}}) {
        Notes notes;
        const auto s = load(with_rest(columns), notes);
        ASSERT_TRUE(s) << s.error().message;
        ASSERT_TRUE(s->harmonics) << columns;
        EXPECT_EQ(s->harmonics->degree, degree);
        EXPECT_EQ(says(notes, "above 3"), columns == 72);
        // The file has them channel by channel.
        ASSERT_EQ(s->harmonics->values.size(), std::size_t(harmonic_count(degree)) * 3);
        EXPECT_FLOAT_EQ(s->harmonics->values[0 * 3 + 0], 0);
        EXPECT_FLOAT_EQ(s->harmonics->values[2 * 3 + 1], 0.01f * float(functions + 2));
        EXPECT_FLOAT_EQ(s->harmonics->values[1 * 3 + 2], 0.01f * float(2 * functions + 1));
    }
    Notes notes;
    const auto odd = load(with_rest(10), notes);
    ASSERT_TRUE(odd);
    EXPECT_FALSE(odd->harmonics);
    EXPECT_TRUE(says(notes, "of no degree"));
}

TEST(SplatValues, HarmonicsAreExported) {
    const TemporaryFolder folder("harmonics");
    for (const int columns : {9, 24, 45})
        for (const bool pad : {false, true}) {
            Notes notes;
            const auto s = load(with_rest(columns), notes);
            ASSERT_TRUE(s);
            ASSERT_TRUE(save_splat_ply(folder.path / "a.ply", *s, pad));
            const auto again = load_splat_ply(folder.path / "a.ply");
            ASSERT_TRUE(again && again->harmonics);
            std::vector<float> a, b;
            const Eigen::Vector3f from(1, 2, 3);
            colors_from(*s, from, a);
            colors_from(*again, from, b);
            for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5f);
        }
}

TEST(SplatValues, BoundGaussiansNeedTheirMesh) {
    std::vector<std::string> columns = usual;
    columns.push_back("binding_0");
    Notes notes;
    ASSERT_TRUE(load(ascii(columns, 1,
                           [](std::size_t) {
                               Row row = one(0, -5);
                               row.push_back(17);
                               return row;
                           }),
                     notes));
    EXPECT_TRUE(says(notes, "mesh that the file does not hold"));
}

// y down and z forwards, as the camera sees it: the nose comes nearest.
TEST(SplatValues, FilesOfACameraStandUpright) {
    const auto row = [](std::size_t) {
        Row r = one(0, -5);
        r[0] = 0.1, r[1] = -0.2, r[2] = 0.9;
        return r;
    };
    std::string numbers;
    for (int i = 0; i < 16; ++i) numbers += i % 5 == 0 ? "1 " : "0 ";
    Notes notes;
    const auto s = load(ascii(usual, 1, row, "element extrinsic 16\nproperty float extrinsic\n", numbers), notes);
    ASSERT_TRUE(s) << s.error().message;
    EXPECT_FLOAT_EQ(s->means[0], 0.1f);
    EXPECT_FLOAT_EQ(s->means[1], 0.2f);
    EXPECT_FLOAT_EQ(s->means[2], -0.9f);
    EXPECT_FLOAT_EQ(std::abs(s->rotations[1]), 1) << "half a turn about x";
    EXPECT_TRUE(says(notes, "upright"));
}

// The matrix of a binary file turns them too.
TEST(SplatValues, TheFilesCameraTurnsThem) {
    std::string text =
        "ply\nformat binary_little_endian 1.0\nelement extrinsic 16\nproperty float extrinsic\n"
        "element vertex 1\n";
    for (const std::string& name : usual) text += "property float " + name + "\n";
    text += "end_header\n";
    const auto put = [&](float value) { text.append(reinterpret_cast<const char*>(&value), 4); };
    for (const float v : {0.f, -1.f, 0.f, 0.f, 1.f, 0.f, 0.f, 0.f, 0.f, 0.f, 1.f, 0.f, 0.f, 0.f, 0.f, 1.f}) put(v);
    for (const double v : one(0, -5)) put(float(v));
    const float place[3] = {0.1f, 0.2f, 0.9f};
    std::memcpy(text.data() + text.size() - 14 * 4, place, sizeof place);
    Notes notes;
    const auto s = load(text, notes);
    ASSERT_TRUE(s) << s.error().message;
    EXPECT_FLOAT_EQ(s->means[0], -0.2f);
    EXPECT_FLOAT_EQ(s->means[1], -0.1f);
    EXPECT_FLOAT_EQ(s->means[2], -0.9f);
}

}  // namespace
}  // namespace likeness::test
