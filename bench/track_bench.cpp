// Tracks videos and compares the tracked person's landmarks with the detector's own, frame by frame. One JSON line a
// video, then a summary; docs/measures.md defines the numbers.
#include "bench/track_bench.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "bench/figures.h"
#include "core/media/frame_source.h"
#include "core/pipeline/live_tracker.h"
#include "core/pipeline/track_video.h"

namespace {

using namespace likeness;
using bench::rounded;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

// A value of each frame; unseen frames are not finite.
using Curve = std::vector<float>;

struct Measured {
    Curve error;                                          // of frames: the median point
    std::vector<float> points;                            // all points of all frames
    std::vector<float> acceleration, usual_acceleration;  // the track's; of the detector's 5-frame median
    std::vector<float> lids, lips;                        // depth of each closure over the detector's
};

double quantile(std::vector<float> values, double share) {
    if (values.empty()) return nothing;
    const auto at = values.begin() + std::ptrdiff_t(share * double(values.size() - 1) + 0.5);
    std::nth_element(values.begin(), at, values.end());
    return double(*at);
}

double mean(const std::vector<float>& values) {
    double sum = 0;
    for (float v : values) sum += double(v);
    return values.empty() ? nothing : sum / double(values.size());
}

bool compared(int landmark) {
    return std::find(landmarks::face_oval.begin(), landmarks::face_oval.end(), landmark) == landmarks::face_oval.end();
}

// What the detector says by itself: the mean over eight crops, followed from frame to frame.
Result<std::vector<std::optional<LandmarkPoints>>> detect(PortraitTools& tools, const std::filesystem::path& video) {
    auto source = open_frames(video);
    if (!source) return source.error();
    FramesAhead frames(*std::move(source));
    std::vector<std::optional<LandmarkPoints>> detected;
    std::optional<FaceLandmarks> before;
    while (true) {
        auto frame = frames.next();
        if (!frame) return frame.error();
        if (!*frame) return detected;
        const LandmarkOptions mean_of_eight{.crops = 8};
        Result<FaceLandmarks> face = before ? tools.faces->follow_landmarks((*frame)->picture, *before, mean_of_eight)
                                            : tools.faces->find_landmarks((*frame)->picture, mean_of_eight);
        detected.emplace_back();
        before.reset();
        if (!face) continue;
        before = *face;
        detected.back().emplace();
        std::copy(face->points.begin(), face->points.end(), detected.back()->begin());
    }
}

struct LiveRun {
    std::vector<float> seconds;  // of each frame
    std::vector<float> points;   // as Measured::points, once a person was found
};

// The live tracker fed as fast as it takes frames.
Result<LiveRun> run_live(PortraitTools& tools, const std::filesystem::path& video,
                         const std::vector<std::optional<LandmarkPoints>>& detected) {
    auto source = open_frames(video);
    if (!source) return source.error();
    FramesAhead frames(*std::move(source));
    LiveTracker live(tools);
    const HeadModel& model = *tools.head;
    const std::vector<SurfacePoint>& on_head = model.landmarks(landmarks::scheme);
    LiveRun run;
    std::optional<PersonalHead> person;
    int fits = 0;
    for (std::size_t n = 0;; ++n) {
        auto frame = frames.next();
        if (!frame) return frame.error();
        if (!*frame) return run;
        const auto start = Clock::now();
        const auto answer = live.next((*frame)->picture, (*frame)->seconds);
        if (!answer) return answer.error();
        run.seconds.push_back(std::chrono::duration<float>(Clock::now() - start).count());
        if (live.person_fits() == 0 || n >= detected.size() || !detected[n] || answer->state != FrameState::tracked)
            continue;
        if (!person || fits != live.person_fits()) person = live.about().person(model);
        fits = live.person_fits();
        const Vertices posed = pose_head(model, *person, answer->pose).vertices;
        const Camera camera = live.about().camera(*answer);
        for (int i = 0; i < landmarks::face_count; ++i)
            if (compared(i))
                run.points.push_back(
                    (camera.project(surface_position(posed, model.triangles, on_head[std::size_t(i)])) -
                     (*detected[n])[std::size_t(i)].head<2>())
                        .norm() /
                    iris_distance(*detected[n]));
    }
}

float apart(const LandmarkPoints& points, std::span<const landmarks::Closure> closures) {
    float sum = 0;
    for (const landmarks::Closure& c : closures)
        sum += (points[std::size_t(c.lower)] - points[std::size_t(c.upper)]).head<2>().norm() / float(closures.size());
    return sum / iris_distance(points);
}

// At each place where the detector's curve dips by `least` and more on both sides within a third of a second: how deep
// the track's curve dips from and to the same frames, over that.
void closures(const Curve& truth, const Curve& track, float least, double rate, std::vector<float>& depths) {
    const auto reach = std::ptrdiff_t(std::max(2.0, rate / 3)), count = std::ptrdiff_t(truth.size());
    std::ptrdiff_t last = -reach;
    for (std::ptrdiff_t n = 1; n + 1 < count; ++n) {
        std::ptrdiff_t before = n, after = n;
        bool lowest = true;
        for (std::ptrdiff_t k = std::max<std::ptrdiff_t>(0, n - reach); k <= std::min(count - 1, n + reach); ++k) {
            if (!std::isfinite(truth[std::size_t(k)]) || !std::isfinite(track[std::size_t(k)])) lowest = false;
            if (std::abs(k - n) <= reach / 2 && truth[std::size_t(k)] < truth[std::size_t(n)]) lowest = false;
            if (k < n && truth[std::size_t(k)] > truth[std::size_t(before)]) before = k;
            if (k > n && truth[std::size_t(k)] > truth[std::size_t(after)]) after = k;
        }
        const auto drop = [&](const Curve& c) {
            return c[std::size_t(before)] + c[std::size_t(after)] - 2 * c[std::size_t(n)];
        };
        if (!lowest || n - last < reach ||
            std::min(truth[std::size_t(before)], truth[std::size_t(after)]) - truth[std::size_t(n)] < least)
            continue;
        last = n;
        depths.push_back(drop(track) / drop(truth));
    }
}

Measured compare(const HeadModel& model, const FaceTrack& track,
                 const std::vector<std::optional<LandmarkPoints>>& detected) {
    Measured measured;
    const std::size_t count = std::min(track.frames.size(), detected.size());
    const PersonalHead person = track.person(model);
    const std::vector<SurfacePoint>& on_head = model.landmarks(landmarks::scheme);
    std::vector<std::optional<LandmarkPoints>> tracked(count);
    const Curve unseen(count, std::numeric_limits<float>::quiet_NaN());
    std::array<Curve, 3> truth{unseen, unseen, unseen}, fitted = truth;
    for (std::size_t n = 0; n < count; ++n) {
        const TrackedFrame& frame = track.frames[n];
        if (frame.state != FrameState::tracked || !detected[n]) continue;
        const Camera camera = track.camera(frame);
        const Vertices posed = pose_head(model, person, frame.pose).vertices;
        LandmarkPoints& points = tracked[n].emplace();
        std::vector<float> errors;
        for (int i = 0; i < landmarks::count; ++i) {
            points[std::size_t(i)] = Eigen::Vector3f::Zero();
            points[std::size_t(i)].head<2>() =
                camera.project(surface_position(posed, model.triangles, on_head[std::size_t(i)]));
            if (i < landmarks::face_count && compared(i))
                errors.push_back((points[std::size_t(i)] - (*detected[n])[std::size_t(i)]).head<2>().norm() /
                                 iris_distance(*detected[n]));
        }
        measured.error.push_back(float(quantile(errors, 0.5)));
        measured.points.insert(measured.points.end(), errors.begin(), errors.end());
        const auto curves = [&](const LandmarkPoints& p, std::array<Curve, 3>& to) {
            to[0][n] = apart(p, landmarks::right_lids);
            to[1][n] = apart(p, landmarks::left_lids);
            to[2][n] = apart(p, landmarks::lips);
        };
        curves(*detected[n], truth);
        curves(points, fitted);
    }
    constexpr float least_blink = 0.06f, least_closure = 0.04f;  // of the iris distance
    for (std::size_t eye : {0u, 1u}) closures(truth[eye], fitted[eye], least_blink, track.rate, measured.lids);
    closures(truth[2], fitted[2], least_closure, track.rate, measured.lips);

    // Second differences of the points; the detector's after a median over five frames.
    const auto median = [&](std::size_t n, std::size_t i) {
        Eigen::Vector2f middle;
        for (int axis = 0; axis < 2; ++axis) {
            std::array<float, 5> values{};
            for (std::size_t k = 0; k < 5; ++k) values[k] = (*detected[n + k - 2])[i][axis];
            std::nth_element(values.begin(), values.begin() + 2, values.end());
            middle[axis] = values[2];
        }
        return middle;
    };
    for (std::size_t n = 3; n + 3 < count; ++n) {
        bool all = true;
        for (std::size_t k = n - 3; k <= n + 3; ++k) all = all && tracked[k] && !track.frames[k].cut;
        if (!all) continue;
        const float unit = iris_distance(*detected[n]);
        for (std::size_t i = 0; i < landmarks::face_count; ++i) {
            if (!compared(int(i))) continue;
            const Eigen::Vector2f own = ((*tracked[n - 1])[i] - 2 * (*tracked[n])[i] + (*tracked[n + 1])[i]).head<2>();
            measured.acceleration.push_back(own.norm() / unit);
            measured.usual_acceleration.push_back((median(n - 1, i) - 2 * median(n, i) + median(n + 1, i)).norm() /
                                                  unit);
        }
    }
    return measured;
}

void append(std::vector<float>& to, const std::vector<float>& from) { to.insert(to.end(), from.begin(), from.end()); }

Json figures(const Measured& m) {
    return {{"landmark_median", rounded(quantile(m.points, 0.5))},
            {"landmark_p95", rounded(quantile(m.points, 0.95))},
            {"landmark_frame_median", rounded(quantile(m.error, 0.5))},
            {"landmark_frame_p95", rounded(quantile(m.error, 0.95))},
            {"blinks", m.lids.size()},
            {"lid_depth", rounded(quantile(m.lids, 0))},
            {"lid_depth_median", rounded(quantile(m.lids, 0.5))},
            {"closures", m.lips.size()},
            {"lip_depth", rounded(quantile(m.lips, 0))},
            {"lip_depth_median", rounded(quantile(m.lips, 0.5))},
            {"acceleration_ratio", rounded(mean(m.acceleration) / mean(m.usual_acceleration))}};
}

Json figures(const LiveRun& live) {
    return {{"live_fps", rounded(1 / mean(live.seconds))},
            {"live_latency_ms", rounded(1000 * quantile(live.seconds, 0.5))},
            {"live_latency_p95_ms", rounded(1000 * quantile(live.seconds, 0.95))},
            {"live_landmark_median", rounded(quantile(live.points, 0.5))}};
}

}  // namespace

namespace likeness::bench {

TrackedVideos track_videos(PortraitTools& tools, const std::vector<std::string>& videos, const std::string& keep) {
    TrackedVideos result;
    Measured all;
    double seconds = 0;
    std::size_t frames = 0;
    LiveRun live;
    for (const std::string& video : videos) {
        Progress progress;
        const auto start = Clock::now();
        auto track = track_video(tools, video, {}, progress);
        if (!track) throw std::runtime_error(track.error().message);
        const double took = std::chrono::duration<double>(Clock::now() - start).count();
        seconds += took;
        frames += track->frames.size();
        if (!keep.empty())
            if (Status saved = save_track(
                    std::filesystem::path(keep) / (std::filesystem::path(video).stem().string() + ".track"), *track);
                !saved)
                throw std::runtime_error(saved.error().message);
        const auto detected = detect(tools, video);
        if (!detected) throw std::runtime_error(detected.error().message);
        const auto live_run = run_live(tools, video, *detected);
        if (!live_run) throw std::runtime_error(live_run.error().message);
        append(live.seconds, live_run->seconds);
        append(live.points, live_run->points);
        const Measured one = compare(*tools.head, *track, *detected);
        append(all.error, one.error);
        append(all.points, one.points);
        append(all.acceleration, one.acceleration);
        append(all.usual_acceleration, one.usual_acceleration);
        append(all.lids, one.lids);
        append(all.lips, one.lips);
        Json line = {{"video", std::filesystem::path(video).filename().string()},
                     {"frames", track->frames.size()},
                     {"tracked", track->tracked_count()},
                     {"torso_followed", track->torso_followed},
                     {"track_fps", rounded(double(track->frames.size()) / took)}};
        line.update(figures(*live_run));
        line.update(figures(one));
        line["notes"] = track->notes;
        std::cout << line.dump() << std::endl;
        result.tracks.push_back(*std::move(track));
        result.seconds.push_back(took);
    }
    result.figures = {{"track_fps", rounded(double(frames) / seconds)}};
    result.figures.update(figures(live));
    result.figures.update(figures(all));
    return result;
}

}  // namespace likeness::bench

int run_track_bench(int argc, char** argv) {
    CLI::App app{"likeness-bench track: videos of people, tracked and measured against the landmark detector"};
    std::vector<std::string> videos;
    std::string keep;
    app.add_option("videos", videos, "Video files or folders of pictures")->required();
    app.add_option("--keep", keep, "Folder for the tracks");
    CLI11_PARSE(app, argc, argv);
    HeadRegistry heads;
    auto tools = PortraitTools::load(heads);
    if (!tools) throw std::runtime_error(tools.error().message);
    Json summary = {{"summary", true}};
    summary.update(bench::track_videos(*tools, videos, keep).figures);
    summary["device"] = "cpu";  // networks and solvers run on the processor
    std::cout << summary.dump() << std::endl;
    return 0;
}
