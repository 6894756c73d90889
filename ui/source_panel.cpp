#include "ui/source_panel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/head/mediapipe_landmarks.h"
#include "ui/icons.h"
#include "ui/theme.h"

namespace likeness::ui {
namespace {

std::string rounded(double value, const char* format, const char* unit) {
    std::array<char, 48> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, value);
    return std::string(buffer.data()) + unit;
}

// The matte as grey.
Image alpha_of(const Image& picture) {
    Image alpha(picture.width, picture.height, 1);
    for (std::size_t i = 0; i < alpha.pixels.size(); ++i) alpha.pixels[i] = picture.pixels[i * 4 + 3];
    return alpha;
}

}  // namespace

SourcePanel::SourcePanel() : Panel("Source", ICON_FA_IMAGE_PORTRAIT, "The photograph that the avatar is made from.") {}

void SourcePanel::gather(const Document& document) {
    if (gathered_ != document.source) {
        const bool same_picture = gathered_ && document.source && gathered_->picture == document.source->picture;
        gathered_ = document.source;
        if (!same_picture) {
            photo_.clear();
            picture_width_ = 0;
            if (gathered_ && gathered_->picture && !gathered_->picture->empty()) {
                photo_.set(*gathered_->picture, 768);
                picture_width_ = gathered_->picture->width;
            }
        }
    }
    if (const auto& crop = document.avatar().source->picture; matte_of_ != crop) {
        matte_of_ = crop;
        matte_.clear();
        if (crop && crop->channels == 4) matte_.set(alpha_of(*crop), 512);
    }
}

void SourcePanel::draw(Studio& studio) {
    const Document& document = studio.document();
    gather(document);
    if (!gathered_ || photo_.empty()) {
        if (document.stage == DocumentStage::failed && document.problem)
            problem_box(document.problem->message);
        else if (document.stage == DocumentStage::preparing)
            busy_state("Loading the photograph", -1);
        else if (document.kind == DocumentKind::splats)
            empty_state(ICON_FA_IMAGE_PORTRAIT, "No photograph", "A file of splats has none.");
        else
            empty_state(ICON_FA_IMAGE_PORTRAIT, "No photograph", "Open a portrait, or drop one on the window.");
        return;
    }
    const bool has_matte = !matte_.empty();
    if (has_matte) {
        if (const int chosen =
                choice_row("view", {"Photograph", "Matte"}, shown_,
                           {"The photograph as it was opened.", "What was taken for the person: white is person."});
            chosen >= 0)
            shown_ = chosen;
    }
    draw_picture(studio, *gathered_);
    draw_facts(studio, *gathered_);
}

void SourcePanel::draw_picture(Studio& studio, const SourcePhotograph& source) {
    const bool matte = shown_ == 1 && !matte_.empty();
    const Picture& picture = matte ? matte_ : photo_;
    const float room = ImGui::GetContentRegionAvail().x;
    const float most = std::max(px(64), ImGui::GetContentRegionAvail().y - px(62));
    const float scale = std::min(room / float(picture.width()), most / float(picture.height()));
    const ImVec2 size = {float(picture.width()) * scale, float(picture.height()) * scale};
    ImGui::SetCursorPosX(ImGui::GetCursorPosX() + 0.5f * (room - size.x));
    const ImVec2 from = ImGui::GetCursorScreenPos(), to = from + size;
    ImGui::SetNextItemAllowOverlap();
    ImGui::InvisibleButton("photograph", size);
    ImDrawList& draw = *ImGui::GetWindowDrawList();
    draw.AddRectFilled(from, to, u32(palette().well), px(4));
    if (picture.ready()) draw.AddImageRounded(picture.reference(), from, to, {0, 0}, {1, 1}, IM_COL32_WHITE, px(4));
    if (matte || picture_width_ <= 0) return;
    draw.PushClipRect(from, to, true);
    const float grow = size.x / float(picture_width_);  // from the photograph's pixels
    const auto at = [&](float x, float y) { return ImVec2(from.x + x * grow, from.y + y * grow); };
    if (crop_ && source.crop_side > 0) {
        const ImVec2 a = at(float(source.crop_origin.x()), float(source.crop_origin.y()));
        draw.AddRect(a, {a.x + float(source.crop_side) * grow, a.y + float(source.crop_side) * grow},
                     u32(ImVec4(1, 1, 1, 0.75f)), px(3), px(1));
    }
    // Small pictures have small dots, or the face would be hidden.
    const float dot = std::clamp(float(source.crop_side) * grow / px(200), 0.65f, 1.0f) * px(1);
    if (landmarks_ && source.landmarks)
        for (std::size_t i = 0; i < source.landmarks->size(); ++i) {
            const auto& p = (*source.landmarks)[i];
            const bool iris = i >= landmarks::face_count;
            draw.AddCircleFilled(at(p.x(), p.y()), (iris ? 1.6f : 1.0f) * dot,
                                 u32(iris ? palette().accent_strong : palette().info, 0.9f), 6);
        }
    if (source.faces.size() > 1)
        for (std::size_t i = 0; i < source.faces.size(); ++i) {
            const auto& face = source.faces[i];
            const ImVec2 a = at(face.low.x(), face.low.y()), b = at(face.high.x(), face.high.y());
            const bool chosen = int(i) == source.face;
            ImGui::SetCursorScreenPos(a);
            ImGui::PushID(int(i));
            const bool pressed = ImGui::InvisibleButton("face", {std::max(b.x - a.x, 1.0f), std::max(b.y - a.y, 1.0f)});
            const bool hot = ImGui::IsItemHovered();
            tooltip(chosen ? "The avatar is of this face." : "Make the avatar of this face instead.");
            ImGui::PopID();
            draw.AddRect(a, b, u32(chosen || hot ? palette().accent_strong : ImVec4(1, 1, 1, 0.8f)), px(4),
                         px(chosen ? 2.5f : 1.5f));
            if (pressed && !chosen) studio.invoke("source.choose_face", {{"face", int(i)}});
        }
    draw.PopClipRect();
    ImGui::SetCursorScreenPos(
        {ImGui::GetWindowPos().x + ImGui::GetStyle().WindowPadding.x, to.y + ImGui::GetStyle().ItemSpacing.y});
}

void SourcePanel::draw_facts(Studio& studio, const SourcePhotograph& source) {
    if (icon_button("landmarks", ICON_FA_BRAILLE, landmarks_, "Show the 478 landmarks that the face was fitted to.",
                    source.landmarks.has_value()))
        landmarks_ = !landmarks_;
    ImGui::SameLine(0, px(2));
    if (icon_button("crop", ICON_FA_CROP_SIMPLE, crop_, "Show the square that the avatar learns from.",
                    source.crop_side > 0))
        crop_ = !crop_;
    ImGui::SameLine(0, px(2));
    if (icon_button("compare", ICON_FA_CIRCLE_HALF_STROKE, studio.view().compare == CompareMode::wipe,
                    "Wipe between the photograph and the avatar in the viewport (C).",
                    studio.unavailable("view.compare").empty()))
        studio.invoke("view.compare", {{"mode", studio.view().compare == CompareMode::wipe ? "off" : "wipe"}});
    ImGui::SameLine();
    command_button(studio, "source.refit", {}, ICON_FA_ARROWS_ROTATE "  Fit again", ButtonStyle::normal, -1);
    const std::string name = source.file.empty() ? "Inside the avatar's file" : source.file.filename().string();
    const std::string size =
        source.picture ? std::to_string(source.picture->width) + " x " + std::to_string(source.picture->height) : "";
    ImGui::PushStyleColor(ImGuiCol_Text, palette().dim);
    const float room = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(("   " + size).c_str()).x;
    ImGui::TextUnformatted((shortened(name, room) + "   " + size).c_str());
    ImGui::PopStyleColor();
    std::string about = source.file.string();
    if (source.fit) {
        about += "\nLandmarks are met within " +
                 rounded(100 * double(source.fit->landmark_error), "%.2f", " % of the eye distance");
        about += "\nLens: " + rounded(double(source.fit->camera.fx), "%.0f", " pixels of focal length");
        if (source.focal_35mm)
            about += ", " + rounded(double(*source.focal_35mm), "%.0f", " mm on film, says the camera");
    }
    tooltip(about);
}

}  // namespace likeness::ui
