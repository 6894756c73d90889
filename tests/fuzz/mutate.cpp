// A driver for the fuzz functions where there is no libFuzzer: seeds are changed by chance, the same for the same
// number.
//
//   fuzz_x COUNT [NUMBER] SEED_FILE_OR_FOLDER...
//
// Prints the most processor time and memory that an input took; fails above 2 s or 1 GiB, and leaves such an input, or
// the one that a sanitizer ends the program in, in `slow-input` and `last-input`.
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                                             unsigned seed);

namespace {

using Bytes = std::vector<std::uint8_t>;
namespace fs = std::filesystem;

constexpr std::size_t most_bytes = 1 << 20;
constexpr double most_seconds = 2;
constexpr long most_megabytes = 1024;

std::mt19937 chance;

std::size_t below(std::size_t count) { return count > 0 ? chance() % count : 0; }

// Numbers and words that readers of text and of bytes look at closely.
constexpr const char* telling[] = {
    "0",  "-1", "1e999", "nan", "inf",     "-inf", "4294967295",       "18446744073709551615", "{", "}", "[", "]",
    "\"", ",",  ";",     "\n",  "\\u0000", "null", "\xff\xff\xff\xff", "\x7f\xff\xff\xff"};

std::size_t change(std::uint8_t* data, std::size_t size, std::size_t most) {
    const std::size_t at = below(size + 1), length = 1 + below(below(8) == 0 ? size : 8);
    switch (below(7)) {
        case 0:  // a bit
            if (at < size) data[at] = std::uint8_t(data[at] ^ (1u << below(8)));
            return size;
        case 1:  // a byte
            if (at < size) data[at] = std::uint8_t(chance());
            return size;
        case 2: {  // some of them away
            const std::size_t gone = std::min(length, size - at);
            std::copy(data + at + gone, data + size, data + at);
            return size - gone;
        }
        case 3: {  // a part of it twice
            const std::size_t more = std::min({length, size - at, most - size});
            const Bytes part(data + at, data + at + more);
            std::copy_backward(data + at, data + size, data + size + more);
            std::copy(part.begin(), part.end(), data + at);
            return size + more;
        }
        case 4: {  // a part over another
            const std::size_t from = below(size + 1), count = std::min({length, size - at, size - from});
            const Bytes part(data + from, data + from + count);
            std::copy(part.begin(), part.end(), data + at);
            return size;
        }
        case 5: {  // a word
            const std::string word = telling[below(std::size(telling))];
            const std::size_t count = std::min(word.size(), size - at);
            std::copy_n(word.begin(), count, data + at);
            return size;
        }
        default:  // cut
            return below(4) == 0 ? at : size;
    }
}

void keep(const char* name, const Bytes& bytes) {
    std::ofstream(name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
}

long peak_megabytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

// Of all threads: what else runs on the machine does not count.
double processor_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

std::vector<Bytes> read_seeds(int count, char** names) {
    std::vector<Bytes> seeds;
    const auto add = [&](const fs::path& file) {
        std::ifstream in(file, std::ios::binary);
        Bytes bytes{std::istreambuf_iterator<char>(in), {}};
        if (bytes.size() <= most_bytes) seeds.push_back(std::move(bytes));
    };
    for (int i = 0; i < count; ++i) {
        if (!fs::is_directory(names[i])) {
            add(names[i]);
            continue;
        }
        std::vector<fs::path> files;
        for (const auto& entry : fs::recursive_directory_iterator(names[i]))
            if (entry.is_regular_file()) files.push_back(entry.path());
        std::sort(files.begin(), files.end());  // folders have no order of their own
        for (const fs::path& file : files) add(file);
    }
    return seeds;
}

Bytes last;
void keep_last() { keep("last-input", last); }

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most) {
    for (std::size_t i = 0, changes = 1 + below(4); i < changes; ++i) size = change(data, size, most);
    return size;
}

extern "C" void __sanitizer_set_death_callback(void (*)()) __attribute__((weak));

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s COUNT [NUMBER] SEED_FILE_OR_FOLDER...\n", argv[0]);
        return 2;
    }
    const long count = std::strtol(argv[1], nullptr, 10);
    char* end = nullptr;
    const long number = argc > 2 ? std::strtol(argv[2], &end, 10) : 0;
    const bool numbered = end && *end == '\0' && end != argv[2];
    chance.seed(numbered ? unsigned(number) : 1);
    const int first = numbered ? 3 : 2;
    std::vector<Bytes> seeds = read_seeds(argc - first, argv + first);
    if (seeds.empty()) seeds.emplace_back(1);  // a custom mutator knows more
    if (__sanitizer_set_death_callback) __sanitizer_set_death_callback(keep_last);
    double slowest = 0, total = 0;
    for (const Bytes& seed : seeds) LLVMFuzzerTestOneInput(seed.data(), seed.size());
    long done = 0;
    for (; done < count; ++done) {
        last = seeds[below(seeds.size())];
        std::size_t size = last.size();
        last.resize(LLVMFuzzerCustomMutator ? most_bytes : std::max<std::size_t>(size + 4096, 65536));
        size = LLVMFuzzerCustomMutator ? LLVMFuzzerCustomMutator(last.data(), size, last.size(), unsigned(chance()))
                                       : LLVMFuzzerMutate(last.data(), size, last.size());
        last.resize(size);
        const Bytes exact(last.begin(), last.end());  // of its own size: what is read behind it is seen
        const double begin = processor_seconds();
        LLVMFuzzerTestOneInput(exact.data(), exact.size());
        const double seconds = processor_seconds() - begin;
        total += seconds;
        if (seconds > slowest) {
            slowest = seconds;
            if (seconds > most_seconds) keep("slow-input", last);
        }
        if (peak_megabytes() > most_megabytes) {
            keep("slow-input", last);
            break;
        }
    }
    std::printf("%s: %ld inputs from %zu seeds in %.0f s, slowest %.3f s, peak %ld MiB\n",
                fs::path(argv[0]).filename().c_str(), done, seeds.size(), total, slowest, peak_megabytes());
    return slowest > most_seconds || peak_megabytes() > most_megabytes ? 1 : 0;
}
