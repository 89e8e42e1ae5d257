package io.adapt4j.studio.internal.exam;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.core.internal.Json;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.studio.internal.data.Inspections;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Answers that were corrected by hand: for each exam, a source of rows to train on. */
public final class Corrected {

  private static final long FILE_BYTES = 64L << 20;
  private static final String FILE = "corrections.jsonl";

  private final Exams exams;
  private final Sources sources;
  private final Inspections inspections;

  /** Creates the store, which adds to the data that was opened. */
  public Corrected(Exams exams, Sources sources, Inspections inspections) {
    this.exams = exams;
    this.sources = sources;
    this.inspections = inspections;
  }

  /** Returns the source of an exam's corrections, if there are some. */
  public Optional<Source> source(Exam exam) throws IOException {
    return sources.find(exam.corrections());
  }

  /** Returns the items that were corrected, as their task and their id on two lines. */
  public Set<String> items(Exam exam) throws IOException {
    Set<String> items = new HashSet<>();
    for (JsonNode row : rows(source(exam))) {
      items.add(item(row));
    }
    return items;
  }

  private static String item(JsonNode row) {
    return row.path("task").asText() + "\n" + row.path("id").asText();
  }

  private static List<JsonNode> rows(Optional<Source> source) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    if (source.isPresent()) {
      for (String line : Workspace.text(source.get().path(), FILE_BYTES).split("\n", -1)) {
        try {
          JsonNode row = Json.parse(line);
          if (row.isObject()) {
            rows.add(row);
          }
        } catch (JsonProcessingException e) {
          // A line that was broken by hand.
        }
      }
    }
    return rows;
  }

  /** Adds an item with its right answer, in place of an earlier correction of it. */
  public synchronized Exam add(Exam exam, String task, Outcome outcome, String answer)
      throws IOException {
    Exam current = exams.get(exam.id());
    Optional<Source> source = source(current);
    ObjectNode row = JsonNodeFactory.instance.objectNode();
    boolean apart = current.chat() || outcome.prompt().matches("(?s)|.*\\s");
    row.put("prompt", outcome.prompt()).put("completion", apart ? answer : " " + answer);
    row.put("task", task).put("id", outcome.id());
    row.put("got", outcome.got()).put("expected", outcome.expected());
    List<JsonNode> rows = new ArrayList<>(rows(source));
    rows.removeIf(each -> item(each).equals(item(row)));
    rows.add(row);
    StringBuilder text = new StringBuilder();
    rows.forEach(each -> text.append(Json.compact(each)).append('\n'));
    if (source.isPresent()) {
      AtomicFiles.writeText(source.get().path(), text.toString());
      inspections.forget(source.get());
      return current;
    }
    String id = Workspace.newId("corrections");
    Path folder = sources.folder(id).resolve("file");
    Disk.createFolders(folder);
    AtomicFiles.writeText(folder.resolve(FILE), text.toString());
    sources.add(id, current.name() + " – " + FILE, folder.resolve(FILE));
    Exam linked = current.correctedIn(id);
    exams.save(linked);
    return linked;
  }
}
