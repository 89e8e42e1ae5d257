package io.adapt4j.upkeep.cycle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.BoundedFiles;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.upkeep.cycle.CycleReport.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Progress of a cycle, in {@code cycle.json} of its folder; replaced after every step. */
final class CycleState {

  static final String FILE = "cycle.json";

  final Path folder;
  final int number;
  final CycleWindow window;

  /** Pinned reference of the version in production when the cycle began. */
  Optional<String> start = Optional.empty();

  Optional<CollectedRows> collected = Optional.empty();
  Optional<String> reason = Optional.empty();
  Optional<String> trained = Optional.empty();
  Optional<String> version = Optional.empty();
  Optional<Outcome> outcome = Optional.empty();
  List<String> lines = new ArrayList<>();

  CycleState(Path folder, int number, CycleWindow window) {
    this.folder = folder;
    this.number = number;
    this.window = window;
  }

  Path rows() {
    return folder.resolve("rows.jsonl");
  }

  Path run() {
    return folder.resolve("run");
  }

  void write() throws IOException {
    Disk.createFolders(folder);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("cycle", number);
    json.put("trained", window.trained().toString()).put("promoted", window.promoted().toString());
    json.put("end", window.end().toString());
    put(json, "start", start);
    collected.ifPresent(
        found -> {
          json.put("rows", found.rows());
          found.signals().forEach(json.putArray("signals")::add);
        });
    put(json, "reason", reason);
    put(json, "folder", trained);
    put(json, "version", version);
    put(json, "outcome", outcome.map(Outcome::name));
    lines.forEach(json.putArray("lines")::add);
    CheckedJson.write(folder.resolve(FILE), json);
  }

  private static void put(ObjectNode json, String field, Optional<String> value) {
    value.ifPresent(text -> json.put(field, text));
  }

  /** Reads a cycle, unless it did not get as far as its first file. */
  static Optional<CycleState> read(Path folder, int number) throws IOException {
    Path file = folder.resolve(FILE);
    try {
      if (Files.size(file) > BoundedFiles.SETTINGS) {
        throw new CycleException(
            "%s: expected at most %d bytes, found %d. Take it from a copy."
                .formatted(file, BoundedFiles.SETTINGS, Files.size(file)));
      }
      return Optional.of(state(folder, number, CheckedJson.read(file).json()));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (CheckedJson.DamagedException | DateTimeException | IllegalArgumentException e) {
      throw new CycleException(file + ": " + e.getMessage() + ". Take it from a copy.", e);
    }
  }

  private static CycleState state(Path folder, int number, JsonNode json) {
    CycleState state =
        new CycleState(
            folder,
            number,
            new CycleWindow(
                Instant.parse(json.path("trained").asText()),
                Instant.parse(json.path("promoted").asText()),
                Instant.parse(json.path("end").asText())));
    state.start = text(json, "start");
    if (json.has("rows")) {
      List<String> signals = new ArrayList<>();
      json.path("signals").forEach(signal -> signals.add(signal.asText()));
      state.collected = Optional.of(new CollectedRows(json.path("rows").asLong(), signals));
    }
    state.reason = text(json, "reason");
    state.trained = text(json, "folder");
    state.version = text(json, "version");
    state.outcome = text(json, "outcome").map(Outcome::valueOf);
    json.path("lines").forEach(line -> state.lines.add(line.asText()));
    return state;
  }

  private static Optional<String> text(JsonNode json, String field) {
    return Optional.ofNullable(json.path(field).textValue());
  }
}
