// The registry: every command is declared well, survives JSON, and takes only what it declares.
#include "core/commands/command.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/studio/studio_fixtures.h"

namespace likeness::test {
namespace {

// A call with every argument at some allowed value.
CommandCall example(const Command& command) {
    CommandCall call{command.id, {}};
    for (const ArgumentSpec& spec : command.arguments) {
        using Type = ArgumentSpec::Type;
        if (spec.fallback)
            call.arguments.set(spec.name, *spec.fallback);
        else if (spec.type == Type::flag)
            call.arguments.set(spec.name, true);
        else if (spec.type == Type::text)
            call.arguments.set(spec.name, "two \"words\" = \\ \xC3\xA4");
        else if (spec.type == Type::choice)
            call.arguments.set(spec.name, spec.choices.back());
        else
            call.arguments.set(spec.name, std::isfinite(spec.high) ? spec.high : 1.0);
    }
    return call;
}

std::string line_of(const CommandCall& call) {
    std::string line = call.id;
    for (const auto& [name, value] : call.arguments.values()) {
        line += " " + name + "=";
        if (value.is_flag())
            line += value.flag() ? "true" : "false";
        else if (value.is_number())
            line += nlohmann::json(value.number()).dump();
        else {
            line += '"';
            for (char c : value.text()) line += (c == '"' || c == '\\') ? std::string("\\") + c : std::string(1, c);
            line += '"';
        }
    }
    return line;
}

TEST(Commands, EachIsDeclaredWell) {
    const TemporaryFolder folder("studio_commands");
    StudioBench bench(folder.path);
    const CommandRegistry& registry = bench.studio->commands();
    EXPECT_GT(registry.ids().size(), 80u);
    std::set<std::string> seen, shortcuts;
    for (const std::string& id : registry.ids()) {
        const Command& command = *registry.find(id);
        EXPECT_TRUE(seen.insert(id).second) << id;
        EXPECT_FALSE(command.title.empty()) << id;
        EXPECT_FALSE(command.category.empty()) << id;
        ASSERT_FALSE(command.tooltip.empty()) << id;
        EXPECT_EQ(command.tooltip.back(), '.') << id;
        if (!command.shortcut.empty()) {
            EXPECT_TRUE(shortcuts.insert(command.shortcut).second) << command.shortcut;
        }
        for (const ArgumentSpec& spec : command.arguments) {
            EXPECT_LE(spec.low, spec.high) << id << " " << spec.name;
            EXPECT_EQ(spec.type == ArgumentSpec::Type::choice, !spec.choices.empty()) << id << " " << spec.name;
        }
        if (!command.merge_by.empty()) {
            EXPECT_TRUE(example(command).arguments.has(command.merge_by)) << id;
        }
    }
    for (const char* id : {"file.open",
                           "file.save",
                           "file.save_as",
                           "file.close",
                           "file.export_ply",
                           "train.start",
                           "train.pause",
                           "train.resume",
                           "train.stop",
                           "train.set_cap",
                           "train.set_resolution",
                           "train.set_steps",
                           "pose.set_expression",
                           "pose.reset",
                           "pose.reset_all",
                           "pose.random",
                           "pose.preset.save",
                           "pose.preset.apply",
                           "pose.preset.delete",
                           "pose.copy",
                           "pose.paste",
                           "pose.set_joint",
                           "pose.gaze",
                           "pose.mirror",
                           "identity.set",
                           "identity.reset",
                           "part.show",
                           "part.solo",
                           "motion.open",
                           "motion.play",
                           "motion.pause",
                           "motion.seek",
                           "motion.loop",
                           "motion.speed",
                           "view.front",
                           "view.source",
                           "view.mode",
                           "capture.screenshot",
                           "capture.turntable",
                           "edit.undo",
                           "edit.redo",
                           "app.quit"})
        EXPECT_TRUE(registry.find(id)) << id;
    const std::string table = describe(registry);
    EXPECT_NE(table.find("`pose.set_expression`"), std::string::npos);
    std::ostringstream documented;
    documented << std::ifstream(LIKENESS_STUDIO_DOCUMENT).rdbuf();
    const bool same = documented.str().find(table) != std::string::npos;
    if (!same) std::ofstream("commands.md") << table;
    EXPECT_TRUE(same) << "docs/studio.md has another table of commands; the present one was written to commands.md";
}

TEST(Commands, CallsSurviveJsonAndLines) {
    const TemporaryFolder folder("studio_commands");
    StudioBench bench(folder.path);
    const CommandRegistry& registry = bench.studio->commands();
    for (const std::string& id : registry.ids()) {
        const CommandCall call = example(*registry.find(id));
        ASSERT_TRUE(registry.check(call)) << id << ": " << registry.check(call).error().message;
        const auto text = to_json(call).dump();
        const auto back = call_from_json(nlohmann::json::parse(text));
        ASSERT_TRUE(back) << text;
        EXPECT_EQ(*back, call) << text;
        const auto from_line = call_from_line(line_of(call));
        ASSERT_TRUE(from_line) << line_of(call);
        EXPECT_EQ(*from_line, call) << line_of(call);
    }
}

TEST(Commands, WrongArgumentsAreRefusedInOneSentence) {
    const TemporaryFolder folder("studio_commands");
    StudioBench bench(folder.path);
    const CommandRegistry& registry = bench.studio->commands();
    const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
    for (const CommandCall& call : {CommandCall{"no.such", {}},
                                    {"pose.set_expression", {{"name", "jawOpen"}}},
                                    {"pose.set_expression", {{"name", "jawOpen"}, {"value", "much"}}},
                                    {"pose.set_expression", {{"name", "jawOpen"}, {"value", nan}}},
                                    {"pose.set_expression", {{"name", "jawOpen"}, {"value", infinity}}},
                                    {"pose.set_expression", {{"name", "jawOpen"}, {"value", 2.5}}},
                                    {"pose.set_expression", {{"name", true}, {"value", 0.5}}},
                                    {"pose.set_expression", {{"name", "jawOpen"}, {"value", 0.5}, {"extra", 1}}},
                                    {"train.set_steps", {{"value", 2.5}}},
                                    {"train.set_steps", {{"value", -1}}},
                                    {"view.mode", {{"mode", "cubist"}}},
                                    {"part.show", {{"part", "skin"}, {"on", 1}}}}) {
        const auto checked = registry.check(call);
        ASSERT_FALSE(checked) << to_json(call).dump();
        EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument);
        EXPECT_EQ(checked.error().message.back(), '.') << checked.error().message;
        EXPECT_FALSE(bench.studio->execute(call));
    }
    const auto filled = registry.check({"pose.random", {}});
    ASSERT_TRUE(filled);
    EXPECT_EQ(filled->number("strength"), 1) << "what is not given takes its default";
    for (const char* text : {"{}", "[]", "3", R"({"command": 3})", R"({"command": "a", "args": 3})",
                             R"({"command": "a", "args": {"x": [1]}})", R"({"command": "a", "x": 1})"})
        EXPECT_FALSE(call_from_json(nlohmann::json::parse(text))) << text;
    for (const char* line : {"", "a=1", "file.open path", "file.open =x", "file.open path=\"unclosed", "a x=1 x=2"})
        EXPECT_FALSE(call_from_line(line)) << line;
}

TEST(Commands, HandlersOfOthersAreAskedForUntilTheyAreSet) {
    const TemporaryFolder folder("studio_commands");
    StudioBench bench(folder.path);
    Studio& studio = *bench.studio;
    EXPECT_NE(studio.unavailable("capture.window"), "");
    EXPECT_FALSE(studio.execute("capture.window"));
    std::string got;
    studio.commands().set_handler("capture.window", [&](const Arguments& a) -> Status {
        got = a.text("path");
        return {};
    });
    EXPECT_TRUE(studio.execute("capture.window", {{"path", "a.png"}}));
    EXPECT_EQ(got, "a.png");
    // Commands that need a document say so.
    EXPECT_NE(studio.unavailable("pose.reset_all"), "");
    const Status refused = studio.execute("pose.reset_all");
    ASSERT_FALSE(refused);
    EXPECT_FALSE(refused.error().message.empty());
}

}  // namespace
}  // namespace likeness::test
