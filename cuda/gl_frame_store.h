// Pictures that go from CUDA into an OpenGL texture without leaving the GPU.
#pragma once

namespace likeness {

// Makes render/frame_store.h know the store. Its probe tries the way once: the context must belong to the GPU that
// CUDA uses, and a texture must take what is copied into it.
void register_gl_frame_store();

}  // namespace likeness
