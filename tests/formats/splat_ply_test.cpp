#include "core/formats/splat_ply.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <sstream>

#include "core/image/file_bytes.h"
#include "temporary_folder.h"

namespace likeness::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

SplatSet random_splats(std::size_t count) {
    std::mt19937 random(11);
    std::uniform_real_distribution<float> unit(0.0f, 1.0f);
    SplatSet splats;
    splats.resize(count);
    for (float& v : splats.means) v = unit(random) - 0.5f;
    for (float& v : splats.scales) v = std::exp(-9.0f + 5.0f * unit(random));
    for (float& v : splats.colors) v = unit(random);
    for (float& v : splats.opacities) v = 0.001f + 0.998f * unit(random);
    for (std::size_t i = 0; i < count; ++i) {
        float q[4], length = 0.0f;
        for (float& v : q) {
            v = unit(random) - 0.5f;
            length += v * v;
        }
        for (std::size_t c = 0; c < 4; ++c) splats.rotations[4 * i + c] = q[c] / std::sqrt(length);
    }
    return splats;
}

void expect_equal(const SplatSet& a, const SplatSet& b) {
    ASSERT_EQ(a.count, b.count);
    const auto near = [](const std::vector<float>& u, const std::vector<float>& v, float relative, float absolute) {
        ASSERT_EQ(u.size(), v.size());
        for (std::size_t i = 0; i < u.size(); ++i) ASSERT_NEAR(u[i], v[i], relative * std::abs(u[i]) + absolute) << i;
    };
    near(a.means, b.means, 0.0f, 0.0f);
    near(a.scales, b.scales, 3e-6f, 0.0f);
    near(a.rotations, b.rotations, 0.0f, 1e-6f);
    near(a.colors, b.colors, 0.0f, 1e-6f);
    near(a.opacities, b.opacities, 1e-5f, 1e-6f);
}

constexpr const char* names[] = {"x",       "y",       "z",       "f_dc_0", "f_dc_1", "f_dc_2", "opacity",
                                 "scale_0", "scale_1", "scale_2", "rot_0",  "rot_1",  "rot_2",  "rot_3"};
constexpr double first[] = {0.1, 0.2, 0.3, 1.0, 0.0, -1.0, 0.5, -5.0, -6.0, -7.0, 2.0, 0.0, 0.0, 0.0};

std::string header(const std::string& format, std::uint64_t count, const std::string& type = "float") {
    std::string text = "ply\nformat " + format + " 1.0\nelement vertex " + std::to_string(count) + "\n";
    for (const char* name : names) text += "property " + type + " " + name + "\n";
    return text + "end_header\n";
}

Result<SplatSet> load(const std::string& text) {
    return load_splat_ply_from_memory({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "test.ply");
}

void expect_first(const Result<SplatSet>& splats) {
    ASSERT_TRUE(splats) << splats.error().message << splats.error().detail;
    ASSERT_EQ(splats->count, 1u);
    EXPECT_FLOAT_EQ(splats->means[2], 0.3f);
    EXPECT_FLOAT_EQ(splats->colors[0], 0.5f + 0.28209479f);
    EXPECT_FLOAT_EQ(splats->colors[2], 0.5f - 0.28209479f);
    EXPECT_FLOAT_EQ(splats->opacities[0], 1.0f / (1.0f + std::exp(-0.5f)));
    EXPECT_FLOAT_EQ(splats->scales[1], std::exp(-6.0f));
    EXPECT_FLOAT_EQ(splats->rotations[0], 1.0f);  // w first, normalised
}

TEST(SplatPly, RoundTrip) {
    const TemporaryFolder folder("ply");
    const SplatSet splats = random_splats(1000);
    for (const bool pad : {false, true}) {
        ASSERT_TRUE(save_splat_ply(folder.path / "a.ply", splats, pad));
        const Result<SplatSet> loaded = load_splat_ply(folder.path / "a.ply");
        ASSERT_TRUE(loaded) << loaded.error().message;
        expect_equal(splats, *loaded);
    }
    EXPECT_EQ(folder.files(), 1);
    SplatSet broken = splats;
    broken.colors.pop_back();
    EXPECT_EQ(save_splat_ply(folder.path / "a.ply", broken).error().code, ErrorCode::invalid_argument);
}

TEST(SplatPly, EveryEncodingAndType) {
    std::ostringstream ascii;
    ascii << header("ascii", 1);
    for (const double value : first) ascii << value << ' ';
    expect_first(load(ascii.str()));  // no line end behind the last number

    for (const bool big : {false, true})
        for (const bool wide : {false, true}) {
            std::string file =
                header(big ? "binary_big_endian" : "binary_little_endian", 1, wide ? "double" : "float32");
            for (const double value : first) {
                std::string bytes(wide ? 8 : 4, '\0');
                const auto narrow = static_cast<float>(value);
                std::memcpy(bytes.data(), wide ? static_cast<const void*>(&value) : &narrow, bytes.size());
                if (big) std::reverse(bytes.begin(), bytes.end());
                file += bytes;
            }
            expect_first(load(file));
            for (const std::size_t length : {file.size() - 1, file.size() - 40, file.size() / 2, std::size_t(3)})
                EXPECT_FALSE(load(file.substr(0, length)));
        }
}

TEST(SplatPly, AnyOrderOtherPropertiesAndElements) {
    std::string text = "ply\r\nformat ascii 1.0\r\ncomment made by hand\r\nelement camera 2\r\nproperty int a\r\n";
    text += "element vertex 1\r\nproperty uchar red\r\n";
    for (int i = 13; i >= 0; --i)
        text += std::string("property float ") + names[i] + "\r\nproperty float f_rest_" + std::to_string(i) + "\r\n";
    text += "element face 1\r\nproperty list uchar int vertex_indices\r\nend_header\r\n7\r\n8\r\n255 ";
    for (int i = 13; i >= 0; --i) text += std::to_string(first[i]) + " 0.25 ";
    expect_first(load(text + "\r\n3 0 0 0\r\n"));
}

TEST(SplatPly, ValuesOutOfRange) {
    const auto with = [](std::size_t column, const char* value) {
        std::string text = header("ascii", 2);
        for (int row = 0; row < 2; ++row)
            for (std::size_t i = 0; i < 14; ++i)
                text += (row == 0 && i == column ? std::string(value) : std::to_string(first[i])) + " ";
        return load(text);
    };
    for (std::size_t column = 0; column < 14; ++column)
        for (const char* value : {"nan", "inf", "-inf", "1e300"}) {
            const Result<SplatSet> splats = with(column, value);
            ASSERT_TRUE(splats);
            const bool end_of_range = (column == 6 && std::string(value) != "nan") ||
                                      (column >= 7 && column < 10 && std::string(value) == "-inf");
            EXPECT_EQ(splats->count, end_of_range ? 2u : 1u) << column << value;  // others are left out
        }
    EXPECT_EQ(with(7, "1000")->scales[0], 1e4f);
    EXPECT_EQ(with(7, "-1000")->scales[0], 1e-9f);
    EXPECT_LT(with(6, "1e9")->opacities[0], 1.0f);
    EXPECT_GT(with(6, "-1e9")->opacities[0], 0.0f);
    EXPECT_EQ(with(10, "0")->rotations[0], 1.0f);  // a quaternion of zeros is no rotation
    EXPECT_FALSE(with(3, "abc"));
    EXPECT_FALSE(with(3, "0x10"));
}

TEST(SplatPly, OtherPlyFilesArePolitelyRefused) {
    const auto refused = [](const std::string& text, const std::string& says) {
        const Result<SplatSet> splats = load(text);
        ASSERT_FALSE(splats) << says;
        EXPECT_EQ(splats.error().code, ErrorCode::bad_input);
        EXPECT_NE(splats.error().message.find(says), std::string::npos) << splats.error().message;
        EXPECT_TRUE(splats.error().message.starts_with("'test.ply' "));
    };
    const std::string points =
        "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\n";
    refused(points + "end_header\n1 2 3\n", "plain point cloud");
    refused(points + "element face 1\nproperty list uchar int vertex_indices\nend_header\n1 2 3\n3 0 0 0\n", "mesh");
    refused(
        "ply\nformat ascii 1.0\nelement chunk 1\nproperty float min_x\nelement vertex 1\nproperty uint "
        "packed_position\nend_header\n",
        "lacks something");
    refused("ply\nformat ascii 1.0\nend_header\n", "no vertices");
    refused(header("ascii", 0), "no Gaussians");
    refused("solid stl", "not a PLY");
    refused("", "not a PLY");
    refused("plywood\n", "not a PLY");
    refused(header("binary_middle_endian", 1), "damaged PLY header");
    refused("ply\nelement vertex 1\nend_header\n", "damaged PLY header");
    std::string incomplete = header("ascii", 1);
    incomplete.replace(incomplete.find("rot_3"), 5, "rot_9");
    refused(incomplete, "'rot_3'");
}

TEST(SplatPly, DishonestHeaders) {
    for (const std::uint64_t count : {std::uint64_t(2), std::uint64_t(1) << 32, std::uint64_t(1) << 58,
                                      std::numeric_limits<std::uint64_t>::max(), std::uint64_t(1) << 63})
        for (const char* format : {"ascii", "binary_little_endian"})
            EXPECT_FALSE(load(header(format, count) + std::string(56, '1'))) << count;
    for (const char* count : {"-1", "18446744073709551616", "1.5", "x", ""}) {
        std::string text = header("ascii", 1);
        text.replace(text.find("vertex 1"), 8, std::string("vertex ") + count);
        EXPECT_FALSE(load(text + std::string(100, ' '))) << count;
    }
    std::string twice = header("ascii", 1);
    twice.insert(twice.find("property"), "property float x\n");
    EXPECT_FALSE(load(twice));
    // An element before the vertices whose size overflows.
    std::string before = header("binary_little_endian", 1);
    before.insert(before.find("element"), "element big 9223372036854775809\nproperty double a\nproperty double b\n");
    EXPECT_FALSE(load(before + std::string(56, '\0')));
    EXPECT_FALSE(load("ply\n" + std::string(1'000'000, 'a')));
    EXPECT_FALSE(load("ply\n" + std::string(1'000'000, '\n')));
}

// A compressed file of `count` Gaussians, all alike but for their chunk's middle.
Bytes packed_file(std::size_t count, bool color_range = true, std::size_t chunks_missing = 0) {
    std::string text = "ply\nformat binary_little_endian 1.0\nelement chunk ";
    const std::size_t chunks = (count + 255) / 256 - chunks_missing;
    text += std::to_string(chunks) + "\n";
    for (const char* side : {"min_", "max_"})
        for (const char* axis : {"x", "y", "z"}) text += std::string("property float ") + side + axis + "\n";
    for (const char* side : {"min_scale_", "max_scale_"})
        for (const char* axis : {"x", "y", "z"}) text += std::string("property float ") + side + axis + "\n";
    if (color_range)
        for (const char* side : {"min_", "max_"})
            for (const char* axis : {"r", "g", "b"}) text += std::string("property float ") + side + axis + "\n";
    text += "element vertex " + std::to_string(count) + "\n";
    for (const char* name : {"position", "rotation", "scale", "color"})
        text += std::string("property uint packed_") + name + "\n";
    text += "end_header\n";
    Bytes bytes(text.begin(), text.end());
    const auto put = [&](auto value) {
        std::uint8_t raw[4];
        std::memcpy(raw, &value, 4);
        bytes.insert(bytes.end(), raw, raw + 4);
    };
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
        const float at = static_cast<float>(chunk);
        for (const float v : {at, -1.0f, 0.0f, at + 2, 1.0f, 0.5f, -8.0f, -8.0f, -8.0f, -4.0f, -4.0f, -4.0f}) put(v);
        if (color_range)
            for (const float v : {0.0f, 0.5f, -0.5f, 1.0f, 0.5f, 1.5f}) put(v);
    }
    for (std::size_t i = 0; i < count; ++i) {
        put((2047u << 21) | (0u << 11) | 2047u);                // x at its most, y at its least, z at its most
        put((2u << 30) | (1023u << 20) | (512u << 10) | 511u);  // y is the largest: w, x, z follow
        put((0u << 21) | (1023u << 11) | 0u);
        put(0xFF00FF80u);  // red full, green none, blue full, half opaque
    }
    return bytes;
}

TEST(SplatPly, CompressedFilesAreUnpacked) {
    const Bytes file = packed_file(300);
    const Result<SplatSet> splats = load_splat_ply_from_memory(file, "packed");
    ASSERT_TRUE(splats) << splats.error().message;
    ASSERT_EQ(splats->count, 300u);
    for (const std::size_t i : {std::size_t(0), std::size_t(255), std::size_t(256), std::size_t(299)}) {
        const float chunk = i < 256 ? 0.0f : 1.0f;
        EXPECT_EQ(splats->means[3 * i], chunk + 2) << i;
        EXPECT_EQ(splats->means[3 * i + 1], -1);
        EXPECT_EQ(splats->means[3 * i + 2], 0.5f);
        EXPECT_NEAR(splats->scales[3 * i], std::exp(-8.0f), 1e-8f);
        EXPECT_NEAR(splats->scales[3 * i + 1], std::exp(-4.0f), 1e-6f);
        const float least = 0.5f / 1023 * std::sqrt(2.0f);  // 511 and 512 lie that far from the middle
        EXPECT_NEAR(splats->rotations[4 * i], std::sqrt(0.5f), 1e-5f);
        EXPECT_NEAR(splats->rotations[4 * i + 1], least, 1e-6f);
        EXPECT_NEAR(splats->rotations[4 * i + 3], -least, 1e-6f);
        EXPECT_NEAR(splats->rotations[4 * i + 2], std::sqrt(0.5f), 1e-5f);
        EXPECT_EQ(splats->colors[3 * i], 1);
        EXPECT_EQ(splats->colors[3 * i + 1], 0.5f);
        EXPECT_EQ(splats->colors[3 * i + 2], 1.5f);
        EXPECT_NEAR(splats->opacities[i], 128.0f / 255, 1e-6f);
    }
    // Older files have no range for the color.
    const Result<SplatSet> old = load_splat_ply_from_memory(packed_file(2, false), "old");
    ASSERT_TRUE(old) << old.error().message;
    EXPECT_EQ(old->colors[1], 0);
    EXPECT_EQ(old->colors[2], 1);
}

TEST(SplatPly, DamagedCompressedFilesAreRefused) {
    const auto refused = [](const Bytes& file, const std::string& words) {
        const Result<SplatSet> splats = load_splat_ply_from_memory(file, "packed");
        ASSERT_FALSE(splats);
        EXPECT_EQ(splats.error().code, ErrorCode::bad_input);
        EXPECT_NE(splats.error().message.find(words), std::string::npos) << splats.error().message;
    };
    Bytes file = packed_file(300);
    file.resize(file.size() - 1);
    refused(file, "cut off");
    refused(packed_file(300, true, 1), "lacks something");
    refused(packed_file(0), "no Gaussians");
    // A chunk without sense: its Gaussians are left out, all others stay.
    file = packed_file(300);
    const std::string text(file.begin(), file.end());
    const std::size_t data = text.find("end_header\n") + 11;
    const float nothing = std::numeric_limits<float>::quiet_NaN();
    std::memcpy(file.data() + data, &nothing, 4);
    const Result<SplatSet> rest = load_splat_ply_from_memory(file, "packed");
    ASSERT_TRUE(rest) << rest.error().message;
    EXPECT_EQ(rest->count, 44u);
}

TEST(SplatPly, RealFiles) {
    const std::filesystem::path head = test_data("../bench/head_20k.ply");
    if (!std::filesystem::exists(head)) GTEST_SKIP() << "there is no " << head;
    const Result<SplatSet> splats = load_splat_ply(head);
    ASSERT_TRUE(splats) << splats.error().message;
    EXPECT_EQ(splats->count, 20018u);
    const TemporaryFolder folder("realply");
    ASSERT_TRUE(save_splat_ply(folder.path / "a.ply", *splats));
    expect_equal(*splats, *load_splat_ply(folder.path / "a.ply"));
    const Result<SplatSet> packed = load_splat_ply(test_data("splats/biker.compressed.ply"));
    ASSERT_TRUE(packed) << packed.error().message;
    EXPECT_EQ(packed->count, 152746u);
}

}  // namespace
}  // namespace likeness::test
