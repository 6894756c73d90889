// Tracks the videos (likeness-bench track), makes an avatar of each portrait, and drives them; one JSON line a video,
// an avatar and a video, then a summary. docs/measures.md defines the numbers.
#include "bench/drive_bench.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <random>
#include <thread>

#include "bench/figures.h"
#include "bench/metrics/identity.h"
#include "bench/metrics/measure_statistics.h"
#include "bench/portrait_measures.h"
#include "bench/shoulders.h"
#include "bench/subjects.h"
#include "bench/track_bench.h"
#include "core/document/session_file.h"
#include "core/image/save.h"
#include "core/media/frame_source.h"
#include "core/pipeline/drive_avatar.h"
#include "core/pipeline/live_driver.h"

namespace {

namespace fs = std::filesystem;
using namespace likeness;
using bench::rounded;
using bench::Subject;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr int picture_size = 512;
constexpr std::int64_t identity_step = 10;  // frames between those whose identity is measured
constexpr int still_frames = 48;
constexpr float still_noise = 2.0f / 255;  // of a camera's pixels, standard deviation
constexpr double live_warm_up = 2;         // seconds

template <class T>
T checked(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return *std::move(result);
}
void check(const Status& status) {
    if (!status) throw std::runtime_error(status.error().message);
}

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Options {
    fs::path folder, keep;
    std::vector<std::string> videos;
    PortraitJobOptions job;
    std::size_t most = 4;  // avatars
};

DriveOptions drive_options(const Avatar& avatar) {
    DriveOptions options;
    options.retarget.relative = true;
    options.camera = default_camera(avatar, picture_size, picture_size);
    return options;
}

struct Driven {
    double seconds = 0;  // of all frames: decoding, retargeting, rendering
    std::int64_t frames = 0;
    std::vector<double> identity;
};

// Every frame of the video, as `likeness drive` makes it but for the film's encoding.
Driven drive(const Subject& subject, const Driver& driver, AvatarRenderer& renderer, metrics::IdentityScore& score,
             const fs::path& keep) {
    const HeadPose rest = HeadPose::neutral(*subject.avatar.model);
    const DriveOptions options = drive_options(subject.avatar);
    const auto own = checked(score.describe(renderer.render(subject.avatar, rest, options.camera)));
    Driven driven;
    std::vector<Image> measured;  // after the clock has stopped: it would run beside the rendering
    Progress progress;
    const auto start = Clock::now();
    check(drive_avatar(subject.avatar, rest, driver, options, renderer, progress, [&](Image frame) -> Status {
        if (driven.frames++ % identity_step == 0) measured.push_back(std::move(frame));
        return {};
    }));
    driven.seconds = since(start);
    for (std::size_t k = 0; k < measured.size(); ++k) {
        driven.identity.push_back(checked(score.distance(own, measured[k])).value);
        if (!keep.empty())
            check(save_png(keep / (std::to_string(std::int64_t(k) * identity_step) + ".png"), measured[k]));
    }
    return driven;
}

// From when a frame was taken to when the avatar's picture of it is in memory, the frames coming at the video's rate;
// milliseconds. A frame that is not the newest when the one before is done is dropped, as a live program does.
std::vector<double> live_delays(HeadRegistry& heads, const fs::path& video, const Subject& subject,
                                AvatarRenderer& renderer) {
    auto source = checked(open_frames(video));
    std::vector<std::pair<double, Image>> frames;
    while (frames.size() < 300) {
        auto frame = checked(source->next());
        if (!frame) break;
        frames.emplace_back(source->time(), *std::move(frame));
    }
    LiveDriver driver(std::make_shared<PortraitTools>(checked(PortraitTools::load(heads))), source->fps());
    const HeadPose rest = HeadPose::neutral(*subject.avatar.model);
    const ExpressionMatch match(*subject.avatar.model, subject.avatar.head());
    const DriveOptions options = drive_options(subject.avatar);
    std::vector<double> delays;
    std::size_t next = 0;
    const auto start = Clock::now();
    while (next < frames.size()) {
        while (next + 1 < frames.size() && frames[next + 1].first <= since(start)) ++next;
        const double taken = frames[next].first;
        if (taken > since(start)) std::this_thread::sleep_until(start + std::chrono::duration<double>(taken));
        check(driver.add(frames[next].second, taken, Clock::now()));
        HeadPose pose = rest;
        if (PoseSample sample; driver.sample(0, sample)) {
            apply_sample(driver.names(), sample, *subject.avatar.model, pose);
            match.apply(sample.face, pose);
        }
        (void)renderer.render(subject.avatar, pose, options.camera, options.background);
        if (taken >= live_warm_up) delays.push_back(1000 * (since(start) - taken));
        ++next;
    }
    return delays;
}

// How far the shoulders move when the driver keeps still before a camera with noise.
double still_shoulders(HeadRegistry& heads, const fs::path& video, const Subject& subject, const fs::path& temporary) {
    auto source = checked(open_frames(video));
    const auto first = checked(source->next());
    if (!first) throw std::runtime_error("'" + video.string() + "' has no frame.");
    std::mt19937 random(7);
    std::normal_distribution<float> noise(0, still_noise);
    const fs::path folder = temporary / "still";
    fs::create_directories(folder);
    for (int n = 0; n < still_frames; ++n) {
        Image frame = *first;
        for (float& x : frame.pixels) x = std::clamp(x + noise(random), 0.0f, 1.0f);
        check(save_png(folder / (std::to_string(n) + ".png"), frame, {.compression = 1}));
    }
    Progress progress;
    const Driver driver = checked(open_driver(folder, heads, {}, progress));
    fs::remove_all(folder);
    const DriveOptions options = drive_options(subject.avatar);
    const DrivenPoses poses(subject.avatar, driver, options.retarget, HeadPose::neutral(*subject.avatar.model));
    std::vector<HeadPose> all;
    for (int n = 0; n < still_frames; ++n)
        if (auto pose = poses.at(n / driver.source->rate())) all.push_back(*std::move(pose));
    return bench::shoulder_motion(subject.avatar, all, std::array{options.camera});
}

// The avatar of the video's first frame against the rest of it.
Json self_reenactment(const Options& options, const fs::path& video, const FaceTrack& track,
                      const fs::path& temporary) {
    auto source = checked(open_frames(video));
    const auto first = checked(source->next());
    const fs::path picture = temporary / "first.png";
    check(save_png(picture, *first));
    Progress progress;
    auto job = checked(run_portrait_job(picture, options.job, progress));
    return checked(bench::measure_reenactment(job, track, video, {}));
}

int run(const Options& options, const fs::path& temporary) {
    HeadRegistry heads;
    auto tools = checked(PortraitTools::load(heads));
    auto device = checked(choose_device(options.job.device));
    AvatarRenderer renderer(device.make_rasterizer());
    auto score = checked(metrics::IdentityScore::load(metrics::IdentityScore::default_models()));
    bench::TrackedVideos tracked = bench::track_videos(tools, options.videos, "");
    const std::vector<Subject> avatars =
        bench::subjects_in(options.folder, options.job, options.most, heads);

    double seconds = 0, shoulders = 0;
    std::int64_t frames = 0;
    std::vector<double> identity, delays, psnr, psnr_worst;
    for (std::size_t v = 0; v < options.videos.size(); ++v) {
        const fs::path video = options.videos[v];
        const Driver driver = driver_of(tracked.tracks[v], video, heads);
        for (const Subject& subject : avatars) {
            const fs::path keep =
                options.keep.empty() ? fs::path() : options.keep / (subject.name + "_by_" + video.stem().string());
            if (!keep.empty()) fs::create_directories(keep);
            const Driven driven = drive(subject, driver, renderer, score, keep);
            const double still = still_shoulders(heads, video, subject, temporary);
            shoulders = std::max(shoulders, still);
            seconds += driven.seconds + tracked.seconds[v];
            frames += driven.frames;
            identity.insert(identity.end(), driven.identity.begin(), driven.identity.end());
            std::cout << Json{{"avatar", subject.name},
                              {"video", video.filename().string()},
                              {"gaussians", subject.avatar.splats->count},
                              {"frames", driven.frames},
                              {"drive_fps", rounded(double(driven.frames) / (driven.seconds + tracked.seconds[v]))},
                              {"render_fps", rounded(double(driven.frames) / driven.seconds)},
                              {"identity_median", rounded(metrics::median(driven.identity))},
                              {"shoulder_rms_px", rounded(still)}}
                             .dump()
                      << std::endl;
        }
        const std::vector<double> one = live_delays(heads, video, avatars.front(), renderer);
        delays.insert(delays.end(), one.begin(), one.end());
        Json line = {{"reenactment", video.filename().string()}};
        const Json reenacted = self_reenactment(options, video, tracked.tracks[v], temporary);
        psnr.push_back(reenacted["reenact_psnr"].get<double>());
        psnr_worst.push_back(reenacted["reenact_psnr_worst"].get<double>());
        line.update(reenacted);
        std::cout << line.dump() << std::endl;
    }
    Json summary = {{"summary", true}};
    summary.update(tracked.figures);
    std::sort(delays.begin(), delays.end());
    const auto delay = [&](double share) {
        return delays.empty() ? rounded(0) : rounded(delays[std::size_t(share * double(delays.size() - 1))]);
    };
    summary.update({{"drive_fps", rounded(double(frames) / seconds)},
                    {"latency_ms", delay(0.5)},
                    {"latency_p95_ms", delay(0.95)},
                    {"identity_median", rounded(metrics::median(identity))},
                    {"shoulder_rms_px", rounded(shoulders)},
                    {"reenact_psnr", rounded(metrics::mean(psnr))},
                    {"reenact_psnr_worst", rounded(metrics::worst(psnr_worst, metrics::Better::higher))},
                    {"device", device.name},
                    {"machine", device.hardware}});
    std::cout << summary.dump() << std::endl;
    return 0;
}

}  // namespace

int run_drive_bench(int argc, char** argv) {
    Options options;
    CLI::App app{"Avatars driven by videos", "likeness-bench drive"};
    app.add_option("folder", options.folder, "Folder of portraits or avatars (.likeness)")
        ->required()
        ->check(CLI::ExistingDirectory);
    app.add_option("--by", options.videos, "Video files or folders of pictures")->required();
    app.add_option("--device", options.job.device, "auto, cpu or cuda")->check(CLI::IsMember({"auto", "cpu", "cuda"}));
    app.add_option("--most", options.most, "Only so many of the folder's people, by name")->capture_default_str();
    app.add_option("--steps", options.job.portrait.training.steps, "Training steps (the program's own number)")
        ->check(CLI::Range(0, 100000));
    app.add_option("--cap", options.job.portrait.training.cap, "Most Gaussians (the program's own number)")
        ->check(CLI::Range(1000, 10'000'000));
    app.add_option("--keep", options.keep, "Folder for every tenth driven picture");
    CLI11_PARSE(app, argc, argv);
    return bench::with_temporary_folder([&](const fs::path& temporary) { return run(options, temporary); });
}
