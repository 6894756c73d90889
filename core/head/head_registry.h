// The heads that the program knows, by their hash: avatars on the same head share one model in memory.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/result.h"
#include "core/head/head_model.h"

namespace likeness {

// Tells models apart: a hash of the template, its topology, its atlas and all that shapes and poses it.
std::string head_hash(const HeadModel& model);

// May be used by several threads.
class HeadRegistry {
  public:
    // `head` takes the default head's place; null for the one in the program's assets, loaded when first needed.
    explicit HeadRegistry(std::shared_ptr<const HeadModel> head = nullptr) : default_(std::move(head)) {}

    // Errors: those of load_default_head(); the next call tries again.
    Result<std::shared_ptr<const HeadModel>> default_head();
    // The head of a hash: the default one, or one that was shared and is still in use; null when neither is.
    std::shared_ptr<const HeadModel> find(const std::string& hash);
    // A head that came out of a file: returns the known head of the same hash, else `head` itself, known from now on
    // for as long as somebody holds it.
    std::shared_ptr<const HeadModel> share(std::shared_ptr<const HeadModel> head);

  private:
    Result<std::shared_ptr<const HeadModel>> load_default();
    std::shared_ptr<const HeadModel> known(const std::string& hash);

    std::mutex mutex_;
    std::shared_ptr<const HeadModel> default_;
    std::string default_hash_;  // empty until it is needed
    std::map<std::string, std::weak_ptr<const HeadModel>> shared_;
};

}  // namespace likeness
