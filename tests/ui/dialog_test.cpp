// What asks: files, unsaved changes, errors, recovery. Nothing of it may end the program.
#include <sys/resource.h>

#include <csignal>
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

// An environment variable that has another value while it lives.
class Environment {
  public:
    Environment(const char* name, const std::string& value) : name_(name) {
        if (const char* before = std::getenv(name)) before_ = before;
        ::setenv(name, value.c_str(), 1);
    }
    ~Environment() {
        if (before_)
            ::setenv(name_, before_->c_str(), 1);
        else
            ::unsetenv(name_);
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

  private:
    const char* name_;
    std::optional<std::string> before_;
};

// A desktop whose file dialog is a script: what it prints was chosen.
class FakeDesktop {
  public:
    explicit FakeDesktop(const std::filesystem::path& folder)
        : folder_(folder), path_("PATH", folder.string()), display_("DISPLAY", ":none") {
        std::filesystem::create_directories(folder);
        install("which", "test -x " + folder.string() + "/$1");
    }
    void install(const std::string& program, const std::string& script) const {
        const std::filesystem::path file = folder_ / program;
        std::ofstream(file) << "#!/bin/sh\n" << script << "\n";
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    }

  private:
    std::filesystem::path folder_;
    Environment path_, display_;
};

TEST(Dialog, TheDesktopsOwnIsAskedFirst) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    const FakeDesktop desktop(bench.folder.path / "programs");
    bench.app->interface().dialogs().use_native(true);
    const auto open_dialogs = [&] { return bench.app->interface().dialogs().awaits_desktop(); };
    const auto ask = [&](const char* command) {
        studio.invoke(command);
        for (int i = 0; i < 4; ++i) bench.app->draw();
    };
    // Without one, our own.
    ask("file.open");
    EXPECT_FALSE(open_dialogs());
    EXPECT_TRUE(ImGui::FindWindowByName("Open###browser"));
    studio.withdraw_file_request();
    bench.app->draw();

    // The choice of one that takes its time, in which the studio goes on drawing.
    desktop.install("zenity", "/bin/sleep 0.4; echo " + sample_avatar().string());
    ask("file.open");
    ASSERT_TRUE(open_dialogs());
    const std::uint64_t frames = bench.app->frames();
    ASSERT_TRUE(bench.draw_until([&] { return studio.document().has_avatar(); }));
    EXPECT_GT(bench.app->frames(), frames + 5);
    EXPECT_FALSE(studio.file_request());

    // Cancelled: nothing is said and nothing changes.
    desktop.install("zenity", "exit 1");
    const std::uint64_t document = studio.document().id;
    ask("file.open");
    ASSERT_TRUE(bench.draw_until([&] { return !studio.file_request(); }));
    EXPECT_EQ(studio.document().id, document);
    EXPECT_FALSE(studio.messages().dialog());

    // One that is left open, and then another command: the first goes, and its answer is nobody's.
    const std::filesystem::path saved = bench.folder.path / "kept.v2";
    desktop.install("zenity", "case \"$*\" in *--save*) echo " + saved.string() + ";; *) exec /bin/sleep 60;; esac");
    ask("file.open");
    ASSERT_TRUE(open_dialogs());
    ask("file.save_as");
    ASSERT_TRUE(bench.draw_until([&] { return std::filesystem::exists(saved.string() + ".likeness"); }));
    ASSERT_TRUE(bench.settle());
    EXPECT_FALSE(open_dialogs());
    EXPECT_EQ(studio.document().path, saved.string() + ".likeness");

    // The desktop asks about the name that was typed; the file has an ending more, and is not replaced unasked.
    const auto written = std::filesystem::last_write_time(saved.string() + ".likeness");
    ask("file.save_as");
    ASSERT_TRUE(bench.draw_until([&] { return !open_dialogs(); }));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(std::filesystem::last_write_time(saved.string() + ".likeness"), written);
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->ItemClick("//###browser/Replace it");
        IM_CHECK(wait_until(ctx, [&] { return !studio.file_request() && studio.idle(); }));
    }));
    EXPECT_NE(std::filesystem::last_write_time(saved.string() + ".likeness"), written);
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

// While one lives, no file of this process may grow above so many bytes: writing fails as on a full disk.
class SmallDisk {
  public:
    explicit SmallDisk(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit small = before_;
        small.rlim_cur = bytes;
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    }
    ~SmallDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, SIG_DFL);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

  private:
    rlimit before_{};
};

TEST(Dialog, FullDiskOnSaveIsSaidAndLosesNothing) {
    InterfaceBench bench;
    const std::filesystem::path file = bench.folder.path / "kept.likeness";
    std::filesystem::copy_file(sample_avatar(), file);
    ASSERT_TRUE(bench.studio().execute("file.open", {{"path", file.string()}}));
    ASSERT_TRUE(bench.settle());
    const auto size = std::filesystem::file_size(file);
    ASSERT_TRUE(bench.studio().execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}}));
    {
        const SmallDisk disk(64 << 10);
        EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
            ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_S);
            IM_CHECK(error_is_shown(ctx));
            IM_CHECK(bench.studio().messages().dialog()->message.find("kept.likeness") != std::string::npos);
            ctx->ItemClick("//###error/Close");
            ctx->Yield(3);
            IM_CHECK(bench.studio().document().dirty());
        }));
    }
    EXPECT_EQ(std::filesystem::file_size(file), size) << "the file is as it was";
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(bench.folder.path)) files += entry.is_regular_file();
    EXPECT_EQ(files, 1) << "nothing half-written is left";
    // With room again the same key saves.
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_S);
        IM_CHECK(wait_until(ctx, [&] { return bench.studio().idle() && !bench.studio().document().dirty(); }));
    }));
    ASSERT_TRUE(bench.studio().execute("file.open", {{"path", file.string()}}));
    ASSERT_TRUE(bench.settle());
    const Document& document = bench.studio().document();
    EXPECT_NEAR(document.state.pose->controls[document.model()->control("jawOpen")], 0.5f, 1e-5f);
}

TEST(Dialog, AFileThatAnotherProgramChangedIsAskedAbout) {
    const TemporaryFolder home("interface_replaced");
    const std::filesystem::path file = home.path / "mine.likeness", other = home.path / "other.likeness";
    std::filesystem::copy_file(sample_avatar(), file);
    InterfaceBench bench;
    Studio& studio = bench.studio();
    ASSERT_TRUE(studio.execute("file.open", {{"path", file.string()}}));
    ASSERT_TRUE(bench.settle());
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}}));
    std::ofstream(file, std::ios::app) << "another program's";
    const auto theirs = std::filesystem::file_size(file);
    ASSERT_TRUE(studio.execute("file.save"));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->ItemClick("//The file has changed/Cancel");
        IM_CHECK(wait_until(ctx, [&] { return !studio.question(); }));
    }));
    EXPECT_EQ(std::filesystem::file_size(file), theirs);
    ASSERT_TRUE(studio.execute("file.save"));
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        ctx->ItemClick("//The file has changed/Save over it");
        IM_CHECK(wait_until(ctx, [&] { return !studio.document().dirty(); }));
    }));
    EXPECT_NE(std::filesystem::file_size(file), theirs);
    EXPECT_FALSE(studio.messages().dialog());
}

TEST(Dialog, EnterAnswersTheDialogThatIsInFront) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    const std::filesystem::path file = bench.folder.path / "mine.likeness", wrong = bench.folder.path / "notes.png";
    std::filesystem::copy_file(sample_avatar(), file);
    std::ofstream(wrong) << "this is no picture";
    ASSERT_TRUE(studio.execute("file.open", {{"path", file.string()}}));
    ASSERT_TRUE(bench.settle());
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}}));
    const auto asked = [&] { return studio.question().has_value(); };
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        // A file that cannot be read is said, and nothing is asked about the changes.
        bench.app->surface().drop({wrong});
        IM_CHECK(error_is_shown(ctx));
        IM_CHECK(!asked());
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(2);
        IM_CHECK(!studio.messages().dialog());
        IM_CHECK(!asked());
        // The Enter that a command was chosen with does not answer what the command asks.
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        ctx->Yield(3);
        ctx->KeyCharsReplaceEnter("file.close");
        ctx->Yield(3);
        IM_CHECK(asked());
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(3);
        IM_CHECK(!asked());
        IM_CHECK(studio.document().dirty());
        // The keyboard's focus goes before the first button.
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_W);
        ctx->Yield(3);
        ctx->NavMoveTo("//Unsaved changes/Cancel");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(3);
        IM_CHECK(!asked());
        IM_CHECK(studio.document().dirty());
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_W);
        ctx->Yield(3);
        IM_CHECK(asked());
        ctx->KeyPress(ImGuiKey_Enter);
        IM_CHECK(wait_until(
            ctx, [&] { return studio.document().stage == DocumentStage::empty; }, 30));
    }));
    const auto saved = load_avatar(file, &studio.workshop().tools()->heads);
    ASSERT_TRUE(saved);
    EXPECT_NE(saved->kept->document.find("jawOpen"), std::string::npos) << "Enter saved";
}

TEST(Dialog, UnsavedWorkOfACrashIsOfferedAndRecovered) {
    const TemporaryFolder home("interface_crash");
    BenchOptions options;
    options.home = home.path / "home";
    const std::filesystem::path file = home.path / "mine.likeness";
    std::filesystem::copy_file(sample_avatar(), file);
    {
        InterfaceBench bench(options);
        ASSERT_TRUE(bench.studio().execute("file.open", {{"path", file.string()}}));
        ASSERT_TRUE(bench.settle());
        ASSERT_TRUE(bench.studio().execute("settings.autosave", {{"value", 1}}));
        ASSERT_TRUE(bench.studio().execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}}));
        ASSERT_TRUE(bench.draw_until(
            [&] { return bench.studio().document().autosaved_revision == bench.studio().document().revision; }));
    }  // without an answer about the changes: as after a crash
    InterfaceBench bench(options);
    ASSERT_EQ(bench.studio().recoveries().size(), 1u);
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        IM_CHECK(wait_until(ctx, [&] { return ctx->ItemExists("//Recover unsaved work/$$0/Recover"); }));
        ctx->ItemClick("//Recover unsaved work/$$0/Recover");
        IM_CHECK(wait_until(ctx, [&] { return bench.studio().document().has_avatar(); }));
    }));
    ASSERT_TRUE(bench.settle());
    const Document& document = bench.studio().document();
    EXPECT_NEAR(document.state.pose->controls[document.model()->control("jawOpen")], 0.5f, 1e-5f);
    EXPECT_TRUE(document.dirty());
    EXPECT_EQ(document.path, file);
}

TEST(Dialog, TwoDocumentsOneAfterTheOther) {
    InterfaceBench bench;
    Studio& studio = bench.studio();
    open_sample(bench);
    const std::uint64_t first = studio.document().id;
    const Image before = bench.picture();
    ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "jawOpen"}, {"value", 1}}));
    ASSERT_TRUE(studio.execute("pose.head", {{"yaw", 30}}));
    ASSERT_TRUE(studio.execute("part.show", {{"part", "hair"}, {"on", false}}));
    ASSERT_TRUE(studio.execute("view.orbit", {{"yaw", 60}}));
    ASSERT_TRUE(bench.settle());
    EXPECT_GT(difference(before, bench.picture()), 0.05);
    // The second is dropped on it: asked first, then nothing of the first is left.
    EXPECT_TRUE(bench.play([&](ImGuiTestContext* ctx) {
        bench.app->surface().drop({sample_avatar()});
        IM_CHECK(wait_until(ctx, [&] { return ctx->ItemExists("//Unsaved changes/Don't save"); }));
        ctx->ItemClick("//Unsaved changes/Don't save");
        IM_CHECK(wait_until(ctx, [&] { return studio.document().id != first && studio.document().has_avatar(); }));
    }));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(studio.history().entries().size(), 0u);
    EXPECT_FALSE(studio.document().dirty());
    EXPECT_LT(difference(before, bench.picture()), 0.02) << "as the first was when it was opened";
}

}  // namespace
}  // namespace likeness::test
