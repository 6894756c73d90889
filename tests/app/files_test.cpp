// Nothing is lost: targets that are something else, names, places that go away, other programs, signals, streams and
// limits.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "core/avatar/avatar_file.h"
#include "core/media/video_reader.h"
#include "tests/app/program.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

constexpr int usage = 2, input = 3, output = 4, memory = 6, interrupted = 130;

struct Files : ::testing::Test {
    const TemporaryFolder folder{"app_files"};
    const fs::path photo = folder.path / "photo.png", avatar = folder.path / "a.likeness";

    Files() { fs::copy_file(sample(), photo); }
    std::string path(const char* name) const { return (folder.path / name).string(); }
    // The arguments of a short training, in the shell's words.
    std::string training(int steps = 3) const {
        std::string line = "\"$LIKENESS\"";
        for (const std::string& word : train_arguments(photo, avatar, steps)) line += " '" + word + "'";
        return line;
    }
    void refused(std::vector<std::string> arguments, const std::string& mentions) {
        const auto before = listing(folder.path);
        const Outcome outcome = run(arguments, folder.path);
        EXPECT_EQ(outcome.code, usage) << outcome.err;
        expect_one_sentence(outcome, mentions);
        EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << "before any work: " << outcome.err;
        EXPECT_EQ(listing(folder.path), before);
    }
    bool appears(const fs::path& file) const {
        for (int i = 0; i < 12'000 && !fs::exists(file); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return fs::exists(file);
    }
};

TEST_F(Files, ATargetIsNoInputAndNoOtherTarget) {
    const std::string before = content(photo);
    fs::create_symlink("photo.png", folder.path / "link.png");
    fs::create_hard_link(photo, folder.path / "hard.png");
    const auto train = [&](std::vector<std::string> more, const std::string& to = "") {
        std::vector<std::string> arguments = train_arguments(photo, to.empty() ? avatar : fs::path(to), 3);
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    };
    for (const char* name : {"photo.png", "link.png", "hard.png", "./photo.png"}) {
        refused(train({}, path(name)), name);
        refused(train({"--log", path(name)}), name);
        refused(train({"--sheet", path(name)}), name);
        refused(train({"--first-picture", path(name)}), name);
    }
    refused(train({"--sheet", avatar.string()}), "a.likeness");
    refused(train({"--sheet", path("s.png"), "--first-picture", path("s.png")}), "s.png");
    refused(train({"--log", path("log"), "--sheet", path("./log")}), "log");
    EXPECT_EQ(content(photo), before);
    fs::copy_file(trained(), avatar);
    fs::create_symlink("a.likeness", folder.path / "a.ply");
    fs::create_symlink("a.likeness", folder.path / "a.png");
    refused({"export", avatar.string(), "-o", path("a.ply")}, "a.ply");
    refused({"render", avatar.string(), "-o", path("a.png")}, "a.png");
    refused({"render", avatar.string(), "-o", path("b.png"), "--truth", path("b.png")}, "b.png");
    write_text(folder.path / "camera.png", "{}");
    refused({"render", avatar.string(), "-o", path("camera.png"), "--camera", path("camera.png")}, "camera.png");
    EXPECT_EQ(content(avatar), content(trained()));
}

TEST_F(Files, DevicesPipesAndFoldersAreNoTargets) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    fs::create_directory(folder.path / "folder");
    fs::create_symlink("/dev/null", folder.path / "null");
    for (const std::string& target : {std::string("/dev/null"), path("null"), path("pipe"), path("folder")}) {
        refused(train_arguments(photo, target, 3), target);
        auto with_log = train_arguments(photo, avatar, 3);
        with_log.insert(with_log.end(), {"--log", target});
        refused(with_log, target);
    }
}

TEST_F(Files, NamesThatAreNoTextOrLong) {
    for (const std::string& name : {std::string("caf\xe9 \xff"), std::string(231, 'a'), std::string(246, 'b')}) {
        const fs::path named = folder.path / (name.substr(0, 200) + ".png"), made = folder.path / (name + ".likeness");
        fs::copy_file(photo, named);
        auto arguments = train_arguments(named, made, 3);
        arguments.push_back("--json");
        const Outcome outcome = run(arguments, folder.path);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_TRUE(nlohmann::json::accept(outcome.out)) << outcome.out;
        EXPECT_TRUE(load_avatar(made, nullptr)) << name;
        EXPECT_EQ(run({"info", made.string(), "--json"}, folder.path).code, 0);
    }
    refused(train_arguments(photo, folder.path / (std::string(247, 'c') + ".likeness"), 3), "too long");
}

TEST_F(Files, AnAvatarThatCannotBeWrittenAfterAllIsKept) {
    const fs::path place = folder.path / "place", target = place / "a.likeness";
    fs::create_directory(place);
    Program program(train_arguments(photo, target, 100'000), folder.path);
    ASSERT_TRUE(program.wait_for("Training")) << program.wait().err;
    fs::remove_all(place);
    program.signal(SIGINT);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.code, output) << outcome.err;
    const auto kept = autosaves_of(folder.path);
    ASSERT_EQ(kept.size(), 1u) << outcome.err;
    EXPECT_NE(outcome.err.find(kept[0].string()), std::string::npos) << outcome.err;
    EXPECT_TRUE(load_avatar(kept[0], nullptr));
}

TEST_F(Files, WhatAnotherProgramWroteMeanwhileStays) {
    for (const bool force : {false, true}) {
        write_text(avatar, "the old avatar");
        auto arguments = train_arguments(photo, avatar, 100'000);
        if (force) arguments.push_back("--force");
        Program program(arguments, folder.path);
        ASSERT_TRUE(program.wait_for("Training")) << program.wait().err;
        write_text(avatar, "another program's avatar");
        program.signal(SIGTERM);
        const Outcome outcome = program.wait();
        EXPECT_EQ(outcome.code, force ? interrupted : output) << outcome.err;
        EXPECT_EQ(load_avatar(avatar, nullptr).ok(), force);
        EXPECT_EQ(content(avatar) == "another program's avatar", !force);
        ASSERT_EQ(autosaves_of(folder.path).size(), 1u);
        EXPECT_TRUE(load_avatar(autosaves_of(folder.path)[0], nullptr));
    }
}

// Their faces lie partly in the black corners that turning left: once they were painted with what is no color.
TEST_F(Files, TiltedPortraitsCostNoGoodAvatar) {
    for (const char* name : {"tilt60.jpg", "tilt65.jpg"}) {
        const fs::path tilted = test_data(std::string("field/01_tilted_nan/") + name);
        if (!fs::exists(tilted)) GTEST_SKIP() << tilted << " is not there";
        fs::copy_file(trained(), avatar, fs::copy_options::overwrite_existing);
        const Outcome outcome = run(train_arguments(tilted, avatar, 3), folder.path);
        EXPECT_TRUE(load_avatar(avatar, nullptr)) << outcome.err;
        EXPECT_EQ(content(avatar) == content(trained()), outcome.code != 0) << name << ": " << outcome.err;
    }
}

TEST_F(Files, ModeAndLinksOfTheOldAvatarStay) {
    const auto mode = [](const fs::path& file) { return fs::status(file).permissions(); };
    using fs::perms;
    ASSERT_EQ(run(train_arguments(photo, avatar, 3), folder.path).code, 0);
    EXPECT_EQ(mode(avatar), perms::owner_read | perms::owner_write) << "new ones are private";
    fs::create_symlink("a.likeness", folder.path / "link.likeness");
    fs::permissions(avatar, perms::owner_read | perms::owner_write | perms::group_read);
    const std::string before = content(avatar);
    ASSERT_EQ(run(train_arguments(photo, folder.path / "link.likeness", 4), folder.path).code, 0);
    EXPECT_TRUE(fs::is_symlink(folder.path / "link.likeness"));
    EXPECT_NE(content(avatar), before);
    EXPECT_EQ(mode(avatar), perms::owner_read | perms::owner_write | perms::group_read);
}

TEST_F(Files, AReaderOfErrorsThatGoesAwayEndsNothing) {
    const Outcome outcome =
        shell("{ " + training() + "; echo $? > code; } 2>&1 >/dev/null | head -c 1 >/dev/null", folder.path);
    EXPECT_EQ(content(folder.path / "code"), "0\n") << outcome.err;
    EXPECT_TRUE(load_avatar(avatar, nullptr));
}

TEST_F(Files, ClosedStreamsAreNoFiles) {
    const Outcome outcome = shell(training() + " --log log.jsonl <&- >&- 2>&-", folder.path);
    EXPECT_EQ(outcome.code, 0);
    std::istringstream lines(content(folder.path / "log.jsonl"));
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count)
        EXPECT_TRUE(nlohmann::json::accept(line)) << "progress in the log: " << line;
    EXPECT_GT(count, 0);
    EXPECT_TRUE(load_avatar(avatar, nullptr));
}

TEST_F(Files, LostOutputIsAnError) {
    const std::string info = "\"$LIKENESS\" info '" + trained().string() + "'";
    for (const std::string& line :
         {info + " >/dev/full", info + " --json >/dev/full", info + " >&-",
          std::string("\"$LIKENESS\" --help >/dev/full"), std::string("\"$LIKENESS\" models >/dev/full")}) {
        const Outcome outcome = shell(line, folder.path);
        EXPECT_EQ(outcome.code, output) << line;
        expect_one_sentence(outcome, "tandard output");
    }
    const Outcome log = shell(training() + " --log log.jsonl --quiet; echo $?", folder.path);
    EXPECT_EQ(log.out, "0\n") << log.err;
}

// What a signal would end, did the program not take it for a full disk.
TEST_F(Files, ALimitOnTheSizeOfFilesIsAFullDisk) {
    write_text(avatar, "the old avatar");
    const Outcome outcome = shell("ulimit -f 200; " + training(), folder.path);
    EXPECT_EQ(outcome.code, output) << outcome.err;
    expect_one_sentence(outcome, "a.likeness");
    EXPECT_EQ(content(avatar), "the old avatar");
}

// However little there is: done, or too little memory, in words.
TEST_F(Files, TooLittleMemoryIsAnErrorOfItsOwn) {
    int too_little = 0;
    for (const int mib : {300, 400, 450, 500, 550, 700, 1200}) {
        fs::remove(avatar);
        const Outcome outcome = shell("ulimit -v " + std::to_string(mib * 1024) + "; " + training(), folder.path);
        if (outcome.code == 127) continue;  // not even the libraries fit
        EXPECT_TRUE(outcome.code == 0 || outcome.code == memory)
            << mib << " MiB: " << outcome.code << " " << outcome.err;
        too_little += outcome.code == memory;
        EXPECT_EQ(load_avatar(avatar, nullptr).ok(), outcome.code == 0) << mib;
        EXPECT_EQ(listing(folder.path).size(), outcome.code == 0 ? 2u : 1u);
    }
    EXPECT_GT(too_little, 1);
}

TEST_F(Files, UnreadableInputsAreInputsWhateverTheReason) {
    fs::create_symlink("loop.png", folder.path / "loop.png");
    for (const std::string& file :
         {path("loop.png"), path("photo.png/inside.png"), path(std::string(300, 'n').c_str())}) {
        EXPECT_EQ(run(train_arguments(file, avatar, 3), folder.path).code, input) << file;
        EXPECT_EQ(run({"info", file}, folder.path).code, input) << file;
    }
}

// ---- the studio without a display ----

struct Scripts : Files {
    Scripts() { fs::copy_file(trained(), avatar); }
    std::vector<std::string> script(const std::string& lines) {
        write_text(folder.path / "script.txt", "file.open path=a.likeness\nwait for=idle\n" + lines);
        return {"--headless", "--script", path("script.txt"), "--device", "cpu"};
    }
};

TEST_F(Scripts, AWriteThatFailsIsNoSuccess) {
    EXPECT_EQ(run(script("file.save_as path=no/such/b.likeness"), folder.path).code, output);
    EXPECT_EQ(run(script("file.save_as path=b.likeness"), folder.path, 300'000).code, output) << "nothing waits for it";
    EXPECT_EQ(run(script("file.save_as path=b.likeness\nwait for=idle"), folder.path, 300'000).code, output);
    EXPECT_EQ(run(script("file.export_ply path=b.ply"), folder.path, 100'000).code, output);
    EXPECT_EQ(run(script("capture.screenshot path=b.png width=64 height=64"), folder.path, 1'000).code, output);
    EXPECT_EQ(run(script("capture.screenshot path=a.likeness"), folder.path).code, usage);
    EXPECT_EQ(run(script("file.open path=missing.likeness"), folder.path).code, input);
    EXPECT_EQ(content(avatar), content(trained()));
    EXPECT_EQ(run(script("pose.random seed=1\nfile.save"), folder.path).code, 0);
    EXPECT_NE(content(avatar), content(trained()));
    EXPECT_EQ(listing(folder.path), (std::vector<std::string>{"a.likeness", "photo.png", "script.txt"}));
}

TEST_F(Scripts, ARecordingThatShowsNothingOrThatNobodyReadsIsSaid) {
    write_text(folder.path / "nothing.txt", "capture.record path=n.mp4\ncapture.record on=false\nwait seconds=0.2\n");
    const Outcome nothing = run({"--headless", "--script", path("nothing.txt"), "--device", "cpu"}, folder.path);
    EXPECT_EQ(nothing.code, usage);
    EXPECT_NE(nothing.err.find("'n.mp4' would have no frame"), std::string::npos) << nothing.err;
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    const Outcome unread = run(
        script("capture.record path=pipe\nview.orbit yaw=20\nwait seconds=0.2\ncapture.record on=false"), folder.path);
    EXPECT_EQ(unread.code, output);
    EXPECT_NE(unread.err.find("No program reads from the pipe 'pipe'"), std::string::npos) << unread.err;
    EXPECT_FALSE(fs::exists(folder.path / "n.mp4"));
}

TEST_F(Scripts, ASignalKeepsUnsavedChanges) {
    Program program(
        script("pose.set_expression name=jawOpen value=0.7\nfile.export_ply path=ready.ply\nwait seconds=500"),
        folder.path);
    ASSERT_TRUE(appears(folder.path / "ready.ply")) << program.wait().err;
    program.signal(SIGTERM);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.code, interrupted) << outcome.err;
    EXPECT_EQ(content(avatar), content(trained()));
    ASSERT_EQ(autosaves_of(folder.path).size(), 1u) << outcome.err;
    const Outcome info = run({"info", autosaves_of(folder.path)[0].string(), "--json"}, folder.path);
    EXPECT_NE(info.out.find("jawOpen\": 0.69"), std::string::npos) << "what was not saved";
}

TEST_F(Scripts, ASignalEndsARecordingProperly) {
    for (const int number : {SIGINT, SIGTERM}) {
        const fs::path video = folder.path / ("video-" + std::to_string(number) + ".mp4");
        fs::remove(folder.path / "ready.ply");
        Program program(
            script("capture.record path=" + video.filename().string() +
                   "\nview.orbit yaw=20\nwait seconds=0.5\nfile.export_ply path=ready.ply\nwait seconds=500"),
            folder.path);
        ASSERT_TRUE(appears(folder.path / "ready.ply")) << program.wait().err;
        program.signal(number);
        const Outcome outcome = program.wait();
        EXPECT_EQ(outcome.code, interrupted) << outcome.err;
        auto reader = VideoReader::open(video);
        ASSERT_TRUE(reader) << reader.error().message;
        EXPECT_GT((*reader)->frame_count(), 5);
        const auto frame = (*reader)->next();
        EXPECT_TRUE(frame && *frame);
    }
    for (const std::string& name : listing(folder.path)) EXPECT_NE(name.rfind(".likeness-", 0), 0u) << name;
}

}  // namespace
}  // namespace likeness::test
