// How commands declare their arguments.
#pragma once

#include "core/commands/command.h"

namespace likeness {

inline ArgumentSpec number_argument(const std::string& name, const std::string& tooltip, double low, double high,
                                    const std::string& unit = "") {
    ArgumentSpec spec;
    spec.name = name;
    spec.tooltip = tooltip;
    spec.unit = unit;
    spec.low = low;
    spec.high = high;
    return spec;
}
inline ArgumentSpec integer_argument(const std::string& name, const std::string& tooltip, double low, double high,
                                     const std::string& unit = "") {
    ArgumentSpec spec = number_argument(name, tooltip, low, high, unit);
    spec.type = ArgumentSpec::Type::integer;
    return spec;
}
inline ArgumentSpec flag_argument(const std::string& name, const std::string& tooltip) {
    ArgumentSpec spec;
    spec.name = name;
    spec.type = ArgumentSpec::Type::flag;
    spec.tooltip = tooltip;
    return spec;
}
inline ArgumentSpec text_argument(const std::string& name, const std::string& tooltip) {
    ArgumentSpec spec = flag_argument(name, tooltip);
    spec.type = ArgumentSpec::Type::text;
    return spec;
}
inline ArgumentSpec choice_argument(const std::string& name, const std::string& tooltip,
                                    std::vector<std::string> choices) {
    ArgumentSpec spec = text_argument(name, tooltip);
    spec.type = ArgumentSpec::Type::choice;
    spec.choices = std::move(choices);
    return spec;
}
inline ArgumentSpec with_suggestions(ArgumentSpec spec, std::function<std::vector<std::string>()> suggestions) {
    spec.suggestions = std::move(suggestions);
    return spec;
}
inline ArgumentSpec with_default(ArgumentSpec spec, Value value) {
    spec.fallback = std::move(value);
    return spec;
}
inline ArgumentSpec optional_argument(ArgumentSpec spec) {
    spec.required = false;
    return spec;
}

}  // namespace likeness
