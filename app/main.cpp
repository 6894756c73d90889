#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <system_error>
#include <vector>

#include "app/command_studio.h"
#include "app/commands.h"
#include "app/standard_streams.h"
#include "core/base/denormals.h"
#include "core/base/failure.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/files/file_formats.h"
#ifdef LIKENESS_HAVE_CUDA
#include "cuda/gl_frame_store.h"
#include "cuda/register_device.h"
#endif

namespace likeness {

int report(const Error& error, const CommonOptions& common) {
    // Libraries that run out of memory say only that they failed.
    const bool short_of_memory = error.code == ErrorCode::internal && memory_is_short();
    std::fprintf(stderr, "likeness: %s%s\n", error.message.c_str(),
                 short_of_memory ? " There is not enough memory for it." : "");
    if (common.verbose && !error.detail.empty()) std::fprintf(stderr, "  %s\n", error.detail.c_str());
    switch (short_of_memory ? ErrorCode::out_of_memory : error.code) {
        case ErrorCode::invalid_argument:
            return exit_usage;
        case ErrorCode::not_found:
        case ErrorCode::bad_input:
            return exit_input;
        case ErrorCode::io:
            return exit_output;
        case ErrorCode::out_of_memory:
            return exit_memory;
        case ErrorCode::device:
            return exit_device;
        case ErrorCode::cancelled:
            return exit_interrupted;
        case ErrorCode::internal:
            break;
    }
    return exit_internal;
}

}  // namespace likeness

namespace {

// For exceptions that nothing can catch, e.g. in a library's thread.
[[noreturn]] void on_terminate() {
    using namespace likeness;
    try {
        if (std::current_exception()) std::rethrow_exception(std::current_exception());
    } catch (const std::bad_alloc&) {
        std::fputs("likeness: There is not enough memory for this.\n", stderr);
        ::_exit(exit_memory);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "likeness: Something went wrong: %s.\n", failure.what());
    } catch (...) {
    }
    std::abort();
}

int run(int argc, char** argv) {
    using namespace likeness;
    CommonOptions common;
    try {
#ifdef LIKENESS_HAVE_CUDA
        register_cuda_device();
        register_gl_frame_store();
#endif
        CLI::App app("Likeness: head avatars from portraits", "likeness");
        app.set_version_flag("--version", LIKENESS_VERSION);
        app.fallthrough();
        bool wants_diagnosis = false;
        app.add_flag("--diagnose", wants_diagnosis, "Say what was found: processor, GPU, models, memory, disk");
        app.add_option("--device", common.device, "Where to compute: auto, cpu or cuda")
            ->check(CLI::IsMember({"auto", "cpu", "cuda"}));
        app.add_flag("--quiet", common.quiet, "No progress");
        app.add_flag("--json", common.json, "Results as JSON on standard output");
        app.add_flag("--verbose", common.verbose, "Say more");
        StudioArguments studio;
        app.add_option("file", studio.file,
                       "Opened in the studio: a portrait, an avatar (" + file_endings(FileContent::avatar) +
                           "), splats (" + file_endings(FileContent::splats) + "), a motion (" +
                           file_endings(FileContent::motion) + ")");
        app.add_option("driver", studio.driver, "What moves the avatar: a video of somebody, or a motion");
        app.add_flag("--headless", studio.headless, "The studio without a display; needs --script");
        app.add_option("--script", studio.script, "Commands for the studio, see docs/studio.md");
        app.add_option("--window", studio.size, "Size of the studio's window, pixels: 1280x800");
        app.add_option("--theme", studio.theme, "The studio's colors")->check(CLI::IsMember({"dark", "light"}));
        app.add_option("--scale", studio.scale,
                       "Size of the studio's text and controls; the display's own unless given")
            ->check(CLI::Range(0.5, 4.0));
        app.add_option("--presenter", studio.presenter, "How pictures get to the screen")
            ->check(CLI::IsMember({"automatic", "host", "pixel_buffer", "device"}));
        std::vector<std::pair<CLI::App*, Subcommand>> commands;
        const auto add = [&](auto&& adder) {
            Subcommand command = adder(app, common);
            commands.emplace_back(app.get_subcommands({}).back(), std::move(command));
        };
        add(add_train_command);
        add(add_track_command);
        add(add_drive_command);
        add(add_edit_command);
        add(add_render_command);
        add(add_export_command);
        add(add_info_command);
        add(add_models_command);
        app.require_subcommand(0, 1);
        try {
            app.parse(argc, argv);
        } catch (const CLI::ParseError& failure) {
            const int code = app.exit(failure);
            return code == 0 ? exit_ok : exit_usage;
        }
        set_log_level(common.verbose ? "debug" : common.quiet ? "error" : "warn");
        if (wants_diagnosis) return diagnose(common);
        for (auto& [parsed, command] : commands) {
            if (!*parsed) continue;
            if (!studio.file.empty())
                return report(
                    {ErrorCode::invalid_argument, "'" + studio.file + "' is one argument too many; see --help.", ""},
                    common);
            return command();
        }
        return run_studio(studio, common);
    } catch (const std::bad_alloc&) {
        return report({ErrorCode::out_of_memory, "There is not enough memory for this.", ""}, common);
    } catch (const std::system_error& failure) {
        if (failure.code() == std::errc::resource_unavailable_try_again ||
            failure.code() == std::errc::not_enough_memory)
            return report({ErrorCode::out_of_memory,
                           "The system allows no further thread or memory; close other programs or raise the limit.",
                           failure.what()},
                          common);
        return report({ErrorCode::internal, std::string("Something went wrong: ") + failure.what() + ".", ""}, common);
    } catch (const DeviceFailure& failure) {
        return report({ErrorCode::device, "The graphics card failed; try again, or use --device cpu.", failure.what()}, common);
    } catch (const std::exception& failure) {
        return report({ErrorCode::internal, std::string("Something went wrong: ") + failure.what() + ".", ""}, common);
    }
}

}  // namespace

int main(int argc, char** argv) {
    likeness::prepare_streams();
    std::set_terminate(on_terminate);
    likeness::flush_denormals();
    return likeness::finish_output(run(argc, argv));
}
