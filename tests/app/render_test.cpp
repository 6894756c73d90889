#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/avatar/avatar_file.h"
#include "core/formats/splat_ply.h"
#include "core/geometry/camera_json.h"
#include "core/image/load.h"
#include "core/media/video_reader.h"
#include "tests/app/program.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {
namespace {

using nlohmann::json;

class Render : public ::testing::Test {
  protected:
    // Renders with the arguments and loads the picture.
    Image render(std::vector<std::string> arguments, const std::string& name = "a.png") {
        arguments.insert(arguments.begin(),
                         {"render", trained().string(), "-o", (folder.path / name).string(), "--device", "cpu"});
        const Outcome outcome = run(arguments, folder.path);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        auto image = load_image(folder.path / name);
        EXPECT_TRUE(image) << (image ? "" : image.error().message);
        return image ? *image : Image();
    }
    const TemporaryFolder folder{"app_render"};
};

double difference(const Image& a, const Image& b) {
    if (a.pixels.size() != b.pixels.size()) return 1;
    double sum = 0;
    for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(double(a.pixels[i]) - double(b.pixels[i]));
    return sum / double(a.pixels.size());
}

TEST_F(Render, TransparentUnlessABackgroundIsGiven) {
    const Image clear = render({"--size", "160x120"});
    ASSERT_EQ(clear.width, 160);
    ASSERT_EQ(clear.height, 120);
    ASSERT_EQ(clear.channels, 4);
    EXPECT_EQ(clear.at(1, 1)[3], 0) << "nothing in the corner";
    EXPECT_GT(clear.at(80, 60)[3], 0.95f) << "the face in the middle";
    const Image red = render({"--size", "160x120", "--background", "#ff0000"});
    ASSERT_EQ(red.width, 160);
    ASSERT_TRUE(red.channels == 3 || red.channels == 4);
    for (int i = 0; i < 160 * 120 && red.channels == 4; ++i) ASSERT_EQ(red.pixels[std::size_t(i) * 4 + 3], 1);
    EXPECT_NEAR(red.at(1, 1)[0], 1, 1e-3);
    EXPECT_NEAR(red.at(1, 1)[1], 0, 1e-3);
    // Composited as it should be.
    double worst = 0;
    for (int y = 0; y < 120; ++y)
        for (int x = 0; x < 160; ++x)
            for (int c = 0; c < 3; ++c) {
                const float a = clear.at(x, y)[3];
                worst = std::max(worst,
                                 std::abs(double(clear.at(x, y)[c] * a + (c == 0 ? 1 - a : 0.0f) - red.at(x, y)[c])));
            }
    EXPECT_LT(worst, 0.03);
}

TEST_F(Render, SizesAndAngles) {
    const Image front = render({"--size", "96"});
    EXPECT_EQ(front.width, 96);
    EXPECT_EQ(front.height, 96);
    const Image left = render({"--size", "96", "--yaw", "40"}), right = render({"--size", "96", "--yaw", "-40"}),
                above = render({"--size", "96", "--pitch", "30"});
    EXPECT_GT(difference(front, left), 0.01);
    EXPECT_GT(difference(left, right), 0.01);
    EXPECT_GT(difference(front, above), 0.01);
    EXPECT_LT(difference(front, render({"--size", "96", "--yaw", "360"})), 1e-3);
}

TEST_F(Render, ControlsAndJoints) {
    const Image rest = render({"--size", "96"});
    EXPECT_GT(difference(rest, render({"--size", "96", "--set", "jawOpen=1"})), 1e-3);
    EXPECT_GT(difference(rest, render({"--size", "96", "--set", "head.y=30"})), 1e-2);
    EXPECT_GT(
        difference(render({"--size", "96", "--set", "head.y=30"}), render({"--size", "96", "--set", "head.y=-30"})),
        1e-2);
    EXPECT_EQ(difference(rest, render({"--size", "96", "--set", "jawOpen=0"})), 0);
    EXPECT_GT(difference(rest, render({"--size", "96", "--pose", "source"})), 1e-3);
    EXPECT_GT(difference(rest, render({"--size", "96", "--mesh"})), 1e-2);
}

TEST_F(Render, JointsStayWithinTheirLimits) {
    const auto avatar = load_avatar(trained(), nullptr);
    ASSERT_TRUE(avatar) << avatar.error().message;
    const HeadModel& model = *avatar->model;
    const float limit = model.joint_high(1, model.joint("head"));
    ASSERT_LT(limit, 1.7f);
    const Image far = render({"--size", "96", "--set", "head.y=100"});
    EXPECT_EQ(difference(far, render({"--size", "96", "--set", "head.y=170"})), 0);
    EXPECT_GT(difference(far, render({"--size", "96", "--set", "head.y=20"})), 1e-2);
    const auto exported = [&](const char* setting) {
        const auto file = folder.path / "a.ply";
        const Outcome outcome = run({"export", trained().string(), "-o", file.string(), "--set", setting}, folder.path);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        const auto splats = load_splat_ply(file);
        return splats ? splats->means : std::vector<float>();
    };
    EXPECT_EQ(exported("head.y=100"), exported("head.y=170"));
}

TEST_F(Render, HiddenPartsAreNeitherDrawnNorExported) {
    auto avatar = load_avatar(trained(), nullptr);
    ASSERT_TRUE(avatar) << avatar.error().message;
    const auto save_without = [&](const std::vector<std::string>& hidden) {
        json document = json::parse(avatar->kept->document);
        document["studio"]["hidden_layers"] = hidden;
        avatar->kept.edit().document = document.dump();
        EXPECT_TRUE(save_avatar(folder.path / "hidden.likeness", *avatar, {}));
        return (folder.path / "hidden.likeness").string();
    };
    const auto& parts = avatar->splats->part;
    const auto hair = std::count(parts.begin(), parts.end(), SplatPart::hair);
    ASSERT_GT(hair, 0);
    const std::string bald = save_without({"hair"}), ply = (folder.path / "a.ply").string();
    const Outcome outcome = run({"export", bald, "-o", ply}, folder.path);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const auto splats = load_splat_ply(ply);
    ASSERT_TRUE(splats) << splats.error().message;
    EXPECT_EQ(splats->count, parts.size() - std::size_t(hair));

    const Image whole = render({"--size", "96"});
    const auto png = folder.path / "bald.png";
    ASSERT_EQ(run({"render", bald, "-o", png.string(), "--size", "96", "--device", "cpu"}, folder.path).code, 0);
    const auto shown = load_image(png);
    ASSERT_TRUE(shown) << shown.error().message;
    EXPECT_GT(difference(whole, *shown), 1e-2);

    std::filesystem::remove(ply);
    const std::string nothing = save_without({"skin", "eyes", "mouth", "hair", "cloth", "accessory"});
    const Outcome empty = run({"export", nothing, "-o", ply}, folder.path);
    EXPECT_EQ(empty.code, 3);
    expect_one_sentence(empty, "hidden");
    EXPECT_FALSE(std::filesystem::exists(ply));
}

TEST_F(Render, SourceCameraAndTruth) {
    const auto truth_file = folder.path / "truth.png";
    const Image source = render({"--camera", "source", "--size", "192", "--truth", truth_file.string()});
    const auto truth = load_image(truth_file);
    ASSERT_TRUE(truth) << truth.error().message;
    ASSERT_EQ(truth->channels, 4) << "the matte is its alpha";
    ASSERT_EQ(truth->width, 192);
    ASSERT_EQ(truth->height, 192);
    ASSERT_EQ(source.channels, 4);
    // The same person in the same place: over grey, inside the matte.
    double squared = 0, both = 0, either = 0;
    int count = 0;
    for (int y = 0; y < 192; ++y)
        for (int x = 0; x < 192; ++x) {
            const float ta = truth->at(x, y)[3], ra = source.at(x, y)[3];
            both += ta > 0.5f && ra > 0.5f;
            either += ta > 0.5f || ra > 0.5f;
            if (ta <= 0.5f) continue;
            for (int c = 0; c < 3; ++c) {
                const double d = double(truth->at(x, y)[c] * ta + 0.5f * (1 - ta)) -
                                 double(source.at(x, y)[c] * ra + 0.5f * (1 - ra));
                squared += d * d;
                ++count;
            }
        }
    const double psnr = -10 * std::log10(squared / count);
    RecordProperty("psnr", std::to_string(psnr));
    RecordProperty("outline_iou", std::to_string(both / either));
    EXPECT_GT(psnr, 18);
    EXPECT_GT(both / either, 0.88);
}

TEST_F(Render, InfoAndACameraFromAFile) {
    const Outcome info = run({"info", trained().string(), "--json"}, folder.path);
    ASSERT_EQ(info.code, 0) << info.err;
    const json document = json::parse(info.out);
    EXPECT_EQ(document["format"], "likeness");
    EXPECT_EQ(document["units"], "m");
    EXPECT_EQ(document["controls"].size(), 52u);
    EXPECT_EQ(document["joints"].size(), 6u);
    EXPECT_GT(document["gaussians"].get<int>(), 3000);
    int sum = 0;
    for (const auto& [part, count] : document["gaussians_by_part"].items()) sum += count.get<int>();
    EXPECT_EQ(sum, document["gaussians"].get<int>());
    EXPECT_EQ(document["source"]["file"], "astronaut.png");
    ASSERT_TRUE(camera_from_json(document["source"]["camera"]));

    write_text(folder.path / "camera.json", document["source"]["camera"].dump());
    const Image source = render({"--camera", "source", "--size", "128"});
    const Image same =
        render({"--camera", (folder.path / "camera.json").string(), "--pose", "source", "--size", "128"});
    EXPECT_EQ(difference(source, same), 0);
    const Image neutral = render({"--camera", (folder.path / "camera.json").string(), "--size", "128"});
    EXPECT_GT(difference(source, neutral), 1e-3) << "neutral unless the camera is `source`";
    EXPECT_EQ(difference(neutral, render({"--camera", "source", "--pose", "neutral", "--size", "128"})), 0);
    const Image own_size = render({"--camera", (folder.path / "camera.json").string()});
    EXPECT_EQ(own_size.width, document["source"]["camera"]["width"].get<int>());

    const Outcome plain = run({"info", trained().string()}, folder.path);
    EXPECT_EQ(plain.code, 0);
    EXPECT_NE(plain.out.find("jawOpen"), std::string::npos);
}

TEST_F(Render, ExportsStandardSplats) {
    const Outcome outcome = run(
        {"export", trained().string(), "-o", (folder.path / "a.ply").string(), "--set", "jawOpen=0.5"}, folder.path);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const auto splats = load_splat_ply(folder.path / "a.ply");
    ASSERT_TRUE(splats) << splats.error().message;
    const auto avatar = load_avatar(trained(), nullptr);
    ASSERT_TRUE(avatar);
    EXPECT_EQ(splats->count, avatar->splats->count);
    for (float m : splats->means) ASSERT_LT(std::abs(m), 1.0f) << "metres";
    ASSERT_EQ(run({"export", trained().string(), "-o", (folder.path / "b.ply").string(), "--sh3"}, folder.path).code,
              0);
    EXPECT_GT(std::filesystem::file_size(folder.path / "b.ply"), std::filesystem::file_size(folder.path / "a.ply") * 2);
    EXPECT_EQ(load_splat_ply(folder.path / "b.ply")->count, splats->count);
}

TEST_F(Render, OrbitVideo) {
    const Outcome outcome = run({"render", trained().string(), "-o", (folder.path / "a.mp4").string(), "--orbit",
                                 "--frames", "10", "--fps", "25", "--size", "128x96", "--device", "cpu", "--quiet"},
                                folder.path);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(outcome.err.empty()) << "quiet: " << outcome.err;
    auto video = VideoReader::open(folder.path / "a.mp4");
    ASSERT_TRUE(video) << video.error().message;
    EXPECT_EQ((*video)->width(), 128);
    EXPECT_EQ((*video)->height(), 96);
    EXPECT_NEAR((*video)->fps(), 25, 0.5);
    std::vector<Image> frames;
    while (true) {
        auto next = (*video)->next();
        ASSERT_TRUE(next) << next.error().message;
        if (!*next) break;
        frames.push_back(**next);
    }
    ASSERT_EQ(frames.size(), 10u);
    EXPECT_GT(difference(frames[2], frames[7]), 0.01) << "it turns both ways";
    EXPECT_EQ(listing(folder.path), std::vector<std::string>{"a.mp4"});
}

TEST_F(Render, FilmsOfAllKinds) {
    const auto film = [&](const std::string& output, const std::vector<std::string>& more = {}) {
        std::vector<std::string> words = {"render", trained().string(), "-o", output,     "--orbit", "--frames",
                                          "3",      "--size",           "64", "--device", "cpu",     "--quiet"};
        words.insert(words.end(), more.begin(), more.end());
        return run(words, folder.path);
    };
    for (const char* name : {"a.gif", "a.webp", "a"}) {
        const Outcome outcome = film((folder.path / name).string());
        EXPECT_EQ(outcome.code, 0) << name << outcome.err;
    }
    EXPECT_EQ(listing(folder.path), (std::vector<std::string>{"a", "a.gif", "a.webp"}));
    EXPECT_EQ(listing(folder.path / "a").size(), 3u);
    const auto picture = load_image(folder.path / "a" / "frame-000002.png");
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(picture->channels, 4);
    EXPECT_EQ(film("-").out.size(), 64u * 64 * 3 * 3);
    EXPECT_EQ(film("-", {"--background", "transparent"}).out.size(), 64u * 64 * 4 * 3);
    EXPECT_EQ(film("a.png").code, 2) << "a film is no picture";
}

TEST_F(Render, ModelsAndHelp) {
    const Outcome models = run({"models", "--json"}, folder.path);
    EXPECT_EQ(models.code, 0) << models.out;
    for (const json& model : json::parse(models.out)) {
        EXPECT_TRUE(model["name"].is_string());
        EXPECT_TRUE(model["path"].is_string() || !model["needed"].get<bool>()) << model;
    }
    EXPECT_EQ(run({"--help"}, folder.path).code, 0);
    EXPECT_EQ(run({"--version"}, folder.path).code, 0);
    EXPECT_EQ(run({"--diagnose"}, folder.path).code, 0);
    EXPECT_EQ(run({"--no-such-option"}, folder.path).code, 2);
}

TEST(Train, JsonSummaryFirstPictureSheetAndLog) {
    const TemporaryFolder folder("app_train");
    std::vector<std::string> arguments = train_arguments(sample(), folder.path / "a.likeness", 6);
    arguments.insert(arguments.end(),
                     {"--json", "--quiet", "--log", (folder.path / "log.jsonl").string(), "--first-picture",
                      (folder.path / "first.png").string(), "--sheet", (folder.path / "sheet.png").string()});
    const Outcome outcome = run(arguments, folder.path);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    // LiteRT greets on standard error by itself; nothing else is said.
    EXPECT_TRUE(outcome.err.empty() || outcome.err == "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
        << outcome.err;
    const json summary = json::parse(outcome.out);
    EXPECT_EQ(summary["steps"], 6);
    EXPECT_EQ(summary["interrupted"], false);
    EXPECT_LT(summary["landmark_model_error"], 0.03);
    EXPECT_GT(summary["gaussians"], 3000);
    EXPECT_TRUE(load_image(folder.path / "first.png"));
    EXPECT_TRUE(load_image(folder.path / "sheet.png"));
    const std::string log = content(folder.path / "log.jsonl");
    EXPECT_TRUE(json::parse(log.substr(0, log.find('\n')))["step"].is_number());
    EXPECT_EQ(listing(folder.path), (std::vector<std::string>{"a.likeness", "first.png", "log.jsonl", "sheet.png"}));

    // The same seed gives the same avatar.
    ASSERT_EQ(run(train_arguments(sample(), folder.path / "b.likeness", 6), folder.path).code, 0);
    const auto a = load_avatar(folder.path / "a.likeness", nullptr),
               b = load_avatar(folder.path / "b.likeness", nullptr);
    ASSERT_TRUE(a && b);
    EXPECT_TRUE(a->splats->offset == b->splats->offset && a->splats->albedo == b->splats->albedo &&
                a->splats->opacity_logit == b->splats->opacity_logit);
    EXPECT_TRUE(a->neutral() == b->neutral());
}

}  // namespace
}  // namespace likeness::test
