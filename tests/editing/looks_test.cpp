#include "core/editing/looks.h"

#include <gtest/gtest.h>

#include "core/image/ops.h"
#include "tests/editing/plain_face.h"

namespace likeness::test {
namespace {

TEST(Looks, TheProgramsOwnAreWhole) {
    const Result<std::vector<Look>> looks = own_looks();
    ASSERT_TRUE(looks) << looks.error().message;
    EXPECT_GE(looks->size(), 12u);
    const Avatar avatar = plain_face();
    const PaintSurface surface(avatar);
    const FaceRegions regions(surface);
    for (const Look& look : *looks) {
        EXPECT_FALSE(look.make_up.empty()) << look.name;
        const std::vector<MakeUp> all = make_up_of(look, regions);
        ASSERT_EQ(all.size(), look.make_up.size());
        for (const MakeUp& one : all) EXPECT_EQ(one.amount.size(), make_up_kind(one.kind)->amounts.size()) << look.name;
    }
}

TEST(Looks, ValuesAreTakenOver) {
    const auto looks = parse_looks(R"({"looks": [{"name": "a", "title": "A", "make_up": [
        {"kind": "lipstick", "color": "#ff0080", "amount": {"amount": 0.25}}, {"kind": "tan"}]}]})",
                                   "a.json");
    ASSERT_TRUE(looks) << looks.error().message;
    ASSERT_EQ(looks->size(), 1u);
    const Avatar avatar = plain_face();
    const PaintSurface surface(avatar);
    const std::vector<MakeUp> all = make_up_of((*looks)[0], FaceRegions(surface));
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].amount.at("amount"), 0.25f);
    EXPECT_EQ(all[0].amount.at("softness"), 0.7f) << "as usual";
    EXPECT_EQ(all[0].color[0], 1);
    EXPECT_EQ(all[0].color[1], 0);
    EXPECT_EQ(all[1].color, make_up_kind("tan")->color);
}

TEST(Looks, HostileFilesAreRefusedInASentence) {
    const std::string deep(100000, '[');
    const auto look = [](const std::string& make_up) {
        return R"({"looks": [{"name": "a", "title": "A", "make_up": [)" + make_up + "]}]}";
    };
    std::string many = R"({"looks": [{"name": "a", "title": "A", "make_up": [{"kind": "tan"})";
    for (int i = 0; i < 100; ++i) many += R"(, {"kind": "tan"})";
    many += "]}]}";
    for (const std::string& text :
         {std::string(),
          std::string("[]"),
          std::string("{}"),
          std::string(R"({"looks": 3})"),
          deep,
          std::string("\xff\xfe"),
          std::string(R"({"looks": [3]})"),
          std::string(R"({"looks": [{"name": "a"}]})"),
          std::string(R"({"looks": [{"name": "../x", "title": "A", "make_up": []}]})"),
          std::string(
              R"({"looks": [{"name": "a", "title": "A", "make_up": []}, {"name": "a", "title": "A", "make_up": []}]})"),
          look("7"),
          look(R"({"kind": "war paint"})"),
          look(R"({"kind": 1})"),
          look(R"({"kind": "tan", "color": "red"})"),
          look(R"({"kind": "tan", "color": "#gg0000"})"),
          look(R"({"kind": "tan", "amount": []})"),
          look(R"({"kind": "tan", "amount": {"amount": 2}})"),
          look(R"({"kind": "tan", "amount": {"amount": 1e400}})"),
          look(R"({"kind": "tan", "amount": {"amount": "much"}})"),
          look(R"({"kind": "tan", "amount": {"wing": 1}})"),
          many}) {
        const auto looks = parse_looks(text, "hostile.json");
        ASSERT_FALSE(looks) << text.substr(0, 100);
        EXPECT_EQ(looks.error().code, ErrorCode::bad_input);
        EXPECT_NE(looks.error().message.find("hostile.json"), std::string::npos) << looks.error().message;
    }
    EXPECT_FALSE(load_looks("/nowhere/looks.json"));
}

}  // namespace
}  // namespace likeness::test
