package io.adapt4j.core.inspect;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Finds which chat templates a model folder has, wherever it keeps them. */
final class ChatTemplateNames {

  private static final String DEFAULT = "default";
  private static final String ENDING = ".jinja";

  private ChatTemplateNames() {}

  /** The names of the templates in order; the one used unless another is asked for is default. */
  static List<String> read(Path folder, JsonNode tokenizerConfig) {
    Set<String> names = new TreeSet<>();
    if (Files.isRegularFile(folder.resolve("chat_template.jinja"))
        || Files.isRegularFile(folder.resolve("chat_template.json"))) {
      names.add(DEFAULT);
    }
    JsonNode template = tokenizerConfig.path("chat_template");
    if (template.isTextual()) {
      names.add(DEFAULT);
    }
    for (JsonNode named : template) {
      if (named.path("name").isTextual()) {
        names.add(named.path("name").textValue());
      }
    }
    Path additional = folder.resolve("additional_chat_templates");
    if (Files.isDirectory(additional)) {
      names.addAll(files(additional));
    }
    return List.copyOf(names);
  }

  private static List<String> files(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(ENDING))
          .map(name -> name.substring(0, name.length() - ENDING.length()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("Listing " + folder + " failed", e);
    }
  }
}
