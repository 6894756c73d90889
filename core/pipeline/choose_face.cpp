#include "core/pipeline/choose_face.h"

#include <algorithm>
#include <cmath>

#include "core/image/ops.h"
#include "core/vision/statue.h"

namespace likeness {
namespace {

// Pixels of the landmarks' box. Fewer show eyes and mouth of three or four pixels.
constexpr float least_face = 40, blurred_face = 80;
// A smaller face in a picture that was reduced is looked at in the whole one.
constexpr float enough_face = 160;
constexpr const char* refused = "refused for its face";  // Error::detail

std::string pixels(float size) { return std::to_string(int(std::lround(size))) + " pixels"; }

Result<std::vector<JudgedFace>> search(FaceModels& models, const Image& picture, std::vector<FaceDetection> hints,
                                       Progress& progress) {
    return models.search_faces(picture, {.hints = std::move(hints), .progress = [&](double share) {
                                             progress.report(0.02 + 0.03 * share, "Looking closer for a face");
                                         }});
}

std::size_t nearest(const std::vector<JudgedFace>& faces, const Eigen::Vector2f& place) {
    const auto away = [&](const JudgedFace& face) {
        return (0.5f * (face.detection.low + face.detection.high) - place).norm();
    };
    return std::size_t(
        std::min_element(faces.begin(), faces.end(), [&](const auto& a, const auto& b) { return away(a) < away(b); }) -
        faces.begin());
}

// The same search in the photograph at its full size, of which the part around the face goes on.
Status look_at_full_size(FaceModels& models, const Image& picture, const FaceChoice& choice, ChosenFace& chosen,
                         Progress& progress) {
    progress.report(0.02, "Reading the photograph at its full size");
    Result<Image> full = choice.full_size();
    if (!full) return full.error();
    const float scale = float(full->width) / float(picture.width);
    std::vector<FaceDetection> hints;
    for (const JudgedFace& face : chosen.faces) {
        FaceDetection hint = face.detection;
        hint.low *= scale;
        hint.high *= scale;
        for (Eigen::Vector2f& point : hint.keypoints) point *= scale;
        hints.push_back(hint);
    }
    auto faces = search(models, *full, std::move(hints), progress);
    if (!faces) return faces.error();
    if (std::size_t(choice.face) >= faces->size()) return {};
    const JudgedFace& face = (*faces)[std::size_t(choice.face)];
    if (!face.sure() && !choice.anyway) {  // will be refused
        chosen.faces = *std::move(faces);
        return {};
    }
    const int longest = std::max(full->width, full->height);
    const int side = std::clamp(int(std::lround(8 * face.size())), std::min(768, longest), longest);
    const Eigen::Vector2f middle = 0.5f * (face.landmarks.low + face.landmarks.high);
    const int width = std::min(side, full->width), height = std::min(side, full->height);
    const int x = std::clamp(int(middle.x()) - width / 2, 0, full->width - width);
    const int y = std::clamp(int(middle.y()) - height / 2, 0, full->height - height);
    chosen.photograph = crop(*full, x, y, width, height);
    chosen.diagonal = std::hypot(float(full->width), float(full->height));
    chosen.faces.clear();
    for (std::size_t i = 0; i < faces->size(); ++i) {
        JudgedFace moved = moved_by((*faces)[i], {float(x), float(y)});
        const Eigen::Vector2f at = 0.5f * (moved.landmarks.low + moved.landmarks.high);
        const bool inside = at.minCoeff() >= 0 && at.x() < float(width) && at.y() < float(height);
        if (int(i) == choice.face) chosen.face = chosen.faces.size();
        if (inside || int(i) == choice.face) chosen.faces.push_back(std::move(moved));
    }
    if (side < longest)
        chosen.notes.push_back("the face is small in the picture (" + pixels(face.size()) + " of " +
                               std::to_string(longest) + "); only the part around it is used");
    return {};
}

void turn_upright(const Image& picture, ChosenFace& chosen) {
    const int turns = turns_upright(chosen.faces[chosen.face].landmarks);
    if (turns == 0) return;
    const Image& now = chosen.photograph ? *chosen.photograph : picture;
    for (JudgedFace& face : chosen.faces) face = turn_quarters(std::move(face), turns, now.width, now.height);
    chosen.photograph = turn_quarters(now, turns);
    chosen.notes.push_back(turns == 2 ? "the picture was upside down and has been turned upright"
                                      : "the picture lay on its side and has been turned upright");
}

}  // namespace

Result<ChosenFace> choose_face(FaceModels& models, const Image& picture, const FaceChoice& choice, Progress& progress) {
    ChosenFace chosen;
    chosen.diagonal = std::hypot(float(picture.width), float(picture.height));
    auto faces = search(models, picture, {}, progress);
    if (!faces) return faces.error();
    chosen.faces = *std::move(faces);
    chosen.face = choice.near ? nearest(chosen.faces, *choice.near) : std::size_t(std::max(choice.face, 0));
    const auto enough = [&] {
        return chosen.face < chosen.faces.size() && chosen.faces[chosen.face].sure() &&
               chosen.faces[chosen.face].size() >= enough_face;
    };
    if (choice.full_size && !enough())
        if (Status looked = look_at_full_size(models, picture, choice, chosen, progress); !looked)
            return looked.error();

    const auto sure = std::size_t(
        std::count_if(chosen.faces.begin(), chosen.faces.end(), [](const JudgedFace& face) { return face.sure(); }));
    if (chosen.faces.empty())
        return Error{
            ErrorCode::not_found,
            "No face was found in the picture, whichever way up; use one that shows a whole face from the front, "
            "large and well lit.",
            ""};
    if (choice.face < 0 || chosen.face >= (choice.anyway || sure == 0 ? chosen.faces.size() : sure))
        return Error{
            ErrorCode::invalid_argument,
            "The picture has " + std::to_string(sure) + (sure == 1 ? " face" : " faces") + "; they count from 0.", ""};
    const JudgedFace& face = chosen.faces[chosen.face];
    if (!face.sure()) {
        const Eigen::Vector2f at = 0.5f * (face.landmarks.low + face.landmarks.high);
        const std::string where = "at " + std::to_string(int(at.x())) + ", " + std::to_string(int(at.y())) + ", " +
                                  pixels(face.size()) + " large";
        if (!choice.anyway)
            return Error{
                ErrorCode::not_found,
                "No person's face was found for sure; what looks most like one (" + where +
                    ") may be an animal, a drawing, a statue or a thing: use a photograph of a person from the "
                    "front, or make it anyway (--anyway; in the studio \"Make it anyway\").",
                refused};
        chosen.doubts.push_back("what was taken for the face (" + where +
                                ") is not one for sure; the avatar was made anyway");
    }
    if (face.sure() && looks_like_statue(chosen.photograph ? *chosen.photograph : picture, face.landmarks)) {
        if (!choice.anyway)
            return Error{ErrorCode::not_found,
                         "The face seems to be a statue's: it is of one color or has no irises; use a photograph of a "
                         "person, or make it anyway (--anyway; in the studio \"Make it anyway\").",
                         refused};
        chosen.doubts.push_back("the face seems to be a statue's; the avatar was made anyway");
    }
    if (face.size() < least_face) {
        if (!choice.anyway)
            return Error{ErrorCode::bad_input,
                         "The face is too small: it has " + pixels(face.size()) +
                             " and needs 48 or more; use a larger picture of it, or make it anyway (--anyway; in the "
                             "studio \"Make it anyway\").",
                         refused};
        chosen.doubts.push_back("the face is too small (" + pixels(face.size()) + "); the avatar was made anyway");
    } else if (face.size() < blurred_face) {
        chosen.notes.push_back("the face is small (" + pixels(face.size()) + "); the avatar will be blurred");
    }
    turn_upright(picture, chosen);
    const Image& upright = chosen.photograph ? *chosen.photograph : picture;
    if (Status looked = models.search_beside(upright, chosen.face, chosen.faces); !looked) return looked.error();
    return chosen;
}

bool may_be_made_anyway(const Error& error) { return error.detail == refused; }

}  // namespace likeness
