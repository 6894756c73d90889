// Settings survive a round trip, garbage, other versions and a full disk.
#include "core/studio/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/base/paths.h"
#include "tests/formats/temporary_folder.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}
std::string read(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

TEST(Settings, RoundTrip) {
    const TemporaryFolder folder("studio_settings");
    Settings s;
    s.theme = "light";
    s.text_scale = 1.5f;
    s.device = "cpu";
    s.undo_bytes = 3 << 20;
    s.autosave_seconds = 7;
    s.training.cap = 12345;
    s.training.steps = 77;
    s.data_folders = {"/a", "/b c"};
    for (int i = 0; i < 20; ++i) s.add_recent("/pictures/" + std::to_string(i % 15) + ".png");
    for (int i = 0; i < 20; ++i) s.add_recent_folder("/pictures/" + std::to_string(i % 15));
    s.file_pictures = false;
    s.closed_panels = {"Source", "Preferences"};
    s.window = {5, 6, 1000, 700, true};
    s.pose_presets["My \"smile\""] = R"({"controls":{"jawOpen":0.5}})";
    s.first_run = false;
    s.unknown = R"({"from_the_future": [1, 2]})";
    ASSERT_TRUE(save_settings(folder.path / "new" / "place", s, {}));
    const LoadedSettings back = load_settings(folder.path / "new" / "place");
    EXPECT_EQ(back.warning, "");
    const Settings& t = back.settings;
    EXPECT_EQ(t.theme, s.theme);
    EXPECT_EQ(t.text_scale, s.text_scale);
    EXPECT_EQ(t.device, s.device);
    EXPECT_EQ(t.recent_folders, s.recent_folders);
    EXPECT_EQ(t.recent_folders.size(), 12u);
    EXPECT_EQ(t.recent_folders.front(), "/pictures/4");
    EXPECT_FALSE(t.file_pictures);
    EXPECT_EQ(t.undo_bytes, s.undo_bytes);
    EXPECT_EQ(t.autosave_seconds, s.autosave_seconds);
    EXPECT_EQ(t.training.cap, s.training.cap);
    EXPECT_EQ(t.training.steps, s.training.steps);
    EXPECT_EQ(t.data_folders, s.data_folders);
    EXPECT_EQ(t.recent_files, s.recent_files);
    EXPECT_EQ(t.recent_files.size(), 12u);
    EXPECT_EQ(t.recent_files.front(), "/pictures/4.png");
    EXPECT_EQ(t.closed_panels, s.closed_panels);
    EXPECT_EQ(t.window.width, 1000);
    EXPECT_TRUE(t.window.maximised);
    EXPECT_EQ(t.pose_presets, s.pose_presets);
    EXPECT_FALSE(t.first_run);
    ASSERT_TRUE(save_settings(folder.path, t, {}));
    EXPECT_NE(read(folder.path / "settings.json").find("from_the_future"), std::string::npos)
        << "a newer version's members are kept";
}

TEST(Settings, GarbageFallsBackAndIsKeptAside) {
    for (const std::string garbage :
         {"", "{", "[]", "null", "\xff\xfe\x00garbage", "{\"theme\": \"light\",}", "{\"a\":{\"a\":1},\"a\":2}"}) {
        const TemporaryFolder folder("studio_settings_bad");
        write(folder.path / "settings.json", garbage);
        const LoadedSettings loaded = load_settings(folder.path);
        EXPECT_EQ(loaded.settings.theme, "dark") << garbage;
        EXPECT_FALSE(loaded.warning.empty()) << garbage;
        EXPECT_EQ(read(folder.path / "settings.json.damaged"), garbage);
        EXPECT_TRUE(load_settings(folder.path).warning.empty()) << "said once";
    }
    const TemporaryFolder folder("studio_settings_wrong");
    write(folder.path / "settings.json",
          R"({"theme": "pink", "text_scale": 1e300, "undo_bytes": "much", "autosave_seconds": -5, "gaussian_cap": 20000,
              "recent_files": [1, "/x.png", null], "window": {"width": 1, "height": 900}, "pose_presets": {"a": 3, "b": {}}, "first_run": 1})");
    const LoadedSettings loaded = load_settings(folder.path);
    const Settings fresh;
    EXPECT_TRUE(loaded.warning.empty());
    EXPECT_EQ(loaded.settings.theme, "dark");
    EXPECT_EQ(loaded.settings.text_scale, fresh.text_scale);
    EXPECT_EQ(loaded.settings.undo_bytes, fresh.undo_bytes);
    EXPECT_EQ(loaded.settings.autosave_seconds, fresh.autosave_seconds);
    EXPECT_EQ(loaded.settings.training.cap, 20000u) << "what is right is taken";
    EXPECT_EQ(loaded.settings.recent_files, std::vector<std::string>{"/x.png"});
    EXPECT_EQ(loaded.settings.window.width, fresh.window.width);
    EXPECT_EQ(loaded.settings.window.height, 900);
    EXPECT_EQ(loaded.settings.pose_presets.size(), 1u);
}

TEST(Settings, FoldersFollowTheEnvironment) {
    ::setenv("LIKENESS_HOME", "/somewhere", 1);
    EXPECT_EQ(UserFolders::find().settings, "/somewhere/config");
    EXPECT_EQ(UserFolders::find().state, "/somewhere/state");
    EXPECT_EQ(UserFolders::find().tracks, tracks_folder()) << "where the command line goes on, too";
    EXPECT_EQ(tracks_folder(), "/somewhere/cache/tracks");
    ::unsetenv("LIKENESS_HOME");
    ::setenv("XDG_CONFIG_HOME", "/xdg/config", 1);
    ::setenv("XDG_STATE_HOME", "relative", 1);
    EXPECT_EQ(UserFolders::find().settings, "/xdg/config/likeness");
    EXPECT_TRUE(UserFolders::find().state.is_absolute()) << "relative ones are invalid";
    ::unsetenv("XDG_CONFIG_HOME");
    ::unsetenv("XDG_STATE_HOME");
    const char* home = ::getenv("HOME");
    const std::string before = home ? home : "";
    ::unsetenv("HOME");
    const UserFolders without = UserFolders::find();
    ::setenv("HOME", "", 1);
    EXPECT_EQ(UserFolders::find().state, without.state);
    EXPECT_NE(without.state.string().rfind(std::filesystem::temp_directory_path().string(), 0), 0u)
        << "nothing that others can guess and make first: " << without.state;
    if (home)
        ::setenv("HOME", before.c_str(), 1);
    else
        ::unsetenv("HOME");
    EXPECT_TRUE(UserFolders{}.autosaves().empty());
}

TEST(Settings, WithoutFoldersNothingIsReadOrWritten) {
    const TemporaryFolder folder("studio_settings_nowhere");
    const auto here = std::filesystem::current_path();
    std::filesystem::current_path(folder.path);
    write("settings.json", R"({"theme": "light"})");
    EXPECT_EQ(load_settings({}).settings.theme, "dark");
    EXPECT_TRUE(save_settings({}, {}, {}));
    std::filesystem::current_path(here);
    EXPECT_EQ(folder.files(), 1);
}

TEST(Settings, ThoseOfTwoProgramsComeTogether) {
    const TemporaryFolder folder("studio_settings_two");
    Settings first;
    first.recent_files = {"/c", "/b", "/a"};
    first.pose_presets = {{"smile", R"({"a":1})"}, {"frown", R"({"b":1})"}};
    ASSERT_TRUE(save_settings(folder.path, first, {}));
    Settings one = first, two = first;
    one.theme = "light";
    one.add_recent("/new");
    one.pose_presets["wink"] = R"({"c":1})";
    one.pose_presets.erase("frown");
    ASSERT_TRUE(save_settings(folder.path, one, first));
    two.text_scale = 2;
    two.add_recent("/b");
    two.pose_presets["smile"] = R"({"a":2})";
    ASSERT_TRUE(save_settings(folder.path, two, first));
    const Settings both = load_settings(folder.path).settings;
    EXPECT_EQ(both.theme, "light");
    EXPECT_EQ(both.text_scale, 2);
    EXPECT_EQ(both.recent_files, (std::vector<std::string>{"/b", "/new", "/c", "/a"}));
    EXPECT_EQ(both.pose_presets, (std::map<std::string, std::string>{{"smile", R"({"a":2})"}, {"wink", R"({"c":1})"}}));
    // Nothing changed here: the file stays as the other program has it.
    ASSERT_TRUE(save_settings(folder.path, first, first));
    EXPECT_EQ(load_settings(folder.path).settings.theme, "light");
    EXPECT_EQ(load_settings(folder.path).settings.pose_presets, both.pose_presets);
}

TEST(Settings, RecentFilesOfTwoProgramsAtTheLimit) {
    const TemporaryFolder folder("studio_settings_recent");
    Settings first;
    for (int i = 0; i < 12; ++i) first.add_recent("/" + std::to_string(i));
    ASSERT_TRUE(save_settings(folder.path, first, {}));
    Settings one = first, two = first;
    one.add_recent("/one");
    two.add_recent("/two");
    ASSERT_TRUE(save_settings(folder.path, one, first));
    ASSERT_TRUE(save_settings(folder.path, two, first));
    const auto recent = load_settings(folder.path).settings.recent_files;
    ASSERT_EQ(recent.size(), 12u);
    EXPECT_EQ(recent[0], "/two");
    EXPECT_EQ(recent[1], "/one");
    EXPECT_EQ(recent[2], "/11");
}

TEST(Settings, AreForTheirOwnerOnly) {
    const TemporaryFolder folder("studio_settings_private");
    ASSERT_TRUE(save_settings(folder.path / "config", {}, {}));
    const auto mode = [](const std::filesystem::path& file) { return std::filesystem::status(file).permissions(); };
    using std::filesystem::perms;
    EXPECT_EQ(mode(folder.path / "config"), perms::owner_all);
    EXPECT_EQ(mode(folder.path / "config" / "settings.json"), perms::owner_read | perms::owner_write);
}

TEST(Settings, TheStudioRemembersThem) {
    const TemporaryFolder folder("studio_settings_kept");
    {
        StudioBench bench(folder.path);
        bench.run("settings.theme", {{"value", "light"}});
        bench.run("train.set_cap", {{"value", 5000}});
        *bench.time += 0.5;
        bench.studio->drain();
        EXPECT_FALSE(std::filesystem::exists(folder.path / "config" / "settings.json")) << "not at every change";
        *bench.time += 5;
        ASSERT_TRUE(bench.settle());
        EXPECT_TRUE(std::filesystem::exists(folder.path / "config" / "settings.json"));
        bench.run("settings.text_scale", {{"value", 2}});  // written at the end
    }
    StudioBench again(folder.path);
    EXPECT_EQ(again.studio->settings().theme, "light");
    EXPECT_EQ(again.studio->settings().text_scale, 2);
    EXPECT_EQ(again.studio->next_training().cap, 5000u);
}

TEST(Settings, AFolderThatCannotBeWrittenIsAWarning) {
    const TemporaryFolder folder("studio_settings_file");
    write(folder.path / "config", "a file where the folder should be");
    StudioBench bench(folder.path);
    bench.run("settings.theme", {{"value", "light"}});
    *bench.time += 5;
    ASSERT_TRUE(bench.settle());
    bool warned = false;
    for (const Message& m : bench.studio->messages().newer_than())
        warned |= m.level == MessageLevel::warning && m.text.find("config") != std::string::npos;
    EXPECT_TRUE(warned);
    EXPECT_EQ(bench.take_error(), "");
}

}  // namespace
}  // namespace likeness::test
