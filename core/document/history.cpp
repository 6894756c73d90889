#include "core/document/history.h"

#include <algorithm>

namespace likeness {
namespace {

template <class T>
bool same(const Part<T>& a, const Part<T>& b) {
    if constexpr (requires { *a == *b; })
        return a == b || *a == *b;
    else
        return a == b;
}

// Calls visit(a's part, b's part) for those parts whose bit is set.
template <class State, class OtherState, class Visit>
void each_changed(const std::bitset<16>& changed, State& a, OtherState& b, const Visit& visit) {
    std::size_t part = 0;
    each_part(a, b, [&](auto& of_a, auto& of_b) {
        if (changed[part++]) visit(of_a, of_b);
    });
}

}  // namespace

Edit::Edit(const DocumentState& before, const DocumentState& after) {
    std::size_t part = 0;
    each_part(before, after, [&](const auto& first, const auto& last) { changed_.set(part++, !same(first, last)); });
    put(before, before_);
    put(after, after_);
}

void Edit::put(const DocumentState& from, DocumentState& state) const {
    each_changed(changed_, from, state, [](const auto& part, auto& place) { place = part; });
}

// Lets go of parts that are the same before and after.
void Edit::settle() {
    std::size_t part = 0;
    each_part(before_, after_, [&](auto& before, auto& after) {
        if (same(before, after)) {
            before = after = {};
            changed_.reset(part);
        }
        ++part;
    });
}

void Edit::absorb(const Edit& later) {
    std::size_t part = 0;
    each_part(later.before_, before_, [&](const auto& before, auto& mine) {
        if (later.changed_[part] && !changed_[part]) mine = before;
        ++part;
    });
    later.put(later.after_, after_);
    changed_ |= later.changed_;
    settle();
}

void Edit::visit_memory(const BlockVisitor& visit) const {
    each_changed(changed_, before_, after_, [&](const auto& before, const auto& after) {
        before.visit_memory(visit);
        after.visit_memory(visit);
    });
}

void History::count(const Entry& entry) {
    bytes_ += sizeof(entry) + entry.title.capacity() + entry.merge_key.capacity();
    entry.edit.visit_memory([&](const void* at, std::size_t bytes) {
        Block& block = blocks_[at];
        if (block.users++ == 0) bytes_ += block.bytes = bytes;
    });
}

void History::discount(const Entry& entry) {
    bytes_ -= sizeof(entry) + entry.title.capacity() + entry.merge_key.capacity();
    entry.edit.visit_memory([&](const void* at, std::size_t) {
        const auto block = blocks_.find(at);
        if (--block->second.users > 0) return;
        bytes_ -= block->second.bytes;
        blocks_.erase(block);
    });
}

void History::push(const std::string& title, const std::string& merge_key, std::uint64_t gesture, Edit edit) {
    if (edit.nothing()) return;
    while (entries_.size() > position_) {
        discount(entries_.back());
        entries_.pop_back();
    }
    if (gesture != 0 && !entries_.empty() && entries_.back().gesture == gesture &&
        entries_.back().merge_key == merge_key) {
        Entry& last = entries_.back();
        discount(last);
        last.edit.absorb(edit);
        if (last.edit.nothing()) {
            entries_.pop_back();
            --position_;
        } else {
            last.title = title;
            last.state = ++last_state_;
            count(last);
        }
        return;
    }
    entries_.push_back({title, merge_key, gesture, ++last_state_, std::move(edit)});
    count(entries_.back());
    ++position_;
    enforce_cap();
}

bool History::undo(Document& document) {
    if (position_ == 0) return false;
    entries_[--position_].edit.revert(document.state);
    entries_[position_].gesture = 0;  // a drag that goes on after an undo is a new entry
    return true;
}

bool History::redo(Document& document) {
    if (position_ == entries_.size()) return false;
    entries_[position_++].edit.apply(document.state);
    return true;
}

void History::jump(Document& document, std::size_t position) {
    position = std::min(position, entries_.size());
    while (position_ > position) undo(document);
    while (position_ < position) redo(document);
}

DocumentState History::content_at(const DocumentState& now, std::size_t position) const {
    DocumentState state = now;
    std::size_t at = position_;
    for (; at > position; --at) entries_[at - 1].edit.revert(state);
    for (; at < position; ++at) entries_[at].edit.apply(state);
    return state;
}

void History::clear() {
    entries_.clear();
    blocks_.clear();
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
        discount(victim);
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
