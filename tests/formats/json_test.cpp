#include <gtest/gtest.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "core/formats/json_file.h"
#include "temporary_folder.h"

namespace likeness::test {
namespace {

TEST(Json, RoundTrip) {
    const TemporaryFolder folder("json");
    const nlohmann::json value = {{"a", {1, 2.5, nullptr, true}}, {"b", {{"c", "\xc3\xa4"}}}};
    ASSERT_TRUE(save_json(folder.path / "a.json", value));
    const Result<nlohmann::json> loaded = load_json(folder.path / "a.json");
    ASSERT_TRUE(loaded);
    EXPECT_EQ(*loaded, value);
    EXPECT_EQ(load_json(folder.path / "b.json").error().code, ErrorCode::not_found);
    EXPECT_TRUE(save_json(folder.path / "c.json", "not UTF-8: \xff"));
}

TEST(Json, HostileText) {
    EXPECT_FALSE(parse_json("", "a.json"));
    EXPECT_FALSE(parse_json("{", "a.json"));
    EXPECT_FALSE(parse_json("{} {}", "a.json"));
    EXPECT_FALSE(parse_json("\xff\xfe", "a.json"));
    EXPECT_FALSE(parse_json(std::string(1'000'000, '['), "a.json"));
    EXPECT_FALSE(parse_json(std::string(65, '[') + std::string(65, ']'), "a.json"));
    EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']'), "a.json"));
    EXPECT_FALSE(parse_json(R"({"a":1,"b":{"a":1,"a":2}})", "a.json"));
    EXPECT_TRUE(parse_json(R"({"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]})", "a.json"));
    JsonLimits limits;
    limits.max_values = 100;
    std::string many = "[0";
    for (int i = 0; i < 200; ++i) many += ",0";
    EXPECT_FALSE(parse_json(many + "]", "a.json", limits));
    limits.max_bytes = 10;
    EXPECT_FALSE(parse_json("[1,2,3,4,5,6]", "a.json", limits));
    const Result<nlohmann::json> wrong = parse_json("{\"a\":\n nul}", "a.json");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().message, "'a.json' is not valid JSON; choose another file.");
    EXPECT_NE(wrong.error().detail.find("line 2"), std::string::npos);
    EXPECT_FALSE(parse_json("[1e999]", "a.json"));
}

// A parser whose callback looked through a list for each of its objects took 8 s for the first.
TEST(Json, TimeGrowsWithTheTextAlone) {
    const auto processor_seconds = [](int objects) {
        std::string text = "[{}";
        for (int i = 1; i < objects; ++i) text += ",{}";
        text += "]";
        const std::clock_t begin = std::clock();
        EXPECT_TRUE(parse_json(text, "a.json"));
        return double(std::clock() - begin) / CLOCKS_PER_SEC;
    };
    EXPECT_LT(processor_seconds(900'000), 64 * processor_seconds(56'250)) << "the square of 16 is 256";
    EXPECT_FALSE(parse_json("[" + std::string(2'000'000, ' ') + "{}" + std::string(20'000'000, ' ') + "]", "a.json"))
        << "more than a file of settings has";
}

}  // namespace
}  // namespace likeness::test
