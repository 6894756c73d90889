// Undo and redo: the parts that changed, as they were and as they are; one entry a gesture, the oldest dropped above a
// cap on memory.
#pragma once

#include <bitset>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "core/document/document.h"

namespace likeness {

// One undoable change of a document: the parts that differ in two states.
class Edit {
  public:
    Edit() = default;
    Edit(const DocumentState& before, const DocumentState& after);

    void apply(DocumentState& state) const { put(after_, state); }    // redo
    void revert(DocumentState& state) const { put(before_, state); }  // undo
    // Nothing changes (any more: a slider that was brought back).
    bool nothing() const { return changed_.none(); }
    // A later change becomes part of this one.
    void absorb(const Edit& later);
    void visit_memory(const BlockVisitor& visit) const;

  private:
    void put(const DocumentState& from, DocumentState& state) const;
    void settle();
    std::bitset<16> changed_;       // in the order of each_part()
    DocumentState before_, after_;  // of the parts that changed alone
};

// What an entry is called, and which drag it belongs to.
struct HistoryTitle {
    std::string title;      // "Set jawOpen"
    std::string merge_key;  // command and what it changes
    std::uint64_t gesture = 0;
    bool same_drag(const HistoryTitle& other) const {
        return gesture != 0 && gesture == other.gesture && merge_key == other.merge_key;
    }
};

class History {
  public:
    struct Entry {
        std::string title;      // "Set jawOpen"
        std::string merge_key;  // command and what it changes
        std::uint64_t gesture = 0;
        std::uint64_t state = 0;  // of the document once it is applied
        Edit edit;
    };

    // Drops what could be redone. Within one gesture, changes with the same key become one entry; gesture 0 never
    // merges.
    void push(const std::string& title, const std::string& merge_key, std::uint64_t gesture, Edit edit);
    bool undo(Document& document);  // false when there is nothing
    bool redo(Document& document);
    // Undoes or redoes until `position` entries are applied.
    void jump(Document& document, std::size_t position);
    void clear();
    // Names what all applied entries have made of the document: the same number, the same edits. Never used again for
    // others, not even after clear().
    std::uint64_t state() const { return state_at(position_); }
    std::uint64_t state_at(std::size_t position) const {
        return position == 0 ? base_state_ : entries_[position - 1].state;
    }
    // The document's state with the first `position` entries applied; `now` is what it is.
    DocumentState content_at(const DocumentState& now, std::size_t position) const;

    const std::deque<Entry>& entries() const { return entries_; }  // oldest first
    std::size_t position() const { return position_; }             // entries that are applied
    // Of all entries; what several of them share (a photograph) counts once.
    std::size_t bytes() const { return bytes_; }
    std::size_t dropped() const { return dropped_; }  // by the cap
    void set_cap(std::size_t bytes);
    // Changes between these belong together; 0 outside of them.
    void begin_gesture() { gesture_ = ++last_gesture_; }
    void end_gesture() { gesture_ = 0; }
    std::uint64_t gesture() const { return gesture_; }
    std::size_t cap() const { return cap_; }

  private:
    void enforce_cap();
    void count(const Entry& entry);
    void discount(const Entry& entry);
    struct Block {
        std::size_t users = 0, bytes = 0;
    };
    std::unordered_map<const void*, Block> blocks_;  // that entries hold
    std::deque<Entry> entries_;
    std::size_t position_ = 0, bytes_ = 0, dropped_ = 0, cap_ = std::size_t(64) << 20;
    std::uint64_t base_state_ = 0, last_state_ = 0, gesture_ = 0, last_gesture_ = 0;
};

}  // namespace likeness
