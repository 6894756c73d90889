#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "core/media/video_reader.h"
#include "core/tracking/face_track.h"
#include "tests/app/program.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Drive : public ::testing::Test {
  protected:
    Outcome drive(const std::string& by, const std::string& output, std::vector<std::string> more = {}) {
        std::vector<std::string> arguments = {"drive", trained().string(), "--by", by,       "-o", output, "--device",
                                              "cpu",   "--size",           "96",   "--quiet"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments, folder.path);
    }
    std::string file(const std::string& name) const { return (folder.path / name).string(); }
    const TemporaryFolder folder{"app_drive"};
};

double apart(const Image& a, const Image& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(double(a.pixels[i]) - double(b.pixels[i]));
    return sum / double(a.pixels.size());
}

TEST_F(Drive, ByAMotionWithGainsAndTimes) {
    write_text(folder.path / "talk.json", R"({"names": ["jawOpen"], "fps": 10, "frames": [{"weights": [0]},
        {"weights": [0.8]}, {"weights": [0.8]}, {"weights": [0]}]})");
    const Outcome outcome = drive(file("talk.json"), file("pictures"), {"--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json summary = json::parse(outcome.out);
    EXPECT_EQ(summary["frames"], 4);
    EXPECT_EQ(summary["relative"], false);
    const auto frame = [&](const std::string& of, int n) {
        return *load_image(folder.path / of / ("frame-00000" + std::to_string(n) + ".png"));
    };
    EXPECT_EQ(frame("pictures", 0).channels, 4);
    EXPECT_GT(apart(frame("pictures", 0), frame("pictures", 1)), 1e-3);
    EXPECT_LT(apart(frame("pictures", 0), frame("pictures", 3)), 1e-4);
    ASSERT_EQ(drive(file("talk.json"), file("still"), {"--gain", "jaw=0", "--from", "0.1"}).code, 0);
    EXPECT_LT(apart(frame("still", 0), frame("pictures", 0)), 1e-4);
    EXPECT_FALSE(fs::exists(folder.path / "still" / "frame-000003.png"));

    expect_one_sentence(drive(file("talk.json"), file("a.mp4"), {"--gain", "nose=2"}), "brows");
    expect_one_sentence(drive(file("talk.json"), file("a.mp4"), {"--side-by-side"}), "talk.json");
    expect_one_sentence(drive(file("talk.json"), file("a.mp4"), {"--from", "5"}), "nothing");
    expect_one_sentence(drive(file("talk.json"), file("a.png")), "a.png");
    expect_one_sentence(drive(file("none.mp4"), file("a.mp4")), "none.mp4");
    EXPECT_FALSE(fs::exists(folder.path / "a.mp4"));
}

// Seconds of the video, also where nobody is in its first frames.
TEST_F(Drive, TimesOfAVideoAreItsOwn) {
    const Image photo = *load_image(sample());
    fs::create_directory(folder.path / "late");
    for (int n = 0; n < 5; ++n)
        ASSERT_TRUE(save_png(folder.path / "late" / (std::to_string(n) + ".png"),
                             n < 2 ? Image(240, 240, 3) : resize(crop(photo, 66 + 4 * n, 0, 300, 300), 240, 240)));
    const auto frames = [&](std::vector<std::string> times) {
        times.push_back("--json");
        const Outcome outcome = drive(file("late"), file("film.mp4"), times);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        return outcome.code == 0 ? json::parse(outcome.out)["frames"].get<int>() : 0;
    };
    EXPECT_EQ(frames({}), 3);  // of whoever is there
    EXPECT_EQ(frames({"--from", "0.12"}), 2);
    EXPECT_EQ(frames({"--to", "0.16"}), 2);
}

TEST_F(Drive, ByPicturesOfSomebodyBesideThem) {
    const Image photo = *load_image(sample());
    fs::create_directory(folder.path / "somebody");
    for (int n = 0; n < 3; ++n)
        ASSERT_TRUE(save_png(folder.path / "somebody" / (std::to_string(n) + ".png"),
                             resize(crop(photo, 70 + 4 * n, 0, 300, 300), 240, 240)));
    const Outcome outcome =
        drive(file("somebody"), file("film.mp4"), {"--side-by-side", "--track", file("somebody.track"), "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json summary = json::parse(outcome.out);
    EXPECT_EQ(summary["frames"], 3);
    EXPECT_EQ(summary["tracked"], 3);
    EXPECT_EQ(summary["relative"], true);
    auto film = VideoReader::open(folder.path / "film.mp4");
    ASSERT_TRUE(film);
    EXPECT_EQ((*film)->width(), 192);
    EXPECT_EQ((*film)->height(), 96);
    // The track does the same without tracking; without its pictures there is nothing beside.
    ASSERT_EQ(drive(file("somebody.track"), file("again.mp4"), {"--side-by-side"}).code, 0);
    fs::rename(folder.path / "somebody", folder.path / "elsewhere");
    EXPECT_EQ(drive(file("somebody.track"), file("alone.mp4")).code, 0);
    expect_one_sentence(drive(file("somebody.track"), file("beside.mp4"), {"--side-by-side"}), "somebody");
    // Other pictures in their place are not taken for them.
    fs::create_directory(folder.path / "somebody");
    fs::copy(folder.path / "elsewhere" / "0.png", folder.path / "somebody");
    const Outcome other = drive(file("somebody.track"), file("other.mp4"), {"--json"});
    ASSERT_EQ(other.code, 0) << other.err;
    EXPECT_NE(other.out.find("another 'somebody'"), std::string::npos) << other.out;
    // One picture makes one.
    ASSERT_EQ(drive((folder.path / "elsewhere" / "0.png").string(), file("face.png")).code, 0);
    EXPECT_EQ(load_image(folder.path / "face.png")->width, 96);
}

// Seen from the side alone nobody is there; of two people the larger one drives, or the one who is asked for.
TEST_F(Drive, ByProfilesAloneOrTwoPeople) {
    fs::create_directory(folder.path / "profiles");
    for (const int yaw : {92, 96, 100})
        ASSERT_EQ(run({"render", trained().string(), "-o", file("profiles/" + std::to_string(yaw) + ".png"), "--yaw",
                       std::to_string(yaw), "--size", "256", "--background", "grey", "--device", "cpu", "--quiet"},
                      folder.path)
                      .code,
                  0);
    const Outcome profiles = drive(file("profiles"), file("film.mp4"));
    EXPECT_EQ(profiles.code, 3);
    expect_one_sentence(profiles, "No face was found in '" + file("profiles") + "'");
    EXPECT_FALSE(fs::exists(folder.path / "film.mp4"));

    const Image large = resize(crop(*load_image(sample()), 90, 0, 300, 300), 300, 300), small = resize(large, 200, 200);
    fs::create_directory(folder.path / "two");
    for (int n = 0; n < 3; ++n) {
        Image both(560, 320, 3, 0.4f);
        for (const auto& [of, left] : {std::pair{&large, 10 + 3 * n}, std::pair{&small, 340}})
            for (int y = 0; y < of->height; ++y) std::copy_n(of->at(0, y), 3 * of->width, both.at(left, 10 + y));
        ASSERT_TRUE(save_png(folder.path / "two" / (std::to_string(n) + ".png"), both));
    }
    const auto at = [&](const char* face) {
        const std::string track = file(std::string("two") + face + ".track");
        const Outcome outcome =
            run({"track", file("two"), "-o", track, "--face", face, "--json", "--quiet"}, folder.path);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_EQ(json::parse(outcome.out)["tracked"], 3);
        const auto read = load_track(track);
        return read ? read->frames[0].landmarks[1].x() : 0;
    };
    EXPECT_LT(at("0"), 320);
    EXPECT_GT(at("1"), 320);
    const Outcome third = run({"track", file("two"), "-o", file("x.track"), "--face", "2", "--quiet"}, folder.path);
    EXPECT_NE(third.code, 0);
    expect_one_sentence(third, "no face 2");
}

// A limit on the size of files is to the program what a full disk is.
TEST_F(Drive, AFullDiskIsSaidAndAnOlderFilmStays) {
    std::string frames = "[0]";
    for (int n = 1; n < 30; ++n) frames += ", [" + std::to_string(0.03 * n) + "]";
    write_text(folder.path / "talk.json", R"({"names": ["jawOpen"], "fps": 30, "frames": [)" + frames + "]}");
    for (const char* name : {"film.mp4", "film.gif", "film.webp"}) {
        write_text(folder.path / name, "the old film");
        const Outcome outcome = run({"drive", trained().string(), "--by", file("talk.json"), "-o", file(name),
                                     "--device", "cpu", "--size", "128", "--quiet"},
                                    folder.path, 5'000);
        EXPECT_EQ(outcome.code, 4) << name << ": " << outcome.err;
        expect_one_sentence(outcome, "nothing of this film is kept");
        EXPECT_EQ(fs::file_size(folder.path / name), 12u);
        fs::remove(folder.path / name);
    }
    EXPECT_EQ(listing(folder.path), std::vector<std::string>{"talk.json"}) << "nothing is left behind";
}

}  // namespace
}  // namespace likeness::test
