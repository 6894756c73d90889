#include "bench/studio_soak.h"

#include <glad/gl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "core/document/identity_edit.h"

namespace likeness::bench {
namespace {

constexpr double mib = 1024 * 1024;
constexpr int updates_a_second = 24;
constexpr int thinning = 48;  // every one of so many updates is drawn
// Until the panels that were asked for are in front, and a driver that draws on the processor (llvmpipe) has forgotten
// what earlier frames drew: it keeps the lists of a good many of them, 30 MiB more or less.
constexpr int frames_alike = 48;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// What a person does at a timeline, by chance but the same each time.
class Person {
  public:
    Person(StudioApp& app, Soak& result)
        : app_(app),
          studio_(app.studio()),
          result_(result),
          shapes_(studio_.document().model()->identity_sliders),
          file_(std::filesystem::temp_directory_path() / ("likeness-soak-" + std::to_string(getpid()) + ".likeness")) {}
    ~Person() {
        std::error_code none;
        std::filesystem::remove(file_, none);
    }
    Person(const Person&) = delete;
    Person& operator=(const Person&) = delete;

    void run(const std::string& command, const Arguments& arguments = {}) {
        if (const Status done = studio_.execute(command, arguments); !done && result_.problem.empty())
            result_.problem = command + ": " + done.error().message;
    }

    // A head with a shape of its own is another avatar beside the fitted one: from the beginning, so that memory is
    // always that of the same state.
    void begin() {
        if (!shapes_.empty()) run("identity.set", {{"name", shapes_.front().name}, {"value", 0.1}});
        run("motion.loop", {{"on", true}});
        run("motion.play");
    }

    // What happens at the `i`th update.
    void act(int i) {
        constexpr int second = updates_a_second;
        switch (i % (5 * second)) {
            case 0:
                drag_slider();
                break;
            case 2 * second:
                edit();
                break;
            case 3 * second:
                if (chance(2) && studio_.unavailable("edit.undo").empty()) run("edit.undo"), ++result_.undone;
                if (chance(3) && studio_.unavailable("edit.redo").empty()) run("edit.redo");
                break;
            case 3 * second + 1:
                if (chance(3)) run("motion.seek", {{"seconds", 30 * share()}});
                run("motion.play");  // edits hold it
                break;
            default:
                break;
        }
        if (i % (20 * second) == 11 * second) look();
        if (i % (600 * second) == 300 * second + second / 2) {
            run("file.save_as", {{"path", file_.string()}});
            ++result_.saves;
        }
    }

    // What is open and shown counts in memory's use: it is read in one state only. The history stays as it is.
    void show_the_usual() {
        for (const auto& panel : app_.interface().panels())
            if (panel->name() == "Preferences") panel->open = false;
        for (const char* name : {"Source", "Training", "Expression", "Parts", "Motion"})
            app_.interface().show_panel(name);
        run("motion.pause");
        run("motion.seek", {{"seconds", 10}});
        run("part.show", {{"part", "hair"}, {"on", true}});
        run("view.mode", {{"mode", "splats"}});
        run("view.orbit", {{"yaw", 0}, {"to", true}});
    }

  private:
    bool chance(int in) { return random_() % unsigned(in) == 0; }
    double share() { return double(random_() % 1001) / 1000; }
    std::size_t one_of(std::size_t count) { return random_() % count; }

    void drag_slider() {  // held for a while: one entry of the history
        const HeadModel& model = *studio_.document().model();
        studio_.begin_gesture();
        const std::string& control = model.control_names[one_of(model.control_names.size())];
        for (int k = 0; k < 20; ++k) run("pose.set_expression", {{"name", control}, {"value", share()}});
        studio_.end_gesture();
        ++result_.edits;
    }

    void edit() {
        const std::size_t which = one_of(4);
        if (which == 0) run("pose.random", {{"seed", double(random_() % 100000)}});
        if (which == 1) run("pose.head", {{"yaw", 40 * share() - 20}});
        if (which == 2 && !shapes_.empty())
            run("identity.set", {{"name", shapes_[one_of(shapes_.size())].name}, {"value", share() - 0.5}});
        if (which == 3) run("part.show", {{"part", "hair"}, {"on", chance(2)}});
        ++result_.edits;
    }

    // Another panel in front, another way to draw, splats every other time: all of them within five minutes.
    void look() {
        const auto& panels = app_.interface().panels();
        app_.interface().show_panel(panels[looks_++ % panels.size()]->name());
        static constexpr std::array<const char*, 4> modes = {"splats", "mesh", "normals", "wireframe"};
        run("view.mode", {{"mode", modes[looks_ % 2 == 0 ? 0 : looks_ / 2 % modes.size()]}});
    }

    StudioApp& app_;
    Studio& studio_;
    Soak& result_;
    std::mt19937 random_{4};
    std::vector<IdentitySlider> shapes_;
    std::filesystem::path file_;
    std::size_t looks_ = 0;
};

}  // namespace

Memory memory_now() {
    Memory memory;
    std::ifstream file("/proc/self/statm");
    double total = 0, resident = 0;
    file >> total >> resident;
    memory.resident = resident * double(sysconf(_SC_PAGESIZE)) / mib;
    const struct mallinfo2 heap = mallinfo2();
    memory.heap_used = double(heap.uordblks + heap.hblkhd) / mib;
    memory.heap_free = double(heap.fordblks) / mib;
    return memory;
}

namespace {

// The most resident memory since the start, or since forget_peak().
double peak_mib() {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
    return 0;
}
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace

Soak soak(StudioApp& app, double minutes, double& ahead,
          const std::function<void(int minute, const Memory&, double history_mib)>& each_minute) {
    Studio& studio = app.studio();
    Soak result;
    result.frames = int(minutes * 60 * updates_a_second);
    Person person(app, result);
    const auto until = [&](const auto& condition, double limit) {
        const double end = now() + limit;
        while (!condition() && now() < end) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            app.frame(0);
        }
    };
    // Nothing is computed any more, and some seconds go by.
    const auto rest = [&] {
        const auto calm = [&] {
            const std::vector<JobInfo> jobs = studio.jobs().list();
            return studio.idle() && !app.viewport().frames().busy() &&
                   std::none_of(jobs.begin(), jobs.end(),
                                [](const JobInfo& j) { return j.state == JobState::running; });
        };
        person.show_the_usual();
        until(calm, 30);
        for (int i = 0; i < frames_alike; ++i) {
            app.draw();
            glFinish();
        }
        for (int i = 0; i < 3; ++i) {
            until(calm, 30);
            ahead += 2;
            app.frame(0);
        }
        until(calm, 30);
        person.run("motion.play");
    };
    person.begin();
    const double begin = now();
    const std::uint64_t pictures = app.viewport().pictures();
    const int minute = 60 * updates_a_second, warm = std::max(1, result.frames / 10);
    double history_warm = 0;
    std::vector<double> resident;  // of each minute from `warm` on
    for (int i = 1; i <= result.frames; ++i) {
        ahead += 1.0 / updates_a_second;
        person.act(i);
        studio.drain();
        (void)studio.scene();  // the pose of this moment
        if (i % thinning == 0) {
            // Held meanwhile: while it plays each picture is followed by the next, and there is nothing to wait for.
            person.run("motion.pause");
            person.run("view.orbit", {{"yaw", double(i % 360)}, {"to", true}});
            app.draw();
            until([&] { return !app.viewport().frames().busy(); }, 5);
            person.run("motion.play");
        }
        if (i != warm && i != result.frames && i % minute != 0) continue;
        rest();
        const Memory memory = memory_now();
        const double history_mib = double(studio.history().bytes()) / mib;
        if (i == warm) {
            result.warm = memory;
            history_warm = history_mib;
            forget_peak();
        }
        if (i >= warm) resident.push_back(memory.resident);
        result.end = memory;
        result.history_mib = history_mib - history_warm;
        if (i % minute == 0) each_minute(i / minute, memory, history_mib);
    }
    const auto part = std::max<long>(1, long(resident.size()) / 6);
    result.early = std::accumulate(resident.begin(), resident.begin() + part, 0.0) / double(part);
    result.late = std::accumulate(resident.end() - part, resident.end(), 0.0) / double(part);
    result.most = *std::max_element(resident.begin(), resident.end());
    result.peak = peak_mib();
    result.pictures = app.viewport().pictures() - pictures;
    result.seconds = now() - begin;
    return result;
}

}  // namespace likeness::bench
