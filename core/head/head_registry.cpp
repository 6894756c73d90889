#include "core/head/head_registry.h"

#include "core/base/hash.h"
#include "core/head/head_asset.h"

namespace likeness {

std::string head_hash(const HeadModel& model) {
    ContentHash hash;
    const auto add_all = [&hash](const auto& m) { hash.add(m.data(), std::size_t(m.size()) * sizeof(*m.data())); };
    add_all(model.vertices);
    for (const Eigen::Vector3i& t : model.triangles) hash.add(t.data(), sizeof t);
    for (const Eigen::Vector2f& p : model.uv) hash.add(p.data(), sizeof p);
    add_all(model.identity);
    for (const Eigen::MatrixXf* m : {&model.expression->targets, &model.expression->control_map, &model.control_joint,
                                     &model.joint_identity, &model.weights})
        add_all(*m);
    add_all(model.joint_position);
    add_all(model.joint_parent);
    add_all(model.correctives);
    return hash.text();
}

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
