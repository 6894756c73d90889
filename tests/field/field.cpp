#include "tests/field/field.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "core/image/load.h"

namespace likeness::test {

void Field::SetUp() {
    const auto data = test_data("field");
    if (!std::filesystem::is_directory(data)) GTEST_SKIP() << "The field's files are not there: no " << data << ".";
}

Outcome Field::studio(const std::filesystem::path& file, const std::vector<std::string>& commands) const {
    std::string script = "wait for=picture\n";
    for (const std::string& command : commands) script += command + "\n";
    write_text(folder.path / "script.txt", script + "wait for=idle\n");
    return run({"--headless", "--device", "cpu", "--script", (folder.path / "script.txt").string(), file.string()},
               folder.path);
}

Image Field::shown(const std::filesystem::path& file, const std::vector<std::string>& commands) const {
    const auto png = folder.path / "shown.png";
    std::filesystem::remove(png);
    std::vector<std::string> all = commands;
    all.push_back("capture.screenshot path=\"" + png.string() + "\" width=256 height=256");
    const Outcome outcome = studio(file, all);
    EXPECT_EQ(outcome.code, 0) << file << ": " << outcome.err;
    EXPECT_EQ(outcome.err.find("INFO"), std::string::npos) << outcome.err;
    auto picture = load_image(png);
    EXPECT_TRUE(picture) << (picture ? "" : picture.error().message);
    return picture ? *std::move(picture) : Image();
}

nlohmann::json Field::info(const std::filesystem::path& file) const {
    const Outcome outcome = run({"info", "--json", file.string()}, folder.path);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out, nullptr, false);
}

bool Field::notes_say(const nlohmann::json& info, const std::string& words) {
    if (!info.is_object() || !info.contains("notes")) return false;
    for (const auto& note : info["notes"])
        if (note.get<std::string>().find(words) != std::string::npos) return true;
    return false;
}

void Field::refused(const std::filesystem::path& file, const std::string& words) const {
    const Outcome outcome = run({"info", file.string()}, folder.path);
    EXPECT_EQ(outcome.code, 3) << file << outcome.out;
    expect_one_sentence(outcome, words);
}

double difference(const Image& a, const Image& b) {
    if (a.width != b.width || a.height != b.height || a.empty()) return 1;
    double sum = 0;
    for (int y = 0; y < a.height; ++y)
        for (int x = 0; x < a.width; ++x)
            for (int c = 0; c < 3; ++c) sum += std::abs(double(a.at(x, y)[c]) - b.at(x, y)[c]);
    return sum / (3.0 * a.width * a.height);
}

long peak_megabytes(const std::function<bool()>& runs) {
    // In a process of its own, whose other children were none.
    const pid_t child = ::fork();
    if (child == 0) {
        const bool good = runs();
        rusage usage{};
        ::getrusage(RUSAGE_CHILDREN, &usage);
        ::_exit(good ? int(std::min(usage.ru_maxrss / 1024 / 8, 255l)) : 255);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? 8l * WEXITSTATUS(status) : 2040;
}

}  // namespace likeness::test
