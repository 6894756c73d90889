#include "ui/thumbnails.h"

#include <algorithm>

#include "core/files/thumbnail.h"
#include "ui/theme.h"

namespace likeness::ui {

Thumbnails::~Thumbnails() { stop(); }

const Thumbnails::Entry& Thumbnails::of(Studio& studio, const std::filesystem::path& file) {
    auto [it, fresh] = entries_.try_emplace(file.string());
    Entry& entry = it->second;
    entry.used = ImGui::GetFrameCount();
    if (fresh || entry.again) {
        const std::lock_guard lock(queue_->mutex);
        queue_->files.push_back({file, entry.changed, entry.used});
        entry.again = false;
    }
    if (!job_.running()) start(studio);
    return entry;
}

void Thumbnails::start(Studio& studio) {
    {
        const std::lock_guard lock(queue_->mutex);
        if (queue_->files.empty()) return;
    }
    forget_unused();
    job_ = studio.jobs().start(
        "Making small pictures",
        [this, queue = queue_, alive = std::weak_ptr(alive_), &jobs = studio.jobs()](Progress& progress) -> Status {
            while (true) {
                progress.report(0, "");
                Wanted next;
                {
                    const std::lock_guard lock(queue->mutex);
                    if (queue->files.empty()) return {};
                    const auto at = std::ranges::max_element(queue->files, {}, &Wanted::frame);
                    next = *at;
                    queue->files.erase(at);
                }
                std::error_code failed;
                const auto changed = std::filesystem::last_write_time(next.file, failed);
                if (!failed && changed == next.known) continue;
                auto picture = std::make_shared<Result<Image>>(file_thumbnail(next.file, side));
                jobs.post([this, alive, file = next.file.string(), changed, picture] {
                    if (alive.expired()) return;
                    const auto at = entries_.find(file);
                    if (at == entries_.end()) return;
                    at->second.changed = changed;
                    at->second.state = *picture ? State::ready : State::none;
                    at->second.picture.set(*picture ? **picture : Image(), side);
                });
            }
        },
        {}, {.quiet = true});
}

void Thumbnails::forget_unused() {
    if (entries_.size() <= most) return;
    std::vector<std::pair<int, std::string>> by_use;
    for (const auto& [file, entry] : entries_) by_use.emplace_back(entry.used, file);
    std::ranges::sort(by_use);
    for (std::size_t i = 0; i + most < by_use.size() && by_use[i].first + 2 < ImGui::GetFrameCount(); ++i)
        entries_.erase(by_use[i].second);
}

void Thumbnails::refresh() {
    for (auto& [file, entry] : entries_) entry.again = true;
}

void Thumbnails::stop() {
    job_.cancel();
    const std::lock_guard lock(queue_->mutex);
    queue_->files.clear();
    std::erase_if(entries_, [](const auto& entry) { return entry.second.state == State::waiting; });
}

void draw_thumbnail(const Thumbnails::Entry* entry, const char* icon, const ImVec2& from, float size) {
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    const ImVec2 to = {from.x + size, from.y + size};
    draw.AddRectFilled(from, to, u32(palette().well), px(4));
    if (entry && entry->state == Thumbnails::State::ready && entry->picture.ready()) {
        const Picture& picture = entry->picture;
        const float scale = size / float(std::max({1, picture.width(), picture.height()}));
        const float w = scale * float(picture.width()), h = scale * float(picture.height());
        const ImVec2 a = {from.x + 0.5f * (size - w), from.y + 0.5f * (size - h)};
        draw.AddImageRounded(picture.reference(), a, {a.x + w, a.y + h}, {0, 0}, {1, 1}, IM_COL32_WHITE, px(4));
        return;
    }
    const float glyph = 0.36f * size;
    const ImVec2 extent = regular_font()->CalcTextSizeA(glyph, 1e6f, 0, icon);
    draw.AddText(regular_font(), glyph, {from.x + 0.5f * (size - extent.x), from.y + 0.5f * (size - extent.y)},
                 u32(palette().faint), icon);
}

}  // namespace likeness::ui
