// What asks: files, unsaved changes, errors, recovery. Nothing of it may end the program.
#include <fstream>

#include "core/avatar/avatar_file.h"
#include "core/head/head_asset.h"
#include "tests/ui/interface_bench.h"

namespace likeness::test {
namespace {

void open_sample(InterfaceBench& bench) {
    ASSERT_TRUE(bench.studio().execute("file.open", {{"path", sample_avatar().string()}}));
    ASSERT_TRUE(bench.settle());
}

bool error_is_shown(ImGuiTestContext* ctx) {
    return wait_until(
        ctx, [&] { return ctx->ItemExists("//###error/Close"); }, 30);
}

TEST(Dialog, WrongFileDroppedIsExplained) {
    InterfaceBench bench;
    const std::filesystem::path wrong = bench.folder.path / "notes.png";
    std::ofstream(wrong) << "this is no picture";
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        bench.app->surface().drop({wrong});
        IM_CHECK(error_is_shown(ctx));
        IM_CHECK(bench.studio().messages().dialog()->message.find("notes.png") != std::string::npos);
        ctx->ItemClick("//###error/Close");
        ctx->Yield(3);
        IM_CHECK(!bench.studio().messages().dialog());
    }));
    // And the next file opens as if nothing had been.
    bench.app->surface().drop({sample_avatar()});
    EXPECT_TRUE(bench.draw_until([&] { return bench.studio().document().has_avatar(); }));
}

TEST(Dialog, SaveAsksForAPlaceAndReopens) {
    InterfaceBench bench;
    open_sample(bench);
    ASSERT_TRUE(bench.studio().execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}}));
    const std::filesystem::path file = bench.folder.path / "kept.likeness";
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_S);
        ctx->Yield(3);
        IM_CHECK(bench.studio().file_request().has_value());
        ctx->SetRef("//###browser");
        ctx->ItemInput("##folder");
        ctx->KeyCharsReplaceEnter(bench.folder.path.c_str());
        ctx->ItemInput("##name");
        ctx->KeyCharsReplace("kept");
        ctx->ItemClick("Save");
        IM_CHECK(wait_until(ctx, [&] { return bench.studio().idle() && !bench.studio().document().dirty(); }));
    }));
    ASSERT_TRUE(std::filesystem::exists(file));
    ASSERT_TRUE(bench.studio().execute("file.close"));
    ASSERT_TRUE(bench.studio().execute("file.open", {{"path", file.string()}}));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(bench.studio().document().path, file);
}

TEST(Dialog, ClosingAsksAboutUnsavedChanges) {
    InterfaceBench bench;
    open_sample(bench);
    ASSERT_TRUE(bench.studio().execute("pose.random", {{"seed", 3}}));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        bench.studio().invoke("file.close");
        ctx->Yield(3);
        ctx->ItemClick("//Unsaved changes/Cancel");
        ctx->Yield(2);
        IM_CHECK(bench.studio().document().has_avatar());
        bench.studio().invoke("file.close");
        ctx->Yield(3);
        ctx->ItemClick("//Unsaved changes/Don't save");
        ctx->Yield(3);
        IM_CHECK(!bench.studio().document().has_avatar());
    }));
}

TEST(Dialog, FullDiskOnSaveLosesNothing) {
    InterfaceBench bench;
    open_sample(bench);
    ASSERT_TRUE(bench.studio().execute("pose.random", {{"seed", 3}}));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        bench.studio().invoke("file.save_as", {{"path", "/proc/nothing.likeness"}});
        IM_CHECK(error_is_shown(ctx));
        ctx->ItemClick("//###error/Close");
        IM_CHECK(bench.studio().document().dirty());
    }));
}

TEST(Dialog, TwoDocumentsOneAfterTheOther) {
    InterfaceBench bench;
    open_sample(bench);
    const std::uint64_t first = bench.studio().document().id;
    open_sample(bench);
    EXPECT_NE(bench.studio().document().id, first);
    EXPECT_TRUE(bench.studio().document().has_avatar());
}

}  // namespace
}  // namespace likeness::test
