#include "app/terminal.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "core/base/paths.h"

namespace likeness {
namespace {

std::atomic<Progress*> interrupted_progress = nullptr;
std::atomic<int> interrupts = 0;

extern "C" void on_interrupt(int) {
    Progress* progress = interrupted_progress.load();
    if (!progress || interrupts.fetch_add(1) > 0) _exit(130);
    progress->cancel();  // an atomic store
}

}  // namespace

ProgressBar::ProgressBar(bool quiet) : quiet_(quiet), terminal_(isatty(2) == 1), start_(std::chrono::steady_clock::now()) {}

ProgressBar::~ProgressBar() {
    if (open_) std::fputc('\n', stderr);
}

void ProgressBar::update(double fraction, const std::string& stage) {
    if (quiet_) return;
    const auto now = std::chrono::steady_clock::now();
    const bool new_stage = stage != stage_;
    stage_ = stage;
    if (!terminal_) {
        if (new_stage) std::fprintf(stderr, "%3.0f %%  %s\n", fraction * 100, stage.c_str());
        return;
    }
    if (!new_stage && now - drawn_ < std::chrono::milliseconds(100)) return;
    drawn_ = now;
    const double spent = std::chrono::duration<double>(now - start_).count();
    const double left = fraction > 0.02 ? spent * (1 - fraction) / fraction : 0;
    constexpr int width = 30;
    char bar[width + 1];
    for (int i = 0; i < width; ++i) bar[i] = i < int(fraction * width) ? '#' : '.';
    bar[width] = 0;
    std::fprintf(stderr, "\r\033[K[%s] %3.0f %%  %s", bar, fraction * 100, stage.c_str());
    if (left > 0) std::fprintf(stderr, "  (%.0f s left)", left);
    std::fflush(stderr);
    open_ = true;
}

CancelOnInterrupt::CancelOnInterrupt(Progress& progress) {
    interrupts.store(0);
    interrupted_progress.store(&progress);
    std::signal(SIGINT, on_interrupt);
    std::signal(SIGTERM, on_interrupt);
}

CancelOnInterrupt::~CancelOnInterrupt() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    interrupted_progress.store(nullptr);
}

Status check_writable(const std::filesystem::path& path) {
    std::error_code ignored;
    const auto fail = [&](const std::string& why) {
        return Error{ErrorCode::io, "Cannot write '" + path.string() + "': " + why + ".", ""};
    };
    if (std::filesystem::is_directory(path, ignored)) return fail("it is a folder; name a file");
    const std::filesystem::path folder = path.parent_path().empty() ? "." : path.parent_path();
    if (!std::filesystem::is_directory(folder, ignored)) return fail("the folder '" + folder.string() + "' does not exist");
    const std::filesystem::path probe = temporary_beside(path);
    {
        std::ofstream file(probe);
        if (!file) return fail("the folder '" + folder.string() + "' does not allow it");
    }
    std::filesystem::remove(probe, ignored);
    return {};
}

}  // namespace likeness
