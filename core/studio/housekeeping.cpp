#include "core/studio/housekeeping.h"

#include <algorithm>

#include "core/base/memory.h"
#include "core/studio/studio.h"

namespace likeness {
namespace {

constexpr double memory_delay = 2.0;  // seconds at rest until memory that was needed is given back

}  // namespace

Housekeeping::Housekeeping(Studio& studio) : studio_(studio), last_(studio.now()) {}

double Housekeeping::elapsed() {
    const double now = studio_.now(), elapsed = std::max(0.0, now - last_);
    last_ = now;
    return elapsed;
}

void Housekeeping::shape_head() {
    if (!studio_.document().has_avatar() || studio_.document().avatar().prepared() || shape_job_.running()) return;
    using Shaped = std::shared_ptr<const RestSurface>;
    shape_job_ = studio_.jobs().start_for<Shaped>(
        "Shaping the head",
        [avatar = studio_.document().avatar()](Progress&) mutable -> Result<Shaped> {
            avatar.prepare();
            return avatar.rest;
        },
        [this, id = studio_.document().id](Result<Shaped> shaped) {
            if (id != studio_.document().id) return;
            Avatar& avatar = studio_.state().avatar;
            if (shaped) {
                // Of another person, that was prepared meanwhile: made again.
                if ((*shaped)->person == avatar.person && (*shaped)->shells == avatar.shells)
                    avatar.rest = *std::move(shaped);
            } else {
                studio_.messages().error(shaped.error());
                avatar.identity_change = avatar.rest->change;  // no endless second try
            }
            studio_.redraw();
        },
        {.cancellable = false, .quiet = true});
}

void Housekeeping::return_memory(std::uint64_t activity) {
    if (memory_job_.running() || activity == returned_) return;
    if (activity != seen_ || !studio_.jobs().idle()) {
        seen_ = activity;
        due_ = studio_.now() + memory_delay;
    }
    if (studio_.now() < due_) return;
    returned_ = activity + 1;  // its own end is nothing new
    memory_job_ = studio_.jobs().start("Returning memory",
                                       [](Progress&) -> Status {
                                           return_unused_memory();
                                           return {};
                                       },
                                       {}, {.cancellable = false, .quiet = true});
}

}  // namespace likeness
