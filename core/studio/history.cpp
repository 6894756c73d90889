#include "core/studio/history.h"

#include <algorithm>

namespace likeness {
namespace {

// Where each value of an EditableState lies in one row of numbers.
template <class State, class Visit>
void visit_values(State& state, Visit&& visit) {
    std::uint32_t index = 0;
    const auto all = [&](auto&& values) {
        for (Eigen::Index i = 0; i < values.size(); ++i) visit(index++, values.data()[i]);
    };
    all(state.pose.controls);
    all(state.pose.joints);
    all(state.pose.translation);
    all(state.identity_change);
}

struct Change {
    std::uint32_t index;
    float before, after;
};

class StateEdit final : public Edit {
  public:
    std::vector<Change> changes;  // sorted by index
    std::array<bool, layer_count> hidden_before{}, hidden_after{}, solo_before{}, solo_after{};

    void apply(Document& document) const override { set(document.edits, true); }
    void revert(Document& document) const override { set(document.edits, false); }
    std::size_t bytes() const override { return sizeof(*this) + changes.capacity() * sizeof(Change); }

    bool absorb(const Edit& later) override {
        const auto* other = dynamic_cast<const StateEdit*>(&later);
        if (!other) return false;
        for (const Change& change : other->changes) {
            const auto at = std::lower_bound(changes.begin(), changes.end(), change.index,
                                             [](const Change& c, std::uint32_t index) { return c.index < index; });
            if (at != changes.end() && at->index == change.index)
                at->after = change.after;
            else
                changes.insert(at, change);
        }
        std::erase_if(changes, [](const Change& c) { return c.before == c.after; });
        hidden_after = other->hidden_after;
        solo_after = other->solo_after;
        return true;
    }

    bool nothing() const override {
        return changes.empty() && hidden_before == hidden_after && solo_before == solo_after;
    }

  private:
    void set(EditableState& state, bool after) const {
        auto next = changes.begin();
        visit_values(state, [&](std::uint32_t index, float& value) {
            if (next == changes.end() || next->index != index) return;
            value = after ? next->after : next->before;
            ++next;
        });
        state.layer_hidden = after ? hidden_after : hidden_before;
        state.layer_solo = after ? solo_after : solo_before;
    }
};

// Small edits are mostly what surrounds them.
std::size_t bytes_of(const History::Entry& entry) {
    return sizeof(entry) + entry.title.capacity() + entry.merge_key.capacity() + entry.edit->bytes();
}

}  // namespace

std::unique_ptr<Edit> difference(const EditableState& before, const EditableState& after) {
    auto edit = std::make_unique<StateEdit>();
    std::vector<float> old;
    visit_values(before, [&](std::uint32_t, float value) { old.push_back(value); });
    visit_values(after, [&](std::uint32_t index, float value) {
        if (index < old.size() && old[index] != value) edit->changes.push_back({index, old[index], value});
    });
    edit->changes.shrink_to_fit();
    edit->hidden_before = before.layer_hidden;
    edit->hidden_after = after.layer_hidden;
    edit->solo_before = before.layer_solo;
    edit->solo_after = after.layer_solo;
    if (edit->nothing()) return nullptr;
    return edit;
}

void History::push(const std::string& title, const std::string& merge_key, std::uint64_t gesture,
                   std::unique_ptr<Edit> edit) {
    if (!edit || edit->nothing()) return;
    while (entries_.size() > position_) {
        bytes_ -= bytes_of(entries_.back());
        entries_.pop_back();
    }
    if (gesture != 0 && !entries_.empty() && entries_.back().gesture == gesture &&
        entries_.back().merge_key == merge_key) {
        Entry& last = entries_.back();
        bytes_ -= bytes_of(last);
        if (last.edit->absorb(*edit)) {
            if (last.edit->nothing()) {
                entries_.pop_back();
                --position_;
            } else {
                last.title = title;
                last.state = ++last_state_;
                bytes_ += bytes_of(last);
            }
            return;
        }
        bytes_ += bytes_of(last);
    }
    entries_.push_back({title, merge_key, gesture, ++last_state_, std::move(edit)});
    bytes_ += bytes_of(entries_.back());
    ++position_;
    enforce_cap();
}

bool History::undo(Document& document) {
    if (position_ == 0) return false;
    entries_[--position_].edit->revert(document);
    entries_[position_].gesture = 0;  // a drag that goes on after an undo is a new entry
    return true;
}

bool History::redo(Document& document) {
    if (position_ == entries_.size()) return false;
    entries_[position_++].edit->apply(document);
    return true;
}

void History::jump(Document& document, std::size_t position) {
    position = std::min(position, entries_.size());
    while (position_ > position) undo(document);
    while (position_ < position) redo(document);
}

void History::clear() {
    entries_.clear();
    position_ = bytes_ = dropped_ = 0;
    base_state_ = ++last_state_;
}

void History::set_cap(std::size_t bytes) {
    cap_ = bytes;
    enforce_cap();
}

void History::enforce_cap() {
    // The oldest go first; when all that is left could be redone, the newest.
    while (bytes_ > cap_ && !entries_.empty()) {
        Entry& victim = position_ > 0 ? entries_.front() : entries_.back();
        bytes_ -= bytes_of(victim);
        ++dropped_;
        if (position_ > 0) {
            base_state_ = victim.state;
            entries_.pop_front();
            --position_;
        } else {
            entries_.pop_back();
        }
    }
}

}  // namespace likeness
