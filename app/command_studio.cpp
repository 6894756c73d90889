#include "app/command_studio.h"

#include <cstdio>
#include <optional>

#include "app/studio_app.h"
#include "app/terminal.h"
#include "core/base/memory.h"
#include "core/studio/script.h"

namespace likeness {
namespace {

Result<std::pair<int, int>> parse_window_size(const std::string& text) {
    int width = 0, height = 0, used = 0;
    if (std::sscanf(text.c_str(), "%dx%d%n", &width, &height, &used) == 2 && used == int(text.size()) && width >= 320 &&
        height >= 240 && width <= 8192 && height <= 8192)
        return std::pair{width, height};
    return Error{ErrorCode::invalid_argument, "'" + text + "' is no window's size; write 1280x800.", ""};
}

// The system wants the program to end: what is being written is finished first.
Status end_at_once(StudioApp& app) {
    app.interrupt();
    while (app.studio().jobs().writing() && app.frame(0.02)) {
    }
    return Error{ErrorCode::cancelled, "Interrupted; what was not saved is offered at the next start.", ""};
}

// Until the window closes, or the script has ended and what it captured is taken.
Status run_app(StudioApp& app, std::optional<Script> script, bool keep_open) {
    const CatchInterrupt interrupt;
    bool running = script.has_value();
    while (app.frame(running || !keep_open ? 0.02 : 0.25)) {
        if (interrupt.caught()) return end_at_once(app);
        // A picture that waits for its frame shows what it was asked to show.
        if (running && !app.capturing()) running = script->step(app.studio());
        if (running) continue;
        if (script && !script->status()) return script->status();
        if (keep_open) continue;
        // What failed after the last command, or while it was waited for, is the script's failure too.
        if (const auto problem = app.studio().messages().dialog()) return *problem;
        // The end waits for what is being written.
        if (!app.capturing() && !app.studio().ending()) (void)app.studio().execute("app.quit", {{"discard", true}});
    }
    if (const auto problem = app.studio().messages().dialog(); problem && !keep_open) return *problem;
    return {};
}

}  // namespace

int run_studio(const StudioArguments& arguments, const CommonOptions& common) {
    keep_large_blocks_apart();
    StudioAppOptions options;
    options.headless = arguments.headless;
    options.theme = arguments.theme;
    options.surface.scale = arguments.scale;
    options.store = store_kind(arguments.presenter);
    if (!arguments.size.empty()) {
        const auto size = parse_window_size(arguments.size);
        if (!size) return report(size.error(), common);
        std::tie(options.surface.width, options.surface.height) = *size;
        options.fixed_size = true;
    }
    std::error_code ignored;
    for (const std::string& file : {arguments.file, arguments.driver})
        if (!file.empty() && !std::filesystem::exists(file, ignored))
            return report({ErrorCode::invalid_argument,
                           "'" + file + "' is neither a command nor a file; 'likeness --help' lists the commands.", ""},
                          common);
    if (arguments.headless && arguments.script.empty())
        return report(
            {ErrorCode::invalid_argument, "Without a display the studio needs something to do: add --script FILE.", ""},
            common);
    std::optional<Script> script;
    if (!arguments.script.empty()) {
        auto loaded = Script::load(arguments.script);
        if (!loaded) return report(loaded.error(), common);
        script = *std::move(loaded);
    }
    options.studio.device = common.device == "auto" ? "" : common.device;
    options.studio.interactive = !arguments.headless;
    options.studio.remember = !arguments.headless;
    options.studio.preload = true;
    auto app = StudioApp::create(std::move(options));
    if (!app) return report(app.error(), common);
    for (const std::string& file : {arguments.file, arguments.driver}) {
        if (file.empty()) continue;
        const Status opened = (*app)->studio().execute("file.open", {{"path", file}});
        if (!opened) {
            if (arguments.headless) return report(opened.error(), common);
            (*app)->studio().messages().error(opened.error());
        }
    }
    if (const Status ended = run_app(**app, std::move(script), !arguments.headless); !ended)
        return report(ended.error(), common);
    return exit_ok;
}

}  // namespace likeness
