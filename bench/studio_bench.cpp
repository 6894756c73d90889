// The same program as the window's, drawing to memory. One JSON line a measure, the last one sums up; null where
// something was not measured on this machine. docs/measures.md defines the numbers.
#include "bench/studio_bench.h"

#include <glad/gl.h>
#include <imgui.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>

#include "app/studio_app.h"
#include "bench/studio_soak.h"
#include "bench/viewer_bench.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/formats/splat_ply.h"

namespace {

using namespace likeness;
using Json = nlohmann::ordered_json;

struct Options {
    std::string portrait, motion, splats, device = "auto";
    int width = 1280, height = 800, events = 300, pairs = 5;
    double seconds = 10, play_minutes = 60;
    bool only_memory = false;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double percentile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1, std::size_t(share * double(values.size())))];
}

void print(const Json& line) {
    std::printf("%s\n", line.dump().c_str());
    std::fflush(stdout);
}

class StudioRun {
  public:
    explicit StudioRun(const Options& options) : options_(options) {}

    bool start(double begin) {
        StudioAppOptions app;
        app.headless = true;
        app.surface.width = options_.width;
        app.surface.height = options_.height;
        app.studio.device = options_.device;
        app.studio.interactive = app.studio.remember = app.studio.autosave = false;
        app.studio.preload = true;
        app.studio.clock = [this] { return now() + skipped_; };
        auto made = StudioApp::create(std::move(app));
        if (!made) {
            std::fprintf(stderr, "likeness-bench: %s\n", made.error().message.c_str());
            return false;
        }
        app_ = *std::move(made);
        app_->draw();
        glFinish();
        first_frame = now() - begin;
        return true;
    }

    // Draws as the program does until it holds; false after so many seconds.
    template <class Condition>
    bool until(Condition condition, double limit) {
        const double end = now() + limit;
        while (!condition())
            if (now() > end || !app_->frame(0.05)) return false;
        return true;
    }
    void idle_for(double seconds) {
        (void)until([] { return false; }, seconds);
    }

    double open_portrait() {
        idle_for(1.5);  // what the program loads ahead while nobody does anything
        const double begin = now();
        const std::uint64_t before = app_->viewport().pictures();
        if (!app_->studio().execute("file.open", {{"path", options_.portrait}})) return -1;
        if (!until([&] { return app_->viewport().pictures() > before; }, 120)) return -1;
        glFinish();
        return now() - begin;
    }

    // Events at random moments, each answered by the first frame that was begun after it; milliseconds.
    std::vector<double> widget_latency() {
        std::mt19937 random(1);
        std::uniform_real_distribution<double> pause(0.02, 0.12);
        std::uniform_real_distribution<float> y(200, 500);
        std::vector<double> latencies;
        for (int i = 0; i < options_.events; ++i) {
            const double event = now() + pause(random);
            while (now() < event) app_->frame(event - now());
            ImGui::GetIO().AddMousePosEvent(float(options_.width) - 150, y(random));
            app_->draw();
            glFinish();
            latencies.push_back((now() - event) * 1000);
        }
        return latencies;
    }

    std::vector<double> avatar_latency() {
        std::mt19937 random(2);
        std::uniform_real_distribution<double> pause(0.05, 0.25);
        std::vector<double> latencies;
        for (int i = 0; i < options_.events / 3; ++i) {
            const double event = now() + pause(random);
            while (now() < event) app_->frame(event - now());
            app_->studio().view().yaw += 0.02f;
            app_->viewport().set_moving(true);
            app_->draw();
            const float yaw = app_->studio().view().yaw;
            const Camera wanted = view_camera(app_->studio().view(), app_->studio().document(),
                                              app_->viewport().view_width(), app_->viewport().view_height());
            const bool shown = until(
                [&] {
                    return app_->viewport().camera().world_to_camera == wanted.world_to_camera &&
                           app_->studio().view().yaw == yaw;
                },
                5);
            glFinish();
            if (shown) latencies.push_back((now() - event) * 1000);
        }
        return latencies;
    }

    // Pictures a second while the view turns all the time, `most` at the most when given.
    double redraw_rate(double seconds, Json* detail = nullptr, double most = 0) {
        ViewState& view = app_->studio().view();
        const std::uint64_t before = app_->viewport().pictures();
        const double begin = now();
        double scale = 0;
        int frames = 0;
        while (now() - begin < seconds) {
            if (most > 0)
                for (const double next = begin + (frames + 1) / most; now() < next;) app_->frame(next - now());
            view.yaw = 0.6f * std::sin(float(now() - begin));
            app_->frame(0.05);
            if (!app_->viewport().frames().busy()) app_->draw();  // the person's hand never rests
            scale += double(app_->viewport().frames().moving_scale());
            ++frames;
        }
        if (detail) (*detail)["resolution"] = frames ? scale / frames : 0;
        return double(app_->viewport().pictures() - before) / (now() - begin);
    }

    // Steps a second of the trainer with the viewer drawing (60 Hz where a GPU draws, else all it can) and not, in
    // turns; percent that drawing costs.
    double trainer_loss(Json& detail) {
        std::vector<double> losses, rates;
        for (int i = 0; i < options_.pairs; ++i) {
            const auto steps = [&](bool drawing) {
                const int before = app_->studio().training().step;
                const double begin = now();
                if (drawing)
                    redraw_rate(options_.seconds, nullptr, app_->studio().device()->name == "cpu" ? 0 : 60);
                else
                    while (now() - begin < options_.seconds) {
                        app_->studio().drain();
                        usleep(20'000);
                    }
                return double(app_->studio().training().step - before) / (now() - begin);
            };
            const double drawn = steps(true), alone = steps(false);
            if (alone > 0) losses.push_back(100 * (1 - drawn / alone));
            rates.push_back(alone);
        }
        detail["steps_a_second_alone"] = percentile(rates, 0.5);
        return percentile(losses, 0.5);
    }

    // Of a file's Gaussians, posed, at 1920 x 1080; null where it cannot be measured.
    Json viewer_rate() {
        const auto splats = load_splat_ply(options_.splats);
        const auto scene = splats ? bench::anchored_scene(*splats) : Result<Scene>(splats.error());
        if (!scene) {
            std::fprintf(stderr, "likeness-bench: %s\n", scene.error().message.c_str());
            return nullptr;
        }
        const bench::ViewerRate rate =
            bench::viewer_rate(*scene, *app_->studio().device(), 1920, 1080, options_.seconds);
        print({{"measure", "viewer_fps_1080p"},
               {"value", rate.frames_per_second},
               {"gaussians", rate.gaussians},
               {"latency_ms", rate.latency_ms},
               {"drawn_by_opengl_each", rate.drawn_per_second},
               {"raster_ms", rate.raster_ms},
               {"pose_ms", rate.pose_ms},
               {"to_the_texture", rate.path}});
        return rate.frames_per_second;
    }

    // An hour at a timeline; percent by which memory grew, null where it was not measured.
    Json memory_growth(bool& good) {
        if (!open_motion()) {
            std::fprintf(stderr, "likeness-bench: '%s' is no motion that opens\n", options_.motion.c_str());
            good = false;
            return nullptr;
        }
        const bench::Soak soak = bench::soak(*app_, options_.play_minutes, skipped_,
                                             [](int minute, const bench::Memory& memory, double history_mib) {
                                                 if (minute % 5 == 0)
                                                     print({{"measure", "memory"},
                                                            {"played_minutes", minute},
                                                            {"resident_mib", memory.resident},
                                                            {"heap_used_mib", memory.heap_used},
                                                            {"heap_free_mib", memory.heap_free},
                                                            {"history_mib", history_mib}});
                                             });
        print({{"measure", "memory_growth_percent"},
               {"value", soak.growth_percent()},
               {"played_minutes", options_.play_minutes},
               {"edits", soak.edits},
               {"undone", soak.undone},
               {"saves", soak.saves},
               {"pictures", soak.pictures},
               {"seconds", soak.seconds},
               {"warm_mib", soak.warm.resident},
               {"early_mib", soak.early},
               {"late_mib", soak.late},
               {"most_mib", soak.most},
               {"end_mib", soak.end.resident},
               {"peak_mib", soak.peak},
               {"heap_used_growth_mib", soak.end.heap_used - soak.warm.heap_used},
               {"history_growth_mib", soak.history_mib}});
        if (!soak.problem.empty()) {
            std::fprintf(stderr, "likeness-bench: %s\n", soak.problem.c_str());
            good = false;
        }
        return soak.growth_percent();
    }
    bool open_motion() {
        return !options_.motion.empty() && app_->studio().execute("motion.open", {{"path", options_.motion}}).ok() &&
               until([&] { return app_->studio().motion().loaded(); }, 30);
    }

    Studio& studio() { return app_->studio(); }
    double first_frame = 0;
    std::string device() { return app_->studio().device() ? app_->studio().device()->hardware : "unknown"; }

  private:
    Options options_;
    double skipped_ = 0;  // seconds by which the studio's clock is ahead
    std::unique_ptr<StudioApp> app_;
};

}  // namespace

int run_studio_bench(int argc, char** argv) {
    const double begin = now();
    keep_large_blocks_apart();  // as the studio does
    Options options;
    CLI::App app("Starts the studio without a display and measures how it answers", "likeness-bench studio");
    app.add_option("portrait", options.portrait, "Portrait to open")->required()->check(CLI::ExistingFile);
    app.add_option("--motion", options.motion, "Motion to play for the memory's sake")->check(CLI::ExistingFile);
    app.add_option("--splats", options.splats, "Gaussians that the viewer's rate is measured with")
        ->check(CLI::ExistingFile);
    app.add_option("--device", options.device, "auto, cpu or cuda")->capture_default_str();
    app.add_option("--width", options.width, "Pixels of the window")->capture_default_str();
    app.add_option("--height", options.height, "Pixels of the window")->capture_default_str();
    app.add_option("--events", options.events, "Injected events")->capture_default_str();
    app.add_option("--pairs", options.pairs, "Windows with and without drawing; 0 leaves the trainer's loss out")
        ->capture_default_str();
    app.add_option("--seconds", options.seconds, "Length of each window")->capture_default_str();
    app.add_option("--play", options.play_minutes,
                   "Minutes of play and edits on --motion, by the studio's own clock, as fast as they go; 0 leaves the "
                   "memory out")
        ->capture_default_str();
    app.add_flag("--only-memory", options.only_memory, "Nothing but the play and edits is measured");
    CLI11_PARSE(app, argc, argv);

    set_log_level("error");
    StudioRun run(options);
    if (!run.start(begin)) return 1;
    print({{"measure", "first_frame_s"}, {"value", run.first_frame}});
    // Longer than all that is measured while it trains.
    if (Status set = run.studio().execute("train.set_steps", {{"value", 100000}}); !set) {
        std::fprintf(stderr, "likeness-bench: %s\n", set.error().message.c_str());
        return 1;
    }
    const double opened = run.open_portrait();
    if (opened < 0) {
        std::fprintf(stderr, "likeness-bench: the portrait did not become an avatar\n");
        return 1;
    }
    print({{"measure", "drop_to_avatar_s"}, {"value", opened}});
    bool good = true;
    const auto end_training = [&] {
        (void)run.studio().execute("train.stop");
        (void)run.until([&] { return run.studio().training().state == TrainingState::finished; }, 60);
    };
    if (options.only_memory) {
        (void)run.until([&] { return run.studio().training().curve.size() >= 2; }, 120);
        end_training();
        const Json growth = run.memory_growth(good);
        print({{"summary", true}, {"memory_growth_percent", growth}, {"device", run.device()}});
        return good ? 0 : 1;
    }
    (void)run.until(
        [&] {
            return run.studio().training().state == TrainingState::running && !run.studio().training().curve.empty();
        },
        120);
    const std::vector<double> widget = run.widget_latency(), avatar = run.avatar_latency();
    print({{"measure", "input_ms_training"},
           {"what", "widget"},
           {"median", percentile(widget, 0.5)},
           {"p95", percentile(widget, 0.95)}});
    print({{"measure", "input_ms_training"},
           {"what", "avatar"},
           {"median", percentile(avatar, 0.5)},
           {"p95", percentile(avatar, 0.95)}});
    Json training = {{"measure", "redraw_hz_training"}};
    training["value"] = run.redraw_rate(options.seconds, &training);
    print(training);
    Json loss;
    if (options.pairs > 0) {
        Json line = {{"measure", "trainer_loss_percent"}};
        loss = run.trainer_loss(line);
        line["value"] = loss;
        print(line);
    }
    if (run.studio().training().state != TrainingState::running) {
        std::fprintf(stderr, "likeness-bench: the training ended before it was measured\n");
        return 1;
    }
    end_training();
    Json idle = {{"measure", "redraw_hz_idle"}};
    idle["value"] = run.redraw_rate(options.seconds, &idle);
    print(idle);
    Json growth;
    if (options.play_minutes > 0 && !options.motion.empty()) growth = run.memory_growth(good);
    Json viewer;
    if (!options.splats.empty()) viewer = run.viewer_rate();
    print({{"summary", true},
           {"first_frame_s", run.first_frame},
           {"drop_to_avatar_s", opened},
           {"input_p95_ms_training", percentile(widget, 0.95)},
           {"redraw_hz_training", training["value"]},
           {"redraw_hz_idle", idle["value"]},
           {"viewer_fps_1080p_100k", viewer},
           {"trainer_loss_percent", loss},
           {"memory_growth_percent", growth},
           {"device", run.device()}});
    return good ? 0 : 1;
}
