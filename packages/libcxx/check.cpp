// Throws four exceptions, one of them in a thread and one by the file system, and says how many came to where they are caught.
#include <charconv>
#include <filesystem>
#include <future>
#include <iostream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

int main(int count, char **words) {
  std::vector<int> numbers{1, 2, 3};
  if (count < 2)
    return 2;
  if (std::string(words[1]) == "past")
    return numbers[numbers.size()];
  int caught = 0;
  try {
    (void)numbers.at(3);
  } catch (const std::out_of_range &) {
    ++caught;
  }
  try {
    std::async(std::launch::async, [] { throw std::string("from a thread"); }).get();
  } catch (const std::string &said) {
    caught += said == "from a thread";
  }
  try {
    for (const auto &entry : std::filesystem::recursive_directory_iterator(words[1]))
      numbers.push_back(static_cast<int>(entry.path().native().size()));
    if (numbers.size() > 100)
      std::filesystem::rename("/nowhere/a", "/nowhere/b");
  } catch (const std::filesystem::filesystem_error &error) {
    caught += error.code() == std::errc::no_such_file_or_directory;
  }
  double read = 0;
  const std::string text = "6.02214076e23";
  std::from_chars(text.data(), text.data() + text.size(), read);
  std::ostringstream written;
  written.imbue(std::locale::classic());
  written.exceptions(std::ios::failbit);
  written << read;
  try {
    written.setstate(std::ios::failbit);
  } catch (const std::ios_base::failure &) {
    caught += written.str() == "6.02214e+23";
  }
  std::cout << "caught " << caught << " of 4" << std::endl;
}
