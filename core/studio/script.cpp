#include "core/studio/script.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/formats/json_file.h"
#include "core/image/file_bytes.h"
#include "core/studio/studio.h"

namespace likeness {
namespace {

Error wrong(const std::string& sentence) { return {ErrorCode::bad_input, sentence, ""}; }

bool training_goes_on(const Studio& studio) {
    const TrainingState state = studio.training().state;
    return state == TrainingState::running || state == TrainingState::paused || state == TrainingState::stopping;
}

const char* kind_name(const Document& d) {
    return d.kind == DocumentKind::avatar ? "avatar" : d.kind == DocumentKind::splats ? "splats" : "empty";
}

const char* stage_name(const Document& d) {
    switch (d.stage) {
        case DocumentStage::empty:
            return "empty";
        case DocumentStage::preparing:
            return "preparing";
        case DocumentStage::ready:
            return "ready";
        case DocumentStage::failed:
            return "failed";
    }
    return "";
}

}  // namespace

Result<Script> Script::load(const std::filesystem::path& file) {
    const auto bytes = read_file(file, std::size_t(16) << 20);
    if (!bytes) return bytes.error();
    return parse(std::string(bytes->begin(), bytes->end()), file.string());
}

Result<Script> Script::parse(const std::string& text, const std::string& name) {
    Script script;
    script.name_ = name;
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && text[first] == '[') {
        const auto calls = parse_json(text, name);
        if (!calls) return calls.error();
        for (const auto& entry : *calls) {
            auto call = call_from_json(entry);
            const int number = int(script.calls_.size()) + 1;
            if (!call) return wrong("'" + name + "', entry " + std::to_string(number) + ": " + call.error().message);
            script.calls_.push_back({*std::move(call), number});
        }
        return script;
    }
    std::istringstream lines(text);
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        const auto begin = line.find_first_not_of(" \t\r");
        if (begin == std::string::npos || line[begin] == '#') continue;
        auto call = call_from_line(line);
        if (!call) return wrong("'" + name + "', line " + std::to_string(number) + ": " + call.error().message);
        script.calls_.push_back({*std::move(call), number});
    }
    return script;
}

bool Script::step(Studio& studio) {
    const auto fail = [&](const Error& error) {
        const int line = next_ < calls_.size() ? calls_[next_].number : 0;
        status_ =
            Error{error.code, "'" + name_ + "', line " + std::to_string(line) + ": " + error.message, error.detail};
        next_ = calls_.size();
        return false;
    };
    while (next_ < calls_.size()) {
        if (studio.stickers().reading()) return true;  // the next command may be about it
        const CommandCall& call = calls_[next_].call;
        if (call.id == "wait") {
            const auto outcome = wait(studio, call.arguments);
            if (!outcome) return fail(outcome.error());
            // What failed in the meantime ends the script, also when nothing is left to wait for.
            if (const auto problem = studio.messages().dialog(); problem && !call.arguments.has("errors"))
                return fail(*problem);
            if (*outcome == Outcome::waiting) return true;
            waiting_since_ = -1;
        } else if (call.id == "expect") {
            if (Status holds = expect(studio, call.arguments); !holds) return fail(holds.error());
        } else if (Status done = studio.execute(call); !done) {
            return fail(done.error());
        }
        ++next_;
        if (studio.busy()) return true;  // a picture shows what it was asked to show, not what follows
    }
    return false;
}

Result<Script::Outcome> Script::wait(Studio& studio, const Arguments& arguments) {
    double timeout = 600;
    if (arguments.has("timeout")) {
        if (!arguments.at("timeout").is_number()) return wrong("'timeout' must be a number of seconds.");
        timeout = arguments.number("timeout");
    }
    const double now = studio.now();
    if (waiting_since_ < 0) waiting_since_ = now;
    const double waited = now - waiting_since_;
    bool done = false;
    const bool opening = studio.opening();  // what there is belongs to the document before
    if (arguments.has("seconds") && arguments.at("seconds").is_number()) {
        done = waited >= arguments.number("seconds");
    } else if (arguments.has("step") && arguments.at("step").is_number()) {
        const auto& curve = studio.training().curve;
        done = !opening && !curve.empty() && curve.back().step >= arguments.number("step");
        if (!done && !training_goes_on(studio) && studio.jobs().idle())
            return wrong("Training ended before step " + std::to_string(arguments.integer("step")) + ".");
    } else if (arguments.has("for") && arguments.at("for") == Value("training")) {
        done = !training_goes_on(studio) && studio.document().stage != DocumentStage::preparing && studio.jobs().idle();
    } else if (arguments.has("for") && arguments.at("for") == Value("picture")) {
        done = !opening && (studio.document().has_avatar() || studio.document().splats);
    } else if (arguments.has("for") && arguments.at("for") == Value("idle")) {
        done = studio.idle();
    } else {
        return wrong("Write wait for=idle, for=picture, for=training, seconds=N or step=N.");
    }
    if (done) return Outcome::done;
    if (waited > timeout) return wrong("Waited " + std::to_string(int(timeout)) + " s in vain.");
    return Outcome::waiting;
}

Status Script::expect(Studio& studio, const Arguments& arguments) const {
    const Document& document = studio.document();
    for (const auto& [name, value] : arguments.values()) {
        std::string found;
        bool holds = false;
        if (name == "error") {
            // Takes the oldest dialog away; its sentence must hold the text.
            const auto problem = studio.messages().dialog();
            found = problem ? problem->message : "none";
            holds = problem && value.is_text() && problem->message.find(value.text()) != std::string::npos;
            if (holds) studio.messages().dismiss_dialog();
        } else if (name == "dirty") {
            found = document.dirty() ? "true" : "false";
            holds = value == Value(document.dirty());
        } else if (name == "kind") {
            found = kind_name(document);
            holds = value == Value(found);
        } else if (name == "stage") {
            found = stage_name(document);
            holds = value == Value(found);
        } else if (name == "path") {
            found = document.path.string();
            holds = value == Value(found);
        } else if (name == "gaussians") {
            const std::size_t count = studio.scene().gaussian_count();
            found = std::to_string(count);
            holds = value.is_number() && double(count) >= value.number();
        } else {
            return wrong("'" + name + "' cannot be expected; write dirty, kind, stage, path, gaussians or error.");
        }
        if (!holds) return wrong("Expected another '" + name + "'; it is " + found + ".");
    }
    return {};
}

}  // namespace likeness
