#include "tests/ui/interface_bench.h"

#include <dlfcn.h>
#include <imgui.h>
#include <link.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "core/avatar/avatar_file.h"
#include "core/pipeline/portrait.h"

namespace likeness::test {
namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// OpenGL's drivers are unloaded with their last context. A leak report could not name them then, nor could
// .ci/lsan-suppressions.txt: what is loaded now stays until the program ends.
void keep_drivers_loaded() {
    std::vector<std::string> libraries;  // listed first: loading within the list's own lock could wait for ever
    dl_iterate_phdr(
        [](dl_phdr_info* library, std::size_t, void* list) {
            static_cast<std::vector<std::string>*>(list)->emplace_back(library->dlpi_name);
            return 0;
        },
        &libraries);
    for (const std::string& library : libraries)
        if (!library.empty()) (void)dlopen(library.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace

InterfaceBench::InterfaceBench(const BenchOptions& options) {
    StudioAppOptions app_options;
    app_options.headless = !options.window && !std::getenv("LIKENESS_TEST_WINDOW");
    app_options.fixed_size = true;
    app_options.surface.width = options.width;
    app_options.surface.height = options.height;
    app_options.surface.scale = 1;
    app_options.theme = options.theme;
    app_options.store = options.store;
    const std::filesystem::path home = options.home.empty() ? folder.path / "home" : options.home;
    app_options.studio.folders = {home / "settings", home / "state"};
    app_options.studio.device = "cpu";
    app_options.studio.clock = options.clock;
    auto made = StudioApp::create(std::move(app_options));
    if (!made) throw std::runtime_error(made.error().message + " " + made.error().detail);
    app = *std::move(made);
    static const bool kept = (keep_drivers_loaded(), true);
    (void)kept;
    app->interface().dialogs().use_native(false);
    engine_ = ImGuiTestEngine_CreateContext();
    ImGuiTestEngineIO& io = ImGuiTestEngine_GetIO(engine_);
    io.ConfigRunSpeed = ImGuiTestRunSpeed_Fast;
    io.ConfigNoThrottle = true;
    io.ConfigFixedDeltaTime = 1.0f / 60;  // a busy machine must not turn a double-click into two clicks
    io.ConfigVerboseLevel = ImGuiTestVerboseLevel_Error;
    io.ConfigVerboseLevelOnError = ImGuiTestVerboseLevel_Info;
    io.ConfigLogToTTY = true;
    io.ConfigSavedSettings = false;
    io.ConfigWatchdogWarning = io.ConfigWatchdogKillTest = 1e9f;
    ImGuiTestEngine_Start(engine_, ImGui::GetCurrentContext());
    app->after_present = [this] { ImGuiTestEngine_PostSwap(engine_); };
    settle();
}

InterfaceBench::~InterfaceBench() {
    ImGuiTestEngine_Stop(engine_);
    app->after_present = {};
    app.reset();
    ImGuiTestEngine_DestroyContext(engine_);
}

bool InterfaceBench::play(const std::function<void(ImGuiTestContext*)>& script) {
    ImGuiTest* test = ImGuiTestEngine_RegisterTest(engine_, "studio", "play", __FILE__, __LINE__);
    test->TestFunc = script;
    ImGuiTestEngine_QueueTest(engine_, test);
    while (!ImGuiTestEngine_IsTestQueueEmpty(engine_)) {
        if (!app->frame(0)) break;
        app->draw();
    }
    const bool good = test->Output.Status == ImGuiTestStatus_Success;
    ImGuiTestEngine_UnregisterTest(engine_, test);
    return good;
}

bool InterfaceBench::draw_until(const std::function<bool()>& condition, double limit) {
    const double begin = seconds();
    while (!condition()) {
        if (seconds() - begin > limit) return false;
        const double drawn = seconds();
        if (!app->frame(0.01)) return condition();
        app->draw();
        // Software that draws without pause would keep the workers, of lower priority, from what is waited for.
        const double rest = drawn + 0.025 - seconds();
        if (rest > 0) std::this_thread::sleep_for(std::chrono::duration<double>(rest));
    }
    return true;
}

bool InterfaceBench::settle(double limit) {
    int calm = 0;
    return draw_until([&] { return studio().idle() && app->viewport().settled() ? ++calm > 12 : (calm = 0, false); },
                      limit);
}

std::filesystem::path sample_portrait() { return std::filesystem::path(LIKENESS_SAMPLE_FOLDER) / "astronaut.png"; }

std::filesystem::path sample_avatar() {
    static const TemporaryFolder folder("sample");
    const std::filesystem::path file = folder.path / "sample.likeness";
    if (std::filesystem::exists(file)) return file;
    HeadRegistry heads;
    auto tools = PortraitTools::load(heads);
    if (!tools) throw std::runtime_error(tools.error().message);
    PortraitOptions options;
    options.density = 0.4f;  // enough to look at, quick to draw
    Progress progress;
    auto portrait = prepare_portrait(*tools, sample_portrait(), options, progress);
    if (!portrait) throw std::runtime_error(portrait.error().message);
    const Status saved = save_avatar(file, portrait->avatar, {});
    if (!saved) throw std::runtime_error(saved.error().message);
    return file;
}

bool wait_until(ImGuiTestContext* context, const std::function<bool()>& condition, double limit) {
    const double begin = seconds();
    while (!condition()) {
        if (seconds() - begin > limit || context->Abort) return false;
        context->Yield();
    }
    return true;
}

double difference(const Image& a, const Image& b) {
    if (a.width != b.width || a.height != b.height || a.channels != b.channels) return 1;
    std::size_t differ = 0;
    const std::size_t pixels = std::size_t(a.width) * std::size_t(a.height), channels = std::size_t(a.channels);
    for (std::size_t i = 0; i < pixels; ++i)
        for (std::size_t c = 0; c < channels; ++c)
            if (std::abs(a.pixels[i * channels + c] - b.pixels[i * channels + c]) > 8.0f / 255.0f) {
                ++differ;
                break;
            }
    return double(differ) / double(pixels);
}

}  // namespace likeness::test
