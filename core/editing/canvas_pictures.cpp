#include "core/editing/canvas_pictures.h"

#include <algorithm>
#include <chrono>
#include <new>

#include "core/base/parallel.h"

namespace likeness {
namespace {

constexpr std::size_t most_entries = 6000;                     // of 16 KB; those that are not wanted go first
constexpr auto wake_interval = std::chrono::milliseconds(15);  // of many tiles

// Whether two layers with the same texels look the same.
bool same_look(const PaintStack& a, const PaintLayer& of, const PaintStack& b, const PaintLayer& as) {
    return shown_opacity(a, of) == shown_opacity(b, as) && of.blend == as.blend && of.region == as.region &&
           of.mask == as.mask && of.erase == as.erase;
}

// Texels that look different in two stacks; of one layer alone unless that is 0.
std::vector<PaintTileKey> different_texels(const PaintStack& before, const PaintStack& now, int layer) {
    std::vector<PaintTileKey> keys;
    static const PaintTexels none;
    const auto texels = [](const std::shared_ptr<const PaintTexels>& of) -> const PaintTexels& {
        return of ? *of : none;
    };
    const auto add = [&](const PaintTexels& a, const PaintTexels& b) {
        if (&a == &b) return;
        const std::vector<PaintTileKey> changed = changed_tiles(a, b);
        keys.insert(keys.end(), changed.begin(), changed.end());
    };
    const auto add_all = [&](const PaintLayer& of) {
        add(texels(of.texels), none);
        if (layer != 0) add(texels(of.mask), none);
    };
    const auto counts = [layer](const PaintLayer& of) { return layer == 0 || of.id == layer; };
    std::vector<int> order_before, order_now;
    for (const PaintLayer& of : before.layers)
        if (paint_layer(now, of.id))
            order_before.push_back(of.id);
        else if (counts(of))
            add_all(of);
    for (const PaintLayer& of : now.layers)
        if (paint_layer(before, of.id)) order_now.push_back(of.id);
    const bool moved = layer == 0 && order_before != order_now;
    for (const PaintLayer& of : now.layers) {
        if (!counts(of)) continue;
        const PaintLayer* const was = paint_layer(before, of.id);
        if (!was || moved || !same_look(before, *was, now, of)) {
            add_all(of);
            if (was) add_all(*was);
        } else {
            add(texels(of.texels), texels(was->texels));
        }
    }
    return keys;
}

}  // namespace

CanvasPictures::CanvasPictures(std::function<void()> wake) : wake_(std::move(wake)) {
    worker_ = std::jthread([this](const std::stop_token& stop) {
        lower_thread_priority(2);
        const LoneWork alone;
        while (!stop.stop_requested()) try {
                work(stop);
            } catch (const std::bad_alloc&) {  // what is there stays; what is wanted next may have room
                const std::lock_guard lock(mutex_);
                left_.clear();
                working_ = false;
            }
    });
}

CanvasPictures::~CanvasPictures() { worker_.request_stop(); }

void CanvasPictures::clear() {
    const std::lock_guard lock(mutex_);
    subject_ = {};
    keys_.clear();
    left_.clear();
    entries_.clear();
    ++round_;
}

// Marks what is to be made again.
void CanvasPictures::follow(const Subject& subject) {
    const bool other = subject.surface != subject_.surface || subject.content != subject_.content ||
                       (subject.content != CanvasContent::color && subject.layer != subject_.layer);
    if (other) {
        entries_.clear();
        ++round_;
    } else if (subject.content == CanvasContent::color && !(subject.avatar.splats == subject_.avatar.splats)) {
        for (auto& [key, entry] : entries_) ++entry.wanted;
    } else if (!(subject.avatar.paint == subject_.avatar.paint)) {
        const PaintStack &before = *subject_.avatar.paint, &now = *subject.avatar.paint;
        const bool alone = subject.content != CanvasContent::color;
        const PaintLayer *const was = paint_layer(before, subject.layer), *const is = paint_layer(now, subject.layer);
        // A mask also counts where it has no texels.
        if (subject.content == CanvasContent::mask) {
            if (!was || !is || was->region != is->region || !was->mask != !is->mask) {
                for (auto& [key, entry] : entries_) ++entry.wanted;
            } else if (was->mask && was->mask != is->mask) {
                for (const PaintTileKey& texels : changed_tiles(*was->mask, *is->mask))
                    for (auto& [key, entry] : entries_) entry.wanted += touches(key, texels) ? 1 : 0;
            }
        } else {
            std::map<int, std::vector<PaintTileKey>> changed;
            for (const PaintTileKey& texels : different_texels(before, now, alone ? subject.layer : 0))
                changed[texels.block].push_back(texels);
            for (auto& [key, entry] : entries_) {
                const auto touched = [&](const auto& of) {
                    return std::any_of(of.second.begin(), of.second.end(),
                                       [&](const PaintTileKey& texels) { return touches(key, texels); });
                };
                if (std::any_of(changed.begin(), changed.end(), touched)) ++entry.wanted;
            }
        }
    }
    subject_ = subject;
}

bool CanvasPictures::Subject::operator==(const Subject& other) const {
    return surface == other.surface && avatar.splats == other.avatar.splats && avatar.paint == other.avatar.paint &&
           content == other.content && layer == other.layer;
}

void CanvasPictures::want(const Subject& subject, std::vector<CanvasTileKey> keys) {
    {
        const std::lock_guard lock(mutex_);
        if (subject == subject_ && keys == keys_) return;
        follow(subject);
        keys_ = std::move(keys);
        left_.clear();
        for (auto key = keys_.rbegin(); key != keys_.rend(); ++key)
            if (!entries_[*key].fresh()) left_.push_back(*key);
        if (entries_.size() > most_entries) {
            std::vector<CanvasTileKey> kept = keys_;
            std::sort(kept.begin(), kept.end());
            std::erase_if(entries_,
                          [&](const auto& of) { return !std::binary_search(kept.begin(), kept.end(), of.first); });
        }
    }
    changed_.notify_all();
}

std::shared_ptr<const CanvasTile> CanvasPictures::tile(const CanvasTileKey& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : found->second.tile;
}

bool CanvasPictures::complete() const {
    const std::lock_guard lock(mutex_);
    return left_.empty() && !working_;
}

std::uint64_t CanvasPictures::made() const {
    const std::lock_guard lock(mutex_);
    return made_;
}

void CanvasPictures::work(const std::stop_token& stop) {
    std::unique_ptr<CanvasPainter> painter;
    auto woken = std::chrono::steady_clock::now();
    bool news = false;  // that nobody was woken for yet
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !left_.empty(); }) && !stop.stop_requested()) {
        const CanvasTileKey key = left_.back();
        left_.pop_back();
        if (const auto wanted = entries_.find(key); wanted != entries_.end() && !wanted->second.fresh()) {
            const std::uint64_t version = wanted->second.wanted, round = round_;
            const Subject subject = subject_;
            working_ = true;
            lock.unlock();
            if (!painter || !painter->is_of(subject.surface.get(), subject.avatar))
                painter = std::make_unique<CanvasPainter>(subject.surface, subject.regions, subject.avatar);
            auto tile = painter->tile(key, subject.content, subject.avatar.paint, subject.layer);
            lock.lock();
            working_ = false;
            news = true;
            if (const auto found = entries_.find(key); round == round_ && found != entries_.end()) {
                found->second.tile = std::move(tile);
                found->second.made = version;
                ++made_;
            }
        }
        const auto now = std::chrono::steady_clock::now();
        if (!news || (!left_.empty() && now - woken < wake_interval)) continue;
        woken = now;
        news = false;
        lock.unlock();
        if (wake_) wake_();
        lock.lock();
    }
}

}  // namespace likeness
