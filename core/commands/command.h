// Every action a person can take: named, typed, serialisable. One registry serves panels, shortcuts, the palette,
// scripts, the command line and undo.
#pragma once

#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/result.h"

namespace likeness {

// An argument's value. Integers are numbers without a fraction.
class Value {
  public:
    Value(bool value) : held_(value) {}
    Value(int value) : held_(double(value)) {}
    Value(float value) : held_(double(value)) {}
    Value(double value) : held_(value) {}
    Value(std::size_t value) : held_(double(value)) {}
    Value(const char* value) : held_(std::string(value)) {}
    Value(std::string value) : held_(std::move(value)) {}

    bool is_flag() const { return held_.index() == 0; }
    bool is_number() const { return held_.index() == 1; }
    bool is_text() const { return held_.index() == 2; }
    bool flag() const { return std::get<bool>(held_); }
    double number() const { return std::get<double>(held_); }
    const std::string& text() const { return std::get<std::string>(held_); }
    bool operator==(const Value&) const = default;

  private:
    std::variant<bool, double, std::string> held_;
};

// Arguments by name. The getters' precondition: the command declares the argument with that type.
class Arguments {
  public:
    Arguments() = default;
    Arguments(std::initializer_list<std::pair<const std::string, Value>> values) : values_(values) {}
    void set(const std::string& name, Value value) { values_.insert_or_assign(name, std::move(value)); }
    bool has(const std::string& name) const { return values_.contains(name); }
    const Value& at(const std::string& name) const { return values_.at(name); }
    bool flag(const std::string& name) const { return at(name).flag(); }
    double number(const std::string& name) const { return at(name).number(); }
    int integer(const std::string& name) const { return int(at(name).number()); }
    const std::string& text(const std::string& name) const { return at(name).text(); }
    const std::map<std::string, Value>& values() const { return values_; }
    bool operator==(const Arguments&) const = default;

  private:
    std::map<std::string, Value> values_;
};

struct ArgumentSpec {
    enum class Type { number, integer, flag, text, choice };
    std::string name;
    Type type = Type::number;
    std::string tooltip;
    std::string unit;  // "degrees", "s", ...; may be empty
    double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
    std::optional<Value> fallback;  // taken when it is not given
    bool required = true;           // neither required nor with a fallback: may be absent, see Arguments::has
    std::vector<std::string> choices;
    std::function<std::vector<std::string>()> suggestions;  // texts that make sense now; empty: any text
};

struct Command {
    std::string id;        // "file.open"
    std::string title;     // as in a menu
    std::string category;  // "File", "Pose", ...
    std::string tooltip;   // one sentence: what it does, with the unit
    std::vector<ArgumentSpec> arguments;
    std::string shortcut;  // "Ctrl+Shift+S"; empty for none
    bool undoable = false;
    std::string merge_by;  // the argument that tells two drags apart (a slider's name)
    // Why the command cannot run now, in one sentence; empty when it can.
    std::function<std::string()> unavailable;
    std::function<Status(const Arguments&)> run;  // empty until whoever owns it sets it
};

// A command with its arguments, as history, scripts and tests write it down.
struct CommandCall {
    std::string id;
    Arguments arguments;
    bool operator==(const CommandCall&) const = default;
};

class CommandRegistry {
  public:
    // Precondition: the id is new.
    void add(Command command);
    // For commands that the window or the renderer carries out (view.screenshot, ...).
    void set_handler(const std::string& id, std::function<Status(const Arguments&)> run);
    const Command* find(const std::string& id) const;  // null when unknown
    const std::vector<std::string>& ids() const { return order_; }

    // The arguments completed by fallbacks. Errors: invalid_argument (unknown command or argument, one missing, of
    // another type, out of range, no finite number).
    Result<Arguments> check(const CommandCall& call) const;

  private:
    std::map<std::string, Command> commands_;
    std::vector<std::string> order_;  // as added
};

// {"command": "pose.set_expression", "args": {"name": "jawOpen", "value": 0.5}}
nlohmann::json to_json(const CommandCall& call);
// Errors: invalid_argument.
Result<CommandCall> call_from_json(const nlohmann::json& value);
// The same on one line: pose.set_expression name=jawOpen value=0.5 text="two words". Errors: invalid_argument.
Result<CommandCall> call_from_line(const std::string& line);
// A table of all commands (Markdown), for the documentation and the shortcut sheet.
std::string describe(const CommandRegistry& registry);

}  // namespace likeness
