#include "app/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "app/commands.h"

namespace likeness {

void prepare_streams() {
    // open() takes the lowest free number: 0, 1 and 2 come first. For reading only: what is printed on a closed
    // standard output is noticed.
    for (int stream = 0; stream <= 2; ++stream)
        if (::fcntl(stream, F_GETFD) < 0 && errno == EBADF && ::open("/dev/null", O_RDONLY) < 0) ::_exit(exit_internal);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

int finish_output(int exit_code) {
    const bool lost = std::fflush(stdout) != 0 || std::ferror(stdout) != 0;
    if (!lost || exit_code != exit_ok) return exit_code;
    std::fprintf(stderr, "likeness: Standard output cannot be written (%s); what was printed is incomplete.\n",
                 errno != 0 ? std::strerror(errno) : "unknown reason");
    return exit_output;
}

}  // namespace likeness
