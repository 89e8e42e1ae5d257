package io.adapt4j.upkeep.deletion;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * Result of a deletion of documents, for an auditor. It names contents by hash and never shows
 * them.
 *
 * @param documents the documents
 * @param removed what was removed where beside the index
 * @param remains where else traces of the documents may be
 * @param time when the deletion was complete
 */
public record DocumentDeletionReport(
    List<Document> documents,
    List<DeletionReport.Removed> removed,
    List<String> remains,
    Instant time) {

  private static final int SCHEMA = 1;

  /** Copies the lists. */
  public DocumentDeletionReport {
    documents = List.copyOf(documents);
    removed = List.copyOf(removed);
    remains = List.copyOf(remains);
  }

  /** {@return the report in words} */
  public String text() {
    StringBuilder text = new StringBuilder();
    for (Document document : documents) {
      text.append(document.id())
          .append(
              document.sha256().isPresent()
                  ? ": %,d passages deleted\n".formatted(document.passages())
                  : ": not in the index (any more)\n");
    }
    for (DeletionReport.Removed entries : removed) {
      text.append(
          "%s: %,d %s removed\n".formatted(entries.place(), entries.ids().size(), entries.kind()));
    }
    return text.toString();
  }

  /**
   * Writes the report as JSON.
   *
   * @param file the file, such as {@value DeletionReport#FILE}; replaced if it is there
   * @throws UncheckedIOException if it cannot be written
   */
  public void write(Path file) {
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("schema", SCHEMA);
    json.put("time", time.truncatedTo(ChronoUnit.SECONDS).toString());
    ArrayNode list = json.putArray("documents");
    for (Document document : documents) {
      ObjectNode one = list.addObject().put("id", document.id());
      document.sha256().ifPresent(hash -> one.put("sha256", hash));
      one.put("passages", document.passages());
    }
    json.set("removed", ReportFile.removed(removed));
    remains.forEach(json.putArray("remains")::add);
    try {
      AtomicFiles.writeJson(file, json);
    } catch (IOException e) {
      throw new UncheckedIOException("Writing the report to " + file + " failed", e);
    }
  }

  /**
   * Document that was deleted.
   *
   * @param id its id
   * @param sha256 hash of its content as the index records it; empty if the index did not have it
   * @param passages number of its passages
   */
  public record Document(String id, Optional<String> sha256, int passages) {}
}
