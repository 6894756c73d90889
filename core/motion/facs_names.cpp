#include <algorithm>
#include <array>
#include <map>

#include "core/motion/motion_readers.h"

namespace likeness {
namespace {

// Controls of Audio2Face that are named after the Facial Action Coding System, and those of ARKit that move the same;
// "L" and "R" at their ends are the sides.
struct FacsName {
    const char* facs;
    const char* first;
    const char* second = nullptr;
};
constexpr FacsName facs_of_sides[] = {
    {"browLower", "browDown"},
    {"outerBrowRaiser", "browOuterUp"},
    {"eyesClose", "eyeBlink"},
    {"eyesUpperLidRaiser", "eyeWide"},
    {"squint", "eyeSquint"},
    {"cheekRaiser", "cheekSquint"},
    {"noseWrinkler", "noseSneer"},
    {"dimpler", "mouthDimple"},
    {"lipCornerPuller", "mouthSmile"},
    {"lipCornerDepressor", "mouthFrown"},
    {"lipStretcher", "mouthStretch"},
    {"upperLipRaiser", "mouthUpperUp"},
    {"lowerLipDepressor", "mouthLowerDown"},
};
constexpr FacsName facs_alone[] = {
    {"innerBrowRaiserL", "browInnerUp"},
    {"innerBrowRaiserR", "browInnerUp"},
    {"cheekPuffL", "cheekPuff"},
    {"cheekPuffR", "cheekPuff"},
    {"eyesLookLeft", "eyeLookOutLeft", "eyeLookInRight"},
    {"eyesLookRight", "eyeLookInLeft", "eyeLookOutRight"},
    {"eyesLookUp", "eyeLookUpLeft", "eyeLookUpRight"},
    {"eyesLookDown", "eyeLookDownLeft", "eyeLookDownRight"},
    {"jawDrop", "jawOpen"},
    {"jawDropLipTowards", "jawOpen", "mouthClose"},
    {"jawThrust", "jawForward"},
    {"jawSlideLeft", "jawLeft"},
    {"jawSlideRight", "jawRight"},
    {"mouthSlideLeft", "mouthLeft"},
    {"mouthSlideRight", "mouthRight"},
    {"chinRaiser", "mouthShrugLower", "mouthShrugUpper"},
    {"lipPressor", "mouthPressLeft", "mouthPressRight"},
    {"pucker", "mouthPucker"},
    {"funneler", "mouthFunnel"},
    {"lipSuck", "mouthRollLower", "mouthRollUpper"},
};

// Empty for what is no such name.
std::vector<std::string> arkit_names(const std::string& name) {
    for (const FacsName& entry : facs_alone)
        if (name == entry.facs)
            return entry.second ? std::vector<std::string>{entry.first, entry.second}
                                : std::vector<std::string>{entry.first};
    for (const FacsName& entry : facs_of_sides)
        for (const auto& [side, word] : {std::pair{"L", "Left"}, {"R", "Right"}})
            if (name == entry.facs + std::string(side)) return {entry.first + std::string(word)};
    return {};
}

}  // namespace

void facs_to_arkit(MotionTrack& track, MotionNotes& notes) {
    std::vector<std::string> names;
    std::map<std::string, std::size_t> places;
    std::vector<std::pair<std::size_t, std::size_t>> moves;  // from a control to another
    bool any = false;
    for (std::size_t i = 0; i < track.names.size(); ++i) {
        std::vector<std::string> to = arkit_names(track.names[i]);
        any = any || !to.empty();
        if (to.empty()) to = {track.names[i]};
        for (const std::string& name : to) {
            const auto [place, added] = places.try_emplace(name, names.size());
            if (added) names.push_back(name);
            moves.emplace_back(i, place->second);
        }
    }
    if (!any || names.size() > most_motion_names) return;
    const std::size_t frames = track.weights.size() / track.names.size();
    std::vector<float> weights(frames * names.size(), lowest_weight);
    for (std::size_t f = 0; f < frames; ++f)
        for (const auto& [from, to] : moves) {
            float& weight = weights[f * names.size() + to];
            weight = std::max(weight, track.weights[f * track.names.size() + from]);
        }
    track.names = std::move(names);
    track.weights = std::move(weights);
    notes.push_back("Its controls are those of FACS; they were taken as the nearest of ARKit.");
}

}  // namespace likeness
