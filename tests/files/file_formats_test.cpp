// The list of formats: whatever is in it is recognised, read, written and offered.
#include "core/files/file_formats.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/avatar/avatar_file.h"
#include "core/image/save.h"
#include "core/motion/tracked_motion.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/formats/temporary_folder.h"
#include "tests/tracking/small_track.h"

namespace likeness {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

// Something of each content.
FileValue value_of(FileContent content) {
    switch (content) {
        case FileContent::avatar:
            return test::ball_avatar(1, 50, true);
        case FileContent::splats: {
            SplatSet splats;
            splats.resize(3);
            for (std::size_t i = 0; i < 3; ++i) {
                splats.means[3 * i] = float(i);
                for (int k = 0; k < 3; ++k) splats.scales[3 * i + std::size_t(k)] = 0.01f;
                splats.rotations[4 * i] = 1;
                splats.opacities[i] = 0.5f;
            }
            return splats;
        }
        case FileContent::picture: {
            LoadedImage picture;
            picture.image = Image(3, 2, 3);
            picture.image.pixels[4] = 1;
            return picture;
        }
        case FileContent::motion:
            return MotionTrack{};
        case FileContent::environment:
            break;
    }
    return EnvironmentMap{};
}

TEST(FileFormats, EachNamesItselfOnce) {
    std::set<std::string> ids;
    for (const auto& format : file_formats()) {
        EXPECT_TRUE(ids.insert(format->id()).second) << format->id();
        EXPECT_FALSE(format->title().empty());
        ASSERT_FALSE(format->endings().empty()) << format->id();
        for (const std::string& ending : format->endings()) {
            EXPECT_EQ(ending.front(), '.');
            EXPECT_EQ(format_of("no such file" + ending, std::array{format->holds()})->holds(), format->holds());
        }
    }
}

TEST(FileFormats, WhatIsWrittenIsRecognisedWhateverItsNameAndReadAgain) {
    const TemporaryFolder folder("file_formats");
    int written = 0;
    for (const auto& format : file_formats()) {
        if (!format->writes()) continue;
        ++written;
        const fs::path file = folder.path / ("a" + format->endings().front()), renamed = folder.path / "renamed.txt";
        ASSERT_TRUE(format->write(value_of(format->holds()), file, {})) << format->id();
        EXPECT_EQ(format_to_write(file, format->holds()), format.get());
        fs::rename(file, renamed);
        ASSERT_EQ(format_of(renamed, openable), format.get());
        HeadRegistry heads(test::ball_head(1));
        const auto read = format->read(renamed, {&heads});
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(FileContent(read->index()), format->holds());
    }
    EXPECT_GE(written, 3);
}

TEST(FileFormats, OtherContentsAndFormatsThatOnlyReadAreRefusedInWords) {
    const TemporaryFolder folder("file_formats_refused");
    for (const auto& format : file_formats()) {
        const fs::path file = folder.path / ("b" + format->endings().front());
        const FileContent other = format->holds() == FileContent::splats ? FileContent::picture : FileContent::splats;
        const Status status = format->write(value_of(format->writes() ? other : format->holds()), file, {});
        ASSERT_FALSE(status) << format->id();
        EXPECT_NE(status.error().message.find(format->title()), std::string::npos) << status.error().message;
        EXPECT_FALSE(fs::exists(file));
    }
}

TEST(FileFormats, DamagedFilesOfEachAreErrorsThatNameThem) {
    const TemporaryFolder folder("file_formats_damaged");
    for (const auto& format : file_formats()) {
        const fs::path file = folder.path / ("damaged" + format->endings().front());
        std::ofstream(file) << "not much";
        const auto read = format->read(file, {});
        ASSERT_FALSE(read) << format->id();
        EXPECT_NE(read.error().message.find(file.string()), std::string::npos) << read.error().message;
        EXPECT_FALSE(format->read(folder.path / "missing", {})) << format->id();
    }
}

TEST(FileFormats, ContentComesBeforeTheEnding) {
    const TemporaryFolder folder("file_formats_content");
    const fs::path json = folder.path / "motion.jpg", csv = folder.path / "MOTION.CSV", text = folder.path / "text.txt";
    std::ofstream(json) << "\n  {\"names\": []}";
    std::ofstream(csv) << "jawOpen\n0.5\n";
    std::ofstream(text) << "hello";
    EXPECT_EQ(format_of(json, openable)->id(), "json");
    EXPECT_EQ(format_of(csv, openable)->id(), "csv");
    EXPECT_EQ(format_of(text, openable), nullptr);
    EXPECT_EQ(format_of(csv, std::array{FileContent::picture}), nullptr);
    EXPECT_EQ(read_file_as<MotionTrack>(*format_of(csv, openable), csv)->names, std::vector<std::string>{"jawOpen"});
    EXPECT_EQ(with_ending("anna", FileContent::avatar), "anna.likeness");
    EXPECT_EQ(with_ending("anna.LIKENESS", FileContent::avatar), "anna.LIKENESS");
    EXPECT_EQ(with_ending("anna.b", FileContent::avatar), "anna.b.likeness");
    EXPECT_EQ(file_endings(FileContent::picture, true), ".png");
}

// What no format reads is named in messages, by its first bytes or, where it has no mark, by its name.
TEST(FileFormats, UnknownFilesAreNamed) {
    const TemporaryFolder folder("file_kinds");
    const auto kind = [&](const char* name, const std::string& begin) {
        std::ofstream(folder.path / name, std::ios::binary) << begin;
        return kind_of_file(folder.path / name);
    };
    EXPECT_EQ(kind("a.bin", "NGSP\x02"), "Gaussian splats in SPZ form");
    EXPECT_EQ(kind("a.SPZ", "\x1f\x8b\x08"), "Gaussian splats in SPZ form");
    EXPECT_EQ(kind("a.gz", "\x1f\x8b\x08"), "a compressed file");
    EXPECT_EQ(kind("a.splat", std::string(32, '\1')), "Gaussian splats in the form of .splat files");
    EXPECT_EQ(kind("a.ksplat", std::string(2, '\0')), "Gaussian splats in KSPLAT form");
    EXPECT_EQ(kind("a.csv", std::string("\0\0\0\x20"
                                        "ftypisom",
                                        12)),
              "a video");
    EXPECT_EQ(kind("a.jpg", std::string("\0\0\0\x20"
                                        "ftypheic",
                                        12)),
              "a HEIC picture");
    EXPECT_EQ(kind("a.likeness", "%PDF-1.7"), "a PDF document");
    EXPECT_EQ(kind("a", ""), "");
    EXPECT_EQ(kind("b", "Dear Sir or Madam"), "");
    EXPECT_EQ(kind_of_file(folder.path / "missing"), "");
    HeadRegistry heads;
    const auto avatar = load_avatar(folder.path / "a.bin", &heads);
    ASSERT_FALSE(avatar);
    EXPECT_NE(avatar.error().message.find("Gaussian splats in SPZ form"), std::string::npos) << avatar.error().message;
}

TEST(FileFormats, ATrackedVideoIsAMotion) {
    TemporaryFolder folder("track_format");
    using enum FrameState;
    FaceTrack track = test::small_track({no_face, tracked, no_face, tracked});
    const fs::path file = folder.path / "clip.zip";  // known by its content
    ASSERT_TRUE(save_track(file, track));
    const FileFormat* format = format_of(file, openable);
    ASSERT_TRUE(format);
    EXPECT_EQ(format->id(), "track");
    const auto read = format->read(file, {});
    ASSERT_TRUE(read) << read.error().message;
    const auto& motion = std::get<MotionTrack>(*read);
    ASSERT_EQ(motion.frame_count(), 3u);  // from the first that was tracked
    EXPECT_NEAR(motion.times[1], 0.1, 1e-6);
    PoseSample sample;
    ASSERT_TRUE(motion.sample(0, sample));
    EXPECT_FLOAT_EQ(sample.weights[0], 0.1f);
    ASSERT_TRUE(sample.head);
    EXPECT_LT((*sample.head - Eigen::Vector3f(0, 0.2f, 0)).norm(), 1e-5f);
    // What was not tracked lies between what was ...
    ASSERT_TRUE(motion.sample(0.1, sample));
    EXPECT_NEAR(sample.weights[0], 0.2f, 1e-5f);
    // ... in one shot, and where that is not long ago.
    const auto held = [&](FaceTrack gap) { return motion_of(gap, nullptr).weights[2]; };
    track.frames[2].pose.controls[0] = 0.7f;  // whatever it says
    EXPECT_NEAR(held(track), 0.2f, 1e-5f);
    FaceTrack other = track;
    other.frames[3].cut = true;
    EXPECT_NEAR(held(other), 0.1f, 1e-5f);
    other = track;
    other.frames[3].seconds = 3;
    EXPECT_NEAR(held(other), 0.1f, 1e-5f);
    for (TrackedFrame& frame : track.frames) frame.state = FrameState::no_face;
    ASSERT_TRUE(save_track(file, track));
    EXPECT_EQ(format->read(file, {}).error().code, ErrorCode::bad_input);
}

}  // namespace
}  // namespace likeness
