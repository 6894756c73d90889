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
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "app/studio_app.h"
#include "bench/viewer_bench.h"
#include "core/base/log.h"
#include "core/formats/splat_ply.h"

namespace {

using namespace likeness;
using Json = nlohmann::ordered_json;

struct Options {
    std::string portrait, motion, splats, device = "auto";
    int width = 1280, height = 800, events = 300, pairs = 5, soak = 0;
    double seconds = 10, play_seconds = 60;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double percentile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1, std::size_t(share * double(values.size())))];
}

double resident_mib() {
    std::ifstream file("/proc/self/statm");
    double total = 0, resident = 0;
    file >> total >> resident;
    return resident * double(sysconf(_SC_PAGESIZE)) / 1048576;
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
        app.studio.interactive = app.studio.remember = false;
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

    // Play and edits, as fast as they go; percent by which memory grew after a first part.
    double memory_growth(double seconds) {
        std::mt19937 random(3);
        Studio& studio = app_->studio();
        if (!options_.motion.empty()) (void)studio.execute("motion.open", {{"path", options_.motion}});
        (void)until([&] { return studio.jobs().idle(); }, 30);
        const auto work = [&](double time) {
            const double begin = now();
            while (now() - begin < time) {
                if (studio.motion().loaded())
                    (void)studio.execute("motion.seek", {{"seconds", double(random() % 3000) / 100}});
                (void)studio.execute("pose.random", {{"seed", double(random() % 100000)}});
                (void)studio.execute("view.orbit", {{"yaw", double(random() % 90)}, {"to", true}});
                if (random() % 4 == 0 && studio.unavailable("edit.undo").empty()) (void)studio.execute("edit.undo");
                app_->draw();
                app_->frame(0);
            }
        };
        work(0.35 * seconds);
        const double before = resident_mib();
        work(0.65 * seconds);
        return 100 * (resident_mib() - before) / before;
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
               {"raster_ms", rate.raster_ms},
               {"pose_ms", rate.pose_ms},
               {"to_the_texture", rate.path}});
        return rate.frames_per_second;
    }

    // An hour at a timeline in a few minutes: the studio's clock goes on by a 24th of a second a frame, the motion
    // plays round and round, and meanwhile sliders are dragged, edits undone and redone, the head reshaped, layers
    // hidden, the avatar saved. Every `thinning`th frame is drawn.
    bool soak(int frames, Json& line) {
        constexpr int fps = 24, thinning = 24;
        std::mt19937 random(4);
        Studio& s = app_->studio();
        int edits = 0, undone = 0, saves = 0;
        std::string problem;
        const auto run = [&](const std::string& command, const Arguments& arguments = {}) {
            if (const Status done = s.execute(command, arguments); !done && problem.empty())
                problem = command + ": " + done.error().message;
        };
        const auto chance = [&](int in) { return random() % unsigned(in) == 0; };
        const auto share = [&] { return double(random() % 1001) / 1000; };
        const HeadModel& model = *s.document().model();
        const std::vector<IdentitySlider> shapes = identity_sliders(model);
        const std::filesystem::path file =
            std::filesystem::temp_directory_path() / ("likeness-soak-" + std::to_string(getpid()) + ".likeness");
        const auto frame = [&](int i) {
            skipped_ += 1.0 / fps;
            if (i % (5 * fps) == 0) {  // a slider is held for a while: one entry
                s.begin_gesture();
                const auto control = random() % unsigned(model.control_count());
                for (int k = 0; k < 20; ++k)
                    run("pose.set_expression", {{"name", model.control_names[control]}, {"value", share()}});
                s.end_gesture();
                ++edits;
            } else if (i % (5 * fps) == 2 * fps) {
                const int which = int(random() % 4);
                if (which == 0) run("pose.random", {{"seed", double(random() % 100000)}});
                if (which == 1) run("pose.head", {{"yaw", 40 * share() - 20}});
                if (which == 2 && !shapes.empty())
                    run("identity.set", {{"name", shapes[random() % shapes.size()].name}, {"value", share() - 0.5}});
                if (which == 3) run("layer.show", {{"layer", "hair"}, {"on", chance(2)}});
                ++edits;
            } else if (i % (5 * fps) == 3 * fps) {
                if (chance(2) && s.unavailable("edit.undo").empty()) run("edit.undo"), ++undone;
                if (chance(3) && s.unavailable("edit.redo").empty()) run("edit.redo");
            } else if (i % (5 * fps) == 3 * fps + 1) {
                run("motion.play");  // edits hold it
            }
            if (i % (600 * fps) == 300 * fps + fps / 2) {
                run("file.save_as", {{"path", file.string()}});
                ++saves;
            }
            s.drain();
            (void)s.scene();  // the pose of this moment
            if (i % thinning == 0) {
                run("view.orbit", {{"yaw", double(i % 360)}, {"to", true}});
                app_->draw();
                (void)until([&] { return !app_->viewport().frames().busy(); }, 5);
            }
        };
        run("motion.loop", {{"on", true}});
        run("motion.play");
        const int warm = frames / 10;
        for (int i = 0; i < warm; ++i) frame(i);
        const double before = resident_mib(), history_before = double(s.history().bytes()) / 1048576;
        double most = before;
        const double begin = now();
        const std::uint64_t pictures = app_->viewport().pictures();
        for (int i = warm; i < frames; ++i) {
            frame(i);
            if (i % (60 * fps) == 0) most = std::max(most, resident_mib());
        }
        (void)until([&] { return s.idle(); }, 60);
        const double after = resident_mib();
        std::error_code none;
        std::filesystem::remove(file, none);
        line = {{"measure", "soak"},
                {"frames", frames},
                {"played_minutes", double(frames) / fps / 60},
                {"edits", edits},
                {"undone", undone},
                {"saves", saves},
                {"pictures", app_->viewport().pictures() - pictures},
                {"seconds", now() - begin},
                {"warm_mib", before},
                {"most_mib", most},
                {"end_mib", after},
                {"history_mib", double(s.history().bytes()) / 1048576 - history_before},
                {"memory_growth_percent", 100 * (after - before) / before}};
        if (!problem.empty()) std::fprintf(stderr, "likeness-bench: %s\n", problem.c_str());
        return problem.empty();
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
    app.add_option("--play", options.play_seconds, "Seconds of play and edits; 0 leaves the memory out")
        ->capture_default_str();
    app.add_option("--soak", options.soak,
                   "Frames of play and edits at 24 a second of the studio's own clock, as fast as they go, and nothing "
                   "else is measured; 86400 are an hour. Needs --motion")
        ->capture_default_str();
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
    if (options.soak > 0) {
        (void)run.until([&] { return run.studio().training().curve.size() >= 2; }, 120);
        (void)run.studio().execute("train.stop");
        (void)run.until([&] { return run.studio().training().state == TrainingState::finished; }, 60);
        if (!run.open_motion()) {
            std::fprintf(stderr, "likeness-bench: --soak needs a motion that opens (--motion)\n");
            return 1;
        }
        Json line;
        const bool good = run.soak(options.soak, line);
        print(line);
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
    (void)run.studio().execute("train.stop");
    (void)run.until([&] { return run.studio().training().state == TrainingState::finished; }, 60);
    Json idle = {{"measure", "redraw_hz_idle"}};
    idle["value"] = run.redraw_rate(options.seconds, &idle);
    print(idle);
    Json growth;
    if (options.play_seconds > 0) {
        growth = run.memory_growth(options.play_seconds);
        print({{"measure", "memory_growth_percent"}, {"value", growth}, {"seconds", options.play_seconds}});
    }
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
    return 0;
}
