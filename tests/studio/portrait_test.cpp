// The main job on the sample portrait: dropped, seen, trained, steered, saved; and everything that may go wrong.
#include <gtest/gtest.h>

#include <Eigen/Geometry>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

#include "core/avatar/avatar_file.h"
#include "core/base/failure.h"
#include "core/base/parallel.h"
#include "core/document/pose_tools.h"
#include "core/head/mediapipe_landmarks.h"
#include "core/image/load.h"
#include "core/image/save.h"
#include "core/studio/script.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/head/head_fixtures.h"
#include "tests/learning/forwarding_engine.h"
#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

namespace fs = std::filesystem;

struct Bench : StudioBench {
    explicit Bench(const fs::path& home, int steps = 30, const std::string& device = "cpu") : StudioBench(home) {
        StudioOptions options;
        options.folders = {home / "config", home / "state"};
        options.device = device;
        options.head = real_head();
        studio = std::make_unique<Studio>(std::move(options));
        studio->execute("train.set_steps", {{"value", steps}}).ok();
        studio->execute("train.set_resolution", {{"value", 128}}).ok();
        studio->execute("train.set_cap", {{"value", 70000}}).ok();
    }
    bool until_seen() {
        return settle_until(
            [this] { return studio->document().has_avatar() || studio->document().stage == DocumentStage::failed; });
    }
};

const fs::path sample = fs::path(LIKENESS_SAMPLE_FOLDER) / "astronaut.png";

TEST(Portrait, FromFileToTrainedAvatar) {
    const TemporaryFolder folder("studio_portrait");
    Bench bench(folder.path);
    Studio& studio = *bench.studio;
    const fs::path photo = folder.path / "somebody.png";
    fs::copy_file(sample, photo);
    ASSERT_TRUE(studio.execute("file.open", {{"path", photo.string()}}));
    ASSERT_TRUE(bench.settle_until([&] { return studio.document().source != nullptr; }));
    EXPECT_EQ(studio.document().stage, DocumentStage::preparing) << "the photograph is there before the avatar";
    EXPECT_TRUE(studio.scene().empty());
    ASSERT_TRUE(bench.until_seen());
    const Document& d = studio.document();
    ASSERT_EQ(d.stage, DocumentStage::ready) << bench.take_error();
    EXPECT_EQ(studio.training().step, 0) << "seen before it was trained";
    EXPECT_TRUE(d.dirty());
    fs::remove(photo);  // training goes on without the file
    ASSERT_TRUE(d.source->landmarks && d.source->fit);
    EXPECT_EQ(d.source->faces.size(), 1u);
    const Eigen::Vector3f iris = (*d.source->landmarks)[468];
    EXPECT_TRUE(iris.x() > 0 && iris.x() < float(d.source->picture->width)) << "landmarks are in the picture's pixels";

    const Part<AnchoredSplats> seeded = d.avatar().splats;
    // Turned, posed and reshaped while it trains.
    std::uint64_t version = 0;
    int changes = 0;
    double longest = 0;
    SplatSet posed;
    while (!studio.idle()) {
        const auto begin = std::chrono::steady_clock::now();
        studio.drain();
        longest = std::max(longest, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
        if (studio.scene().version != version) {
            version = studio.scene().version;
            if (++changes == 3) {
                ASSERT_TRUE(studio.execute("pose.set_expression", {{"name", "mouthSmileLeft"}, {"value", 0.7}}));
                ASSERT_TRUE(studio.execute("identity.set", {{"name", "nose-width1"}, {"value", 0.5}}));
            }
            const ForegroundWork precedence;
            pose_scene(studio.scene(), posed);
            EXPECT_GT(posed.count, 10000u);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    RecordProperty("longest_drain_ms", std::to_string(1000 * longest));
    EXPECT_EQ(bench.take_error(), "");
    EXPECT_EQ(studio.training().state, TrainingState::finished);
    EXPECT_EQ(studio.training().step, 30);
    ASSERT_GE(studio.training().curve.size(), 2u);
    EXPECT_GT(studio.training().curve.back().psnr, 15);
    EXPECT_GT(studio.training().steps_per_second, 0);
    EXPECT_FALSE(studio.training().stages.empty()) << "the panel says where a step's time goes";
    EXPECT_TRUE(d.avatar().prepared());
    EXPECT_TRUE(d.avatar().neutral() != as_fitted(d.avatar()).neutral()) << "the shape was changed";
    EXPECT_EQ(d.avatar().splats->count, d.avatar().splats->anchor.size());
    EXPECT_NE(d.avatar().splats->albedo, seeded->albedo) << "it learned";

    // More steps from where it is.
    ASSERT_TRUE(studio.execute("train.set_steps", {{"value", 10}}));
    const auto before = d.avatar().splats;
    bench.run("train.start");
    EXPECT_EQ(studio.training().step, 10);
    EXPECT_NE(d.avatar().splats->albedo, before->albedo);

    bench.run("file.save_as", {{"path", (folder.path / "x.likeness").string()}});
    EXPECT_EQ(bench.take_error(), "");
    const auto saved = load_avatar(folder.path / "x.likeness", real_head());
    ASSERT_TRUE(saved) << saved.error().message;
    EXPECT_EQ(saved->splats->albedo, d.avatar().splats->albedo) << "what was seen is what is saved";
    EXPECT_EQ(saved->person->identity, d.avatar().person->identity);
    const Avatar fitted = as_fitted(d.avatar());
    EXPECT_EQ(std::ranges::count(d.avatar().splats->part, SplatPart::accessory), 0) << "she wears none";
    const auto seen = d.avatar().source->landmarks;
    ASSERT_EQ(seen.size(), std::size_t(landmarks::count));
    bench.run("file.open", {{"path", (folder.path / "x.likeness").string()}});
    EXPECT_TRUE(as_fitted(d.avatar()).neutral() == fitted.neutral())
        << "the way back is kept, hair too";
    EXPECT_NEAR(d.avatar().identity_change->added.cwiseAbs().maxCoeff(), 0.5f, 1e-5f);
    EXPECT_EQ(studio.unavailable("train.start"), "") << "the crop that it learns from is in the file";
    ASSERT_TRUE(d.source->landmarks) << "and the landmarks, in the crop's pixels";
    const Camera& camera = d.avatar().source->camera;
    const PosedHead head = pose_head(*d.model(), fitted.head(), d.avatar().source->pose);
    float error = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        EXPECT_LT(((*d.source->landmarks)[i] - seen[i]).cwiseAbs().maxCoeff(), 0.006f);
        const SurfacePoint& on_head = d.model()->landmarks(landmarks::scheme)[i];
        error += (camera.project(surface_position(head.vertices, d.model()->triangles, on_head)) - seen[i].head<2>())
                     .norm() /
                 float(seen.size());
    }
    EXPECT_LT(error, 0.02f * float(camera.width)) << "they lie where the fitted head has them";
}

TEST(Portrait, AReopenedAvatarIsFittedAgain) {
    const TemporaryFolder folder("studio_refit");
    const fs::path photo = folder.path / "somebody.png", file = folder.path / "somebody.likeness";
    fs::copy_file(sample, photo);
    Avatar first;
    {
        Bench bench(folder.path / "first", 5);
        bench.run("file.open", {{"path", photo.string()}});
        first = bench.studio->document().avatar();
        bench.run("file.save_as", {{"path", file.string()}});
    }
    fs::remove(photo);
    Bench bench(folder.path / "second", 5);
    Studio& studio = *bench.studio;
    bench.run("file.open", {{"path", file.string()}});
    bench.run("pose.set_expression", {{"name", "jawOpen"}, {"value", 0.4}});
    const HeadPose posed = *studio.document().state.pose;
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(studio.unavailable("source.refit"), "");
        bench.run("source.refit");
        EXPECT_EQ(bench.take_error(), "");
        const Document& d = studio.document();
        ASSERT_EQ(d.stage, DocumentStage::ready);
        EXPECT_EQ(studio.training().state, TrainingState::finished) << "it was trained from the beginning";
        EXPECT_EQ(*d.state.pose, posed) << "edits stay";
        EXPECT_EQ(d.path, file);
        EXPECT_TRUE(d.dirty());
        const SourceView &before = *first.source, &now = *d.avatar().source;
        EXPECT_EQ(now.file, "somebody.png");
        EXPECT_EQ(now.picture->width, before.picture->width) << "the crop does not shrink";
        EXPECT_NEAR(now.camera.fx / before.camera.fx, 1, 1e-4) << "the same lens";
        EXPECT_NEAR(now.camera.cx, before.camera.cx, 0.5);
        EXPECT_NEAR(now.camera.cy, before.camera.cy, 0.5);
        const Eigen::Vector2f nose = before.camera.project(head_middle(first));
        EXPECT_LT((now.camera.project(head_middle(d.avatar())) - nose).norm(), 0.02f * float(now.camera.width));
        // How large and how far away a head is, one picture tells roughly; its shape it tells well.
        Eigen::Matrix3Xf face(3, landmarks::face_count), again(3, landmarks::face_count);
        for (int k = 0; k < landmarks::face_count; ++k) {
            const SurfacePoint& point = first.model->landmarks(landmarks::scheme)[std::size_t(k)];
            face.col(k) = surface_position(first.head().vertices, first.model->triangles, point);
            again.col(k) = surface_position(d.avatar().head().vertices, first.model->triangles, point);
        }
        const Eigen::Matrix4f onto = Eigen::umeyama(again, face, true);
        EXPECT_NEAR(onto.col(0).head<3>().norm(), 1, 0.06);
        const Eigen::Matrix3Xf moved = (onto.topLeftCorner<3, 3>() * again).colwise() + onto.topRightCorner<3, 1>();
        EXPECT_LT((moved - face).colwise().norm().mean(), 0.002f) << "metres";
        ASSERT_TRUE(d.source->fit);
        EXPECT_LT(d.source->fit->landmark_error, 0.01f) << "of the distance of the eyes";
        ASSERT_TRUE(d.source->landmarks);
        EXPECT_EQ(d.source->crop_side, d.source->picture->width);
    }
}

TEST(Portrait, SteeredAndCancelledAtEveryStage) {
    const TemporaryFolder folder("studio_steer");
    Bench bench(folder.path, 100000);
    Studio& studio = *bench.studio;
    const auto job = [&](const std::string& begin) {
        for (const JobInfo& info : studio.jobs().list())
            if (info.state == JobState::running && info.name.starts_with(begin)) return info;
        return JobInfo{};
    };
    // While it is opened: nothing is open. While it is prepared: the photograph stays, with what happened.
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample.string()}}));
    ASSERT_TRUE(studio.execute("task.cancel_all"));
    ASSERT_TRUE(bench.settle_until([&] { return studio.idle() || studio.document().source; }));
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample.string()}}));
    ASSERT_TRUE(bench.settle_until([&] { return studio.document().source != nullptr; }));
    for (const double fraction : {-1.0, 0.05, 0.2, 0.4, 0.6, 0.8}) {
        ASSERT_TRUE(
            bench.settle_until([&] { return job("Preparing").id > 0 && job("Preparing").fraction > fraction; }));
        ASSERT_TRUE(studio.execute("task.cancel", {{"id", job("Preparing").id}}));
        ASSERT_TRUE(bench.settle());
        EXPECT_EQ(studio.document().stage, DocumentStage::failed);
        EXPECT_EQ(bench.take_error(), "") << "a person who cancels needs no dialog";
        EXPECT_EQ(studio.training().state, TrainingState::none);
        EXPECT_FALSE(studio.document().dirty());
        if (fraction < 0.8) {
            ASSERT_TRUE(studio.execute("source.refit"));
        }
    }

    // Again, and pause, resume, pause and stop.
    ASSERT_TRUE(studio.execute("source.refit"));
    ASSERT_TRUE(bench.settle_until([&] { return !studio.training().curve.empty(); }));
    ASSERT_TRUE(studio.execute("train.pause"));
    EXPECT_TRUE(job("Training").paused) << "the status line says so";
    EXPECT_FALSE(job("Training").seconds_left);
    EXPECT_EQ(studio.training().state, TrainingState::paused);
    EXPECT_FALSE(studio.execute("train.pause"));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    studio.drain();
    const int held = studio.training().curve.back().step;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    studio.drain();
    EXPECT_EQ(studio.training().curve.back().step, held);
    EXPECT_TRUE(studio.training().steps_per_second > 0);
    ASSERT_TRUE(studio.execute("train.toggle"));
    EXPECT_FALSE(job("Training").paused);
    ASSERT_TRUE(bench.settle_until([&] { return studio.training().curve.back().step > held; }));
    ASSERT_TRUE(studio.execute("train.pause"));
    ASSERT_TRUE(studio.execute("train.stop"));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(studio.training().state, TrainingState::finished);
    const auto learned = studio.document().avatar().splats;

    // A cancelled training keeps what was learned.
    ASSERT_TRUE(studio.execute("train.start"));
    EXPECT_FALSE(studio.execute("train.start"));
    ASSERT_TRUE(bench.settle_until([&] { return !studio.training().curve.empty(); }));
    ASSERT_TRUE(studio.execute("train.pause"));
    ASSERT_TRUE(studio.execute("task.cancel", {{"id", job("Training").id}}));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(studio.training().state, TrainingState::finished);
    EXPECT_NE(studio.document().avatar().splats->albedo, learned->albedo);
    EXPECT_EQ(bench.take_error(), "");

    // Another document while it trains, and the end while the next one is prepared.
    ASSERT_TRUE(studio.execute("train.start"));
    ASSERT_TRUE(bench.settle_until([&] { return !studio.training().curve.empty(); }));
    ASSERT_TRUE(
        studio.execute("file.open", {{"path", save_ball(folder.path / "ball.likeness").string()}, {"discard", true}}));
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(studio.document().name, "ball");
    EXPECT_EQ(studio.training().state, TrainingState::none);
    EXPECT_EQ(studio.document().avatar().splats->count, studio.document().avatar().splats->count);
    ASSERT_TRUE(studio.execute("file.open", {{"path", sample.string()}}));
    ASSERT_TRUE(bench.settle_until([&] { return job("Preparing").fraction > 0.1; }));
    bench.crash();
}

// The CPU's engine, which fails at a step.
class FailingEngine final : public ForwardingEngine {
  public:
    explicit FailingEngine(bool memory) : memory_(memory) {}
    std::optional<StepLoss> step(std::span<const int> views, const std::array<float, 3>& background,
                                 float rate_scale) override {
        if (++steps_ == 15 && memory_) throw std::bad_alloc();
        if (steps_ == 15) throw NotFinite("not finite");
        return inner_->step(views, background, rate_scale);
    }

  private:
    bool memory_;
    int steps_ = 0;
};

TEST(Portrait, AnAvatarFromAFileTrainsOn) {
    const TemporaryFolder folder("studio_portrait_again");
    const fs::path file = folder.path / "a.likeness";
    std::size_t before = 0;
    {
        Bench bench(folder.path, 10);
        ASSERT_TRUE(bench.studio->execute("file.open", {{"path", sample.string()}}));
        ASSERT_TRUE(bench.settle());
        bench.run("file.save_as", {{"path", file.string()}});
        before = bench.studio->document().avatar().splats->count;
    }
    Bench bench(folder.path, 10);
    Studio& studio = *bench.studio;
    bench.run("file.open", {{"path", file.string()}});
    EXPECT_EQ(studio.unavailable("train.start"), "");
    ASSERT_TRUE(studio.execute("train.start"));
    EXPECT_FALSE(studio.execute("train.start")) << "the photograph is being looked at";
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(bench.take_error(), "");
    EXPECT_EQ(studio.training().state, TrainingState::finished);
    EXPECT_EQ(studio.training().step, 10);
    ASSERT_FALSE(studio.training().curve.empty());
    EXPECT_GT(studio.training().curve.back().psnr, 22) << "it looks like its photograph";
    EXPECT_GT(studio.document().avatar().splats->count, before / 2) << "it went on from what was learned";
    EXPECT_TRUE(studio.document().dirty());
}

TEST(Portrait, ATrainerThatFailsKeepsItsLastSnapshot) {
    const TemporaryFolder folder("studio_failing");
    for (const bool memory : {false, true}) {
        const std::string name = memory ? "no memory" : "no number";
        register_device({name, [memory, name]() -> Result<Device> {
                             return Device{name, "made up", make_cpu_rasterizer,
                                           [memory](TrainingPace) { return std::make_unique<FailingEngine>(memory); }, {}};
                         }});
        Bench bench(folder.path, 30, name);
        bench.run("file.open", {{"path", sample.string()}});
        const Studio& studio = *bench.studio;
        EXPECT_NE(bench.take_error(), "");
        EXPECT_EQ(studio.training().state, TrainingState::failed);
        ASSERT_TRUE(studio.training().problem);
        EXPECT_EQ(studio.training().problem->code, memory ? ErrorCode::out_of_memory : ErrorCode::internal);
        EXPECT_EQ(studio.next_training().cap < 70000, memory) << "the next one asks for less";
        EXPECT_EQ(studio.document().stage, DocumentStage::ready);
        for (float a : studio.document().avatar().splats->albedo) ASSERT_TRUE(std::isfinite(a));
        bench.run("file.save_as", {{"path", (folder.path / "kept.likeness").string()}});
        EXPECT_EQ(bench.take_error(), "");
        EXPECT_EQ(studio.unavailable("train.start"), "");
    }
    // A device that is not there is no reason not to work.
    Bench bench(folder.path, 1, "gone");
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(bench.studio->device()->name, "cpu");
    bool warned = false;
    for (const Message& m : bench.studio->messages().newer_than()) warned |= m.text.find("'gone'") != std::string::npos;
    EXPECT_TRUE(warned);
}

TEST(Portrait, NoFaceIsAStateOfTheDocument) {
    const TemporaryFolder folder("studio_noface");
    Bench bench(folder.path);
    ASSERT_TRUE(save_png(folder.path / "grey.png", Image(200, 200, 3, 0.5f)));
    bench.run("file.open", {{"path", (folder.path / "grey.png").string()}});
    EXPECT_EQ(bench.studio->document().stage, DocumentStage::failed);
    ASSERT_TRUE(bench.studio->document().problem);
    EXPECT_NE(bench.take_error().find("grey.png"), std::string::npos);
    EXPECT_TRUE(bench.studio->document().source->picture) << "it can still be looked at";
    EXPECT_FALSE(bench.studio->document().dirty());
    EXPECT_FALSE(bench.studio->execute("train.start"));
}

TEST(Portrait, FacesAreChosenAmong) {
    const TemporaryFolder folder("studio_faces");
    Bench bench(folder.path, 0);
    const auto one = load_picture(sample);
    ASSERT_TRUE(one);
    // The same person twice, side by side.
    const Image& a = one->image;
    Image two(2 * a.width, a.height, 3);
    for (int y = 0; y < a.height; ++y)
        for (int x = 0; x < 2 * a.width; ++x) std::copy_n(a.at(x % a.width, y), 3, two.at(x, y));
    ASSERT_TRUE(save_png(folder.path / "two.png", two));
    bench.run("file.open", {{"path", (folder.path / "two.png").string()}});
    const Document& d = bench.studio->document();
    ASSERT_EQ(d.stage, DocumentStage::ready) << bench.take_error();
    ASSERT_GE(d.source->faces.size(), 2u);
    EXPECT_EQ(d.source->face, 0);
    const float first = (*d.source->landmarks)[1].x();
    fs::remove(folder.path / "two.png");
    bench.run("source.choose_face", {{"face", 1}});
    EXPECT_EQ(d.source->face, 1);
    EXPECT_GT(std::abs((*d.source->landmarks)[1].x() - first), 300) << "the other one";
    EXPECT_FALSE(bench.studio->execute("source.choose_face", {{"face", 9}}));
}

TEST(Portrait, AScriptWaitsForSteps) {
    const TemporaryFolder folder("studio_portrait_script");
    Bench bench(folder.path, 20);
    auto script =
        Script::parse("file.open path=\"" + sample.string() +
                          "\"\nwait for=picture\nwait step=10\nexpect kind=avatar gaussians=10000\nwait for=training\n"
                          "train.set_steps value=5\ntrain.start\nwait step=50",
                      "steps");
    ASSERT_TRUE(script);
    while (bench.studio->drain(), script->step(*bench.studio))
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ASSERT_FALSE(script->status());
    EXPECT_NE(script->status().error().message.find("line 8: Training ended before step 50"), std::string::npos)
        << script->status().error().message;
}

}  // namespace
}  // namespace likeness::test
