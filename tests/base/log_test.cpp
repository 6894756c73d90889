#include "core/base/log.h"

#include <gtest/gtest.h>

namespace likeness::test {
namespace {

TEST(Log, LevelsByName) {
    for (const auto& [name, level] : {std::pair{"trace", spdlog::level::trace},
                                      {"debug", spdlog::level::debug},
                                      {"info", spdlog::level::info},
                                      {"warn", spdlog::level::warn},
                                      {"error", spdlog::level::err},
                                      {"off", spdlog::level::off}}) {
        set_log_level(name);
        EXPECT_EQ(spdlog::get_level(), level) << name;
    }
    for (const char* unknown : {"loud", "", "WARNING", "err0r"}) {
        set_log_level("off");
        set_log_level(unknown);
        EXPECT_EQ(spdlog::get_level(), spdlog::level::warn) << unknown;
    }
}

}  // namespace
}  // namespace likeness::test
