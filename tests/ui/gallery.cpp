// Pictures of all that can be open: menus, dialogs, panels. For eyes, not for a machine:
//   ui_gallery FOLDER [WIDTHxHEIGHT] [dark|light] [TEXT SCALE]
// Built on demand; what a change of looks touched is seen in one go.
#include <imgui_internal.h>

#include <cstdio>
#include <fstream>
#include <utility>

#include "core/image/ops.h"
#include "core/image/save.h"
#include "tests/ui/interface_bench.h"

namespace likeness::test {
namespace {

class Gallery {
  public:
    Gallery(std::filesystem::path folder, const BenchOptions& options, float text_scale)
        : folder_(std::move(folder)), bench_(options) {
        std::filesystem::create_directories(folder_);
        bench_.studio().settings().text_scale = text_scale;
        // Frames are drawn by this thread, the engine's scripts run on one of their own.
        bench_.app->after_present = [this, go_on = bench_.app->after_present] {
            if (!wanted_.empty()) keep(std::exchange(wanted_, {}));
            go_on();
        };
    }

    int take() {
        Studio& studio = bench_.studio();
        bool good = everything("empty-");
        const std::filesystem::path file = bench_.folder.path / "Somebody.likeness";
        std::filesystem::copy_file(sample_avatar(), file);
        good = studio.execute("file.open", {{"path", file.string()}}) && bench_.settle() && good;
        good = studio.execute("pose.preset.apply", {{"name", "Smile"}}) && good;
        const std::filesystem::path track = bench_.folder.path / "talk.json";
        std::ofstream(track) << R"({"names": ["jawOpen"], "frames": [{"time": 0, "weights": [0]},
            {"time": 0.4, "weights": [0.6]}]})";
        good = studio.execute("motion.open", {{"path", track.string()}}) && bench_.settle() && good;
        good = everything("") && good;
        return good ? 0 : 1;
    }

  private:
    // At the window's next frame.
    void shot(ImGuiTestContext* context, const std::string& name) {
        context->MouseMoveToPos({2, float(bench_.app->surface().height()) * 0.5f});  // nothing is pointed at
        context->Yield(6);
        wanted_ = name;
        context->Yield(3);
    }
    void keep(const std::string& name) {
        (void)save_png(folder_ / (name + ".png"), composite_over(bench_.picture(), {0, 0, 0}));
        std::printf("%s\n", name.c_str());
    }

    bool everything(const std::string& prefix) {
        bool good = bench_.settle();
        for (const auto& panel : bench_.app->interface().panels()) {
            bench_.app->interface().show_panel(panel->name());
            for (int i = 0; i < 8; ++i) bench_.app->draw();
            keep(prefix + "panel-" + panel->name());
            if (panel->name() == "Preferences") panel->open = false;
        }
        bench_.app->interface().reset_layout();
        good = bench_.settle() && good;
        return bench_.play([&](ImGuiTestContext* context) { menus_and_dialogs(context, prefix); }) && good;
    }

    void menus_and_dialogs(ImGuiTestContext* context, const std::string& prefix) {
        Studio& studio = bench_.studio();
        const bool avatar = studio.document().has_avatar();
        const auto menu = [&](const char* path, const std::string& name) {
            context->SetRef("##MainMenuBar");
            context->MenuAction(ImGuiTestAction_Open, path);
            wanted_ = prefix + "menu-" + name;
            context->Yield(3);
            context->PopupCloseAll();
        };
        for (const char* name : {"File", "Edit", "Pose", "Train", "View", "Capture", "Help"}) menu(name, name);
        menu("View/Panels", "View-Panels");
        if (avatar) {
            menu("File/Open recent", "File-Recent");
            menu("Pose/Presets", "Pose-Presets");
        }
        if (avatar)
            for (const char* id : {"display", "background", "camera", "joint"}) {
                context->SetRef(context->WindowInfo("//###Viewport/toolbar").ID);
                context->ItemClick((std::string("###") + id + "_button").c_str());
                shot(context, prefix + "toolbar-" + id);
                context->PopupCloseAll();
            }
        bench_.app->interface().command_palette().open();
        shot(context, prefix + "palette");
        context->KeyPress(ImGuiKey_Escape);
        bench_.app->interface().shortcut_sheet().toggle();
        shot(context, prefix + "shortcuts");
        bench_.app->interface().shortcut_sheet().toggle();
        const auto browser = [&](const char* command, const char* name) {
            studio.invoke(command);
            context->Yield(4);
            shot(context, prefix + name);
            context->KeyPress(ImGuiKey_Escape);
            context->Yield(3);
        };
        browser("file.open", "browser-open");
        studio.messages().error({ErrorCode::io,
                                 "'Somebody.likeness' could not be written: no space is left on the disk.",
                                 "write(): No space left on device"});
        shot(context, prefix + "error");
        context->ItemClick("//###error/Details");
        shot(context, prefix + "error-details");
        context->ItemClick("//###error/Close");
        if (!avatar) return;
        browser("file.save_as", "browser-save");
        browser("capture.turntable", "browser-video");
        studio.invoke("file.close");
        shot(context, prefix + "unsaved");
        context->ItemClick("//Unsaved changes/Cancel");
    }

    std::filesystem::path folder_;
    InterfaceBench bench_;
    std::string wanted_;
};

}  // namespace
}  // namespace likeness::test

int main(int count, char** words) {
    using namespace likeness::test;
    if (count < 2) {
        std::fprintf(stderr, "ui_gallery FOLDER [WIDTHxHEIGHT] [dark|light] [TEXT SCALE]\n");
        return 2;
    }
    BenchOptions options;
    if (count > 2) std::sscanf(words[2], "%dx%d", &options.width, &options.height);
    if (count > 3) options.theme = words[3];
    return Gallery(words[1], options, count > 4 ? std::strtof(words[4], nullptr) : 1).take();
}
