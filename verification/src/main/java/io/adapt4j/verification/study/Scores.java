package io.adapt4j.verification.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Correctness of answers by question, stored in a file of lines {@code id TAB 1} or 0. */
final class Scores {

  private Scores() {}

  static void write(Path file, Map<String, Double> scores) throws IOException {
    String text =
        scores.entrySet().stream()
            .map(entry -> entry.getKey() + "\t" + entry.getValue().intValue() + "\n")
            .collect(Collectors.joining());
    Files.createDirectories(file.getParent());
    Path unfinished = file.resolveSibling(file.getFileName() + ".part");
    Files.writeString(unfinished, text);
    Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
  }

  static Map<String, Double> read(Path file) throws IOException {
    Map<String, Double> scores = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file)) {
      int tab = line.indexOf('\t');
      if (tab < 1) {
        throw new IOException(
            file + ": expected lines of an id, a tab and 0 or 1, found '" + line + "'");
      }
      scores.put(line.substring(0, tab), Double.valueOf(line.substring(tab + 1)));
    }
    return scores;
  }
}
