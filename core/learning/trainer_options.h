// What a training run may be told. The table is all that command line, settings, panel, commands and scripts know of
// them: a new option is a member and a row.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace likeness {

struct TrainerOptions {
    int steps = 500;
    int resolution = 512;      // of the last steps; the first ones use half of it
    std::size_t cap = 90'000;  // most Gaussians
    std::uint64_t seed = 1;
    double bust = 4;            // centimetres that the bust goes on below the photograph, see bust_presence()
    double seconds = 0;         // stop after this long; 0 for no limit
    int snapshot_every = 25;    // steps
    std::filesystem::path log;  // JSON lines, one a snapshot; empty for none
};

struct TrainerOption {
    const char* name;     // on the command line and in commands: --steps, train.set_steps
    const char* setting;  // its key among the settings; null: the studio has no such option
    const char *title, *about, *unit;
    double low, high;                             // that are taken
    double slider_low, slider_high, slider_step;  // that a slider offers
    bool whole, logarithmic;
    double (*get)(const TrainerOptions&);
    void (*set)(TrainerOptions&, double);
};

inline constexpr std::array<TrainerOption, 6> trainer_options = {{
    {"steps", "training_steps", "Steps", "More steps take longer and become finer.", "", 0, 100'000, 50, 5000, 1, true,
     true, [](const TrainerOptions& o) { return double(o.steps); },
     [](TrainerOptions& o, double value) { o.steps = int(value); }},
    {"resolution", "training_resolution", "Resolution", "Side of the pictures that training looks at.", "px", 64, 2048,
     128, 1024, 32, true, false, [](const TrainerOptions& o) { return double(o.resolution); },
     [](TrainerOptions& o, double value) { o.resolution = int(value); }},
    {"cap", "gaussian_cap", "Most Gaussians", "More Gaussians show finer detail, and need more memory and time.", "",
     1000, 2'000'000, 10'000, 500'000, 1000, true, true, [](const TrainerOptions& o) { return double(o.cap); },
     [](TrainerOptions& o, double value) { o.cap = std::size_t(value); }},
    {"bust", "bust_below_photo", "Bust below the photograph",
     "From the photograph's lower border on the bust fades, and this far below it is gone.", "cm", 1, 50, 1, 50, 1,
     false, true, [](const TrainerOptions& o) { return o.bust; },
     [](TrainerOptions& o, double value) { o.bust = value; }},
    {"seed", nullptr, "Seed", "The same seed gives the same avatar.", "", 0, 9007199254740992.0, 0, 0, 1, true, false,
     [](const TrainerOptions& o) { return double(o.seed); },
     [](TrainerOptions& o, double value) { o.seed = std::uint64_t(value); }},
    {"seconds", nullptr, "Time limit", "Training stops after this long; 0 for no limit.", "s", 0, 1e9, 0, 0, 1, false,
     false, [](const TrainerOptions& o) { return o.seconds; },
     [](TrainerOptions& o, double value) { o.seconds = value; }},
}};

}  // namespace likeness
