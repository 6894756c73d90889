#include <gtest/gtest.h>
#include <unistd.h>

#include "core/image/load.h"
#include "core/image/save.h"
#include "tests/app/program.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

constexpr int usage = 2, input = 3, output = 4;

class BadInput : public ::testing::Test {
  protected:
    void train_fails(const std::filesystem::path& photo, int code, const std::string& mentions) {
        SCOPED_TRACE(photo);
        write_text(avatar, "the old avatar");
        const auto before = listing(folder.path);
        const Outcome outcome = run(train_arguments(photo, avatar, 3), folder.path);
        EXPECT_EQ(outcome.code, code) << outcome.err;
        expect_one_sentence(outcome, mentions);
        EXPECT_EQ(listing(folder.path), before) << "nothing new, nothing half-written";
        EXPECT_EQ(content(avatar), "the old avatar");
    }
    Outcome fails(const std::vector<std::string>& arguments, int code, const std::string& mentions) {
        const auto before = listing(folder.path);
        const Outcome outcome = run(arguments, folder.path);
        EXPECT_EQ(outcome.code, code) << arguments.back() << ": " << outcome.err;
        if (!mentions.empty()) expect_one_sentence(outcome, mentions);
        EXPECT_EQ(listing(folder.path), before);
        return outcome;
    }
    std::string path(const char* name) const { return (folder.path / name).string(); }

    const TemporaryFolder folder{"app_bad"};
    const std::filesystem::path avatar = folder.path / "old.likeness";
};

TEST_F(BadInput, PhotographsThatAreNone) {
    train_fails(folder.path / "missing.png", input, "missing.png");
    write_text(folder.path / "empty.png", "");
    train_fails(folder.path / "empty.png", input, "empty.png");
    write_text(folder.path / "letter.jpg", "Dear Sir or Madam,\n");
    train_fails(folder.path / "letter.jpg", input, "letter.jpg");
    const std::string whole = content(sample());
    write_text(folder.path / "half.png", whole.substr(0, whole.size() / 2));
    train_fails(folder.path / "half.png", input, "half.png");
    std::filesystem::create_directory(folder.path / "folder.png");
    train_fails(folder.path / "folder.png", input, "folder.png");
    ASSERT_TRUE(save_png(folder.path / "dot.png", Image(1, 1, 3, 0.5f)));
    train_fails(folder.path / "dot.png", input, "dot.png");
}

TEST_F(BadInput, NoFaceAndTooFewFaces) {
    Image gradient(300, 200, 3);
    for (int y = 0; y < 200; ++y)
        for (int x = 0; x < 300; ++x)
            for (int c = 0; c < 3; ++c) gradient.at(x, y)[c] = float(x * (c + 1) + y) / 1100.0f;
    ASSERT_TRUE(save_png(folder.path / "gradient.png", gradient));
    train_fails(folder.path / "gradient.png", input, "gradient.png");
    std::vector<std::string> second = train_arguments(sample(), folder.path / "new.likeness", 3);
    second.insert(second.end(), {"--face", "7"});
    fails(second, usage, "astronaut.png");
    second.back() = "-1";
    EXPECT_LT(fails(second, usage, "").err.size(), 200u) << "one sentence, not the range of a double";
}

TEST_F(BadInput, PlacesThatCannotBeWritten) {
    std::filesystem::create_directories(folder.path / "place.likeness" / "inside");
    fails(train_arguments(sample(), folder.path / "place.likeness", 3), usage, "place.likeness");
    EXPECT_TRUE(std::filesystem::is_directory(folder.path / "place.likeness" / "inside"));
    fails(train_arguments(sample(), folder.path / "no" / "such" / "a.likeness", 3), output, "such");
    fails(train_arguments(sample(), "/proc/likeness-test.likeness", 3), output, "/proc");
    if (::geteuid() != 0) {
        std::filesystem::create_directory(folder.path / "locked");
        std::filesystem::permissions(folder.path / "locked",
                                     std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
        fails(train_arguments(sample(), folder.path / "locked" / "a.likeness", 3), output, "locked");
        std::filesystem::permissions(folder.path / "locked", std::filesystem::perms::owner_all);
    }
    fails({"render", trained().string(), "-o", path("no/such/a.png")}, output, "such");
    fails({"render", trained().string(), "-o", path("a.png"), "--truth", path("no/such/b.png")}, output, "such");
    fails({"export", trained().string(), "-o", path("no/such/a.ply")}, output, "such");
}

TEST_F(BadInput, CommandLinesThatMeanNothing) {
    const std::string avatar_file = trained().string(), png = path("a.png");
    fails({"render", avatar_file, "-o", png, "--set", "earWiggle=1"}, usage, "earWiggle");
    fails({"render", avatar_file, "-o", png, "--set", "head.w=1"}, usage, "head.w");
    fails({"render", avatar_file, "-o", png, "--set", "jawOpen"}, usage, "jawOpen");
    for (const char* value :
         {"jawOpen=", "jawOpen=wide", "jawOpen=1x", "jawOpen=nan", "jawOpen=1e99", "jawOpen=2.1", "jawOpen=-1.1"})
        fails({"render", avatar_file, "-o", png, "--set", value}, usage, "jawOpen");
    for (const char* color : {"#12345", "#gggggg", "mauve", "#1234567", ""}) {
        if (!*color) continue;  // empty: as if not given
        fails({"render", avatar_file, "-o", png, "--background", color}, usage, color);
    }
    for (const char* size : {"0", "-5", "10x", "x10", "10x10x10", "9000", "big", "1e3"})
        fails({"render", avatar_file, "-o", png, "--size", size}, usage, "");
    fails({"render", avatar_file, "-o", path("a.jpg")}, usage, "a.jpg");
    fails({"render", avatar_file, "-o", path("a.mp4")}, usage, "--orbit");
    fails({"export", avatar_file, "-o", path("a.obj")}, usage, "a.obj");
    fails({"render", avatar_file, "-o", png, "--pose", "heroic"}, usage, "");
    fails({"render", avatar_file, "-o", png, "--device", "abacus"}, usage, "");
    fails({"render", avatar_file}, usage, "");
    fails({"train", sample().string()}, usage, "");
    fails({"dance"}, usage, "");
}

TEST_F(BadInput, AvatarsAndCamerasThatAreNone) {
    write_text(folder.path / "letter.likeness", "Dear Sir or Madam,\n");
    const std::string whole = content(trained());
    write_text(folder.path / "half.likeness", whole.substr(0, whole.size() / 2));
    write_text(folder.path / "empty.likeness", "");
    for (const char* name : {"letter.likeness", "half.likeness", "empty.likeness", "missing.likeness"}) {
        fails({"info", path(name)}, input, name);
        fails({"render", path(name), "-o", path("a.png")}, input, name);
        fails({"export", path(name), "-o", path("a.ply")}, input, name);
    }
    fails({"info", folder.path.string()}, input, folder.path.filename().string());
    write_text(folder.path / "camera.json", "{\"width\": 10}");
    fails({"render", trained().string(), "-o", path("a.png"), "--camera", path("camera.json")}, input, "camera.json");
    write_text(folder.path / "camera.json", "{");
    fails({"render", trained().string(), "-o", path("a.png"), "--camera", path("camera.json")}, input, "camera.json");
    fails({"render", trained().string(), "-o", path("a.png"), "--camera", path("missing.json")}, input, "missing.json");
}

// A file may not grow beyond a limit: what a full disk looks like to the program.
TEST_F(BadInput, FullDisk) {
    write_text(avatar, "the old avatar");
    const Outcome outcome = run(train_arguments(sample(), avatar, 2), folder.path, 300'000);
    EXPECT_EQ(outcome.code, output) << outcome.err;
    expect_one_sentence(outcome, "old.likeness");
    EXPECT_EQ(content(avatar), "the old avatar");
    EXPECT_EQ(listing(folder.path), std::vector<std::string>{"old.likeness"});
    const auto full = [&](std::vector<std::string> arguments, const char* name, long limit) {
        SCOPED_TRACE(name);
        write_text(folder.path / name, "old");
        const Outcome failed = run(arguments, folder.path, limit);
        EXPECT_EQ(failed.code, output) << failed.err;
        expect_one_sentence(failed, name);
        EXPECT_EQ(content(folder.path / name), "old");
        EXPECT_EQ(listing(folder.path), (std::vector<std::string>{name, "old.likeness"}));
        std::filesystem::remove(folder.path / name);
    };
    full({"render", trained().string(), "-o", path("b.png"), "--device", "cpu", "--quiet"}, "b.png", 8'000);
    full({"render", trained().string(), "-o", path("b.mp4"), "--orbit", "--frames", "12", "--device", "cpu", "--quiet"},
         "b.mp4", 6'000);
    full({"export", trained().string(), "-o", path("b.ply"), "--quiet"}, "b.ply", 100'000);
}

}  // namespace
}  // namespace likeness::test
