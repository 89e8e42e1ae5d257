package io.adapt4j.studio.internal.store;

import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.studio.internal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The data that was opened, each in a folder of the workspace. */
public final class Sources {

  private static final String KIND = "data";
  private static final String FILE = "source.json";

  private final Workspace workspace;

  public Sources(Workspace workspace) {
    this.workspace = workspace;
  }

  /** Returns all, the newest first. */
  public List<Source> all() throws IOException {
    return workspace.all(KIND, FILE, this::get, Source::added);
  }

  /** Returns one; refuses an id that there is none of. */
  public Source get(String id) throws IOException {
    return workspace.item(folder(id).resolve(FILE), json -> Source.of(id, json));
  }

  /** Returns one, if there is one of this id. */
  public Optional<Source> find(String id) throws IOException {
    return isThere(id) ? Optional.of(get(id)) : Optional.empty();
  }

  /** Adds rows, which are written into a file of the workspace. */
  public Source write(String name, Consumer<Path> writer) throws IOException {
    String id = Workspace.newId(name);
    Disk.createFolders(folder(id));
    Path file = folder(id).resolve("rows.jsonl");
    writer.accept(file);
    return add(id, name, file);
  }

  public Source add(String name, Path path) throws IOException {
    return add(Workspace.newId(name), name, path);
  }

  /** Adds the data at a path with an id, such as that of the folder of an upload. */
  public Source add(String id, String name, Path path) throws IOException {
    Source source =
        new Source(id, name, path.toRealPath(), Instant.now(), "", "", Map.of(), List.of(), "");
    save(source);
    return source;
  }

  public void save(Source source) throws IOException {
    Path folder = folder(source.id());
    Disk.createFolders(folder);
    AtomicFiles.writeJson(folder.resolve(FILE), source.json());
  }

  public boolean isThere(String id) {
    return !id.isEmpty() && Files.exists(folder(id).resolve(FILE));
  }

  /** The folder with what is kept of a source. */
  public Path folder(String id) {
    return workspace.folder(KIND, id);
  }

  /** Removes what is kept of a source, with an uploaded file, but no other file. */
  public void forget(String id) throws IOException {
    Path folder = folder(id);
    if (!Files.exists(folder.resolve(FILE))) {
      throw Refusal.notFound();
    }
    Workspace.delete(folder);
  }
}
