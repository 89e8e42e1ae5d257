package io.adapt4j.upkeep.deletion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.task.RowRemoval;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The journal of a deletion: without it, one that is cut off could not be repeated, since its
 * folder holds a part of the new run, or the rows that it names are gone.
 */
record Unfinished(Path run, Path output, String request) {

  private static final String FILE = ".deletion-unfinished.json";

  private static final String REQUEST = "request";
  private static final String REMOVED = "removed";
  private static final String BEST = "best";
  private static final String HASHES = "dataFiles";

  static boolean isIn(Path output) {
    return Files.exists(output.resolve(FILE));
  }

  /** Returns whether the new run is complete. */
  boolean isTrained() {
    try {
      return isIn(output) && read().has(BEST);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Reading %s failed: %s. Delete %s and repeat the deletion."
              .formatted(file(), e.getMessage(), output),
          e);
    }
  }

  private JsonNode read() throws IOException {
    JsonNode json = CheckedJson.read(file()).json();
    if (!json.path(REQUEST).asText().equals(request)) {
      throw new IllegalArgumentException(
          output + " holds an unfinished deletion of other rows. Repeat that one first.");
    }
    return json;
  }

  private Path file() {
    return output.resolve(FILE);
  }

  /** Notes what is about to be removed, and returns it with what an earlier call has noted. */
  List<DeletionReport.Removed> begin(List<DeletionReport.Removed> found) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put(REQUEST, request);
    try {
      List<DeletionReport.Removed> all = new ArrayList<>(found);
      if (isIn(output)) {
        all.addAll(removed(read()));
      }
      List<DeletionReport.Removed> removed = merged(all);
      json.set(REMOVED, ReportFile.removed(removed));
      Disk.createFolders(output);
      CheckedJson.write(file(), json);
      return removed;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Writing %s failed: %s.".formatted(file(), WriteFailure.explain(file(), e)), e);
    }
  }

  private static List<DeletionReport.Removed> merged(List<DeletionReport.Removed> all) {
    Map<Map.Entry<String, Path>, SortedSet<String>> ids = new LinkedHashMap<>();
    for (DeletionReport.Removed entries : all) {
      ids.computeIfAbsent(
              Map.entry(entries.kind(), entries.place().toAbsolutePath()), key -> new TreeSet<>())
          .addAll(entries.ids());
    }
    List<DeletionReport.Removed> merged = new ArrayList<>();
    ids.forEach(
        (place, each) -> {
          if (!each.isEmpty()) {
            merged.add(
                new DeletionReport.Removed(place.getKey(), place.getValue(), List.copyOf(each)));
          }
        });
    return merged;
  }

  /** Notes all that is to be erased. */
  void trained(DeletionReport report, Set<Path> dataFiles) {
    ObjectNode json = ReportFile.json(report, run, "");
    json.put(REQUEST, request);
    // Paths may be relative, and the deletion may be ended from elsewhere.
    json.put("from", Path.of("").toAbsolutePath().toString());
    json.put(BEST, report.best().toString()).put("last", report.last().toString());
    ObjectNode hashes = json.putObject(HASHES);
    dataFiles.forEach(file -> hashes.put(file.toString(), FileHash.of(file)));
    try {
      CheckedJson.write(file(), json);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Writing %s failed: %s.".formatted(file(), WriteFailure.explain(file(), e)), e);
    }
  }

  /** Erases what is not erased yet, writes the report, and takes the last step. */
  DeletionReport finish(Consumer<DeletionReport> lastStep) {
    try {
      JsonNode json = read();
      DeletionReport report = report(json);
      Map<Path, Set<Long>> lines =
          json.path(HASHES).isEmpty() ? Map.of() : Tombstones.lines(report.plan().places());
      for (Path path : report.erased()) {
        if (!lines.containsKey(path)) {
          RunFiles.delete(Path.of(json.path("from").asText()).resolve(path));
        }
      }
      for (Map.Entry<Path, Set<Long>> rows : lines.entrySet()) {
        Path data = rows.getKey();
        if (FileHash.of(data).equals(json.path(HASHES).path(data.toString()).asText())) {
          Tombstones.erase(data, rows.getValue());
        } else if (!Tombstones.isErased(data, rows.getValue())) {
          throw new DatasetException(
              data
                  + " has changed since the deletion began, so its rows are not erased. Put the file"
                  + " back as it was and repeat the deletion.");
        }
        RowRemoval.recordErased(output, data);
      }
      ReportFile.write(report, run, FileHash.of(run.resolve(Provenance.FILE)), output);
      lastStep.accept(report);
      Files.delete(file());
      Disk.forceFolder(output);
      return report;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Ending the deletion of " + file() + " failed: " + e + ". Repeat it.", e);
    }
  }

  private static DeletionReport report(JsonNode json) {
    List<MaskedRow> rows =
        list(
            json.path("rows"),
            row ->
                new MaskedRow(
                    row.path("row").asInt(),
                    row.has("tokens")
                        ? Optional.of(list(row.path("tokens"), JsonNode::asInt))
                        : Optional.empty(),
                    Optional.ofNullable(row.path("sha256").textValue())));
    JsonNode steps = json.path("steps");
    DeletionPlan plan =
        new DeletionPlan(
            rows,
            list(json.path("rows"), row -> row.path("place").asText()),
            texts(json.path("otherRowsWithTheSameTokens")),
            steps.has("firstUse")
                ? OptionalInt.of(steps.path("firstUse").asInt())
                : OptionalInt.empty(),
            steps.path("continuedFrom").asInt(),
            steps.path("total").asInt(),
            list(
                json.path("versions"),
                version ->
                    new LearnedVersion(
                        Path.of(version.path("folder").asText()),
                        version.path("inherited").asBoolean())));
    return new DeletionReport(
        plan,
        Path.of(json.path(BEST).asText()),
        Path.of(json.path("last").asText()),
        hashes(json.path("before")),
        hashes(json.path("after")),
        list(json.path("erased"), path -> Path.of(path.asText())),
        list(json.path("toErase"), path -> Path.of(path.asText())),
        removed(json),
        texts(json.path("remains")),
        Duration.ofMillis(Math.round(json.path("seconds").asDouble() * 1e3)));
  }

  private static List<DeletionReport.Removed> removed(JsonNode json) {
    return list(
        json.path(REMOVED),
        entries ->
            new DeletionReport.Removed(
                entries.path("kind").asText(),
                Path.of(entries.path("place").asText()),
                texts(entries.path("ids"))));
  }

  private static Map<String, String> hashes(JsonNode files) {
    Map<String, String> hashes = new TreeMap<>();
    files.forEach(file -> hashes.put(file.path("path").asText(), file.path("sha256").asText()));
    return hashes;
  }

  private static List<String> texts(JsonNode values) {
    return list(values, JsonNode::asText);
  }

  private static <T> List<T> list(JsonNode values, Function<JsonNode, T> reader) {
    List<T> list = new ArrayList<>();
    values.forEach(value -> list.add(reader.apply(value)));
    return list;
  }
}
