// Bakes avatars into maps, takes their residual away, and compares what they show with what they showed; one JSON line
// an avatar, then a summary. docs/measures.md, "Editing", defines the numbers.
#include "bench/edit_bench.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/figures.h"
#include "bench/metrics/measure_statistics.h"
#include "bench/metrics/picture.h"
#include "bench/paint_measures.h"
#include "bench/subjects.h"
#include "core/maps/bake_neural.h"
#include "core/maps/map_edit.h"
#include "core/base/paths.h"
#include "core/editing/make_up.h"
#include "core/image/ops.h"
#include "core/image/save.h"
#include "core/image/text_picture.h"
#include "core/motion/motion_track.h"

namespace {

namespace fs = std::filesystem;
using namespace likeness;
using bench::rounded;
using bench::Subject;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
using metrics::kPictureSize;

constexpr std::array<const char*, 3> view_names = {"source", "left", "right"};

struct Options {
    fs::path folder, keep;
    PortraitJobOptions job;
    std::size_t most = 1000;
    std::string only;  // "direct" or "neural"; empty: both
    int direct_side = 1024, neural_side = 1024;
    std::vector<fs::path> motions;
};

template <class T>
T checked(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().message);
    return *std::move(result);
}

double error_of(double psnr) { return std::pow(10, -psnr / 10); }

// dB lost in the three views.
std::array<double, 3> losses(const Avatar& avatar, const Avatar& baked, AvatarRenderer& renderer,
                             const std::function<void(const std::string&, const Image&)>& keep) {
    const Image truth = resize(*avatar.source->picture, kPictureSize, kPictureSize);
    const std::array<BakeView, 3> views = source_views(avatar, kPictureSize);
    std::array<double, 3> lost{};
    double own_error = 0;
    for (std::size_t v = 0; v < views.size(); ++v) {
        const Image before = renderer.render(avatar, views[v].pose, views[v].camera);
        const Image after = renderer.render(baked, views[v].pose, views[v].camera);
        keep(std::string(view_names[v]) + "_unbaked", before);
        keep(std::string(view_names[v]) + "_baked", after);
        if (v == 0) {
            const double was = checked(compare_pictures(truth, before, metrics::PictureRegion::truth)).psnr;
            const double is = checked(compare_pictures(truth, after, metrics::PictureRegion::truth)).psnr;
            own_error = error_of(was);
            lost[v] = was - is;
        } else {
            const double apart = error_of(checked(compare_pictures(before, after, metrics::PictureRegion::either)).psnr);
            lost[v] = 10 * std::log10(1 + apart / own_error);
        }
    }
    return lost;
}

struct Baked {
    Json figures;
    double lost = 0, seconds = 0;  // the worst view's
};

Baked measure(const Subject& subject, const std::function<Result<TextureMaps>(Progress&)>& bake,
              AvatarRenderer& renderer, const fs::path& keep) {
    Progress progress;
    const auto start = Clock::now();
    TextureMaps maps = checked(bake(progress));
    Baked result;
    result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    Avatar avatar = subject.avatar;
    avatar.maps = std::move(maps);
    const auto lost = losses(subject.avatar, without_residual(avatar), renderer,
                             [&](const std::string& name, const Image& picture) {
                                 if (keep.empty()) return;
                                 const Status saved = save_png(keep / (name + ".png"), picture);
                                 if (!saved) throw std::runtime_error(saved.error().message);
                             });
    for (std::size_t v = 0; v < lost.size(); ++v) result.figures[view_names[v]] = rounded(lost[v]);
    result.lost = *std::max_element(lost.begin(), lost.end());
    result.figures["db"] = rounded(result.lost);
    result.figures["seconds"] = rounded(result.seconds);
    return result;
}

// Of all avatars, by one way of baking.
struct Series {
    std::vector<double> lost, seconds;
    void add_to(Json& summary, const std::string& name) const {
        if (lost.empty()) return;
        summary["bake_" + name + "_db"] = rounded(metrics::mean(lost));
        summary["bake_" + name + "_worst_db"] = rounded(metrics::worst(lost, metrics::Better::lower));
        summary["bake_" + name + "_s"] = rounded(metrics::median(seconds));
    }
};

// A look of several kinds: what lies on a face when a dab is timed.
std::vector<PaintLayer> full_face(const Avatar& avatar) {
    const PaintSurface surface(avatar);
    const FaceRegions regions(surface);
    std::vector<PaintLayer> layers;
    for (const char* name : {"tan", "blush", "eye_shadow", "lipstick", "freckles"}) {
        const MakeUpKind& kind = *make_up_kind(name);
        const MakeUp make_up = usual_make_up(regions, name);
        PaintLayer layer{.id = int(layers.size()) + 1, .name = name, .blend = kind.blend};
        layer.texels = std::make_shared<const PaintTexels>(checked(make_up_layer(regions, make_up)));
        layers.push_back(std::move(layer));
    }
    return layers;
}

// Twelve a motion.
std::vector<HeadPose> poses_of(const Options& options, const Avatar& avatar) {
    std::vector<HeadPose> poses;
    for (const fs::path& file : options.motions) {
        const MotionTrack track = checked(load_motion(file));
        constexpr int each = 12;
        for (int k = 0; k < each; ++k) {
            HeadPose pose = HeadPose::neutral(*avatar.model);
            PoseSample sample;
            if (track.sample(track.duration() * k / each, sample)) apply_sample(track.names, sample, *avatar.model, pose);
            poses.push_back(std::move(pose));
        }
    }
    if (poses.empty()) poses.push_back(HeadPose::neutral(*avatar.model));
    return poses;
}

// Of stickers and strokes the median avatar; of what leaks the worst.
void add_paint(Json& summary, const std::vector<bench::PaintMeasures>& painted) {
    if (painted.empty()) return;
    const auto middle = [&](double bench::PaintMeasures::* of) {
        std::vector<double> values;
        for (const bench::PaintMeasures& p : painted) values.push_back(p.*of);
        return rounded(metrics::median(values));
    };
    using Paint = bench::PaintMeasures;
    double leak = 0;
    for (const Paint& p : painted) leak = std::max(leak, p.leak);
    summary.update({{"dab_p95_ms", middle(&Paint::dab_p95_ms)},
                    {"stroke_undo_ms", middle(&Paint::undo_ms)},
                    {"layer_toggle_ms", middle(&Paint::toggle_ms)},
                    {"sticker_ssim_front", middle(&Paint::ssim_front)},
                    {"sticker_ssim_close", middle(&Paint::ssim_close)},
                    {"sticker_slip_mm", middle(&Paint::slip_mm)},
                    {"leak_max", rounded(leak)}});
}

int run(const Options& options) {
    HeadRegistry heads;
    const Device device = checked(choose_device(options.job.device));
    AvatarRenderer renderer(device.make_rasterizer());
    Series direct, neural;
    std::vector<bench::PaintMeasures> painted;
    const Image text = checked(text_picture("Likeness", checked(find_asset("Roboto-Medium.ttf")), {.color = {0.1f, 0.15f, 0.5f}}));
    for (const Subject& subject : bench::subjects_in(options.folder, options.job, options.most, heads)) {
        Json line = {{"avatar", subject.name}, {"gaussians", subject.avatar.splats->count}};
        const MapPlaces places = map_places(subject.avatar);
        line["loose"] = std::count(places.loose.begin(), places.loose.end(), 1);
        const auto measure_one = [&](const std::string& name, Series& series,
                                     const std::function<Result<TextureMaps>(Progress&)>& bake) {
            if (!options.only.empty() && options.only != name) return;
            const fs::path keep = options.keep.empty() ? fs::path() : options.keep / subject.name / name;
            if (!keep.empty()) fs::create_directories(keep);
            const Baked baked = measure(subject, bake, renderer, keep);
            line[name] = baked.figures;
            series.lost.push_back(baked.lost);
            series.seconds.push_back(baked.seconds);
        };
        measure_one("direct", direct, [&](Progress& progress) {
            const auto rasterizer = make_cpu_rasterizer();
            return bake_direct(subject.avatar, *rasterizer, {.side = options.direct_side}, progress);
        });
        measure_one("neural", neural, [&](Progress& progress) {
            const auto rasterizer = device.make_rasterizer();
            const auto engine = device.make_training_engine(TrainingPace::alone);
            NeuralBakeOptions how = neural_bake_options(device.name == "cuda");
            how.side = options.neural_side;
            return bake_neural(subject.avatar, *rasterizer, *engine, how, progress);
        });
        if (options.only.empty() || options.only == "paint") {
            const auto shows = device.make_scene_renderer();
            const bench::PaintMeasures paint =
                bench::measure_paint(subject.avatar, *shows, text, full_face(subject.avatar), poses_of(options, subject.avatar));
            line["paint"] = {{"sticker_ssim_front", rounded(paint.ssim_front)},
                             {"sticker_ssim_close", rounded(paint.ssim_close)},
                             {"sticker_slip_mm", rounded(paint.slip_mm)},
                             {"leak_max", rounded(paint.leak)},
                             {"dab_p95_ms", rounded(paint.dab_p95_ms)},
                             {"stroke_undo_ms", rounded(paint.undo_ms)},
                             {"layer_toggle_ms", rounded(paint.toggle_ms)}};
            painted.push_back(paint);
        }
        line["peak_rss_mib"] = rounded(bench::peak_rss_mib());
        std::cout << line.dump() << std::endl;
    }
    Json summary = {{"summary", true}, {"avatars", std::max({direct.lost.size(), neural.lost.size(), painted.size()})}};
    direct.add_to(summary, "direct");
    neural.add_to(summary, "neural");
    add_paint(summary, painted);
    summary.update({{"device", device.name}, {"machine", device.hardware}});
    std::cout << summary.dump() << std::endl;
    return 0;
}

}  // namespace

int run_edit_bench(int argc, char** argv) {
    Options options;
    CLI::App app{"Avatars edited", "likeness-bench edit"};
    app.add_option("folder", options.folder, "Folder of portraits or avatars (.likeness)")
        ->required()
        ->check(CLI::ExistingDirectory);
    app.add_option("--device", options.job.device, "auto, cpu or cuda")->check(CLI::IsMember({"auto", "cpu", "cuda"}));
    app.add_option("--most", options.most, "Only so many of the folder's people, by name");
    app.add_option("--direct-side", options.direct_side, "Texels a side of directly baked maps")
        ->check(CLI::IsMember({256, 512, 1024, 2048}))
        ->capture_default_str();
    app.add_option("--neural-side", options.neural_side, "Texels a side of maps that a network learns")
        ->check(CLI::IsMember({256, 512, 1024, 2048}))
        ->capture_default_str();
    app.add_option("--only", options.only, "direct, neural or paint")->check(CLI::IsMember({"direct", "neural", "paint"}));
    app.add_option("--motion", options.motions, "Motions through which stickers are followed")->check(CLI::ExistingFile);
    app.add_option("--keep", options.keep, "Folder for the pictures that were compared");
    CLI11_PARSE(app, argc, argv);
    return run(options);
}
