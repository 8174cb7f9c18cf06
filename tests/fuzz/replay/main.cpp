// Runs a fuzz target over the files of a folder, without libFuzzer: corpora as ordinary tests.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (int n = 1; n < argc; ++n)
    for (const auto& entry : std::filesystem::directory_iterator{argv[n]}) {
      std::ifstream file{entry.path(), std::ios::binary};
      const std::vector<char> bytes{std::istreambuf_iterator<char>{file}, {}};
      std::puts(entry.path().filename().c_str());
      std::fflush(stdout); // the last one is the culprit
      const std::vector<std::uint8_t> input{bytes.begin(), bytes.end()};
      LLVMFuzzerTestOneInput(input.data(), input.size());
      ++count;
    }
  std::puts((std::to_string(count) + " files").c_str());
  return count > 0 ? 0 : 1;
}
