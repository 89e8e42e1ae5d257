package io.adapt4j.studio.internal.upkeep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.studio.internal.Refusal;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Workspace;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The registry of the workspace; copies and digests of large files are made in the background. */
public final class Versions {

  /** Most characters of a note or a reason. */
  public static final int LONGEST = 1000;

  private final Workspace workspace;
  private final Jobs jobs;
  private final Registry registry;

  public Versions(Workspace workspace, Jobs jobs) {
    this.workspace = workspace;
    this.jobs = jobs;
    this.registry = Registry.open(folder());
  }

  public Registry registry() {
    return registry;
  }

  public Path folder() {
    return workspace.root().resolve("registry");
  }

  /** Returns whether a text can name a model of a registry, or of a service. */
  public static boolean isName(String text) {
    return text.matches("[a-z0-9][a-z0-9-]{0,59}");
  }

  /** Makes a name of a model of a text, such as a file's name. */
  public static String nameFor(String text) {
    String plain =
        Normalizer.normalize(text, Normalizer.Form.NFD)
            .toLowerCase(Locale.ROOT)
            .replaceAll("\\p{M}", "")
            .replaceFirst("\\.(jsonl|json|csv|parquet|gguf)$", "")
            .replaceAll("[^a-z0-9]+", "-")
            .replaceAll("^-|-$", "");
    String name = plain.substring(0, Math.min(40, plain.length()));
    return isName(name) ? name : "model";
  }

  public List<String> names() {
    return Files.isDirectory(folder()) ? registry.names() : List.of();
  }

  /** Returns a version by its number; refuses one that there is not. */
  public ModelVersion find(String name, String number) {
    return (names().contains(name) ? registry.versions(name) : List.<ModelVersion>of())
        .stream()
            .filter(version -> number.equals("" + version.number()))
            .findFirst()
            .orElseThrow(Refusal::notFound);
  }

  public List<String> inProduction() {
    return names().stream()
        .filter(name -> registry.aliases(name).containsKey(Registry.PRODUCTION))
        .toList();
  }

  /** Begins to add a copy of a folder as the next version. */
  public void add(String name, Path from, String note, Optional<Path> exam) {
    jobs.begin(
        "register " + name,
        name,
        () -> {
          ModelVersion version = registry.add(new NewVersion(name, from, Optional.empty(), note));
          exam.ifPresent(report -> registry.addExam(version, report));
        });
  }

  /** The addition of a version, if it runs or has failed. */
  public Optional<Jobs.Job> adding(String name) {
    return jobs.job("register " + name);
  }

  /** Result of comparing the files of a version with their digests. */
  public record Checked(Instant time, List<String> problems) {}

  /** Begins to compare the files of a version with their digests. */
  public void verify(ModelVersion version) {
    jobs.begin(
        "verify " + version.reference(),
        version.reference(),
        () -> {
          ObjectNode json = JsonNodeFactory.instance.objectNode();
          registry.verify(version).forEach(json.withArray("problems")::add);
          Disk.createFolders(checked(version).getParent());
          AtomicFiles.writeJson(checked(version), json.put("time", Instant.now().toString()));
        });
  }

  public boolean isVerifying(ModelVersion version) {
    return jobs.job("verify " + version.reference()).filter(Jobs.Job::isRunning).isPresent();
  }

  /** Returns what the last comparison found. */
  public Optional<Checked> verified(ModelVersion version) throws IOException {
    JsonNode json = workspace.json(checked(version));
    if (json.isMissingNode()) {
      return Optional.empty();
    }
    List<String> problems = new ArrayList<>();
    json.path("problems").forEach(each -> problems.add(each.asText()));
    return Optional.of(new Checked(Instant.parse(json.path("time").asText()), problems));
  }

  private Path checked(ModelVersion version) {
    return workspace
        .root()
        .resolve("checks")
        .resolve(version.name() + "-" + version.number() + ".json");
  }
}
