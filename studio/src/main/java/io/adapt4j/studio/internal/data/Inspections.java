package io.adapt4j.studio.internal.data;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Inspections of sources, each kept in the source's folder. */
public final class Inspections {

  private static final String FILE = "inspection.json";

  private final Workspace workspace;
  private final Sources sources;
  private final Jobs jobs;

  public Inspections(Workspace workspace, Sources sources, Jobs jobs) {
    this.workspace = workspace;
    this.sources = sources;
    this.jobs = jobs;
  }

  /** Returns the known result; without one, the inspection begins. */
  public Optional<Inspection> of(Source source) throws IOException {
    Path file = sources.folder(source.id()).resolve(FILE);
    JsonNode known = workspace.json(file);
    if (!known.isMissingNode()) {
      return Optional.of(Inspection.of(known));
    }
    if (job(source).isEmpty()) {
      jobs.begin(
          key(source),
          source.name(),
          () -> AtomicFiles.writeJson(file, new Inspector(source).inspect().json()));
    }
    return Optional.empty();
  }

  /** The inspection of a source, if it runs or has failed. */
  public Optional<Jobs.Job> job(Source source) {
    return jobs.job(key(source));
  }

  /** Forgets the result, for example since the source is read in another way now. */
  public void forget(Source source) throws IOException {
    jobs.reset(key(source));
    Files.deleteIfExists(sources.folder(source.id()).resolve(FILE));
  }

  private static String key(Source source) {
    return "inspect " + source.id();
  }
}
