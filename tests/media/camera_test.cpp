// The camera of the tests is FFmpeg's lavfi device.
#include "core/media/camera.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/media/video_writer.h"
#include "tests/media/numbered.h"

namespace likeness::test {
namespace {

using Clock = std::chrono::steady_clock;

class Cameras : public MediaTest {
  protected:
    // A video of numbered frames as a camera.
    std::string film(int frames, double fps) {
        const std::filesystem::path path = folder_ / "a.mp4";
        auto writer = VideoWriter::create(path, 64, 48, fps);
        EXPECT_TRUE(writer);
        for (int n = 0; n < frames; ++n) EXPECT_TRUE((*writer)->add(numbered(64, 48, n)));
        EXPECT_TRUE((*writer)->finish());
        return "lavfi:movie=" + path.string();
    }
};

std::unique_ptr<LiveSource> open(const std::string& device, const CameraOptions& options = {}) {
    auto camera = open_camera(device, options);
    EXPECT_TRUE(camera) << camera.error().message << camera.error().detail;
    return camera ? std::move(*camera) : nullptr;
}

TEST_F(Cameras, AGraphPlaysAtItsPaceAndEnds) {
    const auto camera = open(film(12, 40));
    ASSERT_TRUE(camera);
    EXPECT_EQ(camera->width(), 64);
    EXPECT_EQ(camera->height(), 48);
    EXPECT_NEAR(camera->fps(), 40, 0.1);
    Clock::time_point begin, last;
    for (int n = 0; n < 12; ++n) {
        auto frame = camera->next();
        ASSERT_TRUE(frame && *frame) << n;
        EXPECT_EQ(number_of(**frame), n);
        EXPECT_NEAR(camera->time(), n / 40.0, 1e-4);
        if (n == 0) begin = camera->captured();
        EXPECT_GE(camera->captured() - begin, std::chrono::milliseconds(25 * n - 1)) << "not before its time";
        EXPECT_GE(camera->captured(), last);
        last = camera->captured();
        EXPECT_LE(last, Clock::now());
    }
    EXPECT_FALSE(*camera->next());
}

TEST_F(Cameras, AreMirroredAndResized) {
    const std::string device = film(3, 100);
    const auto plain = open(device), mirrored = open(device, {.mirror = true});
    const auto half = open(device, {.width = 32, .height = 24});
    ASSERT_TRUE(plain && mirrored && half);
    const Image a = **plain->next(), b = **mirrored->next(), c = **half->next();
    for (int x = 0; x < 64; ++x)
        for (int y = 0; y < 48; ++y) ASSERT_EQ(a.at(x, y)[0], b.at(63 - x, y)[0]);
    EXPECT_EQ(c.width, 32);
    EXPECT_EQ(c.height, 24);
}

TEST_F(Cameras, AreRefusedInASentence) {
    const auto fails = [](const std::string& device, const CameraOptions& options, ErrorCode code) {
        const auto camera = open_camera(device, options);
        ASSERT_FALSE(camera) << device;
        EXPECT_EQ(camera.error().code, code) << device << camera.error().message;
        EXPECT_EQ(camera.error().message.back(), '.');
    };
    fails("/dev/video63", {}, ErrorCode::not_found);
    fails("/dev/null", {}, ErrorCode::device);
    fails("lavfi:no_such_filter", {}, ErrorCode::bad_input);
    fails("lavfi:movie=" + (folder_ / "none.mp4").string(), {}, ErrorCode::bad_input);
    fails("lavfi:sine", {}, ErrorCode::bad_input);
    fails("lavfi:testsrc2", {.width = 640}, ErrorCode::invalid_argument);
    fails("lavfi:testsrc2", {.width = 640, .height = 20000}, ErrorCode::invalid_argument);
    fails("lavfi:testsrc2", {.patience = 0}, ErrorCode::invalid_argument);
    const std::vector<CameraInfo> cameras = list_cameras();
    if (cameras.empty()) fails("", {}, ErrorCode::not_found);
    for (const CameraInfo& camera : cameras) {
        EXPECT_FALSE(camera.name.empty());
        for (std::size_t i = 1; i < camera.modes.size(); ++i)
            EXPECT_GE(camera.modes[i - 1].width * camera.modes[i - 1].height,
                      camera.modes[i].width * camera.modes[i].height);
    }
}

// Gives a frame whenever it is told to; then what `end` says.
class Puppet : public LiveSource {
  public:
    struct Strings {
        std::mutex mutex;
        std::condition_variable changed;
        int allowed = 0, given = 0;
        bool stopped = false;
        std::optional<Result<std::optional<Image>>> end;
        void give(int more) {
            std::unique_lock lock(mutex);
            allowed += more;
            changed.notify_all();
            changed.wait(lock, [&] { return given == allowed && asked > given; });  // the last one has been handed over
        }
        void finish(Result<std::optional<Image>> with) {
            const std::lock_guard lock(mutex);
            end = std::move(with);
            changed.notify_all();
        }
        int asked = 0;
    };
    explicit Puppet(std::shared_ptr<Strings> strings) : strings_(std::move(strings)) {}
    int width() const override { return 64; }
    int height() const override { return 48; }
    double fps() const override { return 30; }
    std::int64_t frame_count() const override { return 0; }
    double time() const override { return strings_->given / 30.0; }
    Clock::time_point captured() const override { return Clock::time_point(std::chrono::seconds(strings_->given)); }
    void stop() override {
        const std::lock_guard lock(strings_->mutex);
        strings_->stopped = true;
        strings_->changed.notify_all();
    }
    Result<std::optional<Image>> next() override {
        std::unique_lock lock(strings_->mutex);
        ++strings_->asked;
        strings_->changed.notify_all();
        strings_->changed.wait(
            lock, [&] { return strings_->stopped || strings_->end || strings_->given < strings_->allowed; });
        if (strings_->given < strings_->allowed) return std::optional(numbered(64, 48, strings_->given++));
        return strings_->end ? *strings_->end : std::optional<Image>();
    }

  private:
    const std::shared_ptr<Strings> strings_;
};

TEST_F(Cameras, TheNewestFrameWinsAndTheOthersAreCounted) {
    const auto strings = std::make_shared<Puppet::Strings>();
    CameraFrames frames(std::make_unique<Puppet>(strings));
    strings->give(1);
    auto frame = frames.next();
    ASSERT_TRUE(frame && *frame);
    EXPECT_EQ((*frame)->number, 0);
    EXPECT_EQ(frames.dropped(), 0);
    strings->give(5);  // nobody takes them
    frame = frames.next();
    ASSERT_TRUE(frame && *frame);
    EXPECT_EQ(number_of((*frame)->picture), 5);
    EXPECT_EQ((*frame)->number, 5);
    EXPECT_EQ((*frame)->captured, Clock::time_point(std::chrono::seconds(6)));
    EXPECT_NEAR((*frame)->seconds, 6 / 30.0, 1e-9);
    EXPECT_EQ(frames.dropped(), 4);
    const auto none = frames.next(0.02);  // it must not wait for ever
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::device);
    strings->give(1);
    EXPECT_EQ((**frames.next()).number, 6) << "and goes on";
    strings->give(1);
    strings->finish(Error{ErrorCode::device, "It was unplugged.", ""});
    EXPECT_EQ((**frames.next()).number, 7) << "what came before is not lost";
    for (int again = 0; again < 2; ++again) EXPECT_EQ(frames.next().error().message, "It was unplugged.");
}

TEST_F(Cameras, EndsWithItsSourceAndBeforeItIfNobodyWants) {
    const auto strings = std::make_shared<Puppet::Strings>();
    { const CameraFrames waiting(std::make_unique<Puppet>(strings)); }
    EXPECT_TRUE(strings->stopped);
    CameraFrames frames(open(film(6, 50)));
    std::int64_t last = -1, taken = 0;
    while (true) {
        auto frame = frames.next();
        ASSERT_TRUE(frame);
        if (!*frame) break;
        EXPECT_GT((*frame)->number, last);
        EXPECT_EQ(number_of((*frame)->picture), (*frame)->number);
        last = (*frame)->number;
        ++taken;
    }
    EXPECT_EQ(last, 5);
    EXPECT_EQ(taken + frames.dropped(), 6);
    const CameraFrames dropped(open("lavfi:testsrc2=size=64x48:rate=1"));  // in the middle of its second
}

}  // namespace
}  // namespace likeness::test
