// likeness edit: commands on an avatar.
#include <gtest/gtest.h>

#include "core/avatar/avatar_file.h"
#include "core/image/load.h"
#include "tests/app/program.h"

namespace likeness::test {
namespace {

class Edit : public testing::Test {
  protected:
    Outcome edit(const std::string& script, const std::string& output = "b.likeness") {
        write_text(folder.path / "edit.script", script);
        return run({"edit", trained().string(), "--script", "edit.script", "-o", output, "--device", "cpu"}, folder.path);
    }
    const TemporaryFolder folder{"app_edit"};
};

TEST_F(Edit, TextOnTheCheekIsSeenAndNothingElseChanges) {
    const Outcome outcome =
        edit("sticker.text text=HHHH at=left_cheek width=40 red=0 green=1 blue=0\nlayer.add name=empty\n");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const auto picture = [&](const std::string& avatar, const std::string& name) {
        const Outcome rendered =
            run({"render", avatar, "--pose", "neutral", "--size", "256", "--background", "grey", "-o", name, "--device", "cpu"},
                folder.path);
        EXPECT_EQ(rendered.code, 0) << rendered.err;
        auto image = load_image(folder.path / name);
        return image ? *image : Image();
    };
    const Image before = picture(trained().string(), "a.png"), after = picture("b.likeness", "b.png");
    ASSERT_EQ(before.pixels.size(), after.pixels.size());
    int green = 0, changed_right = 0;
    for (int y = 0; y < 256; ++y)
        for (int x = 0; x < 256; ++x) {
            float change = 0;
            for (int c = 0; c < 3; ++c) change = std::max(change, std::abs(after.at(x, y)[c] - before.at(x, y)[c]));
            green += after.at(x, y)[1] > after.at(x, y)[0] + 0.1f;
            changed_right += x < 120 && change > 1.5f / 255;
        }
    EXPECT_GT(green, 20);
    EXPECT_EQ(changed_right, 0) << "the subject's right side";
}

TEST_F(Edit, WhatFailsWritesNothing) {
    Outcome outcome = edit("layer.add name=a\nlayer.sing\n");
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find("line 2"), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(folder.path / "b.likeness"));
    outcome = edit("sticker.place path=none.png at=chin\n");
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(folder.path / "b.likeness"));
    outcome = edit("layer.add\n", "b.png");
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    outcome = run({"edit", trained().string(), "--script", "none.script", "-o", "b.likeness"}, folder.path);
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    write_text(folder.path / "x.likeness", "no avatar");
    outcome = run({"edit", "x.likeness", "--script", "edit.script", "-o", "b.likeness"}, folder.path);
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    outcome = run({"edit", trained().string(), "--script", "edit.script", "-o", "edit.script"}, folder.path);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(folder.path / "b.likeness"));
}

}  // namespace
}  // namespace likeness::test
