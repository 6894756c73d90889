#include <gtest/gtest.h>

#include <csignal>

#include "core/avatar/avatar_file.h"
#include "tests/app/program.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

TEST(Interrupt, CtrlCWhileTrainingSavesWhatThereIs) {
    const TemporaryFolder folder("app_interrupt");
    const auto file = folder.path / "a.likeness";
    for (const int signal : {SIGINT, SIGTERM}) {
        write_text(file, "the old avatar");
        Program program(train_arguments(sample(), file, 100'000), folder.path);
        ASSERT_TRUE(program.wait_for("Training")) << program.wait().err;
        program.signal(signal);
        const Outcome outcome = program.wait();
        EXPECT_EQ(outcome.code, 130) << outcome.err;
        const auto avatar = load_avatar(file, nullptr);
        ASSERT_TRUE(avatar) << avatar.error().message;
        EXPECT_GT(avatar->splats->count, 3000u);
        EXPECT_NE(outcome.err.find("nterrupted"), std::string::npos) << outcome.err;
        EXPECT_EQ(listing(folder.path), std::vector<std::string>{"a.likeness"});
    }
}

TEST(Interrupt, CtrlCBeforeThereIsAnAvatarWritesNothing) {
    const TemporaryFolder folder("app_early");
    const auto file = folder.path / "a.likeness";
    write_text(file, "the old avatar");
    Program program(train_arguments(sample(), file, 100'000), folder.path);
    ASSERT_TRUE(program.wait_for("Finding the face")) << program.wait().err;
    program.signal(SIGINT);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    EXPECT_EQ(listing(folder.path), std::vector<std::string>{"a.likeness"});
    // The signal may come late on a loaded machine: then there is an avatar, and it is whole.
    EXPECT_TRUE(content(file) == "the old avatar" || load_avatar(file, nullptr)) << outcome.err;
}

TEST(Interrupt, ASecondCtrlCEndsAtOnceAndTouchesNothing) {
    const TemporaryFolder folder("app_twice");
    const auto file = folder.path / "a.likeness";
    write_text(file, "the old avatar");
    Program program(train_arguments(sample(), file, 100'000), folder.path);
    ASSERT_TRUE(program.wait_for("Cutting out")) << program.wait().err;
    program.signal(SIGINT);
    program.signal(SIGTERM);  // two different signals: two equal ones may be delivered as one
    EXPECT_EQ(program.wait().code, 130);
    EXPECT_EQ(content(file), "the old avatar");
}

TEST(Interrupt, KilledHalfWayTheOldFileIsWhole) {
    const TemporaryFolder folder("app_killed");
    const auto file = folder.path / "a.likeness";
    write_text(file, "the old avatar");
    Program program(train_arguments(sample(), file, 100'000), folder.path);
    ASSERT_TRUE(program.wait_for("Training")) << program.wait().err;
    program.signal(SIGKILL);
    EXPECT_EQ(program.wait().code, 128 + SIGKILL);
    EXPECT_EQ(content(file), "the old avatar");
    EXPECT_EQ(listing(folder.path), std::vector<std::string>{"a.likeness"})
        << "nothing is written before it is finished";
}

TEST(Interrupt, CtrlCWhileRenderingAVideoLeavesNoHalfOne) {
    const TemporaryFolder folder("app_video");
    Program program({"render", trained().string(), "-o", (folder.path / "a.mp4").string(), "--orbit", "--frames",
                     "5000", "--size", "256", "--device", "cpu"},
                    folder.path);
    ASSERT_TRUE(program.wait_for("Rendering")) << program.wait().err;
    program.signal(SIGINT);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    EXPECT_TRUE(listing(folder.path).empty());
}

}  // namespace
}  // namespace likeness::test
