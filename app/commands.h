// The sub-commands of the command line. Each adds itself to the parser and returns what to run when it was chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "core/base/result.h"

namespace likeness {

// Exit codes; docs/command-line.md says the same.
enum ExitCode {
    exit_ok = 0,
    exit_internal = 1,
    exit_usage = 2,
    exit_input = 3,       // a file or face that cannot be used
    exit_output = 4,      // cannot write
    exit_device = 5,      // a GPU was asked for and is missing or failed
    exit_memory = 6,      // out of memory
    exit_interrupted = 130,  // Ctrl-C; what there was is saved
};

struct CommonOptions {
    bool quiet = false, json = false, verbose = false;
    std::string device = "auto";
};

using Subcommand = std::function<int()>;
Subcommand add_train_command(CLI::App& app, const CommonOptions& common);
Subcommand add_track_command(CLI::App& app, const CommonOptions& common);
Subcommand add_drive_command(CLI::App& app, const CommonOptions& common);
Subcommand add_edit_command(CLI::App& app, const CommonOptions& common);
Subcommand add_render_command(CLI::App& app, const CommonOptions& common);
Subcommand add_export_command(CLI::App& app, const CommonOptions& common);
Subcommand add_info_command(CLI::App& app, const CommonOptions& common);
Subcommand add_models_command(CLI::App& app, const CommonOptions& common);
int diagnose(const CommonOptions& common);

// Prints the sentence (and, when verbose, the detail) and gives the exit code.
int report(const Error& error, const CommonOptions& common);

}  // namespace likeness
