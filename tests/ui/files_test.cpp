// Files to choose from: the file dialog's pictures, places and memory, the welcome page, and what is drawn while a
// portrait is prepared.
#include <imgui_internal.h>
#include <sys/stat.h>

#include <fstream>

#include "core/avatar/avatar_file.h"
#include "core/files/thumbnail.h"
#include "core/image/save.h"
#include "tests/ui/interface_bench.h"
#include "ui/icons.h"
#include "ui/thumbnails.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

Image plain(int width, int height, float red) {
    Image image(width, height, 3);
    for (std::size_t i = 0; i < image.pixels.size(); i += 3) image.pixels[i] = red;
    return image;
}

// The window as it is, for eyes.
void keep(InterfaceBench& bench, const std::string& name) {
    fs::create_directories(LIKENESS_TEST_RESULTS);
    (void)save_png(fs::path(LIKENESS_TEST_RESULTS) / (name + ".png"), bench.picture());
}

// Nothing is being made, housekeeping included.
bool quiet(InterfaceBench& bench) {
    int frames = 0;
    return bench.draw_until([&] {
        if (++frames < 3) return false;  // what has ended is taken in at the start of a frame
        for (const JobInfo& job : bench.studio().jobs().list())
            if (job.state == JobState::running) return false;
        return true;
    });
}

TEST(Files, SmallPicturesAreMadeOnTheSideAndHostileFilesHaveNone) {
    InterfaceBench bench;
    const fs::path& folder = bench.folder.path;
    ASSERT_TRUE(save_png(folder / "wide.png", plain(900, 300, 1)));
    std::ofstream(folder / "broken.png") << "\x89PNG\r\n\x1a\n and no more";
    ASSERT_EQ(::mkfifo((folder / "pipe.png").c_str(), 0600), 0);
    {
        InterfaceBench* other = &bench;
        ASSERT_TRUE(other->studio().execute("file.open", {{"path", sample_avatar().string()}}));
        ASSERT_TRUE(other->settle());
        ASSERT_TRUE(other->studio().execute("file.save_as", {{"path", (folder / "kept.likeness").string()}}));
        ASSERT_TRUE(other->settle());
    }
    ui::Thumbnails thumbnails;
    const auto state = [&](const char* name) { return thumbnails.of(bench.studio(), folder / name).state; };
    EXPECT_EQ(state("wide.png"), ui::Thumbnails::State::waiting) << "the window's thread reads no file";
    const std::array names = {"wide.png", "broken.png", "pipe.png", "kept.likeness", "missing.png"};
    const auto done = [&] {
        return std::ranges::none_of(names, [&](const char* n) { return state(n) == ui::Thumbnails::State::waiting; });
    };
    ASSERT_TRUE(bench.draw_until(done, 30));
    EXPECT_EQ(state("wide.png"), ui::Thumbnails::State::ready);
    EXPECT_EQ(state("kept.likeness"), ui::Thumbnails::State::ready);
    for (const char* name : {"broken.png", "pipe.png", "missing.png"})
        EXPECT_EQ(state(name), ui::Thumbnails::State::none) << name;
    const ui::Picture& wide = thumbnails.of(bench.studio(), folder / "wide.png").picture;
    EXPECT_EQ(wide.width(), ui::Thumbnails::side);
    EXPECT_LT(wide.height(), 100);
    // A file that was written anew has its new picture.
    ASSERT_TRUE(save_png(folder / "wide.png", plain(300, 900, 1)));
    thumbnails.refresh();
    EXPECT_TRUE(bench.draw_until(
        [&] { return thumbnails.of(bench.studio(), folder / "wide.png").picture.height() == ui::Thumbnails::side; },
        30));
}

TEST(Files, PicturesOfManyFilesTakeBoundedMemory) {
    InterfaceBench bench;
    const std::size_t many = ui::Thumbnails::most + 40;
    for (std::size_t i = 0; i < many; ++i)
        ASSERT_TRUE(save_png(bench.folder.path / (std::to_string(i) + ".png"), plain(16, 16, 0.5f)));
    ui::Thumbnails thumbnails;
    for (std::size_t i = 0; i < many; ++i) {
        thumbnails.of(bench.studio(), bench.folder.path / (std::to_string(i) + ".png"));
        if (i % 10 == 9) {
            ASSERT_TRUE(quiet(bench));
        }
    }
    EXPECT_LE(thumbnails.count(), ui::Thumbnails::most + 10);
}

TEST(Files, TheDialogShowsPicturesAndPlacesAndBeginsWhereItWas) {
    const TemporaryFolder home("interface_places");
    BenchOptions options;
    options.home = home.path / "home";
    const fs::path pictures = home.path / "my pictures", data = home.path / "data";
    fs::create_directories(pictures / "inner");
    fs::create_directories(data);
    ASSERT_TRUE(save_png(pictures / "red.png", plain(64, 64, 1)));
    ASSERT_TRUE(save_png(data / "other.png", plain(64, 64, 1)));
    const auto folder_is = [](InterfaceBench& bench, const fs::path& wanted) {
        return bench.app->interface().dialogs().browser().list().folder() == fs::canonical(wanted);
    };
    {
        InterfaceBench bench(options);
        ASSERT_TRUE(bench.studio().execute("settings.add_folder", {{"path", data.string()}}));
        bench.studio().settings().add_recent_folder(pictures);
        EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
            bench.studio().invoke("file.open");
            ctx->Yield(4);
            IM_CHECK(folder_is(bench, pictures));
            ctx->ItemClick("//###browser/**/###data");  // a place
            ctx->Yield(3);
            IM_CHECK(folder_is(bench, data));
            IM_CHECK(ctx->ItemExists("//###browser/**/###other.png"));
            ctx->ItemClick("//###browser/**/###my pictures");  // a recent folder
            ctx->Yield(3);
            ctx->ItemClick("//###browser/**/###inner");
            ctx->Yield(3);
            IM_CHECK(folder_is(bench, pictures / "inner"));
            ctx->ItemClick("//###browser/up/" ICON_FA_ARROW_UP "##up");
            ctx->Yield(3);
            // The list holds the same, and is what the next dialog shows.
            ctx->ItemClick("//###browser/list/" ICON_FA_LIST "##list");
            ctx->Yield(3);
            IM_CHECK(!bench.studio().settings().file_pictures);
            ctx->ItemClick("//###browser/pictures/" ICON_FA_TABLE_CELLS_LARGE "##pictures");
            ctx->Yield(3);
            ctx->ItemDoubleClick("//###browser/**/###red.png");
            ctx->Yield(3);
            IM_CHECK(!bench.studio().file_request());
        }));
        bench.studio().invoke("task.cancel_all");
        ASSERT_TRUE(bench.draw_until([&] { return bench.studio().idle(); }));
        EXPECT_EQ(bench.studio().settings().recent_folders.front(), pictures.string());
    }
    // After a restart, too.
    InterfaceBench bench(options);
    bench.studio().invoke("file.open");
    for (int i = 0; i < 4; ++i) bench.app->draw();
    EXPECT_TRUE(folder_is(bench, pictures));
    ASSERT_TRUE(quiet(bench));
    keep(bench, "file-dialog");
}

TEST(Files, TheWelcomePageOpensTheSampleAndRecentFiles) {
    for (const float text : {1.0f, 1.5f}) {
        BenchOptions options;
        options.width = 900;
        options.height = 600;
        InterfaceBench bench(options);
        bench.studio().settings().text_scale = text;
        bench.studio().settings().add_recent(sample_avatar());
        ASSERT_TRUE(bench.settle());
        EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
            const ImRect room = ctx->WindowInfo("//###Viewport").Window->InnerRect;
            for (const char* item : {"//###Viewport/drop zone", "//###Viewport/###tile", "//###Viewport/$$0/###tile"}) {
                const ImGuiTestItemInfo info = ctx->ItemInfo(item);
                IM_CHECK_SILENT(info.ID != 0);
                IM_CHECK_SILENT(room.Contains(info.RectFull));
            }
            ctx->ItemClick("//###Viewport/$$0/###tile");
            IM_CHECK(wait_until(ctx, [&] { return bench.studio().document().has_avatar(); }));
        }));
    }
}

TEST(Files, WhatIsDoneWithAPhotographIsDrawnOnIt) {
    InterfaceBench bench;
    ASSERT_TRUE(bench.studio().execute("file.open_sample"));
    const auto sketch = [&] { return bench.studio().trainer().sketch(); };
    ASSERT_TRUE(bench.draw_until([&] { return sketch() != nullptr; }));
    ASSERT_TRUE(bench.draw_until([&] { return sketch() && sketch()->landmarks; })) << "the face's box and landmarks";
    EXPECT_EQ(sketch()->faces.size(), 1u);
    EXPECT_GT(sketch()->crop_side, 100);
    ASSERT_TRUE(bench.draw_until([&] { return sketch() && sketch()->matte; })) << "the person, cut out";
    bench.app->draw();
    ASSERT_TRUE(bench.draw_until([&] { return sketch() && !sketch()->mesh.empty(); })) << "the head, fitted";
    // The edges lie where the face is.
    const FaceDetection face = sketch()->faces[0];
    std::size_t inside = 0;
    for (const auto& [from, to] : sketch()->mesh)
        inside +=
            from.x() > face.low.x() && from.x() < face.high.x() && from.y() > face.low.y() && from.y() < face.high.y();
    EXPECT_GT(double(inside), 0.2 * double(sketch()->mesh.size()));
    for (int i = 0; i < 4; ++i) bench.app->draw();
    keep(bench, "preparing");
    ASSERT_TRUE(bench.draw_until([&] { return bench.studio().document().has_avatar(); }));
    EXPECT_FALSE(sketch());
    bench.studio().invoke("train.stop");
    EXPECT_TRUE(bench.draw_until([&] { return bench.studio().idle(); }));
}

}  // namespace
}  // namespace likeness::test
