#include "tests/app/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "tests/formats/temporary_folder.h"

namespace likeness::test {

Program::Program(const std::vector<std::string>& arguments, const std::filesystem::path& folder, long file_limit)
    : Program(LIKENESS_PROGRAM, arguments, folder, file_limit) {}

Program::Program(const std::string& executable, const std::vector<std::string>& arguments,
                 const std::filesystem::path& folder, long file_limit) {
    ::setenv("LIKENESS", LIKENESS_PROGRAM, 1);
    ::setenv("LIKENESS_HOME", home_in(folder).c_str(), 1);
    static std::atomic<int> runs = 0;
    const std::string number = std::to_string(++runs);
    out_ = folder / (".output-" + number);
    err_ = folder / (".output-errors-" + number);
    std::vector<std::string> all = {executable};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& a : all) pointers.push_back(a.data());
    pointers.push_back(nullptr);
    const int out = ::open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err = ::open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    process_ = ::fork();
    if (process_ == 0) {  // only what is safe after a fork
        ::dup2(out, 1);
        ::dup2(err, 2);
        if (::chdir(folder.c_str()) != 0) ::_exit(126);
        if (file_limit > 0) {
            const rlimit limit{rlim_t(file_limit), rlim_t(file_limit)};
            ::setrlimit(RLIMIT_FSIZE, &limit);
            ::signal(SIGXFSZ, SIG_IGN);  // writing fails, as on a full disk, instead of ending the program
        }
        ::execv(pointers[0], pointers.data());
        ::_exit(127);
    }
    ::close(out);
    ::close(err);
    if (process_ < 0) throw std::runtime_error("cannot start " + all[0]);
}

Program::~Program() {
    if (!ended()) {
        ::kill(process_, SIGKILL);
        wait();
    }
}

bool Program::ended() {
    if (!reaped_) reaped_ = ::waitpid(process_, &status_, WNOHANG) == process_;
    return reaped_;
}

bool Program::wait_for(const std::string& text) {
    while (true) {
        const bool over = ended();
        if (content(err_).find(text) != std::string::npos) return true;
        if (over) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

void Program::signal(int number) const { ::kill(process_, number); }

Outcome Program::wait() {
    if (!reaped_) reaped_ = ::waitpid(process_, &status_, 0) == process_;
    return {WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_), content(out_), content(err_)};
}

Outcome run(const std::vector<std::string>& arguments, const std::filesystem::path& folder, long file_limit) {
    return Program(arguments, folder, file_limit).wait();
}

Outcome shell(const std::string& line, const std::filesystem::path& folder) {
    return Program("/bin/sh", {"-c", line}, folder).wait();
}

std::filesystem::path home_in(const std::filesystem::path& folder) { return folder / ".output-home"; }

std::vector<std::filesystem::path> autosaves_of(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> found;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(home_in(folder) / "state" / "autosave", none))
        if (entry.path().extension() == ".likeness") found.push_back(entry.path());
    return found;
}

void write_text(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

std::vector<std::string> listing(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (const std::string name = entry.path().filename().string(); name.rfind(".output-", 0) != 0)
            names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
}

std::filesystem::path sample() { return std::filesystem::path(LIKENESS_SAMPLE_FOLDER) / "astronaut.png"; }

std::vector<std::string> train_arguments(const std::filesystem::path& photo, const std::filesystem::path& avatar,
                                         int steps) {
    return {"train",        photo.string(), "-o",        avatar.string(), "--steps",  std::to_string(steps),
            "--resolution", "128",          "--density", "0.15",          "--device", "cpu"};
}

const std::filesystem::path& trained() {
    static const TemporaryFolder folder("app_trained");
    static const std::filesystem::path file = [] {
        const auto made = folder.path / "astronaut.likeness";
        const Outcome outcome = run(train_arguments(sample(), made), folder.path);
        if (outcome.code != 0) throw std::runtime_error("training the sample failed: " + outcome.err);
        return made;
    }();
    return file;
}

void expect_one_sentence(const Outcome& outcome, const std::string& mentions) {
    // Stages of the progress come before; the error is the last line.
    std::string text = outcome.err;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const std::string last = text.substr(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
    EXPECT_EQ(last.rfind("likeness: ", 0), 0u) << outcome.err;
    EXPECT_EQ(text.find("likeness: "), text.rfind("likeness: ")) << "one error, once: " << outcome.err;
    EXPECT_NE(last.find(mentions), std::string::npos) << "'" << mentions << "' in: " << last;
    EXPECT_EQ(last.back(), '.') << last;
}

}  // namespace likeness::test
