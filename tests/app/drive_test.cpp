#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/image/load.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "core/media/video_reader.h"
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

}  // namespace
}  // namespace likeness::test
