// Where the time of something that is done again and again goes, stage by stage.
#pragma once

#include <functional>
#include <string>

namespace likeness {

struct StageTime {
    std::string stage;
    double milliseconds = 0;
};

// Called at the end of each stage with its name, for profiles; empty: nobody asks.
using StageMark = std::function<void(const char* stage)>;

}  // namespace likeness
