// Scripts drive the studio through the same commands; the first error ends them with its line.
#include "core/studio/script.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "core/studio/studio.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

// Runs to the end; the clock moves 50 ms a step.
Status play(StudioBench& bench, const std::string& text) {
    auto script = Script::parse(text, "script");
    if (!script) return script.error();
    for (int i = 0; i < 100000; ++i) {
        bench.studio->drain();
        if (!script->step(*bench.studio)) return script->status();
        *bench.time += 0.05;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return Error{ErrorCode::internal, "endless", ""};
}

TEST(Script, OpensEditsSavesAndReopens) {
    const TemporaryFolder folder("studio_script");
    StudioBench bench(folder.path, false);
    const std::string file = save_ball(folder.path / "a b.likeness").string(),
                      copy = (folder.path / "copy.likeness").string();
    const Status status = play(bench, R"(# a tour
file.open path=")" + file + R"("
wait for=picture
wait for=idle
expect kind=avatar stage=ready dirty=false gaussians=200

  pose.set_expression name=jawOpen value=0.5
view.orbit yaw=30 pitch=-10
expect dirty=true
wait seconds=0.2
file.save_as path=")" + copy + R"("
wait for=idle
expect dirty=false path=")" + copy + R"("
file.open path=/no/such/file.png discard=true
)");
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("'script', line 14"), std::string::npos) << status.error().message;
    EXPECT_NE(status.error().message.find("/no/such/file.png"), std::string::npos) << status.error().message;
    EXPECT_TRUE(std::filesystem::exists(copy));
    EXPECT_NEAR(bench.studio->view().yaw, 0.5236, 1e-3);
}

TEST(Script, WaitsForThePictureOfWhatWasOpenedLast) {
    const TemporaryFolder folder("studio_script");
    StudioBench bench(folder.path, false);
    const std::string first = save_ball(folder.path / "a.likeness").string(),
                      second = save_ball(folder.path / "b.likeness").string();
    const Status status = play(bench, "file.open path=" + first + "\nwait for=picture\nexpect path=" + first +
                                          "\nfile.open path=" + second + "\nwait for=picture\nexpect path=" + second);
    EXPECT_TRUE(status) << status.error().message;
}

TEST(Script, AWriteThatFailsEndsItAlsoWhenAllIsDone) {
    const TemporaryFolder folder("studio_script");
    StudioBench bench(folder.path, false);
    const std::string file = save_ball(folder.path / "a.likeness").string();
    const std::filesystem::path target = folder.path / "b.likeness";
    const std::string begin = "file.open path=\"" + file + "\"\nwait for=picture\n";
    ASSERT_TRUE(play(bench, begin));
    ASSERT_TRUE(bench.studio->execute("file.save_as", {{"path", target.string()}}));
    std::filesystem::create_directory(target);  // after it was looked at
    const Status status = play(bench, "wait for=idle");
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("b.likeness"), std::string::npos) << status.error().message;
}

TEST(Script, JsonIsTheSame) {
    const TemporaryFolder folder("studio_script");
    StudioBench bench(folder.path, false);
    const std::string file = save_ball(folder.path / "a.likeness").string();
    const Status status = play(bench, R"([{"command": "file.open", "args": {"path": ")" + file + R"("}},
        {"command": "wait", "args": {"for": "idle", "timeout": 30}}, {"command": "pose.random", "args": {"seed": 5}},
        {"command": "expect", "args": {"dirty": true}}])");
    EXPECT_TRUE(status) << status.error().message;
}

TEST(Script, ErrorsOfWorkersEndIt) {
    const TemporaryFolder folder("studio_script");
    std::ofstream(folder.path / "bad.likeness") << "PK no avatar";
    const std::string open = "file.open path=\"" + (folder.path / "bad.likeness").string() + "\"\n";
    {
        StudioBench bench(folder.path, false);
        const Status status = play(bench, open + "wait for=picture\nexpect kind=avatar");
        ASSERT_FALSE(status);
        EXPECT_NE(status.error().message.find("line 2"), std::string::npos) << status.error().message;
        EXPECT_NE(status.error().message.find("bad.likeness"), std::string::npos) << status.error().message;
    }
    {
        StudioBench bench(folder.path, false);
        const Status status =
            play(bench, open + "wait for=idle errors=true\nexpect error=\"bad.likeness\"\nexpect kind=empty");
        EXPECT_TRUE(status) << status.error().message;
    }
}

TEST(Script, WhatIsWrongIsSaid) {
    const TemporaryFolder folder("studio_script");
    StudioBench bench(folder.path, false);
    EXPECT_FALSE(Script::parse("view.front\nfile.open path", "x"));
    EXPECT_FALSE(Script::parse("[{\"command\": 3}]", "x"));
    EXPECT_FALSE(Script::parse("[{", "x"));
    EXPECT_FALSE(Script::load(folder.path / "missing"));
    EXPECT_TRUE(play(bench, ""));
    EXPECT_TRUE(play(bench, "# nothing\n\n"));
    for (const char* text :
         {"no.such", "pose.reset_all", "wait", "wait for=godot", "wait for=picture timeout=1", "wait step=5",
          "wait for=idle timeout=x", "expect color=red", "expect dirty=true", "expect error=x", "expect kind=avatar"}) {
        const Status status = play(bench, text);
        ASSERT_FALSE(status) << text;
        EXPECT_NE(status.error().message.find("line 1"), std::string::npos) << status.error().message;
    }
}

}  // namespace
}  // namespace likeness::test
