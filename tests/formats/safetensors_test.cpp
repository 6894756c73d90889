#include "core/formats/safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "temporary_folder.h"

namespace likeness::test {
namespace {

TEST(Safetensors, RoundTrip) {
    const TemporaryFolder folder("safetensors");
    const std::vector<float> floats = {1.5f, -2.25f, 3e-5f, 4e30f, 0.0f, -0.0f};
    const std::vector<std::int32_t> ints = {1, -2, 2147483647};
    const std::vector<std::uint8_t> bytes = {7};
    const std::vector<std::int64_t> longs = {5, -6};
    SafetensorsWriter writer;
    writer.add("b", {1}, bytes);
    writer.add("f", {2, 3}, floats);
    writer.add("h", {6}, floats);
    writer.add("i", {3}, ints);
    writer.add("l", DType::i64, {2, 1}, std::as_bytes(std::span(longs)));
    writer.add("empty", {0, 3}, std::span<const float>());
    writer.add("scalar", {}, std::span<const float>(floats).first(1));
    writer.add_half("half", {3}, std::span<const float>(floats).first(3));
    writer.set_metadata("kind", "test \"quoted\" \xc3\xa4");
    ASSERT_TRUE(writer.save(folder.path / "a.safetensors"));
    EXPECT_EQ(folder.files(), 1);

    const Result<Safetensors> file = Safetensors::load(folder.path / "a.safetensors");
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->names().size(), 8u);
    EXPECT_EQ(file->metadata().at("kind"), "test \"quoted\" \xc3\xa4");
    EXPECT_EQ(*file->floats("f", {2, 3}), floats);
    EXPECT_EQ(*file->floats("f", {-1, 3}), floats);
    EXPECT_EQ(*file->ints("i", {3}), ints);
    EXPECT_EQ(*file->ints("l", {2, 1}), (std::vector<std::int32_t>{5, -6}));
    EXPECT_EQ(*file->bytes("b", {-1}), bytes);
    EXPECT_TRUE(file->floats("empty", {0, 3})->empty());
    EXPECT_EQ(*file->floats("scalar", {}), std::vector<float>{1.5f});
    EXPECT_NEAR(file->floats("half", {3})->at(2), 3e-5f, 3e-8f);
    // Each tensor begins at a multiple of its value's size.
    for (const std::string& name : file->names()) {
        const Result<TensorView> view = file->tensor(name);
        const auto offset = static_cast<std::size_t>(view->bytes.data() - file->tensor("l")->bytes.data());
        EXPECT_EQ(offset % dtype_size(view->dtype), 0u) << name;
    }
    // The same tensors give the same bytes.
    EXPECT_EQ(writer.encode(), writer.encode());
}

TEST(Safetensors, WrongRequests) {
    SafetensorsWriter writer;
    const std::vector<float> floats(6);
    writer.add("f", {2, 3}, floats);
    const std::vector<std::int64_t> large = {1ll << 40};
    writer.add("l", DType::i64, {1}, std::as_bytes(std::span(large)));
    const Result<Safetensors> file = Safetensors::load(writer.encode(), "a.safetensors");
    ASSERT_TRUE(file);
    EXPECT_NE(file->floats("g", {2}).error().message.find("lacks 'g'"), std::string::npos);
    EXPECT_NE(file->floats("f", {3, 2}).error().message.find("[2, 3] instead of [3, 2]"), std::string::npos);
    EXPECT_FALSE(file->floats("f", {6}));
    EXPECT_FALSE(file->floats("l", {1}));
    EXPECT_FALSE(file->ints("l", {1}));
    EXPECT_FALSE(file->ints("f", {2, 3}));
    EXPECT_FALSE(file->bytes("f", {2, 3}));
    EXPECT_THROW(writer.add("f", {2, 3}, floats), std::invalid_argument);
    EXPECT_THROW(writer.add("g", {2, 4}, floats), std::invalid_argument);
    EXPECT_THROW(writer.add("g", {-2, -3}, floats), std::invalid_argument);
    EXPECT_THROW(writer.add("g", {1ll << 62, 1ll << 62}, floats), std::invalid_argument);
    EXPECT_THROW(writer.add("__metadata__", {6}, floats), std::invalid_argument);
}

TEST(Safetensors, EveryHalfRoundTrips) {
    std::vector<std::uint16_t> all(65536);
    std::iota(all.begin(), all.end(), std::uint16_t(0));
    SafetensorsWriter halves;
    halves.add("h", DType::f16, {65536}, std::as_bytes(std::span(all)));
    const auto values = Safetensors::load(halves.encode(), "halves")->floats("h", {65536});
    ASSERT_TRUE(values);
    EXPECT_EQ(values->at(0x0001), 0x1p-24f);
    EXPECT_EQ(values->at(0xbc00), -1.0f);
    EXPECT_EQ(values->at(0x7bff), 65504.0f);

    SafetensorsWriter again;
    again.add_half("h", {65536}, *values);
    const auto file = Safetensors::load(again.encode(), "again");
    std::vector<std::uint16_t> bits(65536);
    std::memcpy(bits.data(), file->tensor("h")->bytes.data(), 2 * bits.size());
    const auto read = file->floats("h", {65536});
    for (std::size_t i = 0; i < all.size(); ++i)
        if (std::isnan(values->at(i)))
            ASSERT_TRUE(std::isnan(read->at(i))) << i;
        else
            ASSERT_EQ(bits[i], all[i]);
}

TEST(Safetensors, HalvesAreRounded) {
    // To the nearest, a tie to even; above the largest to infinity.
    const std::vector<float> values = {1 + 0x1p-11f, 1 + 0x3p-11f, 0x1p-25f, 65519.0f, 65520.0f};
    SafetensorsWriter writer;
    writer.add_half("h", {5}, values);
    const auto read = Safetensors::load(writer.encode(), "rounded")->floats("h", {5});
    EXPECT_EQ(*read, (std::vector<float>{1, 1 + 0x1p-9f, 0, 65504, std::numeric_limits<float>::infinity()}));
}

TEST(Safetensors, Bfloat16IsTheUpperHalf) {
    const std::vector<std::uint16_t> bits = {0x3f80, 0xc049, 0x0001, 0x8000};
    SafetensorsWriter writer;
    writer.add("b", DType::bf16, {4}, std::as_bytes(std::span(bits)));
    const auto read = Safetensors::load(writer.encode(), "bfloat16")->floats("b", {4});
    EXPECT_EQ(*read, (std::vector<float>{1, -3.140625f, 0x1p-133f, -0.0f}));
}

// A file from a header text and a number of data bytes.
std::vector<std::uint8_t> file_of(const std::string& header, std::size_t data) {
    std::vector<std::uint8_t> bytes(8 + header.size() + data);
    const std::uint64_t size = header.size();
    std::memcpy(bytes.data(), &size, 8);
    std::memcpy(bytes.data() + 8, header.data(), header.size());
    return bytes;
}

TEST(Safetensors, HostileHeaders) {
    const auto tensor = [](const std::string& shape, const std::string& range, const char* type = "F32") {
        return std::string(R"({"a":{"dtype":")") + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + range +
               "}}";
    };
    ASSERT_TRUE(Safetensors::load(file_of(tensor("[2]", "[0,8]"), 8), "good"));
    const std::pair<std::string, std::size_t> bad[] = {
        {tensor("[3]", "[0,8]"), 8},
        {tensor("[2]", "[0,8]"), 7},
        {tensor("[2]", "[0,8]"), 9},
        {tensor("[2]", "[-8,0]"), 8},
        {tensor("[-2]", "[0,8]"), 8},
        {tensor("[2]", "[8,0]"), 8},
        {tensor("[2]", "[4,12]"), 12},
        {tensor("[2]", "[0.0,8.0]"), 8},
        {tensor("[2]", R"(["0","8"])"), 8},
        {tensor("[2]", "[0,8,8]"), 8},
        {tensor("[2]", "[18446744073709551608,18446744073709551615]"), 8},
        {tensor("[9223372036854775807]", "[0,8]"), 8},
        {tensor("[18446744073709551615]", "[0,8]"), 8},
        {tensor("[4294967296,4294967296,4]", "[0,0]"), 0},
        {tensor("[4611686018427387906]", "[0,8]"), 8},  // times 4 is 8 in 64 bits
        {tensor("[2]", "[0,8]", "F31"), 8},
        {tensor("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2]", "[0,8]"), 8},
        {tensor("[2]", "[0,8]") + "x", 8},
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
         6},
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[5,9]}})",
         9},
        {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
         4},
        {R"({"a":{"dtype":"U8","shape":[4]}})", 4},
        {R"({"a":[1,2]})", 4},
        {R"({"__metadata__":{"a":1}})", 0},
        {R"({"__metadata__":[]})", 0},
        {"[]", 0},
        {"", 0},
        {"null", 0},
        {std::string(100'000, '['), 0},
        {"{\"a\":" + std::string(100'000, '['), 0},
    };
    for (const auto& [header, data] : bad) {
        const Result<Safetensors> file = Safetensors::load(file_of(header, data), "bad");
        ASSERT_FALSE(file) << header.substr(0, 200);
        EXPECT_EQ(file.error().code, ErrorCode::bad_input);
        EXPECT_TRUE(file.error().message.starts_with("'bad' ")) << file.error().message;
    }
    // The header's own size.
    for (const std::uint64_t size : {std::uint64_t(0), std::uint64_t(9), std::uint64_t(1) << 24, std::uint64_t(1) << 40,
                                     std::uint64_t(1) << 63, ~std::uint64_t(0), ~std::uint64_t(0) - 7}) {
        std::vector<std::uint8_t> bytes(16, ' ');
        std::memcpy(bytes.data(), &size, 8);
        EXPECT_FALSE(Safetensors::load(bytes, "bad")) << size;
    }
    EXPECT_FALSE(Safetensors::load(std::vector<std::uint8_t>(7), "bad"));
    EXPECT_FALSE(Safetensors::load(std::vector<std::uint8_t>(), "bad"));
}

}  // namespace
}  // namespace likeness::test
