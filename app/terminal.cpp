#include "app/terminal.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace likeness {
namespace {

std::atomic<Progress*> interrupted_progress = nullptr;
std::atomic<int> interrupts = 0;

constexpr int caught_signals[] = {SIGINT, SIGTERM, SIGHUP};

extern "C" void on_interrupt(int) {
    if (interrupts.fetch_add(1) > 0) _exit(130);
    if (Progress* progress = interrupted_progress.load()) progress->cancel();  // an atomic store
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

CatchInterrupt::CatchInterrupt(Progress* progress) {
    interrupts.store(0);
    interrupted_progress.store(progress);
    // One that is ignored stays so: nohup, or a shell's background job.
    for (const int number : caught_signals)
        if (std::signal(number, on_interrupt) == SIG_IGN) std::signal(number, SIG_IGN);
}

CatchInterrupt::~CatchInterrupt() {
    for (const int number : caught_signals)
        if (std::signal(number, SIG_DFL) == SIG_IGN) std::signal(number, SIG_IGN);
    interrupted_progress.store(nullptr);
}

bool CatchInterrupt::caught() const { return interrupts.load() > 0; }

}  // namespace likeness
