package io.adapt4j.upkeep.deletion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.internal.provenance.Provenance;
import io.adapt4j.core.internal.task.RowRemoval;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The journal of a deletion that erases: without it, a deletion that is cut off between two files
 * could not be repeated, since the rows that it names are gone.
 */
record Unfinished(Path run, Path output, String request) {

  private static final String FILE = ".deletion-unfinished.json";

  private static final String HASHES = "dataFiles";

  boolean isThere() {
    return Files.exists(file());
  }

  private Path file() {
    return output.resolve(FILE);
  }

  /** Notes all that is to be erased. */
  void begin(DeletionReport report, Set<Path> dataFiles) {
    ObjectNode json = ReportFile.json(report, run, "");
    json.put("request", request);
    // Paths may be relative, and the deletion may be ended from elsewhere.
    json.put("from", Path.of("").toAbsolutePath().toString());
    json.put("best", report.best().toString()).put("last", report.last().toString());
    ObjectNode hashes = json.putObject(HASHES);
    dataFiles.forEach(file -> hashes.put(file.toString(), FileHash.of(file)));
    try {
      CheckedJson.write(file(), json);
    } catch (IOException e) {
      throw new UncheckedIOException("Writing " + file() + " failed", e);
    }
  }

  /** Erases what is not erased yet, and writes the report. */
  DeletionReport finish() {
    try {
      JsonNode json = CheckedJson.read(file()).json();
      if (!json.path("request").asText().equals(request)) {
        throw new IllegalArgumentException(
            output + " holds an unfinished deletion of other rows. Repeat that one first.");
      }
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
        Path.of(json.path("best").asText()),
        Path.of(json.path("last").asText()),
        hashes(json.path("before")),
        hashes(json.path("after")),
        list(json.path("erased"), path -> Path.of(path.asText())),
        list(json.path("toErase"), path -> Path.of(path.asText())),
        list(
            json.path("removed"),
            entries ->
                new DeletionReport.Removed(
                    entries.path("kind").asText(),
                    Path.of(entries.path("place").asText()),
                    texts(entries.path("ids")))),
        texts(json.path("remains")),
        Duration.ofMillis(Math.round(json.path("seconds").asDouble() * 1e3)));
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
