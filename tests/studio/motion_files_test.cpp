// Recordings as other programs write them: clocks, gaps, separators, long ones.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ctime>
#include <fstream>

#include "core/motion/motion_track.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

struct Read {
    std::vector<std::string> notes;
    MotionTrack track;
    explicit Read(const std::string& text, const std::string& name = "a.csv") {
        auto read = parse_motion(text, name, &notes);
        EXPECT_TRUE(read) << (read ? "" : read.error().message);
        if (read) track = *std::move(read);
    }
    bool says(const std::string& words) const {
        return std::ranges::any_of(notes, [&](const std::string& n) { return n.find(words) != std::string::npos; });
    }
};

using Times = std::vector<double>;

void expect_times(const Read& read, const Times& expected) {
    ASSERT_EQ(read.track.times.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(read.track.times[i], expected[i], 1e-6) << i;
}

TEST(MotionFiles, AClockGoesOnOverMidnight) {
    const Read read("Timecode,a\n23:59:59:58.0,0\n23:59:59:59.0,0\n00:00:00:00.0,0\n00:00:00:01.0,0\n");
    expect_times(read, {0, 1 / 60.0, 2 / 60.0, 3 / 60.0});
    EXPECT_TRUE(read.notes.empty());
}

TEST(MotionFiles, AClocksFramesAreThoseOfItsRate) {
    std::string text = "Timecode,a\n";
    for (int i = 0; i < 75; ++i)
        text += "10:00:0" + std::to_string(i / 25) + ":" + (i % 25 < 10 ? "0" : "") + std::to_string(i % 25) + ",0\n";
    const Read read(text);
    ASSERT_EQ(read.track.frame_count(), 75u);
    EXPECT_NEAR(read.track.duration(), 3, 1e-6);
    EXPECT_NEAR(read.track.times[30], 1.2, 1e-6);
}

TEST(MotionFiles, FramesOfOneTimeLieBetweenItAndTheNext) {
    expect_times(Read("time,a\n0,0\n0,0\n1,0\n1,0\n1,0\n2,0\n2,0\n"),
                 {0, 0.5, 1, 1 + 1 / 3.0, 1 + 2 / 3.0, 2, 2.5});
    const Read same("time,a\n7,0\n7,0\n7,1\n");
    expect_times(same, {0, 1 / 60.0, 2 / 60.0});
    EXPECT_TRUE(same.says("60 frames a second were assumed"));
}

TEST(MotionFiles, BrokenRowsAreLeftOutAndCounted) {
    // An empty cell, a word, a time that goes back, and a last row that is cut.
    const Read read("time,a,b\n0,1,0\n1,,0\n2,x,0\n3,0.5,0\n2.5,1,1\n4,0.25,0\n5,0.2");
    expect_times(read, {0, 3, 4});
    EXPECT_EQ(read.track.weights, (std::vector<float>{1, 0, 0.5f, 0, 0.25f, 0}));
    EXPECT_TRUE(read.says("4 of its 7 rows could not be used"));
    // Columns of words or of nothing are no controls, and break no row.
    const Read columns("take,a,time,b\none,1,0,\ntwo,0,1,\n");
    EXPECT_EQ(columns.track.names, (std::vector<std::string>{"a"}));
    EXPECT_EQ(columns.track.frame_count(), 2u);
    EXPECT_TRUE(columns.says("2 of its columns hold no numbers"));
}

TEST(MotionFiles, RowsOfValuesThatAreNotFiniteAreLeftOutAndTheOthersKeptAsTheyWere) {
    const Read read("time,a,b\n0,1,0\nnan,1,0\n1,nan,0\n2,0.5,-inf\n3,0.25,0.75\ninf,1,0\n4,1e999,0\n5,0,1\n");
    expect_times(read, {0, 3, 5});
    EXPECT_EQ(read.track.weights, (std::vector<float>{1, 0, 0.25f, 0.75f, 0, 1}));
    EXPECT_TRUE(read.says("5 of its 8 rows could not be used"));
    const Read turned("time,a,HeadYaw,HeadPitch,HeadRoll\n0,1,0.1,0,0\n1,1,nan,0,0\n2,0,0.2,0,0\n");
    expect_times(turned, {0, 2});
    ASSERT_EQ(turned.track.head.size(), 2u);
    EXPECT_TRUE(turned.track.head[1].allFinite());
    EXPECT_TRUE(turned.says("1 of its 3 rows could not be used"));
    // A column without any number is none.
    const Read untimed("time,a\nnan,1\ninf,0\n");
    expect_times(untimed, {0, 1 / 60.0});
    EXPECT_TRUE(untimed.says("60 frames a second were assumed"));
    const auto none = parse_motion("time,a\n0,nan\n1,inf\n", "none.csv");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::bad_input);
    EXPECT_NE(none.error().message.find("none.csv"), std::string::npos) << none.error().message;
}

TEST(MotionFiles, SemicolonsAndDecimalCommas) {
    const Read read("\"time\";\"jawOpen\"\r\n0,5;0,25\r\n1;1\r\n", "excel.csv");
    expect_times(read, {0, 0.5});
    EXPECT_FLOAT_EQ(read.track.weights[0], 0.25f);
    EXPECT_EQ(read.track.names[0], "jawOpen");
    EXPECT_FLOAT_EQ(Read("time\tjawOpen\n0\t0.75\n1\t1\n").track.weights[0], 0.75f);
}

TEST(MotionFiles, TimesInOtherUnitsAndNames) {
    expect_times(Read("timestamp_ms,a\n1000,0\n1040,0\n"), {0, 0.04});
    const Read milliseconds("timestamp,a\n1700000000000,0\n1700000000040,0\n1700000000080,0\n");
    expect_times(milliseconds, {0, 0.04, 0.08});
    EXPECT_TRUE(milliseconds.says("milliseconds"));
    const Read seconds("timestamp,a\n1700000000.5,0\n1700000001,0\n");
    expect_times(seconds, {0, 0.5});
    EXPECT_TRUE(seconds.notes.empty());
    expect_times(Read("frame,fps,a\n10,25,0\n11,25,0\n13,25,0\n"), {0, 0.04, 0.12});
    const Read frames("frame,a\n0,0\n3,0\n");
    expect_times(frames, {0, 0.05});
    EXPECT_TRUE(frames.says("60 frames a second were assumed"));
    EXPECT_TRUE(Read("a\n0\n1\n").says("60 frames a second were assumed"));
    EXPECT_TRUE(Read(R"({"names": ["a"], "frames": [[0], [1]]})").says("30 frames a second were assumed"));
    EXPECT_TRUE(Read(R"({"names": ["a"], "frames": [[0], [1]], "fps": 24})").notes.empty());
}

TEST(MotionFiles, Audio2Face) {
    const Read read(R"({"exportFps": 25, "numPoses": 2, "numFrames": 3, "trackPath": "a.wav",
        "weightMat": [[0, 0.5], [0.25, 0.5], [1, 0]], "facsNames": ["jawOpen", "EyeBlinkLeft"]})",
                    "a2f.json");
    EXPECT_EQ(read.track.names, (std::vector<std::string>{"jawOpen", "eyeBlinkLeft"}));
    expect_times(read, {0, 0.04, 0.08});
    EXPECT_EQ(read.track.weights, (std::vector<float>{0, 0.5f, 0.25f, 0.5f, 1, 0}));
    EXPECT_TRUE(read.notes.empty());
}

// Audio2Face's own controls.
TEST(MotionFiles, FacsControlsMoveTheNearestOfArkit) {
    const Read read(R"({"exportFps": 30, "weightMat": [[0.5, 0.25, 0.75, 1, 0.1], [0, 0, 0, 0, 0]],
        "facsNames": ["jawDrop", "cheekPuffL", "cheekPuffR", "eyesLookLeft", "lipCornerPullerR"]})",
                    "a2f.json");
    EXPECT_EQ(read.track.names, (std::vector<std::string>{"jawOpen", "cheekPuff", "eyeLookOutLeft", "eyeLookInRight",
                                                          "mouthSmileRight"}));
    EXPECT_EQ(std::vector<float>(read.track.weights.begin(), read.track.weights.begin() + 5),
              (std::vector<float>{0.5f, 0.75f, 1, 1, 0.1f}));
    EXPECT_TRUE(read.says("FACS"));
}

TEST(MotionFiles, RowsOfJsonThatGoBackAreLeftOut) {
    const Read read(R"({"names": ["a"], "frames": [{"time": 1, "weights": [0]}, {"weights": [0.5], "time": 0.5},
        {"time": 2, "weights": [1], "more": {"weights": [[3]], "time": "x"}}], "head_pose": [[0,0,0],[1,0,0],[2,0,0]]})",
                    "a.json");
    expect_times(read, {0, 1});
    EXPECT_EQ(read.track.head[1].x(), 2);
    EXPECT_TRUE(read.says("1 of its 3 rows"));
}

TEST(MotionFiles, OtherKindsAreNamed) {
    const auto refused = [](const std::string& bytes, const std::string& name, const std::string& kind) {
        const auto track = parse_motion(bytes, name);
        ASSERT_FALSE(track);
        EXPECT_NE(track.error().message.find(kind), std::string::npos) << track.error().message;
    };
    refused(std::string("\0\0\0\x20" "ftypisom\0\0\2\0", 16), "v.csv", "a video");
    refused("\x89PNG\r\n\x1a\n....", "v.json", "a PNG picture");
    const TemporaryFolder folder("motion_kinds");
    StudioBench bench(folder.path);
    std::ofstream(folder.path / "talk.pdf") << "%PDF-1.7";
    bench.run("motion.open", {{"path", (folder.path / "talk.pdf").string()}});
    const auto problem = bench.studio->messages().dialog();
    ASSERT_TRUE(problem);
    EXPECT_NE(problem->message.find("is a PDF document and no motion"), std::string::npos) << problem->message;
}

long peak_kilobytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

// Of 52 controls at 60 frames a second.
std::string motion_json(int frames) {
    std::string text = "{\"names\": [";
    for (int i = 0; i < 52; ++i) text += (i ? ", \"c" : "\"c") + std::to_string(i) + "\"";
    text += "], \"fps\": 60, \"frames\": [";
    std::string row = "[";
    for (int i = 0; i < 52; ++i) row += (i ? ", 0.1234" : "0.5678") + std::to_string(10 + i);
    row += "]";
    text.reserve(std::size_t(frames) * (row.size() + 2) + 4096);
    for (int i = 0; i < frames; ++i) text += (i ? ",\n" : "") + row;
    return text + "]}";
}

// An hour is 107 MB.
TEST(MotionFiles, AnHourOfJsonTakesLittleBeyondItsTextAndNumbers) {
    constexpr int hour = 216000;
    const auto processor_seconds = [](int frames) {
        const std::string text = motion_json(frames);
        const long before = peak_kilobytes();
        const std::clock_t begin = std::clock();
        const auto track = parse_motion(text, "hour.json");
        const double seconds = double(std::clock() - begin) / CLOCKS_PER_SEC;
        EXPECT_EQ(track ? track->frame_count() : 0, std::size_t(frames));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // these keep memory of their own
        EXPECT_LT(peak_kilobytes() - before, 300 * 1024);
#else
        (void)before;
#endif
        return seconds;
    };
    const double part = processor_seconds(hour / 16), whole = processor_seconds(hour);
    EXPECT_LT(whole, 64 * part) << "the square of 16 is 256";
}

}  // namespace
}  // namespace likeness::test
