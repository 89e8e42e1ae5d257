package io.adapt4j.studio.internal.store;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** Plans of runs, each in a folder of the workspace. */
public final class Plans {

  private static final String KIND = "plans";
  private static final String FILE = "plan.json";
  private static final String YAML = "plan.yaml";
  private static final long YAML_BYTES = 1 << 20;

  private final Workspace workspace;

  public Plans(Workspace workspace) {
    this.workspace = workspace;
  }

  /** A plan. */
  public record Plan(String id, String name, String source, Instant added, String yaml) {}

  /** Returns all, the newest first. */
  public List<Plan> all() throws IOException {
    return workspace.all(KIND, FILE, this::get, Plan::added);
  }

  /** Returns one; refuses an id that there is none of. */
  public Plan get(String id) throws IOException {
    return workspace.item(
        folder(id).resolve(FILE),
        json ->
            new Plan(
                id,
                json.path("name").asText(),
                json.path("source").asText(),
                Instant.parse(json.path("added").asText()),
                Workspace.text(folder(id).resolve(YAML), YAML_BYTES)));
  }

  public Plan add(String name, String source, String yaml) throws IOException {
    Plan plan = new Plan(Workspace.newId(name), name, source, Instant.now(), yaml);
    Disk.createFolders(folder(plan.id()));
    AtomicFiles.writeText(folder(plan.id()).resolve(YAML), yaml);
    AtomicFiles.writeJson(
        folder(plan.id()).resolve(FILE),
        JsonNodeFactory.instance
            .objectNode()
            .put("name", name)
            .put("source", source)
            .put("added", plan.added().toString()));
    return plan;
  }

  public void save(Plan plan, String yaml) throws IOException {
    AtomicFiles.writeText(folder(plan.id()).resolve(YAML), yaml);
  }

  public Path folder(String id) {
    return workspace.folder(KIND, id);
  }

  public void delete(String id) throws IOException {
    get(id);
    Workspace.delete(folder(id));
  }
}
