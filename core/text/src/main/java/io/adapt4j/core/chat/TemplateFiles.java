package io.adapt4j.core.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.jinja.Template;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds chat templates in a model folder. */
final class TemplateFiles {

  private static final String FILE = "chat_template.jinja";
  private static final String FOLDER = "additional_chat_templates";
  private static final String EXTENSION = ".jinja";
  private static final String FIELD = "chat_template";

  private TemplateFiles() {}

  static Optional<ChatTemplate> find(Path folder) {
    Map<String, Template> templates = fromFiles(folder);
    if (templates.isEmpty()) {
      templates = fromField(folder.resolve("tokenizer_config.json"));
    }
    if (templates.isEmpty()) {
      templates = fromField(folder.resolve("chat_template.json"));
    }
    return templates.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new ChatTemplate(folder.toString(), templates, SpecialTokenTexts.read(folder)));
  }

  /** Resolves a built-in template, a file or a model folder. */
  static ChatTemplate resolve(String nameOrPath, Path base) {
    Optional<String> name = BuiltInTemplates.canonical(nameOrPath);
    if (name.isPresent()) {
      return BuiltInTemplates.read(name.get());
    }
    Path path;
    try {
      path = base.resolve(nameOrPath);
    } catch (InvalidPathException e) {
      return BuiltInTemplates.read(nameOrPath);
    }
    if (Files.isDirectory(path)) {
      return ChatTemplate.read(path);
    }
    if (Files.isRegularFile(path) && path.toString().endsWith(".json")) {
      Map<String, Template> templates = fromField(path);
      if (templates.isEmpty()) {
        throw new ChatException(
            path + ": expected a field '" + FIELD + "', found none. Name a file in Jinja.");
      }
      return new ChatTemplate(path.toString(), templates, Map.of());
    }
    if (Files.isRegularFile(path)) {
      return new ChatTemplate(
          path.toString(), Map.of(ChatTemplate.DEFAULT, parsed(path)), Map.of());
    }
    if (nameOrPath.matches(".*[/\\\\].*|.*\\.(jinja2?|txt|json)")) {
      throw new ChatException(
          "chat template: the file %s does not exist. Correct the path, or name one of %s."
              .formatted(
                  path.toAbsolutePath().normalize(), String.join(", ", BuiltInTemplates.NAMES)));
    }
    return BuiltInTemplates.read(nameOrPath);
  }

  /** Removes the template from tokenizer_config.json, so that it cannot differ from the file's. */
  static void dropField(Path folder) {
    Path file = folder.resolve("tokenizer_config.json");
    if (!Files.isRegularFile(file)) {
      return;
    }
    ObjectNode fields = ConfigReader.read(file).json();
    if (fields.has(FIELD)) {
      try {
        ObjectNode without = fields.deepCopy();
        without.remove(FIELD);
        AtomicFiles.writeJson(file, without);
      } catch (IOException e) {
        throw new ChatException(
            file + ": writing failed: " + WriteFailure.explain(file, e) + ".", e);
      }
    }
  }

  static Path file(Path folder, String name) {
    return name.equals(ChatTemplate.DEFAULT)
        ? folder.resolve(FILE)
        : folder.resolve(FOLDER).resolve(name + EXTENSION);
  }

  private static Map<String, Template> fromFiles(Path folder) {
    Map<String, Template> templates = new LinkedHashMap<>();
    Path single = folder.resolve(FILE);
    if (Files.isRegularFile(single)) {
      templates.put(ChatTemplate.DEFAULT, parsed(single));
    }
    for (Path file : additional(folder.resolve(FOLDER))) {
      String name = file.getFileName().toString();
      templates.put(name.substring(0, name.length() - EXTENSION.length()), parsed(file));
    }
    return templates;
  }

  private static List<Path> additional(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(EXTENSION)).sorted().toList();
    } catch (IOException e) {
      throw new ChatException(folder + ": listing failed: " + e + ". Check its permissions.", e);
    }
  }

  private static Template parsed(Path file) {
    try {
      return Template.parse(file.toString(), BoundedFiles.readText(file, BoundedFiles.SETTINGS));
    } catch (BoundedFiles.TooLargeException e) {
      throw new ChatException(
          file + ": " + e.getReason() + ". Fetch the model's original file.", e);
    } catch (IOException e) {
      throw new ChatException(
          file + ": reading failed: " + e + ". Check that it is a readable UTF-8 file.", e);
    }
  }

  private static Map<String, Template> fromField(Path file) {
    Map<String, Template> templates = new LinkedHashMap<>();
    if (!Files.isRegularFile(file)) {
      return templates;
    }
    ConfigReader config = ConfigReader.read(file);
    JsonNode value = config.json().path(FIELD);
    if (value.isTextual()) {
      templates.put(ChatTemplate.DEFAULT, parsed(file, value.textValue()));
    } else if (value.isArray()) {
      for (JsonNode named : value) {
        if (!named.path("name").isTextual() || !named.path("template").isTextual()) {
          throw invalid(config);
        }
        templates.put(
            named.get("name").textValue(), parsed(file, named.get("template").textValue()));
      }
    } else if (config.has(FIELD)) {
      throw invalid(config);
    }
    return templates;
  }

  private static Template parsed(Path file, String source) {
    return Template.parse(file + ", field '" + FIELD + "'", source);
  }

  private static RuntimeException invalid(ConfigReader config) {
    return config.invalid(
        FIELD, "a text, or a list of objects with texts 'name' and 'template'", "Correct it.");
  }
}
