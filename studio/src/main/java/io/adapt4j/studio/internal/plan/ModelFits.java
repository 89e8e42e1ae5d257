package io.adapt4j.studio.internal.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Json;
import io.adapt4j.studio.internal.data.Doctor;
import io.adapt4j.studio.internal.data.Inspection;
import io.adapt4j.studio.internal.machine.LocalModels;
import io.adapt4j.studio.internal.machine.LocalModels.LocalModel;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Source;
import io.adapt4j.studio.internal.store.Sources;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Memory that a first plan of some data needs with each model of this machine, computed without
 * weights. Kept beside the data while the models and the rows are the same.
 */
public final class ModelFits {

  private static final String FILE = "fits.json";

  /** Models that are estimated, the smallest first. */
  private static final int MOST = 12;

  private final Workspace workspace;
  private final Sources sources;
  private final Doctor doctor;
  private final LocalModels models;
  private final Jobs jobs;

  /** Creates the estimates, which are kept in a workspace. */
  public ModelFits(
      Workspace workspace, Sources sources, Doctor doctor, LocalModels models, Jobs jobs) {
    this.workspace = workspace;
    this.sources = sources;
    this.doctor = doctor;
    this.models = models;
    this.jobs = jobs;
  }

  /**
   * Returns an array with each model's {@code path}, {@code name}, {@code peakBytes} and {@code
   * fits}, or {@code problem}; if it is not known, it is begun.
   */
  public Optional<JsonNode> of(Source source, Inspection inspection) throws IOException {
    List<LocalModel> usable = usable();
    String key = "fits " + source.id();
    String state = source.fixes() + " " + inspection.shape() + " " + source.map() + " " + usable;
    JsonNode known = workspace.json(file(source));
    if (known.path("of").asText().equals(state)) {
      return Optional.of(known.path("models"));
    }
    if (jobs.job(key).isEmpty()) {
      jobs.begin(key, source.name(), () -> estimate(source, inspection, usable, state));
    }
    return Optional.empty();
  }

  /** The work on the estimates of a source, if it runs or has failed. */
  public Optional<Jobs.Job> job(Source source) {
    return jobs.job("fits " + source.id());
  }

  private List<LocalModel> usable() {
    return models.all().stream()
        .filter(model -> model.problem().isEmpty())
        .sorted(Comparator.comparingLong(LocalModel::bytes))
        .limit(MOST)
        .toList();
  }

  private Path file(Source source) {
    return sources.folder(source.id()).resolve(FILE);
  }

  private void estimate(Source source, Inspection inspection, List<LocalModel> usable, String state)
      throws IOException {
    ObjectNode fits = JsonNodeFactory.instance.objectNode().put("of", state);
    fits.putArray("models");
    for (LocalModel model : usable) {
      ObjectNode fit = fits.withArray("models").addObject();
      fit.put("path", model.path().toString()).put("name", model.name());
      try {
        String yaml = FirstPlan.yaml(source, inspection, doctor, List.of(model));
        Path unused = sources.folder(source.id()).resolve("unused");
        JsonNode memory =
            Json.written(PlanText.description(yaml, unused).builder().build().plan().json())
                .path("memory");
        fit.put("peakBytes", memory.path("peakBytes").asLong());
        fit.put("deviceBytes", memory.path("deviceBytes").asLong());
        fit.put("fits", memory.path("fits").asBoolean(true));
      } catch (Adapt4jException | IllegalArgumentException | IllegalStateException e) {
        fit.put("problem", String.valueOf(e.getMessage()));
      }
    }
    AtomicFiles.writeJson(file(source), fits);
  }
}
