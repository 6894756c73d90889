/* What the program calls in liblikeness_torch.so, which it opens when first needed (core/networks/torch_library.h). C
   types alone: the two sides share no C++ library. Arrays are contiguous float32; those of a step belong to the caller
   and are used in place, on its CUDA stream where they are on a GPU. A function that can fail returns 0 (or null) when
   it did and writes a line into `error`. */
#ifndef LIKENESS_TORCH_INTERFACE_H
#define LIKENESS_TORCH_INTERFACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { likeness_torch_interface = 2 }; /* another number after any change below */

typedef struct LikenessError {
    char text[500];
} LikenessError;

/* A U-Net that paints a square of colors, which points read bilinearly. */
typedef struct LikenessTexture LikenessTexture;
typedef struct LikenessTextureOptions {
    int32_t gpu;            /* 0: arrays of a step are in host memory */
    int32_t size;           /* of the square, texels: a multiple of 4 */
    int32_t width;          /* channels at full size; twice and four times as many below */
    uint64_t seed;          /* of the first parameters */
    int64_t count;          /* of points */
    const float* positions; /* [count, 2] in [0, 1], host memory, read once */
} LikenessTextureOptions;

/* A U-Net that paints an avatar's maps, which its Gaussians read. */
typedef struct LikenessBaker LikenessBaker;
enum { likeness_baked_channels = 11 }; /* albedo 3, opacity 1, log scale 3, axis-angle 3, normal offset 1 */
typedef struct LikenessBakerOptions {
    int32_t gpu;             /* 0: arrays of a step are in host memory */
    int32_t side, squares;   /* of the maps, texels: a multiple of 16 */
    int32_t width;           /* channels at full size; 2, 4, 8 and 8 times as many below */
    uint64_t seed;           /* of the noise and of the first parameters */
    int64_t count;           /* of Gaussians that read the maps */
    /* Host memory, read once. [count]: which row of the arrays of a step each is; [count, 4]: the texels that it reads,
       of [squares, side, side], and how much each counts; [count, 11]: what is added to what it reads. */
    const int64_t *rows, *texels;
    const float *weights, *prior;
    const float* scales; /* [11]: what the network's outputs are multiplied by */
} LikenessBakerOptions;
/* Of all Gaussians: [n, 4] quaternions, [n, 3], [n, 3], [n, 3], [n]. Those without maps stay as they are. */
typedef struct LikenessBakedArrays {
    float *rotation, *offset, *log_scale, *albedo, *opacity;
} LikenessBakedArrays;

typedef struct LikenessTorchFunctions {
    int32_t interface;         /* likeness_torch_interface */
    const char* torch_version; /* "2.11.0" */
    int32_t (*gpus)(void);     /* that LibTorch can use */

    LikenessTexture* (*create_texture)(const LikenessTextureOptions* options, LikenessError* error);
    void (*destroy_texture)(LikenessTexture* texture);
    int64_t (*texture_parameters)(const LikenessTexture* texture);            /* how many */
    void (*start_texture)(const LikenessTexture* texture, float* parameters); /* the first ones, host memory */
    /* Adds the points' colors to `colors` [count, 3]. */
    int32_t (*paint)(LikenessTexture* texture, const float* parameters, float* colors, void* stream,
                     LikenessError* error);
    /* After paint(): adds to `grad_parameters` the gradients by the parameters. */
    int32_t (*unpaint)(LikenessTexture* texture, const float* grad_colors, float* grad_parameters, void* stream,
                       LikenessError* error);

    LikenessBaker* (*create_baker)(const LikenessBakerOptions* options, LikenessError* error);
    void (*destroy_baker)(LikenessBaker* baker);
    int64_t (*baker_parameters)(const LikenessBaker* baker);
    void (*start_baker)(const LikenessBaker* baker, float* parameters); /* host memory; the maps begin as zero */
    /* The Gaussians' values by the maps; of the offset the normal's part alone. */
    int32_t (*bake)(LikenessBaker* baker, const float* parameters, const LikenessBakedArrays* arrays, void* stream,
                    LikenessError* error);
    /* After bake(): adds to `grad_parameters` the gradients by the parameters. */
    int32_t (*unbake)(LikenessBaker* baker, const LikenessBakedArrays* gradients, float* grad_parameters, void* stream,
                      LikenessError* error);
    /* The maps without what is added, [squares, side, side, 11]; all in host memory. */
    int32_t (*baked_texels)(LikenessBaker* baker, const float* parameters, float* texels, LikenessError* error);
} LikenessTorchFunctions;

/* The one exported symbol. */
const LikenessTorchFunctions* likeness_torch_functions(void);

#ifdef __cplusplus
}
#endif
#endif
