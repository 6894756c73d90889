#include "core/image/svg.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <string_view>
#include <vector>

#include "core/base/paths.h"
#include "core/image/file_bytes.h"
#include "core/image/svg_guest/protocol.h"

namespace likeness {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds longest{10};
constexpr std::size_t longest_text = 2000;  // of a reply

Error svg_error(ErrorCode code, const std::string& name, const std::string& what, const std::string& detail = "") {
    return {code, "'" + name + "' " + what, detail};
}

struct OpenFile {
    int number = -1;
    OpenFile() = default;
    explicit OpenFile(int file) : number(file) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() { close(); }
    void close() {
        if (number >= 0) ::close(number);
        number = -1;
    }
};

// What the process gave back until it closed its end, and how it ended.
struct Answer {
    std::vector<std::uint8_t> bytes;
    enum class End { closed, too_long, too_slow, stopped } end = End::closed;
    int state = 0;  // of waitpid
};

class SvgProcess {
  public:
    ~SvgProcess() { wait(true); }

    // False where no process can be started.
    bool start(std::span<const std::uint8_t> bytes, const fs::path& program, int side) {
        const OpenFile input(::memfd_create("likeness-svg", MFD_CLOEXEC));
        for (std::size_t at = 0; at < bytes.size();) {
            const ssize_t written = ::write(input.number, bytes.data() + at, bytes.size() - at);
            if (written <= 0) return false;
            at += std::size_t(written);
        }
        int ends[2];
        if (::lseek(input.number, 0, SEEK_SET) != 0 || ::pipe2(ends, O_CLOEXEC) != 0) return false;
        output_.number = ends[0];
        const OpenFile theirs(ends[1]);
        posix_spawn_file_actions_t files;
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawn_file_actions_adddup2(&files, input.number, 0);
        ::posix_spawn_file_actions_adddup2(&files, theirs.number, 1);
        ::posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addclosefrom_np(&files, 3);
        posix_spawnattr_t how;
        ::posix_spawnattr_init(&how);
        sigset_t none;
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigmask(&how, &none);
        ::posix_spawnattr_setpgroup(&how, 0);  // Ctrl-C is for the program
        ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        const char* const home_folder = std::getenv("HOME");
        const std::string path = program.string(), pixels = std::to_string(side),
                          home = std::string("HOME=") + (home_folder ? home_folder : "");
        const char* const words[] = {path.c_str(), pixels.c_str(), nullptr};
        const char* const environment[] = {home.c_str(), "LC_ALL=C.UTF-8", nullptr};
        const int code = ::posix_spawn(&process_, path.c_str(), &files, &how, const_cast<char* const*>(words),
                                       const_cast<char* const*>(environment));
        ::posix_spawnattr_destroy(&how);
        ::posix_spawn_file_actions_destroy(&files);
        if (code != 0) process_ = -1;
        return code == 0;
    }

    Answer answer(std::size_t most_bytes, const std::atomic<bool>* stop) {
        Answer answer;
        const auto began = std::chrono::steady_clock::now();
        std::vector<std::uint8_t> block(65536);
        while (true) {
            pollfd waited{output_.number, POLLIN, 0};
            if (::poll(&waited, 1, 10) > 0) {
                const ssize_t got = ::read(output_.number, block.data(), block.size());
                if (got < 0 && errno == EINTR) continue;
                if (got <= 0) break;
                answer.bytes.insert(answer.bytes.end(), block.begin(), block.begin() + got);
                if (answer.bytes.size() > most_bytes) answer.end = Answer::End::too_long;
            }
            if (stop && stop->load(std::memory_order_relaxed)) answer.end = Answer::End::stopped;
            if (std::chrono::steady_clock::now() - began > longest) answer.end = Answer::End::too_slow;
            if (answer.end != Answer::End::closed) break;
        }
        answer.state = wait(answer.end != Answer::End::closed);
        return answer;
    }

  private:
    int wait(bool kill) {
        int state = 0;
        if (process_ < 0) return state;
        if (kill) ::kill(process_, SIGKILL);
        while (::waitpid(process_, &state, 0) < 0 && errno == EINTR) {
        }
        process_ = -1;
        return state;
    }
    pid_t process_ = -1;
    OpenFile output_;
};

// One line of a few words. Of libxml2's "... on line 1 column 5 of data: ..." the line and the reason are kept.
std::string short_text(std::string text) {
    const std::size_t line = text.find("on line "), column = text.find(" column ", line),
                      reason = text.find(": ", column);
    if (line != text.npos && column != text.npos && reason != text.npos)
        text = text.substr(line + 3, column - line - 3) + text.substr(reason);
    text.resize(std::min(text.size(), std::size_t(160)));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 32; }, ' ');
    while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.pop_back();
    return text;
}

Result<Image> picture_of(const Answer& answer, const std::string& name, int side) {
    using svg_guest::Outcome;
    using svg_guest::Reply;
    const char* const simplify = "; simplify it, or save it as a PNG file.";
    if (answer.end == Answer::End::stopped) return svg_error(ErrorCode::cancelled, name, "was not drawn: stopped.");
    const bool out_of_time =
        answer.end == Answer::End::too_slow ||
        (WIFSIGNALED(answer.state) && (WTERMSIG(answer.state) == SIGXCPU || WTERMSIG(answer.state) == SIGKILL));
    if (answer.end != Answer::End::too_long && out_of_time)
        return svg_error(ErrorCode::bad_input, name,
                         "takes longer than " + std::to_string(longest.count()) + " seconds to draw" + simplify);
    Reply reply{Outcome::no_svg, 0, 0};
    if (answer.bytes.size() < sizeof reply)
        // librsvg and cairo end the process when there is no memory.
        return svg_error(ErrorCode::bad_input, name,
                         std::string("needs too much memory to draw, or is damaged") + simplify,
                         "state " + std::to_string(answer.state));
    std::memcpy(&reply, answer.bytes.data(), sizeof reply);
    const std::span<const std::uint8_t> rest = std::span(answer.bytes).subspan(sizeof reply);
    const std::string text(rest.begin(), rest.begin() + std::ptrdiff_t(std::min(rest.size(), longest_text)));
    switch (reply.outcome) {
        case Outcome::done:
            break;
        case Outcome::no_size:
            return svg_error(ErrorCode::bad_input, name, "is an SVG without a size; give it a viewBox.");
        case Outcome::out_of_memory:
            return svg_error(ErrorCode::bad_input, name, std::string("needs too much memory to draw") + simplify);
        default: {
            const std::string why = short_text(text);
            return svg_error(ErrorCode::bad_input, name,
                             "cannot be read as an SVG" + (why.empty() ? "" : " (" + why + ")") +
                                 "; save it again, or as a PNG file.",
                             text);
        }
    }
    if (reply.width < 1 || reply.height < 1 || reply.width > side || reply.height > side ||
        rest.size() != std::size_t(reply.width) * std::size_t(reply.height) * 4)
        return svg_error(ErrorCode::bad_input, name, std::string("was not drawn in full") + simplify,
                         std::to_string(rest.size()) + " bytes");
    Image picture(reply.width, reply.height, 4);
    std::transform(rest.begin(), rest.end(), picture.pixels.begin(),
                   [](std::uint8_t value) { return float(value) / 255.0f; });
    return picture;
}

}  // namespace

bool is_svg(std::span<const std::uint8_t> bytes, const std::string& name) {
    std::string begin(bytes.begin(), bytes.begin() + std::ptrdiff_t(std::min(bytes.size(), std::size_t(4096))));
    std::string ending = fs::path(name).extension().string();
    for (std::string* const text : {&begin, &ending})
        std::transform(text->begin(), text->end(), text->begin(),
                       [](char c) { return char(std::tolower(static_cast<unsigned char>(c))); });
    if (ending == ".svg") return true;
    if (begin.starts_with("\xef\xbb\xbf")) begin.erase(0, 3);
    begin.erase(0, begin.find_first_not_of(" \t\r\n"));
    if (!begin.starts_with('<') || begin.starts_with("<!doctype html") || begin.starts_with("<html")) return false;
    return begin.find("<svg") != begin.npos || begin.find(":svg") != begin.npos;
}

bool is_svg_file(const fs::path& file) {
    std::array<char, 4096> begin{};
    std::ifstream in(file, std::ios::binary);
    in.read(begin.data(), begin.size());
    if (in.gcount() <= 0) return false;
    return is_svg({reinterpret_cast<const std::uint8_t*>(begin.data()), std::size_t(in.gcount())}, file.string());
}

Result<Image> draw_svg(std::span<const std::uint8_t> bytes, const std::string& name, int side,
                       const std::atomic<bool>* stop) {
    if (side < 1 || side > largest_svg_side)
        return Error{ErrorCode::invalid_argument, "An SVG is drawn with 1 to 4096 pixels a side.", name};
    if (bytes.size() > most_svg_bytes)
        return svg_error(ErrorCode::bad_input, name, "has more than 16 MB; simplify it, or save it as a PNG file.");
    const fs::path program = find_companion("likeness-svg");
    if (program.empty())
        return svg_error(ErrorCode::not_found, name,
                         "is an SVG, and this Likeness was built without librsvg; save it as a PNG file, or install "
                         "librsvg2-dev and build again.",
                         "there is no likeness-svg beside the program");
    try {
        SvgProcess process;
        if (!process.start(bytes, program, side))
            return svg_error(ErrorCode::io, name, "cannot be drawn now: no process can be started; try again.",
                             std::strerror(errno));
        const std::size_t most = std::size_t(side) * std::size_t(side) * 4 + sizeof(svg_guest::Reply);
        return picture_of(process.answer(most, stop), name, side);
    } catch (const std::bad_alloc&) {
        return Error{ErrorCode::out_of_memory, "There is not enough memory to draw '" + name + "'.", ""};
    }
}

Result<Image> load_svg(const fs::path& file, int side, const std::atomic<bool>* stop) {
    const auto bytes = read_file(file, most_svg_bytes);
    if (!bytes) return bytes.error();
    return draw_svg(*bytes, file.string(), side, stop);
}

}  // namespace likeness
