// A studio in a folder of its own, with a clock that the test moves.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/studio/studio.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {

class StudioBench {
  public:
    // `folder` is shared by benches that stand for one person's runs of the program.
    // `head`: that avatars share; the made-up one unless given.
    explicit StudioBench(const std::filesystem::path& folder, bool interactive = true,
                         std::shared_ptr<const HeadModel> head = nullptr);

    // Drains until nothing runs; false after a minute, or when `until` was given and never came true.
    bool settle();
    bool settle_until(const std::function<bool()>& until);
    // Both: the command is taken, and then everything settles.
    void run(const std::string& id, const Arguments& arguments = {});
    // The sentence of the oldest error dialog, dismissed; empty when there is none.
    std::string take_error();
    // Ends as a crash does: no clean-up of autosaves.
    void crash() { studio.reset(); }

    std::shared_ptr<double> time = std::make_shared<double>(1000.0);
    std::filesystem::path folder;
    std::unique_ptr<Studio> studio;
};

// Saves a small avatar on the made-up head.
std::filesystem::path save_ball(const std::filesystem::path& file, unsigned seed = 1, std::size_t count = 200,
                                bool hair = true);

// The stamp of that avatar's face: values of a motion that are made for it are shown as they are.
std::string ball_face();

}  // namespace likeness::test
