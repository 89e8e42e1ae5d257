package io.adapt4j.studio.internal.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.Json;
import io.adapt4j.studio.internal.run.Trainer;
import io.adapt4j.studio.internal.store.Jobs;
import io.adapt4j.studio.internal.store.Plans;
import io.adapt4j.studio.internal.store.Plans.Plan;
import io.adapt4j.studio.internal.store.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Estimates of plans: memory and steps, computed without weights, and the time, measured by some
 * steps in another process. Kept beside each plan while its YAML is the same.
 */
public final class Estimates {

  private static final String FILE = "estimate.json";
  private static final int TIMED_STEPS = 3;

  private final Workspace workspace;
  private final Plans plans;
  private final Jobs jobs;
  private final Trainer trainer;

  public Estimates(Workspace workspace, Plans plans, Jobs jobs, Trainer trainer) {
    this.workspace = workspace;
    this.plans = plans;
    this.jobs = jobs;
    this.trainer = trainer;
  }

  /** Returns the plan as JSON; if it is not known, it is begun. */
  public Optional<JsonNode> of(Plan plan) throws IOException {
    JsonNode known = workspace.json(file(plan));
    if (known.path("of").asText().equals(plan.yaml())) {
      return Optional.of(known.path("plan"));
    }
    if (job(plan).isEmpty()) {
      jobs.begin(key(plan), plan.name(), () -> estimate(plan));
    }
    return Optional.empty();
  }

  /** The work on a plan, if it runs or has failed. */
  public Optional<Jobs.Job> job(Plan plan) {
    return jobs.job(key(plan));
  }

  /** Forgets a failure, since the plan has changed. */
  public void again(Plan plan) {
    jobs.reset(key(plan));
  }

  /** Begins to measure the time of some steps. */
  public void time(Plan plan) {
    jobs.reset(key(plan));
    jobs.begin(key(plan), plan.name(), () -> measure(plan));
  }

  private Path file(Plan plan) {
    return plans.folder(plan.id()).resolve(FILE);
  }

  private static String key(Plan plan) {
    return "plan " + plan.id();
  }

  private void estimate(Plan plan) throws IOException {
    FineTuner tuner = PlanText.description(plan.yaml(), unused(plan)).builder().build();
    save(plan, Json.written(tuner.plan().json()));
  }

  private void measure(Plan plan) throws IOException {
    Path description = plans.folder(plan.id()).resolve("timed.json");
    AtomicFiles.writeText(description, PlanText.description(plan.yaml(), unused(plan)).text());
    try {
      save(
          plan,
          trainer.json(
              List.of(
                  "plan",
                  description.toString(),
                  "--time",
                  String.valueOf(TIMED_STEPS),
                  "--json")));
    } finally {
      Files.deleteIfExists(description);
    }
  }

  private void save(Plan plan, JsonNode json) throws IOException {
    AtomicFiles.writeJson(
        file(plan), JsonNodeFactory.instance.objectNode().put("of", plan.yaml()).set("plan", json));
  }

  /** A folder that is named as output while nothing is written. */
  private Path unused(Plan plan) {
    return plans.folder(plan.id()).resolve("output");
  }
}
