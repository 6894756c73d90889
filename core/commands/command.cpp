#include "core/commands/command.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

namespace likeness {
namespace {

using nlohmann::json;

Error wrong(const std::string& message) { return {ErrorCode::invalid_argument, message, ""}; }

std::string plain(double number) {
    std::ostringstream text;
    text << number;
    return text.str();
}

const char* type_name(ArgumentSpec::Type type) {
    switch (type) {
        case ArgumentSpec::Type::number:
            return "a number";
        case ArgumentSpec::Type::integer:
            return "a whole number";
        case ArgumentSpec::Type::flag:
            return "true or false";
        case ArgumentSpec::Type::text:
            return "a text";
        case ArgumentSpec::Type::choice:
            return "one of its choices";
    }
    return "";
}

Status check_value(const std::string& command, const ArgumentSpec& spec, const Value& value) {
    const std::string what = "'" + spec.name + "' of " + command;
    switch (spec.type) {
        case ArgumentSpec::Type::number:
        case ArgumentSpec::Type::integer: {
            if (!value.is_number() || !std::isfinite(value.number()))
                return wrong(what + " must be " + type_name(spec.type) + ".");
            if (spec.type == ArgumentSpec::Type::integer && value.number() != std::floor(value.number()))
                return wrong(what + " must be a whole number.");
            if (value.number() < spec.low || value.number() > spec.high)
                return wrong(what + " must lie in " + plain(spec.low) + ".." + plain(spec.high) +
                             (spec.unit.empty() ? "" : " " + spec.unit) + ", not " + plain(value.number()) + ".");
            return {};
        }
        case ArgumentSpec::Type::flag:
            if (!value.is_flag()) return wrong(what + " must be true or false.");
            return {};
        case ArgumentSpec::Type::text:
            if (!value.is_text()) return wrong(what + " must be a text.");
            return {};
        case ArgumentSpec::Type::choice:
            if (value.is_text() &&
                std::find(spec.choices.begin(), spec.choices.end(), value.text()) != spec.choices.end())
                return {};
            std::string list;
            for (const std::string& choice : spec.choices) list += (list.empty() ? "" : ", ") + choice;
            return wrong(what + " must be one of: " + list + ".");
    }
    return {};
}

// A word of a script's line: true, false, a number, or text.
Value value_of(const std::string& word) {
    if (word == "true") return true;
    if (word == "false") return false;
    double number = 0;
    const char* end = word.data() + word.size();
    const auto [stopped, failure] = std::from_chars(word.data(), end, number);
    if (!word.empty() && failure == std::errc() && stopped == end) return number;
    return word;
}

}  // namespace

void CommandRegistry::add(Command command) {
    order_.push_back(command.id);
    commands_.emplace(command.id, std::move(command));
}

void CommandRegistry::set_handler(const std::string& id, std::function<Status(const Arguments&)> run) {
    if (const auto it = commands_.find(id); it != commands_.end()) it->second.run = std::move(run);
}

const Command* CommandRegistry::find(const std::string& id) const {
    const auto it = commands_.find(id);
    return it == commands_.end() ? nullptr : &it->second;
}

Result<Arguments> CommandRegistry::check(const CommandCall& call) const {
    const Command* command = find(call.id);
    if (!command) return wrong("There is no command '" + call.id + "'.");
    for (const auto& [name, value] : call.arguments.values()) {
        const auto known = [&name = name](const ArgumentSpec& spec) { return spec.name == name; };
        if (std::none_of(command->arguments.begin(), command->arguments.end(), known))
            return wrong("The command " + call.id + " has no argument '" + name + "'.");
    }
    Arguments complete = call.arguments;
    for (const ArgumentSpec& spec : command->arguments) {
        if (!complete.has(spec.name)) {
            if (spec.fallback)
                complete.set(spec.name, *spec.fallback);
            else if (spec.required)
                return wrong("The command " + call.id + " needs '" + spec.name + "', " + type_name(spec.type) + ".");
            continue;
        }
        // A text that looks like a number, unquoted in a script.
        if (spec.type == ArgumentSpec::Type::text && complete.at(spec.name).is_number())
            complete.set(spec.name, plain(complete.number(spec.name)));
        if (Status checked = check_value(call.id, spec, complete.at(spec.name)); !checked) return checked.error();
    }
    return complete;
}

json to_json(const CommandCall& call) {
    json arguments = json::object();
    for (const auto& [name, value] : call.arguments.values()) {
        if (value.is_flag())
            arguments[name] = value.flag();
        else if (value.is_number())
            arguments[name] = value.number();
        else
            arguments[name] = value.text();
    }
    return {{"command", call.id}, {"args", arguments}};
}

Result<CommandCall> call_from_json(const json& value) {
    if (!value.is_object() || !value.contains("command") || !value["command"].is_string())
        return wrong("A command is written {\"command\": \"name\", \"args\": {...}}.");
    CommandCall call;
    call.id = value["command"].get<std::string>();
    for (const auto& [name, member] : value.items()) {
        if (name == "command") continue;
        if (name != "args" || !member.is_object())
            return wrong("The command " + call.id + " has a member '" + name + "' that is not understood.");
        for (const auto& [argument, given] : member.items()) {
            if (given.is_boolean())
                call.arguments.set(argument, given.get<bool>());
            else if (given.is_number())
                call.arguments.set(argument, given.get<double>());
            else if (given.is_string())
                call.arguments.set(argument, given.get<std::string>());
            else
                return wrong("'" + argument + "' of " + call.id + " must be a number, a text, true or false.");
        }
    }
    return call;
}

Result<CommandCall> call_from_line(const std::string& line) {
    struct Word {
        std::string text;
        std::size_t equals = std::string::npos;  // where the first '=' outside quotes is
        bool quoted = false;
    };
    std::vector<Word> words;
    bool inside = false, quotes = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (!quotes && (c == ' ' || c == '\t' || c == '\r' || c == '\n')) {
            inside = false;
            continue;
        }
        if (!inside) words.emplace_back();
        inside = true;
        Word& word = words.back();
        if (c == '"') {
            quotes = !quotes;
            word.quoted = true;
        } else if (quotes && c == '\\' && i + 1 < line.size()) {
            word.text += line[++i];
        } else {
            if (!quotes && c == '=' && word.equals == std::string::npos) word.equals = word.text.size();
            word.text += c;
        }
    }
    if (quotes) return wrong("A quotation mark is not closed in: " + line);
    if (words.empty() || words[0].equals != std::string::npos)
        return wrong("A line begins with a command's name: " + line);
    CommandCall call;
    call.id = words[0].text;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const Word& word = words[i];
        if (word.equals == std::string::npos || word.equals == 0)
            return wrong("'" + word.text + "' is no argument; write name=value.");
        const std::string name = word.text.substr(0, word.equals), text = word.text.substr(word.equals + 1);
        if (call.arguments.has(name)) return wrong("'" + name + "' is given twice in: " + line);
        call.arguments.set(name, word.quoted ? Value(text) : value_of(text));
    }
    return call;
}

std::string describe(const CommandRegistry& registry) {
    std::ostringstream out;
    out << "| command | arguments | shortcut | what it does |\n|---|---|---|---|\n";
    for (const std::string& id : registry.ids()) {
        const Command& command = *registry.find(id);
        out << "| `" << id << "` | ";
        bool first = true;
        for (const ArgumentSpec& spec : command.arguments) {
            out << (first ? "" : ", ") << "`" << spec.name << "`";
            first = false;
            if (!spec.choices.empty()) {
                out << " (";
                for (std::size_t i = 0; i < spec.choices.size(); ++i) out << (i ? ", " : "") << spec.choices[i];
                out << ")";
            } else if (std::isfinite(spec.low) && std::isfinite(spec.high)) {
                out << " (" << spec.low << ".." << spec.high << (spec.unit.empty() ? "" : " " + spec.unit) << ")";
            } else if (!spec.unit.empty()) {
                out << " (" << spec.unit << ")";
            }
        }
        out << " | " << command.shortcut << " | " << command.tooltip << " |\n";
    }
    return out.str();
}

}  // namespace likeness
