// Cases of ../shared/data/field, given to the program as a person would. A case is skipped where the data is absent.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/image/image.h"
#include "tests/app/program.h"
#include "tests/formats/temporary_folder.h"

namespace likeness::test {

class Field : public ::testing::Test {
  protected:
    void SetUp() override;

    // A file of a case: "07_2dgs/2dgs_no_scale_2.ply".
    std::filesystem::path field(const std::string& inside) const { return test_data("field/" + inside); }
    // Opens a file in the studio without a display and runs commands (docs/studio.md) when there is a picture.
    Outcome studio(const std::filesystem::path& file, const std::vector<std::string>& commands) const;
    // What the studio shows of it behind those commands, 256 x 256.
    Image shown(const std::filesystem::path& file, const std::vector<std::string>& commands = {}) const;
    // `likeness info --json`; the program must succeed.
    nlohmann::json info(const std::filesystem::path& file) const;
    // Of `info`: whether a note has these words.
    static bool notes_say(const nlohmann::json& info, const std::string& words);
    // `likeness info`, which must fail as an unreadable input with a sentence that has these words.
    void refused(const std::filesystem::path& file, const std::string& words) const;

    const TemporaryFolder folder{"field"};
};

// Mean of the absolute differences of the colors; 1 when the sizes differ.
double difference(const Image& a, const Image& b);
// The most memory that a program took that `runs` started, to 8 MiB; 2040 when it took more, or when `runs` is false.
long peak_megabytes(const std::function<bool()>& runs);

}  // namespace likeness::test
