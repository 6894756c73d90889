// Undo and redo: what changed, as small deltas, one entry a gesture, the oldest dropped above a cap on memory.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/studio/document.h"

namespace likeness {

// One undoable change of a document.
class Edit {
  public:
    virtual ~Edit() = default;
    virtual void apply(Document& document) const = 0;   // redo
    virtual void revert(Document& document) const = 0;  // undo
    virtual std::size_t bytes() const = 0;
    // Takes a later change in; false when that is of another kind.
    virtual bool absorb(const Edit& later) = 0;
    // Nothing changes any more (a slider that was brought back).
    virtual bool nothing() const = 0;
};

// The values of an EditableState that differ; null when none does.
std::unique_ptr<Edit> difference(const EditableState& before, const EditableState& after);

class History {
  public:
    struct Entry {
        std::string title;      // "Set jawOpen"
        std::string merge_key;  // command and what it changes
        std::uint64_t gesture = 0;
        std::uint64_t state = 0;  // of the document once it is applied
        std::unique_ptr<Edit> edit;
    };

    // Drops what could be redone. Within one gesture, changes with the same key become one entry; gesture 0 never
    // merges.
    void push(const std::string& title, const std::string& merge_key, std::uint64_t gesture,
              std::unique_ptr<Edit> edit);
    bool undo(Document& document);  // false when there is nothing
    bool redo(Document& document);
    // Undoes or redoes until `position` entries are applied.
    void jump(Document& document, std::size_t position);
    void clear();
    // Names what all applied entries have made of the document: the same number, the same edits. Never used again for
    // others, not even after clear().
    std::uint64_t state() const { return position_ == 0 ? base_state_ : entries_[position_ - 1].state; }

    const std::deque<Entry>& entries() const { return entries_; }  // oldest first
    std::size_t position() const { return position_; }             // entries that are applied
    std::size_t bytes() const { return bytes_; }
    std::size_t dropped() const { return dropped_; }  // by the cap
    void set_cap(std::size_t bytes);
    std::size_t cap() const { return cap_; }

  private:
    void enforce_cap();
    std::deque<Entry> entries_;
    std::size_t position_ = 0, bytes_ = 0, dropped_ = 0, cap_ = std::size_t(64) << 20;
    std::uint64_t base_state_ = 0, last_state_ = 0;
};

}  // namespace likeness
