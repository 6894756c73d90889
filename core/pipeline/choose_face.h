// Which face of a photograph an avatar is made of, and which picture is worked on: the photograph, turned upright where
// it is not, and the part around a face that is small in a large one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/task.h"
#include "core/image/image.h"
#include "core/vision/face_models.h"

namespace likeness {

struct FaceChoice {
    int face = 0;         // which of those that are faces for sure, largest first
    std::optional<Eigen::Vector2f> near{};  // the one there instead, pixels of the picture
    bool anyway = false;  // take what is no face for sure, or too small, too
    // Reads the photograph at its full size; empty when `picture` has it.
    std::function<Result<Image>()> full_size = {};
};

struct ChosenFace {
    std::optional<Image> photograph;  // RGB, what is worked on; nothing: the picture as given
    std::vector<JudgedFace> faces;    // pixels of it; see search_faces for their order
    std::size_t face = 0;             // the chosen one
    float diagonal = 0;               // of the whole photograph, in the same pixels
    std::vector<std::string> notes;   // for the person, without a full stop
    std::vector<std::string> doubts;  // the same, but these would have refused the picture
};

// `picture`: RGB. Errors: not_found (no face, none for sure), bad_input (too small), invalid_argument (no such face).
Result<ChosenFace> choose_face(FaceModels& models, const Image& picture, const FaceChoice& choice, Progress& progress);

// Whether the picture was refused by choose_face for what `anyway` allows.
bool may_be_made_anyway(const Error& error);

}  // namespace likeness
