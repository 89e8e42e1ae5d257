package io.adapt4j.studio.internal.ship;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.Json;
import io.adapt4j.studio.internal.store.Runs;
import io.adapt4j.studio.internal.store.Runs.Run;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Commands of {@code adapt4j} that the queue works off, and their answers. */
public final class Commands {

  /** Kind of the export of a GGUF file. */
  public static final String GGUF = "gguf";

  /** Kind of the merge of an adapter into its model. */
  public static final String MERGE = "merge";

  /** Kind of the index of documents. */
  public static final String INDEX = "index";

  /** Kind of the comparison of rows of two times. */
  public static final String DRIFT = "drift";

  /** Kind of the deletion of rows from a version. */
  public static final String DELETION = "deletion";

  private final Runs runs;
  private final Workspace workspace;

  public Commands(Runs runs, Workspace workspace) {
    this.runs = runs;
    this.workspace = workspace;
  }

  public Runs runs() {
    return runs;
  }

  public String newId(String name) {
    return Runs.newId(name);
  }

  public Path output(String id) {
    return runs.output(id);
  }

  public Run add(String id, String name, String kind, String of, List<String> words)
      throws IOException {
    ArrayNode command = JsonNodeFactory.instance.arrayNode();
    words.forEach(command::add);
    return runs.add(id, name, kind + ":" + of, Json.compact(command.add("--json")));
  }

  public static String kind(Run run) {
    return run.plan().replaceFirst("(?s):.*", "");
  }

  public static String subject(Run run) {
    return run.plan().substring(run.plan().indexOf(':') + 1);
  }

  /** Returns the commands of some kinds, the newest first. */
  public List<Run> all(String... kinds) throws IOException {
    return runs.all().stream().filter(run -> List.of(kinds).contains(kind(run))).toList();
  }

  /** Returns the commands of some kinds that are about something. */
  public List<Run> of(String subject, String... kinds) throws IOException {
    return all(kinds).stream().filter(run -> subject(run).equals(subject)).toList();
  }

  /** Returns what a command answered. */
  public Optional<JsonNode> answer(Run run) throws IOException {
    Path file = runs.answer(run.id());
    boolean complete = !run.state().isActive() && Files.exists(file) && Files.size(file) > 0;
    return complete ? Optional.of(workspace.json(file)) : Optional.empty();
  }
}
