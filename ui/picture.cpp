// Pictures that panels show. A texture is drawn only from the frame after its making, and freed a frame after its last.
#include <imgui.h>
#include <imgui_internal.h>

#include <algorithm>
#include <cstring>

#include "core/image/ops.h"
#include "ui/widgets.h"

namespace likeness::ui {
namespace {

std::vector<ImTextureData*>& graveyard() {
    static std::vector<ImTextureData*> list;
    return list;
}

}  // namespace

void collect_pictures() {
    std::erase_if(graveyard(), [](ImTextureData* texture) {
        if (texture->Status != ImTextureStatus_Destroyed) return false;
        ImGui::UnregisterUserTexture(texture);
        IM_DELETE(texture);
        return true;
    });
}

Picture::~Picture() { clear(); }

void Picture::clear() {
    if (!texture_) return;
    if (texture_->Status != ImTextureStatus_Destroyed) {
        texture_->WantDestroyNextFrame = true;  // else the renderer, having destroyed it, makes it again from its pixels
        texture_->UnusedFrames = 1;
        texture_->SetStatus(texture_->Status == ImTextureStatus_WantCreate ? ImTextureStatus_Destroyed
                                                                           : ImTextureStatus_WantDestroy);
    }
    graveyard().push_back(texture_);
    texture_ = nullptr;
    width_ = height_ = 0;
}

void Picture::set(const Image& image, int longest) {
    clear();
    if (image.empty()) return;
    const bool large = std::max(image.width, image.height) > longest;
    const Image small = large ? resize_longer_side(image, longest) : Image();
    const Image& from = large ? small : image;
    create(from.width, from.height);
    unsigned char* to = texture_->Pixels;
    const std::size_t count = std::size_t(from.width) * std::size_t(from.height), channels = std::size_t(from.channels);
    for (std::size_t i = 0; i < count; ++i) {
        const float* p = &from.pixels[i * channels];
        for (std::size_t c = 0; c < 3; ++c) to[i * 4 + c] = to_u8(channels >= 3 ? p[c] : p[0]);
        to[i * 4 + 3] = channels == 4 ? to_u8(p[3]) : channels == 2 ? to_u8(p[1]) : std::uint8_t(255);
    }
}

void Picture::create(int width, int height) {
    clear();
    texture_ = IM_NEW(ImTextureData)();
    texture_->Create(ImTextureFormat_RGBA32, width, height);
    texture_->UseColors = true;
    texture_->SetStatus(ImTextureStatus_WantCreate);
    ImGui::RegisterUserTexture(texture_);
    width_ = width;
    height_ = height;
}

unsigned char* Picture::write(int x, int y, int width, int height) {
    if (texture_->Status == ImTextureStatus_OK) texture_->Updates.resize(0);  // those are done
    if (texture_->Status != ImTextureStatus_WantCreate) {
        texture_->Updates.push_back(
            {(unsigned short)x, (unsigned short)y, (unsigned short)width, (unsigned short)height});
        texture_->SetStatus(ImTextureStatus_WantUpdates);
    }
    return texture_->Pixels + 4 * (std::size_t(y) * std::size_t(width_) + std::size_t(x));
}

bool Picture::ready() const {
    return texture_ && (texture_->Status == ImTextureStatus_OK || texture_->Status == ImTextureStatus_WantUpdates);
}
ImTextureRef Picture::reference() const { return texture_->GetTexRef(); }

}  // namespace likeness::ui
