// Sliders, undo and redo, presets, the palette.
#include <cmath>
#include <numbers>
#include <sstream>

#include "tests/ui/interface_bench.h"
#include "ui/command_palette.h"
#include "ui/icons.h"

namespace likeness::test {
namespace {

class Editing : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(bench.settle());
    }
    float control(const char* name) {
        const HeadPose pose = bench.studio().shown_pose();
        return pose.controls[bench.studio().document().model()->control(name)];
    }
    static void to_sliders(ImGuiTestContext* ctx) { ctx->SetRef(ctx->WindowInfo("//###Expression/sliders").ID); }
    InterfaceBench bench;
};

TEST_F(Editing, SliderDragIsOneEntryThatCanBeUndone) {
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        to_sliders(ctx);
        ctx->ItemDragWithDelta("jawOpen/##value", {60, 0});
        IM_CHECK(control("jawOpen") > 0.5f);
        IM_CHECK_EQ(int(bench.studio().history().entries().size()), 1);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
        IM_CHECK_EQ(control("jawOpen"), 0.0f);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Z);
        IM_CHECK(control("jawOpen") > 0.5f);
    }));
    EXPECT_TRUE(bench.studio().document().dirty());
}

TEST_F(Editing, SliderTakesTypedValuesAndResets) {
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        to_sliders(ctx);
        ctx->ItemInput("mouthPucker/##value");
        ctx->KeyCharsReplaceEnter("0.75");
        ctx->Yield(2);
        IM_CHECK(std::abs(control("mouthPucker") - 0.75f) < 1e-4f);
        ctx->ItemDoubleClick("mouthPucker/##value");
        ctx->Yield(2);
        IM_CHECK_EQ(control("mouthPucker"), 0.0f);
    }));
}

TEST_F(Editing, SliderSearchNarrowsAndSymmetryMovesBothSides) {
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->SetRef("//###Expression");
        ctx->ItemInput("##search");
        ctx->KeyCharsReplace("smile");
        ctx->Yield(2);
        to_sliders(ctx);
        IM_CHECK(ctx->ItemExists("mouthSmileLeft/##value"));
        IM_CHECK(!ctx->ItemExists("jawOpen/##value"));
        IM_CHECK(bench.studio().execute("pose.symmetric").ok());
        ctx->ItemDragWithDelta("mouthSmileLeft/##value", {60, 0});
        IM_CHECK(control("mouthSmileRight") > 0.3f);
        IM_CHECK_EQ(control("mouthSmileRight"), control("mouthSmileLeft"));
    }));
}

TEST_F(Editing, RingsTurnAJointAsOneEntry) {
    const HeadModel& model = *bench.studio().document().model();
    const int head = model.joint("head");
    const auto turned = [&] { return bench.studio().document().state.pose->joints.col(head).norm(); };
    ASSERT_LT(turned(), 1e-6f);
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        const ImGuiWindow* window = ctx->GetWindowByRef("//###Viewport");
        ctx->MouseMoveToPos({window->Pos.x + 60, window->Pos.y + window->Size.y - 60});
        ctx->KeyPress(ImGuiKey_R);
        ctx->Yield(3);
        IM_CHECK_STR_EQ(bench.studio().view().gizmo.c_str(), "head");
        // Down the middle until a ring lies under the pointer: that about the upward axis.
        const ui::JointGizmo& gizmo = bench.app->interface().viewport().gizmo();
        ImVec2 at = {window->Pos.x + 0.5f * window->Size.x, window->Pos.y + 0.35f * window->Size.y};
        while (!gizmo.hovered() && at.y < window->Pos.y + window->Size.y - 20) {
            at.y += 2;
            ctx->MouseMoveToPos(at);
            ctx->Yield(2);
        }
        IM_CHECK(gizmo.hovered());
        ctx->MouseDown();
        for (int i = 0; i < 6; ++i) {
            at.x += 8;
            ctx->MouseMoveToPos(at);
            ctx->Yield(2);
        }
        IM_CHECK(gizmo.held());
        ctx->MouseUp();
        ctx->Yield(2);
        IM_CHECK(!gizmo.held());
        IM_CHECK(turned() > 0.05f);
        IM_CHECK_EQ(int(bench.studio().history().entries().size()), 1);
        IM_CHECK_EQ(bench.studio().view().yaw, 0.0f);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
        ctx->Yield(2);
        IM_CHECK(turned() < 1e-6f);
        IM_CHECK(!bench.studio().document().dirty());
    }));
}

TEST_F(Editing, CopyAndPasteCarryAPose) {
    ASSERT_TRUE(bench.studio().execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.6}}));
    ASSERT_TRUE(bench.studio().execute("pose.head", {{"yaw", 20.0}}));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->MouseMoveToPos({640, 300});
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_C);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_0);
        IM_CHECK_EQ(control("jawOpen"), 0.0f);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_V);
        IM_CHECK(std::abs(control("jawOpen") - 0.6f) < 1e-3f);
    }));
}

TEST_F(Editing, PaletteRunsWhatIsTyped) {
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        ctx->Yield(2);
        IM_CHECK(bench.app->interface().command_palette().is_open());
        ctx->KeyChars("grid");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(2);
        IM_CHECK(bench.studio().view().grid);
        IM_CHECK(!bench.app->interface().command_palette().is_open());
        ctx->KeyPress(ImGuiKey_F1);
        ctx->Yield(2);
        IM_CHECK(bench.app->interface().shortcut_sheet().is_open());
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(2);
        IM_CHECK(!bench.app->interface().shortcut_sheet().is_open());
    }));
}

TEST_F(Editing, PaletteFindsEveryCommandByEveryWordAboutIt) {
    const Studio& studio = bench.studio();
    const auto finds = [&](const std::string& query, const std::string& id) {
        const auto rows = ui::CommandPalette::find(studio, query);
        return std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.command == id; });
    };
    int commands = 0;
    for (const std::string& id : studio.commands().ids()) {
        const Command& command = *studio.commands().find(id);
        // Of kept presets and of recent files there are none.
        if (id == "pose.preset.delete") continue;
        ++commands;
        std::istringstream words(command.title + " " + command.category + " " + command.tooltip);
        for (std::string word; words >> word;) EXPECT_TRUE(finds(word, id)) << id << " by " << word;
    }
    EXPECT_GT(commands, 90);
    for (const auto& [query, id] : {std::pair{"mesh", "view.mode"},
                                    {"wipe", "view.compare"},
                                    {"split", "view.compare"},
                                    {"smile", "pose.preset.apply"},
                                    {"eyes", "pose.gaze"},
                                    {"dark", "settings.theme"},
                                    {"text size", "settings.text_scale"},
                                    {"gpu", "settings.device"},
                                    {"animation", "motion.play"},
                                    {"hide", "part.show"},
                                    {"rest", "pose.reset_all"}})
        EXPECT_TRUE(finds(query, id)) << query;
    const auto mesh = ui::CommandPalette::find(studio, "mesh");
    ASSERT_FALSE(mesh.empty());
    EXPECT_EQ(mesh.front().command, "view.mode");
    EXPECT_EQ(mesh.front().arguments.text("mode"), "mesh") << "chosen by its row";
    EXPECT_TRUE(ui::CommandPalette::find(studio, "xyzzy").empty());
}

TEST_F(Editing, PaletteAsksForValues) {
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        ctx->Yield(2);
        ctx->KeyChars("field of view");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(2);
        IM_CHECK(bench.app->interface().command_palette().is_open());
        ctx->ItemInputValue("//###palette/degrees (degrees)", 35.0f);  // ends with Enter
        ctx->Yield(2);
        IM_CHECK(!bench.app->interface().command_palette().is_open());
        IM_CHECK(std::abs(bench.studio().view().fov * 180 / std::numbers::pi_v<float> - 35) < 0.01f);
        // A row that names its value runs at once.
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        ctx->Yield(2);
        ctx->KeyChars("wireframe");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(2);
        IM_CHECK(bench.studio().view().mode == ViewMode::wireframe);
    }));
}

TEST_F(Editing, PartsHideByTheirButtons) {
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        static_assert(int(SplatPart::hair) == 3);
        ctx->ItemClick("//###Parts/parts/$$3/show/" ICON_FA_EYE "##show");
        ctx->Yield(2);
        IM_CHECK(!bench.studio().document().part_shown(SplatPart::hair));
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
        IM_CHECK(bench.studio().document().part_shown(SplatPart::hair));
    }));
}

TEST_F(Editing, PresetsArePicturesOfThePersonWithAStrength) {
    Studio& studio = bench.studio();
    ASSERT_TRUE(bench.draw_until([&] { return studio.presets().picture("Kiss") != nullptr; }));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        to_sliders(ctx);
        ctx->ItemClick("Kiss/preset");
        ctx->Yield(2);
        IM_CHECK(control("mouthPucker") > 1);
        const std::size_t entries = studio.history().entries().size();
        ctx->ItemInput("strength/##value");
        ctx->KeyCharsReplaceEnter("0.5");
        ctx->Yield(2);
        IM_CHECK(std::abs(control("mouthPucker") - 0.8f) < 1e-4f);
        ctx->ItemClick("At rest/preset");
        ctx->Yield(2);
        IM_CHECK(std::abs(control("mouthPucker") - 0.4f) < 1e-4f);
        IM_CHECK(studio.history().entries().size() > entries);
        ctx->ItemClick("rest/Rest: photograph");
        ctx->Yield(2);
        IM_CHECK_STR_EQ(studio.settings().rest.c_str(), "photograph");
        ctx->ItemClick("rest/Rest: neutral");
        ctx->ItemInput("##name");
        ctx->KeyCharsReplaceEnter("Mine");
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("Mine/preset"));
        // A search is for sliders.
        ctx->ItemInput("//###Expression/##search");
        ctx->KeyCharsReplace("smile");
        ctx->Yield(2);
        to_sliders(ctx);
        IM_CHECK(!ctx->ItemExists("Kiss/preset"));
    }));
    EXPECT_TRUE(bench.draw_until([&] { return studio.presets().picture("Mine") != nullptr; }));
}

}  // namespace
}  // namespace likeness::test
