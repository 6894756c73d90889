// Recordings of Live Link Face: played, and what was left out is counted.
#include <algorithm>

#include "tests/field/field.h"

namespace likeness::test {
namespace {

class FieldMotions : public Field {};

TEST_F(FieldMotions, RepeatedTimecodesArePlayed) {
    const auto motion = info(field("13_timecodes/llf_repeated_timecode.csv"));
    EXPECT_EQ(motion["frames"], 240);
    EXPECT_NEAR(motion["seconds"].get<double>(), 4, 0.02) << "two frames a code of 30 a second";
    EXPECT_TRUE(motion["notes"].empty()) << motion["notes"];
}

TEST_F(FieldMotions, MidnightIsPassed) {
    const auto motion = info(field("13_timecodes/llf_over_midnight.csv"));
    EXPECT_EQ(motion["frames"], 240);
    EXPECT_NEAR(motion["seconds"].get<double>(), 4, 0.02);
    EXPECT_TRUE(motion["notes"].empty()) << motion["notes"];
}

TEST_F(FieldMotions, BrokenRowsAreLeftOutAndCounted) {
    for (const char* file : {"13_timecodes/llf_cut_last_row.csv", "13_timecodes/llf_one_empty_cell.csv"}) {
        const auto motion = info(field(file));
        EXPECT_EQ(motion["frames"], 119) << file;
        EXPECT_TRUE(notes_say(motion, "1 of its 120 rows could not be used")) << motion["notes"];
    }
}

// On a head: the picture moves, and the log says what was left out.
TEST_F(FieldMotions, AnAvatarPlaysThem) {
    for (const char* file : {"13_timecodes/llf_repeated_timecode.csv", "13_timecodes/llf_over_midnight.csv",
                             "13_timecodes/llf_cut_last_row.csv", "13_timecodes/llf_one_empty_cell.csv"}) {
        const std::string open = "motion.open path=\"" + field(file).string() + "\"";
        const Image first = shown(trained(), {open, "wait for=idle", "motion.seek seconds=0"});
        const Image later = shown(trained(), {open, "wait for=idle", "motion.seek seconds=3.5"});
        EXPECT_GT(difference(first, later), 1e-4) << file;
    }
    const Outcome outcome =
        studio(trained(),
               {"motion.open path=\"" + field("13_timecodes/llf_cut_last_row.csv").string() + "\"", "wait for=idle"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_NE(outcome.err.find("1 of its 120 rows could not be used"), std::string::npos) << outcome.err;
}

// What is no motion says what it is; a video drives (tests/pipeline, tests/studio).
TEST_F(FieldMotions, ASoundIsNoMotion) {
    const auto sound = folder.path / "talk.mp3";
    write_text(sound, std::string("ID3\x04\x00\x00\x00\x00\x00\x00", 10));
    const Outcome outcome = studio(trained(), {"motion.open path=\"" + sound.string() + "\"", "wait for=idle"});
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    EXPECT_NE(outcome.err.find("talk.mp3"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace likeness::test
