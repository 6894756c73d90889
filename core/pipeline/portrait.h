// The main job: from a portrait's file to a trained avatar.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/avatar/photo.h"
#include "core/base/result.h"
#include "core/base/task.h"
#include "core/head/head_registry.h"
#include "core/learning/trainer.h"
#include "core/pipeline/portrait_sketch.h"
#include "core/tracking/face_follower.h"
#include "core/tracking/portrait_fit.h"
#include "core/vision/face_models.h"
#include "core/vision/person_segmenter.h"

namespace likeness {

// What all portraits of a run share; made once.
struct PortraitTools {
    std::shared_ptr<const HeadModel> head;
    std::unique_ptr<FaceModels> faces;
    std::unique_ptr<PersonSegmenter> segmenter;
    std::unique_ptr<PortraitFitter> fitter;
    // On the default head. Errors: the head or a network is missing or unusable.
    static Result<PortraitTools> load(HeadRegistry& heads);
};

struct PortraitOptions {
    int face = 0;         // which face, largest first
    bool anyway = false;  // also of what is no face for sure, or a very small one
    // Reads the photograph at its full size; empty when it was not reduced.
    std::function<Result<Image>()> full_size = {};
    SketchSink sketch = {};  // told what is known so far; may be empty
    float density = 1.0f;
    TrainerOptions training;
    // Of a picture that is an avatar's crop: its camera, which the fit keeps to, and the middle of the face in it.
    std::optional<Camera> crop_camera = {};
    std::optional<Eigen::Vector2f> face_near = {};
};

// A portrait understood, before anything is learned.
struct PreparedPortrait {
    Avatar avatar;  // seeded
    std::shared_ptr<const PhotoEvidence> evidence;
    HeadFit fit;  // in the photograph's pixels
    LandmarkPoints landmarks;
    std::vector<FaceDetection> faces;  // all that were found, largest first
    int face = 0;                      // the one that the avatar is of
    // What all pixels here are of where it is not the picture that was given: turned upright, or the part of a large
    // one around a small face.
    std::shared_ptr<const Image> photograph;
    std::optional<float> focal_35mm;  // of that
    int photo_width = 0, photo_height = 0;
    Eigen::Vector2i crop_origin = Eigen::Vector2i::Zero();
    int crop_side = 0;  // of the square crop, photograph pixels
    std::vector<std::string> warnings;
    std::vector<std::string> doubts;  // those of the warnings that would have refused the photograph but for `anyway`
    double fit_seconds = 0;
};

// For PortraitOptions::full_size: reads the file, transparent parts over grey.
std::function<Result<Image>()> full_size_of(const std::filesystem::path& file);

// Errors: everything that can be wrong with the file, no face, none for sure, face N missing.
Result<PreparedPortrait> prepare_portrait(PortraitTools& tools, const std::filesystem::path& file,
                                          const PortraitOptions& options, Progress& progress);

// The same for a picture that was loaded before; `name` stands for the file, `focal_35mm` is as in LoadedImage.
Result<PreparedPortrait> prepare_portrait(PortraitTools& tools, const Image& loaded, std::optional<float> focal_35mm,
                                          const std::string& name, const PortraitOptions& options, Progress& progress);

// The same from the crop that an avatar carries, of the same face through the same lens, for an avatar whose photograph
// is not there. Errors: invalid_argument (it carries none, or has another head than `tools`), no face.
Result<PreparedPortrait> refit_portrait(PortraitTools& tools, const Avatar& avatar, const PortraitOptions& options,
                                        Progress& progress);

// What training needs, found again in the crop that an avatar carries (Avatar::source), so that an avatar from a file
// can go on learning: its Gaussians, shape and camera stay as they are. Errors: invalid_argument (it carries no
// photograph, or its head has no landmarks), no face.
Result<PreparedPortrait> restore_portrait(PortraitTools& tools, const Avatar& avatar, const TrainerOptions& options,
                                          Progress& progress);

// Landmarks and pose only, for a video's frames. Errors: no face; then the person stays where it was.
Result<HeadFit> fit_frame(FaceModels& faces, const Image& frame, FaceFollower& person);

}  // namespace likeness
