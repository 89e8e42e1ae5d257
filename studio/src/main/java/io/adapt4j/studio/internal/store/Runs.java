package io.adapt4j.studio.internal.store;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.studio.internal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Runs of a kind, each in a folder of the workspace with its description, state and output. */
public final class Runs {

  private static final String FILE = "run.json";

  private final Workspace workspace;
  private final Kind kind;

  public Runs(Workspace workspace, Kind kind) {
    this.workspace = workspace;
    this.kind = kind;
  }

  /** Kinds of runs. */
  public enum Kind {
    /** Described by what {@code adapt4j train} reads. */
    TRAINING("runs", "run.yaml"),
    /** Described by the arguments of {@code adapt4j}, a JSON array. */
    EXAM("exams", "command.json"),
    /** Described by the arguments of {@code adapt4j}, a JSON array. */
    EXPORT("exports", "command.json");

    private final String folder;
    private final String description;

    Kind(String folder, String description) {
      this.folder = folder;
      this.description = description;
    }
  }

  public Kind kind() {
    return kind;
  }

  /** States of a run. */
  public enum State {
    /** Waits for those before it. */
    QUEUED,
    RUNNING,
    /** Stopped and saved, to go on later. */
    PAUSED,
    /** Stopped and saved. */
    STOPPED,
    DONE,
    FAILED,
    /** Its process is gone without having said why; what was saved can be resumed. */
    INTERRUPTED;

    /** Returns whether it can be started again. */
    public boolean canResume() {
      return this == PAUSED || this == STOPPED || this == FAILED || this == INTERRUPTED;
    }

    public boolean isActive() {
      return this == QUEUED || this == RUNNING;
    }
  }

  /** A run. */
  public record Run(
      String id,
      String name,
      String plan,
      Instant added,
      State state,
      Instant changed,
      long pid,
      State wish) {

    /** Returns a copy in another state, which is also its wish. */
    public Run in(State next, long newPid) {
      return new Run(id, name, plan, added, next, Instant.now(), newPid, next);
    }

    /** Returns a copy that is asked to end in a state. */
    public Run wishing(State end) {
      return new Run(id, name, plan, added, state, changed, pid, end);
    }
  }

  /** Returns all, the newest first. */
  public List<Run> all() throws IOException {
    return workspace.all(kind.folder, FILE, this::get, Run::added);
  }

  /** Returns one; refuses an id that there is none of. */
  public Run get(String id) throws IOException {
    return workspace.item(
        folder(id).resolve(FILE),
        json ->
            new Run(
                id,
                json.path("name").asText(),
                json.path("plan").asText(),
                Instant.parse(json.path("added").asText()),
                State.valueOf(json.path("state").asText()),
                Instant.parse(json.path("changed").asText()),
                json.path("pid").asLong(),
                State.valueOf(json.path("wish").asText())));
  }

  /** Returns one, if there is one of this id. */
  public Optional<Run> find(String id) throws IOException {
    return !id.isEmpty() && Files.exists(folder(id).resolve(FILE))
        ? Optional.of(get(id))
        : Optional.empty();
  }

  /** Returns an id for a run that is not there yet. */
  public static String newId(String name) {
    return Workspace.newId(name);
  }

  /** Adds a run at the end of the queue, with its description. */
  public Run add(String id, String name, String plan, String description) throws IOException {
    Disk.createFolders(folder(id));
    AtomicFiles.writeText(description(id), description);
    Instant now = Instant.now();
    Run run = new Run(id, name, plan, now, State.QUEUED, now, 0, State.QUEUED);
    save(run);
    return run;
  }

  public void save(Run run) throws IOException {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", run.name()).put("plan", run.plan()).put("added", run.added().toString());
    json.put("state", run.state().name()).put("changed", run.changed().toString());
    json.put("pid", run.pid()).put("wish", run.wish().name());
    AtomicFiles.writeJson(folder(run.id()).resolve(FILE), json);
  }

  public Path folder(String id) {
    return workspace.folder(kind.folder, id);
  }

  public Path description(String id) {
    return folder(id).resolve(kind.description);
  }

  public Path output(String id) {
    return folder(id).resolve("output");
  }

  /** Answer of a run that is no training: a JSON object, as of {@code adapt4j --json}. */
  public Path answer(String id) {
    return folder(id).resolve("answer.json");
  }

  /** Output of the process. */
  public Path log(String id) {
    return folder(id).resolve("log.txt");
  }

  /** Deletes a run that is not active, with its output. */
  public void delete(Run run) throws IOException {
    if (run.state().isActive()) {
      throw new Refusal(409, "refused_active");
    }
    Workspace.delete(folder(run.id()));
  }
}
