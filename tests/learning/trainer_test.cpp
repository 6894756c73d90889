#include "core/learning/trainer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <limits>
#include <new>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/avatar/avatar_file.h"
#include "core/base/failure.h"
#include "tests/avatar/avatar_fixtures.h"
#include "tests/formats/temporary_folder.h"
#include "tests/learning/forwarding_engine.h"

namespace likeness::test {
namespace {

using nlohmann::json;

constexpr int side = 48;

// A covered ball to learn, seeded with other colors. The photograph shows the front only.
struct Job {
    Avatar avatar = ball_avatar(1, 10, false);
    Photo photo;
    Part<AnchoredSplats> seed;
    TrainerOptions options;

    Job() {
        cover(avatar, 0.014f);
        photo = photo_of(avatar, side);
        Random random(4);
        for (float& a : avatar.splats.edit().albedo) a = std::clamp(a + uniform(random, -0.3f, 0.3f), 0.0f, 1.0f);
        avatar.source.edit().camera = photo.camera;
        avatar.source.edit().pose = photo.pose;
        seed = avatar.splats;
        options.steps = 30;
        options.resolution = side;
        options.snapshot_every = 5;
    }
    Trainer trainer(std::unique_ptr<TrainingEngine> engine = make_cpu_training_engine()) {
        return {avatar, std::make_shared<const PhotoEvidence>(PhotoEvidence{photo, {}, {}}), options,
                std::move(engine)};
    }
};

bool same(const AnchoredSplats& a, const AnchoredSplats& b) {
    return a.count == b.count && a.offset == b.offset && a.log_scale == b.log_scale && a.rotation == b.rotation &&
           a.albedo == b.albedo && a.opacity_logit == b.opacity_logit && a.atlas == b.atlas && a.part == b.part;
}

void expect_loadable(const Avatar& avatar) {
    const TemporaryFolder folder("trainer");
    for (const auto* list : {&avatar.splats->offset, &avatar.splats->log_scale, &avatar.splats->rotation,
                             &avatar.splats->albedo, &avatar.splats->opacity_logit})
        for (float v : *list) ASSERT_TRUE(std::isfinite(v));
    ASSERT_TRUE(save_avatar(folder.path / "a.likeness", avatar, {}));
    const auto loaded = load_avatar(folder.path / "a.likeness", avatar.model);
    ASSERT_TRUE(loaded) << loaded.error().message << " " << loaded.error().detail;
    EXPECT_TRUE(same(*loaded->splats, *avatar.splats));
}

TEST(Trainer, ModulesTakePart) {
    // All that a photograph shows is asked to be darker than it is.
    class Darker : public TrainingModule {
      public:
        bool takes_part(StepStage stage) const override { return stage == StepStage::picture; }
        void forward(StepStage, const StepArrays&) override {}
        void backward(StepStage, const StepArrays& a) override {
            const std::size_t values = std::size_t(a.frames) * std::size_t(a.width) * std::size_t(a.height) * 3;
            for (std::size_t i = 0; i < values; ++i) a.grad_color[i] += 1.0f / float(a.width * a.height);
        }
    };
    Job job;
    const auto brightness = [&](const TrainingModules& modules) {
        Trainer trainer(job.avatar, std::make_shared<const PhotoEvidence>(PhotoEvidence{job.photo, {}, {}}),
                        job.options, make_cpu_training_engine(), modules);
        Progress progress;
        trainer.run(progress);
        double sum = 0;
        for (const float value : trainer.avatar().splats->albedo) sum += double(value);
        return sum;
    };
    EXPECT_LT(brightness({std::make_shared<Darker>()}), 0.98 * brightness({}));
}

TEST(Trainer, LearnsAndReports) {
    Job job;
    job.options.steps = 150;
    Trainer trainer = job.trainer();
    EXPECT_EQ(trainer.snapshots().latest(), nullptr);
    double last = -1;
    Progress progress([&](double fraction, const std::string& stage) {
        EXPECT_GE(fraction, last);
        EXPECT_LE(fraction, 1);
        EXPECT_FALSE(stage.empty());
        last = fraction;
    });
    const Photo& photo = job.photo;
    const auto error = [&] {
        const Frame frame = render(trainer.avatar(), photo.pose, photo.camera);
        double sum = 0;
        for (std::size_t i = 0; i < frame.color.pixels.size(); ++i)
            sum += std::abs(double(frame.color.pixels[i] - photo.color.pixels[i] * photo.alpha.pixels[i / 3]));
        return sum / double(frame.color.pixels.size());
    };
    const double before = error();
    const TrainerReport report = trainer.run(progress);
    EXPECT_LT(error(), 0.75 * before);
    EXPECT_EQ(report.steps, 150);
    EXPECT_FALSE(report.stopped_early);
    EXPECT_EQ(report.gaussians, trainer.avatar().splats->count);
    EXPECT_GT(report.gaussians, job.seed->count) << "Gaussians were added where the picture was worst";
    EXPECT_GT(report.psnr, 20);
    EXPECT_FALSE(report.device.empty());
    EXPECT_GT(last, 0.9);
    expect_loadable(trainer.avatar());
    // What was seen last is what is kept.
    ASSERT_NE(trainer.snapshots().latest(), nullptr);
    EXPECT_EQ(trainer.snapshots().latest()->step, 150);
    EXPECT_TRUE(same(*trainer.snapshots().latest()->splats, *trainer.avatar().splats));
}

TEST(Trainer, SameSeedSameAvatar) {
    AnchoredSplats results[3];
    for (int i = 0; i < 3; ++i) {
        Job job;
        job.options.steps = 40;
        job.options.seed = i == 2 ? 8 : 7;
        Progress progress;
        Trainer trainer = job.trainer();
        trainer.run(progress);
        results[i] = *trainer.avatar().splats;
    }
    EXPECT_TRUE(same(results[0], results[1]));
    EXPECT_FALSE(same(results[0], results[2])) << "another seed, another avatar";
}

TEST(Trainer, SnapshotsAndLog) {
    const TemporaryFolder folder("trainer_log");
    Job job;
    job.options.log = folder.path / "log.jsonl";
    std::vector<int> seen;
    Trainer trainer = job.trainer();
    Progress progress([&](double, const std::string&) {
        if (const auto latest = trainer.snapshots().latest())
            if (seen.empty() || seen.back() != latest->step) seen.push_back(latest->step);
    });
    trainer.run(progress);
    EXPECT_EQ(seen, (std::vector<int>{0, 5, 10, 15, 20, 25}));
    std::ifstream log(job.options.log);
    std::string line;
    std::vector<int> logged;
    while (std::getline(log, line)) {
        const json entry = json::parse(line);
        logged.push_back(entry.at("step"));
        for (const char* member : {"loss", "psnr", "gaussians", "seconds", "resolution"})
            EXPECT_TRUE(entry.at(member).is_number()) << member;
        EXPECT_EQ(entry["resolution"], logged.back() <= 5 ? side / 2 : side)
            << "coarse first, at step " << logged.back();
    }
    EXPECT_EQ(logged, (std::vector<int>{0, 5, 10, 15, 20, 25, 30, 30}));
}

TEST(Trainer, NoStepsKeepTheSeed) {
    Job job;
    job.options.steps = 0;
    Trainer trainer = job.trainer();
    Progress progress;
    const TrainerReport report = trainer.run(progress);
    EXPECT_EQ(report.steps, 0);
    EXPECT_TRUE(same(*trainer.avatar().splats, *job.seed));
    EXPECT_NE(trainer.snapshots().latest(), nullptr);
}

TEST(Trainer, TheCapHolds) {
    Job job;
    job.options.cap = job.seed->count + 9;
    Progress progress;
    const TrainerReport report = job.trainer().run(progress);
    EXPECT_LE(report.gaussians, job.options.cap);
    EXPECT_GT(report.gaussians, 0u);
}

TEST(Trainer, StopEndsAfterTheStepInHand) {
    Job job;
    Trainer trainer = job.trainer();
    int reports = 0;
    Progress progress([&](double, const std::string&) {
        if (++reports == 13) trainer.stop();
    });
    const TrainerReport report = trainer.run(progress);
    EXPECT_EQ(report.steps, 13);
    EXPECT_FALSE(report.stopped_early);
    EXPECT_FALSE(same(*trainer.avatar().splats, *job.seed));
    EXPECT_EQ(trainer.snapshots().latest()->step, 13) << "the last state, not only the last regular snapshot";
    expect_loadable(trainer.avatar());
}

TEST(Trainer, CancelKeepsTheLastState) {
    for (const int snapshot_every : {5, 1000}) {
        Job job;
        job.options.snapshot_every = snapshot_every;
        Trainer trainer = job.trainer();
        Progress* cancel = nullptr;
        int reports = 0;
        Progress progress([&](double, const std::string&) {
            if (++reports == 18) cancel->cancel();  // noticed when step 19 reports
        });
        cancel = &progress;
        EXPECT_THROW(trainer.run(progress), Cancelled);
        EXPECT_FALSE(same(*trainer.avatar().splats, *job.seed)) << "what was learned is there, snapshot or not";

        Job stopped;  // the same number of steps, ended by stop()
        stopped.options.snapshot_every = snapshot_every;
        Trainer other = stopped.trainer();
        int steps = 0;
        Progress quiet([&](double, const std::string&) {
            if (++steps == 18) other.stop();
        });
        other.run(quiet);
        EXPECT_TRUE(same(*trainer.avatar().splats, *other.avatar().splats)) << "the state after the last whole step";
        expect_loadable(trainer.avatar());
    }
}

// Here and below the trainer runs on the main thread: OpenCV's thread-local data, whose end ThreadSanitizer takes for
// a misused mutex, then outlive the test.
TEST(Trainer, PauseAndResume) {
    Job job, plain;
    Trainer trainer = job.trainer();
    std::atomic<int> reports = 0;
    Progress progress([&](double, const std::string&) {
        if (++reports == 7) trainer.pause();
    });
    std::thread viewer([&] {
        while (reports < 7) std::this_thread::yield();
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        EXPECT_EQ(reports, 7) << "a paused trainer waits";
        const auto paused_at = trainer.snapshots().latest();
        EXPECT_TRUE(paused_at && paused_at->step == 5) << "and can be looked at";
        trainer.resume();
    });
    const TrainerReport report = trainer.run(progress);
    viewer.join();
    EXPECT_EQ(report.steps, 30);
    Progress quiet;
    Trainer unpaused = plain.trainer();
    unpaused.run(quiet);
    EXPECT_TRUE(same(*trainer.avatar().splats, *unpaused.avatar().splats)) << "a pause changes nothing";
}

TEST(Trainer, StopAndCancelReachAPausedTrainer) {
    for (const bool cancel : {false, true}) {
        Job job;
        Trainer trainer = job.trainer();
        std::atomic<int> reports = 0;
        Progress progress([&](double, const std::string&) {
            if (++reports == 7) trainer.pause();
        });
        std::thread viewer([&] {
            while (reports < 7) std::this_thread::yield();
            if (cancel)
                progress.cancel();
            else
                trainer.stop();
        });
        bool cancelled = false;
        try {
            trainer.run(progress);
        } catch (const Cancelled&) {
            cancelled = true;
        }
        viewer.join();
        EXPECT_EQ(cancelled, cancel);
        expect_loadable(trainer.avatar());
    }
}

// The processor's engine, to which something happens at one step.
class FaultyEngine final : public ForwardingEngine {
  public:
    enum class Fault {
        not_finite,
        memory,
        memory_in_load_splats,
        memory_in_densify,
        device,
        device_in_splats,  // whoever asks for the Gaussians after step `at` gets none
    };
    FaultyEngine(Fault fault, int at) : fault_(fault), at_(at) {}
    void load_splats(const AnchoredSplats& splats) override {
        if (fault_ == Fault::memory_in_load_splats && steps_ >= at_) throw std::bad_alloc();
        inner_->load_splats(splats);
    }
    Ancestry densify(const DensifyOptions& options) override {
        if (fault_ == Fault::memory_in_densify) throw std::bad_alloc();
        return inner_->densify(options);
    }
    std::optional<StepLoss> step(std::span<const int> views, const std::array<float, 3>& background,
                                 float rate_scale) override {
        if (steps_++ == at_) {
            if (fault_ == Fault::memory) throw std::bad_alloc();
            if (fault_ == Fault::device) throw DeviceFailure("launch: unspecified launch failure");
            if (fault_ == Fault::not_finite)
                return inner_->step(views, {std::numeric_limits<float>::quiet_NaN(), 0, 0}, rate_scale);
        }
        return inner_->step(views, background, rate_scale);
    }
    AnchoredSplats splats() const override {
        if (fault_ == Fault::device_in_splats && steps_ > at_)
            throw DeviceFailure("download: unspecified launch failure");
        return inner_->splats();
    }

  private:
    Fault fault_;
    int at_, steps_ = 0;
};

TEST(Trainer, FaultsKeepTheLastGoodState) {
    using Fault = FaultyEngine::Fault;
    for (const auto& [fault, at, code] : {std::tuple{Fault::not_finite, 22, ErrorCode::internal},
                                          {Fault::not_finite, 0, ErrorCode::internal},
                                          {Fault::memory, 23, ErrorCode::out_of_memory},
                                          {Fault::memory_in_load_splats, 5, ErrorCode::out_of_memory},
                                          {Fault::memory_in_densify, 10, ErrorCode::out_of_memory},
                                          {Fault::device, 22, ErrorCode::device},
                                          {Fault::device, 0, ErrorCode::device},
                                          // Asked for a snapshot.
                                          {Fault::device_in_splats, 17, ErrorCode::device}}) {
        SCOPED_TRACE(testing::Message() << int(fault) << " at " << at);
        Job job;
        Trainer trainer = job.trainer(std::make_unique<FaultyEngine>(fault, at));
        Progress progress;
        TrainerReport report;
        ASSERT_NO_THROW(report = trainer.run(progress));
        ASSERT_TRUE(report.stopped_early) << at;
        EXPECT_EQ(report.stopped_early->code, code);
        EXPECT_NE(report.stopped_early->message.find("the avatar is kept as it was at the last snapshot"),
                  std::string::npos)
            << report.stopped_early->message;
        EXPECT_FALSE(report.stopped_early->detail.empty());
        EXPECT_LT(report.steps, 30);
        EXPECT_TRUE(same(*trainer.avatar().splats, *trainer.snapshots().latest()->splats))
            << "what the viewer shows is what is kept";
        EXPECT_EQ(same(*trainer.avatar().splats, *job.seed), at == 0);
        EXPECT_EQ(report.gaussians, trainer.avatar().splats->count);
        expect_loadable(trainer.avatar());
    }
}

// Nothing is kept that could be used, and nobody is told so.
TEST(Trainer, ASeedThatIsNotFiniteIsNotCalledKept) {
    Job job;
    job.avatar.splats.edit().albedo[5] = std::numeric_limits<float>::quiet_NaN();
    Trainer trainer = job.trainer();
    Progress progress;
    const TrainerReport report = trainer.run(progress);
    ASSERT_TRUE(report.stopped_early);
    const std::string& message = report.stopped_early->message;
    EXPECT_NE(message.find("what it began with cannot be used either"), std::string::npos) << message;
    EXPECT_EQ(message.find("kept"), std::string::npos) << message;
    const TemporaryFolder folder("trainer_seed");
    EXPECT_FALSE(save_avatar(folder.path / "a.likeness", trainer.avatar(), {})) << "and it is not written";
    EXPECT_EQ(folder.files(), 0);
}

// Cancelled while the device fails: the steps since the last snapshot are lost, and nothing else.
TEST(Trainer, CancellingADeviceThatFailedKeepsTheLastSnapshot) {
    Job job;
    job.options.snapshot_every = 10;
    Trainer trainer = job.trainer(std::make_unique<FaultyEngine>(FaultyEngine::Fault::device_in_splats, 17));
    Progress* cancel = nullptr;
    int reports = 0;
    Progress progress([&](double, const std::string&) {
        if (++reports == 18) cancel->cancel();
    });
    cancel = &progress;
    EXPECT_THROW(trainer.run(progress), Cancelled);
    ASSERT_NE(trainer.snapshots().latest(), nullptr);
    EXPECT_EQ(trainer.snapshots().latest()->step, 10);
    EXPECT_TRUE(same(*trainer.avatar().splats, *trainer.snapshots().latest()->splats));
    EXPECT_FALSE(same(*trainer.avatar().splats, *job.seed));
    expect_loadable(trainer.avatar());
}

TEST(Trainer, ADamagedPhotographStopsAtOnceAndKeepsTheSeed) {
    Job job;
    job.photo.alpha.pixels[100] = std::numeric_limits<float>::quiet_NaN();
    Progress progress;
    Trainer trainer = job.trainer();
    const TrainerReport report = trainer.run(progress);
    ASSERT_TRUE(report.stopped_early);
    EXPECT_TRUE(same(*trainer.avatar().splats, *job.seed));
    expect_loadable(trainer.avatar());
}

TEST(Trainer, AViewerWatchesFromAnotherThread) {
    Job job;
    job.options.snapshot_every = 1;
    Trainer trainer = job.trainer();
    std::atomic<bool> done = false;
    std::atomic<int> seen = 0;
    std::thread viewer([&] {
        int last = -1;
        while (!done) {
            if (const auto latest = trainer.snapshots().latest(); latest && latest->step != last) {
                EXPECT_GT(latest->step, last);
                last = latest->step;
                double sum = 0;
                for (float a : latest->splats->albedo) sum += double(a);
                EXPECT_TRUE(std::isfinite(sum));
                EXPECT_EQ(latest->splats->albedo.size(), latest->splats->count * 3);
                ++seen;
            }
            std::this_thread::yield();
        }
    });
    Progress progress;
    trainer.run(progress);
    done = true;
    viewer.join();
    EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace likeness::test
