// The whole studio without a display, driven by Dear ImGui's test engine: mouse, keys and words as a person's.
#pragma once

#include <gtest/gtest.h>
#include <imgui_te_context.h>
#include <imgui_te_engine.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "app/studio_app.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {

struct BenchOptions {
    int width = 1280, height = 800;
    bool window = false;  // a real window (Xvfb) instead of memory
    std::string theme = "dark";
    StoreKind store = StoreKind::automatic;
    std::function<double()> clock;  // the studio's, seconds; the system's unless given
    std::filesystem::path home;     // settings and autosaves; the bench's own folder unless given
};

class InterfaceBench {
  public:
    explicit InterfaceBench(const BenchOptions& options = {});
    ~InterfaceBench();

    // Runs `script` as a test of the engine; frames are drawn until it ends. True when nothing in it failed.
    bool play(const std::function<void(ImGuiTestContext*)>& script);
    // Draws until it holds; false after so many seconds.
    bool draw_until(const std::function<bool()>& condition, double seconds = 60);
    // Jobs done, the view at full resolution, panels in their place.
    bool settle(double seconds = 60);
    Image picture() { return app->surface().read(); }

    TemporaryFolder folder{"interface"};
    std::unique_ptr<StudioApp> app;
    Studio& studio() { return app->studio(); }

  private:
    ImGuiTestEngine* engine_ = nullptr;
};

// The sample portrait's avatar before any training, made once a run of the tests.
std::filesystem::path sample_avatar();
std::filesystem::path sample_portrait();

// Within a script: frames go by until it holds.
bool wait_until(ImGuiTestContext* context, const std::function<bool()>& condition, double seconds = 60);
// Share of the pixels that differ by more than 8 of 255 in a channel.
double difference(const Image& a, const Image& b);

}  // namespace likeness::test
