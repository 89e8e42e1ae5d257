package io.adapt4j.verification.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A golden folder, or a standalone golden file. */
public record GoldenSource(Path path, JsonNode json) {

  /** File with a chat template. */
  public static final String TEMPLATE = "template.jinja";

  /** File with the renderings of a chat template. */
  public static final String CASES = "cases.json";

  /** Files of which any one makes a folder golden. */
  private static final List<String> MARKS = List.of(GoldenFolder.JSON, TEMPLATE, CASES);

  /** Files that make a folder a model, an adapter or a part of one. */
  private static final List<String> MODELS = List.of("config.json", "adapter_config.json");

  /** Files of weights that are not pickled. */
  private static final List<String> SAFE =
      List.of("model.safetensors", "model.safetensors.index.json");

  public static GoldenSource read(Path path) {
    if (!Files.isDirectory(path)) {
      return new GoldenSource(path, GoldenFolder.json(path));
    }
    return new GoldenSource(
        path,
        Files.exists(path.resolve(GoldenFolder.JSON))
            ? GoldenFolder.json(path, GoldenFolder.JSON)
            : MissingNode.getInstance());
  }

  /** Returns whether a path is a golden folder or a JSON file, which may be golden. */
  public static boolean isGolden(Path path) {
    return Files.isDirectory(path)
        ? MARKS.stream().anyMatch(name -> Files.exists(path.resolve(name))) || isPickledModel(path)
        : path.toString().endsWith(".json") && Files.isRegularFile(path);
  }

  /** Returns whether a folder is a model with pickled weights. */
  public static boolean isPickledModel(Path folder) {
    if (!Files.exists(folder.resolve("config.json"))
        || SAFE.stream().anyMatch(name -> Files.exists(folder.resolve(name)))) {
      return false;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(Path::toString)
          .anyMatch(name -> name.endsWith(".bin") || name.endsWith(".bin.index.json"));
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns whether a folder holds a model or adapter, whose files are not golden. */
  public static boolean isModel(Path folder) {
    return MODELS.stream().anyMatch(name -> Files.exists(folder.resolve(name)));
  }

  public boolean isFile() {
    return !Files.isDirectory(path);
  }

  public boolean has(String file) {
    return !isFile() && Files.exists(path.resolve(file));
  }

  /** Returns the folder's {@code kind}; empty if it states none. */
  public String kind() {
    return json.path("kind").asText("");
  }

  public boolean hasAny(String... fields) {
    return Stream.of(fields).anyMatch(json::has);
  }

  /** Returns the JSON of another file of the folder; a missing node without the file. */
  public JsonNode file(String name) {
    return has(name) ? GoldenFolder.json(path, name) : MissingNode.getInstance();
  }

  /** Returns the names of the folder's files. */
  public List<String> files() {
    try (Stream<Path> files = Files.list(path)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(path + ": listing failed", e);
    }
  }
}
