#include "tests/studio/studio_fixtures.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/avatar/avatar_file.h"
#include "core/pipeline/playback_match.h"
#include "tests/avatar/avatar_fixtures.h"

namespace likeness::test {

StudioBench::StudioBench(const std::filesystem::path& home, bool interactive, std::shared_ptr<const HeadModel> head)
    : folder(home) {
    StudioOptions options;
    options.folders = {home / "config", home / "state"};
    options.device = "cpu";
    options.interactive = interactive;
    options.head = head ? std::move(head) : ball_head(1);
    options.clock = [clock = time] { return *clock; };
    studio = std::make_unique<Studio>(std::move(options));
}

bool StudioBench::settle_until(const std::function<bool()>& until) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (std::chrono::steady_clock::now() < end) {
        studio->drain();
        if (until()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

bool StudioBench::settle() {
    // Housekeeping too: tests look at what it wrote.
    return settle_until([this] {
        if (!studio->idle()) return false;
        for (const JobInfo& job : studio->jobs().list())
            if (job.quiet && studio->jobs().running(job.id)) return false;
        return true;
    });
}

void StudioBench::run(const std::string& id, const Arguments& arguments) {
    const Status status = studio->execute(id, arguments);
    ASSERT_TRUE(status) << id << ": " << status.error().message;
    ASSERT_TRUE(settle()) << id;
}

std::string StudioBench::take_error() {
    const auto error = studio->messages().dialog();
    studio->messages().dismiss_dialog();
    return error ? error->message : "";
}

std::filesystem::path save_ball(const std::filesystem::path& file, unsigned seed, std::size_t count, bool hair) {
    const Avatar avatar = ball_avatar(seed, count, hair);
    const Status saved = save_avatar(file, avatar, {});
    EXPECT_TRUE(saved);
    return file;
}

std::string ball_face() { return face_stamp(ball_avatar(1, 200, true)); }

}  // namespace likeness::test
