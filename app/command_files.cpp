#include "app/command_files.h"

#include "core/base/file_identity.h"
#include "core/base/output_file.h"

namespace likeness {

Status check_files(const std::vector<CommandFile>& inputs, const std::vector<CommandFile>& outputs) {
    std::vector<CommandFile> taken = inputs;
    for (const CommandFile& output : outputs) {
        if (output.path.empty()) continue;
        for (const CommandFile& other : taken)
            if (!other.path.empty() && same_file(output.path, other.path))
                return Error{ErrorCode::invalid_argument,
                             "'" + output.path + "' is both " + other.what + " and " + output.what +
                                 "; choose another name for one of them.",
                             ""};
        if (Status writable = check_target(output.path); !writable) return writable;
        taken.push_back(output);
    }
    return {};
}

}  // namespace likeness
