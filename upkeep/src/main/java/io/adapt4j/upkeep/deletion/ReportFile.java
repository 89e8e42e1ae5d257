package io.adapt4j.upkeep.deletion;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.internal.AtomicFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes the report of a deletion. */
final class ReportFile {

  private static final int SCHEMA = 1;

  private ReportFile() {}

  static void write(DeletionReport report, Path run, String record, Path output) {
    try {
      AtomicFiles.writeJson(output.resolve(DeletionReport.FILE), json(report, run, record));
    } catch (IOException e) {
      throw new UncheckedIOException("Writing the report to " + output + " failed", e);
    }
  }

  static ObjectNode json(DeletionReport report, Path run, String record) {
    DeletionPlan plan = report.plan();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("schema", SCHEMA);
    json.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    json.putObject("run").put("folder", run.toString()).put("recordSha256", record);
    json.put(
        "method",
        "The run was made again with the tokens of the rows replaced by padding without loss, from"
            + " the newest state saved before their first use. Its result equals, to the bit on the"
            + " same machine and versions, a run in which they were masked from the start. Evaluations before the last are left out"
            + " where nothing depends on them.");
    rows(plan, json.putArray("rows"));
    plan.alike().forEach(json.putArray("otherRowsWithTheSameTokens")::add);
    ObjectNode steps = json.putObject("steps");
    plan.firstStep().ifPresent(step -> steps.put("firstUse", step));
    steps.put("continuedFrom", plan.startStep()).put("total", plan.totalSteps());
    ArrayNode versions = json.putArray("versions");
    plan.versions()
        .forEach(
            version ->
                versions
                    .addObject()
                    .put("folder", version.folder().toString())
                    .put("inherited", version.inherited()));
    files(report.before(), json.putArray("before"));
    files(report.after(), json.putArray("after"));
    report.erased().forEach(path -> json.withArray("erased").add(path.toString()));
    report.toErase().forEach(path -> json.withArray("toErase").add(path.toString()));
    json.set("removed", removed(report.removed()));
    report.remains().forEach(json.putArray("remains")::add);
    json.put("seconds", report.elapsed().toMillis() / 1e3);
    return json;
  }

  /** Describes what was removed: numbers and hashes. */
  static ArrayNode removed(List<DeletionReport.Removed> removed) {
    ArrayNode json = JsonNodeFactory.instance.arrayNode();
    for (DeletionReport.Removed entries : removed) {
      ObjectNode one = json.addObject().put("kind", entries.kind());
      one.put("place", entries.place().toString()).put("count", entries.ids().size());
      entries.ids().forEach(one.putArray("ids")::add);
    }
    return json;
  }

  private static void rows(DeletionPlan plan, ArrayNode rows) {
    for (int i = 0; i < plan.rows().size(); i++) {
      MaskedRow masked = plan.rows().get(i);
      ObjectNode row = rows.addObject().put("row", masked.row()).put("place", plan.places().get(i));
      masked.sha256().ifPresent(hash -> row.put("sha256", hash));
      masked.lengths().ifPresent(lengths -> lengths.forEach(row.putArray("tokens")::add));
    }
  }

  private static void files(Map<String, String> hashes, ArrayNode files) {
    new TreeMap<>(hashes)
        .forEach((path, hash) -> files.addObject().put("path", path).put("sha256", hash));
  }
}
