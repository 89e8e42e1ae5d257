package io.adapt4j.upkeep.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.CheckedJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The file that describes a version, next to the folder with its files. */
final class VersionRecord {

  static final String FILE = "version.json";

  private static final int SCHEMA = 1;
  private static final String REMEDY = "Take the registry from a copy.";

  private VersionRecord() {}

  /** Returns the name of the folder with a version's files, which adapters are named after. */
  static String folder(String name, int number) {
    return name + "-" + number;
  }

  static void write(Path home, ModelVersion version) throws IOException {
    ObjectNode record = JsonNodeFactory.instance.objectNode();
    record.put("schema", SCHEMA).put("name", version.name()).put("number", version.number());
    record.put("digest", Names.DIGEST + version.digest());
    record.put("created", version.created().toString()).put("note", version.note());
    version.lineage().parent().ifPresent(parent -> record.put("parent", parent));
    ObjectNode files = record.putObject("files");
    for (VersionFile file : version.files()) {
      files.putObject(file.path()).put("bytes", file.bytes()).put("sha256", file.sha256());
    }
    CheckedJson.write(home.resolve(FILE), record);
  }

  /** Reads the record of a folder with a version's files. */
  static Optional<ModelVersion> find(Path folder) {
    Path files = folder.toAbsolutePath().normalize();
    Path home = files.getParent();
    return home == null
        ? Optional.empty()
        : read(home).filter(version -> version.folder().equals(files));
  }

  /** Reads a version, unless it is absent or being deleted. */
  static Optional<ModelVersion> read(Path home) {
    return Access.reading(home.resolve(FILE), () -> readOrNone(home));
  }

  private static Optional<ModelVersion> readOrNone(Path home) throws IOException {
    Path file = home.resolve(FILE);
    try {
      if (Files.size(file) > BoundedFiles.SETTINGS) {
        throw new RegistryException(
            "%s: expected at most %d bytes, found %d. %s"
                .formatted(file, BoundedFiles.SETTINGS, Files.size(file), REMEDY));
      }
      CheckedJson.Content record = CheckedJson.read(file);
      require(file, "checksum", "true", String.valueOf(record.checked()));
      ModelVersion version = read(home, record.json());
      // A deletion renames the whole folder: what was read before is complete.
      return Files.notExists(file) ? Optional.empty() : Optional.of(version);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (CheckedJson.DamagedException | DateTimeException e) {
      throw new RegistryException(file + ": " + e.getMessage() + ". " + REMEDY, e);
    } catch (Adapt4jException e) {
      if (Files.notExists(file)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static ModelVersion read(Path home, JsonNode record) {
    Path file = home.resolve(FILE);
    require(file, "schema", String.valueOf(SCHEMA), record.path("schema").asText());
    String name = Names.requireName(record.path("name").asText());
    int number = record.path("number").asInt();
    require(file, "number", home.getFileName().toString(), String.valueOf(number));
    List<VersionFile> files = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : record.path("files").properties()) {
      JsonNode values = entry.getValue();
      files.add(
          new VersionFile(
              entry.getKey(), values.path("bytes").asLong(-1), values.path("sha256").asText()));
    }
    String digest = VersionFile.digest(files);
    require(file, "digest", Names.DIGEST + digest, record.path("digest").asText());
    Path folder = home.resolve(folder(name, number));
    return new ModelVersion(
        name,
        number,
        digest,
        folder,
        Instant.parse(record.path("created").asText()),
        record.path("note").asText(),
        Lineage.of(folder, Optional.ofNullable(record.path("parent").textValue())),
        files);
  }

  private static void require(Path file, String field, String expected, String found) {
    if (!expected.equals(found)) {
      throw new RegistryException(
          "%s: field '%s': expected %s, found %s. %s"
              .formatted(file, field, expected, Names.shown(found), REMEDY));
    }
  }
}
