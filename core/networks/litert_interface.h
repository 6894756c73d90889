// The part of LiteRT's C interface that Likeness uses, declared from its public documentation (LiteRT 2.3.0: the
// package has the library but no headers). Layouts of the structures are part of its stable binary interface.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

typedef struct LiteRtEnvironmentT* LiteRtEnvironment;
typedef struct LiteRtModelT* LiteRtModel;
typedef struct LiteRtOptionsT* LiteRtOptions;
typedef struct LiteRtOpaqueOptionsT* LiteRtOpaqueOptions;
typedef struct LiteRtCompiledModelT* LiteRtCompiledModel;
typedef struct LiteRtSubgraphT* LiteRtSubgraph;
typedef struct LiteRtTensorT* LiteRtTensor;
typedef struct LiteRtTensorBufferT* LiteRtTensorBuffer;
typedef struct LiteRtTensorBufferRequirementsT* LiteRtTensorBufferRequirements;
typedef int LiteRtStatus;  // 0 is success
typedef std::size_t LiteRtParamIndex;

struct LiteRtLayout {
    std::uint32_t rank_and_flags;  // bits 0..6 the rank, bit 7 whether strides are given
    std::int32_t dimensions[8];
    std::uint32_t strides[8];
};
struct LiteRtRankedTensorType {
    std::int32_t element_type;  // 1 is float32
    LiteRtLayout layout;
};
static_assert(sizeof(LiteRtRankedTensorType) == 72);

// An option of the environment whose value is an integer.
struct LiteRtEnvOption {
    std::int32_t tag;  // 24: accelerators to register (1 the CPU); 25: least severity logged (3 errors)
    std::int32_t unused;
    std::int32_t type;  // 2: an integer
    std::int64_t value;
};

struct LiteRtCustomOpKernel {
    LiteRtStatus (*init)(void* user_data, const void* init_data, std::size_t init_data_size);
    LiteRtStatus (*get_output_layouts)(void* user_data, std::size_t input_count, const LiteRtLayout* inputs,
                                       std::size_t output_count, LiteRtLayout* outputs);
    LiteRtStatus (*run)(void* user_data, std::size_t input_count, const LiteRtTensorBuffer* inputs,
                        std::size_t output_count, LiteRtTensorBuffer* outputs);
    LiteRtStatus (*destroy)(void* user_data);
};

LiteRtStatus LiteRtCreateEnvironment(int option_count, const LiteRtEnvOption* options, LiteRtEnvironment* environment);
void LiteRtDestroyEnvironment(LiteRtEnvironment environment);
// The bytes must outlive the model.
LiteRtStatus LiteRtCreateModelFromBuffer(LiteRtEnvironment environment, const void* bytes, std::size_t size,
                                         LiteRtModel* model);
void LiteRtDestroyModel(LiteRtModel model);
LiteRtStatus LiteRtGetModelSubgraph(LiteRtModel model, LiteRtParamIndex index, LiteRtSubgraph* subgraph);
LiteRtStatus LiteRtGetNumSubgraphInputs(LiteRtSubgraph subgraph, LiteRtParamIndex* count);
LiteRtStatus LiteRtGetNumSubgraphOutputs(LiteRtSubgraph subgraph, LiteRtParamIndex* count);
LiteRtStatus LiteRtGetSubgraphInput(LiteRtSubgraph subgraph, LiteRtParamIndex index, LiteRtTensor* tensor);
LiteRtStatus LiteRtGetSubgraphOutput(LiteRtSubgraph subgraph, LiteRtParamIndex index, LiteRtTensor* tensor);
LiteRtStatus LiteRtGetTensorName(LiteRtTensor tensor, const char** name);
LiteRtStatus LiteRtGetRankedTensorType(LiteRtTensor tensor, LiteRtRankedTensorType* type);

LiteRtStatus LiteRtCreateOptions(LiteRtOptions* options);
void LiteRtDestroyOptions(LiteRtOptions options);
LiteRtStatus LiteRtSetOptionsHardwareAccelerators(LiteRtOptions options, int accelerators);  // 1 is the CPU
// An accelerator's own options: `identifier` "xnnpack" is the CPU's, whose payload is a text in TOML ("num_threads =
// 2").
LiteRtStatus LiteRtCreateOpaqueOptions(const char* identifier, void* payload, void (*free_payload)(void*),
                                       LiteRtOpaqueOptions* options);
LiteRtStatus LiteRtAddOpaqueOptions(LiteRtOptions options, LiteRtOpaqueOptions taken);  // takes them over
LiteRtStatus LiteRtAddCustomOpKernelOption(LiteRtOptions options, const char* name, int version,
                                           const LiteRtCustomOpKernel* kernel, void* user_data);

LiteRtStatus LiteRtCreateCompiledModel(LiteRtEnvironment environment, LiteRtModel model, LiteRtOptions options,
                                       LiteRtCompiledModel* compiled);
void LiteRtDestroyCompiledModel(LiteRtCompiledModel compiled);
LiteRtStatus LiteRtGetCompiledModelInputBufferRequirements(LiteRtCompiledModel compiled, LiteRtParamIndex signature,
                                                           LiteRtParamIndex index,
                                                           LiteRtTensorBufferRequirements* requirements);
LiteRtStatus LiteRtGetCompiledModelOutputBufferRequirements(LiteRtCompiledModel compiled, LiteRtParamIndex signature,
                                                            LiteRtParamIndex index,
                                                            LiteRtTensorBufferRequirements* requirements);
LiteRtStatus LiteRtCreateManagedTensorBufferFromRequirements(LiteRtEnvironment environment,
                                                             const LiteRtRankedTensorType* type,
                                                             LiteRtTensorBufferRequirements requirements,
                                                             LiteRtTensorBuffer* buffer);
void LiteRtDestroyTensorBuffer(LiteRtTensorBuffer buffer);
LiteRtStatus LiteRtGetTensorBufferTensorType(LiteRtTensorBuffer buffer, LiteRtRankedTensorType* type);
LiteRtStatus LiteRtLockTensorBuffer(LiteRtTensorBuffer buffer, void** address, int mode);  // 0 reads, 1 writes
LiteRtStatus LiteRtUnlockTensorBuffer(LiteRtTensorBuffer buffer);
LiteRtStatus LiteRtRunCompiledModel(LiteRtCompiledModel compiled, LiteRtParamIndex signature, std::size_t input_count,
                                    LiteRtTensorBuffer* inputs, std::size_t output_count, LiteRtTensorBuffer* outputs);
}
