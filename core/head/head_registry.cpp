#include "core/head/head_registry.h"

#include "core/head/head_asset.h"

namespace likeness {

Result<std::shared_ptr<const HeadModel>> HeadRegistry::default_head() {
    std::lock_guard lock(mutex_);
    return load_default();
}

std::shared_ptr<const HeadModel> HeadRegistry::find(const std::string& hash) {
    std::lock_guard lock(mutex_);
    return known(hash);
}

std::shared_ptr<const HeadModel> HeadRegistry::share(std::shared_ptr<const HeadModel> head) {
    const std::string hash = head_hash(*head);
    std::lock_guard lock(mutex_);
    if (auto same = known(hash)) return same;
    std::erase_if(shared_, [](const auto& entry) { return entry.second.expired(); });
    shared_[hash] = head;
    return head;
}

Result<std::shared_ptr<const HeadModel>> HeadRegistry::load_default() {
    if (!default_) {
        auto loaded = load_default_head();
        if (!loaded) return loaded.error();
        default_ = *std::move(loaded);
    }
    return default_;
}

std::shared_ptr<const HeadModel> HeadRegistry::known(const std::string& hash) {
    if (const auto it = shared_.find(hash); it != shared_.end())
        if (auto head = it->second.lock()) return head;
    if (!load_default()) return nullptr;
    if (default_hash_.empty()) default_hash_ = head_hash(*default_);
    return hash == default_hash_ ? default_ : nullptr;
}

}  // namespace likeness
