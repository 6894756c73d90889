// likeness edit: the studio's commands on an avatar, without its window.
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/command_files.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "core/files/file_formats.h"
#include "core/formats/json_file.h"
#include "core/studio/script.h"
#include "core/studio/studio.h"

namespace likeness {
namespace {

struct EditArguments {
    std::string avatar, script, output;
};

// Lets the studio's jobs run until `done`. Errors: what came up meanwhile, and cancelled.
Status run_until(Studio& studio, const CatchInterrupt& interrupt, const std::function<bool()>& done) {
    while (true) {
        studio.drain();
        if (interrupt.caught()) return Error{ErrorCode::cancelled, "Interrupted; nothing was written.", ""};
        const bool ended = done();
        if (const auto problem = studio.messages().dialog()) return *problem;
        if (ended) return {};
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

int edit(const EditArguments& arguments, const CommonOptions& common) {
    if (Status usable = check_files({{"the avatar", arguments.avatar}, {"the script (--script)", arguments.script}},
                                    {{"the avatar to write (-o)", arguments.output}});
        !usable)
        return report(usable.error(), common);
    const FileFormat* const format = format_to_write(arguments.output, FileContent::avatar);
    if (!format)
        return report({ErrorCode::invalid_argument,
                       "'" + arguments.output + "' is no avatar's name; end it with " +
                           file_endings(FileContent::avatar) + ".",
                       ""},
                      common);
    auto script = Script::load(arguments.script);
    if (!script) return report(script.error(), common);
    StudioOptions options;
    options.device = common.device == "auto" ? "" : common.device;
    options.interactive = options.remember = options.autosave = false;
    Studio studio(std::move(options));
    const CatchInterrupt interrupt;
    const auto idle = [&] { return studio.idle(); };
    if (Status opened = studio.execute("file.open", {{"path", arguments.avatar}}); !opened)
        return report(opened.error(), common);
    if (Status opened = run_until(studio, interrupt, idle); !opened) return report(opened.error(), common);
    if (Status ran = run_until(studio, interrupt, [&] { return !script->step(studio); }); !ran)
        return report(ran.error(), common);
    if (!script->status()) return report(script->status().error(), common);
    if (Status finished = run_until(studio, interrupt, idle); !finished) return report(finished.error(), common);
    if (Status saved = studio.execute("file.save_as", {{"path", arguments.output}, {"force", true}}); !saved)
        return report(saved.error(), common);
    if (Status saved = run_until(studio, interrupt, idle); !saved) return report(saved.error(), common);
    const PaintStack& paint = *studio.document().avatar().paint;
    if (common.json)
        std::printf("%s\n", json_text({{"output", arguments.output},
                                      {"commands", script->size()},
                                      {"layers", paint.layers.size()}},
                                     -1)
                                .c_str());
    return exit_ok;
}

}  // namespace

Subcommand add_edit_command(CLI::App& app, const CommonOptions& common) {
    const auto arguments = std::make_shared<EditArguments>();
    CLI::App* const command = app.add_subcommand("edit", "Run the studio's commands on an avatar and save it");
    command->add_option("avatar", arguments->avatar, "The avatar (" + file_endings(FileContent::avatar) + ")")->required();
    command->add_option("--script", arguments->script, "Commands, see docs/studio.md; one a line, or a JSON array")->required();
    command->add_option("-o,--output", arguments->output, "Where the edited avatar is written")->required();
    return [arguments, &common] { return edit(*arguments, common); };
}

}  // namespace likeness
