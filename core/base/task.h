// Progress and cancellation for long work. A worker reports often; reporting throws Cancelled when the user
// has asked to stop, so every loop that reports can be cancelled.
#pragma once

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>

namespace likeness {

struct Cancelled : std::runtime_error {
    Cancelled() : std::runtime_error("cancelled") {}
};

class Progress {
  public:
    // fraction in [0, 1], stage: a few words. Called on the worker's thread.
    using Listener = std::function<void(double fraction, const std::string& stage)>;

    explicit Progress(Listener listener = {}) : listener_(std::move(listener)) {}

    void report(double fraction, const std::string& stage);
    void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
    bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
    // For loops that cannot report; valid as long as this.
    const std::atomic<bool>* stop() const { return &cancelled_; }

  private:
    Listener listener_;
    std::atomic<bool> cancelled_ = false;
};

}  // namespace likeness
